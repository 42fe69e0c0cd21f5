//! The routes of the site and their handlers.

use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header},
    routing::get,
};

use feed_model::{SourceId, StoryId, TopicId};
use feed_publisher::{Addresses, DigestPeriod, FeedFormat, YearMonth, pages::PageError};

use crate::{
    compression::CompressionLevel,
    site::{self, ArchiveLookup, FeedSearch, PageName, TopicLookup},
};

use super::{
    app::App,
    delta,
    encoded_document::EncodedDocument,
    response::{self, ResponseOptions},
};

/// `Retry-After` in seconds while documents are not rendered yet.
const RETRY_AFTER_S: u64 = 10;

/// Seconds that caches may keep an archive. It changes only if a story is removed.
const ARCHIVE_AGE_S: u64 = 86_400;

/// The `WWW-Authenticate` header of a private topic.
const CHALLENGE: HeaderValue =
    HeaderValue::from_static("Basic realm=\"private topic\", charset=\"UTF-8\"");

/// Returns the routes of the site, for the audience of their [`App`].
pub(super) fn site_routes() -> Router<App> {
    Router::new()
        .route("/", get(|state, headers| page(state, headers, PageName::Home)))
        .route("/sources", get(|state, headers| page(state, headers, PageName::Sources(1))))
        .route("/sources/{id}", get(source_page))
        .route("/sources/{id}/icon.png", get(source_icon))
        // A source may have the id `page`.
        .route(
            "/sources/page/icon.png",
            get(|state, headers| source_icon(state, Path("page".to_owned()), headers)),
        )
        .route("/sources/page/{number}", get(numbered_sources_page))
        .route("/sources/{id}/page/{number}", get(numbered_source_page))
        .route("/unsorted", get(|state, headers| page(state, headers, PageName::Unsorted(1))))
        .route("/unsorted/page/{number}", get(numbered_unsorted_page))
        .route("/topics/{topic}", get(topic_page))
        .route("/topics/{topic}/icon.png", get(icon))
        .route("/topics/{topic}/{file}", get(feed))
        .route("/topics/{topic}/{month}/{page}", get(numbered_month_page))
        .route("/topics/{topic}/archive/{file}", get(archive))
        .route("/stories/{id}", get(story_page))
        .route("/search", get(search_page))
        .route("/search.atom", get(|state, uri, h| search_feed(state, uri, h, FeedFormat::Atom)))
        .route("/search.rss", get(|state, uri, h| search_feed(state, uri, h, FeedFormat::Rss)))
        .route("/search.json", get(|state, uri, h| search_feed(state, uri, h, FeedFormat::Json)))
        .route("/opml.xml", get(topic_list))
        .route("/sources.opml", get(document))
        .route("/.well-known/recommendations.opml", get(document))
        .route("/favicon.ico", get(document))
        .route("/apple-touch-icon.png", get(document))
        .route("/style.css", get(document))
        .route("/search.css", get(document))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .fallback(|state, headers| page(state, headers, PageName::Error(PageError::NotFound)))
}

/// Responds with a page, or with an error page.
pub(super) async fn page(
    State(app): State<App>,
    headers: HeaderMap,
    name: PageName,
) -> Response<Body> {
    let (status, document) = app.page(name).await;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let options = ResponseOptions::from_settings(&app.settings());
    if status == StatusCode::OK {
        return response::respond(&document, &headers, &options);
    }
    let options = ResponseOptions { status, max_age_s: None, ..options };
    let mut response = response::respond(&document, &headers, &options);
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, CHALLENGE);
    }
    response
}

async fn topic_page(
    state: State<App>,
    Path(topic): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    match find_topics(&state.0, &topic) {
        Ok(members) => page(state, headers, PageName::Topic(members)).await,
        Err(TopicError::Moved(name)) => response::redirect(
            &state.0.settings().addresses().rooted(&Addresses::topic_path(&name)),
        ),
        Err(TopicError::Page(error)) => page(state, headers, PageName::Error(error)).await,
    }
}

