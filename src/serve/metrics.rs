//! `/metrics`, on an address of its own.

use std::{future::Future, sync::Arc};

use axum::{Router, http::header, response::IntoResponse as _, routing::get};

use super::ServeError;

/// The media type of the text format.
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves what `text` gives at `/metrics` until `stop` is done. `text` may block: it runs where
/// that is right.
pub async fn serve_metrics(
    listener: std::net::TcpListener,
    text: Arc<dyn Fn() -> String + Send + Sync>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    listener.set_nonblocking(true).map_err(ServeError::Listener)?;
    let listener = tokio::net::TcpListener::from_std(listener).map_err(ServeError::Listener)?;
    let answer = move || {
        let text = text.clone();
        async move {
            let written = tokio::task::spawn_blocking(move || text())
                .await
                .unwrap_or_else(|_| "# EOF\n".to_owned());
            ([(header::CONTENT_TYPE, MEDIA_TYPE)], written).into_response()
        }
    };
    let router = Router::new().route("/metrics", get(answer));
    axum::serve(listener, router).with_graceful_shutdown(stop).await.map_err(ServeError::Listener)
}
