//! The origin: a web server on a loopback port that plays the publications.

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

use super::{conditional, document, publication::Name, stage::Stage};

/// How posts arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tempo {
    /// The first posts are there, and another one arrives after every such pause (a pause of nothing counts as a
    /// millisecond).
    Every(Duration),
    /// The first posts are there, and another one arrives at each [`Origin::arrive`].
    ByHand,
    /// Every real post is there, none follows, and all dates are fixed: the same bytes each time but for the port.
    Still,
}

/// The running origin; dropped, it stops.
#[derive(Debug)]
pub struct Origin {
    /// Where it listens: 127.0.0.1 and a port that was free.
    pub address: SocketAddr,
    stage: Arc<watch::Sender<Stage>>,
    _tasks: JoinSet<()>,
}

impl Origin {
    /// Starts it on a free loopback port. Fails when no port can be had.
    pub async fn start(tempo: Tempo) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let stage = Arc::new(watch::Sender::new(match tempo {
            Tempo::Every(_) | Tempo::ByHand => Stage::opening(SystemClock.now()),
            Tempo::Still => Stage::complete(still_moment()),
        }));
        let mut tasks = JoinSet::new();
        let router = router(Served { base: format!("http://{address}").into(), stage: Arc::clone(&stage) });
        tasks.spawn(async move {
            // It ends with the task: what a broken connection says is of no interest here.
            let _ = axum::serve(listener, router).await;
        });
        if let Tempo::Every(pause) = tempo {
            tasks.spawn(let_arrive(Arc::clone(&stage), pause.max(Duration::from_millis(1))));
        }
        Ok(Self { address, stage, _tasks: tasks })
    }

    /// The next post arrives now.
    pub fn arrive(&self) {
        self.stage.send_modify(|stage| stage.arrive(SystemClock.now()));
    }

    /// Returns once at least so many posts have arrived since the start.
    pub async fn arrived(&self, count: usize) {
        // The sender lives as long as `self`, so that waiting cannot fail.
        let _ = self.stage.subscribe().wait_for(|stage| stage.arrived() >= count).await;
    }
}

/// The moment at which everything of [`Tempo::Still`] was published.
fn still_moment() -> Timestamp {
    const SECONDS: i64 = 1_782_864_000; // 2026-07-01T00:00:00Z, after the last real post
    DateTime::from_timestamp(SECONDS, 0).expect("the moment is within chrono's range")
}

async fn let_arrive(stage: Arc<watch::Sender<Stage>>, pause: Duration) {
    let mut ticks = interval_at(Instant::now() + pause, pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        stage.send_modify(|stage| stage.arrive(SystemClock.now()));
    }
}

/// What the handlers see.
#[derive(Clone)]
struct Served {
    base: Arc<str>,
    stage: Arc<watch::Sender<Stage>>,
}

fn router(served: Served) -> Router {
    Router::new()
        .route("/", get(|| async { Html(document::index_page()) }))
        .route("/robots.txt", get(|| async { "User-agent: *\nAllow: /\n" }))
        .route("/{publication}", get(without_slash))
        .route("/{publication}/", get(home))
        .route("/{publication}/{file}", get(feed))
        .route("/{publication}/p/{slug}", get(own_post))
        .with_state(served)
}

async fn without_slash(Path(publication): Path<String>) -> Response {
    match Name::from_path(&publication) {
        Some(name) => Redirect::permanent(&format!("/{}/", name.path())).into_response(),
        None => not_found(),
    }
}

async fn home(State(served): State<Served>, Path(publication): Path<String>, request: HeaderMap) -> Response {
    let Some(name) = Name::from_path(&publication) else { return not_found() };
    let (items, changed) = served.shown(name);
    conditional::answer(&request, "text/html; charset=utf-8", document::home_page(name, &items), changed)
}

async fn feed(State(served): State<Served>, Path((publication, file)): Path<(String, String)>, request: HeaderMap) -> Response {
    let Some(name) = Name::from_path(&publication).filter(|name| name.feed_file() == file) else { return not_found() };
    let (items, changed) = served.shown(name);
    let media_type = match name {
        Name::Serverless => "application/rss+xml; charset=utf-8",
        Name::SnackOnAi => "application/feed+json",
    };
    conditional::answer(&request, media_type, document::feed(name, &served.base, &items, changed), changed)
}

async fn own_post(State(served): State<Served>, Path((publication, slug)): Path<(String, String)>) -> Response {
    let post = Name::from_path(&publication).and_then(|name| {
        let number = slug.strip_prefix("demo-post-")?.parse().ok()?;
        let item = served.stage.borrow().own_post(name, number, &served.base)?;
        Some(Html(document::post_page(name, &item)))
    });
    post.map_or_else(not_found, IntoResponse::into_response)
}

impl Served {
    /// What the publication shows now, and since when.
    fn shown(&self, name: Name) -> (Vec<super::stage::Item>, Timestamp) {
        let stage = self.stage.borrow();
        (stage.items(name, &self.base), stage.changed(name))
    }
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "Nothing is played here.\n").into_response()
}
