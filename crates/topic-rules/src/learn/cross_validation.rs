//! How a way to learn does on labels that are held back from it.

use std::collections::BTreeMap;

use super::label_sets::LabelSets;
use super::linear_model::{FitPlan, Vector, Weights, shares};
use super::{logistic_regression, naive_bayes_em};

/// Labels are held back in so many turns.
const FOLDS: usize = 5;

/// Heats that are tried, so that what is told as odds are odds.
const TEMPERATURES: [f32; 10] = [0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0, 16.0];

/// The stories to learn from.
pub(super) struct TrainingData<'m> {
    /// Their terms.
    pub(super) stories: &'m [Vector],
    /// The labels: places of topics.
    pub(super) sets: &'m [Option<Vec<usize>>],
    /// What the labels tell apart.
    pub(super) label_sets: &'m LabelSets,
    /// How many topics learn.
    pub(super) topics: usize,
}

impl TrainingData<'_> {
    /// What labels say, without those that are held back in a turn.
    fn known(&self, held_back: impl Fn(usize) -> bool) -> Vec<Option<Vec<f32>>> {
        let label_shares = |(place, set): (usize, &Option<Vec<usize>>)| {
            set.as_ref().filter(|_| !held_back(place)).map(|set| self.label_sets.label_shares(set))
        };
        self.sets.iter().enumerate().map(label_shares).collect()
    }

    /// Learns from all labels.
    pub(super) fn learn(&self, plan: FitPlan) -> Weights {
        fit(self.stories, &self.known(|_| false), plan)
    }
}

/// The mixture shares the unlabelled stories out, and both say what the shares come from.
fn fit(stories: &[Vector], known: &[Option<Vec<f32>>], plan: FitPlan) -> Weights {
    let (weights, responsibilities) = naive_bayes_em::fit(stories, known, plan);
    weights.mean(&logistic_regression::fit(stories, known, &responsibilities, plan))
}

/// How a plan did.
pub(super) struct CrossValidation {
    /// The plan.
    pub(super) plan: FitPlan,
    /// For each labelled story what spoke for each component when its label was held back.
    pub(super) scores: Vec<Option<Vec<f32>>>,
    /// The heat at which the odds were best.
    pub(super) temperature: f32,
    /// How surprising the labels then were, in nats.
    pub(super) loss: f64,
}

impl CrossValidation {
    /// Learns several times, each time without some of the labels, and asks for those.
    pub(super) fn run(training_data: &TrainingData<'_>, plan: FitPlan) -> Self {
        let folds = &folds(training_data.sets);
        let mut scores = vec![None; training_data.stories.len()];
        // A story whose label is held back is an unlabelled one, as it would be in earnest.
        let learn = |turn| {
            fit(
                training_data.stories,
                &training_data.known(|place| folds[place] == Some(turn)),
                plan,
            )
        };
        // Turns do not ask each other: each has a thread, and what comes out does not depend on
        // which ends first.
        let learnt: Vec<Weights> = std::thread::scope(|scope| {
            let turns: Vec<_> = (0..FOLDS).map(|turn| scope.spawn(move || learn(turn))).collect();
            turns
                .into_iter()
                .map(|turn| turn.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        for (turn, weights) in learnt.iter().enumerate() {
            for place in (0..scores.len()).filter(|place| folds[*place] == Some(turn)) {
                scores[place] = Some(weights.scores(&training_data.stories[place]));
            }
        }
        let loss_at = |temperature: f32| -> f64 {
            let labelled = scores
                .iter()
                .zip(training_data.sets)
                .filter_map(|(scores, set)| Some((scores.clone()?, set.as_ref()?)));
            labelled
                .map(|(scores, set)| {
                    let shares = shares(scores, temperature);
                    let surprise = |topic| {
                        let probability = training_data.label_sets.probability(&shares, topic);
                        -(if set.contains(&topic) { probability } else { 1.0 - probability })
                            .max(1e-6)
                            .ln()
                    };
                    (0..training_data.topics).map(surprise).sum::<f64>()
                })
                .sum()
        };
        let tried = TEMPERATURES.map(|temperature| (temperature, loss_at(temperature)));
        let (temperature, loss) = tried
            .into_iter()
            .fold((1.0, f64::INFINITY), |best, one| if one.1 < best.1 { one } else { best });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_is_spread_over_all_turns() {
        let sets: Vec<Option<Vec<usize>>> =
            (0..12).map(|n| (n % 3 > 0).then(|| vec![n % 2])).collect();
        let folds = folds(&sets);
        for set in [vec![0], vec![1]] {
            let turns: Vec<usize> = sets
                .iter()
                .zip(&folds)
                .filter(|(s, _)| s.as_ref() == Some(&set))
                .filter_map(|(_, f)| *f)
                .collect();
            assert_eq!(turns, [0, 1, 2, 3]);
        }
        assert!(sets.iter().zip(&folds).all(|(set, fold)| set.is_some() == fold.is_some()));
    }
}
