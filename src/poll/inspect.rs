//! A dry run of one poll: everything that it would do, each step with its reason; nothing is stored.
//!
//! It is the poll itself, carried out on a store in memory.

use super::{Poller, blocking, refresh::Reading, robots};
use crate::{
    fetch::{self, Hop},
    store::{Item, Store, StoreError},
};
use feed_model::{Encoding, Follow, Headers, Problem, Repair, Source, Timestamp};

/// One item, as the dry run found it.
#[derive(Debug)]
pub struct InspectedEntry {
    /// The item with what it is known by.
    pub item: Item,
    /// The topics that its story would be in.
    pub topics: Vec<String>,
    /// What would become of it, in words.
    pub because: String,
}

/// What one poll of a source would do.
#[derive(Debug)]
pub struct Inspection {
    /// The address as it was given.
    pub url: String,
    /// Where the answer came from.
    pub final_url: Option<String>,
    /// How the source is followed; `auto`: no way was found.
    pub follow: Follow,
    /// The address that a poll would ask from then on.
    pub polled_url: Option<String>,
    /// Why so.
    pub follow_because: Option<String>,
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
    pub next_poll_because: String,
}

impl Poller {
    /// Polls a source once and stores nothing.
    pub async fn inspect(&self, source: &Source) -> Result<Inspection, StoreError> {
        let settings = self.settings.load_full();
        let (given, topics, window, now) = (source.clone(), settings.topics.clone(), settings.window, self.clock.now());
        let store = blocking(move || {
            let store = Store::in_memory()?;
            let host = fetch::host_key(&given.url);
            store.take_over(&[(given, host)], &topics, window, now)?;
            Ok(store)
        })
        .await?;
        // Its robots.txt is asked for by itself: who waits for the answer reads it from the store, and this is another.
        let rehearsal = Self { store, turns: robots::Turns::default(), ..self.clone() };
        let (plan, mut inspection) = rehearsal
            .look(source, |visit| Inspection {
                url: source.url.to_string(),
                final_url: visit.trace.final_url.as_ref().map(ToString::to_string),
                follow: visit.way,
                polled_url: visit.followed.as_ref().map(|f| f.url.to_string()),
                follow_because: visit.followed.as_ref().map(|f| f.because.clone()),
                status: visit.status,
                redirects: visit.trace.hops.clone(),
                request_headers: visit.trace.request_headers.clone(),
                response_headers: visit.trace.headers.clone(),
                encoding: visit.reading.as_ref().and_then(|r: &Reading| r.encoding.clone()),
                format: visit.reading.as_ref().map(|r| r.format.as_str()),
                repairs: visit.reading.as_ref().map(|r| r.repairs.clone()).unwrap_or_default(),
                problems: Vec::new(),
                error: visit.error.as_ref().map(|e| e.text.clone()),
                title: visit.facts.title.clone(),
                link: visit.facts.home_page_url.clone(),
                updated: visit.reading.as_ref().and_then(|r| r.updated),
                entries: Vec::new(),
                next_poll: now,
                next_poll_because: String::new(),
            })
            .await?;
        if let Some(attempt) = &plan.attempt {
            inspection.problems = attempt.problems.clone().unwrap_or_default();
            inspection.next_poll = attempt.next.at;
            inspection.next_poll_because.clone_from(&attempt.next.because);
        }
        let items = plan.document.as_ref().map(|document| document.items.clone()).unwrap_or_default();
        let (store, rules) = (rehearsal.store.clone(), settings.rules.clone());
        let applied = blocking(move || store.apply(plan, rules)).await?;
        inspection.entries = items
            .into_iter()
            .zip(applied.items)
            .map(|(item, outcome)| InspectedEntry { item, topics: outcome.topics, because: outcome.because })
            .collect();
        Ok(inspection)
    }
}
