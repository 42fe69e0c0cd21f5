//! Kills of the process at random instants while it delivers. `TRIBUTARY_KILLS=30` has it killed
//! more often than three times.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    time::{Duration, Instant},
};

use super::{
    hub::{LOOPBACK, Publisher, query, serve, subscribe},
    webhooks::{notify, titles, topic},
};
use crate::support::{
    origin::{Origin, ReceivedRequest, Reply},
    program::wait_for,
};

/// Servers of subscribers, each with this many.
const HOSTS: usize = 4;
const SUBSCRIBERS_OF_HOST: usize = 10;
/// A delivery is under way from its request until its result is stored.
const UNDER_WAY: Duration = Duration::from_millis(500);

/// A receiver that takes some time.
fn receiver() -> Origin {
    let origin = Origin::start();
    origin.set_handler(|request| {
        if let Some(challenge) = query(request, "hub.challenge") {
            return Reply::ok(challenge);
        }
        std::thread::sleep(Duration::from_millis(10));
        Reply::new(200)
    });
    origin
}

/// Returns for each request that repeats an earlier one to the same address when that one came.
fn repeated(origin: &Origin) -> Vec<Instant> {
    let mut first: HashMap<(String, Vec<u8>), Instant> = HashMap::new();
    let mut repeated = Vec::new();
    for request in origin.requests().into_iter().filter(|request| request.method == "POST") {
        let ReceivedRequest { path, body, at, .. } = request;
        repeated.extend(first.insert((path, body), at));
    }
    repeated
}

#[test]
fn kills_at_random_instants_lose_nothing_and_repeat_only_what_was_under_way() {
    #[allow(clippy::disallowed_methods)] // the length of the test, not an option of the program
    let kills = std::env::var("TRIBUTARY_KILLS");
    let kills: u32 = kills.map_or(3, |n| n.parse().unwrap());
    let publisher = Publisher::start();
    let hosts: Vec<Origin> = (0..HOSTS).map(|_| receiver()).collect();
    let hooks = [receiver(), receiver()];
    let notify: String = hooks.iter().map(|hook| notify(hook, "/hook", "")).collect();
    let program = publisher.program(&topic(&notify));
    let mut daemon = serve(&program, LOOPBACK);
    let address = daemon.address.to_string();
    let path = "/topics/rest/feed.json";
    wait_for("the feed is imported", || daemon.get(path).text().contains("number 1").then_some(()));
    for host in &hosts {
        for n in 0..SUBSCRIBERS_OF_HOST {
            let callback = host.url(&format!("/s/{n}"));
            assert_eq!(subscribe(&daemon, path, callback.as_str(), &[]).status, 202);
        }
    }
    let count = HOSTS * SUBSCRIBERS_OF_HOST;
    wait_for("all are subscribed", || {
        (program.json(&["topics"])[0]["subscribers"] == count).then_some(())
    });
    let mut killed = Vec::new();
    for kill in 0..kills {
        publisher.post(kill + 2);
        let random = RandomState::new().hash_one(kill) % 2500;
        std::thread::sleep(Duration::from_millis(random));
        killed.push(Instant::now());
        daemon.kill();
        daemon = serve(&program, &address);
    }
    let last = kills + 2;
    publisher.post(last);
    let text = format!("number {last}\"");
    let has_last = |request: &ReceivedRequest| {
        request.method == "POST" && String::from_utf8_lossy(&request.body).contains(&text)
    };
    for host in &hosts {
        for n in 0..SUBSCRIBERS_OF_HOST {
            let path = format!("/s/{n}");
            wait_for("every subscriber has the last version", || {
                host.requests_to(&path).into_iter().find(|request| has_last(request))
            });
        }
    }
    let expected: Vec<String> = (2..=last).map(|n| format!("Story number {n}")).collect();
    for hook in &hooks {
        wait_for("every story is told in order", || {
            let mut told = titles(hook, "/hook");
            told.dedup();
            (told == expected).then_some(())
        });
    }
    let receivers = || hosts.iter().chain(&hooks);
    let requests: usize = receivers().map(|origin| origin.requests().len()).sum();
    let doubles: Vec<Instant> = receivers().flat_map(repeated).collect();
    println!(
        "{kills} kills, {count} subscribers, {} webhooks: {requests} requests, nothing lost, {} \
         repeated",
        hooks.len(),
        doubles.len()
    );
    for first in &doubles {
        let was_under_way = killed
            .iter()
            .any(|kill| kill.checked_duration_since(*first).is_some_and(|age| age < UNDER_WAY));
        assert!(was_under_way, "a delivery was repeated that no kill interrupted");
    }
}
