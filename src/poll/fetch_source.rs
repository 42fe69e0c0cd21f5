//! Fetches one source: by the follow mode that is known, or else by discovery.

use std::collections::HashMap;

use chrono::TimeDelta;
use tracing::{Instrument as _, info_span};
use url::Url;

use feed_model::{Document, FollowMode, FollowTarget, Format, Problem, Reservation, Severity};
use site_discovery::{IndexPage, Page};

use super::{
    archives,
    crawl_result::CrawlResult,
    discovery::{self, DiscoveredContent, Discovery, DiscoveryError, read_feed},
    fetched::{Content, FeedDetails, FetchResult, FetchedSource, PollFailure},
    hub_links::{self, HubLinks},
    page_crawl::{self, QueueFilter},
    robots,
    session::{FetchOutcome, FetchSession},
    sitemap_crawl::SitemapListing,
};
use crate::{
    fetch::{Accept, Response},
    store::{Arrival, FeedMetadata, HubOffer, PageChange, SourceRecord, StoreError},
};

/// Discovery is repeated after this many failures in a row, and after every multiple of it.
const FAILURES_UNTIL_REDISCOVERY: u32 = 3;

/// How often a site without a feed is checked for one.
const FEED_CHECK_INTERVAL: TimeDelta = TimeDelta::days(30);

/// Fetches the source: by the follow mode that is known, or else by discovery.
pub(super) async fn fetch_source(
    session: &mut FetchSession<'_>,
    record: &SourceRecord,
) -> Result<FetchedSource, StoreError> {
    let rediscover =
        record.failures > 0 && record.failures.is_multiple_of(FAILURES_UNTIL_REDISCOVERY);
    match &record.followed {
        // For a feed at the configured address, discovery would find nothing else.
        Some(followed)
            if !rediscover
                || (followed.follow_mode == FollowMode::Feed
                    && followed.url == session.source().url) =>
        {
            fetch_with_feed_check(session, record, followed.clone(), rediscover).await
        }
        _ => match discovery::discover(session).instrument(info_span!("discover")).await {
            Ok(discovery) => read_discovered(session, record, discovery).await,
            Err(DiscoveryError::Failed(failure)) => {
                let follow_mode =
                    record.followed.as_ref().map_or(FollowMode::Auto, |f| f.follow_mode);
                Ok(FetchedSource::failed(failure, follow_mode))
            }
            Err(DiscoveryError::Store(error)) => Err(error),
        },
    }
}

/// Fetches a source whose follow mode is known. A site without a feed is checked for one once a
/// month. `ignore_redirect` requests the configured address, even if a redirect was adopted.
async fn fetch_with_feed_check(
    session: &mut FetchSession<'_>,
    record: &SourceRecord,
    followed: FollowTarget,
    ignore_redirect: bool,
) -> Result<FetchedSource, StoreError> {
    let feed_check_due = followed.follow_mode != FollowMode::Feed
        && session.source().follow_mode == FollowMode::Auto
        && record
            .reviewed
            .is_none_or(|at| session.poller().clock.now() - at >= FEED_CHECK_INTERVAL);
    let site = session.source().url.clone();
    // If the site's own page is polled, `fetch_followed` checks the response of the poll itself.
    if feed_check_due
        && site != followed.url
        && robots::permission_for_configured(session, &site).await?.allows_explicit(&site).is_ok()
        && let FetchOutcome::Document(page) = session.fetch(&site, Accept::Feed).await
    {
        session.record_validators(&page);
        if let Some(fetched) = adopt_feed(session, record, page).await? {
            return Ok(fetched);
        }
    }
    let fetched =
        fetch_followed(session, record, followed, feed_check_due, ignore_redirect).await?;
    Ok(FetchedSource { reviewed: feed_check_due, ..fetched })
}

