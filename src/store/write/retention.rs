//! Removes old stories.

use std::time::Duration;

use rusqlite::params;

use feed_model::{StoryId, Timestamp};

use super::stories;
use crate::store::{
    Store, StoreError,
    sql_values::{ms, number},
    statements::query_all,
};

impl Store {
    /// Removes up to `limit` stories that were first published longer than `retention` ago and
    /// returns their number. Their entries stay as tombstones, so that they do not return.
    pub fn expire_stories(
        &self,
        retention: Duration,
        limit: usize,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.write(move |tx| {
            let retention = i64::try_from(retention.as_millis()).unwrap_or(i64::MAX);
            let expired = query_all(
                tx,
                "SELECT id FROM story WHERE removed_ms IS NULL AND first_published_ms < ?1
                  ORDER BY first_published_ms LIMIT ?2",
                params![ms(now).saturating_sub(retention), number(limit)],
                |r| Ok(StoryId(r.get(0)?)),
            )?;
            for story in &expired {
                stories::tombstone(tx, *story, "retention", now)?;
            }
            Ok(expired.len() as u64)
        })
    }
}
