//! The address guard: only public addresses are requested, unless feeds.toml exempts them.
//!
//! [`is_public_address`] decides which addresses are public. Names are checked in the resolver,
//! literal addresses before the request, on every hop.

use std::net::IpAddr;

use url::{Host, Url};

use feed_model::{HostPattern, public_address::is_public_address};

/// Returns whether an address may be requested for a source with these exemptions.
pub fn permits(host: &str, address: IpAddr, exempt: &[HostPattern]) -> bool {
    is_public_address(address)
        || exempt
            .iter()
            .any(|pattern| pattern.matches_host(host) || pattern.contains_address(address))
}

/// Returns whether the host of a URL is this machine, by its form.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Returns whether a name is local by its form: it cannot exist on the public internet (RFC 6761,
/// RFC 6762, RFC 8375).
pub(super) fn is_local_name(name: &str) -> bool {
    const LOCAL: &[&str] = &["localhost", "local", "internal", "home.arpa"];
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    !name.contains('.')
        || LOCAL
            .iter()
            .any(|suffix| name.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

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
