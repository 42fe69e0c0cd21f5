//! The origin server: a web server on a loopback port that plays the publications.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use chrono::DateTime;
use tokio::{
    net::TcpListener,
    sync::watch,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval_at},
};

use crate::clock::{Clock, SystemClock};
use feed_model::Timestamp;

use super::{conditional, document, publication::PublicationName, timeline::Timeline};

/// How posts arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrivalMode {
    /// The first posts exist at the start, and another one arrives after each pause of this length
    /// (at least one millisecond).
    Every(Duration),
    /// The first posts exist at the start, and another one arrives with each [`Origin::arrive`].
    Manual,
    /// Every real post exists at the start, and none follows. All dates are fixed, so that the
    /// documents always have the same bytes, except for the port.
    AllAtOnce,
}

/// A running origin server. Dropping it stops the server.
#[derive(Debug)]
pub struct Origin {
    /// The bound address: 127.0.0.1 and a free port.
    pub address: SocketAddr,
    timeline: Arc<watch::Sender<Timeline>>,
    _tasks: JoinSet<()>,
}

impl Origin {
    /// Starts the server on a free loopback port.
    pub async fn start(mode: ArrivalMode) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let timeline = Arc::new(watch::Sender::new(match mode {
            ArrivalMode::Every(_) | ArrivalMode::Manual => Timeline::starting_at(SystemClock.now()),
            ArrivalMode::AllAtOnce => Timeline::with_all_posts(fixed_time()),
        }));
        let mut tasks = JoinSet::new();
        let router = router(AppState {
            base: format!("http://{address}").into(),
            timeline: Arc::clone(&timeline),
        });
        tasks.spawn(async move {
            // The server ends with the task. Errors of connections are ignored.
            let _ = axum::serve(listener, router).await;
        });
        if let ArrivalMode::Every(pause) = mode {
            tasks.spawn(publish_periodically(
                Arc::clone(&timeline),
                pause.max(Duration::from_millis(1)),
            ));
        }
        Ok(Self { address, timeline, _tasks: tasks })
    }

    /// Lets the next post arrive now.
    pub fn arrive(&self) {
        self.timeline.send_modify(|timeline| timeline.arrive(SystemClock.now()));
    }

    /// Waits until at least `count` posts have arrived since the start.
    pub async fn arrived(&self, count: usize) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.timeline.subscribe().wait_for(|timeline| timeline.arrived() >= count).await;
    }
}

/// Returns the arrival time of every post in [`ArrivalMode::AllAtOnce`].
fn fixed_time() -> Timestamp {
    const SECONDS: i64 = 1_782_864_000; // 2026-07-01T00:00:00Z, after the last real post
    DateTime::from_timestamp(SECONDS, 0).expect("the time is within chrono's range")
}

async fn publish_periodically(timeline: Arc<watch::Sender<Timeline>>, pause: Duration) {
    let mut ticks = interval_at(Instant::now() + pause, pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        timeline.send_modify(|timeline| timeline.arrive(SystemClock.now()));
    }
}

/// State of the request handlers.
#[derive(Clone)]
struct AppState {
    base: Arc<str>,
    timeline: Arc<watch::Sender<Timeline>>,
}

fn router(state: AppState) -> Router {
    Router::new()
        .route("/", get(|| async { Html(document::index_page()) }))
        .route("/robots.txt", get(|| async { "User-agent: *\nAllow: /\n" }))
        .route("/{publication}", get(without_slash))
        .route("/{publication}/", get(home))
        .route("/{publication}/{file}", get(feed))
        .route("/{publication}/p/{slug}", get(demo_post))
        .with_state(state)
}

async fn without_slash(Path(publication): Path<String>) -> Response {
    match PublicationName::from_path(&publication) {
        Some(name) => Redirect::permanent(&format!("/{}/", name.path())).into_response(),
        None => not_found(),
    }
}

async fn home(
    State(state): State<AppState>,
    Path(publication): Path<String>,
    request: HeaderMap,
) -> Response {
    let Some(name) = PublicationName::from_path(&publication) else {
        return not_found();
    };
    let (items, changed) = state.items_and_date(name);
    conditional::respond(
        &request,
        "text/html; charset=utf-8",
        document::home_page(name, &items),
        changed,
    )
}

async fn feed(
    State(state): State<AppState>,
    Path((publication, file)): Path<(String, String)>,
    request: HeaderMap,
) -> Response {
    let Some(name) =
        PublicationName::from_path(&publication).filter(|name| name.feed_file() == file)
    else {
        return not_found();
    };
    let (items, changed) = state.items_and_date(name);
    let media_type = match name {
        PublicationName::Serverless => "application/rss+xml; charset=utf-8",
        PublicationName::SnackOnAi => "application/feed+json",
    };
    conditional::respond(
        &request,
        media_type,
        document::feed(name, &state.base, &items, changed),
        changed,
    )
}

async fn demo_post(
    State(state): State<AppState>,
    Path((publication, slug)): Path<(String, String)>,
) -> Response {
    let post = PublicationName::from_path(&publication).and_then(|name| {
        let number = slug.strip_prefix("demo-post-")?.parse().ok()?;
        let item = state.timeline.borrow().demo_post(name, number, &state.base)?;
        Some(Html(document::post_page(name, &item)))
    });
    post.map_or_else(not_found, IntoResponse::into_response)
}

impl AppState {
    /// Returns the present items of a publication, and the time of its last change.
    fn items_and_date(&self, name: PublicationName) -> (Vec<super::timeline::FeedItem>, Timestamp) {
        let timeline = self.timeline.borrow();
        (timeline.items(name, &self.base), timeline.changed(name))
    }
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "Not found.\n").into_response()
}
