//! Finds out how a site can be followed. URLs are never guessed, except for `sitemap.xml`.
//!
//! In this order: the configured URL is a feed or a sitemap; the page names a feed (in its links or
//! in the HTTP `Link` header); robots.txt or the page names a sitemap, or there is one at
//! `sitemap.xml`; the page itself lists the posts. A way that brings no entries is passed over. The
//! result is stored with its reason, and what each way brings is recorded in the session.

use std::collections::{HashMap, HashSet};

use url::Url;

use feed_model::{Document, Draft, FollowMode, FollowTarget, Problem};
use feed_parser::DocumentKind;
use site_discovery::{IndexPage, Page, SitemapDocument, SitemapPage};

use super::{
    fetched::PollFailure,
    robots,
    session::{FetchOutcome, FetchSession},
    sitemap_crawl::SitemapListing,
};
use crate::{
    fetch::{Accept, Response},
    store::{NOTHING_TO_FOLLOW, StoreError},
    telemetry,
};

/// The most feed links of one page that are tried.
const MAX_FEED_LINKS: usize = 3;

/// The most sitemaps of one site that are tried.
const MAX_SITEMAPS: usize = 5;

/// The code of the problem that a feed which a page names cannot be read.
const FEED_LINK: &str = "feed-link";

/// How a site can be followed, with the document that shows it.
pub(super) struct Discovery {
    pub(super) followed: FollowTarget,
    pub(super) response: Response,
    pub(super) content: DiscoveredContent,
    /// The site's own page and the posts that it lists, if the site is followed by its sitemap.
    pub(super) listed: Option<(Response, IndexPage)>,
    /// What was tried before without success.
    pub(super) problems: Vec<Problem>,
}

impl Discovery {
    fn new(
        follow_mode: FollowMode,
        url: Url,
        reason: String,
        response: Response,
        content: DiscoveredContent,
    ) -> Self {
        let followed = FollowTarget { follow_mode, url, reason };
        Self { followed, response, content, listed: None, problems: Vec::new() }
    }

    /// Returns whether this is a feed without entries.
    fn is_empty_feed(&self) -> bool {
        matches!(&self.content, DiscoveredContent::Feed(document) if document.drafts.is_empty())
    }
}

/// A document that a source can be followed by.
pub(super) enum DiscoveredContent {
    Feed(Box<Document>),
    Sitemap(SitemapListing),
    IndexPage(IndexPage),
}

/// Why discovery failed.
pub(super) enum DiscoveryError {
    Failed(PollFailure),
    Store(StoreError),
}

impl From<StoreError> for DiscoveryError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Finds out how the source can be followed, within the configured follow mode.
pub(super) async fn discover(session: &mut FetchSession<'_>) -> Result<Discovery, DiscoveryError> {
    let url = session.source().url.clone();
    if let Err(why) = robots::permission_for_configured(session, &url).await?.allows_explicit(&url)
    {
        return Err(DiscoveryError::Failed(PollFailure::robots_forbidden(why)));
    }
    session.forget_validators();
    let response = match session.fetch(&url, Accept::Feed).await {
        FetchOutcome::Document(response) => response,
        other => return Err(DiscoveryError::Failed(PollFailure::of(other))),
    };
    discover_in_document(session, response).await
}

/// Returns the feed that a page names, if it can be read.
pub(super) async fn discover_feed(
    session: &mut FetchSession<'_>,
    response: Response,
) -> Result<Option<Discovery>, StoreError> {
    if feed_parser::sniff(&response.body, response.headers.text("content-type"))
        != DocumentKind::Html
    {
        return Ok(None);
    }
    let (html, _) = feed_parser::decode(&response.body, response.headers.text("content-type"));
    let mut problems = Vec::new();
    first_linked_feed(session, &response, &html, &mut problems).await
}

