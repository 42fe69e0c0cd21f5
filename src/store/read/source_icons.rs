//! The icons of publications.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use rusqlite::{OptionalExtension as _, params};

use feed_model::{SourceId, Timestamp};

use crate::store::{
    Reader, StoreError,
    sql_values::{self, ms},
    statements::query_all,
};

/// The time between two checks of an icon.
const CHECK_INTERVAL: TimeDelta = TimeDelta::days(7);

/// A source whose icon is to be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueIcon {
    /// The source.
    pub source: SourceId,
    /// The icon that its feed names.
    pub icon_url: Option<String>,
    /// The home page of the publication.
    pub home_page_url: Option<String>,
}

impl Reader<'_> {
    /// Returns the source whose icon has been due longest. Only public sources whose last poll
    /// succeeded are due, once in seven days.
    pub fn due_icon(&self, now: Timestamp) -> Result<Option<DueIcon>, StoreError> {
        let found = self
            .conn
            .prepare_cached(
                "SELECT s.id, s.icon_url, s.home_page_url
                   FROM source s LEFT JOIN source_icon i ON i.source_id = s.id
                  WHERE s.ordinal IS NOT NULL AND s.paused = 0 AND s.gone = 0 AND s.public = 1
                    AND s.has_auth = 0 AND s.last_success_ms IS NOT NULL
                    AND s.consecutive_failures = 0 AND s.consecutive_throttles = 0
                    AND coalesce(s.not_before_ms, 0) <= ?1
                    AND (i.checked_ms IS NULL OR i.checked_ms <= ?2)
                  ORDER BY i.checked_ms, s.ordinal LIMIT 1",
            )?
            .query_row(params![ms(now), ms(now - CHECK_INTERVAL)], |row| {
                Ok(DueIcon {
                    source: sql_values::source_id(row, "id")?,
                    icon_url: row.get("icon_url")?,
                    home_page_url: row.get("home_page_url")?,
                })
            })
            .optional()?;
        Ok(found)
    }

    /// Returns the icon of a public source as PNG.
    pub fn source_icon(&self, source: &SourceId) -> Result<Option<Vec<u8>>, StoreError> {
        let png = self
            .conn
            .prepare_cached(
                "SELECT i.png FROM source_icon i JOIN source s ON s.id = i.source_id
                  WHERE s.id = ?1 AND s.ordinal IS NOT NULL AND s.public = 1",
            )?
            .query_row([source.as_str()], |row| row.get(0))
            .optional()?;
        Ok(png.flatten())
    }

    /// Returns the public sources with an icon.
    pub fn sources_with_icon(&self) -> Result<BTreeSet<SourceId>, StoreError> {
        let sources = query_all(
            self.conn,
            "SELECT s.id FROM source_icon i JOIN source s ON s.id = i.source_id
              WHERE i.png IS NOT NULL AND s.ordinal IS NOT NULL AND s.public = 1",
            [],
            |row| sql_values::source_id(row, "id"),
        )?;
        Ok(sources.into_iter().collect())
    }
}
