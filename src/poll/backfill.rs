//! The backfill of a site without a feed, and the archives of a feed. They do not wait for the next
//! poll.

use tracing::warn;

use feed_model::{FollowMode, Source};

use super::{
    crawl_result::CrawlResult,
    document,
    page_crawl::{self, QueueFilter},
    poller::Poller,
    report::PollReport,
    session::FetchSession,
};
use crate::{store::PollUpdate, telemetry};

impl Poller {
    /// Fetches up to `max_pages` pages or archives of a source's backfill. The schedule of the
    /// source does not change.
    pub async fn backfill_source(&self, source: &Source, max_pages: usize) -> PollReport {
        match self.plan_backfill(source, max_pages).await {
            Ok(update) => self.apply_update(update).await,
            Err(error) => PollReport::not_stored_because(source.id.clone(), error),
        }
    }

    async fn plan_backfill(&self, source: &Source, max_pages: usize) -> Result<PollUpdate, String> {
        let record = self.load_record(source).await.map_err(|error| telemetry::chain(&error))?;
        let mut session =
            FetchSession::new(self, source, &record).map_err(|error| telemetry::chain(&error))?;
        let follow_mode =
            record.followed.as_ref().map_or(FollowMode::Auto, |followed| followed.follow_mode);
        let mut found = CrawlResult::new(follow_mode);
        let now = self.clock.now();
        page_crawl::fetch_pages(&mut session, max_pages, QueueFilter::Backfill, now, &mut found)
            .await
            .map_err(|error| telemetry::chain(&error))?;
        for problem in &found.problems {
            warn!(source = source.id.as_str(), "backfill of {}: {}", source.id, problem.text);
        }
        // A single page does not tell whether the source reuses ids, so the key policy stays.
        let home_page_url = record.home_page_url.as_deref();
        let items = document::identify(found.drafts, record.key_policy, home_page_url).items;
        let document = document::of_items(items, true);
        let session = session.finish(None);
        Ok(PollUpdate {
            requested: session.last_request,
            validators: session.validators,
            document,
            pages: found.pages,
            ..PollUpdate::of(source, self.clock.now(), self.settings.load().window)
        })
    }
}
