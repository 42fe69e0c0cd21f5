//! The crawl of a site without a feed: queues new pages, and fetches queued ones.
//!
//! The pages come from a sitemap or from an index page. The items of an index page are entries
//! already; the posts' own pages are fetched only for a missing date or summary. When a site is
//! read for the first time, at most `backfill` older pages are queued. One poll fetches at most
//! `pages_per_poll` pages, each only if robots.txt permits it.

use std::collections::{HashMap, VecDeque};

use chrono::TimeDelta;
use url::Url;

use feed_model::{ContentPolicy, Draft, FollowMode, PollOutcome, Problem, Timestamp, UpdateHints};
use site_discovery::{IndexPage, Page};

use super::{
    archives,
    crawl_result::{CrawlResult, DoubtfulTitle, PageSummaries},
    discovery::known_posts,
    fetched::PollFailure,
    page_metadata::PageMetadata,
    robots,
    session::{FetchOutcome, FetchSession},
    shared_texts,
    sitemap_crawl::SitemapListing,
};
use crate::{
    fetch::{Accept, Response},
    schedule::Hints,
    store::{Arrival, KnownPage, PageChange, PageState, QueuedPage, StoreError},
};

/// The most new links that are queued from one sitemap. More at once mean that the site was
/// rebuilt.
const MAX_NEW_LINKS: usize = 200;

/// The crawl stops until the next poll after this many failures in a row.
const MAX_CONSECUTIVE_FAILURES: usize = 3;

/// The pause before a failed page is requested again.
const PAGE_RETRY_DELAY: TimeDelta = TimeDelta::hours(6);

/// The pause before a page that robots.txt forbids is checked again.
const FORBIDDEN_RETRY_DELAY: TimeDelta = TimeDelta::hours(24);

/// The backoff of a site after 429 or 503 without `Retry-After`.
const THROTTLED_BACKOFF: TimeDelta = TimeDelta::hours(1);

/// The backoff of a site after a bot challenge.
const CHALLENGE_BACKOFF: TimeDelta = TimeDelta::hours(4);

/// Which of the queued pages are fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QueueFilter {
    /// New pages, then the backfill, then pages that changed.
    All,
    /// The backfill only.
    Backfill,
}

/// Compares a sitemap with the known pages, and queues new ones. If the site is read for the first
/// time (`first`), they are queued as backfill. What the site's own page says about a post
/// (`listed`) completes the entry, or spares fetching the post's page.
pub(super) async fn queue_listed_pages(
    session: &FetchSession<'_>,
    listing: &SitemapListing,
    listed: Option<&IndexPage>,
    first: bool,
    now: Timestamp,
    crawl: &mut CrawlResult,
) -> Result<(), StoreError> {
    let source = session.source();
    let id = source.id.clone();
    let (known, queued_before) = session
        .poller()
        .store
        .read_async(move |reader| Ok((reader.known_pages(&id)?, reader.backfill_size(&id)?)))
        .await?;
    let links = listing.post_links(source, &known, &known_posts(listed));
    let mut listed = listed_posts(listed);
    let spares_pages = source.content != Some(ContentPolicy::Full);
    crawl.site_description = site_description(&known).or(crawl.site_description.take());
    let is_first_crawl = first || known.is_empty();
    let mut backfill_left = (source.backfill as usize).saturating_sub(queued_before);
    let (mut new, mut over_limit) = (0, 0);
    for (i, page) in links.pages.iter().enumerate() {
        let lastmod = page.lastmod.map(|d| d.at);
        let listed_draft = listed.remove(&entry_identity::canonical_link(page.url.as_str()));
        let metadata = match &listed_draft {
            Some(draft) => PageMetadata::from_draft(draft).or(PageMetadata::from_sitemap(page)),
            None => PageMetadata::from_sitemap(page),
        };
        if let Some(draft) = listed_draft
            && is_first_crawl
            && spares_pages
            && backfill_left > 0
            && metadata.is_complete()
            && !known.contains_key(page.url.as_str())
        {
            backfill_left -= 1;
            crawl.pages.push(PageChange::Discovered {
                url: page.url.clone(),
                queued: false,
                backfill: true,
                rank: rank(now, i),
                lastmod,
                metadata: None,
            });
            crawl.pages.push(PageChange::Fetched { url: page.url.clone(), metadata: None });
            let draft = Draft { url: Some(page.url.clone()), ..draft.clone() };
            crawl.drafts.push((draft, Arrival::Backfill));
            continue;
        }
        let found = |queued, backfill| PageChange::Discovered {
            url: page.url.clone(),
            queued,
            backfill,
            rank: rank(now, i),
            lastmod,
            metadata: metadata.to_json(),
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
                let Some(queued) = queue_again(before, lastmod) else {
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
            "{new} links appeared in the sitemap at once: only the newest {MAX_NEW_LINKS} are \
             fetched"
        );
        crawl.problems.push(Problem::warning("sitemap-made-anew", text));
    }
    crawl.problems.extend(listing.document.problems.iter().cloned());
    Ok(())
}

/// Returns the posts that the site's own page lists, by their links.
fn listed_posts(listed: Option<&IndexPage>) -> HashMap<Option<String>, &Draft> {
    let drafts = listed.map(|index| index.drafts.as_slice()).unwrap_or_default();
    let link = |draft: &Draft| entry_identity::canonical_link(draft.url.as_ref()?.as_str());
    drafts.iter().map(|draft| (link(draft), draft)).filter(|(link, _)| link.is_some()).collect()
}

/// Returns the description of the site that earlier polls found on several pages.
fn site_description(known: &HashMap<String, KnownPage>) -> Option<String> {
    known
        .values()
        .filter_map(|page| page.metadata.as_deref())
        .filter(|json| json.contains("site_description"))
        .find_map(|json| PageMetadata::from_json(Some(json)).site_description)
}

/// Returns whether a known page with a newer `lastmod` is fetched again: only if it was fetched
/// before. Returns `None` if `lastmod` is not newer.
fn queue_again(before: &KnownPage, lastmod: Option<Timestamp>) -> Option<bool> {
    match (before.lastmod, lastmod) {
        (Some(then), Some(now)) if now > then => {
            Some(matches!(before.state, PageState::Fetched | PageState::Failed))
        }
        (None, Some(_)) => Some(false),
        _ => None,
    }
}

/// Ranks pages: those found later come first, and those of one document keep its order.
fn rank(now: Timestamp, place: usize) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX / 2) - now.timestamp() * 1_000_000
}

