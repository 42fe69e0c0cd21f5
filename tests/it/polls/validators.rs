//! Validators live as long as their URL: byte for byte, through errors and restarts, and only what
//! that URL gave.

use chrono::TimeDelta;
use feed_model::PollOutcome;
use feed_model::{Auth, Source};
use tributary::store::StoryQuery;

use crate::support::{
    feeds::{feed, feed_with_etag},
    installation::{Installation, public_source},
    origin::{Origin, Reply},
};

fn validator_pair(etag: &str, modified: &str) -> (Option<String>, Option<String>) {
    (Some(etag.to_owned()), Some(modified.to_owned()))
}

#[tokio::test]
async fn validators_are_kept_completed_replaced_and_dropped_by_response() {
    let mut harness = Installation::with_public_feed();
    let both = |titles: &[&str], etag: &str, modified: &str| {
        feed_with_etag(titles, etag).header("Last-Modified", modified)
    };
    harness.origin.script(
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
            Reply::ok("<!doctype html><title>Sign in</title><p>Sign in to go on.")
                .header("ETag", "\"portal\""),
            Reply::ok("").header("ETag", "\"empty\""),
            feed_with_etag(&["one", "two"], "\"new\""),
            Reply::ok(feed(&["one", "two", "three"])),
            Reply::ok(feed(&["one", "two", "three"])),
        ],
    );
    let first = validator_pair("W/\"a b\"", "thu, 1 Jan 2020 00:00:00 GMT");
    let completed = validator_pair("W/\"a b\"", "Fri,  2 Jan 2020 00:00:00 GMT");
    let touched = validator_pair("'odd'", "later");
    let expected = [
        ((None, None), PollOutcome::Changed),
        (first, PollOutcome::NotModified),
        (completed.clone(), PollOutcome::Failed),
        (completed.clone(), PollOutcome::Failed),
        (completed.clone(), PollOutcome::Failed),
        (completed, PollOutcome::Unchanged),
        (validator_pair("'odd'", "Fri,  2 Jan 2020 00:00:00 GMT"), PollOutcome::Unchanged),
        (touched.clone(), PollOutcome::Failed),
        (touched.clone(), PollOutcome::Failed),
        (touched.clone(), PollOutcome::Failed),
        (touched, PollOutcome::Changed),
        ((Some("\"new\"".to_owned()), None), PollOutcome::Changed),
        ((None, None), PollOutcome::Unchanged),
    ];
    for (n, (validators, outcome)) in expected.into_iter().enumerate() {
        let report = harness.poll("feed").await;
        assert_eq!(
            (harness.sent_validators("/feed"), report.outcome),
            (validators, outcome),
            "request {n}: {report:?}"
        );
        assert_eq!(harness.origin.requests_to("/feed").len(), n + 1, "one request for one poll");
        harness.clock.advance(TimeDelta::days(9));
        harness.restart();
    }
    assert_eq!(harness.source_state("feed").entries, 3);
}

#[tokio::test]
async fn an_identical_body_is_neither_parsed_nor_stored_again() {
    let harness = Installation::with_public_feed();
    harness.origin.script(
        "/feed",
        vec![feed_with_etag(&["one"], "\"1\""), feed_with_etag(&["one"], "\"2\"")],
    );
    harness.poll("feed").await;
    // That an entry was seen again is noted, and no document says it.
    let published = || {
        let mut stories = harness.read(|reader| reader.stories(&StoryQuery::default()));
        stories
            .iter_mut()
            .flat_map(|story| &mut story.sources)
            .for_each(|source| source.last_seen = source.first_seen);
        stories
    };
    let before = published();
    harness.clock.advance(TimeDelta::hours(1));
    let report = harness.poll("feed").await;
    assert_eq!(
        (report.outcome, report.visible, report.updated_entries),
        (PollOutcome::Unchanged, false, 0)
    );
    assert_eq!(published(), before);
    harness.poll("feed").await;
    assert_eq!(harness.sent_validators("/feed").0.as_deref(), Some("\"2\""));
}

