//! The text of `/metrics`.

use std::{fs, path::Path};

use tracing::error;

use feed_model::SourceHealth;

use crate::{
    poll::Poller,
    serve::Health,
    telemetry::{self, DaemonGauges, Metrics, SourceGauge},
};

/// Returns all metrics: the counters, and gauges with the current state of the store.
pub(super) fn metrics_text(poller: &Poller, health: &Health, metrics: &Metrics) -> String {
    let now = poller.clock.now();
    let fingerprint = poller.settings.load().rules.fingerprint();
    let read = poller.store.read(|reader| {
        let lengths = reader.queue_lengths(now)?;
        let unclassified_stories = reader.count_unclassified(fingerprint)?;
        Ok((reader.sources()?, reader.topics()?, lengths, unclassified_stories))
    });
    let mut state = DaemonGauges {
        unstored_outcomes: poller.unstored_outcomes(),
        database_bytes: database_bytes(poller.store.file()),
        ready: health.ready().is_ok(),
        writable: poller.store.write_fault().is_none(),
        ..DaemonGauges::default()
    };
    match read {
        Ok((sources, topics, lengths, unclassified_stories)) => {
            state.sources = sources
                .into_iter()
                .map(|source| SourceGauge {
                    up: source.health == SourceHealth::Ok,
                    last_success: source.last_success,
                    next_poll: source.next_poll,
                    entries: source.entries,
                    source: source.id.to_string(),
                })
                .collect();
            state.topics =
                topics.into_iter().map(|topic| (topic.id.to_string(), topic.stories)).collect();
            state.due_sources = lengths.due_sources;
            state.queued_pages = lengths.queued_pages;
            state.unclassified_stories = unclassified_stories;
        }
        Err(error) => {
            error!("cannot read the state for the metrics: {}", telemetry::chain(&error));
        }
    }
    let deliveries = poller.store.read(|reader| {
        state.subscribers = reader.topic_subscribers()?.into_iter().collect();
        state.waiting_deliveries = reader.waiting_deliveries()?;
        state.failing_receivers = reader.delivery_state()?.failing;
        Ok(())
    });
    if let Err(error) = deliveries {
        error!("cannot read the deliveries for the metrics: {}", telemetry::chain(&error));
    }
    metrics.to_openmetrics(&state)
}

/// Returns the size of the database and of its log.
fn database_bytes(file: &Path) -> u64 {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let size = |path: &Path| fs::metadata(path).map_or(0, |found| found.len());
    size(file) + size(Path::new(&log))
}
