//! Classifies stored stories again after the rules changed.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use rusqlite::{Transaction, params};

use feed_model::{StoryId, Timestamp, TopicId};
use topic_rules::Rules;

use super::{
    classification::{self, ClassifyTrigger},
    feed_window,
};
use crate::store::{
    Store, StoreError, WindowPolicy,
    error::SqlContext as _,
    sql_values::{self, number},
    statements::{execute, query_all},
};

/// The time after which a batch ends, so that polls and labels do not wait long for the writer.
const MAX_BATCH_TIME: Duration = Duration::from_millis(50);

/// The result of one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReclassifyProgress {
    /// The number of stories classified in this batch.
    pub sorted: u64,
    /// The number of stories left.
    pub left: u64,
}

impl Store {
    /// Classifies up to `limit` stories that were last classified by other rules, fewer if that
    /// takes long. Old stories are not announced again.
    pub fn reclassify(
        &self,
        rules: Arc<Rules>,
        limit: usize,
        window: WindowPolicy,
        now: Timestamp,
    ) -> Result<ReclassifyProgress, StoreError> {
        let fingerprint = rules.fingerprint();
        let (classified, is_complete) = self.write(move |tx| {
            let start = Instant::now();
            let mut changed_topics = BTreeSet::new();
            let mut classified = 0;
            // One story more than the limit shows whether this batch is the last one.
            let mut stories = unclassified(tx, fingerprint, limit.saturating_add(1))?;
            let is_last_batch = stories.len() <= limit;
            stories.truncate(limit);
            for story in &stories {
                let trigger = ClassifyTrigger::Rules;
                classification::classify(tx, *story, &rules, trigger, now, &mut changed_topics)?;
                classified += 1;
                if start.elapsed() >= MAX_BATCH_TIME {
                    break;
                }
            }
            let is_complete = is_last_batch && classified == stories.len();
            if is_complete {
                mark_filled(tx, &rules)?;
                for topic in unfetched(tx)? {
                    feed_window::refill(tx, &topic, window, now)?;
                }
            }
            for topic in &changed_topics {
                feed_window::trim(tx, topic, window, now)?;
            }
            Ok((classified as u64, is_complete))
        })?;
        // Counted outside the writer's thread, which must stay available.
        let left = if is_complete {
            0
        } else {
            self.read(|reader| reader.count_unclassified(fingerprint))?
        };
        Ok(ReclassifyProgress { sorted: classified, left })
    }
}

/// Returns the topics whose feeds nobody has fetched yet. Changed rules fill their windows.
fn unfetched(tx: &Transaction<'_>) -> Result<Vec<String>, StoreError> {
    query_all(
        tx,
        "SELECT id FROM topic WHERE ordinal IS NOT NULL AND fetched = 0 ORDER BY ordinal",
        [],
        |r| r.get(0),
    )
    .context("read the topics without readers")
}

/// Marks the topics of these rules as filled: from now on, old stories that enter by a changed rule
/// do not enter the feed window. Topics that the rules do not know are left out, because feeds.toml
/// may be reloaded: the database has a new topic a moment before the rules.
fn mark_filled(tx: &Transaction<'_>, rules: &Rules) -> Result<(), StoreError> {
    let topics: Vec<&str> = rules.topics().map(TopicId::as_str).collect();
    execute(
        tx,
        "UPDATE topic SET filled = 1
          WHERE ordinal IS NOT NULL AND filled = 0 AND id IN (SELECT value FROM json_each(?1))",
        [sql_values::json(&topics)],
    )
    .context("mark topics as filled")?;
    Ok(())
}

/// Returns stories that were last classified by other rules, the newest first.
///
/// Each query reads a range of the index, so that the last batch takes no longer than the first.
/// The index is named because the statistics of a database in which all stories have the same
/// fingerprint would keep `SQLite` from using it.
fn unclassified(
    tx: &Transaction<'_>,
    fingerprint: [u8; 32],
    limit: usize,
) -> Result<Vec<StoryId>, StoreError> {
    let mut stories = Vec::new();
    for sql in [
        "SELECT id FROM story INDEXED BY story_rules_fingerprint
          WHERE removed_ms IS NULL AND rules_fingerprint IS NULL AND ?1 IS NOT NULL
          ORDER BY id DESC LIMIT ?2",
        "SELECT id FROM story INDEXED BY story_rules_fingerprint
          WHERE removed_ms IS NULL AND rules_fingerprint < ?1
          ORDER BY rules_fingerprint DESC, id DESC LIMIT ?2",
        "SELECT id FROM story INDEXED BY story_rules_fingerprint
          WHERE removed_ms IS NULL AND rules_fingerprint > ?1
          ORDER BY rules_fingerprint DESC, id DESC LIMIT ?2",
    ] {
        let left = number(limit - stories.len());
        stories.extend(query_all(tx, sql, params![fingerprint, left], |r| Ok(StoryId(r.get(0)?)))?);
    }
    Ok(stories)
}
