//! Validators live as long as their URL: byte for byte, through errors and restarts, and only what that URL gave.

use chrono::TimeDelta;
use feed_model::{Auth, Source};
use tributary::{poll::Outcome, store::StoryQuery};

use super::world::{World, feed, source, tagged};
use crate::support::origin::{Origin, Reply};

fn some(etag: &str, modified: &str) -> (Option<String>, Option<String>) {
    (Some(etag.to_owned()), Some(modified.to_owned()))
}

#[tokio::test]
async fn they_are_kept_completed_replaced_and_dropped_as_the_answers_say() {
    let mut world = World::of_feed();
    let both = |titles: &[&str], etag: &str, modified: &str| tagged(titles, etag).header("Last-Modified", modified);
    world.origin.script(
        "/feed",
        vec![
            both(&["one"], "W/\"a b\"", "thu, 1 Jan 2020 00:00:00 GMT"),
            Reply::new(304).header("Last-Modified", "Fri,  2 Jan 2020 00:00:00 GMT"),
            Reply::new(429),
            Reply::new(500),
            Reply::raw(""),
            // Touched: the same bytes with other validators, one of them alone at first.
            both(&["one"], "'odd'", "Fri,  2 Jan 2020 00:00:00 GMT"),
            both(&["one"], "'odd'", "later"),
            // What cannot be read says nothing: with its validators the damage would stay for good.
            Reply::ok("<rss><channel").header("ETag", "\"damaged\""),
            Reply::ok("<!doctype html><title>Sign in</title><p>Sign in to go on.").header("ETag", "\"portal\""),
            Reply::ok("").header("ETag", "\"empty\""),
            tagged(&["one", "two"], "\"new\""),
            Reply::ok(feed(&["one", "two", "three"])),
            Reply::ok(feed(&["one", "two", "three"])),
        ],
    );
    let first = some("W/\"a b\"", "thu, 1 Jan 2020 00:00:00 GMT");
    let completed = some("W/\"a b\"", "Fri,  2 Jan 2020 00:00:00 GMT");
    let touched = some("'odd'", "later");
    let expected = [
        ((None, None), Outcome::Changed),
        (first, Outcome::NotModified),
        (completed.clone(), Outcome::Failed),
        (completed.clone(), Outcome::Failed),
        (completed.clone(), Outcome::Failed),
        (completed, Outcome::Unchanged),
        (some("'odd'", "Fri,  2 Jan 2020 00:00:00 GMT"), Outcome::Unchanged),
        (touched.clone(), Outcome::Failed),
        (touched.clone(), Outcome::Failed),
        (touched.clone(), Outcome::Failed),
        (touched, Outcome::Changed),
        ((Some("\"new\"".to_owned()), None), Outcome::Changed),
        ((None, None), Outcome::Unchanged),
    ];
    for (n, (validators, outcome)) in expected.into_iter().enumerate() {
        let report = world.poll("feed").await;
        assert_eq!((world.sent("/feed"), report.outcome), (validators, outcome), "request {n}: {report:?}");
        assert_eq!(world.origin.requests_to("/feed").len(), n + 1, "one request for one poll");
        world.clock.advance(TimeDelta::days(9));
        world.restart();
    }
    assert_eq!(world.state("feed").entries, 3);
}

#[tokio::test]
async fn the_same_bytes_are_neither_read_nor_stored_again() {
    let world = World::of_feed();
    world.origin.script("/feed", vec![tagged(&["one"], "\"1\""), tagged(&["one"], "\"2\"")]);
    world.poll("feed").await;
    // That an entry was seen again is noted, and no document says it.
    let published = || {
        let mut stories = world.read(|reader| reader.stories(&StoryQuery::default()));
        stories.iter_mut().flat_map(|story| &mut story.sources).for_each(|source| source.last_seen = source.first_seen);
        stories
    };
    let before = published();
    world.clock.advance(TimeDelta::hours(1));
    let report = world.poll("feed").await;
    assert_eq!((report.outcome, report.visible, report.updated_entries), (Outcome::Unchanged, false, 0));
    assert_eq!(published(), before);
    world.poll("feed").await;
    assert_eq!(world.sent("/feed").0.as_deref(), Some("\"2\""));
}

