//! A document that a hub pushed. It goes the same way as a polled one, but changes neither the
//! schedule nor the validators: the hub may have sent a part of the feed.

use url::Url;

use feed_model::{FollowMode, Source};

use super::{archives, document, poller::Poller, report::PollReport};
use crate::{
    store::{Arrival, PollUpdate, StoreError},
    telemetry,
};

/// A document that a hub pushed.
#[derive(Debug, Clone)]
pub struct PushedDocument {
    /// Its bytes.
    pub body: bytes::Bytes,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// The address by which the hub knows it.
    pub topic_url: Url,
}

impl Poller {
    /// Whether a source is followed by a feed, so that what its hub pushes contains its entries.
    pub async fn is_followed_by_feed(&self, source: &Source) -> Result<bool, StoreError> {
        let followed = self.load_record(source).await?.followed;
        Ok(followed.is_none_or(|followed| followed.follow_mode == FollowMode::Feed))
    }

    /// Stores what a hub pushed for a source. `Err` is why it cannot be used.
    pub async fn store_push(
        &self,
        source: &Source,
        pushed: PushedDocument,
    ) -> Result<PollReport, String> {
        let chain = |error: &dyn std::error::Error| telemetry::chain(error);
        let record = self.load_record(source).await.map_err(|error| chain(&error))?;
        if record.imported.is_none() {
            return Err("the feed was not polled yet".to_owned());
        }
        let max_items = source.limits.max_items;
        // Until the update is stored.
        let _memory = self.document_memory.reserve(pushed.body.len()).await;
        let parsed = tokio::task::spawn_blocking(move || {
            feed_parser::parse_feed(&feed_parser::FeedInput {
                bytes: &pushed.body,
                content_type: pushed.content_type.as_deref(),
                content_location: None,
                url: &pushed.topic_url,
                max_items,
            })
        });
        let document = match parsed.await {
            Ok(parsed) => parsed.map_err(|error| chain(&error))?,
            Err(panic) => {
                return Err(format!("internal error while reading the document: {panic}"));
            }
        };
        let pages = archives::named_by(&document.feed, source).into_iter().collect();
        let drafts = document.drafts.into_iter().map(|draft| (draft, Arrival::Ordinary)).collect();
        let home_page_url = record.home_page_url.as_deref();
        let items = document::identify(drafts, record.key_policy, home_page_url).items;
        let document = document::of_items(items, false);
        let window = self.settings.load().window;
        let update =
            PollUpdate { document, pages, ..PollUpdate::of(source, self.clock.now(), window) };
        Ok(self.apply_update(update).await)
    }
}
