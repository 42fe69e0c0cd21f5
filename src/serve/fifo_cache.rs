//! A bounded number of things by their names, the oldest the first to go: what can be made again,
//! or done without.

use std::collections::{HashMap, VecDeque};

/// At most `CAPACITY` things.
#[derive(Debug)]
pub(super) struct FifoCache<V, const CAPACITY: usize> {
    by_key: HashMap<String, V>,
    oldest_first: VecDeque<String>,
}

impl<V, const CAPACITY: usize> Default for FifoCache<V, CAPACITY> {
    fn default() -> Self {
        Self { by_key: HashMap::new(), oldest_first: VecDeque::new() }
    }
}

impl<V, const CAPACITY: usize> FifoCache<V, CAPACITY> {
    /// Keeps a thing, in the place of what had its name.
    pub(super) fn insert(&mut self, name: String, thing: V) {
        if self.by_key.insert(name.clone(), thing).is_none() {
            self.oldest_first.push_back(name);
        }
        if self.oldest_first.len() > CAPACITY
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.by_key.remove(&oldest);
        }
    }

    /// What is kept under a name.
    pub(super) fn get(&self, name: &str) -> Option<&V> {
        self.by_key.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first() {
        let mut kept = FifoCache::<usize, 8>::default();
        for number in 0..8 + 5 {
            kept.insert(number.to_string(), 0);
            kept.insert(number.to_string(), number);
        }
        assert_eq!((kept.by_key.len(), kept.oldest_first.len()), (8, 8));
        assert_eq!((kept.get("4"), kept.get("5")), (None, Some(&5)));
    }
}
