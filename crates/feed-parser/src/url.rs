//! URLs: absolute, http(s), without credentials and without tracking parameters.

use std::borrow::Cow;

use url::Url;

use feed_model::tracking::{is_session, is_tracking_parameter};

/// The maximum length of a URL, in bytes.
const MAX_URL_BYTES: usize = 8192;

/// Parses an absolute http(s) URL. Control characters and white space around it are removed, a
/// relative URL is joined to `base`, and credentials are removed. Returns `None` for every other
/// scheme.
pub fn http_url(text: &str, base: Option<&Url>) -> Option<Url> {
    http_only(resolve(text, base)?)
}

/// Returns an address without the schemes that feed readers register: `feed:https://…` is
/// `https://…`, and `feed://…` is `http://…`.
pub fn without_feed_scheme(text: &str) -> Cow<'_, str> {
    let text_start = text.trim_start();
    let Some((scheme, rest)) = text_start.split_once(':') else { return Cow::Borrowed(text) };
    if !["feed", "feeds", "itpc", "pcast"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return Cow::Borrowed(text);
    }
    let path = rest.trim_start_matches('/');
    let is_absolute = ["http:", "https:"]
        .iter()
        .any(|scheme| path.get(..scheme.len()).is_some_and(|p| p.eq_ignore_ascii_case(scheme)));
    if is_absolute {
        return Cow::Borrowed(path);
    }
    let scheme = if scheme.eq_ignore_ascii_case("feeds") { "https" } else { "http" };
    Cow::Owned(format!("{scheme}://{path}"))
}

/// Returns the URL without credentials if it is an http(s) URL with a host.
fn http_only(mut url: Url) -> Option<Url> {
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return None;
    }
    if !url.username().is_empty() || url.password().is_some() {
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
    }
    Some(url)
}

/// Parses a URL of a scheme that is allowed in published links: http, https or mailto.
pub(super) fn link_url(text: &str, base: &Url) -> Option<Url> {
    let url = resolve(text, Some(base))?;
    if url.scheme() == "mailto" { Some(url) } else { http_only(url) }
}

fn resolve(text: &str, base: Option<&Url>) -> Option<Url> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    if text.is_empty() || text.len() > MAX_URL_BYTES {
        return None;
    }
    let text = &*without_feed_scheme(text);
    match Url::parse(text) {
        Ok(url) => Some(url),
        Err(url::ParseError::RelativeUrlWithoutBase) => base?.join(text).ok(),
        Err(_) => None,
    }
}

/// Returns the URL without its tracking parameters. The other parameters keep their bytes and their
/// order.
pub fn without_tracking(url: &Url) -> Url {
    strip_tracking(url.clone())
}

/// Like [`without_tracking`], without a copy of a URL that has none.
pub(super) fn strip_tracking(url: Url) -> Url {
    let mut url = without_session_path(url);
    let Some(query) = url.query() else { return url };
    // In a URL that was escaped twice, `&amp;` separates parameters.
    let is_tracking = |pair: &&str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = name.trim_start_matches("amp;");
        is_tracking_parameter(name) || is_session(name, value)
    };
    if !query.split('&').any(|pair| is_tracking(&pair)) {
        return url;
    }
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_tracking(pair)).collect();
    let kept = if kept.is_empty() { None } else { Some(kept.join("&")) };
    url.set_query(kept.as_deref());
    url
}

/// Returns the URL without the session id of a servlet (`;jsessionid=…`) in its path.
fn without_session_path(mut url: Url) -> Url {
    let is_session_part = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        is_session(name, value)
    };
    if !url.path().contains(';') || !url.path().split([';', '/']).any(is_session_part) {
        return url;
    }
    let segments: Vec<String> = url
        .path()
        .split('/')
        .map(|segment| {
            let parts = segment.split(';').filter(|part| !is_session_part(part));
            parts.collect::<Vec<_>>().join(";")
        })
        .collect();
    url.set_path(&segments.join("/"));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_urls_are_parsed() {
        let base = Url::parse("https://example.org/a/").unwrap();
        for (text, want) in [
            (" https://example.org/x \n", Some("https://example.org/x")),
            ("b", Some("https://example.org/a/b")),
            ("//other.example/c", Some("https://other.example/c")),
            ("https://user:pw@example.org/", Some("https://example.org/")),
            ("JaVaScRiPt:alert(1)", None),
            ("java\nscript:alert(1)", None),
            ("\u{1}javascript:alert(1)", None),
            ("data:text/html,x", None),
            ("vbscript:x", None),
            ("mailto:a@example.org", None),
            ("", None),
        ] {
            assert_eq!(http_url(text, Some(&base)).as_ref().map(Url::as_str), want, "{text:?}");
        }
    }

    #[test]
    fn only_tracking_parameters_are_removed() {
        let clean = |text: &str| without_tracking(&Url::parse(text).unwrap()).to_string();
        assert_eq!(
            clean("https://e.org/?utm_source=x&id=%41&_bhlid=1#f"),
            "https://e.org/?id=%41#f"
        );
        assert_eq!(clean("https://e.org/?utm_source=x"), "https://e.org/");
        assert_eq!(clean("https://e.org/?a=1&amp;utm_medium=rss"), "https://e.org/?a=1");
        assert_eq!(clean("https://e.org/?a&b="), "https://e.org/?a&b=");
    }

    #[test]
    fn session_ids_are_removed() {
        let clean = |text: &str| without_tracking(&Url::parse(text).unwrap()).to_string();
        let id = "0123456789abcdef0123456789abcdef";
        for (url, want) in [
            (format!("https://e.org/a;jsessionid={id}.n1?b=1"), "https://e.org/a?b=1"),
            (format!("https://e.org/?PHPSESSID={id}&p=1"), "https://e.org/?p=1"),
            (format!("https://e.org/t.php?t=1&sid={id}"), "https://e.org/t.php?t=1"),
            (format!("https://e.org/t.php?s={id}&t=1"), "https://e.org/t.php?t=1"),
            ("https://e.org/?s=kafka&sid=12".to_owned(), "https://e.org/?s=kafka&sid=12"),
            ("https://e.org/a;v=1/b".to_owned(), "https://e.org/a;v=1/b"),
        ] {
            assert_eq!(clean(&url), want, "{url}");
        }
    }

    #[test]
    fn feed_schemes_stand_for_http() {
        for (text, want) in [
            ("feed:https://e.org/f", "https://e.org/f"),
            ("feed://e.org/f", "http://e.org/f"),
            ("feed://https://e.org/f", "https://e.org/f"),
            ("FEED:http://e.org/f", "http://e.org/f"),
            ("feed:e.org/f", "http://e.org/f"),
            ("itpc://e.org/f", "http://e.org/f"),
            ("https://e.org/feed:x", "https://e.org/feed:x"),
        ] {
            assert_eq!(without_feed_scheme(text), want);
            assert_eq!(http_url(text, None).unwrap().as_str(), want);
        }
    }
}
