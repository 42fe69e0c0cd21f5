//! The words of a story for counting: stems, with the places where they stand, in stretches that no phrase leaves.
//!
//! Matching needs every word; counting needs those that may say what a story is about: its title, categories and
//! summary, and the beginning of its text where the summary says little.

use super::Fields;
use super::language::{Language, Stemming};
use super::words::{self, Piece};

/// A shorter summary is read on in the text, in characters.
const SUMMARY_ENOUGH_CHARS: usize = 200;

/// So much of the text is read, in characters.
const TEXT_CHARS: usize = 1000;

/// Words of English that say nothing of a subject. Other languages have only what their texts show: a word that most
/// stories have weighs nothing.
const EMPTY_WORDS: &str = "a about above after again all also am an and any are as at be because been before being below between both but by \
    can cannot could did do does doing don done down during each even every few for from further get gets getting go goes going got had has have \
    having he her here hers him his how i if in into is it its itself just like made make makes making many may me might more most much must my \
    new no nor not now of off on once one only or other our out over own part really s said same say says she should so some still such t than \
    that the their them then there these they thing things this those through to too two under until up us use used uses using very via was way we \
    well were what when where which while who whom whose why will with within without would yet you your yours three first last let per re ve ll";

/// A word of a stretch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// What its inflections share.
    pub(super) stem: String,
    /// Where it begins in the stretch's text, in bytes.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// Whether it says nothing by itself.
    pub(super) is_empty: bool,
}

/// Words that follow each other with nothing between them but space and hyphens.
#[derive(Debug, Clone)]
pub(super) struct Stretch<'t> {
    /// The text that the words' places are in.
    pub(super) text: &'t str,
    /// The words.
    pub(super) words: Vec<Word>,
}

/// The language that a story's words are read in.
pub(super) fn language(fields: &Fields<'_>) -> Language {
    let beginning = &fields.text[..fields.text.floor_char_boundary(super::rules::DETECTED_BYTES)];
    Language::of(fields.language, &[fields.title, fields.summary.unwrap_or_default(), beginning])
}

/// Reads stories, and keeps what takes time to make.
#[derive(Default)]
pub(super) struct Terms {
    stemmings: Vec<(Language, Stemming)>,
    folded: String,
}

impl Terms {
    /// The stretches of a story in the order of reading: title, categories, summary, text.
    pub(super) fn read<'t>(&mut self, fields: &Fields<'t>, language: Language) -> Vec<Stretch<'t>> {
        let place = self.stemmings.iter().position(|(known, _)| *known == language).unwrap_or_else(|| {
            self.stemmings.push((language, language.stemming()));
            self.stemmings.len() - 1
        });
        let stemming = &self.stemmings[place].1;
        let mut stretches = Vec::new();
        let mut add = |text: &'t str| stretches_of(text, stemming, &mut self.folded, &mut stretches);
        add(fields.title);
        fields.categories.iter().for_each(|category| add(category));
        let summary = fields.summary.map_or("", str::trim);
        add(summary);
        if summary.chars().nth(SUMMARY_ENOUGH_CHARS).is_none() {
            let end = fields.text.char_indices().nth(TEXT_CHARS).map_or(fields.text.len(), |(at, _)| at);
            add(&fields.text[..end]);
        }
        stretches
    }
}

fn stretches_of<'t>(text: &'t str, stemming: &Stemming, folded: &mut String, stretches: &mut Vec<Stretch<'t>>) {
    let mut words = Vec::new();
    let mut end_stretch = |words: &mut Vec<Word>| {
        if !words.is_empty() {
            stretches.push(Stretch { text, words: std::mem::take(words) });
        }
    };
    words::read(text, |piece| match piece {
        Piece::Word { start, end, .. } if text[start..end].contains(char::is_alphabetic) => {
            words::fold_into(&text[start..end], folded);
            let stem = stemming.stem(folded).into_owned();
            let is_empty = is_empty(folded);
            words.push(Word { stem, start, end, is_empty });
        }
        // A number says little, and stands between no two words of a subject.
        Piece::Word { .. } | Piece::Symbol { .. } => end_stretch(&mut words),
    });
    end_stretch(&mut words);
}

fn is_empty(folded: &str) -> bool {
    // A letter alone is a name of something else; a single sign of Han is a word.
    folded.len() == 1 || EMPTY_WORDS.split_ascii_whitespace().any(|word| word == folded.strip_suffix("'s").unwrap_or(folded))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(fields: &Fields<'_>) -> Vec<String> {
        let stretches = Terms::default().read(fields, Language::ENGLISH);
        let word = |word: &Word| if word.is_empty { format!("({})", word.stem) } else { word.stem.clone() };
        stretches.iter().map(|s| s.words.iter().map(word).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn stretches_end_at_signs_numbers_and_fields() {
        let fields = Fields {
            title: "Raft, the consensus of 5 clusters",
            categories: &["Event-Driven"],
            summary: Some("Leases. Clocks!"),
            text: "Quorums",
            ..Fields::default()
        };
        assert_eq!(shown(&fields), ["raft", "(the) consensus (of)", "cluster", "event driven", "leas", "clock", "quorum"]);
    }

    #[test]
    fn a_long_summary_stands_for_the_text_and_a_long_text_is_cut() {
        let (summary, text) = ("word ".repeat(60), "é ".repeat(2000));
        let fields = Fields { summary: Some(&summary), text: &text, ..Fields::default() };
        assert_eq!(shown(&fields).len(), 1);
        let fields = Fields { text: &text, ..Fields::default() };
        assert_eq!(Terms::default().read(&fields, Language::ENGLISH)[0].words.len(), TEXT_CHARS / 2);
    }
}
