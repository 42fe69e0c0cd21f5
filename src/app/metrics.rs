//! The text of `/metrics`.

use tracing::error;

use feed_model::SourceHealth;

use crate::{
    store::Store,
    telemetry::{self, Metrics, SourceGauge},
};

/// Returns all metrics: the counters, and gauges with the current state of the store.
pub(super) fn metrics_text(store: &Store, metrics: &Metrics) -> String {
    let (sources, topics) =
        store.read(|reader| Ok((reader.sources()?, reader.topics()?))).unwrap_or_else(|error| {
            error!("cannot read the state for the metrics: {}", telemetry::chain(&error));
            (Vec::new(), Vec::new())
        });
    let gauges: Vec<SourceGauge> = sources
        .into_iter()
        .map(|source| SourceGauge {
            up: source.health == SourceHealth::Ok,
            last_success_s: source.last_success.map_or(0, |at| at.timestamp()),
            entries: source.entries,
            source: source.id.to_string(),
        })
        .collect();
    let topics: Vec<(String, u64)> =
        topics.into_iter().map(|topic| (topic.id.to_string(), topic.stories)).collect();
    metrics.to_openmetrics(&gauges, &topics)
}
