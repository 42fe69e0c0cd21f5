//! Decides whether the learner of a topic is used: rules alone and rules with the learner are
//! compared on the labels.

use feed_model::TopicId;

use super::{
    super::{LearnerReason, StoryFields, language::Language},
    evidence::Evidence,
};

/// Number of labels that are needed in a topic, and outside of it.
pub(super) const MIN_LABELS: usize = 5;

/// Tolerance for a score that reaches its threshold, because sums of binary fractions are not
/// exact.
pub(crate) const TOLERANCE: f64 = 1e-9;

/// The state of a topic's learner.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnerProgress {
    /// The topic.
    pub topic: TopicId,
    /// Number of labels that put a story into the topic.
    pub labels: usize,
    /// Number of labels that leave a story out of it.
    pub labels_outside: usize,
    /// Number of those, and of unlabelled stories that are presumed to be outside.
    pub examples_outside: usize,
    /// F1 of the rules alone on all labels.
    pub f1_rules: f64,
    /// F1 of rules and learner on held-back labels; `None` if there are too few labels.
    pub f1_learnt: Option<f64>,
    /// Why the learner is used, or not.
    pub reason: LearnerReason,
}

/// Access to the scores of the rules.
pub(crate) trait RuleScoring {
    /// Returns the score of a story for each topic by the rules alone.
    fn rule_scores(
        &self,
        fields: &StoryFields<'_>,
        language: Language,
        topics: &[TopicId],
    ) -> Vec<RuleScore>;
}

/// The score of a story for a topic by its rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RuleScore {
    /// Whether `all`, `none` and `sources` are satisfied.
    pub(crate) conditions_met: bool,
    /// The points of the hits of `any`.
    pub(crate) score: f64,
    /// The threshold of the topic.
    pub(crate) threshold: f64,
    /// Whether the rule has no `any`, so that only evidence adds to the score.
    pub(crate) is_evidence_only: bool,
}

impl RuleScore {
    /// Returns the score with the evidence of the learner.
    pub(crate) fn score_with(&self, evidence: Option<&Evidence>) -> f64 {
        evidence.map_or(self.score, |evidence| evidence.score(self))
    }

    /// Returns whether the rule alone puts the story into the topic.
    pub(super) fn is_met(&self) -> bool {
        !self.is_evidence_only && self.is_in(None)
    }

    /// Returns whether the story is in the topic with this evidence.
    fn is_in(&self, evidence: Option<&Evidence>) -> bool {
        self.conditions_met && self.score_with(evidence) + TOLERANCE >= self.threshold
    }
}

impl LearnerProgress {
    /// Counts the labels of each topic and measures the rules alone on them. `sets` are the labels
    /// and what is presumed besides.
    pub(super) fn by_rules(
        topics: &[TopicId],
        labels: &[Option<Vec<usize>>],
        sets: &[Option<Vec<usize>>],
        rule_scores: &[(usize, Vec<RuleScore>)],
    ) -> Vec<Self> {
        let count = |sets: &[Option<Vec<usize>>], index: usize, inside: bool| {
            sets.iter().flatten().filter(|set| set.contains(&index) == inside).count()
        };
        let of_topic = |(index, topic): (usize, &TopicId)| {
            let (inside, outside) = (count(labels, index, true), count(labels, index, false));
            Self {
                topic: topic.clone(),
                labels: inside,
                labels_outside: outside,
                examples_outside: count(sets, index, false),
                f1_rules: f1(rule_scores, index, sets, |_| None),
                f1_learnt: None,
                reason: LearnerReason::TooFewLabels { inside, outside, needed: MIN_LABELS },
            }
        };
        topics.iter().enumerate().map(of_topic).collect()
    }

    /// Returns whether the evidence of the learner is used.
    pub fn is_active(&self) -> bool {
        matches!(self.reason, LearnerReason::Better { .. })
    }

    /// Returns whether there are enough labels to train on.
    pub(super) fn has_enough_labels(&self) -> bool {
        self.labels >= MIN_LABELS && self.examples_outside >= MIN_LABELS
    }

    /// Records how rules and learner do together. `evidence` is that of the learner for a story
    /// whose label was held back.
    pub(super) fn record_cross_validation(
        &mut self,
        rule_scores: &[(usize, Vec<RuleScore>)],
        topic: usize,
        sets: &[Option<Vec<usize>>],
        evidence: impl Fn(usize) -> Option<Evidence>,
    ) {
        if !self.has_enough_labels() {
            return;
        }
        let (with_learner, rules) = (f1(rule_scores, topic, sets, evidence), self.f1_rules);
        self.f1_learnt = Some(with_learner);
        self.reason = if with_learner > rules {
            LearnerReason::Better { with_learner, rules }
        } else {
            LearnerReason::NotBetter { with_learner, rules }
        };
    }
}

/// Returns the F1 of a topic on all labels.
#[allow(clippy::cast_precision_loss)] // Few labels: a float counts them exactly.
fn f1(
    rule_scores: &[(usize, Vec<RuleScore>)],
    topic: usize,
    sets: &[Option<Vec<usize>>],
    evidence: impl Fn(usize) -> Option<Evidence>,
) -> f64 {
    let (mut right, mut wrong) = (0_usize, 0_usize);
    for (story, rule_scores) in rule_scores {
        let belongs = sets[*story].as_ref().is_some_and(|set| set.contains(&topic));
        let evidence = evidence(*story);
        let rule_score = &rule_scores[topic];
        // Without `any`, nothing but evidence puts a story into the topic.
        let is_in = (evidence.is_some() || !rule_score.is_evidence_only)
            && rule_score.is_in(evidence.as_ref());
        right += usize::from(belongs && is_in);
        wrong += usize::from(belongs != is_in);
    }
    if right == 0 { 0.0 } else { 2.0 * right as f64 / (2 * right + wrong) as f64 }
}
