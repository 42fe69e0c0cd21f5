//! The size of feed windows.

use std::time::Duration;

/// The size of feed windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowPolicy {
    /// Stories in one feed document.
    pub max_entries: usize,
    /// Stories that arrived in an ordinary poll within this time stay in the window beyond
    /// `max_entries`, so that feed readers do not miss them.
    pub keep_within: Duration,
}
