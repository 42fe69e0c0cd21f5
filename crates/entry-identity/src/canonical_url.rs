//! Addresses, as they are compared: never as they are shown.
//!
//! Two addresses that one page answers to should compare equal, and two pages never. So what is
//! taken away is only what no publisher tells pages apart by: scheme, `www.`, default port,
//! tracking parameters, a trailing slash. The path keeps its case, and within a source the query
//! its order.

use std::{fmt::Write as _, net::IpAddr};

use url::{Host, Url};

use super::url_variants;

/// The address as it is compared across sources; `None` for what is not an absolute http(s)
/// address.
///
/// Lower-case host without `www.`, `https`, no user, default port, fragment, tracking parameter or
/// trailing slash; mobile and AMP editions, index files, session ids, referrers and the order of
/// parameters count for nothing, and a fragment that is a route (`#!/posts/1`) stays. Applied to
/// its own result it changes nothing.
pub fn canonical_link(url: &str) -> Option<String> {
    canonical(url, LinkUse::AcrossSources)
}

/// The address as it is compared within one source: like [`canonical_link`], and the fragment
/// counts, for a changelog whose entries are parts of one page.
pub fn canonical_link_with_fragment(url: &str) -> Option<String> {
    canonical(url, LinkUse::WithinSource)
}

/// Whether two links, as they are compared within their sources, are one address: not only by
/// folding what leads to a page in several ways. Which part of the page they lead to does not
/// count.
pub(super) fn same_page(left: Option<&str>, right: Option<&str>) -> bool {
    fn page_of(link: &str) -> &str {
        fragment_of(link).map_or(link, |part| &link[..link.len() - part.len() - 1])
    }
    let video = |link: &str| Url::parse(link).ok().as_ref().and_then(url_variants::video);
    left.is_some_and(|left| {
        right.is_some_and(|right| {
            page_of(left) == page_of(right)
                || video(left).is_some_and(|one| video(right) == Some(one))
        })
    })
}

/// A publication's own page, as links within the source are compared with it.
pub(super) fn canonical_home_page(url: &str) -> Option<String> {
    let url = url.split('#').next().unwrap_or_default();
    canonical(url, LinkUse::WithinSource)
}

/// The part of a page that a link as it is compared within a source leads to; a route is a page and
/// no part.
pub(super) fn fragment_of(link: &str) -> Option<&str> {
    link.split_once('#')
        .map(|(_, fragment)| fragment)
        .filter(|fragment| url_variants::route(fragment).is_none())
}

/// What is left of an id that is an http(s) address when scheme, host and tracking parameters are
/// taken away: the part that stays when a site moves to another host. `None` for every other id,
/// and where nothing is left.
pub fn guid_alias(guid: &str) -> Option<String> {
    let canonical = canonical(guid, LinkUse::WithinSource)?;
    let rest = canonical.strip_prefix("https://")?;
    let at = rest.find(['/', '?', '#'])?;
    Some(rest[at..].to_owned()).filter(|alias| alias.len() > 1)
}

/// Whom an address belongs to: its registrable domain, or, where the host is an address or a bare
/// name, that with its port, since nothing else tells two sites on one machine apart; `None` for
/// what is not an absolute http(s) address.
pub fn site_of(url: &str) -> Option<String> {
    let url = parse(url)?;
    let with_port = |host: String| url.port().map_or(host.clone(), |port| format!("{host}:{port}"));
    match url.host()? {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            if !name.contains('.') {
                return Some(with_port(name.to_owned()));
            }
            Some(psl::domain_str(name).unwrap_or(name).to_owned())
        }
        Host::Ipv4(address) => Some(with_port(IpAddr::V4(address).to_string())),
        Host::Ipv6(address) => Some(with_port(format!("[{address}]"))),
    }
}

/// The host of a canonical link or of an id that is an address, without `www.`.
pub(super) fn host_of(url: &str) -> Option<String> {
    parse(url).as_ref().and_then(bare_host)
}

/// Whether a canonical link names a whole site and not a page of it.
pub(super) fn is_site_root(canonical: &str) -> bool {
    canonical.strip_prefix("https://").is_none_or(|rest| !rest.contains(['/', '?', '#']))
}

/// The address as it is shown, without its tracking parameters.
pub(super) fn without_tracking(url: &str) -> String {
    Url::parse(url)
        .map_or_else(|_| url.to_owned(), |url| feed_parser::without_tracking(&url).into())
}

