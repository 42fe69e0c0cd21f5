//! What a person decides about a story: its topics, its parting, its going.

use std::{collections::BTreeSet, sync::Arc};

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    Reader, Store, StoreError, WindowPolicy, archives,
    classification::{self, ClassifyTrigger},
    error::SqlContext as _,
    feed_window, representative,
    sql_values::{self, ms},
    stories,
};
use feed_model::{StoryId, Timestamp, TopicId};
use topic_rules::Rules;

impl Store {
    /// The story is in exactly these topics from now on; `None` takes the label back. Unknown
    /// topics are refused.
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
                        let known: bool = tx.query_row(
                            "SELECT EXISTS (SELECT 1 FROM topic WHERE id = ?1 AND ordinal IS NOT NULL)",
                            [topic.as_str()],
                            |r| r.get(0),
                        )?;
                        if !known {
                            return Err(StoreError::Unknown { what: "topic", name: topic.to_string() });
                        }
                    }
                    tx.execute(
                        "INSERT INTO label (story_id, topics, labelled_ms) VALUES (?1, ?2, ?3)
                         ON CONFLICT (story_id) DO UPDATE SET topics = excluded.topics, labelled_ms = excluded.labelled_ms",
                        params![story.0, sql_values::json(&topics), ms(now)],
                    )
                    .context("store a label")?;
                }
                None => {
                    tx.execute("DELETE FROM label WHERE story_id = ?1", [story.0]).context("take a label back")?;
                }
            }
            count_manual_edit(tx)?;
            let mut changed_topics = BTreeSet::new();
            classification::classify(tx, story.0, &rules, ClassifyTrigger::Label, now, &mut changed_topics)?;
            archives::remove_story_from_left_topics(tx, story.0)?;
            for topic in &changed_topics {
                feed_window::trim(tx, topic, window, now)?;
            }
            Ok(())
        })
    }

    /// Takes a story out of everything that is published, for good. Its entries stay as tombstones,
    /// without their text.
    pub fn forget(&self, story: StoryId, because: &str, now: Timestamp) -> Result<(), StoreError> {
        let because = because.to_owned();
        self.write(move |tx| {
            count_manual_edit(tx)?;
            stories::tombstone(tx, story.0, &because, now)
        })
    }

    /// Parts a wrongly merged story: every entry that joined it becomes a story of its own, and
    /// they are never joined again. Returns the new stories.
    pub fn split(
        &self,
        story: StoryId,
        rules: Arc<Rules>,
        window: WindowPolicy,
        now: Timestamp,
    ) -> Result<Vec<StoryId>, StoreError> {
        self.write(move |tx| {
            let mut statement =
                tx.prepare("SELECT id FROM entry WHERE story_id = ?1 AND join_reason IS NOT NULL ORDER BY first_seen_ms, id")?;
            let joined: Vec<i64> = statement.query_map([story.0], |r| r.get(0))?.collect::<Result<_, _>>()?;
            if joined.is_empty() {
                return Err(StoreError::Refused(format!("story {story} has nothing to part: no entry joined it")));
            }
            count_manual_edit(tx)?;
            let position: Option<i64> =
                tx.query_row("SELECT position_ms FROM story WHERE id = ?1", [story.0], |r| r.get(0)).optional()?;
            let position = sql_values::time(position.unwrap_or_else(|| ms(now)));
            let mut changed_topics = BTreeSet::new();
            let mut parted = Vec::new();
            for entry in joined {
                let new = stories::create(tx, entry, position, super::Arrival::Backfill, now)?;
                tx.execute("UPDATE entry SET story_id = ?2, join_reason = NULL WHERE id = ?1", params![entry, new])?;
                for (one, other) in parted.iter().map(|s: &StoryId| s.0).chain([story.0]).map(|other| (entry, other)) {
                    tx.execute(
                        "INSERT OR IGNORE INTO split (entry_id, story_id, split_ms) VALUES (?1, ?2, ?3)",
                        params![one, other, ms(now)],
                    )?;
                }
                representative::choose(tx, new, now)?;
                classification::classify(tx, new, &rules, ClassifyTrigger::Rules, now, &mut changed_topics)?;
                parted.push(StoryId(new));
            }
            representative::choose(tx, story.0, now)?;
            archives::invalidate(tx, story.0)?;
            classification::classify(tx, story.0, &rules, ClassifyTrigger::Edit, now, &mut changed_topics)?;
            for topic in &changed_topics {
                feed_window::trim(tx, topic, window, now)?;
            }
            Ok(parted)
        })
    }
}

/// Counts a change by hand, so that a daemon beside renders again.
fn count_manual_edit(conn: &Connection) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO meta (key, value) VALUES ('manual_edits', '1') ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1",
        [],
    )
    .context("count a change by hand")?;
    Ok(())
}

impl Reader<'_> {
    /// How many changes were made by hand so far.
    pub fn manual_edits(&self) -> Result<u64, StoreError> {
        Ok(self.meta("manual_edits")?.and_then(|n| n.parse().ok()).unwrap_or(0))
    }
}
