//! Requests for new entries only: delta encoding (RFC 3229) with the instance manipulation `feed`.

use axum::http::{HeaderMap, HeaderName, header};

use super::{conditional::tags, response::header_values};

/// The most entity tags of a request that are looked up.
const MAX_TAGS: usize = 8;

/// Returns the entity tags of the instances that a client has, if it accepts new entries only: it
/// sends `A-IM: feed`, and `If-None-Match` without the current tag.
pub(super) fn delta_bases(request: &HeaderMap, current: &str) -> Option<Vec<String>> {
    let accepts_feed = header_values(request, &HeaderName::from_static("a-im"))
        .iter()
        .flat_map(|line| line.split(','))
        .any(is_feed);
    if !accepts_feed {
        return None;
    }
    let mut etags: Vec<String> = Vec::new();
    for line in header_values(request, &header::IF_NONE_MATCH) {
        if line.trim() == "*" {
            return None;
        }
        etags.extend(tags(line).map(|tag| format!("W/\"{tag}\"")));
    }
    etags.truncate(MAX_TAGS);
    (!etags.is_empty() && etags.iter().all(|tag| tag != current)).then_some(etags)
}

/// Whether a part of `A-IM` is `feed` with a weight above 0.
fn is_feed(part: &str) -> bool {
    let mut pieces = part.split(';').map(str::trim);
    let is_named = pieces.next().is_some_and(|name| name.eq_ignore_ascii_case("feed"));
    let is_excluded = pieces.filter_map(|piece| piece.split_once('=')).any(|(key, weight)| {
        key.trim().eq_ignore_ascii_case("q")
            && weight.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0)
    });
    is_named && !is_excluded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delta_needs_a_im_feed_and_an_old_tag() {
        for (manipulations, etags, expected) in [
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
            request.insert(header::IF_NONE_MATCH, etags.parse().unwrap());
            assert_eq!(
                delta_bases(&request, "W/\"now\"").map(|tags| tags.len()),
                expected,
                "{manipulations} {etags}"
            );
        }
    }
}
