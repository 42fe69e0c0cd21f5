//! A cache of looked-up words, because most words of a story were in an earlier one. Results do not
//! depend on it.

use std::collections::HashMap;

/// Number of cached long words (a few megabytes), after which the cache is cleared.
const MAX_CACHED_WORDS: usize = 1 << 16;

/// The ids of words by their spelling.
#[derive(Default)]
pub(super) struct WordCache {
    short: ShortWordCache,
    long: HashMap<Box<str>, u32, foldhash::fast::RandomState>,
}

impl WordCache {
    /// Returns the id of the word at `start..end`, from the cache or from `look_up`.
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

/// A direct-mapped cache of the most recent words of up to 16 bytes. Most texts consist of a few
/// thousand such words.
struct ShortWordCache {
    keys: Vec<u128>,
    ids: Vec<u32>,
}

impl Default for ShortWordCache {
    fn default() -> Self {
        // No word has the key zero.
        Self { keys: vec![0; 1 << Self::BITS], ids: vec![0; 1 << Self::BITS] }
    }
}

impl ShortWordCache {
    const BITS: u32 = 14;

    /// Returns the bytes of a word as a number, those of an ASCII word in lower case; `None` if the
    /// word is too long.
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
            // The bytes after the word are cleared.
            u128::from_le_bytes(bytes) & (u128::MAX >> (8 * (16 - length).min(15)))
        } else {
            let mut bytes = [0; 16];
            bytes[..length].copy_from_slice(&text[start..end]);
            u128::from_le_bytes(bytes)
        };
        // In the characters of ASCII words this bit only distinguishes upper from lower case.
        Some(if word & HIGH_BITS == 0 { word | LOWER_CASE } else { word })
    }

    /// Different words may share a slot. The most recent one has it.
    fn slot(key: u128) -> usize {
        #[allow(clippy::cast_possible_truncation)] // The mixing uses both halves.
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
    fn the_key_of_a_short_word_is_the_whole_word() {
        let key = |text: &str, start, end| ShortWordCache::key(text.as_bytes(), start, end);
        assert_eq!(
            key("Kafka keeps what it was told", 0, 5),
            key("KAFKA", 0, 5),
            "with and without text after it"
        );
        assert_ne!(key("kafka", 0, 5), key("kafk", 0, 4));
        assert_ne!(key("a_b_and_more_of_it", 0, 3), key("a.b", 0, 3));
        assert!(
            key("sixteen_letters_", 0, 16).is_some() && key("seventeen_letters", 0, 17).is_none()
        );
        assert_ne!(
            key("Ärger", 0, 6),
            key("ärger", 0, 6),
            "the case of other letters is not folded"
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
