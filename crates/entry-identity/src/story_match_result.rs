//! The result of comparing two entries of different sources.

use super::StoryMatchReason;

/// The result of comparing an incoming entry with a candidate.
#[derive(Debug, Clone, PartialEq)]
pub enum StoryMatch {
    /// The same story.
    Same {
        /// Why.
        reason: StoryMatchReason,
    },
    /// Two stories about one page: one entry comments on the other, or imitates it.
    Related {
        /// Which of the two is the commentary.
        commentary: CommentaryEntry,
        /// The page that is commented on.
        url: String,
        /// Why the two are not the same story.
        reason: StoryMatchReason,
    },
    /// Different stories.
    Different {
        /// Why.
        reason: StoryMatchReason,
    },
}

/// Which of two related entries is the commentary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommentaryEntry {
    /// The incoming entry comments on the candidate.
    Incoming,
    /// The candidate comments on the incoming entry.
    Candidate,
}

pub(super) fn same(reason: StoryMatchReason) -> StoryMatch {
    StoryMatch::Same { reason }
}

pub(super) fn different(reason: StoryMatchReason) -> StoryMatch {
    StoryMatch::Different { reason }
}

/// Converts a share between 0 and 1 to percent, for a reason.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share lies between 0 and 1"
)]
pub(super) fn percent(share: f64) -> u32 {
    (share * 100.0).round() as u32
}
