//! What labels tell apart. Every set of topics that is labelled often is a component of its own, so
//! that subjects that go together are learnt together; rarer sets are shared out among their
//! topics. Labels that name no learning topic make the component of what is in none.

use std::collections::BTreeMap;

/// A set of topics that is labelled so often is learnt as such.
const MIN_SET_LABELS: usize = 5;

/// The components, each with the places of its topics.
#[derive(Debug)]
pub(super) struct LabelSets(Vec<Vec<usize>>);

impl LabelSets {
    /// One component for every topic that is labelled, one for what is in none if labels say so,
    /// one for every set of topics that is labelled often. `sets` are the labelled sets of places
    /// of the `topics`.
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

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// A labelled story's shares in the components.
    pub(super) fn label_shares(&self, set: &[usize]) -> Vec<f32> {
        if let Some(own) = self.0.iter().position(|class| class == set) {
            return (0..self.len()).map(|place| if place == own { 1.0 } else { 0.0 }).collect();
        }
        #[allow(clippy::cast_precision_loss)] // there are few topics
        let share = 1.0 / set.len().max(1) as f32;
        let of = |class: &Vec<usize>| {
            if matches!(class[..], [topic] if set.contains(&topic)) { share } else { 0.0 }
        };
        self.0.iter().map(of).collect()
    }

    /// The probability that a story of these shares is in a topic: the shares of all components
    /// that have it.
    pub(super) fn probability(&self, shares: &[f32], topic: usize) -> f64 {
        let inside = shares.iter().zip(&self.0).filter(|(_, class)| class.contains(&topic));
        inside.map(|(share, _)| f64::from(*share)).sum::<f64>().min(1.0)
    }

    /// The share of the strongest component that has the topic, or has it not; 0 where there is
    /// none.
    pub(super) fn strongest(
        &self,
        shares: &[f32],
        topic: usize,
        inside: bool,
    ) -> Option<(usize, f64)> {
        let side = shares
            .iter()
            .enumerate()
            .filter(|(place, _)| self.0[*place].contains(&topic) == inside);
        side.fold(None, |best: Option<(usize, f64)>, (place, share)| match best {
            Some((_, most)) if most >= f64::from(*share) => best,
            _ => Some((place, f64::from(*share))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_that_are_labelled_often_are_learnt_as_such() {
        let mut sets = vec![Some(vec![0]), Some(vec![1]), Some(vec![]), None, Some(vec![0, 2])];
        assert_eq!(LabelSets::of(3, &sets).0, [vec![0], vec![1], vec![2], vec![]]);
        assert_eq!(LabelSets::of(3, &sets).label_shares(&[0, 2]), [0.5, 0.0, 0.5, 0.0]);
        sets.extend((0..MIN_SET_LABELS).map(|_| Some(vec![0, 1])));
        let label_sets = LabelSets::of(3, &sets);
        assert_eq!(label_sets.0, [vec![0], vec![1], vec![2], vec![], vec![0, 1]]);
        let shares = [0.3, 0.1, 0.1, 0.2, 0.3];
        assert!((label_sets.probability(&shares, 0) - 0.6).abs() < 1e-6);
        assert_eq!(label_sets.strongest(&shares, 0, false).map(|(place, _)| place), Some(3));
        assert_eq!(label_sets.strongest(&shares, 1, true).map(|(place, _)| place), Some(4));
    }
}
