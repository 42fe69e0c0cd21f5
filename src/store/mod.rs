//! SQLite: the only place with SQL. One writer, readers beside it (layer 2).
//!
//! [`Store`] is a cheap handle: [`Store::read`] runs a closure over one consistent snapshot, the other methods write, each
//! in one transaction. Every method blocks: call them from a blocking thread.

use std::path::Path;

use crate::model::{SourceId, SourceState, Story, StoryId, Timestamp, TopicId, TopicState};

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Placeholder.
    #[error("placeholder")]
    Placeholder,
}

/// Which stories are asked for.
#[derive(Debug, Clone, Default)]
pub struct StoryQuery {
    /// In this topic.
    pub topic: Option<TopicId>,
    /// With an entry of this source.
    pub source: Option<SourceId>,
    /// At most so many; `None`: all.
    pub limit: Option<usize>,
    /// So many are passed over first.
    pub offset: usize,
    /// Only stories that absorbed an entry of another source.
    pub duplicates: bool,
    /// Only stories with a person's label.
    pub labelled: bool,
    /// Only stories in no topic.
    pub unsorted: bool,
    /// Only stories that may be published.
    pub public_only: bool,
    /// Only stories of this year and month (of `first_published`).
    pub month: Option<(i32, u32)>,
}

/// The state in one directory.
#[derive(Debug, Clone)]
pub struct Store {}

/// One consistent snapshot of the state.
#[derive(Debug)]
pub struct Reader<'c> {
    _conn: &'c (),
}

impl Store {
    /// A store in memory, for a dry run or a test.
    pub fn in_memory() -> Result<Self, StoreError> {
        todo!()
    }

    /// Opens the state in a directory.
    pub fn open(_dir: &Path) -> Result<Self, StoreError> {
        todo!()
    }

    /// Runs `f` over one consistent snapshot.
    pub fn read<T>(&self, _f: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        todo!()
    }

    /// The moment that document `path` carries as its change time: the one stored while `digest` (of its bytes without
    /// that moment) stays the same, else `now` (whole seconds, and later than the one before), stored from now on.
    pub fn settle_document(&self, _path: &str, _digest: [u8; 32], _now: Timestamp) -> Result<Timestamp, StoreError> {
        todo!()
    }

    /// The `tag:` URI that our feed ids begin with, minted at the first start: `tag:….invalid,2026:topics`.
    pub fn minted_feed_id(&self, _now: Timestamp) -> Result<String, StoreError> {
        todo!()
    }
}

impl Reader<'_> {
    /// Stories, newest position first.
    pub fn stories(&self, _query: &StoryQuery) -> Result<Vec<Story>, StoreError> {
        todo!()
    }

    /// How many stories a query finds, whatever its limit and offset.
    pub fn count_stories(&self, _query: &StoryQuery) -> Result<u64, StoreError> {
        todo!()
    }

    /// One story.
    pub fn story(&self, _id: StoryId) -> Result<Option<Story>, StoreError> {
        todo!()
    }

    /// The story that an id or a link names.
    pub fn find_story(&self, _id_or_link: &str) -> Result<Option<StoryId>, StoreError> {
        todo!()
    }

    /// The public stories in the windows of the topics (their union, each once), newest position first, at most `limit`
    /// plus those that `keep_within` keeps.
    pub fn window(&self, _topics: &[TopicId], _limit: usize) -> Result<Vec<Story>, StoreError> {
        todo!()
    }

    /// Every topic of feeds.toml, in its order, `all` not included.
    pub fn topics(&self) -> Result<Vec<TopicState>, StoreError> {
        todo!()
    }

    /// Public stories per (year, month), newest month first; of one topic, or of all.
    pub fn months(&self, _topic: Option<&TopicId>) -> Result<Vec<((i32, u32), u64)>, StoreError> {
        todo!()
    }

    /// Every source of feeds.toml, in its order.
    pub fn sources(&self) -> Result<Vec<SourceState>, StoreError> {
        todo!()
    }

    /// The ids of topics that were in feeds.toml once and are not any more.
    pub fn retired_topics(&self) -> Result<Vec<TopicId>, StoreError> {
        todo!()
    }
}