/// Completes the items of an index page with the stored metadata of their pages. Queues the pages
/// of incomplete items on the same site; as backfill if the index is read for the first time.
pub(super) async fn complete_index_items(
    session: &FetchSession<'_>,
    page: &Url,
    first: bool,
    now: Timestamp,
    crawl: &mut CrawlResult,
) -> Result<(), StoreError> {
    let source = session.source();
    let id = source.id.clone();
    let known = session.poller().store.read_async(move |reader| reader.known_pages(&id)).await?;
    let is_first_crawl = first || known.is_empty();
    crawl.site_description = site_description(&known).or(crawl.site_description.take());
    let mut queued = 0;
    let mut pages = Vec::new();
    for (i, (draft, _)) in crawl.drafts.iter_mut().enumerate() {
        let Some(url) = draft.url.clone().filter(|url| is_same_site(url, page)) else {
            continue;
        };
        let is_incomplete = draft.published.is_none() || draft.summary.is_none();
        let listed_metadata = PageMetadata::from_draft(draft);
        let found = |queued, backfill, metadata| PageChange::Discovered {
            url: url.clone(),
            queued,
            backfill,
            rank: rank(now, i),
            lastmod: None,
            metadata,
        };
        match known.get(url.as_str()) {
            Some(KnownPage { state: PageState::Fetched, metadata, .. }) => {
                PageMetadata::from_json(metadata.as_deref()).fill_gaps(draft, &url);
            }
            // The index may have changed its data about a queued page.
            Some(KnownPage { state: PageState::Queued, metadata, .. })
                if *metadata != listed_metadata.to_json() =>
            {
                pages.push(found(false, false, listed_metadata.to_json()));
            }
            None if is_incomplete => {
                queued += 1;
                let limit = if is_first_crawl { source.backfill as usize } else { MAX_NEW_LINKS };
                pages.push(found(queued <= limit, is_first_crawl, listed_metadata.to_json()));
            }
            _ => {}
        }
    }
    crawl.pages.append(&mut pages);
    Ok(())
}

/// Returns the home page of a site that is followed by its sitemap: the configured URL, or the
/// site's root if the configured URL is the sitemap.
pub(super) fn home_page(configured: &Url, sitemap: &Response) -> Url {
    let is_sitemap = *configured == sitemap.requested || *configured == sitemap.final_url;
    configured.join("/").ok().filter(|_| is_sitemap).unwrap_or_else(|| configured.clone())
}

/// Returns whether an item is on the site of the index page: on the same registrable domain, or,
/// for hosts without one, on the same origin. The index page itself is not.
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

