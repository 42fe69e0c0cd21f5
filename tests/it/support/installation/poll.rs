//! Polls of the scripted origin by the real poller.

use std::{collections::HashMap, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use chrono::TimeDelta;
use feed_model::{
    FetchLimits, FollowMode, PollPolicy, SitemapPatterns, Source, SourceState, TimeZone, Timestamp,
};
use tributary::{
    app,
    fetch::{Client, ClientOptions, Lookup},
    poll::{Inspection, PollReport, PollSettings, Poller},
    store::SourceRecord,
};
use url::Url;

use super::{super::client_options, Installation, source_id};

const HOUR: Duration = Duration::from_hours(1);

impl Installation {
    /// The poller, created at the first call.
    pub fn poller(&self) -> &Poller {
        self.poller.get_or_init(|| {
            let parts = app::build_polling(&self.config, self.dir.path(), None).unwrap();
            let (client, settings) = if self.public_sites {
                let settings = PollSettings {
                    per_host: 1,
                    concurrency: 32,
                    backfill_gap: Duration::ZERO,
                    ..parts.polling
                };
                (loopback_client(client_options()), settings)
            } else {
                (parts.client, parts.polling)
            };
            Poller::new(self.store.clone(), client, Arc::new(self.clock.clone()), settings)
        })
    }

    /// Replaces the options of the HTTP client.
    pub fn use_client_options(&self, options: ClientOptions) {
        self.poller().client.store(Arc::new(loopback_client(options)));
    }

    pub(super) fn configured_source(&self, id: &str) -> &Source {
        let source = self.config.sources.iter().find(|source| source.id.as_str() == id);
        source.unwrap_or_else(|| panic!("no source is called {id}"))
    }

    /// Changes the URL of the first source and restarts.
    pub fn set_url_and_restart(&mut self, path: &str) {
        self.config.sources[0].url = self.origin.url(path);
        self.restart();
    }

    /// Changes the URL of the first source to a path of the origin, in the store but not yet in the
    /// poller.
    pub fn set_path_in_store(&mut self, path: &str) {
        self.set_url_in_store(self.origin.url(path).as_str());
    }

    /// The same with any URL.
    pub fn set_url_in_store(&mut self, url: &str) {
        self.config.sources[0].url = url.parse().unwrap();
        self.sync_store();
    }

    /// Passes the configured sources to the poller.
    pub fn reload_sources(&self) {
        let settings = self.poller().settings.load_full();
        let sources = self.config.sources.iter().cloned().map(Arc::new).collect();
        self.poller().settings.store(Arc::new(PollSettings { sources, ..(*settings).clone() }));
    }

    /// Polls a source now, whatever its schedule.
    pub async fn poll(&self, id: &str) -> PollReport {
        let source = Arc::new(self.configured_source(id).clone());
        self.poller().refresh(&source).await
    }

    /// Polls a source after some hours.
    pub async fn poll_after_hours(&self, id: &str, hours: i64) -> PollReport {
        self.advance_hours(hours);
        self.poll(id).await
    }

    /// Polls a source when it is due. Returns that time.
    pub async fn poll_when_due(&self, id: &str) -> Timestamp {
        self.clock.set(self.source_record(id).next_poll.unwrap());
        self.poll(id).await;
        self.now()
    }

    /// Polls every source at the same time.
    pub async fn poll_all_concurrently(&self) {
        let polls: Vec<_> = self
            .config
            .sources
            .iter()
            .map(|source| {
                let (poller, source) = (self.poller().clone(), Arc::new(source.clone()));
                tokio::spawn(async move { poller.refresh(&source).await })
            })
            .collect();
        for poll in polls {
            assert!(poll.await.unwrap().is_stored);
        }
    }

    /// Polls the sources as they become due, until `end`. Returns the number of polls.
    pub async fn run_until(&self, end: Timestamp) -> usize {
        let by_id: HashMap<_, _> =
            self.config.sources.iter().map(|s| (s.id.clone(), Arc::new(s.clone()))).collect();
        let mut polls = 0;
        while self.now() <= end {
            let now = self.now();
            let due = self.read(|reader| reader.due_sources(now, &[], &[], 1, 100));
            for due in &due {
                self.poller().refresh(&by_id[&due.id]).await;
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

    /// Fetches up to `most` older posts of `site`.
    pub async fn backfill(&self, most: usize) -> PollReport {
        let source = Arc::new(self.configured_source("site").clone());
        self.poller().backfill_source(&source, most).await
    }

    /// Whether older posts of any source can be fetched now.
    pub fn has_due_backfill(&self) -> bool {
        let now = self.now();
        !self.read(|reader| reader.sources_with_backfill(now)).is_empty()
    }

    pub async fn inspect(&self, id: &str) -> Inspection {
        let source = Arc::new(self.configured_source(id).clone());
        self.poller().inspect(&source).await.unwrap()
    }

    /// Whether the daemon would poll the source now.
    pub fn is_due(&self, id: &str) -> bool {
        let now = self.now();
        let due = self.read(|reader| reader.due_sources(now, &[], &[], 100, 1000));
        due.iter().any(|due| due.id.as_str() == id)
    }

    pub fn source_record(&self, id: &str) -> SourceRecord {
        self.read(|reader| reader.source_record(&source_id(id)))
    }

    pub fn source_state(&self, id: &str) -> SourceState {
        let states = self.read(|reader| reader.sources());
        states.into_iter().find(|state| state.id.as_str() == id).unwrap()
    }

    /// How a source is followed, and the stored reason.
    pub fn follow_mode_and_reason(&self, id: &str) -> (FollowMode, String) {
        let state = self.source_state(id);
        (state.follow_mode, state.follow_reason.unwrap_or_default())
    }

    pub fn time_until_next_poll(&self, id: &str) -> TimeDelta {
        self.source_record(id).next_poll.unwrap() - self.now()
    }

    /// `If-None-Match` and `If-Modified-Since` of the last request to a path.
    pub fn sent_validators(&self, path: &str) -> (Option<String>, Option<String>) {
        let requests = self.origin.requests_to(path);
        let field = |name| requests.last().unwrap().header(name).map(str::to_owned);
        (field("if-none-match"), field("if-modified-since"))
    }

    /// The paths of the requests since the number `since`, in order. `since` becomes the number of
    /// all requests.
    pub fn requested_paths(&self, since: &mut usize) -> Vec<String> {
        let all = self.origin.requests();
        let new = all[*since..].iter().map(|request| request.path.clone()).collect();
        *since = all.len();
        new
    }
}

/// A source on this machine that is polled like a source on the internet.
pub fn public_source(id: &str, url: &Url) -> Source {
    Source {
        id: source_id(id),
        title: None,
        url: url.clone(),
        follow_mode: FollowMode::Auto,
        poll_policy: PollPolicy {
            interval: HOUR,
            custom_interval: false,
            schedule: None,
            timezone: TimeZone::UTC,
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

/// Resolves every host name to this machine.
struct LoopbackLookup;

impl Lookup for LoopbackLookup {
    fn addresses(
        &self,
        _host: String,
    ) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<SocketAddr>>> + Send>> {
        Box::pin(async { Ok(vec![([127, 0, 0, 1], 0).into()]) })
    }
}

fn loopback_client(options: ClientOptions) -> Client {
    Client::with_lookup(options, Arc::new(LoopbackLookup)).unwrap()
}
