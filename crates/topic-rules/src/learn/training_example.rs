//! The stories that the learner is trained on.

use feed_model::TopicId;

use super::super::StoryFields;

/// A stored story to train on.
#[derive(Debug, Clone, Copy)]
pub struct TrainingExample<'a> {
    /// Its fields.
    pub fields: StoryFields<'a>,
    /// The topics of its label; `None` if it has no label.
    pub label: Option<&'a [TopicId]>,
}
