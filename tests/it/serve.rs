//! The served site, over loopback and byte by byte.

#![allow(clippy::unwrap_used)] // test code outside of `#[test]` functions

use std::{fmt::Write as _, io::Read as _, net::SocketAddr};

use feed_model::{StoryId, TopicId};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};
use tributary::serve::{App, ConnectionLimits, Health, serve};

use crate::{
    publish::stored_site::{StoredSite, at, post_url},
    support::{feed_lint, feeds::post, installation::Installation},
};

struct Server {
    address: SocketAddr,
    site: StoredSite,
    app: App,
    health: Health,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
}

impl Server {
    /// A site of nine posts with its documents rendered.
    fn start() -> Self {
        let server = Self::unrendered();
        server.render("2026-04-01T00:00:00Z");
        server.health.set_ready(true);
        server
    }

    fn unrendered() -> Self {
        let site = StoredSite::with_posts(1..=9);
        let health = Health::new();
        let app = App::new(site.store.clone(), site.settings(), health.clone());
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = app.clone();
        let running = tokio::spawn(async move {
            let until = async move {
                let _ = stopped.await;
            };
            serve(listener, serving, None, ConnectionLimits::default(), until).await.unwrap();
        });
        Self { address, site, app, health, stop: Some(stop), running }
    }

    fn render(&self, now: &str) {
        let documents = self.site.document_list(&self.site.settings(), now);
        self.app.replace(documents, vec![TopicId::new("old").unwrap()]);
    }

    /// Sends one request and reads the answer to the end of the connection.
    async fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> HttpResponse {
        let mut head =
            format!("{method} {target} HTTP/1.1\r\nHost: somewhere.else\r\nConnection: close\r\n");
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head.push_str("\r\n");
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        HttpResponse::read(&bytes)
    }

    async fn get(&self, target: &str) -> HttpResponse {
        self.ask("GET", target, &[]).await
    }

    async fn stop(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        self.running.await.unwrap();
    }
}

#[derive(Debug)]
struct HttpResponse {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl HttpResponse {
    fn read(bytes: &[u8]) -> Self {
        let end =
            bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(n, v)| (n.to_lowercase(), v.to_owned()))
            .collect();
        Self { status, headers, body: bytes[end + 4..].to_vec() }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found: Vec<&str> = self
            .headers
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .collect();
        assert!(found.len() < 2, "{name} is there twice: {found:?}");
        found.first().copied()
    }

    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

const FEEDS: [(&str, &str); 3] = [
    ("/topics/streaming/feed.atom", "application/atom+xml; charset=utf-8"),
    ("/topics/streaming/feed.rss", "application/rss+xml; charset=utf-8"),
    ("/topics/streaming/feed.json", "application/feed+json"),
];

#[tokio::test]
async fn every_document_and_page_has_its_content_type_and_headers() {
    let server = Server::start();
    let html = "text/html; charset=utf-8";
    let others = [
        ("/", html),
        ("/topics/all", html),
        ("/topics/streaming", html),
        ("/topics/cloud+streaming", html),
        ("/stories/9", html),
        ("/sources", html),
        ("/topics/all/2026-03", html),
        ("/opml.xml", "text/x-opml; charset=utf-8"),
        ("/sources.opml", "text/x-opml; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/style.css?v=12345678", "text/css; charset=utf-8"),
        ("/topics/cloud+streaming/feed.atom", "application/atom+xml; charset=utf-8"),
    ];
    for (target, kind) in FEEDS.into_iter().chain(others) {
        let answer = server.get(target).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)), "{target}");
        assert_eq!(
            answer.header("content-length"),
            Some(answer.body.len().to_string().as_str()),
            "{target}"
        );
        assert!(answer.header("etag").is_some_and(|tag| tag.starts_with("W/\"")), "{target}");
        let varies =
            if target.contains("/feed.") { "accept-encoding, a-im" } else { "accept-encoding" };
        assert_eq!(answer.header("vary"), Some(varies), "{target}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{target}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{target}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{target}");
        assert!(
            answer.header("content-security-policy").unwrap().starts_with("default-src 'none'"),
            "{target}"
        );
        let pace = "public, max-age=900, stale-while-revalidate=900, stale-if-error=86400";
        assert_eq!(answer.header("cache-control"), Some(pace), "{target}");
        assert!(!answer.text().contains("somewhere.else"), "{target} believes the Host field");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_feed_response_has_self_hub_and_alternate_link_headers() {
    let server = Server::start();
    let answer = server.get("/topics/streaming/feed.rss").await;
    let base = "https://topics.example/topics/streaming";
    let expected = format!(
        "<{base}/feed.rss>; rel=\"self\", <https://topics.example/hub>; rel=\"hub\", \
         <{base}>; rel=\"alternate\"; type=\"text/html\", \
         <{base}/feed.atom>; rel=\"alternate\"; type=\"application/atom+xml\", \
         <{base}/feed.json>; rel=\"alternate\"; type=\"application/feed+json\""
    );
    assert_eq!(answer.header("link"), Some(expected.as_str()));
    assert_eq!(answer.header("last-modified"), Some("Wed, 01 Apr 2026 00:00:00 GMT"));
}

