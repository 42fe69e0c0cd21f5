//! Metrics of the parts that are used outside the daemon too. Each part counts for itself, and the
//! daemon registers the metrics of its parts. Clones share their counts.

use std::time::{Duration, Instant};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
};

/// The label of HTTP responses: `2xx`, or `error` if there is none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct StatusLabel {
    status: &'static str,
}

impl StatusLabel {
    fn of(status: Option<u16>) -> Self {
        Self {
            status: match status {
                Some(100..200) => "1xx",
                Some(200..300) => "2xx",
                Some(300..400) => "3xx",
                Some(400..500) => "4xx",
                Some(500..600) => "5xx",
                Some(_) => "other",
                None => "error",
            },
        }
    }
}

/// The metrics of HTTP exchanges: those that are served, or those with publishers.
#[derive(Debug, Clone)]
pub struct HttpMetrics {
    pub(super) exchanges: Family<StatusLabel, Counter>,
    pub(super) duration: Histogram,
}

impl Default for HttpMetrics {
    fn default() -> Self {
        let buckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
        let exchanges = Family::<StatusLabel, Counter>::default();
        // A rate needs a first value, also of a class that has not occurred.
        for status in [200, 300, 400, 500] {
            drop(exchanges.get_or_create(&StatusLabel::of(Some(status))));
        }
        Self { exchanges, duration: Histogram::new(buckets) }
    }
}

impl HttpMetrics {
    /// Counts an exchange by the status of its response; `None` if there was none.
    pub fn count(&self, status: Option<u16>, took: Duration) {
        self.exchanges.get_or_create(&StatusLabel::of(status)).inc();
        self.duration.observe(took.as_secs_f64());
    }
}

/// The metrics of writes to the database.
#[derive(Debug, Clone)]
pub struct WriteMetrics {
    pub(super) waiting: Gauge,
    pub(super) duration: Histogram,
}

impl Default for WriteMetrics {
    fn default() -> Self {
        let buckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];
        Self { waiting: Gauge::default(), duration: Histogram::new(buckets) }
    }
}

impl WriteMetrics {
    /// Counts a write that begins to wait for its turn.
    pub fn begin(&self) -> WriteInProgress {
        self.waiting.inc();
        WriteInProgress { metrics: self.clone(), begun: Instant::now() }
    }
}

/// A write that is not committed yet. It ends when this is dropped.
#[derive(Debug)]
pub struct WriteInProgress {
    metrics: WriteMetrics,
    begun: Instant,
}

impl Drop for WriteInProgress {
    fn drop(&mut self) {
        self.metrics.waiting.dec();
        self.metrics.duration.observe(self.begun.elapsed().as_secs_f64());
    }
}

/// The metrics of a daemon's parts.
#[derive(Debug, Clone, Default)]
pub struct PartMetrics {
    /// Exchanges with publishers.
    pub fetch: HttpMetrics,
    /// Requests of readers.
    pub serve: HttpMetrics,
    /// Writes to the database.
    pub store: WriteMetrics,
}
