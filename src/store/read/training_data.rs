//! Stories for the classifier: training examples, suggestions of terms, and the effect of changed
//! rules.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{OptionalExtension as _, params};

use feed_model::{StoryId, Timestamp, Topic, TopicId};
use topic_rules::{
    Rules, TrainingExample,
    suggest::{self, SurveyedStory, TermSuggestions, TopicProposal},
};

use crate::store::{
    Reader, StoreError,
    classifier_input::{ClassifierInput, StoredInput, TextExtent},
    sql_values::number,
    statements::query_all,
    story_topics,
};

/// The maximum number of labelled training examples; the newest are used.
const MAX_LABELLED: usize = 5000;

/// The maximum number of unlabelled training examples; the newest are used.
const MAX_UNLABELLED: usize = 4000;

/// The maximum number of stories that suggestions are made from; the newest are used.
const MAX_SAMPLED: usize = 3000;

/// The newest labelled stories.
const LABELLED: &str =
    "SELECT story_id FROM label ORDER BY labelled_ms DESC, story_id DESC LIMIT ?1";

/// Stories that changed rules would add to a topic or remove from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicChange {
    /// The topic.
    pub id: TopicId,
    /// The added stories with their titles, newest position first.
    pub enter: Vec<(StoryId, String)>,
    /// The removed stories with their titles, newest position first.
    pub leave: Vec<(StoryId, String)>,
    /// The added stories that would be on the pages and in the archives only.
    pub page_only: BTreeSet<StoryId>,
}

impl TopicChange {
    fn none(id: TopicId) -> Self {
        Self { id, enter: Vec::new(), leave: Vec::new(), page_only: BTreeSet::new() }
    }

    /// Returns whether no story would enter or leave the topic.
    pub fn is_empty(&self) -> bool {
        self.enter.is_empty() && self.leave.is_empty()
    }
}

/// The stories in which a matcher hits.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct TermHits {
    /// Number of stories.
    pub stories: usize,
    /// Number of stories by the field with the most points.
    #[serde(flatten)]
    pub fields: BTreeMap<&'static str, usize>,
}

/// A story with its label.
pub(super) struct LoadedStory {
    pub(super) id: StoryId,
    pub(super) input: ClassifierInput,
    pub(super) label: Option<Vec<TopicId>>,
}

