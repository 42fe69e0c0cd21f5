//! Whether what labels taught is_active: rules alone, and rules with the learner, held against the
//! labels.

use feed_model::TopicId;

use super::super::StoryFields;
use super::super::language::Language;
use super::Evidence;

/// Labels that are needed in a topic, and outside of it.
const MIN_LABELS: usize = 5;

/// Sums of binary fractions may miss a decimal threshold by less than this.
pub(crate) const TOLERANCE: f64 = 1e-9;

/// How far a topic's learner has come.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnerProgress {
    /// The topic.
    pub topic: TopicId,
    /// Labels that put a story into it.
    pub labels: usize,
    /// Labels that leave a story out of it.
    pub labels_outside: usize,
    /// F1 of the rules alone on all labels.
    pub f1_rules: f64,
    /// F1 of rules and learner on labels that were held back; `None` where there are not enough to
    /// try.
    pub f1_learnt: Option<f64>,
    /// Whether the learner's evidence counts.
    pub is_active: bool,
    /// Why it counts or not, in one sentence.
    pub reason: String,
}

/// The rules as the learner asks them.
pub(crate) trait RuleScoring {
    /// How a story stands in each topic, without any evidence.
    fn rule_scores(
        &self,
        fields: &StoryFields<'_>,
        language: Language,
        topics: &[TopicId],
    ) -> Vec<RuleScore>;
}

/// How a story stands in a topic by its rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RuleScore {
    /// Whether `all`, `none` and `sources` hold.
    pub(crate) conditions_met: bool,
    /// The sum of the hits of `any`.
    pub(crate) score: f64,
    /// What is needed.
    pub(crate) threshold: f64,
    /// Whether the rule has no `any`, so that only evidence scores.
    pub(crate) is_evidence_only: bool,
}

impl RuleScore {
    /// The score with this evidence beside the rule.
    pub(crate) fn score_with(&self, evidence: Option<&Evidence>) -> f64 {
        self.score
            + evidence
                .map_or(0.0, |evidence| evidence.points(self.threshold, self.is_evidence_only))
    }

    /// Whether the story is then in the topic.
    fn is_in(&self, evidence: Option<&Evidence>) -> bool {
        self.conditions_met && self.score_with(evidence) + TOLERANCE >= self.threshold
    }
}

impl LearnerProgress {
    /// Counts the labels of each topic, and how the rules alone do on them.
    pub(super) fn by_rules(
        topics: &[TopicId],
        sets: &[Option<Vec<usize>>],
        rule_scores: &[(usize, Vec<RuleScore>)],
    ) -> Vec<Self> {
        let all = rule_scores.len();
        let of_topic = |(place, topic): (usize, &TopicId)| {
            let labels = sets.iter().flatten().filter(|set| set.contains(&place)).count();
            let labels_outside = all - labels;
            let reason = format!(
                "it has {labels} labels in the topic and {labels_outside} outside of it; {MIN_LABELS} of each are needed"
            );
            let f1_rules = f1(rule_scores, place, sets, |_| None);
            Self {
                topic: topic.clone(),
                labels,
                labels_outside,
                f1_rules,
                f1_learnt: None,
                is_active: false,
                reason,
            }
        };
        topics.iter().enumerate().map(of_topic).collect()
    }

    /// Whether there is enough to try.
    pub(super) fn has_enough_labels(&self) -> bool {
        self.labels >= MIN_LABELS && self.labels_outside >= MIN_LABELS
    }

    /// Notes how rules and learner do together; `evidence` is what the learner said of a story
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
        let (learnt, rules) = (f1(rule_scores, topic, sets, evidence), self.f1_rules);
        self.f1_learnt = Some(learnt);
        self.is_active = learnt > rules;
        self.reason = if self.is_active {
            format!(
                "on labels that were held back its F1 is {learnt:.3}, that of the rules alone {rules:.3}"
            )
        } else {
            format!(
                "on labels that were held back its F1 is {learnt:.3}, no better than that of the rules alone, {rules:.3}"
            )
        };
    }
}

/// The F1 of a topic on all labels.
#[allow(clippy::cast_precision_loss)] // labels are far fewer than a float counts exactly
fn f1(
    rule_scores: &[(usize, Vec<RuleScore>)],
    topic: usize,
    sets: &[Option<Vec<usize>>],
    evidence: impl Fn(usize) -> Option<Evidence>,
) -> f64 {
    let (mut right, mut wrong) = (0_usize, 0_usize);
    for (place, rule_scores) in rule_scores {
        let belongs = sets[*place].as_ref().is_some_and(|set| set.contains(&topic));
        let is_in = rule_scores[topic].is_in(evidence(*place).as_ref());
        right += usize::from(belongs && is_in);
        wrong += usize::from(belongs != is_in);
    }
    if right == 0 { 0.0 } else { 2.0 * right as f64 / (2 * right + wrong) as f64 }
}