async fn feed(
    state: State<App>,
    Path((topic, file)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    if let Some((period, format)) = Addresses::parse_digest_file(&file) {
        return digests(state, &topic, period, format, headers).await;
    }
    let Some(format) = FeedFormat::from_file_name(&file) else {
        return month_page(state, &topic, &file, 1, headers).await;
    };
    let app = &state.0;
    let settings = app.settings();
    let members = match find_topics(app, &topic) {
        Ok(members) => members,
        Err(TopicError::Moved(name)) => {
            let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
            let path = Addresses::feed_path(&name, format) + &query;
            return response::redirect(&settings.addresses().rooted(&path));
        }
        Err(TopicError::Page(error)) => {
            return page(state, headers, PageName::Error(error)).await;
        }
    };
    if let Some(text) = query_text(&uri) {
        app.mark_fetched(&members).await;
        let search = FeedSearch::new(members, &text);
        return search_response(app, search, format, &uri, &headers).await;
    }
    match app.feed(members.clone(), format).await {
        Ok(Some(document)) => {
            app.mark_fetched(&members).await;
            let addresses = settings.addresses();
            let feed_url = |format| addresses.absolute(&Addresses::feed_path(&topic, format));
            let page_url = addresses.absolute(&Addresses::topic_path(&topic));
            let link = feed_link_header(&document, format, feed_url, &page_url);
            feed_response(app, &document, &headers, link).await
        }
        Ok(None) => not_rendered(app),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, topic, "cannot render feed");
            unavailable("cannot render the feed")
        }
    }
}

/// Responds with the icon of a topic. A union has that of `all`.
async fn icon(state: State<App>, Path(topic): Path<String>, headers: HeaderMap) -> Response<Body> {
    let (app, settings) = (&state.0, state.0.settings());
    match find_topics(app, &topic) {
        Ok(members) => {
            let topic =
                if let [topic] = members.as_slice() { topic.as_str() } else { TopicId::ALL };
            let Some(document) = app.document(&Addresses::icon_path(topic)) else {
                return not_rendered(app);
            };
            let options = ResponseOptions::from_settings(&settings);
            response::respond(&document, &headers, &options)
        }
        Err(TopicError::Moved(name)) => {
            response::redirect(&settings.addresses().rooted(&Addresses::icon_path(&name)))
        }
        Err(TopicError::Page(error)) => page(state, headers, PageName::Error(error)).await,
    }
}

/// Responds with the icon of a publication.
async fn source_icon(
    state: State<App>,
    Path(source): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let icon = match SourceId::new(source) {
        Ok(id) => state.0.source_icon(id).await,
        Err(_) => Ok(None),
    };
    match icon {
        Ok(Some(icon)) => {
            let options = ResponseOptions::from_settings(&state.0.settings());
            response::respond(&icon, &headers, &options)
        }
        Ok(None) => page(state, headers, PageName::Error(PageError::NotFound)).await,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot read an icon");
            unavailable("cannot read the icon")
        }
    }
}

/// Responds with the digests of a topic. Unions have none.
async fn digests(
    state: State<App>,
    topic: &str,
    period: DigestPeriod,
    format: FeedFormat,
    headers: HeaderMap,
) -> Response<Body> {
    let app = &state.0;
    let settings = app.settings();
    let addresses = settings.addresses();
    let path = |format| Addresses::digest_path(topic, period, format);
    let id = match find_topics(app, topic) {
        Ok(mut members) if members.len() == 1 => members.remove(0),
        Err(TopicError::Moved(name)) if !name.contains('+') => {
            let path = Addresses::digest_path(&name, period, format);
            return response::redirect(&addresses.rooted(&path));
        }
        Ok(_) | Err(TopicError::Moved(_)) => {
            return page(state, headers, PageName::Error(PageError::NotFound)).await;
        }
        Err(TopicError::Page(error)) => {
            return page(state, headers, PageName::Error(error)).await;
        }
    };
    match app.digests(id.clone(), period, format).await {
        Ok(Some(document)) => {
            app.mark_fetched(&[id]).await;
            let page_url = addresses.absolute(&Addresses::topic_path(topic));
            let feed_url = |format| addresses.absolute(&path(format));
            let link = feed_link_header(&document, format, feed_url, &page_url);
            feed_response(app, &document, &headers, link).await
        }
        Ok(None) => page(state, headers, PageName::Error(PageError::NotFound)).await,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, topic, "cannot read digests");
            unavailable("cannot read the digests")
        }
    }
}

