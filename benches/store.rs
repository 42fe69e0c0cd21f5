//! Polls with a database of 1,000,000 entries.
//!
//! The benchmarks of a new entry apply a poll update: the entry is matched with the entries of its
//! source, compared with candidates of other sources, stored and classified. It is deleted before
//! the next iteration. The database is filled with SQL, because a million polls would take an hour.

use std::{hint::black_box, sync::Arc, time::Duration};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use entry_identity::{Fingerprint, KeyPolicy, identify_items};
use feed_model::{Draft, Guid, PublishedDate, SafeHtml, Source, Timestamp};
use topic_rules::Rules;
use tributary::{
    config,
    store::{
        Arrival, DATABASE, FeedMetadata, IncomingItem, ParsedDocument, PollUpdate, Store,
        WindowPolicy,
    },
};

/// The number of stored entries.
const ENTRIES: u32 = 1_000_000;
/// The number of items of a large feed.
const ITEMS: u32 = 1_000;
/// The seed of the text of every stored entry.
const STORED: u32 = 1;
/// The number of words of a text.
const WORDS: u32 = 300;

const FEEDS: &str = "[[source]]\nid = \"new\"\nurl = \"https://new.example/feed.xml\"\n\
    [[source]]\nid = \"stored\"\nurl = \"https://stored.example/feed.xml\"\n\
    [[source]]\nid = \"large\"\nurl = \"https://large.example/feed.xml\"\n\
    [[topic]]\nid = \"streaming\"\ntitle = \"Streaming\"\n\
    any = [\"kafka\", \"flink\", \"stream processing\"]\n";

const WINDOW: WindowPolicy =
    WindowPolicy { max_entries: 50, keep_within: Duration::from_hours(48) };

fn now() -> Timestamp {
    chrono::DateTime::from_timestamp(1_774_000_000, 0).expect("a valid time")
}

fn draft(n: u32, url: &str, title: &str) -> Draft {
    let text: Vec<String> =
        (0..WORDS).map(|word| format!("w{}", (n * 7_919 + word * 31) % 10_007)).collect();
    Draft {
        guid: Some(Guid { value: format!("tag:new.example,2026:{n}"), is_permalink: None }),
        url: url.parse().ok(),
        title: Some(title.to_owned()),
        published: Some(PublishedDate::exact(now() - chrono::Duration::minutes(i64::from(n)))),
        content: Some(SafeHtml::from_sanitised(format!("<p>{}</p>", text.join(" ")))),
        ..Draft::default()
    }
}

fn update(source: &Source, drafts: Vec<Draft>) -> PollUpdate {
    let (identity, policy, _) = identify_items(&drafts, KeyPolicy::Guid, None);
    let items = drafts
        .into_iter()
        .zip(identity)
        .map(|(draft, identity)| IncomingItem { draft, identity, arrival: Arrival::Ordinary })
        .collect();
    let document = ParsedDocument {
        metadata: FeedMetadata::default(),
        body_digest: None,
        key_policy: Some(policy),
        items,
        private: None,
        ends_import: true,
    };
    PollUpdate { document: Some(document), ..PollUpdate::of(source, now(), WINDOW) }
}

/// Inserts the entries of the source `stored`. Each has its own link, except 5,000 that share one.
/// Every hundredth entry has the same title, and the entry after it the same beginning of its text.
fn fill(dir: &std::path::Path) {
    let conn = rusqlite::Connection::open(dir.join(DATABASE)).expect("the database that was made");
    let print = Fingerprint::of(&draft(STORED, "https://stored.example/1", "Weekly notes"));
    let [opening, _] = print.minhashes().expect("a text that is long enough");
    let begin = now().timestamp_millis() - i64::from(ENTRIES) * 1_000;
    conn.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN")
        .expect("to begin");
    let numbers = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ENTRIES})"
    );
    let fill = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        conn.execute(&sql.replace("NUMBERS", &numbers), values)
            .expect("rows of the benchmark's own making");
    };
    fill(
        "INSERT INTO story (id, published_id, representative_entry, position_ms,
           first_published_ms, updated_ms, arrival, public)
         NUMBERS SELECT i, 'urn:x-bench:' || i, i, ?1 + i * 1000, ?1 + i * 1000, ?1 + i * 1000,
           'ordinary', 1 FROM n",
        &[&begin],
    );
    fill(
        "INSERT INTO entry (id, source_id, key, key_from, story_id, guid, link, canonical_url,
           normalized_title, title, published_ms, first_seen_ms, last_seen_ms, content_hash,
           material_hash, fingerprint, opening_minhash, text_minhash)
         NUMBERS SELECT i, 'stored', 'urn:x-bench:' || i, 'guid', i, 'urn:x-bench:' || i,
           'https://stored.example/posts/' || i,
           iif(i % 200 = 0, 'https://stored.example/changes', 'https://stored.example/posts/' || i),
           iif(i % 100 = 0, 'weekly notes', 'post ' || i), 'Post',
           ?1 + i * 1000, ?1 + i * 1000, ?1 + i * 1000, zeroblob(32), zeroblob(32), ?2,
           iif(i % 100 = 1, ?3, i * 4001), i * 4003 FROM n",
        &[&begin, &print.to_bytes(), &opening],
    );
    fill(
        "INSERT INTO story_topic (topic_id, story_id, position_ms, in_window, in_archive)
         NUMBERS SELECT 'all', i, ?1 + i * 1000, i > 999950, i <= 999950 FROM n",
        &[&begin],
    );
    conn.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)").expect("to end");
}

