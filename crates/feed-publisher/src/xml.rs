//! The characters, addresses and ids that published documents may contain.

use std::{borrow::Cow, fmt::Write as _};

use feed_model::text::{collapse_whitespace, is_forbidden};
use url::Url;

/// Removes the characters that XML 1.0 §2.2 forbids or discourages: C0 except tab, line feed and
/// carriage return, DEL, C1 and non-characters.
///
/// U+FFFD, which marks undecodable bytes of the source, becomes a question mark. Readers would take
/// it for an encoding error of this feed. Texts of entries are cleaned when they are parsed; titles
/// in feeds.toml are not.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| is_allowed(c) && c != char::REPLACEMENT_CHARACTER) {
        return Cow::Borrowed(text);
    }
    let replace = |c| if c == char::REPLACEMENT_CHARACTER { '?' } else { c };
    Cow::Owned(text.chars().filter(|&c| is_allowed(c)).map(replace).collect())
}

// U+0085 is allowed in entries, because XML permits it, and is not published.
fn is_allowed(c: char) -> bool {
    !is_forbidden(c) && c != '\u{85}'
}

/// Escapes plain text for HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Returns one line of plain text: cleaned, with collapsed white space.
pub(crate) fn single_line(text: &str) -> String {
    collapse_whitespace(&clean(text))
}

/// Returns an absolute http(s) address without user name and password, or `None`.
///
/// Characters that RFC 3986 does not allow are percent-encoded. The rest stays as written, because
/// feed readers compare links byte by byte.
pub(crate) fn http_url(text: &str) -> Option<String> {
    let trimmed = text.trim();
    let mut url = Url::parse(trimmed)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())?;
    let has_login = !url.username().is_empty() || url.password().is_some();
    if has_login {
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
    }
    let as_written = !has_login && trimmed.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let address = if as_written { trimmed.to_owned() } else { url.into() };
    // Brackets are allowed in the host only, around an IPv6 address.
    let (host, rest) = address.split_at(
        address.match_indices(['/', '?', '#']).nth(2).map_or(address.len(), |(at, _)| at),
    );
    let mut encoded = host.to_owned();
    for c in rest.chars() {
        match c {
            '"' | '<' | '>' | '[' | ']' | '\\' | '^' | '`' | '{' | '|' | '}' => {
                encoded.push('%');
                let _ = write!(encoded, "{:02X}", u32::from(c));
            }
            c => encoded.push(c),
        }
    }
    Some(encoded)
}

/// Whether a text is an absolute IRI, as `atom:id` requires.
pub(crate) fn is_iri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let is_scheme_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(is_scheme_char)
        && !rest.is_empty()
        && text.chars().all(|c| {
            is_allowed(c)
                && !c.is_whitespace()
                && !matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`')
        })
}

/// Whether a text is usable as the id of a feed: an http(s), `urn:` or `tag:` IRI. A `tag:` IRI
/// must have a date (RFC 4151 §2.1).
pub(crate) fn is_feed_id(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let is_dated = || {
        let date = rest
            .split_once(':')
            .and_then(|(entity, _)| entity.split_once(','))
            .map(|(_, date)| date);
        date.is_some_and(|date| {
            let lengths: Vec<usize> = date.split('-').map(str::len).collect();
            matches!(lengths[..], [4] | [4, 2] | [4, 2, 2])
                && date.bytes().all(|b| b.is_ascii_digit() || b == b'-')
        })
    };
    is_iri(text)
        && match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => true,
            "urn" => {
                !rest.get(..5).is_some_and(|space| space.eq_ignore_ascii_case("uuid:"))
                    || is_uuid(&rest[5..])
            }
            "tag" => is_dated(),
            _ => false,
        }
}

/// Whether a text is a UUID in the form that URNs require (RFC 9562 §4).
fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_forbidden_characters_are_removed() {
        assert_eq!(clean("a\u{0}b\u{B}c\u{7F}d\u{85}e\u{FFFE}f\u{FDD0}g\u{1FFFF}"), "abcdefg");
        assert_eq!(clean("caf\u{FFFD}"), "caf?");
        assert!(matches!(clean("tab\tline\n😀 é"), Cow::Borrowed(_)));
        assert_eq!(single_line("  a\u{0}\n  b\t"), "a b");
    }

    #[test]
    fn only_absolute_http_addresses_are_accepted_without_their_passwords() {
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:x",
            "data:text/html,x",
            "/relative",
            "ftp://h/x",
            "",
            "http://",
        ] {
            assert_eq!(http_url(bad), None, "{bad}");
        }
        assert_eq!(http_url("https://u:p@h.example/x").as_deref(), Some("https://h.example/x"));
        assert_eq!(http_url("HTTPS://H.example").as_deref(), Some("HTTPS://H.example"));
        assert_eq!(http_url("https://h.example/a b").as_deref(), Some("https://h.example/a%20b"));
        assert_eq!(
            http_url("https://h.example/é?t[0]={1}").as_deref(),
            Some("https://h.example/%C3%A9?t%5B0%5D=%7B1%7D")
        );
        assert_eq!(http_url("http://[::1]:8080/x?[").as_deref(), Some("http://[::1]:8080/x?%5B"));
    }

    #[test]
    fn an_iri_has_a_scheme_and_no_white_space() {
        assert!(is_iri("tag:example.org,2026:x") && is_iri("urn:uuid:1") && is_iri("https://h/é"));
        assert!(
            is_feed_id("tag:example.org,2026-01:x")
                && is_feed_id("urn:isbn:1")
                && is_feed_id("https://h/é")
        );
        assert!(
            is_feed_id("urn:uuid:60a76c80-d399-11d9-b93C-0003939e0af6")
                && !is_feed_id("urn:uuid:1")
                && !is_feed_id("urn:")
        );
        assert!(
            !is_feed_id("tag:example.org:x")
                && !is_feed_id("tag:example.org,26:x")
                && !is_feed_id("yt:channel:1")
        );
        assert!(!is_iri("no scheme: x") && !is_iri("plain") && !is_iri("1a:b") && !is_iri("a:"));
    }
}
