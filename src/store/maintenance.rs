//! Work on the state as a whole: sorting stored stories again, letting old ones go, copies, checks.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rusqlite::{Transaction, params};

use super::{
    Reader, Store, StoreError, WindowPolicy,
    classification::{self, ClassifyTrigger},
    error::SqlContext as _,
    feed_window,
    sources::number,
    sql_values,
    sql_values::ms,
    stories,
};
use feed_model::{StoryId, Timestamp, TopicId};
use topic_rules::Rules;

/// One step of sorting again ends after about so long, so that polls and labels never wait long for
/// the writer.
const MAX_STEP: Duration = Duration::from_millis(50);

/// How far the sorting of stored stories by changed rules has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReclassifyProgress {
    /// Stories sorted in this step.
    pub sorted: u64,
    /// Stories that still wait.
    pub left: u64,
}

impl Store {
    /// Sorts up to `limit` stored stories that other rules sorted last, and fewer where that takes
    /// longer than others who write should wait. Nobody is told anew.
    pub fn reclassify(
        &self,
        rules: Arc<Rules>,
        limit: usize,
        window: WindowPolicy,
        now: Timestamp,
    ) -> Result<ReclassifyProgress, StoreError> {
        let fingerprint = rules.fingerprint();
        let (sorted, all) = self.write(move |tx| {
            let begun = Instant::now();
            let mut changed_topics = BTreeSet::new();
            let mut sorted = 0;
            // One more than the limit shows whether this batch is the last one.
            let mut waiting = waiting(tx, fingerprint, limit.saturating_add(1))?;
            let is_last_batch = waiting.len() <= limit;
            waiting.truncate(limit);
            for story in &waiting {
                classification::classify(tx, *story, &rules, ClassifyTrigger::Rules, now, &mut changed_topics)?;
                sorted += 1;
                if begun.elapsed() >= MAX_STEP {
                    break;
                }
            }
            let all = is_last_batch && sorted == waiting.len();
            if all {
                // From here on a story that enters by a changed rule is no longer news. Only of
                // topics that these rules know: while feeds.toml is read again, the state knows a
                // new one a moment earlier.
                let known: Vec<&str> = rules.topics().map(TopicId::as_str).collect();
                tx.prepare_cached(
                    "UPDATE topic SET filled = 1 WHERE ordinal IS NOT NULL AND filled = 0 AND id IN (SELECT value FROM json_each(?1))",
                )
                .and_then(|mut s| s.execute([sql_values::json(&known)]))
                .context("note that the topics are filled")?;
            }
            for topic in &changed_topics {
                feed_window::trim(tx, topic, window, now)?;
            }
            Ok((sorted as u64, all))
        })?;
        // How many still wait is counted beside the writer, which others wait for.
        let left =
            if all { 0 } else { self.read(|reader| reader.count_unclassified(fingerprint))? };
        Ok(ReclassifyProgress { sorted, left })
    }

    /// Lets stories go that were first published here longer ago than `retention`: their entries
    /// stay as tombstones, so that nothing returns. At most `limit` in one step; returns how many
    /// went.
    pub fn expire_stories(
        &self,
        retention: Duration,
        limit: usize,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.write(move |tx| {
            let before = ms(now).saturating_sub(i64::try_from(retention.as_millis()).unwrap_or(i64::MAX));
            let mut statement = tx.prepare_cached(
                "SELECT id FROM story WHERE removed_ms IS NULL AND first_published_ms < ?1 ORDER BY first_published_ms LIMIT ?2",
            )?;
            let old: Vec<i64> = statement.query_map(params![before, number(limit)], |r| r.get(0))?.collect::<Result<_, _>>()?;
            for story in &old {
                stories::tombstone(tx, *story, "retention", now)?;
            }
            Ok(old.len() as u64)
        })
    }

    /// Writes a consistent copy, also while others write. The target must not exist; it appears
    /// whole or not at all.
    pub fn back_up(&self, target: &Path) -> Result<(), StoreError> {
        if target.exists() {
            return Err(StoreError::Exists { file: target.to_owned() });
        }
        let mut partial = target.as_os_str().to_owned();
        partial.push(".partial");
        let partial = std::path::PathBuf::from(partial);
        let unusable = |source| StoreError::Directory { dir: target.to_owned(), source };
        if partial.exists() {
            std::fs::remove_file(&partial).map_err(unusable)?;
        }
        // A reader's snapshot is enough: nobody is held up. It writes nothing but the copy, which
        // SQLite counts as writing.
        self.with_reader(|conn| {
            conn.pragma_update(None, "query_only", false).context("write the copy")?;
            conn.execute("VACUUM INTO ?1", [partial.to_string_lossy()])
                .map(|_| ())
                .context("write the copy")
        })?;
        std::fs::File::open(&partial).and_then(|file| file.sync_all()).map_err(unusable)?;
        std::fs::rename(&partial, target).map_err(unusable)
    }

