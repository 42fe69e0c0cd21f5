//! Full-text search in public stories.

use std::fmt::Write as _;

use rusqlite::{ToSql, params_from_iter};

use feed_model::{Story, StoryId};

use crate::store::{
    Reader, SearchQuery, StoreError,
    error::SqlContext as _,
    sql_values::number,
    statements::{query_all, query_row},
};

/// The weights of the columns title, summary and content.
const WEIGHTS: &str = "10.0, 4.0, 1.0";

/// The result of a search.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchResults {
    /// The total number of stories found.
    pub count: u64,
    /// The first of them, up to the limit.
    pub stories: Vec<Story>,
}

impl Reader<'_> {
    /// Searches public stories and returns at most `limit` of them: the best matches first, or the
    /// newest if `newest_first` is set or the query has no words. An empty query finds nothing.
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
            // The entries of a private source are not disclosed, even if public sources have the
            // same story.
            let _ = write!(
                conditions,
                " AND s.id IN (
                   SELECT e.story_id FROM entry e JOIN source src ON src.id = e.source_id
                    WHERE src.id = ?{} AND src.public)",
                values.len()
            );
        }
        let count = format!("SELECT count(*) FROM {from} WHERE {conditions}");
        let count = query_row(self.conn, &count, params_from_iter(values.iter()), |r| r.get(0))
            .context("search")?;
        values.push(Box::new(number(limit)));
        let sql = format!(
            "SELECT s.id FROM {from} WHERE {conditions} ORDER BY {order} LIMIT ?{}",
            values.len()
        );
        let ids: Vec<StoryId> =
            query_all(self.conn, &sql, params_from_iter(values.iter()), |r| Ok(StoryId(r.get(0)?)))
                .context("search")?;
        let mut stories = Vec::with_capacity(ids.len());
        for id in ids {
            stories.extend(self.story(id)?);
        }
        Ok(SearchResults { count, stories })
    }
}
