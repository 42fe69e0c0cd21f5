//! robots.txt: asked for once a day for each origin, and obeyed as far as it speaks to us.

use std::time::Duration;

use chrono::TimeDelta;
use feed_model::PollOutcome;
use feed_model::{FollowMode, Source};

use crate::support::{
    feeds::feed_with_etag,
    installation::{Installation, public_source},
    origin::{Origin, Reply},
    time::noon,
};

fn robots_txt(text: &str) -> Reply {
    Reply::ok(text.to_owned()).header("Content-Type", "text/plain")
}

#[tokio::test]
async fn robots_txt_is_requested_once_a_day_per_origin_and_conditionally() {
    let mut harness = Installation::with_public_sources(|origin| {
        vec![public_source("a", &origin.url("/a")), public_source("b", &origin.url("/b"))]
    });
    for path in ["/a", "/b"] {
        harness.origin.script(path, vec![feed_with_etag(&[path], "\"1\""), Reply::new(304)]);
    }
    harness.origin.script(
        "/robots.txt",
        vec![
            robots_txt("").header("ETag", "\"r\""),
            Reply::new(304).header("ETag", "\"r2\""),
            Reply::new(304),
        ],
    );
    harness.run_until(noon() + TimeDelta::hours(30)).await;
    harness.restart();
    harness.run_until(noon() + TimeDelta::hours(54)).await;
    let asked: Vec<_> = harness
        .origin
        .requests_to("/robots.txt")
        .iter()
        .map(|r| r.header("if-none-match").map(str::to_owned))
        .collect();
    assert_eq!(asked, [None, Some("\"r\"".to_owned()), Some("\"r2\"".to_owned())]);
}

#[tokio::test]
async fn a_configured_feed_is_blocked_only_by_a_group_for_our_user_agent() {
    let harness = Installation::with_public_feed();
    harness.origin.script("/feed", vec![feed_with_etag(&["one"], "\"1\"")]);
    harness.origin.script(
        "/robots.txt",
        vec![
            robots_txt("User-agent: *\nDisallow: /"),
            robots_txt("User-agent: Tributary/1.0\nDisallow: /feed"),
        ],
    );
    assert_eq!(
        harness.poll("feed").await.new_entries,
        1,
        "what is said to everybody is about crawling"
    );
    harness.clock.advance(TimeDelta::hours(25));
    let report = harness.poll("feed").await;
    assert_eq!(
        (report.outcome, report.error.as_deref()),
        (PollOutcome::Failed, Some("robots.txt forbids /feed to tributary"))
    );
    assert_eq!(harness.origin.requests_to("/feed").len(), 1);
    assert_eq!(harness.source_state("feed").last_error_class.as_deref(), Some("robots"));
}

#[tokio::test]
async fn an_unusable_robots_txt_does_not_block_a_configured_feed() {
    let challenge =
        "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body></html>";
    let odd = [
        Reply::new(503).header("Retry-After", "86400"),
        Reply::ok(challenge).header("Content-Type", "text/html"),
        Reply::new(403).header("cf-mitigated", "challenge"),
        Reply::raw(""),
        Reply::ok("x".repeat(3 << 20)),
        Reply::redirect(301, "/robots.txt"),
        Reply::redirect(302, "http://10.0.0.1/"),
    ];
    for (n, reply) in odd.into_iter().enumerate() {
        let harness = Installation::with_public_feed();
        harness.origin.script("/feed", vec![feed_with_etag(&["one"], "\"1\""), Reply::new(304)]);
        harness.origin.script("/robots.txt", vec![reply]);
        assert_eq!(harness.poll("feed").await.new_entries, 1, "case {n}");
        harness.clock.advance(TimeDelta::hours(2));
        harness.poll("feed").await;
        assert_eq!(
            harness.origin.requests_to("/robots.txt").len(),
            1,
            "case {n}: not asked for again within the day"
        );
    }
}

fn site(origin: &Origin) -> Vec<Source> {
    let pages: Vec<String> = (1..=3)
        .map(|n| format!("<url><loc>{}</loc></url>", origin.url(&format!("/posts/{n}"))))
        .collect();
    let pages = pages.concat();
    let map = format!(
        "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/\
         0.9\">{pages}</urlset>"
    );
    origin.script("/sitemap.xml", vec![Reply::ok(map).header("ETag", "\"m\"")]);
    for n in 1..=3 {
        let page = format!(
            "<!doctype html><html><head><title>Post {n}</title></head><body><article><h1>Post {n}\
             </h1><p>Text.</p></article></body></html>"
        );
        origin.script(
            &format!("/posts/{n}"),
            vec![Reply::ok(page).header("Content-Type", "text/html")],
        );
    }
    vec![Source {
        follow_mode: FollowMode::Sitemap,
        ..public_source("site", &origin.url("/sitemap.xml"))
    }]
}

#[tokio::test]
async fn crawl_delay_is_honoured_between_page_requests() {
    let harness = Installation::with_public_sources(site);
    harness.origin.script("/robots.txt", vec![robots_txt("User-agent: *\nCrawl-delay: 0.15")]);
    let report = harness.poll("site").await;
    assert_eq!(report.new_entries, 3, "{report:?}");
    let times: Vec<_> = harness
        .origin
        .requests()
        .into_iter()
        .filter(|r| r.path.starts_with("/posts/"))
        .map(|r| r.at)
        .collect();
    assert!(
        times.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(150)),
        "{times:?}"
    );
}

#[tokio::test]
async fn discovered_pages_obey_robots_txt_in_full() {
    let harness = Installation::with_public_sources(site);
    harness.origin.script("/robots.txt", vec![robots_txt("User-agent: *\nDisallow: /posts/2")]);
    assert_eq!(harness.poll("site").await.new_entries, 2);
    assert!(harness.origin.requests_to("/posts/2").is_empty());
    let harness = Installation::with_public_sources(site);
    harness.origin.script("/robots.txt", vec![Reply::new(500)]);
    harness.poll("site").await;
    assert!(harness.origin.requests().iter().all(|r| !r.path.starts_with("/posts/")));
}
