//! Corrects stored times after the clock was set back.
//!
//! A machine may start with a wrong clock, years ahead, and correct it later. What was polled
//! meanwhile would not be polled again for years.

use chrono::TimeDelta;
use rusqlite::Connection;
use tracing::warn;

use feed_model::Timestamp;

use crate::store::{Store, StoreError, error::SqlContext as _, sql_values::ms};

/// A clock that is behind by less is not corrected: the polls are late by as much.
const TOLERANCE: TimeDelta = TimeDelta::minutes(1);

/// The longest time that a poll may be ahead for another reason.
const LONGEST_PAUSE: TimeDelta = TimeDelta::days(31);

/// Corrections of the times that decide when something is done. `:ahead` is how far the clock was
/// ahead. First polls are scheduled again, and hubs are asked again how long their leases are.
const CORRECTIONS: &str = "
    UPDATE source
       SET next_poll_ms = next_poll_ms - :ahead,
           not_before_ms = not_before_ms - :ahead,
           last_attempt_ms = iif(last_attempt_ms > :now, last_attempt_ms - :ahead, last_attempt_ms),
           last_request_ms = iif(last_request_ms > :now, last_request_ms - :ahead, last_request_ms),
           last_success_ms = iif(last_success_ms > :now, last_success_ms - :ahead, last_success_ms),
           follow_reviewed_ms = min(follow_reviewed_ms, :now),
           redirect_since_ms = min(redirect_since_ms, :now),
           first_gone_ms = min(first_gone_ms, :now)
     WHERE last_attempt_ms > :now OR next_poll_ms > :now + max(:ahead, :longest_pause);
    UPDATE source SET next_poll_ms = NULL
     WHERE last_attempt_ms IS NULL AND next_poll_ms > :now + :ahead / 2;
    UPDATE page SET not_before_ms = NULL WHERE not_before_ms > :now;
    UPDATE page SET fetched_ms = :now WHERE fetched_ms > :now;
    UPDATE sitemap SET fetched_ms = :now WHERE fetched_ms > :now;
    UPDATE source_icon SET checked_ms = :now WHERE checked_ms > :now;
    UPDATE delivery SET not_before_ms = not_before_ms - :ahead, queued_ms = queued_ms - :ahead
     WHERE queued_ms > :now;
    UPDATE subscription SET requested_ms = NULL WHERE requested_ms > :now;
    UPDATE subscription SET next_ms = :now WHERE next_ms > :now + :ahead / 2;";

impl Store {
    /// Corrects the stored times if the clock was ahead at the last poll and has been set back.
    /// Intervals and pauses stay as long as they are.
    pub async fn correct_times(&self, now: Timestamp) -> Result<(), StoreError> {
        self.write_async(move |tx| correct_times(tx, now)).await
    }
}

/// Does what [`Store::correct_times`] does.
pub(super) fn correct_times(conn: &Connection, now: Timestamp) -> Result<(), StoreError> {
    let context = "correct the times of a clock that was ahead";
    let last: Option<i64> = conn
        .query_row("SELECT max(last_attempt_ms) FROM source", [], |r| r.get(0))
        .context(context)?;
    let ahead = TimeDelta::milliseconds(last.unwrap_or_default().saturating_sub(ms(now)));
    if ahead <= TOLERANCE {
        return Ok(());
    }
    warn!(
        "the clock is {} s behind the last poll: it was ahead and has been set back, so the next \
         polls are moved by as much",
        ahead.num_seconds()
    );
    let values = [
        (":now", ms(now)),
        (":ahead", ahead.num_milliseconds()),
        (":longest_pause", LONGEST_PAUSE.num_milliseconds()),
    ];
    // `execute_batch` takes no parameters.
    let sql = values.iter().fold(CORRECTIONS.to_owned(), |sql, (name, value)| {
        sql.replace(name, &format!("({value})"))
    });
    conn.execute_batch(&sql).context(context)
}
