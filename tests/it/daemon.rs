//! `serve`: what it answers, how it starts and ends, and what works beside it.

use std::{collections::BTreeSet, fs, time::Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::{
    program::{HEAD, TOPICS, polled, posts, three_feeds, validated},
    support::{
        origin::{Origin, Reply},
        program::{Daemon, Home, eventually},
        publication::{Post, rss},
    },
};

/// The paths that are documents: the same bytes as the static files.
const DOCUMENTS: [&str; 12] = [
    "/topics/streaming/feed.atom",
    "/topics/streaming/feed.rss",
    "/topics/streaming/feed.json",
    "/topics/databases/feed.atom",
    "/topics/databases/feed.rss",
    "/topics/databases/feed.json",
    "/topics/all/feed.atom",
    "/topics/all/feed.rss",
    "/topics/all/feed.json",
    "/opml.xml",
    "/sources.opml",
    "/style.css",
];

/// The paths that are pages.
const PAGES: [&str; 5] = ["/", "/topics/streaming", "/topics/databases", "/topics/all", "/sources"];

/// A feeds.toml whose sources are asked every second.
fn lively(origin: &Origin, paths: &[&str]) -> String {
    super::program::feeds_toml(origin, paths).replace("follow = \"feed\"", "follow = \"feed\"\ninterval = \"1s\"")
}

fn titles(daemon: &Daemon, topic: &str) -> Vec<String> {
    let answer = daemon.get(&format!("/topics/{topic}/feed.json"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let feed: Value = serde_json::from_slice(&answer.body).unwrap();
    feed["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_address_answers_with_the_bytes_of_the_static_files() {
    let home = polled(&three_feeds());
    home.done(&["publish", "public"]);
    let daemon = home.serve();
    let id = home.json(&["stories"])[0]["id"].as_str().unwrap().to_owned();
    let story = format!("/stories/{id}");
    for path in DOCUMENTS.into_iter().chain(PAGES).chain([story.as_str()]) {
        let answer = daemon.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let page = PAGES.contains(&path) || path == story;
        let file = if page { format!("public{path}/index.html") } else { format!("public{path}") };
        // The page that is served says when each source is asked next; the file that stands says no such thing.
        assert!(path == "/sources" || answer.body == fs::read(home.join(&file)).unwrap(), "{path} is not {file}");
        let etag = answer.field("etag").unwrap_or_else(|| panic!("{path} has no ETag"));
        let again = daemon.ask("GET", path, &[("If-None-Match", etag)]);
        assert_eq!((again.status, again.body.len(), again.field("etag")), (304, 0, Some(etag)), "{path}");
        let other = daemon.ask("GET", path, &[("If-None-Match", "\"another\"")]);
        assert!(other.status == 200 && other.body == answer.body, "{path}");
        let head = daemon.ask("HEAD", path, &[]);
        assert_eq!((head.status, head.body.len(), head.field("etag")), (200, 0, Some(etag)), "{path}");
        assert_eq!(head.field("content-length"), answer.field("content-length"), "{path}");
        if let Some(modified) = answer.field("last-modified") {
            assert_eq!(daemon.ask("GET", path, &[("If-Modified-Since", modified)]).status, 304, "{path}");
            assert_eq!(daemon.ask("GET", path, &[("If-Modified-Since", "Mon, 01 Jan 2024 00:00:00 GMT")]).status, 200, "{path}");
        }
    }
    for path in &DOCUMENTS[..9] {
        assert!(daemon.get(path).field("last-modified").is_some(), "{path}");
    }
}

#[test]
fn the_other_addresses_answer_as_documented() {
    let home = polled(&three_feeds());
    let daemon = home.serve();
    for (path, status) in [
        ("/healthz", 200),
        ("/readyz", 200),
        ("/topics/databases+streaming", 200),
        ("/topics/databases+streaming/feed.atom", 200),
        ("/topics/databases%2Bstreaming/feed.rss", 200),
        ("/topics/streaming+databases", 308),
        ("/topics/streaming+databases/feed.json", 308),
        ("/topics/streaming%2Bdatabases/feed.json", 308),
        ("/topics/nothing", 404),
        ("/topics/nothing/feed.atom", 404),
        ("/topics/streaming+nothing/feed.atom", 404),
        ("/topics/streaming/feed.xml", 404),
        ("/stories/4711", 404),
        ("/stories/x", 404),
        ("/nothing", 404),
        ("/../feeds.toml", 404),
    ] {
        let answer = daemon.get(path);
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        if path.starts_with("/topics/") && status == 404 && !path.ends_with("feed.xml") {
            for topic in ["/topics/streaming", "/topics/databases"] {
                assert!(answer.text().contains(topic), "{path}: the topics are listed: {}", answer.text());
            }
        }
    }
    let to = daemon.get("/topics/streaming+databases/feed.json").field("location").unwrap().to_owned();
    assert!(
        to == "/topics/databases+streaming/feed.json" || to == "https://reader.example/topics/databases+streaming/feed.json",
        "{to}"
    );
    let union: Value = serde_json::from_slice(&daemon.get("/topics/databases+streaming/feed.json").body).unwrap();
    let ids: BTreeSet<&str> = union["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), union["items"].as_array().unwrap().len()), (5, 5), "what is in both topics is there once");
    assert_eq!(daemon.ask("POST", "/", &[]).status, 405);
}

#[test]
fn a_restart_keeps_every_byte_and_etag() {
    let origin = three_feeds();
    for path in ["/rss", "/atom", "/json"] {
        let first = match path {
            "/rss" => rss("An RSS feed", &posts()[0]),
            "/atom" => crate::support::publication::atom("An Atom feed", &posts()[1]),
            _ => crate::support::publication::json("A JSON feed", &posts()[2]),
        };
        origin.script(path, vec![validated(path, first), Reply::new(304)]);
    }
    let home = Home::with(&lively(&origin, &["/rss", "/atom", "/json"]));
    home.done(&["poll"]);
    let union = "/topics/databases+streaming/feed.atom";
    let look = |daemon: &Daemon| {
        let paths = DOCUMENTS.into_iter().chain([union, "/", "/topics/streaming"]).filter(|path| *path != "/sources.opml");
        paths
            .map(|path| (path, daemon.get(path)))
            .map(|(path, a)| (path, a.field("etag").map(str::to_owned), a.body))
            .collect::<Vec<_>>()
    };
    let daemon = home.serve();
    let first = look(&daemon);
    let asked = origin.requests().len();
    eventually("polls that bring nothing new", || (origin.requests().len() > asked + 6).then_some(()));
    assert!(look(&daemon) == first, "a poll without news moved something");
    assert_eq!(daemon.stop(Signal::TERM), Some(0));
    let daemon = home.serve();
    assert!(look(&daemon) == first, "a restart moved something");
    daemon.kill();
    assert!(look(&home.serve()) == first, "a kill moved something");
}

#[test]
fn both_signals_end_it_within_seconds_with_everything_stored() {
    let origin = three_feeds();
    let home = Home::with(&lively(&origin, &["/rss", "/atom", "/json"]));
    for signal in [Signal::TERM, Signal::INT] {
        let daemon = home.serve();
        eventually("the sources are read", || (titles(&daemon, "all").len() == 6).then_some(()));
        let begun = Instant::now();
        assert_eq!(daemon.stop(signal), Some(0), "{signal:?}");
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
        assert!(!home.join("data/tributary.db-wal").exists(), "the log is written back");
        assert_eq!(home.json(&["stories"]).as_array().unwrap().len(), 6);
    }
}

/// Somebody who reads the database beside it, a backup for instance, keeps the log from being written back.
#[test]
fn who_reads_the_database_beside_it_holds_up_no_stop() {
    let origin = three_feeds();
    let home = Home::with(&lively(&origin, &["/rss"]));
    let daemon = home.serve();
    eventually("the source is read", || (titles(&daemon, "all").len() == 3).then_some(()));
    let reader = rusqlite::Connection::open(home.database()).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM entry").unwrap();
    eventually("it is asked again, which is stored", || (origin.requests_to("/rss").len() > 3).then_some(()));
    let begun = Instant::now();
    assert_eq!(daemon.stop(Signal::TERM), Some(0));
    assert!(begun.elapsed().as_secs() < 8, "{:?}", begun.elapsed());
    drop(reader);
    assert_eq!(home.json(&["stories"]).as_array().unwrap().len(), 3);
}

/// A publisher that does not answer holds up neither the others nor the end.
#[test]
fn it_ends_in_time_though_a_publisher_hangs() {
    let origin = three_feeds();
    origin.script("/slow", vec![Reply::ok("<rss").length(1000).hang()]);
    let home = Home::with(&lively(&origin, &["/slow", "/rss"]).replace("timeout = \"5s\"", "timeout = \"60s\"\nper_host = 2"));
    let daemon = home.serve();
    eventually("the slow one is asked", || (origin.requests_to("/slow").len() == 1).then_some(()));
    eventually("the other is read", || (titles(&daemon, "all").len() == 3).then_some(()));
    let begun = Instant::now();
    assert_eq!(daemon.stop(Signal::TERM), Some(0));
    assert!(begun.elapsed().as_secs() < 15, "{:?}", begun.elapsed());
    assert_eq!(home.json(&["stories"]).as_array().unwrap().len(), 3);
}

#[test]
fn a_second_daemon_on_the_same_directory_is_refused() {
    let home = polled(&three_feeds());
    let daemon = home.serve();
    let second = home.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!((second.code, second.out.as_str()), (1, ""), "{}", second.err);
    let said = format!("another tributary is at work in data (process {})", daemon.pid());
    assert!(second.err.contains(&said) && second.err.contains("hint:"), "{}", second.err);
    assert_eq!(daemon.get("/healthz").status, 200);
    // Another directory is another daemon.
    let other = Daemon::start(home.command(&["serve", "--listen", "127.0.0.1:0", "--data", "other"]), &home.join("other.log"));
    assert!(other.is_some());
}

#[test]
fn an_address_that_is_taken_is_named() {
    let home = polled(&three_feeds());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = home.run(&["serve", "--listen", &address]);
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains(&format!("cannot listen on {address}")), "{}", ended.err);
}

#[test]
fn a_poll_beside_it_is_handed_over_and_done_within_seconds() {
    let origin = three_feeds();
    let home = polled(&origin);
    let daemon = home.serve();
    // Nothing is due: the floors are hours away.
    let handed = home.json(&["poll"]);
    assert!(handed["sources"].as_array().unwrap().iter().all(|s| s["outcome"] == "not_attempted"), "{handed}");
    let [mut r, ..] = posts();
    r.insert(0, Post::new("r4", "Kafka, again", 25, "There is always more."));
    origin.script("/rss", vec![Reply::ok(rss("An RSS feed", &r))]);
    let handed = home.run(&["poll", "--force", "rss", "--json"]);
    assert_eq!(handed.code, 0, "{}", handed.err);
    assert!(handed.err.contains("a daemon is at work here"), "{}", handed.err);
    let handed: Value = serde_json::from_str(&handed.out).unwrap();
    assert_eq!((&handed["sources"][0]["outcome"], &handed["attempted"]), (&"handed_over".into(), &0.into()));
    eventually("the daemon polls and publishes", || {
        titles(&daemon, "streaming").contains(&"Kafka, again".to_owned()).then_some(())
    });
    assert_eq!((origin.requests_to("/rss").len(), origin.requests_to("/atom").len()), (2, 1));
    assert!(daemon.log().contains("polled rss: changed, 1 new"), "{}", daemon.log());
}

#[test]
fn what_a_person_decides_beside_it_is_published_within_seconds() {
    let home = polled(&three_feeds());
    let daemon = home.serve();
    let id = |title: &str| {
        let stories = home.json(&["stories"]);
        let story = stories.as_array().unwrap().iter().find(|s| s["title"] == title).unwrap_or_else(|| panic!("{title}")).clone();
        story["id"].as_str().unwrap().to_owned()
    };
    let cache = "A cache in front of nothing";
    home.done(&["label", &id(cache), "streaming"]);
    eventually("the label shows", || titles(&daemon, "streaming").contains(&cache.to_owned()).then_some(()));
    let parted = id("Exactly once in Flink");
    home.done(&["label", "--split", &parted]);
    eventually("the parting shows", || (titles(&daemon, "all").len() == 7).then_some(()));
    let forgotten = id("SQLite in production");
    home.done(&["forget", &forgotten]);
    eventually("what is forgotten is gone", || {
        (!titles(&daemon, "databases").contains(&"SQLite in production".to_owned())).then_some(())
    });
    assert_eq!(daemon.get(&format!("/stories/{forgotten}")).status, 404);
    assert!(!daemon.get("/").text().contains("SQLite in production"));
}

#[test]
fn reading_publishing_and_backing_up_work_beside_it() {
    let origin = three_feeds();
    let home = Home::with(&lively(&origin, &["/rss", "/atom", "/json"]));
    let daemon = home.serve();
    eventually("the sources are read", || (titles(&daemon, "all").len() == 6).then_some(()));
    for command in ["stories", "sources", "topics", "status"] {
        assert!(!home.json(&[command]).as_array().unwrap().is_empty(), "{command}");
    }
    home.done(&["explain", "1"]);
    home.done(&["doctor"]);
    home.done(&["publish", "public"]);
    assert!(fs::read(home.join("public/topics/all/feed.atom")).unwrap() == daemon.get("/topics/all/feed.atom").body);
    home.done(&["backup", "copy.db"]);
    assert_eq!(home.run(&["backup", "copy.db"]).code, 1, "a file that is there is left alone");
    let etags = |daemon: &Daemon| {
        DOCUMENTS[..9].iter().map(|path| daemon.get(path).field("etag").unwrap().to_owned()).collect::<Vec<_>>()
    };
    let before = etags(&daemon);
    let listed = home.json(&["stories"]);
    assert_eq!(daemon.stop(Signal::TERM), Some(0));

    // A backup is restored by copying it there.
    fs::remove_dir_all(home.join("data")).unwrap();
    fs::create_dir(home.join("data")).unwrap();
    fs::copy(home.join("copy.db"), home.database()).unwrap();
    let restored = home.json(&["stories"]);
    let ids = |stories: &Value| stories.as_array().unwrap().iter().map(|s| s["published_id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&restored), ids(&listed));
    assert_eq!(etags(&home.serve()), before);
}

#[test]
fn a_hangup_applies_all_of_a_new_file_or_none() {
    let origin = three_feeds();
    let home = Home::with(&lively(&origin, &["/rss", "/atom"]));
    let daemon = home.serve();
    eventually("the sources are read", || (titles(&daemon, "all").len() == 5).then_some(()));
    let whole = lively(&origin, &["/rss", "/atom", "/json"]);

    home.configure(&whole.replace("any = [", "anny = ["));
    daemon.signal(Signal::HUP);
    eventually("the file is refused", || daemon.log().contains("feeds.toml is refused").then_some(()));
    assert!(daemon.log().contains("did you mean `any`?"), "{}", daemon.log());
    assert_eq!((daemon.get("/topics/streaming").status, daemon.get("/healthz").status), (200, 200));

    home.configure(&(whole + "\n[[topic]]\nid = \"caches\"\ntitle = \"Caches\"\nany = [\"cache\"]\n"));
    daemon.signal(Signal::HUP);
    eventually("the new source is read", || (titles(&daemon, "all").len() == 6).then_some(()));
    eventually("the new topic has its story", || {
        let answer = daemon.get("/topics/caches/feed.json");
        (answer.status == 200 && answer.text().contains("A cache in front of nothing")).then_some(())
    });
    assert!(daemon.get("/").text().contains("/topics/caches"));
    // A topic that leaves is gone, and says so.
    home.configure(&lively(&origin, &["/rss", "/atom", "/json"]));
    daemon.signal(Signal::HUP);
    eventually("the topic is gone", || (daemon.get("/topics/caches/feed.json").status != 200).then_some(()));
    assert_eq!(daemon.stop(Signal::TERM), Some(0));
}

#[test]
fn without_a_network_it_starts_and_serves_what_it_has() {
    let origin = three_feeds();
    let home = polled(&origin);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let source = |id: &str, url: String| format!("[[source]]\nid = \"{id}\"\nurl = \"{url}\"\ninterval = \"1s\"\n\n");
    let config = HEAD.to_owned()
        + &source("rss", format!("http://{closed}/rss"))
        + &source("atom", "http://nowhere.invalid/atom".into()).replace("1s", "1h")
        + &source("json", format!("http://{closed}/json"))
        + TOPICS;
    home.configure(&config);
    let daemon = home.serve();
    assert_eq!(titles(&daemon, "all").len(), 6);
    eventually("it is said what could not be reached", || {
        let status = home.json(&["status"]);
        status.as_array().unwrap().iter().all(|s| s["state"] == "failing").then_some(())
    });
    for source in home.json(&["status"]).as_array().unwrap() {
        assert!(
            source["last_error"].is_string() && source["next_poll"].is_string() && source["next_poll_because"].is_string(),
            "{source}"
        );
    }
    assert!(daemon.log().contains("polled atom: failed"), "{}", daemon.log());
    // Pages that everyone may see name the class of an error, not its text.
    assert!(!daemon.get("/sources").text().contains("os error"));
    assert_eq!((daemon.get("/healthz").status, daemon.get("/readyz").status), (200, 200));
    assert_eq!(titles(&daemon, "all").len(), 6, "failures are published nowhere");
    // It comes back when they do.
    home.configure(&lively(&origin, &["/rss", "/atom", "/json"]));
    daemon.signal(Signal::HUP);
    eventually("all is well again", || {
        home.json(&["status"]).as_array().unwrap().iter().all(|s| s["state"] == "ok").then_some(())
    });
}

#[test]
fn each_new_post_is_announced_once_in_an_order_that_does_not_change() {
    let origin = three_feeds();
    let home = Home::with(&lively(&origin, &["/rss"]));
    let daemon = home.serve();
    eventually("the source is read", || (titles(&daemon, "all").len() == 3).then_some(()));
    let [mut r, ..] = posts();
    let mut known = titles(&daemon, "all");
    for n in 1..=3 {
        // Dated long ago: it stands on top all the same, since readers have not seen it.
        r.push(Post::new(&format!("late-{n}"), &format!("Kafka found late, {n}"), 1, "It had been lying around."));
        origin.script("/rss", vec![Reply::ok(rss("An RSS feed", &r))]);
        let now = eventually("the new post is published", || Some(titles(&daemon, "all")).filter(|now| now.len() > known.len()));
        assert_eq!(now[0], format!("Kafka found late, {n}"));
        assert_eq!(now[1..], known, "the others stand as they stood");
        known = now;
    }
}

/// Stops at once, also while it starts.
#[test]
fn a_signal_during_the_start_is_heeded() {
    let home = polled(&three_feeds());
    for _ in 0..3 {
        let daemon = home.serve();
        // The address is printed when it listens: the signal may come before everything else is up.
        assert_eq!(daemon.stop(Signal::TERM), Some(0));
    }
    assert_eq!(home.run(&["doctor"]).code, 0);
}
