//! No publisher is bothered: robots.txt, Crawl-delay, refusals, and pages that fail.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use feed_model::SourceHealth;
use tributary::{clock::Clock as _, poll::Outcome};

use super::stage::{BARE_HOME, Stage, morning, paths, post, sitemap};
use crate::support::origin::Reply;

async fn followed(n: usize, more: &str) -> Stage {
    let stage = Stage::of("/", more).await;
    let posts = paths(n);
    stage.serve(&[("/", BARE_HOME), ("/sitemap.xml", &sitemap(&posts, morning(2026, 10, 30)))]);
    stage.serve_posts(&posts);
    stage
}

#[tokio::test]
async fn what_robots_txt_forbids_is_not_asked_for_and_costs_the_others_nothing() {
    let stage = followed(3, "pages_per_poll = 2\n").await;
    stage.serve(&[("/robots.txt", "User-agent: *\nDisallow: /p/lesson-number-1\n")]);
    stage.poll().await;
    assert!(stage.origin.requests_to("/p/lesson-number-1").is_empty());
    assert_eq!(stage.titles(), ["Lesson Number 2", "Lesson Number 3"]);
    assert!(stage.state().problems.iter().any(|p| p.code == "robots"), "{:?}", stage.state().problems);
    // Once a day it is read again.
    stage.serve(&[("/robots.txt", "")]);
    stage.poll_after(12).await;
    assert_eq!(stage.titles().len(), 2);
    stage.poll_after(13).await;
    assert_eq!(stage.titles().len(), 3);
    assert_eq!(stage.origin.requests_to("/robots.txt").len(), 2);
}

#[tokio::test]
async fn a_guessed_sitemap_is_asked_only_where_everyone_may() {
    let stage = followed(2, "").await;
    stage.serve(&[("/robots.txt", "User-agent: *\nDisallow: /\n")]);
    let report = stage.poll().await;
    assert_eq!(report.outcome, Outcome::Failed);
    assert_eq!(stage.asked(&mut 0), ["/robots.txt", "/"], "the address that a person named is asked");
    let stage = followed(2, "").await;
    stage.serve(&[("/robots.txt", "User-agent: tributary\nDisallow: /\n")]);
    stage.poll().await;
    assert_eq!(stage.asked(&mut 0), ["/robots.txt"], "unless the site means us");
}

#[tokio::test]
async fn robots_txt_that_cannot_be_had_forbids_what_we_found_by_ourselves() {
    let stage = followed(2, "").await;
    stage.origin.script("/robots.txt", vec![Reply::new(503)]);
    stage.poll().await;
    assert_eq!(stage.asked(&mut 0), ["/robots.txt", "/"]);
    stage.serve(&[("/robots.txt", "")]);
    assert_eq!(stage.poll_after(2).await.new_entries, 2, "an outage of an hour is none of a day");
}

#[tokio::test]
async fn crawl_delay_parts_the_requests() {
    let stage = followed(3, "").await;
    stage.serve(&[("/robots.txt", "User-agent: *\nCrawl-delay: 0.2\n")]);
    let begun = Instant::now();
    assert_eq!(stage.poll().await.new_entries, 3);
    // The sitemap and three pages come each after a pause.
    assert!(begun.elapsed() >= Duration::from_millis(800), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_page_that_fails_costs_itself_alone() {
    let stage = followed(5, "").await;
    stage.origin.script("/p/lesson-number-1", vec![Reply::new(404)]);
    stage.origin.script("/p/lesson-number-2", vec![Reply::new(500)]);
    stage.origin.script("/p/lesson-number-4", vec![Reply::ok("<html>").length(500).hang()]);
    let report = stage.poll().await;
    assert_eq!((report.outcome, report.new_entries), (Outcome::Changed, 2), "{:?}", stage.asked(&mut 0));
    assert_eq!(stage.state().health, SourceHealth::Ok);
    for path in ["/p/lesson-number-2", "/p/lesson-number-4"] {
        assert!(stage.state().problems.iter().any(|p| p.text.contains(path)), "{:?}", stage.state().problems);
    }
    for _ in 0..12 {
        stage.poll_after(7).await;
    }
    let times = |n: u32| stage.origin.requests_to(&format!("/p/lesson-number-{n}")).len();
    assert_eq!([1, 2, 3, 4, 5].map(times), [1, 5, 1, 5, 1], "retries are bounded");
}

#[tokio::test]
async fn a_page_that_comes_back_takes_the_place_that_it_had() {
    let stage = followed(3, "").await;
    stage.origin.script("/p/lesson-number-2", vec![Reply::new(500)]);
    stage.poll().await;
    stage.serve(&[("/p/lesson-number-2", &post("Lesson Number 2", None))]);
    assert!(!stage.backlog_waits(), "not at once");
    stage.clock.advance(TimeDelta::hours(7));
    assert!(stage.backlog_waits());
    stage.visit_backlog(1).await;
    assert_eq!(stage.titles(), ["Lesson Number 1", "Lesson Number 2", "Lesson Number 3"]);
}

#[tokio::test]
async fn a_refusal_on_the_way_leaves_the_whole_site_in_peace() {
    let stage = followed(6, "").await;
    stage.origin.script("/p/lesson-number-3", vec![Reply::new(429).header("Retry-After", "7200")]);
    stage.poll().await;
    assert_eq!(stage.titles().len(), 2);
    assert!(stage.origin.requests_to("/p/lesson-number-4").is_empty());
    stage.clock.advance(TimeDelta::minutes(119));
    assert!(!stage.backlog_waits());
    stage.serve(&[("/p/lesson-number-3", &post("Lesson Number 3", Some(morning(2026, 10, 28))))]);
    stage.clock.advance(TimeDelta::minutes(2));
    assert!(stage.backlog_waits());
    stage.poll().await;
    assert_eq!(stage.titles().len(), 6, "and nothing of it was given up");
}

#[tokio::test]
async fn a_challenge_in_the_back_catalogue_ends_it_for_now() {
    let stage = followed(6, "pages_per_poll = 2\n").await;
    stage.poll().await;
    let challenge = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><script>window._cf_chl_opt={}</script></body></html>";
    for n in 3..=6 {
        stage.serve(&[(&format!("/p/lesson-number-{n}"), challenge)]);
    }
    stage.visit_backlog(10).await;
    assert_eq!(stage.titles().len(), 2);
    assert!(stage.origin.requests_to("/p/lesson-number-4").is_empty());
    assert!(!stage.backlog_waits());
    assert_eq!(stage.clock.now(), morning(2026, 11, 2));
}
