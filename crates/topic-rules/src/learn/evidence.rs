//! The evidence of the learner, and what it adds to a score.

/// Number of nats of evidence that add a topic's threshold to the score.
const NATS_PER_THRESHOLD: f64 = 2.0;

/// Number of thresholds that the evidence adds or subtracts at most.
const MAX_THRESHOLDS: f64 = 2.0;

/// The evidence of the learner for one story and one topic.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Evidence {
    /// The probability that the story belongs to the topic.
    pub(crate) probability: f64,
    /// The log ratio of that probability to the most probable label set without the topic, in nats.
    pub(crate) margin: f64,
    /// The decisive words, the most important first, with what each contributes in nats.
    pub(crate) words: Vec<(String, f64)>,
}

impl Evidence {
    /// Returns what the evidence adds to a score. Without a rule, it reaches the threshold if no
    /// label set without the topic is more probable.
    pub(crate) fn points(&self, threshold: f64, is_evidence_only: bool) -> f64 {
        if is_evidence_only {
            2.0 * threshold / (1.0 + (-self.margin).exp())
        } else {
            let odds = (self.probability / (1.0 - self.probability)).ln();
            (odds / NATS_PER_THRESHOLD).clamp(-MAX_THRESHOLDS, MAX_THRESHOLDS) * threshold
        }
    }
}