#[tokio::test]
async fn a_known_etag_gets_304_for_every_content_encoding() {
    let server = Server::start();
    for target in
        ["/topics/streaming/feed.atom", "/topics/cloud+streaming/feed.json", "/", "/opml.xml"]
    {
        for coding in ["identity", "gzip", "br"] {
            let first = server.ask("GET", target, &[("Accept-Encoding", coding)]).await;
            let tag = first.header("etag").unwrap().to_owned();
            for other in ["identity", "gzip", "br"] {
                let held = server
                    .ask("GET", target, &[("If-None-Match", &tag), ("Accept-Encoding", other)])
                    .await;
                assert_eq!((held.status, held.body.len()), (304, 0), "{target} {coding} {other}");
                for name in ["etag", "cache-control", "vary", "last-modified", "date", "link"] {
                    assert_eq!(
                        held.header(name).is_some(),
                        first.header(name).is_some(),
                        "{name} of {target}"
                    );
                }
                assert_eq!(held.header("content-encoding"), None);
                assert_eq!(held.header("content-length"), None);
            }
        }
    }
    let target = "/topics/streaming/feed.atom";
    let since = [("If-Modified-Since", "Wed, 01 Apr 2026 00:00:00 GMT")];
    assert_eq!(server.ask("GET", target, &since).await.status, 304);
    let both = [since[0], ("If-None-Match", "\"another\"")];
    assert_eq!(server.ask("GET", target, &both).await.status, 200, "the tag alone counts");
    assert_eq!(server.ask("HEAD", target, &since).await.status, 304);
}

#[tokio::test]
async fn a_304_has_the_content_security_policy_of_its_200() {
    let server = Server::start();
    for target in ["/", "/topics/streaming", "/topics/streaming/feed.atom"] {
        let whole = server.get(target).await;
        let etag = whole.header("etag").unwrap().to_owned();
        let again = server.ask("GET", target, &[("If-None-Match", &etag)]).await;
        assert_eq!(again.status, 304, "{target}");
        // A browser takes the headers of a 304 over: a page would lose its style with the policy of
        // a feed.
        assert_eq!(
            again.header("content-security-policy"),
            whole.header("content-security-policy"),
            "{target}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn the_preferred_content_encoding_is_used() {
    let server = Server::start();
    let target = "/topics/streaming/feed.atom";
    let plain = server.get(target).await;
    assert_eq!(plain.header("content-encoding"), None);
    let gzip = server.ask("GET", target, &[("Accept-Encoding", "gzip;q=1, br;q=0.2")]).await;
    assert_eq!(gzip.header("content-encoding"), Some("gzip"));
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&gzip.body[..]).read_to_end(&mut text).unwrap();
    assert_eq!(text, plain.body);
    let br = server.ask("GET", target, &[("Accept-Encoding", "gzip, deflate, br")]).await;
    assert_eq!(br.header("content-encoding"), Some("br"));
    let mut text = Vec::new();
    brotli::BrotliDecompress(&mut &br.body[..], &mut text).unwrap();
    assert_eq!(text, plain.body);
    assert!(br.body.len() < gzip.body.len() && gzip.body.len() < plain.body.len());
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let server = Server::start();
    for target in ["/", "/topics/streaming/feed.json", "/nothing", "/healthz"] {
        let get = server.get(target).await;
        let head = server.ask("HEAD", target, &[]).await;
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{target}");
        let without_date = |answer: &HttpResponse| {
            let mut headers = answer.headers.clone();
            headers.retain(|(name, _)| name != "date");
            headers.sort();
            headers
        };
        assert_eq!(without_date(&head), without_date(&get), "{target}");
    }
}

#[tokio::test]
async fn write_methods_are_405_and_cors_preflight_is_allowed() {
    let server = Server::start();
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"] {
        let answer = server.ask(method, "/topics/streaming/feed.atom", &[]).await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some("GET, HEAD, OPTIONS")),
            "{method}"
        );
    }
    let preflight = [
        ("Origin", "https://reader.example"),
        ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", "if-none-match"),
    ];
    let answer = server.ask("OPTIONS", "/topics/streaming/feed.json", &preflight).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (204, Some("*")));
    for name in ["If-None-Match", "If-Modified-Since", "A-IM"] {
        assert!(answer.header("access-control-allow-headers").unwrap().contains(name));
    }
    assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
}

