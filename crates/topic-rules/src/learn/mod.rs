//! What labels teach: a small classifier whose evidence is added to the scores of the topics with
//! `learn = true`.
//!
//! It is trained from labelled stories and, where that helps, from the stored unlabelled ones. For
//! a topic it counts only when there are enough labels, in the topic and outside of it, and when it
//! did better than the rules alone on labels that were held back from it. Nothing is kept between
//! two trainings: the same stories and labels give the same learner.
//!
//! - `tfidf`: stories as numbers
//! - `label_sets`: what labels tell apart
//! - `mixture`, `linear`, `weights`: two ways to learn it, and their mean
//! - `trial`: how a way does on labels that are held back
//! - `progress`: whether what was learnt counts

mod cross_validation;
mod label_sets;
mod learner_progress;
mod linear_model;
mod logistic_regression;
mod naive_bayes_em;
mod tfidf;

use feed_model::TopicId;

use super::StoryFields;
use super::language::Language;
use super::term_extraction;
use cross_validation::{CrossValidation, TrainingData};
use label_sets::LabelSets;
use linear_model::{FitPlan, Vector, Weights, shares};
use tfidf::TfidfVectorizer;

pub use learner_progress::LearnerProgress;
pub(super) use learner_progress::{RuleScore, RuleScoring, TOLERANCE};

/// Raised when the same examples would teach something else than before.
pub(super) const VERSION: u8 = 2;

/// What an unlabelled story counts beside a labelled one, where unlabelled ones are taken in.
const UNLABELLED_WEIGHT: f32 = 0.3;

/// So many nats of evidence are worth a topic's threshold.
const NATS_PER_THRESHOLD: f64 = 2.0;

/// The evidence is worth at most so many thresholds, for a topic or against it.
const MAX_THRESHOLDS: f64 = 2.0;

/// So many words are told.
const MAX_EXPLAINED_WORDS: usize = 6;

/// A stored story to learn from.
#[derive(Debug, Clone, Copy)]
pub struct TrainingExample<'a> {
    /// What it says.
    pub fields: StoryFields<'a>,
    /// The topics of its label; `None`: nobody labelled it.
    pub label: Option<&'a [TopicId]>,
}

/// What the learner says of one story and one topic.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Evidence {
    /// The probability that the story belongs there.
    pub(super) probability: f64,
    /// How much likelier that is than the likeliest that leaves the topic out, in nats: above 0
    /// nothing is likelier.
    pub(super) margin: f64,
    /// The words that decided, those that weigh most first, with what they weigh for the topic, in
    /// nats.
    pub(super) words: Vec<(String, f64)>,
}

impl Evidence {
    /// What it adds to a score. Alone it is enough where nothing is likelier.
    pub(super) fn points(&self, threshold: f64, is_evidence_only: bool) -> f64 {
        if is_evidence_only {
            2.0 * threshold / (1.0 + (-self.margin).exp())
        } else {
            let odds = (self.probability / (1.0 - self.probability)).ln();
            (odds / NATS_PER_THRESHOLD).clamp(-MAX_THRESHOLDS, MAX_THRESHOLDS) * threshold
        }
    }
}

/// What labels taught.
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
    /// How many labels it was tried on.
    labels: usize,
}

impl Learner {
    /// Trains for `topics`, and holds the outcome against the rules.
    pub(super) fn train(
        topics: Vec<TopicId>,
        examples: &[TrainingExample<'_>],
        scorer: &impl RuleScoring,
    ) -> Self {
        let sets: Vec<Option<Vec<usize>>> =
            examples.iter().map(|example| example.label.map(|label| set(&topics, label))).collect();
        let languages: Vec<Language> =
            examples.iter().map(|example| term_extraction::language(&example.fields)).collect();
        let labelled = (0..examples.len()).filter(|place| sets[*place].is_some());
        // What the rules say of a story is asked once, and then held beside whatever is learnt.
        let rule_scores: Vec<(usize, Vec<RuleScore>)> = labelled
            .map(|place| {
                (place, scorer.rule_scores(&examples[place].fields, languages[place], &topics))
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
        let evidence = |place: usize, topic: usize| {
            let shares = shares(trial.scores[place].clone()?, trial.temperature);
            Some(model.calibrated_evidence(&shares, topic, Vec::new()))
        };
        progress.iter_mut().enumerate().for_each(|(topic, progress)| {
            progress.record_cross_validation(&rule_scores, topic, &sets, |place| {
                evidence(place, topic)
            });
        });
        Self { topics, progress, model: Some(model) }
    }

    /// How far each topic has come.
    pub(super) fn progress(&self) -> &[LearnerProgress] {
        &self.progress
    }

    /// What is to be said of a story: for each topic whose learner counts.
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
        let counting = (0..self.topics.len()).filter(|place| self.progress[*place].is_active());
        counting
            .map(|place| (&self.topics[place], model.evidence(place, &story, &shares)))
            .collect()
    }
}

impl Model {
    fn evidence(&self, topic: usize, story: &Vector, shares: &[f32]) -> Evidence {
        let strongest =
            |inside| self.label_sets.strongest(shares, topic, inside).map(|(place, _)| place);
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

    /// Nobody is surer than the number of labels that it was tried on allows.
    #[allow(clippy::cast_precision_loss)] // labels are far fewer than a float counts exactly
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

/// The places of the learning topics in a label, in order.
fn set(topics: &[TopicId], label: &[TopicId]) -> Vec<usize> {
    (0..topics.len()).filter(|place| label.contains(&topics[*place])).collect()
}
