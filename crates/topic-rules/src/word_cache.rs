//! The words that were looked up: most words of a story were in one before it. What is found does
//! not depend on it.

use std::collections::HashMap;

/// So many words that were looked up are word_cache, a few megabytes of them; then it begins anew.
const MAX_CACHED_WORDS: usize = 1 << 16;

/// What words were found to be, as they are written.
#[derive(Default)]
pub(super) struct WordCache {
    short: ShortWordCache,
    long: HashMap<Box<str>, u32, foldhash::fast::RandomState>,
}

impl WordCache {
    /// What the word at `start..end` was found to be, or is, by `look_up`.
    pub(super) fn get(
        &mut self,
        text: &str,
        start: usize,
        end: usize,
        look_up: impl FnOnce(&str) -> u32,
    ) -> u32 {
        let key = ShortWordCache::key(text.as_bytes(), start, end);
        if let Some(id) = key.and_then(|key| self.short.get(key)) {
            return id;
        }
        let word = &text[start..end];
        let id = self.long.get(word).copied().unwrap_or_else(|| {
            if self.long.len() >= MAX_CACHED_WORDS {
                self.long.clear();
            }
            let id = look_up(word);
            self.long.insert(word.into(), id);
            id
        });
        if let Some(key) = key {
            self.short.set(key, id);
        }
        id
    }
}

/// The words met last, for those that fit into one number: the few thousand words that most texts
/// are made of.
struct ShortWordCache {
    keys: Vec<u128>,
    ids: Vec<u32>,
}

impl Default for ShortWordCache {
    fn default() -> Self {
        // No word is the number zero.
        Self { keys: vec![0; 1 << Self::BITS], ids: vec![0; 1 << Self::BITS] }
    }
}

impl ShortWordCache {
    const BITS: u32 = 14;

    /// The bytes of the word itself, of an ASCII word in lower case; `None` where it is too long.
    fn key(text: &[u8], start: usize, end: usize) -> Option<u128> {
        const HIGH_BITS: u128 = u128::from_ne_bytes([0x80; 16]);
        const LOWER_CASE: u128 = u128::from_ne_bytes([0x20; 16]);
        let length = end - start;
        if length > 16 {
            return None;
        }
        let word = if let Some(bytes) =
            text.get(start..start + 16).and_then(|bytes| bytes.try_into().ok())
        {
            // What follows the word is cut off.
            u128::from_le_bytes(bytes) & (u128::MAX >> (8 * (16 - length).min(15)))
        } else {
            let mut bytes = [0; 16];
            bytes[..length].copy_from_slice(&text[start..end]);
            u128::from_le_bytes(bytes)
        };
        // Of what ASCII words are made of this bit parts the cases alone, and no word has a space
        // in it.
        Some(if word & HIGH_BITS == 0 { word | LOWER_CASE } else { word })
    }

    /// Different words may share a slot; the one met last has it.
    fn slot(key: u128) -> usize {
        #[allow(clippy::cast_possible_truncation)] // Both halves count.
        let mixed = ((key >> 64) as u64).wrapping_mul(0xff51_afd7_ed55_8ccd) ^ key as u64;
        usize::try_from(mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - Self::BITS))
            .expect("a few bits fit")
    }

    fn get(&self, key: u128) -> Option<u32> {
        let slot = Self::slot(key);
        (self.keys[slot] == key).then(|| self.ids[slot])
    }

    fn set(&mut self, key: u128, id: u32) {
        let slot = Self::slot(key);
        (self.keys[slot], self.ids[slot]) = (key, id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_word_is_known_by_all_of_it_and_by_nothing_else() {
        let key = |text: &str, start, end| ShortWordCache::key(text.as_bytes(), start, end);
        assert_eq!(
            key("Kafka keeps what it was told", 0, 5),
            key("KAFKA", 0, 5),
            "with and without text behind it"
        );
        assert_ne!(key("kafka", 0, 5), key("kafk", 0, 4));
        assert_ne!(key("a_b_and_more_of_it", 0, 3), key("a.b", 0, 3));
        assert!(
            key("sixteen_letters_", 0, 16).is_some() && key("seventeen_letters", 0, 17).is_none()
        );
        assert_ne!(
            key("Ärger", 0, 6),
            key("ärger", 0, 6),
            "another case of these is another word until it is looked up"
        );
    }

    #[test]
    fn a_word_is_looked_up_once() {
        let mut word_cache = WordCache::default();
        let text = "Kafka, kafka, Übertragungsgeschwindigkeit";
        for (start, end, id) in [(0, 5, 7), (14, text.len(), 9)] {
            assert_eq!(word_cache.get(text, start, end, |_| id), id);
            assert_eq!(word_cache.get(text, start, end, |_| unreachable!()), id);
        }
        assert_eq!(word_cache.get(text, 7, 12, |_| unreachable!()), 7);
    }
}
