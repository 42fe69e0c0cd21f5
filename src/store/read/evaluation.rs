//! Scores of the rules, of the labels and of both together on labelled stories.

use std::collections::BTreeSet;

use feed_model::{StoryId, Topic, TopicId};
use topic_rules::{
    Classification, Rules,
    evaluate::{self, Evaluation, LabelledRow},
};

use super::training_data::{self, LoadedStory};
use crate::store::{Reader, StoreError};

/// Number of parts that the stored labels are divided into. Each part is scored by what the other
/// labels teach.
const FOLDS: usize = 5;

/// How well the topics are decided, in four ways.
#[derive(Debug, Clone)]
pub struct Evaluations {
    /// As feeds.toml says.
    pub configured: Evaluation,
    /// By the rules alone.
    pub rules: Evaluation,
    /// By the labels alone.
    pub labels: Evaluation,
    /// By rules and labels.
    pub both: Evaluation,
}

impl Evaluations {
    /// Scores the topics on the fields of rows, without a database and therefore without labels.
    pub fn without_state(topics: &[Topic], rows: &[LabelledRow]) -> Self {
        let rules = evaluate::evaluate(&compile(topics), rows);
        let labels = evaluate::evaluate(&compile(&by_labels(topics)), rows);
        Self { configured: rules.clone(), both: rules.clone(), rules, labels }
    }
}

/// A row with the stored story that it describes, if there is one.
struct MatchedRow {
    story: Option<LoadedStory>,
    /// The labels of all rows of a fold are held back together.
    fold: usize,
}

impl Reader<'_> {
    /// Returns the labelled stories as rows of a labelled file, the oldest label first.
    pub fn labelled_rows(&self) -> Result<Vec<LabelledRow>, StoreError> {
        let stories = self.labelled_stories()?;
        Ok(stories.iter().filter_map(LoadedStory::row).collect())
    }

    /// Scores the topics on the rows of a file. A row that describes a stored story, by URL or
    /// title, is scored by everything that is stored of it, and its label is held back.
    pub fn evaluate_rows(
        &self,
        topics: &[Topic],
        rows: &[LabelledRow],
    ) -> Result<Evaluations, StoreError> {
        let mut matched = Vec::with_capacity(rows.len());
        for row in rows {
            let story = match self.find_labelled_row(row)? {
                Some(id) => self.load_story(id)?,
                None => None,
            };
            matched.push(MatchedRow { story, fold: 0 });
        }
        self.evaluations(topics, rows, &matched)
    }

    /// Scores the topics on the stored labels, each of which is held back once.
    pub fn evaluate_labels(&self, topics: &[Topic]) -> Result<Evaluations, StoreError> {
        let mut rows = Vec::new();
        let mut matched = Vec::new();
        for story in self.labelled_stories()? {
            let Some(row) = story.row() else { continue };
            let earlier = rows.iter().filter(|known: &&LabelledRow| known.topics == row.topics);
            matched.push(MatchedRow { story: Some(story), fold: earlier.count() % FOLDS });
            rows.push(row);
        }
        self.evaluations(topics, &rows, &matched)
    }

    /// Returns the stored story that a row of a labelled file describes.
    pub fn find_labelled_row(&self, row: &LabelledRow) -> Result<Option<StoryId>, StoreError> {
        match row.url.as_deref().map(|url| self.find_story(url)).transpose()?.flatten() {
            Some(id) => Ok(Some(id)),
            None => self.find_story_by_title(&row.title),
        }
    }

    fn evaluations(
        &self,
        topics: &[Topic],
        rows: &[LabelledRow],
        matched: &[MatchedRow],
    ) -> Result<Evaluations, StoreError> {
        let stories = self.training_stories()?;
        let evaluate = |topics: &[Topic]| {
            let rules = |fold| train_without(fold, topics, matched, &stories);
            evaluate_topics(topics, rows, matched, rules)
        };
        let rules = {
            let topics = by_rules(topics);
            evaluate_topics(&topics, rows, matched, |_| compile(&topics))
        };
        let both = evaluate(&by_both(topics));
        let learning = topics.iter().filter(|topic| topic.learn).count();
        let configured = match learning {
            0 => rules.clone(),
            all if all == topics.len() => both.clone(),
            _ => evaluate(topics),
        };
        Ok(Evaluations { configured, rules, labels: evaluate(&by_labels(topics)), both })
    }

    /// Returns the number of stories in each topic by the rules, by the labels and by both.
    pub fn members_by(&self, topics: &[Topic]) -> Result<Vec<(TopicId, [usize; 3])>, StoreError> {
        let ways = [by_rules(topics), by_labels(topics), by_both(topics)];
        let mut rules = Vec::with_capacity(ways.len());
        for (way, topics) in ways.iter().enumerate() {
            let compiled = compile(topics);
            rules.push(if way == 0 { compiled } else { self.trained(compiled)? });
        }
        let mut members: Vec<(TopicId, [usize; 3])> =
            topics.iter().map(|topic| (topic.id.clone(), [0; 3])).collect();
        for id in self.story_ids()? {
            let Some(story) = self.load_story(id)? else { continue };
            for (way, rules) in rules.iter().enumerate() {
                for (member, classification) in members.iter_mut().zip(story.input.classify(rules))
                {
                    member.1[way] += usize::from(classification.is_member);
                }
            }
        }
        Ok(members)
    }
}

