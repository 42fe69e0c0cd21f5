//! Following a site without a feed: which of its pages are new, which wait, and asking for some of
//! them.
//!
//! A site's sitemap lists its pages; so does an index page, whose items are entries already, and
//! are completed from the posts' own pages where date or summary is missing. Nothing is flooded: of
//! a site that is new, a bounded back-catalogue is queued and the rest only known; in one poll at
//! most `pages_per_poll` pages are asked for, each as robots.txt permits.

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;
use url::Url;

use super::{
    page_metadata::PageMetadata,
    refresh::PollFailure,
    robots,
    session::{FetchOutcome, FetchSession},
    sitemap_crawl::SitemapListing,
};
use crate::{
    fetch::{Accept, Response},
    schedule::Hints,
    store::{Arrival, KnownPage, PageChange, PageState, QueuedPage, StoreError},
};
use feed_model::{ContentPolicy, Draft, FollowMode, PollOutcome, Problem, Timestamp, UpdateHints};
use site_discovery::Page;

/// New links taken from one reading of a sitemap: more at once are a site made anew, not news.
const MAX_NEW_LINKS: usize = 200;

/// Pages that fail one after the other before the site is left alone until the next poll.
const MAX_CONSECUTIVE_FAILURES: usize = 3;

/// Pause before a page that failed is asked for again.
const PAGE_RETRY_DELAY: TimeDelta = TimeDelta::hours(6);

/// Pause before it is looked again whether robots.txt permits a page.
const FORBIDDEN_RETRY_DELAY: TimeDelta = TimeDelta::hours(24);

/// How long a site that refuses (429, 503) is left in peace, unless it says itself.
const THROTTLED_BACKOFF: TimeDelta = TimeDelta::hours(1);

/// How long a site that answers with a challenge is left in peace.
const CHALLENGE_BACKOFF: TimeDelta = TimeDelta::hours(4);

/// What a visit brought.
#[derive(Default)]
pub(super) struct CrawlResult {
    pub(super) drafts: Vec<(Draft, Arrival)>,
    pub(super) pages: Vec<PageChange>,
    pub(super) problems: Vec<Problem>,
    pub(super) site_title: Option<String>,
    /// How the site is followed: what an index says of a post goes before what the post's page
    /// says.
    pub(super) follow_mode: FollowMode,
    /// Pages that were fetched before and are queued again: they come behind new ones.
    refetches: HashSet<Url>,
}

impl CrawlResult {
    /// Nothing yet, of a site that is followed in this follow_mode.
    pub(super) fn new(follow_mode: FollowMode) -> Self {
        Self { follow_mode: follow_mode, ..Self::default() }
    }
}

/// Which of the waiting pages are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QueueFilter {
    /// New ones, then the back-catalogue, then those that changed.
    All,
    /// The back-catalogue alone.
    Backfill,
}

/// Compares what a sitemap lists with what is known: new pages are queued; of a site that is new,
/// or that is followed by its sitemap for the first time (`first`), the back-catalogue.
pub(super) async fn queue_listed_pages(
    session: &FetchSession<'_>,
    listing: &SitemapListing,
    first: bool,
    now: Timestamp,
    crawl: &mut CrawlResult,
) -> Result<(), StoreError> {
    let source = session.source();
    let id = source.id.clone();
    let (known, queued_before) = session
        .poller()
        .read(move |reader| Ok((reader.known_pages(&id)?, reader.backfill_size(&id)?)))
        .await?;
    let links = listing.post_links(source, &known);
    let is_first_crawl = first || known.is_empty();
    let mut backfill_left = (source.backfill as usize).saturating_sub(queued_before);
    let (mut new, mut over_limit) = (0, 0);
    for (i, page) in links.pages.iter().enumerate() {
        let lastmod = page.lastmod.map(|d| d.at);
        let found = |queued, backlog| PageChange::Discovered {
            url: page.url.clone(),
            queued,
            backlog,
            rank: rank(now, i),
            lastmod,
            metadata: PageMetadata::from_sitemap(page).to_json(),
        };
        match known.get(page.url.as_str()) {
            None if is_first_crawl || listing.previously_unread.contains(&page.url) => {
                crawl.pages.push(found(backfill_left > 0, true));
                backfill_left = backfill_left.saturating_sub(1);
            }
            None => {
                new += 1;
                over_limit += usize::from(new > MAX_NEW_LINKS);
                crawl.pages.push(found(new <= MAX_NEW_LINKS, false));
            }
            Some(before) => {
                let Some(queued) = changed(before, lastmod) else {
                    continue;
                };
                if queued {
                    crawl.refetches.insert(page.url.clone());
                }
                crawl.pages.push(found(queued, false));
            }
        }
    }
    if over_limit > 0 {
        let text = format!(
            "{new} links appeared in the sitemap at once: the newest {MAX_NEW_LINKS} of them are followed, the others are only known"
        );
        crawl.problems.push(Problem::warning("sitemap-made-anew", text));
    }
    crawl.problems.extend(listing.document.problems.iter().cloned());
    Ok(())
}

