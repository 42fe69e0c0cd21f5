//! Who is due, and how many at a time: keeps polls going until it is told to stop.
//!
//! The store picks who is due, the limit per host inside the query, so that one slow host never
//! holds up the others. A stop takes no new work and waits for what is under way.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::Instant,
};
use tracing::{debug, error};

use super::{PollReport, Poller, blocking};
use crate::{
    clock::Clock,
    schedule::{self, PollReason},
    store::{SourceTarget, StoreError},
    telemetry::{self, Metrics, PollCounts},
};
use feed_model::{PollOutcome, SourceId};

/// The longest that the driver sleeps: requests by `tributary poll` are seen within this.
const MAX_SLEEP: Duration = Duration::from_secs(2);

/// When the driver was last seen at work: what the watchdog looks at.
#[derive(Debug, Clone, Default)]
pub struct Heartbeat(Arc<AtomicI64>);

impl Heartbeat {
    fn beat(&self, clock: &dyn Clock) {
        self.0.store(clock.now().timestamp_millis(), Ordering::Relaxed);
    }

    /// How long ago that was; `None`: never.
    pub fn age(&self, clock: &dyn Clock) -> Option<Duration> {
        let last = self.0.load(Ordering::Relaxed);
        (last > 0).then(|| {
            Duration::from_millis(u64::try_from(clock.now().timestamp_millis() - last).unwrap_or(0))
        })
    }
}

/// What a finished task was.
enum FinishedTask {
    Poll(PollReport),
    Backfill(PollReport),
}

/// Keeps polls going.
#[derive(Debug)]
pub struct PollScheduler {
    poller: Poller,
    /// Rung when feeds.toml was read again.
    wake: Arc<Notify>,
    heartbeat: Heartbeat,
    /// Told after everything stored that may be seen.
    changed: Arc<Notify>,
    metrics: Arc<Metrics>,
}

impl PollScheduler {
    /// A driver that rings `changed` whenever what is published may have changed.
    pub fn new(
        poller: Poller,
        wake: Arc<Notify>,
        changed: Arc<Notify>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { poller, wake, heartbeat: Heartbeat::default(), changed, metrics }
    }

    /// Its heartbeat.
    pub fn heartbeat(&self) -> Heartbeat {
        self.heartbeat.clone()
    }

