//! Digests that are out, and the stories of those that are due.

use chrono::NaiveDate;
use rusqlite::{OptionalExtension as _, params};

use feed_model::{Story, Timestamp, TopicId};
use feed_publisher::DigestPeriod;

use crate::store::{
    Reader, StoreError,
    error::SqlContext as _,
    sql_values::{ms, number, time},
    statements::{query_all, query_row},
};

/// A digest that is out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// Its id in published documents.
    pub published_id: String,
    /// Its title.
    pub title: String,
    /// The first day of its period.
    pub first_day: NaiveDate,
    /// The end of its period.
    pub ends: Timestamp,
    /// Its stories as items of a list in HTML.
    pub items: Vec<String>,
}

impl Reader<'_> {
    /// Returns the first day of the newest period for which the digests of a topic are out.
    pub fn newest_digest(
        &self,
        topic: &TopicId,
        period: DigestPeriod,
    ) -> Result<Option<NaiveDate>, StoreError> {
        let newest: Option<String> = query_row(
            self.conn,
            "SELECT max(first_day) FROM digest WHERE topic_id = ?1 AND period = ?2",
            [topic.as_str(), period.name()],
            |r| r.get(0),
        )
        .context("find the newest digest")?;
        Ok(newest.and_then(|day| day.parse().ok()))
    }

    /// Returns a text that changes when a digest of a topic is issued and when a story leaves one.
    pub fn digests_version(
        &self,
        topic: &TopicId,
        period: DigestPeriod,
    ) -> Result<String, StoreError> {
        query_row(
            self.conn,
            "SELECT coalesce(max(d.first_day), '') || ' ' || count(*)
               FROM digest_story d JOIN story s ON s.id = d.story_id
              WHERE d.topic_id = ?1 AND d.period = ?2
                AND s.public = 1 AND (s.removed_ms IS NULL OR s.removed_reason = 'retention')",
            [topic.as_str(), period.name()],
            |r| r.get(0),
        )
        .context("read the version of digests")
    }

    /// Returns the digests of a topic, the newest first, without stories that were forgotten or
    /// became private.
    pub fn digests(
        &self,
        topic: &TopicId,
        period: DigestPeriod,
        limit: usize,
    ) -> Result<Vec<Digest>, StoreError> {
        let context = "read digests";
        let mut digests: Vec<Digest> = query_all(
            self.conn,
            "SELECT published_id, title, first_day, ends_ms FROM digest
              WHERE topic_id = ?1 AND period = ?2 ORDER BY first_day DESC LIMIT ?3",
            params![topic.as_str(), period.name(), number(limit)],
            |r| {
                Ok(Digest {
                    published_id: r.get(0)?,
                    title: r.get(1)?,
                    first_day: r.get::<_, String>(2)?.parse().unwrap_or_default(),
                    ends: time(r.get(3)?),
                    items: Vec::new(),
                })
            },
        )
        .context(context)?;
        for digest in &mut digests {
            digest.items = query_all(
                self.conn,
                "SELECT d.html FROM digest_story d JOIN story s ON s.id = d.story_id
                  WHERE d.topic_id = ?1 AND d.period = ?2 AND d.first_day = ?3
                    AND s.public = 1 AND (s.removed_ms IS NULL OR s.removed_reason = 'retention')
                  ORDER BY d.ordinal",
                params![topic.as_str(), period.name(), digest.first_day.to_string()],
                |r| r.get(0),
            )
            .context(context)?;
        }
        digests.retain(|digest| !digest.items.is_empty());
        Ok(digests)
    }

    /// Returns the public stories of a topic between two positions, the oldest first.
    pub fn stories_between(
        &self,
        topic: &TopicId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Story>, StoreError> {
        self.select(
            "WHERE s.removed_ms IS NULL AND s.public = 1
               AND s.position_ms >= ?2 AND s.position_ms < ?3
               AND EXISTS (SELECT 1 FROM story_topic t
                            WHERE t.topic_id = ?1 AND t.story_id = s.id)
             ORDER BY s.position_ms, s.id",
            &[Box::new(topic.to_string()), Box::new(ms(from)), Box::new(ms(until))],
        )
    }

    /// Whether every stored story was classified by the rules of a topic, and every source was
    /// polled.
    pub fn is_filled(&self, topic: &TopicId) -> Result<bool, StoreError> {
        let context = "find out whether a topic is filled";
        let unfilled: Option<bool> = self
            .conn
            .prepare_cached("SELECT filled = 0 FROM topic WHERE id = ?1")
            .and_then(|mut s| s.query_row([topic.as_str()], |r| r.get(0)).optional())
            .context(context)?;
        let is_unpolled: bool = query_row(
            self.conn,
            "SELECT EXISTS (SELECT 1 FROM source
                             WHERE ordinal IS NOT NULL AND paused = 0 AND last_attempt_ms IS NULL)",
            [],
            |r| r.get(0),
        )
        .context(context)?;
        Ok(!unfilled.unwrap_or_default() && !is_unpolled)
    }
}
