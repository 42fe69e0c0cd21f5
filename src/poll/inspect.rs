//! A dry run of one poll: what it would do, with the reasons. Nothing is stored.
//!
//! It is an ordinary poll with a store in memory.

use std::sync::Arc;

use feed_model::{
    Encoding, FollowMode, FollowWay, Headers, PageSelectors, Problem, Repair, Source, Timestamp,
};
use site_discovery::Page;

use super::{
    fetched::{FetchedSource, PollFailure},
    poller::Poller,
    robots,
    session::{FetchOutcome, FetchSession},
};
use crate::{
    fetch::{self, Accept, Hop},
    store::{IncomingItem, Store, StoreError},
    telemetry,
};

/// One item of the inspected document.
#[derive(Debug)]
pub struct InspectedEntry {
    /// The item with its identity.
    pub item: IncomingItem,
    /// The topics that its story would be in.
    pub topics: Vec<String>,
    /// What a poll would do with it, in words.
    pub reason: String,
}

/// What one poll of a source would do.
#[derive(Debug)]
pub struct Inspection {
    /// The requested URL.
    pub url: String,
    /// The URL that answered.
    pub final_url: Option<String>,
    /// How the source is followed; `auto` if no way was found.
    pub follow_mode: FollowMode,
    /// The URL that would be polled from then on.
    pub polled_url: Option<String>,
    /// Why this URL is polled.
    pub follow_reason: Option<String>,
    /// What each way to follow a site would bring; empty for a feed.
    pub ways: Vec<FollowWay>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The redirects.
    pub redirects: Vec<Hop>,
    /// The request headers, without secrets.
    pub request_headers: Headers,
    /// The response headers.
    pub response_headers: Headers,
    /// The character encoding.
    pub encoding: Option<Encoding>,
    /// The format of the document.
    pub format: Option<&'static str>,
    /// The repairs of the document.
    pub repairs: Vec<Repair>,
    /// The problems in the document.
    pub problems: Vec<Problem>,
    /// The error, if the poll failed.
    pub error: Option<String>,
    /// The publication's title.
    pub title: Option<String>,
    /// The publication's home page.
    pub link: Option<String>,
    /// When the feed says that it was updated.
    pub updated: Option<Timestamp>,
    /// The items, in the document's order.
    pub entries: Vec<InspectedEntry>,
    /// The time of the next poll.
    pub next_poll: Timestamp,
    /// The reason for this time.
    pub next_poll_reason: String,
}

impl Poller {
    /// Polls a source once and stores nothing.
    pub async fn inspect(&self, source: &Source) -> Result<Inspection, StoreError> {
        let poller = Self { surveys: true, ..self.with_store_in_memory(source).await? };
        let record = poller.load_record(source).await?;
        let (fetched, session) = poller.fetch(source, &record).await?;
        let mut inspection = describe(source, &fetched, self.clock.now());
        inspection.ways.clone_from(&session.ways);
        let update = poller.plan_update(source, &record, fetched, session).await?;
        if let Some(attempt) = &update.attempt {
            inspection.problems = attempt.problems.clone().unwrap_or_default();
            inspection.next_poll = attempt.next.at;
            inspection.next_poll_reason = attempt.next.reason.to_string();
        }
        let items =
            update.document.as_ref().map(|document| document.items.clone()).unwrap_or_default();
        let rules = self.settings.load().rules.clone();
        let result = poller.store.apply_async(Arc::new(update), rules).await?;
        let stories: Vec<_> = result.items.iter().map(|outcome| outcome.story).collect();
        let topics = poller
            .store
            .read_async(move |reader| {
                let topics =
                    |story: &Option<_>| story.map_or(Ok(vec![]), |id| reader.topics_of(id));
                stories.iter().map(topics).collect::<Result<Vec<_>, _>>()
            })
            .await?;
        inspection.entries = items
            .into_iter()
            .zip(result.items.into_iter().zip(topics))
            .map(|(item, (outcome, topics))| InspectedEntry {
                item,
                topics,
                reason: outcome.reason,
            })
            .collect();
        Ok(inspection)
    }

    /// Returns a poller with a store in memory that knows only this source.
    async fn with_store_in_memory(&self, source: &Source) -> Result<Self, StoreError> {
        let settings = self.settings.load_full();
        let (topics, window, now) = (settings.topics.clone(), settings.window, self.clock.now());
        let store = Store::in_memory()?;
        let configured = (source.clone(), fetch::host_key(&source.url));
        store
            .run_blocking(move |store| store.sync_config(&[configured], &topics, window, now))
            .await?;
        Ok(self.with_store(store))
    }

    /// Returns the selectors that find the item with this title on the source's page, and the items
    /// like it. The inner error says why the page was not read.
    pub async fn suggest_selectors(
        &self,
        source: &Source,
        title: &str,
    ) -> Result<Result<Option<PageSelectors>, String>, StoreError> {
        let poller = self.with_store_in_memory(source).await?;
        let record = poller.load_record(source).await?;
        let mut session = match FetchSession::new(&poller, source, &record) {
            Ok(session) => session,
            Err(error) => return Ok(Err(telemetry::chain(&error))),
        };
        let url = &source.url;
        if let Err(why) =
            robots::permission_for_configured(&mut session, url).await?.allows_explicit(url)
        {
            return Ok(Err(why));
        }
        let response = match session.fetch(url, Accept::Page).await {
            FetchOutcome::Document(response) => response,
            other => return Ok(Err(PollFailure::of(other).error.text)),
        };
        let (html, _) = feed_parser::decode(&response.body, response.headers.text("content-type"));
        let page = Page { url: &response.final_url, headers: &response.headers, html: &html };
        Ok(Ok(site_discovery::suggest_selectors(&page, title)))
    }
}

/// Describes the response. Entries and the next poll are added later.
fn describe(source: &Source, fetched: &FetchedSource, now: Timestamp) -> Inspection {
    let content = fetched.content();
    let details = content.map(|content| &content.details);
    let site_title = fetched.found().and_then(|found| found.site_title.clone());
    Inspection {
        url: source.url.to_string(),
        final_url: fetched.trace.final_url.as_ref().map(ToString::to_string),
        follow_mode: fetched.follow_mode,
        polled_url: fetched.followed.as_ref().map(|followed| followed.url.to_string()),
        follow_reason: fetched.followed.as_ref().map(|followed| followed.reason.clone()),
        ways: Vec::new(),
        status: fetched.trace.status,
        redirects: fetched.trace.hops.clone(),
        request_headers: fetched.trace.request_headers.clone(),
        response_headers: fetched.trace.headers.clone(),
        encoding: details.and_then(|details| details.encoding.clone()),
        format: details.map(|details| details.format.as_str()),
        repairs: details.map(|details| details.repairs.clone()).unwrap_or_default(),
        problems: Vec::new(),
        error: fetched.error().map(|error| error.text.clone()),
        title: content.and_then(|content| content.metadata.title.clone()).or(site_title),
        link: content.and_then(|content| content.metadata.home_page_url.clone()),
        updated: details.and_then(|details| details.updated),
        entries: Vec::new(),
        next_poll: now,
        next_poll_reason: String::new(),
    }
}
