//! Stories, topics and sources as they are shown: the reading half.

use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params, params_from_iter};

use super::{
    StoreError, source_ref,
    sources::number,
    sql_values::{self, from_json, from_json_opt, time, time_opt},
};
use feed_model::{
    DatePrecision, DecidedBy, Duplicate, EntryKey, Membership, SafeHtml, SourceId, Story,
    StoryEntry, StoryId, TopicId, TopicState,
};

/// A year and month (UTC), and how many stories it has.
pub type MonthCount = ((i32, u32), u64);

/// One consistent snapshot of the state.
#[derive(Debug)]
pub struct Reader<'c> {
    pub(super) conn: &'c Connection,
}

/// Which stories are asked for.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools)] // conditions, each on or off by itself
pub struct StoryQuery {
    /// In this topic.
    pub topic: Option<TopicId>,
    /// With an entry of this source.
    pub source: Option<SourceId>,
    /// At most so many; `None`: all.
    pub limit: Option<usize>,
    /// So many are passed over first.
    pub offset: usize,
    /// Only stories that absorbed an entry.
    pub duplicates: bool,
    /// Only stories with a person's label.
    pub labelled: bool,
    /// Only stories in no topic.
    pub unsorted: bool,
    /// Only stories that may be published.
    pub public_only: bool,
    /// Only stories of this year and month (UTC): the publisher's date, else the first storing,
    /// which also counts for a date that lies ahead.
    pub month: Option<(i32, u32)>,
}

