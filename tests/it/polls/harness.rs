//! One installation: its state in a directory of its own, its clock, and the origin that it asks.

use std::{collections::HashMap, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use chrono::TimeDelta;
use feed_model::{
    FetchLimits, FollowMode, PollPolicy, SitemapPatterns, Source, SourceId, SourceState, Timestamp,
};
use topic_rules::Rules;
use tributary::{
    clock::{Clock, ManualClock},
    fetch::{Client, ClientOptions, Lookup, host_key},
    poll::{PollReport, PollSettings, Poller},
    store::{Reader, SourceRecord, Store, StoreError, WindowPolicy},
};
use url::Url;

use crate::support::{
    client_options,
    origin::{Origin, Reply},
};

pub const HOUR: Duration = Duration::from_secs(3600);

/// A Saturday, at noon.
pub fn noon() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// A feed with one item for each title.
pub fn feed(titles: &[&str]) -> String {
    feed_with_channel("", titles)
}

/// The same, with more about the channel.
pub fn feed_with_channel(channel: &str, titles: &[&str]) -> String {
    let items: Vec<String> = titles
        .iter()
        .map(|title| format!("<item><guid isPermaLink=\"false\">{title}</guid><title>About {title}</title><link>https://posts.example/{title}</link></item>"))
        .collect();
    let items = items.concat();
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Scripted</title><link>https://posts.example/</link>{channel}{items}</channel></rss>"
    )
}

/// The feed with validators.
pub fn feed_with_etag(titles: &[&str], etag: &str) -> Reply {
    Reply::ok(feed(titles)).header("ETag", etag)
}

/// A source that is subject to every rule for public sites, though it stands on this machine.
pub fn source(id: &str, url: &Url) -> Source {
    Source {
        id: SourceId::new(id).unwrap(),
        title: None,
        url: url.clone(),
        follow_mode: FollowMode::Auto,
        poll_policy: PollPolicy {
            interval: HOUR,
            custom_interval: false,
            schedule: None,
            max_interval: 7 * 24 * HOUR,
            exempt: false,
        },
        limits: FetchLimits {
            timeout: Duration::from_secs(20),
            max_body_bytes: 1 << 20,
            max_items: 100,
        },
        allow_hosts: ["127.0.0.1/32", "a.example", "b.example"]
            .iter()
            .map(|p| p.parse().unwrap())
            .collect(),
        http2: true,
        content: None,
        auth: None,
        publish: false,
        paused: false,
        backfill: 30,
        pages_per_poll: 10,
        page: None,
        sitemap: SitemapPatterns::default(),
    }
}

/// Every name is this machine.
pub struct LoopbackLookup;

impl Lookup for LoopbackLookup {
    fn addresses(
        &self,
        _host: String,
    ) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<SocketAddr>>> + Send>> {
        Box::pin(async { Ok(vec![([127, 0, 0, 1], 0).into()]) })
    }
}

pub struct PollHarness {
    pub origin: Arc<Origin>,
    pub clock: ManualClock,
    pub poller: Poller,
    dir: tempfile::TempDir,
    sources: Vec<Source>,
}

impl PollHarness {
    /// An installation with the sources that `follow` makes of the origin.
    pub fn new(follow: impl FnOnce(&Origin) -> Vec<Source>) -> Self {
        let origin = Arc::new(Origin::start());
        let (dir, clock) = (tempfile::tempdir().unwrap(), ManualClock::at(noon()));
        let sources = follow(&origin);
        let poller = start(dir.path(), &clock, &sources);
        Self { origin, clock, poller, dir, sources }
    }

    /// One source, `feed`, at `/feed`.
    pub fn with_one_feed() -> Self {
        Self::new(|origin| vec![source("feed", &origin.url("/feed"))])
    }

    /// Stops the program and starts it again.
    pub fn restart(&mut self) {
        self.poller.store.close().unwrap();
        self.poller = start(self.dir.path(), &self.clock, &self.sources);
    }

    /// feeds.toml names another address for the only source.
    pub fn set_url_and_restart(&mut self, path: &str) {
        self.sources[0].url = self.origin.url(path);
        self.restart();
    }

    /// The state hears that feeds.toml names another address for the only source, and nobody else
    /// does yet.
    pub fn set_path_in_store(&mut self, path: &str) {
        self.set_url_in_store(self.origin.url(path).as_str());
    }

    /// The same, of an address that may be anywhere.
    pub fn set_url_in_store(&mut self, url: &str) {
        self.sources[0].url = url.parse().unwrap();
        sync_config(&self.poller.store, &self.sources, self.clock.now());
    }

