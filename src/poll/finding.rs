//! Finding out how a site can be followed, politely: nothing is probed blindly.
//!
//! The address is a feed; or a page that names one (its links, the HTTP Link header); or its site has a sitemap that
//! robots.txt names, or at `/sitemap.xml`; or the page itself lists the posts. What was found is remembered with its reason.

use std::collections::HashMap;

use url::Url;

use super::{
    exchange::{Answer, Exchanges},
    listing::Listing,
    refresh::Refusal,
    robots,
};
use crate::{
    fetch::{Accept, Response},
    store::StoreError,
    telemetry,
};
use feed_model::{Document, Follow, Followed, Problem};
use feed_parser::Kind;
use site_discovery::{Index, Page, SitemapDocument};

/// Feed links of one page that are tried.
const MOST_FEED_LINKS: usize = 3;

/// Sitemaps of one site that are tried.
const MOST_SITEMAPS: usize = 5;

/// How a site can be followed, with the document that showed it.
pub(super) struct Found {
    pub(super) followed: Followed,
    pub(super) response: Response,
    pub(super) content: Content,
    /// What was tried before and did not do.
    pub(super) problems: Vec<Problem>,
}

/// The document that showed how a site can be followed.
pub(super) enum Content {
    Feed(Box<Document>),
    Sitemap(Listing),
    Index(Index),
}

/// Why nothing was found.
pub(super) enum NotFound {
    Refused(Refusal),
    Store(StoreError),
}

