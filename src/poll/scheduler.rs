//! Runs polls and backfills, within the limits per host and in all.
//!
//! `serve` uses [`PollScheduler::run`]: the store selects the sources that are due, with the limit
//! per host inside the query. `poll` uses [`PollScheduler::run_once`] with a fixed list of tasks.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::Instant,
};
use tracing::{debug, error};

use feed_model::{SourceId, Timestamp};

use super::{
    host_queue::HostQueue,
    poller::Poller,
    report::PollReport,
    task::{PollTask, Work},
};
use crate::{
    schedule::{self, PollReason},
    store::{SourceTarget, StoreError},
    telemetry::{Metrics, PollCounts, RepeatedFailure},
};

/// The longest sleep: polls that `tributary poll` requests are seen within this time.
const MAX_SLEEP: Duration = Duration::from_secs(2);

/// The interval until the first poll of a source that is not in the settings any more.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(3600);

/// The pause until the scheduler queries again what is due, as a multiple of the time that the
/// query took. With many overdue sources it takes long, and it would run after every poll.
const DUE_QUERY_PAUSE: u32 = 4;
/// The longest such pause.
const MAX_DUE_QUERY_PAUSE: Duration = Duration::from_millis(500);

/// The pause of a host's backfill after a page that could not be stored.
const UNSTORED_PAUSE: Duration = Duration::from_secs(60);

/// When the scheduler last ran. The watchdog checks it. It does not depend on the clock, which may
/// be set.
#[derive(Debug, Clone, Default)]
pub struct Heartbeat(Arc<Mutex<Option<Instant>>>);

impl Heartbeat {
    fn beat(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Returns how long ago the scheduler last ran; `None` if it never did.
    pub fn age(&self) -> Option<Duration> {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.map(|at| at.elapsed())
    }
}

/// Runs polls and backfills.
#[derive(Debug)]
pub struct PollScheduler {
    poller: Poller,
    /// Notified when the settings changed.
    wake: Arc<Notify>,
    heartbeat: Heartbeat,
    /// Notified after every stored change that may be visible.
    changed: Arc<Notify>,
    metrics: Arc<Metrics>,
}

/// The tasks in progress.
struct RunningTasks {
    tasks: JoinSet<(PollTask, PollReport)>,
    polling: HashSet<SourceId>,
    /// The sources with a backfill in progress, and their hosts.
    backfilling: HashMap<SourceId, String>,
    /// When the next backfill page of a host may be requested.
    next_backfill: HashMap<String, Instant>,
    metrics: Arc<Metrics>,
}

impl RunningTasks {
    fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            tasks: JoinSet::new(),
            polling: HashSet::new(),
            backfilling: HashMap::new(),
            next_backfill: HashMap::new(),
            metrics,
        }
    }

    fn start(&mut self, poller: &Poller, task: PollTask) {
        match task.work {
            Work::Poll => {
                self.polling.insert(task.source.id.clone());
            }
            Work::Backfill { .. } => {
                self.backfilling.insert(task.source.id.clone(), task.host.clone());
            }
        }
        self.metrics.begin_poll();
        let poller = poller.clone();
        self.tasks.spawn(async move {
            let report = task.run(&poller).await;
            (task, report)
        });
    }

    /// Waits for a task to end; `None` if there is none.
    async fn join_next(&mut self) -> Option<(PollTask, PollReport)> {
        loop {
            let ended = self.tasks.join_next().await?;
            self.metrics.end_poll();
            match ended {
                Ok((task, report)) => {
                    match task.work {
                        Work::Poll => drop(self.polling.remove(&task.source.id)),
                        Work::Backfill { .. } => drop(self.backfilling.remove(&task.source.id)),
                    }
                    return Some((task, report));
                }
                // Panics of a task are part of its report, so this is a bug.
                Err(join_error) => error!("internal error in a poll task: {join_error}"),
            }
        }
    }

    /// Returns the sources with a task in progress. They count for the limits of their hosts.
    fn sources(&self) -> Vec<SourceId> {
        self.polling.iter().chain(self.backfilling.keys()).cloned().collect()
    }

    /// Returns whether a page of this source's backfill may be requested now.
    fn may_backfill(&self, id: &SourceId, host: &str) -> bool {
        !self.polling.contains(id)
            && !self.backfilling.contains_key(id)
            && !self.backfilling.values().any(|other| other == host)
            && !self.next_backfill.contains_key(host)
    }
}

