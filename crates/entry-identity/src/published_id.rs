//! The published id of a story (Atom `id`, RSS `guid`). It is chosen once and stored.

use url::Url;
use uuid::Uuid;

use feed_model::{EntryKey, SourceId};

/// The name space of generated ids (RFC 9562 §5.5).
const ID_NAMESPACE: Uuid = Uuid::from_u128(0x7c1b_2f0e_5d43_5b8a_9a64_31f0_c2d8_e6b7);
/// Number of characters above which a publisher's id is not published.
const MAX_ID_CHARS: usize = 2_048;

/// Returns the id of a story that begins with an entry.
///
/// This is the publisher's id, byte for byte, if it is an http(s), urn or tag IRI and `is_taken`
/// says that no other story has it. Otherwise it is a `urn:uuid` of source and key (RFC 9562,
/// version 5). Pass `None` as `guid` for sites, which have no ids, and for an id that several items
/// of a document share ([`EntryIdentity::unique_guid`](super::EntryIdentity::unique_guid)).
pub fn published_id(
    guid: Option<&str>,
    key: &EntryKey,
    source: &SourceId,
    mut is_taken: impl FnMut(&str) -> bool,
) -> String {
    if let Some(guid) = guid.filter(|guid| is_publishable(guid))
        && !is_taken(guid)
    {
        return guid.to_owned();
    }
    let mut name = format!("{source}\0{key}");
    loop {
        let generated = format!("urn:uuid:{}", Uuid::new_v5(&ID_NAMESPACE, name.as_bytes()));
        // A failing look-up may answer "taken" every time, so the number of attempts is limited.
        if name.len() > source.as_str().len() + key.as_str().len() + 64 || !is_taken(&generated) {
            return generated;
        }
        name.push('\0');
    }
}

/// Returns whether an id is an IRI (RFC 3987) of a global scheme: http(s) with a host and without
/// user information, urn (RFC 8141) or tag (RFC 4151).
fn is_publishable(id: &str) -> bool {
    if id.chars().count() > MAX_ID_CHARS || !is_iri_text(id) {
        return false;
    }
    let Some((scheme, rest)) = id.split_once(':') else {
        return false;
    };
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => {
            rest.strip_prefix("//").is_some_and(|rest| !below_authority(rest).contains(['[', ']']))
                && Url::parse(id).is_ok_and(|url| {
                    url.has_host() && url.username().is_empty() && url.password().is_none()
                })
        }
        "urn" => rest.split_once(':').is_some_and(|(space, name)| {
            is_urn_space(space) && !name.is_empty() && !name.contains(['[', ']'])
        }),
        "tag" => rest
            .split_once(':')
            .and_then(|(entity, _)| entity.split_once(','))
            .is_some_and(|(authority, date)| !authority.is_empty() && is_tag_date(date)),
        _ => false,
    }
}

/// Returns the part after the authority, in which brackets are not allowed (RFC 3986 §3.3).
fn below_authority(rest: &str) -> &str {
    rest.find(['/', '?', '#']).map_or("", |at| &rest[at..])
}

/// Returns whether a date has the form `2026`, `2026-01` or `2026-01-02` (RFC 4151 §2.1).
fn is_tag_date(date: &str) -> bool {
    let parts: Vec<&str> = date.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    matches!(lengths[..], [4] | [4, 2] | [4, 2, 2])
        && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()))
}

fn is_urn_space(space: &str) -> bool {
    (2..=32).contains(&space.len())
        && space.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !space.starts_with('-')
        && !space.ends_with('-')
}

/// Returns whether a text has only characters that an IRI may have, and every `%` begins an escape.
fn is_iri_text(text: &str) -> bool {
    let allowed = |c: char| {
        if c.is_ascii() {
            c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c)
        } else {
            !c.is_control() && !c.is_whitespace() && !is_private_or_invisible(c)
        }
    };
    let escapes =
        |part: &str| part.len() >= 2 && part.bytes().take(2).all(|b| b.is_ascii_hexdigit());
    text.chars().all(allowed)
        && text.split('%').skip(1).all(escapes)
        && text.matches('#').count() <= 1
}

/// Returns whether a character is outside `ucschar` (RFC 3987 §2.2) or changes the text direction
/// (§4.1).
fn is_private_or_invisible(c: char) -> bool {
    matches!(
        u32::from(c),
        0xE000..=0xF8FF
            | 0xFDD0..=0xFDEF
            | 0xFFF0..=0xFFFF
            | 0xE0000..=0xE0FFF
            | 0xF_0000..=0x10_FFFF
    ) || u32::from(c) & 0xFFFE == 0xFFFE
        || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(guid: &str) -> String {
        published_id(Some(guid), &EntryKey("key".into()), &SourceId::new("source").unwrap(), |_| {
            false
        })
    }

    #[test]
    fn iris_are_kept_byte_for_byte() {
        for id in [
            "https://example.org/?p=1",
            "HTTP://Example.org/A%2f",
            "http://example.org",
            "http://[::1]/a",
            "urn:uuid:AB12cd",
            "tag:example.org,2026-01-02:post/1",
            "tag:jo@example.org,2026:",
            "https://example.org/über/漢字",
        ] {
            assert_eq!(id_of(id), id);
        }
    }

    #[test]
    fn other_ids_are_not_published() {
        for id in [
            "12",
            "post 1",
            "https://example.org/a b",
            "https://user:secret@example.org/",
            "https://",
            "http:/example.org",
            "mailto:jo@example.org",
            "urn:x",
            "urn:x:y",
            "tag:example.org:1",
            "tag:,2026:1",
            "tag:example.org,26:1",
            "tag:example.org,2026-1-2:1",
            "https://example.org/a[1]",
            "urn:example:a[1]",
            "https://example.org/%zz",
            "https://example.org/a#b#c",
            "https://example.org/\u{202e}a",
            "https://example.org/<a>",
        ] {
            assert!(id_of(id).starts_with("urn:uuid:"), "{id} is not publishable");
        }
    }

    #[test]
    fn an_id_of_another_story_is_not_used() {
        let (key, source) =
            (EntryKey("https://example.org/1".into()), SourceId::new("forger").unwrap());
        let id = published_id(Some("https://example.org/1"), &key, &source, |id| {
            id == "https://example.org/1"
        });
        assert_eq!(
            id,
            published_id(None, &key, &source, |_| false),
            "generated from source and key"
        );
        let other = published_id(None, &key, &source, |taken| taken == id);
        assert!(other.starts_with("urn:uuid:") && other != id);
        assert!(
            published_id(None, &key, &source, |_| true).starts_with("urn:uuid:"),
            "a failing look-up ends"
        );
    }

    #[test]
    fn generated_ids_never_change() {
        let id =
            published_id(None, &EntryKey("key".into()), &SourceId::new("source").unwrap(), |_| {
                false
            });
        assert_eq!(id, "urn:uuid:4fbea697-ec12-5445-b05c-dfa87ef6f62a");
    }
}
