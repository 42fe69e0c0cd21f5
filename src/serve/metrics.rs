//! `/metrics`, on a listener of its own.

use std::{future::Future, sync::Arc};

use axum::{Router, http::header, response::IntoResponse as _, routing::get};

use super::server::ServeError;

/// The media type of the `OpenMetrics` text format.
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves the result of `text` at `/metrics` until `stop` completes. `text` may block.
pub async fn serve_metrics(
    listener: std::net::TcpListener,
    text: Arc<dyn Fn() -> String + Send + Sync>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    listener.set_nonblocking(true).map_err(ServeError::Listener)?;
    let listener = tokio::net::TcpListener::from_std(listener).map_err(ServeError::Listener)?;
    let handler = move || {
        let text = text.clone();
        async move {
            let text = tokio::task::spawn_blocking(move || text())
                .await
                .unwrap_or_else(|_| "# EOF\n".to_owned());
            ([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response()
        }
    };
    let router = Router::new().route("/metrics", get(handler));
    axum::serve(listener, router).with_graceful_shutdown(stop).await.map_err(ServeError::Listener)
}
