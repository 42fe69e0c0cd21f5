//! Extracts the words of a story for counting, as stems in runs that no phrase crosses.
//!
//! Matching reads every word. Counting reads only the fields that show the subject: title,
//! categories and summary, and the beginning of the text if the summary is short.

use std::collections::HashMap;

use feed_model::stop_words;

use super::{
    StoryFields,
    language::{Language, WordStemmer},
    tokenizer::{self, TextToken},
};

/// Number of characters of a summary below which the text is read too.
const MIN_SUMMARY_CHARS: usize = 200;

/// Number of characters of the text that are read.
pub(super) const TEXT_CHARS: usize = 1000;

/// Number of bytes of the text from which a language is detected, besides title and summary.
const LANGUAGE_SAMPLE_BYTES: usize = 600;

/// A word of a run. Its numbers were assigned by the [`TermReader`] that read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    /// The number of its stem.
    pub(super) stem: u32,
    /// The number of its spelling in lower case.
    pub(super) written: u32,
    /// The byte offset of its beginning in the run's text.
    pub(super) start: usize,
    /// The byte offset of its end.
    pub(super) end: usize,
    /// Whether it is a stop word.
    pub(super) is_stop: bool,
}

/// Consecutive words with nothing but white space and hyphens between them.
#[derive(Debug, Clone)]
pub(super) struct WordRun<'t> {
    /// The text that the offsets of the words refer to.
    pub(super) text: &'t str,
    /// The words.
    pub(super) words: Vec<Word>,
}

/// Returns the language of a story.
pub(super) fn language(fields: &StoryFields<'_>) -> Language {
    Language::of(fields.language, &language_samples(fields))
}

/// Returns the language of a story as a primary subtag of BCP 47: the declared one, or else the one
/// detected, or else English.
pub(super) fn language_tag(fields: &StoryFields<'_>) -> String {
    Language::tag_of(fields.language, &language_samples(fields))
}

/// Returns the texts from which the language of a story is detected.
fn language_samples<'t>(fields: &StoryFields<'t>) -> [&'t str; 3] {
    let beginning = &fields.text[..fields.text.floor_char_boundary(LANGUAGE_SAMPLE_BYTES)];
    [fields.title, fields.summary.unwrap_or_default(), beginning]
}

/// A part of a story, in reading order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TermEvent<'t> {
    /// A word with a letter in it.
    Word {
        /// The text that contains it.
        text: &'t str,
        /// The byte offset of its beginning.
        start: usize,
        /// The byte offset of its end.
        end: usize,
    },
    /// The end of a run: a sign, a number, or the end of a field.
    Break,
}

/// Reads title, categories, summary and text of a story.
pub(super) fn for_each_word<'t>(fields: &StoryFields<'t>, mut sink: impl FnMut(TermEvent<'t>)) {
    let mut add = |text: &'t str| {
        tokenizer::read(text, |token| match token {
            TextToken::Word { start, end, .. }
                if text[start..end].contains(char::is_alphabetic) =>
            {
                sink(TermEvent::Word { text, start, end });
            }
            // Numbers describe no subject.
            TextToken::Word { .. } | TextToken::Symbol { .. } => sink(TermEvent::Break),
        });
        sink(TermEvent::Break);
    };
    add(fields.title);
    fields.categories.iter().for_each(|category| add(category));
    let summary = fields.summary.map_or("", str::trim);
    add(summary);
    if summary.chars().nth(MIN_SUMMARY_CHARS).is_none() {
        let end =
            fields.text.char_indices().nth(TEXT_CHARS).map_or(fields.text.len(), |(at, _)| at);
        add(&fields.text[..end]);
    }
}

/// Returns whether a case-folded word is a stop word.
pub(super) fn is_stop_word(folded: &str) -> bool {
    // A single ASCII letter is no word, but a single ideograph is.
    folded.len() == 1
        || stop_words::describes_no_subject(folded.strip_suffix("'s").unwrap_or(folded))
}

/// Reads stories and caches every word, because most words of a story were in an earlier one.
#[derive(Default)]
pub(super) struct TermReader {
    languages: Vec<LanguageWords>,
    stems: HashMap<String, u32>,
    written: HashMap<String, u32>,
    folded: String,
}

/// The cached words of one language.
struct LanguageWords {
    language: Language,
    stemmer: WordStemmer,
    known: HashMap<String, KnownWord>,
}

#[derive(Clone, Copy)]
struct KnownWord {
    stem: u32,
    written: u32,
    is_stop_word: bool,
}

