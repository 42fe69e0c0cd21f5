//! The changes of one poll, which [`Store::apply`](super::Store::apply) stores.

use rusqlite::Row;
use url::Url;

use entry_identity::{EntryIdentity, KeyPolicy};
use feed_model::{
    Draft, EntryId, FollowMode, FollowTarget, FollowWay, MovedAddress, PollOutcome, Problem,
    Reservation, Source, SourceId, StoryId, Timestamp, UpdateHints, Validators,
};

use super::{HubOffer, PageChange, WindowPolicy};
use crate::schedule::NextPoll;

/// How an entry arrives. It decides the position of the story that it creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// In an ordinary poll: the position is the time at which the story is stored.
    Ordinary,
    /// In the first import of a source: the position is the publisher's date.
    Import,
    /// In the backfill: the position is the publisher's date.
    Backfill,
}

impl Arrival {
    /// Returns the stored form.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Import => "import",
            Self::Backfill => "backfill",
        }
    }
}

/// An item of a document with its identity.
#[derive(Debug, Clone)]
pub struct IncomingItem {
    /// The parsed item.
    pub draft: Draft,
    /// What it is identified by.
    pub identity: EntryIdentity,
    /// How it arrives.
    pub arrival: Arrival,
}

/// The metadata of a feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedMetadata {
    /// Its title.
    pub title: Option<String>,
    /// The feed's own id.
    pub id: Option<String>,
    /// The address that the feed states as its own (`atom:link rel="self"`).
    pub feed_url: Option<String>,
    /// The home page of the publication.
    pub home_page_url: Option<String>,
    /// The copyright text.
    pub rights: Option<String>,
    /// The licence and the reservations of rights. `None` keeps what is stored.
    pub reservation: Option<Reservation>,
    /// The icon that the feed names.
    pub icon_url: Option<String>,
}

/// A parsed document.
#[derive(Debug, Clone)]
pub struct ParsedDocument {
    /// The metadata of the feed.
    pub metadata: FeedMetadata,
    /// The hash of its bytes. A document with the same bytes is not parsed again.
    pub body_digest: Option<[u8; 32]>,
    /// What the entries of the source are identified by; `None`: unchanged.
    pub key_policy: Option<KeyPolicy>,
    /// Its items, in its order.
    pub items: Vec<IncomingItem>,
    /// Whether the response had `Cache-Control: private`; `None`: unchanged.
    pub private: Option<bool>,
    /// Whether it completes the first import of the source.
    pub ends_import: bool,
}

/// The error of a failed poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollError {
    /// The class, which may be published: `timeout`, `http-503`.
    pub class: String,
    /// The message, for the operator only.
    pub text: String,
}

/// The result of an attempt to poll.
#[derive(Debug, Clone, PartialEq)]
pub struct PollAttempt {
    /// The outcome. [`PollOutcome::Changed`] follows only from the stored entries.
    pub outcome: PollOutcome,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The error; `None`: the attempt succeeded.
    pub error: Option<PollError>,
    /// The number of consecutive failures, including this attempt.
    pub failures: u32,
    /// The number of consecutive 429 and 503 responses, including this one.
    pub throttles: u32,
    /// When the first of the consecutive 410 responses was received.
    pub gone_since: Option<Timestamp>,
    /// Whether the source is gone.
    pub gone: bool,
    /// When it is polled next.
    pub next: NextPoll,
    /// The key of the limits of the host that responded; `None`: unchanged.
    pub host: Option<String>,
    /// Sources with the same feed, which are polled together with this one, so that one request
    /// serves them all.
    pub aligned_sources: Vec<SourceId>,
    /// The update hints of the document; `None`: unchanged.
    pub update_hints: Option<UpdateHints>,
    /// The target of permanent redirects, if there are any.
    pub moved: Option<MovedAddress>,
    /// The problems of the document; `None`: unchanged.
    pub problems: Option<Vec<Problem>>,
}

impl PollAttempt {
    /// Returns a successful attempt without changes.
    pub fn unchanged(next: NextPoll) -> Self {
        Self {
            outcome: PollOutcome::Unchanged,
            status: Some(200),
            error: None,
            failures: 0,
            throttles: 0,
            gone_since: None,
            gone: false,
            next,
            host: None,
            aligned_sources: Vec::new(),
            update_hints: None,
            moved: None,
            problems: None,
        }
    }
}

/// The address and follow mode of a source in feeds.toml. The update of a poll that was started
/// with another target is discarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceTarget {
    /// The address.
    pub url: String,
    /// The follow mode.
    pub follow_mode: FollowMode,
}

impl SourceTarget {
    /// Returns the target of a source.
    pub fn of(source: &Source) -> Self {
        Self { url: source.url.to_string(), follow_mode: source.follow_mode }
    }

    /// Reads the columns `url` and `follow`.
    pub(super) fn of_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let follow_mode = FollowMode::from_stored(&row.get::<_, String>("follow")?);
        Ok(Self { url: row.get("url")?, follow_mode: follow_mode.unwrap_or_default() })
    }
}

/// The changes of one poll, stored in one transaction. Failed polls and 304 responses have one too.
#[derive(Debug, Clone)]
pub struct PollUpdate {
    /// The polled source.
    pub source: SourceId,
    /// Its target when the poll started.
    pub target: SourceTarget,
    /// The current time.
    pub now: Timestamp,
    /// When the last request was made; `None`: there was none.
    pub requested: Option<Timestamp>,
    /// The result of the attempt; `None` for a backfill, which does not change the schedule.
    pub attempt: Option<PollAttempt>,
    /// The follow mode if it was discovered.
    pub followed: Option<FollowTarget>,
    /// The ways that discovery tried; `None`: there was no discovery.
    pub ways: Option<Vec<FollowWay>>,
    /// When the follow mode was discovered or reviewed.
    pub reviewed: Option<Timestamp>,
    /// New validators of URLs; empty ones delete the stored ones.
    pub validators: Vec<(Url, Validators)>,
    /// The parsed document; `None`: there was no new one.
    pub document: Option<ParsedDocument>,
    /// The hub that a new document of a feed names.
    pub hub: HubOffer,
    /// Changes of the pages of a site.
    pub pages: Vec<PageChange>,
    /// The size of feed windows.
    pub window: WindowPolicy,
}

impl PollUpdate {
    /// Returns an update of `source` without changes.
    pub fn of(source: &Source, now: Timestamp, window: WindowPolicy) -> Self {
        Self {
            source: source.id.clone(),
            target: SourceTarget::of(source),
            now,
            requested: None,
            attempt: None,
            followed: None,
            ways: None,
            reviewed: None,
            validators: Vec::new(),
            document: None,
            hub: HubOffer::Unknown,
            pages: Vec::new(),
            window,
        }
    }
}

/// The result of applying a [`PollUpdate`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpdateResult {
    /// The number of new entries.
    pub new_entries: u64,
    /// The number of changed entries.
    pub updated_entries: u64,
    /// The number of new stories.
    pub new_stories: u64,
    /// The number of entries that joined a story of another source.
    pub duplicates: u64,
    /// Whether published documents may change.
    pub visible: bool,
    /// Whether feeds.toml changed the source in the meantime, so that the update was discarded.
    pub config_changed: bool,
    /// What happened to each item, in the order of the document.
    pub items: Vec<ItemOutcome>,
}

/// What happened to an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemOutcome {
    /// Its entry; `None` for a duplicate in the document.
    pub entry: Option<EntryId>,
    /// The story of its entry.
    pub story: Option<StoryId>,
    /// Whether it is new, known or joined a story, with the reason.
    pub reason: String,
}
