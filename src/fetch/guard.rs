//! The address guard: only public addresses are dialled, unless feeds.toml exempts them.
//!
//! The ranges are those of the IANA special-purpose registries (RFC 6890 and its updates); an IPv4
//! address inside an IPv6 one is looked at itself. The check is made on the address that is
//! dialled: in the resolver for names, before the request for literals, on every hop.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use feed_model::HostPattern;

/// Whether an address belongs to the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// Whether an address may be dialled for a source with these exemptions.
pub fn permits(host: &str, address: IpAddr, exempt: &[HostPattern]) -> bool {
    is_public(address)
        || exempt
            .iter()
            .any(|pattern| pattern.matches_host(host) || pattern.contains_address(address))
}

/// Whether a name is local by its form alone (RFC 6761, RFC 6762, RFC 8375): it is nobody's on the
/// public internet.
pub(super) fn is_local_name(name: &str) -> bool {
    const LOCAL: &[&str] = &["localhost", "local", "internal", "home.arpa"];
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    !name.contains('.')
        || LOCAL
            .iter()
            .any(|suffix| name.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.')))
}

/// First address, prefix length, of each IPv4 block that is not public.
const NON_PUBLIC_V4: &[([u8; 4], u32)] = &[
    ([0, 0, 0, 0], 8),       // this network
    ([10, 0, 0, 0], 8),      // private use
    ([100, 64, 0, 0], 10),   // shared by carriers
    ([127, 0, 0, 0], 8),     // loopback
    ([169, 254, 0, 0], 16),  // link-local
    ([172, 16, 0, 0], 12),   // private use
    ([192, 0, 0, 0], 24),    // protocol assignments
    ([192, 0, 2, 0], 24),    // documentation
    ([192, 88, 99, 0], 24),  // 6to4 relays
    ([192, 168, 0, 0], 16),  // private use
    ([198, 18, 0, 0], 15),   // benchmarks
    ([198, 51, 100, 0], 24), // documentation
    ([203, 0, 113, 0], 24),  // documentation
    ([224, 0, 0, 0], 4),     // multicast
    ([240, 0, 0, 0], 4),     // reserved, and broadcast
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = u32::from(address);
    !NON_PUBLIC_V4.iter().any(|(base, length)| {
        let mask = u32::MAX << (32 - length);
        bits & mask == u32::from(Ipv4Addr::from(*base)) & mask
    })
}

#[allow(clippy::match_same_arms)] // a table of ranges, each with its reason
fn is_public_v6(address: Ipv6Addr) -> bool {
    let s = address.segments();
    let inner = |high: u16, low: u16| {
        is_public_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
    };
    match s {
        // ::/96 holds the unspecified address, loopback and IPv4-compatible addresses, none of
        // which is ever right.
        [0, 0, 0, 0, 0, 0, _, _] => false,
        [0, 0, 0, 0, 0, 0xffff, high, low] => inner(high, low),
        // Translation to IPv4 (RFC 6052, RFC 8215): what is inside is what is reached.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => inner(high, low),
        [0x64, 0xff9b, 1, ..] => false,
        [0x100, 0, 0, 0 | 1, ..] => false,
        // Teredo hides the client's address inverted; 6to4 carries it in the open.
        [0x2001, 0, _, _, _, _, high, low] => inner(!high, !low) && inner(s[2], s[3]),
        [0x2001, 0..=0x1ff, ..] => false,
        [0x2001, 0xdb8, ..] => false,
        [0x2002, high, low, ..] => inner(high, low),
        [0x3fff, 0..=0xfff, ..] => false,
        [0x5f00, ..] => false,
        // Unique local, link-local, site-local, multicast.
        [first, ..] => {
            !(first & 0xfe00 == 0xfc00
                || first & 0xffc0 == 0xfe80
                || first & 0xffc0 == 0xfec0
                || first & 0xff00 == 0xff00)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        let public = [
            "1.1.1.1",
            "93.184.216.34",
            "172.32.0.1",
            "192.0.1.1",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::1",
        ];
        for address in public {
            assert!(is_public(address.parse().unwrap()), "{address} is public");
        }
        let closed = [
            "0.0.0.0",
            "0.1.2.3",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:0:7f00:1::1",
            "2001:0:101:101::80ff:fffe",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "3fff::1",
            "5f00::1",
        ];
        for address in closed {
            assert!(!is_public(address.parse().unwrap()), "{address} is not public");
        }
    }

    #[test]
    fn some_names_are_local_by_their_form() {
        for name in [
            "localhost",
            "intranet",
            "printer.local",
            "a.localhost.",
            "db.INTERNAL",
            "nas.home.arpa",
        ] {
            assert!(is_local_name(name), "{name} is local");
        }
        for name in ["example.org", "local.example", "notlocal.example.", "internal.org"] {
            assert!(!is_local_name(name), "{name} is not local");
        }
    }

    #[test]
    fn an_exemption_holds_for_a_name_or_a_block() {
        let loopback: IpAddr = "127.0.0.1".parse().unwrap();
        assert!(!permits("localhost", loopback, &[]));
        assert!(permits("localhost", loopback, &["localhost".parse().unwrap()]));
        assert!(permits("other.example", loopback, &["127.0.0.0/8".parse().unwrap()]));
        assert!(!permits("other.example", loopback, &["localhost".parse().unwrap()]));
    }
}
