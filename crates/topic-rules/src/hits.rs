//! What the matchers of all topics find in one story: field by field, each stretch of text at most once a matcher.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

use super::Fields;
use super::beginnings::Beginnings;
use super::matcher::{self, Field, Matcher, Sign, Target};
use super::vocabulary::{Memory, Vocabulary};

/// How much of the text stands for a summary that the publisher did not give, in characters.
const SUMMARY_CHARS: usize = 300;

/// Hits beyond this many add next to nothing; so many of half a point still stay below one point by more than is
/// forgiven to a sum of floats.
const MOST_HITS: u32 = 24;

/// Of so many hits of a matcher the text is kept, to be shown.
const SHOWN_HITS: usize = 3;

/// A stretch of text that a matcher matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit<'t> {
    /// Where it was found.
    pub(super) field: Field,
    /// The text, as it stands there.
    pub(super) text: Cow<'t, str>,
}

/// The hits of one matcher in one story.
#[derive(Debug, Clone)]
pub(super) struct Tally<'t> {
    /// What the first hit is worth, without the weight.
    worth: f64,
    hits: u32,
    shown: [Option<Hit<'t>>; SHOWN_HITS],
    /// Where in which text the last hit ended: what overlaps it is no further hit.
    last: (usize, usize),
}

impl Tally<'_> {
    /// The first hits: those that are worth most.
    pub(super) fn shown(&self) -> impl Iterator<Item = &Hit<'_>> {
        self.shown.iter().flatten()
    }

    /// How often it hit; counted up to a bound beyond which it makes no difference.
    pub(super) fn hits(&self) -> u32 {
        self.hits
    }

    /// What the hits are worth together: each further one adds half of what the one before added.
    pub(super) fn points(&self, weight: f64) -> f64 {
        let mut points = 0.0;
        let mut next = self.worth * weight;
        for _ in 0..self.hits {
            points += next;
            next /= 2.0;
        }
        points
    }
}

/// The hits of all matchers in one story. Few matchers of many hit a story: only those have a tally.
pub(super) struct Tallies<'t> {
    /// By matcher: its place among `found` counted from one, or zero.
    places: Vec<u32>,
    found: Vec<Tally<'t>>,
}

impl<'t> Tallies<'t> {
    fn of(matchers: usize) -> Self {
        Self { places: vec![0; matchers], found: Vec::new() }
    }

    /// The tally of a matcher that hit.
    pub(super) fn get(&self, matcher: usize) -> Option<&Tally<'t>> {
        let place = self.places[matcher] as usize;
        place.checked_sub(1).map(|place| &self.found[place])
    }

    /// Whether a matcher hit at all.
    pub(super) fn is_hit(&self, matcher: usize) -> bool {
        self.places[matcher] != 0
    }

    fn first_hit(&mut self, matcher: usize, tally: Tally<'t>) {
        self.found.push(tally);
        self.places[matcher] = u32::try_from(self.found.len()).expect("there are fewer matchers than u32 counts");
    }

    fn get_mut(&mut self, matcher: usize) -> Option<&mut Tally<'t>> {
        let place = self.places[matcher] as usize;
        place.checked_sub(1).map(|place| &mut self.found[place])
    }
}

/// Matches all `matchers` against a story.
pub(super) fn find<'t>(fields: &Fields<'t>, matchers: &[Matcher], regexes: &Beginnings, vocabulary: &Vocabulary) -> Tallies<'t> {
    let mut finder = Finder {
        matchers,
        regexes,
        vocabulary,
        memory: vocabulary.memory(),
        tallies: Tallies::of(matchers.len()),
        text_number: 0,
    };
    // Richest fields first, so that the first hit of a matcher is the one that is worth most.
    finder.read(fields.title, Kind::Prose, &|_, _| Some(Field::Title));
    for category in fields.categories {
        finder.read(category, Kind::Prose, &|_, _| Some(Field::Category));
    }
    let summary = fields.summary.map(str::trim).filter(|summary| !summary.is_empty());
    if let Some(summary) = summary {
        finder.read(summary, Kind::Prose, &|_, _| Some(Field::Summary));
    }
    for author in fields.authors {
        finder.read(author, Kind::Prose, &|_, _| Some(Field::Author));
    }
    if let Some(url) = fields.url {
        finder.read(url, Kind::Address, &|_, _| Some(Field::Url));
    }
    for source in fields.sources {
        finder.read(source, Kind::Prose, &|_, _| Some(Field::Source));
    }
    let text = composed(fields.text);
    let repeated = summary.map_or(0, |summary| repeated_bytes(summary, &text));
    let cut = if summary.is_some() { 0 } else { text.char_indices().nth(SUMMARY_CHARS).map_or(text.len(), |(at, _)| at) };
    finder.read_composed(&text, Kind::Prose, &|matcher, start| match matcher.field {
        Some(Field::Content) => Some(Field::Content),
        _ if start < cut => Some(Field::Summary),
        // A summary that is the text's beginning was counted as the summary.
        _ if start < repeated => None,
        _ => Some(Field::Content),
    });
    vocabulary.give_back(finder.memory);
    finder.tallies
}

/// How the words of a text part.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Prose,
    Address,
}

