//! What `--json` prints: the promised fields, with the promised types, whatever the source is like.

use chrono::DateTime;
use serde_json::{Value, json};

use super::{HEAD, TOPICS, origin_with_three_feeds, polled_program, posts};
use crate::support::{
    origin::Reply,
    program::{Program, wait_for},
    sample_feeds::{Post, rss},
};

/// Holds a value against a pattern: each promised field is there and of its type. A type is written
/// as its name, with `?` where null stands for absent; an array's pattern holds for each of its
/// elements; further fields may be there.
fn assert_shape(value: &Value, pattern: &Value, place: &str) {
    match pattern {
        Value::Object(fields) => {
            assert!(value.is_object(), "{place} is no object: {value}");
            for (name, pattern) in fields {
                let field =
                    value.get(name).unwrap_or_else(|| panic!("{place} has no `{name}`: {value}"));
                assert_shape(field, pattern, &format!("{place}.{name}"));
            }
        }
        Value::Array(patterns) => {
            let elements =
                value.as_array().unwrap_or_else(|| panic!("{place} is no array: {value}"));
            for (i, element) in elements.iter().enumerate() {
                assert_shape(element, &patterns[0], &format!("{place}[{i}]"));
            }
        }
        Value::String(kind) => {
            let kind = match kind.strip_suffix('?') {
                Some(_) if value.is_null() => return,
                Some(kind) => kind,
                None => kind,
            };
            let right = match kind {
                "text" => value.as_str().is_some_and(|text| !text.is_empty()),
                "time" => value.as_str().is_some_and(|text| {
                    text.ends_with('Z') && DateTime::parse_from_rfc3339(text).is_ok()
                }),
                "count" => value.is_u64(),
                "number" => value.is_number(),
                "bool" => value.is_boolean(),
                words => {
                    value.as_str().is_some_and(|text| words.split('|').any(|word| word == text))
                }
            };
            assert!(right, "{place} is no {kind}: {value}");
        }
        other => panic!("no pattern: {other}"),
    }
}

fn story() -> Value {
    json!({
        "id": "text", "published_id": "text", "title": "text?", "url": "text?", "authors": ["text"],
        "published": "time?",
        "updated": "time", "first_published": "time", "position": "time", "summary": "text?",
        "topics": [{"id": "text", "score": "number", "because": ["text"], "by": "rule|label"}],
        "sources": [{"source": "text", "key": "text", "guid": "text?", "url": "text?",
            "title": "text?", "published": "time?",
            "first_seen": "time", "last_seen": "time"}],
        "duplicates": [{"source": "text", "key": "text", "because": "text"}],
    })
}

fn source() -> Value {
    json!({
        "id": "text", "title": "text", "url": "text", "follow": "auto|feed|sitemap|page",
        "feed_url": "text?",
        "state": "ok|failing|resting|paused|new", "last_attempt": "time?",
        "last_success": "time?", "next_poll": "time?",
        "next_poll_because": "text?", "last_status": "count?", "last_error": "text?",
        "problems": [{"code": "text", "severity": "note|warning|error", "text": "text"}],
        "entries": "count", "interval_s": "count",
    })
}

fn summary() -> Value {
    json!({
        "attempted": "count", "changed": "count", "not_modified": "count", "failed": "count",
        "new_entries": "count",
        "updated_entries": "count", "new_stories": "count", "duplicates": "count",
        "sources": [{"id": "text", "outcome": "changed|unchanged|not_modified|failed|gone|\
            challenge|not_attempted|handed_over",
            "status": "count?", "new_entries": "count", "error": "text?"}],
    })
}

