//! What labels teach: a small classifier whose evidence is added to the scores of the topics with `learn = true`.
//!
//! It is trained from labelled stories and, where that helps, from the stored unlabelled ones. For a topic it counts
//! only when there are enough labels, in the topic and outside of it, and when it did better than the rules alone on
//! labels that were held back from it. Nothing is kept between two trainings: the same stories and labels give the same
//! learner.
//!
//! - `dictionary`: stories as numbers
//! - `classes`: what labels tell apart
//! - `mixture`, `linear`, `weights`: two ways to learn it, and their mean
//! - `trial`: how a way does on labels that are held back
//! - `progress`: whether what was learnt counts

mod classes;
mod dictionary;
mod linear;
mod mixture;
mod progress;
mod trial;
mod weights;

use feed_model::TopicId;

use super::Fields;
use super::language::Language;
use super::terms;
use classes::Classes;
use dictionary::Dictionary;
use trial::{Material, Trial};
use weights::{Plan, Vector, Weights, shares};

pub use progress::Progress;
pub(super) use progress::{Judge, Standing, TOLERANCE};

/// Raised when the same lessons would teach something else than before.
pub(super) const VERSION: u8 = 2;

/// What an unlabelled story counts beside a labelled one, where unlabelled ones are taken in.
const UNLABELLED: f32 = 0.3;

/// So many nats of evidence are worth a topic's threshold.
const NATS_A_THRESHOLD: f64 = 2.0;

/// The evidence is worth at most so many thresholds, for a topic or against it.
const MOST_THRESHOLDS: f64 = 2.0;

/// So many words are told.
const TOLD_WORDS: usize = 6;

/// A stored story to learn from.
#[derive(Debug, Clone, Copy)]
pub struct Lesson<'a> {
    /// What it says.
    pub fields: Fields<'a>,
    /// The topics of its label; `None`: nobody labelled it.
    pub label: Option<&'a [TopicId]>,
}

/// What the learner says of one story and one topic.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Evidence {
    /// The chance that the story belongs there.
    pub(super) chance: f64,
    /// How much likelier that is than the likeliest that leaves the topic out, in nats: above 0 nothing is likelier.
    pub(super) lead: f64,
    /// The words that decided, those that weigh most first, with what they weigh for the topic, in nats.
    pub(super) words: Vec<(String, f64)>,
}

impl Evidence {
    /// What it adds to a score. Alone it is enough where nothing is likelier.
    pub(super) fn points(&self, threshold: f64, is_alone: bool) -> f64 {
        if is_alone {
            2.0 * threshold / (1.0 + (-self.lead).exp())
        } else {
            let odds = (self.chance / (1.0 - self.chance)).ln();
            (odds / NATS_A_THRESHOLD).clamp(-MOST_THRESHOLDS, MOST_THRESHOLDS) * threshold
        }
    }
}

/// What labels taught.
#[derive(Debug)]
pub(super) struct Learner {
    topics: Vec<TopicId>,
    progress: Vec<Progress>,
    model: Option<Model>,
}

#[derive(Debug)]
struct Model {
    dictionary: Dictionary,
    weights: Weights,
    classes: Classes,
    temperature: f32,
    /// How many labels it was tried on.
    labels: usize,
}

