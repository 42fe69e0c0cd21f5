//! The full-text index of public stories.
//!
//! The rowid of a row is the id of the story. The index is updated in the transaction that changes
//! the story. It does not store the texts, which the entries have.

use std::collections::{BTreeSet, HashSet};

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use rust_stemmers::{Algorithm, Stemmer};

use feed_model::StoryId;

use super::{
    StoreError,
    error::SqlContext as _,
    search_query::words,
    statements::{execute, query_all},
};

/// The version of the index content. An index of another version is rebuilt when the database is
/// opened.
const INDEX_VERSION: &str = "1";

const CONTEXT: &str = "update the search index";

/// The indexed words of a story.
pub(super) struct IndexRow {
    title: String,
    summary: String,
    content: String,
    title_stems: String,
    stems: String,
}

impl IndexRow {
    /// Splits plain texts into words and stems.
    pub(super) fn new(title: &str, summary: &str, content: &str) -> Self {
        let stemmer = Stemmer::create(Algorithm::English);
        let spaced = |text: &str| words(text).collect::<Vec<_>>().join(" ");
        Self {
            title: spaced(title),
            summary: spaced(summary),
            content: spaced(content),
            title_stems: stems(&stemmer, &[title]),
            stems: stems(&stemmer, &[summary, content]),
        }
    }
}

/// Updates the index of one story. Private and removed stories are not indexed.
pub(super) fn update(conn: &Connection, story: StoryId) -> Result<(), StoreError> {
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
        "INSERT INTO story_text (rowid, title, summary, content, title_stems, stems)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![story.0, row.title, row.summary, row.content, row.title_stems, row.stems],
    )
    .context(CONTEXT)?;
    Ok(())
}

/// Returns the distinct stems of texts.
fn stems(stemmer: &Stemmer, texts: &[&str]) -> String {
    let words: HashSet<&str> = texts.iter().flat_map(|text| words(text)).collect();
    let stems: BTreeSet<String> =
        words.into_iter().map(|word| stemmer.stem(&word.to_lowercase()).into_owned()).collect();
    stems.into_iter().collect::<Vec<_>>().join(" ")
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
    for story in stories {
        update(&tx, story)?;
    }
    tx.execute(
        "INSERT INTO meta (key, value) VALUES ('search_index_version', ?1)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [INDEX_VERSION],
    )
    .context(context)?;
    tx.commit().context(context)
}
