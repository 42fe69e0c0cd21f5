//! kill -9 at any moment: nothing that was published is lost, nothing doubles, no published id
//! changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Stdio,
    sync::mpsc,
    time::{Duration, Instant},
};

use super::{HEAD, TOPICS};
use crate::support::{
    origin::{Origin, Reply},
    program::{Daemon, Program, wait_for},
    sample_feeds::{Post, rss},
};

/// So that every story stays in the feed window.
const LARGE_WINDOW: &str = "\n[publishing]\nmax_entries = 500\n";

/// Returns how often a kind of work is killed: as often as `TRIBUTARY_KILLS` says, else `default`.
pub(super) fn kills(default: u32) -> u32 {
    #[allow(clippy::disallowed_methods)] // the length of the test, not an option of the program
    let number = std::env::var("TRIBUTARY_KILLS").ok().and_then(|text| text.parse().ok());
    number.unwrap_or(default)
}

/// The feed as it is in a round: one post more each time, the oldest falling out after a while.
pub(super) fn serve_round(origin: &Origin, round: u32) {
    let posts: Vec<Post> = (0..=round)
        .rev()
        .take(20)
        .map(|n| {
            Post::new(
                &format!("post-{n}"),
                &format!("Kafka, part {n}"),
                1 + n % 28,
                "What happened since the last part.",
            )
        })
        .collect();
    origin.script(
        "/rss",
        vec![Reply::ok(rss("A growing feed", &posts)).header("ETag", &format!("\"{round}\""))],
    );
}

/// What was once seen of each story: its published id by its link.
#[derive(Default)]
struct SeenStories(BTreeMap<String, String>);

impl SeenStories {
    /// Holds what is published now against everything that was published before.
    fn assert_nothing_lost(&mut self, round: u32, published: &[(String, String)]) {
        let links: BTreeSet<&String> = published.iter().map(|(link, _)| link).collect();
        assert_eq!(
            links.len(),
            published.len(),
            "round {round}: a story is there twice: {published:?}"
        );
        let ids: BTreeSet<&String> = published.iter().map(|(_, id)| id).collect();
        assert_eq!(
            ids.len(),
            published.len(),
            "round {round}: an id is there twice: {published:?}"
        );
        for (link, id) in &self.0 {
            let now = published.iter().find(|(known, _)| known == link);
            assert_eq!(
                now.map(|(_, id)| id),
                Some(id),
                "round {round}: {link} was lost or has another id"
            );
        }
        self.0.extend(published.iter().cloned());
    }
}

fn listed_stories(program: &Program) -> Vec<(String, String)> {
    let ended = program.run(&["stories", "--json", "--limit", "0"]);
    if ended.code == 1 && ended.stderr.contains("no database in") {
        return Vec::new();
    }
    // Killed between making the file and its first migration: there is nothing to list yet, and the
    // next poll makes it whole.
    if ended.code == 1 && ended.stderr.contains("has schema version 0") {
        return Vec::new();
    }
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let stories: Vec<serde_json::Value> = serde_json::from_str(&ended.stdout).unwrap();
    stories
        .iter()
        .map(|s| {
            (s["url"].as_str().unwrap().to_owned(), s["published_id"].as_str().unwrap().to_owned())
        })
        .collect()
}

fn feed_items(bytes: &[u8]) -> Vec<(String, String)> {
    let feed: serde_json::Value = serde_json::from_slice(bytes).unwrap();
    let text = |item: &serde_json::Value, key: &str| item[key].as_str().unwrap().to_owned();
    feed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (text(item, "url"), text(item, "id")))
        .collect()
}

/// Waits for a while that is the point of the test: nothing that it asserts depends on how long.
pub(super) fn sleep_for(while_: Duration) {
    let (_keep, never) = mpsc::channel::<()>();
    let _ = never.recv_timeout(while_);
}

#[test]
fn killed_polls_lose_and_duplicate_nothing() {
    let rounds = kills(30);
    let origin = Origin::start();
    serve_round(&origin, 0);
    let program = Program::with(&(super::feeds_toml(&origin, &["/rss"]) + LARGE_WINDOW));
    // A whole poll elsewhere says how long one takes.
    let measured = Program::with(&(super::feeds_toml(&origin, &["/rss"]) + LARGE_WINDOW));
    measured.run_ok(&["poll"]);
    serve_round(&origin, 1);
    let begun = Instant::now();
    measured.run_ok(&["poll", "--force"]);
    let whole = begun.elapsed();
    let mut seen = SeenStories::default();
    let mut killed = 0;
    for round in 1..=rounds {
        serve_round(&origin, round);
        let mut child = program
            .command(&["poll", "--force"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // From at once to about the end, in an order that mixes early and late.
        sleep_for(whole * (round * 7 % rounds) / rounds);
        killed += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        seen.assert_nothing_lost(round, &listed_stories(&program));
    }
    assert!(killed > rounds / 5, "only {killed} polls were still at work when they were killed");
    program.run_ok(&["poll", "--force"]);
    seen.assert_nothing_lost(rounds + 1, &listed_stories(&program));
    let numbers: BTreeSet<&str> =
        seen.0.keys().map(|link| link.rsplit('-').next().unwrap()).collect();
    for n in (0..=rounds).rev().take(20) {
        assert!(
            numbers.contains(n.to_string().as_str()),
            "post {n} is in the feed and was never stored"
        );
    }
    assert_eq!(program.run(&["doctor"]).code, 0);
    program.run_ok(&["publish", "public"]);
    let published =
        feed_items(&std::fs::read(program.join("public/topics/all/feed.json")).unwrap());
    assert_eq!(published.into_iter().collect::<BTreeMap<_, _>>(), seen.0);
}

#[test]
fn a_killed_daemon_loses_nothing_it_had_served() {
    let origin = Origin::start();
    serve_round(&origin, 0);
    let program = Program::with(&format!(
        "{HEAD}[[source]]\nid = \"rss\"\nurl = \"{}\"\nfollow = \"feed\"\ninterval = \"1s\"\n\n\
         {TOPICS}{LARGE_WINDOW}",
        origin.url("/rss")
    ));
    let mut seen = SeenStories::default();
    let log = program.join("log");
    for round in 1..=kills(10) {
        serve_round(&origin, round);
        let daemon = Daemon::start(program.command(&["serve", "--listen", "127.0.0.1:0"]), &log)
            .expect("it starts after a kill");
        // What is stored is served from the first request on.
        seen.assert_nothing_lost(round, &feed_items(&daemon.get("/topics/all/feed.json").body));
        if round % 3 == 0 {
            let newest = format!("/post-{round}");
            wait_for("the newest post is served", || {
                let feed = feed_items(&daemon.get("/topics/streaming/feed.json").body);
                feed.iter().any(|(link, _)| link.ends_with(&newest)).then_some(())
            });
        } else {
            sleep_for(Duration::from_millis(u64::from(round) * 53 % 400));
        }
        seen.assert_nothing_lost(round, &feed_items(&daemon.get("/topics/all/feed.json").body));
        daemon.kill();
        seen.assert_nothing_lost(round, &listed_stories(&program));
    }
    assert!(seen.0.len() >= 9, "{:?}", seen.0);
    assert_eq!(program.run(&["doctor"]).code, 0);
}
