//! Archive documents (RFC 5005 §4).

use rusqlite::{OptionalExtension as _, params};

use feed_model::{Story, Timestamp, TopicId};

use crate::store::{
    Reader, StoreError, error::SqlContext as _, sql_values::time_opt, statements::query_all,
};

/// The state of one archive of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveState {
    /// Its number, from 1.
    pub number: u64,
    /// The number of its `prev-archive`; `None`: it is the first.
    pub prev: Option<u64>,
    /// Whether a later archive also has its stories, so that no document links to it.
    pub is_superseded: bool,
    /// Whether none of its stories is public any more.
    pub is_empty: bool,
    /// Incremented when a story is removed from it or changed by hand.
    pub revision: u64,
    /// The hash of what its document was rendered from; `None`: it has to be rendered.
    pub input_digest: Option<[u8; 32]>,
    /// When its document last changed.
    pub updated: Option<Timestamp>,
}

/// The document of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveDocument {
    /// Its bytes; `None`: it is not rendered, or none of its stories is public any more.
    pub body: Option<Vec<u8>>,
    /// Whether none of its stories is public any more.
    pub is_empty: bool,
    /// When it last changed.
    pub updated: Option<Timestamp>,
}

/// Whether no public story of the archive `c` is left.
const IS_EMPTY: &str = "NOT EXISTS (
  SELECT 1 FROM archive_story a JOIN story s ON s.id = a.story_id
   WHERE a.topic_id = c.topic_id AND a.number = c.number
     AND s.public = 1 AND s.removed_ms IS NULL) AS is_empty";

impl Reader<'_> {
    /// Returns the archives of a topic, in ascending order.
    pub fn archives(&self, topic: &TopicId) -> Result<Vec<ArchiveState>, StoreError> {
        let sql = format!(
            "SELECT c.number, c.prev, c.superseded, c.revision, c.input_digest, c.updated_ms,
                    {IS_EMPTY}
               FROM archive c WHERE c.topic_id = ?1 ORDER BY c.number"
        );
        Ok(query_all(self.conn, &sql, [topic.as_str()], |r| {
            Ok(ArchiveState {
                number: r.get("number")?,
                prev: r.get("prev")?,
                is_superseded: r.get("superseded")?,
                is_empty: r.get("is_empty")?,
                revision: r.get("revision")?,
                input_digest: r.get("input_digest")?,
                updated: time_opt(r, "updated_ms")?,
            })
        })?)
    }

    /// Returns the public stories of an archive, newest position first.
    pub fn archive_stories(&self, topic: &TopicId, number: u64) -> Result<Vec<Story>, StoreError> {
        self.select(
            "WHERE s.public = 1 AND s.removed_ms IS NULL
               AND s.id IN (SELECT story_id FROM archive_story WHERE topic_id = ?1 AND number = ?2)
             ORDER BY s.position_ms DESC, s.id DESC",
            &[Box::new(topic.to_string()), Box::new(number)],
        )
    }

    /// Returns the document of an archive; `None` if there is no archive with this number.
    pub fn archive(
        &self,
        topic: &TopicId,
        number: u64,
    ) -> Result<Option<ArchiveDocument>, StoreError> {
        let sql = format!(
            "SELECT c.body, c.updated_ms, {IS_EMPTY}
               FROM archive c WHERE c.topic_id = ?1 AND c.number = ?2"
        );
        let document = self
            .conn
            .prepare_cached(&sql)
            .and_then(|mut s| {
                s.query_row(params![topic.as_str(), number], |r| {
                    Ok(ArchiveDocument {
                        body: r.get("body")?,
                        is_empty: r.get("is_empty")?,
                        updated: time_opt(r, "updated_ms")?,
                    })
                })
                .optional()
            })
            .context("read an archive")?;
        Ok(document.map(|document| ArchiveDocument {
            // Damaged bytes count as not rendered; `tributary doctor` reports a damaged database.
            body: document
                .body
                .filter(|_| !document.is_empty)
                .and_then(|body| zstd::decode_all(&body[..]).ok()),
            ..document
        }))
    }
}