impl Learner {
    /// Trains for `topics`, and holds the outcome against the rules.
    pub(super) fn train(topics: Vec<TopicId>, lessons: &[Lesson<'_>], judge: &impl Judge) -> Self {
        let sets: Vec<Option<Vec<usize>>> = lessons.iter().map(|lesson| lesson.label.map(|label| set(&topics, label))).collect();
        let languages: Vec<Language> = lessons.iter().map(|lesson| terms::language(&lesson.fields)).collect();
        let labelled = (0..lessons.len()).filter(|place| sets[*place].is_some());
        // What the rules say of a story is asked once, and then held beside whatever is learnt.
        let standings: Vec<(usize, Vec<Standing>)> =
            labelled.map(|place| (place, judge.standings(&lessons[place].fields, languages[place], &topics))).collect();
        let mut progress = Progress::of_rules(&topics, &sets, &standings);
        let classes = Classes::of(topics.len(), &sets);
        if classes.len() < 2 || !progress.iter().any(Progress::has_enough_labels) {
            return Self { topics, progress, model: None };
        }
        let (dictionary, stories) = Dictionary::read(lessons, &languages);
        let material = Material { stories: &stories, sets: &sets, classes: &classes, topics: topics.len() };
        let plan = |unlabelled| Plan { components: classes.len(), words: dictionary.len(), unlabelled };
        let [labels_alone, with_unlabelled] = [0.0, UNLABELLED].map(|unlabelled| Trial::run(&material, plan(unlabelled)));
        let trial = if with_unlabelled.loss < labels_alone.loss { with_unlabelled } else { labels_alone };
        let weights = material.learn(trial.plan);
        let model = Model { dictionary, weights, temperature: trial.temperature, classes, labels: standings.len() };
        let evidence = |place: usize, topic: usize| {
            let shares = shares(trial.scores[place].clone()?, trial.temperature);
            Some(model.measured(&shares, topic, Vec::new()))
        };
        progress.iter_mut().enumerate().for_each(|(topic, progress)| {
            progress.learnt(&standings, topic, &sets, |place| evidence(place, topic));
        });
        Self { topics, progress, model: Some(model) }
    }

    /// How far each topic has come.
    pub(super) fn progress(&self) -> &[Progress] {
        &self.progress
    }

    /// What is to be said of a story: for each topic whose learner counts.
    pub(super) fn evidence(&self, fields: &Fields<'_>, language: Language) -> Vec<(&TopicId, Evidence)> {
        let Some(model) = self.model.as_ref().filter(|_| self.progress.iter().any(|p| p.counts)) else { return Vec::new() };
        let story = model.dictionary.vector(fields, language);
        let shares = shares(model.weights.scores(&story), model.temperature);
        let counting = (0..self.topics.len()).filter(|place| self.progress[*place].counts);
        counting.map(|place| (&self.topics[place], model.evidence(place, &story, &shares))).collect()
    }
}

impl Model {
    fn evidence(&self, topic: usize, story: &Vector, shares: &[f32]) -> Evidence {
        let strongest = |inside| self.classes.strongest(shares, topic, inside).map(|(place, _)| place);
        let mut words: Vec<(&str, f64)> = match (strongest(true), strongest(false)) {
            (Some(inside), Some(outside)) => story
                .iter()
                .map(|term| (term.0, f64::from(self.weights.contrast(*term, inside, outside) / self.temperature)))
                .map(|(term, nats)| (self.dictionary.written(term), nats))
                .collect(),
            _ => Vec::new(),
        };
        words.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then_with(|| a.0.cmp(b.0)));
        words.truncate(TOLD_WORDS);
        self.measured(shares, topic, words.into_iter().map(|(word, nats)| (word.to_owned(), nats)).collect())
    }

    /// Nobody is surer than the number of labels that it was tried on allows.
    #[allow(clippy::cast_precision_loss)] // labels are far fewer than a float counts exactly
    fn measured(&self, shares: &[f32], topic: usize, words: Vec<(String, f64)>) -> Evidence {
        let doubt = 1.0 / (self.labels + 2) as f64;
        let chance = self.classes.chance(shares, topic);
        let rival = self.classes.strongest(shares, topic, false).map_or(0.0, |(_, share)| share);
        let lead = (chance.max(1e-9) / rival.max(1e-9)).ln();
        let most = ((1.0 - doubt) / doubt).ln();
        Evidence { chance: chance.clamp(doubt, 1.0 - doubt), lead: lead.clamp(-most, most), words }
    }
}

/// The places of the learning topics in a label, in order.
fn set(topics: &[TopicId], label: &[TopicId]) -> Vec<usize> {
    (0..topics.len()).filter(|place| label.contains(&topics[*place])).collect()
}
