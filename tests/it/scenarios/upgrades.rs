//! Another data directory: one that an older program left, and an empty one that is fed the same documents.

use rusqlite::Connection;
use tributary::store::DATABASE;

use super::{
    house::House,
    post::{Post, march, post, rss, words},
};

const MIGRATIONS: [&str; 4] = [
    include_str!("../../../src/store/migrations/0001.sql"),
    include_str!("../../../src/store/migrations/0002.sql"),
    include_str!("../../../src/store/migrations/0003.sql"),
    include_str!("../../../src/store/migrations/0004.sql"),
];

/// The house's state as the program of that version would have left it, taken over by today's program.
fn upgraded(house: &House, version: usize) -> House {
    let dir = tempfile::tempdir().unwrap();
    let now = dir.path().join("now.db");
    house.store().back_up(&now).unwrap();
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
        let columns = list(&format!("SELECT name FROM pragma_table_info('{table}', 'main')")).join(", ");
        old.execute(&format!("INSERT OR REPLACE INTO main.\"{table}\" ({columns}) SELECT {columns} FROM now.\"{table}\""), [])
            .unwrap();
    }
    // Addresses were once compared as they are within a source, their fragments apart.
    let once =
        "UPDATE main.entry SET canonical = CASE WHEN instr(link, '#') THEN substr(link, 1, instr(link, '#') - 1) ELSE link END";
    old.execute(&format!("{once} WHERE link IS NOT NULL"), []).unwrap();
    old.execute_batch("DETACH now").unwrap();
    drop(old);
    house.in_directory(dir)
}

fn one() -> Vec<Post> {
    vec![
        post("one", 5).link("https://one.example/posts/5/index.html"),
        post("one", 4).guid("").link("https://m.one.example/4?ref=github"),
        post("one", 3).guid("https://one.example/?p=3").no_permalink(),
        post("one", 2).guid("").link(""),
        post("one", 1).guid("").link("https://one.example/log#v1"),
    ]
}

fn two() -> Vec<Post> {
    let text = words(41, 300);
    vec![post("two", 7), post("one", 3).guid("urn:x-test:3"), post("two", 6).title("How brokers fail").text(&text)]
}

fn three() -> Vec<Post> {
    vec![post("three", 6).title("How brokers fail").text(&words(41, 300)).on(march(7, 1))]
}

const SITES: [&str; 3] = ["one", "two", "three"];

fn filled() -> House {
    let mut house = House::following(&SITES);
    house.poll("one", &one());
    house.poll("two", &two());
    house.poll("three", &three());
    assert_eq!(house.news().len(), 7, "two of nine are copies");
    house
}

#[test]
fn an_upgrade_announces_nothing_and_changes_no_byte() {
    for version in 1..=MIGRATIONS.len() {
        let house = filled();
        let first = house.bytes();
        let mut house = upgraded(&house, version);
        assert_eq!(house.bytes(), first, "from version {version}");
        // The same documents again, then as new names for the same posts.
        house.poll("one", &one());
        house.poll("two", &two());
        house.poll("three", &three());
        assert_eq!(house.news(), [""; 0], "from version {version}");
        assert_eq!(house.bytes(), first, "from version {version}");
        let renamed = |posts: Vec<Post>| -> Vec<Post> { posts.into_iter().map(|post| post.guid("")).collect() };
        house.poll("one", &renamed(one()));
        house.poll("two", &renamed(two()));
        assert_eq!(house.news(), [""; 0], "from version {version}");
        // Copies of what was stored by the older rules, under the addresses that it was stored with.
        let copies: Vec<Post> = one()[..2].iter().map(|post| post.clone().guid("").text("")).collect();
        house.poll("three", &copies);
        assert_eq!(house.news(), [""; 0], "from version {version}");
        assert_eq!(house.store().examine().unwrap(), [""; 0]);
    }
}

#[test]
fn an_empty_directory_that_is_fed_the_same_documents_gives_the_same_ids() {
    let first = filled().all();
    let mut house = House::following(&SITES);
    house.hours(24 * 3);
    house.poll("one", &one());
    house.poll("two", &two());
    house.poll("three", &three());
    let second = house.all();
    assert_eq!(second.stories, first.stories, "ids, order, dates and texts are those of the first import");
    // A reader that knows the first directory is told nothing by the second.
    let again = |text: &str| text.lines().filter(|line| !line.contains("2026-03-2")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(again(&second.atom), again(&first.atom));
}

#[test]
fn an_empty_directory_gives_the_publishers_ids_to_the_same_stories_whoever_is_asked_first() {
    let mut house = House::following(&SITES);
    house.poll("three", &three());
    house.poll("two", &two());
    house.poll_text("one", &rss("https://one.example/", &one()));
    let (first, second) = (filled().all(), house.all());
    let sorted = |titles: Vec<&str>| {
        let mut titles: Vec<String> = titles.into_iter().map(str::to_owned).collect();
        titles.sort();
        titles
    };
    assert_eq!(sorted(second.titles()), sorted(first.titles()), "the same stories are one, in any order of arrival");
}
