//! Tests of the public interface of topic-rules, in one binary.

#![allow(clippy::unwrap_used)] // a test may fail by a panic

mod classifier;
mod evaluation;
mod matching;
mod terms;

use std::time::Duration;

use feed_model::{Topic, TopicId};
use topic_rules::{Classification, Rules, StoryFields};

/// A topic with these matchers under `any`, and defaults for the rest.
fn topic(any: &[&str]) -> Topic {
    Topic {
        any: any.iter().map(|text| (*text).to_owned()).collect(),
        announce_within: Duration::from_hours(48),
        ..Topic::new(TopicId::new("t").unwrap())
    }
}

fn classify_one(topic: &Topic, fields: &StoryFields<'_>) -> Classification {
    Rules::compile(std::slice::from_ref(topic)).unwrap().explain(fields).remove(0)
}

fn title_fields(title: &str) -> StoryFields<'_> {
    StoryFields { title, language: Some("en"), ..StoryFields::default() }
}
