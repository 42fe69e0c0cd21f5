//! Stores instances of feed documents that clients may have cached, so that a later request can be
//! answered with the new stories only (RFC 3229).

use rusqlite::params;

use crate::store::{
    Store, StoreError, StoryDigests, error::SqlContext as _, sql_values, statements::execute,
};

/// The maximum number of instances of one document. Clients with an older one get the whole
/// document.
const MAX_INSTANCES: i64 = 32;

/// An instance of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// The path of the document.
    pub path: String,
    /// The entity tag as it was sent.
    pub etag: String,
    /// The stories of the document.
    pub story_digests: StoryDigests,
}

impl Store {
    /// Stores instances as the newest ones of their documents. Deletes the oldest instances beyond
    /// `MAX_INSTANCES`, and those of documents that are not in `paths`.
    pub fn store_instances(
        &self,
        instances: Vec<Instance>,
        paths: Vec<String>,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            execute(
                tx,
                "DELETE FROM instance WHERE path NOT IN (SELECT value FROM json_each(?1))",
                [sql_values::json(&paths)],
            )
            .context("delete the instances of removed documents")?;
            for Instance { path, etag, story_digests } in &instances {
                execute(
                    tx,
                    "INSERT OR REPLACE INTO instance (path, etag, seq, story_digests)
                     VALUES (?1, ?2, (SELECT coalesce(max(seq), 0) + 1 FROM instance), ?3)",
                    params![path, etag, sql_values::json(story_digests)],
                )
                .context("store an instance")?;
                execute(
                    tx,
                    "DELETE FROM instance WHERE path = ?1 AND seq NOT IN (
                       SELECT seq FROM instance WHERE path = ?1 ORDER BY seq DESC LIMIT ?2)",
                    params![path, MAX_INSTANCES],
                )
                .context("delete old instances")?;
            }
            Ok(())
        })
    }
}
