//! Access to private topics by a token: as the password of HTTP basic authentication (RFC 7617), or
//! in the path (`/t/TOKEN/…`).
//!
//! A request with a token sees the same site with its topics included. Below `/t/TOKEN/`, all
//! addresses in documents and pages contain the token, so that a feed reader needs no other
//! credentials. An unknown token in the path is answered with 404.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, Response, StatusCode, Uri, header, uri::PathAndQuery},
    middleware::Next,
};
use tower::ServiceExt as _;

use feed_publisher::pages::PageError;

use crate::{
    site::{Audience, PageName, source_events_feed},
    telemetry,
};

use super::{app::App, response, routes};

/// The operator's feed of what happens to sources.
pub(super) const SOURCE_EVENTS_PATH: &str = "/sources.atom";

/// Renders the operator's feed. `path` is where it is served, if that is below `base_url`.
pub(super) async fn source_events(app: &App, path: Option<&str>) -> Response<Body> {
    let url = path.map(|path| app.settings().addresses().absolute(path));
    let (store, settings) = (app.store().clone(), app.settings());
    let render = move || store.read(|reader| source_events_feed(reader, &settings, url.as_deref()));
    match tokio::task::spawn_blocking(render).await {
        Ok(Ok(text)) => response::private_feed(text),
        Ok(Err(error)) => {
            tracing::error!("cannot read the events of sources: {}", telemetry::chain(&error));
            response::plain_text(StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read")
        }
        Err(_) => response::plain_text(StatusCode::INTERNAL_SERVER_ERROR, "internal error"),
    }
}

/// Serves `/t/TOKEN/…`.
pub(super) async fn by_path(State(app): State<App>, request: Request) -> Response<Body> {
    let path = request.uri().path();
    let below = path.strip_prefix("/t/").unwrap_or_default();
    let (token, rest) = below.split_at(below.find('/').unwrap_or(below.len()));
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let target = format!("{}{query}", if rest.is_empty() { "/" } else { rest });
    if rest == SOURCE_EVENTS_PATH && app.access().is_operator(token) {
        return source_events(&app, Some(path)).await;
    }
    let topics = app.access().topics_for_token(token);
    let (Some(topics), Ok(target)) = (topics, target.parse::<PathAndQuery>()) else {
        let name = PageName::Error(PageError::NotFound);
        return routes::page(State(app), request.headers().clone(), name).await;
    };
    let audience = Audience { topics, token: Some(token.to_owned()) };
    serve_to(&app, audience, Uri::from(target), request).await
}

/// Serves requests whose password is a token, at the usual addresses. The user name is ignored.
pub(super) async fn by_password(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response<Body> {
    match password(request.headers()).and_then(|token| app.access().topics_for_token(&token)) {
        Some(topics) => {
            let uri = request.uri().clone();
            serve_to(&app, Audience { topics, token: None }, uri, request).await
        }
        None => next.run(request).await,
    }
}

async fn serve_to(app: &App, audience: Audience, target: Uri, original: Request) -> Response<Body> {
    // The original request has extensions with the path that it was routed by.
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = target;
    request.method_mut().clone_from(original.method());
    *request.headers_mut() = original.into_parts().0.headers;
    let Ok(response) =
        routes::site_routes().with_state(app.for_audience(audience)).oneshot(request).await;
    response
}

/// Returns the password of a request (RFC 7617 §2).
fn password(request: &HeaderMap) -> Option<String> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let (scheme, credentials) =
        request.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let credentials = scheme.eq_ignore_ascii_case("basic").then_some(credentials.trim())?;
    let text = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_read_for_any_user_name_and_other_schemes_are_ignored() {
        let password = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            password(&headers)
        };
        assert_eq!(password("Basic YW55Ym9keTpzZWNyZXQ6MQ==").as_deref(), Some("secret:1"));
        assert_eq!(password("basic OnNlY3JldA==").as_deref(), Some("secret"));
        for wrong in ["Bearer OnNlY3JldA==", "Basic", "Basic !", "Basic c2VjcmV0", "Basic /w=="] {
            assert_eq!(password(wrong), None, "{wrong}");
        }
    }
}