impl TermReader {
    /// Returns the runs of a story in reading order.
    pub(super) fn read<'t>(
        &mut self,
        fields: &StoryFields<'t>,
        language: Language,
    ) -> Vec<WordRun<'t>> {
        let language_words =
            self.languages.iter().position(|known| known.language == language).unwrap_or_else(
                || {
                    self.languages.push(LanguageWords {
                        language,
                        stemmer: language.stemmer(),
                        known: HashMap::new(),
                    });
                    self.languages.len() - 1
                },
            );
        let mut runs = Vec::new();
        let mut open: Option<WordRun<'t>> = None;
        for_each_word(fields, |event| match event {
            TermEvent::Word { text, start, end } => {
                let KnownWord { stem, written, is_stop_word } =
                    self.known_word(language_words, &text[start..end]);
                let run = open.get_or_insert_with(|| WordRun { text, words: Vec::new() });
                run.words.push(Word { stem, written, start, end, is_stop: is_stop_word });
            }
            TermEvent::Break => runs.extend(open.take()),
        });
        runs
    }

    fn known_word(&mut self, language_words: usize, word: &str) -> KnownWord {
        let Self { languages, stems, written, folded } = self;
        let LanguageWords { stemmer, known, .. } = &mut languages[language_words];
        if let Some(known) = known.get(word) {
            return *known;
        }
        tokenizer::fold_into(word, folded);
        let (stem, is_stop_word) = (stemmer.stem(folded), is_stop_word(folded));
        let new = KnownWord {
            stem: number(stems, &stem),
            written: number(written, &word.to_lowercase()),
            is_stop_word,
        };
        known.insert(word.to_owned(), new);
        new
    }

    /// Returns all stems with their numbers.
    pub(super) fn into_stems(self) -> HashMap<String, u32> {
        self.stems
    }

    /// Returns all spellings by their numbers.
    pub(super) fn spellings(&self) -> Vec<&str> {
        let mut spellings = vec![""; self.written.len()];
        for (written, number) in &self.written {
            spellings[*number as usize] = written;
        }
        spellings
    }
}

/// Returns the number of a text, which is the next free number if the text is new.
fn number(numbers: &mut HashMap<String, u32>, text: &str) -> u32 {
    if let Some(known) = numbers.get(text) {
        return *known;
    }
    let next = u32::try_from(numbers.len()).expect("there are fewer words than u32 counts");
    numbers.insert(text.to_owned(), next);
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(fields: &StoryFields<'_>) -> Vec<String> {
        let mut terms = TermReader::default();
        let runs = terms.read(fields, Language::ENGLISH);
        let stems = terms.into_stems();
        let text = |number: u32| stems.iter().find(|(_, stem)| **stem == number).unwrap().0.clone();
        let word = |word: &Word| {
            if word.is_stop { format!("({})", text(word.stem)) } else { text(word.stem) }
        };
        runs.iter().map(|s| s.words.iter().map(word).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn runs_end_at_signs_numbers_and_fields() {
        let fields = StoryFields {
            title: "Raft, the consensus of 5 clusters",
            categories: &["Event-Driven"],
            summary: Some("Leases. Clocks!"),
            text: "Quorums",
            ..StoryFields::default()
        };
        assert_eq!(
            shown(&fields),
            ["raft", "(the) consensus (of)", "cluster", "event driven", "leas", "clock", "quorum"]
        );
    }

    #[test]
    fn the_text_is_read_only_after_a_short_summary_and_up_to_a_limit() {
        let (summary, text) = ("word ".repeat(60), "é ".repeat(2000));
        let fields = StoryFields { summary: Some(&summary), text: &text, ..StoryFields::default() };
        assert_eq!(shown(&fields).len(), 1);
        let fields = StoryFields { text: &text, ..StoryFields::default() };
        assert_eq!(
            TermReader::default().read(&fields, Language::ENGLISH)[0].words.len(),
            TEXT_CHARS / 2
        );
    }

    #[test]
    fn inflections_have_one_stem() {
        let mut terms = TermReader::default();
        let fields = StoryFields { title: "Clusters cluster CLUSTERS", ..StoryFields::default() };
        let words = terms.read(&fields, Language::ENGLISH).remove(0).words;
        assert!(words.iter().all(|word| word.stem == words[0].stem));
        assert_eq!(
            words.iter().map(|word| terms.spellings()[word.written as usize]).collect::<Vec<_>>(),
            ["clusters", "cluster", "clusters"]
        );
    }
}
