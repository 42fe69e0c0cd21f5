//! Instances of feed documents that readers may have: what each held, so that a reader is sent what
//! is new to it.

use rusqlite::{OptionalExtension as _, params};

use super::{Reader, Store, StoreError, error::SqlContext as _, sql_values, sql_values::from_json};

/// Instances that are remembered of one document; who asks less often than that is sent the whole.
const MAX_INSTANCES: i64 = 32;

/// One instance of a document: its entity tag, and what it held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// The document's path.
    pub path: String,
    /// Its entity tag, as it was sent.
    pub etag: String,
    /// The stories in it, each with a digest of what was published of it.
    pub story_digests: Vec<(i64, i64)>,
}

impl Store {
    /// Remembers instances as the newest of their documents; the oldest beyond a number are
    /// forgotten, and those of documents that are not among `paths`, which is all that there are.
    pub fn store_instances(
        &self,
        instances: Vec<Instance>,
        paths: Vec<String>,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.prepare_cached("DELETE FROM instance WHERE path NOT IN (SELECT value FROM json_each(?1))")
                .and_then(|mut s| s.execute([sql_values::json(&paths)]))
                .context("forget the instances of documents that are gone")?;
            for Instance { path, etag, story_digests } in &instances {
                tx.prepare_cached(
                    "INSERT OR REPLACE INTO instance (path, etag, seq, story_digests) VALUES (?1, ?2, (SELECT coalesce(max(seq), 0) + 1 FROM instance), ?3)",
                )
                .and_then(|mut s| s.execute(params![path, etag, sql_values::json(story_digests)]))
                .context("remember an instance")?;
                tx.prepare_cached(
                    "DELETE FROM instance WHERE path = ?1 AND seq NOT IN (SELECT seq FROM instance WHERE path = ?1 ORDER BY seq DESC LIMIT ?2)",
                )
                .and_then(|mut s| s.execute(params![path, MAX_INSTANCES]))
                .context("forget old instances")?;
            }
            Ok(())
        })
    }
}

impl Reader<'_> {
    /// What the instance of a document with this tag held, as far as that is remembered.
    pub fn instance(&self, path: &str, etag: &str) -> Result<Option<Vec<(i64, i64)>>, StoreError> {
        self.conn
            .prepare_cached("SELECT story_digests FROM instance WHERE path = ?1 AND etag = ?2")
            .and_then(|mut s| {
                s.query_row([path, etag], |r| from_json(r, "story_digests")).optional()
            })
            .context("read an instance")
    }

    /// Whether an instance is the newest that is remembered of its document.
    pub fn is_newest_instance(&self, path: &str, etag: &str) -> Result<bool, StoreError> {
        let newest: Option<String> = self
            .conn
            .prepare_cached("SELECT etag FROM instance WHERE path = ?1 ORDER BY seq DESC LIMIT 1")
            .and_then(|mut s| s.query_row([path], |r| r.get(0)).optional())
            .context("read an instance")?;
        Ok(newest.as_deref() == Some(etag))
    }
}
