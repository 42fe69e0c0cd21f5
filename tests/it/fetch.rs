//! Tests of `fetch` from the outside: what stands on the wire, and what comes back from it.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use feed_model::{Auth, FetchLimits, HostPattern, Validators};
use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};
use tributary::fetch::{
    Accept, Client, ClientOptions, Credentials, Failure, Lookup, Request, Response,
};
use url::Url;

use crate::support::{
    client_options,
    origin::{Origin, Reply},
};

fn limits() -> FetchLimits {
    FetchLimits { timeout: Duration::from_secs(30), max_body_bytes: 1 << 20, max_items: 100 }
}

/// What a test asks beside the address.
struct RequestOptions<'a> {
    allow: &'a [&'a str],
    validators: &'a [(Url, Validators)],
    auth: Option<&'a Credentials>,
    http2: bool,
    limits: FetchLimits,
}

impl Default for RequestOptions<'_> {
    fn default() -> Self {
        Self {
            allow: &["127.0.0.1/32"],
            validators: &[],
            auth: None,
            http2: true,
            limits: limits(),
        }
    }
}

async fn send(client: &Client, url: &Url, asked: RequestOptions<'_>) -> Result<Response, Failure> {
    let allow: Vec<HostPattern> =
        asked.allow.iter().map(|pattern| pattern.parse().unwrap()).collect();
    let validators_of =
        |url: &Url| asked.validators.iter().find(|(of, _)| of == url).map(|(_, v)| v.clone());
    client
        .get(Request {
            url,
            accept: Accept::Feed,
            validators_of: &validators_of,
            limits: &asked.limits,
            allow_hosts: &allow,
            auth: asked.auth,
            http2: asked.http2,
            source_id: None,
            redirect_delayed_since: None,
            min_gap: None,
            now: "2026-11-21T12:00:00Z".parse().unwrap(),
        })
        .await
}

async fn get(url: &Url) -> Result<Response, Failure> {
    send(&Client::new(client_options()).unwrap(), url, RequestOptions::default()).await
}

async fn error_class(url: &Url) -> &'static str {
    get(url).await.unwrap_err().error.class()
}

fn validators(etag: &str, last_modified: &str) -> Validators {
    Validators { etag: Some(etag.into()), last_modified: Some(last_modified.into()) }
}

#[tokio::test]
async fn a_request_has_the_user_agent_and_no_unneeded_headers() {
    let origin = Origin::start();
    origin.script("/feed", vec![Reply::redirect(302, "/feed2")]);
    origin.script("/feed2", vec![Reply::ok("x")]);
    get(&origin.url("/feed")).await.unwrap();
    let requests = origin.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        let mut names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"]);
        assert_eq!(request.method, "GET");
        assert_eq!(
            request.header("user-agent"),
            Some("tributary/1.2.3 (+https://operator.example/)")
        );
        assert_eq!(request.header("accept-encoding"), Some("gzip, br, zstd, deflate"));
        let accept = request.header("accept").unwrap();
        assert!(
            accept.contains("application/atom+xml")
                && accept.contains("application/rss+xml")
                && accept.contains("application/feed+json")
        );
    }
}

#[tokio::test]
async fn validators_are_sent_byte_for_byte_and_only_to_their_url() {
    let origin = Origin::start();
    let (a, b) = (origin.url("/a"), origin.url("/b"));
    origin.script("/a", vec![Reply::redirect(302, "/b")]);
    origin.script("/b", vec![Reply::new(304).header("ETag", "W/\"new\"")]);
    let client = Client::new(client_options()).unwrap();

    let of_a = [(a.clone(), validators("W/\"a b\"", "thu, 1 Jan 2020 00:00:00 GMT"))];
    send(&client, &a, RequestOptions { validators: &of_a, ..RequestOptions::default() })
        .await
        .unwrap();
    let asked = origin.requests();
    assert_eq!(asked[0].header("if-none-match"), Some("W/\"a b\""));
    assert_eq!(asked[0].header("if-modified-since"), Some("thu, 1 Jan 2020 00:00:00 GMT"));
    assert_eq!(
        (asked[1].header("if-none-match"), asked[1].header("if-modified-since")),
        (None, None)
    );

    let of_b = [(b.clone(), validators("odd", "then"))];
    let answer =
        send(&client, &a, RequestOptions { validators: &of_b, ..RequestOptions::default() })
            .await
            .unwrap();
    let asked = origin.requests();
    assert_eq!(
        (asked[2].header("if-none-match"), asked[2].header("if-modified-since")),
        (None, None)
    );
    assert_eq!(
        (asked[3].header("if-none-match"), asked[3].header("if-modified-since")),
        (Some("odd"), Some("then"))
    );
    assert_eq!(
        (answer.status, &answer.final_url, answer.headers.text("etag")),
        (304, &b, Some("W/\"new\""))
    );
}

