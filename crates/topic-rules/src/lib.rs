//! Matchers, score, explanation (layer 1): which topics a story is in, and why.
//!
//! Rules are compiled once and classify any number of stories. Nothing that decides is remembered
//! between two stories, nothing is stored and nothing is asked: the same rules and the same fields
//! give the same classifications on any machine. Markup is not read here; the fields are plain
//! text, and quoted code is left out of them by whoever fills them.
//!
//! - `words`: texts as words, their spellings and compounds
//! - `language`: which stemmer
//! - `matcher`: one matcher as it is written
//! - `vocabulary`: the phrases of all topics in one trie over stems, one for each language met
//! - `recent`: words that were looked up
//! - `beginnings`: the regexes of all topics, tried only where their matches may begin
//! - `hits`: what was found in one story, field by field
//! - `rules`: scores, membership and fingerprint
//! - `reason`: the sentences that explain a classification
//! - `terms`: a story's words for counting
//! - `learn`: what labels teach a topic, as evidence beside its rule
//! - [`suggest`]: terms for a topic, subjects without one
//! - [`evaluate`]: rules held against labelled rows

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

/// What a story is judged by: all of it plain text.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoryFields<'a> {
    /// The title; empty where there is none.
    pub title: &'a str,
    /// The publisher's own categories.
    pub categories: &'a [&'a str],
    /// The publisher's summary; where there is none, the first 300 characters of `text` stand for
    /// it.
    pub summary: Option<&'a str>,
    /// The prose of the content, paragraphs parted by empty lines; empty where there is none.
    pub text: &'a str,
    /// The names of the authors.
    pub authors: &'a [&'a str],
    /// The link.
    pub url: Option<&'a str>,
    /// The ids of the sources that carry the story.
    pub sources: &'a [&'a str],
    /// The declared language (BCP 47), where there is one; else it is detected.
    pub language: Option<&'a str>,
}

/// What the rules of one topic say of one story.
#[derive(Debug, Clone, PartialEq)]
pub struct Classification {
    /// The topic.
    pub topic: TopicId,
    /// The sum of the hits of `any`.
    pub score: f64,
    /// Whether the story is in the topic.
    pub is_member: bool,
    /// Each matcher that hit, with field, text found and weight, one sentence each; for a topic
    /// that the story is not in only where it was asked to [explain](Rules::explain).
    pub reasons: Vec<Reason>,
    /// What was missing or forbidden, and what would have been needed, one sentence each; empty for
    /// a member, and where nobody asked.
    pub reasons_against: Vec<Reason>,
}
