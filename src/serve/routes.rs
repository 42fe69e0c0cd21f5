//! The routes: from an address to what answers it.

use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, Response, StatusCode, Uri},
    middleware,
    routing::get,
};

use crate::site::{self, ArchiveAnswer, Effort, PageName, Resolved, resolve};
use feed_model::{StoryId, TopicId};
use feed_publisher::{Addresses, FeedFormat, pages::Fault};

use super::{
    App, Held, access,
    answer::{self, Manner},
    delta, guard,
};

/// Seconds after which a reader may ask again when nothing is rendered yet.
const RETRY_AFTER_S: u64 = 10;

/// Seconds that an archive may be kept unasked: it changes only when a story is taken out.
const ARCHIVE_AGE_S: u64 = 86_400;

/// The site as a service.
pub(super) fn router(app: App) -> Router {
    public()
        .route("/t/{token}", get(access::by_token))
        .route("/t/{token}/", get(access::by_token))
        .route("/t/{token}/{*path}", get(access::by_token))
        .layer(middleware::from_fn_with_state(app.clone(), access::by_password))
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        .with_state(app)
}

/// The site as one of its audiences finds it, whoever that is.
pub(super) fn public() -> Router<App> {
    Router::new()
        .route("/", get(|state, headers| page(state, headers, PageName::Home)))
        .route("/sources", get(|state, headers| page(state, headers, PageName::Sources(1))))
        .route("/sources/{page}", get(more_sources))
        .route("/topics/{topic}", get(topic_page))
        .route("/topics/{topic}/{file}", get(feed))
        .route("/topics/{topic}/{month}/{page}", get(more_of_month))
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
        .fallback(|state, headers| page(state, headers, PageName::Fault(Fault::NotFound)))
}

pub(super) async fn page(State(app): State<App>, headers: HeaderMap, name: PageName) -> Response<Body> {
    let (status, held) = app.page(name).await;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let usual = Manner::usual(&app.settings());
    if status == StatusCode::OK {
        return answer::answer(&held, &headers, &usual);
    }
    let mut response = answer::answer(&held, &headers, &Manner { status, max_age_s: None, ..usual });
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(axum::http::header::WWW_AUTHENTICATE, access::CHALLENGE);
    }
    response
}

async fn topic_page(state: State<App>, Path(topic): Path<String>, headers: HeaderMap) -> Response<Body> {
    match find(&state.0, &topic) {
        Ok(members) => page(state, headers, PageName::Topic(members)).await,
        Err(Elsewhere::Moved(name)) => answer::moved(&state.0.settings().addresses().rooted(&Addresses::topic_path(&name))),
        Err(Elsewhere::Fault(fault)) => page(state, headers, PageName::Fault(fault)).await,
    }
}

async fn feed(state: State<App>, Path((topic, file)): Path<(String, String)>, headers: HeaderMap) -> Response<Body> {
    let Some(format) = FeedFormat::from_file_name(&file) else {
        return of_month(state, &topic, &file, 1, headers).await;
    };
    let app = &state.0;
    let settings = app.settings();
    let members = match find(app, &topic) {
        Ok(members) => members,
        Err(Elsewhere::Moved(name)) => return answer::moved(&settings.addresses().rooted(&Addresses::feed_path(&name, format))),
        Err(Elsewhere::Fault(fault)) => return page(state, headers, PageName::Fault(fault)).await,
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
            let link = answer::links(&at(format), &addresses.absolute(&Addresses::topic_path(&topic)), &others);
            let manner = Manner { link: Some(link), has_parts: held.feed.is_some(), ..Manner::usual(&settings) };
            if let Some(tags) = delta::asked_for(&headers, &held.etag) {
                match app.news(&held, tags).await {
                    Ok(Some(news)) => return answer::answer(&news, &headers, &Manner { status: StatusCode::IM_USED, ..manner }),
                    Ok(None) => {}
                    // The whole is as good an answer.
                    Err(error) => {
                        tracing::error!(error = &error as &dyn std::error::Error, topic, "what is new could not be told");
                    }
                }
            }
            answer::answer(&held, &headers, &manner)
        }
        Ok(None) => not_rendered(app),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, topic, "a feed could not be made");
            unavailable("the feed could not be made")
        }
    }
}

async fn archive(state: State<App>, Path((topic, file)): Path<(String, String)>, headers: HeaderMap) -> Response<Body> {
    // Digits alone, as in a story's address.
    let number =
        file.strip_suffix(".atom").and_then(|digits| digits.parse::<u64>().ok().filter(|number| number.to_string() == digits));
    let Some(number) = number else { return page(state, headers, PageName::Fault(Fault::NotFound)).await };
    let app = &state.0;
    let settings = app.settings();
    let id = match find(app, &topic) {
        Ok(mut members) if members.len() == 1 => members.remove(0),
        Err(Elsewhere::Moved(name)) if !name.contains('+') => {
            return answer::moved(&settings.addresses().rooted(&Addresses::archive_path(&name, number)));
        }
        // A union has no archives: its members have.
        Ok(_) | Err(Elsewhere::Moved(_)) => return page(state, headers, PageName::Fault(Fault::NotFound)).await,
        Err(Elsewhere::Fault(fault)) => return page(state, headers, PageName::Fault(fault)).await,
    };
    match app.archive(id, number).await {
        Ok(ArchiveAnswer::There(rendering)) => {
            let addresses = settings.addresses();
            let own = addresses.absolute(&rendering.path);
            let link = answer::links(&own, &addresses.absolute(&Addresses::topic_path(&topic)), &[]);
            let held = Held::with(rendering, Effort::Little);
            let manner = Manner { link: Some(link), max_age_s: Some(ARCHIVE_AGE_S), ..Manner::usual(&settings) };
            answer::answer(&held, &headers, &manner)
        }
        Ok(ArchiveAnswer::NotDrawn) => unavailable("this archive is not drawn yet"),
        Ok(ArchiveAnswer::Gone) => page(state, headers, PageName::Fault(Fault::EmptyArchive)).await,
        Ok(ArchiveAnswer::NotCut) => page(state, headers, PageName::Fault(Fault::NotFound)).await,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, topic, number, "an archive could not be read");
            unavailable("the archive could not be read")
        }
    }
}

