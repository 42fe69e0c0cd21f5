//! Serves generated feeds on loopback, as fast as possible.
//!
//! - `/feed/N.xml`: a feed, with `ETag`, 304 and gzip.
//! - `/urls`: the URL of each feed, one per line.
//! - `/_tick?p=P`: gives a part P of the feeds one new entry.
//! - `/_stats`: how many responses were 200 and 304.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, RwLock,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use anyhow::Context as _;
use bench_harness::{
    feeds::{FeedOptions, Feeds},
    random::Random,
};
use clap::Parser;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};

/// Serves generated feeds on loopback.
#[derive(Parser)]
struct Options {
    /// Port on 127.0.0.1
    #[arg(long, default_value_t = 8801)]
    port: u16,
    /// Number of feeds
    #[arg(long, default_value_t = 500)]
    feeds: usize,
    /// Entries of each feed [default: 24 or 25]
    #[arg(long)]
    entries: Option<usize>,
    /// HTML of an entry, in bytes
    #[arg(long, default_value_t = 2300)]
    entry_bytes: usize,
    /// Seed of the texts
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// A feed as it is served.
#[derive(Clone, Default)]
struct Document {
    version: usize,
    gzip: Arc<Vec<u8>>,
}

struct Origin {
    options: Options,
    feeds: Feeds,
    documents: Vec<RwLock<Document>>,
    ticks: AtomicU64,
    served: AtomicUsize,
    not_modified: AtomicUsize,
}

/// What the origin reads of a request.
#[derive(Default)]
struct Request {
    target: String,
    if_none_match: Option<String>,
    accepts_gzip: bool,
    closes: bool,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let listener = TcpListener::bind(("127.0.0.1", options.port))
        .with_context(|| format!("cannot listen on port {}", options.port))?;
    let feeds = Feeds::new(FeedOptions {
        seed: options.seed,
        entries: options.entries,
        entry_bytes: options.entry_bytes,
    });
    let documents = (0..options.feeds).map(|_| RwLock::default()).collect();
    let origin = Arc::new(Origin {
        options,
        feeds,
        documents,
        ticks: AtomicU64::new(0),
        served: AtomicUsize::new(0),
        not_modified: AtomicUsize::new(0),
    });
    let bytes = origin.generate();
    let entries: usize = (0..origin.documents.len()).map(|n| origin.feeds.entry_count(n)).sum();
    println!("{} feeds, {entries} entries, {bytes} bytes", origin.documents.len());
    for connection in listener.incoming() {
        let (origin, connection) = (origin.clone(), connection?);
        // A client that breaks off ends its own connection.
        thread::spawn(move || origin.serve(connection).ok());
    }
    Ok(())
}

impl Origin {
    /// Generates all documents on all cores. Returns their size.
    fn generate(&self) -> usize {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            let part = |first: usize| {
                move || -> usize {
                    let feeds = (first..self.documents.len()).step_by(cores);
                    feeds.map(|feed| self.generate_feed(feed, 0)).sum()
                }
            };
            let parts: Vec<_> = (0..cores).map(|first| scope.spawn(part(first))).collect();
            parts.into_iter().map(|part| part.join().expect("generating does not panic")).sum()
        })
    }

    fn generate_feed(&self, feed: usize, version: usize) -> usize {
        let text = self.feeds.document(feed, version);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
        encoder.write_all(text.as_bytes()).expect("writing to memory does not fail");
        let gzip = Arc::new(encoder.finish().expect("writing to memory does not fail"));
        *self.documents[feed].write().expect("no writer panics") = Document { version, gzip };
        text.len()
    }

    /// Gives a part of the feeds one new entry. Returns how many.
    fn tick(&self, part: f64) -> usize {
        let tick = self.ticks.fetch_add(1, Relaxed);
        let chosen =
            |feed: &usize| Random::new(&[self.options.seed, tick, *feed as u64, 9]).chance(part);
        let feeds: Vec<usize> = (0..self.documents.len()).filter(chosen).collect();
        for feed in &feeds {
            let version = self.documents[*feed].read().expect("no writer panics").version;
            self.generate_feed(*feed, version + 1);
        }
        feeds.len()
    }

    fn serve(&self, connection: TcpStream) -> io::Result<()> {
        connection.set_nodelay(true)?;
        let mut writer = connection.try_clone()?;
        let mut reader = BufReader::new(connection);
        while let Some(request) = read_request(&mut reader)? {
            writer.write_all(&self.response(&request))?;
            if request.closes {
                break;
            }
        }
        Ok(())
    }

    fn response(&self, request: &Request) -> Vec<u8> {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let feed = path.strip_prefix("/feed/").and_then(|name| name.strip_suffix(".xml"));
        if let Some(document) =
            feed.and_then(|number| self.documents.get(number.parse::<usize>().ok()?))
        {
            return self.feed(request, &document.read().expect("no writer panics").clone());
        }
        match path {
            "/urls" => {
                let url = |n| format!("http://127.0.0.1:{}/feed/{n}.xml\n", self.options.port);
                text("200 OK", &(0..self.documents.len()).map(url).collect::<String>())
            }
            "/_tick" => {
                let part = query.strip_prefix("p=").and_then(|p| p.parse().ok()).unwrap_or(0.1);
                text("200 OK", &format!("{}\n", self.tick(part)))
            }
            "/_stats" => {
                let (served, not_modified) =
                    (self.served.load(Relaxed), self.not_modified.load(Relaxed));
                text("200 OK", &format!("200 {served}\n304 {not_modified}\n"))
            }
            _ => text("404 Not Found", "no such page\n"),
        }
    }

    fn feed(&self, request: &Request, document: &Document) -> Vec<u8> {
        let etag = format!("\"v{}\"", document.version);
        if request.if_none_match.as_ref() == Some(&etag) {
            self.not_modified.fetch_add(1, Relaxed);
            return format!("HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n\r\n").into_bytes();
        }
        self.served.fetch_add(1, Relaxed);
        let (coding, body) = if request.accepts_gzip {
            ("Content-Encoding: gzip\r\n", document.gzip.to_vec())
        } else {
            let mut body = Vec::new();
            io::copy(&mut GzDecoder::new(&document.gzip[..]), &mut body)
                .expect("our own encoding is valid");
            ("", body)
        };
        let mut response = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nETag: {etag}\r\n{coding}\
             Content-Length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        response.extend(body);
        response
    }
}

fn text(status: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Reads a request without a body; `None`: the client has no more.
fn read_request(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let target = line.split(' ').nth(1).unwrap_or("/").to_owned();
    let mut request = Request { target, ..Request::default() };
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "if-none-match" => request.if_none_match = Some(value.to_owned()),
            "accept-encoding" => request.accepts_gzip = value.contains("gzip"),
            "connection" => request.closes = value.eq_ignore_ascii_case("close"),
            _ => {}
        }
    }
    Ok(Some(request))
}