#[tokio::test]
async fn redirects_are_followed_and_recorded() {
    for status in [301, 302, 303, 307, 308] {
        let origin = Origin::start();
        origin.script("/old/feed", vec![Reply::redirect(status, "../new?x=1#part")]);
        origin.script("/new?x=1", vec![Reply::ok("found")]);
        let answer = get(&origin.url("/old/feed")).await.unwrap();
        assert_eq!(
            (&answer.body[..], answer.final_url.as_str()),
            (&b"found"[..], origin.url("/new?x=1").as_str())
        );
        assert_eq!(
            (answer.hops.len(), answer.hops[0].status, answer.hops[0].permanent),
            (1, status, matches!(status, 301 | 308))
        );
    }
}

#[tokio::test]
async fn a_cookie_of_a_redirect_returns_within_its_chain_only() {
    let origin = Origin::start();
    origin.set_handler(|request| match (request.path.as_str(), request.header("cookie")) {
        ("/feed", Some("seen=1")) => Reply::ok("found"),
        ("/feed", None) => Reply::redirect(302, "/feed").header("Set-Cookie", "seen=1; Path=/"),
        _ => Reply::new(404),
    });
    for _ in 0..2 {
        let answer = get(&origin.url("/feed")).await.unwrap();
        assert_eq!((answer.status, &answer.body[..]), (200, &b"found"[..]));
    }
    let cookies: Vec<_> =
        origin.requests().iter().map(|request| request.header("cookie").is_some()).collect();
    assert_eq!(cookies, [false, true, false, true], "the second request begins without cookies");
}

#[tokio::test]
async fn invalid_header_lines_are_ignored() {
    let origin = Origin::start();
    origin.script(
        "/odd",
        vec![Reply::raw(
            "HTTP/1.1 200 OK\r\nX-Bad : y\r\nContent-Length: 5\r\nBad Name: z\r\n\r\nfound",
        )],
    );
    assert_eq!(&get(&origin.url("/odd")).await.unwrap().body[..], b"found");
}

#[tokio::test]
async fn invalid_redirects_are_refused() {
    let origin = Origin::start();
    origin.script("/self", vec![Reply::redirect(301, "/self")]);
    origin.script("/ping", vec![Reply::redirect(302, "/pong")]);
    origin.script("/pong", vec![Reply::redirect(302, "/ping")]);
    origin.script("/file", vec![Reply::redirect(302, "file:///etc/passwd")]);
    origin.script("/none", vec![Reply::new(302)]);
    for n in 0..12 {
        origin.script(&format!("/hop{n}"), vec![Reply::redirect(302, &format!("/hop{}", n + 1))]);
    }
    origin.script("/hop12", vec![Reply::ok("end")]);
    assert_eq!(error_class(&origin.url("/self")).await, "redirect-loop");
    assert_eq!(error_class(&origin.url("/ping")).await, "redirect-loop");
    assert_eq!(error_class(&origin.url("/file")).await, "scheme");
    assert_eq!(error_class(&origin.url("/none")).await, "bad-redirect");
    assert_eq!(error_class(&origin.url("/hop1")).await, "too-many-redirects");
    assert_eq!(get(&origin.url("/hop2")).await.unwrap().hops.len(), 10);
    assert_eq!(error_class(&Url::parse("ftp://127.0.0.1/").unwrap()).await, "scheme");
}

