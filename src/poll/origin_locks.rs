//! Locks that keep concurrent polls from requesting the same robots.txt twice.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// One lock per origin whose robots.txt is being requested.
#[derive(Debug, Clone, Default)]
pub(super) struct OriginLocks(Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>>);

impl OriginLocks {
    /// Returns the lock of an origin. Locks that nobody holds are dropped.
    pub(super) fn get(&self, origin: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        locks.entry(origin.to_owned()).or_default().clone()
    }
}
