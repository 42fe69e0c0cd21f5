//! A dry run of one poll: everything that it would do, each step with its reason; nothing is
//! stored.
//!
//! It is the poll itself, carried out on a store in memory.

use super::{Poller, blocking, refresh::FeedDetails, robots};
use crate::{
    fetch::{self, Hop},
    store::{IncomingItem, Store, StoreError},
};
use feed_model::{Encoding, FollowMode, Headers, Problem, Repair, Source, Timestamp};

/// One item, as the dry run found it.
#[derive(Debug)]
pub struct InspectedEntry {
    /// The item with what it is known by.
    pub item: IncomingItem,
    /// The topics that its story would be in.
    pub topics: Vec<String>,
    /// What would become of it, in words.
    pub reason: String,
}

/// What one poll of a source would do.
#[derive(Debug)]
pub struct Inspection {
    /// The address as it was given.
    pub url: String,
    /// Where the answer came from.
    pub final_url: Option<String>,
    /// How the source is followed; `auto`: no way was found.
    pub follow_mode: FollowMode,
    /// The address that a poll would ask from then on.
    pub polled_url: Option<String>,
    /// Why so.
    pub follow_reason: Option<String>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The redirects on the way.
    pub redirects: Vec<Hop>,
    /// What was sent, secrets left out.
    pub request_headers: Headers,
    /// What came.
    pub response_headers: Headers,
    /// The encoding that it was read in.
    pub encoding: Option<Encoding>,
    /// The form that it was read as.
    pub format: Option<&'static str>,
    /// What was repaired.
    pub repairs: Vec<Repair>,
    /// What was odd.
    pub problems: Vec<Problem>,
    /// What went wrong, where it failed.
    pub error: Option<String>,
    /// The publication's title.
    pub title: Option<String>,
    /// Its page.
    pub link: Option<String>,
    /// When it says that it changed.
    pub updated: Option<Timestamp>,
    /// Its items, in the document's order.
    pub entries: Vec<InspectedEntry>,
    /// When it would be asked next.
    pub next_poll: Timestamp,
    /// Why then.
    pub next_poll_reason: String,
}

impl Poller {
    /// Polls a source once and stores nothing.
    pub async fn inspect(&self, source: &Source) -> Result<Inspection, StoreError> {
        let settings = self.settings.load_full();
        let (given, topics, window, now) =
            (source.clone(), settings.topics.clone(), settings.window, self.clock.now());
        let store = blocking(move || {
            let store = Store::in_memory()?;
            let host = fetch::host_key(&given.url);
            store.sync_config(&[(given, host)], &topics, window, now)?;
            Ok(store)
        })
        .await?;
        // Its robots.txt is asked for by itself: who waits for the answer reads it from the store,
        // and this is another.
        let dry_run_poller =
            Self { store, origin_locks: robots::OriginLocks::default(), ..self.clone() };
        let (poll_update, mut inspection) = dry_run_poller
            .fetch_and_plan(source, |fetched| Inspection {
                url: source.url.to_string(),
                final_url: fetched.trace.final_url.as_ref().map(ToString::to_string),
                follow_mode: fetched.follow_mode,
                polled_url: fetched.followed.as_ref().map(|f| f.url.to_string()),
                follow_reason: fetched.followed.as_ref().map(|f| f.reason.clone()),
                status: fetched.status,
                redirects: fetched.trace.hops.clone(),
                request_headers: fetched.trace.request_headers.clone(),
                response_headers: fetched.trace.headers.clone(),
                encoding: fetched
                    .feed_details
                    .as_ref()
                    .and_then(|r: &FeedDetails| r.encoding.clone()),
                format: fetched.feed_details.as_ref().map(|r| r.format.as_str()),
                repairs: fetched
                    .feed_details
                    .as_ref()
                    .map(|r| r.repairs.clone())
                    .unwrap_or_default(),
                problems: Vec::new(),
                error: fetched.error.as_ref().map(|e| e.text.clone()),
                title: fetched.metadata.title.clone(),
                link: fetched.metadata.home_page_url.clone(),
                updated: fetched.feed_details.as_ref().and_then(|r| r.updated),
                entries: Vec::new(),
                next_poll: now,
                next_poll_reason: String::new(),
            })
            .await?;
        if let Some(attempt) = &poll_update.attempt {
            inspection.problems = attempt.problems.clone().unwrap_or_default();
            inspection.next_poll = attempt.next.at;
            inspection.next_poll_reason = attempt.next.reason.to_string();
        }
        let items = poll_update
            .document
            .as_ref()
            .map(|document| document.items.clone())
            .unwrap_or_default();
        let (store, rules) = (dry_run_poller.store.clone(), settings.rules.clone());
        let applied = blocking(move || store.apply(poll_update, rules)).await?;
        inspection.entries = items
            .into_iter()
            .zip(applied.items)
            .map(|(item, outcome)| InspectedEntry {
                item,
                topics: outcome.topics,
                reason: outcome.reason,
            })
            .collect();
        Ok(inspection)
    }
}
