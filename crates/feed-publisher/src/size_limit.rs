//! The size limit of feed documents.

use std::time::Duration;

use feed_model::{SafeHtml, Story, Timestamp};

use crate::{addresses::FeedFormat, channel::Channel, render::render, xml};

/// The size limits of a channel's documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeLimits {
    /// The largest size of any of the three documents, in bytes.
    pub max_bytes: usize,
    /// Stories that arrived within this duration before the newest one are kept even if the
    /// documents exceed `max_bytes`. It is relative to the newest story and not to a clock, so that
    /// a document changes only when a story arrives.
    pub keep_within: Duration,
    /// The most stories that `keep_within` keeps.
    pub max_kept: usize,
}

/// Returns the stories of a channel that fit into the size limit.
///
/// If the documents are too large, the oldest stories lose their content first (summary and link
/// stay) and are then omitted. The size of a document is the sum of its overhead and its stories,
/// so each story is rendered once on its own.
pub fn fit(channel: &Channel<'_>, limits: SizeLimits) -> Vec<Story> {
    if sizes(channel).into_iter().all(|size| size <= limits.max_bytes) {
        return channel.stories.to_vec();
    }
    let overhead = sizes(&channel.with_stories(&[]));
    let story_sizes = |story: &Story| -> Sizes {
        let sizes = sizes(&channel.with_stories(std::slice::from_ref(story)));
        std::array::from_fn(|format| sizes[format].saturating_sub(overhead[format]))
    };
    let mut stories = channel.stories.to_vec();
    let mut costs: Vec<Sizes> = stories.iter().map(story_sizes).collect();
    // Each story counts one byte more for a separator.
    let total = |costs: &[Sizes]| {
        let total = |format: usize| {
            overhead[format] + costs.iter().map(|cost| cost[format] + 1).sum::<usize>()
        };
        (0..FORMATS).map(total).max().unwrap_or_default()
    };
    for index in (0..stories.len()).rev() {
        if total(&costs) <= limits.max_bytes {
            return stories;
        }
        if let Some(short) = without_content(&stories[index]) {
            costs[index] = story_sizes(&short);
            stories[index] = short;
        }
    }
    let newest = stories.iter().map(|story| story.position).max();
    let mut index = stories.len();
    while index > 1 && total(&costs) > limits.max_bytes {
        index -= 1;
        let is_kept = index < limits.max_kept
            && newest.is_some_and(|newest| is_recent(&stories[index], newest, limits.keep_within));
        if !is_kept {
            stories.remove(index);
            costs.remove(index);
        }
    }
    stories
}

const FORMATS: usize = FeedFormat::ALL.len();

/// Bytes in each format, in the order of [`FeedFormat::ALL`].
type Sizes = [usize; FORMATS];

fn sizes(channel: &Channel<'_>) -> Sizes {
    FeedFormat::ALL.map(|format| render(channel, format).len())
}

/// Whether a story arrived in an ordinary poll (its position is the time at which it was stored)
/// at most `within` before `newest`.
fn is_recent(story: &Story, newest: Timestamp, within: Duration) -> bool {
    let age = newest.signed_duration_since(story.position).to_std().unwrap_or_default();
    !within.is_zero() && story.position == story.first_published && age <= within
}

/// Returns a story without its content and with a summary; `None` if it has no content.
fn without_content(story: &Story) -> Option<Story> {
    story.content.as_ref()?;
    let excerpt = || SafeHtml::from_sanitised(xml::escape(story.summary_text.trim()));
    let summary =
        story.summary.clone().or_else(|| (!story.summary_text.trim().is_empty()).then(excerpt));
    Some(Story { content: None, summary, ..story.clone() })
}
