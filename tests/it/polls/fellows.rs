//! Sources that turn out to read one document: one request serves them all, and each keeps what is its own.

use chrono::TimeDelta;
use feed_model::{Auth, Source, SourceId};
use tributary::{clock::Clock as _, poll::Outcome, store::StoryQuery};

use super::world::{World, noon, source, tagged};
use crate::support::origin::{Origin, Received, Reply};

/// Two addresses that send to one feed, the second for a while only.
fn two_ways(origin: &Origin) -> Vec<Source> {
    origin.script("/a", vec![Reply::redirect(302, "/feed")]);
    origin.script("/b", vec![Reply::redirect(307, "/feed")]);
    vec![source("a", &origin.url("/a")), source("b", &origin.url("/b"))]
}

fn conditional(request: &Received) -> Reply {
    match (request.path.as_str(), request.header("if-none-match")) {
        ("/feed", Some("\"1\"")) => Reply::new(304),
        ("/feed", _) => tagged(&["one", "two"], "\"1\""),
        _ => Reply::new(404),
    }
}

#[tokio::test]
async fn two_days_of_two_sources_are_one_request_an_hour() {
    let mut world = World::new(two_ways);
    world.origin.answer(conditional);
    world.poll_all_at_once().await;
    assert_eq!(world.origin.requests_to("/feed").len(), 1, "one for both from the first poll on");
    world.run_until(noon() + TimeDelta::hours(24)).await;
    world.restart();
    world.run_until(noon() + TimeDelta::hours(48)).await;
    let asked = world.origin.requests_to("/feed");
    assert!((40..=48).contains(&asked.len()), "{} requests", asked.len());
    assert_eq!(asked.iter().filter(|request| request.header("if-none-match").is_none()).count(), 1);
    for id in ["a", "b"] {
        let state = world.state(id);
        assert_eq!((state.entries, state.last_status, state.failures), (2, Some(304), 0), "{id}");
        assert!(world.origin.requests_to(&format!("/{id}")).len() >= 40, "each asks where feeds.toml says");
    }
    let both = world.read(|reader| reader.stories(&StoryQuery::default()));
    assert!(both.len() == 2 && both.iter().all(|story| story.sources.len() == 2), "each has its entries: {both:?}");
}

#[tokio::test]
async fn who_came_first_waits_for_the_other_and_says_so() {
    let world = World::new(two_ways);
    world.origin.answer(conditional);
    world.poll("a").await;
    world.clock.advance(TimeDelta::minutes(40));
    world.poll("b").await;
    assert_eq!(world.origin.requests_to("/feed").len(), 2, "too long ago for the first answer");
    // Which of them waits is a matter of jitter; that they come together is not.
    world.run_until(noon() + TimeDelta::hours(4)).await;
    assert_eq!(world.memory("a").next_poll, world.memory("b").next_poll);
    let because: Vec<String> = ["a", "b"].iter().filter_map(|id| world.state(id).next_poll_because).collect();
    assert!(because.iter().any(|because| because.contains("together with source")), "{because:?}");
    world.origin.forget();
    world.run_until(noon() + TimeDelta::hours(28)).await;
    let (both, a) = (world.origin.requests_to("/feed").len(), world.origin.requests_to("/a").len());
    assert_eq!(both, a, "one request for both");
}

#[tokio::test]
async fn what_is_refused_to_one_is_refused_to_both() {
    let world = World::new(two_ways);
    world.origin.script("/feed", vec![tagged(&["one"], "\"1\""), Reply::new(429).header("Retry-After", "7200")]);
    world.poll_all_at_once().await;
    world.clock.advance(TimeDelta::hours(2));
    for id in ["a", "b"] {
        let report = world.poll(id).await;
        assert_eq!((report.outcome, report.status), (Outcome::Failed, Some(429)));
        assert_eq!(world.memory(id).not_before, Some(world.clock.now() + TimeDelta::hours(2)));
    }
    assert_eq!(world.origin.requests_to("/feed").len(), 2);
}

#[tokio::test]
async fn a_new_document_reaches_both_and_who_insists_asks_by_itself() {
    let world = World::new(two_ways);
    world.origin.script("/feed", vec![tagged(&["one"], "\"1\""), tagged(&["one", "two"], "\"2\""), Reply::new(304)]);
    world.poll_all_at_once().await;
    world.clock.advance(TimeDelta::hours(2));
    assert_eq!((world.poll("a").await.new_entries, world.poll("b").await.new_entries), (1, 1));
    assert_eq!(world.origin.requests_to("/feed").len(), 2);
    // Each has had that answer: asking again is asking.
    world.poll("b").await;
    world.poll("b").await;
    assert_eq!(world.origin.requests_to("/feed").len(), 4);
    assert_eq!(world.sent("/feed").0.as_deref(), Some("\"2\""));
}

#[tokio::test]
async fn what_is_asked_for_with_credentials_is_for_who_has_them() {
    let world = World::new(|origin| {
        let mut sources = two_ways(origin);
        sources[0] = Source { auth: Some(Auth::BearerFile("token".into())), ..source("a", &origin.url("/feed")) };
        sources
    });
    std::fs::write(world.dir().join("token"), "s3cret").unwrap();
    world.origin.answer(|request| match request.header("authorization") {
        Some("Bearer s3cret") => tagged(&["secret"], "\"1\""),
        _ => Reply::new(401),
    });
    world.poll("a").await;
    let report = world.poll("b").await;
    assert_eq!((report.status, world.state("b").entries), (Some(401), 0));
    assert_eq!(world.poll("a").await.outcome, Outcome::Unchanged, "and no refusal of another's comes back");
}

#[tokio::test]
async fn a_source_is_known_by_the_host_that_answers_it() {
    let at =
        |origin: &Origin, host: &str, path: &str| url::Url::parse(&format!("http://{host}:{}{path}", origin.port())).unwrap();
    let mut world = World::new(|origin| {
        origin.script("/a", vec![Reply::redirect(302, at(origin, "b.example", "/a2").as_str())]);
        vec![source("a", &at(origin, "a.example", "/a")), source("b", &at(origin, "b.example", "/b"))]
    });
    world.origin.script("/a2", vec![tagged(&["one"], "\"1\"")]);
    world.origin.script("/b", vec![tagged(&["two"], "\"1\"")]);
    assert_eq!(world.memory("a").host, "a.example");
    world.poll("a").await;
    world.restart();
    assert_eq!(world.memory("a").host, "b.example");
    world.clock.advance(TimeDelta::days(2));
    let (now, asked) = (world.clock.now(), SourceId::new("b").unwrap());
    let due = world.read(|reader| reader.due(now, &[asked], 1, 10));
    assert!(due.is_empty(), "nobody waits at that host's gate with a place of others: {due:?}");
}