fn parse(url: &str) -> Option<Url> {
    let url = Url::parse(url.trim()).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

fn bare_host(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
    let bare = host.strip_prefix("www.").filter(|rest| rest.contains('.')).unwrap_or(&host);
    (!bare.is_empty()).then(|| bare.to_owned())
}

/// What an address is compared for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LinkUse {
    WithinSource,
    AcrossSources,
}

fn canonical(url: &str, link_use: LinkUse) -> Option<String> {
    let across = link_use == LinkUse::AcrossSources;
    let mut url = feed_parser::without_tracking(&parse(url)?);
    while let Some(page) = url_variants::amp_original(&url).filter(|_| across) {
        url = page;
    }
    if let Some(video) = url_variants::video(&url).filter(|_| across) {
        return Some(video);
    }
    let host = bare_host(&url)?;
    let mut out = format!("https://{}", if across { url_variants::host(&host) } else { host });
    if let Some(port) = url.port().filter(|port| !matches!(port, 80 | 443)) {
        let _ = write!(out, ":{port}");
    }
    let path = normalise_escapes(url.path());
    out.push_str(&if across {
        url_variants::path(&path)
    } else {
        path.trim_end_matches('/').to_owned()
    });
    if let Some(query) = url.query().and_then(|query| significant_query(query, across)) {
        out.push('?');
        out.push_str(&normalise_escapes(&query));
    }
    let fragment = url.fragment().and_then(significant_fragment);
    if let Some(fragment) =
        fragment.filter(|fragment| !across || url_variants::route(fragment).is_some())
    {
        out.push('#');
        out.push_str(&normalise_escapes(fragment));
    }
    Some(out)
}

/// The query without its empty parts, and across sources without what tells no page; `None` where
/// nothing is left.
fn significant_query(query: &str, across: bool) -> Option<String> {
    let mut kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && (!across || url_variants::identifies_page(pair)))
        .collect();
    if across {
        // By name alone: the order of two values of one name may mean something.
        kept.sort_by_key(|pair| pair.split('=').next());
    }
    (!kept.is_empty()).then(|| kept.join("&"))
}

/// The fragment, unless it belongs to a reader (a text to be highlighted) or to a tracker.
fn significant_fragment(fragment: &str) -> Option<&str> {
    let own = fragment.split(":~:").next().unwrap_or_default();
    let name = own.split(['=', '&']).next().unwrap_or_default();
    let tracker = own.contains('=') && feed_parser::is_tracking_parameter(name);
    (!own.is_empty() && !tracker).then_some(own)
}

