//! The stored stories as a whole, for what is learnt from them: lessons for the topics that learn,
//! material for suggestions, and what other rules would change.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{OptionalExtension as _, params};

use super::{
    Reader, StoreError,
    classification::{self, ClassifierInput, TextExtent},
    sources::number,
    sql_values::from_json,
};
use feed_model::{StoryId, Topic, TopicId};
use topic_rules::{
    Rules, TrainingExample,
    suggest::{self, SurveyedStory, TermSuggestions},
};

/// So many labelled stories are learnt from, the newest.
const MAX_LABELLED: usize = 5000;

/// So many unlabelled stories are learnt from, the newest of those that count.
const MAX_UNLABELLED: usize = 4000;

/// So many stories are looked at for suggestions, the newest.
const MAX_SAMPLED: usize = 3000;

/// Stories that would enter and leave a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicChange {
    /// The topic.
    pub id: TopicId,
    /// What would enter, newest position first, each with its title.
    pub enter: Vec<(StoryId, String)>,
    /// What would leave.
    pub leave: Vec<(StoryId, String)>,
}

/// What a story is loaded with.
struct LoadedStory {
    id: i64,
    subject: ClassifierInput,
    label: Option<Vec<TopicId>>,
}

impl Reader<'_> {
    /// The rules, taught by the labelled stories if any topic learns. The same state teaches the
    /// same.
    pub fn trained(&self, rules: Rules) -> Result<Rules, StoreError> {
        if !rules.has_learning_topics() {
            return Ok(rules);
        }
        let key = self.training_key()?;
        let mut ids = self.ids(
            "SELECT story_id FROM label ORDER BY labelled_ms DESC, story_id DESC LIMIT ?1",
            MAX_LABELLED,
            0,
        )?;
        if !ids.is_empty() {
            let until = self.training_cutoff()?;
            let sql = "SELECT id FROM story WHERE removed_ms IS NULL AND first_published_ms <= ?2 AND id NOT IN (SELECT story_id FROM label)
                        ORDER BY first_published_ms DESC, id DESC LIMIT ?1";
            ids.extend(self.ids(sql, MAX_UNLABELLED, until)?);
        }
        ids.sort_unstable();
        let loaded = self.load(&ids)?;
        let lists: Vec<_> = loaded.iter().map(|one| one.subject.lists()).collect();
        let lessons: Vec<TrainingExample<'_>> = loaded
            .iter()
            .zip(&lists)
            .map(|(one, lists)| TrainingExample {
                fields: one.subject.fields(lists),
                label: one.label.as_deref(),
            })
            .collect();
        Ok(rules.trained(&lessons, &key))
    }

    /// How many stored stories wait to be sorted by these rules, which were not taught yet, and by
    /// what labels teach them.
    pub fn count_unclassified_once_trained(&self, rules: &Rules) -> Result<u64, StoreError> {
        let key = if rules.has_learning_topics() { self.training_key()? } else { Vec::new() };
        self.count_unclassified(rules.fingerprint_once_trained(&key))
    }

    /// What the lessons are known by. It changes with the labels, and now and then as stories come:
    /// with every doubling of their number, so that they are sorted again seldom.
    pub fn training_key(&self) -> Result<Vec<u8>, StoreError> {
        let mut hasher = blake3::Hasher::new();
        let mut statement =
            self.conn.prepare_cached("SELECT story_id, topics FROM label ORDER BY story_id")?;
        let mut rows = statement.query([])?;
        let mut any = false;
        while let Some(row) = rows.next()? {
            any = true;
            let (story, topics): (i64, String) = (row.get(0)?, row.get(1)?);
            hasher.update(&story.to_le_bytes()).update(topics.as_bytes()).update(b"\n");
        }
        if any {
            hasher.update(&self.training_cutoff()?.to_le_bytes());
        }
        Ok(hasher.finalize().as_bytes().to_vec())
    }

    /// Stories stored until then are learnt from: the last label, or a later doubling of the number
    /// of stories.
    fn training_cutoff(&self) -> Result<i64, StoreError> {
        let last_label: Option<i64> =
            self.conn.query_row("SELECT max(labelled_ms) FROM label", [], |r| r.get(0))?;
        let stories: i64 = self.conn.query_row(
            "SELECT count(*) FROM story WHERE removed_ms IS NULL",
            [],
            |r| r.get(0),
        )?;
        let doubled = if stories > 0 { 1_i64 << stories.ilog2() } else { 1 };
        let then: Option<i64> = self
            .conn
            .prepare_cached(
                "SELECT first_published_ms FROM story WHERE removed_ms IS NULL ORDER BY first_published_ms LIMIT 1 OFFSET ?1",
            )?
            .query_row([doubled - 1], |r| r.get(0))
            .optional()?;
        Ok(last_label.max(then).unwrap_or(0))
    }

    /// Proposes terms for these topics, and subjects that no topic covers.
    pub fn suggestions(
        &self,
        topics: &[TopicId],
        rules: &Rules,
    ) -> Result<(Vec<TermSuggestions>, Vec<suggest::SuggestedSubject>), StoreError> {
        let mut ids: BTreeSet<i64> = self
            .ids(
                "SELECT story_id FROM label ORDER BY labelled_ms DESC, story_id DESC LIMIT ?1",
                MAX_SAMPLED,
                0,
            )?
            .into_iter()
            .collect();
        ids.extend(self.ids(
            "SELECT id FROM story WHERE removed_ms IS NULL ORDER BY position_ms DESC, id DESC LIMIT ?1",
            MAX_SAMPLED,
            0,
        )?);
        let ids: Vec<i64> = ids.into_iter().rev().collect();
        let loaded = self.load(&ids)?;
        let mut memberships = Vec::with_capacity(loaded.len());
        for one in &loaded {
            let named = classification::topics_of(self.conn, one.id)?;
            memberships.push(
                named.into_iter().filter_map(|id| TopicId::new(&id).ok()).collect::<Vec<_>>(),
            );
        }
        let lists: Vec<_> = loaded.iter().map(|one| one.subject.lists()).collect();
        let seen: Vec<SurveyedStory<'_>> = (0..loaded.len())
            .map(|place| SurveyedStory {
                id: StoryId(loaded[place].id),
                fields: loaded[place].subject.fields(&lists[place]),
                topics: &memberships[place],
                labelled: loaded[place].label.is_some(),
            })
            .collect();
        let proposals =
            topics.iter().map(|topic| suggest::suggest_terms(topic, rules, &seen)).collect();
        Ok((proposals, suggest::find_subjects(&seen)))
    }

    /// Which stories would enter and leave each topic if these were the topics: those that are
    /// there now and would not be come last. Labels and earlier ids are heeded; nothing is changed.
    pub fn topic_changes(
        &self,
        topics: &[Topic],
        rules: &Rules,
    ) -> Result<Vec<TopicChange>, StoreError> {
        // A topic that is renamed keeps its stories.
        let current = |id: &str| {
            topics
                .iter()
                .find(|t| t.id.as_str() == id || t.former_ids.iter().any(|was| was.as_str() == id))
                .map(|t| t.id.clone())
        };
        let mut changes: Vec<TopicChange> = topics
            .iter()
            .map(|topic| TopicChange { id: topic.id.clone(), enter: Vec::new(), leave: Vec::new() })
            .collect();
        let mut dropped: BTreeMap<String, Vec<(StoryId, String)>> = BTreeMap::new();
        for story in self.story_ids()? {
            let Some(subject) = ClassifierInput::load(self.conn, story.0)? else {
                continue;
            };
            let mut before = BTreeSet::new();
            for id in classification::topics_of(self.conn, story.0)? {
                match current(&id) {
                    Some(topic) => drop(before.insert(topic)),
                    None => dropped.entry(id).or_default().push((story, subject.title.clone())),
                }
            }
            let after: BTreeSet<TopicId> = match self.label_of(story.0)? {
                Some(named) => named.iter().filter_map(|id| current(id.as_str())).collect(),
                None => subject
                    .classify(rules)
                    .into_iter()
                    .filter(|classification| classification.is_member)
                    .map(|classification| classification.topic)
                    .collect(),
            };
            for change in &mut changes {
                match (before.contains(&change.id), after.contains(&change.id)) {
                    (false, true) => change.enter.push((story, subject.title.clone())),
                    (true, false) => change.leave.push((story, subject.title.clone())),
                    _ => {}
                }
            }
        }
        let gone = dropped.into_iter().filter_map(|(id, leave)| {
            Some(TopicChange { id: TopicId::new(&id).ok()?, enter: Vec::new(), leave })
        });
        changes.extend(gone);
        Ok(changes)
    }

    fn ids(&self, sql: &str, limit: usize, until: i64) -> Result<Vec<i64>, StoreError> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = if sql.contains("?2") {
            statement
                .query_map(params![number(limit), until], |r| r.get(0))?
                .collect::<Result<_, _>>()
        } else {
            statement.query_map(params![number(limit)], |r| r.get(0))?.collect::<Result<_, _>>()
        };
        Ok(rows?)
    }

    fn load(&self, ids: &[i64]) -> Result<Vec<LoadedStory>, StoreError> {
        let mut loaded = Vec::with_capacity(ids.len());
        for id in ids {
            let label = self.label_of(*id)?;
            // Rules read all of a labelled story; what is counted of the others stands at their
            // beginning.
            let extent = if label.is_some() { TextExtent::Whole } else { TextExtent::Beginning };
            if let Some(subject) = ClassifierInput::load_extent(self.conn, *id, extent)? {
                loaded.push(LoadedStory { id: *id, subject, label });
            }
        }
        Ok(loaded)
    }

    /// A person's label, as it was given.
    fn label_of(&self, story: i64) -> Result<Option<Vec<TopicId>>, StoreError> {
        let mut statement =
            self.conn.prepare_cached("SELECT topics FROM label WHERE story_id = ?1")?;
        let named: Option<Vec<String>> =
            statement.query_row([story], |r| from_json(r, "topics")).optional()?;
        Ok(named.map(|named| named.into_iter().filter_map(|id| TopicId::new(&id).ok()).collect()))
    }
}
