//! `tributary poll`: polls what is due once, or hands it over to the running daemon.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::sync::Notify;
use url::Url;

use feed_model::{SourceId, Timestamp};

use super::{application::App, deliveries::Deliveries, setup, stop::Stop};
use crate::{
    config::Config,
    poll::{PollReport, PollScheduler, PollSummary, Selection},
    serve,
    store::{Store, StoreError},
};

/// The time after which no other story is sent to webhooks.
const MAX_SENDING_TIME: Duration = Duration::from_secs(60);

/// The result of a run of `tributary poll`.
pub struct PollRun {
    /// The polls.
    pub summary: PollSummary,
    /// Whether old stories could be removed and the database could be closed afterwards.
    pub finished: Result<(), StoreError>,
}

/// Polls the selected sources that are due, and continues the backfills of the others. `on_start`
/// is called with the number of tasks, `on_finished` with each report.
pub async fn poll_once(
    app: &App,
    config: &Config,
    selection: Selection,
    on_start: impl FnOnce(usize),
    on_finished: impl FnMut(&PollReport),
) -> Result<PollRun, StoreError> {
    app.sync_config(config).await?;
    app.reclassify(&Stop::never()).await?;
    let (sources, now) = (app.poller.settings.load().sources.clone(), app.poller.clock.now());
    let order: HashMap<SourceId, usize> =
        sources.iter().enumerate().map(|(place, source)| (source.id.clone(), place)).collect();
    let selected =
        app.store().read_async(move |reader| selection.select(reader, &sources, now)).await?;
    let mut reports = Vec::new();
    let mut tasks = Vec::new();
    for source in &selected {
        match source.task() {
            Some(task) => tasks.push(task),
            None => reports.push(source.report_without_poll()),
        }
    }
    on_start(tasks.len());
    let scheduler = PollScheduler::new(
        app.poller.clone(),
        Arc::new(Notify::new()),
        Arc::new(Notify::new()),
        Arc::default(),
    );
    reports.extend(scheduler.run_once(tasks, on_finished).await);
    // The polls are reported even if nothing more can be written.
    let sent = app.send_waiting_stories(config).await;
    let expired = app.expire_stories(&Stop::never()).await.map(drop);
    reports.sort_by_key(|report| order.get(&report.id).copied());
    let mut summary = PollSummary::default();
    for report in reports {
        summary.add(report);
    }
    let closed = app.store().run_blocking(Store::close).await;
    Ok(PollRun { summary, finished: sent.and(expired).and(closed) })
}

impl App {
    /// Tells the webhooks of new stories, because no daemon does it.
    async fn send_waiting_stories(&self, config: &Config) -> Result<(), StoreError> {
        let base_url = match &config.site.base_url {
            Some(url) => url.clone(),
            None => Url::parse(&format!("http://{}/", config.server.listen))
                .expect("an address with a port is a valid authority"),
        };
        let settings = setup::published(config, base_url, String::new());
        let health = serve::Health::of_store(self.store().clone());
        let deliveries = Deliveries {
            app: self.clone(),
            site: serve::App::new(self.store().clone(), settings, health),
            metrics: Arc::default(),
            queued: Arc::default(),
            stop: Stop::never(),
            queued_versions: Arc::default(),
        };
        deliveries.send_waiting_stories(MAX_SENDING_TIME).await
    }
}

/// Marks the selected sources that are due, so that the running daemon polls them. Returns their
/// number with the summary.
pub fn hand_over(
    store: &Store,
    config: &Config,
    selection: &Selection,
    now: Timestamp,
) -> Result<(usize, PollSummary), StoreError> {
    let sources: Vec<_> = config.sources.iter().cloned().map(Arc::new).collect();
    let selected = store.read(|reader| selection.select(reader, &sources, now))?;
    let due: Vec<SourceId> = selected
        .iter()
        .filter(|source| source.is_due())
        .map(|source| source.id().clone())
        .collect();
    let mut summary = PollSummary::default();
    for source in &selected {
        summary.add(source.report_without_poll());
    }
    store.request_polls(&due, selection.force)?;
    Ok((due.len(), summary))
}
