//! `/websub/{secret}`: our callbacks, which the hubs of sources confirm and push to.

use std::time::Duration;

use axum::{
    body::{Body, to_bytes},
    extract::{Path, Request, State},
    http::{HeaderMap, Response, StatusCode, Uri, header},
};

use feed_model::Headers;
use feed_publisher::pages::PageError;

use super::{app::App, response, routes};
use crate::{
    push::{HubNotice, PushResult},
    site::PageName,
    store::StoreError,
};

/// The largest push, in bytes. A larger feed is polled.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;
/// The longest time that a push may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);

/// Answers a hub that confirms or denies a subscription (WebSub §5.3.1). The challenge is sent back
/// as plain text: as HTML it would be run.
pub(super) async fn notice(
    State(app): State<App>,
    Path(token): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    let query = uri.query().unwrap_or_default();
    let field = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    let notice = HubNotice {
        mode: field("hub.mode").unwrap_or_default(),
        topic: field("hub.topic").unwrap_or_default(),
        challenge: field("hub.challenge"),
        lease_s: field("hub.lease_seconds").and_then(|seconds| seconds.parse().ok()),
        reason: field("hub.reason"),
    };
    let Some(inbox) = app.inbox() else { return not_found(app, &headers).await };
    match inbox.notice(token, notice).await {
        Ok(Some(challenge)) => {
            let mut response = response::plain_text(StatusCode::OK, "");
            *response.body_mut() = Body::from(challenge);
            response
        }
        Ok(None) => not_found(app, &headers).await,
        Err(error) => unavailable(&error),
    }
}

/// Takes a push (WebSub §7).
pub(super) async fn push(
    State(app): State<App>,
    Path(token): Path<String>,
    request: Request,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let Some(inbox) = app.inbox() else { return not_found(app, &head.headers).await };
    match inbox.may_push(&token).await {
        Ok(PushResult::Taken) => {}
        result => return answer(&app, &head.headers, result).await,
    }
    let too_large = || response::plain_text(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large");
    let length = head.headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > MAX_BODY_BYTES) {
        return too_large();
    }
    let body = tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, MAX_BODY_BYTES)).await;
    let body = match body {
        Err(_) => {
            let text = "the body did not arrive in time";
            return response::plain_text(StatusCode::REQUEST_TIMEOUT, text);
        }
        Ok(Err(_)) => return too_large(),
        Ok(Ok(body)) => body,
    };
    let mut headers = Headers::new();
    for (name, value) in &head.headers {
        headers.push(name.as_str(), value.as_bytes());
    }
    let result = inbox.push(token, &headers, body).await;
    answer(&app, &head.headers, result).await
}

async fn answer(
    app: &App,
    headers: &HeaderMap,
    result: Result<PushResult, StoreError>,
) -> Response<Body> {
    match result {
        Ok(PushResult::Taken) => response::plain_text(StatusCode::ACCEPTED, "accepted"),
        Ok(PushResult::Unknown) => not_found(app.clone(), headers).await,
        Ok(PushResult::Over) => response::plain_text(StatusCode::GONE, "this subscription is over"),
        Ok(PushResult::TooMany) => {
            let text = "too many pushes; try again later";
            let mut response = response::plain_text(StatusCode::TOO_MANY_REQUESTS, text);
            response.headers_mut().insert(header::RETRY_AFTER, 10.into());
            response
        }
        Ok(PushResult::NotStored) => {
            let text = "the push cannot be stored now";
            response::plain_text(StatusCode::SERVICE_UNAVAILABLE, text)
        }
        Err(error) => unavailable(&error),
    }
}

fn unavailable(error: &StoreError) -> Response<Body> {
    tracing::error!(error = error as &dyn std::error::Error, "cannot handle a request of a hub");
    response::plain_text(StatusCode::SERVICE_UNAVAILABLE, "try again later")
}

async fn not_found(app: App, headers: &HeaderMap) -> Response<Body> {
    routes::page(State(app), headers.clone(), PageName::Error(PageError::NotFound)).await
}
