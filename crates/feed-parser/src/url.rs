//! URLs: absolute, http(s), without credentials and without tracking parameters.

use url::Url;

use feed_model::tracking::is_tracking_parameter;

/// The maximum length of a URL, in bytes.
const MAX_URL_BYTES: usize = 8192;

/// Parses an absolute http(s) URL. Control characters and white space around it are removed, a
/// relative URL is joined to `base`, and credentials are removed. Returns `None` for every other
/// scheme.
pub fn http_url(text: &str, base: Option<&Url>) -> Option<Url> {
    http_only(resolve(text, base)?)
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
pub(super) fn strip_tracking(mut url: Url) -> Url {
    let Some(query) = url.query() else { return url };
    // In a URL that was escaped twice, `&amp;` separates parameters.
    let is_tracking = |pair: &&str| {
        is_tracking_parameter(pair.split('=').next().unwrap_or("").trim_start_matches("amp;"))
    };
    if !query.split('&').any(|pair| is_tracking(&pair)) {
        return url;
    }
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_tracking(pair)).collect();
    let kept = if kept.is_empty() { None } else { Some(kept.join("&")) };
    url.set_query(kept.as_deref());
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
}
