//! Polls feeds and does the least that a program that stores entries has to do: request, parse,
//! insert. One transaction per feed, an index of unique ids and one of times.
//!
//! The first pass fetches all feeds. Later passes are conditional.

#![expect(
    clippy::disallowed_methods,
    reason = "the origin is our own, and times are those of the machine"
)]

use std::{
    io::Read as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use anyhow::Context as _;
use clap::Parser;
use flate2::read::GzDecoder;
use reqwest::{
    StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, HeaderValue, IF_NONE_MATCH},
};
use rusqlite::{Connection, params};

/// How many requests are under way at the same time.
const CONCURRENCY: usize = 32;

/// Polls the feeds of an origin with the least work.
#[derive(Parser)]
struct Options {
    /// URL of the origin
    #[arg(long, default_value = "http://127.0.0.1:8801")]
    base: String,
    /// Number of feeds
    #[arg(long, default_value_t = 500)]
    feeds: usize,
    /// Number of passes
    #[arg(long, default_value_t = 1)]
    passes: usize,
    /// Part of the feeds that gets a new entry before the last pass
    #[arg(long)]
    tick: Option<f64>,
    /// The database, replaced if it exists
    #[arg(long)]
    database: PathBuf,
}

struct Floor {
    base: String,
    client: reqwest::Client,
    database: Mutex<Connection>,
    etags: Vec<Mutex<Option<HeaderValue>>>,
    next: AtomicUsize,
    fetched: AtomicUsize,
    entries: AtomicUsize,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("a provider of cryptography is installed already"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(options))
}

async fn run(options: Options) -> anyhow::Result<()> {
    let floor = Arc::new(Floor {
        // Real feeds are on hosts of their own, so no connection is used again.
        client: reqwest::Client::builder().pool_max_idle_per_host(0).build()?,
        database: Mutex::new(create(&options.database)?),
        etags: (0..options.feeds).map(|_| Mutex::default()).collect(),
        next: AtomicUsize::new(0),
        fetched: AtomicUsize::new(0),
        entries: AtomicUsize::new(0),
        base: options.base,
    });
    for pass in 1..=options.passes {
        if let Some(part) = options.tick.filter(|_| pass == options.passes) {
            let url = format!("{}/_tick?p={part}", floor.base);
            floor.client.get(url).send().await?.error_for_status()?;
        }
        floor.next.store(0, Relaxed);
        let tasks: Vec<_> =
            (0..CONCURRENCY).map(|_| tokio::spawn(floor.clone().poll_feeds())).collect();
        for task in tasks {
            task.await??;
        }
    }
    println!("{} documents, {} entries", floor.fetched.load(Relaxed), floor.entries.load(Relaxed));
    Ok(())
}

fn create(path: &Path) -> anyhow::Result<Connection> {
    for suffix in ["", "-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(suffix);
        // It need not exist.
        drop(std::fs::remove_file(file));
    }
    let connection =
        Connection::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = NORMAL;
         CREATE TABLE entry (
           id INTEGER PRIMARY KEY, feed INTEGER, guid TEXT, link TEXT, title TEXT, summary TEXT,
           content TEXT, published INTEGER, UNIQUE (feed, guid)
         );
         CREATE INDEX entry_published ON entry (published);",
    )?;
    Ok(connection)
}

impl Floor {
    async fn poll_feeds(self: Arc<Self>) -> anyhow::Result<()> {
        loop {
            let feed = self.next.fetch_add(1, Relaxed);
            if feed >= self.etags.len() {
                return Ok(());
            }
            self.poll(feed).await.with_context(|| format!("cannot poll feed {feed}"))?;
        }
    }

    async fn poll(&self, feed: usize) -> anyhow::Result<()> {
        let url = format!("{}/feed/{feed}.xml", self.base);
        let mut request = self.client.get(url).header(ACCEPT_ENCODING, "gzip");
        let etag = self.etags[feed].lock().expect("no thread panics").clone();
        if let Some(etag) = etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let response = request.send().await?.error_for_status()?;
        if response.status() == StatusCode::NOT_MODIFIED {
            return Ok(());
        }
        *self.etags[feed].lock().expect("no thread panics") = response.headers().get(ETAG).cloned();
        let is_gzip = response.headers().contains_key(CONTENT_ENCODING);
        let body = response.bytes().await?;
        let parsed = if is_gzip {
            let mut text = Vec::with_capacity(body.len() * 4);
            GzDecoder::new(&body[..]).read_to_end(&mut text)?;
            feed_rs::parser::parse(&text[..])?
        } else {
            feed_rs::parser::parse(&body[..])?
        };
        self.fetched.fetch_add(1, Relaxed);
        self.store(feed, parsed)
    }

    fn store(&self, feed: usize, parsed: feed_rs::model::Feed) -> anyhow::Result<()> {
        let mut connection = self.database.lock().expect("no thread panics");
        let transaction = connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO entry (feed, guid, link, title, summary, content, published)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
            )?;
            for entry in parsed.entries {
                let inserted = insert.execute(params![
                    feed,
                    entry.id,
                    entry.links.first().map(|link| &link.href),
                    entry.title.map(|title| title.content),
                    entry.summary.map(|summary| summary.content),
                    entry.content.and_then(|content| content.body),
                    entry.published.or(entry.updated).map(|time| time.timestamp()),
                ])?;
                self.entries.fetch_add(inserted, Relaxed);
            }
        }
        transaction.commit()?;
        Ok(())
    }
}
