//! Finds the places in which two texts differ, word by word.

use super::{fingerprint::Word, thresholds::MAX_CHANGED_AT_END};

/// How one text was made of the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct TextEdits {
    /// Number of words of the shorter text.
    pub words: usize,
    /// Number of places at which words were replaced, inserted or removed, not counting `added`.
    pub places: usize,
    /// Number of these at which words were replaced.
    pub replaced: usize,
    /// Number of words that were replaced, inserted or removed there.
    pub changed: usize,
    /// Number of these places at which one number or name stands for another.
    pub other_facts: usize,
    /// Number of common words between the two nearest places at which words were replaced.
    pub apart: Option<usize>,
    /// Number of words that one text has before the beginning or after the end of the other.
    pub added: usize,
}

/// A place at which the texts differ: words of one and words of the other.
struct Place<'a> {
    /// The number of words of `left` before it.
    at: usize,
    left: &'a [Word],
    right: &'a [Word],
    is_at_end: bool,
}

impl TextEdits {
    /// Compares two texts along their longest common subsequence of words.
    ///
    /// There may be several. Words are matched as early as possible, which keeps a sentence after
    /// the text in one piece, or as late as possible, which does the same before the text.
    pub fn between(left: &[Word], right: &[Word]) -> Self {
        let early = Self::of_places(left, right);
        if early.places == 0 {
            return early;
        }
        let reversed = |words: &[Word]| words.iter().rev().copied().collect::<Vec<_>>();
        let late = Self::of_places(&reversed(left), &reversed(right));
        if late.places < early.places { late } else { early }
    }

    fn of_places(left: &[Word], right: &[Word]) -> Self {
        let mut edits = Self { words: left.len().min(right.len()), ..Self::default() };
        let mut last_replaced = None;
        for place in places(left, right) {
            if !place.left.is_empty() && !place.right.is_empty() {
                let apart = last_replaced.map(|end| place.at - end);
                edits.apart = edits.apart.into_iter().chain(apart).min();
                last_replaced = Some(place.at + place.left.len());
            }
            let (left, right) = (place.left.len(), place.right.len());
            let (short, long) = (left.min(right), left.max(right));
            if place.is_at_end && short <= MAX_CHANGED_AT_END {
                edits.added += long - short;
                edits.places += usize::from(short > 0);
                edits.changed += short;
            } else {
                edits.places += 1;
                edits.changed += long;
            }
            edits.replaced += usize::from(short > 0);
            edits.other_facts += usize::from(place.has_other_facts());
        }
        edits
    }
}

impl Place<'_> {
    fn has_other_facts(&self) -> bool {
        let has_own = |words: &[Word], other: &[Word]| {
            words.iter().any(|word| word.is_fact() && other.iter().all(|o| o.hash() != word.hash()))
        };
        has_own(self.left, self.right) && has_own(self.right, self.left)
    }
}

/// Returns the places at which two texts differ. Words are matched as early as possible.
fn places<'a>(left: &'a [Word], right: &'a [Word]) -> Vec<Place<'a>> {
    let pairs = left.iter().zip(right);
    let same = pairs.take_while(|(left, right)| left.hash() == right.hash()).count();
    let (rows, columns) = (left.len() - same, right.len() - same);
    let is_same = |row: usize, column: usize| {
        row < rows && column < columns && left[same + row].hash() == right[same + column].hash()
    };
    // The length of the longest common subsequence of what follows each pair of words.
    let mut lengths = vec![0_u16; (rows + 1) * (columns + 1)];
    let at = |row: usize, column: usize| row * (columns + 1) + column;
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            lengths[at(row, column)] = if is_same(row, column) {
                lengths[at(row + 1, column + 1)] + 1
            } else {
                lengths[at(row + 1, column)].max(lengths[at(row, column + 1)])
            };
        }
    }
    let mut places = Vec::new();
    let (mut row, mut column) = (0, 0);
    loop {
        let begin = (row, column);
        while (row, column) != (rows, columns) && !is_same(row, column) {
            let skips_left = column == columns
                || (row < rows && lengths[at(row + 1, column)] >= lengths[at(row, column + 1)]);
            if skips_left { row += 1 } else { column += 1 }
        }
        if begin != (row, column) {
            places.push(Place {
                at: same + begin.0,
                left: &left[same + begin.0..same + row],
                right: &right[same + begin.1..same + column],
                is_at_end: (same, begin) == (0, (0, 0)) || (row, column) == (rows, columns),
            });
        }
        if (row, column) == (rows, columns) {
            return places;
        }
        (row, column) = (row + 1, column + 1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Fingerprint;
    use feed_model::{Draft, SafeHtml};

    fn print(text: &str) -> Fingerprint {
        Fingerprint::of(&Draft {
            content: Some(SafeHtml::from_sanitised(text.to_owned())),
            ..Draft::default()
        })
    }

    fn edits(left: &str, right: &str) -> TextEdits {
        let (left, right) = (print(left), print(right));
        TextEdits::between(left.all_words().unwrap_or(&[]), right.all_words().unwrap_or(&[]))
    }

    const TEXT: &str = "we moved the queue to a log and the log to a disk of our own last week";

    #[test]
    fn places_are_counted_by_kind() {
        let of = |right: &str| {
            let edits = edits(TEXT, right);
            (edits.places, edits.replaced, edits.changed, edits.added)
        };
        assert_eq!(of(TEXT), (0, 0, 0, 0));
        assert_eq!(of(&TEXT.replace("disk", "tape")), (1, 1, 1, 0));
        assert_eq!(of(&TEXT.replace("disk", "big disk")), (1, 0, 1, 0));
        assert_eq!(of(&TEXT.replace("moved ", "").replace("own ", "")), (2, 0, 2, 0));
        assert_eq!(of(&format!("this is our log {TEXT}")), (0, 0, 0, 4));
        assert_eq!(of(&format!("{TEXT} and this is of the week")), (0, 0, 0, 6));
        assert_eq!(of(&format!("all that we {TEXT}")), (0, 0, 0, 3));
        assert_eq!(of(&format!("{TEXT} seen last week")), (0, 0, 0, 3));
        assert_eq!(of(&format!("our log {}", TEXT.replace("we ", "they "))), (1, 1, 1, 2));
        assert_eq!(of(&TEXT.replace("last week", "this year").replace("we ", "they ")).0, 2);
    }

    #[test]
    fn other_numbers_and_names_are_facts() {
        let of = |left: &str, right: &str| edits(left, right).other_facts;
        assert_eq!(of("we see 12 errors in Bexhill now", "we see 13 errors in Dover now"), 2);
        assert_eq!(of("we see 12 errors in Bexhill now", "we see many errors in Bexhill now"), 0);
        assert_eq!(of("we see 12 errors in all", "we see 12 errors in Dover"), 0);
    }

    proptest! {
        #[test]
        fn the_order_of_the_texts_does_not_matter_for_facts_and_words(
            left in "[abc1 ]{0,60}",
            right in "[abc1 ]{0,60}",
        ) {
            let (one, other) = (edits(&left, &right), edits(&right, &left));
            prop_assert_eq!(one.words, other.words);
            prop_assert_eq!(one.places + one.added == 0, other.places + other.added == 0);
        }
    }
}
