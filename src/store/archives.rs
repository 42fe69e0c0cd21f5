//! Archives: which stories of a topic stand in which numbered document (RFC 5005 §4).
//!
//! The rule kept: at every time each public story of a topic is in its window or in an archive. An
//! archive is cut when a story would be in neither, and then takes along what will leave the window
//! next, so that archives are full and few. What is cut keeps its stories and, once drawn, its
//! bytes; stories that trickle in below the window each make an archive of their own, but later
//! ones take over the stories of such small ones and link past them.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    Reader, Store, StoreError, WindowPolicy,
    error::SqlContext as _,
    sources::number,
    sql_values::{ms, time, time_opt},
};
use feed_model::{Story, StoryId, Timestamp, TopicId};

/// Bytes of stored text in one archive, beyond which it is full whatever the number of its stories.
const MAX_TEXT_BYTES: u64 = 250_000;

/// How well drawn archives are compressed: they are written once.
const COMPRESSION: i32 = 12;

/// An archive of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveState {
    /// Its number, from 1.
    pub number: u64,
    /// The archive that it links back to; `None`: it is the first.
    pub prev: Option<u64>,
    /// Whether a later archive has its stories too and links past it.
    pub is_superseded: bool,
    /// Whether no story of it is left.
    pub is_empty: bool,
    /// Moves when a story is taken out.
    pub revision: u64,
    /// What its document was drawn from; `None`: it is to be drawn.
    pub drawn: Option<[u8; 32]>,
    /// When its document last changed.
    pub updated: Option<Timestamp>,
}

/// The document of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveDocument {
    /// Its bytes; `None`: not drawn yet, or no story of it is left.
    pub body: Option<Vec<u8>>,
    /// Whether no story of it is left.
    pub is_empty: bool,
    /// When it last changed.
    pub updated: Option<Timestamp>,
}

/// A drawn document, to be kept.
#[derive(Debug, Clone)]
pub struct RenderedArchive {
    /// Whose.
    pub topic: TopicId,
    /// Which.
    pub number: u64,
    /// The revision that it shows.
    pub revision: u64,
    /// A digest of what it was drawn from.
    pub drawn: [u8; 32],
    /// When it changed.
    pub updated: Timestamp,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// Stories on their way into an archive.
#[derive(Default)]
struct ArchiveBatch {
    stories: Vec<i64>,
    bytes: u64,
}

impl ArchiveBatch {
    fn fits(&self, stories: usize, bytes: u64, most: usize) -> bool {
        self.stories.is_empty()
            || (self.stories.len() + stories <= most && self.bytes + bytes <= MAX_TEXT_BYTES)
    }
}

const TEXT_BYTES: &str = "length(coalesce(e.content, '')) + length(coalesce(e.summary, ''))";

/// Cuts archives until no public story of the topic is in neither its window nor an archive.
pub(super) fn create_missing(
    conn: &Connection,
    topic: &str,
    policy: WindowPolicy,
) -> Result<(), StoreError> {
    let most = policy.max_entries.max(1);
    while let Some(mut load) = next_batch(conn, topic, most)? {
        let newest = newest(conn, topic)?;
        let number = conn
            .prepare_cached("SELECT coalesce(max(number), 0) + 1 FROM archive WHERE topic_id = ?1")
            .and_then(|mut s| s.query_row([topic], |r| r.get::<_, i64>(0)))
            .context("number an archive")?;
        let mut prev = newest;
        // Small ones at the end go on in the new one: what a new reader walks along stays short.
        while let Some(small) = prev {
            let (stories, bytes) = archive_contents(conn, topic, small)?;
            if stories.len() > load.stories.len() || !load.fits(stories.len(), bytes, most) {
                break;
            }
            load.stories.extend(stories);
            load.bytes += bytes;
            prev = conn
                .prepare_cached("UPDATE archive SET superseded = 1 WHERE topic_id = ?1 AND number = ?2 RETURNING prev")
                .and_then(|mut s| s.query_row(params![topic, small], |r| r.get(0)))
                .context("let an archive go on in a later one")?;
        }
        conn.prepare_cached("INSERT INTO archive (topic_id, number, prev) VALUES (?1, ?2, ?3)")
            .and_then(|mut s| s.execute(params![topic, number, prev]))
            .context("cut an archive")?;
        for story in load.stories {
            conn.prepare_cached(
                "INSERT OR IGNORE INTO archive_story (topic_id, story_id, number) VALUES (?1, ?2, ?3)",
            )
            .and_then(|mut s| s.execute(params![topic, story, number]))
            .context("cut an archive")?;
            conn.prepare_cached(
                "UPDATE story_topic SET in_archive = 1 WHERE topic_id = ?1 AND story_id = ?2",
            )
            .and_then(|mut s| s.execute(params![topic, story]))
            .context("cut an archive")?;
        }
    }
    Ok(())
}

/// The stories of the next archive: those that are nowhere, oldest first, then those that leave the
/// window next; `None` where every story has its place.
fn next_batch(
    conn: &Connection,
    topic: &str,
    most: usize,
) -> Result<Option<ArchiveBatch>, StoreError> {
    let has_unplaced: bool = conn
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM story_topic st INDEXED BY story_topic_unarchived JOIN story s ON s.id = st.story_id
              WHERE st.topic_id = ?1 AND st.in_window = 0 AND st.in_archive = 0 AND s.public = 1 AND s.removed_ms IS NULL)",
        )
        .and_then(|mut s| s.query_row([topic], |r| r.get(0)))
        .context("look for stories without a place")?;
    if !has_unplaced {
        return Ok(None);
    }
    let mut statement = conn
        .prepare_cached(&format!(
            "SELECT st.story_id, {TEXT_BYTES}, st.in_window FROM story_topic st
               JOIN story s ON s.id = st.story_id JOIN entry e ON e.id = s.representative_entry
              WHERE st.topic_id = ?1 AND st.in_archive = 0 AND s.public = 1 AND s.removed_ms IS NULL
              ORDER BY st.in_window, st.position_ms, st.story_id LIMIT ?2"
        ))
        .context("look for stories without a place")?;
    let rows = statement.query_map(params![topic, number(most)], |r| {
        Ok((r.get(0)?, r.get::<_, u64>(1)?, r.get::<_, bool>(2)?))
    })?;
    let mut load = ArchiveBatch::default();
    for row in rows {
        let (story, bytes, in_window) = row?;
        // What is only in the window has its place: nothing is cut for it alone.
        if (load.stories.is_empty() && in_window) || !load.fits(1, bytes, most) {
            break;
        }
        load.stories.push(story);
        load.bytes += bytes;
    }
    Ok(Some(load).filter(|load| !load.stories.is_empty()))
}

