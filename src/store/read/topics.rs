//! Topics and how their stories are classified.

use rusqlite::params;

use feed_model::{NonMembership, Story, StoryId, Timestamp, TopicId, TopicState};
use topic_rules::{Reason, Rules};

use crate::store::{
    Reader, StoreError,
    classifier_input::StoredInput,
    sql_values::{self, ms, number, time_opt},
    statements::query_all,
    story_topics,
};

/// Time after which a topic that left feeds.toml is gone: seven days.
const RETIREMENT_MS: i64 = 7 * 24 * 3600 * 1000;

impl Reader<'_> {
    /// Returns the topics of feeds.toml in its order, without `all`.
    pub fn topics(&self) -> Result<Vec<TopicState>, StoreError> {
        let subscribers = self.topic_subscribers()?;
        Ok(query_all(
            self.conn,
            "SELECT t.id, t.title, t.description, count(s.id) AS stories,
                    count(s.id) FILTER (WHERE st.in_window = 1) AS in_feed,
                    max(s.first_published_ms) AS latest
               FROM topic t LEFT JOIN story_topic st ON st.topic_id = t.id
               LEFT JOIN story s ON s.id = st.story_id AND s.removed_ms IS NULL AND s.public = 1
              WHERE t.ordinal IS NOT NULL GROUP BY t.id ORDER BY t.ordinal",
            [],
            |r| {
                let id = sql_values::topic_id(r, "id")?;
                Ok(TopicState {
                    subscribers: subscribers.get(id.as_str()).copied().unwrap_or_default(),
                    id,
                    title: r.get("title")?,
                    description: r.get("description")?,
                    stories: r.get("stories")?,
                    in_feed: r.get("in_feed")?,
                    latest: time_opt(r, "latest")?,
                })
            },
        )?)
    }

    /// Returns the ids of the topics that a story is in, without `all`.
    pub fn topics_of(&self, story: StoryId) -> Result<Vec<String>, StoreError> {
        story_topics::topics_of(self.conn, story)
    }

    /// Returns the ids of topics that left feeds.toml long ago. Topics that left it recently are
    /// unknown: many readers give up a feed that is gone, and a mistake can still be corrected.
    pub fn retired_topics(&self, now: Timestamp) -> Result<Vec<TopicId>, StoreError> {
        Ok(query_all(
            self.conn,
            "SELECT id FROM topic WHERE ordinal IS NULL AND retired_ms <= ?1 ORDER BY id",
            [ms(now) - RETIREMENT_MS],
            |r| sql_values::topic_id(r, "id"),
        )?)
    }

    /// Returns whether a story is in the feed window of a topic.
    pub fn is_in_feed(&self, topic: &TopicId, story: StoryId) -> Result<bool, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM story_topic
                             WHERE topic_id = ?1 AND story_id = ?2 AND in_window = 1)",
        )?;
        Ok(statement.query_row(params![topic.as_str(), story.0], |r| r.get(0))?)
    }

    /// Returns the topics whose feeds were fetched or written to files, so that changed rules
    /// announce nothing in them.
    pub fn topics_with_readers(&self) -> Result<Vec<TopicId>, StoreError> {
        Ok(query_all(
            self.conn,
            "SELECT id FROM topic WHERE ordinal IS NOT NULL AND filled = 1 AND fetched = 1",
            [],
            |r| sql_values::topic_id(r, "id"),
        )?)
    }

    /// Returns the topics that share the most public stories with a topic, with the number of
    /// shared stories.
    pub fn neighbours(
        &self,
        topic: &TopicId,
        limit: usize,
    ) -> Result<Vec<(TopicId, u64)>, StoreError> {
        Ok(query_all(
            self.conn,
            "SELECT o.topic_id AS id, count(*)
               FROM story_topic t JOIN story_topic o ON o.story_id = t.story_id
               JOIN topic n ON n.id = o.topic_id JOIN story s ON s.id = t.story_id
              WHERE t.topic_id = ?1 AND o.topic_id <> ?1 AND n.ordinal IS NOT NULL
                AND s.public = 1 AND s.removed_ms IS NULL
              GROUP BY o.topic_id ORDER BY 2 DESC, n.ordinal LIMIT ?2",
            params![topic.as_str(), number(limit)],
            |r| Ok((sql_values::topic_id(r, "id")?, r.get(1)?)),
        )?)
    }

    /// Returns the topics that a story is not in, each with its score and the reasons for and
    /// against it.
    pub fn not_in_topics(
        &self,
        story: &Story,
        rules: &Rules,
    ) -> Result<Vec<NonMembership>, StoreError> {
        let Some(StoredInput { input, .. }) = StoredInput::load(self.conn, story.id)? else {
            return Ok(Vec::new());
        };
        let classifications = rules.explain(&input.fields(&input.lists()));
        let others = classifications.into_iter().filter(|classification| {
            !story.topics.iter().any(|member| member.id == classification.topic)
        });
        Ok(others
            .map(|classification| {
                let mut because: Vec<String> =
                    classification.reasons_against.iter().map(Reason::to_string).collect();
                if classification.is_member {
                    because.push(if story.labelled {
                        "a label excludes it, although the rules match".to_owned()
                    } else {
                        "the current rules match; the story is not reclassified yet".to_owned()
                    });
                }
                because.extend(classification.reasons.iter().map(Reason::to_string));
                NonMembership { id: classification.topic, score: classification.score, because }
            })
            .collect())
    }

    /// Returns the number of stories that were last classified by other rules than those with this
    /// fingerprint.
    pub fn count_unclassified(&self, fingerprint: [u8; 32]) -> Result<u64, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT (SELECT count(*) FROM story INDEXED BY story_rules_fingerprint
                      WHERE removed_ms IS NULL AND rules_fingerprint IS NULL)
                  + (SELECT count(*) FROM story INDEXED BY story_rules_fingerprint
                      WHERE removed_ms IS NULL AND rules_fingerprint < ?1)
                  + (SELECT count(*) FROM story INDEXED BY story_rules_fingerprint
                      WHERE removed_ms IS NULL AND rules_fingerprint > ?1)",
        )?;
        Ok(statement.query_row([fingerprint], |r| r.get(0))?)
    }

    /// Whether every story was classified by the rules with this fingerprint and every topic is
    /// filled.
    pub fn all_classified(&self, fingerprint: [u8; 32]) -> Result<bool, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT NOT EXISTS (SELECT 1 FROM story INDEXED BY story_rules_fingerprint
                                 WHERE removed_ms IS NULL AND rules_fingerprint IS NULL)
                AND NOT EXISTS (SELECT 1 FROM story INDEXED BY story_rules_fingerprint
                                 WHERE removed_ms IS NULL AND rules_fingerprint < ?1)
                AND NOT EXISTS (SELECT 1 FROM story INDEXED BY story_rules_fingerprint
                                 WHERE removed_ms IS NULL AND rules_fingerprint > ?1)
                AND NOT EXISTS (SELECT 1 FROM topic WHERE ordinal IS NOT NULL AND filled = 0)",
        )?;
        Ok(statement.query_row([fingerprint], |r| r.get(0))?)
    }
}
