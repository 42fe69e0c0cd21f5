//! When published documents last changed, and the id of our feeds.

use rusqlite::{Connection, OptionalExtension as _, params};
use uuid::Uuid;

use feed_model::Timestamp;

use crate::store::{
    Store, StoreError,
    error::SqlContext as _,
    sql_values::{ms, time},
};

/// The maximum number of stored documents. Clients can request any number of unions of topics.
const MAX_DOCUMENTS: i64 = 10_000;

/// The stored state of a document.
struct KnownDocument {
    digest: [u8; 32],
    updated_ms: i64,
}

impl Store {
    /// Returns the time of the last change of the document at `path`. `digest` is the hash of its
    /// bytes without this time. While it stays the same, the stored time is returned. Otherwise the
    /// time is `now` in whole seconds, or one second after the stored time if that is later, and is
    /// stored.
    pub fn document_last_modified(
        &self,
        path: &str,
        digest: [u8; 32],
        now: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        let known = self.read(|reader| Ok(known_document(reader.conn, path)?))?;
        if let Some(known) = known
            && known.digest == digest
        {
            return Ok(time(known.updated_ms));
        }
        let path = path.to_owned();
        self.write(move |tx| {
            let context = "store when a document changed";
            let second = ms(now).div_euclid(1000) * 1000;
            let updated = match known_document(tx, &path)? {
                Some(known) if known.digest == digest => return Ok(time(known.updated_ms)),
                Some(known) => second.max(known.updated_ms + 1000),
                None => second,
            };
            tx.execute(
                "INSERT OR REPLACE INTO document (path, digest, updated_ms) VALUES (?1, ?2, ?3)",
                params![path, digest, updated],
            )
            .context(context)?;
            tx.execute(
                "DELETE FROM document WHERE path IN (
                   SELECT path FROM document ORDER BY updated_ms DESC LIMIT -1 OFFSET ?1)",
                [MAX_DOCUMENTS],
            )
            .context(context)?;
            Ok(time(updated))
        })
    }

    /// Returns the `tag:` URI (RFC 4151) that our feed ids begin with if feeds.toml has none. It is
    /// generated once and then stored. It contains no host name, so that it survives a move.
    pub fn minted_feed_id(&self, now: Timestamp) -> Result<String, StoreError> {
        if let Some(id) = self.read(|reader| reader.meta("feed_id"))? {
            return Ok(id);
        }
        self.write(move |tx| {
            let label = Uuid::new_v4().simple().to_string();
            let id =
                format!("tag:{}.tributary.invalid,{}:topics", &label[..12], now.format("%Y-%m-%d"));
            tx.execute(
                "INSERT INTO meta (key, value) VALUES ('feed_id', ?1) ON CONFLICT DO NOTHING",
                [id],
            )
            .context("store the feed id")?;
            tx.query_row("SELECT value FROM meta WHERE key = 'feed_id'", [], |r| r.get(0))
                .context("read the feed id")
        })
    }
}

fn known_document(conn: &Connection, path: &str) -> rusqlite::Result<Option<KnownDocument>> {
    conn.prepare_cached("SELECT digest, updated_ms FROM document WHERE path = ?1")?
        .query_row([path], |r| {
            Ok(KnownDocument { digest: r.get("digest")?, updated_ms: r.get("updated_ms")? })
        })
        .optional()
}
