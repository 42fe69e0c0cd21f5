//! How much work waits, for the metrics.

use rusqlite::named_params;

use feed_model::Timestamp;

use crate::store::{Reader, StoreError, sql_values::ms};

/// The lengths of the queues of polling.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueLengths {
    /// Sources that are due, those that are being polled included.
    pub due_sources: u64,
    /// Pages of sites and archives of feeds that are queued to be fetched, now or later.
    pub queued_pages: u64,
    /// Sources that are polled or would be, if they were not gone.
    pub active_sources: u64,
    /// Those of them whose last poll failed or that are gone.
    pub failing_sources: u64,
}

impl Reader<'_> {
    /// Returns the lengths of the queues of polling.
    pub fn queue_lengths(&self, now: Timestamp) -> Result<QueueLengths, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT (SELECT count(*) FROM source
                      WHERE ordinal IS NOT NULL AND paused = 0 AND gone = 0
                        AND next_poll_ms <= :now) AS due,
                    (SELECT coalesce(sum((SELECT count(*) FROM page INDEXED BY page_queue
                                           WHERE source_id = source.id AND state = 'queued'
                                             AND (backfill = 2) = (follow_mode = 'feed'))), 0)
                       FROM source WHERE ordinal IS NOT NULL) AS pages,
                    (SELECT count(*) FROM source
                      WHERE ordinal IS NOT NULL AND paused = 0) AS active,
                    (SELECT count(*) FROM source
                      WHERE ordinal IS NOT NULL AND paused = 0
                        AND (gone = 1 OR consecutive_failures > 0)) AS failing",
        )?;
        Ok(statement.query_row(named_params! {":now": ms(now)}, |r| {
            Ok(QueueLengths {
                due_sources: r.get("due")?,
                queued_pages: r.get("pages")?,
                active_sources: r.get("active")?,
                failing_sources: r.get("failing")?,
            })
        })?)
    }
}