struct Finder<'r, 't> {
    matchers: &'r [Matcher],
    regexes: &'r Beginnings,
    vocabulary: &'r Vocabulary,
    memory: Memory,
    tallies: Tallies<'t>,
    /// Counts the texts that were read, so that places in different ones are not compared.
    text_number: usize,
}

impl<'t> Finder<'_, 't> {
    /// Reads one text; `field_of` says what a matcher's hit that begins at a place is a hit in.
    fn read(&mut self, text: &'t str, kind: Kind, field_of: &impl Fn(&Matcher, usize) -> Option<Field>) {
        self.read_composed(&composed(text), kind, field_of);
    }

    #[allow(clippy::ptr_arg)] // Hits in a text that is borrowed are shown without a copy of it.
    fn read_composed(&mut self, text: &Cow<'t, str>, kind: Kind, field_of: &impl Fn(&Matcher, usize) -> Option<Field>) {
        self.text_number += 1;
        if text.is_empty() {
            return;
        }
        let Self { matchers, regexes, vocabulary, memory, tallies, text_number } = self;
        let mut count = |index: usize, start: usize, end: usize| {
            let (matcher, tally) = (&matchers[index], tallies.get_mut(index));
            if let Some(tally) = &tally
                && (tally.hits >= MOST_HITS || (tally.last.0 == *text_number && start < tally.last.1))
            {
                return;
            }
            let Some(field) = field_of(matcher, start).filter(|field| matcher.looks_at(*field)) else { return };
            if let Target::Phrase { signs, .. } = &matcher.target
                && !signs.is_empty()
                && !is_signed(&text[start..end], signs)
            {
                return;
            }
            let hit = || Hit {
                field,
                text: match text {
                    Cow::Borrowed(text) => Cow::Borrowed(&text[start..end]),
                    Cow::Owned(text) => Cow::Owned(text[start..end].to_owned()),
                },
            };
            let last = (*text_number, end);
            match tally {
                None => {
                    let shown = [Some(hit()), None, None];
                    tallies.first_hit(index, Tally { worth: worth(field, matcher), hits: 1, shown, last });
                }
                Some(tally) => {
                    if let Some(shown) = tally.shown.get_mut(tally.hits as usize) {
                        *shown = Some(hit());
                    }
                    tally.hits += 1;
                    tally.last = last;
                }
            }
        };
        // An address is read with spaces in it, which stand where its signs stood.
        let words = if kind == Kind::Address { Cow::Owned(matcher::spaced_url(text)) } else { Cow::Borrowed(&**text) };
        vocabulary.find(&words, memory, |index, start, end| count(index as usize, start, end));
        let is_wanted = |index: usize, start: Option<usize>| {
            let matcher = &matchers[index];
            // Where it hits at the beginning or at the end, if anywhere.
            let starts = start.map_or([0, text.len()], |start| [start; 2]);
            starts.into_iter().any(|start| field_of(matcher, start).is_some_and(|field| matcher.looks_at(field)))
        };
        regexes.find(text, is_wanted, count);
    }
}

/// What a hit is worth before its weight.
fn worth(field: Field, matcher: &Matcher) -> f64 {
    match field {
        Field::Title | Field::Category => 2.0,
        Field::Summary | Field::Author | Field::Url | Field::Source => 1.0,
        Field::Content if matcher.field == Some(Field::Content) => 1.0,
        Field::Content => 0.5,
    }
}

/// Whether the signs of a phrase stand in `found` as they stand in the matcher, space for space.
fn is_signed(found: &str, signs: &[Sign]) -> bool {
    matcher::signs(found) == signs
}

/// The text in composed form, which is how nearly all texts come.
fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    // Nothing below the combining marks and no sign of punctuation composes with what stands before it.
    if text.chars().all(|c| c < '\u{300}' || ('\u{2010}'..='\u{2060}').contains(&c)) {
        return Cow::Borrowed(text);
    }
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        _ => Cow::Owned(text.nfc().collect()),
    }
}

/// How many bytes at the beginning of `text` the summary repeats: none unless all of the summary is there, as far as
/// it goes before a mark of omission.
fn repeated_bytes(summary: &str, text: &str) -> usize {
    let mut there = lower_letters(text);
    let mut end = 0;
    for (_, letter) in lower_letters(summary) {
        match there.next() {
            Some((to, same)) if same == letter => end = to,
            Some(_) => return 0,
            // The whole text is the beginning of the summary.
            None => return text.len(),
        }
    }
    end
}

/// Letters and digits in lower case, each with the place where it ends.
fn lower_letters(text: &str) -> impl Iterator<Item = (usize, char)> {
    text.char_indices()
        .filter(|(_, c)| c.is_alphanumeric())
        .flat_map(|(at, c)| c.to_lowercase().map(move |lower| (at + c.len_utf8(), lower)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_that_begins_the_text_is_found_however_it_is_set() {
        let text = "Kafka keeps logs.\n\nReaders follow them.";
        assert_eq!(repeated_bytes("Kafka keeps  logs…", text), "Kafka keeps logs".len());
        assert_eq!(repeated_bytes("Kafka keeps lo...", text), "Kafka keeps lo".len());
        assert_eq!(repeated_bytes("Kafka loses logs.", text), 0);
        assert_eq!(repeated_bytes("Kafka keeps logs. Readers follow them. And more.", text), text.len());
    }
}
