//! The `User-Agent` field (RFC 9110 §10.1.5).

use feed_model::public_address::is_public_address;
use url::{Host, Url};

use super::guard;

/// Returns `tributary/VERSION (+CONTACT)`, and whether the contact is missing. The contact is that
/// of feeds.toml, or else `base_url` if it is public.
pub fn user_agent(version: &str, contact: Option<&str>, base_url: Option<&Url>) -> (String, bool) {
    let of_base_url = || base_url.filter(|url| is_public(url)).map(ToString::to_string);
    let contact = contact.map(|c| {
        c.chars().filter(|c| c.is_ascii_graphic() && !"()\\".contains(*c)).collect::<String>()
    });
    match contact.filter(|c| !c.is_empty()).or_else(of_base_url) {
        Some(contact) => (format!("tributary/{version} (+{contact})"), false),
        None => (format!("tributary/{version} (+contact-not-set)"), true),
    }
}

fn is_public(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_public_address(address.into()),
        Some(Host::Ipv6(address)) => is_public_address(address.into()),
        Some(Host::Domain(name)) => !guard::is_local_name(name),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_agent_contains_a_contact() {
        let base = |url: &str| Url::parse(url).ok();
        assert_eq!(
            user_agent("1.0", Some("mailto:a@b.example"), None),
            ("tributary/1.0 (+mailto:a@b.example)".into(), false)
        );
        assert_eq!(
            user_agent("1.0", None, base("https://feeds.example.org/").as_ref()).0,
            "tributary/1.0 (+https://feeds.example.org/)"
        );
        assert_eq!(
            user_agent("1.0", None, base("http://127.0.0.1:8080/").as_ref()),
            ("tributary/1.0 (+contact-not-set)".into(), true)
        );
        assert_eq!(user_agent("1.0", Some("x\r\nEvil: 1"), None).0, "tributary/1.0 (+xEvil:1)");
    }
}