async fn fetch_followed(
    session: &mut FetchSession<'_>,
    record: &SourceRecord,
    followed: FollowTarget,
    feed_check_due: bool,
    ignore_redirect: bool,
) -> Result<FetchedSource, StoreError> {
    let follow_mode = followed.follow_mode;
    let is_own_page = followed.url == session.source().url;
    let url = match &record.moved {
        Some(moved) if moved.adopted && !ignore_redirect => moved.to.clone(),
        _ => followed.url,
    };
    let permission = match follow_mode {
        FollowMode::Sitemap => discovery::is_sitemap_allowed(session, &url).await?,
        _ => robots::permission_for_configured(session, &url).await?.allows_explicit(&url),
    };
    if let Err(reason) = permission {
        return Ok(FetchedSource::failed(PollFailure::robots_forbidden(reason), follow_mode));
    }
    let accept = match follow_mode {
        FollowMode::Sitemap => Accept::Sitemap,
        FollowMode::Page => Accept::Page,
        FollowMode::Feed | FollowMode::Auto => Accept::Feed,
    };
    let response = match session.fetch(&url, accept).await {
        FetchOutcome::Document(response) => response,
        FetchOutcome::NotModified(response) => {
            let found = continue_crawl(session, record, follow_mode).await?;
            let result = FetchResult::NotModified(found);
            return Ok(FetchedSource::of_response(&response, follow_mode, result));
        }
        other => return Ok(FetchedSource::failed(PollFailure::of(other), follow_mode)),
    };
    if feed_check_due
        && is_own_page
        && let Some(fetched) = adopt_feed(session, record, response.clone()).await?
    {
        return Ok(fetched);
    }
    if record.body_digest == Some(digest(&response)) {
        session.record_validators(&response);
        let found = continue_crawl(session, record, follow_mode).await?;
        let result = FetchResult::SameBody(found);
        return Ok(FetchedSource::of_response(&response, follow_mode, result));
    }
    let parsing = parse_followed(session, &response, follow_mode);
    match parsing.instrument(info_span!("parse")).await? {
        Ok(content) => {
            read_content(session, record, &response, follow_mode, content, None, Vec::new()).await
        }
        Err(failure) => {
            // The document must be sent in full again: a 304 would hide the failure.
            session.discard_validators();
            Ok(FetchedSource::failed(failure, follow_mode))
        }
    }
}

/// Parses a document of a known follow mode.
async fn parse_followed(
    session: &mut FetchSession<'_>,
    response: &Response,
    follow_mode: FollowMode,
) -> Result<Result<DiscoveredContent, PollFailure>, StoreError> {
    Ok(match follow_mode {
        FollowMode::Feed | FollowMode::Auto => read_feed(session, response)
            .await
            .map(|document| DiscoveredContent::Feed(Box::new(document))),
        FollowMode::Page => {
            discovery::read_index(session, response).await.map(DiscoveredContent::IndexPage)
        }
        FollowMode::Sitemap => match discovery::read_sitemap(response).await {
            Ok(document) => {
                let listing = SitemapListing::read(session, document).await?;
                match no_posts_reason(session, &listing) {
                    None => Ok(DiscoveredContent::Sitemap(listing)),
                    Some(why) => Err(PollFailure::unusable_document(response, "no-posts", why)),
                }
            }
            Err(failure) => Err(failure),
        },
    })
}

fn digest(response: &Response) -> [u8; 32] {
    *blake3::hash(&response.body).as_bytes()
}

/// Returns an error text if a sitemap lists no posts any more: its structure has changed.
fn no_posts_reason(session: &FetchSession<'_>, listing: &SitemapListing) -> Option<String> {
    let links = listing.post_links(session.source(), &HashMap::new(), &[]);
    (!listing.is_partial && links.pages.is_empty())
        .then(|| format!("the sitemap lists no posts any more: {}", links.reason))
}

async fn read_discovered(
    session: &mut FetchSession<'_>,
    record: &SourceRecord,
    discovery: Discovery,
) -> Result<FetchedSource, StoreError> {
    let Discovery { followed, response, content, listed, problems } = discovery;
    let known = record
        .followed
        .as_ref()
        .is_some_and(|f| f.follow_mode == followed.follow_mode && f.url == followed.url);
    // With a new follow mode, the entries count as a first import: they are not announced as new.
    let record_for_import =
        SourceRecord { imported: record.imported.filter(|_| known), ..record.clone() };
    let mode = followed.follow_mode;
    let index = listed.as_ref().map(|(_, index)| index);
    let mut fetched =
        read_content(session, &record_for_import, &response, mode, content, index, problems)
            .await?;
    let is_auto = session.source().follow_mode == FollowMode::Auto;
    let Some((page, index)) = listed.filter(|_| is_auto && has_only_shells(&fetched)) else {
        return Ok(FetchedSource { followed: Some(followed), ..fetched });
    };
    let pages = fetched.found_mut().map(|found| std::mem::take(&mut found.pages));
    session.record_way(
        FollowMode::Sitemap,
        0,
        "the pages that the sitemap lists have no titles; a script fills them".to_owned(),
    );
    let followed = FollowTarget {
        follow_mode: FollowMode::Page,
        url: session.source().url.clone(),
        reason: format!("the pages of the sitemap have no titles; {}", index.reason),
    };
    let mut found = CrawlResult::new(FollowMode::Page);
    let arrival =
        if record_for_import.imported.is_none() { Arrival::Import } else { Arrival::Ordinary };
    found.drafts = index.drafts.iter().map(|draft| (draft.clone(), arrival)).collect();
    // The pages need not be fetched again.
    found.pages = pages
        .into_iter()
        .flatten()
        .map(|change| match change {
            PageChange::Failed { url, .. } => PageChange::Fetched { url, metadata: None },
            other => other,
        })
        .collect();
    let content = index_content(&page, index, found);
    let fetched = FetchedSource::of_response(
        &page,
        FollowMode::Page,
        FetchResult::Content(Box::new(content)),
    );
    Ok(FetchedSource { followed: Some(followed), ..fetched })
}

