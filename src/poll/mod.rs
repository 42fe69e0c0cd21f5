//! One source, top to bottom, and who is due (layer 3).
//!
//! - [`Poller::refresh`] is the page to read first: one attempt to poll one source, from what is
//!   remembered to what is stored. Every attempt ends in exactly one `store.apply`, failures and
//!   304 included; the next poll is the retry.
//! - `visit` asks and reads; `finding` finds out how a site can be followed; `listing` and `sites`
//!   follow one without a feed; `robots` asks what may be asked.
//! - `driver` picks who is due and keeps as many going as may go; `host_queue` does so for a round
//!   that ends.
//! - `shared_feeds` brings sources together that read one document.
//!
//! Deliberately absent: parsing, deciding and scheduling, which are pure and stand in layer 1; a
//! retry within a poll.

mod backfill;
mod discovery;
mod fetch_source;
mod host_queue;
mod inspect;
mod page_crawl;
mod page_metadata;
mod refresh;
mod report;
mod robots;
mod scheduler;
mod session;
mod shared_feeds;
mod sitemap_crawl;

use std::{path::PathBuf, sync::Arc, time::Duration};

use arc_swap::ArcSwap;

pub use host_queue::HostQueue;
pub use inspect::{InspectedEntry, Inspection};
pub use report::{PollReport, PollSummary};
pub use scheduler::{Heartbeat, PollScheduler};

use crate::{
    clock::Clock,
    fetch::Client,
    store::{Reader, Store, StoreError, WindowPolicy},
};
use feed_model::{Source, SourceId, Topic};
use topic_rules::Rules;

/// What polling needs to know of feeds.toml; replaced as a whole when that changes.
#[derive(Debug, Clone)]
pub struct PollSettings {
    /// The sources, in the order of feeds.toml.
    pub sources: Vec<Arc<Source>>,
    /// The rules of its topics.
    pub rules: Arc<Rules>,
    /// What the lessons are known by that taught the rules; `None`: they were not taught.
    pub training_key: Option<Vec<u8>>,
    /// The topics themselves.
    pub topics: Vec<Topic>,
    /// How large windows are.
    pub window: WindowPolicy,
    /// Requests at a time to one host.
    pub per_host: usize,
    /// Polls at a time in all.
    pub concurrency: usize,
    /// The folder of feeds.toml: credentials are looked for there.
    pub config_dir: PathBuf,
    /// `$CREDENTIALS_DIRECTORY`, where systemd puts them.
    pub credentials_dir: Option<PathBuf>,
    /// Pause between two pages of one site's back-catalogue.
    pub backfill_gap: Duration,
    /// Stories first published here longer ago are let go; `None`: never.
    pub retention: Option<Duration>,
}

impl PollSettings {
    /// A source by its id.
    pub fn source(&self, id: &SourceId) -> Option<Arc<Source>> {
        self.sources.iter().find(|s| s.id == *id).cloned()
    }
}

/// Everything that a poll works with: a cheap handle.
#[derive(Clone)]
pub struct Poller {
    /// The state.
    pub store: Store,
    /// What asks.
    pub client: Arc<ArcSwap<Client>>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What feeds.toml says.
    pub settings: Arc<ArcSwap<PollSettings>>,
    /// Who asks for which robots.txt.
    origin_locks: robots::OriginLocks,
}

impl std::fmt::Debug for Poller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Poller").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Poller {
    /// A poller over a state.
    pub fn new(
        store: Store,
        client: Client,
        clock: Arc<dyn Clock>,
        settings: PollSettings,
    ) -> Self {
        Self {
            store,
            client: Arc::new(ArcSwap::from_pointee(client)),
            clock,
            settings: Arc::new(ArcSwap::from_pointee(settings)),
            origin_locks: robots::OriginLocks::default(),
        }
    }

    /// How many changes were made by hand so far: labels, splits, stories forgotten. A daemon
    /// beside sees it move.
    pub async fn manual_edits(&self) -> Result<u64, StoreError> {
        self.read(|reader| reader.manual_edits()).await
    }

    /// Reads from the store on a thread that may block.
    pub(crate) async fn read<T, F>(&self, f: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let store = self.store.clone();
        blocking(move || store.read(f)).await
    }
}

/// Runs what may block where it may; its panic is its error.
pub(crate) async fn blocking<T: Send + 'static>(
    f: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(f).await {
        Ok(result) => result,
        Err(join_error) => Err(StoreError::Panicked(join_error.to_string())),
    }
}
