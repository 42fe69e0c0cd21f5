//! A cache of bounded size that drops the oldest entry first.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A cache of at most `CAPACITY` values, by their names. It is shared between threads.
#[derive(Debug)]
pub(super) struct FifoCache<V, const CAPACITY: usize> {
    entries: Mutex<Entries<V>>,
}

#[derive(Debug)]
struct Entries<V> {
    by_name: HashMap<String, V>,
    oldest_first: VecDeque<String>,
}

impl<V, const CAPACITY: usize> Default for FifoCache<V, CAPACITY> {
    fn default() -> Self {
        let (by_name, oldest_first) = (HashMap::new(), VecDeque::new());
        Self { entries: Mutex::new(Entries { by_name, oldest_first }) }
    }
}

impl<V: Clone, const CAPACITY: usize> FifoCache<V, CAPACITY> {
    /// Stores a value and drops the oldest one if the cache is full. A value that replaces another
    /// keeps its age.
    pub(super) fn insert(&self, name: String, value: V) {
        let mut entries = self.lock();
        if entries.by_name.insert(name.clone(), value).is_none() {
            entries.oldest_first.push_back(name);
        }
        if entries.oldest_first.len() > CAPACITY
            && let Some(oldest) = entries.oldest_first.pop_front()
        {
            entries.by_name.remove(&oldest);
        }
    }

    /// Returns the value of this name.
    pub(super) fn get(&self, name: &str) -> Option<V> {
        self.lock().by_name.get(name).cloned()
    }

    /// A panic while the lock is held leaves the entries consistent enough: a value may be missing.
    fn lock(&self) -> MutexGuard<'_, Entries<V>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_values_are_dropped_first() {
        let cache = FifoCache::<usize, 8>::default();
        for number in 0..8 + 5 {
            cache.insert(number.to_string(), 0);
            cache.insert(number.to_string(), number);
        }
        let entries = cache.lock();
        assert_eq!((entries.by_name.len(), entries.oldest_first.len()), (8, 8));
        drop(entries);
        assert_eq!((cache.get("4"), cache.get("5")), (None, Some(5)));
    }
}
