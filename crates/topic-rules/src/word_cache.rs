//! A cache of looked-up words, because most words of a story were in an earlier one. Results do not
//! depend on it.

use std::collections::HashMap;

/// Number of cached words (a few megabytes), after which the cache is cleared.
const MAX_CACHED_WORDS: usize = 1 << 16;

/// The ids of words by their spelling.
#[derive(Default)]
pub(super) struct WordCache {
    ids: HashMap<Box<str>, u32, foldhash::fast::RandomState>,
}

impl WordCache {
    /// Returns the id of a word, from the cache or from `look_up`.
    pub(super) fn get(&mut self, word: &str, look_up: impl FnOnce(&str) -> u32) -> u32 {
        if let Some(id) = self.ids.get(word) {
            return *id;
        }
        if self.ids.len() >= MAX_CACHED_WORDS {
            self.ids.clear();
        }
        let id = look_up(word);
        self.ids.insert(word.into(), id);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_looked_up_once() {
        let mut word_cache = WordCache::default();
        for (word, id) in [("Kafka", 7), ("Übertragungsgeschwindigkeit", 9)] {
            assert_eq!(word_cache.get(word, |_| id), id);
            assert_eq!(word_cache.get(word, |_| unreachable!()), id);
        }
    }
}
