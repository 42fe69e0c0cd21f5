//! The routes: from an address to what answers it.

use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, Response, StatusCode, Uri},
    middleware,
    routing::get,
};

use crate::site::{self, ArchiveLookup, CompressionLevel, PageName, TopicLookup};
use feed_model::{StoryId, TopicId};
use feed_publisher::{Addresses, FeedFormat, pages::PageError};

use super::{
    App, EncodedDocument, access, delta, guard,
    response::{self, ResponseOptions},
};

/// Seconds after which a reader may ask again when nothing is rendered yet.
const RETRY_AFTER_S: u64 = 10;

/// Seconds that an archive may be kept unasked: it changes only when a story is taken out.
const ARCHIVE_AGE_S: u64 = 86_400;

/// The site as a service.
pub(super) fn router(app: App) -> Router {
    audience_routes()
        .route("/t/{token}", get(access::by_token))
        .route("/t/{token}/", get(access::by_token))
        .route("/t/{token}/{*path}", get(access::by_token))
        .layer(middleware::from_fn_with_state(app.clone(), access::by_password))
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        .with_state(app)
}

/// The site as one of its audiences finds it, whoever that is.
pub(super) fn audience_routes() -> Router<App> {
    Router::new()
        .route("/", get(|state, headers| page(state, headers, PageName::Home)))
        .route("/sources", get(|state, headers| page(state, headers, PageName::Sources(1))))
        .route("/sources/{page}", get(further_sources_page))
        .route("/topics/{topic}", get(topic_page))
        .route("/topics/{topic}/{file}", get(feed))
        .route("/topics/{topic}/{month}/{page}", get(further_month_page))
        .route("/topics/{topic}/archive/{file}", get(archive))
        .route("/stories/{id}", get(story_page))
        .route("/search", get(search_page))
        .route("/search.atom", get(search_feed))
        .route("/opml.xml", get(topic_list))
        .route("/sources.opml", get(document))
        .route("/style.css", get(document))
        .route("/search.css", get(document))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .fallback(|state, headers| page(state, headers, PageName::PageError(PageError::NotFound)))
}

pub(super) async fn page(
    State(app): State<App>,
    headers: HeaderMap,
    name: PageName,
) -> Response<Body> {
    let (status, held) = app.page(name).await;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let usual = ResponseOptions::from_settings(&app.settings());
    if status == StatusCode::OK {
        return response::respond(&held, &headers, &usual);
    }
    let mut response =
        response::respond(&held, &headers, &ResponseOptions { status, max_age_s: None, ..usual });
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(axum::http::header::WWW_AUTHENTICATE, access::CHALLENGE);
    }
    response
}

async fn topic_page(
    state: State<App>,
    Path(topic): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    match find(&state.0, &topic) {
        Ok(members) => page(state, headers, PageName::Topic(members)).await,
        Err(TopicLookupError::Moved(name)) => response::redirect(
            &state.0.settings().addresses().rooted(&Addresses::topic_path(&name)),
        ),
        Err(TopicLookupError::PageError(fault)) => {
            page(state, headers, PageName::PageError(fault)).await
        }
    }
}