#[test]
fn stories_and_explain_have_the_documented_fields() {
    let program = polled_program(&origin_with_three_feeds());
    let stories = program.json(&["stories"]);
    assert_shape(&stories, &json!([story()]), "stories");
    let stories = stories.as_array().unwrap();
    assert_eq!(stories.len(), 6);
    assert!(
        stories.is_sorted_by(|a, b| a["position"].as_str() >= b["position"].as_str()),
        "newest first"
    );

    let both = &program.json(&["stories", "--duplicates"])[0];
    assert_eq!(both["title"], "Exactly once in Flink");
    assert_eq!(both["sources"].as_array().unwrap().len(), 2, "every entry of the story is there");
    assert_eq!(both["duplicates"].as_array().unwrap().len(), 1);
    assert!(both["duplicates"][0]["because"].as_str().unwrap().contains("link"), "{both}");
    let entry = |source: &str| {
        both["sources"]
            .as_array()
            .unwrap()
            .iter()
            .find(|entry| entry["source"] == source)
            .unwrap()
            .clone()
    };
    assert_eq!(
        (&entry("rss")["published"], &entry("rss")["guid"]),
        (&"2024-01-15T08:00:00Z".into(), &"both".into())
    );
    assert_eq!(
        (&entry("json")["published"], &entry("json")["guid"]),
        (&"2024-01-16T10:00:00Z".into(), &"j1".into()),
        "each entry's own"
    );

    for name in [
        both["id"].as_str().unwrap(),
        both["published_id"].as_str().unwrap(),
        "http://www.example.org/posts/both/?utm_source=x",
    ] {
        let explained = program.json(&["explain", name]);
        assert_shape(&explained, &story(), "explain");
        assert_shape(
            &explained["topics_not"],
            &json!([{"id": "text", "score": "number", "because": ["text"]}]),
            "topics_not",
        );
        assert_eq!(
            (&explained["id"], &explained["topics_not"][0]["id"]),
            (&both["id"], &"databases".into())
        );
    }
    assert_eq!(program.json(&["stories", "--limit", "2"]).as_array().unwrap().len(), 2);
    assert_eq!(program.json(&["stories", "--source", "json"]).as_array().unwrap().len(), 2);
    assert_eq!(
        program.json(&["stories", "--topic", "all", "--limit", "0"]).as_array().unwrap().len(),
        6
    );
    let unsorted = program.json(&["stories", "--unsorted"]);
    assert_eq!(
        (unsorted.as_array().unwrap().len(), &unsorted[0]["title"]),
        (1, &"A cache in front of nothing".into())
    );
}

#[test]
fn a_label_is_stored_and_can_be_cleared() {
    let program = polled_program(&origin_with_three_feeds());
    let id = program.json(&["stories", "--unsorted"])[0]["id"].as_str().unwrap().to_owned();
    program.run_ok(&["label", &id, "databases"]);
    let labelled = program.json(&["stories", "--labelled"]);
    assert_shape(&labelled, &json!([story()]), "labelled");
    assert_eq!(
        (&labelled[0]["id"], &labelled[0]["topics"][0]["by"]),
        (&id.clone().into(), &"label".into())
    );
    program.run_ok(&["poll", "--force"]);
    assert_eq!(
        program.json(&["explain", &id])["topics"][0]["id"],
        "databases",
        "a poll does not take it away"
    );
    program.run_ok(&["label", &id, "--none"]);
    assert_eq!(program.json(&["explain", &id])["topics"], json!([]));
    program.run_ok(&["label", &id, "--clear"]);
    assert_eq!(program.json(&["stories", "--labelled"]), json!([]));
}

#[test]
fn a_split_story_stays_split() {
    let origin = origin_with_three_feeds();
    let program = polled_program(&origin);
    let both = program.json(&["stories", "--duplicates"])[0].clone();
    program.run_ok(&["label", "--split", both["id"].as_str().unwrap()]);
    let [_, _, mut j] = posts();
    j[1].text = "Seen elsewhere, and here.".into();
    origin.script("/json", vec![Reply::ok(crate::support::sample_feeds::json("A JSON feed", &j))]);
    program.run_ok(&["poll", "--force"]);
    assert_eq!(program.json(&["stories", "--duplicates"]), json!([]));
    let stories = program.json(&["stories", "--topic", "streaming"]);
    let copies: Vec<&Value> = stories
        .as_array()
        .unwrap()
        .iter()
        .filter(|s| s["title"] == "Exactly once in Flink")
        .collect();
    assert_eq!(copies.len(), 2);
    assert!(
        copies.iter().any(|s| s["published_id"] == both["published_id"]),
        "the first keeps its published id"
    );
    assert_eq!(program.run(&["doctor"]).code, 0);
}

