//! One poll of one source: load the record, fetch, decide when next, store.
//!
//! Every poll ends in exactly one [`Store::apply`](crate::store::Store::apply), whatever failed on
//! the way. A panic is stored as that source's error.

use std::sync::Arc;

use chrono::TimeDelta;
use tracing::{Instrument as _, field::Empty, info_span};

use feed_model::{FollowMode, Source};

use super::{
    document, fetch_source,
    fetched::{FetchedSource, PollFailure},
    poller::Poller,
    report::PollReport,
    session::{FetchSession, SessionSummary},
    shared_feeds, timing,
};
use crate::{
    fetch,
    store::{PollAttempt, PollUpdate, SourceRecord, StoreError},
    telemetry,
};

impl Poller {
    /// Polls one source now. The caller decides whether it may be polled.
    pub async fn refresh(&self, source: &Arc<Source>) -> PollReport {
        let (poller, task_source) = (self.clone(), source.clone());
        let span = info_span!("poll", source = source.id.as_str(), otel.status_code = Empty);
        let poll = async move { poller.poll(&task_source).await };
        let report = match tokio::spawn(poll.instrument(span.clone())).await {
            Ok(result) => result,
            Err(join_error) => self.record_panic(source, &join_error.to_string()).await,
        }
        .unwrap_or_else(|error| {
            // Something may have been requested, so the source waits its interval.
            let interval = TimeDelta::from_std(source.poll_policy.interval).unwrap_or_default();
            PollReport {
                next_poll: Some(self.clock.now() + interval),
                ..PollReport::not_stored(source.id.clone(), &error)
            }
        });
        // What cannot be stored is reported once, by the store and the scheduler.
        if report.is_stored {
            span.in_scope(|| report.log());
        }
        if report.error.is_some() {
            span.record("otel.status_code", "ERROR");
        }
        report
    }

    async fn poll(&self, source: &Source) -> Result<PollReport, StoreError> {
        let record = match self.load_record(source).await {
            Ok(record) => record,
            // Nothing was requested.
            Err(error) => return Ok(PollReport::not_stored(source.id.clone(), &error)),
        };
        let (fetched, mut session) = self.fetch(source, &record).await?;
        // Until the update is stored.
        let _memory = session.memory.take();
        let update = self.plan_update(source, &record, fetched, session).await?;
        Ok(self.apply_update(update).await)
    }

    /// Loads what is remembered of the source.
    pub(super) async fn load_record(&self, source: &Source) -> Result<SourceRecord, StoreError> {
        let id = source.id.clone();
        self.store.read_async(move |reader| reader.source_record(&id)).await
    }

    /// Fetches the source. A failure is part of the result.
    pub(super) async fn fetch(
        &self,
        source: &Source,
        record: &SourceRecord,
    ) -> Result<(FetchedSource, SessionSummary), StoreError> {
        let mut session = match FetchSession::new(self, source, record) {
            Ok(session) => session,
            Err(error) => {
                let failure = PollFailure::before_request("credentials", telemetry::chain(&error));
                let fetched = FetchedSource::failed(failure, FollowMode::Auto);
                return Ok((fetched, SessionSummary::default()));
            }
        };
        let fetched = Box::pin(fetch_source::fetch_source(&mut session, record)).await?;
        let summary = session.finish(fetched.polled_url());
        Ok((fetched, summary))
    }

    /// Decides when the source is polled next, and collects everything that is to be stored.
    pub(super) async fn plan_update(
        &self,
        source: &Source,
        record: &SourceRecord,
        mut fetched: FetchedSource,
        session: SessionSummary,
    ) -> Result<PollUpdate, StoreError> {
        let settings = self.settings.load_full();
        // Read after the request: another source of the host may have been throttled meanwhile.
        let (id, now, url) = (source.id.clone(), self.clock.now(), fetched.polled_url().cloned());
        let (shared_feeds, host_backoff) = self
            .store
            .read_async(move |reader| {
                let shared_feeds = match &url {
                    Some(url) => reader.shared_feed_sources(&id, url)?,
                    None => Vec::new(),
                };
                Ok((shared_feeds, reader.host_backoff(&id, now)?))
            })
            .await?;
        shared_feeds::add_problems(&mut fetched, &shared_feeds);
        let mut timing = timing::decide(source, record, &fetched, &session, host_backoff, now);
        let aligned_sources = shared_feeds::align_schedules(
            &mut timing.next,
            source,
            session.last_request.unwrap_or(now),
            &shared_feeds,
            &settings,
        );
        let attempt = PollAttempt {
            outcome: fetched.outcome(),
            status: fetched.trace.status,
            error: fetched.error().cloned(),
            failures: timing.failures,
            throttles: timing.throttles,
            gone_since: timing.gone_since,
            gone: timing.gone,
            next: timing.next,
            host: fetched.trace.final_url.as_ref().map(fetch::host_key),
            aligned_sources,
            update_hints: fetched.content().and_then(|content| content.update_hints.clone()),
            moved: timing.moved,
            problems: None,
        };
        // The feed of a source with credentials is nothing that a hub could push.
        let hub = fetched.content().filter(|_| source.auth.is_none());
        let hub = hub.map(|content| content.hub.clone()).unwrap_or_default();
        let reviewed = (fetched.reviewed || fetched.followed.is_some()).then_some(now);
        let parts = document::stored_parts(record, fetched.result, session.is_private);
        Ok(PollUpdate {
            requested: session.last_request,
            attempt: Some(PollAttempt { problems: parts.problems, ..attempt }),
            reviewed,
            followed: fetched.followed,
            ways: Some(session.ways).filter(|ways| !ways.is_empty()),
            validators: session.validators,
            document: parts.document,
            hub,
            pages: parts.pages,
            ..PollUpdate::of(source, now, settings.window)
        })
    }

    /// Stores a panic as a failure of this source.
    async fn record_panic(&self, source: &Source, panic: &str) -> Result<PollReport, StoreError> {
        let record = self.load_record(source).await?;
        let failure = PollFailure::before_request(
            "internal",
            format!("internal error, please report it: {panic}"),
        );
        let fetched = FetchedSource::failed(failure, FollowMode::Auto);
        let update = self.plan_update(source, &record, fetched, SessionSummary::default()).await?;
        Ok(self.apply_update(update).await)
    }
}
