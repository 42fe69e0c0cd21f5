//! Stores digests. A digest that is out does not change.

use chrono::NaiveDate;
use rusqlite::{Connection, params};

use feed_model::{StoryId, Timestamp, TopicId};
use feed_publisher::DigestPeriod;

use crate::store::{
    Store, StoreError,
    error::SqlContext as _,
    sql_values::{ms, number},
    statements::execute,
};

/// A digest of a period that is over. Without items it marks that there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedDigest {
    /// The topic.
    pub topic: TopicId,
    /// The period.
    pub period: DigestPeriod,
    /// The first day of the period.
    pub first_day: NaiveDate,
    /// The id in published documents.
    pub published_id: String,
    /// The title.
    pub title: String,
    /// The end of the period.
    pub ends: Timestamp,
    /// The stories, as items of a list in HTML.
    pub items: Vec<(StoryId, String)>,
}

impl Store {
    /// Stores digests, and deletes the oldest of each topic beyond `kept`. A digest that is out
    /// stays as it is.
    pub fn issue_digests(&self, digests: Vec<IssuedDigest>, kept: usize) -> Result<(), StoreError> {
        self.write(move |tx| {
            for digest in &digests {
                insert(tx, digest)?;
                delete_old(tx, digest, kept)?;
            }
            Ok(())
        })
    }
}

fn insert(conn: &Connection, digest: &IssuedDigest) -> Result<(), StoreError> {
    let context = "store a digest";
    let (topic, period) = (digest.topic.as_str(), digest.period.name());
    let first_day = digest.first_day.to_string();
    let is_new = execute(
        conn,
        "INSERT OR IGNORE INTO digest (topic_id, period, first_day, published_id, title, ends_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![topic, period, first_day, digest.published_id, digest.title, ms(digest.ends)],
    )
    .context(context)?;
    if is_new == 0 {
        return Ok(());
    }
    for (ordinal, (story, html)) in digest.items.iter().enumerate() {
        execute(
            conn,
            "INSERT INTO digest_story (topic_id, period, first_day, ordinal, story_id, html)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![topic, period, first_day, number(ordinal), story.0, html],
        )
        .context(context)?;
    }
    Ok(())
}

/// Deletes digests without stories before this one, and the oldest beyond `kept`.
fn delete_old(conn: &Connection, digest: &IssuedDigest, kept: usize) -> Result<(), StoreError> {
    let context = "delete old digests";
    let (topic, period) = (digest.topic.as_str(), digest.period.name());
    let first_day = digest.first_day.to_string();
    execute(
        conn,
        "DELETE FROM digest AS d
          WHERE topic_id = ?1 AND period = ?2 AND first_day < ?3 AND NOT EXISTS (
            SELECT 1 FROM digest_story s
             WHERE s.topic_id = ?1 AND s.period = ?2 AND s.first_day = d.first_day)",
        params![topic, period, first_day],
    )
    .context(context)?;
    for table in ["digest_story", "digest"] {
        let sql = format!(
            "DELETE FROM {table} WHERE topic_id = ?1 AND period = ?2 AND first_day <= (
               SELECT first_day FROM digest WHERE topic_id = ?1 AND period = ?2
                ORDER BY first_day DESC LIMIT 1 OFFSET ?3)"
        );
        execute(conn, &sql, params![topic, period, number(kept)]).context(context)?;
    }
    Ok(())
}
