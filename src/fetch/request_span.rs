//! The spans of requests, named as the semantic conventions of OpenTelemetry ask.

use tracing::{Span, field::Empty, info_span};
use url::Url;

use super::error::FetchError;

/// Returns the span of a request. It names the host only, because the paths of callbacks and
/// private feeds contain secrets.
pub(super) fn request_span(url: &Url, method: &'static str) -> Span {
    info_span!(
        "request",
        otel.name = method,
        otel.kind = "client",
        http.request.method = method,
        server.address = url.host_str().unwrap_or_default(),
        http.response.status_code = Empty,
        error.type = Empty,
        otel.status_code = Empty,
    )
}

/// Records the status of a response, or the error, in the span of the request.
pub(super) fn record_outcome(span: &Span, outcome: Result<u16, &FetchError>) {
    match outcome {
        Ok(status) => {
            span.record("http.response.status_code", status);
            if status >= 400 {
                span.record("otel.status_code", "ERROR");
            }
        }
        Err(error) => {
            span.record("error.type", error.class());
            span.record("otel.status_code", "ERROR");
        }
    }
}
