//! Metrics in the `OpenMetrics` text format, named by Prometheus' conventions. Counters count
//! events since the start. Gauges are set from the store at each scrape.

mod deliveries;
mod parts;
mod process;

use std::{
    fmt::Write as _,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64},
    },
    time::Duration,
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::Registry,
};

use feed_model::{PollOutcome, Timestamp};

use deliveries::DeliveryMetrics;
pub use parts::{HttpMetrics, PartMetrics, WriteInProgress, WriteMetrics};
use process::ProcessFigures;

/// The labels of a poll.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PollLabels {
    source: String,
    outcome: String,
}

/// The label of a source's metrics.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceLabel {
    source: String,
}

/// The label of a topic's metrics.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TopicLabel {
    topic: String,
}

/// The counts of one poll.
#[derive(Debug, Clone, Copy, Default)]
pub struct PollCounts {
    /// Entries stored for the first time.
    pub new_entries: u64,
    /// Entries whose text or metadata changed.
    pub updated_entries: u64,
    /// Entries that joined a story of another source.
    pub duplicates: u64,
}

/// The current state of one source.
#[derive(Debug, Clone)]
pub struct SourceGauge {
    /// Its id.
    pub source: String,
    /// Whether the last poll succeeded.
    pub up: bool,
    /// The time of the last success.
    pub last_success: Option<Timestamp>,
    /// The time of the next poll.
    pub next_poll: Option<Timestamp>,
    /// Stored entries.
    pub entries: u64,
}

/// The current state of the daemon.
#[derive(Debug, Clone, Default)]
pub struct DaemonGauges {
    /// Every source.
    pub sources: Vec<SourceGauge>,
    /// Public stories of each topic.
    pub topics: Vec<(String, u64)>,
    /// Subscribers of each topic at our hub.
    pub subscribers: Vec<(String, u64)>,
    /// Deliveries of each kind that wait to be sent.
    pub waiting_deliveries: Vec<(String, u64)>,
    /// The subscribers, hubs and webhooks whose last delivery failed.
    pub failing_receivers: u64,
    /// Sources that are due and not polled yet.
    pub due_sources: u64,
    /// Pages of sites that wait to be fetched.
    pub queued_pages: u64,
    /// Stories that wait to be classified by changed rules.
    pub unclassified_stories: u64,
    /// Outcomes of polls that wait in memory because they cannot be stored.
    pub unstored_outcomes: u64,
    /// Bytes of the database and its log.
    pub database_bytes: u64,
    /// Whether `/readyz` answers 200.
    pub ready: bool,
    /// Whether the database can be written.
    pub writable: bool,
}

/// The gauges that are set at each scrape.
#[derive(Debug, Default)]
struct Gauges {
    up: Family<SourceLabel, Gauge>,
    last_success: Family<SourceLabel, Gauge<f64, AtomicU64>>,
    next_poll: Family<SourceLabel, Gauge<f64, AtomicU64>>,
    entries: Family<SourceLabel, Gauge>,
    stories: Family<TopicLabel, Gauge>,
    due_sources: Gauge,
    queued_pages: Gauge,
    unclassified_stories: Gauge,
    unstored_outcomes: Gauge,
    database: Gauge,
    ready: Gauge,
    writable: Gauge,
}

/// The metrics of one daemon.
#[derive(Debug)]
pub struct Metrics {
    registry: Mutex<Registry>,
    polls: Family<PollLabels, Counter>,
    polls_in_progress: Gauge<i64, AtomicI64>,
    new_entries: Family<SourceLabel, Counter>,
    updated_entries: Family<SourceLabel, Counter>,
    duplicates: Family<SourceLabel, Counter>,
    rendering: Histogram,
    deliveries: DeliveryMetrics,
    config_valid: Gauge,
    config_loaded: Gauge<f64, AtomicU64>,
    gauges: Gauges,
}

impl Default for Metrics {
    /// Returns metrics that are only counted, for a run without a daemon.
    fn default() -> Self {
        Self::new(&PartMetrics::default(), Timestamp::UNIX_EPOCH)
    }
}

