//! A real store, a real router and a manual clock: what arrives here is published over loopback.

use std::{collections::BTreeMap, fmt::Write as _, net::SocketAddr, sync::Arc};

use feed_model::{Draft, Guid, PublishedDate, SafeHtml, Timestamp};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
};
use topic_rules::Rules;
use tributary::{
    app,
    config::{self, Config},
    fetch,
    serve::{App, Health, serve},
    site,
    store::{
        Arrival, FeedMetadata, IncomingItem, ParsedDocument, PollUpdate, Store, UpdateResult,
        WindowPolicy,
    },
};

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A post of `source`: its text is an own one, so that no two posts are taken for the same.
pub fn post(number: u32, title: &str, text: &str) -> Draft {
    let url = format!("https://river.example/posts/{number}");
    Draft {
        guid: Some(Guid { value: url.clone(), is_permalink: Some(true) }),
        url: Some(url.parse().unwrap()),
        title: Some(title.to_owned()),
        content: Some(SafeHtml::from_sanitised(format!("<p>{text}</p>"))),
        ..Draft::default()
    }
}

pub fn dated(draft: Draft, date: &str) -> Draft {
    Draft { published: Some(PublishedDate::exact(at(date))), ..draft }
}

/// A state and everything that publishes it.
/// Not every test uses every part.
#[allow(dead_code)]
pub struct TestSite {
    pub dir: Arc<tempfile::TempDir>,
    pub store: Store,
    pub config: Config,
    pub rules: Arc<Rules>,
    pub window: WindowPolicy,
    pub app: App,
}

impl TestSite {
    /// A test_site that `feeds_toml` sets up, with a new state.
    pub fn new(feeds_toml: &str) -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        Self::with_state_in(dir, feeds_toml)
    }

    /// The same over a state that may be there.
    pub fn with_state_in(dir: Arc<tempfile::TempDir>, feeds_toml: &str) -> Self {
        let store = Store::open(dir.path()).unwrap();
        let checked = config::check(feeds_toml, "feeds.toml");
        assert_eq!(checked.errors(), 0, "{:?}", checked.problems);
        let config = checked.config.unwrap();
        let sources: Vec<_> = config
            .sources
            .iter()
            .map(|source| (source.clone(), fetch::host_key(&source.url)))
            .collect();
        let window = app::window(&config);
        store.sync_config(&sources, &config.topics, window, at("2026-01-01T00:00:00Z")).unwrap();
        let app = App::new(Arc::new(store.clone()), settings(&config), Health::new());
        Self {
            dir,
            store,
            rules: Arc::new(Rules::compile(&config.topics).unwrap()),
            window,
            app,
            config,
        }
    }

    pub fn settings(&self) -> site::SiteSettings {
        settings(&self.config)
    }

    /// One poll of `source` that brings these items, as they stand in the document.
    pub fn apply_poll(
        &self,
        source: &str,
        now: &str,
        arrival: Arrival,
        drafts: Vec<Draft>,
    ) -> UpdateResult {
        let (identity, policy, _) =
            entry_identity::identify_items(&drafts, entry_identity::KeyPolicy::default(), None);
        let items = drafts
            .into_iter()
            .zip(identity)
            .map(|(draft, identity)| IncomingItem { draft, identity, arrival })
            .collect();
        let document = ParsedDocument {
            metadata: FeedMetadata {
                title: Some("River Notes".to_owned()),
                ..FeedMetadata::default()
            },
            body_digest: None,
            key_policy: Some(policy),
            items,
            private: None,
            ends_import: true,
        };
        let source = self.config.sources.iter().find(|known| known.id.as_str() == source).unwrap();
        let plan =
            PollUpdate { document: Some(document), ..PollUpdate::of(source, at(now), self.window) };
        self.store.apply(plan, self.rules.clone()).unwrap()
    }

    /// Draws everything anew, as the daemon does after a poll.
    pub fn publish(&self, now: &str) {
        let (renderings, retired) =
            site::render_site(&self.store, &self.settings(), at(now)).unwrap();
        self.app.replace(renderings, retired);
    }

    pub fn serve(&self) -> Server {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let app = self.app.clone();
        tokio::spawn(async move {
            let until = async move {
                let _ = stopped.await;
            };
            serve(listener, app, None, until).await.unwrap();
        });
        Server { address, _stop: stop }
    }
}

fn settings(config: &Config) -> site::SiteSettings {
    let base = "https://topics.example/".parse().unwrap();
    app::published(config, base, "tag:topics.example,2026:topics".to_owned())
}

/// Ends when it is dropped.
pub struct Server {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

#[derive(Debug)]
pub struct HttpResponse {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl HttpResponse {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

impl Server {
    pub async fn get(&self, target: &str) -> HttpResponse {
        self.ask(target, &[]).await
    }

    /// Sends one GET and reads the answer to the end of the connection.
    pub async fn ask(&self, target: &str, headers: &[(&str, &str)]) -> HttpResponse {
        let mut head =
            format!("GET {target} HTTP/1.1\r\nHost: somewhere.else\r\nConnection: close\r\n");
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head.push_str("\r\n");
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let end =
            bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let status = head[9..12].parse().unwrap();
        let headers = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(n, v)| (n.to_lowercase(), v.to_owned()))
            .collect();
        HttpResponse { status, headers, body: bytes[end + 4..].to_vec() }
    }
}