/// Finds out how to follow the document at the configured URL.
pub(super) async fn discover_in_document(
    session: &mut FetchSession<'_>,
    response: Response,
) -> Result<Discovery, DiscoveryError> {
    let configured_mode = session.source().follow_mode;
    let url = session.source().url.clone();
    match feed_parser::sniff(&response.body, response.headers.text("content-type")) {
        DocumentKind::Sitemap | DocumentKind::SitemapIndex
            if matches!(configured_mode, FollowMode::Auto | FollowMode::Sitemap) =>
        {
            let document = read_sitemap(&response).await.map_err(DiscoveryError::Failed)?;
            let listing = SitemapListing::read(session, document).await?;
            let reason = "the address is a sitemap".to_owned();
            let content = DiscoveredContent::Sitemap(listing);
            Ok(Discovery::new(FollowMode::Sitemap, url, reason, response, content))
        }
        DocumentKind::Html => discover_in_page(session, response, configured_mode).await,
        _ if matches!(configured_mode, FollowMode::Auto | FollowMode::Feed) => {
            // If it is no feed, the feed parser's error explains best what is wrong with it.
            let document = read_feed(session, &response).await.map_err(DiscoveryError::Failed)?;
            let reason = "the address is a feed".to_owned();
            let content = DiscoveredContent::Feed(Box::new(document));
            Ok(Discovery::new(FollowMode::Feed, url, reason, response, content))
        }
        kind => {
            let why = format!(
                "feeds.toml has follow = \"{}\", but the address is {}",
                configured_mode.as_str(),
                kind.describe()
            );
            Err(DiscoveryError::Failed(PollFailure::unusable_document(
                &response,
                "not-followable",
                why,
            )))
        }
    }
}

async fn discover_in_page(
    session: &mut FetchSession<'_>,
    response: Response,
    configured_mode: FollowMode,
) -> Result<Discovery, DiscoveryError> {
    let mut problems = Vec::new();
    let (html, _) = feed_parser::decode(&response.body, response.headers.text("content-type"));
    let may_follow = |mode| matches!(configured_mode, FollowMode::Auto) || configured_mode == mode;
    // The page has been fetched already: what it lists costs no request.
    let index = read_index(session, &response).await;
    let listed_posts = index.as_ref().map_or(0, |index| index.drafts.len());
    match &index {
        Ok(index) => {
            session.record_way(FollowMode::Page, index.drafts.len(), index.reason.clone());
        }
        Err(failure) => session.record_way(FollowMode::Page, 0, failure.error.text.clone()),
    }
    let mut empty_feed = None;
    let mut found: Option<Discovery> = None;
    if may_follow(FollowMode::Feed) {
        match first_linked_feed(session, &response, &html, &mut problems).await? {
            Some(feed) if !feed.is_empty_feed() || configured_mode == FollowMode::Feed => {
                found = Some(feed);
            }
            other => empty_feed = other,
        }
    }
    if may_follow(FollowMode::Sitemap) && (found.is_none() || session.surveys()) {
        let mut unusable = Vec::new();
        let index = index.as_ref().ok();
        let sitemap = find_sitemap(session, &response, &html, index, &mut unusable).await?;
        // Beside a feed, the sitemap is surveyed only: a poll would not look for it.
        if found.is_none() {
            problems.append(&mut unusable);
            if let Some((answer, listing, reason)) = sitemap {
                session.record_validators(&response);
                let url = answer.requested.clone();
                let content = DiscoveredContent::Sitemap(listing);
                found = Some(Discovery {
                    listed: index.map(|index| (response.clone(), index.clone())),
                    ..Discovery::new(FollowMode::Sitemap, url, reason, answer, content)
                });
            }
        }
    }
    if let Some(found) = found {
        return Ok(Discovery { problems, ..found });
    }
    if may_follow(FollowMode::Page) {
        match index {
            Ok(index) => {
                let (url, reason) = (session.source().url.clone(), index.reason.clone());
                let content = DiscoveredContent::IndexPage(index);
                let found = Discovery::new(FollowMode::Page, url, reason, response, content);
                return Ok(Discovery { problems, ..found });
            }
            Err(failure) => problems.push(Problem::warning("page-structure", failure.error.text)),
        }
    }
    // A feed without entries is followed if no other way brings any.
    if let Some(feed) = empty_feed {
        return Ok(Discovery { problems, ..feed });
    }
    let why = nothing_to_follow(configured_mode, listed_posts, &problems);
    Err(DiscoveryError::Failed(PollFailure::unusable_document(&response, NOTHING_TO_FOLLOW, why)))
}

