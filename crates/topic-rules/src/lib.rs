#![doc = include_str!("../README.md")]

mod classification;
pub mod evaluate;
mod hits;
mod korean;
mod language;
mod learn;
mod matcher;
mod phrase_trie;
mod reason;
mod regex_prefilter;
mod rules;
mod story_fields;
pub mod suggest;
mod term_extraction;
mod tokenizer;
mod word_cache;

pub use classification::Classification;
pub use feed_model::MatchField;
pub use learn::{LearnerProgress, TrainingExample};
pub use matcher::{FieldSuggestion, Matcher, MatcherError, parse_matcher, parse_term};
pub use reason::{FoundText, FoundTexts, LearnerReason, Reason};
pub use rules::{MatcherList, Rules, RulesError};
pub use story_fields::StoryFields;
