//! Archive documents (RFC 5005 §4).

use std::io::Read as _;

use rusqlite::{OptionalExtension as _, params};
use ruzstd::decoding::StreamingDecoder;

use feed_model::{Story, Timestamp, TopicId};

use crate::{
    compression::Compression,
    store::{
        Reader, StoreError, error::SqlContext as _, sql_values::time_opt, statements::query_all,
    },
};

/// The state of one archive of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveState {
    /// Its number, from 1.
    pub number: u64,
    /// The number of its `prev-archive`; `None`: it is the first.
    pub prev: Option<u64>,
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

/// The first bytes of zstd (RFC 8878 §3.1.1).
const ZSTD_MAGIC: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();

/// Whether no public story of the archive `c` is left.
const IS_EMPTY: &str = "NOT EXISTS (
  SELECT 1 FROM archive_story a JOIN story s ON s.id = a.story_id
   WHERE a.topic_id = c.topic_id AND a.number = c.number
     AND s.public = 1 AND s.removed_ms IS NULL) AS is_empty";

impl Reader<'_> {
    /// Returns the archives of a topic, in ascending order.
    pub fn archives(&self, topic: &TopicId) -> Result<Vec<ArchiveState>, StoreError> {
        self.archives_where(topic, "true")
    }

    /// Returns the archives of a topic that have to be rendered, in ascending order.
    pub fn pending_archives(&self, topic: &TopicId) -> Result<Vec<ArchiveState>, StoreError> {
        self.archives_where(topic, "c.input_digest IS NULL")
    }

    /// Returns the number of the newest archive of a topic that no other supersedes.
    pub fn newest_archive(&self, topic: &TopicId) -> Result<Option<u64>, StoreError> {
        self.conn
            .prepare_cached(
                "SELECT number FROM archive WHERE topic_id = ?1 AND superseded = 0
                  ORDER BY number DESC LIMIT 1",
            )
            .and_then(|mut statement| {
                statement.query_row([topic.as_str()], |r| r.get(0)).optional()
            })
            .context("read the newest archive")
    }

    fn archives_where(
        &self,
        topic: &TopicId,
        condition: &str,
    ) -> Result<Vec<ArchiveState>, StoreError> {
        let sql = format!(
            "SELECT c.number, c.prev, c.revision, c.input_digest, c.updated_ms, {IS_EMPTY}
               FROM archive c WHERE c.topic_id = ?1 AND {condition} ORDER BY c.number"
        );
        Ok(query_all(self.conn, &sql, [topic.as_str()], |r| {
            Ok(ArchiveState {
                number: r.get("number")?,
                prev: r.get("prev")?,
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
            body: document.body.filter(|_| !document.is_empty).and_then(|body| decompress(&body)),
            ..document
        }))
    }
}

/// Decompresses a document that this version stored (Brotli) or an older version stored (zstd). The
/// first byte of Brotli is odd, because documents have a window of at least 2^18 bytes (RFC 7932
/// §9.1), so it is never the first byte of zstd.
fn decompress(body: &[u8]) -> Option<Vec<u8>> {
    if !body.starts_with(&ZSTD_MAGIC) {
        return Compression::Brotli.decompress(body);
    }
    let mut document = Vec::new();
    StreamingDecoder::new(body).ok()?.read_to_end(&mut document).ok()?;
    Some(document)
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_STANDARD};

    use super::*;
    use crate::compression::CompressionLevel;

    /// The text of `entries`, as zstd 1.5 compresses it at level 12.
    const ZSTD: &str = "KLUv/WC2EI0LAHKNJh5gSasDo5CYzrZW/VgM1IMhjBvQXUJkSi4hSVRlCAOof/Z/\
        f/fv3/7npz/72b+srJzsZCtkG9kr7Uw77fT6XS5y27I2tc3Wp+1iLK2VSj0lZIRSM9mfdluAohUtwHiLeQfRJNEs\
        CQliYI5RHgEiAY3yojHgInwRJgXNHY6iHcNDEBCGwjNAJeEORyvaMXFJBNxD4hGbW1AifC15qHHM3f/YDfAkEhGR\
        6QEScBBAEPgRBKPwDApXwiOC+wEGGedH0D2nvI+V54ojH1unjhKgeMeZHnGvAIM89iVvdXaItVTVgVQv+VaOuvhI\
        nxzaPrwKfTksV3xoOPv9ndT0g3GW+aZ1fg53UHjytQOmDsS/2ufAy4H6yxUOkze2fnbaeDYOv8ZIjU3ja8WsM7IZ\
        Fk7Fxwgx7DFy/sLhxfZn622xFS3Wz+KuOFY8zusrwpxcgPs3g4IdNkct0+ioPE/UAW+OqpII8vjkTM90Cho0KwHI\
        ag==";

    fn entries() -> Vec<u8> {
        let entry = |n: u32| {
            format!(
                "<entry><title>Post {n}</title><id>urn:example:{n}</id><content>Water number {} \
                 flows to the sea.</content></entry>\n",
                n * n
            )
        };
        (0..40).flat_map(|n| entry(n).into_bytes()).collect()
    }

    #[test]
    fn documents_are_read_in_the_format_of_today_and_of_older_versions() {
        let today = Compression::Brotli.compress(&entries(), CompressionLevel::Best);
        assert_eq!(decompress(&today), Some(entries()));
        let older = BASE64_STANDARD.decode(ZSTD).unwrap();
        assert_eq!(decompress(&older), Some(entries()));
        assert_eq!(decompress(&older[..older.len() / 2]), None);
        assert_eq!(decompress(&today[..today.len() / 2]), None);
    }

    #[test]
    fn new_documents_never_begin_like_documents_of_older_versions() {
        for len in [0, 1, 100, 1 << 18, 1 << 23] {
            let text: Vec<u8> = (0..len).map(|n: u32| n.to_le_bytes()[0]).collect();
            let compressed = Compression::Brotli.compress(&text, CompressionLevel::Best);
            assert_ne!(compressed[0], ZSTD_MAGIC[0], "{len}");
        }
    }
}
