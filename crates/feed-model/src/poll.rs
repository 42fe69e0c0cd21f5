//! The result of a poll, and what a poll remembers of a permanent redirect.

use url::Url;

use crate::Timestamp;

/// How one poll of a source ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PollOutcome {
    /// At least one entry was stored or updated.
    Changed,
    /// The server sent a document, and it contains nothing new.
    Unchanged,
    /// The server answered 304 Not Modified.
    NotModified,
    /// The request failed, or the response could not be used.
    Failed,
    /// The server answered 410 Gone.
    Gone,
    /// The server answered with a bot challenge instead of the document.
    Challenge,
    /// The source was not polled: it is not due, paused, gone, or must not be polled yet.
    NotAttempted,
    /// The source was marked as due for the daemon that is running.
    HandedOver,
}

impl PollOutcome {
    const ALL: [Self; 8] = [
        Self::Changed,
        Self::Unchanged,
        Self::NotModified,
        Self::Failed,
        Self::Gone,
        Self::Challenge,
        Self::NotAttempted,
        Self::HandedOver,
    ];

    /// Returns the name that is stored and printed as JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::NotModified => "not_modified",
            Self::Failed => "failed",
            Self::Gone => "gone",
            Self::Challenge => "challenge",
            Self::NotAttempted => "not_attempted",
            Self::HandedOver => "handed_over",
        }
    }

    /// Parses a name that [`PollOutcome::as_str`] returned.
    pub fn from_stored(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name)
    }

    /// Returns whether the poll counts as failed.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Gone | Self::Challenge)
    }

    /// Returns whether the source was polled at all.
    pub fn is_attempt(self) -> bool {
        !matches!(self, Self::NotAttempted | Self::HandedOver)
    }
}

/// The target of the permanent redirects (301, 308) at a source's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedAddress {
    /// The address that the redirects lead to.
    pub to: Url,
    /// When the redirect was first seen.
    pub since: Timestamp,
    /// Whether `to` is polled instead of the configured address.
    pub adopted: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_can_be_read_back() {
        for outcome in PollOutcome::ALL {
            assert_eq!(PollOutcome::from_stored(outcome.as_str()), Some(outcome));
        }
        assert_eq!(PollOutcome::from_stored("unknown"), None);
    }
}
