//! Full-text search in public stories.

use std::fmt::Write as _;

use rusqlite::{ToSql, params, params_from_iter};

use feed_model::{Story, StoryId};

use crate::store::{
    Reader, SearchQuery, StoreError,
    error::SqlContext as _,
    sql_values::{json, number},
    statements::{query_all, query_row},
};

/// The weights of the columns title, summary and content.
const WEIGHTS: &str = "10.0, 4.0, 1.0";

/// The most matches that are counted and sorted. Of more, only the stories that arrived last are
/// considered, so that the cost of a frequent word does not grow with the number of stories.
const MAX_MATCHES: usize = 1000;

/// The number of stories of a word above which the relevance of matches is not calculated: for that
/// every story of the word is read, even if few stories have all words of the query.
const MAX_STORIES_OF_A_RANKED_WORD: usize = 50_000;

/// The result of a search.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SearchResults {
    /// The number of stories found.
    pub count: u64,
    /// Whether there are more stories than `count`.
    pub has_more: bool,
    /// The first of them, up to the limit.
    pub stories: Vec<Story>,
}

impl Reader<'_> {
    /// Searches public stories and returns at most `limit` of them: the best matches first, or the
    /// newest if `newest_first` is set or the query has no words. An empty query finds nothing.
    ///
    /// Of more than a thousand matches, only the last to arrive are considered, those with all
    /// words in the title first.
    pub fn search(
        &self,
        query: &SearchQuery,
        limit: usize,
        newest_first: bool,
    ) -> Result<SearchResults, StoreError> {
        if query.is_empty() {
            return Ok(SearchResults::default());
        }
        let search = Search::new(query);
        let last = self.ids(&search, None, "{id} DESC", MAX_MATCHES + 1)?;
        let has_more = last.len() > MAX_MATCHES;
        let count = last.len().min(MAX_MATCHES);
        let oldest = last.get(count.saturating_sub(1)).copied().unwrap_or_default();
        let mut ids = Vec::new();
        if !newest_first && search.expression.is_some() {
            if !has_more && !self.has_frequent_word(query)? {
                let order = format!("bm25(story_text, {WEIGHTS}), {NEWEST_FIRST}");
                ids = self.ids(&search, Some(oldest), &order, limit)?;
            } else {
                let titles = Search { expression: query.title_expression(), ..search.clone() };
                ids = self.ids(&titles, Some(oldest), NEWEST_FIRST, limit)?;
            }
        }
        if ids.len() < limit.min(count) {
            let newest = self.ids(&search, Some(oldest), NEWEST_FIRST, limit)?;
            let others: Vec<i64> = newest.into_iter().filter(|id| !ids.contains(id)).collect();
            ids.extend(others);
            ids.truncate(limit);
        }
        let mut stories = Vec::with_capacity(ids.len());
        for id in ids {
            stories.extend(self.story(StoryId(id))?);
        }
        Ok(SearchResults { count: count as u64, has_more, stories })
    }

    /// Whether many stories have a required word of a query of several words.
    fn has_frequent_word(&self, query: &SearchQuery) -> Result<bool, StoreError> {
        let terms = query.required_terms();
        if terms.len() < 2 {
            return Ok(false);
        }
        for term in terms {
            let count: usize = query_row(
                self.conn,
                "SELECT count(*) FROM
                   (SELECT 1 FROM story_text WHERE story_text MATCH ?1 LIMIT ?2)",
                params![term, number(MAX_STORIES_OF_A_RANKED_WORD)],
                |r| r.get(0),
            )
            .context("search")?;
            if count >= MAX_STORIES_OF_A_RANKED_WORD {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the ids of the matching stories from the id `oldest` on, in this order. `{id}` in
    /// the order is the id that the search reads first.
    fn ids(
        &self,
        search: &Search,
        oldest: Option<i64>,
        order: &str,
        limit: usize,
    ) -> Result<Vec<i64>, StoreError> {
        let mut values: Vec<&dyn ToSql> = Vec::new();
        let mut conditions = String::from("s.public = 1 AND s.removed_ms IS NULL");
        let mut topics = search.topics.iter();
        // The first table is read in the order of its ids, so that a limit ends the reading.
        let (from, id) = if let Some(expression) = &search.expression {
            values.push(expression);
            conditions.push_str(" AND story_text MATCH ?1");
            ("story_text CROSS JOIN story s ON s.id = story_text.rowid", "story_text.rowid")
        } else if let Some(topic) = topics.next() {
            values.push(topic);
            conditions.push_str(" AND first.topic_id = ?1");
            ("story_topic first CROSS JOIN story s ON s.id = first.story_id", "first.story_id")
        } else {
            ("story s", "s.id")
        };
        if search.expression.is_none()
            && let Some(excluded) = &search.excluded
        {
            values.push(excluded);
            let _ = write!(
                conditions,
                " AND s.id NOT IN (SELECT rowid FROM story_text WHERE story_text MATCH ?{})",
                values.len()
            );
        }
        if let Some(within) = &search.within {
            values.push(within);
            let _ = write!(
                conditions,
                " AND EXISTS (SELECT 1 FROM story_topic t
                   WHERE t.story_id = s.id AND t.topic_id IN (SELECT value FROM json_each(?{})))",
                values.len()
            );
        }
        for topic in topics {
            values.push(topic);
            let _ = write!(
                conditions,
                " AND EXISTS (SELECT 1 FROM story_topic t
                   WHERE t.topic_id = ?{} AND t.story_id = s.id)",
                values.len()
            );
        }
        for source in &search.sources {
            values.push(source);
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
        if let Some(oldest) = &oldest {
            values.push(oldest);
            let _ = write!(conditions, " AND {id} >= ?{}", values.len());
        }
        let limit = number(limit);
        values.push(&limit);
        let order = order.replace("{id}", id);
        let sql = format!(
            "SELECT s.id FROM {from} WHERE {conditions} ORDER BY {order} LIMIT ?{}",
            values.len()
        );
        query_all(self.conn, &sql, params_from_iter(values), |r| r.get(0)).context("search")
    }
}

/// The order of the newest stories.
const NEWEST_FIRST: &str = "s.position_ms DESC, s.id DESC";

/// The conditions of a search.
#[derive(Debug, Clone)]
struct Search {
    /// The FTS5 expression; `None`: every story matches.
    expression: Option<String>,
    /// The FTS5 expression of the stories that are excluded, if there is no other expression.
    excluded: Option<String>,
    topics: Vec<String>,
    sources: Vec<String>,
    /// The topics of which a story must be in at least one (JSON).
    within: Option<String>,
}

impl Search {
    fn new(query: &SearchQuery) -> Self {
        let mut topics = query.topics.clone();
        let within = match query.within.as_slice() {
            [] => None,
            [topic] => {
                topics.push(topic.to_string());
                None
            }
            several => Some(json(&several)),
        };
        Self {
            expression: query.expression(),
            excluded: query.excluded_expression(),
            topics,
            sources: query.sources.clone(),
            within,
        }
    }
}