impl PollScheduler {
    /// Creates a scheduler. It notifies `changed` when published documents may have changed.
    pub fn new(
        poller: Poller,
        wake: Arc<Notify>,
        changed: Arc<Notify>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { poller, wake, heartbeat: Heartbeat::default(), changed, metrics }
    }

    /// Returns the heartbeat.
    pub fn heartbeat(&self) -> Heartbeat {
        self.heartbeat.clone()
    }

    /// Runs the tasks once, in order, and returns their reports. `on_finished` sees each report as
    /// soon as its task has ended.
    pub async fn run_once(
        &self,
        tasks: Vec<PollTask>,
        mut on_finished: impl FnMut(&PollReport),
    ) -> Vec<PollReport> {
        let settings = self.poller.settings.load_full();
        let mut queue = HostQueue::new(settings.per_host);
        for task in tasks {
            queue.push(task.host.clone(), task);
        }
        let mut running = RunningTasks::new(self.metrics.clone());
        let mut reports = Vec::new();
        loop {
            while running.tasks.len() < settings.concurrency.max(1)
                && let Some((_, task)) = queue.pop()
            {
                running.start(&self.poller, task);
            }
            let Some((task, report)) = running.join_next().await else {
                return reports;
            };
            queue.release(&task.host);
            self.finish(&report);
            on_finished(&report);
            reports.push(report);
        }
    }

