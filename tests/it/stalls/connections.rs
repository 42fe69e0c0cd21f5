//! Clients that take or send nothing.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::task;
use tributary::serve::{App, ConnectionLimits, Health};

use crate::{
    program::{origin_with_three_feeds, polled_program},
    publish::stored_site::StoredSite,
    support::{
        http,
        program::{Daemon, WAIT_TIMEOUT, wait_for},
    },
};

/// Serves a site of nine posts with these limits.
fn serve_site(limits: ConnectionLimits) -> (StoredSite, http::Server) {
    let site = StoredSite::with_posts(1..=9);
    let app = App::new(site.store.clone(), site.settings(), Health::new());
    app.replace(site.document_list(&site.settings(), "2026-04-01T00:00:00Z"), Vec::new());
    (site, http::Server::start_with_limits(app, limits))
}

const SHORT: Duration = Duration::from_millis(500);
const LONG: Duration = Duration::from_secs(600);

/// Waits until the server cuts the connection, with or without reading what it sends.
fn wait_until_cut(stream: &mut TcpStream, reads: bool) {
    stream.set_read_timeout(Some(WAIT_TIMEOUT)).unwrap();
    if reads {
        let mut rest = Vec::new();
        // Either the end of the stream or a reset.
        drop(stream.read_to_end(&mut rest));
        return;
    }
    stream.set_write_timeout(Some(Duration::from_millis(50))).unwrap();
    wait_for("the connection is cut", || match stream.write(b"x") {
        Ok(_) => None,
        Err(error) => (!is_timeout(&error)).then_some(()),
    });
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Sends requests without reading until the server takes no more.
fn request_without_reading(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let requests = "GET /topics/all/feed.atom HTTP/1.1\r\nHost: x\r\n\r\n".repeat(500);
    while stream.write_all(requests.as_bytes()).is_ok() {}
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_takes_nothing_is_cut() {
    let limits =
        ConnectionLimits { stall_timeout: SHORT, head_timeout: LONG, ..Default::default() };
    let (_site, server) = serve_site(limits);
    let address = server.address;
    task::spawn_blocking(move || {
        let mut stream = request_without_reading(address);
        wait_until_cut(&mut stream, false);
    })
    .await
    .unwrap();
}

/// An HTTP/2 client with a window of zero bytes answers pings and takes no response.
#[tokio::test(flavor = "multi_thread")]
async fn an_http2_client_that_takes_nothing_is_cut() {
    let limits =
        ConnectionLimits { stall_timeout: SHORT, head_timeout: LONG, ..Default::default() };
    let (_site, server) = serve_site(limits);
    let address = server.address;
    task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        // SETTINGS with INITIAL_WINDOW_SIZE (4) = 0 (RFC 9113 §6.5).
        bytes.extend([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
        // HEADERS of stream 1, complete: GET, http, /style.css, authority x (RFC 7541 §6).
        let mut fields = vec![0x82, 0x86, 0x04, 10];
        fields.extend(b"/style.css");
        fields.extend([0x41, 1, b'x']);
        bytes.extend([0, 0, u8::try_from(fields.len()).unwrap(), 1, 5, 0, 0, 0, 1]);
        bytes.extend(fields);
        // The acknowledgement of the server's SETTINGS.
        bytes.extend([0, 0, 0, 4, 1, 0, 0, 0, 0]);
        let begun = Instant::now();
        stream.write_all(&bytes).unwrap();
        wait_until_cut(&mut stream, true);
        assert!(begun.elapsed() >= SHORT);
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_no_complete_request_is_cut() {
    let limits =
        ConnectionLimits { stall_timeout: LONG, head_timeout: SHORT, ..Default::default() };
    let (_site, server) = serve_site(limits);
    let address = server.address;
    task::spawn_blocking(move || {
        for begin in
            ["", "PRI * HTTP", "GET / HTTP/1.1\r\nHost: ", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
        {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(begin.as_bytes()).unwrap();
            wait_until_cut(&mut stream, true);
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_limit_the_slowest_clients_are_cut() {
    let limits = ConnectionLimits { max_connections: 8, stall_timeout: LONG, head_timeout: LONG };
    let (_site, server) = serve_site(limits);
    let address = server.address;
    task::spawn_blocking(move || {
        let mut slowest = request_without_reading(address);
        // This client uses its connection all the time.
        let mut active = TcpStream::connect(address).unwrap();
        let mut use_active = || {
            active.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            let mut answer = [0; 12];
            active.read_exact(&mut answer).unwrap();
            assert_eq!(&answer, b"HTTP/1.1 200");
            let mut rest = [0; 4096];
            assert!(active.read(&mut rest).unwrap() > 0);
        };
        let mut idle = Vec::new();
        for _ in 0..30 {
            idle.push(TcpStream::connect(address).unwrap());
            use_active();
            assert_eq!(http::request(address, "GET", "/readyz", &[]).unwrap().status, 503);
        }
        wait_until_cut(&mut slowest, false);
    })
    .await
    .unwrap();
}

/// More clients than connections: each has asked for a feed and reads nothing.
#[test]
fn health_probes_are_answered_beside_1100_stalled_clients() {
    let mut files = getrlimit(Resource::Nofile);
    if files.current.is_some_and(|current| current < 2500) {
        files = Rlimit { current: Some(2500), ..files };
        setrlimit(Resource::Nofile, files).expect("2500 files may be open");
    }
    let program = polled_program(&origin_with_three_feeds());
    // The daemon takes as many clients as it may open files.
    let command = program.shell("ulimit -n 1200", &["serve", "--listen", "127.0.0.1:0"]);
    let daemon = Daemon::start(command, &program.join("log")).expect("the daemon starts");
    let mut stalled = Vec::new();
    for _ in 0..1100 {
        let mut stream = TcpStream::connect(daemon.address).unwrap();
        drop(
            stream.write_all(&b"GET /topics/all/feed.atom HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20)),
        );
        stalled.push(stream);
    }
    for path in ["/healthz", "/readyz", "/topics/all/feed.atom"] {
        let begun = Instant::now();
        assert_eq!(daemon.get(path).status, 200, "{path}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{path} took {:?}", begun.elapsed());
    }
    assert!(daemon.log().contains("the slowest ones are cut"), "{}", daemon.log());
}

#[test]
fn head_and_304_state_the_length_of_the_document() {
    let program = polled_program(&origin_with_three_feeds());
    let daemon = program.serve();
    for path in ["/", "/topics/all", "/topics/all/feed.atom", "/opml.xml", "/style.css", "/none"] {
        for encoding in ["identity", "gzip", "br"] {
            let accepts = ("Accept-Encoding", encoding);
            let get = daemon.request("GET", path, &[accepts]);
            let head = daemon.request("HEAD", path, &[accepts]);
            let length = get.body.len().to_string();
            assert_eq!(get.header("content-length"), Some(length.as_str()), "{path}");
            assert_eq!(head.status, get.status, "{path}");
            assert_eq!(head.header("content-length"), Some(length.as_str()), "HEAD {path}");
            assert!(head.body.is_empty());
            let Some(etag) = get.header("etag") else { continue };
            for method in ["GET", "HEAD"] {
                let answer = daemon.request(method, path, &[accepts, ("If-None-Match", etag)]);
                assert_eq!((answer.status, answer.body.len()), (304, 0), "{method} {path}");
                assert_eq!(answer.header("content-length"), None, "{method} {path}");
            }
        }
    }
}
