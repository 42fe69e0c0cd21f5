//! The language of an entry, as far as matching needs it: which stemmer takes inflections off its words.

use std::borrow::Cow;

use rust_stemmers::{Algorithm, Stemmer};
use whatlang::Lang;

/// A longer word is matched as it is written: nobody inflects it, and a stemmer need not see it.
const LONGEST_STEMMED_BYTES: usize = 64;

/// Texts with fewer letters are not guessed at.
const SHORTEST_DETECTED_LETTERS: usize = 40;

/// The languages with a stemmer, with their BCP 47 primary tags.
const STEMMED: [(&[&str], Algorithm, Lang); 18] = [
    (&["en"], Algorithm::English, Lang::Eng),
    (&["ar"], Algorithm::Arabic, Lang::Ara),
    (&["da"], Algorithm::Danish, Lang::Dan),
    (&["nl"], Algorithm::Dutch, Lang::Nld),
    (&["fi"], Algorithm::Finnish, Lang::Fin),
    (&["fr"], Algorithm::French, Lang::Fra),
    (&["de"], Algorithm::German, Lang::Deu),
    (&["el"], Algorithm::Greek, Lang::Ell),
    (&["hu"], Algorithm::Hungarian, Lang::Hun),
    (&["it"], Algorithm::Italian, Lang::Ita),
    (&["no", "nb", "nn"], Algorithm::Norwegian, Lang::Nob),
    (&["pt"], Algorithm::Portuguese, Lang::Por),
    (&["ro"], Algorithm::Romanian, Lang::Ron),
    (&["ru"], Algorithm::Russian, Lang::Rus),
    (&["es"], Algorithm::Spanish, Lang::Spa),
    (&["sv"], Algorithm::Swedish, Lang::Swe),
    (&["ta"], Algorithm::Tamil, Lang::Tam),
    (&["tr"], Algorithm::Turkish, Lang::Tur),
];

/// A language by its stemmer; all languages without one are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Language(usize);

impl Language {
    /// How many there are.
    pub(super) const COUNT: usize = STEMMED.len() + 1;
    /// English: what is taken where nothing better is known.
    pub(super) const ENGLISH: Self = Self(0);
    /// A language without a stemmer: its words are matched as they are written.
    const UNSTEMMED: Self = Self(STEMMED.len());

    /// The language of an entry: declared, else detected in `samples`, else English.
    pub(super) fn of(declared: Option<&str>, samples: &[&str]) -> Self {
        declared.and_then(Self::declared).or_else(|| Self::detected(samples)).unwrap_or(Self::ENGLISH)
    }

    fn declared(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        if !(2..=3).contains(&primary.len()) || primary == "und" || primary == "mul" || primary == "zxx" {
            return None;
        }
        let known = STEMMED.iter().position(|(tags, _, lang)| tags.contains(&primary.as_str()) || lang.code() == primary);
        Some(known.map_or(Self::UNSTEMMED, Self))
    }

    fn detected(samples: &[&str]) -> Option<Self> {
        if is_plainly_english(samples) {
            return Some(Self::ENGLISH);
        }
        let sample = samples.join("\n");
        if sample.chars().filter(|c| c.is_alphabetic()).count() < SHORTEST_DETECTED_LETTERS {
            return None;
        }
        let found = whatlang::detect(&sample).filter(whatlang::Info::is_reliable)?;
        Some(STEMMED.iter().position(|(_, _, lang)| *lang == found.lang()).map_or(Self::UNSTEMMED, Self))
    }

    /// Its place among [`Language::COUNT`].
    pub(super) fn index(self) -> usize {
        self.0
    }

    /// What takes inflections off its words.
    pub(super) fn stemming(self) -> Stemming {
        let stemmer = STEMMED.get(self.0).map(|(_, algorithm, _)| Stemmer::create(*algorithm));
        Stemming { stemmer, is_english: self == Self::ENGLISH }
    }
}

