//! A host that refuses two of its sources (429, 503) is left in peace as a whole, for as long as
//! two of them wait.
//!
//! One source that is refused pauses alone: several sites may share a host, and one of them being
//! busy says little of the others.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    PollUpdate, Reader, StoreError,
    error::SqlContext as _,
    sql_values::{ms, time},
};
use crate::schedule::PollReason;
use feed_model::{SourceId, Timestamp};

impl Reader<'_> {
    /// Until when a source's host is left in peace because of its other sources; `None`: it is not.
    pub fn host_backoff(
        &self,
        id: &SourceId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT o.next_poll_ms FROM source s JOIN source o ON o.host = s.host AND o.id <> s.id
              WHERE s.id = ?1 AND o.consecutive_throttles > 0 AND o.ordinal IS NOT NULL AND o.paused = 0 AND o.next_poll_ms > ?2
              ORDER BY o.next_poll_ms DESC LIMIT 1 OFFSET 1",
        )?;
        let hold: Option<i64> =
            statement.query_row(params![id.as_str(), ms(now)], |r| r.get(0)).optional()?;
        Ok(hold.map(time))
    }
}

/// Puts the other sources of a host off when a second one of it was refused.
pub(super) fn update(conn: &Connection, source: &str, now: Timestamp) -> Result<(), StoreError> {
    let context = "leave a host in peace";
    // The second-longest wait: until then at least two of them wait.
    let second = |column: &str| -> Result<Option<i64>, StoreError> {
        conn.prepare_cached(&format!(
            "SELECT o.{column} FROM source o JOIN source s ON s.id = ?1 AND o.host = s.host
              WHERE o.consecutive_throttles > 0 AND o.ordinal IS NOT NULL AND o.paused = 0 AND o.{column} > ?2
              ORDER BY o.{column} DESC LIMIT 1 OFFSET 1"
        ))
        .and_then(|mut s| s.query_row(params![source, ms(now)], |r| r.get(0)).optional())
        .context(context)
    };
    if let Some(until) = second("next_poll_ms")? {
        let reason = PollReason::HostBackoff(time(until)).to_string();
        conn.prepare_cached(
            "UPDATE source SET next_poll_ms = ?2, next_poll_reason = ?3
              WHERE host = (SELECT host FROM source WHERE id = ?1) AND ordinal IS NOT NULL AND coalesce(next_poll_ms, 0) < ?2",
        )
        .and_then(|mut s| s.execute(params![source, until, reason]))
        .context(context)?;
    }
    // What two of them ask for by Retry-After, a forced poll of a third respects as well.
    if let Some(until) = second("not_before_ms")? {
        conn.prepare_cached(
            "UPDATE source SET not_before_ms = ?2
              WHERE host = (SELECT host FROM source WHERE id = ?1) AND ordinal IS NOT NULL AND coalesce(not_before_ms, 0) < ?2",
        )
        .and_then(|mut s| s.execute(params![source, until]))
        .context(context)?;
    }
    Ok(())
}

/// What an attempt was told by Retry-After holds for the host that said so, also after feeds.toml
/// gave the source another address there.
pub(super) fn store_retry_after(conn: &Connection, plan: &PollUpdate) -> Result<(), StoreError> {
    let Some(attempt) = &plan.attempt else {
        return Ok(());
    };
    let Some((until, host)) = attempt.next.not_before.zip(attempt.host.as_ref()) else {
        return Ok(());
    };
    conn.prepare_cached(
        "UPDATE source SET not_before_ms = ?3, next_poll_ms = max(coalesce(next_poll_ms, 0), ?3), next_poll_reason = ?4
          WHERE id = ?1 AND host = ?2 AND coalesce(not_before_ms, 0) < ?3",
    )
    .and_then(|mut s| {
        let reason = attempt.next.reason.to_string();
        s.execute(params![plan.source.as_str(), host, ms(until), reason])
    })
    .context("keep what a host asked for")?;
    Ok(())
}