/// Says why a web page cannot be followed: first what it is, then what was tried.
fn nothing_to_follow(
    configured_mode: FollowMode,
    listed_posts: usize,
    problems: &[Problem],
) -> String {
    let tried: Vec<&str> = problems.iter().map(|problem| problem.text.as_str()).collect();
    let tried = if tried.is_empty() { String::new() } else { format!(": {}", tried.join("; ")) };
    let what = match configured_mode {
        FollowMode::Feed if problems.iter().any(|problem| problem.code == FEED_LINK) => {
            "this is a web page whose feed cannot be read"
        }
        FollowMode::Feed => "this is a web page without a feed",
        FollowMode::Sitemap => "this is a web page without a sitemap of posts",
        FollowMode::Page => "this is a web page without a list of posts",
        FollowMode::Auto => {
            "this is a web page without a feed, a sitemap of posts or a list of posts"
        }
    };
    let other_way = match (configured_mode, listed_posts) {
        (FollowMode::Feed, posts @ 1..) => {
            format!("; with follow = \"auto\", the {posts} posts that it lists can be followed")
        }
        (FollowMode::Feed, 0) => {
            "; follow = \"auto\" also looks for a sitemap and a list of posts".to_owned()
        }
        _ => String::new(),
    };
    format!("{what}{tried}{other_way}")
}

/// Returns the first feed that a page names and that can be read.
async fn first_linked_feed(
    session: &mut FetchSession<'_>,
    page: &Response,
    html: &str,
    problems: &mut Vec<Problem>,
) -> Result<Option<Discovery>, StoreError> {
    let links =
        site_discovery::feed_links(&Page { url: &page.final_url, headers: &page.headers, html });
    if links.is_empty() {
        session.record_way(FollowMode::Feed, 0, "the page names no feed".to_owned());
    }
    let mut failed: Vec<String> = Vec::new();
    for link in links.into_iter().take(MAX_FEED_LINKS) {
        let why = match fetch_linked_feed(session, &link.url).await? {
            // The podcast of a site does not take the place of a feed of its posts.
            Ok((_, document)) if !failed.is_empty() && is_podcast(&document) => {
                "it is a podcast and not the feed of the posts".to_owned()
            }
            Ok((response, document)) => {
                session.record_validators(page);
                let reason = match failed.last() {
                    Some(before) => format!("{}; {before}", link.reason),
                    None => link.reason,
                };
                session.record_way(FollowMode::Feed, document.drafts.len(), reason.clone());
                let content = DiscoveredContent::Feed(Box::new(document));
                let feed = Discovery::new(FollowMode::Feed, link.url, reason, response, content);
                return Ok(Some(feed));
            }
            Err(why) => why,
        };
        let text = format!("the page names {} as its feed, but {why}", link.url);
        problems.push(Problem::warning(FEED_LINK, text.clone()));
        failed.push(text);
    }
    if !failed.is_empty() {
        session.record_way(FollowMode::Feed, 0, failed.join("; "));
    }
    Ok(None)
}

/// Returns whether most items of a feed are sound.
fn is_podcast(document: &Document) -> bool {
    let has_sound =
        |draft: &&Draft| draft.enclosures.iter().any(|file| file.mime.starts_with("audio/"));
    let with_sound = document.drafts.iter().filter(has_sound).count();
    with_sound > 0 && with_sound * 2 > document.drafts.len()
}

