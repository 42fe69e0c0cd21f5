//! The checks of every request and the headers of every response: methods, URL length, security
//! headers and cross-origin access.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header},
    middleware::Next,
};

use feed_publisher::pages::PageError;

use crate::site::{HUB_PATH, PageName};
#[cfg(feature = "opentelemetry")]
use crate::telemetry;

use super::{
    app::App,
    response::{self, MediaType, ResponseOptions},
};

/// The longest path with its query, in bytes. The longest valid one is a union of many topics.
const MAX_TARGET_BYTES: usize = 4096;

const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
/// The methods of our callbacks.
const CALLBACK_METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, OPTIONS");
/// The methods of the hub.
const HUB_METHODS: HeaderValue = HeaderValue::from_static("POST, OPTIONS");

/// The policy of pages: only the site's own style sheets are loaded, no script runs, and no other
/// site may frame the page.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'",
);

/// The same for pages that show the images of stories.
const PAGE_POLICY_WITH_IMAGES: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self' https: http:; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'",
);

/// The policy of feeds: their content must not run if a browser opens them.
const FEED_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox",
);

/// Names the span of a request by its route.
#[cfg(feature = "opentelemetry")]
fn record_route(request: &Request) {
    if let Some(route) = request.extensions().get::<axum::extract::MatchedPath>() {
        tracing::Span::current().record("http.route", route.as_str());
        telemetry::rename_current_span(format!("{} {}", request.method(), route.as_str()));
    }
}

/// Rejects invalid requests and adds headers to every response.
pub(super) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response<Body> {
    #[cfg(feature = "opentelemetry")]
    record_route(&request);
    let method = request.method().clone();
    let is_hub = request.uri().path() == HUB_PATH;
    let is_callback = request.uri().path().starts_with("/websub/");
    let allowed = match (is_hub, is_callback) {
        (true, _) => HUB_METHODS,
        (_, true) => CALLBACK_METHODS,
        _ => ALLOWED_METHODS,
    };
    let is_allowed = if is_hub {
        method == Method::POST
    } else {
        method == Method::GET || method == Method::HEAD || (is_callback && method == Method::POST)
    };
    let mut response = if request
        .uri()
        .path_and_query()
        .is_some_and(|target| target.as_str().len() > MAX_TARGET_BYTES)
    {
        error_response(&app, request.headers(), PageError::TooLong).await
    } else if method == Method::OPTIONS {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response.headers_mut().insert(header::ALLOW, allowed);
        response
    } else if is_allowed {
        match strip_trailing_slash(request.uri().path()) {
            Some(path) => {
                let query =
                    request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
                response::redirect(&format!("{}{query}", app.settings().addresses().rooted(path)))
            }
            None => next.run(request).await,
        }
    } else {
        let mut response = error_response(&app, request.headers(), PageError::Method).await;
        response.headers_mut().insert(header::ALLOW, allowed);
        response
    };
    if method == Method::HEAD {
        // The length is that of the GET response (RFC 9110 §9.3.2).
        let length = body_length(&response);
        *response.body_mut() = Body::empty();
        if let Some(length) = length
            && response.status() != StatusCode::NOT_MODIFIED
        {
            response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
        }
    }
    set_security_headers(&mut response, app.settings().images);
    response
}

/// Returns the path without its final slashes, if it has any and is not the home page. A path that
/// would begin with `//` is not returned: a redirect to it would lead to another host.
fn strip_trailing_slash(path: &str) -> Option<&str> {
    let bare = path.strip_suffix('/')?;
    let bare = bare.trim_end_matches('/');
    // The home page below a token ends with a slash.
    let is_home = bare.strip_prefix("/t/").is_some_and(|token| !token.contains('/'));
    (!bare.is_empty() && !bare.starts_with("//") && !is_home).then_some(bare)
}

async fn error_response(app: &App, request: &HeaderMap, error: PageError) -> Response<Body> {
    let (status, document) = app.page(PageName::Error(error)).await;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response::respond(
        &document,
        request,
        &ResponseOptions {
            status,
            max_age_s: None,
            ..ResponseOptions::from_settings(&app.settings())
        },
    )
}

fn body_length(response: &Response<Body>) -> Option<u64> {
    use axum::body::HttpBody as _;
    response.body().size_hint().exact()
}

fn set_security_headers(response: &mut Response<Body>, shows_images: bool) {
    let is_page = response
        .extensions()
        .get::<MediaType>()
        .is_some_and(|media_type| media_type.0.starts_with("text/html"));
    let policy = match (is_page, shows_images) {
        (true, true) => PAGE_POLICY_WITH_IMAGES,
        (true, false) => PAGE_POLICY,
        (false, _) => FEED_POLICY,
    };
    let headers = response.headers_mut();
    let any = HeaderValue::from_static("*");
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CONTENT_SECURITY_POLICY, policy),
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
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn final_slashes_are_removed_except_where_the_path_would_name_another_host() {
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
