//! Which topics a story is in: the rules' classification or a person's label, stored with its
//! reasons.

use std::{collections::BTreeSet, time::Duration};

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    StoreError,
    error::SqlContext as _,
    sql_values::{self, from_json, ms, time},
};
use feed_model::{Category, NonMembership, Person, SafeHtml, Story, Timestamp, TopicId};
use topic_rules::{Classification, Reason, Rules, StoryFields};

/// Why a story is sorted (again): it decides whether a topic's window takes it in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClassifyTrigger {
    /// The story is new.
    Arrival,
    /// What it says changed, or another entry joined.
    Edit,
    /// The rules changed.
    Rules,
    /// A person said so.
    Label,
}

/// Everything of a story that rules look at, as it is stored.
pub(super) struct ClassifierInput {
    pub(super) title: String,
    categories: Vec<String>,
    summary: Option<String>,
    text: String,
    authors: Vec<String>,
    url: Option<String>,
    sources: Vec<String>,
    language: Option<String>,
    position: Timestamp,
    age_from: Timestamp,
}

/// How much of a story's text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextExtent {
    /// All of it.
    Whole,
    /// As much as holds its first words.
    Beginning,
}

/// So much of a text's HTML holds its first words, in bytes.
const BEGINNING_BYTES: usize = 6000;

impl TextExtent {
    /// The part of some HTML, which ends with a whole tag.
    fn of(self, html: String) -> String {
        if self == Self::Whole || html.len() <= BEGINNING_BYTES {
            return html;
        }
        let beginning = &html[..html.floor_char_boundary(BEGINNING_BYTES)];
        beginning.rfind('>').map_or(beginning, |end| &beginning[..=end]).to_owned()
    }
}

impl ClassifierInput {
    /// Reads it; `None` for a story that is gone.
    pub(super) fn load(conn: &Connection, story: i64) -> Result<Option<Self>, StoreError> {
        Self::load_extent(conn, story, TextExtent::Whole)
    }

    /// Reads it with so much of its text.
    pub(super) fn load_extent(
        conn: &Connection,
        story: i64,
        extent: TextExtent,
    ) -> Result<Option<Self>, StoreError> {
        let shown = conn
            .prepare_cached(
                "SELECT e.title, e.summary, e.content, e.authors, e.url, e.language, s.position_ms, s.first_published_ms, s.published_ms
                   FROM story s JOIN entry e ON e.id = s.representative_entry WHERE s.id = ?1 AND s.removed_ms IS NULL",
            )?
            .query_row([story], |r| {
                let html = |column| {
                    let stored: Option<String> = r.get(column)?;
                    Ok::<_, rusqlite::Error>(stored.map(|html| SafeHtml::from_sanitised(extent.of(html))))
                };
                let authors: Vec<Person> = from_json(r, "authors")?;
                let published: Option<i64> = r.get("published_ms")?;
                Ok(Self {
                    title: r.get::<_, Option<String>>("title")?.unwrap_or_default(),
                    categories: Vec::new(),
                    summary: html("summary")?.map(|s| feed_parser::prose(&s)),
                    text: html("content")?.map(|c| feed_parser::prose(&c)).unwrap_or_default(),
                    authors: authors.into_iter().map(|p| p.name).collect(),
                    url: r.get("url")?,
                    sources: Vec::new(),
                    language: r.get("language")?,
                    position: time(r.get("position_ms")?),
                    age_from: time(published.unwrap_or(r.get("first_published_ms")?)),
                })
            })
            .optional()?;
        let Some(mut subject) = shown else {
            return Ok(None);
        };
        // The publisher's categories of every entry count: an index files a post that the post
        // itself does not. For a story that is published only public entries speak: a topic or its
        // reason would tell of the others.
        let mut statement = conn.prepare_cached(
            "SELECT e.source_id, e.categories FROM entry e JOIN source src ON src.id = e.source_id JOIN story s ON s.id = e.story_id
              WHERE e.story_id = ?1 AND (s.public = 0 OR src.public) ORDER BY e.id",
        )?;
        let rows = statement.query_map([story], |r| {
            Ok((r.get::<_, String>(0)?, from_json::<Vec<Category>>(r, "categories")?))
        })?;
        for row in rows {
            let (source, categories) = row?;
            if !subject.sources.contains(&source) {
                subject.sources.push(source);
            }
            for category in categories.into_iter().filter(|category| !category.is_reading_time()) {
                for term in [Some(category.term), category.label].into_iter().flatten() {
                    if !subject.categories.contains(&term) {
                        subject.categories.push(term);
                    }
                }
            }
        }
        Ok(Some(subject))
    }

