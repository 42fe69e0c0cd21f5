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