impl StoryQuery {
    /// The conditions of a `WHERE`, and their values.
    fn conditions(&self) -> (String, Vec<Box<dyn ToSql>>) {
        let mut sql = String::from("s.removed_ms IS NULL");
        let mut values: Vec<Box<dyn ToSql>> = Vec::new();
        let mut add = |condition: &str, value: Box<dyn ToSql>| {
            values.push(value);
            sql.push_str(" AND ");
            sql.push_str(&condition.replace('?', &format!("?{}", values.len())));
        };
        if let Some(topic) = &self.topic {
            // Those of a month are few, and looked up one by one; else the topic leads.
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
        if let Some((year, month)) = self.month {
            add(&format!("{DATE} >= ?"), Box::new(month_ms(year, month)));
            let next = if month < 12 {
                month_ms(year, month + 1)
            } else {
                month_ms(year.saturating_add(1), 1)
            };
            add(&format!("{DATE} < ?"), Box::new(next));
        }
        if self.duplicates {
            sql.push_str(" AND EXISTS (SELECT 1 FROM entry d WHERE d.story_id = s.id AND d.join_reason IS NOT NULL)");
        }
        if self.labelled {
            sql.push_str(" AND s.id IN (SELECT story_id FROM label)");
        }
        if self.unsorted {
            sql.push_str(" AND NOT EXISTS (SELECT 1 FROM story_topic t WHERE t.story_id = s.id AND t.topic_id <> 'all')");
        }
        if self.public_only {
            sql.push_str(" AND s.public = 1");
        }
        (sql, values)
    }
}

/// The date that puts a story `s` into a month.
const DATE: &str = "min(coalesce(s.published_ms, s.first_published_ms), s.first_published_ms)";

/// The first instant of a month (UTC); a month that there is not has none before it.
fn month_ms(year: i32, month: u32) -> i64 {
    let day = chrono::NaiveDate::from_ymd_opt(year, month, 1).unwrap_or(chrono::NaiveDate::MAX);
    day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis()
}

impl Reader<'_> {
    /// A fact about the database as a whole.
    pub(super) fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        let mut statement = self.conn.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
        Ok(statement.query_row([key], |r| r.get(0)).optional()?)
    }

    /// Stories, newest position first.
    pub fn stories(&self, query: &StoryQuery) -> Result<Vec<Story>, StoreError> {
        let (conditions, mut values) = query.conditions();
        values.push(Box::new(query.limit.map_or(-1, number)));
        values.push(Box::new(number(query.offset)));
        let (limit, offset) = (values.len() - 1, values.len());
        // The stories of a month are found by their date and put in order then: the order's own
        // index would lead by all others.
        let position = if query.month.is_some() { "+s.position_ms" } else { "s.position_ms" };
        self.select(&format!("WHERE {conditions} ORDER BY {position} DESC, s.id DESC LIMIT ?{limit} OFFSET ?{offset}"), &values)
    }

    /// How many stories a query finds, whatever its limit and offset.
    pub fn count_stories(&self, query: &StoryQuery) -> Result<u64, StoreError> {
        let (conditions, values) = query.conditions();
        let mut statement = self
            .conn
            .prepare_cached(&format!("SELECT count(*) FROM story s WHERE {conditions}"))?;
        Ok(statement.query_row(params_from_iter(values.iter()), |r| r.get(0))?)
    }

    /// One story.
    pub fn story(&self, id: StoryId) -> Result<Option<Story>, StoreError> {
        Ok(self.select("WHERE s.id = ?1 AND s.removed_ms IS NULL", &[Box::new(id.0)])?.pop())
    }

    /// The story that an id, a published id or a link names; a link may differ in scheme, `www.`
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
               OR s.id IN (SELECT story_id FROM entry WHERE canonical_url = ?2 OR url = ?1 OR guid = ?1))
             ORDER BY s.published_id = ?1 DESC, s.id LIMIT 1",
        )?;
        Ok(statement
            .query_row(params![text, entry_identity::canonical_link(text)], |r| r.get(0))
            .optional()?
            .map(StoryId))
    }

    /// The newest story with an entry of exactly this title.
    pub fn find_story_by_title(&self, title: &str) -> Result<Option<StoryId>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT s.id FROM story s JOIN entry e ON e.story_id = s.id WHERE e.title = ?1 AND s.removed_ms IS NULL ORDER BY s.id DESC LIMIT 1",
        )?;
        Ok(statement.query_row([title.trim()], |r| r.get(0)).optional()?.map(StoryId))
    }

    /// The public stories in the windows of the topics, each once, newest position first. Of
    /// several windows together there are as many as the largest of them or `limit` may hold.
    pub fn window(&self, topics: &[TopicId], limit: usize) -> Result<Vec<Story>, StoreError> {
        let mut most = limit;
        let mut marks = Vec::new();
        let mut values: Vec<Box<dyn ToSql>> = Vec::new();
        for topic in topics {
            let mut statement = self.conn.prepare_cached(
                "SELECT count(*) FROM story_topic st JOIN story s ON s.id = st.story_id
                  WHERE st.topic_id = ?1 AND st.in_window = 1 AND s.public = 1 AND s.removed_ms IS NULL",
            )?;
            most = most.max(statement.query_row([topic.as_str()], |r| r.get(0))?);
            values.push(Box::new(topic.to_string()));
            marks.push(format!("?{}", values.len()));
        }
        values.push(Box::new(number(most)));
        let (marks, limit) = (marks.join(", "), values.len());
        self.select(
            &format!(
                "WHERE s.public = 1 AND s.removed_ms IS NULL
                   AND s.id IN (SELECT story_id FROM story_topic WHERE in_window = 1 AND topic_id IN ({marks}))
                 ORDER BY s.position_ms DESC, s.id DESC LIMIT ?{limit}"
            ),
            &values,
        )
    }

    /// Every topic of feeds.toml, in its order; `all` is not among them.
    pub fn topics(&self) -> Result<Vec<TopicState>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT t.id, t.title, t.description, count(s.id) AS stories, max(s.first_published_ms) AS latest
               FROM topic t LEFT JOIN story_topic st ON st.topic_id = t.id
               LEFT JOIN story s ON s.id = st.story_id AND s.removed_ms IS NULL AND s.public = 1
              WHERE t.ordinal IS NOT NULL GROUP BY t.id ORDER BY t.ordinal",
        )?;
        let rows = statement.query_map([], |r| {
            Ok(TopicState {
                id: sql_values::topic_id(r, "id")?,
                title: r.get("title")?,
                description: r.get("description")?,
                stories: r.get("stories")?,
                latest: time_opt(r, "latest")?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The ids of topics that were in feeds.toml once and are not any more.
    pub fn retired_topics(&self) -> Result<Vec<TopicId>, StoreError> {
        let mut statement =
            self.conn.prepare_cached("SELECT id FROM topic WHERE ordinal IS NULL ORDER BY id")?;
        let rows = statement.query_map([], |r| sql_values::topic_id(r, "id"))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Public stories per (year, month) of their date (the publisher's, else the first storing,
    /// which also counts for a date that lies ahead), newest month first; of one topic, or of all.
    pub fn months(&self, topic: Option<&TopicId>) -> Result<Vec<MonthCount>, StoreError> {
        let all = TopicId::all();
        let mut statement = self.conn.prepare_cached(&format!(
            "SELECT CAST(strftime('%Y', {DATE} / 1000, 'unixepoch') AS INTEGER) AS y,
                    CAST(strftime('%m', {DATE} / 1000, 'unixepoch') AS INTEGER) AS m, count(*)
               FROM story_topic st JOIN story s ON s.id = st.story_id
              WHERE st.topic_id = ?1 AND s.public = 1 AND s.removed_ms IS NULL GROUP BY y, m ORDER BY y DESC, m DESC"
        ))?;
        let rows = statement.query_map([topic.unwrap_or(&all).as_str()], |r| {
            Ok(((r.get(0)?, r.get(1)?), r.get(2)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The topics that share the most public stories with a topic, with their number.
    pub fn neighbours(
        &self,
        topic: &TopicId,
        limit: usize,
    ) -> Result<Vec<(TopicId, u64)>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT o.topic_id AS id, count(*) FROM story_topic t JOIN story_topic o ON o.story_id = t.story_id
               JOIN topic n ON n.id = o.topic_id JOIN story s ON s.id = t.story_id
              WHERE t.topic_id = ?1 AND o.topic_id <> ?1 AND n.ordinal IS NOT NULL AND s.public = 1 AND s.removed_ms IS NULL
              GROUP BY o.topic_id ORDER BY 2 DESC, n.ordinal LIMIT ?2",
        )?;
        let rows = statement.query_map(params![topic.as_str(), number(limit)], |r| {
            Ok((sql_values::topic_id(r, "id")?, r.get(1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Reads whole stories: `tail` is everything behind `FROM`.
    pub(super) fn select(
        &self,
        tail: &str,
        values: &[Box<dyn ToSql>],
    ) -> Result<Vec<Story>, StoreError> {
        let sql = format!(
            "SELECT s.id, s.published_id, s.position_ms, s.first_published_ms, s.published_ms, s.published_precision, s.updated_ms,
                    s.public, EXISTS (SELECT 1 FROM label l WHERE l.story_id = s.id) AS labelled,
                    coalesce(src.content_policy, CASE WHEN src.follow_mode = 'feed' THEN 'full' ELSE 'summary' END) AS policy,
                    e.title, e.url, e.authors, e.language, e.categories, e.enclosures, e.image, e.rights, e.related, e.comments_on, e.origin,
                    e.excerpt, e.summary, e.content, {}
               FROM story s JOIN entry e ON e.id = s.representative_entry JOIN source src ON src.id = e.source_id {tail}",
            source_ref::COLUMNS
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let stories = statement.query_map(params_from_iter(values.iter()), story_of_row)?;
        let mut stories: Vec<Story> = stories.collect::<Result<_, _>>()?;
        for story in &mut stories {
            story.topics = self.memberships(story.id)?;
            (story.sources, story.duplicates) = self.entries_of(story.id)?;
        }
        Ok(stories)
    }

    fn memberships(&self, story: StoryId) -> Result<Vec<Membership>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT st.topic_id, st.score, st.reasons, st.by_label FROM story_topic st JOIN topic t ON t.id = st.topic_id
              WHERE st.story_id = ?1 AND t.ordinal IS NOT NULL ORDER BY t.ordinal",
        )?;
        let rows = statement.query_map([story.0], |r| {
            Ok(Membership {
                id: sql_values::topic_id(r, "topic_id")?,
                score: r.get("score")?,
                because: from_json(r, "reasons")?,
                by: if r.get("by_label")? { DecidedBy::Label } else { DecidedBy::Rule },
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn entries_of(&self, story: StoryId) -> Result<(Vec<StoryEntry>, Vec<Duplicate>), StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT e.source_id, e.key, e.key_from, e.guid, e.url, e.title, e.published_ms, e.first_seen_ms, e.join_reason,
                    CASE WHEN e.last_seen_ms >= coalesce(src.last_document_ms, 0) THEN max(e.last_seen_ms, coalesce(src.last_success_ms, 0))
                         ELSE e.last_seen_ms END AS last_seen_ms,
                    coalesce(src.title_override, src.feed_title, src.id) AS source_title,
                    src.public
               FROM entry e JOIN source src ON src.id = e.source_id WHERE e.story_id = ?1 ORDER BY e.first_seen_ms, e.id",
        )?;
        let rows =
            statement.query_map([story.0], |r| {
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
            })?;
        let rows: Vec<(StoryEntry, Option<Duplicate>)> = rows.collect::<Result<_, _>>()?;
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
    related.extend(
        row.get::<_, Option<String>>("comments_on")?
            .filter(|about| !related.contains(about))
            .into_iter()
            .collect::<Vec<_>>(),
    );
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
