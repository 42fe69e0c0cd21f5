//! No publisher is bothered: robots.txt, Crawl-delay, refusals, and pages that fail.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use feed_model::PollOutcome;
use feed_model::SourceHealth;
use tributary::clock::Clock as _;

use crate::support::{
    installation::Installation,
    origin::Reply,
    sites::{EMPTY_HOME_PAGE, post_page, post_paths, sitemap},
    time::morning,
};

fn harness_with_sitemap(n: usize, more: &str) -> Installation {
    let harness = Installation::following_site("/", more);
    let posts = post_paths(n);
    harness.origin.script_pages(&[
        ("/", EMPTY_HOME_PAGE),
        ("/sitemap.xml", &sitemap(&posts, morning(2026, 10, 30))),
    ]);
    harness.origin.script_posts(&posts);
    harness
}

#[tokio::test]
async fn a_page_disallowed_by_robots_txt_is_skipped_and_the_others_are_read() {
    let harness = harness_with_sitemap(3, "pages_per_poll = 2\n");
    harness
        .origin
        .script_pages(&[("/robots.txt", "User-agent: *\nDisallow: /p/lesson-number-1\n")]);
    harness.poll("site").await;
    assert!(harness.origin.requests_to("/p/lesson-number-1").is_empty());
    assert_eq!(harness.titles(), ["Lesson Number 2", "Lesson Number 3"]);
    assert!(
        harness.source_state("site").problems.iter().any(|p| p.code == "robots"),
        "{:?}",
        harness.source_state("site").problems
    );
    // Once a day it is read again.
    harness.origin.script_pages(&[("/robots.txt", "")]);
    harness.poll_after_hours("site", 12).await;
    assert_eq!(harness.titles().len(), 2);
    harness.poll_after_hours("site", 13).await;
    assert_eq!(harness.titles().len(), 3);
    assert_eq!(harness.origin.requests_to("/robots.txt").len(), 2);
}

#[tokio::test]
async fn a_guessed_sitemap_url_is_requested_only_if_robots_txt_allows_it() {
    let harness = harness_with_sitemap(2, "");
    harness.origin.script_pages(&[("/robots.txt", "User-agent: *\nDisallow: /\n")]);
    let report = harness.poll("site").await;
    assert_eq!(report.outcome, PollOutcome::Failed);
    assert_eq!(
        harness.requested_paths(&mut 0),
        ["/robots.txt", "/"],
        "the address that a person named is asked"
    );
    let harness = harness_with_sitemap(2, "");
    harness.origin.script_pages(&[("/robots.txt", "User-agent: tributary\nDisallow: /\n")]);
    harness.poll("site").await;
    assert_eq!(harness.requested_paths(&mut 0), ["/robots.txt"], "unless the site means us");
}

#[tokio::test]
async fn an_unavailable_robots_txt_blocks_discovered_urls() {
    let harness = harness_with_sitemap(2, "");
    harness.origin.script("/robots.txt", vec![Reply::new(503)]);
    harness.poll("site").await;
    assert_eq!(harness.requested_paths(&mut 0), ["/robots.txt", "/"]);
    harness.origin.script_pages(&[("/robots.txt", "")]);
    assert_eq!(
        harness.poll_after_hours("site", 2).await.new_entries,
        2,
        "an outage of an hour is none of a day"
    );
}

#[tokio::test]
async fn crawl_delay_is_waited_between_requests() {
    let harness = harness_with_sitemap(3, "");
    harness.origin.script_pages(&[("/robots.txt", "User-agent: *\nCrawl-delay: 0.2\n")]);
    let begun = Instant::now();
    assert_eq!(harness.poll("site").await.new_entries, 3);
    // The sitemap and three pages come each after a pause.
    assert!(begun.elapsed() >= Duration::from_millis(800), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_failing_page_does_not_fail_the_poll_and_its_retries_are_bounded() {
    let harness = harness_with_sitemap(5, "");
    harness.origin.script("/p/lesson-number-1", vec![Reply::new(404)]);
    harness.origin.script("/p/lesson-number-2", vec![Reply::new(500)]);
    harness.origin.script("/p/lesson-number-4", vec![Reply::ok("<html>").length(500).hang()]);
    let report = harness.poll("site").await;
    assert_eq!(
        (report.outcome, report.new_entries),
        (PollOutcome::Changed, 2),
        "{:?}",
        harness.requested_paths(&mut 0)
    );
    assert_eq!(harness.source_state("site").health, SourceHealth::Ok);
    for path in ["/p/lesson-number-2", "/p/lesson-number-4"] {
        assert!(
            harness.source_state("site").problems.iter().any(|p| p.text.contains(path)),
            "{:?}",
            harness.source_state("site").problems
        );
    }
    for _ in 0..12 {
        harness.poll_after_hours("site", 7).await;
    }
    let times = |n: u32| harness.origin.requests_to(&format!("/p/lesson-number-{n}")).len();
    assert_eq!([1, 2, 3, 4, 5].map(times), [1, 5, 1, 5, 1], "retries are bounded");
}

#[tokio::test]
async fn a_page_that_succeeds_later_keeps_its_position() {
    let harness = harness_with_sitemap(3, "");
    harness.origin.script("/p/lesson-number-2", vec![Reply::new(500)]);
    harness.poll("site").await;
    harness.origin.script_pages(&[("/p/lesson-number-2", &post_page("Lesson Number 2", None))]);
    assert!(!harness.has_due_backfill(), "not at once");
    harness.clock.advance(TimeDelta::hours(7));
    assert!(harness.has_due_backfill());
    harness.backfill(1).await;
    assert_eq!(harness.titles(), ["Lesson Number 1", "Lesson Number 2", "Lesson Number 3"]);
}

#[tokio::test]
async fn a_429_on_a_page_backs_off_the_whole_site() {
    let harness = harness_with_sitemap(6, "");
    harness
        .origin
        .script("/p/lesson-number-3", vec![Reply::new(429).header("Retry-After", "7200")]);
    harness.poll("site").await;
    assert_eq!(harness.titles().len(), 2);
    assert!(harness.origin.requests_to("/p/lesson-number-4").is_empty());
    harness.clock.advance(TimeDelta::minutes(119));
    assert!(!harness.has_due_backfill());
    harness.origin.script_pages(&[(
        "/p/lesson-number-3",
        &post_page("Lesson Number 3", Some(morning(2026, 10, 28))),
    )]);
    harness.clock.advance(TimeDelta::minutes(2));
    assert!(harness.has_due_backfill());
    harness.poll("site").await;
    assert_eq!(harness.titles().len(), 6, "and nothing of it was given up");
}

#[tokio::test]
async fn a_bot_challenge_pauses_the_backfill() {
    let harness = harness_with_sitemap(6, "pages_per_poll = 2\n");
    harness.poll("site").await;
    let challenge = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>\
        <script>window._cf_chl_opt={}</script></body></html>";
    for n in 3..=6 {
        harness.origin.script_pages(&[(&format!("/p/lesson-number-{n}"), challenge)]);
    }
    harness.backfill(10).await;
    assert_eq!(harness.titles().len(), 2);
    assert!(harness.origin.requests_to("/p/lesson-number-4").is_empty());
    assert!(!harness.has_due_backfill());
    assert_eq!(harness.clock.now(), morning(2026, 11, 2));
}
