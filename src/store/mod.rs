//! `SQLite`: the only place with SQL (layer 2).
//!
//! [`Store`] is a cheap handle. [`Store::read`] runs a closure over one consistent snapshot
//! ([`Reader`]); every other method writes, each in one transaction on the one writer's thread.
//! Every method blocks: call them from a blocking thread.
//!
//! What is kept, in one sentence each:
//! - an **entry** is one item as one source gave it, unique by (source, key), and never deleted;
//! - a **story** groups the entries of every source that carries it; its published id and position
//!   never change;
//! - a story that is forgotten or expires leaves its entries as **tombstones**, so that nothing
//!   returns;
//! - the **window** of a topic is stored, so that a document depends on the stored state alone and
//!   on no clock;
//! - every attempt to poll is one [`PollUpdate`], carried out by [`Store::apply`] in one
//!   transaction.
//!
//! Decisions are not made here: `identity` and `topic` decide, as pure functions that are called
//! inside the transaction.

mod apply;
mod archives;
mod asynchronous;
mod classification;
mod connection;
mod crawl_queue;
mod documents;
mod entries;
mod error;
mod feed_window;
mod host_backoff;
mod instances;
mod labels;
mod lock;
mod maintenance;
mod migrate;
mod poll_update;
#[cfg(test)]
mod query_plans;
mod reader;
mod representative;
mod search;
mod source_health;
mod source_ref;
mod sources;
mod sql_values;
mod stories;
mod training_data;

pub use archives::{ArchiveDocument, ArchiveState, RenderedArchive};
pub use connection::{DATABASE, Store};
pub use crawl_queue::{IndexedSitemap, KnownPage, PageChange, PageState, QueuedPage, StoredRobots};
pub use error::StoreError;
pub use feed_window::WindowPolicy;
pub use instances::Instance;
pub use lock::DirectoryLock;
pub use maintenance::ReclassifyProgress;
pub use poll_update::{
    Arrival, FeedMetadata, IncomingItem, ItemOutcome, ParsedDocument, PollAttempt, PollError,
    PollUpdate, SourceTarget, UpdateResult,
};
pub use reader::{MonthCount, Reader, StoryQuery};
pub use search::{SearchQuery, SearchResults};
pub use source_health::ACTIVITY_DAYS;
pub use sources::{DueSource, SharedFeedSource, SourceRecord};
pub use training_data::TopicChange;
