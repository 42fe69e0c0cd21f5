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

use std::collections::BTreeSet;

use feed_model::TopicId;

use super::{StoryFields, language::Language, term_extraction};
use cross_validation::{CrossValidation, TrainingData};
use evidence::{RuleRatios, RuledLabel};
use label_sets::LabelSets;
use linear_model::{FitPlan, Vector, Weights, shares};
use tfidf::TfidfVectorizer;

pub(super) use evidence::Evidence;
pub use learner_progress::LearnerProgress;
use learner_progress::MIN_LABELS;
pub(super) use learner_progress::{RuleScore, RuleScoring, TOLERANCE};
pub use training_example::TrainingExample;

/// Part of the fingerprint of trained rules. It is raised when the same examples give other
/// results.
pub(super) const VERSION: u8 = 3;

/// Weight of an unlabelled story, if unlabelled stories are used.
const UNLABELLED_WEIGHT: f32 = 0.6;

/// Number of unlabelled stories that are presumed to be outside of the topics, per label.
const PRESUMED_PER_LABEL: usize = 4;

/// Number of presumed stories at most.
const MAX_PRESUMED: usize = 300;

/// Number of presumed stories without which nothing is presumed.
const MIN_PRESUMED: usize = 10;

/// Number of labelled topics above which the labels are taken to cover every subject.
const MAX_TOPICS_TO_PRESUME: usize = 2;

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
    /// What the rule of each topic adds to the margin.
    rule_ratios: Vec<RuleRatios>,
    /// What is added to the margin of each topic, because presumed stories outnumber its labels.
    shifts: Vec<f64>,
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
        let labels: Vec<Option<Vec<usize>>> =
            examples.iter().map(|example| example.label.map(|label| set(&topics, label))).collect();
        let languages: Vec<Language> =
            examples.iter().map(|example| term_extraction::language(&example.fields)).collect();
        let is_met_by_rule = |index: usize| {
            let scores = scorer.rule_scores(&examples[index].fields, languages[index], &topics);
            scores.iter().any(RuleScore::is_met)
        };
        let sets = with_presumed(&labels, is_met_by_rule);
        let labelled = (0..examples.len()).filter(|index| sets[*index].is_some());
        // The rules are applied once, and their scores are combined with every trained model.
        let rule_scores: Vec<(usize, Vec<RuleScore>)> = labelled
            .map(|index| {
                (index, scorer.rule_scores(&examples[index].fields, languages[index], &topics))
            })
            .collect();
        let mut progress = LearnerProgress::by_rules(&topics, &labels, &sets, &rule_scores);
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
        let mut model = Model {
            tfidf,
            weights,
            temperature: trial.temperature,
            label_sets,
            rule_ratios: vec![RuleRatios::default(); topics.len()],
            shifts: vec![0.0; topics.len()],
            labels: rule_scores.len(),
        };
        if sets != labels {
            model.shifts = model.fit_shifts(&trial, &labels);
        }
        model.rule_ratios = model.fit_rule_ratios(&trial, &rule_scores, &sets);
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
    /// Fits the ratios of each rule to the labels while they were held back.
    fn fit_rule_ratios(
        &self,
        trial: &CrossValidation,
        rule_scores: &[(usize, Vec<RuleScore>)],
        sets: &[Option<Vec<usize>>],
    ) -> Vec<RuleRatios> {
        let of_topic = |topic: usize| {
            let labels: Vec<RuledLabel> = rule_scores
                .iter()
                .filter_map(|(story, scores)| {
                    let shares = shares(trial.scores[*story].clone()?, trial.temperature);
                    Some(RuledLabel {
                        belongs: sets[*story].as_ref()?.contains(&topic),
                        is_met: scores[topic].is_met(),
                        margin: self.calibrated_evidence(&shares, topic, Vec::new()).margin,
                    })
                })
                .collect();
            RuleRatios::fit(&labels)
        };
        (0..self.rule_ratios.len()).map(of_topic).collect()
    }

    /// Returns the shifts with which half of the labels in a topic were recognised while they were
    /// held back.
    fn fit_shifts(&self, trial: &CrossValidation, labels: &[Option<Vec<usize>>]) -> Vec<f64> {
        let of_topic = |topic: usize| {
            let belongs =
                |index: &usize| labels[*index].as_ref().is_some_and(|label| label.contains(&topic));
            let margin = |index: usize| {
                let shares = shares(trial.scores[index].clone()?, trial.temperature);
                Some(self.calibrated_evidence(&shares, topic, Vec::new()).margin)
            };
            let mut margins: Vec<f64> =
                (0..labels.len()).filter(belongs).filter_map(margin).collect();
            margins.sort_unstable_by(f64::total_cmp);
            margins.get(margins.len() / 2).map_or(0.0, |median| (-median).max(0.0))
        };
        (0..self.shifts.len()).map(of_topic).collect()
    }

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
            margin: margin.clamp(-most, most) + self.shifts[topic],
            rule_ratios: self.rule_ratios[topic],
            words,
        }
    }
}

/// Returns the labels, and an empty label for unlabelled stories that are presumed to be outside of
/// all topics. Nothing is presumed if enough labels say what is outside, or if several topics are
/// labelled, which then say it of each other.
///
/// The first labels of a topic could not be learnt otherwise: a person labels what belongs.
fn with_presumed(
    labels: &[Option<Vec<usize>>],
    is_met_by_rule: impl Fn(usize) -> bool,
) -> Vec<Option<Vec<usize>>> {
    let mut sets = labels.to_vec();
    let topics: BTreeSet<usize> = labels.iter().flatten().flatten().copied().collect();
    let empty_labels = labels.iter().flatten().filter(|label| label.is_empty()).count();
    if empty_labels >= MIN_LABELS || topics.is_empty() || topics.len() > MAX_TOPICS_TO_PRESUME {
        return sets;
    }
    let wanted = (labels.iter().flatten().count() * PRESUMED_PER_LABEL).min(MAX_PRESUMED);
    let unlabelled: Vec<usize> =
        (0..labels.len()).filter(|index| labels[*index].is_none()).collect();
    // They are spread evenly over all stories, so that no source prevails.
    let step = unlabelled.len().div_ceil(wanted.max(1)).max(1);
    let presumed: Vec<usize> =
        unlabelled.into_iter().step_by(step).filter(|index| !is_met_by_rule(*index)).collect();
    if presumed.len() >= MIN_PRESUMED {
        for index in presumed {
            sets[index] = Some(Vec::new());
        }
    }
    sets
}

/// Returns the indexes of the learning topics of a label, in ascending order.
fn set(topics: &[TopicId], label: &[TopicId]) -> Vec<usize> {
    (0..topics.len()).filter(|index| label.contains(&topics[*index])).collect()
}
