//! Sources that turn out to read one document: one request serves them all, and each keeps what is
//! its own.

use chrono::TimeDelta;
use feed_model::PollOutcome;
use feed_model::{Auth, Source, SourceId};
use tributary::{clock::Clock as _, store::StoryQuery};

use crate::support::{
    feeds::feed_with_etag,
    installation::{Installation, public_source},
    origin::{Origin, ReceivedRequest, Reply},
    time::noon,
};

/// Two addresses that send to one feed, the second for a while only.
fn two_redirects_to_one_feed(origin: &Origin) -> Vec<Source> {
    origin.script("/a", vec![Reply::redirect(302, "/feed")]);
    origin.script("/b", vec![Reply::redirect(307, "/feed")]);
    vec![public_source("a", &origin.url("/a")), public_source("b", &origin.url("/b"))]
}

fn answer_conditionally(request: &ReceivedRequest) -> Reply {
    match (request.path.as_str(), request.header("if-none-match")) {
        ("/feed", Some("\"1\"")) => Reply::new(304),
        ("/feed", _) => feed_with_etag(&["one", "two"], "\"1\""),
        _ => Reply::new(404),
    }
}

#[tokio::test]
async fn two_sources_with_one_feed_make_one_request_an_hour() {
    let mut harness = Installation::with_public_sources(two_redirects_to_one_feed);
    harness.origin.set_handler(answer_conditionally);
    harness.poll_all_concurrently().await;
    assert_eq!(harness.origin.requests_to("/feed").len(), 1, "one for both from the first poll on");
    harness.run_until(noon() + TimeDelta::hours(24)).await;
    harness.restart();
    harness.run_until(noon() + TimeDelta::hours(48)).await;
    let asked = harness.origin.requests_to("/feed");
    assert!((40..=48).contains(&asked.len()), "{} requests", asked.len());
    assert_eq!(asked.iter().filter(|request| request.header("if-none-match").is_none()).count(), 1);
    for id in ["a", "b"] {
        let state = harness.source_state(id);
        assert_eq!((state.entries, state.last_status, state.failures), (2, Some(304), 0), "{id}");
        assert!(
            harness.origin.requests_to(&format!("/{id}")).len() >= 40,
            "each asks where feeds.toml says"
        );
    }
    let both = harness.read(|reader| reader.stories(&StoryQuery::default()));
    assert!(
        both.len() == 2 && both.iter().all(|story| story.sources.len() == 2),
        "each has its entries: {both:?}"
    );
}

#[tokio::test]
async fn sources_with_one_feed_align_their_next_poll_and_say_so() {
    let harness = Installation::with_public_sources(two_redirects_to_one_feed);
    harness.origin.set_handler(answer_conditionally);
    harness.poll("a").await;
    harness.clock.advance(TimeDelta::minutes(40));
    harness.poll("b").await;
    assert_eq!(harness.origin.requests_to("/feed").len(), 2, "too long ago for the first answer");
    // Which of them waits is a matter of jitter; that they come together is not.
    harness.run_until(noon() + TimeDelta::hours(4)).await;
    assert_eq!(harness.source_record("a").next_poll, harness.source_record("b").next_poll);
    let because: Vec<String> =
        ["a", "b"].iter().filter_map(|id| harness.source_state(id).next_poll_reason).collect();
    assert!(because.iter().any(|because| because.contains("together with source")), "{because:?}");
    harness.origin.clear_requests();
    harness.run_until(noon() + TimeDelta::hours(28)).await;
    let (both, a) =
        (harness.origin.requests_to("/feed").len(), harness.origin.requests_to("/a").len());
    assert_eq!(both, a, "one request for both");
}

#[tokio::test]
async fn a_429_of_a_shared_feed_applies_to_both_sources() {
    let harness = Installation::with_public_sources(two_redirects_to_one_feed);
    harness.origin.script(
        "/feed",
        vec![feed_with_etag(&["one"], "\"1\""), Reply::new(429).header("Retry-After", "7200")],
    );
    harness.poll_all_concurrently().await;
    harness.clock.advance(TimeDelta::hours(2));
    for id in ["a", "b"] {
        let report = harness.poll(id).await;
        assert_eq!((report.outcome, report.status), (PollOutcome::Failed, Some(429)));
        assert_eq!(
            harness.source_record(id).not_before,
            Some(harness.clock.now() + TimeDelta::hours(2))
        );
    }
    assert_eq!(harness.origin.requests_to("/feed").len(), 2);
}

#[tokio::test]
async fn a_new_document_reaches_both_sources_and_a_further_poll_requests_again() {
    let harness = Installation::with_public_sources(two_redirects_to_one_feed);
    harness.origin.script(
        "/feed",
        vec![
            feed_with_etag(&["one"], "\"1\""),
            feed_with_etag(&["one", "two"], "\"2\""),
            Reply::new(304),
        ],
    );
    harness.poll_all_concurrently().await;
    harness.clock.advance(TimeDelta::hours(2));
    assert_eq!((harness.poll("a").await.new_entries, harness.poll("b").await.new_entries), (1, 1));
    assert_eq!(harness.origin.requests_to("/feed").len(), 2);
    // Each has had that answer: asking again is asking.
    harness.poll("b").await;
    harness.poll("b").await;
    assert_eq!(harness.origin.requests_to("/feed").len(), 4);
    assert_eq!(harness.sent_validators("/feed").0.as_deref(), Some("\"2\""));
}

#[tokio::test]
async fn a_response_to_credentials_is_not_shared_with_other_sources() {
    let harness = Installation::with_public_sources(|origin| {
        let mut sources = two_redirects_to_one_feed(origin);
        sources[0] = Source {
            auth: Some(Auth::BearerFile("token".into())),
            ..public_source("a", &origin.url("/feed"))
        };
        sources
    });
    std::fs::write(harness.dir().join("token"), "s3cret").unwrap();
    harness.origin.set_handler(|request| match request.header("authorization") {
        Some("Bearer s3cret") => feed_with_etag(&["secret"], "\"1\""),
        _ => Reply::new(401),
    });
    harness.poll("a").await;
    let report = harness.poll("b").await;
    assert_eq!((report.status, harness.source_state("b").entries), (Some(401), 0));
    assert_eq!(
        harness.poll("a").await.outcome,
        PollOutcome::Unchanged,
        "and no refusal of another's comes back"
    );
}

#[tokio::test]
async fn the_host_limit_of_a_source_is_that_of_its_final_host() {
    let at = |origin: &Origin, host: &str, path: &str| {
        url::Url::parse(&format!("http://{host}:{}{path}", origin.port())).unwrap()
    };
    let mut harness = Installation::with_public_sources(|origin| {
        origin.script("/a", vec![Reply::redirect(302, at(origin, "b.example", "/a2").as_str())]);
        vec![
            public_source("a", &at(origin, "a.example", "/a")),
            public_source("b", &at(origin, "b.example", "/b")),
        ]
    });
    harness.origin.script("/a2", vec![feed_with_etag(&["one"], "\"1\"")]);
    harness.origin.script("/b", vec![feed_with_etag(&["two"], "\"1\"")]);
    assert_eq!(harness.source_record("a").host, "a.example");
    harness.poll("a").await;
    harness.restart();
    assert_eq!(harness.source_record("a").host, "b.example");
    harness.clock.advance(TimeDelta::days(2));
    let (now, asked) = (harness.clock.now(), SourceId::new("b").unwrap());
    let due = harness.read(|reader| reader.due_sources(now, &[asked], &[], 1, 10));
    assert!(due.is_empty(), "nobody waits at that host's gate with a place of others: {due:?}");
}