async fn archive(
    state: State<App>,
    Path((topic, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    // Digits only, as in the path of a story.
    let number = file.strip_suffix(".atom").and_then(|digits| {
        digits.parse::<u64>().ok().filter(|number| number.to_string() == digits)
    });
    let Some(number) = number else {
        return page(state, headers, PageName::Error(PageError::NotFound)).await;
    };
    let app = &state.0;
    let settings = app.settings();
    let id = match find_topics(app, &topic) {
        Ok(mut members) if members.len() == 1 => members.remove(0),
        Err(TopicError::Moved(name)) if !name.contains('+') => {
            return response::redirect(
                &settings.addresses().rooted(&Addresses::archive_path(&name, number)),
            );
        }
        // A union has no archives.
        Ok(_) | Err(TopicError::Moved(_)) => {
            return page(state, headers, PageName::Error(PageError::NotFound)).await;
        }
        Err(TopicError::Page(error)) => {
            return page(state, headers, PageName::Error(error)).await;
        }
    };
    match app.archive(id, number).await {
        Ok(ArchiveLookup::Document(archive)) => {
            let addresses = settings.addresses();
            let link = response::link_header(
                &addresses.absolute(&archive.path),
                None,
                &addresses.absolute(&Addresses::topic_path(&topic)),
                &[],
            );
            let document = EncodedDocument::encode(archive, CompressionLevel::Fast);
            let options = ResponseOptions {
                link: Some(link),
                max_age_s: Some(ARCHIVE_AGE_S),
                ..ResponseOptions::from_settings(&settings)
            };
            response::respond(&document, &headers, &options)
        }
        Ok(ArchiveLookup::NotRendered) => unavailable("this archive is not rendered yet"),
        Ok(ArchiveLookup::Gone) => {
            page(state, headers, PageName::Error(PageError::EmptyArchive)).await
        }
        Ok(ArchiveLookup::NotFound) => {
            page(state, headers, PageName::Error(PageError::NotFound)).await
        }
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                topic,
                number,
                "cannot read archive"
            );
            unavailable("cannot read the archive")
        }
    }
}

async fn numbered_month_page(
    state: State<App>,
    Path((topic, month, number)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    match parse_page_number(&number) {
        Some(number) => month_page(state, &topic, &month, number, headers).await,
        None => page(state, headers, PageName::Error(PageError::NotFound)).await,
    }
}

/// Responds with a topic's page of one month. Unions have none.
async fn month_page(
    state: State<App>,
    topic: &str,
    month: &str,
    number: u32,
    headers: HeaderMap,
) -> Response<Body> {
    let Some(month) = parse_month(month) else {
        return page(state, headers, PageName::Error(PageError::NotFound)).await;
    };
    let name = match find_topics(&state.0, topic) {
        Ok(mut members) if members.len() == 1 => {
            PageName::Month { topic: members.remove(0), month, page: number }
        }
        Err(TopicError::Moved(name)) if !name.contains('+') => {
            return response::redirect(
                &state
                    .0
                    .settings()
                    .addresses()
                    .rooted(&Addresses::month_path(&name, month, number)),
            );
        }
        Ok(_) | Err(TopicError::Moved(_)) => PageName::Error(PageError::NotFound),
        Err(TopicError::Page(error)) => PageName::Error(error),
    };
    page(state, headers, name).await
}

/// Parses a month in its canonical form: `2026-03`.
fn parse_month(text: &str) -> Option<YearMonth> {
    let (year, month) = text.split_once('-')?;
    let (year, month) = (year.parse().ok()?, month.parse().ok()?);
    let is_month = (1..=9999).contains(&year) && (1..=12).contains(&month);
    (is_month && format!("{year:04}-{month:02}") == text).then_some((year, month))
}

/// Parses the number of a page after the first one, which has no number in its path.
fn parse_page_number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number: &u32| *number > 1 && number.to_string() == text)
}