/// Fetches a feed that a page names. The inner error is the reason why it is not usable.
async fn fetch_linked_feed(
    session: &mut FetchSession<'_>,
    url: &Url,
) -> Result<Result<(Response, Document), String>, StoreError> {
    if let Err(why) = robots::permission_for_configured(session, url).await?.allows_explicit(url) {
        return Ok(Err(why));
    }
    Ok(match session.fetch(url, Accept::Feed).await {
        FetchOutcome::Document(response) => read_feed(session, &response)
            .await
            .map(|document| (response, document))
            .map_err(|r| r.error.text),
        other => Err(PollFailure::of(other).error.text),
    })
}

/// Returns the first sitemap of the page's site that lists posts: one that robots.txt or the page
/// names, otherwise `sitemap.xml` below the site's own path or at the root.
async fn find_sitemap(
    session: &mut FetchSession<'_>,
    page: &Response,
    html: &str,
    index: Option<&IndexPage>,
    problems: &mut Vec<Problem>,
) -> Result<Option<(Response, SitemapListing, String)>, StoreError> {
    let url = &page.final_url;
    let permission = robots::permission(session, url).await?;
    let mut candidates: Vec<(Url, String)> = permission
        .sitemaps()
        .into_iter()
        .map(|url| (url, "robots.txt names its sitemap".to_owned()))
        .collect();
    let named = site_discovery::sitemap_links(&Page { url, headers: &page.headers, html });
    candidates.extend(named.into_iter().map(|url| (url, "the page names its sitemap".to_owned())));
    // These are tried if none is named or usable. Several sites can share a host: the second is the
    // site's own, below its path.
    for path in ["/sitemap.xml", "sitemap.xml"] {
        candidates.extend(url.join(path).ok().map(|url| {
            let reason = format!("the site has a sitemap at {}", url.path());
            (url, reason)
        }));
    }
    let mut seen: HashSet<Url> = HashSet::new();
    candidates.retain(|(url, _)| seen.insert(url.clone()));
    let known_posts = known_posts(index);
    let mut unusable: Vec<String> = Vec::new();
    let own_directory = url.join(".").map_or_else(|_| "/".to_owned(), |url| url.path().to_owned());
    // A sitemap of posts that are not below the site's own path, with their number.
    let mut elsewhere: Option<(Response, SitemapListing, String, usize)> = None;
    for (url, reason) in candidates.into_iter().take(MAX_SITEMAPS) {
        if let Err(why) = is_sitemap_allowed(session, &url).await? {
            unusable.push(format!("{url} may not be requested: {why}"));
            continue;
        }
        let why =
            match session.fetch_with_delay(&url, Accept::Sitemap, permission.crawl_delay()).await {
                FetchOutcome::Document(response) => match read_sitemap(&response).await {
                    Ok(document) => {
                        let listing = SitemapListing::read(session, document).await?;
                        let links =
                            listing.post_links(session.source(), &HashMap::new(), &known_posts);
                        let count = links.pages.len();
                        if count > 0 {
                            let reason = format!("{reason}: {}", links.reason);
                            let is_below =
                                |page: &SitemapPage| page.url.path().starts_with(&own_directory);
                            if links.pages.iter().any(is_below) {
                                session.record_way(FollowMode::Sitemap, count, reason.clone());
                                return Ok(Some((response, listing, reason)));
                            }
                            elsewhere.get_or_insert((response, listing, reason, count));
                            continue;
                        }
                        format!("it lists no posts: {}", links.reason)
                    }
                    Err(failure) => failure.error.text,
                },
                other => PollFailure::of(other).error.text,
            };
        unusable.push(format!("{url} is not usable: {why}"));
    }
    if let Some((response, listing, reason, count)) = elsewhere {
        session.record_way(FollowMode::Sitemap, count, reason.clone());
        return Ok(Some((response, listing, reason)));
    }
    session.record_way(FollowMode::Sitemap, 0, unusable.join("; "));
    problems.extend(unusable.into_iter().map(|text| Problem::note("sitemap", text)));
    Ok(None)
}