#[tokio::test]
async fn retry_after_of_a_refused_redirect_and_of_an_error_is_returned() {
    let origin = Origin::start();
    origin.script(
        "/gone",
        vec![Reply::redirect(302, "ftp://x.example/").header("Retry-After", "60")],
    );
    origin.script("/busy", vec![Reply::new(503).header("Retry-After", "120")]);
    let failure = get(&origin.url("/gone")).await.unwrap_err();
    assert_eq!(
        (failure.status, failure.headers.unwrap().text("retry-after")),
        (Some(302), Some("60"))
    );
    let busy = get(&origin.url("/busy")).await.unwrap();
    assert_eq!((busy.status, busy.headers.text("retry-after")), (503, Some("120")));
    assert_eq!(origin.requests_to("/busy").len(), 1);
}

#[tokio::test]
async fn credentials_stay_with_their_origin_and_are_redacted_in_debug() {
    let (home, other) = (Origin::start(), Origin::start());
    home.script("/a", vec![Reply::redirect(302, "/b")]);
    home.script("/b", vec![Reply::redirect(302, other.url("/c").as_str())]);
    other.script("/c", vec![Reply::ok("x")]);
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("token"), "s3cret\n").unwrap();
    let auth = Credentials::load(&Auth::BearerFile("token".into()), dir.path(), None).unwrap();
    let client = Client::new(client_options()).unwrap();
    send(
        &client,
        &home.url("/a"),
        RequestOptions { auth: Some(&auth), ..RequestOptions::default() },
    )
    .await
    .unwrap();
    let sent: Vec<_> = home
        .requests()
        .iter()
        .map(|request| request.header("authorization").map(str::to_owned))
        .collect();
    assert_eq!(sent, [Some("Bearer s3cret".to_owned()), Some("Bearer s3cret".to_owned())]);
    assert_eq!(other.requests()[0].header("authorization"), None);
    let direct = send(
        &client,
        &home.url("/none"),
        RequestOptions { auth: Some(&auth), ..RequestOptions::default() },
    )
    .await
    .unwrap();
    assert!(!format!("{direct:?}{auth:?}").contains("s3cret"));
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn brotli(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    brotli::CompressorReader::new(text, 4096, 5, 20).read_to_end(&mut out).unwrap();
    out
}

fn zstd(text: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
}

/// "a feed, a feed, a feed", 50 times, with a checksum, as zstd 1.5 compresses it.
const ZSTD: [u8; 53] = [
    0x28, 0xB5, 0x2F, 0xFD, 0x04, 0x08, 0x45, 0x01, 0x00, 0x40, 0x61, 0x20, 0x66, 0x65, 0x65, 0x64,
    0x2C, 0x20, 0x63, 0xA8, 0xE0, 0xF7, 0x0C, 0xF0, 0x95, 0x03, 0x10, 0x0E, 0xC6, 0x7D, 0xAA, 0x56,
    0x55, 0x55, 0xAD, 0xCA, 0xAA, 0x5A, 0xA5, 0x55, 0xB5, 0x52, 0xAB, 0x5A, 0x23, 0xD1, 0xDB, 0x32,
    0x05, 0x65, 0x1E, 0x11, 0x93,
];

#[tokio::test]
async fn every_content_encoding_is_decoded() {
    let text = b"a feed, a feed, a feed".repeat(50);
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(&text).unwrap();
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
    deflate.write_all(&text).unwrap();
    let codings = [
        ("identity", text.clone()),
        ("none", text.clone()),
        ("UTF-8", text.clone()),
        ("aws-chunked", text.clone()),
        ("aws-chunked, gzip", gzip(&text)),
        ("gzip", gzip(&text)),
        ("X-GZip", gzip(&text)),
        ("br", brotli(&text)),
        ("zstd", ZSTD.to_vec()),
        (
            "zstd",
            [zstd(&text[..70]), vec![0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3]]
                .concat()
                .into_iter()
                .chain(zstd(&text[70..]))
                .collect(),
        ),
        ("deflate", zlib.finish().unwrap()),
        ("deflate", deflate.finish().unwrap()),
        ("gzip, br", brotli(&gzip(&text))),
    ];
    let origin = Origin::start();
    for (n, (coding, body)) in codings.into_iter().enumerate() {
        let (path, wire) = (format!("/{n}"), body.len() as u64);
        origin.script(&path, vec![Reply::ok(body).header("Content-Encoding", coding)]);
        let answer = get(&origin.url(&path))
            .await
            .unwrap_or_else(|failure| panic!("{coding} ({path}): {failure:?}"));
        assert_eq!((answer.body == text, answer.wire_bytes), (true, wire), "{coding} ({path})");
    }
}

