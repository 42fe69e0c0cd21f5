//! Whether the daemon is well: for systemd, for `/healthz`, and in numbers.

use std::{sync::Arc, time::Duration};

use sd_notify::NotifyState;
use tokio::sync::watch;
use tracing::{error, warn};

use super::wait_for_stop;
use crate::{
    clock::Clock,
    poll::Heartbeat,
    serve::Health,
    store::Store,
    telemetry::{self, Metrics, SourceGauge},
};
use feed_model::SourceHealth;

/// How old the driver's heartbeat may be before the daemon counts as stuck.
const MAX_HEARTBEAT_AGE: Duration = Duration::from_secs(60);

/// Feeds systemd's watchdog only while the store answers and the driver is at work.
pub(super) async fn run_watchdog(
    heartbeat: Heartbeat,
    store: Store,
    clock: Arc<dyn Clock>,
    health: Health,
    mut stopped: watch::Receiver<bool>,
) {
    let pause = sd_notify::watchdog_enabled().map_or(Duration::from_secs(10), |every| every / 2);
    loop {
        let asked = store.clone();
        let answers =
            tokio::task::spawn_blocking(move || asked.read(|reader| reader.topics().map(|_| ())))
                .await;
        let state = match answers {
            Ok(Ok(())) if heartbeat.age(&*clock).is_none_or(|age| age < MAX_HEARTBEAT_AGE) => {
                Ok(())
            }
            Ok(Ok(())) => Err("the driver is stuck".to_owned()),
            Ok(Err(why)) => Err(format!("the store does not answer: {}", telemetry::chain(&why))),
            Err(join_error) => Err(format!("the store does not answer: {join_error}")),
        };
        match &state {
            Ok(()) => notify(&[NotifyState::Watchdog]),
            Err(why) => error!("not healthy: {why}"),
        }
        health.report(state);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = wait_for_stop(&mut stopped) => return,
        }
    }
}

/// The metrics, with how things stand now.
pub(super) fn metrics_text(store: &Store, metrics: &Metrics) -> String {
    let (sources, topics) =
        store.read(|reader| Ok((reader.sources()?, reader.topics()?))).unwrap_or_else(|why| {
            error!("cannot tell how things stand: {}", telemetry::chain(&why));
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

/// Tells systemd, where there is one.
pub(super) fn notify(states: &[NotifyState<'_>]) {
    if let Err(why) = sd_notify::notify(states) {
        warn!("cannot tell systemd: {why}");
    }
}