#[tokio::test]
async fn an_unrequested_304_is_a_failure_and_sets_no_validators() {
    let harness = Installation::with_public_feed();
    harness.origin.script(
        "/feed",
        vec![Reply::new(304).header("ETag", "\"trap\""), feed_with_etag(&["one"], "\"1\"")],
    );
    let report = harness.poll("feed").await;
    assert_eq!((report.outcome, report.status), (PollOutcome::Failed, Some(304)));
    let report = harness.poll("feed").await;
    assert_eq!((harness.sent_validators("/feed"), report.new_entries), ((None, None), 1));
}

#[tokio::test]
async fn a_response_without_entries_removes_none() {
    let harness = Installation::with_public_feed();
    let with_body =
        Reply::raw(format!("HTTP/1.1 304 Scripted\r\nETag: \"1\"\r\n\r\n{}", feed(&[])));
    harness.origin.script(
        "/feed",
        vec![
            feed_with_etag(&["one", "two"], "\"1\""),
            with_body,
            Reply::ok(""),
            Reply::new(204),
            Reply::ok(feed(&[])),
        ],
    );
    for n in 0..5 {
        harness.poll("feed").await;
        assert_eq!(harness.source_state("feed").entries, 2, "after request {n}");
    }
}

#[tokio::test]
async fn validators_are_sent_only_to_the_url_that_gave_them() {
    let harness = Installation::with_public_feed();
    harness.origin.script(
        "/feed",
        vec![Reply::redirect(302, "/elsewhere").header("ETag", "\"of-the-redirect\"")],
    );
    harness
        .origin
        .script("/elsewhere", vec![feed_with_etag(&["one"], "\"of-elsewhere\""), Reply::new(304)]);
    for _ in 0..3 {
        harness.poll("feed").await;
        assert_eq!(harness.sent_validators("/feed"), (None, None));
    }
    assert_eq!(harness.sent_validators("/elsewhere").0.as_deref(), Some("\"of-elsewhere\""));
}

#[tokio::test]
async fn returning_to_an_earlier_url_sends_no_old_validators() {
    let mut harness = Installation::with_public_feed();
    harness.origin.script(
        "/feed",
        vec![feed_with_etag(&["one"], "\"1\""), feed_with_etag(&["one"], "\"1\"")],
    );
    harness.origin.script("/other", vec![feed_with_etag(&["other"], "\"o\"")]);
    harness.poll("feed").await;
    harness.set_url_and_restart("/other");
    harness.poll("feed").await;
    harness.set_url_and_restart("/feed");
    // What is known of the address then is not enough to follow it: it is asked for whole.
    let report = harness.poll("feed").await;
    assert_eq!(
        (report.outcome, harness.sent_validators("/feed")),
        (PollOutcome::Unchanged, (None, None))
    );
}

#[tokio::test]
async fn credentials_are_not_sent_to_a_feed_on_another_origin() {
    let other = Origin::start();
    let linked = other.url("/feed");
    let harness = Installation::with_public_sources(|origin| {
        let page = format!(
            "<html><head><link rel=\"alternate\" type=\"application/rss+xml\" href=\"{linked}\">\
             </head><body>x</body></html>"
        );
        origin.script("/", vec![Reply::ok(page).header("Content-Type", "text/html")]);
        vec![Source {
            auth: Some(Auth::BearerFile("token".into())),
            ..public_source("site", &origin.url("/"))
        }]
    });
    std::fs::write(harness.dir().join("token"), "s3cret").unwrap();
    other.script("/feed", vec![feed_with_etag(&["one"], "\"1\"")]);
    let report = harness.poll("site").await;
    assert_eq!(report.new_entries, 1, "{report:?}");
    harness.poll("site").await;
    assert_eq!(harness.origin.requests_to("/")[0].header("authorization"), Some("Bearer s3cret"));
    assert_eq!(harness.origin.requests_to("/robots.txt")[0].header("authorization"), None);
    assert_eq!(other.requests_to("/feed").len(), 2);
    assert!(
        other.requests().iter().all(|request| request.header("authorization").is_none()),
        "{:?}",
        other.requests()
    );
}
