//! The components that the learner distinguishes.
//!
//! Every topic is a component. A set of topics that is labelled often is a component of its own,
//! and rarer sets are divided among the components of their topics. Labels without a learning topic
//! form a component too.

use std::collections::BTreeMap;

/// Number of labels from which a set of topics is a component.
const MIN_SET_LABELS: usize = 5;

/// The components, each with the indexes of its topics.
#[derive(Debug)]
pub(super) struct LabelSets(Vec<Vec<usize>>);

impl LabelSets {
    /// Builds the components: one per labelled topic, one for labels without a topic if there are
    /// any, and one per frequent set of topics. `sets` are the labels as indexes of the `topics`.
    pub(super) fn of(topics: usize, sets: &[Option<Vec<usize>>]) -> Self {
        let mut times: BTreeMap<&[usize], usize> = BTreeMap::new();
        for set in sets.iter().flatten() {
            *times.entry(set).or_default() += 1;
        }
        let is_labelled = |topic: &usize| sets.iter().flatten().any(|set| set.contains(topic));
        let mut label_sets: Vec<Vec<usize>> =
            (0..topics).filter(is_labelled).map(|topic| vec![topic]).collect();
        let is_own_component = |set: &[usize], times: usize| {
            set.is_empty() || set.len() > 1 && times >= MIN_SET_LABELS
        };
        label_sets.extend(
            times
                .iter()
                .filter(|(set, times)| is_own_component(set, **times))
                .map(|(set, _)| set.to_vec()),
        );
        Self(label_sets)
    }

    /// Returns the number of components.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the shares of a label in the components.
    pub(super) fn label_shares(&self, set: &[usize]) -> Vec<f32> {
        if let Some(own) = self.0.iter().position(|class| class == set) {
            return (0..self.len()).map(|index| if index == own { 1.0 } else { 0.0 }).collect();
        }
        #[allow(clippy::cast_precision_loss)] // There are few topics.
        let share = 1.0 / set.len().max(1) as f32;
        let of = |class: &Vec<usize>| {
            if matches!(class[..], [topic] if set.contains(&topic)) { share } else { 0.0 }
        };
        self.0.iter().map(of).collect()
    }

    /// Returns the probability that a story with these shares is in a topic: the sum of the shares
    /// of all components with the topic.
    pub(super) fn probability(&self, shares: &[f32], topic: usize) -> f64 {
        let inside = shares.iter().zip(&self.0).filter(|(_, class)| class.contains(&topic));
        inside.map(|(share, _)| f64::from(*share)).sum::<f64>().min(1.0)
    }

    /// Returns the component with the largest share among those with the topic (`inside`) or
    /// without it, together with its share.
    pub(super) fn strongest(
        &self,
        shares: &[f32],
        topic: usize,
        inside: bool,
    ) -> Option<(usize, f64)> {
        let side = shares
            .iter()
            .enumerate()
            .filter(|(index, _)| self.0[*index].contains(&topic) == inside);
        side.fold(None, |best: Option<(usize, f64)>, (index, share)| match best {
            Some((_, most)) if most >= f64::from(*share) => best,
            _ => Some((index, f64::from(*share))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_sets_are_components() {
        let mut sets = vec![Some(vec![0]), Some(vec![1]), Some(vec![]), None, Some(vec![0, 2])];
        assert_eq!(LabelSets::of(3, &sets).0, [vec![0], vec![1], vec![2], vec![]]);
        assert_eq!(LabelSets::of(3, &sets).label_shares(&[0, 2]), [0.5, 0.0, 0.5, 0.0]);
        sets.extend((0..MIN_SET_LABELS).map(|_| Some(vec![0, 1])));
        let label_sets = LabelSets::of(3, &sets);
        assert_eq!(label_sets.0, [vec![0], vec![1], vec![2], vec![], vec![0, 1]]);
        let shares = [0.3, 0.1, 0.1, 0.2, 0.3];
        assert!((label_sets.probability(&shares, 0) - 0.6).abs() < 1e-6);
        assert_eq!(label_sets.strongest(&shares, 0, false).map(|(index, _)| index), Some(3));
        assert_eq!(label_sets.strongest(&shares, 1, true).map(|(index, _)| index), Some(4));
    }
}