#[test]
fn sources_and_status_have_the_documented_fields() {
    let origin = origin_with_three_feeds();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = |more: &str| {
        format!(
            "{HEAD}[[source]]\n\
             id = \"good\"\n\
             url = \"{}\"\n\n\
             [[source]]\n\
             id = \"bad\"\n\
             url = \"http://{closed}/feed\"\n\
             title = \"Nobody home\"\n\n\
             [[source]]\n\
             id = \"still\"\n\
             url = \"{}\"\n\
             paused = true\n\n\
             {more}{TOPICS}",
            origin.url("/rss"),
            origin.url("/atom"),
        )
    };
    let program = Program::with(&config(""));
    let polled = program.json(&["poll"]);
    assert_shape(&polled, &summary(), "poll");
    assert_eq!((&polled["attempted"], &polled["failed"]), (&2.into(), &1.into()));
    let outcomes: Vec<&Value> =
        polled["sources"].as_array().unwrap().iter().map(|s| &s["outcome"]).collect();
    assert_eq!(outcomes, ["changed", "failed", "not_attempted"]);
    assert_eq!(
        (&polled["sources"][2]["error"], &polled["sources"][1]["status"]),
        (&Value::Null, &Value::Null)
    );
    for command in ["sources", "status"] {
        let listed = program.json(&[command]);
        assert_shape(&listed, &json!([source()]), command);
        let states: Vec<&Value> = listed.as_array().unwrap().iter().map(|s| &s["state"]).collect();
        assert_eq!(states, ["ok", "failing", "paused"], "{command}");
        assert_eq!(
            (&listed[0]["title"], &listed[1]["title"]),
            (&"An RSS feed".into(), &"Nobody home".into())
        );
        assert_eq!((&listed[0]["follow"], &listed[1]["follow"]), (&"feed".into(), &"auto".into()));
        assert_eq!(
            (&listed[0]["feed_url"], &listed[0]["entries"]),
            (&origin.url("/rss").as_str().into(), &3.into())
        );
        assert_eq!(
            (&listed[0]["last_status"], &listed[0]["last_error"]),
            (&200.into(), &Value::Null)
        );
        assert_eq!(
            (&listed[2]["last_attempt"], &listed[2]["next_poll"]),
            (&Value::Null, &Value::Null)
        );
    }
    // A source that feeds.toml gained is known from the next poll on, and then only as far as it
    // was asked.
    program.configure(&config(&format!(
        "[[source]]\nid = \"later\"\nurl = \"{}\"\n\n",
        origin.url("/json")
    )));
    assert_shape(&program.json(&["poll", "good"]), &summary(), "poll");
    assert_eq!(program.json(&["status"])[3]["state"], "new");
    assert_shape(&program.json(&["status"]), &json!([source()]), "status");
}

