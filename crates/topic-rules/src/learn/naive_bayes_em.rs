//! Multinomial naive Bayes with unlabelled stories: a mixture fitted by expectation maximisation
//! (Nigam, `McCallum`, Thrun and Mitchell 2000), over words weighted as in Rennie, Shih, Teevan and
//! Karger (2003).
//!
//! Sums have a fixed order, so that the same stories give the same numbers.

use super::linear_model::{FitPlan, Vector, Weights, shares};

/// Prior count of every word in every component.
const PRIOR: f32 = 0.1;

/// Factor of the log probabilities. A higher factor gives more extreme shares.
const SHARPNESS: f32 = 1.0;

/// Share of a story below which it does not count for a component.
const MIN_SHARE: f32 = 1e-4;

/// Number of rounds of expectation maximisation.
const EM_ROUNDS: usize = 12;

/// Fits a mixture to stories whose shares in the components are known or unknown. Returns the
/// weights and the shares of all stories; known shares are unchanged.
pub(super) fn fit(
    stories: &[Vector],
    known: &[Option<Vec<f32>>],
    plan: FitPlan,
) -> (Weights, Vec<Vec<f32>>) {
    let mut responsibilities: Vec<Vec<f32>> =
        known.iter().map(|known| known.clone().unwrap_or_default()).collect();
    let mut weights = log_probabilities(stories, known, &responsibilities, plan);
    let em_rounds =
        if plan.uses_unlabelled() && known.iter().any(Option::is_none) { EM_ROUNDS } else { 0 };
    for round in 0..=em_rounds {
        for (index, story) in
            stories.iter().enumerate().filter(|(index, _)| known[*index].is_none())
        {
            responsibilities[index] = shares(weights.scores(story), 1.0);
        }
        if round < em_rounds {
            weights = log_probabilities(stories, known, &responsibilities, plan);
        }
    }
    (weights, responsibilities)
}

/// Returns the logarithm of the probability of every word in every component.
fn log_probabilities(
    stories: &[Vector],
    known: &[Option<Vec<f32>>],
    responsibilities: &[Vec<f32>],
    plan: FitPlan,
) -> Weights {
    let k = plan.components;
    let mut counts = vec![PRIOR; plan.words * k];
    for ((story, known), shares) in stories.iter().zip(known).zip(responsibilities) {
        let factor = if known.is_some() { 1.0 } else { plan.unlabelled };
        for (component, share) in shares.iter().enumerate().filter(|(_, share)| **share > MIN_SHARE)
        {
            for (word, weight) in story {
                counts[*word as usize * k + component] += share * factor * weight;
            }
        }
    }
    let mut sums = vec![0.0_f32; k];
    for row in counts.chunks_exact(k) {
        row.iter().zip(&mut sums).for_each(|(count, sum)| *sum += count);
    }
    let sums: Vec<f32> = sums.into_iter().map(f32::ln).collect();
    for row in counts.chunks_exact_mut(k) {
        row.iter_mut().zip(&sums).for_each(|(count, sum)| *count = SHARPNESS * (count.ln() - sum));
    }
    Weights { bias: vec![0.0; k], words: counts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unlabelled_stories_extend_a_label_to_new_words() {
        // Word 0 is labelled as component 0 and word 3 as component 1; 1 and 2 only ever stand
        // beside them.
        let pair = |a, b| vec![(a, 0.7), (b, 0.7)];
        let stories =
            [vec![(0, 1.0)], vec![(3, 1.0)], pair(0, 1), pair(0, 1), pair(2, 3), pair(2, 3)];
        let mut known = vec![None; stories.len()];
        (known[0], known[1]) = (Some(vec![1.0, 0.0]), Some(vec![0.0, 1.0]));
        let plan = FitPlan { components: 2, words: 4, unlabelled: 0.0 };
        let share =
            |plan, word| shares(fit(&stories, &known, plan).0.scores(&vec![(word, 1.0)]), 1.0)[0];
        assert!((share(plan, 1) - 0.5).abs() < 1e-6, "labels alone do not reach it");
        let plan = FitPlan { unlabelled: 0.5, ..plan };
        assert!(
            share(plan, 1) > 0.85 && share(plan, 2) < 0.15,
            "{} {}",
            share(plan, 1),
            share(plan, 2)
        );
    }
}