/// Fetches up to `most` queued pages.
pub(super) async fn fetch_pages(
    session: &mut FetchSession<'_>,
    most: usize,
    filter: QueueFilter,
    now: Timestamp,
    crawl: &mut CrawlResult,
) -> Result<(), StoreError> {
    let (mut requested, mut consecutive_failures) = (0, 0);
    let mut queue = VecDeque::from(queued_pages(session, most, filter, now, crawl).await?);
    if crawl.site_description.is_none() && !queue.is_empty() {
        let id = session.source().id.clone();
        let store = &session.poller().store;
        let known = store.read_async(move |reader| reader.known_pages(&id)).await?;
        crawl.site_description = site_description(&known);
    }
    while let Some(page) = queue.pop_front() {
        if requested >= most || consecutive_failures >= MAX_CONSECUTIVE_FAILURES {
            break;
        }
        match fetch_page(session, &page, now, crawl).await? {
            PageOutcome::Forbidden => {}
            PageOutcome::Succeeded => (requested, consecutive_failures) = (requested + 1, 0),
            PageOutcome::Missing => requested += 1,
            PageOutcome::Failed => {
                (requested, consecutive_failures) = (requested + 1, consecutive_failures + 1);
            }
            PageOutcome::Throttled { until } => {
                crawl.pages.push(PageChange::SiteBackoff { until });
                break;
            }
        }
        // An archive of a feed names the one before it.
        if crawl.follow_mode == FollowMode::Feed && queue.is_empty() {
            queue = queued_pages(session, most, filter, now, crawl).await?.into();
        }
    }
    shared_texts::replace_summaries(crawl);
    shared_texts::replace_titles(crawl);
    Ok(())
}

/// Returns the queued pages, those just found included, in the order in which they are fetched.
async fn queued_pages(
    session: &FetchSession<'_>,
    most: usize,
    filter: QueueFilter,
    now: Timestamp,
    crawl: &CrawlResult,
) -> Result<Vec<QueuedPage>, StoreError> {
    if crawl.follow_mode == FollowMode::Feed {
        return archives::queued(session, most, now, crawl).await;
    }
    let id = session.source().id.clone();
    let (new, backfill) = session
        .poller()
        .store
        .read_async(move |reader| {
            Ok((
                reader.queued_pages(&id, false, now, most)?,
                reader.queued_pages(&id, true, now, most)?,
            ))
        })
        .await?;
    let mut queue: HashMap<Url, QueuedPage> =
        new.into_iter().chain(backfill).map(|page| (page.url.clone(), page)).collect();
    for change in &crawl.pages {
        if let PageChange::Discovered { url, queued: true, backfill, rank, metadata, .. } = change {
            let refresh = crawl.refetches.contains(url);
            queue.insert(
                url.clone(),
                QueuedPage {
                    url: url.clone(),
                    backfill: *backfill,
                    refresh,
                    rank: *rank,
                    metadata: metadata.clone(),
                },
            );
        }
    }
    let mut queue: Vec<QueuedPage> =
        queue.into_values().filter(|page| page.backfill || filter == QueueFilter::All).collect();
    queue.sort_by(|a, b| {
        (a.refresh, a.backfill, a.rank, a.url.as_str()).cmp(&(
            b.refresh,
            b.backfill,
            b.rank,
            b.url.as_str(),
        ))
    });
    Ok(queue)
}

/// The result of fetching one page.
enum PageOutcome {
    /// It was read, or has not changed.
    Succeeded,
    /// It does not exist (404, 410).
    Missing,
    /// It failed.
    Failed,
    /// robots.txt forbids it.
    Forbidden,
    /// The site asks for a pause, which holds for all of its pages.
    Throttled { until: Timestamp },
}

/// Fetches one page if robots.txt permits it.
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
    let is_archive = crawl.follow_mode == FollowMode::Feed;
    let accept = if is_archive { Accept::Feed } else { Accept::Page };
    match session.fetch_with_delay(&url, accept, permission.crawl_delay()).await {
        FetchOutcome::Document(response) if is_archive => {
            match archives::read(session, &url, &response, crawl).await {
                Ok(()) => Ok(PageOutcome::Succeeded),
                Err(failure) => Ok(failed(session, &url, &failure, crawl)),
            }
        }
        FetchOutcome::Document(response) => {
            Ok(read_page(session, page, response, now, crawl).await)
        }
        FetchOutcome::NotModified(_) => {
            crawl.pages.push(PageChange::Fetched { url, metadata: None });
            Ok(PageOutcome::Succeeded)
        }
        other => Ok(failed(session, &url, &PollFailure::of(other), crawl)),
    }
}

