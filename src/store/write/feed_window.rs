//! The feed window of a topic: the stories in its feed document.
//!
//! Membership is stored and changes only by the writes in this module, so that rendering does not
//! depend on the current time. A story that leaves the window stays in the topic, on its pages and
//! in its archives.

use rusqlite::{Connection, OptionalExtension as _, named_params};

use feed_model::{Timestamp, TopicId};

use super::archives;
use crate::store::{
    StoreError, WindowPolicy,
    error::SqlContext as _,
    sql_values::{ms, number},
    statements::{execute, query_all},
};

/// The maximum number of stories in a window where `keep_within` keeps more than `max_entries`.
const MAX_KEPT_STORIES: usize = 500;

/// Stores the window policy and returns whether it changed.
///
/// Windows are trimmed at the start of the program only if the policy changed: the stories that
/// `keep_within` kept leave with the next arrival and not because of a restart.
pub(super) fn policy_changed(conn: &Connection, policy: WindowPolicy) -> Result<bool, StoreError> {
    let policy = format!("{} {}", policy.max_entries, policy.keep_within.as_millis());
    let before: Option<String> = conn
        .query_row("SELECT value FROM meta WHERE key = 'window_policy'", [], |r| r.get(0))
        .optional()
        .context("read the window policy")?;
    if before.as_deref() == Some(policy.as_str()) {
        return Ok(false);
    }
    conn.execute(
        "INSERT INTO meta (key, value) VALUES ('window_policy', ?1)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [policy],
    )
    .context("store the window policy")?;
    Ok(true)
}

/// Trims the feed windows of all topics.
pub(super) fn trim_all(
    conn: &Connection,
    policy: WindowPolicy,
    now: Timestamp,
) -> Result<(), StoreError> {
    let topics: Vec<String> =
        query_all(conn, "SELECT id FROM topic WHERE ordinal IS NOT NULL", [], |r| r.get(0))
            .context("read the topics")?;
    for topic in topics.iter().map(String::as_str).chain([TopicId::ALL]) {
        trim(conn, topic, policy, now)?;
    }
    Ok(())
}

/// Puts all stories of a topic into its feed window, and trims the window. The newest stories stay.
pub(super) fn refill(
    conn: &Connection,
    topic: &str,
    policy: WindowPolicy,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute(
        conn,
        "UPDATE story_topic SET in_window = 1 WHERE topic_id = ?1 AND in_window = 0",
        [topic],
    )
    .context("refill the feed window of a topic")?;
    trim(conn, topic, policy, now)
}

/// Removes the oldest stories from the feed window of a topic until it complies with the policy,
/// and creates the archives that are needed for them.
pub(super) fn trim(
    conn: &Connection,
    topic: &str,
    policy: WindowPolicy,
    now: Timestamp,
) -> Result<(), StoreError> {
    let keep_within = i64::try_from(policy.keep_within.as_millis()).unwrap_or(i64::MAX);
    // Stories of private sources do not count: the documents do not have them.
    execute(
        conn,
        "UPDATE story_topic SET in_window = 0
          WHERE topic_id = :topic AND in_window = 1 AND story_id IN (
            SELECT story_id FROM (
              SELECT st.story_id, s.arrival, s.first_published_ms,
                     row_number() OVER (ORDER BY st.position_ms DESC, st.story_id DESC) AS place
                FROM story_topic st JOIN story s ON s.id = st.story_id
               WHERE st.topic_id = :topic AND st.in_window = 1
                 AND s.removed_ms IS NULL AND s.public = 1)
             WHERE place > :max_entries
               AND (place > :max_kept OR arrival <> 'ordinary'
                    OR first_published_ms <= :kept_since))",
        named_params! {
            ":topic": topic,
            ":max_entries": number(policy.max_entries),
            ":max_kept": number(policy.max_entries.max(MAX_KEPT_STORIES)),
            ":kept_since": ms(now).saturating_sub(keep_within),
        },
    )
    .context("trim the feed window of a topic")?;
    archives::create_missing(conn, topic, policy)
}
