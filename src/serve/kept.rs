//! A bounded number of things by their names, the oldest the first to go: what can be made again, or done without.

use std::collections::{HashMap, VecDeque};

/// At most `MOST` things.
#[derive(Debug)]
pub(super) struct Kept<V, const MOST: usize> {
    by_name: HashMap<String, V>,
    oldest_first: VecDeque<String>,
}

impl<V, const MOST: usize> Default for Kept<V, MOST> {
    fn default() -> Self {
        Self { by_name: HashMap::new(), oldest_first: VecDeque::new() }
    }
}

impl<V, const MOST: usize> Kept<V, MOST> {
    /// Keeps a thing, in the place of what had its name.
    pub(super) fn keep(&mut self, name: String, thing: V) {
        if self.by_name.insert(name.clone(), thing).is_none() {
            self.oldest_first.push_back(name);
        }
        if self.oldest_first.len() > MOST
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.by_name.remove(&oldest);
        }
    }

    /// What is kept under a name.
    pub(super) fn get(&self, name: &str) -> Option<&V> {
        self.by_name.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first() {
        let mut kept = Kept::<usize, 8>::default();
        for number in 0..8 + 5 {
            kept.keep(number.to_string(), 0);
            kept.keep(number.to_string(), number);
        }
        assert_eq!((kept.by_name.len(), kept.oldest_first.len()), (8, 8));
        assert_eq!((kept.get("4"), kept.get("5")), (None, Some(&5)));
    }
}
