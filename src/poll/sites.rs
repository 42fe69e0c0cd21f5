//! Following a site without a feed: which of its pages are new, which wait, and asking for some of them.
//!
//! A site's sitemap lists its pages; so does an index page, whose items are entries already, and are completed from the
//! posts' own pages where date or summary is missing. Nothing is flooded: of a site that is new, a bounded back-catalogue
//! is queued and the rest only known; in one poll at most `pages_per_poll` pages are asked for, each as robots.txt permits.

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;
use url::Url;

use super::{
    exchange::{Answer, Exchanges},
    facts::PageFacts,
    listing::Listing,
    refresh::Refusal,
    robots,
};
use crate::{
    fetch::{Accept, Response},
    schedule::Hints,
    store::{Arrival, KnownPage, PageChange, PageState, QueuedPage, StoreError},
};
use feed_model::{ContentPolicy, Draft, Follow, Problem, PublisherPace, Timestamp};
use site_discovery::Page;

/// New links taken from one reading of a sitemap: more at once are a site made anew, not news.
const MOST_NEW: usize = 200;

/// Pages that fail one after the other before the site is left alone until the next poll.
const MOST_IN_A_ROW: usize = 3;

/// Pause before a page that failed is asked for again.
const RETRY_PAGE: TimeDelta = TimeDelta::hours(6);

/// Pause before it is looked again whether robots.txt permits a page.
const RETRY_FORBIDDEN: TimeDelta = TimeDelta::hours(24);

/// How long a site that refuses (429, 503) is left in peace, unless it says itself.
const HOLD_REFUSED: TimeDelta = TimeDelta::hours(1);

/// How long a site that answers with a challenge is left in peace.
const HOLD_CHALLENGED: TimeDelta = TimeDelta::hours(4);

/// What a visit brought.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) drafts: Vec<(Draft, Arrival)>,
    pub(super) pages: Vec<PageChange>,
    pub(super) problems: Vec<Problem>,
    pub(super) site_title: Option<String>,
    /// How the site is followed: what an index says of a post goes before what the post's page says.
    pub(super) way: Follow,
    /// Pages that were fetched before and are queued again: they come behind new ones.
    refreshes: HashSet<Url>,
}

impl Gathered {
    /// Nothing yet, of a site that is followed in this way.
    pub(super) fn by(way: Follow) -> Self {
        Self { way, ..Self::default() }
    }
}

/// Which of the waiting pages are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Queue {
    /// New ones, then the back-catalogue, then those that changed.
    All,
    /// The back-catalogue alone.
    Backlog,
}

/// Compares what a sitemap lists with what is known: new pages are queued; of a site that is new, or that is followed by
/// its sitemap for the first time (`first`), the back-catalogue.
pub(super) async fn compare(
    exchanges: &Exchanges<'_>,
    listing: &Listing,
    first: bool,
    now: Timestamp,
    gathered: &mut Gathered,
) -> Result<(), StoreError> {
    let source = exchanges.source();
    let id = source.id.clone();
    let (known, queued_before) =
        exchanges.poller().read(move |reader| Ok((reader.known_pages(&id)?, reader.backlog_size(&id)?))).await?;
    let links = listing.posts(source, &known);
    let first_visit = first || known.is_empty();
    let mut room = (source.backfill as usize).saturating_sub(queued_before);
    let (mut new, mut beyond) = (0, 0);
    for (i, page) in links.pages.iter().enumerate() {
        let lastmod = page.lastmod.map(|d| d.at);
        let found = |queued, backlog| PageChange::Found {
            url: page.url.clone(),
            queued,
            backlog,
            rank: rank(now, i),
            lastmod,
            hint: PageFacts::of_sitemap(page).to_json(),
        };
        match known.get(page.url.as_str()) {
            None if first_visit || listing.late.contains(&page.url) => {
                gathered.pages.push(found(room > 0, true));
                room = room.saturating_sub(1);
            }
            None => {
                new += 1;
                beyond += usize::from(new > MOST_NEW);
                gathered.pages.push(found(new <= MOST_NEW, false));
            }
            Some(before) => {
                let Some(queued) = changed(before, lastmod) else { continue };
                if queued {
                    gathered.refreshes.insert(page.url.clone());
                }
                gathered.pages.push(found(queued, false));
            }
        }
    }
    if beyond > 0 {
        let text = format!(
            "{new} links appeared in the sitemap at once: the newest {MOST_NEW} of them are followed, the others are only known"
        );
        gathered.problems.push(Problem::warning("sitemap-made-anew", text));
    }
    gathered.problems.extend(listing.document.problems.iter().cloned());
    Ok(())
}

/// What a moved `lastmod` means for a known page: asked for again where it was asked for before, else only written down.
fn changed(before: &KnownPage, lastmod: Option<Timestamp>) -> Option<bool> {
    match (before.lastmod, lastmod) {
        (Some(then), Some(now)) if now > then => Some(matches!(before.state, PageState::Fetched | PageState::Failed)),
        (None, Some(_)) => Some(false),
        _ => None,
    }
}

