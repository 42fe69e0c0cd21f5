//! The topics of the shipped `feeds.toml` against the reference labels in `data/labels.toml`.

use std::{fs, path::Path};

use topic_rules::{
    Rules, StoryFields,
    evaluate::{self, Evaluation, LabelledRow},
};
use tributary::config;

/// The rules of the shipped feeds.toml.
fn shipped() -> Rules {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("feeds.toml");
    let report = config::check(&fs::read_to_string(path).unwrap(), "feeds.toml");
    Rules::compile(&report.config.unwrap().topics).unwrap()
}

/// The topics of the catalogue, one for each vocabulary besides the shipped topics.
fn catalogue() -> Rules {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/catalogue/feeds.toml");
    let report = config::check(&fs::read_to_string(path).unwrap(), "feeds.toml");
    Rules::compile(&report.config.unwrap().topics).unwrap()
}

fn reference_labels() -> Vec<LabelledRow> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/labels.toml");
    evaluate::parse_labels(&fs::read_to_string(path).unwrap(), "data/labels.toml").unwrap()
}

#[track_caller]
fn assert_min_f1(evaluation: &Evaluation, floor: f64) {
    assert!(evaluation.mean.f1 >= floor, "{}", serde_json::to_string_pretty(evaluation).unwrap());
}

#[test]
fn the_shipped_topics_classify_the_reference_labels() {
    assert_min_f1(&evaluate::evaluate(&shipped(), &reference_labels()), 0.95);
}

#[test]
fn the_shipped_topics_classify_without_publisher_categories() {
    let mut labels = reference_labels();
    for row in &mut labels {
        row.categories.clear();
    }
    assert_min_f1(&evaluate::evaluate(&shipped(), &labels), 0.9);
}

#[test]
fn the_shipped_topics_classify_most_posts_by_title_alone() {
    let mut labels = reference_labels();
    for row in &mut labels {
        row.categories.clear();
        row.summary = None;
    }
    assert_min_f1(&evaluate::evaluate(&shipped(), &labels), 0.8);
}

#[test]
fn posts_with_author_categories_are_classified_accordingly() {
    let rules = shipped();
    let mut sorted = 0;
    for row in reference_labels().into_iter().filter(|row| !row.categories.is_empty()) {
        for summary in [row.summary.as_deref(), None] {
            let categories: Vec<&str> = row.categories.iter().map(String::as_str).collect();
            let classifications = rules.explain(&StoryFields {
                title: &row.title,
                summary,
                categories: &categories,
                ..StoryFields::default()
            });
            let expected = row.categories[0].to_lowercase().replace(" + ", "-").replace(' ', "-");
            assert!(
                classifications.iter().any(|v| v.is_member && v.topic.as_str() == expected),
                "{}: {classifications:#?}",
                row.title
            );
        }
        sorted += 1;
    }
    assert!(sorted >= 12, "the author's index names {sorted}");
}

#[test]
fn the_catalogue_classifies_its_labelled_posts() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/catalogue/labels.toml");
    let labels = evaluate::parse_labels(&fs::read_to_string(path).unwrap(), "labels.toml").unwrap();
    let rules = catalogue();
    let evaluation = evaluate::evaluate(&rules, &labels);
    assert_min_f1(&evaluation, 0.95);
    assert!(evaluation.topics.iter().all(|topic| topic.support >= 7), "{evaluation:?}");
    let off_topic: Vec<LabelledRow> =
        labels.into_iter().filter(|row| row.topics.is_empty()).collect();
    assert!(off_topic.len() >= 10);
    assert_eq!(evaluate::evaluate(&rules, &off_topic).misses, []);
    assert_eq!(evaluate::evaluate(&shipped(), &off_topic).misses, []);
}

#[test]
fn weak_words_that_repeat_put_no_story_into_a_shipped_topic() {
    let text =
        "The leader was elected, and the leader of the cluster follows the nodes. ".repeat(40);
    let fields = StoryFields {
        title: "The leader is elected in the capital",
        summary: Some("A leader, an election, a region, a model of training, an event."),
        categories: &["Politics", "Video"],
        text: &text,
        language: Some("en"),
        ..StoryFields::default()
    };
    for rules in [shipped as fn() -> Rules, catalogue] {
        let members = rules().classify(&fields).into_iter().filter(|topic| topic.is_member);
        assert_eq!(members.map(|topic| topic.topic.to_string()).collect::<Vec<_>>(), [""; 0]);
    }
}

#[test]
fn vocabularies_have_one_plain_term_a_line() {
    let vocabularies = config::Vocabulary::all();
    let names: Vec<&str> = vocabularies.iter().map(|one| one.name.as_str()).collect();
    assert!(names.is_sorted() && names.len() >= 12, "{names:?}");
    for vocabulary in vocabularies {
        let file = format!("data/vocabularies/{}.toml", vocabulary.name);
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        assert!(vocabulary.description.is_some(), "{}", vocabulary.name);
        assert!(vocabulary.terms.iter().any(|group| group.supports), "{}", vocabulary.name);
        let mut seen = std::collections::BTreeSet::new();
        for group in &vocabulary.terms {
            for word in &group.words {
                assert!(lines.contains(&format!("\"{word}\",").as_str()), "{word} has no line");
                assert!(!word.starts_with('/'), "{word} is a regex");
                assert!(seen.insert(word), "{}: {word} occurs twice", vocabulary.name);
            }
        }
    }
}
