//! The result of polls, as `tributary poll` prints it and the log shows it.

use tracing::{info, warn};

use feed_model::{PollOutcome, SourceId, Timestamp};

use crate::{
    store::{PollAttempt, StoreError, UpdateResult},
    telemetry,
};

/// The result of polling one source.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct PollReport {
    /// The source.
    pub id: SourceId,
    /// The outcome.
    pub outcome: PollOutcome,
    /// The HTTP status.
    pub status: Option<u16>,
    /// Entries stored for the first time.
    pub new_entries: u64,
    /// The error, if the poll failed.
    pub error: Option<String>,
    /// The time of the next poll, if it was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_poll: Option<Timestamp>,
    /// Why the source was not polled, or another remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Entries whose text or metadata changed.
    pub updated_entries: u64,
    /// New stories.
    pub new_stories: u64,
    /// Entries that joined a story of another source.
    pub duplicates: u64,
    /// Whether published documents may have changed.
    #[serde(skip)]
    pub visible: bool,
    /// Whether the result was stored. It is not if, for example, the disk is full.
    #[serde(skip)]
    pub is_stored: bool,
}

impl PollReport {
    /// Creates a report without counts.
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

    /// Creates the report of a poll whose result could not be stored.
    pub(super) fn not_stored(id: SourceId, error: &StoreError) -> Self {
        Self::not_stored_because(id, telemetry::chain(error))
    }

    /// The same, with an error text.
    pub(super) fn not_stored_because(id: SourceId, error: String) -> Self {
        Self { error: Some(error), is_stored: false, ..Self::new(id, PollOutcome::Failed) }
    }

    /// Creates the report of a stored update. `attempt` is `None` for a backfill.
    pub(super) fn of_update(
        id: SourceId,
        attempt: Option<&PollAttempt>,
        result: &UpdateResult,
    ) -> Self {
        if result.config_changed {
            let note = "the address in feeds.toml changed during the poll: nothing was stored";
            return Self { note: Some(note.to_owned()), ..Self::new(id, PollOutcome::Unchanged) };
        }
        let outcome = match attempt.map(|attempt| attempt.outcome) {
            Some(failure) if failure.is_failure() => failure,
            _ if result.new_entries + result.updated_entries > 0 => PollOutcome::Changed,
            Some(outcome) => outcome,
            None => PollOutcome::Unchanged,
        };
        Self {
            status: attempt.and_then(|attempt| attempt.status),
            new_entries: result.new_entries,
            updated_entries: result.updated_entries,
            new_stories: result.new_stories,
            duplicates: result.duplicates,
            error: attempt.and_then(|attempt| attempt.error.as_ref()).map(|e| e.text.clone()),
            next_poll: attempt.map(|attempt| attempt.next.at),
            visible: result.visible,
            ..Self::new(id, outcome)
        }
    }

    /// Logs the poll as one line that can be read by itself and searched by its fields.
    pub(super) fn log(&self) {
        let (source, outcome) = (self.id.as_str(), self.outcome.as_str());
        if let Some(note) = &self.note {
            info!(source, "polled {source}: {note}");
        } else if let Some(error) = &self.error {
            let next = self
                .next_poll
                .map(|at| at.format("%Y-%m-%d %H:%M UTC").to_string())
                .unwrap_or_default();
            warn!(
                source,
                outcome,
                status = self.status,
                error,
                next,
                "polled {source}: {outcome}: {error}; next poll {next}"
            );
        } else {
            info!(
                source,
                outcome,
                status = self.status,
                new_entries = self.new_entries,
                updated_entries = self.updated_entries,
                duplicates = self.duplicates,
                "polled {source}: {outcome}, {} new, {} updated",
                self.new_entries,
                self.updated_entries
            );
        }
    }
}

/// The result of polling several sources.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct PollSummary {
    /// Sources that were polled.
    pub attempted: u64,
    /// Polls that stored something new.
    pub changed: u64,
    /// Polls answered with 304.
    pub not_modified: u64,
    /// Polls that failed.
    pub failed: u64,
    /// Entries stored for the first time.
    pub new_entries: u64,
    /// Entries whose text or metadata changed.
    pub updated_entries: u64,
    /// New stories.
    pub new_stories: u64,
    /// Entries that joined a story of another source.
    pub duplicates: u64,
    /// One report for each source.
    pub sources: Vec<PollReport>,
}

impl PollSummary {
    /// Adds a report.
    pub fn add(&mut self, report: PollReport) {
        self.attempted += u64::from(report.outcome.is_attempt());
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
