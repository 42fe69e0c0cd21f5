//! What the matchers of all topics find in one story: field by field, each stretch of text at most
//! once a matcher.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

use super::StoryFields;
use super::matcher::{self, MatchField, Matcher, Sign, Target};
use super::phrase_trie::{PhraseTrie, ReadBuffers};
use super::regex_prefilter::RegexPrefilter;

/// How much of the text stands for a summary that the publisher did not give, in characters.
const SUMMARY_CHARS: usize = 300;

/// Hits beyond this many add next to nothing; so many of half a point still stay below one point by
/// more than is forgiven to a sum of floats.
const MAX_HITS: u32 = 24;

/// Of so many hits of a matcher the text is kept, to be shown.
const MAX_SHOWN_HITS: usize = 3;

/// A stretch of text that a matcher matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit<'t> {
    /// Where it was found.
    pub(super) field: MatchField,
    /// The text, as it stands there.
    pub(super) text: Cow<'t, str>,
}

/// The hits of one matcher in one story.
#[derive(Debug, Clone)]
pub(super) struct Tally<'t> {
    /// What the first hit is base_points, without the weight.
    base_points: f64,
    hits: u32,
    shown: [Option<Hit<'t>>; MAX_SHOWN_HITS],
    /// Where in which text the last hit ended: what overlaps it is no further hit.
    last: (usize, usize),
}

impl Tally<'_> {
    /// The first hits: those that are base_points most.
    pub(super) fn shown(&self) -> impl Iterator<Item = &Hit<'_>> {
        self.shown.iter().flatten()
    }

    /// How often it hit; counted up to a bound beyond which it makes no difference.
    pub(super) fn hits(&self) -> u32 {
        self.hits
    }

    /// What the hits are base_points together: each further one adds half of what the one before
    /// added.
    pub(super) fn points(&self, weight: f64) -> f64 {
        let mut points = 0.0;
        let mut next = self.base_points * weight;
        for _ in 0..self.hits {
            points += next;
            next /= 2.0;
        }
        points
    }
}

/// The hits of all matchers in one story. Few matchers of many hit a story: only those have a
/// tally.
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
        self.places[matcher] =
            u32::try_from(self.found.len()).expect("there are fewer matchers than u32 counts");
    }

    fn get_mut(&mut self, matcher: usize) -> Option<&mut Tally<'t>> {
        let place = self.places[matcher] as usize;
        place.checked_sub(1).map(|place| &mut self.found[place])
    }
}

/// Matches all `matchers` against a story.
pub(super) fn find<'t>(
    fields: &StoryFields<'t>,
    matchers: &[Matcher],
    regexes: &RegexPrefilter,
    phrase_trie: &PhraseTrie,
) -> Tallies<'t> {
    let mut finder = Finder {
        matchers,
        regexes,
        phrase_trie,
        buffers: phrase_trie.buffers(),
        tallies: Tallies::of(matchers.len()),
        text_number: 0,
    };
    // Richest fields first, so that the first hit of a matcher is the one that is base_points most.
    finder.read(fields.title, TextKind::Prose, &|_, _| Some(MatchField::Title));
    for category in fields.categories {
        finder.read(category, TextKind::Prose, &|_, _| Some(MatchField::Category));
    }
    let summary = fields.summary.map(str::trim).filter(|summary| !summary.is_empty());
    if let Some(summary) = summary {
        finder.read(summary, TextKind::Prose, &|_, _| Some(MatchField::Summary));
    }
    for author in fields.authors {
        finder.read(author, TextKind::Prose, &|_, _| Some(MatchField::Author));
    }
    if let Some(url) = fields.url {
        finder.read(url, TextKind::Address, &|_, _| Some(MatchField::Url));
    }
    for source in fields.sources {
        finder.read(source, TextKind::Prose, &|_, _| Some(MatchField::Source));
    }
    let text = to_nfc(fields.text);
    let repeated = summary.map_or(0, |summary| summary_prefix_bytes(summary, &text));
    let cut = if summary.is_some() {
        0
    } else {
        text.char_indices().nth(SUMMARY_CHARS).map_or(text.len(), |(at, _)| at)
    };
    finder.read_nfc(&text, TextKind::Prose, &|matcher, start| match matcher.field {
        Some(MatchField::Content) => Some(MatchField::Content),
        _ if start < cut => Some(MatchField::Summary),
        // A summary that is the text's beginning was counted as the summary.
        _ if start < repeated => None,
        _ => Some(MatchField::Content),
    });
    phrase_trie.return_buffers(finder.buffers);
    finder.tallies
}

