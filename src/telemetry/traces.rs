//! Traces, exported by the OpenTelemetry protocol (OTLP) over HTTP.
//!
//! The library reads the environment variables of the OpenTelemetry specification.
//! Spans have no URLs, because the paths of private feeds and callbacks are secrets. The events in
//! them are the lines of the log.

use std::{
    error::Error,
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

use opentelemetry::{
    Key, KeyValue,
    trace::{TraceContextExt as _, TracerProvider as _},
};
use opentelemetry_otlp::WithHttpConfig as _;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use tracing::{Level, Metadata, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

use super::RepeatedFailure;
use crate::fetch;

/// The longest time that the end of the program waits for the export of the last spans.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Returns the layer that exports spans and the events in them.
pub(super) fn layer<S>() -> Result<impl Layer<S>, Box<dyn Error>>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_http_client(fetch::telemetry_client()?)
        .build()?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(Exporter::of(exporter))
        .with_resource(resource())
        .build();
    let tracer = provider.tracer("tributary");
    drop(PROVIDER.set(provider));
    let is_own = |metadata: &Metadata<'_>| {
        metadata.target().starts_with("tributary") && *metadata.level() <= Level::INFO
    };
    // Times of threads and places in the code say little about a poll.
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_target(false)
        .with_threads(false)
        .with_tracked_inactivity(false);
    Ok(layer.with_filter(filter_fn(is_own)))
}

/// Sends spans, and logs a failure once.
#[derive(Debug)]
struct Exporter {
    inner: opentelemetry_otlp::SpanExporter,
    failure: Mutex<RepeatedFailure>,
}

impl Exporter {
    fn of(inner: opentelemetry_otlp::SpanExporter) -> Self {
        Self { inner, failure: Mutex::new(RepeatedFailure::new("cannot export traces")) }
    }
}

impl SpanExporter for Exporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let result = self.inner.export(batch).await;
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.log(result.as_ref().copied());
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// Describes the program. `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` come first.
fn resource() -> Resource {
    let given = Resource::builder().build();
    let is_given = |key: &'static str| {
        // The library's default name of a service begins so.
        let value = given.get(&Key::new(key));
        value.is_some_and(|value| !value.as_str().starts_with("unknown_service"))
    };
    let own = [("service.name", "tributary"), ("service.version", env!("CARGO_PKG_VERSION"))];
    let missing = own.into_iter().filter(|(key, _)| !is_given(key));
    let missing = missing.map(|(key, value)| KeyValue::new(key, value));
    Resource::builder().with_attributes(missing).build()
}

/// Renames the current span after its beginning, when `otel.name` has no effect any more.
pub fn rename_current_span(name: String) {
    Span::current().context().span().update_name(name);
}

/// Exports the spans that wait.
pub(super) fn flush() {
    if let Some(provider) = PROVIDER.get() {
        // The exporter logs its failures.
        let _ = provider.shutdown_with_timeout(FLUSH_TIMEOUT);
    }
}
