//! The classification of a story by the rule of a topic.

use feed_model::TopicId;

use super::Reason;

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
    /// [`explain`](super::Rules::explain).
    pub reasons: Vec<Reason>,
    /// What was missing or forbidden. Empty for a member, and filled only by
    /// [`explain`](super::Rules::explain).
    pub reasons_against: Vec<Reason>,
}
