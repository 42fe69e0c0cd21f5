//! Many sources on one host: one request at a time, and peace for the host when it refuses.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use chrono::TimeDelta;
use feed_model::{Source, SourceId};
use tributary::clock::Clock as _;
use url::Url;

use crate::support::{
    feeds::feed_with_etag,
    installation::{Installation, public_source},
    origin::{Origin, Reply},
    time::noon,
};

fn url_at(origin: &Origin, host: &str, path: &str) -> Url {
    Url::parse(&format!("http://{host}:{}{path}", origin.port())).unwrap()
}

#[tokio::test]
async fn three_hundred_sources_on_one_host_are_polled_one_at_a_time_for_two_days() {
    const SOURCES: usize = 300;
    let harness = Installation::with_public_sources(|origin| {
        (0..SOURCES)
            .map(|n| public_source(&format!("s{n}"), &origin.url(&format!("/{n}"))))
            .collect()
    });
    let times: Arc<Mutex<HashMap<String, Vec<chrono::DateTime<chrono::Utc>>>>> = Arc::default();
    let (clock, noted) = (harness.clock.clone(), times.clone());
    harness.origin.set_handler(move |request| {
        noted.lock().unwrap().entry(request.path.clone()).or_default().push(clock.now());
        match (request.path.as_str(), request.header("if-none-match")) {
            ("/robots.txt", _) => Reply::ok("User-agent: *\nDisallow: /\n").header("ETag", "\"r\""),
            (_, Some("\"1\"")) => Reply::new(304),
            (path, _) => feed_with_etag(&[path.trim_start_matches('/')], "\"1\""),
        }
    });
    // All at once first, as `poll` does it.
    harness.poll_all_concurrently().await;
    assert_eq!(
        (harness.origin.most_in_flight(), harness.origin.requests().len()),
        (1, SOURCES + 1),
        "one robots.txt for all"
    );
    harness.run_until(noon() + TimeDelta::hours(48) - TimeDelta::milliseconds(1)).await;
    assert_eq!(harness.origin.most_in_flight(), 1);
    let times = times.lock().unwrap();
    for (path, times) in times.iter().filter(|(path, _)| *path != "/robots.txt") {
        assert!((40..=48).contains(&times.len()), "{path}: {} requests", times.len());
        assert!(
            times.windows(2).all(|pair| pair[1] - pair[0] >= TimeDelta::hours(1)),
            "{path}: {times:?}"
        );
    }
    assert_eq!(times["/robots.txt"].len(), 2);
    let mut unconditional: HashMap<String, usize> = HashMap::new();
    for request in
        harness.origin.requests().into_iter().filter(|r| r.header("if-none-match").is_none())
    {
        *unconditional.entry(request.path).or_default() += 1;
    }
    assert_eq!(unconditional.len(), SOURCES + 1);
    assert!(
        unconditional.values().all(|n| *n == 1),
        "each is asked for whole once: {unconditional:?}"
    );
}

fn three_sources_on_one_host_and_one_elsewhere(origin: &Origin) -> Vec<Source> {
    let mut sources: Vec<Source> = ["one", "two", "three"]
        .iter()
        .map(|id| public_source(id, &url_at(origin, "a.example", &format!("/{id}"))))
        .collect();
    sources.push(public_source("elsewhere", &url_at(origin, "b.example", "/elsewhere")));
    sources
}

#[tokio::test]
async fn one_429_backs_off_the_source_and_two_back_off_the_host() {
    let mut harness =
        Installation::with_public_sources(three_sources_on_one_host_and_one_elsewhere);
    for id in ["one", "two", "three", "elsewhere"] {
        harness
            .origin
            .script(&format!("/{id}"), vec![feed_with_etag(&[id], "\"1\""), Reply::new(304)]);
        harness.poll(id).await;
    }
    let refused = |seconds: &str| vec![Reply::new(429).header("Retry-After", seconds)];
    harness.clock.advance(TimeDelta::hours(2));
    let usual = harness.source_record("three").next_poll;
    harness.origin.script("/one", refused("36000"));
    harness.poll("one").await;
    assert_eq!(
        harness.source_record("three").next_poll,
        usual,
        "one refusal says little of the others"
    );

    harness.origin.script("/two", refused("18000"));
    harness.poll("two").await;
    let until = harness.clock.now() + TimeDelta::hours(5);
    harness.restart();
    let state = harness.source_state("three");
    assert_eq!(state.next_poll, Some(until));
    assert_eq!(
        state.next_poll_reason.as_deref(),
        Some("host backoff until 2026-11-21 19:00 UTC: two of its sources answered 429 or 503")
    );
    // Both asked for it by Retry-After: who insists waits as well.
    harness.poller().store.request_polls(&[state.id], true).unwrap();
    harness.clock.advance(TimeDelta::hours(4));
    assert!(!harness.is_due("three") && !harness.is_due("two") && harness.is_due("elsewhere"));
    harness.clock.set(until);
    assert!(harness.is_due("three") && harness.is_due("two") && !harness.is_due("one"));

    // As soon as one of the two is let in again, the others go on as usual.
    harness.origin.script("/two", vec![Reply::new(304)]);
    harness.poll("two").await;
    harness.poll("three").await;
    assert!(harness.time_until_next_poll("three") <= TimeDelta::minutes(66));
}

#[tokio::test]
async fn a_success_during_host_backoff_does_not_end_it() {
    let harness = Installation::with_public_sources(three_sources_on_one_host_and_one_elsewhere);
    harness.origin.script("/three", vec![feed_with_etag(&["three"], "\"1\""), Reply::new(304)]);
    harness.poll("three").await;
    for id in ["one", "two"] {
        harness
            .origin
            .script(&format!("/{id}"), vec![Reply::new(503).header("Retry-After", "86400")]);
        harness.poll(id).await;
    }
    harness.poll("three").await;
    assert_eq!(harness.time_until_next_poll("three"), TimeDelta::hours(24));
    assert!(
        harness.source_state("three").next_poll_reason.unwrap().starts_with("host backoff until")
    );
}

#[tokio::test]
async fn due_sources_are_picked_up_to_the_free_slots_of_each_host() {
    let harness = Installation::with_public_sources(three_sources_on_one_host_and_one_elsewhere);
    let now = harness.clock.now();
    let due = harness.read(|reader| reader.due_sources(now, &[], &[], 1, 100));
    let hosts: Vec<_> = due.iter().map(|due| due.host.as_str()).collect();
    assert_eq!(hosts, ["a.example", "b.example"], "one of each host");
    let due = harness
        .read(|reader| reader.due_sources(now, &[SourceId::new("one").unwrap()], &[], 1, 100));
    assert_eq!(due.iter().map(|due| due.id.as_str()).collect::<Vec<_>>(), ["elsewhere"]);
}