    /// Polls what is due until `stop` is set, then waits for the tasks in progress.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut running = RunningTasks::new(self.metrics.clone());
        let mut due_failure = RepeatedFailure::new("cannot determine which sources are due");
        let mut backfill_failure =
            RepeatedFailure::new("cannot determine which backfills are waiting");
        let mut clock_failure = RepeatedFailure::new("cannot correct the schedule");
        let mut last_time = self.poller.clock.now();
        let mut next_query = Instant::now();
        let mut next_wake = next_query;
        while !*stop.borrow() {
            self.heartbeat.beat();
            clock_failure.log(self.check_clock(&mut last_time).await);
            let begun = Instant::now();
            if begun >= next_query {
                due_failure.log(self.start_due_polls(&mut running).await);
                backfill_failure.log(self.start_backfills(&mut running).await);
                let (sleep_time, now) = (self.sleep_time().await, Instant::now());
                next_query = now + ((now - begun) * DUE_QUERY_PAUSE).min(MAX_DUE_QUERY_PAUSE);
                next_wake = next_query.max(now + sleep_time);
            }
            tokio::select! {
                Some((task, report)) = running.join_next() => {
                    self.delay_next_backfill(&task, &report, &mut running);
                    self.finish(&report);
                    // Another poll may be able to start.
                    next_wake = next_query;
                }
                () = tokio::time::sleep_until(next_wake) => {}
                () = self.wake.notified() => {
                    debug!("the settings changed");
                    next_query = Instant::now();
                }
                _ = stop.changed() => {}
            }
        }
        while let Some((_, report)) = running.join_next().await {
            self.finish(&report);
        }
    }

    /// Corrects the schedule if the clock was set back since it was last checked.
    async fn check_clock(&self, last_time: &mut Timestamp) -> Result<(), StoreError> {
        let now = self.poller.clock.now();
        if now < *last_time {
            // While writing does not work, the scheduler tries again.
            if self.poller.store.write_fault().is_some() {
                return Ok(());
            }
            self.poller.store.correct_times(now).await?;
        }
        *last_time = now;
        Ok(())
    }

    async fn start_due_polls(&self, running: &mut RunningTasks) -> Result<(), StoreError> {
        let settings = self.poller.settings.load_full();
        let mut deferred = self.poller.unstored.deferred_sources(self.poller.clock.now());
        deferred.extend(self.schedule_first_polls().await?);
        let free_slots = settings.concurrency.saturating_sub(running.polling.len());
        if free_slots == 0 {
            return Ok(());
        }
        let (now, per_host) = (self.poller.clock.now(), settings.per_host);
        let in_progress = running.sources();
        let due = self
            .poller
            .store
            .read_async(move |reader| {
                reader.due_sources(now, &in_progress, &deferred, per_host, free_slots)
            })
            .await?;
        for due in due {
            // During a reload, the store knows the new feeds.toml earlier than the settings. A
            // source whose address has changed is not polled at the old one.
            let Some(source) =
                settings.source(&due.id).filter(|source| SourceTarget::of(source) == due.target)
            else {
                continue;
            };
            running.start(&self.poller, PollTask { source, host: due.host, work: Work::Poll });
        }
        Ok(())
    }

    /// Schedules the first poll of new sources: within seconds, and spread out if there are many.
    /// Returns the sources whose first poll cannot be stored. They would all be polled at once.
    async fn schedule_first_polls(&self) -> Result<Vec<SourceId>, StoreError> {
        let store = &self.poller.store;
        let unscheduled = store.read_async(|reader| reader.unscheduled_sources()).await?;
        if unscheduled.is_empty() {
            return Ok(Vec::new());
        }
        // While writing does not work, only the probe of the store tries again.
        if store.write_fault().is_some() {
            return Ok(unscheduled);
        }
        let (now, settings) = (self.poller.clock.now(), self.poller.settings.load_full());
        let first_polls = unscheduled
            .iter()
            .enumerate()
            .map(|(i, id)| {
                let interval = settings
                    .source(id)
                    .map_or(DEFAULT_INTERVAL, |source| source.poll_policy.interval);
                let delay = schedule::spread(i, interval);
                let at = now + TimeDelta::from_std(delay).unwrap_or_default();
                (id.clone(), at, PollReason::FirstPoll(delay))
            })
            .collect::<Vec<_>>();
        match store.run_blocking(move |store| store.schedule_first(&first_polls)).await {
            Ok(()) => Ok(Vec::new()),
            Err(error) if error.fault().is_some() => Ok(unscheduled),
            Err(error) => Err(error),
        }
    }

    /// Starts one backfill page for each host that is not paused.
    async fn start_backfills(&self, running: &mut RunningTasks) -> Result<(), StoreError> {
        // A page that cannot be stored would be requested again and again.
        if self.poller.store.write_fault().is_some() {
            return Ok(());
        }
        let now = self.poller.clock.now();
        let waiting =
            self.poller.store.read_async(move |reader| reader.sources_with_backfill(now)).await?;
        let settings = self.poller.settings.load_full();
        running.next_backfill.retain(|_, at| *at > Instant::now());
        for (id, host) in waiting {
            if let Some(source) = settings.source(&id).filter(|_| running.may_backfill(&id, &host))
            {
                let work = Work::Backfill { max_pages: 1 };
                running.start(&self.poller, PollTask { source, host, work });
            }
        }
        Ok(())
    }

    /// Pauses the backfill of a host after one page. For exempt hosts, the pause that `fetch` keeps
    /// between two requests (`host_gap`, Crawl-delay) is enough.
    fn delay_next_backfill(
        &self,
        task: &PollTask,
        report: &PollReport,
        running: &mut RunningTasks,
    ) {
        if task.work == Work::Poll {
            return;
        }
        if !report.is_stored {
            running.next_backfill.insert(task.host.clone(), Instant::now() + UNSTORED_PAUSE);
            return;
        }
        let settings = self.poller.settings.load();
        let is_exempt =
            settings.source(&task.source.id).is_some_and(|source| source.poll_policy.exempt);
        if !is_exempt {
            running.next_backfill.insert(task.host.clone(), Instant::now() + settings.backfill_gap);
        }
    }

    /// Counts and reports a finished task.
    fn finish(&self, report: &PollReport) {
        if !report.is_stored {
            self.poller.unstored.defer(&report.id, report.next_poll, self.poller.clock.now());
            let error = report.error.as_deref().unwrap_or("unknown error");
            let text = format!("the result of polling {} could not be stored: {error}", report.id);
            // A fault of the disk is not one of the source, and the store has logged it once.
            if self.poller.store.write_fault().is_some() {
                debug!(source = report.id.as_str(), error, "{text}");
            } else {
                error!(source = report.id.as_str(), error, "{text}");
            }
        }
        let counts = PollCounts {
            new_entries: report.new_entries,
            updated_entries: report.updated_entries,
            duplicates: report.duplicates,
        };
        self.metrics.count_poll(report.id.as_str(), report.outcome, counts);
        if report.visible {
            self.changed.notify_one();
        }
    }

    async fn sleep_time(&self) -> Duration {
        let now = self.poller.clock.now();
        let next = self.poller.store.read_async(move |reader| reader.next_due(now)).await;
        next.ok()
            .flatten()
            .and_then(|at| (at - now).to_std().ok())
            .map_or(MAX_SLEEP, |pause| pause.clamp(Duration::from_millis(20), MAX_SLEEP))
    }
}