#[test]
fn poll_reports_each_outcome() {
    let origin = origin_with_three_feeds();
    origin.script("/gone", vec![Reply::new(410)]);
    origin.script("/slow", vec![Reply::new(503).header("Retry-After", "3600")]);
    origin.script("/nonsense", vec![Reply::ok("<html><title>Nothing to see</title></html>")]);
    let program =
        Program::with(&super::feeds_toml(&origin, &["/rss", "/gone", "/slow", "/nonsense"]));
    let polled = program.json(&["poll"]);
    assert_shape(&polled, &summary(), "poll");
    let seen: Vec<(&str, &Value, bool)> = polled["sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| (s["outcome"].as_str().unwrap(), &s["status"], s["error"].is_string()))
        .collect();
    let (ok, gone, busy) = (json!(200), json!(410), json!(503));
    assert_eq!(
        seen,
        [
            ("changed", &ok, false),
            ("gone", &gone, true),
            ("failed", &busy, true),
            ("failed", &ok, true)
        ]
    );
    assert_eq!((&polled["attempted"], &polled["failed"]), (&4.into(), &3.into()));
    // `--force` ignores the schedule, never Retry-After.
    let again = program.json(&["poll", "--force", "slow"]);
    assert_eq!(
        (&again["sources"][0]["outcome"], &again["attempted"]),
        (&"not_attempted".into(), &0.into())
    );
    assert_eq!(origin.requests_to("/slow").len(), 1);
    assert_eq!(program.json(&["poll"])["attempted"], 0, "nothing is due");
}

#[test]
fn topics_have_the_documented_fields() {
    let program = polled_program(&origin_with_three_feeds());
    let topics = program.json(&["topics"]);
    let pattern = json!([{"id": "text", "title": "text", "stories": "count", "latest": "time?",
        "feeds": {"atom": "text", "rss": "text", "json": "text"}}]);
    assert_shape(&topics, &pattern, "topics");
    assert_eq!((&topics[0]["id"], &topics[0]["stories"]), (&"streaming".into(), &3.into()));
    assert_eq!(topics[1]["feeds"]["atom"], "https://reader.example/topics/databases/feed.atom");
}

#[test]
fn inspect_has_the_documented_fields_and_stores_nothing() {
    let origin = origin_with_three_feeds();
    let program = polled_program(&origin);
    origin.script("/new", vec![Reply::redirect(301, "/rss")]);
    let before = program.json(&["stories", "--limit", "0"]);
    let seen = program.json(&["inspect", origin.url("/new").as_str()]);
    let pattern = json!({
        "url": "text", "final_url": "text", "follow": "feed", "status": "count", "redirects": [{}],
        "request_headers": {}, "response_headers": {},
        "encoding": {"name": "text", "because": "text"}, "format": "text", "repairs": [{}],
        "problems": [{"code": "text", "severity": "text", "text": "text"}],
        "feed": {"title": "text?", "link": "text?", "updated": "time?"},
        "entries": [{"key": "text", "key_from": "text", "guid": "text?", "title": "text?",
            "url": "text?", "published": "time?", "updated": "time?",
            "authors": ["text"], "categories": ["text"], "summary": "text?",
            "content_bytes": "count", "topics": [{}],
            "from": {"key": "text", "guid": "text?", "title": "text?", "url": "text?",
                "published": "text?", "updated": "text?",
                "authors": "text?", "summary": "text?", "content": "text?", "image": "text?"}}],
        "next_poll": "time?", "next_poll_because": "text?",
    });
    let mut loose = pattern.clone();
    for key in ["redirects", "request_headers", "response_headers", "repairs"] {
        // What these hold in detail is the fetching's and the reading's to say.
        loose.as_object_mut().unwrap().remove(key);
        assert!(
            seen.get(key).is_some_and(|value| value.is_array() || value.is_object()),
            "{key}: {seen}"
        );
    }
    loose["entries"][0].as_object_mut().unwrap().remove("topics");
    assert_shape(&seen, &loose, "inspect");
    assert_eq!(
        (&seen["final_url"], &seen["status"]),
        (&origin.url("/rss").as_str().into(), &200.into())
    );
    assert_eq!(seen["redirects"].as_array().unwrap().len(), 1);
    assert_eq!(seen["entries"].as_array().unwrap().len(), 3);
    assert_eq!(seen["entries"][0]["topics"].as_array().unwrap().len(), 1, "{}", seen["entries"][0]);
    assert_eq!(program.json(&["stories", "--limit", "0"]), before);
    let empty = Program::with(&super::feeds_toml(&origin, &["/rss"]));
    empty.json(&["inspect", origin.url("/rss").as_str()]);
    assert!(!empty.join("data").exists(), "inspect makes no state");
}

#[test]
fn inspect_lists_repairs_and_the_origin_of_each_field() {
    let origin = origin_with_three_feeds();
    let untidy = "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'>\n\
        <channel><title>Untidy</title>\n\
        <item><dc:title>R&D & more</dc:title>\n\
        <guid>https://example.org/1</guid><dc:date>2024-03-05T10:00:00Z</dc:date><dc:creator>Jane\
        </dc:creator><description>Words</description></item>\n\
        <item><title>Two</title><link>/two</link><pubDate>tomorrow</pubDate></item></channel>\
        </rss>";
    origin.script(
        "/untidy",
        vec![Reply::ok(untidy).header("content-location", "https://located.example/feed")],
    );
    let program = Program::with(&super::feeds_toml(&origin, &["/rss"]));
    let seen = program.json(&["inspect", origin.url("/untidy").as_str()]);
    let from = &seen["entries"][0]["from"];
    assert_eq!(
        from,
        &json!({"key": "guid", "guid": "guid", "title": "dc:title", "url": "guid",
        "published": "dc:date", "updated": null,
            "authors": "dc:creator", "summary": null, "content": "description", "image": null})
    );
    assert_eq!(seen["entries"][1]["from"]["key"], "link");
    assert_eq!(seen["entries"][1]["url"], "https://located.example/two");
    assert_eq!(
        (&seen["repairs"][0]["code"], &seen["repairs"][0]["line"]),
        (&"bare-ampersand".into(), &3.into())
    );
    let problem = seen["problems"]
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["code"] == "unreadable-date")
        .unwrap();
    assert_eq!(problem["line"], 5);

    let told = program.run(&["inspect", origin.url("/untidy").as_str()]).stdout;
    for line in [
        "format    rss, in utf-8 (",
        "(first on line 3), 2 times",
        "(line 5)",
        "  fields  id from guid, title from dc:title, link from guid, published from dc:date, \
         authors from dc:creator, content from description",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
}

#[test]
fn inspect_reports_a_failed_request() {
    let origin = origin_with_three_feeds();
    let program = Program::with(&super::feeds_toml(&origin, &["/rss"]));
    let ended = program.run(&["inspect", origin.url("/missing").as_str(), "--json"]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let seen: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&seen["status"], &seen["entries"]), (&404.into(), &json!([])));
}