impl From<StoreError> for NotFound {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Finds out how the source can be followed, in the ways that feeds.toml permits.
pub(super) async fn find(exchanges: &mut Exchanges<'_>) -> Result<Found, NotFound> {
    let url = exchanges.source().url.clone();
    if let Err(why) = robots::permission_of_named(exchanges, &url).await?.allows_named(&url) {
        return Err(NotFound::Refused(Refusal::forbidden(why)));
    }
    exchanges.look_anew();
    let response = match exchanges.ask(&url, Accept::Feed).await {
        Answer::Document(response) => response,
        other => return Err(NotFound::Refused(Refusal::of(other))),
    };
    look_at(exchanges, response).await
}

/// The feed that a site's page names, if there is one by now and it can be read.
pub(super) async fn feed_of(exchanges: &mut Exchanges<'_>, response: Response) -> Result<Option<Found>, StoreError> {
    if feed_parser::sniff(&response.body, response.headers.text("content-type")) != Kind::Html {
        return Ok(None);
    }
    let (html, _) = feed_parser::decode(&response.body, response.headers.text("content-type"));
    let mut problems = Vec::new();
    named_feed(exchanges, &response, &html, &mut problems).await
}

/// Looks at a document at the source's own address.
pub(super) async fn look_at(exchanges: &mut Exchanges<'_>, response: Response) -> Result<Found, NotFound> {
    let wanted = exchanges.source().follow;
    let url = exchanges.source().url.clone();
    match feed_parser::sniff(&response.body, response.headers.text("content-type")) {
        Kind::Feed(_) if matches!(wanted, Follow::Auto | Follow::Feed) => {
            let document = read_feed(exchanges, &response).await.map_err(NotFound::Refused)?;
            let followed = Followed { way: Follow::Feed, url, because: "the address is a feed".into() };
            Ok(Found { followed, response, content: Content::Feed(Box::new(document)), problems: Vec::new() })
        }
        Kind::Sitemap | Kind::SitemapIndex if matches!(wanted, Follow::Auto | Follow::Sitemap) => {
            let document = read_sitemap(&response).await.map_err(NotFound::Refused)?;
            let listing = Listing::read(exchanges, document).await?;
            let followed = Followed { way: Follow::Sitemap, url, because: "the address is a sitemap".into() };
            Ok(Found { followed, response, content: Content::Sitemap(listing), problems: Vec::new() })
        }
        Kind::Html => look_at_page(exchanges, response, wanted).await,
        _ if wanted == Follow::Auto || wanted == Follow::Feed => {
            // The reader says best what is wrong with it.
            let document = read_feed(exchanges, &response).await.map_err(NotFound::Refused)?;
            let followed = Followed { way: Follow::Feed, url, because: "the address is a feed".into() };
            Ok(Found { followed, response, content: Content::Feed(Box::new(document)), problems: Vec::new() })
        }
        kind => {
            let why = format!("feeds.toml says follow = \"{}\", and the address is {}", wanted.as_str(), kind.describe());
            Err(NotFound::Refused(Refusal::unusable(&response, "not-followable", why)))
        }
    }
}

async fn look_at_page(exchanges: &mut Exchanges<'_>, response: Response, wanted: Follow) -> Result<Found, NotFound> {
    let mut problems = Vec::new();
    let (html, _) = feed_parser::decode(&response.body, response.headers.text("content-type"));
    if matches!(wanted, Follow::Auto | Follow::Feed)
        && let Some(found) = named_feed(exchanges, &response, &html, &mut problems).await?
    {
        return Ok(Found { problems, ..found });
    }
    if matches!(wanted, Follow::Auto | Follow::Sitemap)
        && let Some((answer, listing, because)) = find_sitemap(exchanges, &response.final_url, &mut problems).await?
    {
        exchanges.accept(&response);
        let followed = Followed { way: Follow::Sitemap, url: answer.requested.clone(), because };
        return Ok(Found { followed, response: answer, content: Content::Sitemap(listing), problems });
    }
    if matches!(wanted, Follow::Auto | Follow::Page) {
        match read_index(exchanges, &response).await {
            Ok(index) => {
                let followed =
                    Followed { way: Follow::Page, url: exchanges.source().url.clone(), because: index.because.clone() };
                return Ok(Found { followed, response, content: Content::Index(index), problems });
            }
            Err(refusal) => problems.push(Problem::warning("page-structure", refusal.error.text)),
        }
    }
    let tried: Vec<String> = problems.into_iter().map(|p| p.text).collect();
    let tried = if tried.is_empty() { "no feed, sitemap or list of posts was found".to_owned() } else { tried.join("; ") };
    Err(NotFound::Refused(Refusal::unusable(&response, "nothing-to-follow", format!("the page cannot be followed: {tried}"))))
}

/// The first feed that a page names and that can be read.
async fn named_feed(
    exchanges: &mut Exchanges<'_>,
    page: &Response,
    html: &str,
    problems: &mut Vec<Problem>,
) -> Result<Option<Found>, StoreError> {
    let links = site_discovery::feed_links(&Page { url: &page.final_url, headers: &page.headers, html });
    for link in links.into_iter().take(MOST_FEED_LINKS) {
        match try_feed(exchanges, &link.url).await? {
            Ok((response, document)) => {
                exchanges.accept(page);
                let followed = Followed { way: Follow::Feed, url: link.url, because: link.because };
                return Ok(Some(Found { followed, response, content: Content::Feed(Box::new(document)), problems: Vec::new() }));
            }
            Err(why) => {
                problems.push(Problem::warning("feed-link", format!("the page names {} as its feed, but {why}", link.url)));
            }
        }
    }
    Ok(None)
}

/// Asks for a feed that a page names; the inner error says in words why it is none.
async fn try_feed(exchanges: &mut Exchanges<'_>, url: &Url) -> Result<Result<(Response, Document), String>, StoreError> {
    if let Err(why) = robots::permission_of_named(exchanges, url).await?.allows_named(url) {
        return Ok(Err(why));
    }
    Ok(match exchanges.ask(url, Accept::Feed).await {
        Answer::Document(response) => {
            read_feed(exchanges, &response).await.map(|document| (response, document)).map_err(|r| r.error.text)
        }
        other => Err(Refusal::of(other).error.text),
    })
}

/// The first sitemap of the page's site that lists posts.
async fn find_sitemap(
    exchanges: &mut Exchanges<'_>,
    page: &Url,
    problems: &mut Vec<Problem>,
) -> Result<Option<(Response, Listing, String)>, StoreError> {
    let permission = robots::permission(exchanges, page).await?;
    let mut candidates: Vec<(Url, &str)> =
        permission.sitemaps().into_iter().map(|url| (url, "robots.txt names its sitemap")).collect();
    if candidates.is_empty() {
        candidates.extend(page.join("/sitemap.xml").ok().map(|url| (url, "the site has a sitemap at its usual place")));
    }
    for (url, because) in candidates.into_iter().take(MOST_SITEMAPS) {
        if let Err(why) = may_ask_sitemap(exchanges, &url).await? {
            problems.push(Problem::note("sitemap", format!("{url} may not be asked: {why}")));
            continue;
        }
        let why = match exchanges.ask_after(&url, Accept::Sitemap, permission.pause()).await {
            Answer::Document(response) => match read_sitemap(&response).await {
                Ok(document) => {
                    let listing = Listing::read(exchanges, document).await?;
                    let links = listing.posts(exchanges.source(), &HashMap::new());
                    if !links.pages.is_empty() {
                        return Ok(Some((response, listing, format!("{because}: {}", links.because))));
                    }
                    format!("it lists no posts: {}", links.because)
                }
                Err(refusal) => refusal.error.text,
            },
            other => Refusal::of(other).error.text,
        };
        problems.push(Problem::note("sitemap", format!("{url} is of no use: {why}")));
    }
    Ok(None)
}

/// Whether a sitemap may be asked for: one that a person or the site's robots.txt names like any address that was named to
/// us; one at the usual place only as the file permits everyone.
pub(super) async fn may_ask_sitemap(exchanges: &mut Exchanges<'_>, url: &Url) -> Result<Result<(), String>, StoreError> {
    let site = exchanges.source().url.clone();
    let named = *url == site || robots::permission(exchanges, &site).await?.names(url);
    let permission = robots::permission(exchanges, url).await?;
    Ok(if named { permission.allows_named(url) } else { permission.allows(url) })
}

/// Reads a sitemap out of an answer, on a thread that may take its time.
pub(super) async fn read_sitemap(response: &Response) -> Result<SitemapDocument, Refusal> {
    let (bytes, url) = (response.body.clone(), response.final_url.clone());
    match tokio::task::spawn_blocking(move || site_discovery::read_sitemap(&bytes, &url)).await {
        Ok(read) => read.map_err(|error| Refusal::unusable(response, "sitemap", telemetry::chain(&error))),
        Err(panicked) => Err(Refusal::unusable(response, "internal", format!("reading it broke off: {panicked}"))),
    }
}

/// Reads the items of an index page out of an answer, on a thread that may take its time.
pub(super) async fn read_index(exchanges: &Exchanges<'_>, response: &Response) -> Result<Index, Refusal> {
    let (body, headers, url) = (response.body.clone(), response.headers.clone(), response.final_url.clone());
    let selectors = exchanges.source().page.clone();
    let read = tokio::task::spawn_blocking(move || {
        let (html, _) = feed_parser::decode(&body, headers.text("content-type"));
        site_discovery::index(&Page { url: &url, headers: &headers, html: &html }, selectors.as_ref())
    });
    match read.await {
        Ok(index) => index.map_err(|error| Refusal::unusable(response, "page-structure", telemetry::chain(&error))),
        Err(panicked) => Err(Refusal::unusable(response, "internal", format!("reading it broke off: {panicked}"))),
    }
}

/// Reads a feed out of an answer, on a thread that may take its time.
pub(super) async fn read_feed(exchanges: &Exchanges<'_>, response: &Response) -> Result<Document, Refusal> {
    let bytes = response.body.clone();
    let content_type = response.headers.text("content-type").map(str::to_owned);
    let content_location = response.headers.text("content-location").map(str::to_owned);
    let url = response.final_url.clone();
    let max_items = exchanges.source().limits.max_items;
    let read = tokio::task::spawn_blocking(move || {
        let (content_type, content_location) = (content_type.as_deref(), content_location.as_deref());
        feed_parser::read(&feed_parser::Input { bytes: &bytes, content_type, content_location, url: &url, max_items })
    });
    match read.await {
        Ok(Ok(document)) => Ok(document),
        Ok(Err(error)) => Err(Refusal::unusable(response, error.class(), telemetry::chain(&error))),
        Err(panicked) => Err(Refusal::unusable(response, "internal", format!("reading it broke off: {panicked}"))),
    }
}
