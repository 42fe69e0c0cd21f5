//! One short test for each way of testing. Copy one of them to begin a new test; see
//! `tests/README.md`.

use feed_model::PollOutcome;

use crate::support::{
    feeds::{feed, feed_with_etag, post},
    installation::Installation,
    origin::{Origin, Reply},
    program::Program,
};

/// Documents that reach the store without a network, and what subscribers see.
#[test]
fn a_post_that_comes_back_is_not_announced_again() {
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", &[post("one", 2), post("one", 1)]);
    assert_eq!(installation.newly_announced(), ["one 2", "one 1"]);
    installation.deliver("one", &[post("one", 2)]);
    installation.deliver("one", &[post("one", 2), post("one", 1)]);
    assert_eq!(installation.newly_announced(), [""; 0]);
    assert_eq!(installation.feed_of_all().titles(), ["one 2", "one 1"]);
}

/// Requests to a scripted publisher.
#[tokio::test]
async fn the_second_poll_is_conditional() {
    let installation = Installation::with_public_feed();
    let first = feed_with_etag(&["one"], "\"1\"");
    installation.origin.script("/feed", vec![first, Reply::new(304)]);
    assert_eq!(installation.poll("feed").await.outcome, PollOutcome::Changed);
    assert_eq!(installation.poll("feed").await.outcome, PollOutcome::NotModified);
    assert_eq!(installation.sent_validators("/feed").0.as_deref(), Some("\"1\""));
    assert_eq!(installation.titles(), ["About one"]);
}

/// Responses of the served site.
#[tokio::test]
async fn a_published_story_is_served_in_the_feed() {
    let mut installation = Installation::following(&["one"]);
    installation.deliver("one", &[post("one", 1)]);
    installation.publish("2026-03-21T00:00:00Z");
    let response = installation.serve().get("/topics/all/feed.atom").await;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), Some("application/atom+xml; charset=utf-8"));
    assert!(response.text().contains("one 1"), "{}", response.text());
}

/// The real program: its commands, their output and their exit codes.
#[test]
fn a_polled_story_is_listed() {
    let origin = Origin::start();
    origin.script("/feed", vec![Reply::ok(feed(&["one"]))]);
    let program = Program::with(&format!(
        "[polling]\nallow_hosts = [\"127.0.0.1\"]\n\
         [[source]]\nid = \"blog\"\nurl = \"{}\"\nfollow = \"feed\"\n",
        origin.url("/feed")
    ));
    program.run_ok(&["poll"]);
    assert_eq!(program.json(&["stories"])[0]["title"], "About one");
    assert_eq!(program.run(&["stories", "--no-such-option"]).code, 2);
}
