//! What came of a poll, as `poll` lists it.

use feed_model::{SourceId, Timestamp};

/// How one source's attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Something new was stored.
    Changed,
    /// Answered, and nothing new in it.
    Unchanged,
    /// 304.
    NotModified,
    /// Not reached, or nonsense.
    Failed,
    /// 410.
    Gone,
    /// A challenge page instead of an answer.
    Challenge,
    /// Not asked: it may not be asked yet, rests or is paused.
    NotAttempted,
    /// Marked as due for the daemon that runs beside.
    HandedOver,
}

impl Outcome {
    /// The word that is stored and printed.
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

    /// Whether it counts as a failure.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Gone | Self::Challenge)
    }
}

/// What came of one source's attempt.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct PollReport {
    /// Which source.
    pub id: SourceId,
    /// How it ended.
    pub outcome: Outcome,
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
    pub fn new(id: SourceId, outcome: Outcome) -> Self {
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
        if !matches!(report.outcome, Outcome::NotAttempted | Outcome::HandedOver) {
            self.attempted += 1;
        }
        self.changed += u64::from(report.outcome == Outcome::Changed);
        self.not_modified += u64::from(report.outcome == Outcome::NotModified);
        self.failed += u64::from(report.outcome.is_failure());
        self.new_entries += report.new_entries;
        self.updated_entries += report.updated_entries;
        self.new_stories += report.new_stories;
        self.duplicates += report.duplicates;
        self.sources.push(report);
    }
}
