//! Which stories a subscriber of one topic is told: by rules, by changed rules, by a person.

use feed_model::TopicId;

use super::{
    house::{House, sources},
    post::{Post, march, post, words},
};

fn about(n: u32, subject: &str) -> Post {
    post("one", n).title(&format!("{subject} {n}"))
}

fn topic(id: &str, any: &str) -> String {
    format!("[[topic]]\nid = \"{id}\"\ntitle = \"{id}\"\nany = [\"{any}\"]\n")
}

fn house(max_entries: u32, keep_within: &str, topics: &str) -> String {
    format!("max_entries = {max_entries}\nkeep_within = \"{keep_within}\"\n{}{topics}", sources(&["one"]))
}

#[test]
fn a_changed_rule_announces_nothing_old() {
    let mut house_ = House::with(&house(50, "48h", &topic("t", "kafka")));
    house_.poll("one", &[about(19, "Kafka"), about(18, "Pulsar"), about(17, "Kafka"), about(3, "Pulsar")]);
    assert_eq!(house_.news_of("t"), ["Kafka 19", "Kafka 17"]);
    let all = house_.all();
    // By the wider rule two more are in it: the one of two days ago is told, the one of March 3rd is not.
    house_.reconfigure(&house(
        50,
        "48h",
        "[[topic]]\nid = \"t\"\ntitle = \"t\"\nany = [\"kafka\", \"pulsar\"]\nannounce_within = \"3d\"\n",
    ));
    assert_eq!(house_.news_of("t"), ["Pulsar 18"]);
    assert_eq!(house_.topic("t").titles(), ["Kafka 19", "Pulsar 18", "Kafka 17"]);
    assert_eq!(house_.all(), all);
    let old = house_.story("https://one.example/posts/3");
    assert_eq!(old.topics[0].id.as_str(), "t", "it is in the topic all the same");
    // And the narrow rule again: who left is not told, and who stays is no news.
    house_.reconfigure(&house(50, "48h", &topic("t", "kafka")));
    assert_eq!(house_.topic("t").titles(), ["Kafka 19", "Kafka 17"]);
    assert_eq!(house_.news_of("t"), [""; 0]);
}

#[test]
fn a_new_topic_is_filled_as_usual() {
    let mut house_ = House::with(&house(3, "0s", ""));
    let posts: Vec<Post> = (1..=9).rev().map(|n| about(n, if n % 2 == 1 { "Kafka" } else { "Pulsar" })).collect();
    house_.poll("one", &posts);
    house_.reconfigure(&house(3, "0s", &topic("t", "kafka")));
    assert_eq!(house_.news_of("t"), ["Kafka 9", "Kafka 7", "Kafka 5"]);
    // A topic that leaves and comes back is filled again, at once or later.
    house_.reconfigure(&house(3, "0s", ""));
    house_.reconfigure(&house(3, "0s", &topic("t", "kafka")));
    assert_eq!(house_.topic("t").titles(), ["Kafka 9", "Kafka 7", "Kafka 5"]);
    assert_eq!(house_.news_of("t"), [""; 0]);
}

#[test]
fn a_topic_that_comes_back_before_anything_was_sorted_is_filled() {
    let with = house(3, "0s", &topic("t", "kafka"));
    let mut house_ = House::with(&with);
    house_.poll("one", &[about(9, "Kafka"), about(8, "Pulsar")]);
    let first = house_.topic("t");
    house_.reconfigure_without_sorting(&house(3, "0s", ""));
    house_.reconfigure(&with);
    assert_eq!(house_.topic("t").stories, first.stories);
}

/// While feeds.toml is read again, the state knows a new topic a moment before those who sort do.
#[test]
fn a_topic_that_its_sorters_do_not_know_yet_is_still_new() {
    let mut house_ = House::with(&house(3, "0s", &topic("t", "kafka")));
    house_.poll("one", &[about(9, "Kafka"), about(8, "Pulsar")]);
    let old = house_.rules();
    house_.reconfigure_without_sorting(&house(3, "0s", &(topic("t", "kafka") + &topic("new", "pulsar"))));
    for _ in 0..2 {
        let step = house_.store().sort_again(old.clone(), 500, house_.window(), house_.now()).unwrap();
        assert_eq!((step.sorted, step.left), (0, 0));
    }
    house_.sort_again();
    assert_eq!(house_.topic("new").titles(), ["Pulsar 8"]);
    assert_eq!(house_.topic("t").titles(), ["Kafka 9"]);
}

#[test]
fn an_upgrade_that_means_the_same_rules_otherwise_announces_nothing() {
    let mut house_ = House::with(&house(50, "48h", &topic("t", "kafka")));
    house_.poll("one", &[about(19, "Kafka"), about(3, "Kafka")]);
    let first = house_.bytes();
    house_.news_of("t");
    // Another spelling has another fingerprint and the same verdicts.
    house_.reconfigure(&house(50, "48h", &topic("t", "/kafka/")));
    assert_eq!(house_.bytes(), first);
    house_.restart();
    assert_eq!(house_.bytes(), first);
}

