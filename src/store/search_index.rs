//! The full-text index of public stories.
//!
//! The rowid of a row is the id of the story. The index does not store the texts, which the entries
//! have. FTS5 writes what it holds in memory at the end of every savepoint, and every poll has one.
//! New rows therefore wait in a temporary table, from which [`write_pending`] moves them to the
//! index at the end of the transaction. A rollback also removes the waiting rows.

use std::borrow::Cow;

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use feed_model::StoryId;

use super::{
    StoreError,
    error::SqlContext as _,
    search_query::{is_unspaced, unify_letters, words},
    statements::{execute, query_all},
};

/// The version of the index content. An index of another version is rebuilt when the database is
/// opened.
const INDEX_VERSION: &str = "3";

const CONTEXT: &str = "update the search index";

/// The number of rows that a rebuild holds in memory.
const REBUILD_BATCH: usize = 500;

/// The indexed texts of a story.
pub(super) struct IndexRow {
    title: String,
    summary: String,
    content: String,
}

impl IndexRow {
    /// Returns the row of a story with these plain texts.
    pub(super) fn new(title: &str, summary: &str, content: &str) -> Self {
        let indexed = |text| indexed_text(&unify_letters(text)).into_owned();
        Self { title: indexed(title), summary: indexed(summary), content: indexed(content) }
    }
}

/// Returns a text in which white space separates the words. The tokenizer of `SQLite` does not
/// divide texts in scripts without spaces.
fn indexed_text(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.contains(is_unspaced) {
        return text.into();
    }
    words(text).collect::<Vec<_>>().join(" ").into()
}

/// Creates the table of the rows that wait. Every connection that writes needs it.
pub(super) fn create_pending(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch(
        "PRAGMA temp_store = MEMORY;
         CREATE TEMP TABLE pending_text (
           story_id INTEGER PRIMARY KEY,
           title    TEXT NOT NULL,
           summary  TEXT NOT NULL,
           content  TEXT NOT NULL
         ) STRICT",
    )
}

/// Updates the index of one story. Private and removed stories are not indexed.
pub(super) fn update(conn: &Connection, story: StoryId) -> Result<(), StoreError> {
    execute(conn, "DELETE FROM pending_text WHERE story_id = ?1", [story.0]).context(CONTEXT)?;
    execute(conn, "DELETE FROM story_text WHERE rowid = ?1", [story.0]).context(CONTEXT)?;
    let plain =
        |html: Option<String>| html.map(|html| feed_parser::plain_text(&html)).unwrap_or_default();
    let row = conn
        .prepare_cached(
            "SELECT e.title, e.summary, e.content
               FROM story s JOIN entry e ON e.id = s.representative_entry
              WHERE s.id = ?1 AND s.public = 1 AND s.removed_ms IS NULL",
        )
        .and_then(|mut s| {
            s.query_row([story.0], |r| {
                let title: Option<String> = r.get("title")?;
                let (summary, content) = (plain(r.get("summary")?), plain(r.get("content")?));
                Ok(IndexRow::new(&title.unwrap_or_default(), &summary, &content))
            })
            .optional()
        })
        .context(CONTEXT)?;
    row.map_or(Ok(()), |row| insert(conn, story, &row))
}

/// Indexes a public story that is not in the index.
pub(super) fn insert(conn: &Connection, story: StoryId, row: &IndexRow) -> Result<(), StoreError> {
    execute(
        conn,
        "INSERT INTO pending_text (story_id, title, summary, content) VALUES (?1, ?2, ?3, ?4)",
        params![story.0, row.title, row.summary, row.content],
    )
    .context(CONTEXT)?;
    Ok(())
}

/// Moves the waiting rows to the index.
pub(super) fn write_pending(conn: &Connection) -> rusqlite::Result<()> {
    let written = execute(
        conn,
        "INSERT INTO story_text (rowid, title, summary, content)
         SELECT story_id, title, summary, content FROM pending_text ORDER BY story_id",
        [],
    )?;
    if written > 0 {
        execute(conn, "DELETE FROM pending_text", [])?;
    }
    Ok(())
}

/// Rebuilds the index if it has another version or was never built.
pub(super) fn rebuild_if_outdated(conn: &mut Connection) -> Result<(), StoreError> {
    let context = "rebuild the search index";
    let version: Option<String> = conn
        .query_row("SELECT value FROM meta WHERE key = 'search_index_version'", [], |r| r.get(0))
        .optional()
        .context(context)?;
    if version.as_deref() == Some(INDEX_VERSION) {
        return Ok(());
    }
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).context(context)?;
    tx.execute_batch("DELETE FROM story_text").context(context)?;
    let stories = query_all(
        &tx,
        "SELECT id FROM story WHERE public = 1 AND removed_ms IS NULL ORDER BY id",
        [],
        |r| Ok(StoryId(r.get(0)?)),
    )
    .context(context)?;
    for batch in stories.chunks(REBUILD_BATCH) {
        for story in batch {
            update(&tx, *story)?;
        }
        write_pending(&tx).context(context)?;
    }
    tx.execute(
        "INSERT INTO meta (key, value) VALUES ('search_index_version', ?1)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [INDEX_VERSION],
    )
    .context(context)?;
    tx.commit().context(context)
}