#[tokio::test]
async fn zstd_is_decoded_beyond_its_window() {
    let text: Vec<u8> = (0..60_000).flat_map(|n| format!("word {n} ").into_bytes()).collect();
    let origin = Origin::start();
    let body = zstd(&text);
    assert!(body.len() > 128 << 10, "{} bytes need several reads", body.len());
    origin.script("/", vec![Reply::ok(body).header("Content-Encoding", "zstd")]);
    assert!(get(&origin.url("/")).await.unwrap().body == text);
}

#[tokio::test]
async fn damaged_bodies_are_errors() {
    let origin = Origin::start();
    let mut cut = gzip(&b"a feed that breaks off".repeat(100));
    cut.truncate(cut.len() - 9);
    origin.script("/unknown", vec![Reply::ok("x").header("Content-Encoding", "compress")]);
    origin.script("/cut", vec![Reply::ok(cut).header("Content-Encoding", "gzip")]);
    origin.script("/label", vec![Reply::ok("plain").header("Content-Encoding", "gzip")]);
    origin.script("/short", vec![Reply::ok("half").length(1000).close()]);
    let mut checksum = ZSTD;
    checksum[ZSTD.len() - 1] ^= 1;
    for (path, body) in [("/zstd-checksum", &checksum[..]), ("/zstd-cut", &ZSTD[..40])] {
        origin.script(path, vec![Reply::ok(body).header("Content-Encoding", "zstd")]);
    }
    assert_eq!(error_class(&origin.url("/unknown")).await, "coding");
    for path in ["/cut", "/label", "/short", "/zstd-checksum", "/zstd-cut"] {
        assert_eq!(error_class(&origin.url(path)).await, "body", "{path}");
    }
}

#[tokio::test]
async fn a_decompression_bomb_is_cut_off_at_max_body() {
    let origin = Origin::start();
    // 20 members of 64 MiB of zeros each.
    let bomb = gzip(&vec![0; 64 << 20]).repeat(20);
    assert!(bomb.len() < 2 << 20, "the bomb is {} bytes", bomb.len());
    origin.script("/bomb", vec![Reply::ok(bomb).header("Content-Encoding", "gzip")]);
    origin.script("/plain", vec![Reply::ok(vec![b'x'; (1 << 20) + 1])]);
    origin.script("/exact", vec![Reply::ok(vec![b'x'; 1 << 20])]);
    let asked = || RequestOptions {
        limits: FetchLimits { max_body_bytes: 4 << 20, ..limits() },
        ..RequestOptions::default()
    };
    let failure = send(&Client::new(client_options()).unwrap(), &origin.url("/bomb"), asked())
        .await
        .unwrap_err();
    assert_eq!(failure.error.class(), "too-large");
    assert_eq!(error_class(&origin.url("/plain")).await, "too-large");
    assert_eq!(get(&origin.url("/exact")).await.unwrap().body.len(), 1 << 20);
}

#[tokio::test]
async fn a_stalled_response_ends_in_a_timeout() {
    let origin = Origin::start();
    origin.script("/body", vec![Reply::ok("half").length(1000).hang()]);
    origin.script("/head", vec![Reply::raw("HTTP/1.1 200 OK\r\nX-Half: ").hang()]);
    let client = Client::new(client_options()).unwrap();
    for path in ["/body", "/head"] {
        let limits = FetchLimits { timeout: Duration::from_millis(200), ..limits() };
        let failure = send(
            &client,
            &origin.url(path),
            RequestOptions { limits, ..RequestOptions::default() },
        )
        .await
        .unwrap_err();
        assert_eq!(failure.error.class(), "timeout", "{path}");
    }
}

#[tokio::test]
async fn broken_exchanges_are_errors_and_are_not_retried() {
    let origin = Origin::start();
    origin.script("/bye", vec![Reply::raw("")]);
    origin.script("/noise", vec![Reply::raw("what?\r\n\r\n")]);
    origin.script("/large-head", vec![Reply::ok("x").header("X-Large", &"x".repeat(2 << 20))]);
    for path in ["/bye", "/noise", "/large-head"] {
        assert_eq!(error_class(&origin.url(path)).await, "protocol", "{path}");
        assert_eq!(origin.requests_to(path).len(), 1, "{path}");
    }
}

