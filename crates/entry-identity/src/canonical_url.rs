//! Canonical URLs: the form in which links are compared, never shown.
//!
//! Two URLs of one page should compare equal, and URLs of two pages must not. Only parts by which
//! no publisher distinguishes pages are removed: scheme, `www.`, default port, tracking parameters,
//! trailing slash. The path keeps its case. Within a source the query keeps its order.

use std::fmt::Write as _;

use url::Url;

use super::url_variants;

/// Returns the URL as compared across sources; `None` if it is no absolute http(s) URL.
///
/// The result has the scheme `https` and a lower-case host without `www.`. It has no user, default
/// port, fragment, tracking parameters or trailing slash. Mobile and AMP editions, index files,
/// session ids and referrers are removed, and parameters are sorted. A fragment that is a route
/// (`#!/posts/1`) is kept. The function is idempotent.
pub fn canonical_link(url: &str) -> Option<String> {
    canonical(url, LinkUse::AcrossSources)
}

/// Returns the URL as compared within one source; `None` if it is no absolute http(s) URL.
///
/// In contrast to [`canonical_link`] the fragment is kept, because the entries of a changelog may
/// be parts of one page, and variants such as mobile editions are not removed.
pub fn canonical_link_with_fragment(url: &str) -> Option<String> {
    canonical(url, LinkUse::WithinSource)
}

/// Returns whether two links are the same URL apart from the fragment, and not merely variants of
/// one page. Both are links as compared within their source.
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

/// Returns the URL of a publication's home page as compared with the links of its items.
pub(super) fn canonical_home_page(url: &str) -> Option<String> {
    let url = url.split('#').next().unwrap_or_default();
    canonical(url, LinkUse::WithinSource)
}

/// Returns the fragment of a link as compared within a source. A route (`#!/posts/1`) identifies a
/// page and does not count.
pub(super) fn fragment_of(link: &str) -> Option<&str> {
    link.split_once('#')
        .map(|(_, fragment)| fragment)
        .filter(|fragment| url_variants::route(fragment).is_none())
}

/// Returns an id without scheme, host and tracking parameters: the part that stays when a site
/// moves to another host. Returns `None` if the id is no http(s) URL or nothing remains.
pub fn guid_alias(guid: &str) -> Option<String> {
    let canonical = canonical(guid, LinkUse::WithinSource)?;
    let rest = canonical.strip_prefix("https://")?;
    let at = rest.find(['/', '?', '#'])?;
    Some(rest[at..].to_owned()).filter(|alias| alias.len() > 1)
}

/// Returns the site of an absolute http(s) URL, as [`feed_model::site::site_of`] defines it; `None`
/// for every other text.
pub fn site_of(url: &str) -> Option<String> {
    feed_model::site::site_of(&parse(url)?)
}

/// Returns the host of an http(s) URL without `www.`.
pub(super) fn host_of(url: &str) -> Option<String> {
    parse(url).as_ref().and_then(bare_host)
}

/// Returns whether a canonical link names a whole site and not a page of it.
pub(super) fn is_site_root(canonical: &str) -> bool {
    canonical.strip_prefix("https://").is_none_or(|rest| !rest.contains(['/', '?', '#']))
}

/// Removes the tracking parameters from a URL and leaves the rest as it is.
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
    let mut bare = host.as_str();
    while let Some(rest) = bare.strip_prefix("www.").filter(|rest| rest.contains('.')) {
        bare = rest;
    }
    (!bare.is_empty()).then(|| bare.to_owned())
}

/// The purpose of a canonical URL.
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

/// Returns the query without empty parameters, and across sources only the parameters that identify
/// a page. Returns `None` if nothing remains.
fn significant_query(query: &str, across: bool) -> Option<String> {
    let mut kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && (!across || url_variants::identifies_page(pair)))
        .collect();
    if across {
        // Sorted by name only, because the order of two values of one name may have a meaning.
        kept.sort_by_key(|pair| pair.split('=').next());
    }
    (!kept.is_empty()).then(|| kept.join("&"))
}

/// Returns the fragment without text directives (`:~:text=`); `None` if it is a tracking parameter.
fn significant_fragment(fragment: &str) -> Option<&str> {
    let own = fragment.split(":~:").next().unwrap_or_default();
    let name = own.split(['=', '&']).next().unwrap_or_default();
    let tracker = own.contains('=') && feed_model::tracking::is_tracking_parameter(name);
    (!own.is_empty() && !tracker).then_some(own)
}

/// Normalises percent-encoding (RFC 3986 §6.2.2): unreserved characters are decoded, and the other
/// escapes get upper-case digits.
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
        // After a stray percent sign, a decoded digit would complete a new escape.
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
    fn insignificant_parts_are_removed() {
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
    fn significant_parts_are_kept() {
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
    fn variants_are_not_the_same_url() {
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
    fn an_id_alias_has_no_host() {
        assert_eq!(guid_alias("http://www.example.org/?p=12").as_deref(), Some("?p=12"));
        assert_eq!(guid_alias("https://new.example/a/b?utm_medium=rss").as_deref(), Some("/a/b"));
        assert_eq!(guid_alias("https://example.org/"), None);
        assert_eq!(guid_alias("tag:example.org,2026:1"), None);
    }

    #[test]
    fn a_site_is_a_registrable_domain_or_a_host_with_port() {
        assert_eq!(site_of("https://blog.example.co.uk/a").as_deref(), Some("example.co.uk"));
        assert_eq!(site_of("https://jo.github.io/a").as_deref(), Some("jo.github.io"));
        assert_eq!(site_of("http://127.0.0.1:8080/a").as_deref(), Some("127.0.0.1:8080"));
        assert_eq!(site_of("http://localhost/a").as_deref(), Some("localhost"));
        assert_eq!(site_of("urn:x:y"), None);
    }

    #[test]
    fn a_site_root_is_recognised() {
        assert!(
            is_site_root("https://example.org")
                && !is_site_root("https://example.org/a")
                && !is_site_root("https://example.org?p=1")
        );
    }

    proptest! {
        #[test]
        fn canonical_links_are_idempotent(
            path in concat!(
                "[ -~äß漢%]{0,40}(/amp|;jsessionid=1|/index.html)?/?",
                "([?&](ref=a.org|amp|p=1)){0,3}(#!?/?[a-z]{0,3})?",
            ),
            host in "(www\\.){0,3}[a-zA-Z]{1,8}\\.(org|co\\.uk)\\.?",
        ) {
            let url = format!("http://{host}/{path}");
            for canonical in [canonical_link, canonical_link_with_fragment] {
                if let Some(once) = canonical(&url) {
                    prop_assert_eq!(canonical(&once), Some(once.clone()), "from {}", url);
                }
            }
        }

        #[test]
        fn no_text_causes_a_panic(text in "\\PC{0,60}") {
            let _ = (canonical_link(&text), guid_alias(&text), site_of(&text));
            let _ = without_tracking(&text);
        }
    }
}