async fn numbered_sources_page(
    state: State<App>,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let name =
        parse_page_number(&number).map_or(PageName::Error(PageError::NotFound), PageName::Sources);
    page(state, headers, name).await
}

async fn numbered_unsorted_page(
    state: State<App>,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let name =
        parse_page_number(&number).map_or(PageName::Error(PageError::NotFound), PageName::Unsorted);
    page(state, headers, name).await
}

/// Responds with the page of a source. Earlier versions had the pages of the table of sources at
/// numbers.
async fn source_page(
    state: State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let name = source_page_name(&id, 1);
    if let (Some(number), PageName::Source(..)) = (parse_page_number(&id), &name) {
        let (is_source, _) = state.0.page(name.clone()).await;
        let (is_page, _) = state.0.page(PageName::Sources(number)).await;
        if (is_source, is_page) == (404, 200) {
            let path = Addresses::sources_path(number);
            return response::redirect(&state.0.settings().addresses().rooted(&path));
        }
    }
    page(state, headers, name).await
}

async fn numbered_source_page(
    state: State<App>,
    Path((id, number)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    let name = match parse_page_number(&number) {
        Some(number) => source_page_name(&id, number),
        None => PageName::Error(PageError::NotFound),
    };
    page(state, headers, name).await
}

fn source_page_name(id: &str, number: u32) -> PageName {
    match SourceId::new(id) {
        Ok(id) => PageName::Source(id, number),
        Err(_) => PageName::Error(PageError::NotFound),
    }
}

async fn story_page(
    state: State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    // Digits only: `+1` and `01` would be other addresses of the same page.
    let id = id.parse::<i64>().ok().filter(|number| number.to_string() == id);
    let name = id.map_or(PageName::Error(PageError::NotFound), |id| PageName::Story(StoryId(id)));
    page(state, headers, name).await
}

async fn search_page(state: State<App>, uri: Uri, headers: HeaderMap) -> Response<Body> {
    page(state, headers, PageName::Search(query_text(&uri).unwrap_or_default())).await
}

/// Responds with a search of the whole site as a feed.
async fn search_feed(
    State(app): State<App>,
    uri: Uri,
    headers: HeaderMap,
    format: FeedFormat,
) -> Response<Body> {
    let search = FeedSearch::new(Vec::new(), &query_text(&uri).unwrap_or_default());
    search_response(&app, search, format, &uri, &headers).await
}

/// Responds with a search as a feed, or redirects to the one address that the search has.
async fn search_response(
    app: &App,
    search: FeedSearch,
    format: FeedFormat,
    uri: &Uri,
    headers: &HeaderMap,
) -> Response<Body> {
    let settings = app.settings();
    let addresses = settings.addresses();
    let path = search.path(format);
    let canonical_query = path.split_once('?').map(|(_, query)| query);
    if uri.query() != canonical_query {
        return response::redirect(&addresses.rooted(&path));
    }
    let page_url = addresses.absolute(&search.page_path());
    let of_feeds = search.clone();
    let feed_url = |format| addresses.absolute(&of_feeds.path(format));
    match app.search(search, format).await {
        Ok(document) => {
            let link = feed_link_header(&document, format, feed_url, &page_url);
            feed_response(app, &document, headers, link).await
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot search");
            unavailable("cannot search")
        }
    }
}

/// Returns the `Link` header of a feed in a format: itself, its hub, its page and its other
/// formats.
fn feed_link_header(
    document: &EncodedDocument,
    format: FeedFormat,
    feed_url: impl Fn(FeedFormat) -> String,
    page_url: &str,
) -> String {
    let others = FeedFormat::ALL.into_iter().filter(|other| *other != format);
    let others: Vec<(String, &'static str)> =
        others.map(|other| (feed_url(other), other.media_type())).collect();
    response::link_header(&feed_url(format), document.hub.as_deref(), page_url, &others)
}

/// Responds with a feed, or with the part of it that is new to the reader.
async fn feed_response(
    app: &App,
    document: &EncodedDocument,
    headers: &HeaderMap,
    link: String,
) -> Response<Body> {
    let options = ResponseOptions {
        link: Some(link),
        supports_delta: document.feed.is_some(),
        ..ResponseOptions::from_settings(&app.settings())
    };
    if let Some(etags) = delta::delta_bases(headers, &document.etag) {
        match app.delta(document, etags).await {
            Ok(Some(delta)) => {
                let options = ResponseOptions { status: StatusCode::IM_USED, ..options };
                return response::respond(&delta, headers, &options);
            }
            Ok(None) => {}
            // The whole document is a valid response.
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                path = document.path,
                "cannot compute delta"
            ),
        }
    }
    response::respond(document, headers, &options)
}

/// Returns the first `q` of a query. Invalid UTF-8 is replaced.
fn query_text(uri: &Uri) -> Option<String> {
    let query = uri.query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == "q")
        .map(|(_, value)| value.into_owned())
}

