//! Stories for pages, feeds and listings.

use std::collections::BTreeMap;

use chrono::Datelike as _;
use rusqlite::{OptionalExtension as _, Row, ToSql, params, params_from_iter};

use feed_model::{
    DatePrecision, DecidedBy, Duplicate, EntryKey, Membership, SafeHtml, SourceId, Story,
    StoryEntry, StoryId, TimeZone, Timestamp, TopicId,
    time_zone::{local_date, month_bounds},
};

use crate::store::{
    Reader, StoreError, source_ref,
    sql_values::{self, from_json, from_json_opt, ms, number, time, time_opt},
    statements::query_all,
};

/// A year and month with the number of stories in it.
pub type MonthCount = ((i32, u32), u64);

/// Conditions of a listing of stories.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools)] // independent conditions
pub struct StoryQuery {
    /// Only stories in this topic.
    pub topic: Option<TopicId>,
    /// Only stories with an entry of this source.
    pub source: Option<SourceId>,
    /// The maximum number of stories; `None`: all.
    pub limit: Option<usize>,
    /// The number of stories to skip.
    pub offset: usize,
    /// Only stories that another entry joined.
    pub duplicates: bool,
    /// Only stories with a label.
    pub labelled: bool,
    /// Only stories without a topic.
    pub unsorted: bool,
    /// Only stories that may be published.
    pub public_only: bool,
    /// Only stories of this year and month in this time zone, by the publisher's date. Stories
    /// without a date or with a date in the future count by the time at which they were first
    /// stored.
    pub month: Option<((i32, u32), TimeZone)>,
}

impl StoryQuery {
    /// Returns the condition of a `WHERE` clause and the values of its parameters.
    fn conditions(&self) -> (String, Vec<Box<dyn ToSql>>) {
        let mut sql = String::from("s.removed_ms IS NULL");
        let mut values: Vec<Box<dyn ToSql>> = Vec::new();
        let mut add = |condition: &str, value: Box<dyn ToSql>| {
            values.push(value);
            sql.push_str(" AND ");
            sql.push_str(&condition.replace('?', &format!("?{}", values.len())));
        };
        if let Some(topic) = &self.topic {
            // A month has few stories: each is looked up. Otherwise the topic is the driving table.
            let lookup =
                "EXISTS (SELECT 1 FROM story_topic t WHERE t.topic_id = ? AND t.story_id = s.id)";
            let list = "s.id IN (SELECT story_id FROM story_topic WHERE topic_id = ?)";
            add(if self.month.is_some() { lookup } else { list }, Box::new(topic.to_string()));
        }
        if let Some(source) = &self.source {
            add(
                "s.id IN (SELECT story_id FROM entry WHERE source_id = ?)",
                Box::new(source.to_string()),
            );
        }
        if let Some((month, zone)) = self.month {
            // There are no stories in a month that does not exist.
            let nowhere = (Timestamp::MAX_UTC, Timestamp::MIN_UTC);
            let local = month_bounds(month, zone).unwrap_or(nowhere);
            let utc = month_bounds(month, TimeZone::UTC).unwrap_or(nowhere);
            // The index finds the stories of both.
            add(&format!("{DATE} >= ?"), Box::new(ms(local.0.min(utc.0))));
            add(&format!("{DATE} < ?"), Box::new(ms(local.1.max(utc.1))));
            if local != utc {
                let starts = (ms(utc.0), ms(local.0));
                add(&format!("{DATE} >= iif({IS_DAY}, ?, {})", starts.1), Box::new(starts.0));
                let ends = (ms(utc.1), ms(local.1));
                add(&format!("{DATE} < iif({IS_DAY}, ?, {})", ends.1), Box::new(ends.0));
            }
        }
        if self.duplicates {
            sql.push_str(
                " AND EXISTS (SELECT 1 FROM entry d
                               WHERE d.story_id = s.id AND d.join_reason IS NOT NULL)",
            );
        }
        if self.labelled {
            sql.push_str(" AND s.id IN (SELECT story_id FROM label)");
        }
        if self.unsorted {
            sql.push_str(
                " AND NOT EXISTS (SELECT 1 FROM story_topic t
                                   WHERE t.story_id = s.id AND t.topic_id <> 'all')",
            );
        }
        if self.public_only {
            sql.push_str(" AND s.public = 1");
        }
        (sql, values)
    }
}

