//! The window of a topic: which of its stories its feed document holds.
//!
//! Membership is stored, and moves only when something is written here: a rendering needs no clock.
//! A story that leaves the window stays in the topic, its pages and its archive.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{StoreError, archives, error::SqlContext as _, sql_values::ms};
use feed_model::{Timestamp, TopicId};

/// How large a window is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowPolicy {
    /// Stories in one feed document.
    pub max_entries: usize,
    /// A story that arrived in an ordinary poll within this stays beyond `max_entries`, so that no
    /// reader misses it.
    pub keep_within: Duration,
}

/// Stories that `keep_within` keeps beyond `max_entries` at most, together with those within it.
const MAX_KEPT_STORIES: usize = 500;

/// Whether windows are to be of another size than they were; that size is remembered.
///
/// Only then a start settles them: what `keep_within` holds leaves with the next arrival, and never
/// because the program was started again.
pub(super) fn size_changed(conn: &Connection, policy: WindowPolicy) -> Result<bool, StoreError> {
    let size = format!("{} {}", policy.max_entries, policy.keep_within.as_millis());
    let before: Option<String> = conn
        .query_row("SELECT value FROM meta WHERE key = 'window_policy'", [], |r| r.get(0))
        .optional()
        .context("read the windows' size")?;
    if before.as_deref() == Some(size.as_str()) {
        return Ok(false);
    }
    conn.execute(
        "INSERT INTO meta (key, value) VALUES ('window_policy', ?1) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [size],
    )
    .context("store the windows' size")?;
    Ok(true)
}

/// Settles the window of every topic.
pub(super) fn trim_all(
    conn: &Connection,
    policy: WindowPolicy,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut statement = conn
        .prepare_cached("SELECT id FROM topic WHERE ordinal IS NOT NULL")
        .context("find the topics")?;
    let topics: Vec<String> = statement.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?;
    for topic in topics.iter().map(String::as_str).chain([TopicId::ALL]) {
        trim(conn, topic, policy, now)?;
    }
    Ok(())
}

/// Lets the oldest stories leave the window of a topic until it is as large as it may be.
pub(super) fn trim(
    conn: &Connection,
    topic: &str,
    policy: WindowPolicy,
    now: Timestamp,
) -> Result<(), StoreError> {
    let kept_since =
        ms(now).saturating_sub(i64::try_from(policy.keep_within.as_millis()).unwrap_or(i64::MAX));
    // The window counts what it shows: stories of private sources take no place in it.
    conn.prepare_cached(
        "UPDATE story_topic SET in_window = 0 WHERE topic_id = ?1 AND in_window = 1 AND story_id IN (
           SELECT story_id FROM (
             SELECT st.story_id, s.arrival, s.first_published_ms,
                    row_number() OVER (ORDER BY st.position_ms DESC, st.story_id DESC) AS place
               FROM story_topic st JOIN story s ON s.id = st.story_id
              WHERE st.topic_id = ?1 AND st.in_window = 1 AND s.removed_ms IS NULL AND s.public = 1)
            WHERE place > ?2 AND (place > ?3 OR arrival <> 'ordinary' OR first_published_ms <= ?4))",
    )
    .and_then(|mut s| {
        let most = i64::try_from(policy.max_entries.max(MAX_KEPT_STORIES)).unwrap_or(i64::MAX);
        s.execute(params![topic, i64::try_from(policy.max_entries).unwrap_or(i64::MAX), most, kept_since])
    })
    .context("settle a topic's window")?;
    archives::create_missing(conn, topic, policy)
}
