//! Upgrades from databases of every earlier version, and a new database that is fed the same
//! documents.

use std::{collections::BTreeMap, path::Path};

use feed_model::TopicId;
use rusqlite::{Connection, types::Value};
use tributary::store::{DATABASE, Store};

use crate::support::{
    feeds::{Post, post, rss, words},
    installation::Installation,
    old_databases::{CONFIG, LAST_VERSION, ROWS_VERSION, create_database, tables},
    time::march,
};

/// Tables that version 7 renamed, split or merged: a query of the old table and the query that must
/// return the same rows now. Other tables keep the order of their columns.
const MOVED_ROWS: [(&str, &str, &str); 7] = [
    (
        "meta",
        "SELECT CASE key WHEN 'edits_by_hand' THEN 'manual_edits' WHEN 'window' THEN 'window_policy'
                ELSE key END, value FROM meta WHERE key <> 'search_making'",
        "SELECT key, value FROM meta WHERE key <> 'search_index_version'",
    ),
    ("parted", "SELECT * FROM parted", "SELECT * FROM split"),
    ("archived", "SELECT * FROM archived", "SELECT * FROM archive_story"),
    (
        "page",
        "SELECT source_id, url, CASE state WHEN 'passed' THEN 'skipped' ELSE state END, backlog,
                rank, lastmod_ms, draft, attempts, fetched_ms, not_before_ms
           FROM page WHERE state <> 'sitemap'",
        "SELECT * FROM page",
    ),
    (
        "page",
        "SELECT source_id, url, rank, lastmod_ms, fetched_ms, backlog
           FROM page WHERE state = 'sitemap'",
        "SELECT * FROM sitemap",
    ),
    (
        "robots_validator",
        "SELECT * FROM robots_validator WHERE etag IS NOT NULL OR last_modified IS NOT NULL",
        "SELECT origin, etag, last_modified FROM robots
          WHERE etag IS NOT NULL OR last_modified IS NOT NULL",
    ),
    (
        "publisher_pace",
        "SELECT * FROM publisher_pace",
        "SELECT id, update_hints FROM source WHERE update_hints IS NOT NULL",
    ),
];

