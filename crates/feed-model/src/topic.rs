//! A topic as feeds.toml means it, and its state as it is stored.

use std::time::Duration;

use super::{SourceId, Timestamp, TopicId};

/// A category of stories, and the feed that one subscribes to. Matchers are texts that were checked
/// by `topic`.
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    /// Its name in feeds.toml and in URLs.
    pub id: TopicId,
    /// Its title for people.
    pub title: String,
    /// One sentence about it.
    pub description: Option<String>,
    /// Matchers whose scores add up.
    pub any: Vec<String>,
    /// Matchers that must each hit.
    pub all: Vec<String>,
    /// Matchers of which none may hit.
    pub none: Vec<String>,
    /// The sources that it is limited to; empty: every source.
    pub sources: Vec<SourceId>,
    /// The score that is enough.
    pub threshold: f64,
    /// Earlier ids, whose URLs redirect here.
    pub former_ids: Vec<TopicId>,
    /// Whether labels train it.
    pub learn: bool,
    /// A story that enters by a changed rule appears in the window only if it is younger than this.
    pub announce_within: Duration,
    /// Files with tokens; not empty: the topic is private.
    pub access: Vec<String>,
}

/// What is known of a topic: the answer to `topics`.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicState {
    /// Its name.
    pub id: TopicId,
    /// Its title for people.
    pub title: String,
    /// One sentence about it.
    pub description: Option<String>,
    /// Stories that may be published.
    pub stories: u64,
    /// When its newest story was stored first.
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
