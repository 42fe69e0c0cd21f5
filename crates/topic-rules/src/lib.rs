#![doc = include_str!("../README.md")]

pub mod evaluate;
mod hits;
mod language;
mod learn;
mod matcher;
mod phrase_trie;
mod reason;
mod regex_prefilter;
mod rules;
pub mod suggest;
mod term_extraction;
mod tokenizer;
mod word_cache;

use feed_model::TopicId;

pub use learn::{LearnerProgress, TrainingExample};
pub use matcher::{MatchField, Matcher, MatcherError, parse_matcher};
pub use reason::{FoundText, FoundTexts, LearnerReason, Reason};
pub use rules::{MatcherList, Rules, RulesError};

/// The fields of a story by which it is classified. All are plain text.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoryFields<'a> {
    /// The title; empty if there is none.
    pub title: &'a str,
    /// The publisher's own categories.
    pub categories: &'a [&'a str],
    /// The publisher's summary. If there is none, the first 300 characters of `text` are used.
    pub summary: Option<&'a str>,
    /// The text of the content without quoted code, paragraphs separated by empty lines; empty if
    /// there is none.
    pub text: &'a str,
    /// The names of the authors.
    pub authors: &'a [&'a str],
    /// The link.
    pub url: Option<&'a str>,
    /// The ids of the sources that have the story.
    pub sources: &'a [&'a str],
    /// The declared language (BCP 47). If there is none, it is detected.
    pub language: Option<&'a str>,
}

/// The classification of one story by the rule of one topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Classification {
    /// The topic.
    pub topic: TopicId,
    /// The points of the hits of `any`, and of what was learnt from labels.
    pub score: f64,
    /// Whether the story is in the topic.
    pub is_member: bool,
    /// What was found. For a topic that the story is not in, it is filled only by
    /// [`explain`](Rules::explain).
    pub reasons: Vec<Reason>,
    /// What was missing or forbidden. Empty for a member, and filled only by
    /// [`explain`](Rules::explain).
    pub reasons_against: Vec<Reason>,
}
