//! Changed rules over many stored stories: in bounded steps, whatever happens in the middle, and nobody is told anew.

#![allow(clippy::unwrap_used)] // what a test expects, it may insist on

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

/// Stored stories.
const STORIES: i64 = 5_000;

/// Stories in one step at most.
const BATCH: usize = 500;

const WINDOW: WindowPolicy = WindowPolicy { max_entries: 50, keep_within: Duration::ZERO };

/// What a step may take on a slow machine, where fifty milliseconds are meant: others wait for the writer.
const LONGEST: Duration = Duration::from_secs(2);

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

/// A site of one source whose stories, an hour apart, are each about one of five subjects.
struct House {
    dir: tempfile::TempDir,
    store: Store,
    topics: Vec<Topic>,
    rules: Arc<Rules>,
}

impl House {
    fn new(topics: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let mut house = Self { dir, store, topics: Vec::new(), rules: Arc::new(Rules::compile(&[]).unwrap()) };
        house.take_over(topics);
        fill(house.dir.path());
        house
    }

    fn take_over(&mut self, topics: &str) {
        let feeds = format!("[[source]]\nid = \"stored\"\nurl = \"https://stored.example/feed.xml\"\n{topics}");
        let feeds = config::check(&feeds, "feeds.toml").config.unwrap();
        let sources: Vec<_> = feeds.sources.iter().map(|source| (source.clone(), "host".to_owned())).collect();
        self.store.take_over(&sources, &feeds.topics, WINDOW, now()).unwrap();
        (self.rules, self.topics) = (Arc::new(Rules::compile(&feeds.topics).unwrap()), feeds.topics);
    }

    /// Sorts in at most so many steps; whether nothing is left.
    fn sort(&self, steps: usize) -> bool {
        for _ in 0..steps {
            let begun = Instant::now();
            let step = self.store.sort_again(self.rules.clone(), BATCH, WINDOW, now()).unwrap();
            assert!(step.sorted <= BATCH as u64 && begun.elapsed() < LONGEST, "{step:?} took {:?}", begun.elapsed());
            if step.left == 0 {
                return true;
            }
        }
        false
    }

    fn sort_all(&self) {
        assert!(self.sort(10_000), "it never ends");
    }

    /// As after `kill -9`: nothing is said, nothing is written, and the next one begins.
    fn start_again(&mut self) {
        self.store = Store::open(self.dir.path()).unwrap();
    }

    fn in_topic(&self, topic: &str) -> BTreeSet<StoryId> {
        let query = StoryQuery { topic: Some(TopicId::new(topic).unwrap()), limit: None, ..StoryQuery::default() };
        self.store.read(|reader| reader.stories(&query)).unwrap().into_iter().map(|story| story.id).collect()
    }

    fn in_window(&self, topic: &str) -> BTreeSet<StoryId> {
        let topics = [TopicId::new(topic).unwrap()];
        self.store.read(|reader| reader.window(&topics, 10_000)).unwrap().into_iter().map(|story| story.id).collect()
    }

    /// Every story of every topic is in its window or in an archive, and windows are no larger than they may be.
    #[track_caller]
    fn assert_places(&self) {
        let conn = rusqlite::Connection::open(self.dir.path().join(DATABASE)).unwrap();
        let lost: i64 = conn
            .query_row(
                "SELECT count(*) FROM story_topic st WHERE in_window = 0 AND NOT EXISTS
                   (SELECT 1 FROM archived a WHERE a.topic_id = st.topic_id AND a.story_id = st.story_id)",
                [],
                |r| r.get(0),
            )
            .unwrap();
        assert_eq!(lost, 0, "stories in neither a window nor an archive");
        for topic in self.topics.iter().map(|topic| topic.id.as_str()).chain(["all"]) {
            assert!(self.in_window(topic).len() <= WINDOW.max_entries, "{topic}");
        }
        assert_eq!(self.store.examine().unwrap(), Vec::<String>::new());
    }
}

fn fill(dir: &Path) {
    let conn = rusqlite::Connection::open(dir.join(DATABASE)).unwrap();
    let begin = now().timestamp_millis() - STORIES * 3_600_000;
    conn.execute_batch("BEGIN").unwrap();
    for sql in [
        "INSERT INTO story (id, published_id, shown_entry, position_ms, first_published_ms, published_ms, updated_ms, arrival, public)
         SELECT i, 'urn:x-test:' || i, i, ?2 + i * 3600000, ?2 + i * 3600000, ?2 + i * 3600000, ?2 + i * 3600000, 'ordinary', 1 FROM n",
        "INSERT INTO entry (id, source_id, key, key_from, story_id, title, language, first_seen_ms, last_seen_ms, content_digest, material_digest, content)
         SELECT i, 'stored', 'k' || i, 'guid', i,
           CASE i % 5 WHEN 0 THEN 'Kafka' WHEN 1 THEN 'Raft' WHEN 2 THEN 'DNS' WHEN 3 THEN 'GPU' ELSE 'Cheese' END || ' number ' || i,
           'en', ?2 + i * 3600000, ?2 + i * 3600000, zeroblob(32), zeroblob(32), '<p>Of some length, and of nothing much.</p>' FROM n",
    ] {
        let numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) ";
        conn.execute(&sql.replacen("SELECT", &format!("{numbers}SELECT"), 1), [STORIES, begin]).unwrap();
    }
    conn.execute_batch("COMMIT").unwrap();
}

fn topic(any: &str) -> String {
    format!("[[topic]]\nid = \"t\"\ntitle = \"T\"\nany = [{any}]\nannounce_within = \"2d\"\n")
}

#[test]
fn changed_rules_are_applied_in_steps_through_ends_and_further_changes_and_announce_nothing_anew() {
    let mut house = House::new(&topic("\"kafka\""));
    house.sort_all();
    house.assert_places();
    assert_eq!(house.in_topic("t").len(), 1_000);
    let before = house.in_window("t");
    assert_eq!(before.len(), 50, "a new topic is filled");

    // A change, an end in the middle, and a further change in the middle of the rest.
    house.take_over(&topic("\"kafka\", \"raft\", \"dns\""));
    assert!(!house.sort(2));
    house.assert_places();
    house.start_again();
    assert!(!house.sort(2));
    house.take_over(&topic("\"kafka\", \"raft\", \"gpu\""));
    assert!(!house.sort(2));
    house.start_again();
    house.sort_all();
    house.assert_places();

    assert_eq!(house.in_topic("t").len(), 3_000);
    let young = now() - chrono::Duration::days(2);
    let after = house.in_window("t");
    for story in after.difference(&before) {
        let story = house.store.read(|reader| reader.story(*story)).unwrap().unwrap();
        assert!(story.position > young, "{} is announced anew", story.title);
    }
    assert!(after.difference(&before).count() > 0, "what is young is shown");

    // What is sorted is not sorted again.
    let again = house.store.sort_again(house.rules.clone(), BATCH, WINDOW, now()).unwrap();
    assert_eq!((again.sorted, again.left), (0, 0));
}
