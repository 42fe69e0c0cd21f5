//! Stores the topics of stories: the classification by the rules, or the label.

use std::{collections::BTreeSet, time::Duration};

use rusqlite::{Connection, OptionalExtension as _, named_params, params};

use feed_model::{StoryId, Timestamp, TopicId};
use topic_rules::{Classification, Reason, Rules};

use crate::store::{
    StoreError,
    classifier_input::{ClassifierInput, StoredInput},
    sql_values::{self, ms},
    statements::{execute, query_row},
    story_topics,
};

/// Why a story is classified. It decides whether the story enters the feed windows of new topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClassifyTrigger {
    /// Its text changed or another entry joined it.
    Edit,
    /// The rules changed.
    Rules,
    /// It was labelled.
    Label,
}

/// Stores the topics of a new story, whose only entry is the classified item.
pub(super) fn store_new(
    conn: &Connection,
    story: StoryId,
    position: Timestamp,
    classifications: &[Classification],
) -> Result<(), StoreError> {
    let members = classifications.iter().map(|c| {
        (c.topic.as_str(), c.score, c.reasons.iter().map(Reason::to_string).collect::<Vec<_>>())
    });
    for (topic, score, reasons) in std::iter::once((TopicId::ALL, 0.0, Vec::new())).chain(members) {
        execute(
            conn,
            "INSERT INTO story_topic (topic_id, story_id, position_ms, in_window, score, reasons)
             VALUES (?1, ?2, ?3, 1, ?4, ?5)",
            params![topic, story.0, ms(position), score, sql_values::json(&reasons)],
        )?;
    }
    Ok(())
}

/// A topic that a story is assigned to.
struct TopicAssignment {
    topic: String,
    by_label: bool,
    score: f64,
    reasons: Vec<String>,
}

/// Classifies a story and stores its topics. Adds the topics whose feed windows may need trimming
/// to `changed_topics`.
pub(super) fn classify(
    conn: &Connection,
    story: StoryId,
    rules: &Rules,
    trigger: ClassifyTrigger,
    now: Timestamp,
    changed_topics: &mut BTreeSet<String>,
) -> Result<(), StoreError> {
    let Some(stored) = StoredInput::load(conn, story)? else {
        return Ok(());
    };
    let assignments = assignments(conn, story, &stored.input, rules)?;
    let before = story_topics::topics_with_all(conn, story)?;
    for topic in before.iter().filter(|id| !assignments.iter().any(|a| a.topic == **id)) {
        execute(
            conn,
            "DELETE FROM story_topic WHERE story_id = ?1 AND topic_id = ?2",
            params![story.0, topic],
        )?;
        changed_topics.insert(topic.clone());
    }
    for assignment in &assignments {
        // A label also moves a story into the window that a changed rule had kept out of it.
        let moves_in = assignment.by_label && trigger == ClassifyTrigger::Label;
        if moves_in || !before.contains(&assignment.topic) {
            changed_topics.insert(assignment.topic.clone());
        }
        let in_window = assignment.topic == TopicId::ALL
            || enters_window(conn, assignment, trigger, stored.date, now)?;
        execute(
            conn,
            "INSERT INTO story_topic (topic_id, story_id, position_ms, in_window, by_label, score,
               reasons, in_archive)
             VALUES (:topic, :story, :position, :in_window, :by_label, :score, :reasons,
               EXISTS (SELECT 1 FROM archive_story WHERE topic_id = :topic AND story_id = :story))
             ON CONFLICT (topic_id, story_id) DO UPDATE SET
               by_label = excluded.by_label, score = excluded.score, reasons = excluded.reasons,
               in_window = max(in_window, :moves_in)
             WHERE by_label <> excluded.by_label OR score <> excluded.score
                OR reasons <> excluded.reasons OR in_window < :moves_in",
            named_params! {
                ":topic": assignment.topic,
                ":story": story.0,
                ":position": ms(stored.position),
                ":in_window": in_window,
                ":by_label": assignment.by_label,
                ":score": assignment.score,
                ":reasons": sql_values::json(&assignment.reasons),
                ":moves_in": moves_in,
            },
        )?;
    }
    execute(
        conn,
        "UPDATE story SET rules_fingerprint = ?2 WHERE id = ?1",
        params![story.0, rules.fingerprint()],
    )?;
    Ok(())
}

/// Returns the topics of a story by its label, or else by the rules. `all` is always among them.
fn assignments(
    conn: &Connection,
    story: StoryId,
    input: &ClassifierInput,
    rules: &Rules,
) -> Result<Vec<TopicAssignment>, StoreError> {
    let classifications = input.classify(rules);
    let mut assignments = vec![TopicAssignment {
        topic: TopicId::ALL.into(),
        by_label: false,
        score: 0.0,
        reasons: Vec::new(),
    }];
    if let Some(label) = story_topics::label_of(conn, story)? {
        for topic in label {
            if !is_configured(conn, &topic)? {
                continue;
            }
            let score =
                classifications.iter().find(|c| c.topic.as_str() == topic).map_or(0.0, |c| c.score);
            assignments.push(TopicAssignment {
                topic,
                by_label: true,
                score,
                reasons: vec!["a person's label".into()],
            });
        }
    } else {
        assignments.extend(classifications.into_iter().filter(|c| c.is_member).map(|c| {
            TopicAssignment {
                topic: c.topic.to_string(),
                by_label: false,
                score: c.score,
                reasons: c.reasons.iter().map(Reason::to_string).collect(),
            }
        }));
    }
    Ok(assignments)
}

/// Whether a topic is in feeds.toml.
pub(super) fn is_configured(conn: &Connection, topic: &str) -> rusqlite::Result<bool> {
    query_row(
        conn,
        "SELECT EXISTS (SELECT 1 FROM topic WHERE id = ?1 AND ordinal IS NOT NULL)",
        [topic],
        |r| r.get(0),
    )
}

/// Whether a story that enters a topic may enter its feed window. A changed rule does not announce
/// old stories, except in a new topic and in one whose feeds nobody has fetched yet.
fn enters_window(
    conn: &Connection,
    assignment: &TopicAssignment,
    trigger: ClassifyTrigger,
    date: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if assignment.by_label || trigger == ClassifyTrigger::Label {
        return Ok(true);
    }
    let topic: Option<(bool, u64)> = conn
        .prepare_cached("SELECT filled AND fetched, announce_within_s FROM topic WHERE id = ?1")?
        .query_row([&assignment.topic], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    Ok(topic.is_none_or(|(has_readers, announce_within_s)| {
        let age = (now - date).to_std().unwrap_or(Duration::ZERO);
        !has_readers || age < Duration::from_secs(announce_within_s)
    }))
}