/// Later finds rank before earlier ones; within one document the publisher's order holds.
fn rank(now: Timestamp, place: usize) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX / 2) - now.timestamp() * 1_000_000
}

/// Completes the items of an index page by what is known of their own pages, and queues those of the site itself whose
/// pages could tell more: of an index that is read for the first time, as the back-catalogue.
pub(super) async fn complete_index(
    exchanges: &Exchanges<'_>,
    page: &Url,
    first: bool,
    now: Timestamp,
    gathered: &mut Gathered,
) -> Result<(), StoreError> {
    let source = exchanges.source();
    let id = source.id.clone();
    let known = exchanges.poller().read(move |reader| reader.known_pages(&id)).await?;
    let first_visit = first || known.is_empty();
    let mut queued = 0;
    let mut pages = Vec::new();
    for (i, (draft, _)) in gathered.drafts.iter_mut().enumerate() {
        let Some(url) = draft.url.clone().filter(|url| is_own(url, page)) else { continue };
        let lacks = draft.published.is_none() || draft.summary.is_none();
        let said = PageFacts::of_draft(draft);
        let found = |queued, backlog, hint| PageChange::Found {
            url: url.clone(),
            queued,
            backlog,
            rank: rank(now, i),
            lastmod: None,
            hint,
        };
        match known.get(url.as_str()) {
            Some(KnownPage { state: PageState::Fetched, facts, .. }) => {
                PageFacts::from_json(facts.as_deref()).complete(draft, &url);
            }
            // What the index says of it may have changed since; it waits as long as before.
            Some(KnownPage { state: PageState::Queued, facts, .. }) if *facts != said.to_json() => {
                pages.push(found(false, false, said.to_json()));
            }
            None if lacks => {
                queued += 1;
                let within = if first_visit { source.backfill as usize } else { MOST_NEW };
                pages.push(found(queued <= within, first_visit, said.to_json()));
            }
            _ => {}
        }
    }
    gathered.pages.append(&mut pages);
    Ok(())
}

/// The publication's page, of a site that is followed by its sitemap: the address that a person gave, unless that is the
/// sitemap itself.
pub(super) fn home_page(given: &Url, sitemap: &Response) -> Url {
    let is_sitemap = *given == sitemap.requested || *given == sitemap.final_url;
    given.join("/").ok().filter(|_| is_sitemap).unwrap_or_else(|| given.clone())
}

/// Whether an item lies on the site of the page that lists it: on its registrable domain, or, where a host has none, on its
/// very origin.
fn is_own(url: &Url, page: &Url) -> bool {
    let named = |url: &Url| url.domain().is_some_and(|name| name.contains('.'));
    let same = if named(url) && named(page) {
        entry_identity::home_of(url.as_str()) == entry_identity::home_of(page.as_str())
    } else {
        url.origin() == page.origin()
    };
    let bare = |url: &Url| entry_identity::canonical_link(url.as_str());
    same && bare(url) != bare(page)
}

/// Asks for pages that wait: those just found, then those queued before.
pub(super) async fn visit_pages(
    exchanges: &mut Exchanges<'_>,
    most: usize,
    queue: Queue,
    now: Timestamp,
    gathered: &mut Gathered,
) -> Result<(), StoreError> {
    let (mut asked, mut bad_in_a_row) = (0, 0);
    for page in waiting(exchanges, most, queue, now, gathered).await? {
        if asked >= most || bad_in_a_row >= MOST_IN_A_ROW {
            break;
        }
        match visit_page(exchanges, &page, now, gathered).await? {
            Visited::NotAsked => {}
            Visited::Read => (asked, bad_in_a_row) = (asked + 1, 0),
            Visited::Missing => asked += 1,
            Visited::Failed => (asked, bad_in_a_row) = (asked + 1, bad_in_a_row + 1),
            Visited::Refused { until } => {
                gathered.pages.push(PageChange::Held { until });
                break;
            }
        }
    }
    Ok(())
}

/// The pages that wait, in the order in which they are asked for.
async fn waiting(
    exchanges: &Exchanges<'_>,
    most: usize,
    queue: Queue,
    now: Timestamp,
    gathered: &Gathered,
) -> Result<Vec<QueuedPage>, StoreError> {
    let id = exchanges.source().id.clone();
    let (new, backlog) = exchanges
        .poller()
        .read(move |reader| Ok((reader.queued_pages(&id, false, now, most)?, reader.queued_pages(&id, true, now, most)?)))
        .await?;
    let mut waiting: HashMap<Url, QueuedPage> = new.into_iter().chain(backlog).map(|page| (page.url.clone(), page)).collect();
    for change in &gathered.pages {
        if let PageChange::Found { url, queued: true, backlog, rank, hint, .. } = change {
            let refresh = gathered.refreshes.contains(url);
            waiting.insert(
                url.clone(),
                QueuedPage { url: url.clone(), backlog: *backlog, refresh, rank: *rank, hint: hint.clone() },
            );
        }
    }
    let mut waiting: Vec<QueuedPage> = waiting.into_values().filter(|page| page.backlog || queue == Queue::All).collect();
    waiting.sort_by(|a, b| (a.refresh, a.backlog, a.rank, a.url.as_str()).cmp(&(b.refresh, b.backlog, b.rank, b.url.as_str())));
    Ok(waiting)
}