#[tokio::test]
async fn unknown_paths_are_404_and_name_the_topics() {
    let server = Server::start();
    for target in ["/topics/nope/feed.atom", "/topics/nope", "/topics/cloud+nope/feed.rss"] {
        let answer = server.get(target).await;
        assert_eq!(answer.status, 404, "{target}");
        let text = answer.text();
        assert!(
            text.contains("nope")
                && text.contains("/topics/streaming")
                && text.contains("/topics/cloud"),
            "{target}"
        );
        assert_eq!(answer.header("etag"), None);
    }
    for target in [
        "/nothing",
        "/stories/4711",
        "/stories/x",
        "/stories/+9",
        "/stories/09",
        "/topics/streaming/feed.exe",
        "/sources/1",
        "/sources/2",
        "/sources/02",
        "/topics/all/2026-3",
        "/topics/all/2026-13",
        "/topics/all/2020-01",
        "/topics/all/2026-03/1",
        "/topics/all/2026-03/2",
        "/topics/cloud+streaming/2026-03",
        "/topics/nope/2026-03",
        "/metrics",
    ] {
        assert_eq!(server.get(target).await.status, 404, "{target}");
    }
    for target in ["/topics/old", "/topics/old/feed.json"] {
        assert_eq!(server.get(target).await.status, 410, "{target}");
    }
    let hostile = server.get("/topics/%3Cscript%3Ealert(1)%3C%2Fscript%3E").await;
    assert_eq!(hostile.status, 404);
    assert!(!hostile.text().contains("<script"));
    assert_eq!(server.get("/topics/%FF").await.status, 400);
    assert_eq!(server.get(&format!("/{}", "a".repeat(5000))).await.status, 414);
}

#[tokio::test]
async fn non_canonical_paths_redirect_with_308() {
    let server = Server::start();
    for (target, to) in [
        ("/sources/", "/sources"),
        ("/topics/streaming/?x=1", "/topics/streaming?x=1"),
        ("/topics/streaming+cloud/feed.atom", "/topics/cloud+streaming/feed.atom"),
        ("/topics/cloud%2Bcloud/feed.atom", "/topics/cloud/feed.atom"),
        ("/topics/clouds/feed.rss", "/topics/cloud/feed.rss"),
        ("/topics/clouds", "/topics/cloud"),
        ("/topics/clouds/2026-03", "/topics/cloud/2026-03"),
        ("/topics/all+cloud", "/topics/all"),
    ] {
        let answer = server.get(target).await;
        assert_eq!((answer.status, answer.header("location")), (308, Some(to)), "{target}");
    }
    assert_eq!(server.get("/topics/cloud%2Bstreaming/feed.atom").await.status, 200, "%2B is +");
    assert_ne!(server.get("//evil.example/").await.status, 308);
}

#[tokio::test]
async fn a_union_feed_has_each_story_once_and_its_own_id() {
    let server = Server::start();
    let answer = server.get("/topics/cloud+streaming/feed.atom").await;
    assert_eq!(feed_lint::atom(&answer.body), Vec::<String>::new());
    assert_eq!(
        feed_lint::ids(&answer.body),
        feed_lint::ids(&server.get("/topics/streaming/feed.atom").await.body)
    );
    assert!(answer.text().contains("<id>tag:topics.example,2026:topics/cloud+streaming</id>"));
    assert!(answer.text().contains("/topics/cloud+streaming/feed.atom\" rel=\"self\""));
    assert_eq!(answer.header("last-modified"), Some("Wed, 01 Apr 2026 00:00:00 GMT"));
}

#[tokio::test]
async fn new_documents_replace_old_ones_and_cached_unions() {
    let server = Server::start();
    let targets = ["/topics/streaming/feed.atom", "/topics/cloud+streaming/feed.atom"];
    let mut before = Vec::new();
    for target in targets {
        before.push(server.get(target).await);
    }
    server.render("2026-04-05T00:00:00Z");
    for (target, old) in targets.iter().zip(&before) {
        let same = server.get(target).await;
        assert_eq!(
            (same.header("etag"), &same.body),
            (old.header("etag"), &old.body),
            "{target} did not change"
        );
    }
    server.site.deliver_post(10);
    server.render("2026-04-06T00:00:00Z");
    for (target, old) in targets.iter().zip(&before) {
        let new = server.get(target).await;
        assert_ne!(new.header("etag"), old.header("etag"), "{target}");
        assert_eq!(new.header("last-modified"), Some("Mon, 06 Apr 2026 00:00:00 GMT"), "{target}");
        assert_eq!(feed_lint::ids(&new.body)[0], post_url(10));
    }
    assert!(server.get("/topics/streaming").await.text().contains("/stories/10\""));
    assert_eq!(server.get("/stories/10").await.status, 200);
    let now = at("2026-04-06T00:00:00Z");
    server.site.store.forget(StoryId(10), "a test", now).unwrap();
    assert_eq!(server.get("/stories/10").await.status, 404);
    assert!(!server.get("/topics/streaming").await.text().contains("/stories/10\""));
}

