//! Any path with any headers: no request is an internal error, and 304 is only sent to a client
//! that has something.
//!
//! The first line of the input is the path, the others are headers.
#![no_main]

use std::sync::LazyLock;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use chrono::DateTime;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;
use tributary::{
    app, config,
    serve::{App, Health},
    site,
    store::Store,
};

const FEEDS_TOML: &str = "[site]\ntitle = \"Topics\"\n\n[[topic]]\nid = \"streaming\"\n\
    title = \"Streaming\"\nany = [\"kafka\"]\n\n[[topic]]\nid = \"databases\"\n\
    title = \"Databases\"\nany = [\"sqlite\"]\nwas = [\"storage\"]\n";

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.build().expect("the system has threads")
});

static SITE: LazyLock<App> = LazyLock::new(|| {
    let config = config::check(FEEDS_TOML, "feeds.toml").config.expect("a valid file");
    let store = Store::in_memory().expect("a new database");
    let now = DateTime::from_timestamp(1_775_000_000, 0).expect("a valid time");
    store.sync_config(&[], &config.topics, app::window(&config), now).expect("it is stored");
    let base_url = "https://topics.example/".parse().expect("a valid URL");
    let settings = app::published(&config, base_url, "tag:topics.example,2026:t".to_owned());
    let mut dated = |_: &str, _| Ok(now);
    let documents = store.read(|reader| site::documents(reader, &settings, &mut dated));
    let app = App::new(store.clone(), settings.clone(), Health::new());
    app.replace(documents.expect("an empty site"), Vec::new());
    app
});

fuzz_target!(|input: &str| {
    let mut lines = input.lines();
    let path = lines.next().unwrap_or_default();
    let Ok(mut request) = Request::get(format!("/{path}")).body(Body::empty()) else { return };
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            request.headers_mut().append(name, value);
        }
    }
    let is_conditional = request.headers().contains_key(header::IF_NONE_MATCH)
        || request.headers().contains_key(header::IF_MODIFIED_SINCE);
    let response = RUNTIME.block_on(SITE.respond(request));
    let status = response.status();
    // `/readyz` answers 503, because nothing tells it that the daemon is ready.
    assert!(!status.is_server_error() || path.contains("readyz"), "{status}");
    assert!(is_conditional || status != StatusCode::NOT_MODIFIED);
});
