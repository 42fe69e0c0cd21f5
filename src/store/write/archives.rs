//! Creates archives (RFC 5005 §4) and keeps them complete.
//!
//! At all times each public story of a topic is in its feed window or in an archive. An archive is
//! created when a story would be in neither. It also takes the stories that leave the window next,
//! so that archives are full and few. Its stories and, once rendered, its bytes do not change.
//! Stories that arrive below the window get archives of their own. A later archive takes over the
//! stories of small archives and supersedes them.

use rusqlite::{Connection, named_params, params};

use feed_model::{StoryId, Timestamp, TopicId};

use crate::{
    compression::{Compression, CompressionLevel},
    store::{
        Store, StoreError, WindowPolicy,
        error::SqlContext as _,
        sql_values::{ms, number},
        statements::{execute, query_all, query_row},
    },
};

/// The maximum size of the stored texts of one archive, in bytes.
const MAX_TEXT_BYTES: u64 = 250_000;

/// The size of the stored text of an entry `e`, in bytes.
const TEXT_BYTES: &str = "length(coalesce(e.content, '')) + length(coalesce(e.summary, ''))";

/// A rendered archive document.
#[derive(Debug, Clone)]
pub struct RenderedArchive {
    /// The topic of the archive.
    pub topic: TopicId,
    /// The number of the archive.
    pub number: u64,
    /// The revision that was rendered.
    pub revision: u64,
    /// The hash of what the document was rendered from.
    pub input_digest: [u8; 32],
    /// When the document changed.
    pub updated: Timestamp,
    /// The document.
    pub body: Vec<u8>,
}

/// The stories of an archive that is being created.
#[derive(Default)]
struct ArchiveBatch {
    stories: Vec<StoryId>,
    bytes: u64,
}

impl ArchiveBatch {
    fn fits(&self, stories: usize, bytes: u64, max_stories: usize) -> bool {
        self.stories.is_empty()
            || (self.stories.len() + stories <= max_stories && self.bytes + bytes <= MAX_TEXT_BYTES)
    }
}

/// Creates archives until each public story of the topic is in its window or in an archive.
pub(in crate::store) fn create_missing(
    conn: &Connection,
    topic: &str,
    policy: WindowPolicy,
) -> Result<(), StoreError> {
    let max_stories = policy.max_entries.max(1);
    while let Some(mut batch) = next_batch(conn, topic, max_stories)? {
        let context = "create an archive";
        let number: i64 = query_row(
            conn,
            "SELECT coalesce(max(number), 0) + 1 FROM archive WHERE topic_id = ?1",
            [topic],
            |r| r.get(0),
        )
        .context(context)?;
        let mut prev: Option<i64> = query_row(
            conn,
            "SELECT max(number) FROM archive WHERE topic_id = ?1 AND superseded = 0",
            [topic],
            |r| r.get(0),
        )
        .context(context)?;
        // Small archives at the end are merged into the new one, so that a new feed reader has few
        // documents to fetch.
        while let Some(small) = prev {
            let contents = contents(conn, topic, small)?;
            if contents.stories.len() > batch.stories.len()
                || !batch.fits(contents.stories.len(), contents.bytes, max_stories)
            {
                break;
            }
            batch.stories.extend(contents.stories);
            batch.bytes += contents.bytes;
            prev = query_row(
                conn,
                "UPDATE archive SET superseded = 1 WHERE topic_id = ?1 AND number = ?2
                 RETURNING prev",
                params![topic, small],
                |r| r.get(0),
            )
            .context("supersede an archive")?;
        }
        execute(
            conn,
            "INSERT INTO archive (topic_id, number, prev) VALUES (?1, ?2, ?3)",
            params![topic, number, prev],
        )
        .context(context)?;
        for story in batch.stories {
            execute(
                conn,
                "INSERT OR IGNORE INTO archive_story (topic_id, story_id, number)
                 VALUES (?1, ?2, ?3)",
                params![topic, story.0, number],
            )
            .context(context)?;
            execute(
                conn,
                "UPDATE story_topic SET in_archive = 1 WHERE topic_id = ?1 AND story_id = ?2",
                params![topic, story.0],
            )
            .context(context)?;
        }
    }
    Ok(())
}

/// Returns the stories of the next archive: first those that are in neither window nor archive,
/// oldest first, then those that leave the window next. `None` if no archive is needed.
fn next_batch(
    conn: &Connection,
    topic: &str,
    max_stories: usize,
) -> Result<Option<ArchiveBatch>, StoreError> {
    let context = "find stories that are in no archive";
    let is_needed: bool = query_row(
        conn,
        "SELECT EXISTS (
           SELECT 1 FROM story_topic st INDEXED BY story_topic_unarchived
             JOIN story s ON s.id = st.story_id
            WHERE st.topic_id = ?1 AND st.in_window = 0 AND st.in_archive = 0
              AND s.public = 1 AND s.removed_ms IS NULL)",
        [topic],
        |r| r.get(0),
    )
    .context(context)?;
    if !is_needed {
        return Ok(None);
    }
    let sql = format!(
        "SELECT st.story_id, {TEXT_BYTES}, st.in_window FROM story_topic st
           JOIN story s ON s.id = st.story_id JOIN entry e ON e.id = s.representative_entry
          WHERE st.topic_id = ?1 AND st.in_archive = 0 AND s.public = 1 AND s.removed_ms IS NULL
          ORDER BY st.in_window, st.position_ms, st.story_id LIMIT ?2"
    );
    let stories: Vec<(StoryId, u64, bool)> =
        query_all(conn, &sql, params![topic, number(max_stories)], |r| {
            Ok((StoryId(r.get(0)?), r.get(1)?, r.get(2)?))
        })
        .context(context)?;
    let mut batch = ArchiveBatch::default();
    for (story, bytes, in_window) in stories {
        // No archive is created for stories in the window alone.
        if (batch.stories.is_empty() && in_window) || !batch.fits(1, bytes, max_stories) {
            break;
        }
        batch.stories.push(story);
        batch.bytes += bytes;
    }
    Ok(Some(batch).filter(|batch| !batch.stories.is_empty()))
}

