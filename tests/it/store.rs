//! The database of the program: one transaction for each poll, snapshots for readers, and failed
//! writes.

use std::{sync::mpsc, thread};

use feed_model::StoryId;
use rusqlite::Connection;
use serde_json::Value;
use tributary::store::{Store, StoryQuery};

use crate::{
    program::{feeds_toml, origin_with_three_feeds, polled_program, posts},
    support::{
        origin::Reply,
        sample_feeds::{Post, rss},
    },
};

/// Returns all rows of all tables as text.
fn rows(conn: &Connection) -> Vec<String> {
    let mut names =
        conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
    let names: Vec<String> =
        names.query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect();
    let mut all = Vec::new();
    for name in names {
        let mut statement = conn.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells: Vec<String> =
                (0..columns).map(|i| format!("{:?}", row.get_ref(i).unwrap())).collect();
            all.push(format!("{name}: {}", cells.join(" | ")));
        }
    }
    all
}

#[test]
fn a_failed_transaction_leaves_no_part_of_the_poll() {
    let origin = origin_with_three_feeds();
    let program = polled_program(&origin);
    let conn = Connection::open(program.database()).unwrap();
    conn.execute_batch(
        "CREATE TRIGGER break_off BEFORE INSERT ON entry WHEN NEW.key LIKE '%bad%'
         BEGIN SELECT RAISE(ABORT, 'the disk is on fire'); END",
    )
    .unwrap();
    let before = rows(&conn);
    let [mut r, ..] = posts();
    // The last item is stored first: three are stored before the one that fails.
    r[0].text = "An edit.".into();
    for guid in ["good-1", "bad", "good-2", "good-3", "good-4"] {
        r.insert(0, Post::new(guid, &format!("Kafka {guid}"), 26, "Some text."));
    }
    let reply_with_validators = Reply::ok(rss("Another title", &r)).header("ETag", "\"new\"");
    origin.script("/rss", vec![reply_with_validators]);
    let ended = program.run(&["poll", "--force", "rss", "--json"]);
    assert_eq!(
        ended.code, 1,
        "a failed write ends with exit code 1: {}{}",
        ended.stdout, ended.stderr
    );
    let summary: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(summary["sources"][0]["outcome"], "failed");
    assert!(
        summary["sources"][0]["error"].as_str().unwrap().contains("the disk is on fire"),
        "{summary}"
    );
    assert_eq!(rows(&conn), before, "no items, no validators, no attempt");
    conn.execute_batch("DROP TRIGGER break_off").unwrap();
    assert_eq!(
        program.json(&["poll", "--force", "rss"])["new_entries"],
        5,
        "the next poll is the retry"
    );
}