/// Records that a page could not be fetched or read.
fn failed(
    session: &FetchSession<'_>,
    url: &Url,
    failure: &PollFailure,
    crawl: &mut CrawlResult,
) -> PageOutcome {
    let (now, status) = (session.poller().clock.now(), failure.trace.status);
    crawl.problems.push(Problem::warning("page", format!("{url}: {}", failure.error.text)));
    if let Some(until) = backoff_until(failure, session.source().poll_policy.exempt, now) {
        return PageOutcome::Throttled { until };
    }
    let permanent = matches!(status, Some(404 | 410));
    let (url, retry) = (url.clone(), now + PAGE_RETRY_DELAY);
    crawl.pages.push(PageChange::Failed { url, retry, permanent });
    if permanent { PageOutcome::Missing } else { PageOutcome::Failed }
}

/// Returns the end of the site's backoff after a 429, a 503 or a bot challenge. Other failures
/// concern the page only. For `exempt` hosts, `Retry-After` is enough: another Tributary says by it
/// when an archive is rendered.
fn backoff_until(failure: &PollFailure, exempt: bool, now: Timestamp) -> Option<Timestamp> {
    let pause = match (failure.outcome, failure.trace.status) {
        (PollOutcome::Challenge, _) => CHALLENGE_BACKOFF,
        (_, Some(429 | 503)) => THROTTLED_BACKOFF,
        _ => return None,
    };
    let status = failure.trace.status.unwrap_or(0);
    let retry_after =
        Hints::of(status, &failure.trace.headers, &UpdateHints::default(), now).retry_after;
    match retry_after {
        Some(at) if exempt => Some(at),
        _ => Some(retry_after.unwrap_or(now).max(now + pause)),
    }
}

/// Reads the metadata of a page, and makes or completes its entry.
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
        crawl.problems.push(Problem::error("page", format!("internal error while reading {url}")));
        crawl.pages.push(PageChange::Failed {
            url,
            retry: now + PAGE_RETRY_DELAY,
            permanent: true,
        });
        return PageOutcome::Failed;
    };
    let arrival = if page.backfill { Arrival::Backfill } else { Arrival::Ordinary };
    let listed_metadata = PageMetadata::from_json(page.metadata.as_deref());
    let head_metadata = PageMetadata::from_draft(&head.draft);
    if head.draft.title.is_some() || head.is_note {
        crawl.titled_pages += 1;
    } else {
        crawl.untitled_pages += 1;
    }
    let draft_summary = head.draft.summary.clone();
    let summaries = PageSummaries {
        url: url.clone(),
        draft: crawl.drafts.len(),
        description: draft_summary.filter(|_| head.has_description),
        texts: head.text_summaries,
    };
    let metadata = if crawl.follow_mode == FollowMode::Page {
        let metadata = head_metadata.to_json();
        let listed = crawl.drafts.iter().position(|(draft, _)| draft.url.as_ref() == Some(&url));
        if let Some(at) = listed {
            head_metadata.fill_gaps(&mut crawl.drafts[at].0, &url);
            crawl.summaries.push(PageSummaries { draft: at, ..summaries });
        } else {
            crawl.summaries.push(summaries);
            let mut draft = Draft { url: Some(url.clone()), ..Draft::default() };
            listed_metadata.fill_gaps(&mut draft, &url);
            head_metadata.fill_gaps(&mut draft, &url);
            crawl.drafts.push((draft, arrival));
        }
        metadata
    } else {
        let mut draft = head.draft;
        let listed_title = listed_metadata.title().map(str::to_owned);
        // Without a title in its metadata, the first heading of a page may be one of the text.
        let is_from = |place: &str| {
            head.field_origins.iter().any(|(field, origin)| *field == "title" && origin == place)
        };
        if is_from("the heading of the page")
            && listed_title.as_deref().is_some_and(|t| !t.ends_with(['…', '.']))
        {
            draft.title.clone_from(&listed_title);
        }
        listed_metadata.fill_gaps(&mut draft, &url);
        if draft.title.is_none() && !head.is_note {
            crawl
                .problems
                .push(Problem::warning("page", format!("{url} has no title and is skipped")));
            crawl.pages.push(PageChange::Failed {
                url,
                retry: now + PAGE_RETRY_DELAY,
                permanent: false,
            });
            return PageOutcome::Missing;
        }
        // Some templates give every page the same canonical link: the pages would become one entry.
        if draft.url.is_none() || crawl.drafts.iter().any(|(other, _)| other.url == draft.url) {
            draft.url = Some(url.clone());
        }
        crawl.site_title = crawl.site_title.take().or(head.site_title);
        crawl.summaries.push(summaries);
        let is_note = head.is_note && is_from("<title>");
        let title = DoubtfulTitle { draft: crawl.drafts.len(), listed: listed_title, is_note };
        crawl.doubtful_titles.push(title);
        crawl.drafts.push((draft, arrival));
        None
    };
    session.record_validators(&response);
    crawl.pages.push(PageChange::Fetched { url, metadata });
    PageOutcome::Succeeded
}
