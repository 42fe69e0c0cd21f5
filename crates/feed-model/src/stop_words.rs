//! Stop words per language (`data/stop_words/*.txt`), with the use that each word has.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

/// What a stop word is ignored for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum StopWordUse {
    /// Comparing texts: words of recommendation (`amazing`) count as stop words as well.
    Fingerprint = 1,
    /// Counting the terms of stories.
    Terms = 2,
    /// Listing the words of a topic's titles.
    Titles = 4,
}

/// Returns whether a word in lower case is an English stop word for a use.
pub fn is_stop_word(word: &str, used_for: StopWordUse) -> bool {
    ENGLISH_USES.get(word).is_some_and(|uses| uses & used_for as u8 != 0)
}

/// Returns whether a word in lower case describes no subject, in any language: a stop word, or a
/// remainder of markup.
pub fn describes_no_subject(word: &str) -> bool {
    is_stop_word(word, StopWordUse::Terms) || OTHER_TERMS.contains(word)
}

/// The languages that [`distinctive_words`] knows, English first.
pub const DETECTED_LANGUAGES: [&str; 3] = ["en", "de", "fr"];

/// Returns frequent words that occur in only one of the languages with a stemmer, each with the
/// position of its language in [`DETECTED_LANGUAGES`].
pub fn distinctive_words() -> impl Iterator<Item = (&'static str, usize)> {
    let files = [ENGLISH, GERMAN, FRENCH].into_iter().enumerate();
    files.flat_map(|(language, file)| words_with(file, "only").map(move |word| (word, language)))
}

/// Returns frequent English words that other languages have as well.
pub fn ambiguous_english_words() -> impl Iterator<Item = &'static str> {
    words_with(ENGLISH, "shared")
}

const OTHER: &str = include_str!("../data/stop_words/terms.txt");
const ENGLISH: &str = include_str!("../data/stop_words/en.txt");
const GERMAN: &str = include_str!("../data/stop_words/de.txt");
const FRENCH: &str = include_str!("../data/stop_words/fr.txt");

static OTHER_TERMS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    OTHER.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect()
});

static ENGLISH_USES: LazyLock<HashMap<&str, u8>> = LazyLock::new(|| {
    let bit = |used_for| match used_for {
        "fingerprint" => StopWordUse::Fingerprint as u8,
        "terms" => StopWordUse::Terms as u8,
        "titles" => StopWordUse::Titles as u8,
        _ => 0,
    };
    entries(ENGLISH).map(|(word, uses)| (word, uses.map(bit).sum())).collect()
});

fn words_with(file: &'static str, wanted: &'static str) -> impl Iterator<Item = &'static str> {
    entries(file).filter(move |(_, uses)| uses.clone().any(|u| u == wanted)).map(|(word, _)| word)
}

fn entries(
    file: &'static str,
) -> impl Iterator<Item = (&'static str, std::str::SplitAsciiWhitespace<'static>)> {
    file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        Some((words.next()?, words))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_complete() {
        let count = |used_for: StopWordUse| {
            ENGLISH_USES.values().filter(|uses| *uses & used_for as u8 != 0).count()
        };
        assert_eq!(count(StopWordUse::Fingerprint), 92);
        assert_eq!(count(StopWordUse::Terms), 172);
        assert_eq!(count(StopWordUse::Titles), 36);
        let of = |language| distinctive_words().filter(|(_, l)| *l == language).count();
        assert_eq!((of(0), of(1), of(2)), (28, 31, 16));
        assert_eq!(ambiguous_english_words().count(), 13);
    }

    #[test]
    fn a_word_is_ignored_only_for_its_uses() {
        assert!(is_stop_word("amazing", StopWordUse::Fingerprint));
        assert!(!is_stop_word("amazing", StopWordUse::Terms));
        assert!(is_stop_word("the", StopWordUse::Terms));
        assert!(!is_stop_word("the", StopWordUse::Titles));
        assert!(!is_stop_word("database", StopWordUse::Fingerprint));
        for word in ["the", "nbsp", "und", "também", "что"] {
            assert!(describes_no_subject(word), "{word}");
        }
        assert!(!describes_no_subject("database"));
    }
}
