//! `/metrics`, on a listener of its own.

use std::{future::Future, sync::Arc};

use axum::{Router, http::header, response::IntoResponse as _, routing::get};

use crate::telemetry::HttpMetrics;

use super::{
    app::App,
    audience::{SOURCE_EVENTS_PATH, source_events},
    connections::ConnectionLimits,
    health::Health,
    routes,
    server::{ServeError, Server},
};

/// The most connections at a time. Few programs read metrics.
const MAX_CONNECTIONS: usize = 64;

/// The media type of the `OpenMetrics` text format.
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves the result of `text` at `/metrics`, the operator's feed of `site`, and the probes of the
/// daemon's health, until `stop` completes. `text` may block.
pub async fn serve_metrics(
    listener: std::net::TcpListener,
    text: Arc<dyn Fn() -> String + Send + Sync>,
    site: App,
    health: Health,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let handler = move || {
        let text = text.clone();
        async move {
            let text = tokio::task::spawn_blocking(move || text())
                .await
                .unwrap_or_else(|_| "# EOF\n".to_owned());
            ([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response()
        }
    };
    let ready = health.clone();
    let router = Router::new()
        .route("/metrics", get(handler))
        .route(SOURCE_EVENTS_PATH, get(async move || source_events(&site, None).await))
        .route("/healthz", get(async move || routes::probe(health.healthy())))
        .route("/readyz", get(async move || routes::probe(ready.ready())));
    let limits =
        ConnectionLimits { max_connections: MAX_CONNECTIONS, ..ConnectionLimits::default() };
    Server::new(router, None, limits, HttpMetrics::default()).run(listener, stop).await
}
