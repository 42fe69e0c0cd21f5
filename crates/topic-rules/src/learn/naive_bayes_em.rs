//! Naive Bayes over weighted words, with unlabelled stories taken in: a mixture of multinomials
//! fitted by expectation and maximisation (Nigam, `McCallum`, Thrun and Mitchell 2000), with words
//! weighted as Rennie, Shih, Teevan and Karger (2003) advise.
//!
//! Components are numbers here. Everything is summed in a fixed order, so that the same stories
//! give the same numbers.

use super::linear_model::{FitPlan, Vector, Weights, shares};

/// What every component is believed to have of every word before anything was seen.
const PRIOR: f32 = 0.1;

/// How much a story's words weigh together: the sharper, the sooner a doubtful story is taken for
/// certain.
const SHARPNESS: f32 = 2.0;

/// A share of a story below this is not log_probabilities.
const MIN_SHARE: f32 = 1e-4;

/// How often the unlabelled stories are shared out.
const EM_ROUNDS: usize = 12;

/// Fits a mixture to stories whose shares in the components are known, or not. Returns what speaks
/// for each component, and the shares that the stories then have, the known ones as they are.
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
        for (place, story) in
            stories.iter().enumerate().filter(|(place, _)| known[*place].is_none())
        {
            responsibilities[place] = shares(weights.scores(story), 1.0);
        }
        if round < em_rounds {
            weights = log_probabilities(stories, known, &responsibilities, plan);
        }
    }
    (weights, responsibilities)
}

/// The logarithm of every word's probability in every component.
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
    fn unlabelled_stories_carry_a_label_on_to_words_that_it_never_saw() {
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
        assert!((share(plan, 1) - 0.5).abs() < 1e-6, "labels alone say nothing of it");
        let plan = FitPlan { unlabelled: 0.5, ..plan };
        assert!(
            share(plan, 1) > 0.85 && share(plan, 2) < 0.15,
            "{} {}",
            share(plan, 1),
            share(plan, 2)
        );
    }
}
