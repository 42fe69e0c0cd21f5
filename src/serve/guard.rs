//! What holds for every request and every answer: methods, lengths, safety fields, cross-origin
//! reading.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header},
    middleware::Next,
};

use crate::site::PageName;
use feed_publisher::pages::PageError;

use super::{
    App,
    response::{self, MediaType, ResponseOptions},
};

/// The longest path with its query, in bytes. The longest of ours is a union of many topics.
const MAX_TARGET_BYTES: usize = 4096;

const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// Nothing but our own style sheet is ever loaded, no script runs, nothing frames us.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src https: data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// A feed opened in a browser is a document too: what it carries must not run there.
const FEED_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox",
);

/// Refuses what is not read, and signs every answer.
pub(super) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response<Body> {
    let method = request.method().clone();
    let mut response = if request
        .uri()
        .path_and_query()
        .is_some_and(|target| target.as_str().len() > MAX_TARGET_BYTES)
    {
        fault(&app, request.headers(), PageError::TooLong).await
    } else if method == Method::OPTIONS {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response.headers_mut().insert(header::ALLOW, ALLOWED_METHODS);
        response
    } else if method == Method::GET || method == Method::HEAD {
        match strip_trailing_slash(request.uri().path()) {
            Some(path) => {
                let query =
                    request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
                response::redirect(&format!("{}{query}", app.settings().addresses().rooted(path)))
            }
            None => next.run(request).await,
        }
    } else {
        let mut response = fault(&app, request.headers(), PageError::Method).await;
        response.headers_mut().insert(header::ALLOW, ALLOWED_METHODS);
        response
    };
    if method == Method::HEAD {
        // The length stays: it is what a GET would have (RFC 9110 §9.3.2).
        let length = http_body_length(&response);
        *response.body_mut() = Body::empty();
        if let Some(length) = length
            && response.status() != StatusCode::NOT_MODIFIED
        {
            response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
        }
    }
    set_security_headers(&mut response);
    response
}

/// The path without the slash at its end, where it has one that it should not have. `//` would name
/// another host.
fn strip_trailing_slash(path: &str) -> Option<&str> {
    let bare = path.strip_suffix('/')?;
    let bare = bare.trim_end_matches('/');
    // The front page below a token has its slash, as the front page has.
    let is_front = bare.strip_prefix("/t/").is_some_and(|token| !token.contains('/'));
    (!bare.is_empty() && !bare.starts_with("//") && !is_front).then_some(bare)
}

async fn fault(app: &App, request: &HeaderMap, fault: PageError) -> Response<Body> {
    let (status, held) = app.page(PageName::PageError(fault)).await;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response::respond(
        &held,
        request,
        &ResponseOptions {
            status,
            max_age_s: None,
            ..ResponseOptions::from_settings(&app.settings())
        },
    )
}

fn http_body_length(response: &Response<Body>) -> Option<u64> {
    use axum::body::HttpBody as _;
    response.body().size_hint().exact()
}

fn set_security_headers(response: &mut Response<Body>) {
    let is_page = response
        .extensions()
        .get::<MediaType>()
        .is_some_and(|kind| kind.0.starts_with("text/html"));
    let fields = response.headers_mut();
    let any = HeaderValue::from_static("*");
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CONTENT_SECURITY_POLICY, if is_page { PAGE_POLICY } else { FEED_POLICY }),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, any),
        (header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("If-None-Match, If-Modified-Since, A-IM, Accept"),
        ),
        (
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("ETag, IM, Last-Modified, Link, Retry-After"),
        ),
        (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400")),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        ),
    ] {
        fields.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_slash_too_many_is_taken_away_and_never_towards_another_host() {
        assert_eq!(strip_trailing_slash("/"), None);
        assert_eq!(strip_trailing_slash("/sources"), None);
        assert_eq!(strip_trailing_slash("/sources/"), Some("/sources"));
        assert_eq!(strip_trailing_slash("/sources//"), Some("/sources"));
        assert_eq!(strip_trailing_slash("//evil.example/"), None);
        assert_eq!(strip_trailing_slash("///"), None);
        assert_eq!(strip_trailing_slash("/t/secret/"), None);
        assert_eq!(strip_trailing_slash("/t/secret/sources/"), Some("/t/secret/sources"));
    }
}