/// What a moved `lastmod` means for a known page: asked for again where it was asked for before,
/// else only written down.
fn changed(before: &KnownPage, lastmod: Option<Timestamp>) -> Option<bool> {
    match (before.lastmod, lastmod) {
        (Some(then), Some(now)) if now > then => {
            Some(matches!(before.state, PageState::Fetched | PageState::Failed))
        }
        (None, Some(_)) => Some(false),
        _ => None,
    }
}

/// Later finds rank before earlier ones; within one document the publisher's order holds.
fn rank(now: Timestamp, place: usize) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX / 2) - now.timestamp() * 1_000_000
}

/// Completes the items of an index page by what is known of their own pages, and queues those of
/// the site itself whose pages could tell more: of an index that is read for the first time, as the
/// back-catalogue.
pub(super) async fn complete_index_items(
    session: &FetchSession<'_>,
    page: &Url,
    first: bool,
    now: Timestamp,
    crawl: &mut CrawlResult,
) -> Result<(), StoreError> {
    let source = session.source();
    let id = source.id.clone();
    let known = session.poller().read(move |reader| reader.known_pages(&id)).await?;
    let is_first_crawl = first || known.is_empty();
    let mut queued = 0;
    let mut pages = Vec::new();
    for (i, (draft, _)) in crawl.drafts.iter_mut().enumerate() {
        let Some(url) = draft.url.clone().filter(|url| is_same_site(url, page)) else {
            continue;
        };
        let is_incomplete = draft.published.is_none() || draft.summary.is_none();
        let listed_metadata = PageMetadata::from_draft(draft);
        let found = |queued, backlog, metadata| PageChange::Discovered {
            url: url.clone(),
            queued,
            backlog,
            rank: rank(now, i),
            lastmod: None,
            metadata,
        };
        match known.get(url.as_str()) {
            Some(KnownPage { state: PageState::Fetched, metadata, .. }) => {
                PageMetadata::from_json(metadata.as_deref()).fill_gaps(draft, &url);
            }
            // What the index says of it may have changed since; it waits as long as before.
            Some(KnownPage { state: PageState::Queued, metadata, .. })
                if *metadata != listed_metadata.to_json() =>
            {
                pages.push(found(false, false, listed_metadata.to_json()));
            }
            None if is_incomplete => {
                queued += 1;
                let within = if is_first_crawl { source.backfill as usize } else { MAX_NEW_LINKS };
                pages.push(found(queued <= within, is_first_crawl, listed_metadata.to_json()));
            }
            _ => {}
        }
    }
    crawl.pages.append(&mut pages);
    Ok(())
}

/// The publication's page, of a site that is followed by its sitemap: the address that a person
/// gave, unless that is the sitemap itself.
pub(super) fn home_page(given: &Url, sitemap: &Response) -> Url {
    let is_sitemap = *given == sitemap.requested || *given == sitemap.final_url;
    given.join("/").ok().filter(|_| is_sitemap).unwrap_or_else(|| given.clone())
}