async fn feed(
    state: State<App>,
    Path((topic, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    let Some(format) = FeedFormat::from_file_name(&file) else {
        return month_page(state, &topic, &file, 1, headers).await;
    };
    let app = &state.0;
    let settings = app.settings();
    let members = match find(app, &topic) {
        Ok(members) => members,
        Err(TopicLookupError::Moved(name)) => {
            return response::redirect(
                &settings.addresses().rooted(&Addresses::feed_path(&name, format)),
            );
        }
        Err(TopicLookupError::PageError(fault)) => {
            return page(state, headers, PageName::PageError(fault)).await;
        }
    };
    match app.feed(members, format).await {
        Ok(Some(held)) => {
            let addresses = settings.addresses();
            let at = |format| addresses.absolute(&Addresses::feed_path(&topic, format));
            let others: Vec<(String, &'static str)> = FeedFormat::ALL
                .into_iter()
                .filter(|other| *other != format)
                .map(|other| (at(other), other.media_type()))
                .collect();
            let link = response::link_header(
                &at(format),
                &addresses.absolute(&Addresses::topic_path(&topic)),
                &others,
            );
            let options = ResponseOptions {
                link: Some(link),
                supports_delta: held.feed.is_some(),
                ..ResponseOptions::from_settings(&settings)
            };
            if let Some(tags) = delta::delta_bases(&headers, &held.etag) {
                match app.delta(&held, tags).await {
                    Ok(Some(news)) => {
                        return response::respond(
                            &news,
                            &headers,
                            &ResponseOptions { status: StatusCode::IM_USED, ..options },
                        );
                    }
                    Ok(None) => {}
                    // The whole is as good an answer.
                    Err(error) => {
                        tracing::error!(
                            error = &error as &dyn std::error::Error,
                            topic,
                            "what is new could not be told"
                        );
                    }
                }
            }
            response::respond(&held, &headers, &options)
        }
        Ok(None) => not_rendered(app),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                topic,
                "a feed could not be made"
            );
            unavailable("the feed could not be made")
        }
    }
}

async fn archive(
    state: State<App>,
    Path((topic, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    // Digits alone, as in a story's address.
    let number = file.strip_suffix(".atom").and_then(|digits| {
        digits.parse::<u64>().ok().filter(|number| number.to_string() == digits)
    });
    let Some(number) = number else {
        return page(state, headers, PageName::PageError(PageError::NotFound)).await;
    };
    let app = &state.0;
    let settings = app.settings();
    let id = match find(app, &topic) {
        Ok(mut members) if members.len() == 1 => members.remove(0),
        Err(TopicLookupError::Moved(name)) if !name.contains('+') => {
            return response::redirect(
                &settings.addresses().rooted(&Addresses::archive_path(&name, number)),
            );
        }
        // A union has no archives: its members have.
        Ok(_) | Err(TopicLookupError::Moved(_)) => {
            return page(state, headers, PageName::PageError(PageError::NotFound)).await;
        }
        Err(TopicLookupError::PageError(fault)) => {
            return page(state, headers, PageName::PageError(fault)).await;
        }
    };
    match app.archive(id, number).await {
        Ok(ArchiveLookup::Document(rendering)) => {
            let addresses = settings.addresses();
            let own = addresses.absolute(&rendering.path);
            let link = response::link_header(
                &own,
                &addresses.absolute(&Addresses::topic_path(&topic)),
                &[],
            );
            let held = EncodedDocument::encode(rendering, CompressionLevel::Fast);
            let options = ResponseOptions {
                link: Some(link),
                max_age_s: Some(ARCHIVE_AGE_S),
                ..ResponseOptions::from_settings(&settings)
            };
            response::respond(&held, &headers, &options)
        }
        Ok(ArchiveLookup::NotRendered) => unavailable("this archive is not drawn yet"),
        Ok(ArchiveLookup::Gone) => {
            page(state, headers, PageName::PageError(PageError::EmptyArchive)).await
        }
        Ok(ArchiveLookup::NotFound) => {
            page(state, headers, PageName::PageError(PageError::NotFound)).await
        }
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                topic,
                number,
                "an archive could not be read"
            );
            unavailable("the archive could not be read")
        }
    }
}

async fn further_month_page(
    state: State<App>,
    Path((topic, month, number)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    match further(&number) {
        Some(number) => month_page(state, &topic, &month, number, headers).await,
        None => page(state, headers, PageName::PageError(PageError::NotFound)).await,
    }
}

/// The stories of one topic of one month; unions have no months.
async fn month_page(
    state: State<App>,
    topic: &str,
    month: &str,
    number: u32,
    headers: HeaderMap,
) -> Response<Body> {
    let Some(month) = year_and_month(month) else {
        return page(state, headers, PageName::PageError(PageError::NotFound)).await;
    };
    let name = match find(&state.0, topic) {
        Ok(mut members) if members.len() == 1 => {
            PageName::Month { topic: members.remove(0), month, page: number }
        }
        Err(TopicLookupError::Moved(name)) if !name.contains('+') => {
            return response::redirect(
                &state
                    .0
                    .settings()
                    .addresses()
                    .rooted(&Addresses::month_path(&name, month, number)),
            );
        }
        Ok(_) | Err(TopicLookupError::Moved(_)) => PageName::PageError(PageError::NotFound),
        Err(TopicLookupError::PageError(fault)) => PageName::PageError(fault),
    };
    page(state, headers, name).await
}

/// `2026-03`, and no other way of writing it.
fn year_and_month(text: &str) -> Option<(i32, u32)> {
    let (year, month) = text.split_once('-')?;
    let (year, month) = (year.parse().ok()?, month.parse().ok()?);
    let good = (1..=9999).contains(&year) && (1..=12).contains(&month);
    (good && format!("{year:04}-{month:02}") == text).then_some((year, month))
}

/// The number of a page beyond the first, which has the shorter address.
fn further(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number: &u32| *number > 1 && number.to_string() == text)
}

async fn further_sources_page(
    state: State<App>,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let name = further(&number).map_or(PageName::PageError(PageError::NotFound), PageName::Sources);
    page(state, headers, name).await
}

async fn story_page(
    state: State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    // Digits alone: `+1` and `01` would be further addresses of the same page.
    let id = id.parse::<i64>().ok().filter(|number| number.to_string() == id);
    let name =
        id.map_or(PageName::PageError(PageError::NotFound), |id| PageName::Story(StoryId(id)));
    page(state, headers, name).await
}

async fn search_page(state: State<App>, uri: Uri, headers: HeaderMap) -> Response<Body> {
    page(state, headers, PageName::Search(query_text(&uri))).await
}

async fn search_feed(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response<Body> {
    match app.search(query_text(&uri)).await {
        Ok(held) => {
            let settings = app.settings();
            let own = settings.addresses().absolute(&held.path);
            let page = own.replacen("/search.atom?", "/search?", 1);
            response::respond(
                &held,
                &headers,
                &ResponseOptions {
                    link: Some(response::link_header(&own, &page, &[])),
                    ..ResponseOptions::from_settings(&settings)
                },
            )
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a search could not be made");
            unavailable("the search could not be made")
        }
    }
}

/// What `q` says; the first one counts. What is no UTF-8 is read as far as it goes.
fn query_text(uri: &Uri) -> String {
    let query = uri.query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == "q")
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

async fn document(State(app): State<App>, uri: Uri, request: Request) -> Response<Body> {
    app.document(uri.path()).map_or_else(
        || not_rendered(&app),
        |held: std::sync::Arc<EncodedDocument>| {
            response::respond(
                &held,
                request.headers(),
                &ResponseOptions::from_settings(&app.settings()),
            )
        },
    )
}

/// The list of feeds: held ready for anybody, made for others of what they may read.
async fn topic_list(state: State<App>, uri: Uri, request: Request) -> Response<Body> {
    let settings = state.0.settings();
    if settings.audience.is_public() {
        return document(state, uri, request).await;
    }
    let held = EncodedDocument::encode(site::topic_list(&settings), CompressionLevel::Fast);
    response::respond(&held, request.headers(), &ResponseOptions::from_settings(&settings))
}

async fn healthz(State(app): State<App>) -> Response<Body> {
    probe(app.health().healthy())
}

async fn readyz(State(app): State<App>) -> Response<Body> {
    probe(app.health().ready())
}

fn probe(state: Result<(), String>) -> Response<Body> {
    match state {
        Ok(()) => response::plain_text(StatusCode::OK, "ok"),
        Err(reason) => response::plain_text(StatusCode::SERVICE_UNAVAILABLE, &reason),
    }
}

/// Between the start and the first rendering there is nothing; later a document that is missing is
/// a settings change whose documents follow in a moment.
fn not_rendered(app: &App) -> Response<Body> {
    unavailable(if app.is_empty() {
        "the documents are not rendered yet"
    } else {
        "this document is not rendered yet"
    })
}

fn unavailable(reason: &str) -> Response<Body> {
    let mut response = response::plain_text(StatusCode::SERVICE_UNAVAILABLE, reason);
    response.headers_mut().insert(axum::http::header::RETRY_AFTER, RETRY_AFTER_S.into());
    response
}

enum TopicLookupError {
    Moved(String),
    PageError(PageError),
}

/// The topics that the `{topic}` of an address names.
fn find(app: &App, name: &str) -> Result<Vec<TopicId>, TopicLookupError> {
    match site::resolve(name, &app.settings(), &app.retired()) {
        TopicLookup::Topic(id) => Ok(vec![id]),
        TopicLookup::Union(members) => Ok(members),
        TopicLookup::Moved(to) => Err(TopicLookupError::Moved(to)),
        TopicLookup::Private => Err(TopicLookupError::PageError(PageError::Private)),
        TopicLookup::Retired(id) => Err(TopicLookupError::PageError(PageError::RetiredTopic(id))),
        TopicLookup::Unknown(names) => {
            Err(TopicLookupError::PageError(PageError::UnknownTopics(names)))
        }
    }
}
