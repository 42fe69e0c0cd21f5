//! Documents that reach the store without a network.

use std::time::Duration;

use feed_model::{Draft, FollowMode, FollowTarget, Reservation};
use feed_parser::FeedInput;
use tributary::{
    schedule::{NextPoll, PollReason},
    store::{
        Arrival, FeedMetadata, IncomingItem, ParsedDocument, PollAttempt, PollUpdate, UpdateResult,
    },
};

use super::{
    super::{
        feeds::{Post, rss},
        time::at,
    },
    Installation, source_id,
};

const HOUR: Duration = Duration::from_hours(1);

impl Installation {
    /// Stores what a poll of `site` finds when the feed has these posts. Afterwards an hour passes.
    pub fn deliver(&mut self, site: &str, posts: &[Post]) -> UpdateResult {
        self.deliver_document(site, &rss(&format!("https://{site}.example/"), posts))
    }

    /// The same with a document in any format.
    pub fn deliver_document(&mut self, site: &str, text: &str) -> UpdateResult {
        self.apply(self.poll_update(site, text, false))
    }

    /// The same with a response that has `Cache-Control: private`.
    pub fn deliver_private(&mut self, site: &str, posts: &[Post]) -> UpdateResult {
        self.apply(self.poll_update(site, &rss(&format!("https://{site}.example/"), posts), true))
    }

    fn apply(&self, update: PollUpdate) -> UpdateResult {
        let result = self.store.apply(update, self.rules()).unwrap();
        self.advance_hours(1);
        result
    }

    /// Stores items that arrive at `now`, in the order of the document. The clock is set to `now`.
    pub fn deliver_drafts(
        &self,
        source: &str,
        now: &str,
        arrival: Arrival,
        drafts: Vec<Draft>,
    ) -> UpdateResult {
        self.clock.set(at(now));
        let metadata =
            FeedMetadata { title: Some("River Notes".to_owned()), ..FeedMetadata::default() };
        let mut update = self.poll_update_of(source, drafts, metadata, false);
        for item in update.document.iter_mut().flat_map(|document| &mut document.items) {
            item.arrival = arrival;
        }
        self.store.apply(update, self.rules()).unwrap()
    }

    /// The update that a poll would store which finds this document.
    pub fn poll_update(&self, site: &str, text: &str, private: bool) -> PollUpdate {
        let url = format!("https://{site}.example/feed.xml").parse().unwrap();
        let input = FeedInput {
            bytes: text.as_bytes(),
            content_type: Some("application/xml"),
            content_location: None,
            url: &url,
            max_items: 5_000,
        };
        let document =
            feed_parser::parse_feed(&input).unwrap_or_else(|error| panic!("{error}: {text}"));
        let feed = document.feed;
        let metadata = FeedMetadata {
            title: feed.title,
            id: feed.id,
            feed_url: feed.self_url,
            home_page_url: feed.home_page_url,
            rights: feed.rights,
            icon_url: feed.icon,
            reservation: Some(Reservation { license: feed.license, ..Reservation::default() }),
        };
        let mut update = self.poll_update_of(site, document.drafts, metadata, private);
        let known = self.read(|reader| reader.source_record(&update.source)).followed;
        update.followed = known.is_none().then(|| FollowTarget {
            follow_mode: FollowMode::Feed,
            url,
            reason: "a test says so".into(),
        });
        update
    }

    /// The update that a poll would store which finds these items.
    pub fn poll_update_of(
        &self,
        site: &str,
        drafts: Vec<Draft>,
        metadata: FeedMetadata,
        private: bool,
    ) -> PollUpdate {
        let source = source_id(site);
        let record = self.read(|reader| reader.source_record(&source));
        let home = metadata.home_page_url.as_deref().or(record.home_page_url.as_deref());
        let (identity, policy, _) =
            entry_identity::identify_items(&drafts, record.key_policy, home);
        let arrival = if record.imported.is_some() { Arrival::Ordinary } else { Arrival::Import };
        let items = drafts
            .into_iter()
            .zip(identity)
            .map(|(draft, identity)| IncomingItem { draft, identity, arrival })
            .collect();
        let document = ParsedDocument {
            metadata,
            body_digest: None,
            key_policy: Some(policy),
            items,
            private: Some(private),
            ends_import: true,
        };
        let next = NextPoll {
            at: self.now(),
            reason: PollReason::Interval(HOUR),
            not_before: None,
            interval: HOUR,
        };
        PollUpdate {
            requested: Some(self.now()),
            attempt: Some(PollAttempt::unchanged(next)),
            document: Some(document),
            ..PollUpdate::of(self.configured_source(site), self.now(), self.window())
        }
    }
}
