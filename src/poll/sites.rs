//! Following a site without a feed: its sitemap and the heads of its pages, or a page that lists its posts.
//!
//! Nothing is flooded: of a site that is new, a bounded back-catalogue is queued and the rest only known; in one poll at
//! most `pages_per_poll` pages are asked for, new ones first, each as robots.txt permits.

use std::collections::HashMap;

use chrono::TimeDelta;
use url::Url;

use super::{
    exchange::{Answer, Exchanges},
    robots,
};
use crate::{
    fetch::Accept,
    follow::{self, Page, SitemapDocument, SitemapPage},
    ingest,
    model::{ContentPolicy, Draft, Problem, PublishedDate, Timestamp},
    store::{Arrival, PageChange, QueuedPage, SourceMemory, StoreError},
};

/// Sitemaps that an index may name, one level deep.
const MOST_CHILDREN: usize = 50;

/// Pause before a page that failed is asked for again.
const RETRY_PAGE: TimeDelta = TimeDelta::hours(6);

/// What a visit brought.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) drafts: Vec<(Draft, Arrival)>,
    pub(super) pages: Vec<PageChange>,
    pub(super) problems: Vec<Problem>,
    pub(super) site_title: Option<String>,
}

/// What a sitemap says of a page, as it is stored with it.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Hint {
    title: Option<String>,
    published: Option<Timestamp>,
    image: Option<String>,
}

impl Hint {
    fn of(page: &SitemapPage) -> Option<String> {
        let hint =
            Self { title: page.news_title.clone(), published: page.news_published.map(|p| p.at), image: page.image.clone() };
        let empty = hint.title.is_none() && hint.published.is_none() && hint.image.is_none();
        if empty { None } else { serde_json::to_string(&hint).ok() }
    }
}

/// The pages that a sitemap lists, with those of the sitemaps that it names; each of these is one conditional request.
pub(super) async fn whole_sitemap(
    exchanges: &mut Exchanges<'_>,
    mut document: SitemapDocument,
) -> Result<SitemapDocument, StoreError> {
    let mut children = std::mem::take(&mut document.sitemaps);
    children.sort_by_key(|child| std::cmp::Reverse(child.lastmod.map(|d| d.at)));
    for child in children.into_iter().take(MOST_CHILDREN) {
        if let Err(why) = robots::permission(exchanges, &child.url).await?.allows(&child.url) {
            document.problems.push(Problem::note("sitemap", why));
            continue;
        }
        match exchanges.ask(&child.url, Accept::Sitemap).await {
            Answer::Document(response) => match follow::read_sitemap(&response.body, &response.final_url) {
                Ok(part) => {
                    exchanges.accept(&response);
                    document.pages.extend(part.pages);
                    document.problems.extend(part.problems);
                }
                Err(error) => document.problems.push(Problem::warning("sitemap", format!("{}: {error}", child.url))),
            },
            Answer::NotModified(_) => {}
            other => {
                let why = super::refresh::Refusal::of(other).error.text;
                document.problems.push(Problem::warning("sitemap", format!("{}: {why}", child.url)));
            }
        }
    }
    Ok(document)
}

/// Compares what a sitemap lists with what is known: new pages are queued; of a site that is new, the back-catalogue.
pub(super) async fn compare(
    exchanges: &Exchanges<'_>,
    memory: &SourceMemory,
    document: &SitemapDocument,
    now: Timestamp,
    gathered: &mut Gathered,
) -> Result<String, StoreError> {
    let source = exchanges.source();
    let links = follow::post_links(document, &source.sitemap, &source.url);
    let id = source.id.clone();
    let known = exchanges.poller().read(move |reader| reader.known_pages(&id)).await?;
    let first_visit = memory.imported.is_none() && known.is_empty();
    // Later finds rank before earlier ones; within one document the publisher's order holds.
    let base = -now.timestamp() * 1_000_000;
    for (i, page) in links.pages.iter().enumerate() {
        let rank = base + i64::try_from(i).unwrap_or(i64::MAX / 2);
        let lastmod = page.lastmod.map(|d| d.at);
        let found =
            |queued, backlog| PageChange::Found { url: page.url.clone(), queued, backlog, rank, lastmod, hint: Hint::of(page) };
        match known.get(page.url.as_str()) {
            None if first_visit => gathered.pages.push(found(i < source.backfill as usize, true)),
            None => gathered.pages.push(found(true, false)),
            // The page changed: it is asked for again, conditionally.
            Some(before) if lastmod > *before && before.is_some() => gathered.pages.push(found(true, false)),
            Some(_) => {}
        }
    }
    gathered.problems.extend(document.problems.iter().cloned());
    if links.pages.is_empty() {
        gathered.problems.push(Problem::warning(
            "no-posts",
            format!("the sitemap lists {} links, and none looks like a post", links.passed_over),
        ));
    }
    Ok(links.because)
}

