//! `SQLite`: the only place with SQL (layer 2).
//!
//! [`Store`] is a cheap handle. [`Store::read`] runs a closure over one consistent snapshot ([`Reader`]); every other method
//! writes, each in one transaction on the one writer's thread. Every method blocks: call them from a blocking thread.
//!
//! What is kept, in one sentence each:
//! - an **entry** is one item as one source gave it, unique by (source, key), and never deleted;
//! - a **story** groups the entries of every source that carries it; its published id and position never change;
//! - a story that is forgotten or expires leaves its entries as **tombstones**, so that nothing returns;
//! - the **window** of a topic is stored, so that a document depends on the stored state alone and on no clock;
//! - every attempt to poll is one [`Plan`], carried out by [`Store::apply`] in one transaction.
//!
//! Decisions are not made here: `identity` and `topic` decide, as pure functions that are called inside the transaction.

mod apply;
mod archives;
mod connection;
mod documents;
mod entries;
mod error;
mod health;
mod holds;
mod instances;
mod labels;
mod lessons;
mod lock;
mod membership;
mod migrate;
mod pages;
mod plan;
#[cfg(test)]
mod queries;
mod read;
mod reference;
mod rows;
mod search;
mod shown;
mod sources;
mod stories;
mod upkeep;
mod windows;

pub use archives::{ArchiveDocument, ArchiveState, DrawnArchive};
pub use connection::{DATABASE, Store};
pub use error::StoreError;
pub use health::ACTIVITY_DAYS;
pub use instances::Instance;
pub use lessons::TopicChange;
pub use lock::DirectoryLock;
pub use pages::{KnownPage, PageChange, PageState, QueuedPage, SitemapPart, StoredRobots};
pub use plan::{Applied, Arrival, Asked, Attempt, Facts, Item, ItemOutcome, NextPoll, Plan, PollError, ReadDocument};
pub use read::{MonthCount, Reader, StoryQuery};
pub use search::{Found, SearchQuery};
pub use sources::{Due, FellowReader, SourceMemory};
pub use upkeep::Sorting;
pub use windows::WindowPolicy;
