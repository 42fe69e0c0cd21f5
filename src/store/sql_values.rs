//! Conversions of column values: times as milliseconds, lists and objects as JSON, enums as words.

use std::{str::FromStr, time::Duration};

use chrono::DateTime;
use rusqlite::{Row, types::Type};
use serde::{Serialize, de::DeserializeOwned};

use entry_identity::SourceSite;
use feed_model::{SourceId, Timestamp, TopicId};

/// Returns the stored form of a time.
pub(super) fn ms(at: Timestamp) -> i64 {
    at.timestamp_millis()
}

/// Returns the time of a stored value.
pub(super) fn time(ms: i64) -> Timestamp {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

/// Reads a time that may be absent.
pub(super) fn time_opt(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(time))
}

/// Returns a count as `SQLite` stores it.
pub(super) fn number(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Returns a duration in whole seconds.
pub(super) fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// Reads the site of a source from the columns `source_url` and `home_page_url`.
pub(super) fn source_site(row: &Row<'_>) -> rusqlite::Result<SourceSite> {
    let (url, page): (String, Option<String>) = (row.get("source_url")?, row.get("home_page_url")?);
    Ok(SourceSite::new(&url, page.as_deref()))
}

/// Returns the stored form of a list or object.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("plain data can be serialized")
}

/// Reads a list or object.
pub(super) fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|e| conversion_error(column, e))
}

/// Reads a list or object that may be absent.
pub(super) fn from_json_opt<T: DeserializeOwned>(
    row: &Row<'_>,
    column: &str,
) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|t| serde_json::from_str(&t).map_err(|e| conversion_error(column, e))).transpose()
}

/// Reads a source id.
pub(super) fn source_id(row: &Row<'_>, column: &str) -> rusqlite::Result<SourceId> {
    SourceId::new(row.get::<_, String>(column)?).map_err(|e| conversion_error(column, e))
}

/// Reads a topic id.
pub(super) fn topic_id(row: &Row<'_>, column: &str) -> rusqlite::Result<TopicId> {
    TopicId::new(row.get::<_, String>(column)?).map_err(|e| conversion_error(column, e))
}

/// Reads the stored form of an enum.
pub(super) fn parsed<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let word: String = row.get(column)?;
    word.parse().map_err(|e| conversion_error(column, e))
}

fn conversion_error(
    column: &str,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column.len(), Type::Text, Box::new(error))
}
