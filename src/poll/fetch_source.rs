//! Asking and feed_details: one fetched to a source, by the follow_mode that is known, else by
//! finding one out.
//!
//! Deliberately absent: what is stored of it, and when the next one is: see `refresh`.

use chrono::TimeDelta;

use super::{
    discovery::{self, DiscoveredContent, Discovery, DiscoveryError, read_feed},
    page_crawl::{self, CrawlResult, QueueFilter},
    refresh::{FeedDetails, FetchedSource, PollFailure},
    robots,
    session::{FetchOutcome, FetchSession},
    sitemap_crawl::SitemapListing,
};
use crate::{
    fetch::{Accept, Response},
    store::{Arrival, FeedMetadata, PageChange, SourceRecord, StoreError},
};
use feed_model::{Document, FollowMode, FollowTarget, Format, PollOutcome, Problem, Severity};

/// After so many failures in a row it is found out again how a site can be followed, and again
/// after as many more.
const FAILURES_UNTIL_REDISCOVERY: u32 = 3;

/// How often a site without a feed is asked whether it has one by now.
const FEED_CHECK_INTERVAL: TimeDelta = TimeDelta::days(30);

/// Asks and reads: by the follow_mode that is known, else by finding one out.
pub(super) async fn fetch_source(
    session: &mut FetchSession<'_>,
    source_record: &SourceRecord,
) -> Result<FetchedSource, StoreError> {
    let rediscover = source_record.failures > 0
        && source_record.failures.is_multiple_of(FAILURES_UNTIL_REDISCOVERY);
    match &source_record.followed {
        // A feed at the very address that feeds.toml names is all that there is to find: it is
        // asked as ever, conditionally.
        Some(followed)
            if !rediscover
                || (followed.follow_mode == FollowMode::Feed
                    && followed.url == session.source().url) =>
        {
            poll_followed(session, source_record, followed.clone(), rediscover).await
        }
        _ => match discovery::discover(session).await {
            Ok(found) => read_discovered(session, source_record, found).await,
            Err(DiscoveryError::Failed(poll_failure)) => {
                let follow_mode =
                    source_record.followed.as_ref().map_or(FollowMode::Auto, |f| f.follow_mode);
                Ok(FetchedSource::from_failure(poll_failure, follow_mode))
            }
            Err(DiscoveryError::Store(error)) => Err(error),
        },
    }
}

/// Asks where the source is known to be; `ignore_redirect`: where a move that was adopted began.
async fn poll_followed(
    session: &mut FetchSession<'_>,
    source_record: &SourceRecord,
    followed: FollowTarget,
    ignore_redirect: bool,
) -> Result<FetchedSource, StoreError> {
    let feed_check_due = followed.follow_mode != FollowMode::Feed
        && session.source().follow_mode == FollowMode::Auto
        && source_record
            .reviewed
            .is_none_or(|at| session.poller().clock.now() - at >= FEED_CHECK_INTERVAL);
    let site = session.source().url.clone();
    // A site that is followed by its own page is reviewed with the answer of the poll itself.
    if feed_check_due
        && site != followed.url
        && robots::permission_for_configured(session, &site).await?.allows_explicit(&site).is_ok()
        && let FetchOutcome::Document(page) = session.fetch(&site, Accept::Feed).await
    {
        session.record_validators(&page);
        if let Some(fetched) = adopt_feed(session, source_record, page).await? {
            return Ok(fetched);
        }
    }
    let fetched =
        fetch_followed(session, source_record, followed, feed_check_due, ignore_redirect).await?;
    Ok(FetchedSource { reviewed: feed_check_due, ..fetched })
}

