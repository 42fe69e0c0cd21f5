//! Instances of feed documents that clients may have cached (RFC 3229).

use rusqlite::OptionalExtension as _;

use feed_model::StoryId;

use crate::store::{Reader, StoreError, error::SqlContext as _, sql_values::from_json};

/// The stories of a document, each with a digest of its published form.
pub type StoryDigests = Vec<(StoryId, i64)>;

impl Reader<'_> {
    /// Returns the story digests of the instance with this entity tag; `None` if it is not stored.
    pub fn instance(&self, path: &str, etag: &str) -> Result<Option<StoryDigests>, StoreError> {
        self.conn
            .prepare_cached("SELECT story_digests FROM instance WHERE path = ?1 AND etag = ?2")
            .and_then(|mut s| {
                s.query_row([path, etag], |r| from_json(r, "story_digests")).optional()
            })
            .context("read an instance")
    }

    /// Whether an instance is the newest one of its document.
    pub fn is_newest_instance(&self, path: &str, etag: &str) -> Result<bool, StoreError> {
        let newest: Option<String> = self
            .conn
            .prepare_cached("SELECT etag FROM instance WHERE path = ?1 ORDER BY seq DESC LIMIT 1")
            .and_then(|mut s| s.query_row([path], |r| r.get(0)).optional())
            .context("read an instance")?;
        Ok(newest.as_deref() == Some(etag))
    }
}