    /// What the rules say, one classification for each topic.
    pub(super) fn classify(&self, rules: &Rules) -> Vec<Classification> {
        rules.classify(&self.fields(&self.lists()))
    }

    /// Its lists, as [`StoryFields`] borrow them.
    pub(super) fn lists(&self) -> FieldLists<'_> {
        FieldLists {
            categories: self.categories.iter().map(String::as_str).collect(),
            authors: self.authors.iter().map(String::as_str).collect(),
            sources: self.sources.iter().map(String::as_str).collect(),
        }
    }

    /// What rules look at.
    pub(super) fn fields<'s>(&'s self, lists: &'s FieldLists<'s>) -> StoryFields<'s> {
        StoryFields {
            title: &self.title,
            categories: &lists.categories,
            summary: self.summary.as_deref(),
            text: &self.text,
            authors: &lists.authors,
            url: self.url.as_deref(),
            sources: &lists.sources,
            language: self.language.as_deref(),
        }
    }
}

/// The lists of a [`ClassifierInput`], borrowed.
pub(super) struct FieldLists<'s> {
    categories: Vec<&'s str>,
    authors: Vec<&'s str>,
    sources: Vec<&'s str>,
}

/// One topic that a story is to be in.
struct TopicAssignment {
    topic: String,
    by_label: bool,
    score: f64,
    because: Vec<String>,
}

/// Sorts a story into its topics; the topics whose windows may have changed are added to
/// `changed_topics`.
pub(super) fn classify(
    conn: &Connection,
    story: i64,
    rules: &Rules,
    cause: ClassifyTrigger,
    now: Timestamp,
    changed_topics: &mut BTreeSet<String>,
) -> Result<(), StoreError> {
    let Some(subject) = ClassifierInput::load(conn, story)? else {
        return Ok(());
    };
    let classifications = subject.classify(rules);
    let mut assignments = vec![TopicAssignment {
        topic: TopicId::ALL.into(),
        by_label: false,
        score: 0.0,
        because: Vec::new(),
    }];
    match label(conn, story)? {
        Some(topics) => assignments.extend(topics.into_iter().map(|topic| {
            let score =
                classifications.iter().find(|v| v.topic.as_str() == topic).map_or(0.0, |v| v.score);
            TopicAssignment {
                topic,
                by_label: true,
                score,
                because: vec!["a person's label".into()],
            }
        })),
        None => assignments.extend(classifications.into_iter().filter(|v| v.is_member).map(|v| {
            TopicAssignment {
                topic: v.topic.to_string(),
                by_label: false,
                score: v.score,
                because: v.reasons.iter().map(Reason::to_string).collect(),
            }
        })),
    }
    let before: Vec<String> = topics_with_all(conn, story)?;
    for topic in before.iter().filter(|id| !assignments.iter().any(|w| w.topic == **id)) {
        conn.prepare_cached("DELETE FROM story_topic WHERE story_id = ?1 AND topic_id = ?2")?
            .execute(params![story, topic])?;
        changed_topics.insert(topic.clone());
    }
    for assignment in &assignments {
        // A person's word also shows what a changed rule had kept out of the window.
        let shows = assignment.by_label && cause == ClassifyTrigger::Label;
        if shows || !before.contains(&assignment.topic) {
            changed_topics.insert(assignment.topic.clone());
        }
        let in_window = assignment.topic == TopicId::ALL
            || enters_window(conn, assignment, cause, &subject, now)?;
        conn.prepare_cached(
            "INSERT INTO story_topic (topic_id, story_id, position_ms, in_window, by_label, score, reasons, in_archive) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7,
               EXISTS (SELECT 1 FROM archive_story WHERE topic_id = ?1 AND story_id = ?2))
             ON CONFLICT (topic_id, story_id) DO UPDATE SET by_label = excluded.by_label, score = excluded.score, reasons = excluded.reasons,
               in_window = max(in_window, ?8)
             WHERE by_label <> excluded.by_label OR score <> excluded.score OR reasons <> excluded.reasons OR in_window < ?8",
        )?
        .execute(params![
            assignment.topic,
            story,
            ms(subject.position),
            in_window,
            assignment.by_label,
            assignment.score,
            sql_values::json(&assignment.because),
            shows
        ])?;
    }
    conn.prepare_cached("UPDATE story SET rules_fingerprint = ?2 WHERE id = ?1")?
        .execute(params![story, rules.fingerprint()])?;
    Ok(())
}

