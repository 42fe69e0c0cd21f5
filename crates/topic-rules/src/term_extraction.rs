//! The words of a story for counting: stems, with the places where they stand, in runs that no
//! phrase leaves.
//!
//! Matching needs every word; counting needs those that may say what a story is about: its title,
//! categories and summary, and the beginning of its text where the summary says little.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::StoryFields;
use super::language::{Language, WordStemmer};
use super::tokenizer::{self, TextToken};

/// A shorter summary is read on in the text, in characters.
const MIN_SUMMARY_CHARS: usize = 200;

/// So much of the text is read, in characters.
pub(super) const TEXT_CHARS: usize = 1000;

/// Words of English that say nothing of a subject. Other languages have only what their texts show:
/// a word that most stories have weighs nothing.
const STOP_WORD_LIST: &str = "a about above after again all also am an and any are as at be because been before being below between both but by \
    can cannot could did do does doing don done down during each even every few for from further get gets getting go goes going got had has have \
    having he her here hers him his how i if in into is it its itself just like made make makes making many may me might more most much must my \
    new no nor not now of off on once one only or other our out over own part really s said same say says she should so some still such t than \
    that the their them then there these they thing things this those through to too two under until up us use used uses using very via was way we \
    well were what when where which while who whom whose why will with within without would yet you your yours three first last let per re ve ll";

static STOP_WORDS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| STOP_WORD_LIST.split_ascii_whitespace().collect());

/// A word of a run. Its numbers are those of the [`TermReader`] that read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    /// What its inflections share, by number.
    pub(super) stem: u32,
    /// How it is written, in lower case, by number.
    pub(super) written: u32,
    /// Where it begins in the run's text, in bytes.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// Whether it says nothing by itself.
    pub(super) is_stop_word: bool,
}

/// Words that follow each other with nothing between them but space and hyphens.
#[derive(Debug, Clone)]
pub(super) struct WordRun<'t> {
    /// The text that the words' places are in.
    pub(super) text: &'t str,
    /// The words.
    pub(super) words: Vec<Word>,
}

/// The language that a story's words are read in.
pub(super) fn language(fields: &StoryFields<'_>) -> Language {
    let beginning =
        &fields.text[..fields.text.floor_char_boundary(super::rules::LANGUAGE_SAMPLE_BYTES)];
    Language::of(fields.language, &[fields.title, fields.summary.unwrap_or_default(), beginning])
}

/// What is on_word in a story in the order of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TermEvent<'t> {
    /// A word with a letter in it.
    Word {
        /// The text that it stands in.
        text: &'t str,
        /// Where it begins there, in bytes.
        start: usize,
        /// Where it ends.
        end: usize,
    },
    /// What no phrase crosses: a sign, a number, the end of a field.
    Break,
}

/// Reads a story in the order of reading: title, categories, summary, text.
pub(super) fn for_each_word<'t>(fields: &StoryFields<'t>, mut on_word: impl FnMut(TermEvent<'t>)) {
    let mut add = |text: &'t str| {
        tokenizer::read(text, |piece| match piece {
            TextToken::Word { start, end, .. }
                if text[start..end].contains(char::is_alphabetic) =>
            {
                on_word(TermEvent::Word { text, start, end });
            }
            // A number says little, and stands between no two words of a subject.
            TextToken::Word { .. } | TextToken::Symbol { .. } => on_word(TermEvent::Break),
        });
        on_word(TermEvent::Break);
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

/// Whether a folded word says nothing by itself.
pub(super) fn is_stop_word(folded: &str) -> bool {
    // A letter alone is a name of something else; a single sign of Han is a word.
    folded.len() == 1 || STOP_WORDS.contains(folded.strip_suffix("'s").unwrap_or(folded))
}

/// Reads stories, and remembers every word that it on_word: most words of a story were in one
/// before it.
#[derive(Default)]
pub(super) struct TermReader {
    languages: Vec<LanguageWords>,
    stems: HashMap<String, u32>,
    written: HashMap<String, u32>,
    folded: String,
}

/// The words of one language, as they are written.
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
    /// The runs of a story in the order of reading.
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
        for_each_word(fields, |on_word| match on_word {
            TermEvent::Word { text, start, end } => {
                let KnownWord { stem, written, is_stop_word } =
                    self.known_word(language_words, &text[start..end]);
                let run = open.get_or_insert_with(|| WordRun { text, words: Vec::new() });
                run.words.push(Word { stem, written, start, end, is_stop_word });
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

    /// Every stem that was on_word, with its number.
    pub(super) fn into_stems(self) -> HashMap<String, u32> {
        self.stems
    }

    /// Every way to write that was on_word, by number.
    pub(super) fn spellings(&self) -> Vec<&str> {
        let mut spellings = vec![""; self.written.len()];
        for (written, number) in &self.written {
            spellings[*number as usize] = written;
        }
        spellings
    }
}

/// The number of a text: the next one where it is new.
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
            if word.is_stop_word { format!("({})", text(word.stem)) } else { text(word.stem) }
        };
        runs.iter().map(|s| s.words.iter().map(word).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn stretches_end_at_signs_numbers_and_fields() {
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
    fn a_long_summary_stands_for_the_text_and_a_long_text_is_cut() {
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
    fn a_word_is_one_however_often_it_is_met() {
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
