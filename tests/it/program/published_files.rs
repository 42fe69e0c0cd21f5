//! What is published: the three forms agree, and nothing moves that did not change.

use feed_rs::parser;

use super::{HEAD, TOPICS, feeds_toml, origin_with_three_feeds, polled_program, posts, validators};
use crate::support::{
    origin::{Origin, Reply},
    program::Program,
    sample_feeds::{Post, rss, rss_10, rss_091},
};

/// Ids and titles of a published document, in its order, as another program reads them.
fn read_feed(program: &Program, path: &str) -> Vec<(String, String)> {
    let bytes = std::fs::read(program.join("public").join(path)).unwrap();
    if std::path::Path::new(path).extension().is_some_and(|form| form == "json") {
        let feed: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let text = |item: &serde_json::Value, key: &str| item[key].as_str().unwrap().to_owned();
        return feed["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| (text(item, "id"), text(item, "title")))
            .collect();
    }
    let feed = parser::parse(bytes.as_slice()).unwrap();
    feed.entries.into_iter().map(|entry| (entry.id, entry.title.unwrap().content)).collect()
}

type File = (String, Vec<u8>, std::time::SystemTime);

/// The files that came, went, or have other bytes or another time than before.
fn changed_files(before: &[File], after: &[File]) -> Vec<String> {
    let only = |these: &[File], those: &[File]| {
        these
            .iter()
            .filter(|file| !those.contains(file))
            .map(|(path, ..)| path.clone())
            .collect::<Vec<_>>()
    };
    let mut paths = [only(before, after), only(after, before)].concat();
    paths.sort();
    paths.dedup();
    paths
}

#[test]
fn the_three_formats_have_the_same_stories_ids_and_order() {
    let origin = origin_with_three_feeds();
    let program = polled_program(&origin);
    program.run_ok(&["publish", "public"]);
    for (topic, titles) in [
        (
            "streaming",
            ["Kafka to SQLite in one line", "Kafka without ZooKeeper", "Exactly once in Flink"]
                .as_slice(),
        ),
        (
            "databases",
            &["Kafka to SQLite in one line", "SQLite in production", "Postgres and its vacuum"],
        ),
        (
            "all",
            &[
                "Kafka to SQLite in one line",
                "Kafka without ZooKeeper",
                "SQLite in production",
                "Exactly once in Flink",
                "A cache in front of nothing",
                "Postgres and its vacuum",
            ],
        ),
    ] {
        let [atom, rss, json] = ["atom", "rss", "json"]
            .map(|form| read_feed(&program, &format!("topics/{topic}/feed.{form}")));
        assert_eq!(
            atom.iter().map(|(_, title)| title.as_str()).collect::<Vec<_>>(),
            titles,
            "{topic}"
        );
        assert_eq!(atom, rss, "{topic}: Atom and RSS");
        assert_eq!(atom, json, "{topic}: Atom and JSON Feed");
    }
    let stories = program.json(&["stories", "--limit", "0"]);
    let ids: Vec<&str> =
        stories.as_array().unwrap().iter().map(|s| s["published_id"].as_str().unwrap()).collect();
    assert_eq!(
        read_feed(&program, "topics/all/feed.atom")
            .iter()
            .map(|(id, _)| id.as_str())
            .collect::<Vec<_>>(),
        ids
    );
    // A publisher's id is kept exactly where it is an IRI, and one is made where it is not.
    assert!(ids.contains(&"urn:x-test:a1"));
    assert_eq!(ids.iter().filter(|id| id.starts_with("urn:uuid:")).count(), 4, "{ids:?}");
}

#[test]
fn every_item_names_its_source() {
    let origin = origin_with_three_feeds();
    let program = polled_program(&origin);
    program.run_ok(&["publish", "public"]);
    let text = |form: &str| {
        std::fs::read_to_string(program.join(&format!("public/topics/all/feed.{form}"))).unwrap()
    };
    let atom = text("atom");
    let entries: Vec<&str> = atom.split("<entry>").skip(1).collect();
    for entry in &entries {
        let source = entry.split_once("<source>").unwrap().1.split_once("</source>").unwrap().0;
        for part in ["<id>", "<title", "<updated>", "<link"] {
            assert!(source.contains(part), "{part} is missing in {source}");
        }
        assert!(entry.contains("<author><name>"), "{entry}");
    }
    assert_eq!(text("rss").matches("<source url=\"").count(), entries.len());
    let json: serde_json::Value = serde_json::from_str(&text("json")).unwrap();
    for item in json["items"].as_array().unwrap() {
        for key in ["about", "id", "title", "feed_url", "home_page_url"] {
            assert!(item["_source"].get(key).is_some(), "{key} is missing in {item}");
        }
    }
}

#[test]
fn a_304_changes_no_published_byte_or_modification_time() {
    let origin = origin_with_three_feeds();
    let program = polled_program(&origin);
    program.run_ok(&["publish", "public"]);
    let before = program.files("public");
    assert!(before.iter().any(|(path, ..)| path == "topics/streaming/feed.atom"));
    for path in ["/rss", "/atom", "/json"] {
        origin.script(path, vec![Reply::new(304)]);
    }
    for round in 1..=2 {
        let summary = program.json(&["poll", "--force"]);
        assert_eq!(
            (&summary["attempted"], &summary["not_modified"], &summary["changed"]),
            (&3.into(), &3.into(), &0.into())
        );
        program.run_ok(&["publish", "public"]);
        assert_eq!(
            changed_files(&before, &program.files("public")),
            Vec::<String>::new(),
            "round {round}"
        );
    }
    for path in ["/rss", "/atom", "/json"] {
        let requests = origin.requests_to(path);
        assert_eq!(requests.len(), 3);
        assert_eq!(
            (requests[0].header("if-none-match"), requests[0].header("if-modified-since")),
            (None, None)
        );
        let (etag, modified) = validators(path);
        for again in &requests[1..] {
            assert_eq!(
                again.header("if-none-match"),
                Some(etag.as_str()),
                "byte for byte, and kept through a 304 without validators"
            );
            assert_eq!(again.header("if-modified-since"), Some(modified.as_str()));
        }
    }
}

#[test]
fn an_identical_document_changes_no_published_file() {
    let origin = origin_with_three_feeds();
    let program = polled_program(&origin);
    program.run_ok(&["publish", "public"]);
    let before = program.files("public");
    let summary = program.json(&["poll", "--force"]);
    assert_eq!(
        (
            &summary["attempted"],
            &summary["changed"],
            &summary["new_entries"],
            &summary["updated_entries"]
        ),
        (&3.into(), &0.into(), &0.into(), &0.into())
    );
    for report in summary["sources"].as_array().unwrap() {
        assert_eq!((&report["outcome"], &report["status"]), (&"unchanged".into(), &200.into()));
    }
    program.run_ok(&["publish", "public"]);
    assert_eq!(changed_files(&before, &program.files("public")), Vec::<String>::new());
    // And with other bytes that say the same: another build date, another order of attributes.
    let [r, ..] = posts();
    let body = rss("An RSS feed", &r).replace(
        "<description>A test",
        "<lastBuildDate>Tue, 02 Jan 2024 00:00:00 GMT</lastBuildDate><description>A test",
    );
    origin.script("/rss", vec![Reply::ok(body)]);
    assert_eq!(program.json(&["poll", "--force", "rss"])["changed"], 0);
    program.run_ok(&["publish", "public"]);
    assert_eq!(
        changed_files(&before, &program.files("public")),
        Vec::<String>::new(),
        "by a build date"
    );
}

#[test]
fn an_edit_changes_only_the_files_that_show_it() {
    let origin = origin_with_three_feeds();
    let program = polled_program(&origin);
    program.run_ok(&["publish", "public"]);
    let before = program.files("public");
    let [mut r, ..] = posts();
    r[0].text = "How a log agrees with itself, now with pictures.".into();
    origin.script("/rss", vec![Reply::ok(rss("An RSS feed", &r))]);
    assert_eq!(program.json(&["poll", "--force", "rss"])["updated_entries"], 1);
    program.run_ok(&["publish", "public"]);
    let after = program.files("public");
    let changed = changed_files(&before, &after);
    let changed: Vec<&str> = changed.iter().map(String::as_str).collect();
    for path in [
        "topics/streaming/feed.atom",
        "topics/streaming/feed.rss",
        "topics/streaming/feed.json",
        "topics/all/feed.atom",
    ] {
        assert!(changed.contains(&path), "{path} should show the edit: {changed:?}");
    }
    assert!(!changed.iter().any(|path| path.starts_with("topics/databases")), "{changed:?}");
    let ids = |files: &[File]| {
        let feed = &files.iter().find(|(path, ..)| path == "topics/all/feed.json").unwrap().1;
        let feed: serde_json::Value = serde_json::from_slice(feed).unwrap();
        feed["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&before), ids(&after), "neither ids nor order move with an edit");
}

#[test]
fn rss_0_91_and_rss_1_0_are_read() {
    let origin = Origin::start();
    let old = [
        Post::new("o2", "Kafka in the old days", 9, "There was none.").at("https://old.example/2"),
        Post::new("o1", "Postgres before vacuum", 8, "Postquel.").at("https://old.example/1"),
    ];
    let rdf = [Post::new("d1", "Flink as a graph", 7, "Of operators.").at("https://rdf.example/1")];
    origin.script("/old", vec![Reply::ok(rss_091("Old", &old))]);
    origin.script("/rdf", vec![Reply::ok(rss_10("Graph", &rdf))]);
    let program = Program::with(&feeds_toml(&origin, &["/old", "/rdf"]));
    let summary = program.json(&["poll"]);
    assert_eq!((&summary["failed"], &summary["new_entries"]), (&0.into(), &3.into()), "{summary}");
    let stories = program.json(&["stories", "--topic", "streaming"]);
    let titles: Vec<&str> =
        stories.as_array().unwrap().iter().map(|s| s["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Kafka in the old days", "Flink as a graph"]);
    let dates = [("streaming", 1, "2024-01-07T07:00:00Z")];
    for (topic, index, date) in dates {
        assert_eq!(program.json(&["stories", "--topic", topic])[index]["published"], date);
    }
    assert_eq!(
        stories[0]["published"],
        serde_json::Value::Null,
        "RSS 0.91 has no dates, and none is invented"
    );
}

#[test]
fn files_of_a_topic_removed_from_the_config_are_deleted() {
    let origin = origin_with_three_feeds();
    let program = polled_program(&origin);
    program.run_ok(&["publish", "public"]);
    std::fs::write(program.join("public/mine.txt"), "not Tributary's").unwrap();
    let whole = feeds_toml(&origin, &["/rss", "/atom", "/json"]);
    let (without, _) = whole.split_once("[[topic]]\nid = \"databases\"").unwrap();
    program.configure(without);
    program.run_ok(&["poll"]);
    program.run_ok(&["publish", "public"]);
    let files = program.files("public");
    assert!(!files.iter().any(|(path, ..)| path.contains("databases")));
    assert!(files.iter().any(|(path, ..)| path == "mine.txt"));
    assert!(files.iter().any(|(path, ..)| path == "topics/streaming/index.html"));
}

/// The documented way: `init`, `check`, `poll`, `publish`, with the addresses of the shipped file
/// led to the origin.
#[test]
fn the_documented_quick_start_works() {
    let origin = origin_with_three_feeds();
    let program = Program::empty();
    program.run_ok(&["init", "--example"]);
    assert_eq!(program.run_ok(&["check"]), "feeds.toml is valid: 2 sources, 4 topics\n");
    let shipped = std::fs::read_to_string(program.join("feeds.toml")).unwrap();
    let led = shipped
        .replace("https://www.serverless.fyi/", origin.url("/rss").as_str())
        .replace("https://www.snackonai.com/", origin.url("/json").as_str());
    let led = led.replacen("[polling]", "[polling]\nallow_hosts = [\"127.0.0.1\"]", 1);
    assert!(led.contains("allow_hosts = [\"127.0.0.1\"]"), "{led}");
    program.configure(&led);
    program.run_ok(&["check"]);
    let polled = program.run_ok(&["poll"]);
    assert!(
        polled.contains("serverless-fyi")
            && polled.contains("2 polled, 2 changed, 0 not modified, 0 failed; 5 new entries"),
        "{polled}"
    );
    program.run_ok(&["publish", "public"]);
    assert_eq!(read_feed(&program, "topics/streaming/feed.atom").len(), 3);
    let again = program.run_ok(&["poll"]);
    assert!(again.contains("not due until"), "{again}");
    assert_eq!(origin.requests_to("/rss").len(), 1);
    program.run_ok(&["status"]);
    program.run_ok(&["stories", "--topic", "streaming"]);
    program.run_ok(&["explain", "1"]);
}

/// Nobody is reached: everything starts and ends well all the same, and it is said what is wrong
/// and when it goes on.
#[test]
fn without_a_network_status_lists_failures_and_next_polls() {
    let origin = origin_with_three_feeds();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let program = Program::with(&format!(
        "{HEAD}[[source]]\n\
         id = \"rss\"\n\
         url = \"{}\"\n\n\
         [[source]]\n\
         id = \"closed\"\n\
         url = \"http://{closed}/feed\"\n\n\
         [[source]]\n\
         id = \"nowhere\"\n\
         url = \"http://nowhere.invalid/feed\"\n\n\
         {TOPICS}",
        origin.url("/rss")
    ));
    let summary = program.json(&["poll"]);
    assert_eq!(
        (&summary["attempted"], &summary["failed"], &summary["changed"]),
        (&3.into(), &2.into(), &1.into())
    );
    assert_eq!(program.run(&["poll", "--force", "--fail-on-error"]).code, 1);
    let status = program.json(&["status"]);
    assert_eq!(status[0]["state"], "ok");
    for (source, reason) in [(&status[1], "fail"), (&status[2], "could not be resolved")] {
        assert_eq!(source["state"], "failing");
        assert!(!source["last_error"].as_str().unwrap().is_empty());
        assert!(source["next_poll"].as_str().unwrap() > source["last_attempt"].as_str().unwrap());
        assert!(source["next_poll_because"].as_str().unwrap().contains(reason), "{source}");
        assert_eq!(
            (&source["last_success"], &source["last_status"]),
            (&serde_json::Value::Null, &serde_json::Value::Null)
        );
    }
    let table = program.run_ok(&["status"]);
    assert!(table.contains("failing (2x)"), "{table}");
    program.run_ok(&["publish", "public"]);
    assert_eq!(
        read_feed(&program, "topics/streaming/feed.atom").len(),
        2,
        "what is there is published"
    );
}
