//! Conditional requests: RFC 9110 §13.

use chrono::SubsecRound;

use feed_model::Timestamp;

/// The result of the preconditions of a GET or HEAD request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PreconditionResult {
    /// Send the document (200).
    Send,
    /// The client has the current document (304).
    NotModified,
}

/// Evaluates `If-None-Match` (all its lines) and `If-Modified-Since` (RFC 9110 §13.2.2).
///
/// `If-None-Match` uses weak comparison. If it is present, `If-Modified-Since` is ignored. An
/// invalid date is ignored too.
pub(super) fn evaluate(
    none_match: &[&str],
    modified_since: Option<&str>,
    etag: &str,
    last_modified: Option<Timestamp>,
) -> PreconditionResult {
    let not_modified = if none_match.is_empty() {
        modified_since.is_some_and(|date| !is_modified_since(date, last_modified))
    } else {
        none_match.iter().any(|line| lists_tag(line, etag))
    };
    if not_modified { PreconditionResult::NotModified } else { PreconditionResult::Send }
}

fn is_modified_since(date: &str, last_modified: Option<Timestamp>) -> bool {
    let (Ok(date), Some(last_modified)) = (httpdate::parse_http_date(date.trim()), last_modified)
    else {
        return true;
    };
    last_modified.trunc_subsecs(0) > Timestamp::from(date)
}

/// Whether a line of `If-None-Match` is `*` or contains the tag by weak comparison (RFC 9110
/// §8.8.3.2).
fn lists_tag(line: &str, etag: &str) -> bool {
    line.trim() == "*" || tags(line).any(|tag| tag == opaque(etag))
}

/// Returns the opaque parts of the entity tags in a line. It ends at the first part that is not a
/// quoted entity tag.
pub(super) fn tags(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let tag = rest.strip_prefix("W/").unwrap_or(rest);
        let (inside, after) = tag.strip_prefix('"')?.split_once('"')?;
        rest = after;
        Some(inside)
    })
}

fn opaque(etag: &str) -> &str {
    etag.strip_prefix("W/").unwrap_or(etag).trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "W/\"abc\"";

    #[test]
    fn tags_are_compared_weakly_in_all_lines() {
        for (lines, expected) in [
            (&["W/\"abc\""][..], PreconditionResult::NotModified),
            (&["\"abc\""], PreconditionResult::NotModified),
            (&["*"], PreconditionResult::NotModified),
            (&[" * "], PreconditionResult::NotModified),
            (&["\"x\", W/\"y\",\"abc\""], PreconditionResult::NotModified),
            (&["\"x\"", "W/\"abc\""], PreconditionResult::NotModified),
            (&[",, \"abc\" ,"], PreconditionResult::NotModified),
            (&["\"a,b\", \"abc\""], PreconditionResult::NotModified),
            (&["\"x\""], PreconditionResult::Send),
            (&["abc"], PreconditionResult::Send),
            (&["w/\"abc\""], PreconditionResult::Send),
            (&["\"abc"], PreconditionResult::Send),
            (&["\"\""], PreconditionResult::Send),
            (&[""], PreconditionResult::Send),
            (&["\"ABC\""], PreconditionResult::Send),
        ] {
            assert_eq!(evaluate(lines, None, TAG, None), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_date_is_used_only_if_it_is_valid_and_there_is_no_tag() {
        let changed: Timestamp = "2026-01-02T03:04:05.900Z".parse().unwrap();
        for (none_match, date, expected) in [
            (&[][..], "Fri, 02 Jan 2026 03:04:05 GMT", PreconditionResult::NotModified),
            (&[], "Friday, 02-Jan-26 03:04:05 GMT", PreconditionResult::NotModified),
            (&[], "Fri Jan  2 03:04:05 2026", PreconditionResult::NotModified),
            (&[], "Fri, 02 Jan 2026 03:04:06 GMT", PreconditionResult::NotModified),
            (&[], "Wed, 02 Jan 2126 03:04:05 GMT", PreconditionResult::NotModified),
            (&[], "Fri, 02 Jan 2026 03:04:04 GMT", PreconditionResult::Send),
            (&[], "yesterday", PreconditionResult::Send),
            (&[], "", PreconditionResult::Send),
            (&["\"x\""], "Fri, 02 Jan 2026 03:04:05 GMT", PreconditionResult::Send),
            (&["\"abc\""], "Thu, 01 Jan 1970 00:00:00 GMT", PreconditionResult::NotModified),
        ] {
            assert_eq!(
                evaluate(none_match, Some(date), TAG, Some(changed)),
                expected,
                "{none_match:?} {date}"
            );
        }
        assert_eq!(
            evaluate(&[], Some("Fri, 02 Jan 2026 03:04:05 GMT"), TAG, None),
            PreconditionResult::Send,
            "the document has no date"
        );
    }
}
