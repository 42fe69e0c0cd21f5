//! Whether what labels taught counts: rules alone, and rules with the learner, held against the labels.

use feed_model::TopicId;

use super::super::Fields;
use super::super::language::Language;
use super::Evidence;

/// Labels that are needed in a topic, and outside of it.
const ENOUGH_LABELS: usize = 5;

/// Sums of binary fractions may miss a decimal threshold by less than this.
pub(crate) const TOLERANCE: f64 = 1e-9;

/// How far a topic's learner has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// The topic.
    pub topic: TopicId,
    /// Labels that put a story into it.
    pub labels: usize,
    /// Labels that leave a story out of it.
    pub others: usize,
    /// F1 of the rules alone on all labels.
    pub f1_rules: f64,
    /// F1 of rules and learner on labels that were held back; `None` where there are not enough to try.
    pub f1_learnt: Option<f64>,
    /// Whether the learner's evidence counts.
    pub counts: bool,
    /// Why it counts or not, in one sentence.
    pub because: String,
}

/// The rules as the learner asks them.
pub(crate) trait Judge {
    /// How a story stands in each topic, without any evidence.
    fn standings(&self, fields: &Fields<'_>, language: Language, topics: &[TopicId]) -> Vec<Standing>;
}

/// How a story stands in a topic by its rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Standing {
    /// Whether `all`, `none` and `sources` hold.
    pub(crate) holds: bool,
    /// The sum of the hits of `any`.
    pub(crate) score: f64,
    /// What is needed.
    pub(crate) threshold: f64,
    /// Whether the rule has no `any`, so that only evidence scores.
    pub(crate) is_alone: bool,
}

impl Standing {
    /// The score with this evidence beside the rule.
    pub(crate) fn score_with(&self, evidence: Option<&Evidence>) -> f64 {
        self.score + evidence.map_or(0.0, |evidence| evidence.points(self.threshold, self.is_alone))
    }

    /// Whether the story is then in the topic.
    fn is_in(&self, evidence: Option<&Evidence>) -> bool {
        self.holds && self.score_with(evidence) + TOLERANCE >= self.threshold
    }
}

impl Progress {
    /// Counts the labels of each topic, and how the rules alone do on them.
    pub(super) fn of_rules(topics: &[TopicId], sets: &[Option<Vec<usize>>], standings: &[(usize, Vec<Standing>)]) -> Vec<Self> {
        let all = standings.len();
        let of_topic = |(place, topic): (usize, &TopicId)| {
            let labels = sets.iter().flatten().filter(|set| set.contains(&place)).count();
            let others = all - labels;
            let because =
                format!("it has {labels} labels in the topic and {others} outside of it; {ENOUGH_LABELS} of each are needed");
            let f1_rules = f1(standings, place, sets, |_| None);
            Self { topic: topic.clone(), labels, others, f1_rules, f1_learnt: None, counts: false, because }
        };
        topics.iter().enumerate().map(of_topic).collect()
    }

    /// Whether there is enough to try.
    pub(super) fn has_enough_labels(&self) -> bool {
        self.labels >= ENOUGH_LABELS && self.others >= ENOUGH_LABELS
    }

    /// Notes how rules and learner do together; `evidence` is what the learner said of a story whose label was held back.
    pub(super) fn learnt(
        &mut self,
        standings: &[(usize, Vec<Standing>)],
        topic: usize,
        sets: &[Option<Vec<usize>>],
        evidence: impl Fn(usize) -> Option<Evidence>,
    ) {
        if !self.has_enough_labels() {
            return;
        }
        let (learnt, rules) = (f1(standings, topic, sets, evidence), self.f1_rules);
        self.f1_learnt = Some(learnt);
        self.counts = learnt > rules;
        self.because = if self.counts {
            format!("on labels that were held back its F1 is {learnt:.3}, that of the rules alone {rules:.3}")
        } else {
            format!("on labels that were held back its F1 is {learnt:.3}, no better than that of the rules alone, {rules:.3}")
        };
    }
}

/// The F1 of a topic on all labels.
#[allow(clippy::cast_precision_loss)] // labels are far fewer than a float counts exactly
fn f1(
    standings: &[(usize, Vec<Standing>)],
    topic: usize,
    sets: &[Option<Vec<usize>>],
    evidence: impl Fn(usize) -> Option<Evidence>,
) -> f64 {
    let (mut right, mut wrong) = (0_usize, 0_usize);
    for (place, standings) in standings {
        let belongs = sets[*place].as_ref().is_some_and(|set| set.contains(&topic));
        let is_in = standings[topic].is_in(evidence(*place).as_ref());
        right += usize::from(belongs && is_in);
        wrong += usize::from(belongs != is_in);
    }
    if right == 0 { 0.0 } else { 2.0 * right as f64 / (2 * right + wrong) as f64 }
}
