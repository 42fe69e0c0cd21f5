//! Outcomes of polls that could not be stored, because the disk is full or the database is locked.
//!
//! They wait in memory and are stored when writing works again. Their sources keep their intervals
//! meanwhile, so that no publisher is asked again for what could not be stored.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::TimeDelta;
use tracing::error;

use feed_model::{Draft, SourceId, Timestamp};

use super::{poller::Poller, report::PollReport};
use crate::{
    store::{PollUpdate, StoreError},
    telemetry,
};

/// The shortest time until a source is polled again whose outcome could not be stored.
const MIN_DELAY: TimeDelta = TimeDelta::seconds(60);

/// The most bytes of outcomes that wait. Further ones are dropped, and their documents are fetched
/// again at the next poll.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// The bytes that an item takes besides its texts, about.
const BYTES_PER_ITEM: usize = 1024;

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

    /// Returns whether an outcome of this source waits.
    pub(super) fn contains(&self, id: &SourceId) -> bool {
        self.lock().updates.iter().any(|update| update.source == *id)
    }

    /// Keeps an outcome, unless too many wait. It replaces an earlier one with the same document.
    fn keep(&self, update: Arc<PollUpdate>) {
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
    }

    fn first(&self) -> Option<Arc<PollUpdate>> {
        self.lock().updates.front().cloned()
    }

    /// Removes the first outcome, and lets its source be polled by its stored schedule.
    fn remove_first(&self) {
        let mut outcomes = self.lock();
        if let Some(update) = outcomes.updates.pop_front() {
            outcomes.bytes -= size(&update);
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
    let items = update.document.iter().flat_map(|document| &document.items);
    BYTES_PER_ITEM + items.map(|item| draft_size(&item.draft)).sum::<usize>()
}

impl Poller {
    /// Stores an update and reports its result. If it cannot be stored because of the disk or a
    /// lock, it waits in memory.
    pub(super) async fn apply_update(&self, update: PollUpdate) -> PollReport {
        let update = Arc::new(update);
        // The outcomes of a source are stored in their order.
        if let Some(fault) = self.store.write_fault()
            && self.unstored.contains(&update.source)
        {
            self.unstored.keep(update.clone());
            return unstored_report(&update, fault.to_string());
        }
        match self.store_update(update.clone()).await {
            Ok(report) => report,
            Err(error) => {
                if error.fault().is_some() {
                    self.unstored.keep(update.clone());
                    self.store.set_waiting_changes(self.unstored.first().is_some());
                }
                unstored_report(&update, telemetry::chain(&error))
            }
        }
    }

    async fn store_update(&self, update: Arc<PollUpdate>) -> Result<PollReport, StoreError> {
        let rules = self.settings.load().rules.clone();
        let (id, attempt) = (update.source.clone(), update.attempt.clone());
        let result = self.store.apply_async(update, rules).await?;
        Ok(PollReport::of_update(id, attempt.as_ref(), &result))
    }

    /// Stores the outcomes that wait, until one of them cannot be stored. Returns the reports of
    /// those that were stored.
    pub async fn store_waiting_outcomes(&self) -> Vec<PollReport> {
        let mut reports = Vec::new();
        while let Some(update) = self.unstored.first() {
            // Positions and dates are those of the storing, as in every poll.
            let now = self.clock.now();
            let update = Arc::new(PollUpdate { now, ..(*update).clone() });
            match self.store_update(update.clone()).await {
                Ok(report) => {
                    report.log();
                    reports.push(report);
                }
                Err(error) if error.fault().is_some() => return reports,
                Err(error) => {
                    let (id, error) = (&update.source, telemetry::chain(&error));
                    error!(source = id.as_str(), error, "cannot store a poll of {id}: {error}");
                }
            }
            self.unstored.remove_first();
        }
        self.store.set_waiting_changes(false);
        reports
    }
}

/// Returns the report of an update that could not be stored.
fn unstored_report(update: &PollUpdate, error: String) -> PollReport {
    PollReport {
        next_poll: update.attempt.as_ref().map(|attempt| attempt.next.at),
        ..PollReport::not_stored_because(update.source.clone(), error)
    }
}
