//! The language of a story, which determines the stemmer for its words.

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use feed_model::stop_words::{DETECTED_LANGUAGES, ambiguous_english_words, distinctive_words};
use rust_stemmers::{Algorithm, Stemmer};
use whatlang::Lang;

/// Number of bytes above which a word is not stemmed.
const MAX_STEMMED_BYTES: usize = 64;

/// Number of letters below which the language of a text is not detected.
const MIN_DETECTED_LETTERS: usize = 40;

/// The languages with a stemmer, with their BCP 47 primary tags.
const STEMMED_LANGUAGES: [(&[&str], Algorithm, Lang); 18] = [
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

/// A language with a stemmer, or any language without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Language(usize);

impl Language {
    /// Number of languages.
    pub(super) const COUNT: usize = STEMMED_LANGUAGES.len() + 1;
    /// English, the default.
    pub(super) const ENGLISH: Self = Self(0);
    /// Any language without a stemmer. Its words are matched as they are written.
    const UNSTEMMED: Self = Self(STEMMED_LANGUAGES.len());

    /// Returns the declared language, or else the one detected in `samples`, or else English.
    pub(super) fn of(declared: Option<&str>, samples: &[&str]) -> Self {
        declared
            .and_then(Self::declared)
            .or_else(|| Self::detected(samples))
            .unwrap_or(Self::ENGLISH)
    }

    /// Returns the primary subtag of the declared language, or else of the one detected in
    /// `samples`, or else `en`. A language with a two-letter subtag has that one.
    pub(super) fn tag_of(declared: Option<&str>, samples: &[&str]) -> String {
        let from_code = |code: &str| {
            let known = STEMMED_LANGUAGES.iter().find(|(_, _, lang)| lang.code() == code);
            let short = known.map(|(tags, _, _)| tags[0]).or_else(|| short_code(code));
            short.unwrap_or(code).to_owned()
        };
        if let Some(primary) = declared.and_then(primary_subtag) {
            return from_code(&primary);
        }
        if let Some(Self(index)) = detect_by_stop_words(samples) {
            return STEMMED_LANGUAGES[index].0[0].to_owned();
        }
        detected_lang(samples).map_or_else(|| "en".to_owned(), |lang| from_code(lang.code()))
    }

    fn declared(tag: &str) -> Option<Self> {
        let primary = primary_subtag(tag)?;
        let known = STEMMED_LANGUAGES
            .iter()
            .position(|(tags, _, lang)| tags.contains(&primary.as_str()) || lang.code() == primary);
        Some(known.map_or(Self::UNSTEMMED, Self))
    }

    fn detected(samples: &[&str]) -> Option<Self> {
        if let Some(language) = detect_by_stop_words(samples) {
            return Some(language);
        }
        let found = detected_lang(samples)?;
        Some(
            STEMMED_LANGUAGES
                .iter()
                .position(|(_, _, lang)| *lang == found)
                .map_or(Self::UNSTEMMED, Self),
        )
    }

    /// Returns its index, below [`Language::COUNT`].
    pub(super) fn index(self) -> usize {
        self.0
    }

    /// Returns the stemmer of the language.
    pub(super) fn stemmer(self) -> WordStemmer {
        let stemmer =
            STEMMED_LANGUAGES.get(self.0).map(|(_, algorithm, _)| Stemmer::create(*algorithm));
        WordStemmer { stemmer, is_english: self == Self::ENGLISH }
    }
}

/// Returns the primary subtag of a language tag in lower case; `None` if it names no language.
fn primary_subtag(tag: &str) -> Option<String> {
    let primary = tag.trim().split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let names_none = matches!(primary.as_str(), "und" | "mul" | "zxx");
    ((2..=3).contains(&primary.len()) && !names_none).then_some(primary)
}

/// Returns the two-letter subtag of a language that is detected but not stemmed.
fn short_code(code: &str) -> Option<&'static str> {
    #[rustfmt::skip]
    const SHORT_CODES: [(&str, &str); 30] = [
        ("afr", "af"), ("ben", "bn"), ("bul", "bg"), ("cat", "ca"), ("ces", "cs"), ("cmn", "zh"),
        ("epo", "eo"), ("est", "et"), ("guj", "gu"), ("heb", "he"), ("hin", "hi"), ("hrv", "hr"),
        ("ind", "id"), ("jpn", "ja"), ("kat", "ka"), ("kor", "ko"), ("lav", "lv"), ("lit", "lt"),
        ("mar", "mr"), ("pan", "pa"), ("pes", "fa"), ("pol", "pl"), ("slk", "sk"), ("slv", "sl"),
        ("srp", "sr"), ("tel", "te"), ("tha", "th"), ("ukr", "uk"), ("urd", "ur"), ("vie", "vi"),
    ];
    SHORT_CODES.iter().find(|(long, _)| *long == code).map(|(_, short)| *short)
}

fn detected_lang(samples: &[&str]) -> Option<Lang> {
    let sample = samples.join("\n");
    if sample.chars().filter(|c| c.is_alphabetic()).count() < MIN_DETECTED_LETTERS {
        return None;
    }
    whatlang::detect(&sample).filter(whatlang::Info::is_reliable).map(|found| found.lang())
}