    /// Polls what is due until `stop` says so, then waits for what is under way.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut tasks: JoinSet<FinishedTask> = JoinSet::new();
        let mut polling: HashSet<SourceId> = HashSet::new();
        let mut backfilling: HashMap<SourceId, String> = HashMap::new();
        // When the next back-catalogue page of a host may be asked for.
        let mut next_backfill: HashMap<String, Instant> = HashMap::new();
        while !*stop.borrow() {
            self.heartbeat.beat(&*self.poller.clock);
            if let Err(error) = self.start_due_polls(&mut tasks, &mut polling, &backfilling).await {
                error!(
                    error = telemetry::chain(&error),
                    "cannot tell who is due: {}",
                    telemetry::chain(&error)
                );
            }
            if let Err(error) = self
                .start_backfills(&mut tasks, &polling, &mut backfilling, &mut next_backfill)
                .await
            {
                error!(
                    error = telemetry::chain(&error),
                    "cannot tell which back-catalogue waits: {}",
                    telemetry::chain(&error)
                );
            }
            let sleep_time = self.sleep_time().await;
            tokio::select! {
                Some(done) = tasks.join_next(), if !tasks.is_empty() => self.finish_task(done, &mut polling, &mut backfilling, &mut next_backfill),
                () = tokio::time::sleep(sleep_time) => {}
                () = self.wake.notified() => debug!("looking again at who is due"),
                _ = stop.changed() => {}
            }
        }
        while let Some(done) = tasks.join_next().await {
            self.finish_task(done, &mut polling, &mut backfilling, &mut next_backfill);
        }
    }

    async fn start_due_polls(
        &self,
        tasks: &mut JoinSet<FinishedTask>,
        polling: &mut HashSet<SourceId>,
        backfilling: &HashMap<SourceId, String>,
    ) -> Result<(), StoreError> {
        let settings = self.poller.settings.load_full();
        self.schedule_first_polls().await?;
        let free_slots = settings.concurrency.saturating_sub(polling.len());
        if free_slots == 0 {
            return Ok(());
        }
        let (now, per_host) = (self.poller.clock.now(), settings.per_host);
        // Who asks a host just now takes up its free_slots, for a page of a back-catalogue as well:
        // nobody waits at its gate with a place that others could use.
        let in_flight: Vec<SourceId> = polling.iter().chain(backfilling.keys()).cloned().collect();
        let due = self
            .poller
            .read(move |reader| reader.due_sources(now, &in_flight, per_host, free_slots))
            .await?;
        for due in due {
            // While feeds.toml is read again, the state hears of it a moment earlier: an address
            // that is no more is not asked.
            let Some(source) =
                settings.source(&due.id).filter(|source| SourceTarget::of(source) == due.target)
            else {
                continue;
            };
            polling.insert(due.id);
            let poller = self.poller.clone();
            tasks.spawn(async move { FinishedTask::Poll(poller.refresh(&source).await) });
        }
        Ok(())
    }

    /// New sources are asked within seconds, and many of them spread out.
    async fn schedule_first_polls(&self) -> Result<(), StoreError> {
        let unscheduled = self.poller.read(|reader| reader.unscheduled_sources()).await?;
        if unscheduled.is_empty() {
            return Ok(());
        }
        let (now, settings) = (self.poller.clock.now(), self.poller.settings.load_full());
        let at = unscheduled
            .into_iter()
            .enumerate()
            .map(|(i, id)| {
                let interval = settings
                    .source(&id)
                    .map_or(Duration::from_secs(3600), |s| s.poll_policy.interval);
                let delay = schedule::spread(i, interval);
                let at = now + chrono::TimeDelta::from_std(delay).unwrap_or_default();
                (id, at, PollReason::FirstPoll(delay))
            })
            .collect::<Vec<_>>();
        let store = self.poller.store.clone();
        blocking(move || store.schedule_first(&at)).await
    }

    /// Back-catalogues go on beside the schedule: a page per host, then a pause.
    async fn start_backfills(
        &self,
        tasks: &mut JoinSet<FinishedTask>,
        polling: &HashSet<SourceId>,
        backfilling: &mut HashMap<SourceId, String>,
        next_backfill: &mut HashMap<String, Instant>,
    ) -> Result<(), StoreError> {
        let now = self.poller.clock.now();
        let waiting = self.poller.read(move |reader| reader.sources_with_backfill(now)).await?;
        let settings = self.poller.settings.load_full();
        next_backfill.retain(|_, at| *at > Instant::now());
        for (id, host) in waiting {
            let free = !polling.contains(&id)
                && !backfilling.contains_key(&id)
                && !backfilling.values().any(|other| *other == host);
            let Some(source) =
                settings.source(&id).filter(|_| free && !next_backfill.contains_key(&host))
            else {
                continue;
            };
            backfilling.insert(id, host);
            let poller = self.poller.clone();
            tasks.spawn(async move {
                let asked = source.clone();
                let backfilled =
                    tokio::spawn(async move { poller.backfill_source(&asked, 1).await }).await;
                // A panic on the way is this source's, and leaves the others their turn.
                FinishedTask::Backfill(backfilled.unwrap_or_else(|join_error| PollReport {
                    error: Some(format!("a bug of this program: {join_error}")),
                    is_stored: false,
                    ..PollReport::new(source.id.clone(), PollOutcome::Failed)
                }))
            });
        }
        Ok(())
    }

    fn finish_task(
        &self,
        done: Result<FinishedTask, tokio::task::JoinError>,
        polling: &mut HashSet<SourceId>,
        backfilling: &mut HashMap<SourceId, String>,
        next_backfill: &mut HashMap<String, Instant>,
    ) {
        let report = match done {
            Ok(FinishedTask::Poll(report)) => {
                polling.remove(&report.id);
                report
            }
            Ok(FinishedTask::Backfill(report)) => {
                let host = backfilling.remove(&report.id).unwrap_or_default();
                let settings = self.poller.settings.load();
                // With an exempt host the pause between any two requests (`host_gap`) is enough,
                // and is kept at its gate; so is a longer Crawl-delay.
                if !settings.source(&report.id).is_some_and(|source| source.poll_policy.exempt) {
                    next_backfill.insert(host, Instant::now() + settings.backfill_gap);
                }
                report
            }
            Err(join_error) => {
                // `refresh` catches the panics of a poll; what comes here is a bug of the driver's
                // own tasks.
                error!("a task broke off: {join_error}");
                return;
            }
        };
        if !report.is_stored {
            let why = report.error.as_deref().unwrap_or("unknown");
            error!(
                source = report.id.as_str(),
                error = why,
                "what came of polling {} could not be stored: {why}",
                report.id
            );
        }
        let counts = PollCounts {
            new_entries: report.new_entries,
            updated_entries: report.updated_entries,
            duplicates: report.duplicates,
        };
        self.metrics.count_poll(report.id.as_str(), report.outcome.as_str(), counts);
        if report.visible {
            self.changed.notify_one();
        }
    }

    async fn sleep_time(&self) -> Duration {
        let now = self.poller.clock.now();
        let next = self.poller.read(move |reader| reader.next_due(now)).await.ok().flatten();
        next.and_then(|at| (at - now).to_std().ok())
            .map_or(MAX_SLEEP, |until| until.clamp(Duration::from_millis(20), MAX_SLEEP))
    }
}
