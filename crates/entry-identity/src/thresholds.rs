//! All thresholds of the rules, in one place. `docs/identity.md` names them in the conditions.

use chrono::TimeDelta;

// Entries of one source.

/// Number of items that must have new keys before a document counts as rebuilt.
pub(super) const MIN_REBUILT_ITEMS: usize = 3;
/// Number of items whose id names another post than before, from which the ids count as reused.
pub(super) const MIN_REUSED_IDS: usize = 3;
/// Number of items whose id is their link with a revision number, from which the publisher's ids
/// count as numbered revisions.
pub(super) const MIN_REVISION_IDS: usize = 2;
/// Number of words from which a text belongs to one post only.
pub(super) const MIN_UNIQUE_TEXT_WORDS: usize = 48;
/// Number of words from which a text identifies a post together with its title or time. "Read more"
/// has fewer.
pub(super) const MIN_TEXT_WORDS: usize = 8;
/// Number of words from which a text identifies a post that is gone from its place.
pub(super) const MIN_RETITLED_TEXT_WORDS: usize = 12;
/// Largest change of a date when its time zone is corrected.
pub(super) const MAX_ZONE_SHIFT: TimeDelta = TimeDelta::hours(14);
/// Time between two dates that needs no further proof.
pub(super) const NEAR_DATES: TimeDelta = TimeDelta::days(3);
/// How exactly the posts of a daily or weekly series keep their time of day.
pub(super) const SERIES_MARGIN: TimeDelta = TimeDelta::hours(1);
/// Number of entries that may be gone from a document at once.
pub(super) const MAX_GONE: usize = 8;

// Stories.

/// Number of words from which an item that links to a post may be a post of its own, and from which
/// texts are compared.
pub const MIN_TEXT_TOKENS: u32 = 48;
/// Number of words from which a short text is compared if title and second of publication are the
/// same too.
pub(super) const MIN_SHORT_TEXT_TOKENS: u32 = 24;
/// Number of content words that the title of such a short text needs, which "Good morning" lacks.
pub(super) const MIN_SHORT_TEXT_TITLE_WORDS: usize = 4;
/// Number of words below which an item has no content of its own: "Comments", or "submitted by …
/// [link]".
pub(super) const MIN_MEANINGFUL_TOKENS: u32 = 10;
/// Number of words from which a text under a post's title and link is taken for the post, where the
/// other entry has no text to compare it with.
pub(super) const FULL_TEXT_TOKENS: u32 = 250;
/// Number of words up to which a text is hardly more than its opening, which is compared exactly.
pub(super) const NEAR_OPENING_TOKENS: u32 = 80;
/// Number of words from which a text is individual enough that an excerpt may come days later.
pub(super) const LONG_TEXT_TOKENS: u32 = 100;
/// Number of content words from which titles need no date beside them.
pub(super) const DISTINCTIVE_TITLE_WORDS: usize = 3;
/// Share of a title's words that the other entry must have to be about the same subject.
pub(super) const MIN_SUBJECT_OVERLAP: f64 = 0.3;

/// Similarity from which a text with the post's link is the post itself and not a commentary on it.
pub(super) const SAME_TEXT_SIMILARITY: f64 = 0.5;
/// Share of a post that a longer text must contain to count as the full version of it.
pub(super) const FULL_CONTAINMENT: f64 = 0.8;
/// Share of a text that must be contained in the other where the sample is small.
pub(super) const HIGH_CONTAINMENT: f64 = 0.75;
/// Tolerance for the error of an overlap estimate.
pub(super) const ESTIMATE_ERROR: f64 = 0.05;
/// Number of shingles from which an overlap estimate is reliable.
pub(super) const RELIABLE_SAMPLE: usize = 24;
/// Number of shingles from which an excerpt may be recognised by such an estimate.
pub(super) const MIN_EXCERPT_SAMPLE: usize = 12;
/// Number of shingles below which an overlap estimate is not used.
pub(super) const MIN_SAMPLE: usize = 4;

/// Similarity from which two texts are one text, whatever words were changed.
pub(super) const NEAR_DUPLICATE_SIMILARITY: f64 = 0.95;
/// Lowest similarity where something else speaks against a copy: a longer title, other authors, or
/// days between the dates.
pub(super) const CAUTIOUS_SIMILARITY: f64 = 0.9;
/// Similarity of copies by the number of words of the shorter text: below 100, below 250, and from
/// 250 on.
pub(super) const COPY_SIMILARITY: [f64; 3] = [0.9, 0.8, 0.7];
/// Share of an excerpt that must be in the longer text.
pub(super) const MIN_EXCERPT_CONTAINMENT: f64 = 0.85;
/// The same where the authors differ or a date is missing.
pub(super) const MIN_DOUBTFUL_EXCERPT_CONTAINMENT: f64 = 0.97;
/// Similarity below which texts are not compared word by word.
pub(super) const MIN_SIMILARITY_OF_EDITED_TEXT: f64 = 0.4;
/// Number of words of an edited copy for each place at which it was changed.
pub(super) const WORDS_PER_EDIT: usize = 40;
/// Number of words of an edited copy for each place at which words were replaced.
pub(super) const WORDS_PER_REPLACEMENT: usize = 60;
/// Number of words between two of these: the gaps of a form are nearer.
pub(super) const MIN_WORDS_BETWEEN_REPLACEMENTS: usize = 8;
/// Number of words that are replaced, inserted or removed at one place.
pub(super) const WORDS_CHANGED_PER_EDIT: usize = 2;
/// Number of words beside an added sentence that may have been replaced.
pub(super) const MAX_CHANGED_AT_END: usize = 2;
/// Number of words that a copy may have before or after the text: one or two sentences.
pub(super) const MAX_ADDED_WORDS: usize = 40;

/// Number of pages from which a story takes no more copies: a text on more pages is a form letter.
pub(super) const MAX_PAGES: u32 = 4;
/// The same for news that many papers print: published in the same second, or a long and nearly
/// unchanged text within days.
pub(super) const MAX_PAGES_OF_NEWS: u32 = 16;
/// Hours between two dates that need no further proof.
pub(super) const NEAR_HOURS: i64 = 3 * 24;
/// Hours between two dates beyond which nothing is a copy.
pub(super) const MAX_HOURS: i64 = 45 * 24;