/// How the words of a text part.
#[derive(Clone, Copy, PartialEq)]
enum TextKind {
    Prose,
    Address,
}

struct Finder<'r, 't> {
    matchers: &'r [Matcher],
    regexes: &'r RegexPrefilter,
    phrase_trie: &'r PhraseTrie,
    buffers: ReadBuffers,
    tallies: Tallies<'t>,
    /// Counts the texts that were read, so that places in different ones are not compared.
    text_number: usize,
}

impl<'t> Finder<'_, 't> {
    /// Reads one text; `field_of` says what a matcher's hit that begins at a place is a hit in.
    fn read(
        &mut self,
        text: &'t str,
        kind: TextKind,
        field_of: &impl Fn(&Matcher, usize) -> Option<MatchField>,
    ) {
        self.read_nfc(&to_nfc(text), kind, field_of);
    }

    #[allow(clippy::ptr_arg)] // Hits in a text that is borrowed are shown without a copy of it.
    fn read_nfc(
        &mut self,
        text: &Cow<'t, str>,
        kind: TextKind,
        field_of: &impl Fn(&Matcher, usize) -> Option<MatchField>,
    ) {
        self.text_number += 1;
        if text.is_empty() {
            return;
        }
        let Self { matchers, regexes, phrase_trie, buffers, tallies, text_number } = self;
        let mut count = |index: usize, start: usize, end: usize| {
            let (matcher, tally) = (&matchers[index], tallies.get_mut(index));
            if let Some(tally) = &tally
                && (tally.hits >= MAX_HITS
                    || (tally.last.0 == *text_number && start < tally.last.1))
            {
                return;
            }
            let Some(field) = field_of(matcher, start).filter(|field| matcher.applies_to(*field))
            else {
                return;
            };
            if let Target::Phrase { signs, .. } = &matcher.target
                && !signs.is_empty()
                && !has_same_signs(&text[start..end], signs)
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
                    tallies.first_hit(
                        index,
                        Tally { base_points: base_points(field, matcher), hits: 1, shown, last },
                    );
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
        let words = if kind == TextKind::Address {
            Cow::Owned(matcher::url_as_words(text))
        } else {
            Cow::Borrowed(&**text)
        };
        phrase_trie.find(&words, buffers, |index, start, end| count(index as usize, start, end));
        let may_hit = |index: usize, start: Option<usize>| {
            let matcher = &matchers[index];
            // Where it hits at the beginning or at the end, if anywhere.
            let starts = start.map_or([0, text.len()], |start| [start; 2]);
            starts.into_iter().any(|start| {
                field_of(matcher, start).is_some_and(|field| matcher.applies_to(field))
            })
        };
        regexes.find(text, may_hit, count);
    }
}

/// What a hit is base_points before its weight.
fn base_points(field: MatchField, matcher: &Matcher) -> f64 {
    match field {
        MatchField::Title | MatchField::Category => 2.0,
        MatchField::Summary | MatchField::Author | MatchField::Url | MatchField::Source => 1.0,
        MatchField::Content if matcher.field == Some(MatchField::Content) => 1.0,
        MatchField::Content => 0.5,
    }
}

/// Whether the signs of a phrase stand in `found` as they stand in the matcher, space for space.
fn has_same_signs(found: &str, signs: &[Sign]) -> bool {
    matcher::signs(found) == signs
}

/// The text in to_nfc form, which is how nearly all texts come.
fn to_nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    // Nothing below the combining marks and no sign of punctuation composes with what stands before
    // it.
    if text.chars().all(|c| c < '\u{300}' || ('\u{2010}'..='\u{2060}').contains(&c)) {
        return Cow::Borrowed(text);
    }
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        _ => Cow::Owned(text.nfc().collect()),
    }
}

/// How many bytes at the beginning of `text` the summary repeats: none unless all of the summary is
/// there, as far as it goes before a mark of omission.
fn summary_prefix_bytes(summary: &str, text: &str) -> usize {
    let mut there = lowercase_letters(text);
    let mut end = 0;
    for (_, letter) in lowercase_letters(summary) {
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
fn lowercase_letters(text: &str) -> impl Iterator<Item = (usize, char)> {
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
        assert_eq!(summary_prefix_bytes("Kafka keeps  logs…", text), "Kafka keeps logs".len());
        assert_eq!(summary_prefix_bytes("Kafka keeps lo...", text), "Kafka keeps lo".len());
        assert_eq!(summary_prefix_bytes("Kafka loses logs.", text), 0);
        assert_eq!(
            summary_prefix_bytes("Kafka keeps logs. Readers follow them. And more.", text),
            text.len()
        );
    }
}
