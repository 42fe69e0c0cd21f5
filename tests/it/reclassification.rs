//! Reclassification of many stories after a change of rules: in batches, interrupted by restarts,
//! and without announcing old stories.

#![allow(clippy::unwrap_used)] // a test may panic

use std::{
    collections::BTreeSet,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use feed_model::{StoryId, Timestamp, Topic, TopicId};
use topic_rules::Rules;
use tributary::{
    config,
    store::{DATABASE, Store, StoryQuery, WindowPolicy},
};

/// The number of stored stories.
const STORIES: i64 = 5_000;

/// The maximum number of stories in one batch.
const BATCH: usize = 500;

const WINDOW: WindowPolicy = WindowPolicy { max_entries: 50, keep_within: Duration::ZERO };

/// The time limit of a batch on a slow machine. The intended limit is 50 ms.
const MAX_BATCH_TIME: Duration = Duration::from_secs(2);

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

/// A database with one source whose stories, an hour apart, have one of five subjects each.
struct LargeStore {
    dir: tempfile::TempDir,
    store: Store,
    topics: Vec<Topic>,
    rules: Arc<Rules>,
}

impl LargeStore {
    fn new(stories: i64, topics: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let mut large_store =
            Self { dir, store, topics: Vec::new(), rules: Arc::new(Rules::compile(&[]).unwrap()) };
        large_store.sync_config(topics);
        insert_stories(large_store.dir.path(), stories);
        large_store
    }

    fn sync_config(&mut self, topics: &str) {
        let feeds = format!(
            "[[source]]\nid = \"stored\"\nurl = \"https://stored.example/feed.xml\"\n{topics}"
        );
        let feeds = config::check(&feeds, "feeds.toml").config.unwrap();
        let sources: Vec<_> =
            feeds.sources.iter().map(|source| (source.clone(), "host".to_owned())).collect();
        self.store.sync_config(&sources, &feeds.topics, WINDOW, now()).unwrap();
        (self.rules, self.topics) =
            (Arc::new(Rules::compile(&feeds.topics).unwrap()), feeds.topics);
    }

    /// Runs at most this many batches. Returns whether no story is left.
    fn reclassify_steps(&self, steps: usize) -> bool {
        for _ in 0..steps {
            let begun = Instant::now();
            let step = self.store.reclassify(self.rules.clone(), BATCH, WINDOW, now()).unwrap();
            assert!(
                step.sorted <= BATCH as u64 && begun.elapsed() < MAX_BATCH_TIME,
                "{step:?} took {:?}",
                begun.elapsed()
            );
            if step.left == 0 {
                return true;
            }
        }
        false
    }

    fn reclassify_all(&self) {
        assert!(self.reclassify_steps(10_000), "reclassification does not end");
    }

    /// Opens the database again without closing it, as after `kill -9`.
    fn reopen(&mut self) {
        self.store = Store::open(self.dir.path()).unwrap();
    }

    fn in_topic(&self, topic: &str) -> BTreeSet<StoryId> {
        let query = StoryQuery {
            topic: Some(TopicId::new(topic).unwrap()),
            limit: None,
            ..StoryQuery::default()
        };
        self.store
            .read(|reader| reader.stories(&query))
            .unwrap()
            .into_iter()
            .map(|story| story.id)
            .collect()
    }

    fn in_window(&self, topic: &str) -> BTreeSet<StoryId> {
        let topics = [TopicId::new(topic).unwrap()];
        self.store
            .read(|reader| reader.window(&topics, 10_000))
            .unwrap()
            .into_iter()
            .map(|story| story.id)
            .collect()
    }

    /// Asserts that each story of each topic is in its window or in an archive, and that no window
    /// is too large.
    #[track_caller]
    fn assert_window_or_archive(&self) {
        let conn = rusqlite::Connection::open(self.dir.path().join(DATABASE)).unwrap();
        let lost: i64 = conn
            .query_row(
                "SELECT count(*) FROM story_topic st WHERE in_window = 0 AND NOT EXISTS (
                   SELECT 1 FROM archive_story a
                    WHERE a.topic_id = st.topic_id AND a.story_id = st.story_id)",
                [],
                |r| r.get(0),
            )
            .unwrap();
        assert_eq!(lost, 0, "stories in neither a window nor an archive");
        for topic in self.topics.iter().map(|topic| topic.id.as_str()).chain(["all"]) {
            assert!(self.in_window(topic).len() <= WINDOW.max_entries, "{topic}");
        }
        assert_eq!(self.store.check_integrity().unwrap(), Vec::<String>::new());
    }
}

