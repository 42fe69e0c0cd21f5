//! Moves: followed at once, adopted when they last, never trusted further than they reach.

use chrono::TimeDelta;
use feed_model::PollOutcome;
use feed_model::Source;

use crate::support::{
    feeds::feed_with_etag,
    installation::{Installation, public_source},
    origin::Reply,
    time::noon,
};

/// The old address sends to the new one for good.
fn moved() -> Installation {
    let harness = Installation::with_public_feed();
    harness.origin.script("/feed", vec![Reply::redirect(301, "/new")]);
    harness.origin.script("/new", vec![feed_with_etag(&["one"], "\"1\""), Reply::new(304)]);
    harness
}

#[tokio::test]
async fn a_permanent_move_is_adopted_after_seven_days_and_not_before() {
    let mut harness = moved();
    harness.run_until(noon() + TimeDelta::days(6)).await;
    let asked_old = harness.origin.requests_to("/feed").len();
    assert_eq!(asked_old, harness.origin.requests_to("/new").len());
    let state = harness.source_state("feed");
    assert!(state.problems.iter().any(|p| p.code == "moving"), "{:?}", state.problems);
    // An outage between says nothing of the move.
    harness.origin.script("/feed", vec![Reply::new(500), Reply::redirect(301, "/new")]);
    harness.restart();
    harness.run_until(noon() + TimeDelta::days(8)).await;
    let state = harness.source_state("feed");
    assert!(
        state.problems.iter().any(|p| p.code == "moved" && p.text.contains("/new")),
        "{:?}",
        state.problems
    );
    assert!(state.feed_url.unwrap().ends_with("/new"));
    harness.origin.clear_requests();
    harness.restart();
    harness.run_until(noon() + TimeDelta::days(9)).await;
    assert!(
        harness.origin.requests_to("/feed").is_empty()
            && harness.origin.requests_to("/new").len() > 20
    );
    assert!(
        harness
            .origin
            .requests_to("/new")
            .iter()
            .all(|r| r.header("if-none-match") == Some("\"1\"")),
        "still conditional"
    );
    assert!(state.url.ends_with("/feed"), "feeds.toml stays as it is");
}

#[tokio::test]
async fn only_leading_permanent_redirects_count_and_a_new_target_restarts_the_seven_days() {
    let harness = moved();
    harness.origin.script("/new", vec![Reply::redirect(308, "/newer")]);
    harness.origin.script("/newer", vec![Reply::redirect(302, "/today")]);
    harness.origin.script("/today", vec![feed_with_etag(&["one"], "\"1\""), Reply::new(304)]);
    harness.poll("feed").await;
    let target = || {
        harness
            .source_record("feed")
            .moved
            .map(|moved| (moved.to.path().to_owned(), moved.since, moved.adopted))
    };
    assert_eq!(target(), Some(("/newer".to_owned(), noon(), false)));
    harness.clock.advance(TimeDelta::days(6));
    harness.origin.script("/feed", vec![Reply::redirect(301, "/newest")]);
    harness.origin.script("/newest", vec![feed_with_etag(&["one"], "\"1\"")]);
    harness.poll("feed").await;
    assert_eq!(target(), Some(("/newest".to_owned(), noon() + TimeDelta::days(6), false)));
    harness.origin.script("/feed", vec![Reply::redirect(307, "/newest")]);
    harness.poll("feed").await;
    assert_eq!(target(), None);
}

