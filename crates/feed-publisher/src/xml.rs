//! What XML 1.0 can carry, and which addresses may stand in a published document.

use std::{borrow::Cow, fmt::Write as _};

use url::Url;

/// `text` without the characters that XML 1.0 forbids or discourages (§2.2: C0 but tab, line feed
/// and carriage return, DEL and C1, non-characters). U+FFFD, which stands where a source's bytes
/// were no text, becomes a question mark: to readers it is the sign of a wrong decoding on our
/// side.
///
/// Texts of entries were cleaned when they were read; titles of feeds.toml and whatever was stored
/// otherwise were not.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| allowed(c) && c != char::REPLACEMENT_CHARACTER) {
        return Cow::Borrowed(text);
    }
    let shown = |c| {
        if c == char::REPLACEMENT_CHARACTER { '?' } else { c }
    };
    Cow::Owned(text.chars().filter(|&c| allowed(c)).map(shown).collect())
}

fn allowed(c: char) -> bool {
    let code = u32::from(c);
    match code {
        0x09 | 0x0A | 0x0D => true,
        0..=0x1F | 0x7F..=0x9F | 0xFDD0..=0xFDEF => false,
        _ => code & 0xFFFE != 0xFFFE,
    }
}

/// Plain text as HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// One line of plain text: cleaned, white space collapsed.
pub(super) fn single_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The address, when it is an absolute http(s) one, without a password, and with nothing in it that
/// RFC 3986 has no place for. Otherwise it stays as it was written: readers compare links letter by
/// letter.
pub(super) fn http_url(text: &str) -> Option<String> {
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
    // Brackets belong to an address literal, and stand nowhere behind the host.
    let (host, rest) = address.split_at(
        address.match_indices(['/', '?', '#']).nth(2).map_or(address.len(), |(at, _)| at),
    );
    let mut clean = host.to_owned();
    for c in rest.chars() {
        match c {
            '"' | '<' | '>' | '[' | ']' | '\\' | '^' | '`' | '{' | '|' | '}' => {
                clean.push('%');
                let _ = write!(clean, "{:02X}", u32::from(c));
            }
            c => clean.push(c),
        }
    }
    Some(clean)
}

/// Whether the text can be an `atom:id`: an absolute IRI of some scheme, without white space.
pub(super) fn is_iri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(good)
        && !rest.is_empty()
        && text.chars().all(|c| {
            allowed(c)
                && !c.is_whitespace()
                && !matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`')
        })
}

/// Whether the text can be the id of a feed in every reader's eyes: an IRI of a scheme that is
/// meant for ids, and where it is a `tag:` one with the year in which its owner had the name (RFC
/// 4151 §2.1).
pub(super) fn is_feed_id(text: &str) -> bool {
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

/// The one form that a UUID has in a URN (RFC 9562 §4).
fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_characters_go_and_nothing_else() {
        assert_eq!(clean("a\u{0}b\u{B}c\u{7F}d\u{85}e\u{FFFE}f\u{FDD0}g\u{1FFFF}"), "abcdefg");
        assert_eq!(clean("caf\u{FFFD}"), "caf?");
        assert!(matches!(clean("tab\tline\n😀 é"), Cow::Borrowed(_)));
        assert_eq!(single_line("  a\u{0}\n  b\t"), "a b");
    }

    #[test]
    fn only_absolute_http_addresses_pass_and_passwords_do_not() {
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
    fn an_iri_has_a_scheme_and_no_space() {
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