/// Whether an item lies on the site of the page that lists it: on its registrable domain, or, where
/// a host has none, on its very origin.
fn is_same_site(url: &Url, page: &Url) -> bool {
    let named = |url: &Url| url.domain().is_some_and(|name| name.contains('.'));
    let same = if named(url) && named(page) {
        entry_identity::site_of(url.as_str()) == entry_identity::site_of(page.as_str())
    } else {
        url.origin() == page.origin()
    };
    let bare = |url: &Url| entry_identity::canonical_link(url.as_str());
    same && bare(url) != bare(page)
}

/// Asks for pages that wait: those just found, then those queued before.
pub(super) async fn fetch_pages(
    session: &mut FetchSession<'_>,
    most: usize,
    filter: QueueFilter,
    now: Timestamp,
    crawl: &mut CrawlResult,
) -> Result<(), StoreError> {
    let (mut asked, mut consecutive_failures) = (0, 0);
    for page in waiting(session, most, filter, now, crawl).await? {
        if asked >= most || consecutive_failures >= MAX_CONSECUTIVE_FAILURES {
            break;
        }
        match fetch_page(session, &page, now, crawl).await? {
            PageOutcome::Forbidden => {}
            PageOutcome::Succeeded => (asked, consecutive_failures) = (asked + 1, 0),
            PageOutcome::Missing => asked += 1,
            PageOutcome::Failed => {
                (asked, consecutive_failures) = (asked + 1, consecutive_failures + 1)
            }
            PageOutcome::Throttled { until } => {
                crawl.pages.push(PageChange::SiteBackoff { until });
                break;
            }
        }
    }
    Ok(())
}

/// The pages that wait, in the order in which they are asked for.
async fn waiting(
    session: &FetchSession<'_>,
    most: usize,
    filter: QueueFilter,
    now: Timestamp,
    crawl: &CrawlResult,
) -> Result<Vec<QueuedPage>, StoreError> {
    let id = session.source().id.clone();
    let (new, backlog) = session
        .poller()
        .read(move |reader| {
            Ok((
                reader.queued_pages(&id, false, now, most)?,
                reader.queued_pages(&id, true, now, most)?,
            ))
        })
        .await?;
    let mut waiting: HashMap<Url, QueuedPage> =
        new.into_iter().chain(backlog).map(|page| (page.url.clone(), page)).collect();
    for change in &crawl.pages {
        if let PageChange::Discovered { url, queued: true, backlog, rank, metadata, .. } = change {
            let refresh = crawl.refetches.contains(url);
            waiting.insert(
                url.clone(),
                QueuedPage {
                    url: url.clone(),
                    backlog: *backlog,
                    refresh,
                    rank: *rank,
                    metadata: metadata.clone(),
                },
            );
        }
    }
    let mut waiting: Vec<QueuedPage> =
        waiting.into_values().filter(|page| page.backlog || filter == QueueFilter::All).collect();
    waiting.sort_by(|a, b| {
        (a.refresh, a.backlog, a.rank, a.url.as_str()).cmp(&(
            b.refresh,
            b.backlog,
            b.rank,
            b.url.as_str(),
        ))
    });
    Ok(waiting)
}

/// What came of asking for one page.
enum PageOutcome {
    /// It was read, or had not changed.
    Succeeded,
    /// It is not there: that is its own matter.
    Missing,
    /// It failed: that may be its own matter.
    Failed,
    /// robots.txt forbids it.
    Forbidden,
    /// The site refuses: none of its pages is asked for before then.
    Throttled { until: Timestamp },
}

/// Asks for one page, where robots.txt permits it.
async fn fetch_page(
    session: &mut FetchSession<'_>,
    page: &QueuedPage,
    now: Timestamp,
    crawl: &mut CrawlResult,
) -> Result<PageOutcome, StoreError> {
    let url = page.url.clone();
    let permission = robots::permission(session, &url).await?;
    if let Err(why) = permission.allows(&url) {
        crawl.problems.push(Problem::warning("robots", why));
        crawl.pages.push(PageChange::Postponed { url, until: now + FORBIDDEN_RETRY_DELAY });
        return Ok(PageOutcome::Forbidden);
    }
    match session.fetch_with_delay(&url, Accept::Page, permission.crawl_delay()).await {
        FetchOutcome::Document(response) => {
            Ok(read_page(session, page, response, now, crawl).await)
        }
        FetchOutcome::NotModified(_) => {
            crawl.pages.push(PageChange::Fetched { url, metadata: None });
            Ok(PageOutcome::Succeeded)
        }
        other => {
            let poll_failure = PollFailure::of(other);
            crawl
                .problems
                .push(Problem::warning("page", format!("{url}: {}", poll_failure.error.text)));
            if let Some(until) = backoff_until(&poll_failure, now) {
                return Ok(PageOutcome::Throttled { until });
            }
            let missing = matches!(poll_failure.status, Some(404 | 410));
            crawl.pages.push(PageChange::Failed {
                url,
                retry: now + PAGE_RETRY_DELAY,
                permanent: missing,
            });
            Ok(if missing { PageOutcome::Missing } else { PageOutcome::Failed })
        }
    }
}

