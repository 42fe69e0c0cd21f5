//! Decides which sources a single run of `tributary poll` polls.

use std::{fmt, sync::Arc};

use feed_model::{PollOutcome, Source, SourceId, Timestamp};

use super::{
    report::PollReport,
    task::{PollTask, Work},
};
use crate::store::{Reader, SourceRecord, StoreError};

/// Which sources are requested to be polled, and whether now.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The ids of the sources; empty for all sources.
    pub named: Vec<SourceId>,
    /// Whether sources are polled that are not due.
    pub force: bool,
}

/// A selected source, and whether it may be polled now.
#[derive(Debug)]
pub struct SelectedSource {
    source: Arc<Source>,
    host: String,
    has_backfill: bool,
    skip_reason: Option<SkipReason>,
}

/// Why a source is not polled now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SkipReason {
    Paused,
    RetryAfter(Timestamp),
    Gone,
    Challenge,
    NotDue(Timestamp),
}

impl Selection {
    /// Returns the selected sources, in the order of `sources`.
    pub fn select(
        &self,
        reader: &Reader<'_>,
        sources: &[Arc<Source>],
        now: Timestamp,
    ) -> Result<Vec<SelectedSource>, StoreError> {
        let with_backfill: Vec<SourceId> =
            reader.sources_with_backfill(now)?.into_iter().map(|(id, _)| id).collect();
        sources
            .iter()
            .filter(|source| self.named.is_empty() || self.named.contains(&source.id))
            .map(|source| {
                let record = reader.source_record(&source.id)?;
                Ok(SelectedSource {
                    source: source.clone(),
                    has_backfill: with_backfill.contains(&source.id),
                    skip_reason: self.skip_reason(source, &record, now),
                    host: record.host,
                })
            })
            .collect()
    }

    fn skip_reason(
        &self,
        source: &Source,
        record: &SourceRecord,
        now: Timestamp,
    ) -> Option<SkipReason> {
        let is_named = self.named.contains(&source.id);
        if source.paused {
            return Some(SkipReason::Paused);
        }
        if let Some(until) = record.not_before.filter(|until| *until > now) {
            return Some(SkipReason::RetryAfter(until));
        }
        if record.gone && !(self.force && is_named) {
            return Some(SkipReason::Gone);
        }
        if self.force {
            let is_challenged = record.last_outcome == Some(PollOutcome::Challenge);
            return (is_challenged && !is_named).then_some(SkipReason::Challenge);
        }
        record.next_poll.filter(|at| *at > now).map(SkipReason::NotDue)
    }
}

impl SelectedSource {
    /// Returns the id of the source.
    pub fn id(&self) -> &SourceId {
        &self.source.id
    }

    /// Returns whether the source may be polled now.
    pub fn is_due(&self) -> bool {
        self.skip_reason.is_none()
    }

    /// Returns the task for the source. A source that is not due continues its backfill, if there
    /// is one.
    pub fn task(&self) -> Option<PollTask> {
        let work = match self.skip_reason {
            None => Work::Poll,
            Some(SkipReason::Paused) => return None,
            Some(_) if self.has_backfill => {
                Work::Backfill { max_pages: self.source.pages_per_poll as usize }
            }
            Some(_) => return None,
        };
        Some(PollTask { source: self.source.clone(), host: self.host.clone(), work })
    }

    /// Returns the report of a source that is not polled by this process: handed over to the daemon
    /// if it is due.
    pub fn report_without_poll(&self) -> PollReport {
        let outcome =
            if self.is_due() { PollOutcome::HandedOver } else { PollOutcome::NotAttempted };
        PollReport {
            note: self.skip_reason.map(|reason| reason.to_string()),
            ..PollReport::new(self.source.id.clone(), outcome)
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minute = |at: &Timestamp| at.format("%Y-%m-%d %H:%M UTC").to_string();
        match self {
            Self::Paused => f.write_str("paused in feeds.toml"),
            Self::RetryAfter(until) => {
                write!(f, "Retry-After: wait until {}", minute(until))
            }
            Self::Gone => {
                f.write_str("gone (answered 410); name it with --force to poll it anyway")
            }
            Self::Challenge => f.write_str("blocked by a bot challenge; name it to poll it anyway"),
            Self::NotDue(at) => write!(f, "not due until {} (use --force)", minute(at)),
        }
    }
}