impl Reader<'_> {
    /// Trains the rules with the labelled stories if a topic has `learn = true`. The result depends
    /// on nothing but the stored state.
    pub fn trained(&self, rules: Rules) -> Result<Rules, StoreError> {
        if !rules.has_learning_topics() {
            return Ok(rules);
        }
        let key = self.training_key()?;
        Ok(train(rules, &self.training_stories()?, &BTreeSet::new(), &key))
    }

    /// Returns the labelled stories, the oldest label first.
    pub(super) fn labelled_stories(&self) -> Result<Vec<LoadedStory>, StoreError> {
        let ids = self.story_ids_of(
            "SELECT story_id FROM label JOIN story ON story.id = story_id
              WHERE removed_ms IS NULL ORDER BY labelled_ms, story_id LIMIT ?1",
            params![number(MAX_LABELLED)],
        )?;
        self.load(&ids)
    }

    /// Loads one story with its whole text.
    pub(super) fn load_story(&self, id: StoryId) -> Result<Option<LoadedStory>, StoreError> {
        let stored = StoredInput::load(self.conn, id)?;
        let label = self.label(id)?;
        Ok(stored.map(|stored| LoadedStory { id, input: stored.input, label }))
    }

    /// Returns the stories to train on: labelled ones, and unlabelled ones if there are labels.
    pub(super) fn training_stories(&self) -> Result<Vec<LoadedStory>, StoreError> {
        let mut ids = self.story_ids_of(LABELLED, params![number(MAX_LABELLED)])?;
        if !ids.is_empty() {
            let cutoff = self.training_cutoff()?;
            ids.extend(self.story_ids_of(
                "SELECT id FROM story
                  WHERE removed_ms IS NULL AND first_published_ms <= ?2
                    AND id NOT IN (SELECT story_id FROM label)
                  ORDER BY first_published_ms DESC, id DESC LIMIT ?1",
                params![number(MAX_UNLABELLED), cutoff],
            )?);
        }
        ids.sort_unstable();
        self.load(&ids)
    }

    /// Returns the number of stories to reclassify once these untrained rules are trained.
    pub fn count_unclassified_once_trained(&self, rules: &Rules) -> Result<u64, StoreError> {
        let key = if rules.has_learning_topics() { self.training_key()? } else { Vec::new() };
        self.count_unclassified(rules.fingerprint_once_trained(&key))
    }

    /// Returns a key of the training data. It changes with every label and whenever the number of
    /// stories doubles, so that stories are rarely reclassified.
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

    /// Returns the time (in milliseconds) until which stories are used for training: the time of
    /// the last label, or of the last doubling of the number of stories if that is later.
    fn training_cutoff(&self) -> Result<i64, StoreError> {
        let last_label: Option<i64> =
            self.conn.query_row("SELECT max(labelled_ms) FROM label", [], |r| r.get(0))?;
        let stories: i64 = self.conn.query_row(
            "SELECT count(*) FROM story WHERE removed_ms IS NULL",
            [],
            |r| r.get(0),
        )?;
        let doubled = if stories > 0 { 1_i64 << stories.ilog2() } else { 1 };
        let last_doubling: Option<i64> = self
            .conn
            .prepare_cached(
                "SELECT first_published_ms FROM story WHERE removed_ms IS NULL
                  ORDER BY first_published_ms LIMIT 1 OFFSET ?1",
            )?
            .query_row([doubled - 1], |r| r.get(0))
            .optional()?;
        Ok(last_label.max(last_doubling).unwrap_or(0))
    }

    /// Suggests terms for these topics, and subjects that no topic covers.
    pub fn suggestions(
        &self,
        topics: &[TopicId],
        rules: &Rules,
    ) -> Result<(Vec<TermSuggestions>, Vec<suggest::SuggestedSubject>), StoreError> {
        let loaded = self.sample()?;
        let mut memberships = Vec::with_capacity(loaded.len());
        for story in &loaded {
            let topics = story_topics::topics_of(self.conn, story.id)?;
            memberships.push(
                topics.into_iter().filter_map(|id| TopicId::new(&id).ok()).collect::<Vec<_>>(),
            );
        }
        let lists: Vec<_> = loaded.iter().map(|story| story.input.lists()).collect();
        let surveyed: Vec<SurveyedStory<'_>> = (0..loaded.len())
            .map(|i| SurveyedStory {
                id: loaded[i].id,
                fields: loaded[i].input.fields(&lists[i]),
                topics: &memberships[i],
                labelled: loaded[i].label.is_some(),
            })
            .collect();
        let terms =
            topics.iter().map(|topic| suggest::suggest_terms(topic, rules, &surveyed)).collect();
        Ok((terms, suggest::find_subjects(&surveyed)))
    }

    /// Returns the newest stories and the labelled ones, the newest id first.
    fn sample(&self) -> Result<Vec<LoadedStory>, StoreError> {
        let limit = number(MAX_SAMPLED);
        let mut ids: BTreeSet<StoryId> =
            self.story_ids_of(LABELLED, params![limit])?.into_iter().collect();
        ids.extend(self.story_ids_of(
            "SELECT id FROM story WHERE removed_ms IS NULL
              ORDER BY position_ms DESC, id DESC LIMIT ?1",
            params![limit],
        )?);
        let ids: Vec<StoryId> = ids.into_iter().rev().collect();
        self.load(&ids)
    }

    /// Proposes words for a new topic, or shows the effect of `words`. `base` has what else the
    /// topic consists of.
    pub fn propose_topic(
        &self,
        title: &str,
        base: &Topic,
        words: Option<Vec<String>>,
    ) -> Result<TopicProposal, StoreError> {
        let loaded = self.sample()?;
        let lists: Vec<_> = loaded.iter().map(|story| story.input.lists()).collect();
        let surveyed: Vec<SurveyedStory<'_>> = loaded
            .iter()
            .zip(&lists)
            .map(|(story, lists)| SurveyedStory {
                id: story.id,
                fields: story.input.fields(lists),
                topics: &[],
                labelled: false,
            })
            .collect();
        Ok(suggest::propose_topic(title, base, words, &surveyed))
    }

    /// Returns the stories that these topics and rules would add to each topic or remove from it.
    /// Topics that are not among `topics` come last. Labels and former ids of topics are respected.
    pub fn topic_changes(
        &self,
        topics: &[Topic],
        rules: &Rules,
        now: Timestamp,
    ) -> Result<Vec<TopicChange>, StoreError> {
        let with_readers = self.topics_with_readers()?;
        let announces = |topic: &Topic, date: Timestamp| {
            let had_readers = std::iter::once(&topic.id)
                .chain(&topic.former_ids)
                .any(|id| with_readers.contains(id));
            let age = (now - date).to_std().unwrap_or_default();
            !had_readers || age < topic.announce_within
        };
        // A renamed topic keeps its stories.
        let current = |id: &str| {
            topics
                .iter()
                .find(|t| t.id.as_str() == id || t.former_ids.iter().any(|was| was.as_str() == id))
                .map(|t| t.id.clone())
        };
        let mut changes: Vec<TopicChange> =
            topics.iter().map(|topic| TopicChange::none(topic.id.clone())).collect();
        let mut dropped: BTreeMap<String, Vec<(StoryId, String)>> = BTreeMap::new();
        for story in self.story_ids()? {
            let Some(StoredInput { input, date, .. }) = StoredInput::load(self.conn, story)? else {
                continue;
            };
            let mut before = BTreeSet::new();
            for id in story_topics::topics_of(self.conn, story)? {
                match current(&id) {
                    Some(topic) => drop(before.insert(topic)),
                    None => dropped.entry(id).or_default().push((story, input.title.clone())),
                }
            }
            let after: BTreeSet<TopicId> = match self.label(story)? {
                Some(topics) => topics.iter().filter_map(|id| current(id.as_str())).collect(),
                None => input
                    .classify(rules)
                    .into_iter()
                    .filter(|classification| classification.is_member)
                    .map(|classification| classification.topic)
                    .collect(),
            };
            for (change, topic) in changes.iter_mut().zip(topics) {
                match (before.contains(&change.id), after.contains(&change.id)) {
                    (false, true) => {
                        change.enter.push((story, input.title.clone()));
                        if !announces(topic, date) {
                            change.page_only.insert(story);
                        }
                    }
                    (true, false) => change.leave.push((story, input.title.clone())),
                    _ => {}
                }
            }
        }
        let removed_topics = dropped.into_iter().filter_map(|(id, leave)| {
            Some(TopicChange { leave, ..TopicChange::none(TopicId::new(&id).ok()?) })
        });
        changes.extend(removed_topics);
        Ok(changes)
    }

    /// Returns the stories in which each matcher of these rules hits, in the order of the matchers.
    pub fn term_hits(&self, rules: &Rules) -> Result<Vec<TermHits>, StoreError> {
        let mut hits = vec![TermHits::default(); rules.matcher_count()];
        for story in self.story_ids()? {
            let Some(StoredInput { input, .. }) = StoredInput::load(self.conn, story)? else {
                continue;
            };
            for (matcher, field) in rules.matcher_hits(&input.fields(&input.lists())) {
                hits[matcher].stories += 1;
                *hits[matcher].fields.entry(field.as_str()).or_default() += 1;
            }
        }
        Ok(hits)
    }

    fn story_ids_of(
        &self,
        sql: &str,
        params: &[&dyn rusqlite::ToSql],
    ) -> Result<Vec<StoryId>, StoreError> {
        Ok(query_all(self.conn, sql, params, |r| Ok(StoryId(r.get(0)?)))?)
    }

    fn load(&self, ids: &[StoryId]) -> Result<Vec<LoadedStory>, StoreError> {
        let mut loaded = Vec::with_capacity(ids.len());
        for id in ids {
            let label = self.label(*id)?;
            // Rules match the whole text of a labelled story. Of other stories only the first words
            // are counted.
            let extent = if label.is_some() { TextExtent::Whole } else { TextExtent::Beginning };
            if let Some(StoredInput { input, .. }) =
                StoredInput::load_extent(self.conn, *id, extent)?
            {
                loaded.push(LoadedStory { id: *id, input, label });
            }
        }
        Ok(loaded)
    }

    /// Returns the topics of a story's label, including those that are no longer in feeds.toml.
    fn label(&self, story: StoryId) -> Result<Option<Vec<TopicId>>, StoreError> {
        let topics = story_topics::label_of(self.conn, story)?;
        Ok(topics.map(|ids| ids.into_iter().filter_map(|id| TopicId::new(&id).ok()).collect()))
    }
}

/// Trains the rules with stories, without the labels of those that are held back.
pub(super) fn train(
    rules: Rules,
    stories: &[LoadedStory],
    held_back: &BTreeSet<StoryId>,
    key: &[u8],
) -> Rules {
    let lists: Vec<_> = stories.iter().map(|story| story.input.lists()).collect();
    let examples: Vec<TrainingExample<'_>> = stories
        .iter()
        .zip(&lists)
        .map(|(story, lists)| TrainingExample {
            fields: story.input.fields(lists),
            label: story.label.as_deref().filter(|_| !held_back.contains(&story.id)),
        })
        .collect();
    rules.trained(&examples, key)
}