/// The date that assigns a story `s` to a month; the expression of the index `story_date`.
const DATE: &str = "min(coalesce(s.published_ms, s.first_published_ms), s.first_published_ms)";

/// Whether [`DATE`] is a publisher's date without a time of day, which is the same in every zone.
const IS_DAY: &str = "(s.published_precision IN ('day', 'month')
                       AND s.published_ms <= s.first_published_ms)";

impl Reader<'_> {
    /// Returns stories, newest position first.
    pub fn stories(&self, query: &StoryQuery) -> Result<Vec<Story>, StoreError> {
        let (conditions, mut values) = query.conditions();
        values.push(Box::new(query.limit.map_or(-1, number)));
        values.push(Box::new(number(query.offset)));
        let (limit, offset) = (values.len() - 1, values.len());
        // With a month, `+` keeps SQLite from using the index on position_ms, so that it finds the
        // stories by the index on their date and sorts them.
        let position = if query.month.is_some() { "+s.position_ms" } else { "s.position_ms" };
        let tail = format!(
            "WHERE {conditions} ORDER BY {position} DESC, s.id DESC LIMIT ?{limit} OFFSET ?{offset}"
        );
        self.select(&tail, &values)
    }

    /// Returns the number of stories of a query, without its limit and offset.
    pub fn count_stories(&self, query: &StoryQuery) -> Result<u64, StoreError> {
        let (conditions, values) = query.conditions();
        let mut statement = self
            .conn
            .prepare_cached(&format!("SELECT count(*) FROM story s WHERE {conditions}"))?;
        Ok(statement.query_row(params_from_iter(values.iter()), |r| r.get(0))?)
    }

    /// Returns one story; `None` if there is none or it was removed.
    pub fn story(&self, id: StoryId) -> Result<Option<Story>, StoreError> {
        Ok(self.select("WHERE s.id = ?1 AND s.removed_ms IS NULL", &[Box::new(id.0)])?.pop())
    }

    /// Returns the story with this id, published id or link. A link may differ in scheme, `www.`
    /// and tracking parameters.
    pub fn find_story(&self, id_or_link: &str) -> Result<Option<StoryId>, StoreError> {
        let text = id_or_link.trim();
        if let Ok(id) = text.parse::<i64>() {
            let mut statement = self
                .conn
                .prepare_cached("SELECT id FROM story WHERE id = ?1 AND removed_ms IS NULL")?;
            return Ok(statement.query_row([id], |r| r.get(0)).optional()?.map(StoryId));
        }
        let mut statement = self.conn.prepare_cached(
            "SELECT s.id FROM story s WHERE s.removed_ms IS NULL AND (s.published_id = ?1
               OR s.id IN (SELECT story_id FROM entry
                            WHERE canonical_url = ?2 OR url = ?1 OR guid = ?1))
             ORDER BY s.published_id = ?1 DESC, s.id LIMIT 1",
        )?;
        Ok(statement
            .query_row(params![text, entry_identity::canonical_link(text)], |r| r.get(0))
            .optional()?
            .map(StoryId))
    }

    /// Returns the newest story with an entry of exactly this title.
    pub fn find_story_by_title(&self, title: &str) -> Result<Option<StoryId>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT s.id FROM story s JOIN entry e ON e.story_id = s.id
              WHERE e.title = ?1 AND s.removed_ms IS NULL ORDER BY s.id DESC LIMIT 1",
        )?;
        Ok(statement.query_row([title.trim()], |r| r.get(0)).optional()?.map(StoryId))
    }

    /// Returns the public stories in the windows of the topics, each once, newest position first:
    /// as many as the largest of the windows has, or `limit` if that is more.
    pub fn window(&self, topics: &[TopicId], limit: usize) -> Result<Vec<Story>, StoreError> {
        let mut largest = limit;
        let mut parameters = Vec::new();
        let mut values: Vec<Box<dyn ToSql>> = Vec::new();
        for topic in topics {
            let mut statement = self.conn.prepare_cached(
                "SELECT count(*) FROM story_topic st JOIN story s ON s.id = st.story_id
                  WHERE st.topic_id = ?1 AND st.in_window = 1
                    AND s.public = 1 AND s.removed_ms IS NULL",
            )?;
            largest = largest.max(statement.query_row([topic.as_str()], |r| r.get(0))?);
            values.push(Box::new(topic.to_string()));
            parameters.push(format!("?{}", values.len()));
        }
        values.push(Box::new(number(largest)));
        let (parameters, limit) = (parameters.join(", "), values.len());
        self.select(
            &format!(
                "WHERE s.public = 1 AND s.removed_ms IS NULL
                   AND s.id IN (SELECT story_id FROM story_topic
                                 WHERE in_window = 1 AND topic_id IN ({parameters}))
                 ORDER BY s.position_ms DESC, s.id DESC LIMIT ?{limit}"
            ),
            &values,
        )
    }

    /// Returns the number of public stories of each month, newest month first, of a topic or of
    /// all topics. See [`StoryQuery::month`] for the month of a story.
    pub fn months(
        &self,
        topic: Option<&TopicId>,
        zone: TimeZone,
    ) -> Result<Vec<MonthCount>, StoreError> {
        let all = TopicId::all();
        let ids = "SELECT story_id FROM story_topic WHERE topic_id = ?1";
        self.months_of(ids, topic.unwrap_or(&all).as_str(), zone)
    }

    /// Returns the number of public stories of each month, newest month first, with an entry of a
    /// source.
    pub fn source_months(
        &self,
        source: &SourceId,
        zone: TimeZone,
    ) -> Result<Vec<MonthCount>, StoreError> {
        let ids = "SELECT DISTINCT story_id FROM entry WHERE source_id = ?1";
        self.months_of(ids, source.as_str(), zone)
    }

    /// Counts the stories with the ids of a query, which has one parameter.
    fn months_of(
        &self,
        ids: &str,
        parameter: &str,
        zone: TimeZone,
    ) -> Result<Vec<MonthCount>, StoreError> {
        // The months of every zone begin with a quarter of an hour.
        let sql = format!(
            "SELECT {DATE} / 900000 AS quarter, {IS_DAY} IS TRUE AS is_day, count(*)
               FROM ({ids}) member JOIN story s ON s.id = member.story_id
              WHERE s.public = 1 AND s.removed_ms IS NULL
              GROUP BY quarter, is_day"
        );
        let quarters: Vec<(i64, bool, u64)> =
            query_all(self.conn, &sql, [parameter], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
        let mut months: BTreeMap<(i32, u32), u64> = BTreeMap::new();
        for (quarter, is_day, count) in quarters {
            let precision = is_day.then_some(DatePrecision::Day);
            let date = local_date(time(quarter * 900_000), precision, zone);
            *months.entry((date.year(), date.month())).or_default() += count;
        }
        Ok(months.into_iter().rev().collect())
    }

    /// Returns the ids of all stories that were not removed, newest position first.
    pub fn story_ids(&self) -> Result<Vec<StoryId>, StoreError> {
        Ok(query_all(
            self.conn,
            "SELECT id FROM story WHERE removed_ms IS NULL ORDER BY position_ms DESC, id DESC",
            [],
            |r| Ok(StoryId(r.get(0)?)),
        )?)
    }

    /// Returns complete stories. `tail` is the part of the query after the `FROM` clause.
    pub(in crate::store) fn select(
        &self,
        tail: &str,
        values: &[Box<dyn ToSql>],
    ) -> Result<Vec<Story>, StoreError> {
        let sql = format!(
            "SELECT s.id, s.published_id, s.position_ms, s.first_published_ms, s.published_ms,
                    s.published_precision, s.updated_ms, s.public,
                    EXISTS (SELECT 1 FROM label l WHERE l.story_id = s.id) AS labelled,
                    coalesce(src.content_policy,
                      CASE WHEN src.follow_mode = 'feed' THEN 'full' ELSE 'summary' END) AS policy,
                    e.title, e.url, e.authors, e.language, e.categories, e.enclosures, e.image,
                    e.rights, e.license, e.related, e.comments_on, e.origin, e.excerpt, e.summary,
                    e.content,
                    {}
               FROM story s JOIN entry e ON e.id = s.representative_entry
               JOIN source src ON src.id = e.source_id {tail}",
            source_ref::COLUMNS
        );
        let mut stories =
            query_all(self.conn, &sql, params_from_iter(values.iter()), story_of_row)?;
        for story in &mut stories {
            story.topics = self.memberships(story.id)?;
            (story.sources, story.duplicates) = self.entries_of(story.id)?;
        }
        Ok(stories)
    }

    fn memberships(&self, story: StoryId) -> Result<Vec<Membership>, StoreError> {
        Ok(query_all(
            self.conn,
            "SELECT st.topic_id, st.score, st.reasons, st.by_label
               FROM story_topic st JOIN topic t ON t.id = st.topic_id
              WHERE st.story_id = ?1 AND t.ordinal IS NOT NULL ORDER BY t.ordinal",
            [story.0],
            |r| {
                Ok(Membership {
                    id: sql_values::topic_id(r, "topic_id")?,
                    score: r.get("score")?,
                    because: from_json(r, "reasons")?,
                    by: if r.get("by_label")? { DecidedBy::Label } else { DecidedBy::Rule },
                })
            },
        )?)
    }

    /// Returns the entries of a story, and those of them that joined it later.
    fn entries_of(&self, story: StoryId) -> Result<(Vec<StoryEntry>, Vec<Duplicate>), StoreError> {
        // An entry that the last document had was also seen by the 304 responses after it.
        let rows = query_all(
            self.conn,
            "SELECT e.source_id, e.key, e.key_from, e.guid, e.url, e.title, e.published_ms,
                    e.first_seen_ms, e.join_reason,
                    CASE WHEN e.last_seen_ms >= coalesce(src.last_document_ms, 0)
                         THEN max(e.last_seen_ms, coalesce(src.last_success_ms, 0))
                         ELSE e.last_seen_ms END AS last_seen_ms,
                    coalesce(src.title_override, src.feed_title, src.id) AS source_title,
                    src.public
               FROM entry e JOIN source src ON src.id = e.source_id
              WHERE e.story_id = ?1 ORDER BY e.first_seen_ms, e.id",
            [story.0],
            |r| {
                let key = EntryKey(r.get("key")?);
                let source = sql_values::source_id(r, "source_id")?;
                let duplicate = r
                    .get::<_, Option<String>>("join_reason")?
                    .map(|because| Duplicate { source: source.clone(), key: key.clone(), because });
                let entry = StoryEntry {
                    source,
                    source_title: r.get("source_title")?,
                    key,
                    key_from: r.get("key_from")?,
                    guid: r.get("guid")?,
                    url: r.get("url")?,
                    title: r.get("title")?,
                    published: time_opt(r, "published_ms")?,
                    first_seen: time(r.get("first_seen_ms")?),
                    last_seen: time(r.get("last_seen_ms")?),
                    public: r.get("public")?,
                };
                Ok((entry, duplicate))
            },
        )?;
        let (entries, duplicates): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        Ok((entries, duplicates.into_iter().flatten().collect()))
    }
}