/// What came of asking for one page.
enum Visited {
    /// It was read, or had not changed.
    Read,
    /// It is not there: that is its own matter.
    Missing,
    /// It failed: that may be its own matter.
    Failed,
    /// robots.txt forbids it.
    NotAsked,
    /// The site refuses: none of its pages is asked for before then.
    Refused { until: Timestamp },
}

/// Asks for one page, where robots.txt permits it.
async fn visit_page(
    exchanges: &mut Exchanges<'_>,
    page: &QueuedPage,
    now: Timestamp,
    gathered: &mut Gathered,
) -> Result<Visited, StoreError> {
    let url = page.url.clone();
    let permission = robots::permission(exchanges, &url).await?;
    if let Err(why) = permission.allows(&url) {
        gathered.problems.push(Problem::warning("robots", why));
        gathered.pages.push(PageChange::Postponed { url, until: now + RETRY_FORBIDDEN });
        return Ok(Visited::NotAsked);
    }
    match exchanges.ask_after(&url, Accept::Page, permission.pause()).await {
        Answer::Document(response) => Ok(take_page(exchanges, page, response, now, gathered).await),
        Answer::NotModified(_) => {
            gathered.pages.push(PageChange::Fetched { url, facts: None });
            Ok(Visited::Read)
        }
        other => {
            let refusal = Refusal::of(other);
            gathered.problems.push(Problem::warning("page", format!("{url}: {}", refusal.error.text)));
            if let Some(until) = left_in_peace(&refusal, now) {
                return Ok(Visited::Refused { until });
            }
            let missing = matches!(refusal.status, Some(404 | 410));
            gathered.pages.push(PageChange::Failed { url, retry: now + RETRY_PAGE, for_good: missing });
            Ok(if missing { Visited::Missing } else { Visited::Failed })
        }
    }
}

/// Until when the whole site is left in peace because one of its pages was refused; `None`: it is that page's matter.
fn left_in_peace(refusal: &Refusal, now: Timestamp) -> Option<Timestamp> {
    let pause = match (refusal.outcome, refusal.status) {
        (super::Outcome::Challenge, _) => HOLD_CHALLENGED,
        (_, Some(429 | 503)) => HOLD_REFUSED,
        _ => return None,
    };
    let asked = Hints::of(refusal.status.unwrap_or(0), &refusal.trace.headers, &PublisherPace::default(), now).retry_at;
    Some(asked.unwrap_or(now).max(now + pause))
}

/// Takes in a page that came.
async fn take_page(
    exchanges: &mut Exchanges<'_>,
    page: &QueuedPage,
    response: Response,
    now: Timestamp,
    gathered: &mut Gathered,
) -> Visited {
    let url = page.url.clone();
    let full = exchanges.source().content == Some(ContentPolicy::Full);
    let read = tokio::task::spawn_blocking(move || {
        let (html, _) = feed_parser::decode(&response.body, response.headers.text("content-type"));
        let head = site_discovery::page_head(&Page { url: &response.final_url, headers: &response.headers, html: &html }, full);
        (head, response)
    });
    let Ok((head, response)) = read.await else {
        gathered.problems.push(Problem::error("page", format!("reading {url} broke off")));
        gathered.pages.push(PageChange::Failed { url, retry: now + RETRY_PAGE, for_good: true });
        return Visited::Failed;
    };
    let arrival = if page.backlog { Arrival::Backlog } else { Arrival::Ordinary };
    let said = PageFacts::from_json(page.hint.as_deref());
    let told = PageFacts::of_draft(&head.draft);
    let facts = if gathered.way == Follow::Page {
        let facts = told.to_json();
        if let Some((draft, _)) = gathered.drafts.iter_mut().find(|(draft, _)| draft.url.as_ref() == Some(&url)) {
            told.complete(draft, &url);
        } else {
            let mut draft = Draft { url: Some(url.clone()), ..Draft::default() };
            said.complete(&mut draft, &url);
            told.complete(&mut draft, &url);
            gathered.drafts.push((draft, arrival));
        }
        facts
    } else {
        let mut draft = head.draft;
        said.complete(&mut draft, &url);
        if draft.title.is_none() {
            gathered.problems.push(Problem::warning("page", format!("{url} has no title: it is left out")));
            gathered.pages.push(PageChange::Failed { url, retry: now + RETRY_PAGE, for_good: false });
            return Visited::Missing;
        }
        // A template that gives every page one canonical link would make one entry of them all.
        if draft.url.is_none() || gathered.drafts.iter().any(|(other, _)| other.url == draft.url) {
            draft.url = Some(url.clone());
        }
        gathered.site_title = gathered.site_title.take().or(head.site_title);
        gathered.drafts.push((draft, arrival));
        None
    };
    exchanges.accept(&response);
    gathered.pages.push(PageChange::Fetched { url, facts });
    Visited::Read
}