async fn more_of_month(
    state: State<App>,
    Path((topic, month, number)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    match further(&number) {
        Some(number) => of_month(state, &topic, &month, number, headers).await,
        None => page(state, headers, PageName::Fault(Fault::NotFound)).await,
    }
}

/// The stories of one topic of one month; unions have no months.
async fn of_month(state: State<App>, topic: &str, month: &str, number: u32, headers: HeaderMap) -> Response<Body> {
    let Some(month) = year_and_month(month) else { return page(state, headers, PageName::Fault(Fault::NotFound)).await };
    let name = match find(&state.0, topic) {
        Ok(mut members) if members.len() == 1 => PageName::Month { topic: members.remove(0), month, page: number },
        Err(Elsewhere::Moved(name)) if !name.contains('+') => {
            return answer::moved(&state.0.settings().addresses().rooted(&Addresses::month_path(&name, month, number)));
        }
        Ok(_) | Err(Elsewhere::Moved(_)) => PageName::Fault(Fault::NotFound),
        Err(Elsewhere::Fault(fault)) => PageName::Fault(fault),
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

async fn more_sources(state: State<App>, Path(number): Path<String>, headers: HeaderMap) -> Response<Body> {
    let name = further(&number).map_or(PageName::Fault(Fault::NotFound), PageName::Sources);
    page(state, headers, name).await
}

async fn story_page(state: State<App>, Path(id): Path<String>, headers: HeaderMap) -> Response<Body> {
    // Digits alone: `+1` and `01` would be further addresses of the same page.
    let id = id.parse::<i64>().ok().filter(|number| number.to_string() == id);
    let name = id.map_or(PageName::Fault(Fault::NotFound), |id| PageName::Story(StoryId(id)));
    page(state, headers, name).await
}

async fn search_page(state: State<App>, uri: Uri, headers: HeaderMap) -> Response<Body> {
    page(state, headers, PageName::Search(searched(&uri))).await
}

async fn search_feed(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response<Body> {
    match app.search(searched(&uri)).await {
        Ok(held) => {
            let settings = app.settings();
            let own = settings.addresses().absolute(&held.path);
            let page = own.replacen("/search.atom?", "/search?", 1);
            answer::answer(&held, &headers, &Manner { link: Some(answer::links(&own, &page, &[])), ..Manner::usual(&settings) })
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a search could not be made");
            unavailable("the search could not be made")
        }
    }
}

/// What `q` says; the first one counts. What is no UTF-8 is read as far as it goes.
fn searched(uri: &Uri) -> String {
    let query = uri.query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == "q")
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

async fn document(State(app): State<App>, uri: Uri, request: Request) -> Response<Body> {
    app.document(uri.path()).map_or_else(
        || not_rendered(&app),
        |held: std::sync::Arc<Held>| answer::answer(&held, request.headers(), &Manner::usual(&app.settings())),
    )
}

/// The list of feeds: held ready for anybody, made for others of what they may read.
async fn topic_list(state: State<App>, uri: Uri, request: Request) -> Response<Body> {
    let settings = state.0.settings();
    if settings.audience.is_anybody() {
        return document(state, uri, request).await;
    }
    let held = Held::with(site::topic_list(&settings), Effort::Little);
    answer::answer(&held, request.headers(), &Manner::usual(&settings))
}

async fn healthz(State(app): State<App>) -> Response<Body> {
    probe(app.health().healthy())
}

async fn readyz(State(app): State<App>) -> Response<Body> {
    probe(app.health().ready())
}

fn probe(state: Result<(), String>) -> Response<Body> {
    match state {
        Ok(()) => answer::plain(StatusCode::OK, "ok"),
        Err(reason) => answer::plain(StatusCode::SERVICE_UNAVAILABLE, &reason),
    }
}

/// Between the start and the first rendering there is nothing; later a document that is missing is a settings change
/// whose documents follow in a moment.
fn not_rendered(app: &App) -> Response<Body> {
    unavailable(if app.is_empty() { "the documents are not rendered yet" } else { "this document is not rendered yet" })
}

fn unavailable(reason: &str) -> Response<Body> {
    let mut response = answer::plain(StatusCode::SERVICE_UNAVAILABLE, reason);
    response.headers_mut().insert(axum::http::header::RETRY_AFTER, RETRY_AFTER_S.into());
    response
}

enum Elsewhere {
    Moved(String),
    Fault(Fault),
}

/// The topics that the `{topic}` of an address names.
fn find(app: &App, name: &str) -> Result<Vec<TopicId>, Elsewhere> {
    match resolve(name, &app.settings(), &app.retired()) {
        Resolved::Topic(id) => Ok(vec![id]),
        Resolved::Union(members) => Ok(members),
        Resolved::Moved(to) => Err(Elsewhere::Moved(to)),
        Resolved::Private => Err(Elsewhere::Fault(Fault::Private)),
        Resolved::Retired(id) => Err(Elsewhere::Fault(Fault::RetiredTopic(id))),
        Resolved::Unknown(names) => Err(Elsewhere::Fault(Fault::UnknownTopics(names))),
    }
}
