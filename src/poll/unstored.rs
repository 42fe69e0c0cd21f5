//! Outcomes of polls that could not be stored, because the disk is full or the database is locked.
//!
//! They wait in memory and are stored when writing works again. Their sources keep their intervals
//! meanwhile, so that no publisher is asked again for what could not be stored.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::TimeDelta;
use tracing::{Instrument as _, error, info_span};

use feed_model::{Draft, SourceId, Timestamp};

use super::{poller::Poller, report::PollReport};
use crate::{
    store::{PageChange, PollUpdate, StorageFault, Store, StoreError},
    telemetry,
};

/// The shortest time until a source is polled again whose outcome could not be stored.
const MIN_DELAY: TimeDelta = TimeDelta::seconds(60);

/// The most bytes of outcomes that wait. Further ones are dropped, and their documents are fetched
/// again at the next poll.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// The bytes that an item takes besides its texts, about.
const BYTES_PER_ITEM: usize = 1024;

/// The bytes that a change of a page takes besides its metadata, about.
const BYTES_PER_PAGE: usize = 256;

/// The outcomes that could not be stored, and when their sources may be polled again. Clones share
/// them.
#[derive(Clone, Default)]
pub(super) struct UnstoredOutcomes(Arc<Mutex<Outcomes>>);

#[derive(Default)]
struct Outcomes {
    /// In the order in which they have to be stored.
    updates: VecDeque<Arc<PollUpdate>>,
    bytes: usize,
    not_before: HashMap<SourceId, Timestamp>,
}

impl UnstoredOutcomes {
    /// Returns the sources that may not be polled yet.
    pub(super) fn deferred_sources(&self, now: Timestamp) -> Vec<SourceId> {
        let mut outcomes = self.lock();
        outcomes.not_before.retain(|_, until| *until > now);
        outcomes.not_before.keys().cloned().collect()
    }

    /// Lets a source wait until `next`, the time of its next poll that could not be stored.
    pub(super) fn defer(&self, id: &SourceId, next: Option<Timestamp>, now: Timestamp) {
        let until = next.unwrap_or(now).max(now + MIN_DELAY);
        self.lock().not_before.insert(id.clone(), until);
    }

    /// Returns the number of outcomes that wait.
    pub(super) fn len(&self) -> u64 {
        self.lock().updates.len() as u64
    }

    /// Returns whether an outcome of this source waits.
    pub(super) fn contains(&self, id: &SourceId) -> bool {
        self.lock().updates.iter().any(|update| update.source == *id)
    }

    /// Keeps an outcome, unless too many wait. It replaces an earlier one with the same document.
    /// The fault of the store does not end while one waits.
    fn keep(&self, update: Arc<PollUpdate>, store: &Store, fault: StorageFault) {
        let mut outcomes = self.lock();
        let digest = digest(&update);
        if digest.is_some()
            && let Some(same) = outcomes
                .updates
                .iter()
                .position(|other| other.source == update.source && self::digest(other) == digest)
            && let Some(same) = outcomes.updates.remove(same)
        {
            outcomes.bytes -= size(&same);
        }
        let size = size(&update);
        if outcomes.bytes + size <= MAX_BYTES {
            outcomes.bytes += size;
            outcomes.updates.push_back(update);
        }
        if !outcomes.updates.is_empty() {
            store.hold_write_fault(fault);
        }
    }

    /// Returns the outcome that is to be stored next. If none waits, the fault of the store ends.
    fn first(&self, store: &Store) -> Option<Arc<PollUpdate>> {
        let outcomes = self.lock();
        let first = outcomes.updates.front().cloned();
        if first.is_none() {
            store.release_write_fault();
        }
        first
    }