async fn fetch_followed(
    session: &mut FetchSession<'_>,
    source_record: &SourceRecord,
    followed: FollowTarget,
    feed_check_due: bool,
    ignore_redirect: bool,
) -> Result<FetchedSource, StoreError> {
    let follow_mode = followed.follow_mode;
    let is_own_page = followed.url == session.source().url;
    // What moved for good is asked where it went, until that fails again and again.
    let url = match &source_record.moved {
        Some(moved) if moved.adopted && !ignore_redirect => moved.to.clone(),
        _ => followed.url,
    };
    let permission = match follow_mode {
        FollowMode::Sitemap => discovery::is_sitemap_allowed(session, &url).await?,
        _ => robots::permission_for_configured(session, &url).await?.allows_explicit(&url),
    };
    if let Err(why) = permission {
        return Ok(FetchedSource::from_failure(PollFailure::robots_forbidden(why), follow_mode));
    }
    let accept = match follow_mode {
        FollowMode::Sitemap => Accept::Sitemap,
        FollowMode::Page => Accept::Page,
        FollowMode::Feed | FollowMode::Auto => Accept::Feed,
    };
    let response = match session.fetch(&url, accept).await {
        FetchOutcome::Document(response) => response,
        FetchOutcome::NotModified(response) => {
            let fetched =
                FetchedSource::from_response(PollOutcome::NotModified, follow_mode, &response);
            return continue_crawl(session, fetched).await;
        }
        other => {
            return Ok(FetchedSource::from_failure(PollFailure::of(other), follow_mode));
        }
    };
    if feed_check_due
        && is_own_page
        && let Some(fetched) = adopt_feed(session, source_record, response.clone()).await?
    {
        return Ok(fetched);
    }
    let digest = *blake3::hash(&response.body).as_bytes();
    if source_record.body_digest == Some(digest) {
        // The same bytes, and perhaps other validators: those are taken over, nothing else is done.
        session.record_validators(&response);
        let fetched = FetchedSource::from_response(PollOutcome::Unchanged, follow_mode, &response);
        return continue_crawl(session, fetched).await;
    }
    let content = match follow_mode {
        FollowMode::Feed | FollowMode::Auto => read_feed(session, &response)
            .await
            .map(|document| DiscoveredContent::Feed(Box::new(document))),
        FollowMode::Page => {
            discovery::read_index(session, &response).await.map(DiscoveredContent::IndexPage)
        }
        FollowMode::Sitemap => match discovery::read_sitemap(&response).await {
            Ok(document) => {
                let listing = SitemapListing::read(session, document).await?;
                match no_posts_reason(session, &listing) {
                    None => Ok(DiscoveredContent::Sitemap(listing)),
                    Some(why) => Err(PollFailure::unusable_document(&response, "no-posts", why)),
                }
            }
            Err(poll_failure) => Err(poll_failure),
        },
    };
    match content {
        Ok(content) => {
            read_content(session, source_record, &response, follow_mode, content, Vec::new()).await
        }
        Err(poll_failure) => {
            // It must come in full again: a 304 to it would say that nothing is wrong.
            session.discard_validators();
            Ok(FetchedSource::from_failure(poll_failure, follow_mode))
        }
    }
}

/// Why a sitemap cannot be one of this publication any more: it lists no posts, which is a
/// structure that changed and not a publication without posts.
fn no_posts_reason(session: &FetchSession<'_>, listing: &SitemapListing) -> Option<String> {
    let links = listing.post_links(session.source(), &std::collections::HashMap::new());
    (!listing.is_partial && links.pages.is_empty())
        .then(|| format!("the sitemap lists no posts any more: {}", links.reason))
}

async fn read_discovered(
    session: &mut FetchSession<'_>,
    source_record: &SourceRecord,
    found: Discovery,
) -> Result<FetchedSource, StoreError> {
    let Discovery { followed, response, content, problems } = found;
    let known = source_record
        .followed
        .as_ref()
        .is_some_and(|f| f.follow_mode == followed.follow_mode && f.url == followed.url);
    // What another follow_mode shows is not new because of that: it comes like a first import,
    // which announces nothing.
    let unimported_record = SourceRecord {
        imported: source_record.imported.filter(|_| known),
        ..source_record.clone()
    };
    let fetched = read_content(
        session,
        &unimported_record,
        &response,
        followed.follow_mode,
        content,
        problems,
    )
    .await?;
    Ok(FetchedSource { followed: Some(followed), ..fetched })
}

