//! The search: which public stories have these words, the best first.
//!
//! The index holds public stories alone, under their numbers, and is kept in the transaction in
//! which what shows of a story changes. Deliberately absent: the texts themselves, which the
//! entries have.

mod query;

use std::{collections::BTreeSet, fmt::Write as _};

use rusqlite::{Connection, OptionalExtension as _, ToSql, params, params_from_iter};
use rust_stemmers::{Algorithm, Stemmer};

use super::{Reader, StoreError, error::SqlContext as _, sources::number};
use feed_model::{Story, StoryId};

pub use query::SearchQuery;

/// Which making of the index this program has; an index of another making is made anew at the
/// start.
const INDEX_VERSION: &str = "1";

/// How much a hit weighs: title, summary, content, stems of the title, stems of the rest.
const WEIGHTS: &str = "10.0, 4.0, 1.0, 6.0, 0.5";

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchResults {
    /// Stories in all.
    pub count: u64,
    /// As many of them as were asked for.
    pub stories: Vec<Story>,
}

impl Reader<'_> {
    /// The public stories that a query finds, at most `limit` of them: the best first, or the
    /// newest where `newest_first` says so or no word is looked for. A query that asks for nothing
    /// finds nothing.
    pub fn search(
        &self,
        query: &SearchQuery,
        limit: usize,
        newest_first: bool,
    ) -> Result<SearchResults, StoreError> {
        if query.is_empty() {
            return Ok(SearchResults::default());
        }
        let mut from = String::from("story s");
        let mut conditions = String::from("s.public = 1 AND s.removed_ms IS NULL");
        let mut values: Vec<Box<dyn ToSql>> = Vec::new();
        let mut order = "s.position_ms DESC, s.id DESC".to_owned();
        if let Some(expression) = query.expression() {
            "story_text JOIN story s ON s.id = story_text.rowid".clone_into(&mut from);
            conditions.push_str(" AND story_text MATCH ?1");
            values.push(Box::new(expression));
            if !newest_first {
                order = format!("bm25(story_text, {WEIGHTS}), {order}");
            }
        }
        for topic in &query.topics {
            values.push(Box::new(topic.clone()));
            let _ = write!(
                conditions,
                " AND s.id IN (SELECT story_id FROM story_topic WHERE topic_id = ?{})",
                values.len()
            );
        }
        for source in &query.sources {
            values.push(Box::new(source.clone()));
            // What a private source carries is not told, not even of a story that others carry in
            // public.
            let _ = write!(
                conditions,
                " AND s.id IN (SELECT e.story_id FROM entry e JOIN source src ON src.id = e.source_id
                   WHERE src.id = ?{} AND src.public)",
                values.len()
            );
        }
        let count = self
            .conn
            .prepare_cached(&format!("SELECT count(*) FROM {from} WHERE {conditions}"))
            .and_then(|mut s| s.query_row(params_from_iter(values.iter()), |r| r.get(0)))
            .context("search")?;
        values.push(Box::new(number(limit)));
        let sql = format!(
            "SELECT s.id FROM {from} WHERE {conditions} ORDER BY {order} LIMIT ?{}",
            values.len()
        );
        let mut statement = self.conn.prepare_cached(&sql).context("search")?;
        let ids: Vec<i64> = statement
            .query_map(params_from_iter(values.iter()), |r| r.get(0))?
            .collect::<Result<_, _>>()?;
        let mut stories = Vec::with_capacity(ids.len());
        for id in ids {
            stories.extend(self.story(StoryId(id))?);
        }
        Ok(SearchResults { count, stories })
    }
}

/// Brings the words of one story up to date: a story that is gone or private has none.
pub(super) fn index(conn: &Connection, story: i64) -> Result<(), StoreError> {
    conn.prepare_cached("DELETE FROM story_text WHERE rowid = ?1")
        .and_then(|mut s| s.execute([story]))
        .context("take words out of the index")?;
    let texts: Option<(Option<String>, Option<String>, Option<String>)> = conn
        .prepare_cached(
            "SELECT e.title, e.summary, e.content FROM story s JOIN entry e ON e.id = s.representative_entry
              WHERE s.id = ?1 AND s.public = 1 AND s.removed_ms IS NULL",
        )
        .and_then(|mut s| {
            s.query_row([story], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).optional()
        })
        .context("read the words of a story")?;
    let Some((title, summary, content)) = texts else {
        return Ok(());
    };
    let plain =
        |html: Option<String>| html.map(|html| feed_parser::plain_text(&html)).unwrap_or_default();
    let (title, summary, content) = (title.unwrap_or_default(), plain(summary), plain(content));
    let stemmer = Stemmer::create(Algorithm::English);
    let spaced = |text: &str| query::words(text).collect::<Vec<_>>().join(" ");
    conn.prepare_cached(
        "INSERT INTO story_text (rowid, title, summary, content, title_stems, stems) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .and_then(|mut s| {
        s.execute(params![
            story,
            spaced(&title),
            spaced(&summary),
            spaced(&content),
            stems(&stemmer, &[&title]),
            stems(&stemmer, &[&summary, &content]),
        ])
    })
    .context("put words into the index")?;
    Ok(())
}

/// The stems of texts, each once.
fn stems(stemmer: &Stemmer, texts: &[&str]) -> String {
    let mut stems = BTreeSet::new();
    for word in texts.iter().flat_map(|text| query::words(text)) {
        stems.insert(stemmer.stem(&word.to_lowercase()).into_owned());
    }
    stems.into_iter().collect::<Vec<_>>().join(" ")
}

/// Makes the index of a state that has none of this making: one that an earlier version wrote.
pub(super) fn rebuild_if_outdated(conn: &mut Connection) -> Result<(), StoreError> {
    let made: Option<String> = conn
        .query_row("SELECT value FROM meta WHERE key = 'search_index_version'", [], |r| r.get(0))
        .optional()
        .context("read the index's making")?;
    if made.as_deref() == Some(INDEX_VERSION) {
        return Ok(());
    }
    let tx = conn
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .context("begin to write")?;
    tx.execute_batch("DELETE FROM story_text").context("empty the index")?;
    let stories: Vec<i64> = {
        let mut statement =
            tx.prepare("SELECT id FROM story WHERE public = 1 AND removed_ms IS NULL ORDER BY id")?;
        statement.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?
    };
    for story in stories {
        index(&tx, story)?;
    }
    tx.execute(
        "INSERT INTO meta (key, value) VALUES ('search_index_version', ?1) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [INDEX_VERSION],
    )
    .context("store the index's making")?;
    tx.commit().context("keep what was written")
}