/// Escapes as RFC 3986 §6.2.2 has them: those of unreserved characters are undone, the others have
/// upper-case digits.
fn normalise_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let digits = rest.get(at + 1..at + 3).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(byte) = digits.and_then(|d| u8::from_str_radix(d, 16).ok()) else {
            out.push('%');
            rest = &rest[at + 1..];
            continue;
        };
        // Behind a percent sign that begins nothing, a digit that is undone would make another
        // escape of it.
        let completes = byte.is_ascii_hexdigit() && {
            let digit = out.ends_with(|c: char| c.is_ascii_hexdigit());
            out[..out.len() - usize::from(digit)].ends_with('%')
        };
        if !completes && (byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~')) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        rest = &rest[at + 3..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(left: &str, right: &str) {
        assert_eq!(canonical_link(left), canonical_link(right), "{left} and {right} are one page");
    }

    #[test]
    fn what_no_page_is_told_apart_by_goes() {
        same("http://www.example.org:80/a/", "https://EXAMPLE.org/a");
        same("https://example.org/a?utm_source=rss&id=3#top", "https://example.org/a?id=3");
        same("https://example.org/a?fbclid=x", "https://example.org/a");
        same("https://example.org/%7Ejo/%e4", "https://example.org/~jo/%E4");
        same("https://user:secret@example.org/a", "https://example.org/a");
        assert_eq!(
            canonical_link("https://example.org/%%330").as_deref(),
            Some("https://example.org/%%330")
        );
        same("https://example.org./", "https://example.org");
        same("https://m.example.org/a/amp/?ref=blog.example.com", "https://example.org/a");
        same("https://example.org/a/index.html?source=rss", "https://example.org/a");
        same("https://example.org//a//b/", "https://example.org/a/b");
        same("https://example.org/?q=2&p=1", "https://example.org?p=1&q=2");
        same(
            "https://www-example-org.cdn.ampproject.org/v/s/www.example.org/a/amp/?utm_source=x",
            "https://example.org/a",
        );
        same(
            "https://youtu.be/dQx4Ab-9_Zk?t=4",
            "https://www.youtube.com/watch?v=dQx4Ab-9_Zk&list=PL1",
        );
    }

    #[test]
    fn what_pages_are_told_apart_by_stays() {
        assert_ne!(
            canonical_link("https://example.org/A"),
            canonical_link("https://example.org/a")
        );
        assert_ne!(
            canonical_link("https://example.org/?p=1&p=2"),
            canonical_link("https://example.org/?p=2&p=1")
        );
        assert_ne!(
            canonical_link_with_fragment("https://example.org/?p=1&q=2"),
            canonical_link_with_fragment("https://example.org/?q=2&p=1")
        );
        assert_ne!(
            canonical_link("https://example.org:8443/a"),
            canonical_link("https://example.org/a")
        );
        assert_eq!(canonical_link("https://www.org/a").as_deref(), Some("https://www.org/a"));
        assert_ne!(
            canonical_link("https://example.org/#!/post/1"),
            canonical_link("https://example.org/#!/post/2")
        );
        assert_eq!(canonical_link("mailto:jo@example.org"), None);
        assert_eq!(canonical_link("/relative"), None);
    }

    #[test]
    fn a_fragment_counts_within_a_source() {
        assert_eq!(
            canonical_link_with_fragment("http://example.org/log/#v2").as_deref(),
            Some("https://example.org/log#v2")
        );
        assert_eq!(
            canonical_link_with_fragment("http://example.org/log#:~:text=x").as_deref(),
            Some("https://example.org/log")
        );
        assert_eq!(
            canonical_link_with_fragment("http://example.org/log#utm_source=x").as_deref(),
            Some("https://example.org/log")
        );
    }

    #[test]
    fn pages_that_are_equal_by_folding_alone_are_told() {
        let same = |left: &str, right: &str| {
            assert_eq!(canonical_link(left), canonical_link(right));
            let within = [left, right].map(canonical_link_with_fragment);
            same_page(within[0].as_deref(), within[1].as_deref())
        };
        assert!(same("http://www.example.org/a/?utm_source=x#top", "https://example.org/a#end"));
        assert!(same("https://example.org/#!/a", "https://example.org/#!/a"));
        for folded in [
            "https://m.example.org/a",
            "https://example.org/a/amp",
            "https://example.org/a?ref=github",
        ] {
            assert!(!same("https://example.org/a", folded), "{folded}");
        }
        assert!(!same_page(None, None));
    }

    #[test]
    fn the_alias_of_an_id_has_no_host() {
        assert_eq!(guid_alias("http://www.example.org/?p=12").as_deref(), Some("?p=12"));
        assert_eq!(guid_alias("https://new.example/a/b?utm_medium=rss").as_deref(), Some("/a/b"));
        assert_eq!(guid_alias("https://example.org/"), None);
        assert_eq!(guid_alias("tag:example.org,2026:1"), None);
    }

    #[test]
    fn a_home_is_a_registrable_domain_or_an_address() {
        assert_eq!(site_of("https://blog.example.co.uk/a").as_deref(), Some("example.co.uk"));
        assert_eq!(site_of("https://jo.github.io/a").as_deref(), Some("jo.github.io"));
        assert_eq!(site_of("http://127.0.0.1:8080/a").as_deref(), Some("127.0.0.1:8080"));
        assert_eq!(site_of("http://localhost/a").as_deref(), Some("localhost"));
        assert_eq!(site_of("urn:x:y"), None);
    }

    #[test]
    fn a_site_is_not_a_page() {
        assert!(
            is_site_root("https://example.org")
                && !is_site_root("https://example.org/a")
                && !is_site_root("https://example.org?p=1")
        );
    }

    proptest! {
        #[test]
        fn a_canonical_link_is_canonical(path in "[ -~äß漢%]{0,40}(/amp|;jsessionid=1|/index.html)?/?([?&](ref=a.org|amp|p=1)){0,3}(#!?/?[a-z]{0,3})?", host in "(www\\.)?[a-zA-Z]{1,8}\\.(org|co\\.uk)\\.?") {
            let url = format!("http://{host}/{path}");
            for canonical in [canonical_link, canonical_link_with_fragment] {
                if let Some(once) = canonical(&url) {
                    prop_assert_eq!(canonical(&once), Some(once.clone()), "from {}", url);
                }
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _ = (canonical_link(&text), guid_alias(&text), site_of(&text), without_tracking(&text));
        }
    }
}