    /// Removes an outcome, unless a later one replaced it meanwhile. Lets its source be polled by
    /// its stored schedule if no other outcome of it waits.
    fn remove(&self, update: &Arc<PollUpdate>) {
        let mut outcomes = self.lock();
        let place = outcomes.updates.iter().position(|other| Arc::ptr_eq(other, update));
        if let Some(place) = place {
            outcomes.updates.remove(place);
            outcomes.bytes -= size(update);
        }
        if !outcomes.updates.iter().any(|other| other.source == update.source) {
            outcomes.not_before.remove(&update.source);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Outcomes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn digest(update: &PollUpdate) -> Option<[u8; 32]> {
    update.document.as_ref().and_then(|document| document.body_digest)
}

/// Returns the bytes that an outcome takes, about.
fn size(update: &PollUpdate) -> usize {
    let html = |html: &Option<feed_model::SafeHtml>| html.as_ref().map_or(0, |h| h.as_str().len());
    let draft_size = |draft: &Draft| html(&draft.content) + html(&draft.summary) + BYTES_PER_ITEM;
    let page_size = |page: &PageChange| {
        let metadata = match page {
            PageChange::Discovered { metadata, .. } | PageChange::Fetched { metadata, .. } => {
                metadata.as_ref().map_or(0, String::len)
            }
            _ => 0,
        };
        BYTES_PER_PAGE + metadata
    };
    let items = update.document.iter().flat_map(|document| &document.items);
    BYTES_PER_ITEM
        + items.map(|item| draft_size(&item.draft)).sum::<usize>()
        + update.pages.iter().map(page_size).sum::<usize>()
}

impl Poller {
    /// Stores an update and reports its result. If it cannot be stored because of the disk or a
    /// lock, it waits in memory.
    pub(super) async fn apply_update(&self, update: PollUpdate) -> PollReport {
        let update = Arc::new(update);
        // The outcomes of a source are stored in their order.
        if self.unstored.contains(&update.source)
            && let Some(fault) = self.store.write_fault()
        {
            self.unstored.keep(update.clone(), &self.store, fault);
            return unstored_report(&update, fault.to_string());
        }
        match self.store_update(update.clone()).await {
            Ok(report) => report,
            Err(error) => {
                if let Some(fault) = error.fault() {
                    self.unstored.keep(update.clone(), &self.store, fault);
                }
                unstored_report(&update, telemetry::chain(&error))
            }
        }
    }

    async fn store_update(&self, update: Arc<PollUpdate>) -> Result<PollReport, StoreError> {
        let rules = self.settings.load().rules.clone();
        let (id, attempt) = (update.source.clone(), update.attempt.clone());
        let storing = self.store.apply_async(update, rules).instrument(info_span!("store"));
        let result = storing.await?;
        Ok(PollReport::of_update(id, attempt.as_ref(), &result))
    }

    /// Stores the outcomes that wait, until one of them cannot be stored. Returns whether any was
    /// stored.
    pub async fn store_waiting_outcomes(&self) -> bool {
        let mut is_any_stored = false;
        while let Some(update) = self.unstored.first(&self.store) {
            // Positions and dates are those of the storing, as in every poll.
            let now = self.clock.now();
            let current = Arc::new(PollUpdate { now, ..(*update).clone() });
            match self.store_update(current).await {
                Ok(report) => {
                    report.log();
                    is_any_stored = true;
                }
                Err(error) if error.fault().is_some() => return is_any_stored,
                Err(error) => {
                    let (id, error) = (&update.source, telemetry::chain(&error));
                    error!(source = id.as_str(), error, "cannot store a poll of {id}: {error}");
                }
            }
            self.unstored.remove(&update);
        }
        is_any_stored
    }
}

/// Returns the report of an update that could not be stored.
fn unstored_report(update: &PollUpdate, error: String) -> PollReport {
    PollReport {
        next_poll: update.attempt.as_ref().map(|attempt| attempt.next.at),
        ..PollReport::not_stored_because(update.source.clone(), error)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use feed_model::FollowMode;

    use super::*;
    use crate::store::{FeedMetadata, ParsedDocument, SourceTarget, WindowPolicy};

    fn now() -> Timestamp {
        "2026-03-01T00:00:00Z".parse().unwrap()
    }

    /// An outcome of a source, with a document unless `digest` is `None`.
    fn outcome(source: &str, digest: Option<u8>) -> Arc<PollUpdate> {
        let document = digest.map(|digest| ParsedDocument {
            metadata: FeedMetadata::default(),
            body_digest: Some([digest; 32]),
            key_policy: None,
            items: Vec::new(),
            private: None,
            ends_import: false,
        });
        Arc::new(PollUpdate {
            source: SourceId::new(source).unwrap(),
            target: SourceTarget { url: String::new(), follow_mode: FollowMode::Auto },
            now: now(),
            requested: None,
            hub: crate::store::HubOffer::Unknown,
            attempt: None,
            followed: None,
            ways: None,
            reviewed: None,
            validators: Vec::new(),
            document,
            pages: Vec::new(),
            window: WindowPolicy { max_entries: 1, keep_within: Duration::ZERO },
        })
    }

    fn keep(outcomes: &UnstoredOutcomes, store: &Store, update: &Arc<PollUpdate>) {
        outcomes.keep(update.clone(), store, StorageFault::Full);
    }

    #[test]
    fn an_outcome_that_is_replaced_while_it_is_stored_takes_no_other_with_it() {
        let (outcomes, store) = (UnstoredOutcomes::default(), Store::in_memory().unwrap());
        keep(&outcomes, &store, &outcome("a", Some(1)));
        keep(&outcomes, &store, &outcome("b", Some(1)));
        let stored = outcomes.first(&store).unwrap();
        let replacement = outcome("a", Some(1));
        keep(&outcomes, &store, &replacement);
        outcomes.defer(&replacement.source, None, now());
        outcomes.remove(&stored);
        let b = outcomes.first(&store).unwrap();
        assert_eq!(b.source.as_str(), "b");
        assert!(outcomes.contains(&replacement.source));
        assert_eq!(outcomes.deferred_sources(now()).len(), 1);
        outcomes.remove(&b);
        outcomes.remove(&replacement);
        assert!(outcomes.first(&store).is_none());
        assert_eq!(outcomes.deferred_sources(now()), []);
        assert_eq!(outcomes.lock().bytes, 0);
    }

    #[test]
    fn the_fault_of_the_store_lasts_until_no_outcome_waits() {
        let (outcomes, store) = (UnstoredOutcomes::default(), Store::in_memory().unwrap());
        let a = outcome("a", None);
        // Another write has succeeded since this one failed.
        assert_eq!(store.write_fault(), None);
        keep(&outcomes, &store, &a);
        assert_eq!(store.write_fault(), Some(StorageFault::Full));
        store.probe_write().unwrap();
        assert_eq!(store.write_fault(), Some(StorageFault::Full));
        outcomes.remove(&a);
        assert!(outcomes.first(&store).is_none());
        assert_eq!(store.write_fault(), None);
    }

    #[test]
    fn outcomes_that_take_too_much_memory_are_dropped() {
        let (outcomes, store) = (UnstoredOutcomes::default(), Store::in_memory().unwrap());
        let mut large = (*outcome("a", None)).clone();
        large.pages = vec![PageChange::Fetched {
            url: "https://a.example/".parse().unwrap(),
            metadata: Some("x".repeat(MAX_BYTES)),
        }];
        keep(&outcomes, &store, &Arc::new(large));
        assert!(outcomes.first(&store).is_none());
        assert_eq!(store.write_fault(), None);
    }
}
