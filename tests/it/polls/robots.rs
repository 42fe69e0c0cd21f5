//! robots.txt: asked for once a day for each origin, and obeyed as far as it speaks to us.

use std::time::Duration;

use chrono::TimeDelta;
use feed_model::{Follow, Source};
use tributary::poll::Outcome;

use super::world::{World, noon, source, tagged};
use crate::support::origin::{Origin, Reply};

fn rules(text: &str) -> Reply {
    Reply::ok(text.to_owned()).header("Content-Type", "text/plain")
}

#[tokio::test]
async fn it_is_asked_for_once_a_day_for_all_sources_of_an_origin_and_conditionally() {
    let mut world = World::new(|origin| vec![source("a", &origin.url("/a")), source("b", &origin.url("/b"))]);
    for path in ["/a", "/b"] {
        world.origin.script(path, vec![tagged(&[path], "\"1\""), Reply::new(304)]);
    }
    world.origin.script(
        "/robots.txt",
        vec![rules("").header("ETag", "\"r\""), Reply::new(304).header("ETag", "\"r2\""), Reply::new(304)],
    );
    world.run_until(noon() + TimeDelta::hours(30)).await;
    world.restart();
    world.run_until(noon() + TimeDelta::hours(54)).await;
    let asked: Vec<_> =
        world.origin.requests_to("/robots.txt").iter().map(|r| r.header("if-none-match").map(str::to_owned)).collect();
    assert_eq!(asked, [None, Some("\"r\"".to_owned()), Some("\"r2\"".to_owned())]);
}

#[tokio::test]
async fn only_a_group_that_names_us_stops_a_named_feed() {
    let world = World::of_feed();
    world.origin.script("/feed", vec![tagged(&["one"], "\"1\"")]);
    world
        .origin
        .script("/robots.txt", vec![rules("User-agent: *\nDisallow: /"), rules("User-agent: Tributary/1.0\nDisallow: /feed")]);
    assert_eq!(world.poll("feed").await.new_entries, 1, "what is said to everybody is about crawling");
    world.clock.advance(TimeDelta::hours(25));
    let report = world.poll("feed").await;
    assert_eq!((report.outcome, report.error.as_deref()), (Outcome::Failed, Some("robots.txt forbids /feed to tributary")));
    assert_eq!(world.origin.requests_to("/feed").len(), 1);
    assert_eq!(world.state("feed").last_error_class.as_deref(), Some("robots"));
}

#[tokio::test]
async fn what_is_no_robots_txt_does_not_stop_a_named_feed() {
    let challenge = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body></html>";
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
        let world = World::of_feed();
        world.origin.script("/feed", vec![tagged(&["one"], "\"1\""), Reply::new(304)]);
        world.origin.script("/robots.txt", vec![reply]);
        assert_eq!(world.poll("feed").await.new_entries, 1, "case {n}");
        world.clock.advance(TimeDelta::hours(2));
        world.poll("feed").await;
        assert_eq!(world.origin.requests_to("/robots.txt").len(), 1, "case {n}: not asked for again within the day");
    }
}

fn site(origin: &Origin) -> Vec<Source> {
    let pages: Vec<String> = (1..=3).map(|n| format!("<url><loc>{}</loc></url>", origin.url(&format!("/posts/{n}")))).collect();
    let pages = pages.concat();
    let map = format!("<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{pages}</urlset>");
    origin.script("/sitemap.xml", vec![Reply::ok(map).header("ETag", "\"m\"")]);
    for n in 1..=3 {
        let page = format!(
            "<!doctype html><html><head><title>Post {n}</title></head><body><article><h1>Post {n}</h1><p>Text.</p></article></body></html>"
        );
        origin.script(&format!("/posts/{n}"), vec![Reply::ok(page).header("Content-Type", "text/html")]);
    }
    vec![Source { follow: Follow::Sitemap, ..source("site", &origin.url("/sitemap.xml")) }]
}

#[tokio::test]
async fn pages_are_asked_for_as_slowly_as_the_site_wants() {
    let world = World::new(site);
    world.origin.script("/robots.txt", vec![rules("User-agent: *\nCrawl-delay: 0.15")]);
    let report = world.poll("site").await;
    assert_eq!(report.new_entries, 3, "{report:?}");
    let times: Vec<_> = world.origin.requests().into_iter().filter(|r| r.path.starts_with("/posts/")).map(|r| r.at).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(150)), "{times:?}");
}

#[tokio::test]
async fn pages_that_we_found_by_ourselves_obey_it_in_full() {
    let world = World::new(site);
    world.origin.script("/robots.txt", vec![rules("User-agent: *\nDisallow: /posts/2")]);
    assert_eq!(world.poll("site").await.new_entries, 2);
    assert!(world.origin.requests_to("/posts/2").is_empty());
    let world = World::new(site);
    world.origin.script("/robots.txt", vec![Reply::new(500)]);
    world.poll("site").await;
    assert!(world.origin.requests().iter().all(|r| !r.path.starts_with("/posts/")));
}
