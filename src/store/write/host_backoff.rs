//! Backoff of whole hosts.
//!
//! If a host rejected two of its sources (429 or 503), all of its sources wait as long as two of
//! them do. A single rejected source pauses alone: several sites may share a host, and one busy
//! site says little about the others.

use rusqlite::{Connection, OptionalExtension as _, named_params, params};

use feed_model::{SourceId, Timestamp};

use crate::{
    schedule::PollReason,
    store::{
        PollUpdate, Reader, StoreError,
        error::SqlContext as _,
        sql_values::{ms, time},
        statements::execute,
    },
};

impl Reader<'_> {
    /// Returns the end of the backoff of a source's host; `None` if there is none.
    pub fn host_backoff(
        &self,
        id: &SourceId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT o.next_poll_ms FROM source s JOIN source o ON o.host = s.host AND o.id <> s.id
              WHERE s.id = ?1 AND o.consecutive_throttles > 0 AND o.ordinal IS NOT NULL
                AND o.paused = 0 AND o.next_poll_ms > ?2
              ORDER BY o.next_poll_ms DESC LIMIT 1 OFFSET 1",
        )?;
        let until: Option<i64> =
            statement.query_row(params![id.as_str(), ms(now)], |r| r.get(0)).optional()?;
        Ok(until.map(time))
    }
}

/// Delays the other sources of a host if it rejected at least two of its sources.
pub(super) fn update(conn: &Connection, source: &str, now: Timestamp) -> Result<(), StoreError> {
    let context = "store the backoff of a host";
    if let Some(until) = second_longest_wait(conn, "next_poll_ms", source, now).context(context)? {
        let reason = PollReason::HostBackoff(time(until)).to_string();
        execute(
            conn,
            "UPDATE source SET next_poll_ms = ?2, next_poll_reason = ?3
              WHERE host = (SELECT host FROM source WHERE id = ?1)
                AND ordinal IS NOT NULL AND coalesce(next_poll_ms, 0) < ?2",
            params![source, until, reason],
        )
        .context(context)?;
    }
    // A Retry-After that two of them received also holds for forced polls of the others.
    if let Some(until) = second_longest_wait(conn, "not_before_ms", source, now).context(context)? {
        execute(
            conn,
            "UPDATE source SET not_before_ms = ?2
              WHERE host = (SELECT host FROM source WHERE id = ?1)
                AND ordinal IS NOT NULL AND coalesce(not_before_ms, 0) < ?2",
            params![source, until],
        )
        .context(context)?;
    }
    Ok(())
}

/// Returns the second-longest wait of the rejected sources of a host: until then at least two of
/// them wait.
fn second_longest_wait(
    conn: &Connection,
    column: &str,
    source: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<i64>> {
    let sql = format!(
        "SELECT o.{column} FROM source o JOIN source s ON s.id = ?1 AND o.host = s.host
          WHERE o.consecutive_throttles > 0 AND o.ordinal IS NOT NULL AND o.paused = 0
            AND o.{column} > ?2
          ORDER BY o.{column} DESC LIMIT 1 OFFSET 1"
    );
    conn.prepare_cached(&sql)?.query_row(params![source, ms(now)], |r| r.get(0)).optional()
}

/// Stores the Retry-After of an attempt whose source was changed in feeds.toml in the meantime, if
/// the source is still on the host that sent it.
pub(super) fn store_retry_after(conn: &Connection, update: &PollUpdate) -> Result<(), StoreError> {
    let Some(attempt) = &update.attempt else {
        return Ok(());
    };
    let Some((until, host)) = attempt.next.not_before.zip(attempt.host.as_ref()) else {
        return Ok(());
    };
    execute(
        conn,
        "UPDATE source SET not_before_ms = :until,
           next_poll_ms = max(coalesce(next_poll_ms, 0), :until), next_poll_reason = :reason
          WHERE id = :source AND host = :host AND coalesce(not_before_ms, 0) < :until",
        named_params! {
            ":source": update.source.as_str(),
            ":host": host,
            ":until": ms(until),
            ":reason": attempt.next.reason.to_string(),
        },
    )
    .context("store the Retry-After of a host")?;
    Ok(())
}
