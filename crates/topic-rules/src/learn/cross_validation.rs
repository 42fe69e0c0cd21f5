//! Cross-validation: trains without some of the labels and measures the model on those.

use std::collections::BTreeMap;

use super::label_sets::LabelSets;
use super::linear_model::{FitPlan, Vector, Weights, shares};
use super::{logistic_regression, naive_bayes_em};

/// Number of folds.
const FOLDS: usize = 5;

/// Temperatures that are tried to calibrate the probabilities.
const TEMPERATURES: [f32; 10] = [0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0, 16.0];

/// The stories to train on.
pub(super) struct TrainingData<'m> {
    /// Their terms.
    pub(super) stories: &'m [Vector],
    /// Their labels, as indexes of topics.
    pub(super) sets: &'m [Option<Vec<usize>>],
    /// The components.
    pub(super) label_sets: &'m LabelSets,
    /// Number of topics that learn.
    pub(super) topics: usize,
}

impl TrainingData<'_> {
    /// Returns the shares of the labels that are not held back.
    fn known(&self, held_back: impl Fn(usize) -> bool) -> Vec<Option<Vec<f32>>> {
        let label_shares = |(index, set): (usize, &Option<Vec<usize>>)| {
            set.as_ref().filter(|_| !held_back(index)).map(|set| self.label_sets.label_shares(set))
        };
        self.sets.iter().enumerate().map(label_shares).collect()
    }

    /// Trains on all labels.
    pub(super) fn learn(&self, plan: FitPlan) -> Weights {
        fit(self.stories, &self.known(|_| false), plan)
    }
}

/// Returns the mean of naive Bayes and logistic regression. Naive Bayes assigns the shares of the
/// unlabelled stories.
fn fit(stories: &[Vector], known: &[Option<Vec<f32>>], plan: FitPlan) -> Weights {
    let (weights, responsibilities) = naive_bayes_em::fit(stories, known, plan);
    weights.mean(&logistic_regression::fit(stories, known, &responsibilities, plan))
}

/// The result of a cross-validation.
pub(super) struct CrossValidation {
    /// The parameters.
    pub(super) plan: FitPlan,
    /// The scores of each labelled story from the fold in which its label was held back.
    pub(super) scores: Vec<Option<Vec<f32>>>,
    /// The temperature with the lowest loss.
    pub(super) temperature: f32,
    /// The log loss at that temperature, in nats.
    pub(super) loss: f64,
}

impl CrossValidation {
    /// Trains once per fold without its labels and scores the stories of the fold.
    pub(super) fn run(training_data: &TrainingData<'_>, plan: FitPlan) -> Self {
        let folds = &folds(training_data.sets);
        let mut scores = vec![None; training_data.stories.len()];
        // A story whose label is held back is used as an unlabelled one.
        let learn = |fold| {
            fit(
                training_data.stories,
                &training_data.known(|index| folds[index] == Some(fold)),
                plan,
            )
        };
        // The folds are independent, so each has a thread.
        let learnt: Vec<Weights> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..FOLDS).map(|fold| scope.spawn(move || learn(fold))).collect();
            threads
                .into_iter()
                .map(|thread| {
                    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect()
        });
        for (fold, weights) in learnt.iter().enumerate() {
            for index in (0..scores.len()).filter(|index| folds[*index] == Some(fold)) {
                scores[index] = Some(weights.scores(&training_data.stories[index]));
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
                    let loss = |topic| {
                        let probability = training_data.label_sets.probability(&shares, topic);
                        -(if set.contains(&topic) { probability } else { 1.0 - probability })
                            .max(1e-6)
                            .ln()
                    };
                    (0..training_data.topics).map(loss).sum::<f64>()
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

/// Returns the fold of each label. The labels of every set of topics are spread over all folds.
fn folds(sets: &[Option<Vec<usize>>]) -> Vec<Option<usize>> {
    let mut seen: BTreeMap<&[usize], usize> = BTreeMap::new();
    let mut folds = Vec::with_capacity(sets.len());
    for set in sets {
        folds.push(set.as_deref().map(|set| {
            let next = seen.entry(set).or_default();
            *next += 1;
            (*next - 1) % FOLDS
        }));
    }
    folds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_is_spread_over_all_folds() {
        let sets: Vec<Option<Vec<usize>>> =
            (0..12).map(|n| (n % 3 > 0).then(|| vec![n % 2])).collect();
        let folds = folds(&sets);
        for set in [vec![0], vec![1]] {
            let of_set: Vec<usize> = sets
                .iter()
                .zip(&folds)
                .filter(|(s, _)| s.as_ref() == Some(&set))
                .filter_map(|(_, f)| *f)
                .collect();
            assert_eq!(of_set, [0, 1, 2, 3]);
        }
        assert!(sets.iter().zip(&folds).all(|(set, fold)| set.is_some() == fold.is_some()));
    }
}
