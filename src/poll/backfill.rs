//! The back-catalogue of a site without a feed: a queue of its own, which does not wait for the
//! next poll.

use tracing::warn;

use super::{
    PollReport, Poller,
    page_crawl::{self, CrawlResult, QueueFilter},
    session::FetchSession,
};
use crate::{
    store::{Arrival, FeedMetadata, IncomingItem, ParsedDocument, PollUpdate},
    telemetry,
};
use feed_model::{Draft, FollowMode, PollOutcome, Source};

impl Poller {
    /// Asks for up to `max_pages` pages of a source's back-catalogue; its schedule is left as it
    /// is.
    pub async fn backfill_source(&self, source: &Source, max_pages: usize) -> PollReport {
        match self.try_backfill(source, max_pages).await {
            Ok(report) => report,
            Err(why) => PollReport {
                error: Some(why),
                is_stored: false,
                ..PollReport::new(source.id.clone(), PollOutcome::Failed)
            },
        }
    }

    async fn try_backfill(&self, source: &Source, max_pages: usize) -> Result<PollReport, String> {
        let id = source.id.clone();
        let source_record = self
            .read(move |reader| reader.source_record(&id))
            .await
            .map_err(|e| telemetry::chain(&e))?;
        let mut session =
            FetchSession::new(self, source, &source_record).map_err(|e| telemetry::chain(&e))?;
        let follow_mode = source_record
            .followed
            .as_ref()
            .map_or(FollowMode::Auto, |followed| followed.follow_mode);
        let mut crawl = CrawlResult::new(follow_mode);
        let now = self.clock.now();
        page_crawl::fetch_pages(&mut session, max_pages, QueueFilter::Backfill, now, &mut crawl)
            .await
            .map_err(|e| telemetry::chain(&e))?;
        for problem in &crawl.problems {
            warn!(source = source.id.as_str(), "back-catalogue of {}: {}", source.id, problem.text);
        }
        let (drafts, arrivals): (Vec<Draft>, Vec<Arrival>) = crawl.drafts.into_iter().unzip();
        // One page says nothing about the source's ids: the policy stays.
        let (identity, _, _) = entry_identity::identify_items(
            &drafts,
            source_record.key_policy,
            source_record.home_page_url.as_deref(),
        );
        let items: Vec<IncomingItem> = drafts
            .into_iter()
            .zip(identity)
            .zip(arrivals)
            .map(|((draft, identity), arrival)| IncomingItem { draft, identity, arrival })
            .collect();
        let document = (!items.is_empty()).then(|| ParsedDocument {
            metadata: FeedMetadata::default(),
            body_digest: None,
            key_policy: None,
            items,
            private: None,
            ends_import: true,
        });
        let poll_update = PollUpdate {
            requested: session.last(),
            validators: session.validators(),
            document,
            pages: crawl.pages,
            ..PollUpdate::of(source, self.clock.now(), self.settings.load().window)
        };
        Ok(self.apply_update(poll_update).await)
    }
}