/// Whether words of the samples say that they are English: most texts are, and need no guessing.
fn is_plainly_english(samples: &[&str]) -> bool {
    let (mut words, mut small, mut english_alone) = (0_usize, 0_usize, 0_usize);
    for word in samples.iter().flat_map(|sample| sample.split(|c: char| !c.is_alphabetic())).filter(|word| !word.is_empty()) {
        words += 1;
        if is_among(word, &ENGLISH_ALONE) {
            (english_alone, small) = (english_alone + 1, small + 1);
        } else if is_among(word, &ENGLISH_TOO) {
            small += 1;
        }
    }
    english_alone >= 3 && english_alone * 10 >= words || english_alone >= 1 && small >= 3 && small * 5 >= words
}

/// Frequent words of English that no other language of [`STEMMED`] has.
const ENGLISH_ALONE: [&str; 28] = [
    "the", "and", "with", "this", "that", "from", "which", "their", "they", "you", "your", "how", "what", "why", "when", "where",
    "into", "than", "these", "those", "should", "would", "between", "because", "without", "about", "while", "every",
];

/// Frequent words of English that others have as well.
const ENGLISH_TOO: [&str; 20] = [
    "of", "to", "in", "is", "for", "on", "by", "at", "as", "it", "are", "was", "be", "an", "or", "not", "its", "has", "will",
    "said",
];

fn is_among(word: &str, known: &[&str]) -> bool {
    (2..=7).contains(&word.len()) && known.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// A stemmer, or none.
pub(super) struct Stemming {
    stemmer: Option<Stemmer>,
    is_english: bool,
}

impl Stemming {
    /// The stem of a folded word.
    pub(super) fn stem<'w>(&self, folded: &'w str) -> Cow<'w, str> {
        // `AWS` is no plural of `aw`, which would be the stem of `awful` too.
        if self.is_english && folded.len() == 3 && folded.ends_with('s') {
            return Cow::Borrowed(folded);
        }
        match &self.stemmer {
            Some(stemmer) if folded.len() <= LONGEST_STEMMED_BYTES => stemmer.stem(folded),
            _ => Cow::Borrowed(folded),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stem_in(tag: &str, word: &str) -> String {
        Language::of(Some(tag), &[]).stemming().stem(word).into_owned()
    }

    #[test]
    fn the_declared_language_decides() {
        assert_eq!(stem_in("en-US", "databases"), stem_in("EN", "database"));
        assert_eq!(stem_in("de", "datenbanken"), stem_in("deu", "datenbank"));
        assert_eq!(stem_in("ja", "databases"), "databases");
        assert_eq!(Language::of(Some("und"), &[]), Language::ENGLISH);
        assert_eq!(Language::of(Some(""), &[]), Language::ENGLISH);
    }

    #[test]
    fn an_undeclared_language_is_detected_in_enough_text() {
        let german = "Verteilte Systeme einigen sich auf einen gemeinsamen Zustand, auch wenn einzelne Knoten ausfallen.";
        assert_eq!(Language::of(None, &[german]), Language::of(Some("de"), &[]));
        assert_eq!(Language::of(None, &["Systeme"]), Language::ENGLISH);
    }

    #[test]
    fn plain_english_is_told_by_its_small_words_alone() {
        assert!(is_plainly_english(&["What the leader keeps", "and how it is lost when the lease ends"]));
        assert!(!is_plainly_english(&[
            "Was der Leader behält",
            "„the log“, „the lease“ und „the quorum“ sind feste Begriffe in jeder Beschreibung von verteilten Systemen, auch in dieser hier, die kein Wort Englisch mehr braucht und doch lang genug ist"
        ]));
        assert!(!is_plainly_english(&["Kafka, Flink, Pulsar"]));
    }

    proptest! {
        #[test]
        fn no_stemmer_fails_on_any_word(word in "\\PC{0,24}", language in 0..Language::COUNT) {
            Language(language).stemming().stem(&word);
        }

        #[test]
        fn no_stemmer_fails_on_words_of_its_script(
            word in "[a-zçèéîñöøüæşığа-яё\u{621}-\u{652}α-ωάέήίόύώ\u{b85}-\u{bcd}']{0,16}", language in 0..Language::COUNT,
        ) {
            Language(language).stemming().stem(&word);
        }
    }
}