#[tokio::test]
async fn a_captive_portal_redirect_is_not_recorded_as_a_move() {
    let harness = Installation::with_public_feed();
    harness
        .origin
        .script("/feed", vec![feed_with_etag(&["one"], "\"1\""), Reply::redirect(301, "/portal")]);
    let page = "<!doctype html><title>Welcome</title><p>Sign in to use this network.";
    harness.origin.script(
        "/portal",
        vec![Reply::ok(page).header("Content-Type", "text/html").header("ETag", "\"p\"")],
    );
    harness.poll("feed").await;
    for _ in 0..12 {
        let report = harness.poll("feed").await;
        assert_eq!(report.outcome, PollOutcome::Failed);
        harness.clock.advance(TimeDelta::days(1));
    }
    assert_eq!(
        (harness.source_record("feed").moved, harness.source_state("feed").entries),
        (None, 1)
    );
    harness.origin.script("/feed", vec![Reply::new(304)]);
    harness.poll("feed").await;
    assert_eq!(harness.sent_validators("/feed").0.as_deref(), Some("\"1\""));
    assert_eq!(harness.sent_validators("/portal").0, None);
}

#[tokio::test]
async fn a_404_at_the_old_address_adopts_the_new_one_at_once() {
    let harness = moved();
    harness.poll("feed").await;
    harness.clock.advance(TimeDelta::days(2));
    harness.origin.script("/feed", vec![Reply::new(404)]);
    harness.poll("feed").await;
    harness.origin.clear_requests();
    let report = harness.poll("feed").await;
    assert_eq!(
        (report.outcome, harness.origin.requests_to("/feed").len()),
        (PollOutcome::NotModified, 0)
    );
}

#[tokio::test]
async fn a_410_at_the_adopted_address_returns_to_the_configured_one() {
    let harness = moved();
    harness.poll("feed").await;
    harness.clock.advance(TimeDelta::days(8));
    harness.poll("feed").await;
    assert!(harness.source_record("feed").moved.unwrap().adopted, "adopted");
    harness.origin.script("/new", vec![Reply::new(410)]);
    harness.origin.script("/feed", vec![feed_with_etag(&["one", "two"], "\"home\"")]);
    harness.poll("feed").await;
    let report = harness.poll("feed").await;
    assert_eq!((report.new_entries, harness.source_record("feed").moved), (1, None));
}

#[tokio::test]
async fn three_failures_at_the_adopted_address_return_to_the_configured_one() {
    let harness = moved();
    harness.poll("feed").await;
    harness.clock.advance(TimeDelta::days(8));
    harness.poll("feed").await;
    harness.origin.script("/new", vec![Reply::new(500)]);
    harness.origin.script("/feed", vec![feed_with_etag(&["one", "two"], "\"home\"")]);
    for _ in 0..3 {
        assert_eq!(harness.poll("feed").await.outcome, PollOutcome::Failed);
    }
    assert_eq!(harness.poll("feed").await.new_entries, 1);
    assert_eq!(harness.source_record("feed").moved, None);
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_refused_and_not_remembered() {
    let harness = Installation::with_public_feed();
    harness.origin.script(
        "/feed",
        vec![
            feed_with_etag(&["one"], "\"1\""),
            Reply::redirect(301, "http://169.254.169.254/latest/meta-data/"),
        ],
    );
    harness.poll("feed").await;
    let report = harness.poll("feed").await;
    let state = harness.source_state("feed");
    assert_eq!(
        (report.outcome, state.last_error_class.as_deref(), state.entries),
        (PollOutcome::Failed, Some("private-address"), 1)
    );
    assert_eq!(harness.source_record("feed").moved, None, "and not remembered either");
}

#[tokio::test]
async fn two_sources_with_one_final_address_are_reported() {
    let harness = Installation::with_public_sources(|origin| -> Vec<Source> {
        vec![public_source("old", &origin.url("/old")), public_source("new", &origin.url("/new"))]
    });
    harness.origin.script("/old", vec![Reply::redirect(302, "/new")]);
    harness.origin.script("/new", vec![feed_with_etag(&["one"], "\"1\"")]);
    harness.poll("new").await;
    harness.poll("old").await;
    let problems = harness.source_state("old").problems;
    assert!(
        problems.iter().any(|p| p.code == "same-address" && p.text.contains("source `new` reads")),
        "{problems:?}"
    );
}