#[tokio::test]
async fn private_addresses_are_refused_in_every_spelling() {
    let origin = Origin::start();
    // What a name means must not depend on the machine that tests.
    let client =
        Client::with_lookup(client_options(), Arc::new(FixedLookup(&["127.0.0.1", "::1"])))
            .unwrap();
    let port = origin.port();
    let spellings = [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "127.0.0.1.",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "0.0.0.0",
        "0",
        "[::]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
    ];
    for host in spellings {
        let url = Url::parse(&format!("http://{host}:{port}/")).unwrap();
        let failure =
            send(&client, &url, RequestOptions { allow: &[], ..RequestOptions::default() })
                .await
                .unwrap_err();
        assert_eq!(failure.error.class(), "private-address", "{host}: {failure:?}");
    }
    assert!(origin.requests().is_empty());
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_refused() {
    let origin = Origin::start();
    let client = Client::new(client_options()).unwrap();
    // The source's exemption is for 127.0.0.1 alone.
    for (path, host) in
        [("/literal", "127.0.0.2"), ("/mapped", "[::ffff:127.0.0.2]"), ("/any", "0.0.0.0")]
    {
        origin.script(
            path,
            vec![Reply::redirect(302, &format!("http://{host}:{}/secret", origin.port()))],
        );
        let failure =
            send(&client, &origin.url(path), RequestOptions::default()).await.unwrap_err();
        assert_eq!((failure.error.class(), failure.hops.len()), ("private-address", 1), "{host}");
    }
    assert!(origin.requests_to("/secret").is_empty());
}

/// Answers every name with these addresses.
struct FixedLookup(&'static [&'static str]);

impl Lookup for FixedLookup {
    fn addresses(
        &self,
        _host: String,
    ) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<SocketAddr>>> + Send>> {
        let found =
            self.0.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0)).collect();
        Box::pin(async move { Ok(found) })
    }
}

#[tokio::test]
async fn a_connection_of_an_exempt_source_is_not_reused_by_others() {
    let origin = Origin::start();
    origin.script("/", vec![Reply::ok("inside")]);
    let client =
        Client::with_lookup(client_options(), Arc::new(FixedLookup(&["127.0.0.1"]))).unwrap();
    let url = Url::parse(&format!("http://rebind.example:{}/", origin.port())).unwrap();
    let exempt = || RequestOptions { allow: &["rebind.example"], ..RequestOptions::default() };
    assert_eq!(send(&client, &url, exempt()).await.unwrap().body, b"inside".as_slice());
    assert_eq!(send(&client, &url, exempt()).await.unwrap().body, b"inside".as_slice());
    let failure = send(&client, &url, RequestOptions { allow: &[], ..RequestOptions::default() })
        .await
        .unwrap_err();
    assert_eq!(failure.error.class(), "private-address");
    let connections: Vec<usize> =
        origin.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 0], "the exempt requests share a connection, the other opens none");
}

#[tokio::test]
async fn one_host_gets_one_request_at_a_time() {
    let origin = Origin::start();
    let client = Client::new(client_options()).unwrap();
    let asked = (0..50).map(|n| {
        let (client, url) = (client.clone(), origin.url(&format!("/{n}")));
        tokio::spawn(
            async move { send(&client, &url, RequestOptions::default()).await.unwrap().status },
        )
    });
    for answer in asked.collect::<Vec<_>>() {
        assert_eq!(answer.await.unwrap(), 404);
    }
    assert_eq!((origin.requests().len(), origin.most_in_flight()), (50, 1));
}

/// Says where a few names are.
struct MapLookup(&'static [(&'static str, &'static [&'static str])]);

impl Lookup for MapLookup {
    fn addresses(
        &self,
        host: String,
    ) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<SocketAddr>>> + Send>> {
        let found = self.0.iter().find(|(name, _)| *name == host).map(|(_, at)| *at);
        Box::pin(async move {
            let found = found.ok_or_else(|| std::io::Error::other("no such name"))?;
            Ok(found.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0)).collect())
        })
    }
}

