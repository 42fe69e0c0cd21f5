//! What a person decides about a story: its topics, its parting, its going.

use std::{collections::BTreeSet, sync::Arc};

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    Reader, Store, StoreError, WindowPolicy, archives,
    error::Doing as _,
    membership::{self, Cause},
    rows::{self, ms},
    shown, stories, windows,
};
use feed_model::{StoryId, Timestamp, TopicId};
use topic_rules::Rules;

impl Store {
    /// The story is in exactly these topics from now on; `None` takes the label back. Unknown topics are refused.
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
                        "INSERT INTO label (story_id, topics, at_ms) VALUES (?1, ?2, ?3)
                         ON CONFLICT (story_id) DO UPDATE SET topics = excluded.topics, at_ms = excluded.at_ms",
                        params![story.0, rows::json(&topics), ms(now)],
                    )
                    .doing("store a label")?;
                }
                None => {
                    tx.execute("DELETE FROM label WHERE story_id = ?1", [story.0]).doing("take a label back")?;
                }
            }
            note_edit(tx)?;
            let mut touched = BTreeSet::new();
            membership::judge(tx, story.0, &rules, Cause::Label, now, &mut touched)?;
            archives::withdraw_from_others(tx, story.0)?;
            for topic in &touched {
                windows::settle(tx, topic, window, now)?;
            }
            Ok(())
        })
    }

    /// Takes a story out of everything that is published, for good. Its entries stay as tombstones, without their text.
    pub fn forget(&self, story: StoryId, because: &str, now: Timestamp) -> Result<(), StoreError> {
        let because = because.to_owned();
        self.write(move |tx| {
            note_edit(tx)?;
            stories::bury(tx, story.0, &because, now)
        })
    }

    /// Parts a wrongly merged story: every entry that joined it becomes a story of its own, and they are never joined
    /// again. Returns the new stories.
    pub fn split(
        &self,
        story: StoryId,
        rules: Arc<Rules>,
        window: WindowPolicy,
        now: Timestamp,
    ) -> Result<Vec<StoryId>, StoreError> {
        self.write(move |tx| {
            let mut statement =
                tx.prepare("SELECT id FROM entry WHERE story_id = ?1 AND joined_because IS NOT NULL ORDER BY first_seen_ms, id")?;
            let joined: Vec<i64> = statement.query_map([story.0], |r| r.get(0))?.collect::<Result<_, _>>()?;
            if joined.is_empty() {
                return Err(StoreError::Refused(format!("story {story} has nothing to part: no entry joined it")));
            }
            note_edit(tx)?;
            let position: Option<i64> =
                tx.query_row("SELECT position_ms FROM story WHERE id = ?1", [story.0], |r| r.get(0)).optional()?;
            let position = rows::time(position.unwrap_or_else(|| ms(now)));
            let mut touched = BTreeSet::new();
            let mut parted = Vec::new();
            for entry in joined {
                let new = stories::found(tx, entry, position, super::Arrival::Backlog, now)?;
                tx.execute("UPDATE entry SET story_id = ?2, joined_because = NULL WHERE id = ?1", params![entry, new])?;
                for (one, other) in parted.iter().map(|s: &StoryId| s.0).chain([story.0]).map(|other| (entry, other)) {
                    tx.execute(
                        "INSERT OR IGNORE INTO parted (entry_id, story_id, at_ms) VALUES (?1, ?2, ?3)",
                        params![one, other, ms(now)],
                    )?;
                }
                shown::revise(tx, new, now)?;
                membership::judge(tx, new, &rules, Cause::Rules, now, &mut touched)?;
                parted.push(StoryId(new));
            }
            shown::revise(tx, story.0, now)?;
            archives::draw_again(tx, story.0)?;
            membership::judge(tx, story.0, &rules, Cause::Edit, now, &mut touched)?;
            for topic in &touched {
                windows::settle(tx, topic, window, now)?;
            }
            Ok(parted)
        })
    }
}

/// Counts a change by hand, so that a daemon beside renders again.
fn note_edit(conn: &Connection) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO meta (key, value) VALUES ('edits_by_hand', '1') ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1",
        [],
    )
    .doing("count a change by hand")?;
    Ok(())
}

impl Reader<'_> {
    /// How many changes were made by hand so far.
    pub fn edits_by_hand(&self) -> Result<u64, StoreError> {
        Ok(self.meta("edits_by_hand")?.and_then(|n| n.parse().ok()).unwrap_or(0))
    }
}
