//! Conditional responses: 200 with a strong `ETag` and `Last-Modified`, or 304 (RFC 9110 §13).

use std::time::SystemTime;

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use feed_model::Timestamp;

/// Returns the document, or 304 if the validators of the request match.
pub(super) fn respond(
    request: &HeaderMap,
    media_type: &'static str,
    body: String,
    changed: Timestamp,
) -> Response {
    let etag = format!("\"{}\"", blake3::hash(body.as_bytes()).to_hex());
    let changed = SystemTime::from(changed);
    let mut response = if is_current(request, &etag, changed) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, media_type)], body).into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in
        [(header::ETAG, etag), (header::LAST_MODIFIED, httpdate::fmt_http_date(changed))]
    {
        headers.insert(
            name,
            HeaderValue::from_str(&value).expect("a hash and a date are visible ASCII"),
        );
    }
    response
}

/// Evaluates `If-None-Match` by weak comparison (RFC 9110 §13.1.2), else `If-Modified-Since` with a
/// resolution of one second (§13.1.3).
fn is_current(request: &HeaderMap, etag: &str, changed: SystemTime) -> bool {
    let mut tags = request.get_all(header::IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        return tags
            .filter_map(|value| value.to_str().ok())
            .flat_map(|list| list.split(','))
            .map(|tag| tag.trim().trim_start_matches("W/"))
            .any(|tag| tag == etag || tag == "*");
    }
    let since = request.get(header::IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
    let since = since.and_then(|date| httpdate::parse_http_date(date).ok());
    since.is_some_and(|since| httpdate::HttpDate::from(changed) <= httpdate::HttpDate::from(since))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGED: &str = "Wed, 01 Jul 2026 00:00:00 GMT";

    fn status(fields: &[(header::HeaderName, &str)]) -> StatusCode {
        let request: HeaderMap =
            fields.iter().map(|(n, v)| (n.clone(), HeaderValue::from_str(v).unwrap())).collect();
        // Last-Modified has no fractions of a second.
        let changed = "2026-07-01T00:00:00.5Z".parse().unwrap();
        respond(&request, "text/plain", "text".to_owned(), changed).status()
    }

    #[test]
    fn if_none_match_takes_precedence() {
        let etag = format!("\"{}\"", blake3::hash(b"text").to_hex());
        let inm = header::IF_NONE_MATCH;
        for value in [etag.clone(), format!("W/{etag}"), format!("\"a\", {etag}"), "*".to_owned()] {
            assert_eq!(status(&[(inm.clone(), &value)]), StatusCode::NOT_MODIFIED, "{value}");
        }
        assert_eq!(
            status(&[(inm, "\"other\""), (header::IF_MODIFIED_SINCE, CHANGED)]),
            StatusCode::OK
        );
    }

    #[test]
    fn if_modified_since_has_a_resolution_of_one_second_and_ignores_invalid_dates() {
        let since = header::IF_MODIFIED_SINCE;
        assert_eq!(status(&[(since.clone(), CHANGED)]), StatusCode::NOT_MODIFIED);
        assert_eq!(status(&[(since.clone(), "Tue, 30 Jun 2026 23:59:59 GMT")]), StatusCode::OK);
        assert_eq!(status(&[(since, "yesterday")]), StatusCode::OK);
        assert_eq!(status(&[]), StatusCode::OK);
    }
}
