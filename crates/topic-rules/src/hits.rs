//! Finds what the matchers of all topics match in one story.
//!
//! Fields are read one after another. Hits of one matcher do not overlap. [`find`] is the entry
//! point.

use std::borrow::Cow;

use feed_model::MatchField;
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

use super::{
    StoryFields,
    matcher::{self, Matcher, Sign, Target},
    phrase_trie::{PhraseTrie, ReadBuffers},
    reason::{FoundText, FoundTexts},
    regex_prefilter::RegexPrefilter,
    tokenizer::is_bridge,
};

/// Number of characters of the text that are used as the summary if there is none.
const SUMMARY_CHARS: usize = 300;

/// Number of hits of a matcher that are counted. Further hits would add next to nothing. This many
/// hits of half a point stay below one point by more than the tolerance for sums of floats.
const MAX_HITS: u32 = 24;

/// Number of hits of a matcher whose text is kept for the reason.
const MAX_SHOWN_HITS: usize = 3;

/// A text that a matcher matched.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hit<'t> {
    field: MatchField,
    text: Cow<'t, str>,
}

/// The hits of one matcher in one story.
#[derive(Debug, Clone)]
pub(super) struct Tally<'t> {
    /// Points of the first hit, without the weight.
    base_points: f64,
    hits: u32,
    shown: [Option<Hit<'t>>; MAX_SHOWN_HITS],
    /// End of the last hit. A match that overlaps it is not counted.
    last: HitEnd,
}

/// The end of a hit.
#[derive(Debug, Clone, Copy)]
struct HitEnd {
    text_number: usize,
    offset: usize,
}

impl Tally<'_> {
    /// Returns the first hits and the number of all, for a reason.
    pub(super) fn found_texts(&self) -> FoundTexts {
        let shown = self.shown.iter().flatten();
        let shown =
            shown.map(|hit| FoundText { field: hit.field, text: hit.text.clone().into_owned() });
        FoundTexts { shown: shown.collect(), total: self.hits }
    }

    /// Returns the field of the first hit.
    pub(super) fn first_field(&self) -> Option<MatchField> {
        self.shown[0].as_ref().map(|hit| hit.field)
    }

    /// Returns the points of all hits together. Each further hit adds half of what the previous one
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

/// The hits of all matchers in one story. Only matchers with a hit have a tally, because few of
/// many matchers hit.
pub(super) struct Tallies<'t> {
    /// By matcher: one plus the index of its tally in `found`, or zero.
    indexes: Vec<u32>,
    found: Vec<Tally<'t>>,
}

impl<'t> Tallies<'t> {
    fn new(matchers: usize) -> Self {
        Self { indexes: vec![0; matchers], found: Vec::new() }
    }

    /// Returns the tally of a matcher, if it hit.
    pub(super) fn get(&self, matcher: usize) -> Option<&Tally<'t>> {
        let index = self.indexes[matcher] as usize;
        index.checked_sub(1).map(|index| &self.found[index])
    }

    /// Returns whether a matcher hit.
    pub(super) fn is_hit(&self, matcher: usize) -> bool {
        self.indexes[matcher] != 0
    }

    fn first_hit(&mut self, matcher: usize, tally: Tally<'t>) {
        self.found.push(tally);
        self.indexes[matcher] =
            u32::try_from(self.found.len()).expect("there are fewer matchers than u32 counts");
    }

    fn get_mut(&mut self, matcher: usize) -> Option<&mut Tally<'t>> {
        let index = self.indexes[matcher] as usize;
        index.checked_sub(1).map(|index| &mut self.found[index])
    }
}

/// Matches all `matchers` against the fields of a story.
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
        tallies: Tallies::new(matchers.len()),
        text_number: 0,
    };
    // Fields with the most points come first, so that the first hit of a matcher has the most
    // points.
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
        finder.read(url, TextKind::Url, &|_, _| Some(MatchField::Url));
    }
    for source in fields.sources {
        finder.read(source, TextKind::Prose, &|_, _| Some(MatchField::Source));
    }
    let text = to_nfc(fields.text);
    let repeated_bytes = summary.map_or(0, |summary| summary_prefix_bytes(summary, &text));
    let summary_bytes = if summary.is_some() {
        0
    } else {
        text.char_indices().nth(SUMMARY_CHARS).map_or(text.len(), |(at, _)| at)
    };
    finder.read_nfc(&text, TextKind::Prose, &|matcher, start| match matcher.field {
        Some(MatchField::Content) => Some(MatchField::Content),
        _ if start < summary_bytes => Some(MatchField::Summary),
        // The summary repeats this part of the text, and its hits were counted already.
        _ if start < repeated_bytes => None,
        _ => Some(MatchField::Content),
    });
    phrase_trie.return_buffers(finder.buffers);
    finder.tallies
}