/// Asks for pages that wait: those just found, then those queued before; new ones before the back-catalogue.
pub(super) async fn visit_pages(
    exchanges: &mut Exchanges<'_>,
    most: usize,
    backlog_only: bool,
    now: Timestamp,
    gathered: &mut Gathered,
) -> Result<(), StoreError> {
    let id = exchanges.source().id.clone();
    let (new, backlog) = exchanges
        .poller()
        .read(move |reader| Ok((reader.queued_pages(&id, false, now, most)?, reader.queued_pages(&id, true, now, most)?)))
        .await?;
    let mut waiting: HashMap<Url, (i64, QueuedPage)> = HashMap::new();
    for change in &gathered.pages {
        if let PageChange::Found { url, queued: true, backlog, rank, lastmod, hint } = change {
            let page = QueuedPage { url: url.clone(), backlog: *backlog, lastmod: *lastmod, hint: hint.clone(), attempts: 0 };
            waiting.insert(url.clone(), (*rank, page));
        }
    }
    for (i, page) in new.into_iter().chain(backlog).enumerate() {
        let rank = i64::try_from(i).unwrap_or(i64::MAX);
        waiting.entry(page.url.clone()).or_insert((rank, page));
    }
    let mut queue: Vec<(i64, QueuedPage)> = waiting.into_values().filter(|(_, page)| page.backlog || !backlog_only).collect();
    queue.sort_by(|(a, p), (b, q)| (p.backlog, a, p.url.as_str()).cmp(&(q.backlog, b, q.url.as_str())));
    for (_, page) in queue.into_iter().take(most) {
        if !visit_page(exchanges, &page, now, gathered).await? {
            break;
        }
    }
    Ok(())
}

/// Asks for one page; `false`: the site is not to be asked for more in this poll.
async fn visit_page(
    exchanges: &mut Exchanges<'_>,
    page: &QueuedPage,
    now: Timestamp,
    gathered: &mut Gathered,
) -> Result<bool, StoreError> {
    let url = page.url.clone();
    let permission = robots::permission(exchanges, &url).await?;
    if let Err(why) = permission.allows(&url) {
        gathered.problems.push(Problem::warning("robots", why));
        gathered.pages.push(PageChange::Failed { url, retry: now + TimeDelta::hours(24), for_good: false });
        return Ok(true);
    }
    let full = exchanges.source().content == Some(ContentPolicy::Full);
    match exchanges.ask(&url, Accept::Page).await {
        Answer::Document(response) => {
            let (url_of_page, headers, body) = (response.final_url.clone(), response.headers.clone(), response.body.clone());
            let head = tokio::task::spawn_blocking(move || {
                let (html, _) = ingest::decode(&body, headers.text("content-type"));
                follow::page_head(&Page { url: &url_of_page, headers: &headers, html: &html }, full)
            });
            let Ok(mut head) = head.await else {
                gathered.problems.push(Problem::error("page", format!("reading {url} broke off")));
                gathered.pages.push(PageChange::Failed { url, retry: now + RETRY_PAGE, for_good: true });
                return Ok(true);
            };
            if head.draft.title.is_none() {
                head.draft.title = hint(page).title;
            }
            if head.draft.title.is_none() {
                gathered.problems.push(Problem::warning("page", format!("{url} has no title: it is left out")));
                gathered.pages.push(PageChange::Failed { url, retry: now + RETRY_PAGE, for_good: false });
                return Ok(true);
            }
            exchanges.accept(&response);
            complete(&mut head.draft, &url, page);
            gathered.site_title = gathered.site_title.take().or(head.site_title);
            let arrival = if page.backlog { Arrival::Backlog } else { Arrival::Ordinary };
            gathered.drafts.push((head.draft, arrival));
            gathered.pages.push(PageChange::Fetched { url });
            Ok(true)
        }
        Answer::NotModified(_) => {
            gathered.pages.push(PageChange::Fetched { url });
            Ok(true)
        }
        other => {
            let refusal = super::refresh::Refusal::of(other);
            let gone = matches!(refusal.status, Some(404 | 410));
            // One page that is missing is that page's matter; anything else may be the site's, which is left in peace.
            gathered.problems.push(Problem::warning("page", format!("{url}: {}", refusal.error.text)));
            gathered.pages.push(PageChange::Failed { url, retry: now + RETRY_PAGE, for_good: gone });
            Ok(gone)
        }
    }
}

fn hint(page: &QueuedPage) -> Hint {
    page.hint.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// Fills what the page's head does not say from what the sitemap said.
fn complete(draft: &mut Draft, url: &Url, page: &QueuedPage) {
    let hint = hint(page);
    if draft.url.is_none() {
        draft.url = Some(url.clone());
    }
    if draft.published.is_none() {
        draft.published = hint.published.map(PublishedDate::exact);
    }
    if draft.image.is_none() {
        draft.image = hint.image;
    }
}
