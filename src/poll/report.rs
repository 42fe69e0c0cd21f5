//! What came of a poll, as `poll` lists it.

use feed_model::{PollOutcome, SourceId, Timestamp};

/// What came of one source's attempt.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct PollReport {
    /// Which source.
    pub id: SourceId,
    /// How it ended.
    pub outcome: PollOutcome,
    /// The HTTP status.
    pub status: Option<u16>,
    /// Entries stored for the first time.
    pub new_entries: u64,
    /// What went wrong, where it failed.
    pub error: Option<String>,
    /// When it is asked next, where that was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_poll: Option<Timestamp>,
    /// Why it was not attempted, and other things worth saying.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Entries whose text or facts changed.
    pub updated_entries: u64,
    /// Stories that began.
    pub new_stories: u64,
    /// Entries that joined a story of another source.
    pub duplicates: u64,
    /// Whether anything that is published may have changed.
    #[serde(skip)]
    pub visible: bool,
    /// Whether the outcome was stored: a full disk is not.
    #[serde(skip)]
    pub is_stored: bool,
}

impl PollReport {
    /// A report without counts.
    pub fn new(id: SourceId, outcome: PollOutcome) -> Self {
        Self {
            id,
            outcome,
            status: None,
            new_entries: 0,
            error: None,
            next_poll: None,
            note: None,
            updated_entries: 0,
            new_stories: 0,
            duplicates: 0,
            visible: false,
            is_stored: true,
        }
    }
}

/// What came of a poll of several sources.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct PollSummary {
    /// Sources that were asked.
    pub attempted: u64,
    /// Of those: something new was stored.
    pub changed: u64,
    /// Of those: 304.
    pub not_modified: u64,
    /// Of those: failed, gone, or a challenge.
    pub failed: u64,
    /// Entries stored for the first time.
    pub new_entries: u64,
    /// Entries whose text or facts changed.
    pub updated_entries: u64,
    /// Stories that began.
    pub new_stories: u64,
    /// Entries that joined a story of another source.
    pub duplicates: u64,
    /// One report for each source.
    pub sources: Vec<PollReport>,
}

impl PollSummary {
    /// Counts a report in.
    pub fn add(&mut self, report: PollReport) {
        if !matches!(report.outcome, PollOutcome::NotAttempted | PollOutcome::HandedOver) {
            self.attempted += 1;
        }
        self.changed += u64::from(report.outcome == PollOutcome::Changed);
        self.not_modified += u64::from(report.outcome == PollOutcome::NotModified);
        self.failed += u64::from(report.outcome.is_failure());
        self.new_entries += report.new_entries;
        self.updated_entries += report.updated_entries;
        self.new_stories += report.new_stories;
        self.duplicates += report.duplicates;
        self.sources.push(report);
    }
}