/// How a text is divided into words.
#[derive(Clone, Copy, PartialEq)]
enum TextKind {
    Prose,
    Url,
}

struct Finder<'r, 't> {
    matchers: &'r [Matcher],
    regexes: &'r RegexPrefilter,
    phrase_trie: &'r PhraseTrie,
    buffers: ReadBuffers,
    tallies: Tallies<'t>,
    /// Number of texts read so far, so that offsets of different texts are not compared.
    text_number: usize,
}

impl<'t> Finder<'_, 't> {
    /// Reads one text. `field_of` returns the field of a hit of a matcher that begins at an offset.
    fn read(
        &mut self,
        text: &'t str,
        kind: TextKind,
        field_of: &impl Fn(&Matcher, usize) -> Option<MatchField>,
    ) {
        self.read_nfc(&to_nfc(text), kind, field_of);
    }

    #[allow(clippy::ptr_arg)] // Hits in a borrowed text are kept without a copy.
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
                    || (tally.last.text_number == *text_number && start < tally.last.offset))
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
            if !matcher.accepts_case(text, start, end) {
                return;
            }
            let hit = || Hit {
                field,
                text: match text {
                    Cow::Borrowed(text) => Cow::Borrowed(&text[start..end]),
                    Cow::Owned(text) => Cow::Owned(text[start..end].to_owned()),
                },
            };
            let last = HitEnd { text_number: *text_number, offset: end };
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
        // In a URL, separators are replaced by spaces of the same length.
        let words = if kind == TextKind::Url {
            Cow::Owned(matcher::url_as_words(text))
        } else {
            Cow::Borrowed(&**text)
        };
        phrase_trie.find(&words, buffers, |index, start, end| count(index as usize, start, end));
        let may_hit = |index: usize, start: Option<usize>| {
            let matcher = &matchers[index];
            // Without an offset, a hit at the beginning or at the end is considered.
            let starts = start.map_or([0, text.len()], |start| [start; 2]);
            starts.into_iter().any(|start| {
                field_of(matcher, start).is_some_and(|field| matcher.applies_to(field))
            })
        };
        regexes.find(text, may_hit, count);
    }
}

/// Returns the points of a hit without the weight.
fn base_points(field: MatchField, matcher: &Matcher) -> f64 {
    match field {
        MatchField::Title | MatchField::Category => 2.0,
        MatchField::Summary | MatchField::Author | MatchField::Url | MatchField::Source => 1.0,
        MatchField::Content if matcher.field == Some(MatchField::Content) => 1.0,
        MatchField::Content => 0.5,
    }
}

/// Returns whether `found` has the same signs as the matcher, with the same white space around
/// them. Signs that the phrase reaches over count as spaces, unless the matcher has them.
fn has_same_signs(found: &str, signs: &[Sign]) -> bool {
    let is_space = |c: char| is_bridge(c) && !signs.iter().any(|sign| sign.character() == c);
    if found.contains(is_space) {
        return matcher::signs(&found.replace(is_space, " ")) == signs;
    }
    matcher::signs(found) == signs
}

/// Returns the text in Unicode normalization form NFC. Nearly all texts already are.
fn to_nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    // No character below the combining marks and no general punctuation composes with the character
    // before it.
    if text.chars().all(|c| c < '\u{300}' || ('\u{2010}'..='\u{2060}').contains(&c)) {
        return Cow::Borrowed(text);
    }
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        _ => Cow::Owned(text.nfc().collect()),
    }
}

/// Returns the number of bytes at the beginning of `text` that the summary repeats, compared by
/// letters and digits. Returns 0 unless the text begins with the whole summary.
fn summary_prefix_bytes(summary: &str, text: &str) -> usize {
    let mut text_letters = lowercase_letters(text);
    let mut end = 0;
    for (_, letter) in lowercase_letters(summary) {
        match text_letters.next() {
            Some((to, same)) if same == letter => end = to,
            Some(_) => return 0,
            // The summary begins with the whole text.
            None => return text.len(),
        }
    }
    end
}

/// Returns letters and digits in lower case, each with the offset of its end.
fn lowercase_letters(text: &str) -> impl Iterator<Item = (usize, char)> {
    text.char_indices()
        .filter(|(_, c)| c.is_alphanumeric())
        .flat_map(|(at, c)| c.to_lowercase().map(move |lower| (at + c.len_utf8(), lower)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_at_the_beginning_of_the_text_is_recognised() {
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
