//! Multinomial logistic regression by stochastic gradient descent (Bottou 2010), on labelled
//! stories and, for less, on what the mixture holds of the unlabelled ones. It finds what tells
//! components apart, where the mixture finds what each of them is made of; the two err differently,
//! and are right together more often.
//!
//! Stories are taken in an order that is drawn once and for all, so that the same stories give the
//! same numbers.

use super::linear_model::{FitPlan, Vector, Weights, softmax_in_place};

/// How often every story is looked at.
const EPOCHS: usize = 10;

/// The first step, which every later one is a little shorter than.
const LEARNING_RATE: f32 = 2.0;

/// The bias learns so much more slowly than the words, so that no component wins by its number
/// alone.
const BIAS_LEARNING_RATE: f32 = 0.1;

/// What a story that is got wrong costs, beside large weights.
const LOSS_WEIGHT: f32 = 10.0;

/// What the mixture's word on an unlabelled story weighs beside a label.
const UNLABELLED_WEIGHT: f32 = 0.2;

/// Fits to `responsibilities`, the shares of each story; those that are `known` count in full.
pub(super) fn fit(
    stories: &[Vector],
    known: &[Option<Vec<f32>>],
    responsibilities: &[Vec<f32>],
    plan: FitPlan,
) -> Weights {
    let k = plan.components;
    let mut order: Vec<usize> = (0..stories.len())
        .filter(|place| plan.uses_unlabelled() || known[*place].is_some())
        .collect();
    let decay = 1.0 / (LOSS_WEIGHT * to_f32(order.len()));
    let mut weights = Weights { bias: vec![0.0; k], words: vec![0.0; plan.words * k] };
    // All words shrink at every step: by one factor, kept beside them.
    let (mut scale, mut steps, mut rng, mut gradient) =
        (1.0_f32, 0, RandomNumbers(1), vec![0.0; k]);
    for _ in 0..EPOCHS {
        rng.shuffle(&mut order);
        for place in &order {
            let step = LEARNING_RATE / (1.0 + LEARNING_RATE * decay * to_f32(steps));
            steps += 1;
            gradient.fill(0.0);
            weights.add_scores(&stories[*place], &mut gradient);
            for (score, bias) in gradient.iter_mut().zip(&weights.bias) {
                *score = *score * scale + bias;
            }
            scale *= 1.0 - step * decay;
            let worth = if known[*place].is_some() { step } else { step * UNLABELLED_WEIGHT };
            softmax_in_place(&mut gradient, 1.0);
            for ((gradient, wanted), bias) in
                gradient.iter_mut().zip(&responsibilities[*place]).zip(&mut weights.bias)
            {
                *gradient = worth * (*gradient - wanted);
                *bias -= BIAS_LEARNING_RATE * *gradient;
                *gradient /= scale;
            }
            for (word, weight) in &stories[*place] {
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

/// Numbers that look drawn and are the same in every run.
struct RandomNumbers(u64);

impl RandomNumbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits fit") % bound
    }

    fn shuffle(&mut self, places: &mut [usize]) {
        for last in (1..places.len()).rev() {
            places.swap(last, self.below(last + 1));
        }
    }
}

/// Stories and steps are few enough for what is done with their number.
#[allow(clippy::cast_precision_loss)]
fn to_f32(count: usize) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests {
    use super::{super::linear_model::shares, *};

    #[test]
    fn what_tells_components_apart_outweighs_what_they_share() {
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