/// Adopts the feed that a site's page names by now, if it can be read and has a post that is known:
/// it is this publication's then, and announces nothing by being adopted.
async fn adopt_feed(
    session: &mut FetchSession<'_>,
    source_record: &SourceRecord,
    page: Response,
) -> Result<Option<FetchedSource>, StoreError> {
    let Some(found) = discovery::discover_feed(session, page).await? else {
        return Ok(None);
    };
    let DiscoveredContent::Feed(document) = &found.content else {
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
    if !session.poller().read(move |reader| reader.has_link(&id, &links)).await? {
        return Ok(None);
    }
    read_discovered(session, source_record, found).await.map(Some)
}

/// Takes in what was has_document: a feed's items, a sitemap's pages, an index's items.
async fn read_content(
    session: &mut FetchSession<'_>,
    source_record: &SourceRecord,
    response: &Response,
    follow_mode: FollowMode,
    content: DiscoveredContent,
    problems: Vec<Problem>,
) -> Result<FetchedSource, StoreError> {
    session.record_validators(response);
    let mut fetched = FetchedSource::from_response(PollOutcome::Unchanged, follow_mode, response);
    fetched.has_document = true;
    fetched.body_digest = Some(*blake3::hash(&response.body).as_bytes());
    fetched.problems = Some(problems);
    let first = source_record.imported.is_none();
    let arrival = if first { Arrival::Import } else { Arrival::Ordinary };
    let mut crawl = CrawlResult::new(follow_mode);
    let now = session.poller().clock.now();
    match content {
        DiscoveredContent::Feed(document) => {
            read_feed_document(&mut fetched, *document, arrival);
            return Ok(fetched);
        }
        DiscoveredContent::IndexPage(index) => {
            fetched.feed_details = Some(FeedDetails {
                format: Format::Page,
                encoding: None,
                repairs: Vec::new(),
                updated: None,
            });
            fetched.metadata = FeedMetadata {
                title: index.site_title,
                home_page_url: Some(response.final_url.to_string()),
                ..FeedMetadata::default()
            };
            crawl.drafts = index.drafts.into_iter().map(|draft| (draft, arrival)).collect();
            crawl.problems = index.problems;
            page_crawl::complete_index_items(session, &response.final_url, first, now, &mut crawl)
                .await?;
        }
        DiscoveredContent::Sitemap(listing) => {
            fetched.feed_details = Some(FeedDetails {
                format: Format::Sitemap,
                encoding: None,
                repairs: Vec::new(),
                updated: None,
            });
            fetched.metadata.home_page_url =
                Some(page_crawl::home_page(&session.source().url, response).to_string());
            page_crawl::queue_listed_pages(session, &listing, first, now, &mut crawl).await?;
            crawl.pages.extend(listing.parts.map(PageChange::IndexedSitemaps));
        }
    }
    fetch_pages(session, fetched, crawl).await
}

/// Goes on with a site whose listing did not change: with the parts of an index, and with the pages
/// that wait.
async fn continue_crawl(
    session: &mut FetchSession<'_>,
    fetched: FetchedSource,
) -> Result<FetchedSource, StoreError> {
    if fetched.follow_mode == FollowMode::Feed {
        return Ok(fetched);
    }
    let mut crawl = CrawlResult::new(fetched.follow_mode);
    if fetched.follow_mode == FollowMode::Sitemap
        && let Some(listing) = SitemapListing::read_unchanged_index(session).await?
    {
        let now = session.poller().clock.now();
        page_crawl::queue_listed_pages(session, &listing, false, now, &mut crawl).await?;
        crawl.pages.extend(listing.parts.map(PageChange::IndexedSitemaps));
    }
    fetch_pages(session, fetched, crawl).await
}

/// Asks for pages that wait, and adds what they brought to the fetched.
async fn fetch_pages(
    session: &mut FetchSession<'_>,
    mut fetched: FetchedSource,
    mut crawl: CrawlResult,
) -> Result<FetchedSource, StoreError> {
    let now = session.poller().clock.now();
    let most = session.source().pages_per_poll as usize;
    page_crawl::fetch_pages(session, most, QueueFilter::All, now, &mut crawl).await?;
    fetched.has_document = fetched.has_document || !crawl.drafts.is_empty();
    fetched.metadata.title = fetched.metadata.title.or(crawl.site_title);
    fetched.drafts = crawl.drafts;
    fetched.pages = crawl.pages;
    if fetched.problems.is_some() || !crawl.problems.is_empty() {
        fetched.problems.get_or_insert_default().extend(crawl.problems);
    }
    Ok(fetched)
}

fn read_feed_document(fetched: &mut FetchedSource, document: Document, arrival: Arrival) {
    let feed = document.feed;
    fetched.feed_details = Some(FeedDetails {
        format: document.format,
        encoding: Some(document.encoding),
        repairs: document.repairs.clone(),
        updated: feed.updated,
    });
    fetched.metadata = FeedMetadata {
        title: feed.title,
        id: feed.id,
        feed_url: feed.self_url,
        home_page_url: feed.home_page_url,
        rights: feed.rights,
    };
    fetched.update_hints = Some(feed.update_hints);
    fetched.drafts = document.drafts.into_iter().map(|draft| (draft, arrival)).collect();
    let problems = fetched.problems.get_or_insert_default();
    problems.extend(document.problems);
    problems.extend(document.repairs.into_iter().map(|repair| Problem {
        code: repair.code.into(),
        severity: Severity::Warning,
        text: repair.text,
        line: repair.line,
    }));
}
