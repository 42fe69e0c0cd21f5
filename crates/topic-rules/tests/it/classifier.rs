//! The classifier that learns from labels.

use feed_model::{Topic, TopicId};
use topic_rules::{Rules, StoryFields, TrainingExample};

use crate::topic;

fn learning_topic(any: &[&str]) -> Topic {
    Topic { id: TopicId::new("bread").unwrap(), learn: true, ..topic(any) }
}

/// Twelve posts each about baking and about cheese: title and summary.
fn baking_and_dairy_posts() -> Vec<(String, String)> {
    let mut posts = Vec::new();
    for n in 0..12 {
        let grain = ["wheat", "rye", "spelt", "barley"][n % 4];
        let cheese = ["gouda", "brie", "feta", "cheddar"][n % 4];
        posts.push((
            format!("Baking number {n}"),
            format!("A sourdough loaf of {grain} flour, kneaded and baked in a hot oven."),
        ));
        posts.push((
            format!("Dairy number {n}"),
            format!("A wheel of {cheese} from raw milk, pressed and ripened in a cool cellar."),
        ));
    }
    posts
}

/// Trains `rules` on the posts, of which the first `labelled` of each kind have a label.
fn trained(rules: Rules, labelled: usize) -> Rules {
    let (posts, bread) = (baking_and_dairy_posts(), [TopicId::new("bread").unwrap()]);
    let lessons: Vec<TrainingExample<'_>> = posts
        .iter()
        .enumerate()
        .map(|(place, (title, summary))| {
            let fields = StoryFields {
                title,
                summary: Some(summary),
                language: Some("en"),
                ..StoryFields::default()
            };
            let label: &[TopicId] = if title.starts_with("Baking") { &bread } else { &[] };
            TrainingExample { fields, label: (place / 2 < labelled).then_some(label) }
        })
        .collect();
    rules.trained(&lessons, b"key")
}

#[test]
fn a_classifier_no_better_than_the_rules_is_not_used() {
    let perfect = trained(Rules::compile(&[learning_topic(&["sourdough"])]).unwrap(), 12);
    let progress = &perfect.progress()[0];
    assert!((progress.f1_rules - 1.0).abs() < 1e-9 && !progress.is_active(), "{progress:?}");
    let fields =
        StoryFields { title: "Flour and the oven", language: Some("en"), ..StoryFields::default() };
    assert!(!perfect.classify(&fields)[0].is_member, "the rules alone decide");

    let poor = trained(Rules::compile(&[learning_topic(&["barley"])]).unwrap(), 12);
    let progress = &poor.progress()[0];
    assert!(progress.f1_rules < 0.5 && progress.is_active(), "{progress:?}");
    let classification = &poor.classify(&fields)[0];
    assert!(
        classification.is_member
            && classification.reasons[0].to_string().starts_with("learnt from labels"),
        "{classification:?}"
    );
}

#[test]
fn training_examples_are_part_of_the_rules_fingerprint() {
    let rules = |learn| Rules::compile(&[Topic { learn, ..learning_topic(&["barley"]) }]).unwrap();
    let plain = rules(true).fingerprint();
    let lesson = |key: &[u8]| rules(true).trained(&[], key).fingerprint();
    assert!(lesson(b"a") != plain && lesson(b"a") != lesson(b"b") && lesson(b"a") == lesson(b"a"));
    assert_eq!(
        rules(false).trained(&[], b"a").fingerprint(),
        rules(false).fingerprint(),
        "nothing learns: nothing changes"
    );
}

#[test]
fn all_and_none_apply_whatever_the_classifier_says() {
    let strict = Topic { none: vec!["rye".to_owned()], ..learning_topic(&["barley"]) };
    let rules = trained(Rules::compile(&[strict]).unwrap(), 12);
    let classify = |title: &str| {
        rules.classify(&StoryFields { title, language: Some("en"), ..StoryFields::default() })[0]
            .is_member
    };
    assert!(
        classify("Sourdough flour in the oven") && !classify("Sourdough rye flour in the oven")
    );
}

/// A person labels what belongs, and says little of the rest.
#[test]
fn the_first_five_labels_of_a_topic_move_something() {
    for outside in [0, 1, 4] {
        assert_five_labels_are_learnt(outside);
    }
}

/// Labels five stories of the topic, and `outside` others.
#[track_caller]
fn assert_five_labels_are_learnt(outside: usize) {
    let (posts, bread) = (baking_and_dairy_posts(), [TopicId::new("bread").unwrap()]);
    let (mut labelled, mut labelled_outside) = (0, 0);
    let lessons: Vec<TrainingExample<'_>> = posts
        .iter()
        .chain(posts.iter().filter(|(title, _)| title.starts_with("Dairy")))
        .map(|(title, summary)| {
            let fields = StoryFields {
                title,
                summary: Some(summary),
                language: Some("en"),
                ..StoryFields::default()
            };
            let label: Option<&[TopicId]> = if title.starts_with("Baking") && labelled < 5 {
                labelled += 1;
                Some(&bread)
            } else if title.starts_with("Dairy") && labelled_outside < outside {
                labelled_outside += 1;
                Some(&[])
            } else {
                None
            };
            TrainingExample { fields, label }
        })
        .collect();
    for any in [&[][..], &["croissant"]] {
        let rules = Rules::compile(&[learning_topic(any)]).unwrap().trained(&lessons, b"key");
        let progress = &rules.progress()[0];
        assert_eq!((progress.labels, progress.labels_outside), (5, outside));
        assert!(progress.is_active(), "{progress:?}");
        let is_in = |title: &str| {
            let fields = StoryFields { title, language: Some("en"), ..StoryFields::default() };
            rules.classify(&fields)[0].is_member
        };
        assert!(is_in("A sourdough loaf of spelt flour, kneaded and baked in a hot oven"));
        assert!(!is_in("A wheel of gouda from raw milk, pressed and ripened in a cool cellar"));
    }
}