#[test]
fn a_persons_label_puts_a_story_into_the_window_at_its_position() {
    let mut house_ = House::with(&house(50, "48h", &topic("t", "kafka")));
    house_.poll("one", &[about(19, "Kafka"), about(10, "Pulsar"), about(3, "Kafka")]);
    house_.news_of("t");
    let story = house_.story("https://one.example/posts/10");
    let t = TopicId::new("t").unwrap();
    house_.store().label(story.id, Some(vec![t]), house_.rules(), house_.window(), house_.now()).unwrap();
    assert_eq!(house_.topic("t").titles(), ["Kafka 19", "Pulsar 10", "Kafka 3"]);
    assert_eq!(house_.news_of("t"), ["Pulsar 10"]);
    // The rules change, the text is edited: the label stands.
    house_.poll("one", &[about(10, "Pulsar").title("Pulsar, edited")]);
    house_.reconfigure(&house(50, "48h", &topic("t", "flink")));
    assert_eq!(house_.topic("t").titles(), ["Pulsar, edited"]);
    house_.store().label(story.id, None, house_.rules(), house_.window(), house_.now()).unwrap();
    assert_eq!(house_.topic("t").titles(), [""; 0]);
}

#[test]
fn a_label_shows_what_a_changed_rule_kept_out_of_the_window() {
    let mut house_ = House::with(&house(50, "48h", &topic("t", "kafka")));
    house_.poll("one", &[about(19, "Kafka"), about(3, "Pulsar")]);
    house_.reconfigure(&house(50, "48h", "[[topic]]\nid = \"t\"\ntitle = \"t\"\nany = [\"kafka\", \"pulsar\"]\n"));
    assert_eq!(house_.topic("t").titles(), ["Kafka 19"]);
    let story = house_.story("https://one.example/posts/3");
    house_
        .store()
        .label(story.id, Some(vec![TopicId::new("t").unwrap()]), house_.rules(), house_.window(), house_.now())
        .unwrap();
    assert_eq!(house_.topic("t").titles(), ["Kafka 19", "Pulsar 3"]);
}

#[test]
fn a_story_that_enters_a_topic_later_keeps_its_id_and_place() {
    let mut house_ = House::with(&house(50, "48h", &topic("t", "kafka")));
    house_.poll("one", &[post("one", 1)]);
    house_.poll("one", &[about(20, "Kafka"), about(19, "Notes")]);
    house_.news_of("t");
    let id = house_.all().stories.iter().find(|s| s.title == "Notes 19").unwrap().id.clone();
    house_.poll("one", &[about(20, "Kafka"), about(19, "Notes").title("Notes on Kafka")]);
    let published = house_.topic("t");
    assert_eq!(published.titles(), ["Kafka 20", "Notes on Kafka"]);
    assert_eq!(published.story("Notes on Kafka").id, id);
    assert_eq!(house_.all().titles(), ["Kafka 20", "Notes on Kafka", "one 1"]);
}

#[test]
fn what_arrived_lately_stays_beyond_the_limit() {
    let mut house_ = House::with(&house(5, "48h", ""));
    house_.poll("one", &(1..=9).rev().map(|n| post("one", n)).collect::<Vec<_>>());
    assert_eq!(house_.all().stories.len(), 5, "a first import is no news, and has the limit");
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
    house_.poll("one", &burst(100));
    assert_eq!(house_.all().stories.len(), 20);
    house_.hours(40);
    house_.poll("one", &burst(200));
    assert_eq!(house_.all().stories.len(), 40);
    house_.hours(10);
    house_.poll("one", &burst(300)[..1]);
    assert_eq!(house_.all().stories.len(), 21, "what came 51 hours ago goes");
    house_.hours(49);
    house_.poll("one", &burst(400)[..1]);
    assert_eq!(house_.all().stories.len(), 5);
}

#[test]
fn five_hundred_are_kept_at_most() {
    let mut house_ = House::with(&house(50, "48h", ""));
    house_.poll("one", &[post("one", 1)]);
    let small = |n: u32| {
        post("one", 2)
            .guid(&format!("urn:x-test:{n}"))
            .link(&format!("https://one.example/{n}"))
            .title(&format!("n {n}"))
            .text(&words(n, 2))
    };
    house_.poll("one", &(0..600).rev().map(small).collect::<Vec<_>>());
    let windowed = house_.store().read(|reader| reader.window(&[TopicId::all()], 50)).unwrap();
    assert_eq!(windowed.len(), 500);
    assert_eq!(windowed[0].title, "n 599");
    assert_eq!(windowed[499].title, "n 100");
}

#[test]
fn a_story_below_the_window_joins_the_archive_at_once() {
    let mut house_ = House::with(&format!("max_entries = 3\nkeep_within = \"0s\"\n{}", sources(&["one", "two"])));
    house_.poll("one", &(15..=19).rev().map(|n| post("one", n)).collect::<Vec<_>>());
    let first = house_.all();
    // Another source's back-catalogue is older than everything in the window.
    house_.poll("two", &(1..=5).rev().map(|n| post("two", n)).collect::<Vec<_>>());
    let after = house_.all();
    assert_eq!((&after.stories, &after.rss, &after.json), (&first.stories, &first.rss, &first.json), "nothing moved");
    assert_ne!(after.atom, first.atom, "but the link back, along which a new reader finds them");
    assert_eq!(house_.stored().len(), 10);
    // And one that is not finds its place.
    house_.reconfigure(&format!("max_entries = 3\nkeep_within = \"0s\"\n{}", sources(&["one", "two", "three"])));
    house_.poll("three", &[post("three", 18).on(march(18, 20))]);
    assert_eq!(house_.all().titles(), ["one 19", "three 18", "one 18"]);
}

#[test]
fn the_limit_in_feeds_toml_holds_from_the_next_start() {
    let mut house_ = House::with(&house(5, "0s", ""));
    house_.poll("one", &(1..=9).rev().map(|n| post("one", n)).collect::<Vec<_>>());
    assert_eq!(house_.all().stories.len(), 5);
    house_.reconfigure(&house(3, "0s", ""));
    assert_eq!(house_.all().stories.len(), 3);
}
