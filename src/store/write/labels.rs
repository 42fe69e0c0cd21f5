//! Corrections by the operator: labels, splits and removals.

use std::{collections::BTreeSet, sync::Arc};

use rusqlite::{Connection, OptionalExtension as _, params};

use feed_model::{EntryId, StoryId, Timestamp, TopicId};
use topic_rules::Rules;

use super::{
    archives,
    classification::{self, ClassifyTrigger},
    feed_window, representative, stories,
};
use crate::store::{
    Arrival, Reader, Store, StoreError, WindowPolicy,
    error::SqlContext as _,
    sql_values::{self, ms},
    statements::{execute, query_all},
};

impl Store {
    /// Labels a story with exactly these topics; `None` removes its label.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unknown`] for a topic that is not in feeds.toml.
    pub fn label(
        &self,
        story: StoryId,
        topics: Option<Vec<TopicId>>,
        rules: Arc<Rules>,
        window: WindowPolicy,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            match topics {
                Some(topics) => {
                    for topic in &topics {
                        if !classification::is_configured(tx, topic.as_str())? {
                            let name = topic.to_string();
                            return Err(StoreError::Unknown { what: "topic", name });
                        }
                    }
                    execute(
                        tx,
                        "INSERT OR REPLACE INTO label (story_id, topics, labelled_ms)
                         VALUES (?1, ?2, ?3)",
                        params![story.0, sql_values::json(&topics), ms(now)],
                    )
                    .context("store a label")?;
                }
                None => {
                    execute(tx, "DELETE FROM label WHERE story_id = ?1", [story.0])
                        .context("remove a label")?;
                }
            }
            count_manual_edit(tx)?;
            let mut changed_topics = BTreeSet::new();
            let trigger = ClassifyTrigger::Label;
            classification::classify(tx, story, &rules, trigger, now, &mut changed_topics)?;
            archives::remove_story_from_left_topics(tx, story)?;
            for topic in &changed_topics {
                feed_window::trim(tx, topic, window, now)?;
            }
            Ok(())
        })
    }

    /// Puts the newest stories of a topic into its feed window, also those that changed rules had
    /// kept out of it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unknown`] for a topic that is not in feeds.toml.
    pub fn refill_topic(
        &self,
        topic: &TopicId,
        window: WindowPolicy,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let topic = topic.clone();
        self.write(move |tx| {
            if !classification::is_configured(tx, topic.as_str())? {
                return Err(StoreError::Unknown { what: "topic", name: topic.to_string() });
            }
            count_manual_edit(tx)?;
            feed_window::refill(tx, topic.as_str(), window, now)
        })
    }

    /// Records that feeds of these topics were fetched or written to files. From then on, changed
    /// rules announce nothing in them.
    pub fn mark_fetched(&self, topics: &[TopicId]) -> Result<(), StoreError> {
        let topics: Vec<String> = topics.iter().map(ToString::to_string).collect();
        self.write(move |tx| {
            execute(
                tx,
                "UPDATE topic SET fetched = 1
                  WHERE fetched = 0 AND id IN (SELECT value FROM json_each(?1))",
                [sql_values::json(&topics)],
            )
            .context("record a fetched feed")?;
            Ok(())
        })
    }

    /// Removes a story from everything that is published. Its entries stay as tombstones.
    pub fn forget(&self, story: StoryId, reason: &str, now: Timestamp) -> Result<(), StoreError> {
        let reason = reason.to_owned();
        self.write(move |tx| {
            count_manual_edit(tx)?;
            stories::tombstone(tx, story, &reason, now)
        })
    }

    /// Splits a wrongly merged story: every entry that joined it becomes a story of its own and
    /// never joins it again. Returns the new stories.
    ///
    /// # Errors
    ///
    /// [`StoreError::Refused`] if no entry joined the story.
    pub fn split(
        &self,
        story: StoryId,
        rules: Arc<Rules>,
        window: WindowPolicy,
        now: Timestamp,
    ) -> Result<Vec<StoryId>, StoreError> {
        self.write(move |tx| {
            let joined = query_all(
                tx,
                "SELECT id FROM entry WHERE story_id = ?1 AND join_reason IS NOT NULL
                  ORDER BY first_seen_ms, id",
                [story.0],
                |r| Ok(EntryId(r.get(0)?)),
            )?;
            if joined.is_empty() {
                return Err(StoreError::Refused(format!(
                    "story {story} cannot be split: no entry joined it"
                )));
            }
            count_manual_edit(tx)?;
            let position: Option<i64> = tx
                .query_row("SELECT position_ms FROM story WHERE id = ?1", [story.0], |r| r.get(0))
                .optional()?;
            let position = sql_values::time(position.unwrap_or_else(|| ms(now)));
            let mut changed_topics = BTreeSet::new();
            let mut new_stories = Vec::new();
            for entry in joined {
                let new = stories::create(tx, entry, position, Arrival::Backfill, now)?;
                execute(
                    tx,
                    "UPDATE entry SET story_id = ?2, join_reason = NULL WHERE id = ?1",
                    params![entry.0, new.0],
                )?;
                for other in new_stories.iter().chain([&story]) {
                    execute(
                        tx,
                        "INSERT OR IGNORE INTO split (entry_id, story_id, split_ms)
                         VALUES (?1, ?2, ?3)",
                        params![entry.0, other.0, ms(now)],
                    )?;
                }
                representative::choose(tx, new, now)?;
                let trigger = ClassifyTrigger::Rules;
                classification::classify(tx, new, &rules, trigger, now, &mut changed_topics)?;
                new_stories.push(new);
            }
            representative::choose(tx, story, now)?;
            archives::invalidate(tx, story)?;
            let trigger = ClassifyTrigger::Edit;
            classification::classify(tx, story, &rules, trigger, now, &mut changed_topics)?;
            for topic in &changed_topics {
                feed_window::trim(tx, topic, window, now)?;
            }
            Ok(new_stories)
        })
    }
}

/// Counts a manual edit, so that a running daemon renders again.
fn count_manual_edit(conn: &Connection) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO meta (key, value) VALUES ('manual_edits', '1')
         ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1",
        [],
    )
    .context("count a manual edit")?;
    Ok(())
}

impl Reader<'_> {
    /// Returns the number of manual edits so far.
    pub fn manual_edits(&self) -> Result<u64, StoreError> {
        Ok(self.meta("manual_edits")?.and_then(|n| n.parse().ok()).unwrap_or(0))
    }
}
