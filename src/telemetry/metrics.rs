//! Metrics in the `OpenMetrics` text format. Counters count events since the start. Gauges are set
//! from the store at each scrape.

use std::{fmt::Write as _, sync::Mutex, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use feed_model::PollOutcome;

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
    /// The Unix time of the last success in seconds; 0 if there was none.
    pub last_success_s: i64,
    /// Stored entries.
    pub entries: u64,
}

/// The metrics of one daemon.
#[derive(Debug)]
pub struct Metrics {
    registry: Mutex<Registry>,
    polls: Family<PollLabels, Counter>,
    new_entries: Family<SourceLabel, Counter>,
    updated_entries: Family<SourceLabel, Counter>,
    duplicates: Family<SourceLabel, Counter>,
    up: Family<SourceLabel, Gauge>,
    last_success: Family<SourceLabel, Gauge>,
    entries: Family<SourceLabel, Gauge>,
    stories: Family<TopicLabel, Gauge>,
    rendering: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("tributary");
        let this = Self {
            registry: Mutex::default(),
            polls: Family::default(),
            new_entries: Family::default(),
            updated_entries: Family::default(),
            duplicates: Family::default(),
            up: Family::default(),
            last_success: Family::default(),
            entries: Family::default(),
            stories: Family::default(),
            rendering: Histogram::new([0.01, 0.05, 0.1, 0.5, 1.0, 5.0]),
        };
        registry.register("polls", "Attempts to poll, by outcome", this.polls.clone());
        registry.register(
            "entries_new",
            "Entries stored for the first time",
            this.new_entries.clone(),
        );
        registry.register(
            "entries_updated",
            "Entries whose text or facts changed",
            this.updated_entries.clone(),
        );
        registry.register(
            "entries_duplicate",
            "Entries that joined a story of another source",
            this.duplicates.clone(),
        );
        registry.register(
            "source_up",
            "1 while the last poll of the source was good",
            this.up.clone(),
        );
        registry.register(
            "source_last_success_seconds",
            "Unix time of the last good poll; 0: never",
            this.last_success.clone(),
        );
        registry.register("source_entries", "Stored entries of the source", this.entries.clone());
        registry.register("topic_stories", "Public stories in the topic", this.stories.clone());
        registry.register(
            "rendering_seconds",
            "Time to render every document",
            this.rendering.clone(),
        );
        *this.registry.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = registry;
        this
    }
}

impl Metrics {
    /// Counts a poll.
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

    /// Returns all metrics in the text format of `OpenMetrics`.
    pub fn to_openmetrics(&self, sources: &[SourceGauge], topics: &[(String, u64)]) -> String {
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        // Sources and topics that are no longer in feeds.toml are removed.
        self.up.clear();
        self.last_success.clear();
        self.entries.clear();
        self.stories.clear();
        for gauge in sources {
            let of = SourceLabel { source: gauge.source.clone() };
            self.up.get_or_create(&of).set(i64::from(gauge.up));
            self.last_success.get_or_create(&of).set(gauge.last_success_s);
            self.entries.get_or_create(&of).set(signed(gauge.entries));
        }
        for (topic, stories) in topics {
            self.stories.get_or_create(&TopicLabel { topic: topic.clone() }).set(signed(*stories));
        }
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if encode(&mut text, &registry).is_err() {
            // Writing to a String does not fail. If it did, the scrape would show it.
            let _ = write!(text, "# the metrics could not be written\n# EOF\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_and_gauges_are_written() {
        let metrics = Metrics::default();
        metrics.count_poll(
            "a",
            PollOutcome::Changed,
            PollCounts { new_entries: 3, ..PollCounts::default() },
        );
        metrics.count_poll("a", PollOutcome::NotModified, PollCounts::default());
        metrics.observe_render(Duration::from_millis(20));
        let gauge =
            SourceGauge { source: "a".into(), up: true, last_success_s: 1_700_000_000, entries: 3 };
        let text = metrics.to_openmetrics(&[gauge], &[("streaming".into(), 2)]);
        for line in [
            "tributary_polls_total{source=\"a\",outcome=\"changed\"} 1",
            "tributary_entries_new_total{source=\"a\"} 3",
            "tributary_source_up{source=\"a\"} 1",
            "tributary_source_last_success_seconds{source=\"a\"} 1700000000",
            "tributary_topic_stories{topic=\"streaming\"} 2",
            "tributary_rendering_seconds_count 1",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        assert!(
            !metrics.to_openmetrics(&[], &[]).contains("tributary_source_up{"),
            "removed sources have no gauge"
        );
    }
}
