//! The evidence of the learner, and what it makes of the score of a rule.

use super::learner_progress::RuleScore;

/// The evidence of the learner for one story and one topic.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Evidence {
    /// The probability that the story belongs to the topic, by its words alone.
    pub(crate) probability: f64,
    /// The log ratio of that probability to the most probable label set without the topic, in nats.
    pub(crate) margin: f64,
    /// What the rule of the topic adds to the margin.
    pub(crate) rule_ratios: RuleRatios,
    /// The decisive words, the most important first, with what each contributes in nats.
    pub(crate) words: Vec<(String, f64)>,
}

impl Evidence {
    /// Returns the score of a story from its words and the decision of the rule. It reaches the
    /// threshold if no label set without the topic is more probable.
    pub(crate) fn score(&self, rule_score: &RuleScore) -> f64 {
        let margin = self.margin + self.rule_ratios.of(rule_score.is_met());
        2.0 * rule_score.threshold / (1.0 + (-margin).exp())
    }
}

/// What the decision of a rule says about a topic: the log ratio of its frequency among the labels
/// in the topic to that among the labels outside of it, in nats.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct RuleRatios {
    /// For stories that the rule puts into the topic.
    pub(crate) inside: f64,
    /// For all other stories.
    pub(crate) outside: f64,
}

/// Shares of the ratios that are tried, because the rule and the learner look at the same words.
const SHARES: [f64; 6] = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0];

/// A label, as the ratios are fitted to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct RuledLabel {
    /// Whether the label puts the story into the topic.
    pub(super) belongs: bool,
    /// Whether the rule does.
    pub(super) is_met: bool,
    /// The margin of the learner while the label was held back.
    pub(super) margin: f64,
}

impl RuleRatios {
    /// Fits the ratios to labels. The share with the lowest log loss is used.
    #[allow(clippy::cast_precision_loss)] // Few labels: a float counts them exactly.
    pub(super) fn fit(labels: &[RuledLabel]) -> Self {
        let count = |belongs: bool, is_met: bool| {
            labels.iter().filter(|l| l.belongs == belongs && l.is_met == is_met).count() as f64
        };
        // Half a label is added to each count, so that no ratio is infinite.
        let share = |belongs: bool, is_met: bool| {
            (count(belongs, is_met) + 0.5) / (count(belongs, true) + count(belongs, false) + 1.0)
        };
        let ratio = |is_met: bool| (share(true, is_met) / share(false, is_met)).ln();
        let whole = Self { inside: ratio(true), outside: ratio(false) };
        let mut best = (Self::default(), f64::INFINITY);
        for share in SHARES {
            let ratios = Self { inside: share * whole.inside, outside: share * whole.outside };
            let loss: f64 = labels.iter().map(|label| ratios.loss(label)).sum();
            if loss < best.1 {
                best = (ratios, loss);
            }
        }
        best.0
    }

    fn of(self, is_met: bool) -> f64 {
        if is_met { self.inside } else { self.outside }
    }

    /// Returns the log loss for a label.
    fn loss(self, label: &RuledLabel) -> f64 {
        let margin = label.margin + self.of(label.is_met);
        (1.0 + if label.belongs { -margin } else { margin }.exp()).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_counts_as_far_as_it_is_right() {
        let label = |belongs, is_met| RuledLabel { belongs, is_met, margin: 0.0 };
        let right = [label(true, true); 8].into_iter().chain([label(false, false); 8]);
        let fitted = RuleRatios::fit(&right.collect::<Vec<_>>());
        assert!(fitted.inside > 2.0 && fitted.outside < -2.0, "{fitted:?}");
        let useless =
            [label(true, true), label(true, false), label(false, true), label(false, false)];
        assert_eq!(RuleRatios::fit(&useless.repeat(4)), RuleRatios::default());
    }
}
