//! A topic as feeds.toml configures it, and its stored state.

use std::time::Duration;

use super::{SourceId, Timestamp, TopicId};

/// A category of stories and the feed of them. The matchers are texts that the crate `topic-rules`
/// has checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    /// Its name in feeds.toml and in URLs.
    pub id: TopicId,
    /// Its title.
    pub title: String,
    /// Its description, one sentence.
    pub description: Option<String>,
    /// Matchers whose scores are added.
    pub any: Vec<String>,
    /// Matchers that must all hit.
    pub all: Vec<String>,
    /// Matchers that must not hit.
    pub none: Vec<String>,
    /// The sources that it is limited to. Empty means every source.
    pub sources: Vec<SourceId>,
    /// The minimum score of a story.
    pub threshold: f64,
    /// Earlier ids. Their URLs redirect to this topic.
    pub former_ids: Vec<TopicId>,
    /// Whether labels train a classifier for it.
    pub learn: bool,
    /// A story that enters because a rule changed is added to the feed window only if it is younger
    /// than this.
    pub announce_within: Duration,
    /// Files with access tokens. If there are any, the topic is private.
    pub access: Vec<String>,
}

/// The state of a topic, as the command `topics` shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicState {
    /// Its id.
    pub id: TopicId,
    /// Its title.
    pub title: String,
    /// Its description, one sentence.
    pub description: Option<String>,
    /// Number of stories that may be published.
    pub stories: u64,
    /// When its newest story was first stored.
    pub latest: Option<Timestamp>,
}

impl Topic {
    /// Creates a topic without matchers and with the threshold 1. The id is also its title.
    pub fn new(id: TopicId) -> Self {
        Self {
            title: id.to_string(),
            id,
            description: None,
            any: Vec::new(),
            all: Vec::new(),
            none: Vec::new(),
            sources: Vec::new(),
            threshold: 1.0,
            former_ids: Vec::new(),
            learn: false,
            announce_within: Duration::ZERO,
            access: Vec::new(),
        }
    }
}
