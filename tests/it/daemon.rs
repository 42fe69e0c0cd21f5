//! `serve`: what it answers, how it starts and ends, and what works beside it.

use std::{collections::BTreeSet, fs, time::Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::{
    program::{
        HEAD, TOPICS, origin_with_three_feeds, polled_program, posts, reply_with_validators,
    },
    support::{
        origin::{Origin, Reply},
        program::{Daemon, Program, wait_for},
        sample_feeds::{Post, rss},
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
fn feeds_toml_polled_every_second(origin: &Origin, paths: &[&str]) -> String {
    super::program::feeds_toml(origin, paths)
        .replace("follow = \"feed\"", "follow = \"feed\"\ninterval = \"1s\"")
}

fn titles(daemon: &Daemon, topic: &str) -> Vec<String> {
    let answer = daemon.get(&format!("/topics/{topic}/feed.json"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let feed: Value = serde_json::from_slice(&answer.body).unwrap();
    feed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["title"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_path_serves_the_bytes_of_the_published_files() {
    let program = polled_program(&origin_with_three_feeds());
    program.run_ok(&["publish", "public"]);
    let daemon = program.serve();
    let id = program.json(&["stories"])[0]["id"].as_str().unwrap().to_owned();
    let story = format!("/stories/{id}");
    for path in DOCUMENTS.into_iter().chain(PAGES).chain([story.as_str()]) {
        let answer = daemon.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let page = PAGES.contains(&path) || path == story;
        let file = if page { format!("public{path}/index.html") } else { format!("public{path}") };
        // The page that is served says when each source is asked next; the file that stands says no
        // such thing.
        assert!(
            path == "/sources" || answer.body == fs::read(program.join(&file)).unwrap(),
            "{path} is not {file}"
        );
        let etag = answer.header("etag").unwrap_or_else(|| panic!("{path} has no ETag"));
        let again = daemon.request("GET", path, &[("If-None-Match", etag)]);
        assert_eq!(
            (again.status, again.body.len(), again.header("etag")),
            (304, 0, Some(etag)),
            "{path}"
        );
        let other = daemon.request("GET", path, &[("If-None-Match", "\"another\"")]);
        assert!(other.status == 200 && other.body == answer.body, "{path}");
        let head = daemon.request("HEAD", path, &[]);
        assert_eq!(
            (head.status, head.body.len(), head.header("etag")),
            (200, 0, Some(etag)),
            "{path}"
        );
        assert_eq!(head.header("content-length"), answer.header("content-length"), "{path}");
        if let Some(modified) = answer.header("last-modified") {
            assert_eq!(
                daemon.request("GET", path, &[("If-Modified-Since", modified)]).status,
                304,
                "{path}"
            );
            assert_eq!(
                daemon
                    .request("GET", path, &[("If-Modified-Since", "Mon, 01 Jan 2024 00:00:00 GMT")])
                    .status,
                200,
                "{path}"
            );
        }
    }
    for path in &DOCUMENTS[..9] {
        assert!(daemon.get(path).header("last-modified").is_some(), "{path}");
    }
}

#[test]
fn other_paths_have_the_documented_status() {
    let program = polled_program(&origin_with_three_feeds());
    let daemon = program.serve();
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
                assert!(
                    answer.text().contains(topic),
                    "{path}: the topics are listed: {}",
                    answer.text()
                );
            }
        }
    }
    let to =
        daemon.get("/topics/streaming+databases/feed.json").header("location").unwrap().to_owned();
    assert!(
        to == "/topics/databases+streaming/feed.json"
            || to == "https://reader.example/topics/databases+streaming/feed.json",
        "{to}"
    );
    let union: Value =
        serde_json::from_slice(&daemon.get("/topics/databases+streaming/feed.json").body).unwrap();
    let ids: BTreeSet<&str> = union["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        (ids.len(), union["items"].as_array().unwrap().len()),
        (5, 5),
        "what is in both topics is there once"
    );
    assert_eq!(daemon.request("POST", "/", &[]).status, 405);
}

#[test]
fn a_restart_keeps_every_byte_and_etag() {
    let origin = origin_with_three_feeds();
    for path in ["/rss", "/atom", "/json"] {
        let first = match path {
            "/rss" => rss("An RSS feed", &posts()[0]),
            "/atom" => crate::support::sample_feeds::atom("An Atom feed", &posts()[1]),
            _ => crate::support::sample_feeds::json("A JSON feed", &posts()[2]),
        };
        origin.script(path, vec![reply_with_validators(path, first), Reply::new(304)]);
    }
    let program =
        Program::with(&feeds_toml_polled_every_second(&origin, &["/rss", "/atom", "/json"]));
    program.run_ok(&["poll"]);
    let union = "/topics/databases+streaming/feed.atom";
    let look = |daemon: &Daemon| {
        let paths = DOCUMENTS
            .into_iter()
            .chain([union, "/", "/topics/streaming"])
            .filter(|path| *path != "/sources.opml");
        paths
            .map(|path| (path, daemon.get(path)))
            .map(|(path, a)| (path, a.header("etag").map(str::to_owned), a.body))
            .collect::<Vec<_>>()
    };
    let daemon = program.serve();
    let first = look(&daemon);
    let asked = origin.requests().len();
    wait_for("polls that bring nothing new", || {
        (origin.requests().len() > asked + 6).then_some(())
    });
    assert!(look(&daemon) == first, "a poll without news moved something");
    assert_eq!(daemon.stop(Signal::TERM), Some(0));
    let daemon = program.serve();
    assert!(look(&daemon) == first, "a restart moved something");
    daemon.kill();
    assert!(look(&program.serve()) == first, "a kill moved something");
}

#[test]
fn sigterm_and_sigint_stop_the_daemon_within_seconds() {
    let origin = origin_with_three_feeds();
    let program =
        Program::with(&feeds_toml_polled_every_second(&origin, &["/rss", "/atom", "/json"]));
    for signal in [Signal::TERM, Signal::INT] {
        let daemon = program.serve();
        wait_for("the sources are read", || (titles(&daemon, "all").len() == 6).then_some(()));
        let begun = Instant::now();
        assert_eq!(daemon.stop(signal), Some(0), "{signal:?}");
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
        assert!(!program.join("data/tributary.db-wal").exists(), "the log is written back");
        assert_eq!(program.json(&["stories"]).as_array().unwrap().len(), 6);
    }
}

/// Somebody who reads the database beside it, a backup for instance, keeps the log from being
/// written back.
#[test]
fn a_concurrent_database_reader_does_not_delay_the_stop() {
    let origin = origin_with_three_feeds();
    let program = Program::with(&feeds_toml_polled_every_second(&origin, &["/rss"]));
    let daemon = program.serve();
    wait_for("the source is read", || (titles(&daemon, "all").len() == 3).then_some(()));
    let reader = rusqlite::Connection::open(program.database()).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM entry").unwrap();
    wait_for("it is asked again, which is stored", || {
        (origin.requests_to("/rss").len() > 3).then_some(())
    });
    let begun = Instant::now();
    assert_eq!(daemon.stop(Signal::TERM), Some(0));
    assert!(begun.elapsed().as_secs() < 8, "{:?}", begun.elapsed());
    drop(reader);
    assert_eq!(program.json(&["stories"]).as_array().unwrap().len(), 3);
}

/// A publisher that does not answer holds up neither the others nor the end.
#[test]
fn a_hanging_publisher_does_not_delay_the_stop() {
    let origin = origin_with_three_feeds();
    origin.script("/slow", vec![Reply::ok("<rss").length(1000).hang()]);
    let program = Program::with(
        &feeds_toml_polled_every_second(&origin, &["/slow", "/rss"])
            .replace("timeout = \"5s\"", "timeout = \"60s\"\nper_host = 2"),
    );
    let daemon = program.serve();
    wait_for("the slow one is asked", || (origin.requests_to("/slow").len() == 1).then_some(()));
    wait_for("the other is read", || (titles(&daemon, "all").len() == 3).then_some(()));
    let begun = Instant::now();
    assert_eq!(daemon.stop(Signal::TERM), Some(0));
    assert!(begun.elapsed().as_secs() < 15, "{:?}", begun.elapsed());
    assert_eq!(program.json(&["stories"]).as_array().unwrap().len(), 3);
}

#[test]
fn a_second_daemon_on_the_same_directory_is_refused() {
    let program = polled_program(&origin_with_three_feeds());
    let daemon = program.serve();
    let second = program.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!((second.code, second.stdout.as_str()), (1, ""), "{}", second.stderr);
    let said = format!("another tributary is running in data (process {})", daemon.pid());
    assert!(second.stderr.contains(&said) && second.stderr.contains("hint:"), "{}", second.stderr);
    assert_eq!(daemon.get("/healthz").status, 200);
    // Another directory is another daemon.
    let other = Daemon::start(
        program.command(&["serve", "--listen", "127.0.0.1:0", "--data", "other"]),
        &program.join("other.log"),
    );
    assert!(other.is_some());
}

#[test]
fn a_listen_address_in_use_is_named() {
    let program = polled_program(&origin_with_three_feeds());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = program.run(&["serve", "--listen", &address]);
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains(&format!("cannot listen on {address}")), "{}", ended.stderr);
}

#[test]
fn a_poll_command_is_handed_over_to_the_daemon() {
    let origin = origin_with_three_feeds();
    let program = polled_program(&origin);
    let daemon = program.serve();
    // Nothing is due: the floors are hours away.
    let handed = program.json(&["poll"]);
    assert!(
        handed["sources"].as_array().unwrap().iter().all(|s| s["outcome"] == "not_attempted"),
        "{handed}"
    );
    let [mut r, ..] = posts();
    r.insert(0, Post::new("r4", "Kafka, again", 25, "There is always more."));
    origin.script("/rss", vec![Reply::ok(rss("An RSS feed", &r))]);
    let handed = program.run(&["poll", "--force", "rss", "--json"]);
    assert_eq!(handed.code, 0, "{}", handed.stderr);
    assert!(handed.stderr.contains("the daemon is running"), "{}", handed.stderr);
    let handed: Value = serde_json::from_str(&handed.stdout).unwrap();
    assert_eq!(
        (&handed["sources"][0]["outcome"], &handed["attempted"]),
        (&"handed_over".into(), &0.into())
    );
    wait_for("the daemon polls and publishes", || {
        titles(&daemon, "streaming").contains(&"Kafka, again".to_owned()).then_some(())
    });
    assert_eq!((origin.requests_to("/rss").len(), origin.requests_to("/atom").len()), (2, 1));
    assert!(daemon.log().contains("polled rss: changed, 1 new"), "{}", daemon.log());
}

#[test]
fn label_split_and_forget_are_published_within_seconds() {
    let program = polled_program(&origin_with_three_feeds());
    let daemon = program.serve();
    let id = |title: &str| {
        let stories = program.json(&["stories"]);
        let story = stories
            .as_array()
            .unwrap()
            .iter()
            .find(|s| s["title"] == title)
            .unwrap_or_else(|| panic!("{title}"))
            .clone();
        story["id"].as_str().unwrap().to_owned()
    };
    let cache = "A cache in front of nothing";
    program.run_ok(&["label", &id(cache), "streaming"]);
    wait_for("the label shows", || {
        titles(&daemon, "streaming").contains(&cache.to_owned()).then_some(())
    });
    let parted = id("Exactly once in Flink");
    program.run_ok(&["label", "--split", &parted]);
    wait_for("the parting shows", || (titles(&daemon, "all").len() == 7).then_some(()));
    let forgotten = id("SQLite in production");
    program.run_ok(&["forget", &forgotten]);
    wait_for("what is forgotten is gone", || {
        (!titles(&daemon, "databases").contains(&"SQLite in production".to_owned())).then_some(())
    });
    assert_eq!(daemon.get(&format!("/stories/{forgotten}")).status, 404);
    assert!(!daemon.get("/").text().contains("SQLite in production"));
}

#[test]
fn reading_publish_and_backup_work_beside_the_daemon() {
    let origin = origin_with_three_feeds();
    let program =
        Program::with(&feeds_toml_polled_every_second(&origin, &["/rss", "/atom", "/json"]));
    let daemon = program.serve();
    wait_for("the sources are read", || (titles(&daemon, "all").len() == 6).then_some(()));
    for command in ["stories", "sources", "topics", "status"] {
        assert!(!program.json(&[command]).as_array().unwrap().is_empty(), "{command}");
    }
    program.run_ok(&["explain", "1"]);
    program.run_ok(&["doctor"]);
    program.run_ok(&["publish", "public"]);
    assert!(
        fs::read(program.join("public/topics/all/feed.atom")).unwrap()
            == daemon.get("/topics/all/feed.atom").body
    );
    program.run_ok(&["backup", "copy.db"]);
    assert_eq!(program.run(&["backup", "copy.db"]).code, 1, "a file that is there is left alone");
    let etags = |daemon: &Daemon| {
        DOCUMENTS[..9]
            .iter()
            .map(|path| daemon.get(path).header("etag").unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let before = etags(&daemon);
    let listed = program.json(&["stories"]);
    assert_eq!(daemon.stop(Signal::TERM), Some(0));

    // A backup is restored by copying it there.
    fs::remove_dir_all(program.join("data")).unwrap();
    fs::create_dir(program.join("data")).unwrap();
    fs::copy(program.join("copy.db"), program.database()).unwrap();
    let restored = program.json(&["stories"]);
    let ids = |stories: &Value| {
        stories.as_array().unwrap().iter().map(|s| s["published_id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&restored), ids(&listed));
    assert_eq!(etags(&program.serve()), before);
}

#[test]
fn sighup_applies_all_of_a_new_config_or_none() {
    let origin = origin_with_three_feeds();
    let program = Program::with(&feeds_toml_polled_every_second(&origin, &["/rss", "/atom"]));
    let daemon = program.serve();
    wait_for("the sources are read", || (titles(&daemon, "all").len() == 5).then_some(()));
    let whole = feeds_toml_polled_every_second(&origin, &["/rss", "/atom", "/json"]);

    program.configure(&whole.replace("any = [", "anny = ["));
    daemon.signal(Signal::HUP);
    wait_for("the file is refused", || {
        daemon.log().contains("feeds.toml is invalid").then_some(())
    });
    assert!(daemon.log().contains("did you mean `any`?"), "{}", daemon.log());
    assert_eq!((daemon.get("/topics/streaming").status, daemon.get("/healthz").status), (200, 200));

    program.configure(
        &(whole + "\n[[topic]]\nid = \"caches\"\ntitle = \"Caches\"\nany = [\"cache\"]\n"),
    );
    daemon.signal(Signal::HUP);
    wait_for("the new source is read", || (titles(&daemon, "all").len() == 6).then_some(()));
    wait_for("the new topic has its story", || {
        let answer = daemon.get("/topics/caches/feed.json");
        (answer.status == 200 && answer.text().contains("A cache in front of nothing"))
            .then_some(())
    });
    assert!(daemon.get("/").text().contains("/topics/caches"));
    // A topic that leaves is gone, and says so.
    program.configure(&feeds_toml_polled_every_second(&origin, &["/rss", "/atom", "/json"]));
    daemon.signal(Signal::HUP);
    wait_for("the topic is gone", || {
        (daemon.get("/topics/caches/feed.json").status != 200).then_some(())
    });
    assert_eq!(daemon.stop(Signal::TERM), Some(0));
}

#[test]
fn without_a_network_the_daemon_serves_the_stored_stories() {
    let origin = origin_with_three_feeds();
    let program = polled_program(&origin);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let source = |id: &str, url: String| {
        format!("[[source]]\nid = \"{id}\"\nurl = \"{url}\"\ninterval = \"1s\"\n\n")
    };
    let config = HEAD.to_owned()
        + &source("rss", format!("http://{closed}/rss"))
        + &source("atom", "http://nowhere.invalid/atom".into()).replace("1s", "1h")
        + &source("json", format!("http://{closed}/json"))
        + TOPICS;
    program.configure(&config);
    let daemon = program.serve();
    assert_eq!(titles(&daemon, "all").len(), 6);
    wait_for("it is said what could not be reached", || {
        let status = program.json(&["status"]);
        status.as_array().unwrap().iter().all(|s| s["state"] == "failing").then_some(())
    });
    for source in program.json(&["status"]).as_array().unwrap() {
        assert!(
            source["last_error"].is_string()
                && source["next_poll"].is_string()
                && source["next_poll_because"].is_string(),
            "{source}"
        );
    }
    assert!(daemon.log().contains("polled atom: failed"), "{}", daemon.log());
    // Pages that everyone may see name the class of an error, not its text.
    assert!(!daemon.get("/sources").text().contains("os error"));
    assert_eq!((daemon.get("/healthz").status, daemon.get("/readyz").status), (200, 200));
    assert_eq!(titles(&daemon, "all").len(), 6, "failures are published nowhere");
    // It comes back when they do.
    program.configure(&feeds_toml_polled_every_second(&origin, &["/rss", "/atom", "/json"]));
    daemon.signal(Signal::HUP);
    wait_for("all is well again", || {
        program
            .json(&["status"])
            .as_array()
            .unwrap()
            .iter()
            .all(|s| s["state"] == "ok")
            .then_some(())
    });
}

#[test]
fn each_new_post_is_announced_once_in_a_stable_order() {
    let origin = origin_with_three_feeds();
    let program = Program::with(&feeds_toml_polled_every_second(&origin, &["/rss"]));
    let daemon = program.serve();
    wait_for("the source is read", || (titles(&daemon, "all").len() == 3).then_some(()));
    let [mut r, ..] = posts();
    let mut known = titles(&daemon, "all");
    for n in 1..=3 {
        // Dated long ago: it stands on top all the same, since readers have not seen it.
        r.push(Post::new(
            &format!("late-{n}"),
            &format!("Kafka found late, {n}"),
            1,
            "It had been lying around.",
        ));
        origin.script("/rss", vec![Reply::ok(rss("An RSS feed", &r))]);
        let now = wait_for("the new post is published", || {
            Some(titles(&daemon, "all")).filter(|now| now.len() > known.len())
        });
        assert_eq!(now[0], format!("Kafka found late, {n}"));
        assert_eq!(now[1..], known, "the others stand as they stood");
        known = now;
    }
}

/// Stops at once, also while it starts.
#[test]
fn a_signal_during_startup_stops_the_daemon() {
    let program = polled_program(&origin_with_three_feeds());
    for _ in 0..3 {
        let daemon = program.serve();
        // The address is printed when it listens: the signal may come before everything else is up.
        assert_eq!(daemon.stop(Signal::TERM), Some(0));
    }
    assert_eq!(program.run(&["doctor"]).code, 0);
}