/// The archive that a new reader begins with.
fn newest(conn: &Connection, topic: &str) -> Result<Option<i64>, StoreError> {
    conn.prepare_cached("SELECT max(number) FROM archive WHERE topic_id = ?1 AND superseded = 0")
        .and_then(|mut s| s.query_row([topic], |r| r.get(0)))
        .context("find the newest archive")
}

/// The stories of an archive, and how much text they are.
fn archive_contents(
    conn: &Connection,
    topic: &str,
    number: i64,
) -> Result<(Vec<i64>, u64), StoreError> {
    let mut statement = conn
        .prepare_cached(&format!(
            "SELECT a.story_id, {TEXT_BYTES} FROM archive_story a JOIN story s ON s.id = a.story_id JOIN entry e ON e.id = s.representative_entry
              WHERE a.topic_id = ?1 AND a.number = ?2 ORDER BY a.story_id"
        ))
        .context("read an archive")?;
    let rows = statement
        .query_map(params![topic, number], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, u64>(1)?)))?;
    let rows: Vec<(i64, u64)> = rows.collect::<Result<_, _>>()?;
    Ok((rows.iter().map(|row| row.0).collect(), rows.iter().map(|row| row.1).sum()))
}

/// Has every archive with this story drawn anew: after a person parted it, or it became private or
/// public.
pub(super) fn invalidate(conn: &Connection, story: i64) -> Result<(), StoreError> {
    conn.prepare_cached(
        "UPDATE archive SET revision = revision + 1, input_digest = NULL, body = NULL
          WHERE (topic_id, number) IN (SELECT topic_id, number FROM archive_story WHERE story_id = ?1)",
    )
    .and_then(|mut s| s.execute([story]))
    .context("let an archive be drawn again")?;
    Ok(())
}

/// Takes a story that is gone out of every archive.
pub(super) fn remove_story(conn: &Connection, story: i64) -> Result<(), StoreError> {
    invalidate(conn, story)?;
    conn.prepare_cached("DELETE FROM archive_story WHERE story_id = ?1")
        .and_then(|mut s| s.execute([story]))
        .context("take a story out of archives")?;
    conn.prepare_cached("UPDATE story_topic SET in_archive = 0 WHERE story_id = ?1")
        .and_then(|mut s| s.execute([story]))
        .context("take a story out of archives")?;
    Ok(())
}

/// Takes a story out of the archives of topics that a person took it out of.
pub(super) fn remove_story_from_left_topics(
    conn: &Connection,
    story: i64,
) -> Result<(), StoreError> {
    const LEFT: &str = "a.story_id = ?1 AND NOT EXISTS (SELECT 1 FROM story_topic st WHERE st.topic_id = a.topic_id AND st.story_id = ?1)";
    conn.prepare_cached(&format!(
        "UPDATE archive SET revision = revision + 1, input_digest = NULL, body = NULL
          WHERE EXISTS (SELECT 1 FROM archive_story a WHERE {LEFT} AND a.topic_id = archive.topic_id AND a.number = archive.number)"
    ))
    .and_then(|mut s| s.execute([story]))
    .context("let an archive be drawn again")?;
    conn.prepare_cached(&format!("DELETE FROM archive_story AS a WHERE {LEFT}"))
        .and_then(|mut s| s.execute([story]))
        .context("take a story out of archives")?;
    Ok(())
}