fn story_of_row(row: &Row<'_>) -> rusqlite::Result<Story> {
    let policy: String = row.get("policy")?;
    let html = |column| {
        Ok::<_, rusqlite::Error>(
            row.get::<_, Option<String>>(column)?.map(SafeHtml::from_sanitised),
        )
    };
    let precision: Option<String> = row.get("published_precision")?;
    let mut related: Vec<String> = from_json(row, "related")?;
    let comments_on: Option<String> = row.get("comments_on")?;
    related
        .extend(comments_on.filter(|url| !related.contains(url)).into_iter().collect::<Vec<_>>());
    Ok(Story {
        id: StoryId(row.get("id")?),
        published_id: row.get("published_id")?,
        title: row.get::<_, Option<String>>("title")?.unwrap_or_default(),
        url: row.get("url")?,
        authors: from_json(row, "authors")?,
        published: time_opt(row, "published_ms")?,
        published_precision: precision.as_deref().map(DatePrecision::from_stored),
        updated: time(row.get("updated_ms")?),
        first_published: time(row.get("first_published_ms")?),
        position: time(row.get("position_ms")?),
        summary: if policy == "none" { None } else { html("summary")? },
        content: if policy == "full" { html("content")? } else { None },
        summary_text: row.get("excerpt")?,
        language: row.get("language")?,
        categories: from_json(row, "categories")?,
        enclosures: from_json(row, "enclosures")?,
        image: row.get("image")?,
        rights: row.get("rights")?,
        license: row.get("license")?,
        related,
        origin: from_json_opt(row, "origin")?,
        source: source_ref::of_row(row)?,
        topics: Vec::new(),
        sources: Vec::new(),
        duplicates: Vec::new(),
        labelled: row.get("labelled")?,
        public: row.get("public")?,
    })
}