/// Deletes what the previous iteration stored, so that the entry is new again. In the filled
/// database, a story has the same id as its only entry.
fn remove_new_entries(dir: &std::path::Path) {
    let conn = rusqlite::Connection::open(dir.join(DATABASE)).expect("the database");
    conn.execute_batch(&format!(
        "PRAGMA foreign_keys = OFF;
         BEGIN;
         UPDATE story SET representative_entry = id WHERE id IN (
           SELECT story_id FROM entry WHERE source_id = 'new') AND id <= {ENTRIES};
         DELETE FROM entry WHERE source_id = 'new';
         DELETE FROM story_topic WHERE story_id > {ENTRIES};
         DELETE FROM archive_story WHERE story_id > {ENTRIES};
         DELETE FROM story WHERE id > {ENTRIES};
         COMMIT;"
    ))
    .expect("to delete the new entry");
}

fn benches(c: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a directory");
    let store = Store::open(dir.path()).expect("a database");
    let feeds = config::check(FEEDS, "feeds.toml").config.expect("a sound feeds.toml");
    let sources: Vec<_> =
        feeds.sources.iter().map(|source| (source.clone(), "host".to_owned())).collect();
    store.sync_config(&sources, &feeds.topics, WINDOW, now()).expect("to store the configuration");
    let rules = Arc::new(Rules::compile(&feeds.topics).expect("rules"));
    let [new, _, large] = &feeds.sources[..] else { panic!("three sources") };
    fill(dir.path());

    let mut group = c.benchmark_group("among 1,000,000 entries");
    group.sample_size(30);
    for (name, text, url, title) in [
        (
            "a new entry without candidates",
            2,
            "https://new.example/posts/1",
            "Nobody else has this title",
        ),
        ("a new entry with a known link", 2, "https://stored.example/posts/777777", "Post 777777"),
        (
            "a new entry with a link that 5,000 share",
            2,
            "https://stored.example/changes",
            "Nobody else has this title",
        ),
        (
            "a new entry with a title that 10,000 share",
            2,
            "https://new.example/posts/1",
            "Weekly notes",
        ),
        (
            "a new entry with an opening that 10,000 share",
            STORED,
            "https://new.example/posts/1",
            "Nobody else has this title",
        ),
        ("a new entry with all of it", STORED, "https://stored.example/changes", "Weekly notes"),
    ] {
        let update = update(new, vec![draft(text, url, title)]);
        group.bench_function(name, |b| {
            b.iter_batched(
                || {
                    remove_new_entries(dir.path());
                    update.clone()
                },
                |update| store.apply(black_box(update), rules.clone()).expect("a poll"),
                BatchSize::PerIteration,
            );
        });
    }
    let items = (0..ITEMS)
        .map(|n| draft(n, &format!("https://large.example/{n}"), &format!("Notes on streams {n}")))
        .collect();
    let large = update(large, items);
    store.apply(large.clone(), rules.clone()).expect("a first poll");
    group.bench_function("an unchanged feed of 1,000 items", |b| {
        b.iter(|| {
            let again = store.apply(black_box(large.clone()), rules.clone()).expect("a poll");
            assert_eq!((again.new_entries, again.updated_entries), (0, 0));
        });
    });
    group.finish();
}

criterion_group!(store, benches);
criterion_main!(store);