impl Store {
    /// Lets stories leave the windows of topics that they do not fit into; they go to the next
    /// archives.
    pub fn remove_from_windows(
        &self,
        left: Vec<(TopicId, Vec<StoryId>)>,
        policy: WindowPolicy,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            for (topic, stories) in &left {
                for story in stories {
                    tx.prepare_cached("UPDATE story_topic SET in_window = 0 WHERE topic_id = ?1 AND story_id = ?2")
                        .and_then(|mut s| s.execute(params![topic.as_str(), story.0]))
                        .context("let a story leave a window")?;
                }
                create_missing(tx, topic.as_str(), policy)?;
            }
            Ok(())
        })
    }

    /// Keeps drawn archives: from now on these are their bytes. One that changed meanwhile is left
    /// to the next drawing.
    pub fn store_archives(&self, drawn: Vec<RenderedArchive>) -> Result<(), StoreError> {
        // Compressed here and not by the writer, for which others wait; and in one go, so that the
        // work fits the size.
        let coded = drawn.into_iter().map(|archive| RenderedArchive {
            body: zstd::bulk::compress(&archive.body, COMPRESSION)
                .expect("a buffer of the right size holds it"),
            ..archive
        });
        let coded: Vec<RenderedArchive> = coded.collect();
        self.write(move |tx| {
            for archive in &coded {
                tx.prepare_cached(
                    "UPDATE archive SET input_digest = ?4, updated_ms = ?5, body = ?6 WHERE topic_id = ?1 AND number = ?2 AND revision = ?3",
                )
                .and_then(|mut s| {
                    let (topic, updated) = (archive.topic.as_str(), ms(archive.updated));
                    s.execute(params![topic, archive.number, archive.revision, archive.drawn, updated, archive.body])
                })
                .context("keep an archive")?;
            }
            Ok(())
        })
    }
}

impl Reader<'_> {
    /// Every archive of a topic, in order.
    pub fn archives(&self, topic: &TopicId) -> Result<Vec<ArchiveState>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT c.number, c.prev, c.superseded, c.revision, c.input_digest, c.updated_ms,
                    NOT EXISTS (SELECT 1 FROM archive_story a JOIN story s ON s.id = a.story_id
                      WHERE a.topic_id = c.topic_id AND a.number = c.number AND s.public = 1 AND s.removed_ms IS NULL) AS is_empty
               FROM archive c WHERE c.topic_id = ?1 ORDER BY c.number",
        )?;
        let rows = statement.query_map([topic.as_str()], |r| {
            Ok(ArchiveState {
                number: r.get("number")?,
                prev: r.get("prev")?,
                is_superseded: r.get("superseded")?,
                is_empty: r.get("is_empty")?,
                revision: r.get("revision")?,
                drawn: r.get("input_digest")?,
                updated: time_opt(r, "updated_ms")?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The public stories of an archive, newest position first.
    pub fn archive_stories(&self, topic: &TopicId, number: u64) -> Result<Vec<Story>, StoreError> {
        self.select(
            "WHERE s.public = 1 AND s.removed_ms IS NULL AND s.id IN (SELECT story_id FROM archive_story WHERE topic_id = ?1 AND number = ?2)
             ORDER BY s.position_ms DESC, s.id DESC",
            &[Box::new(topic.to_string()), Box::new(number)],
        )
    }

    /// The document of an archive; `None`: it is not cut.
    pub fn archive(
        &self,
        topic: &TopicId,
        number: u64,
    ) -> Result<Option<ArchiveDocument>, StoreError> {
        let found: Option<(Option<Vec<u8>>, Option<i64>, bool)> = self
            .conn
            .prepare_cached(
                "SELECT c.body, c.updated_ms, NOT EXISTS (SELECT 1 FROM archive_story a JOIN story s ON s.id = a.story_id
                    WHERE a.topic_id = c.topic_id AND a.number = c.number AND s.public = 1 AND s.removed_ms IS NULL)
                   FROM archive c WHERE c.topic_id = ?1 AND c.number = ?2",
            )
            .and_then(|mut s| s.query_row(params![topic.as_str(), number], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).optional())
            .context("read an archive")?;
        let Some((body, updated, is_empty)) = found else {
            return Ok(None);
        };
        let body = match body.filter(|_| !is_empty) {
            // Bytes that cannot be read are none: `doctor` finds a damaged database.
            Some(body) => zstd::decode_all(&body[..]).ok(),
            None => None,
        };
        Ok(Some(ArchiveDocument { body, is_empty, updated: updated.map(time) }))
    }
}