/// Returns the stories of an archive.
fn contents(conn: &Connection, topic: &str, number: i64) -> Result<ArchiveBatch, StoreError> {
    let sql = format!(
        "SELECT a.story_id, {TEXT_BYTES} FROM archive_story a
           JOIN story s ON s.id = a.story_id JOIN entry e ON e.id = s.representative_entry
          WHERE a.topic_id = ?1 AND a.number = ?2 ORDER BY a.story_id"
    );
    let stories: Vec<(StoryId, u64)> =
        query_all(conn, &sql, params![topic, number], |r| Ok((StoryId(r.get(0)?), r.get(1)?)))
            .context("read an archive")?;
    Ok(ArchiveBatch {
        bytes: stories.iter().map(|(_, bytes)| bytes).sum(),
        stories: stories.into_iter().map(|(story, _)| story).collect(),
    })
}

/// Discards the documents of all archives with this story, so that they are rendered again. Called
/// when a story is split or becomes private or public.
pub(in crate::store) fn invalidate(conn: &Connection, story: StoryId) -> Result<(), StoreError> {
    execute(
        conn,
        "UPDATE archive SET revision = revision + 1, input_digest = NULL, body = NULL
          WHERE (topic_id, number) IN (
            SELECT topic_id, number FROM archive_story WHERE story_id = ?1)",
        [story.0],
    )
    .context("discard an archive document")?;
    Ok(())
}

/// Removes a story from all archives.
pub(in crate::store) fn remove_story(conn: &Connection, story: StoryId) -> Result<(), StoreError> {
    invalidate(conn, story)?;
    execute(conn, "DELETE FROM archive_story WHERE story_id = ?1", [story.0])
        .and_then(|_| {
            let sql = "UPDATE story_topic SET in_archive = 0 WHERE story_id = ?1";
            execute(conn, sql, [story.0])
        })
        .context("remove a story from archives")?;
    Ok(())
}

/// Removes a story from the archives of topics that it is no longer in.
pub(in crate::store) fn remove_story_from_left_topics(
    conn: &Connection,
    story: StoryId,
) -> Result<(), StoreError> {
    const LEFT: &str = "a.story_id = ?1 AND NOT EXISTS (
        SELECT 1 FROM story_topic st WHERE st.topic_id = a.topic_id AND st.story_id = ?1)";
    let discard = format!(
        "UPDATE archive SET revision = revision + 1, input_digest = NULL, body = NULL
          WHERE (topic_id, number) IN (
            SELECT a.topic_id, a.number FROM archive_story a WHERE {LEFT})"
    );
    execute(conn, &discard, [story.0]).context("discard an archive document")?;
    execute(conn, &format!("DELETE FROM archive_story AS a WHERE {LEFT}"), [story.0])
        .context("remove a story from archives")?;
    Ok(())
}

impl Store {
    /// Removes stories from windows that they do not fit into. They move to the next archives.
    pub fn remove_from_windows(
        &self,
        overflow: Vec<(TopicId, Vec<StoryId>)>,
        policy: WindowPolicy,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            for (topic, stories) in &overflow {
                for story in stories {
                    execute(
                        tx,
                        "UPDATE story_topic SET in_window = 0
                          WHERE topic_id = ?1 AND story_id = ?2",
                        params![topic.as_str(), story.0],
                    )
                    .context("remove a story from a feed window")?;
                }
                create_missing(tx, topic.as_str(), policy)?;
            }
            Ok(())
        })
    }

    /// Marks archives of a topic as pending, because their addresses or titles changed. Their
    /// documents are served until they are rendered again.
    pub fn mark_archives_pending(
        &self,
        topic: TopicId,
        numbers: Vec<u64>,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            for number in &numbers {
                execute(
                    tx,
                    "UPDATE archive SET input_digest = NULL WHERE topic_id = ?1 AND number = ?2",
                    params![topic.as_str(), number],
                )
                .context("mark an archive")?;
            }
            Ok(())
        })
    }

    /// Stores rendered archives. An archive that changed after it was rendered is skipped.
    pub fn store_archives(&self, rendered: Vec<RenderedArchive>) -> Result<(), StoreError> {
        // Compressed here and not on the writer's thread, which must stay available.
        let compressed: Vec<RenderedArchive> = rendered
            .into_iter()
            .map(|archive| RenderedArchive {
                body: Compression::Brotli.compress(&archive.body, CompressionLevel::Best),
                ..archive
            })
            .collect();
        self.write(move |tx| {
            for archive in &compressed {
                execute(
                    tx,
                    "UPDATE archive SET input_digest = :input_digest, updated_ms = :updated_ms,
                       body = :body
                      WHERE topic_id = :topic AND number = :number AND revision = :revision",
                    named_params! {
                        ":topic": archive.topic.as_str(),
                        ":number": archive.number,
                        ":revision": archive.revision,
                        ":input_digest": archive.input_digest,
                        ":updated_ms": ms(archive.updated),
                        ":body": archive.body,
                    },
                )
                .context("store an archive document")?;
            }
            Ok(())
        })
    }
}