/// Returns whether the pages of a sitemap were fetched and none has a title of its own.
fn has_only_shells(fetched: &FetchedSource) -> bool {
    fetched.found().is_some_and(|found| {
        found.follow_mode == FollowMode::Sitemap
            && found.untitled_pages > 0
            && found.titled_pages == 0
    })
}

/// Follows the feed that a site's page names now, if the feed can be read and has a known post.
async fn adopt_feed(
    session: &mut FetchSession<'_>,
    record: &SourceRecord,
    page: Response,
) -> Result<Option<FetchedSource>, StoreError> {
    let Some(discovery) = discovery::discover_feed(session, page).await? else {
        return Ok(None);
    };
    let DiscoveredContent::Feed(document) = &discovery.content else {
        return Ok(None);
    };
    let links = document
        .drafts
        .iter()
        .filter_map(|draft| {
            entry_identity::canonical_link_with_fragment(draft.url.as_ref()?.as_str())
        })
        .collect::<Vec<_>>();
    let id = session.source().id.clone();
    let store = &session.poller().store;
    if !store.read_async(move |reader| reader.has_link(&id, &links)).await? {
        return Ok(None);
    }
    read_discovered(session, record, discovery).await.map(Some)
}

/// Reads a new document: the items of a feed or an index, or the pages of a sitemap. Then fetches
/// queued pages.
async fn read_content(
    session: &mut FetchSession<'_>,
    record: &SourceRecord,
    response: &Response,
    follow_mode: FollowMode,
    content: DiscoveredContent,
    listed: Option<&IndexPage>,
    problems: Vec<Problem>,
) -> Result<FetchedSource, StoreError> {
    session.record_validators(response);
    let first = record.imported.is_none();
    let arrival = if first { Arrival::Import } else { Arrival::Ordinary };
    let now = session.poller().clock.now();
    let mut found = CrawlResult { problems, ..CrawlResult::new(follow_mode) };
    let is_page = matches!(content, DiscoveredContent::IndexPage(_));
    let mut content = match content {
        DiscoveredContent::Feed(document) => {
            let feed = &document.feed;
            let links = HubLinks { hubs: feed.hubs.clone(), own: feed.self_url.clone() };
            let hub = hub_offer(response, links);
            found.pages.extend(archives::named_by(feed, session.source()));
            let content = read_feed_document(*document, digest(response), arrival, found);
            let mut content = Content { hub, ..content };
            // After the first poll, its entries come first: the archives are left to the backfill.
            if !first && (record.has_queued_archives || !content.found.pages.is_empty()) {
                fetch_queued_pages(session, &mut content.found).await?;
            }
            content
        }
        DiscoveredContent::IndexPage(index) => {
            found.drafts = index.drafts.iter().map(|draft| (draft.clone(), arrival)).collect();
            found.problems.extend(index.problems.iter().cloned());
            found.site_description.clone_from(&index.description);
            let url = &response.final_url;
            page_crawl::complete_index_items(session, url, first, now, &mut found).await?;
            fetch_queued_pages(session, &mut found).await?;
            index_content(response, index, found)
        }
        DiscoveredContent::Sitemap(listing) => {
            found.site_description = listed.and_then(|index| index.description.clone());
            page_crawl::queue_listed_pages(session, &listing, listed, first, now, &mut found)
                .await?;
            found.pages.extend(listing.parts.map(PageChange::IndexedSitemaps));
            fetch_queued_pages(session, &mut found).await?;
            let home_page = page_crawl::home_page(&session.source().url, response);
            Content {
                hub: hub_offer(response, HubLinks::default()),
                metadata: FeedMetadata {
                    home_page_url: Some(home_page.to_string()),
                    ..FeedMetadata::default()
                },
                details: details_of(Format::Sitemap),
                update_hints: None,
                body_digest: digest(response),
                found,
            }
        }
    };
    let own = content.metadata.reservation.take().unwrap_or_default();
    let reservation = complete_reservation(session, own, response, is_page).await?;
    content.metadata.reservation = Some(reservation);
    let result = FetchResult::Content(Box::new(content));
    Ok(FetchedSource::of_response(response, follow_mode, result))
}

