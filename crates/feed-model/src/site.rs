//! The site that a URL belongs to, by the Public Suffix List (<https://publicsuffix.org>, through
//! the `psl` crate).

use url::{Host, Url};

/// Returns the registrable domain of a host name: `blog.example.co.uk` gives `example.co.uk`.
///
/// The name must be in lower case and without a final dot. Returns `None` for a public suffix
/// itself (`co.uk`, `github.io`) and for a name without a dot.
pub fn registrable_domain(host: &str) -> Option<&str> {
    psl::domain_str(host)
}

/// Returns whether a host name lies below a suffix that the Public Suffix List contains.
pub fn is_below_known_suffix(host: &str) -> bool {
    psl::suffix(host.as_bytes())
        .is_some_and(|suffix| suffix.is_known() && suffix.as_bytes().len() < host.len())
}

/// Returns the site that a URL belongs to: the registrable domain of its host.
///
/// For an IP address or a name without a dot it returns the host with its port, because only the
/// port separates two sites on one machine. Returns `None` for a URL without a host.
pub fn site_of(url: &Url) -> Option<String> {
    let with_port = |host: String| url.port().map_or(host.clone(), |port| format!("{host}:{port}"));
    match url.host()? {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            if !name.contains('.') {
                return Some(with_port(name));
            }
            Some(registrable_domain(&name).map_or_else(|| name.clone(), str::to_owned))
        }
        Host::Ipv4(address) => Some(with_port(address.to_string())),
        Host::Ipv6(address) => Some(with_port(format!("[{address}]"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn a_site_is_a_registrable_domain_or_a_host_with_its_port() {
        for (url, expected) in [
            ("https://blog.Example.co.uk./a", "example.co.uk"),
            ("https://jo.github.io/a", "jo.github.io"),
            ("https://github.io/a", "github.io"),
            ("https://example.org:8443/", "example.org"),
            ("http://localhost:8080/", "localhost:8080"),
            ("http://127.0.0.1:8080/a", "127.0.0.1:8080"),
            ("http://[::1]:81/", "[::1]:81"),
        ] {
            assert_eq!(site_of(&Url::parse(url).unwrap()).as_deref(), Some(expected), "{url}");
        }
        assert_eq!(site_of(&Url::parse("mailto:a@example.org").unwrap()), None);
    }

    #[test]
    fn a_suffix_is_not_below_itself() {
        assert!(is_below_known_suffix("example.org"));
        assert!(!is_below_known_suffix("org"));
        assert!(!is_below_known_suffix("main.rs.invalid-suffix"));
    }
}