/// Returns the URLs of the posts that a page lists.
pub(super) fn known_posts(index: Option<&IndexPage>) -> Vec<Url> {
    let drafts = index.map(|index| index.drafts.as_slice()).unwrap_or_default();
    drafts.iter().filter_map(|draft| draft.url.clone()).collect()
}

/// Checks whether a sitemap may be requested. A sitemap that feeds.toml or robots.txt names counts
/// as configured; one at the default path must be permitted to everyone.
pub(super) async fn is_sitemap_allowed(
    session: &mut FetchSession<'_>,
    url: &Url,
) -> Result<Result<(), String>, StoreError> {
    let site = session.source().url.clone();
    let named = *url == site || robots::permission(session, &site).await?.names(url);
    let permission = robots::permission(session, url).await?;
    Ok(if named { permission.allows_explicit(url) } else { permission.allows(url) })
}

/// Parses a sitemap on a thread for long computations.
pub(super) async fn read_sitemap(response: &Response) -> Result<SitemapDocument, PollFailure> {
    let (bytes, url) = (response.body.clone(), response.final_url.clone());
    match tokio::task::spawn_blocking(move || site_discovery::read_sitemap(&bytes, &url)).await {
        Ok(read) => read.map_err(|error| {
            PollFailure::unusable_document(response, "sitemap", telemetry::chain(&error))
        }),
        Err(panic) => Err(parser_panic(response, &panic)),
    }
}

/// Reads the items of an index page on a thread for long computations.
pub(super) async fn read_index(
    session: &FetchSession<'_>,
    response: &Response,
) -> Result<IndexPage, PollFailure> {
    let (body, headers, url) =
        (response.body.clone(), response.headers.clone(), response.final_url.clone());
    let selectors = session.source().page.clone();
    let read = tokio::task::spawn_blocking(move || {
        let (html, _) = feed_parser::decode(&body, headers.text("content-type"));
        site_discovery::read_index_page(
            &Page { url: &url, headers: &headers, html: &html },
            selectors.as_ref(),
        )
    });
    match read.await {
        Ok(index) => index.map_err(|error| {
            PollFailure::unusable_document(response, "page-structure", telemetry::chain(&error))
        }),
        Err(panic) => Err(parser_panic(response, &panic)),
    }
}

/// Parses a feed on a thread for long computations.
pub(super) async fn read_feed(
    session: &FetchSession<'_>,
    response: &Response,
) -> Result<Document, PollFailure> {
    let bytes = response.body.clone();
    let content_type = response.headers.text("content-type").map(str::to_owned);
    let content_location = response.headers.text("content-location").map(str::to_owned);
    let url = response.final_url.clone();
    let max_items = session.source().limits.max_items;
    session.reserve_memory(response.body.len()).await;
    let read = tokio::task::spawn_blocking(move || {
        let (content_type, content_location) =
            (content_type.as_deref(), content_location.as_deref());
        feed_parser::parse_feed(&feed_parser::FeedInput {
            bytes: &bytes,
            content_type,
            content_location,
            url: &url,
            max_items,
        })
    });
    match read.await {
        Ok(Ok(document)) => Ok(document),
        Ok(Err(error)) => {
            Err(PollFailure::unusable_document(response, error.class(), telemetry::chain(&error)))
        }
        Err(panic) => Err(parser_panic(response, &panic)),
    }
}

fn parser_panic(response: &Response, panic: &tokio::task::JoinError) -> PollFailure {
    let text = format!("internal error while reading the document: {panic}");
    PollFailure::unusable_document(response, "internal", text)
}
