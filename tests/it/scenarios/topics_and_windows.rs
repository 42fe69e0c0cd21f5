//! Which stories a subscriber of one topic is told: by rules, by changed rules, by a person.

use feed_model::TopicId;

use crate::support::{
    feeds::{Post, post, words},
    installation::{Installation, sources},
    time::march,
};

fn post_about(n: u32, subject: &str) -> Post {
    post("one", n).title(&format!("{subject} {n}"))
}

fn topic(id: &str, any: &str) -> String {
    format!("[[topic]]\nid = \"{id}\"\ntitle = \"{id}\"\nany = [\"{any}\"]\n")
}

fn feeds_toml_lines(max_entries: u32, keep_within: &str, topics: &str) -> String {
    format!(
        "max_entries = {max_entries}\nkeep_within = \"{keep_within}\"\n{}{topics}",
        sources(&["one"])
    )
}

#[test]
fn a_changed_rule_announces_only_stories_within_announce_within() {
    let mut installation =
        Installation::with_config(&feeds_toml_lines(50, "48h", &topic("t", "kafka")));
    installation.deliver(
        "one",
        &[
            post_about(19, "Kafka"),
            post_about(18, "Pulsar"),
            post_about(17, "Kafka"),
            post_about(3, "Pulsar"),
        ],
    );
    assert_eq!(installation.newly_announced_in("t"), ["Kafka 19", "Kafka 17"]);
    let all = installation.feed_of_all();
    // By the wider rule two more are in it: the one of two days ago is told, the one of March 3rd
    // is not.
    installation.reconfigure(&feeds_toml_lines(
        50,
        "48h",
        "[[topic]]\nid = \"t\"\ntitle = \"t\"\nany = [\"kafka\", \"pulsar\"]\nannounce_within = \
         \"3d\"\n",
    ));
    assert_eq!(installation.newly_announced_in("t"), ["Pulsar 18"]);
    assert_eq!(installation.topic("t").titles(), ["Kafka 19", "Pulsar 18", "Kafka 17"]);
    assert_eq!(installation.feed_of_all().stories, all.stories, "only their categories differ");
    let old = installation.story("https://one.example/posts/3");
    assert_eq!(old.topics[0].id.as_str(), "t", "it is in the topic all the same");
    // And the narrow rule again: who left is not told, and who stays is no news.
    installation.reconfigure(&feeds_toml_lines(50, "48h", &topic("t", "kafka")));
    assert_eq!(installation.topic("t").titles(), ["Kafka 19", "Kafka 17"]);
    assert_eq!(installation.newly_announced_in("t"), [""; 0]);
}

/// Tuning does not hollow out a feed that nobody reads yet.
#[test]
fn changed_rules_fill_the_window_until_a_feed_is_fetched() {
    let mut installation =
        Installation::with_config(&feeds_toml_lines(3, "0s", &topic("t", "kafka")));
    let posts: Vec<Post> = (1..=12)
        .rev()
        .map(|n| post_about(n, if n % 2 == 1 { "Kafka" } else { "Pulsar" }))
        .collect();
    installation.deliver("one", &posts);
    for words in ["pulsar", "kafka", "pulsar"] {
        installation.reconfigure(&feeds_toml_lines(3, "0s", &topic("t", words)));
    }
    assert_eq!(installation.newly_announced_in("t"), ["Pulsar 12", "Pulsar 10", "Pulsar 8"]);
    // From now on there is a reader.
    installation.reconfigure(&feeds_toml_lines(3, "0s", &topic("t", "kafka")));
    assert_eq!(installation.topic("t").titles(), [""; 0]);
    let topics = installation.run(&["topics", "--json"]);
    assert!(topics.contains("\"in_feed\": 0"), "{topics}");
    installation.run(&["topic", "refill", "t"]);
    assert_eq!(installation.topic("t").titles(), ["Kafka 11", "Kafka 9", "Kafka 7"]);
}