impl Metrics {
    /// Creates the metrics of a daemon that starts at `now`.
    pub fn new(parts: &PartMetrics, now: Timestamp) -> Self {
        let this = Self {
            registry: Mutex::default(),
            polls: Family::default(),
            polls_in_progress: Gauge::default(),
            new_entries: Family::default(),
            updated_entries: Family::default(),
            duplicates: Family::default(),
            rendering: Histogram::new([0.01, 0.05, 0.1, 0.5, 1.0, 5.0]),
            deliveries: DeliveryMetrics::default(),
            config_valid: Gauge::default(),
            config_loaded: Gauge::default(),
            gauges: Gauges::default(),
        };
        this.config_reloaded(true, now);
        let mut registry = Registry::default();
        registry.register_collector(Box::new(ProcessFigures { start_time_s: seconds(now) }));
        let own = registry.sub_registry_with_prefix("tributary");
        own.register(
            "build",
            "The version of the program",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        this.register_polls(own);
        this.register_gauges(own);
        this.deliveries.register(own);
        register_parts(own, parts);
        own.register(
            "rendering_duration_seconds",
            "Time to render every document",
            this.rendering.clone(),
        );
        own.register(
            "config_last_reload_successful",
            "1 if feeds.toml was valid when it was last read",
            this.config_valid.clone(),
        );
        own.register(
            "config_last_reload_success_timestamp_seconds",
            "Unix time at which feeds.toml was last read and valid",
            this.config_loaded.clone(),
        );
        *this.registry.lock().unwrap_or_else(PoisonError::into_inner) = registry;
        this
    }

    fn register_polls(&self, own: &mut Registry) {
        own.register("polls", "Attempts to poll, by outcome", self.polls.clone());
        own.register(
            "polls_in_progress",
            "Polls that are running, backfill pages included",
            self.polls_in_progress.clone(),
        );
        own.register("entries_new", "Entries stored for the first time", self.new_entries.clone());
        own.register(
            "entries_updated",
            "Entries whose text or facts changed",
            self.updated_entries.clone(),
        );
        own.register(
            "entries_duplicate",
            "Entries that joined a story of another source",
            self.duplicates.clone(),
        );
    }

    fn register_gauges(&self, own: &mut Registry) {
        let gauges = &self.gauges;
        own.register(
            "source_up",
            "1 while the last poll of the source was good",
            gauges.up.clone(),
        );
        own.register(
            "source_last_success_timestamp_seconds",
            "Unix time of the last good poll; absent if there was none",
            gauges.last_success.clone(),
        );
        own.register(
            "source_next_poll_timestamp_seconds",
            "Unix time of the next poll; absent if there will be none",
            gauges.next_poll.clone(),
        );
        own.register("source_entries", "Stored entries of the source", gauges.entries.clone());
        own.register("topic_stories", "Public stories in the topic", gauges.stories.clone());
        own.register(
            "sources_due",
            "Sources that are due and not polled yet",
            gauges.due_sources.clone(),
        );
        own.register(
            "pages_queued",
            "Pages of sites that wait to be fetched",
            gauges.queued_pages.clone(),
        );
        own.register(
            "stories_unclassified",
            "Stories that wait to be classified by changed rules",
            gauges.unclassified_stories.clone(),
        );
        own.register(
            "outcomes_unstored",
            "Outcomes of polls that wait in memory because they cannot be stored",
            gauges.unstored_outcomes.clone(),
        );
        own.register(
            "database_size_bytes",
            "Size of the database and its log",
            gauges.database.clone(),
        );
        own.register("ready", "1 while /readyz answers 200", gauges.ready.clone());
        own.register(
            "database_writable",
            "1 while the database can be written",
            gauges.writable.clone(),
        );
    }

    /// Counts a poll that begins.
    pub fn begin_poll(&self) {
        self.polls_in_progress.inc();
    }

    /// Counts a poll that ended.
    pub fn end_poll(&self) {
        self.polls_in_progress.dec();
    }

    /// Counts the result of a poll.
    pub fn count_poll(&self, source: &str, outcome: PollOutcome, counts: PollCounts) {
        self.polls
            .get_or_create(&PollLabels { source: source.into(), outcome: outcome.as_str().into() })
            .inc();
        let of = SourceLabel { source: source.into() };
        self.new_entries.get_or_create(&of).inc_by(counts.new_entries);
        self.updated_entries.get_or_create(&of).inc_by(counts.updated_entries);
        self.duplicates.get_or_create(&of).inc_by(counts.duplicates);
    }

    /// Counts a rendering of every document.
    pub fn observe_render(&self, took: Duration) {
        self.rendering.observe(took.as_secs_f64());
    }

    /// Counts an attempt to deliver, and the delay of one that succeeded.
    pub fn count_delivery(&self, kind: &str, outcome: &str, delay: Duration) {
        self.deliveries.count(kind, outcome, delay);
    }

    /// Records whether feeds.toml was valid when it was read.
    pub fn config_reloaded(&self, valid: bool, now: Timestamp) {
        self.config_valid.set(i64::from(valid));
        if valid {
            self.config_loaded.set(seconds(now));
        }
    }

    /// Returns all metrics in the text format of `OpenMetrics`.
    pub fn to_openmetrics(&self, state: &DaemonGauges) -> String {
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let gauges = &self.gauges;
        // One scrape at a time sets the gauges. Sources and topics that are no longer in feeds.toml
        // are removed.
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        gauges.up.clear();
        gauges.last_success.clear();
        gauges.next_poll.clear();
        gauges.entries.clear();
        gauges.stories.clear();
        for source in &state.sources {
            let of = SourceLabel { source: source.source.clone() };
            gauges.up.get_or_create(&of).set(i64::from(source.up));
            if let Some(at) = source.last_success {
                gauges.last_success.get_or_create(&of).set(seconds(at));
            }
            if let Some(at) = source.next_poll {
                gauges.next_poll.get_or_create(&of).set(seconds(at));
            }
            gauges.entries.get_or_create(&of).set(signed(source.entries));
        }
        for (topic, stories) in &state.topics {
            gauges
                .stories
                .get_or_create(&TopicLabel { topic: topic.clone() })
                .set(signed(*stories));
        }
        self.deliveries.set(&state.subscribers, &state.waiting_deliveries, state.failing_receivers);
        gauges.due_sources.set(signed(state.due_sources));
        gauges.queued_pages.set(signed(state.queued_pages));
        gauges.unclassified_stories.set(signed(state.unclassified_stories));
        gauges.unstored_outcomes.set(signed(state.unstored_outcomes));
        gauges.database.set(signed(state.database_bytes));
        gauges.ready.set(i64::from(state.ready));
        gauges.writable.set(i64::from(state.writable));
        let mut text = String::new();
        if encode(&mut text, &registry).is_err() {
            // Writing to a String does not fail. If it did, the scrape would show it.
            let _ = write!(text, "# the metrics could not be written\n# EOF\n");
        }
        text
    }
}

fn register_parts(own: &mut Registry, parts: &PartMetrics) {
    own.register(
        "http_requests",
        "Requests of readers, by the class of the status",
        parts.serve.exchanges.clone(),
    );
    own.register(
        "http_request_duration_seconds",
        "Time from a request to the head of its response",
        parts.serve.duration.clone(),
    );
    own.register(
        "fetches",
        "Requests to publishers, by the class of the status; error: no response",
        parts.fetch.exchanges.clone(),
    );
    own.register(
        "fetch_duration_seconds",
        "Time of a request to a publisher, with the body",
        parts.fetch.duration.clone(),
    );
    own.register(
        "store_write_duration_seconds",
        "Time from the begin of a write to its commit, waiting included",
        parts.store.duration.clone(),
    );
    own.register(
        "store_writes_waiting",
        "Writes that are not committed yet",
        parts.store.waiting.clone(),
    );
}

/// Returns a time as Unix time in seconds.
#[allow(clippy::cast_precision_loss)] // milliseconds are far below 2^53
fn seconds(at: Timestamp) -> f64 {
    at.timestamp_millis() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_gauges_are_written() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let parts = PartMetrics::default();
        let metrics = Metrics::new(&parts, at("2026-03-01T00:00:00Z"));
        metrics.count_poll(
            "a",
            PollOutcome::Changed,
            PollCounts { new_entries: 3, ..PollCounts::default() },
        );
        metrics.count_poll("a", PollOutcome::NotModified, PollCounts::default());
        metrics.observe_render(Duration::from_millis(20));
        parts.serve.count(Some(304), Duration::from_millis(1));
        parts.fetch.count(None, Duration::from_secs(10));
        drop(parts.store.begin());
        metrics.config_reloaded(false, at("2026-03-02T00:00:00Z"));
        let source = SourceGauge {
            source: "a".into(),
            up: true,
            last_success: Some(at("2023-11-14T22:13:20Z")),
            next_poll: None,
            entries: 3,
        };
        let state = DaemonGauges {
            sources: vec![source],
            topics: vec![("streaming".into(), 2)],
            writable: true,
            ..DaemonGauges::default()
        };
        let text = metrics.to_openmetrics(&state);
        for line in [
            "tributary_build_info{version=\"",
            "tributary_polls_total{source=\"a\",outcome=\"changed\"} 1",
            "tributary_entries_new_total{source=\"a\"} 3",
            "tributary_source_up{source=\"a\"} 1",
            "tributary_source_last_success_timestamp_seconds{source=\"a\"} 1700000000.0",
            "tributary_topic_stories{topic=\"streaming\"} 2",
            "tributary_rendering_duration_seconds_count 1",
            "tributary_http_requests_total{status=\"3xx\"} 1",
            "tributary_fetches_total{status=\"error\"} 1",
            "tributary_store_write_duration_seconds_count 1",
            "tributary_store_writes_waiting 0",
            "tributary_config_last_reload_successful 0",
            "tributary_config_last_reload_success_timestamp_seconds 1772323200.0",
            "tributary_database_writable 1",
            "process_start_time_seconds 1772323200.0",
            "process_cpu_seconds_total ",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        assert!(
            !metrics.to_openmetrics(&DaemonGauges::default()).contains("tributary_source_up{"),
            "removed sources have no gauge"
        );
    }
}
