//! Multinomial logistic regression by stochastic gradient descent (Bottou 2010).
//!
//! It is trained on labelled stories and, with less weight, on the shares that naive Bayes assigned
//! to unlabelled ones. It makes other errors than naive Bayes, so the mean of both is better. The
//! random order of the stories has a fixed seed, so that the same stories give the same numbers.

use super::linear_model::{FitPlan, Vector, Weights, softmax_in_place};

/// Number of passes over all stories.
const EPOCHS: usize = 10;

/// Size of the first step. Later steps are smaller.
const LEARNING_RATE: f32 = 2.0;

/// Learning rate of the biases. It is low, so that no component wins by its frequency alone.
const BIAS_LEARNING_RATE: f32 = 0.1;

/// Weight of the loss against the regularisation.
const LOSS_WEIGHT: f32 = 10.0;

/// Weight of an unlabelled story.
const UNLABELLED_WEIGHT: f32 = 0.2;

/// Fits the weights to `responsibilities`, the shares of each story. Stories with `known` shares
/// have full weight.
pub(super) fn fit(
    stories: &[Vector],
    known: &[Option<Vec<f32>>],
    responsibilities: &[Vec<f32>],
    plan: FitPlan,
) -> Weights {
    let k = plan.components;
    let mut order: Vec<usize> = (0..stories.len())
        .filter(|index| plan.uses_unlabelled() || known[*index].is_some())
        .collect();
    let decay = 1.0 / (LOSS_WEIGHT * to_f32(order.len()));
    let mut weights = Weights { bias: vec![0.0; k], words: vec![0.0; plan.words * k] };
    // Regularisation shrinks all word weights at every step. The common factor is kept in `scale`.
    let (mut scale, mut steps, mut rng, mut gradient) =
        (1.0_f32, 0, RandomNumbers(1), vec![0.0; k]);
    for _ in 0..EPOCHS {
        rng.shuffle(&mut order);
        for index in &order {
            let step = LEARNING_RATE / (1.0 + LEARNING_RATE * decay * to_f32(steps));
            steps += 1;
            gradient.fill(0.0);
            weights.add_scores(&stories[*index], &mut gradient);
            for (score, bias) in gradient.iter_mut().zip(&weights.bias) {
                *score = *score * scale + bias;
            }
            scale *= 1.0 - step * decay;
            let step = if known[*index].is_some() { step } else { step * UNLABELLED_WEIGHT };
            softmax_in_place(&mut gradient, 1.0);
            for ((gradient, expected), bias) in
                gradient.iter_mut().zip(&responsibilities[*index]).zip(&mut weights.bias)
            {
                *gradient = step * (*gradient - expected);
                *bias -= BIAS_LEARNING_RATE * *gradient;
                *gradient /= scale;
            }
            for (word, weight) in &stories[*index] {
                let row = &mut weights.words[*word as usize * k..][..k];
                row.iter_mut()
                    .zip(&gradient)
                    .for_each(|(value, gradient)| *value -= gradient * weight);
            }
        }
    }
    weights.words.iter_mut().for_each(|value| *value *= scale);
    weights
}

/// A linear congruential generator, which gives the same numbers in every run.
struct RandomNumbers(u64);

impl RandomNumbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits fit") % bound
    }

    fn shuffle(&mut self, indexes: &mut [usize]) {
        for last in (1..indexes.len()).rev() {
            indexes.swap(last, self.below(last + 1));
        }
    }
}

// Few stories and steps: a float counts them exactly.
#[allow(clippy::cast_precision_loss)]
fn to_f32(count: usize) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests {
    use super::{super::linear_model::shares, *};

    #[test]
    fn distinctive_words_outweigh_shared_ones() {
        // Word 0 is in every story; 1 and 2 in one component each.
        let stories: Vec<Vector> = (0..40).map(|n| vec![(0, 0.9), (1 + n % 2, 0.4)]).collect();
        let responsibilities: Vec<Vec<f32>> =
            (0..40).map(|n| if n % 2 == 0 { vec![1.0, 0.0] } else { vec![0.0, 1.0] }).collect();
        let known: Vec<Option<Vec<f32>>> = responsibilities.iter().cloned().map(Some).collect();
        let weights = fit(
            &stories,
            &known,
            &responsibilities,
            FitPlan { components: 2, words: 3, unlabelled: 0.0 },
        );
        let share = |story: &Vector| shares(weights.scores(story), 1.0)[0];
        assert!(share(&stories[0]) > 0.8 && share(&stories[1]) < 0.2);
        assert!((share(&vec![(0, 1.0)]) - 0.5).abs() < 0.1);
        assert_eq!(
            weights,
            fit(
                &stories,
                &known,
                &responsibilities,
                FitPlan { components: 2, words: 3, unlabelled: 0.0 }
            )
        );
    }
}