/// Completes what a feed states about the use of its posts by the response and by robots.txt.
async fn complete_reservation(
    session: &mut FetchSession<'_>,
    own: Reservation,
    response: &Response,
    is_page: bool,
) -> Result<Reservation, StoreError> {
    let (html, headers) = (is_page.then(|| response.body.clone()), response.headers.clone());
    let url = response.final_url.clone();
    let read = move || {
        let decode = |body| feed_parser::decode(body, headers.text("content-type")).0;
        let html = html.as_deref().map(decode).unwrap_or_default();
        site_discovery::reservation(&Page { url: &url, headers: &headers, html: &html })
    };
    let mut found = tokio::task::spawn_blocking(read).await.unwrap_or_default();
    if own.license.is_some() {
        (found.license, found.license_type) = (own.license, own.license_type);
    }
    if found.license.is_none() {
        let permission = robots::permission_for_configured(session, &response.requested).await?;
        if let Some(license) = permission.license(&response.requested) {
            found.license = Some(license);
            found.license_type = Some("application/rsl+xml".to_owned());
        }
    }
    Ok(found)
}

/// Returns the content of an index page.
fn index_content(response: &Response, index: IndexPage, found: CrawlResult) -> Content {
    let links = HubLinks {
        hubs: index.hubs.iter().map(Url::to_string).collect(),
        own: index.self_url.as_ref().map(Url::to_string),
    };
    Content {
        hub: hub_offer(response, links),
        metadata: FeedMetadata {
            title: index.site_title,
            home_page_url: Some(response.final_url.to_string()),
            ..FeedMetadata::default()
        },
        details: details_of(Format::Page),
        update_hints: None,
        body_digest: digest(response),
        found,
    }
}

fn hub_offer(response: &Response, in_document: HubLinks) -> HubOffer {
    let hub = hub_links::hub_link(response, in_document);
    hub.map_or(HubOffer::Absent, HubOffer::Named)
}

fn details_of(format: Format) -> FeedDetails {
    FeedDetails { format, encoding: None, repairs: Vec::new(), updated: None }
}

/// Continues the crawl of a source whose document did not change: reads the sitemaps of an index,
/// and fetches queued pages or archives.
async fn continue_crawl(
    session: &mut FetchSession<'_>,
    record: &SourceRecord,
    follow_mode: FollowMode,
) -> Result<CrawlResult, StoreError> {
    let mut found = CrawlResult::new(follow_mode);
    if follow_mode == FollowMode::Feed && !record.has_queued_archives {
        return Ok(found);
    }
    if follow_mode == FollowMode::Sitemap
        && let Some(listing) = SitemapListing::read_unchanged_index(session).await?
    {
        let now = session.poller().clock.now();
        page_crawl::queue_listed_pages(session, &listing, None, false, now, &mut found).await?;
        found.pages.extend(listing.parts.map(PageChange::IndexedSitemaps));
    }
    fetch_queued_pages(session, &mut found).await?;
    Ok(found)
}

/// Fetches up to `pages_per_poll` queued pages, or archives of a feed.
async fn fetch_queued_pages(
    session: &mut FetchSession<'_>,
    found: &mut CrawlResult,
) -> Result<(), StoreError> {
    let now = session.poller().clock.now();
    let most = session.source().pages_per_poll as usize;
    page_crawl::fetch_pages(session, most, QueueFilter::All, now, found).await
}

fn read_feed_document(
    document: Document,
    body_digest: [u8; 32],
    arrival: Arrival,
    mut found: CrawlResult,
) -> Content {
    let feed = document.feed;
    found.drafts = document.drafts.into_iter().map(|draft| (draft, arrival)).collect();
    found.problems.extend(document.problems);
    found.problems.extend(document.repairs.iter().map(|repair| Problem {
        code: repair.code.clone().into(),
        severity: Severity::Warning,
        text: repair.text.clone(),
        line: repair.line,
    }));
    Content {
        hub: HubOffer::Unknown,
        metadata: FeedMetadata {
            title: feed.title,
            id: feed.id,
            feed_url: feed.self_url,
            home_page_url: feed.home_page_url,
            rights: feed.rights,
            icon_url: feed.icon,
            reservation: Some(Reservation { license: feed.license, ..Reservation::default() }),
        },
        details: FeedDetails {
            format: document.format,
            encoding: Some(document.encoding),
            repairs: document.repairs,
            updated: feed.updated,
        },
        update_hints: Some(feed.update_hints),
        body_digest,
        found,
    }
}