#[test]
fn failures_and_304_are_recorded() {
    let origin = origin_with_three_feeds();
    let program = polled_program(&origin);
    let conn = Connection::open(program.database()).unwrap();
    let read = |column: &str| -> Vec<String> {
        let sql =
            format!("SELECT coalesce(CAST({column} AS TEXT), 'none') FROM source ORDER BY ordinal");
        let mut statement = conn.prepare(&sql).unwrap();
        statement.query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let attempts = read("last_attempt_ms");
    origin.script("/rss", vec![Reply::new(304)]);
    origin.script("/atom", vec![Reply::new(500)]);
    program.run_ok(&["poll", "--force", "rss", "atom"]);
    assert_eq!(read("last_outcome")[..2], ["not_modified", "failed"]);
    assert_eq!(
        (&read("last_status")[..2], &read("consecutive_failures")[..]),
        (&["304".to_owned(), "500".to_owned()][..], &["0", "1", "0"].map(str::to_owned)[..])
    );
    let now = read("last_attempt_ms");
    assert!(now[0] > attempts[0] && now[1] > attempts[1] && now[2] == attempts[2]);
    // An error does not delete the validators of a source.
    let validators: i64 = conn
        .query_row("SELECT count(*) FROM validator WHERE source_id = 'atom'", [], |r| r.get(0))
        .unwrap();
    assert_eq!(validators, 1);
}

#[test]
fn a_reader_has_a_consistent_snapshot_during_a_write() {
    let program = polled_program(&origin_with_three_feeds());
    let store = Store::open(&program.join("data")).unwrap();
    let all = StoryQuery::default();
    let (go, may) = mpsc::channel::<()>();
    let (did, done) = mpsc::channel::<()>();
    let writer = {
        let store = store.clone();
        thread::spawn(move || {
            may.recv().unwrap();
            store.forget(StoryId(1), "a test", chrono::DateTime::UNIX_EPOCH).unwrap();
            did.send(()).unwrap();
        })
    };
    let (before, during) = store
        .read(|reader| {
            let before = reader.stories(&all)?.len();
            go.send(()).unwrap();
            // The writer does not wait for the reader, nor the reader for the writer.
            done.recv().unwrap();
            Ok((before, reader.stories(&all)?.len()))
        })
        .unwrap();
    writer.join().unwrap();
    assert_eq!((before, during), (6, 6));
    assert_eq!(store.read(|reader| Ok(reader.stories(&all)?.len())).unwrap(), 5);
    store.close().unwrap();
}

#[test]
fn every_write_changes_the_version() {
    let program = polled_program(&origin_with_three_feeds());
    let store = Store::open(&program.join("data")).unwrap();
    let reading = Store::open_read_only(&program.join("data")).unwrap();
    let mut known = (store.version().unwrap(), reading.version().unwrap());
    let moved = |known: &mut (i64, i64)| {
        let before =
            std::mem::replace(known, (store.version().unwrap(), reading.version().unwrap()));
        (known.0 != before.0, known.1 != before.1)
    };
    store.read(|reader| reader.stories(&StoryQuery::default())).unwrap();
    assert_eq!(moved(&mut known), (false, false), "reading changes nothing");
    store.forget(StoryId(1), "a test", chrono::DateTime::UNIX_EPOCH).unwrap();
    assert_eq!(moved(&mut known), (true, true), "this program wrote");
    Connection::open(program.database())
        .unwrap()
        .execute("UPDATE source SET consecutive_failures = 1", [])
        .unwrap();
    assert_eq!(moved(&mut known), (true, true), "another program wrote");
    let memory = Store::in_memory().unwrap();
    let before = memory.version().unwrap();
    memory.forget(StoryId(1), "a test", chrono::DateTime::UNIX_EPOCH).ok();
    assert_eq!(memory.version().unwrap(), before, "there was no story to remove");
    store.close().unwrap();
}

#[test]
fn a_read_only_store_refuses_writes() {
    let program = polled_program(&origin_with_three_feeds());
    let store = Store::open_read_only(&program.join("data")).unwrap();
    assert!(store.forget(StoryId(1), "a test", chrono::DateTime::UNIX_EPOCH).is_err());
    assert_eq!(store.read(|reader| Ok(reader.stories(&StoryQuery::default())?.len())).unwrap(), 6);
}

#[test]
fn the_database_has_its_application_id_and_passes_the_integrity_check() {
    let origin = origin_with_three_feeds();
    let program = polled_program(&origin);
    program.configure(&feeds_toml(&origin, &["/rss"]));
    program.run_ok(&["poll", "--force"]);
    let conn = Connection::open(program.database()).unwrap();
    let pragma = |name: &str| -> String {
        conn.query_row(&format!("PRAGMA {name}"), [], |r| r.get::<_, rusqlite::types::Value>(0))
            .map(|v| format!("{v:?}"))
            .unwrap()
    };
    assert_eq!(pragma("application_id"), format!("Integer({})", 0x5472_6962));
    assert_eq!(pragma("journal_mode"), "Text(\"wal\")");
    assert_eq!(pragma("integrity_check"), "Text(\"ok\")");
    program.run_ok(&["doctor"]);
    // A source that is no longer in feeds.toml keeps its stories.
    assert_eq!(program.json(&["stories"]).as_array().unwrap().len(), 6);
}
