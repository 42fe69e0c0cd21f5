//! Many sources on one host: one request at a time, and peace for the host when it refuses.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use chrono::TimeDelta;
use feed_model::{Source, SourceId};
use tributary::clock::Clock as _;
use url::Url;

use super::world::{World, noon, source, tagged};
use crate::support::origin::{Origin, Reply};

fn at(origin: &Origin, host: &str, path: &str) -> Url {
    Url::parse(&format!("http://{host}:{}{path}", origin.port())).unwrap()
}

#[tokio::test]
async fn two_days_of_three_hundred_sources_on_one_host() {
    const SOURCES: usize = 300;
    let world = World::new(|origin| (0..SOURCES).map(|n| source(&format!("s{n}"), &origin.url(&format!("/{n}")))).collect());
    let times: Arc<Mutex<HashMap<String, Vec<chrono::DateTime<chrono::Utc>>>>> = Arc::default();
    let (clock, noted) = (world.clock.clone(), times.clone());
    world.origin.answer(move |request| {
        noted.lock().unwrap().entry(request.path.clone()).or_default().push(clock.now());
        match (request.path.as_str(), request.header("if-none-match")) {
            ("/robots.txt", _) => Reply::ok("User-agent: *\nDisallow: /\n").header("ETag", "\"r\""),
            (_, Some("\"1\"")) => Reply::new(304),
            (path, _) => tagged(&[path.trim_start_matches('/')], "\"1\""),
        }
    });
    // All at once first, as `poll` does it.
    world.poll_all_at_once().await;
    assert_eq!((world.origin.most_in_flight(), world.origin.requests().len()), (1, SOURCES + 1), "one robots.txt for all");
    world.run_until(noon() + TimeDelta::hours(48) - TimeDelta::milliseconds(1)).await;
    assert_eq!(world.origin.most_in_flight(), 1);
    let times = times.lock().unwrap();
    for (path, times) in times.iter().filter(|(path, _)| *path != "/robots.txt") {
        assert!((40..=48).contains(&times.len()), "{path}: {} requests", times.len());
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= TimeDelta::hours(1)), "{path}: {times:?}");
    }
    assert_eq!(times["/robots.txt"].len(), 2);
    let mut unconditional: HashMap<String, usize> = HashMap::new();
    for request in world.origin.requests().into_iter().filter(|r| r.header("if-none-match").is_none()) {
        *unconditional.entry(request.path).or_default() += 1;
    }
    assert_eq!(unconditional.len(), SOURCES + 1);
    assert!(unconditional.values().all(|n| *n == 1), "each is asked for whole once: {unconditional:?}");
}

fn three_and_another(origin: &Origin) -> Vec<Source> {
    let mut sources: Vec<Source> =
        ["one", "two", "three"].iter().map(|id| source(id, &at(origin, "a.example", &format!("/{id}")))).collect();
    sources.push(source("elsewhere", &at(origin, "b.example", "/elsewhere")));
    sources
}

#[tokio::test]
async fn one_refusal_pauses_the_source_alone_and_two_the_host() {
    let mut world = World::new(three_and_another);
    for id in ["one", "two", "three", "elsewhere"] {
        world.origin.script(&format!("/{id}"), vec![tagged(&[id], "\"1\""), Reply::new(304)]);
        world.poll(id).await;
    }
    let refused = |seconds: &str| vec![Reply::new(429).header("Retry-After", seconds)];
    world.clock.advance(TimeDelta::hours(2));
    let usual = world.memory("three").next_poll;
    world.origin.script("/one", refused("36000"));
    world.poll("one").await;
    assert_eq!(world.memory("three").next_poll, usual, "one refusal says little of the others");

    world.origin.script("/two", refused("18000"));
    world.poll("two").await;
    let until = world.clock.now() + TimeDelta::hours(5);
    world.restart();
    let state = world.state("three");
    assert_eq!(state.next_poll, Some(until));
    assert_eq!(
        state.next_poll_because.as_deref(),
        Some("its host is left in peace until 2026-11-21 19:00 UTC: two of its sources were refused (429 or 503)")
    );
    // Both asked for it by Retry-After: who insists waits as well.
    world.poller.store.request_polls(&[state.id], true).unwrap();
    world.clock.advance(TimeDelta::hours(4));
    assert!(!world.is_due("three") && !world.is_due("two") && world.is_due("elsewhere"));
    world.clock.set(until);
    assert!(world.is_due("three") && world.is_due("two") && !world.is_due("one"));

    // As soon as one of the two is let in again, the others go on as usual.
    world.origin.script("/two", vec![Reply::new(304)]);
    world.poll("two").await;
    world.poll("three").await;
    assert!(world.next_in("three") <= TimeDelta::minutes(66));
}

#[tokio::test]
async fn an_answer_during_the_peace_does_not_end_it() {
    let world = World::new(three_and_another);
    world.origin.script("/three", vec![tagged(&["three"], "\"1\""), Reply::new(304)]);
    world.poll("three").await;
    for id in ["one", "two"] {
        world.origin.script(&format!("/{id}"), vec![Reply::new(503).header("Retry-After", "86400")]);
        world.poll(id).await;
    }
    world.poll("three").await;
    assert_eq!(world.next_in("three"), TimeDelta::hours(24));
    assert!(world.state("three").next_poll_because.unwrap().starts_with("its host is left in peace until"));
}

#[tokio::test]
async fn a_slow_host_holds_nobody_up() {
    let world = World::new(three_and_another);
    let now = world.clock.now();
    let due = world.read(|reader| reader.due(now, &[], 1, 100));
    let hosts: Vec<_> = due.iter().map(|due| due.host.as_str()).collect();
    assert_eq!(hosts, ["a.example", "b.example"], "one of each host");
    let due = world.read(|reader| reader.due(now, &[SourceId::new("one").unwrap()], 1, 100));
    assert_eq!(due.iter().map(|due| due.id.as_str()).collect::<Vec<_>>(), ["elsewhere"]);
}
