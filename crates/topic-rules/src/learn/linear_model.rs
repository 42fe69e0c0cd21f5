//! A linear model: one weight per word and component, and one bias per component.

/// The terms of a story as numbers with weights, sorted by number and of Euclidean length one.
pub(super) type Vector = Vec<(u32, f32)>;

/// The parameters of a training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct FitPlan {
    /// Number of components.
    pub(super) components: usize,
    /// Number of words.
    pub(super) words: usize,
    /// Weight of an unlabelled story; 0 to ignore them.
    pub(super) unlabelled: f32,
}

impl FitPlan {
    /// Returns whether unlabelled stories are used.
    pub(super) fn uses_unlabelled(self) -> bool {
        self.unlabelled > 0.0
    }
}

/// Weights that give a score per component in nats. Only differences between scores have a meaning.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weights {
    /// By component.
    pub(super) bias: Vec<f32>,
    /// By word, then by component.
    pub(super) words: Vec<f32>,
}

impl Weights {
    /// Returns the mean of two models. Its shares are the normalised geometric mean of theirs.
    #[must_use]
    pub(super) fn mean(mut self, other: &Self) -> Self {
        let halve = |ours: &mut f32, theirs: &f32| *ours = f32::midpoint(*ours, *theirs);
        self.bias.iter_mut().zip(&other.bias).for_each(|(ours, theirs)| halve(ours, theirs));
        self.words.iter_mut().zip(&other.words).for_each(|(ours, theirs)| halve(ours, theirs));
        self
    }

    /// Returns the score of a story for each component.
    pub(super) fn scores(&self, story: &Vector) -> Vec<f32> {
        let mut scores = self.bias.clone();
        self.add_scores(story, &mut scores);
        scores
    }

    /// Adds the scores of a story's words.
    pub(super) fn add_scores(&self, story: &Vector, scores: &mut [f32]) {
        let k = self.bias.len();
        for (word, weight) in story {
            let row = &self.words[*word as usize * k..][..k];
            scores.iter_mut().zip(row).for_each(|(score, value)| *score += weight * value);
        }
    }

    /// Returns what one word of a story contributes to the difference between two components, in
    /// nats.
    pub(super) fn contrast(
        &self,
        (word, weight): (u32, f32),
        component: usize,
        other: usize,
    ) -> f32 {
        let row = &self.words[word as usize * self.bias.len()..];
        weight * (row[component] - row[other])
    }
}

/// Converts scores to shares that add up to one (softmax). A higher temperature makes them more
/// even.
pub(super) fn shares(mut scores: Vec<f32>, temperature: f32) -> Vec<f32> {
    softmax_in_place(&mut scores, temperature);
    scores
}

/// [`shares`], in place.
pub(super) fn softmax_in_place(scores: &mut [f32], temperature: f32) {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = ((*score - most) / temperature).exp();
        sum += *score;
    }
    for share in &mut *scores {
        *share /= sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_temperature_evens_them_out() {
        let (cold, hot) =
            (shares(vec![900.0, 899.0, -900.0], 1.0), shares(vec![900.0, 899.0, -900.0], 10.0));
        assert!(
            (cold.iter().sum::<f32>() - 1.0).abs() < 1e-6
                && (hot.iter().sum::<f32>() - 1.0).abs() < 1e-6
        );
        assert!(cold[0] > hot[0] && hot[0] > 0.5);
    }

    #[test]
    fn contrasts_add_up_to_the_difference() {
        let weights = Weights { bias: vec![0.0, 0.0], words: vec![1.0, 3.0, 2.0, 0.0] };
        let story = vec![(0, 0.5), (1, 0.5)];
        let scores = weights.scores(&story);
        let parts: f32 = story.iter().map(|word| weights.contrast(*word, 0, 1)).sum();
        assert!((scores[0] - scores[1] - parts).abs() < 1e-6);
        assert_eq!(weights.clone().mean(&weights), weights);
    }
}