/// Whether a story that enters a topic may appear in its window. Nobody is told anew of an old
/// story because a rule changed; a topic that is new itself is filled.
fn enters_window(
    conn: &Connection,
    assignment: &TopicAssignment,
    cause: ClassifyTrigger,
    subject: &ClassifierInput,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if assignment.by_label || matches!(cause, ClassifyTrigger::Arrival | ClassifyTrigger::Label) {
        return Ok(true);
    }
    let topic: Option<(bool, u64)> = conn
        .prepare_cached("SELECT filled, announce_within_s FROM topic WHERE id = ?1")?
        .query_row([&assignment.topic], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    Ok(topic.is_none_or(|(filled, within_s)| {
        let age = (now - subject.age_from).to_std().unwrap_or(Duration::ZERO);
        !filled || age < Duration::from_secs(within_s)
    }))
}

/// A person's label: the topics of feeds.toml that it names.
pub(super) fn label(conn: &Connection, story: i64) -> Result<Option<Vec<String>>, StoreError> {
    let named: Option<Vec<String>> = conn
        .prepare_cached("SELECT topics FROM label WHERE story_id = ?1")?
        .query_row([story], |r| from_json(r, "topics"))
        .optional()?;
    let Some(named) = named else { return Ok(None) };
    let mut known = Vec::new();
    for topic in named {
        let there: bool = conn
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM topic WHERE id = ?1 AND ordinal IS NOT NULL)",
            )?
            .query_row([&topic], |r| r.get(0))?;
        if there {
            known.push(topic);
        }
    }
    Ok(Some(known))
}

/// The topics that a story is in, without `all`.
pub(super) fn topics_of(conn: &Connection, story: i64) -> Result<Vec<String>, StoreError> {
    Ok(topics_with_all(conn, story)?.into_iter().filter(|id| id != TopicId::ALL).collect())
}

fn topics_with_all(conn: &Connection, story: i64) -> Result<Vec<String>, StoreError> {
    let mut statement = conn
        .prepare_cached("SELECT topic_id FROM story_topic WHERE story_id = ?1 ORDER BY topic_id")
        .context("read the topics of a story")?;
    let rows = statement.query_map([story], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl super::Reader<'_> {
    /// The topics that a stored story is not in, each with its score, what was missing and what was
    /// found.
    pub fn not_in_topics(
        &self,
        story: &Story,
        rules: &Rules,
    ) -> Result<Vec<NonMembership>, StoreError> {
        let Some(subject) = ClassifierInput::load(self.conn, story.id.0)? else {
            return Ok(Vec::new());
        };
        let classifications = rules.explain(&subject.fields(&subject.lists()));
        let outside = classifications.into_iter().filter(|classification| {
            !story.topics.iter().any(|member| member.id == classification.topic)
        });
        Ok(outside
            .map(|classification| {
                let mut because: Vec<String> =
                    classification.reasons_against.iter().map(Reason::to_string).collect();
                if classification.is_member {
                    because.push(if story.labelled {
                        "a person's label leaves it out, though the rule would take it in"
                            .to_owned()
                    } else {
                        "the rules in force take it in, and it is about to be sorted by them"
                            .to_owned()
                    });
                }
                because.extend(classification.reasons.iter().map(Reason::to_string));
                NonMembership { id: classification.topic, score: classification.score, because }
            })
            .collect())
    }
}