#[tokio::test]
async fn a_removed_topic_is_unknown_for_seven_days_and_then_gone() {
    let with = feeds_toml_lines(3, "0s", &topic("t", "kafka"));
    let mut installation = Installation::with_config(&with);
    installation.deliver("one", &[post_about(9, "Kafka")]);
    installation.reconfigure(&feeds_toml_lines(3, "0s", ""));
    let left = installation.now();
    let status_after = async |installation: &Installation, hours: i64| {
        let now = left + chrono::Duration::hours(hours);
        installation.publish(&now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
        installation.serve().get("/topics/t/feed.atom").await.status
    };
    assert_eq!(status_after(&installation, 1).await, 404);
    assert_eq!(status_after(&installation, 7 * 24 - 1).await, 404);
    assert_eq!(status_after(&installation, 7 * 24 + 1).await, 410);
}

#[test]
fn a_new_topic_fills_its_window() {
    let mut installation = Installation::with_config(&feeds_toml_lines(3, "0s", ""));
    let posts: Vec<Post> =
        (1..=9).rev().map(|n| post_about(n, if n % 2 == 1 { "Kafka" } else { "Pulsar" })).collect();
    installation.deliver("one", &posts);
    installation.reconfigure(&feeds_toml_lines(3, "0s", &topic("t", "kafka")));
    assert_eq!(installation.newly_announced_in("t"), ["Kafka 9", "Kafka 7", "Kafka 5"]);
    // A topic that leaves and comes back is filled again, at once or later.
    installation.reconfigure(&feeds_toml_lines(3, "0s", ""));
    installation.reconfigure(&feeds_toml_lines(3, "0s", &topic("t", "kafka")));
    assert_eq!(installation.topic("t").titles(), ["Kafka 9", "Kafka 7", "Kafka 5"]);
    assert_eq!(installation.newly_announced_in("t"), [""; 0]);
}

#[test]
fn a_topic_restored_before_reclassification_fills_its_window() {
    let with = feeds_toml_lines(3, "0s", &topic("t", "kafka"));
    let mut installation = Installation::with_config(&with);
    installation.deliver("one", &[post_about(9, "Kafka"), post_about(8, "Pulsar")]);
    let first = installation.topic("t");
    installation.reconfigure_without_reclassifying(&feeds_toml_lines(3, "0s", ""));
    installation.reconfigure(&with);
    assert_eq!(installation.topic("t").stories, first.stories);
}

/// While feeds.toml is read again, the state knows a new topic a moment before those who sort do.
#[test]
fn a_topic_unknown_to_the_running_rules_stays_pending() {
    let mut installation =
        Installation::with_config(&feeds_toml_lines(3, "0s", &topic("t", "kafka")));
    installation.deliver("one", &[post_about(9, "Kafka"), post_about(8, "Pulsar")]);
    let old = installation.rules();
    installation.reconfigure_without_reclassifying(&feeds_toml_lines(
        3,
        "0s",
        &(topic("t", "kafka") + &topic("new", "pulsar")),
    ));
    for _ in 0..2 {
        let step = installation
            .store()
            .reclassify(old.clone(), 500, installation.window(), installation.now())
            .unwrap();
        assert_eq!((step.sorted, step.left), (0, 0));
    }
    installation.reclassify();
    assert_eq!(installation.topic("new").titles(), ["Pulsar 8"]);
    assert_eq!(installation.topic("t").titles(), ["Kafka 9"]);
}

#[test]
fn a_new_rules_fingerprint_with_the_same_result_announces_nothing() {
    let mut installation =
        Installation::with_config(&feeds_toml_lines(50, "48h", &topic("t", "kafka")));
    installation.deliver("one", &[post_about(19, "Kafka"), post_about(3, "Kafka")]);
    let first = installation.document_bytes();
    installation.newly_announced_in("t");
    // Another spelling has another fingerprint and the same verdicts.
    installation.reconfigure(&feeds_toml_lines(50, "48h", &topic("t", "/kafka/")));
    assert_eq!(installation.document_bytes(), first);
    installation.restart();
    assert_eq!(installation.document_bytes(), first);
}

#[test]
fn a_label_puts_a_story_into_the_window_at_its_position() {
    let mut installation =
        Installation::with_config(&feeds_toml_lines(50, "48h", &topic("t", "kafka")));
    installation.deliver(
        "one",
        &[post_about(19, "Kafka"), post_about(10, "Pulsar"), post_about(3, "Kafka")],
    );
    installation.newly_announced_in("t");
    let story = installation.story("https://one.example/posts/10");
    let t = TopicId::new("t").unwrap();
    installation
        .store()
        .label(
            story.id,
            Some(vec![t]),
            installation.rules(),
            installation.window(),
            installation.now(),
        )
        .unwrap();
    assert_eq!(installation.topic("t").titles(), ["Kafka 19", "Pulsar 10", "Kafka 3"]);
    assert_eq!(installation.newly_announced_in("t"), ["Pulsar 10"]);
    // The rules change, the text is edited: the label stands.
    installation.deliver("one", &[post_about(10, "Pulsar").title("Pulsar, edited")]);
    installation.reconfigure(&feeds_toml_lines(50, "48h", &topic("t", "flink")));
    assert_eq!(installation.topic("t").titles(), ["Pulsar, edited"]);
    installation
        .store()
        .label(story.id, None, installation.rules(), installation.window(), installation.now())
        .unwrap();
    assert_eq!(installation.topic("t").titles(), [""; 0]);
}

#[test]
fn a_label_overrides_the_announce_within_limit() {
    let mut installation =
        Installation::with_config(&feeds_toml_lines(50, "48h", &topic("t", "kafka")));
    installation.deliver("one", &[post_about(19, "Kafka"), post_about(3, "Pulsar")]);
    assert_eq!(installation.topic("t").titles(), ["Kafka 19"], "a reader fetches the feed");
    installation.reconfigure(&feeds_toml_lines(
        50,
        "48h",
        "[[topic]]\nid = \"t\"\ntitle = \"t\"\nany = [\"kafka\", \"pulsar\"]\n",
    ));
    assert_eq!(installation.topic("t").titles(), ["Kafka 19"]);
    let story = installation.story("https://one.example/posts/3");
    installation
        .store()
        .label(
            story.id,
            Some(vec![TopicId::new("t").unwrap()]),
            installation.rules(),
            installation.window(),
            installation.now(),
        )
        .unwrap();
    assert_eq!(installation.topic("t").titles(), ["Kafka 19", "Pulsar 3"]);
}

#[test]
fn a_story_that_enters_a_topic_later_keeps_its_id_and_position() {
    let mut installation =
        Installation::with_config(&feeds_toml_lines(50, "48h", &topic("t", "kafka")));
    installation.deliver("one", &[post("one", 1)]);
    installation.deliver("one", &[post_about(20, "Kafka"), post_about(19, "Notes")]);
    installation.newly_announced_in("t");
    let id = installation
        .feed_of_all()
        .stories
        .iter()
        .find(|s| s.title == "Notes 19")
        .unwrap()
        .id
        .clone();
    installation.deliver(
        "one",
        &[post_about(20, "Kafka"), post_about(19, "Notes").title("Notes on Kafka")],
    );
    let published = installation.topic("t");
    assert_eq!(published.titles(), ["Kafka 20", "Notes on Kafka"]);
    assert_eq!(published.story("Notes on Kafka").id, id);
    assert_eq!(installation.feed_of_all().titles(), ["Kafka 20", "Notes on Kafka", "one 1"]);
}

#[test]
fn stories_within_keep_within_exceed_max_entries() {
    let mut installation = Installation::with_config(&feeds_toml_lines(5, "48h", ""));
    installation.deliver("one", &(1..=9).rev().map(|n| post("one", n)).collect::<Vec<_>>());
    assert_eq!(
        installation.feed_of_all().stories.len(),
        5,
        "a first import is no news, and has the limit"
    );
    let burst = |from: u32| {
        (from..from + 20)
            .map(|n| {
                post("one", n % 28 + 1)
                    .guid(&format!("urn:x-test:{n}"))
                    .link(&format!("https://one.example/b/{n}"))
                    .title(&format!("burst {n}"))
                    .text(&format!("What came as number {n}."))
            })
            .rev()
            .collect::<Vec<_>>()
    };
    installation.deliver("one", &burst(100));
    assert_eq!(installation.feed_of_all().stories.len(), 20);
    installation.advance_hours(40);
    installation.deliver("one", &burst(200));
    assert_eq!(installation.feed_of_all().stories.len(), 40);
    installation.advance_hours(10);
    installation.deliver("one", &burst(300)[..1]);
    assert_eq!(installation.feed_of_all().stories.len(), 21, "what came 51 hours ago goes");
    installation.advance_hours(49);
    installation.deliver("one", &burst(400)[..1]);
    assert_eq!(installation.feed_of_all().stories.len(), 5);
}

#[test]
fn the_window_has_at_most_500_stories() {
    let mut installation = Installation::with_config(&feeds_toml_lines(50, "48h", ""));
    installation.deliver("one", &[post("one", 1)]);
    let small = |n: u32| {
        post("one", 2)
            .guid(&format!("urn:x-test:{n}"))
            .link(&format!("https://one.example/{n}"))
            .title(&format!("n {n}"))
            .text(&words(n, 2))
    };
    installation.deliver("one", &(0..600).rev().map(small).collect::<Vec<_>>());
    let windowed =
        installation.store().read(|reader| reader.window(&[TopicId::all()], 50)).unwrap();
    assert_eq!(windowed.len(), 500);
    assert_eq!(windowed[0].title, "n 599");
    assert_eq!(windowed[499].title, "n 100");
}

#[test]
fn a_story_older_than_the_window_goes_to_the_archive() {
    let mut installation = Installation::with_config(&format!(
        "max_entries = 3\nkeep_within = \"0s\"\n{}",
        sources(&["one", "two"])
    ));
    installation.deliver("one", &(15..=19).rev().map(|n| post("one", n)).collect::<Vec<_>>());
    let first = installation.feed_of_all();
    // Another source's back-catalogue is older than everything in the window.
    installation.deliver("two", &(1..=5).rev().map(|n| post("two", n)).collect::<Vec<_>>());
    let after = installation.feed_of_all();
    assert_eq!(
        (&after.stories, &after.rss, &after.json),
        (&first.stories, &first.rss, &first.json),
        "nothing moved"
    );
    assert_ne!(after.atom, first.atom, "but the link back, along which a new reader finds them");
    assert_eq!(installation.stored_stories().len(), 10);
    // And one that is not finds its place.
    installation.reconfigure(&format!(
        "max_entries = 3\nkeep_within = \"0s\"\n{}",
        sources(&["one", "two", "three"])
    ));
    installation.deliver("three", &[post("three", 18).published_at(march(18, 20))]);
    assert_eq!(installation.feed_of_all().titles(), ["one 19", "three 18", "one 18"]);
}

#[test]
fn a_changed_max_entries_applies_on_reload() {
    let mut installation = Installation::with_config(&feeds_toml_lines(5, "0s", ""));
    installation.deliver("one", &(1..=9).rev().map(|n| post("one", n)).collect::<Vec<_>>());
    assert_eq!(installation.feed_of_all().stories.len(), 5);
    installation.reconfigure(&feeds_toml_lines(3, "0s", ""));
    assert_eq!(installation.feed_of_all().stories.len(), 3);
}