#[tokio::test]
async fn a_304_that_was_not_asked_for_is_a_failure_and_hides_nothing() {
    let world = World::of_feed();
    world.origin.script("/feed", vec![Reply::new(304).header("ETag", "\"trap\""), tagged(&["one"], "\"1\"")]);
    let report = world.poll("feed").await;
    assert_eq!((report.outcome, report.status), (Outcome::Failed, Some(304)));
    let report = world.poll("feed").await;
    assert_eq!((world.sent("/feed"), report.new_entries), ((None, None), 1));
}

#[tokio::test]
async fn an_answer_without_entries_takes_none_away() {
    let world = World::of_feed();
    let with_body = Reply::raw(format!("HTTP/1.1 304 Scripted\r\nETag: \"1\"\r\n\r\n{}", feed(&[])));
    world
        .origin
        .script("/feed", vec![tagged(&["one", "two"], "\"1\""), with_body, Reply::ok(""), Reply::new(204), Reply::ok(feed(&[]))]);
    for n in 0..5 {
        world.poll("feed").await;
        assert_eq!(world.state("feed").entries, 2, "after request {n}");
    }
}

#[tokio::test]
async fn behind_a_redirect_each_address_gets_its_own() {
    let world = World::of_feed();
    world.origin.script("/feed", vec![Reply::redirect(302, "/elsewhere").header("ETag", "\"of-the-redirect\"")]);
    world.origin.script("/elsewhere", vec![tagged(&["one"], "\"of-elsewhere\""), Reply::new(304)]);
    for _ in 0..3 {
        world.poll("feed").await;
        assert_eq!(world.sent("/feed"), (None, None));
    }
    assert_eq!(world.sent("/elsewhere").0.as_deref(), Some("\"of-elsewhere\""));
}

#[tokio::test]
async fn coming_back_to_an_address_starts_anew() {
    let mut world = World::of_feed();
    world.origin.script("/feed", vec![tagged(&["one"], "\"1\""), tagged(&["one"], "\"1\"")]);
    world.origin.script("/other", vec![tagged(&["other"], "\"o\"")]);
    world.poll("feed").await;
    world.move_to("/other");
    world.poll("feed").await;
    world.move_to("/feed");
    // What is known of the address then is not enough to follow it: it is asked for whole.
    let report = world.poll("feed").await;
    assert_eq!((report.outcome, world.sent("/feed")), (Outcome::Unchanged, (None, None)));
}

#[tokio::test]
async fn credentials_do_not_follow_a_link_to_another_origin() {
    let other = Origin::start();
    let linked = other.url("/feed");
    let world = World::new(|origin| {
        let page = format!(
            "<html><head><link rel=\"alternate\" type=\"application/rss+xml\" href=\"{linked}\"></head><body>x</body></html>"
        );
        origin.script("/", vec![Reply::ok(page).header("Content-Type", "text/html")]);
        vec![Source { auth: Some(Auth::BearerFile("token".into())), ..source("site", &origin.url("/")) }]
    });
    std::fs::write(world.dir().join("token"), "s3cret").unwrap();
    other.script("/feed", vec![tagged(&["one"], "\"1\"")]);
    let report = world.poll("site").await;
    assert_eq!(report.new_entries, 1, "{report:?}");
    world.poll("site").await;
    assert_eq!(world.origin.requests_to("/")[0].header("authorization"), Some("Bearer s3cret"));
    assert_eq!(world.origin.requests_to("/robots.txt")[0].header("authorization"), None);
    assert_eq!(other.requests_to("/feed").len(), 2);
    assert!(other.requests().iter().all(|request| request.header("authorization").is_none()), "{:?}", other.requests());
}
