//! The frequent words of a topic's titles.

use std::collections::{BTreeMap, BTreeSet};

use feed_model::{
    Story,
    stop_words::{StopWordUse, is_stop_word},
};

use crate::excerpt;

/// A word and the number of titles that contain it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TitleWord {
    pub word: String,
    pub count: usize,
}

/// Titles that must contain a word.
const MIN_COUNT: usize = 3;
const MAX_WORDS: usize = 16;
/// Shorter words are ignored.
const MIN_WORD_CHARS: usize = 4;
const MAX_WORD_CHARS: usize = 40;

/// Returns the words that several titles of `stories` contain, most frequent first. Words of the
/// topic's own title are omitted.
pub(super) fn title_words(topic_title: &str, stories: &[Story]) -> Vec<TitleWord> {
    let own = words(topic_title);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for story in stories {
        let words: BTreeSet<String> = words(&story.title).into_iter().collect();
        for word in words {
            if !own.contains(&word) && !is_stop_word(&word, StopWordUse::Titles) {
                *counts.entry(word).or_default() += 1;
            }
        }
    }
    let mut frequent: Vec<(String, usize)> =
        counts.into_iter().filter(|(_, count)| *count >= MIN_COUNT).collect();
    frequent.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    frequent.truncate(MAX_WORDS);
    frequent
        .into_iter()
        .map(|(word, count)| TitleWord { word: excerpt::shorten(&word, MAX_WORD_CHARS), count })
        .collect()
}

/// Returns the words of a text in lower case, without short words and numbers.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().count() >= MIN_WORD_CHARS)
        .filter(|word| !word.chars().all(|c| c.is_ascii_digit()))
        .map(str::to_lowercase)
        .collect()
}