fn compile(topics: &[Topic]) -> Rules {
    Rules::compile(topics).expect("these topics compiled when feeds.toml was read")
}

/// Trains the rules without the labels of one fold.
fn train_without(
    fold: usize,
    topics: &[Topic],
    matched: &[MatchedRow],
    stories: &[LoadedStory],
) -> Rules {
    let of_fold = matched.iter().filter(|row| row.fold == fold);
    let held_back: BTreeSet<StoryId> =
        of_fold.filter_map(|row| Some(row.story.as_ref()?.id)).collect();
    if stories.iter().all(|story| story.label.is_none() || held_back.contains(&story.id)) {
        return compile(topics);
    }
    training_data::train(compile(topics), stories, &held_back, &[])
}

/// Scores the topics by the rules of each fold.
fn evaluate_topics(
    topics: &[Topic],
    rows: &[LabelledRow],
    matched: &[MatchedRow],
    rules_of_fold: impl Fn(usize) -> Rules,
) -> Evaluation {
    let folds = matched.iter().map(|row| row.fold + 1).max().unwrap_or(0);
    let untrained = compile(topics);
    let trained: Vec<Rules> = (0..folds).map(rules_of_fold).collect();
    evaluate::evaluate_by(&untrained, rows, |index, row| {
        let rules = trained.get(matched[index].fold).unwrap_or(&untrained);
        match &matched[index].story {
            Some(story) => story.explain(rules),
            None => evaluate::classify(rules, row),
        }
    })
}

/// Returns the topics without their labels. A topic without rules of its own stays a learning one,
/// because it would take every story otherwise.
fn by_rules(topics: &[Topic]) -> Vec<Topic> {
    let has_rules = |topic: &Topic| !topic.any.is_empty() || !topic.terms.is_empty();
    let of = |topic: &Topic| Topic { learn: topic.learn && !has_rules(topic), ..topic.clone() };
    let mut topics: Vec<Topic> = topics.iter().map(of).collect();
    for topic in topics.iter_mut().filter(|topic| topic.learn) {
        // No score reaches it.
        topic.threshold = f64::MAX;
    }
    topics
}

/// Returns the topics with nothing but their labels.
fn by_labels(topics: &[Topic]) -> Vec<Topic> {
    let of =
        |topic: &Topic| Topic { any: Vec::new(), terms: Vec::new(), learn: true, ..topic.clone() };
    topics.iter().map(of).collect()
}

/// Returns the topics with rules and labels.
fn by_both(topics: &[Topic]) -> Vec<Topic> {
    topics.iter().map(|topic| Topic { learn: true, ..topic.clone() }).collect()
}

impl LoadedStory {
    fn explain(&self, rules: &Rules) -> Vec<Classification> {
        rules.explain(&self.input.fields(&self.input.lists()))
    }

    /// Returns the story as a row of a labelled file; `None` if it has no label.
    fn row(&self) -> Option<LabelledRow> {
        let lists = self.input.lists();
        let fields = self.input.fields(&lists);
        Some(LabelledRow {
            title: fields.title.to_owned(),
            url: fields.url.map(str::to_owned),
            summary: fields.summary.map(str::to_owned),
            categories: fields.categories.iter().map(|text| (*text).to_owned()).collect(),
            source: fields.sources.first().map(|id| (*id).to_owned()),
            topics: self.label.as_ref()?.iter().map(ToString::to_string).collect(),
        })
    }
}