/// The rows of a query, sorted, with their first `columns` values.
fn rows(conn: &Connection, sql: &str, columns: Option<usize>) -> Vec<Vec<Value>> {
    let mut statement = conn.prepare(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
    let count = columns.unwrap_or(statement.column_count());
    let rows = statement.query_map([], |row| (0..count).map(|n| row.get(n)).collect());
    let mut rows: Vec<Vec<Value>> = rows.unwrap().map(Result::unwrap).collect();
    rows.sort_by_cached_key(|row| format!("{row:?}"));
    rows
}

/// Opens a database of an earlier version and asserts that every row is still there.
fn migrate(dir: &Path, version: usize) {
    let file = dir.join(DATABASE);
    create_database(&file, version);
    Store::open(dir).unwrap().close().unwrap();
    let copy = dir.join(format!("tributary.db.v{version}"));
    let (old, new) = (Connection::open(copy).unwrap(), Connection::open(&file).unwrap());
    let assert_equal = |table: &str, before: Vec<Vec<Value>>, after: Vec<Vec<Value>>| {
        assert_eq!(after, before, "{table} from version {version}");
    };
    for table in tables(&old) {
        let is_moved = |old: &str| version <= ROWS_VERSION && old == table;
        let mut moved = MOVED_ROWS.iter().filter(|(old, ..)| is_moved(old)).peekable();
        if moved.peek().is_none() {
            // The search index is rebuilt.
            let condition = if table == "meta" { "key <> 'search_index_version'" } else { "1" };
            let sql = format!("SELECT * FROM {table} WHERE {condition}");
            let mut before = rows(&old, &sql, None);
            for value in before.iter_mut().flatten() {
                if *value == Value::Text("backlog".into()) {
                    *value = Value::Text("backfill".into());
                }
            }
            let columns = old.prepare(&sql).unwrap().column_count();
            assert_equal(&table, before, rows(&new, &sql, Some(columns)));
        }
        for (table, before, after) in moved {
            assert_equal(table, rows(&old, before, None), rows(&new, after, None));
        }
    }
}

/// A document that the program of version 6 published.
fn old_document(path: &str) -> Option<String> {
    let name = path.trim_start_matches('/').replace('/', "_");
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schema/version_6");
    std::fs::read_to_string(dir.join(name)).ok()
}

fn posts_of_one() -> Vec<Post> {
    vec![
        post("one", 5).link("https://one.example/posts/5/index.html"),
        post("one", 4).guid("").link("https://m.one.example/4?ref=github"),
        post("one", 3).guid("https://one.example/?p=3").no_permalink(),
        post("one", 2).guid("").link(""),
        post("one", 1).guid("").link("https://one.example/log#v1"),
    ]
}

fn posts_of_two() -> Vec<Post> {
    let text = words(41, 300);
    vec![
        post("two", 7),
        post("one", 3).guid("urn:x-test:3"),
        post("two", 6).title("How brokers fail").text(&text),
    ]
}

fn posts_of_three() -> Vec<Post> {
    vec![post("three", 6).title("How brokers fail").text(&words(41, 300)).published_at(march(7, 1))]
}

const SITES: [&str; 3] = ["one", "two", "three"];

fn installation_with_stories() -> Installation {
    let mut installation = Installation::following(&SITES);
    installation.deliver("one", &posts_of_one());
    installation.deliver("two", &posts_of_two());
    installation.deliver("three", &posts_of_three());
    assert_eq!(installation.newly_announced().len(), 7, "two of nine are copies");
    installation
}

#[test]
fn migrations_keep_all_content_and_every_published_byte() {
    let mut published = BTreeMap::new();
    for version in 1..=LAST_VERSION {
        let dir = tempfile::tempdir().unwrap();
        migrate(dir.path(), version);
        let mut installation = Installation::with_config(CONFIG).with_state_in(dir);
        installation.advance_hours(24);
        let documents = installation.documents();
        let compared: Vec<_> = documents
            .iter()
            .filter_map(|document| Some((document, old_document(&document.path)?)))
            .collect();
        assert_eq!(compared.len(), 10, "three feeds of three topics, and OPML");
        for (document, before) in compared {
            let text = String::from_utf8(document.body.clone()).unwrap();
            if document.media_type.contains("opml") {
                assert_eq!(text, before, "{} from version {version}", document.path);
            } else {
                assert_eq!(stories_of(&text), stories_of(&before), "{}", document.path);
            }
            // Version 1 had no archives: feeds link to the first ones now, and are dated anew.
            if version > 1 {
                let first = published.entry(document.path.clone()).or_insert_with(|| text.clone());
                assert_eq!(&text, first, "{} from version {version}", document.path);
            }
        }
        if version > 1 {
            assert_archives_unchanged(&installation);
        }
        // The same posts again, then with new ids, then in a source that did not have them.
        let known = installation.newly_announced();
        assert_eq!(known.len(), 3);
        let without_guid = |posts: Vec<Post>| -> Vec<Post> {
            posts.into_iter().map(|post| post.guid("")).collect()
        };
        let copies: Vec<Post> =
            posts_of_one()[..2].iter().map(|post| post.clone().guid("").text("")).collect();
        installation.deliver("one", &posts_of_one());
        installation.deliver("two", &posts_of_two());
        installation.deliver("three", &posts_of_three());
        installation.deliver("one", &without_guid(posts_of_one()));
        installation.deliver("two", &without_guid(posts_of_two()));
        installation.deliver("three", &copies);
        assert_eq!(installation.newly_announced(), [""; 0], "from version {version}");
        assert_eq!(installation.store().check_integrity().unwrap(), [""; 0]);
    }
}

/// The entries of a feed as a reader sees them: ids, dates, titles, links, authors and texts.
fn stories_of(text: &str) -> Vec<String> {
    let feed = feed_rs::parser::parse(text.as_bytes()).unwrap();
    let story = |entry: feed_rs::model::Entry| {
        let links: Vec<String> = entry.links.into_iter().map(|link| link.href).collect();
        let authors: Vec<_> = entry.authors.into_iter().map(|author| author.name).collect();
        let (id, title, dates) = (entry.id, entry.title, (entry.published, entry.updated));
        let texts = [entry.summary.map(|s| s.content), entry.content.and_then(|c| c.body)];
        format!("{id} {title:?} {dates:?} {links:?} {authors:?} {texts:?}")
    };
    feed.entries.into_iter().map(story).collect()
}

fn assert_archives_unchanged(installation: &Installation) {
    let mut count = 0;
    for topic in ["all", "brokers", "rest"] {
        let topic = TopicId::new(topic).unwrap();
        let archives = installation.store().read(|reader| reader.archives(&topic)).unwrap();
        for state in archives {
            let path = format!("/topics/{topic}/archive/{}.atom", state.number);
            let document =
                installation.store().read(|reader| reader.archive(&topic, state.number)).unwrap();
            let text = document.unwrap().body.map(|body| String::from_utf8(body).unwrap());
            assert_eq!(text, old_document(&path), "{path}");
            count += 1;
        }
    }
    assert_eq!(count, 11);
}

#[test]
fn a_fresh_state_with_the_same_documents_has_the_same_ids() {
    let first = installation_with_stories().feed_of_all();
    let mut installation = Installation::following(&SITES);
    installation.advance_hours(24 * 3);
    installation.deliver("one", &posts_of_one());
    installation.deliver("two", &posts_of_two());
    installation.deliver("three", &posts_of_three());
    let second = installation.feed_of_all();
    assert_eq!(
        second.stories, first.stories,
        "ids, order, dates and texts are those of the first import"
    );
    // A reader that knows the first directory is told nothing by the second.
    let again = |text: &str| {
        text.lines()
            .filter(|line| !line.contains("2026-03-2"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(again(&second.atom), again(&first.atom));
}

#[test]
fn the_merged_stories_do_not_depend_on_the_poll_order() {
    let mut installation = Installation::following(&SITES);
    installation.deliver("three", &posts_of_three());
    installation.deliver("two", &posts_of_two());
    installation.deliver_document("one", &rss("https://one.example/", &posts_of_one()));
    let (first, second) = (installation_with_stories().feed_of_all(), installation.feed_of_all());
    let sorted = |titles: Vec<&str>| {
        let mut titles: Vec<String> = titles.into_iter().map(str::to_owned).collect();
        titles.sort();
        titles
    };
    assert_eq!(
        sorted(second.titles()),
        sorted(first.titles()),
        "the same stories are one, in any order of arrival"
    );
}
