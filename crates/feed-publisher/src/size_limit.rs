//! How much of a window fits into one document.

use std::time::Duration;

use super::{Channel, atom, json_feed, rss, xml};
use feed_model::{SafeHtml, Story, Timestamp};

/// What a document may cost a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeLimits {
    /// Bytes of the largest of the three documents.
    pub max_bytes: usize,
    /// A story that arrived this long before the newest one, or less, never leaves for its size.
    /// Counted from the newest story and not from a clock, so that a document changes only when
    /// something arrives.
    pub keep_within: Duration,
    /// The most stories that `keep_within` can hold against `max_bytes`.
    pub max_kept: usize,
}

/// The stories of a channel as they fit: over the limit the oldest lose their text first (the short
/// text and the link stay), then leave.
///
/// The size of a document is the size of its overhead and of each of its stories, so each story is
/// rendered once alone.
pub fn fit(channel: &Channel<'_>, limits: SizeLimits) -> Vec<Story> {
    if sizes(channel).into_iter().all(|size| size <= limits.max_bytes) {
        return channel.stories.to_vec();
    }
    let overhead = sizes(&Channel { stories: &[], ..channel.clone() });
    let alone = |story: &Story| {
        let with = sizes(&Channel { stories: std::slice::from_ref(story), ..channel.clone() });
        std::array::from_fn(|form| with[form].saturating_sub(overhead[form]))
    };
    let mut stories = channel.stories.to_vec();
    let mut costs: Vec<[usize; FORMATS]> = stories.iter().map(alone).collect();
    // What is counted once here may stand once in every form's overhead (a namespace, a comma): a
    // kilobyte covers it.
    let total = |costs: &[[usize; FORMATS]]| {
        let form =
            |form: usize| overhead[form] + costs.iter().map(|cost| cost[form] + 1).sum::<usize>();
        (0..FORMATS).map(form).max().unwrap_or_default()
    };
    for at in (0..stories.len()).rev() {
        if total(&costs) <= limits.max_bytes {
            return stories;
        }
        if let Some(short) = without_text(&stories[at]) {
            costs[at] = alone(&short);
            stories[at] = short;
        }
    }
    let newest = stories.iter().map(|story| story.position).max();
    let mut at = stories.len();
    while at > 1 && total(&costs) > limits.max_bytes {
        at -= 1;
        let kept = at < limits.max_kept
            && newest.is_some_and(|newest| is_fresh(&stories[at], newest, limits.keep_within));
        if !kept {
            stories.remove(at);
            costs.remove(at);
        }
    }
    stories
}

const FORMATS: usize = 3;

fn sizes(channel: &Channel<'_>) -> [usize; FORMATS] {
    [atom(channel).len(), rss(channel).len(), json_feed(channel).len()]
}

/// Whether a story arrived in an ordinary poll (its position is the moment when it was stored)
/// shortly before `newest`.
fn is_fresh(story: &Story, newest: Timestamp, within: Duration) -> bool {
    let age = newest.signed_duration_since(story.position).to_std().unwrap_or_default();
    !within.is_zero() && story.position == story.first_published && age <= within
}

/// The story without its text, the short text in its place; `None` where it has no text to lose.
fn without_text(story: &Story) -> Option<Story> {
    story.content.as_ref()?;
    let short = || SafeHtml::from_sanitised(xml::escape(story.summary_text.trim()));
    let summary =
        story.summary.clone().or_else(|| (!story.summary_text.trim().is_empty()).then(short));
    Some(Story { content: None, summary, ..story.clone() })
}