/// Responds with a document that is rendered in advance.
async fn document(State(app): State<App>, uri: Uri, request: Request) -> Response<Body> {
    let Some(document) = app.document(uri.path()) else {
        return not_rendered(&app);
    };
    let options = ResponseOptions::from_settings(&app.settings());
    response::respond(&document, request.headers(), &options)
}

/// Responds with the list of topic feeds. It is rendered in advance for the public only.
async fn topic_list(state: State<App>, uri: Uri, request: Request) -> Response<Body> {
    let settings = state.0.settings();
    if settings.audience.is_public() {
        return document(state, uri, request).await;
    }
    let list = EncodedDocument::encode(site::topic_list(&settings), CompressionLevel::Fast);
    response::respond(&list, request.headers(), &ResponseOptions::from_settings(&settings))
}

async fn healthz(State(app): State<App>) -> Response<Body> {
    probe(app.health().healthy())
}

async fn readyz(State(app): State<App>) -> Response<Body> {
    probe(app.health().ready())
}

/// Responds to a probe: 200, or 503 with the reason.
pub(super) fn probe(state: Result<(), String>) -> Response<Body> {
    match state {
        Ok(()) => response::plain_text(StatusCode::OK, "ok"),
        Err(reason) => response::plain_text(StatusCode::SERVICE_UNAVAILABLE, &reason),
    }
}

/// Responds with 503 for a document that is not rendered: before the first rendering, or shortly
/// after the settings changed.
fn not_rendered(app: &App) -> Response<Body> {
    unavailable(if app.is_empty() {
        "the documents are not rendered yet"
    } else {
        "this document is not rendered yet"
    })
}

fn unavailable(reason: &str) -> Response<Body> {
    let mut response = response::plain_text(StatusCode::SERVICE_UNAVAILABLE, reason);
    response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_S.into());
    response
}

/// The reason why there are no topics of a name.
pub(super) enum TopicError {
    /// The canonical name differs.
    Moved(String),
    /// An error page.
    Page(PageError),
}

/// Returns the topics of the `{topic}` of an address.
pub(super) fn find_topics(app: &App, name: &str) -> Result<Vec<TopicId>, TopicError> {
    match site::resolve(name, &app.settings(), &app.retired()) {
        TopicLookup::Topic(id) => Ok(vec![id]),
        TopicLookup::Union(members) => Ok(members),
        TopicLookup::Moved(to) => Err(TopicError::Moved(to)),
        TopicLookup::Private => Err(TopicError::Page(PageError::Private)),
        TopicLookup::Retired(id) => Err(TopicError::Page(PageError::RetiredTopic(id))),
        TopicLookup::Unknown(names) => Err(TopicError::Page(PageError::UnknownTopics(names))),
    }
}