    /// Every fault in the state, one sentence each; empty: all is well.
    pub fn check_integrity(&self) -> Result<Vec<String>, StoreError> {
        self.read(|reader| {
            let mut faults = Vec::new();
            let mut ask = |sql: &str, say: &dyn Fn(String) -> String| -> Result<(), StoreError> {
                let mut statement = reader.conn.prepare(sql)?;
                let rows = statement.query_map([], |r| {
                    Ok(match r.get_ref(0)? {
                        rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                        rusqlite::types::ValueRef::Integer(n) => n.to_string(),
                        _ => String::from("?"),
                    })
                })?;
                for row in rows.take(100) {
                    faults.push(say(row?));
                }
                Ok(())
            };
            ask("SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'", &|s| format!("damaged: {s}"))?;
            ask("SELECT \"table\" FROM pragma_foreign_key_check", &|s| format!("a row of {s} refers to nothing"))?;
            ask(
                "SELECT s.id FROM story s WHERE s.removed_ms IS NULL AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.id = s.representative_entry AND e.story_id = s.id)",
                &|s| format!("story {s} shows an entry that is not its own"),
            )?;
            ask(
                "SELECT s.id FROM story s WHERE s.removed_ms IS NULL AND NOT EXISTS (SELECT 1 FROM story_topic t WHERE t.story_id = s.id AND t.topic_id = 'all')",
                &|s| format!("story {s} is missing from topic all"),
            )?;
            ask(
                "SELECT s.id FROM story_topic st JOIN story s ON s.id = st.story_id
                  WHERE st.topic_id = 'all' AND st.in_window = 0 AND s.public = 1 AND s.removed_ms IS NULL
                    AND NOT EXISTS (SELECT 1 FROM archive_story a WHERE a.topic_id = 'all' AND a.story_id = s.id)",
                &|s| format!("story {s} is in neither the window nor an archive"),
            )?;
            ask(
                "SELECT story_id FROM story_topic st
                  WHERE in_archive <> EXISTS (SELECT 1 FROM archive_story a WHERE a.topic_id = st.topic_id AND a.story_id = st.story_id)",
                &|s| format!("what is noted of story {s} and the archives is not so"),
            )?;
            Ok(faults)
        })
    }
}

/// Stories that other rules sorted last, those stored last first. Each part is a range of the
/// index, so that the last of many steps takes no longer than the first: the index is named, since
/// statistics of a database in which all stories were sorted alike speak against it.
fn waiting(
    tx: &Transaction<'_>,
    fingerprint: [u8; 32],
    limit: usize,
) -> Result<Vec<i64>, StoreError> {
    let mut waiting = Vec::new();
    for sql in [
        "SELECT id FROM story INDEXED BY story_rules_fingerprint WHERE removed_ms IS NULL AND rules_fingerprint IS NULL AND ?1 IS NOT NULL ORDER BY id DESC LIMIT ?2",
        "SELECT id FROM story INDEXED BY story_rules_fingerprint WHERE removed_ms IS NULL AND rules_fingerprint < ?1 ORDER BY rules_fingerprint DESC, id DESC LIMIT ?2",
        "SELECT id FROM story INDEXED BY story_rules_fingerprint WHERE removed_ms IS NULL AND rules_fingerprint > ?1 ORDER BY rules_fingerprint DESC, id DESC LIMIT ?2",
    ] {
        let mut statement = tx.prepare_cached(sql)?;
        for id in statement
            .query_map(params![fingerprint, number(limit - waiting.len())], |r| r.get(0))?
        {
            waiting.push(id?);
        }
    }
    Ok(waiting)
}

impl Reader<'_> {
    /// How many stored stories other rules than those of this fingerprint sorted last.
    pub fn count_unclassified(&self, fingerprint: [u8; 32]) -> Result<u64, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT (SELECT count(*) FROM story INDEXED BY story_rules_fingerprint WHERE removed_ms IS NULL AND rules_fingerprint IS NULL)
                  + (SELECT count(*) FROM story INDEXED BY story_rules_fingerprint WHERE removed_ms IS NULL AND rules_fingerprint < ?1)
                  + (SELECT count(*) FROM story INDEXED BY story_rules_fingerprint WHERE removed_ms IS NULL AND rules_fingerprint > ?1)",
        )?;
        Ok(statement.query_row([fingerprint], |r| r.get(0))?)
    }

    /// Whether every stored story was sorted by the rules of this fingerprint, into every topic.
    pub fn all_classified(&self, fingerprint: [u8; 32]) -> Result<bool, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT NOT EXISTS (SELECT 1 FROM story INDEXED BY story_rules_fingerprint WHERE removed_ms IS NULL AND rules_fingerprint IS NULL)
                AND NOT EXISTS (SELECT 1 FROM story INDEXED BY story_rules_fingerprint WHERE removed_ms IS NULL AND rules_fingerprint < ?1)
                AND NOT EXISTS (SELECT 1 FROM story INDEXED BY story_rules_fingerprint WHERE removed_ms IS NULL AND rules_fingerprint > ?1)
                AND NOT EXISTS (SELECT 1 FROM topic WHERE ordinal IS NOT NULL AND filled = 0)",
        )?;
        Ok(statement.query_row([fingerprint], |r| r.get(0))?)
    }

    /// The numbers of all stories that are not gone, newest position first: for a dry run of
    /// changed rules.
    pub fn story_ids(&self) -> Result<Vec<StoryId>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT id FROM story WHERE removed_ms IS NULL ORDER BY position_ms DESC, id DESC",
        )?;
        let rows = statement.query_map([], |r| Ok(StoryId(r.get(0)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
