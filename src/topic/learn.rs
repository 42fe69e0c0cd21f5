//! What labels teach: a small classifier whose evidence is added to the scores of the topics with `learn = true`.
//!
//! It is trained from labelled stories and, where that helps, from the stored unlabelled ones. For a topic it counts
//! only when there are enough labels, in the topic and outside of it, and when it did better than the rules alone on
//! labels that were held back from it. Nothing is kept between two trainings: the same stories and labels give the same
//! learner.
//!
//! Every set of topics that is labelled often is a component of its own (`mixture`), so that subjects that go together
//! are learnt together; rarer sets are shared out among their topics. Labels that name no learning topic teach what
//! is in none.

use std::collections::{BTreeMap, HashMap};

use crate::model::TopicId;

use super::Fields;
use super::language::Language;
use super::mixture::{Mixture, Plan, Vector, shares};
use super::terms::{self, Terms};

/// Raised when the same lessons would teach something else than before.
pub(super) const VERSION: u8 = 1;

/// Labels that are needed in a topic, and outside of it.
pub(super) const ENOUGH_LABELS: usize = 5;

/// A set of topics that is labelled so often is learnt as such.
const OFTEN: usize = 5;

/// Labels are held back in so many turns.
const FOLDS: usize = 5;

/// A word must stand in so many stories.
const LEAST_STORIES: usize = 2;

/// What an unlabelled story counts beside a labelled one, where unlabelled ones are taken in.
const UNLABELLED: f64 = 0.3;

/// How often unlabelled stories are shared out.
const ROUNDS: usize = 12;

/// Heats that are tried, so that what is told as odds are odds.
const TEMPERATURES: [f64; 10] = [0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0, 16.0];

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

/// How far a topic's learner has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// The topic.
    pub topic: TopicId,
    /// Labels that put a story into it.
    pub labels: usize,
    /// Labels that leave a story out of it.
    pub others: usize,
    /// F1 of the rules alone on all labels.
    pub f1_rules: f64,
    /// F1 of rules and learner on labels that were held back; `None` where there are not enough to try.
    pub f1_learnt: Option<f64>,
    /// Whether the learner's evidence counts.
    pub counts: bool,
    /// Why it counts or not, in one sentence.
    pub because: String,
}

/// What the learner says of one story and one topic.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Evidence {
    /// The chance that the story belongs there.
    pub(super) chance: f64,
    /// Its odds, in nats.
    pub(super) odds: f64,
    /// The words that decided, those that weigh most first, with what they weigh for the topic, in nats.
    pub(super) words: Vec<(String, f64)>,
}

impl Evidence {
    /// What it adds to a score. Alone it is enough from even odds on.
    pub(super) fn points(&self, threshold: f64, is_alone: bool) -> f64 {
        if is_alone {
            2.0 * self.chance * threshold
        } else {
            (self.odds / NATS_A_THRESHOLD).clamp(-MOST_THRESHOLDS, MOST_THRESHOLDS) * threshold
        }
    }
}

/// The rules as the learner asks them: for a story, and evidence for each topic, whether it is in each topic.
pub(super) trait Judge {
    /// One answer for each topic of `evidence`; without evidence the rules alone are asked.
    fn members(&self, fields: &Fields<'_>, topics: &[TopicId], evidence: &[Option<Evidence>]) -> Vec<bool>;
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
    mixture: Mixture,
    /// For each component the places of its topics.
    components: Vec<Vec<usize>>,
    temperature: f64,
    /// How many labels it was tried on.
    labels: usize,
}

impl Learner {
    /// Trains for `topics`, and holds the outcome against the rules.
    pub(super) fn train(topics: Vec<TopicId>, lessons: &[Lesson<'_>], judge: &impl Judge) -> Self {
        let sets: Vec<Option<Vec<usize>>> = lessons.iter().map(|lesson| lesson.label.map(|label| set(&topics, label))).collect();
        let mut progress: Vec<Progress> = (0..topics.len()).map(|place| counted(&topics, place, &sets)).collect();
        measure_rules(&topics, &mut progress, lessons, &sets, judge);
        let components = components(topics.len(), &sets);
        if components.len() < 2 || progress.iter().all(|p| p.labels < ENOUGH_LABELS || p.others < ENOUGH_LABELS) {
            return Self { topics, progress, model: None };
        }
        let (dictionary, stories) = Dictionary::read(lessons);
        let known: Vec<Option<Vec<f64>>> = sets.iter().map(|set| set.as_ref().map(|set| share_out(set, &components))).collect();
        let plan =
            |unlabelled| Plan { components: components.len(), words: dictionary.weights.len(), unlabelled, rounds: ROUNDS };
        let trials =
            [0.0, UNLABELLED].map(|unlabelled| Trial::run(&stories, &known, &sets, &components, topics.len(), plan(unlabelled)));
        let [labels_alone, with_unlabelled] = trials;
        let trial = if with_unlabelled.loss < labels_alone.loss { with_unlabelled } else { labels_alone };
        let mixture = Mixture::fit(&stories, &known, trial.plan);
        let labels = sets.iter().flatten().count();
        let model = Model { dictionary, mixture, temperature: trial.temperature, components, labels };
        measure_learner(&topics, &mut progress, lessons, &sets, &trial, &model, judge);
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
        let scores = model.mixture.scores(&story);
        let counting = (0..self.topics.len()).filter(|place| self.progress[*place].counts);
        counting.map(|place| (&self.topics[place], model.evidence(place, &story, &scores))).collect()
    }
}

impl Model {
    /// The chance that a story is in a topic. Nobody is surer than the number of labels that it was tried on allows.
    fn chance(&self, scores: &[f64], topic: usize) -> f64 {
        let doubt = 1.0 / real(self.labels + 2);
        chance(&shares(scores, self.temperature), &self.components, topic).clamp(doubt, 1.0 - doubt)
    }