/// Detects a language by its stop words. This suffices for most texts and is much faster than a
/// statistical detection.
fn detect_by_stop_words(samples: &[&str]) -> Option<Language> {
    let (mut words, mut ambiguous_english, mut distinctive) =
        (0_usize, 0_usize, [0_usize; DETECTED_LANGUAGES.len()]);
    let mut lower = [0; MAX_STOP_WORD_BYTES];
    for word in samples
        .iter()
        .flat_map(|sample| sample.split(|c: char| !c.is_alphabetic()))
        .filter(|word| !word.is_empty())
    {
        words += 1;
        let Some(lower) = lower.get_mut(..word.len()) else {
            continue;
        };
        lower.copy_from_slice(word.as_bytes());
        lower.make_ascii_lowercase();
        match STOP_WORD_INDEX.get(&*lower) {
            Some(StopWord::Distinctive(index)) => distinctive[*index] += 1,
            Some(StopWord::AmbiguousEnglish) => ambiguous_english += 1,
            None => {}
        }
    }
    let best =
        (0..distinctive.len()).max_by_key(|index| (distinctive[*index], usize::MAX - index))?;
    let is_one_in = |count: usize, part: usize| count * part >= words;
    let is_clear = distinctive[best] >= 3 && is_one_in(distinctive[best], 10);
    let all_english = distinctive[0] + ambiguous_english;
    let is_english = best == 0
        && distinctive[0] >= 1
        && is_one_in(distinctive[0], 25)
        && all_english >= 3
        && is_one_in(all_english, 8);
    if is_clear || is_english { Language::declared(DETECTED_LANGUAGES[best]) } else { None }
}

/// The languages of a stop word.
enum StopWord {
    /// The language with this index in [`DETECTED_LANGUAGES`], and no other one of
    /// [`STEMMED_LANGUAGES`].
    Distinctive(usize),
    /// English and other languages.
    AmbiguousEnglish,
}

/// Number of bytes of the longest stop word.
const MAX_STOP_WORD_BYTES: usize = 7;

static STOP_WORD_INDEX: LazyLock<HashMap<&[u8], StopWord, foldhash::fast::RandomState>> =
    LazyLock::new(|| {
        let distinctive = distinctive_words()
            .map(|(word, language)| (word.as_bytes(), StopWord::Distinctive(language)));
        let ambiguous =
            ambiguous_english_words().map(|word| (word.as_bytes(), StopWord::AmbiguousEnglish));
        distinctive.chain(ambiguous).collect()
    });

/// The stemmer of a language, if it has one.
pub(super) struct WordStemmer {
    stemmer: Option<Stemmer>,
    is_english: bool,
}

impl WordStemmer {
    /// Returns the stem of a case-folded word.
    pub(super) fn stem<'w>(&self, folded: &'w str) -> Cow<'w, str> {
        // The stemmer would reduce `AWS` to `aw`, which is also the stem of `awful`.
        if self.is_english && folded.len() == 3 && folded.ends_with('s') {
            return Cow::Borrowed(folded);
        }
        match &self.stemmer {
            Some(stemmer) if folded.len() <= MAX_STEMMED_BYTES => stemmer.stem(folded),
            _ => Cow::Borrowed(folded),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stem_in(tag: &str, word: &str) -> String {
        Language::of(Some(tag), &[]).stemmer().stem(word).into_owned()
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
        let german = "Verteilte Systeme einigen sich auf einen gemeinsamen Zustand, auch wenn \
                      einzelne Knoten ausfallen.";
        assert_eq!(Language::of(None, &[german]), Language::of(Some("de"), &[]));
        assert_eq!(Language::of(None, &["Systeme"]), Language::ENGLISH);
    }

    #[test]
    fn most_languages_are_detected_by_their_stop_words() {
        let of = |tag| Language::of(Some(tag), &[]);
        assert_eq!(
            detect_by_stop_words(&[
                "What the leader keeps",
                "and how it is lost when the lease ends"
            ]),
            Some(Language::ENGLISH)
        );
        let german = "„the log“, „the lease“ und „the quorum“ sind feste Begriffe in jeder \
                      Beschreibung von verteilten Systemen, auch in dieser hier, die kein Wort \
                      Englisch mehr braucht und doch lang genug ist";
        assert_eq!(detect_by_stop_words(&["Was der Leader behält", german]), Some(of("de")));
        let french = "Une fenêtre de temps pour les événements, avec des filigranes qui arrivent \
                      dans le désordre";
        assert_eq!(detect_by_stop_words(&[french]), Some(of("fr")));
        for doubtful in [
            "Kafka, Flink, Pulsar",
            "Een cluster kiest een leider zodra de oude niet meer antwoordt, en niemand anders mag \
             dan schrijven",
            "Ett kluster väljer en ledare när den gamla inte längre svarar, och ingen annan får \
             skriva under tiden",
        ] {
            assert_eq!(detect_by_stop_words(&[doubtful]), None, "{doubtful}");
        }
    }

    proptest! {
        #[test]
        fn no_stemmer_fails_on_any_word(word in "\\PC{0,24}", language in 0..Language::COUNT) {
            Language(language).stemmer().stem(&word);
        }

        #[test]
        fn no_stemmer_fails_on_words_of_its_script(
            word in "[a-zçèéîñöøüæşığа-яё\u{621}-\u{652}α-ωάέήίόύώ\u{b85}-\u{bcd}']{0,16}",
            language in 0..Language::COUNT,
        ) {
            Language(language).stemmer().stem(&word);
        }
    }
}
