//! Storing the icons of publications.

use rusqlite::params;

use feed_model::{SourceId, Timestamp};

use crate::store::{Store, StoreError, error::SqlContext as _, sql_values::ms};

impl Store {
    /// Stores that the icon of a source was checked. Without a new icon the stored one is kept.
    pub fn store_source_icon(
        &self,
        source: &SourceId,
        png: Option<Vec<u8>>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let source = source.clone();
        self.write(move |tx| {
            tx.execute(
                "INSERT INTO source_icon (source_id, checked_ms, png)
                   SELECT id, ?2, ?3 FROM source WHERE id = ?1
                   ON CONFLICT (source_id) DO UPDATE
                   SET checked_ms = excluded.checked_ms, png = coalesce(excluded.png, png)",
                params![source.as_str(), ms(now), png],
            )
            .context("store the icon of a source")?;
            Ok(())
        })
    }
}
