//! Changes the schedule of sources from outside a poll.

use rusqlite::params;

use feed_model::{SourceId, Timestamp};

use crate::{
    schedule::PollReason,
    store::{Store, StoreError, error::SqlContext as _, sql_values::ms, statements::execute},
};

impl Store {
    /// Asks a running daemon to poll sources: now if `forced`, else when they are due.
    pub fn request_polls(&self, ids: &[SourceId], forced: bool) -> Result<(), StoreError> {
        let ids = ids.to_vec();
        self.write(move |tx| {
            for id in &ids {
                execute(
                    tx,
                    "UPDATE source SET poll_requested = max(poll_requested, ?2) WHERE id = ?1",
                    params![id.as_str(), 1 + i64::from(forced)],
                )
                .context("request a poll")?;
            }
            Ok(())
        })
    }

    /// Schedules the first polls of sources that were never polled.
    pub fn schedule_first(
        &self,
        polls: &[(SourceId, Timestamp, PollReason)],
    ) -> Result<(), StoreError> {
        let polls = polls.to_vec();
        self.write(move |tx| {
            for (id, at, reason) in &polls {
                execute(
                    tx,
                    "UPDATE source SET next_poll_ms = ?2, next_poll_reason = ?3
                      WHERE id = ?1 AND last_attempt_ms IS NULL",
                    params![id.as_str(), ms(*at), reason.to_string()],
                )
                .context("schedule a first poll")?;
            }
            Ok(())
        })
    }
}
