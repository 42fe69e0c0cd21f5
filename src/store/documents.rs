//! What a published document needs beyond its stories: when it last changed, and whose it is.

use rusqlite::{OptionalExtension as _, params};
use uuid::Uuid;

use super::{
    Store, StoreError,
    error::SqlContext as _,
    sql_values::{ms, time},
};
use feed_model::Timestamp;

/// Documents whose change time is remembered, at most: unions can be asked for in any number.
const MAX_DOCUMENTS: i64 = 10_000;

impl Store {
    /// The moment that the document at `path` carries as its change time: the stored one while
    /// `digest` (of its bytes without that moment) stays the same; else `now` in whole seconds,
    /// later than the one before, stored from then on.
    pub fn document_last_modified(
        &self,
        path: &str,
        digest: [u8; 32],
        now: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        let known = self.read(|reader| Ok(known_document(reader.conn, path)?))?;
        if let Some((stored, updated)) = known
            && stored == digest
        {
            return Ok(time(updated));
        }
        let path = path.to_owned();
        self.write(move |tx| {
            let second = ms(now).div_euclid(1000) * 1000;
            let updated = match known_document(tx, &path)? {
                Some((stored, updated)) if stored == digest => return Ok(time(updated)),
                Some((_, before)) => second.max(before + 1000),
                None => second,
            };
            tx.execute(
                "INSERT INTO document (path, digest, updated_ms) VALUES (?1, ?2, ?3)
                 ON CONFLICT (path) DO UPDATE SET digest = excluded.digest, updated_ms = excluded.updated_ms",
                params![path, digest, updated],
            )
            .context("store when a document changed")?;
            tx.execute(
                "DELETE FROM document WHERE path IN (SELECT path FROM document ORDER BY updated_ms DESC LIMIT -1 OFFSET ?1)",
                [MAX_DOCUMENTS],
            )
            .context("store when a document changed")?;
            Ok(time(updated))
        })
    }

    /// The `tag:` URI (RFC 4151) that our feed ids begin with, where feeds.toml names none: minted
    /// once, then stored. It names no host, so that it survives a move.
    pub fn minted_feed_id(&self, now: Timestamp) -> Result<String, StoreError> {
        if let Some(id) = self.read(|reader| reader.meta("feed_id"))? {
            return Ok(id);
        }
        self.write(move |tx| {
            let label = Uuid::new_v4().simple().to_string();
            let minted =
                format!("tag:{}.tributary.invalid,{}:topics", &label[..12], now.format("%Y-%m-%d"));
            tx.execute(
                "INSERT INTO meta (key, value) VALUES ('feed_id', ?1) ON CONFLICT DO NOTHING",
                [minted],
            )
            .context("store the feed id")?;
            tx.query_row("SELECT value FROM meta WHERE key = 'feed_id'", [], |r| r.get(0))
                .context("read the feed id")
        })
    }
}

fn known_document(
    conn: &rusqlite::Connection,
    path: &str,
) -> rusqlite::Result<Option<([u8; 32], i64)>> {
    conn.prepare_cached("SELECT digest, updated_ms FROM document WHERE path = ?1")?
        .query_row([path], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()
}
