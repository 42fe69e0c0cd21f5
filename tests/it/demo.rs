//! Tests of `demo` from the outside: the origin is asked over TCP, as any client would ask it.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tributary::demo::{ArrivalMode, Origin};

struct HttpResponse {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

async fn get(address: SocketAddr, path: &str, fields: &[(&str, &str)]) -> HttpResponse {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let mut request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in fields {
        request.extend([name, ": ", value, "\r\n"]);
    }
    request.push_str("\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    connection.read_to_end(&mut bytes).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let (first, rest) = head.split_once("\r\n").unwrap();
    let headers = rest
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(n, v)| (n.to_lowercase(), v.to_owned()))
        .collect();
    HttpResponse { status: first[9..12].parse().unwrap(), headers, body: body.to_owned() }
}

const FEEDS: [&str; 2] = ["/serverless/feed.xml", "/snackonai/feed.json"];

#[tokio::test]
async fn an_unchanged_feed_is_304_for_etag_last_modified_or_both() {
    let origin = Origin::start(ArrivalMode::Manual).await.unwrap();
    for feed in FEEDS {
        let first = get(origin.address, feed, &[]).await;
        assert_eq!(first.status, 200);
        assert!(!first.headers.contains_key("cache-control"));
        let (etag, modified) =
            (first.headers["etag"].as_str(), first.headers["last-modified"].as_str());
        for fields in [
            &[("If-None-Match", etag)][..],
            &[("If-Modified-Since", modified)],
            &[("If-None-Match", etag), ("If-Modified-Since", modified)],
        ] {
            let again = get(origin.address, feed, fields).await;
            assert_eq!((again.status, again.body.as_str()), (304, ""));
            assert_eq!(again.headers["etag"], etag);
        }
    }
}

#[tokio::test]
async fn a_new_post_changes_only_one_feed() {
    let origin = Origin::start(ArrivalMode::Manual).await.unwrap();
    let before =
        [get(origin.address, FEEDS[0], &[]).await, get(origin.address, FEEDS[1], &[]).await];
    origin.arrive();
    let mut statuses = Vec::new();
    for (feed, before) in FEEDS.into_iter().zip(&before) {
        statuses.push(
            get(origin.address, feed, &[("If-None-Match", &before.headers["etag"])]).await.status,
        );
    }
    assert_eq!(statuses, [200, 304]);
    let after = get(origin.address, FEEDS[0], &[]).await;
    assert!(after.body.contains("Ensuring Distributed System Reliability with Jepsen"));
    assert!(!before[0].body.contains("Jepsen</title>"));
}

#[tokio::test]
async fn the_home_page_links_the_feed_and_demo_posts_have_pages() {
    let origin = Origin::start(ArrivalMode::AllAtOnce).await.unwrap();
    for (home, feed) in ["/serverless/", "/snackonai/"].into_iter().zip(FEEDS) {
        let page = get(origin.address, home, &[]).await;
        assert_eq!(page.status, 200);
        assert!(
            page.body.contains(r#"rel="alternate""#)
                && page.body.contains(&format!("href=\"{feed}\""))
        );
    }
    assert_eq!(get(origin.address, "/serverless", &[]).await.headers["location"], "/serverless/");
    assert_eq!(get(origin.address, "/serverless/p/demo-post-1", &[]).await.status, 404);
    origin.arrive();
    let page = get(origin.address, "/serverless/p/demo-post-1", &[]).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("This is demo post 1,"));
    for path in [
        "/nobody/",
        "/nobody",
        "/serverless/feed.json",
        "/serverless/p/demo-post-0",
        "/snackonai/p/demo-post-1",
    ] {
        assert_eq!(get(origin.address, path, &[]).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_still_origin_serves_the_same_bytes_except_for_its_port() {
    let origins = [
        Origin::start(ArrivalMode::AllAtOnce).await.unwrap(),
        Origin::start(ArrivalMode::AllAtOnce).await.unwrap(),
    ];
    for feed in FEEDS {
        let mut bodies = Vec::new();
        for origin in &origins {
            let answer = get(origin.address, feed, &[]).await;
            assert_eq!(answer.headers["last-modified"], "Wed, 01 Jul 2026 00:00:00 GMT");
            bodies.push(answer.body.replace(&origin.address.to_string(), "ORIGIN"));
        }
        assert_eq!(bodies[0], bodies[1]);
    }
}

#[tokio::test]
async fn posts_arrive_at_the_requested_tempo() {
    let origin = Origin::start(ArrivalMode::Every(Duration::from_millis(1))).await.unwrap();
    tokio::time::timeout(Duration::from_secs(20), origin.arrived(12))
        .await
        .expect("twelve posts arrive");
    let feeds = [
        get(origin.address, FEEDS[0], &[]).await.body,
        get(origin.address, FEEDS[1], &[]).await.body,
    ];
    assert!(feeds.concat().contains("Demo post 1: "));
}
