//! Learns topics from labels: a classifier whose evidence is added to the scores of topics with
//! `learn = true`.
//!
//! The classifier is the mean of naive Bayes and logistic regression over tf-idf vectors. It is
//! trained on labelled stories and, if that helps, on unlabelled ones. Its evidence is used for a
//! topic only if there are enough labels and cross-validation shows that it improves on the rules
//! alone. The same stories and labels always give the same learner. [`Learner::train`] is the entry
//! point.

mod cross_validation;
mod evidence;
mod label_sets;
mod learner_progress;
mod linear_model;
mod logistic_regression;
mod naive_bayes_em;
mod tfidf;
mod training_example;

use feed_model::TopicId;

use super::{StoryFields, language::Language, term_extraction};
use cross_validation::{CrossValidation, TrainingData};
use label_sets::LabelSets;
use linear_model::{FitPlan, Vector, Weights, shares};
use tfidf::TfidfVectorizer;

pub(super) use evidence::Evidence;
pub use learner_progress::LearnerProgress;
pub(super) use learner_progress::{RuleScore, RuleScoring, TOLERANCE};
pub use training_example::TrainingExample;

/// Part of the fingerprint of trained rules. It is raised when the same examples give other
/// results.
pub(super) const VERSION: u8 = 2;

/// Weight of an unlabelled story, if unlabelled stories are used.
const UNLABELLED_WEIGHT: f32 = 0.3;

/// Number of words in a reason.
const MAX_EXPLAINED_WORDS: usize = 6;

/// A trained learner.
#[derive(Debug)]
pub(super) struct Learner {
    topics: Vec<TopicId>,
    progress: Vec<LearnerProgress>,
    model: Option<Model>,
}

#[derive(Debug)]
struct Model {
    tfidf: TfidfVectorizer,
    weights: Weights,
    label_sets: LabelSets,
    temperature: f32,
    /// Number of labels that it was trained on.
    labels: usize,
}

impl Learner {
    /// Trains on the labels for `topics` and compares the result with the rules.
    pub(super) fn train(
        topics: Vec<TopicId>,
        examples: &[TrainingExample<'_>],
        scorer: &impl RuleScoring,
    ) -> Self {
        let sets: Vec<Option<Vec<usize>>> =
            examples.iter().map(|example| example.label.map(|label| set(&topics, label))).collect();
        let languages: Vec<Language> =
            examples.iter().map(|example| term_extraction::language(&example.fields)).collect();
        let labelled = (0..examples.len()).filter(|index| sets[*index].is_some());
        // The rules are applied once, and their scores are combined with every trained model.
        let rule_scores: Vec<(usize, Vec<RuleScore>)> = labelled
            .map(|index| {
                (index, scorer.rule_scores(&examples[index].fields, languages[index], &topics))
            })
            .collect();
        let mut progress = LearnerProgress::by_rules(&topics, &sets, &rule_scores);
        let label_sets = LabelSets::of(topics.len(), &sets);
        if label_sets.len() < 2 || !progress.iter().any(LearnerProgress::has_enough_labels) {
            return Self { topics, progress, model: None };
        }
        let (tfidf, stories) = TfidfVectorizer::read(examples, &languages);
        let training_data = TrainingData {
            stories: &stories,
            sets: &sets,
            label_sets: &label_sets,
            topics: topics.len(),
        };
        let plan =
            |unlabelled| FitPlan { components: label_sets.len(), words: tfidf.len(), unlabelled };
        let [labels_only, with_unlabelled] = [0.0, UNLABELLED_WEIGHT]
            .map(|unlabelled| CrossValidation::run(&training_data, plan(unlabelled)));
        let trial =
            if with_unlabelled.loss < labels_only.loss { with_unlabelled } else { labels_only };
        let weights = training_data.learn(trial.plan);
        let model = Model {
            tfidf,
            weights,
            temperature: trial.temperature,
            label_sets,
            labels: rule_scores.len(),
        };
        let evidence = |story: usize, topic: usize| {
            let shares = shares(trial.scores[story].clone()?, trial.temperature);
            Some(model.calibrated_evidence(&shares, topic, Vec::new()))
        };
        progress.iter_mut().enumerate().for_each(|(topic, progress)| {
            progress.record_cross_validation(&rule_scores, topic, &sets, |story| {
                evidence(story, topic)
            });
        });
        Self { topics, progress, model: Some(model) }
    }

    /// Returns the state of each topic.
    pub(super) fn progress(&self) -> &[LearnerProgress] {
        &self.progress
    }

    /// Returns the evidence for a story, for each topic whose learner is active.
    pub(super) fn evidence(
        &self,
        fields: &StoryFields<'_>,
        language: Language,
    ) -> Vec<(&TopicId, Evidence)> {
        let Some(model) =
            self.model.as_ref().filter(|_| self.progress.iter().any(LearnerProgress::is_active))
        else {
            return Vec::new();
        };
        let story = model.tfidf.vector(fields, language);
        let shares = shares(model.weights.scores(&story), model.temperature);
        let active = (0..self.topics.len()).filter(|topic| self.progress[*topic].is_active());
        active.map(|topic| (&self.topics[topic], model.evidence(topic, &story, &shares))).collect()
    }
}

impl Model {
    fn evidence(&self, topic: usize, story: &Vector, shares: &[f32]) -> Evidence {
        let strongest = |inside| {
            self.label_sets.strongest(shares, topic, inside).map(|(component, _)| component)
        };
        let mut words: Vec<(&str, f64)> = match (strongest(true), strongest(false)) {
            (Some(inside), Some(outside)) => story
                .iter()
                .map(|term| {
                    (
                        term.0,
                        f64::from(self.weights.contrast(*term, inside, outside) / self.temperature),
                    )
                })
                .map(|(term, nats)| (self.tfidf.written(term), nats))
                .collect(),
            _ => Vec::new(),
        };
        words.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then_with(|| a.0.cmp(b.0)));
        words.truncate(MAX_EXPLAINED_WORDS);
        self.calibrated_evidence(
            shares,
            topic,
            words.into_iter().map(|(word, nats)| (word.to_owned(), nats)).collect(),
        )
    }

    /// Limits probability and margin to what the number of labels supports.
    #[allow(clippy::cast_precision_loss)] // Few labels: a float counts them exactly.
    fn calibrated_evidence(
        &self,
        shares: &[f32],
        topic: usize,
        words: Vec<(String, f64)>,
    ) -> Evidence {
        let min_probability = 1.0 / (self.labels + 2) as f64;
        let probability = self.label_sets.probability(shares, topic);
        let rival = self.label_sets.strongest(shares, topic, false).map_or(0.0, |(_, share)| share);
        let margin = (probability.max(1e-9) / rival.max(1e-9)).ln();
        let most = ((1.0 - min_probability) / min_probability).ln();
        Evidence {
            probability: probability.clamp(min_probability, 1.0 - min_probability),
            margin: margin.clamp(-most, most),
            words,
        }
    }
}

/// Returns the indexes of the learning topics of a label, in ascending order.
fn set(topics: &[TopicId], label: &[TopicId]) -> Vec<usize> {
    (0..topics.len()).filter(|index| label.contains(&topics[*index])).collect()
}
