//! Whether a reader asks for what is new alone: RFC 3229, with the instance manipulation `feed`.

use axum::http::{HeaderMap, HeaderName, header};

use super::{conditional::tags, response::header_values};

/// Tags of one request that are looked up.
const MAX_TAGS: usize = 8;

/// The instances that a reader has, where it takes what is new to it instead of the whole: `A-IM:
/// feed`, and tags in `If-None-Match` of which none is the current one.
pub(super) fn delta_bases(request: &HeaderMap, current: &str) -> Option<Vec<String>> {
    let takes = header_values(request, &HeaderName::from_static("a-im"))
        .iter()
        .flat_map(|line| line.split(','))
        .any(is_feed);
    if !takes {
        return None;
    }
    let mut had: Vec<String> = Vec::new();
    for line in header_values(request, &header::IF_NONE_MATCH) {
        if line.trim() == "*" {
            return None;
        }
        had.extend(tags(line).map(|tag| format!("W/\"{tag}\"")));
    }
    had.truncate(MAX_TAGS);
    (!had.is_empty() && had.iter().all(|tag| tag != current)).then_some(had)
}

/// Whether one part of `A-IM` is `feed`, not refused by a weight of nothing.
fn is_feed(part: &str) -> bool {
    let mut pieces = part.split(';').map(str::trim);
    let named = pieces.next().is_some_and(|name| name.eq_ignore_ascii_case("feed"));
    let refused = pieces.filter_map(|piece| piece.split_once('=')).any(|(key, weight)| {
        key.trim().eq_ignore_ascii_case("q")
            && weight.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0)
    });
    named && !refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_are_sent_to_those_who_take_them_and_lack_them() {
        for (manipulations, had, expected) in [
            ("feed", "W/\"a\"", Some(1)),
            ("FEED", "\"a\", W/\"b\"", Some(2)),
            ("vcdiff, feed;q=0.5", "\"a\"", Some(1)),
            ("feed;q=0", "\"a\"", None),
            ("gzip", "\"a\"", None),
            ("feeds", "\"a\"", None),
            ("feed", "\"now\"", None),
            ("feed", "\"a\", \"now\"", None),
            ("feed", "*", None),
            ("feed", "a", None),
            ("feed", "", None),
        ] {
            let mut request = HeaderMap::new();
            request.insert("a-im", manipulations.parse().unwrap());
            request.insert(header::IF_NONE_MATCH, had.parse().unwrap());
            assert_eq!(
                delta_bases(&request, "W/\"now\"").map(|tags| tags.len()),
                expected,
                "{manipulations} {had}"
            );
        }
    }
}