fn insert_stories(dir: &Path, stories: i64) {
    let conn = rusqlite::Connection::open(dir.join(DATABASE)).unwrap();
    let begin = now().timestamp_millis() - stories * 3_600_000;
    conn.execute_batch("BEGIN").unwrap();
    for sql in [
        "INSERT INTO story (id, published_id, representative_entry, position_ms, first_published_ms,
           published_ms, updated_ms, arrival, public)
         NUMBERS SELECT i, 'urn:x-test:' || i, i, ?2 + i * 3600000, ?2 + i * 3600000,
           ?2 + i * 3600000, ?2 + i * 3600000, 'ordinary', 1 FROM n",
        "INSERT INTO entry (id, source_id, key, key_from, story_id, title, language, first_seen_ms,
           last_seen_ms, content_hash, material_hash, content)
         NUMBERS SELECT i, 'stored', 'k' || i, 'guid', i,
           CASE i % 5 WHEN 0 THEN 'Kafka' WHEN 1 THEN 'Raft' WHEN 2 THEN 'DNS' WHEN 3 THEN 'GPU'
             ELSE 'Cheese' END || ' number ' || i,
           'en', ?2 + i * 3600000, ?2 + i * 3600000, zeroblob(32), zeroblob(32),
           '<p>Of some length, and of nothing much.</p>' FROM n",
    ] {
        let numbers =
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)";
        conn.execute(&sql.replace("NUMBERS", numbers), [stories, begin]).unwrap();
    }
    conn.execute_batch("COMMIT").unwrap();
}

fn topic(any: &str) -> String {
    format!("[[topic]]\nid = \"t\"\ntitle = \"T\"\nany = [{any}]\nannounce_within = \"2d\"\n")
}

#[test]
fn reclassification_runs_in_batches_through_restarts_and_rule_changes_without_announcements() {
    let mut large_store = LargeStore::new(STORIES, &topic("\"kafka\""));
    large_store.reclassify_all();
    large_store.assert_window_or_archive();
    assert_eq!(large_store.in_topic("t").len(), 1_000);
    let before = large_store.in_window("t");
    assert_eq!(before.len(), 50, "the window of a new topic is filled");
    large_store.store.mark_fetched(&[TopicId::new("t").unwrap()]).unwrap();

    // A change of the rules, restarts, and another change before the first one is complete.
    large_store.sync_config(&topic("\"kafka\", \"raft\", \"dns\""));
    assert!(!large_store.reclassify_steps(2));
    large_store.assert_window_or_archive();
    large_store.reopen();
    assert!(!large_store.reclassify_steps(2));
    large_store.sync_config(&topic("\"kafka\", \"raft\", \"gpu\""));
    assert!(!large_store.reclassify_steps(2));
    large_store.reopen();
    large_store.reclassify_all();
    large_store.assert_window_or_archive();

    assert_eq!(large_store.in_topic("t").len(), 3_000);
    let young = now() - chrono::Duration::days(2);
    let after = large_store.in_window("t");
    for story in after.difference(&before) {
        let story = large_store.store.read(|reader| reader.story(*story)).unwrap().unwrap();
        assert!(story.position > young, "{} is announced again", story.title);
    }
    assert!(after.difference(&before).count() > 0, "recent stories enter the window");

    // A classified story is not classified again.
    let again =
        large_store.store.reclassify(large_store.rules.clone(), BATCH, WINDOW, now()).unwrap();
    assert_eq!((again.sorted, again.left), (0, 0));
}

#[test]
fn topics_are_filled_when_the_last_batch_has_exactly_the_limit() {
    let large_store = LargeStore::new(5, &topic("\"kafka\""));
    let fingerprint = large_store.rules.fingerprint();
    for left in (0..5).rev() {
        let step =
            large_store.store.reclassify(large_store.rules.clone(), 1, WINDOW, now()).unwrap();
        assert_eq!((step.sorted, step.left), (1, left));
    }
    assert!(large_store.store.read(|reader| reader.all_classified(fingerprint)).unwrap());
}