#[test]
fn evaluate_works_without_a_state() {
    let program = Program::with(&format!("{HEAD}{TOPICS}"));
    let labels = json!([
        {"title": "Kafka and its log", "topics": ["streaming"]},
        {"title": "SQLite, a love story", "summary": "with flink in it", "topics": ["databases"]},
        {"title": "Of cabbages", "categories": ["postgres"], "topics": []},
        {"title": "Nothing to find here", "topics": ["databases"]},
    ]);
    std::fs::write(program.join("labels.json"), labels.to_string()).unwrap();
    let judged = program.json(&["evaluate", "labels.json"]);
    let pattern = json!({
        "macro": {"precision": "number", "recall": "number", "f1": "number"},
        "topics": [{"id": "text", "precision": "number", "recall": "number", "f1": "number",
        "support": "count"}],
        "misses": [{"title": "text", "expected": ["text"], "got": ["text"], "because": ["text"]}],
    });
    assert_shape(&judged, &pattern, "evaluate");
    assert_eq!(judged["misses"].as_array().unwrap().len(), 3);
    assert_eq!(
        (&judged["topics"][0]["precision"], &judged["topics"][0]["recall"]),
        (&0.5.into(), &1.0.into())
    );
    assert_eq!(
        (
            &judged["topics"][1]["precision"],
            &judged["topics"][1]["recall"],
            &judged["topics"][1]["support"]
        ),
        (&0.5.into(), &0.5.into(), &2.into())
    );
    assert!(!program.join("data").exists());
    std::fs::write(
        program.join("labels.toml"),
        "[[label]]\ntitle = \"Kafka and its log\"\ntopics = [\"streaming\"]\n",
    )
    .unwrap();
    assert_eq!(program.json(&["evaluate", "labels.toml"])["misses"], json!([]));
}

#[test]
fn check_reports_file_line_and_column() {
    let program = Program::with("[polling]\nintervall = \"1h\"\n");
    let ended = program.run(&["check", "--json"]);
    assert_eq!(ended.code, 78);
    let found: Value = serde_json::from_str(&ended.stdout).unwrap();
    let pattern = json!({"ok": "bool", "problems": [{"severity": "text", "file": "text",
        "line": "count", "column": "count", "key": "text", "text": "text",
        "hint": "text?"}]});
    assert_shape(&found, &pattern, "check");
    assert_eq!((&found["ok"], &found["problems"][0]["line"]), (&false.into(), &2.into()));
}

/// A changed rule sorts what is stored again, and announces nothing.
#[test]
fn a_changed_rule_reclassifies_stories_with_the_next_poll() {
    let origin = origin_with_three_feeds();
    let program = polled_program(&origin);
    let text = std::fs::read_to_string(program.join("feeds.toml")).unwrap();
    program.configure(&text.replace("\"sqlite\", \"postgres\"", "\"sqlite\", \"cache\""));
    wait_for("the new rule shows", || {
        program.run_ok(&["poll"]);
        let databases = program.json(&["stories", "--topic", "databases"]);
        let titles: Vec<&str> =
            databases.as_array().unwrap().iter().map(|s| s["title"].as_str().unwrap()).collect();
        (titles
            == [
                "Kafka to SQLite in one line",
                "SQLite in production",
                "A cache in front of nothing",
            ])
        .then_some(())
    });
    let again: Vec<Post> = posts()[0].clone();
    origin.script("/rss", vec![Reply::ok(rss("An RSS feed", &again))]);
    assert_eq!(program.json(&["poll", "--force"])["new_stories"], 0);
}
