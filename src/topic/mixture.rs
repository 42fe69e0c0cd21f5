//! Naive Bayes over weighted words, with unlabelled stories taken in: a mixture of multinomials fitted by expectation
//! and maximisation (Nigam, `McCallum`, Thrun and Mitchell 2000), with words weighted as Rennie, Shih, Teevan and Karger
//! (2003) advise.
//!
//! Components are numbers here; what they stand for is `learn`'s. Everything is summed in a fixed order, so that the
//! same stories give the same numbers.

/// What every component is believed to have of every word before anything was seen.
const PRIOR: f64 = 0.1;

/// How much a story's words weigh together: the sharper, the sooner a doubtful story is taken for certain.
const SHARPNESS: f64 = 3.0;

/// A share of a story below this is not counted.
const LEAST_SHARE: f64 = 1e-4;

/// The words of a story: number and weight, in the order of the numbers, of Euclidean length one.
pub(super) type Vector = Vec<(u32, f64)>;

/// How a mixture is fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Plan {
    /// How many components there are.
    pub(super) components: usize,
    /// How many words there are.
    pub(super) words: usize,
    /// What an unlabelled story counts beside a labelled one.
    pub(super) unlabelled: f64,
    /// How often the unlabelled stories are shared out anew.
    pub(super) rounds: usize,
}

/// The logarithm of every word's probability in every component.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mixture {
    components: usize,
    /// By word, then by component.
    weights: Vec<f64>,
}

impl Mixture {
    /// Fits a mixture to stories whose shares in the components are known, or not.
    pub(super) fn fit(stories: &[Vector], known: &[Option<Vec<f64>>], plan: Plan) -> Self {
        let mut mixture = Self::counted(stories, known, &[], plan);
        if plan.unlabelled > 0.0 && known.iter().any(Option::is_none) {
            for _ in 0..plan.rounds {
                let guessed: Vec<Vec<f64>> = stories
                    .iter()
                    .zip(known)
                    .map(|(story, known)| if known.is_some() { Vec::new() } else { shares(&mixture.scores(story), 1.0) })
                    .collect();
                mixture = Self::counted(stories, known, &guessed, plan);
            }
        }
        mixture
    }

    fn counted(stories: &[Vector], known: &[Option<Vec<f64>>], guessed: &[Vec<f64>], plan: Plan) -> Self {
        let k = plan.components;
        let mut weights = vec![PRIOR; plan.words * k];
        for (place, story) in stories.iter().enumerate() {
            let (shares, factor) = match (&known[place], guessed.get(place)) {
                (Some(known), _) => (known, 1.0),
                (None, Some(guessed)) => (guessed, plan.unlabelled),
                (None, None) => continue,
            };
            for (component, share) in shares.iter().enumerate().filter(|(_, share)| **share > LEAST_SHARE) {
                for (word, weight) in story {
                    weights[*word as usize * k + component] += share * factor * weight;
                }
            }
        }
        let mut sums = vec![0.0; k];
        for row in weights.chunks_exact(k) {
            row.iter().zip(&mut sums).for_each(|(weight, sum)| *sum += weight);
        }
        for row in weights.chunks_exact_mut(k) {
            row.iter_mut().zip(&sums).for_each(|(weight, sum)| *weight = (*weight / sum).ln());
        }
        Self { components: k, weights }
    }

    /// What speaks for each component, in nats; only differences mean something.
    pub(super) fn scores(&self, story: &Vector) -> Vec<f64> {
        let mut scores = vec![0.0; self.components];
        for (word, weight) in story {
            for (component, score) in scores.iter_mut().enumerate() {
                *score += SHARPNESS * weight * self.weight(*word, component);
            }
        }
        scores
    }

    /// By how much one word of a story speaks for one component rather than another, in nats.
    pub(super) fn contrast(&self, (word, weight): (u32, f64), component: usize, other: usize) -> f64 {
        SHARPNESS * weight * (self.weight(word, component) - self.weight(word, other))
    }

    fn weight(&self, word: u32, component: usize) -> f64 {
        self.weights[word as usize * self.components + component]
    }
}

/// Scores as shares that add up to one; the hotter, the more even.
pub(super) fn shares(scores: &[f64], temperature: f64) -> Vec<f64> {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut shares: Vec<f64> = scores.iter().map(|score| ((score - most) / temperature).exp()).collect();
    let sum: f64 = shares.iter().sum();
    for share in &mut shares {
        *share /= sum;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unlabelled_stories_carry_a_label_on_to_words_that_it_never_saw() {
        // Word 0 is labelled as component 0 and word 3 as component 1; 1 and 2 only ever stand beside them.
        let pair = |a, b| vec![(a, 0.7), (b, 0.7)];
        let stories = [vec![(0, 1.0)], vec![(3, 1.0)], pair(0, 1), pair(0, 1), pair(2, 3), pair(2, 3)];
        let mut known = vec![None; stories.len()];
        (known[0], known[1]) = (Some(vec![1.0, 0.0]), Some(vec![0.0, 1.0]));
        let plan = Plan { components: 2, words: 4, unlabelled: 0.0, rounds: 10 };
        let share = |plan, word| shares(&Mixture::fit(&stories, &known, plan).scores(&vec![(word, 1.0)]), 1.0)[0];
        assert!((share(plan, 1) - 0.5).abs() < 1e-9, "labels alone say nothing of it");
        let plan = Plan { unlabelled: 0.5, ..plan };
        assert!(share(plan, 1) > 0.9 && share(plan, 2) < 0.1, "{} {}", share(plan, 1), share(plan, 2));
    }

    #[test]
    fn shares_add_up_and_heat_evens_them_out() {
        let (cold, hot) = (shares(&[900.0, 899.0, -900.0], 1.0), shares(&[900.0, 899.0, -900.0], 10.0));
        assert!((cold.iter().sum::<f64>() - 1.0).abs() < 1e-12 && (hot.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(cold[0] > hot[0] && hot[0] > 0.5);
    }
}