    fn evidence(&self, topic: usize, story: &Vector, scores: &[f64]) -> Evidence {
        let chance = self.chance(scores, topic);
        let best = |inside: bool| {
            let of_side = (0..scores.len()).filter(|c| self.components[*c].contains(&topic) == inside);
            of_side.reduce(|best, c| if scores[c] > scores[best] { c } else { best })
        };
        let mut words: Vec<(String, f64)> = match (best(true), best(false)) {
            (Some(inside), Some(outside)) => story
                .iter()
                .map(|word| (word.0, self.mixture.contrast(*word, inside, outside) / self.temperature))
                .map(|(word, nats)| (self.dictionary.written[word as usize].clone(), nats))
                .collect(),
            _ => Vec::new(),
        };
        words.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then_with(|| a.0.cmp(&b.0)));
        words.truncate(TOLD_WORDS);
        Evidence { chance, odds: odds(chance), words }
    }
}

/// Words by their stems, and what each is worth.
#[derive(Debug)]
struct Dictionary {
    numbers: HashMap<String, u32>,
    /// How it is written most often.
    written: Vec<String>,
    /// The rarer, the more.
    weights: Vec<f64>,
}

impl Dictionary {
    /// Reads all stories; those words are kept that stand in several.
    fn read(lessons: &[Lesson<'_>]) -> (Self, Vec<Vector>) {
        let mut reader = Terms::default();
        let counts: Vec<Counts> =
            lessons.iter().map(|lesson| count(&mut reader, &lesson.fields, terms::language(&lesson.fields))).collect();
        let mut found: BTreeMap<&str, (usize, BTreeMap<&str, usize>)> = BTreeMap::new();
        for (stem, (_, written)) in counts.iter().flatten() {
            let (stories, ways) = found.entry(stem).or_default();
            *stories += 1;
            *ways.entry(written).or_default() += 1;
        }
        let all = real(lessons.len());
        let mut dictionary = Self { numbers: HashMap::new(), written: Vec::new(), weights: Vec::new() };
        for (stem, (stories, ways)) in found.iter().filter(|(_, (stories, _))| *stories >= LEAST_STORIES) {
            let number = u32::try_from(dictionary.written.len()).expect("there are fewer words than u32 counts");
            let most = ways.iter().fold(("", 0), |most, (way, times)| if *times > most.1 { (way, *times) } else { most });
            dictionary.numbers.insert((*stem).to_owned(), number);
            dictionary.written.push(most.0.to_owned());
            dictionary.weights.push(1.0 + ((all + 1.0) / (real(*stories) + 1.0)).ln());
        }
        let stories = counts.iter().map(|counts| dictionary.weighed(counts)).collect();
        (dictionary, stories)
    }

    fn vector(&self, fields: &Fields<'_>, language: Language) -> Vector {
        self.weighed(&count(&mut Terms::default(), fields, language))
    }

    fn weighed(&self, counts: &Counts) -> Vector {
        let known = counts.iter().filter_map(|(stem, (times, _))| Some((*self.numbers.get(stem)?, *times)));
        let mut vector: Vector =
            known.map(|(number, times)| (number, (1.0 + real(times).ln()) * self.weights[number as usize])).collect();
        vector.sort_by_key(|(number, _)| *number);
        let length = vector.iter().map(|(_, weight)| weight * weight).sum::<f64>().sqrt();
        for (_, weight) in &mut vector {
            *weight /= length;
        }
        vector
    }
}

/// How often each stem stands in a story, and how it is written there first.
type Counts = BTreeMap<String, (usize, String)>;

fn count(reader: &mut Terms, fields: &Fields<'_>, language: Language) -> Counts {
    let mut counts = Counts::new();
    for stretch in reader.read(fields, language) {
        for word in stretch.words.into_iter().filter(|word| !word.is_empty) {
            let written = &stretch.text[word.start..word.end];
            counts.entry(word.stem).or_insert_with(|| (0, written.to_lowercase())).0 += 1;
        }
    }
    counts
}

/// How a plan did on labels that were held back.
struct Trial {
    plan: Plan,
    /// For each labelled story what spoke for each component.
    scores: Vec<Option<Vec<f64>>>,
    /// The heat at which the odds were best.
    temperature: f64,
    /// How surprising the labels then were, in nats.
    loss: f64,
}

impl Trial {
    fn run(
        stories: &[Vector],
        known: &[Option<Vec<f64>>],
        sets: &[Option<Vec<usize>>],
        components: &[Vec<usize>],
        topics: usize,
        plan: Plan,
    ) -> Self {
        let folds = folds(sets);
        let mut scores = vec![None; stories.len()];
        for turn in 0..FOLDS {
            // A story whose label is held back is an unlabelled one, as it would be in earnest.
            let held_back: Vec<Option<Vec<f64>>> =
                known.iter().zip(&folds).map(|(known, fold)| known.clone().filter(|_| *fold != Some(turn))).collect();
            let mixture = Mixture::fit(stories, &held_back, plan);
            for place in (0..stories.len()).filter(|place| folds[*place] == Some(turn)) {
                scores[place] = Some(mixture.scores(&stories[place]));
            }
        }
        let loss_at = |temperature: f64| -> f64 {
            let labelled = scores.iter().zip(sets).filter_map(|(scores, set)| Some((scores.as_ref()?, set.as_ref()?)));
            labelled
                .map(|(scores, set)| {
                    let shares = shares(scores, temperature);
                    let surprise = |topic| {
                        let chance = chance(&shares, components, topic);
                        -(if set.contains(&topic) { chance } else { 1.0 - chance }).max(1e-12).ln()
                    };
                    (0..topics).map(surprise).sum::<f64>()
                })
                .sum()
        };
        let tried = TEMPERATURES.map(|temperature| (temperature, loss_at(temperature)));
        let (temperature, loss) =
            tried.into_iter().fold((1.0, f64::INFINITY), |best, one| if one.1 < best.1 { one } else { best });
        Self { plan, scores, temperature, loss }
    }
}

/// The turn in which each label is held back: every set of topics is spread over all turns.
fn folds(sets: &[Option<Vec<usize>>]) -> Vec<Option<usize>> {
    let mut seen: BTreeMap<&[usize], usize> = BTreeMap::new();
    let mut turns = Vec::with_capacity(sets.len());
    for set in sets {
        turns.push(set.as_deref().map(|set| {
            let next = seen.entry(set).or_default();
            *next += 1;
            (*next - 1) % FOLDS
        }));
    }
    turns
}

/// The places of the learning topics in a label, in order.
fn set(topics: &[TopicId], label: &[TopicId]) -> Vec<usize> {
    (0..topics.len()).filter(|place| label.contains(&topics[*place])).collect()
}

/// One component for every topic, one for what is in none if labels say so, one for every set that is labelled often.
fn components(topics: usize, sets: &[Option<Vec<usize>>]) -> Vec<Vec<usize>> {
    let mut times: BTreeMap<&[usize], usize> = BTreeMap::new();
    for set in sets.iter().flatten() {
        *times.entry(set).or_default() += 1;
    }
    let is_labelled = |topic: &usize| sets.iter().flatten().any(|set| set.contains(topic));
    let mut components: Vec<Vec<usize>> = (0..topics).filter(is_labelled).map(|topic| vec![topic]).collect();
    components.extend(
        times.iter().filter(|(set, times)| set.is_empty() || set.len() > 1 && **times >= OFTEN).map(|(set, _)| set.to_vec()),
    );
    components
}

/// A labelled story's shares in the components.
fn share_out(set: &[usize], components: &[Vec<usize>]) -> Vec<f64> {
    if let Some(own) = components.iter().position(|component| component == set) {
        return (0..components.len()).map(|place| if place == own { 1.0 } else { 0.0 }).collect();
    }
    let share = 1.0 / real(set.len().max(1));
    components
        .iter()
        .map(|component| if matches!(component[..], [topic] if set.contains(&topic)) { share } else { 0.0 })
        .collect()
}

/// What the mixture holds of a story being in a topic: the shares of all components that have it.
fn chance(shares: &[f64], components: &[Vec<usize>], topic: usize) -> f64 {
    shares
        .iter()
        .zip(components)
        .filter(|(_, component)| component.contains(&topic))
        .map(|(share, _)| share)
        .sum::<f64>()
        .min(1.0)
}

fn odds(chance: f64) -> f64 {
    (chance / (1.0 - chance)).ln()
}

fn counted(topics: &[TopicId], place: usize, sets: &[Option<Vec<usize>>]) -> Progress {
    let all = sets.iter().flatten().count();
    let labels = sets.iter().flatten().filter(|set| set.contains(&place)).count();
    let (others, topic) = (all - labels, topics[place].clone());
    let because = format!("it has {labels} labels in the topic and {others} outside of it; {ENOUGH_LABELS} of each are needed");
    Progress { topic, labels, others, f1_rules: 0.0, f1_learnt: None, counts: false, because }
}

fn measure_rules(
    topics: &[TopicId],
    progress: &mut [Progress],
    lessons: &[Lesson<'_>],
    sets: &[Option<Vec<usize>>],
    judge: &impl Judge,
) {
    let none = vec![None; topics.len()];
    let mut tallies = vec![Outcomes::default(); topics.len()];
    for (lesson, set) in lessons.iter().zip(sets) {
        let Some(set) = set else { continue };
        let members = judge.members(&lesson.fields, topics, &none);
        (0..topics.len()).for_each(|topic| tallies[topic].add(set.contains(&topic), members[topic]));
    }
    progress.iter_mut().zip(&tallies).for_each(|(progress, tally)| progress.f1_rules = tally.f1());
}

fn measure_learner(
    topics: &[TopicId],
    progress: &mut [Progress],
    lessons: &[Lesson<'_>],
    sets: &[Option<Vec<usize>>],
    trial: &Trial,
    model: &Model,
    judge: &impl Judge,
) {
    let mut tallies = vec![Outcomes::default(); topics.len()];
    for ((lesson, set), scores) in lessons.iter().zip(sets).zip(&trial.scores) {
        let (Some(set), Some(scores)) = (set, scores) else { continue };
        let evidence: Vec<Option<Evidence>> = (0..topics.len())
            .map(|topic| model.chance(scores, topic))
            .map(|chance| Some(Evidence { chance, odds: odds(chance), words: Vec::new() }))
            .collect();
        let members = judge.members(&lesson.fields, topics, &evidence);
        (0..topics.len()).for_each(|topic| tallies[topic].add(set.contains(&topic), members[topic]));
    }
    for (progress, tally) in progress.iter_mut().zip(&tallies) {
        if progress.labels < ENOUGH_LABELS || progress.others < ENOUGH_LABELS {
            continue;
        }
        let (learnt, rules) = (tally.f1(), progress.f1_rules);
        progress.f1_learnt = Some(learnt);
        progress.counts = learnt > rules;
        progress.because = if progress.counts {
            format!("on labels that were held back its F1 is {learnt:.3}, that of the rules alone {rules:.3}")
        } else {
            format!("on labels that were held back its F1 is {learnt:.3}, no better than that of the rules alone, {rules:.3}")
        };
    }
}

/// Right, wrongly in, wrongly out.
#[derive(Debug, Clone, Copy, Default)]
struct Outcomes {
    right: usize,
    wrong: usize,
}

impl Outcomes {
    fn add(&mut self, belongs: bool, is_in: bool) {
        self.right += usize::from(belongs && is_in);
        self.wrong += usize::from(belongs != is_in);
    }

    fn f1(self) -> f64 {
        if self.right == 0 { 0.0 } else { 2.0 * real(self.right) / real(2 * self.right + self.wrong) }
    }
}

/// Stories are far fewer than a float counts exactly.
#[allow(clippy::cast_precision_loss)]
fn real(count: usize) -> f64 {
    count as f64
}
