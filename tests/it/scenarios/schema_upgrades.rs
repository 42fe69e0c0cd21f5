//! Another data directory: one that an older program left, and an empty one that is fed the same
//! documents.

use rusqlite::Connection;
use tributary::store::DATABASE;

use super::{
    feed_builder::{Post, march, post, rss, words},
    installation::Installation,
};

const MIGRATIONS: [&str; 4] = [
    include_str!("../../../src/store/migrations/0001.sql"),
    include_str!("../../../src/store/migrations/0002.sql"),
    include_str!("../../../src/store/migrations/0003.sql"),
    include_str!("../../../src/store/migrations/0004.sql"),
];

/// The installation's state as the program of that version would have left it, taken over by
/// today's program.
fn with_old_schema(installation: &Installation, version: usize) -> Installation {
    let dir = tempfile::tempdir().unwrap();
    let now = dir.path().join("now.db");
    installation.store().back_up(&now).unwrap();
    let old = Connection::open(dir.path().join(DATABASE)).unwrap();
    old.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA application_id = 0x54726962").unwrap();
    for migration in &MIGRATIONS[..version] {
        old.execute_batch(migration).unwrap();
    }
    old.pragma_update(None, "user_version", version).unwrap();
    old.execute("ATTACH ?1 AS now", [now.to_str().unwrap()]).unwrap();
    let list = |sql: &str| -> Vec<String> {
        let mut statement = old.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    // The index of words has no content of its own to be copied.
    for table in list(
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND sql LIKE 'CREATE TABLE%' AND name NOT LIKE 'story_text%'",
    ) {
        let columns =
            list(&format!("SELECT name FROM pragma_table_info('{table}', 'main')")).join(", ");
        old.execute(&format!("INSERT OR REPLACE INTO main.\"{table}\" ({columns}) SELECT {columns} FROM now.\"{table}\""), [])
            .unwrap();
    }
    // Addresses were once compared as they are within a source, their fragments apart.
    let once = "UPDATE main.entry SET canonical = CASE WHEN instr(link, '#') THEN substr(link, 1, instr(link, '#') - 1) ELSE link END";
    old.execute(&format!("{once} WHERE link IS NOT NULL"), []).unwrap();
    old.execute_batch("DETACH now").unwrap();
    drop(old);
    installation.with_state_in(dir)
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
    installation.poll("one", &posts_of_one());
    installation.poll("two", &posts_of_two());
    installation.poll("three", &posts_of_three());
    assert_eq!(installation.newly_announced().len(), 7, "two of nine are copies");
    installation
}

#[test]
fn an_upgrade_announces_nothing_and_changes_no_byte() {
    for version in 1..=MIGRATIONS.len() {
        let installation = installation_with_stories();
        let first = installation.document_bytes();
        let mut installation = with_old_schema(&installation, version);
        assert_eq!(installation.document_bytes(), first, "from version {version}");
        // The same documents again, then as new names for the same posts.
        installation.poll("one", &posts_of_one());
        installation.poll("two", &posts_of_two());
        installation.poll("three", &posts_of_three());
        assert_eq!(installation.newly_announced(), [""; 0], "from version {version}");
        assert_eq!(installation.document_bytes(), first, "from version {version}");
        let renamed = |posts: Vec<Post>| -> Vec<Post> {
            posts.into_iter().map(|post| post.guid("")).collect()
        };
        installation.poll("one", &renamed(posts_of_one()));
        installation.poll("two", &renamed(posts_of_two()));
        assert_eq!(installation.newly_announced(), [""; 0], "from version {version}");
        // Copies of what was stored by the older rules, under the addresses that it was stored
        // with.
        let copies: Vec<Post> =
            posts_of_one()[..2].iter().map(|post| post.clone().guid("").text("")).collect();
        installation.poll("three", &copies);
        assert_eq!(installation.newly_announced(), [""; 0], "from version {version}");
        assert_eq!(installation.store().check_integrity().unwrap(), [""; 0]);
    }
}

#[test]
fn a_fresh_state_with_the_same_documents_has_the_same_ids() {
    let first = installation_with_stories().feed_of_all();
    let mut installation = Installation::following(&SITES);
    installation.advance_hours(24 * 3);
    installation.poll("one", &posts_of_one());
    installation.poll("two", &posts_of_two());
    installation.poll("three", &posts_of_three());
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
    installation.poll("three", &posts_of_three());
    installation.poll("two", &posts_of_two());
    installation.poll_document("one", &rss("https://one.example/", &posts_of_one()));
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
