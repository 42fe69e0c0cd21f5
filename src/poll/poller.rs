//! The resources that every poll uses.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::{
    document_memory::DocumentMemory, origin_locks::OriginLocks, settings::PollSettings,
    unstored::UnstoredOutcomes,
};
use crate::{clock::Clock, fetch::Client, store::Store};

/// The resources that every poll uses. Cloning it is cheap.
#[derive(Clone)]
pub struct Poller {
    /// The store.
    pub store: Store,
    /// The HTTP client.
    pub client: Arc<ArcSwap<Client>>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The settings from feeds.toml.
    pub settings: Arc<ArcSwap<PollSettings>>,
    /// Requests for robots.txt files in progress.
    pub(super) origin_locks: OriginLocks,
    /// Outcomes that could not be stored.
    pub(super) unstored: UnstoredOutcomes,
    /// Limits the documents in memory.
    pub(super) document_memory: DocumentMemory,
    /// Whether discovery tries every way to follow a site, even after one was found.
    pub(super) surveys: bool,
}

impl std::fmt::Debug for Poller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Poller").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Poller {
    /// Creates a poller.
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
            origin_locks: OriginLocks::default(),
            unstored: UnstoredOutcomes::default(),
            document_memory: DocumentMemory::default(),
            surveys: false,
        }
    }

    /// Returns the number of outcomes that wait in memory because they cannot be stored.
    pub fn unstored_outcomes(&self) -> u64 {
        self.unstored.len()
    }

    /// Returns the same poller with another store. Locks are not shared: a task that waits for a
    /// robots.txt reads it from its own store.
    pub(super) fn with_store(&self, store: Store) -> Self {
        let (origin_locks, unstored) = (OriginLocks::default(), UnstoredOutcomes::default());
        Self { store, origin_locks, unstored, ..self.clone() }
    }
}
