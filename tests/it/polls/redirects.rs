//! Moves: followed at once, adopted when they last, never trusted further than they reach.

use chrono::TimeDelta;
use feed_model::Source;
use tributary::poll::Outcome;

use super::world::{World, noon, source, tagged};
use crate::support::origin::Reply;

/// The old address sends to the new one for good.
fn moved() -> World {
    let world = World::of_feed();
    world.origin.script("/feed", vec![Reply::redirect(301, "/new")]);
    world.origin.script("/new", vec![tagged(&["one"], "\"1\""), Reply::new(304)]);
    world
}

#[tokio::test]
async fn a_move_is_adopted_after_seven_days_and_not_before() {
    let mut world = moved();
    world.run_until(noon() + TimeDelta::days(6)).await;
    let asked_old = world.origin.requests_to("/feed").len();
    assert_eq!(asked_old, world.origin.requests_to("/new").len());
    let state = world.state("feed");
    assert!(state.problems.iter().any(|p| p.code == "moving"), "{:?}", state.problems);
    // An outage between says nothing of the move.
    world.origin.script("/feed", vec![Reply::new(500), Reply::redirect(301, "/new")]);
    world.restart();
    world.run_until(noon() + TimeDelta::days(8)).await;
    let state = world.state("feed");
    assert!(state.problems.iter().any(|p| p.code == "moved" && p.text.contains("/new")), "{:?}", state.problems);
    assert!(state.feed_url.unwrap().ends_with("/new"));
    world.origin.forget();
    world.restart();
    world.run_until(noon() + TimeDelta::days(9)).await;
    assert!(world.origin.requests_to("/feed").is_empty() && world.origin.requests_to("/new").len() > 20);
    assert!(world.origin.requests_to("/new").iter().all(|r| r.header("if-none-match") == Some("\"1\"")), "still conditional");
    assert!(state.url.ends_with("/feed"), "feeds.toml stays as it is");
}

#[tokio::test]
async fn only_the_unbroken_permanent_part_is_adopted_and_a_change_starts_anew() {
    let world = moved();
    world.origin.script("/new", vec![Reply::redirect(308, "/newer")]);
    world.origin.script("/newer", vec![Reply::redirect(302, "/today")]);
    world.origin.script("/today", vec![tagged(&["one"], "\"1\""), Reply::new(304)]);
    world.poll("feed").await;
    let target = || world.memory("feed").moved.map(|(url, since, adopted)| (url.path().to_owned(), since, adopted));
    assert_eq!(target(), Some(("/newer".to_owned(), noon(), false)));
    world.clock.advance(TimeDelta::days(6));
    world.origin.script("/feed", vec![Reply::redirect(301, "/newest")]);
    world.origin.script("/newest", vec![tagged(&["one"], "\"1\"")]);
    world.poll("feed").await;
    assert_eq!(target(), Some(("/newest".to_owned(), noon() + TimeDelta::days(6), false)));
    world.origin.script("/feed", vec![Reply::redirect(307, "/newest")]);
    world.poll("feed").await;
    assert_eq!(target(), None);
}

#[tokio::test]
async fn a_captive_portal_moves_nothing() {
    let world = World::of_feed();
    world.origin.script("/feed", vec![tagged(&["one"], "\"1\""), Reply::redirect(301, "/portal")]);
    let page = "<!doctype html><title>Welcome</title><p>Sign in to use this network.";
    world.origin.script("/portal", vec![Reply::ok(page).header("Content-Type", "text/html").header("ETag", "\"p\"")]);
    world.poll("feed").await;
    for _ in 0..12 {
        let report = world.poll("feed").await;
        assert_eq!(report.outcome, Outcome::Failed);
        world.clock.advance(TimeDelta::days(1));
    }
    assert_eq!((world.memory("feed").moved, world.state("feed").entries), (None, 1));
    world.origin.script("/feed", vec![Reply::new(304)]);
    world.poll("feed").await;
    assert_eq!(world.sent("/feed").0.as_deref(), Some("\"1\""));
    assert_eq!(world.sent("/portal").0, None);
}

#[tokio::test]
async fn an_old_address_that_dies_hands_over_at_once() {
    let world = moved();
    world.poll("feed").await;
    world.clock.advance(TimeDelta::days(2));
    world.origin.script("/feed", vec![Reply::new(404)]);
    world.poll("feed").await;
    world.origin.forget();
    let report = world.poll("feed").await;
    assert_eq!((report.outcome, world.origin.requests_to("/feed").len()), (Outcome::NotModified, 0));
}

#[tokio::test]
async fn a_new_address_that_dies_is_given_up() {
    let world = moved();
    world.poll("feed").await;
    world.clock.advance(TimeDelta::days(8));
    world.poll("feed").await;
    assert!(world.memory("feed").moved.unwrap().2, "adopted");
    world.origin.script("/new", vec![Reply::new(410)]);
    world.origin.script("/feed", vec![tagged(&["one", "two"], "\"home\"")]);
    world.poll("feed").await;
    let report = world.poll("feed").await;
    assert_eq!((report.new_entries, world.memory("feed").moved), (1, None));
}

#[tokio::test]
async fn a_new_address_that_fails_for_long_is_looked_for_where_it_began() {
    let world = moved();
    world.poll("feed").await;
    world.clock.advance(TimeDelta::days(8));
    world.poll("feed").await;
    world.origin.script("/new", vec![Reply::new(500)]);
    world.origin.script("/feed", vec![tagged(&["one", "two"], "\"home\"")]);
    for _ in 0..3 {
        assert_eq!(world.poll("feed").await.outcome, Outcome::Failed);
    }
    assert_eq!(world.poll("feed").await.new_entries, 1);
    assert_eq!(world.memory("feed").moved, None);
}

#[tokio::test]
async fn a_redirect_into_the_machine_is_refused() {
    let world = World::of_feed();
    world
        .origin
        .script("/feed", vec![tagged(&["one"], "\"1\""), Reply::redirect(301, "http://169.254.169.254/latest/meta-data/")]);
    world.poll("feed").await;
    let report = world.poll("feed").await;
    let state = world.state("feed");
    assert_eq!((report.outcome, state.last_error_class.as_deref(), state.entries), (Outcome::Failed, Some("private-address"), 1));
    assert_eq!(world.memory("feed").moved, None, "and not remembered either");
}

#[tokio::test]
async fn two_sources_that_turn_out_to_be_one_are_told() {
    let world =
        World::new(|origin| -> Vec<Source> { vec![source("old", &origin.url("/old")), source("new", &origin.url("/new"))] });
    world.origin.script("/old", vec![Reply::redirect(302, "/new")]);
    world.origin.script("/new", vec![tagged(&["one"], "\"1\"")]);
    world.poll("new").await;
    world.poll("old").await;
    let problems = world.state("old").problems;
    assert!(problems.iter().any(|p| p.code == "same-address" && p.text.contains("source `new` reads")), "{problems:?}");
}
