//! The `SQLite` database. No other module contains SQL.
//!
//! [`Store`] is a cheap handle. [`Store::read`] runs a closure with a consistent snapshot
//! ([`Reader`]). All other methods write, each in one transaction on the writer's thread. All
//! methods block; call them on a blocking thread.
//!
//! - An **entry** is an item of a source, unique by source and key. It is never deleted.
//! - A **story** groups the entries of all sources that have it. Its published id never changes.
//! - A removed story keeps its entries as **tombstones**, so that it does not return.
//! - The feed **window** of a topic is stored, so that documents depend only on stored state.
//! - A poll stores its changes as one [`PollUpdate`] with [`Store::apply`].
//!
//! `schema.sql` is the schema. Queries are in `read`, writes in `write`. The decisions are made by
//! `entry_identity` and `topic_rules`, whose functions are called within the transactions.

mod asynchronous;
mod backup;
mod classifier_input;
mod connection;
mod error;
mod inflections;
mod integrity;
mod lock;
mod migrate;
mod poll_update;
mod prepare;
#[cfg(test)]
mod query_plans;
mod read;
mod reader;
mod search_index;
mod search_query;
mod source_ref;
mod sql_values;
mod stale_log;
mod statements;
mod storage_fault;
mod story_topics;
mod window_policy;
mod write;
mod write_state;
mod writer;

pub use connection::{DATABASE, Store};
pub use error::StoreError;
pub use lock::DirectoryLock;
pub use poll_update::{
    Arrival, FeedMetadata, IncomingItem, ItemOutcome, ParsedDocument, PollAttempt, PollError,
    PollUpdate, SourceTarget, UpdateResult,
};
pub use read::{
    archives::{ArchiveDocument, ArchiveState},
    crawl_queue::{IndexedSitemap, KnownPage, PageState, QueuedPage, StoredRobots},
    deliveries::{
        Delivery, DeliveryState, DeliverySubject, HubRequest, Subscriber, SubscriptionChange,
    },
    digests::Digest,
    evaluation::Evaluations,
    instances::StoryDigests,
    queue_lengths::QueueLengths,
    search::SearchResults,
    source_events::{SourceEvent, SourceEventState},
    source_health::{ACTIVITY_DAYS, NOTHING_TO_FOLLOW, PublicSource},
    source_icons::DueIcon,
    sources::{DueSource, SharedFeedSource, SourceRecord},
    stories::{MonthCount, StoryQuery},
    training_data::{TermHits, TopicChange},
};
pub use reader::Reader;
pub use search_query::SearchQuery;
pub use storage_fault::{DatabaseError, StorageFault};
pub use window_policy::WindowPolicy;
pub use write::{
    archives::RenderedArchive,
    crawl_queue::PageChange,
    deliveries::{DeliveryResult, HubRequestResult},
    digests::IssuedDigest,
    instances::Instance,
    reclassify::ReclassifyProgress,
    subscriptions::{HubLink, HubOffer, Subscription, SubscriptionEvent},
};