    /// Everybody hears what feeds.toml says now.
    pub fn reload_sources(&self) {
        let settings = self.poller.settings.load_full();
        let sources = self.sources.iter().cloned().map(Arc::new).collect();
        self.poller.settings.store(Arc::new(PollSettings { sources, ..(*settings).clone() }));
    }

    /// Asks in another way from now on.
    pub fn use_client_options(&self, options: ClientOptions) {
        self.poller
            .client
            .store(Arc::new(Client::with_lookup(options, Arc::new(LoopbackLookup)).unwrap()));
    }

    /// Where the state is, and feeds.toml would be.
    pub fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Polls every source at the same time.
    pub async fn poll_all_concurrently(&self) {
        let polls: Vec<_> =
            self.sources.iter().map(|s| (self.poller.clone(), Arc::new(s.clone()))).collect();
        let polls = polls
            .into_iter()
            .map(|(poller, source)| tokio::spawn(async move { poller.refresh(&source).await }));
        for poll in polls.collect::<Vec<_>>() {
            assert!(poll.await.unwrap().is_stored);
        }
    }

    /// Polls a source now, whatever its schedule says.
    pub async fn poll(&self, id: &str) -> PollReport {
        let source = self.sources.iter().find(|s| s.id.as_str() == id).unwrap();
        self.poller.refresh(&Arc::new(source.clone())).await
    }

    /// Polls a source when it is due, which is said.
    pub async fn poll_when_due(&self, id: &str) -> Timestamp {
        self.clock.set(self.source_record(id).next_poll.unwrap());
        self.poll(id).await;
        self.clock.now()
    }

    /// Polls whatever is due, as the daemon picks it, until `end`.
    pub async fn run_until(&self, end: Timestamp) -> usize {
        let by_id: HashMap<_, _> =
            self.sources.iter().map(|s| (s.id.clone(), Arc::new(s.clone()))).collect();
        let mut polls = 0;
        while self.clock.now() <= end {
            let now = self.clock.now();
            let due = self.read(|reader| reader.due_sources(now, &[], 1, 100));
            for due in &due {
                self.poller.refresh(&by_id[&due.id]).await;
                polls += 1;
            }
            if due.is_empty() {
                let Some(next) = self.read(|reader| reader.next_due(now)) else {
                    break;
                };
                self.clock.set(next.min(end + TimeDelta::milliseconds(1)));
            }
        }
        polls
    }

    /// Whether the daemon would ask the source now.
    pub fn is_due(&self, id: &str) -> bool {
        let now = self.clock.now();
        self.read(|reader| reader.due_sources(now, &[], 100, 1000))
            .iter()
            .any(|due| due.id.as_str() == id)
    }

    pub fn read<T>(&self, f: impl FnOnce(&Reader<'_>) -> Result<T, StoreError>) -> T {
        self.poller.store.read(f).unwrap()
    }

    pub fn source_record(&self, id: &str) -> SourceRecord {
        self.read(|reader| reader.source_record(&SourceId::new(id).unwrap()))
    }

    pub fn state(&self, id: &str) -> SourceState {
        self.read(|reader| reader.sources()).into_iter().find(|s| s.id.as_str() == id).unwrap()
    }

    /// How long after now the source is asked next.
    pub fn time_until_next_poll(&self, id: &str) -> TimeDelta {
        self.source_record(id).next_poll.unwrap() - self.clock.now()
    }

    /// What the last request for a path was made conditional with.
    pub fn sent_validators(&self, path: &str) -> (Option<String>, Option<String>) {
        let asked = self.origin.requests_to(path);
        let field = |name| asked.last().unwrap().header(name).map(str::to_owned);
        (field("if-none-match"), field("if-modified-since"))
    }
}

const WINDOW: WindowPolicy = WindowPolicy { max_entries: 50, keep_within: Duration::ZERO };

fn sync_config(store: &Store, sources: &[Source], now: Timestamp) {
    let hosts: Vec<_> = sources.iter().map(|s| (s.clone(), host_key(&s.url))).collect();
    store.sync_config(&hosts, &[], WINDOW, now).unwrap();
}

fn start(dir: &std::path::Path, clock: &ManualClock, sources: &[Source]) -> Poller {
    let store = Store::open(dir).unwrap();
    sync_config(&store, sources, clock.now());
    let client = Client::with_lookup(client_options(), Arc::new(LoopbackLookup)).unwrap();
    let settings = PollSettings {
        sources: sources.iter().cloned().map(Arc::new).collect(),
        rules: Arc::new(Rules::compile(&[]).unwrap()),
        topics: Vec::new(),
        window: WINDOW,
        per_host: 1,
        concurrency: 32,
        config_dir: dir.to_owned(),
        credentials_dir: None,
        backfill_gap: Duration::ZERO,
        training_key: None,
        retention: None,
    };
    Poller::new(store, client, Arc::new(clock.clone()), settings)
}