#[tokio::test]
async fn published_files_equal_the_served_bytes() {
    let server = Server::start();
    let dir = tempfile::tempdir().unwrap();
    server.site.publish(&server.site.settings(), dir.path()).unwrap();
    let manifest = std::fs::read_to_string(dir.path().join(".tributary-manifest")).unwrap();
    let mut compared = 0;
    for file in manifest.lines() {
        if matches!(file.rsplit('.').next(), Some("gz" | "br")) {
            continue;
        }
        let path = file.strip_suffix("index.html").map_or(file, |page| page.trim_end_matches('/'));
        if path == "sources/" || path == "sources" {
            continue; // it tells of polls, and files change with what is published alone
        }
        let answer = server.get(&format!("/{path}")).await;
        assert_eq!(
            (answer.status, answer.body),
            (200, std::fs::read(dir.path().join(file)).unwrap()),
            "/{path}"
        );
        compared += 1;
    }
    assert!(compared > 20, "{manifest}");
    assert_eq!(server.get("/search.css").await.status, 200);
    assert!(
        !manifest.contains("search"),
        "among files there is no search, and none is shown: {manifest}"
    );
    server.stop().await;
}

#[tokio::test]
async fn health_endpoints_report_readiness_and_errors() {
    let server = Server::unrendered();
    assert_eq!(
        (server.get("/healthz").await.status, server.get("/readyz").await.status),
        (200, 503)
    );
    let early = server.get("/topics/all/feed.atom").await;
    assert_eq!((early.status, early.header("retry-after")), (503, Some("10")));
    assert_eq!(server.get("/topics/cloud+streaming/feed.atom").await.status, 503);
    server.render("2026-04-01T00:00:00Z");
    server.health.set_ready(true);
    assert_eq!(server.get("/readyz").await.status, 200);
    server.health.report(Err("the store does not answer".to_owned()));
    let ill = server.get("/healthz").await;
    assert_eq!((ill.status, ill.text().trim()), (503, "the store does not answer"));
    assert_eq!(ill.header("cache-control"), Some("no-store"));
    assert_eq!(
        server.get("/topics/all/feed.atom").await.status,
        200,
        "feeds are served whatever happens"
    );
    server.health.report_rendering(Err("cannot render".to_owned()));
    server.health.report(Ok(()));
    let stale = server.get("/healthz").await;
    assert_eq!(
        (stale.status, stale.text().trim()),
        (503, "cannot render"),
        "what is served stays old, whatever else is well"
    );
    server.health.report_rendering(Ok(()));
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn shutdown_finishes_open_requests_and_accepts_no_new_ones() {
    let mut server = Server::start();
    let mut open = TcpStream::connect(server.address).await.unwrap();
    open.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut some = [0; 12];
    open.read_exact(&mut some).await.unwrap();
    assert_eq!(&some, b"HTTP/1.1 200");
    server.stop.take().unwrap().send(()).unwrap();
    (&mut server.running).await.unwrap();
    let mut rest = Vec::new();
    open.read_to_end(&mut rest).await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err(), "the listener is closed");
}

#[tokio::test]
async fn a_base_path_works_behind_proxies_that_keep_it_and_that_remove_it() {
    let mut installation = Installation::with_feeds_toml(
        "[site]\nbase_url = \"https://planet.example/feeds/\"\n[[source]]\nid = \"one\"\n\
         url = \"https://one.example/feed\"\n",
    );
    installation.deliver("one", &[post("one", 1)]);
    installation.publish("2026-03-21T00:00:00Z");
    let server = installation.serve();
    for path in ["/topics/all/feed.atom", "/", "/sources", "/search?q=one"] {
        let removed = server.get(path).await;
        let kept = server.get(&format!("/feeds{path}")).await;
        assert_eq!((removed.status, kept.status), (200, 200), "{path}");
        assert_eq!(removed.body, kept.body, "{path}");
        assert!(!removed.text().contains("/feeds/feeds/"), "{path}");
    }
    assert_eq!(server.get("/feeds").await.status, 200);
    assert_eq!(server.get("/feedsx").await.status, 404);
    let moved = server.get("/feeds/topics/all/").await;
    assert_eq!(moved.header("location"), Some("/feeds/topics/all"));
}