/// Until when the whole site is left in peace because one of its pages was refused; `None`: it is
/// that page's matter.
fn backoff_until(poll_failure: &PollFailure, now: Timestamp) -> Option<Timestamp> {
    let pause = match (poll_failure.outcome, poll_failure.status) {
        (PollOutcome::Challenge, _) => CHALLENGE_BACKOFF,
        (_, Some(429 | 503)) => THROTTLED_BACKOFF,
        _ => return None,
    };
    let asked = Hints::of(
        poll_failure.status.unwrap_or(0),
        &poll_failure.trace.headers,
        &UpdateHints::default(),
        now,
    )
    .retry_after;
    Some(asked.unwrap_or(now).max(now + pause))
}

/// Takes in a page that came.
async fn read_page(
    session: &mut FetchSession<'_>,
    page: &QueuedPage,
    response: Response,
    now: Timestamp,
    crawl: &mut CrawlResult,
) -> PageOutcome {
    let url = page.url.clone();
    let full = session.source().content == Some(ContentPolicy::Full);
    let read = tokio::task::spawn_blocking(move || {
        let (html, _) = feed_parser::decode(&response.body, response.headers.text("content-type"));
        let head = site_discovery::read_page_metadata(
            &Page { url: &response.final_url, headers: &response.headers, html: &html },
            full,
        );
        (head, response)
    });
    let Ok((head, response)) = read.await else {
        crawl.problems.push(Problem::error("page", format!("reading {url} broke off")));
        crawl.pages.push(PageChange::Failed {
            url,
            retry: now + PAGE_RETRY_DELAY,
            permanent: true,
        });
        return PageOutcome::Failed;
    };
    let arrival = if page.backlog { Arrival::Backfill } else { Arrival::Ordinary };
    let listed_metadata = PageMetadata::from_json(page.metadata.as_deref());
    let head_metadata = PageMetadata::from_draft(&head.draft);
    let metadata = if crawl.follow_mode == FollowMode::Page {
        let metadata = head_metadata.to_json();
        if let Some((draft, _)) =
            crawl.drafts.iter_mut().find(|(draft, _)| draft.url.as_ref() == Some(&url))
        {
            head_metadata.fill_gaps(draft, &url);
        } else {
            let mut draft = Draft { url: Some(url.clone()), ..Draft::default() };
            listed_metadata.fill_gaps(&mut draft, &url);
            head_metadata.fill_gaps(&mut draft, &url);
            crawl.drafts.push((draft, arrival));
        }
        metadata
    } else {
        let mut draft = head.draft;
        listed_metadata.fill_gaps(&mut draft, &url);
        if draft.title.is_none() {
            crawl
                .problems
                .push(Problem::warning("page", format!("{url} has no title: it is left out")));
            crawl.pages.push(PageChange::Failed {
                url,
                retry: now + PAGE_RETRY_DELAY,
                permanent: false,
            });
            return PageOutcome::Missing;
        }
        // A template that gives every page one canonical link would make one entry of them all.
        if draft.url.is_none() || crawl.drafts.iter().any(|(other, _)| other.url == draft.url) {
            draft.url = Some(url.clone());
        }
        crawl.site_title = crawl.site_title.take().or(head.site_title);
        crawl.drafts.push((draft, arrival));
        None
    };
    session.record_validators(&response);
    crawl.pages.push(PageChange::Fetched { url, metadata });
    PageOutcome::Succeeded
}