#[tokio::test]
async fn private_addresses_are_refused_through_a_trusted_proxy() {
    const NAMES: &[(&str, &[&str])] = &[
        ("proxy.corp.example", &["127.0.0.1"]),
        ("public.example", &["93.184.216.34"]),
        ("private.example", &["10.0.0.1"]),
        ("mixed.example", &["93.184.216.34", "127.0.0.1"]),
    ];
    let proxy = Origin::start();
    proxy.script("http://public.example/feed", vec![Reply::ok("through the proxy")]);
    let url = Url::parse(&format!("http://proxy.corp.example:{}", proxy.port())).unwrap();
    let client = Client::with_lookup(
        ClientOptions { proxy: Some(url), ..client_options() },
        Arc::new(MapLookup(NAMES)),
    )
    .unwrap();
    let get = async |url: &str| {
        send(
            &client,
            &Url::parse(url).unwrap(),
            RequestOptions { allow: &[], ..RequestOptions::default() },
        )
        .await
    };
    assert_eq!(
        get("http://public.example/feed").await.unwrap().body,
        b"through the proxy".as_slice()
    );
    let closed = [
        "private.example",
        "mixed.example",
        "localhost",
        "printer.local",
        "127.0.0.1",
        "[::1]",
        "169.254.169.254",
    ];
    for host in closed.into_iter().chain(["proxy.corp.example"]) {
        let failure = get(&format!("http://{host}/feed")).await.unwrap_err();
        assert_eq!(failure.error.class(), "private-address", "{host}");
    }
    assert_eq!(get("http://unknown.example/").await.unwrap_err().error.class(), "dns");
    assert_eq!(proxy.requests().len(), 1, "nothing else was handed over");
}

/// Another answer each time: what a hostile name server gives.
struct RebindingLookup(AtomicUsize);

impl Lookup for RebindingLookup {
    fn addresses(
        &self,
        _host: String,
    ) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<SocketAddr>>> + Send>> {
        let address = if self.0.fetch_add(1, Ordering::SeqCst) == 0 {
            [127, 0, 0, 1]
        } else {
            [127, 0, 0, 2]
        };
        Box::pin(async move { Ok(vec![(address, 0).into()]) })
    }
}

#[tokio::test]
async fn the_checked_address_is_the_one_connected_to() {
    let origin = Origin::start();
    origin.script("/", vec![Reply::ok("vetted").close()]);
    let lookup = Arc::new(RebindingLookup(AtomicUsize::new(0)));
    let client = Client::with_lookup(client_options(), lookup.clone()).unwrap();
    let url = Url::parse(&format!("http://rebind.example:{}/", origin.port())).unwrap();
    assert_eq!(
        send(&client, &url, RequestOptions::default()).await.unwrap().body,
        b"vetted".as_slice()
    );
    assert_eq!(lookup.0.load(Ordering::SeqCst), 1, "one look-up, vetted and dialled");
    // The next connection is looked at anew, and its address is not exempt.
    assert_eq!(
        send(&client, &url, RequestOptions::default()).await.unwrap_err().error.class(),
        "private-address"
    );
    assert_eq!(origin.requests().len(), 1);
}

#[tokio::test]
async fn http_2_is_offered_by_alpn_and_a_non_tls_server_is_a_tls_error() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = vec![0; 4096];
        let length = stream.read(&mut hello).unwrap();
        stream.write_all(b"HTTP/1.1 400 This is not TLS\r\n\r\n").unwrap();
        hello.truncate(length);
        hello
    });
    let url = Url::parse(&format!("https://127.0.0.1:{port}/")).unwrap();
    assert_eq!(error_class(&url).await, "tls");
    let hello = server.join().unwrap();
    assert!(
        hello.windows(12).any(|part| part == b"\x02h2\x08http/1.1"),
        "ALPN: {}",
        String::from_utf8_lossy(&hello)
    );
}

/// Never answers.
struct PendingLookup;

impl Lookup for PendingLookup {
    fn addresses(
        &self,
        _host: String,
    ) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<SocketAddr>>> + Send>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_connection_that_is_never_established_is_a_timeout() {
    let client = Client::with_lookup(
        ClientOptions { connect_timeout: Duration::from_millis(50), ..client_options() },
        Arc::new(PendingLookup),
    )
    .unwrap();
    let failure =
        send(&client, &Url::parse("http://silent.example/").unwrap(), RequestOptions::default())
            .await
            .unwrap_err();
    assert_eq!(
        (failure.error.class(), failure.error.to_string().as_str()),
        ("timeout", "no connection to silent.example within 0.05 s")
    );
}
