//! What a text is made of, small enough to be stored with every entry, and how alike two texts are.
//!
//! The text's shingles (three words in a row) are hashed to 32 bits, and the 256 smallest are kept.
//! Of a text with no more than that many, similarity is exact; of a longer one it is an estimate
//! with a standard error below 0.03 (the bottom of a set by a random order is a fair sample of it,
//! and the bottoms of two sets by the same order are samples of their union). The opening is kept
//! in full beside them, because a teaser is the opening of what it teases.

use super::{boilerplate, normalised_text, salient_tokens};
use feed_model::Draft;

/// Words of own text from which an item that links to a post is a post itself, and from which texts
/// are compared.
pub const MIN_COMMENTARY_TOKENS: u32 = 48;
/// Hashes kept of a text.
const SKETCH_SIZE: usize = 256;
/// Words in a shingle.
const SHINGLE_SIZE: usize = 3;
/// Words from which a text is no form that somebody filled in: its facts are not kept.
pub(super) const MIN_ARTICLE_TOKENS: u32 = 400;
/// Words of the opening.
const OPENING_TOKENS: usize = 64;
/// People and files that are kept.
const MAX_NAMES: usize = 8;
/// Letters and digits of a file's name that no other file has.
const MIN_UNIQUE_FILE_NAME: usize = 20;
/// The first byte of the stored form.
const VERSION: u8 = 1;

/// What an item's title, text, people and files are made of, as hashes. The default is that of an
/// item which says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// Words of its own text, without addresses that are written out and what publishing programs
    /// add.
    tokens: u32,
    /// Words that it marks as quoted.
    quoted: u32,
    /// Whether `sketch` holds every shingle.
    complete: bool,
    /// The smallest hashes of the text's shingles, ascending.
    sketch: Vec<u32>,
    /// The hashes of the opening's shingles, ascending.
    opening: Vec<u32>,
    /// Words of the title that mean something.
    title_words: Vec<u32>,
    /// Words of the opening that mean something.
    opening_words: Vec<u32>,
    /// The authors' names.
    people: Vec<u32>,
    /// The names of its sound and film files.
    media: Vec<u32>,
    /// The numbers and names in its text, if that may be a form.
    facts: Vec<u32>,
}

impl Fingerprint {
    /// Of an item.
    pub fn of(draft: &Draft) -> Self {
        let text = normalised_text::item_text(draft);
        let text = boilerplate::strip(&text);
        let tokens = normalised_text::tokens(text);
        let unquoted = normalised_text::unquoted_text(draft)
            .map(|own| normalised_text::tokens(boilerplate::strip(&own)).len());
        let quoted = unquoted.map_or(0, |unquoted| tokens.len().saturating_sub(unquoted));
        let own_words = tokens.len().saturating_sub(boilerplate::url_token_count(text));
        let mut sketch = set(shingles(&tokens));
        let complete = sketch.len() <= SKETCH_SIZE;
        sketch.truncate(SKETCH_SIZE);
        let opening = &tokens[..tokens.len().min(OPENING_TOKENS)];
        let media = draft
            .enclosures
            .iter()
            .filter(|e| e.mime.starts_with("audio/") || e.mime.starts_with("video/"));
        let facts = salient_tokens::of(text)
            .filter(|_| own_words < MIN_ARTICLE_TOKENS as usize)
            .map(|fact| hash(&fact));
        Self {
            facts: set(facts),
            tokens: u32::try_from(own_words).unwrap_or(u32::MAX),
            quoted: u32::try_from(quoted).unwrap_or(u32::MAX),
            complete,
            sketch,
            opening: set(shingles(opening)),
            title_words: set(content_words(&normalised_text::tokens(
                draft.title.as_deref().unwrap_or_default(),
            ))),
            opening_words: set(content_words(opening)),
            people: set(draft
                .authors
                .iter()
                .map(|p| hash(&normalised_text::comparable(&p.name)))
                .take(MAX_NAMES)),
            media: set(media.map(|e| hash(media_name(&e.url))).take(MAX_NAMES)),
        }
    }

    /// Words of the item's own text: its content, else its summary.
    pub fn tokens(&self) -> u32 {
        self.tokens
    }

    /// The share of its words that it marks as quoted, 0 to 1.
    pub(super) fn quoted_ratio(&self) -> f64 {
        if self.tokens == 0 {
            0.0
        } else {
            (f64::from(self.quoted) / f64::from(self.tokens)).min(1.0)
        }
    }

    /// Whether the text is no longer than what is kept of it in full.
    pub(super) fn fits_in_opening(&self) -> bool {
        usize::try_from(self.tokens).is_ok_and(|tokens| tokens <= OPENING_TOKENS)
    }

    /// The same out of the stored form, without reading the rest; 0 for anything else.
    pub fn stored_token_count(bytes: &[u8]) -> u32 {
        let tokens =
            bytes.strip_prefix(&[VERSION]).and_then(|rest| rest.get(1..5)?.try_into().ok());
        tokens.map_or(0, u32::from_le_bytes)
    }

    /// Words of the title that mean something.
    pub(super) fn title_word_count(&self) -> usize {
        self.title_words.len()
    }

    /// How alike the two texts are as wholes: the shingles that both have, among those that either
    /// has; 0 to 1.
    pub fn similarity(&self, other: &Self) -> f64 {
        if self.complete && other.complete {
            return jaccard(&self.sketch, &other.sketch);
        }
        let limit = self.sketch_limit().min(other.sketch_limit());
        jaccard(below(&self.sketch, limit), below(&other.sketch, limit))
    }

    /// How alike the two openings are, cut to the shorter; 0 to 1. An estimate of nothing is 0.
    pub(super) fn opening_similarity(&self, other: &Self) -> f64 {
        let (short, long) =
            if self.opening.len() <= other.opening.len() { (self, other) } else { (other, self) };
        ratio(common(&short.opening, &long.opening), short.opening.len())
    }

    /// How much of this text stands in the other, 0 to 1, and of how many shingles that is an
    /// estimate.
    pub(super) fn containment(&self, other: &Self) -> (f64, usize) {
        let sample = below(&self.sketch, self.sketch_limit().min(other.sketch_limit()));
        (ratio(common(sample, &other.sketch), sample.len()), sample.len())
    }

    /// How much of the shorter text stands in the longer.
    pub(super) fn overlap(&self, other: &Self) -> (f64, usize) {
        if self.tokens <= other.tokens { self.containment(other) } else { other.containment(self) }
    }

    /// How far the one speaks of what the other is called: of the titles' words that mean
    /// something, the share that the other's title or opening has, in the better direction; `None`
    /// where neither has such a word.
    pub(super) fn subject_overlap(&self, other: &Self) -> Option<f64> {
        let share = |of: &Self, within: &Self| {
            let words = &of.title_words;
            let found = words
                .iter()
                .filter(|w| has(&within.title_words, **w) || has(&within.opening_words, **w))
                .count();
            (!words.is_empty()).then(|| ratio(found, words.len()))
        };
        match (share(self, other), share(other, self)) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        }
    }

    /// Whether each opening has a word that the other has not: where all else is the same, it is a
    /// form that was filled in with other names.
    pub(super) fn each_opening_has_own_words(&self, other: &Self) -> bool {
        let (left, right) = (&self.opening_words, &other.opening_words);
        let both = common(left, right);
        both < left.len() && both < right.len()
    }

    /// Whether each opening has one of its own names that the other has not: a form that two filled
    /// in, each for itself.
    pub(super) fn each_names_own_source(
        &self,
        own: &[String],
        other: &Self,
        others: &[String],
    ) -> bool {
        let names = |print: &Self, names: &[String], beside: &Self| {
            let words = names.iter().flat_map(|name| content_words(&normalised_text::tokens(name)));
            words
                .into_iter()
                .any(|word| has(&print.opening_words, word) && !has(&beside.opening_words, word))
        };
        names(self, own, other) && names(other, others, self)
    }

    /// Whether each tells a number or a name that the other does not.
    pub(super) fn each_has_own_salient_tokens(&self, other: &Self) -> bool {
        let both = common(&self.facts, &other.facts);
        both < self.facts.len() && both < other.facts.len()
    }

    /// Words of the shorter text's opening that the longer one's has not: the one that it was cut
    /// in at most, if it is a part.
    pub(super) fn extra_opening_words(&self, other: &Self) -> usize {
        let (short, long) = if self.tokens <= other.tokens { (self, other) } else { (other, self) };
        short.opening_words.len() - common(&short.opening_words, &long.opening_words)
    }

    /// Whether it says anything at all: a word in title or text.
    pub(super) fn has_words(&self) -> bool {
        self.tokens > 0 || !self.title_words.is_empty()
    }

    /// Whether both name people, and not one in common.
    pub(super) fn has_disjoint_authors(&self, other: &Self) -> bool {
        disjoint(&self.people, &other.people)
    }

    /// Whether somebody of this name is an author.
    pub(super) fn has_author(&self, name: &str) -> bool {
        has(&self.people, hash(&normalised_text::comparable(name)))
    }

    /// Whether both have sound or film files, and not one in common.
    pub(super) fn has_disjoint_media(&self, other: &Self) -> bool {
        disjoint(&self.media, &other.media)
    }

    /// What copies are found by, whatever they are called: one hash of the opening and one of the
    /// whole text; `None` of a text that is too short to be compared. Two texts have the same hash
    /// of the whole with a probability of their similarity (minwise hashing), and of the opening
    /// with that of their openings.
    pub fn minhashes(&self) -> Option<[u32; 2]> {
        let long_enough = self.tokens >= MIN_COMMENTARY_TOKENS;
        self.opening
            .first()
            .zip(self.sketch.first())
            .filter(|_| long_enough)
            .map(|(opening, whole)| [*opening, *whole])
    }

    /// The form in which it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION, u8::from(self.complete)];
        out.extend(self.tokens.to_le_bytes());
        for list in [
            &self.sketch,
            &self.opening,
            &self.title_words,
            &self.opening_words,
            &self.people,
            &self.media,
        ] {
            write_list(&mut out, list);
        }
        out.extend(self.quoted.to_le_bytes());
        write_list(&mut out, &self.facts);
        out
    }

    /// Reads [`Fingerprint::to_bytes`]; `None` for anything else, another version included.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(&[VERSION])?;
        let complete = take::<1>(&mut rest)?[0] == 1;
        let tokens = u32::from_le_bytes(take(&mut rest)?);
        let (sketch, opening, title_words) =
            (read_list(&mut rest)?, read_list(&mut rest)?, read_list(&mut rest)?);
        let (opening_words, people, media) =
            (read_list(&mut rest)?, read_list(&mut rest)?, read_list(&mut rest)?);
        // These came later: what was stored before does not have them.
        let (quoted, facts) = match rest {
            [] => (0, Vec::new()),
            _ => (u32::from_le_bytes(take(&mut rest)?), read_list(&mut rest)?),
        };
        Some(Self {
            tokens,
            quoted,
            complete,
            sketch,
            opening,
            title_words,
            opening_words,
            people,
            media,
            facts,
        })
    }

    /// Up to which hash the sketch is a whole account of the text.
    fn sketch_limit(&self) -> u32 {
        if self.complete { u32::MAX } else { self.sketch.last().copied().unwrap_or(u32::MAX) }
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(*head)
}

fn read_list(rest: &mut &[u8]) -> Option<Vec<u32>> {
    let length = usize::from(u16::from_le_bytes(take(rest)?));
    let bytes = rest.get(..length * 4)?;
    *rest = &rest[length * 4..];
    Some(bytes.as_chunks::<4>().0.iter().map(|chunk| u32::from_le_bytes(*chunk)).collect())
}

fn write_list(out: &mut Vec<u8>, list: &[u32]) {
    out.extend(u16::try_from(list.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend(list.iter().take(usize::from(u16::MAX)).flat_map(|hash| hash.to_le_bytes()));
}

/// FNV-1a, finished with an avalanche so that the order of hashes is random: the same on every
/// machine and for ever, as hashes are stored.
fn hash_of<'a>(parts: impl IntoIterator<Item = &'a str>) -> u32 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    u32::try_from(hash >> 32).unwrap_or_default()
}

fn hash(text: &str) -> u32 {
    hash_of([text])
}

fn shingles(tokens: &[String]) -> Vec<u32> {
    if tokens.is_empty() {
        return Vec::new();
    }
    let size = SHINGLE_SIZE.min(tokens.len());
    tokens.windows(size).map(|words| hash_of(words.iter().map(String::as_str))).collect()
}

/// Words that mean something: no short ones, unless they have digits or belong to a script of short
/// words, and none that stand in any text.
fn content_words(tokens: &[String]) -> Vec<u32> {
    tokens
        .iter()
        .filter(|t| {
            let long =
                t.chars().count() > 3 || !t.is_ascii() || t.contains(|c: char| c.is_ascii_digit());
            long && !STOP_WORDS.contains(&t.as_str())
        })
        .map(|t| hash(t))
        .collect()
}

/// Words of four letters and more that say nothing of a subject, those of recommending a text among
/// them.
const STOP_WORDS: &[&str] = &[
    "about",
    "after",
    "again",
    "also",
    "amazing",
    "another",
    "article",
    "awesome",
    "because",
    "been",
    "before",
    "being",
    "best",
    "blog",
    "comments",
    "could",
    "does",
    "each",
    "even",
    "every",
    "excellent",
    "fascinating",
    "from",
    "good",
    "great",
    "have",
    "here",
    "http",
    "https",
    "interesting",
    "into",
    "just",
    "know",
    "like",
    "link",
    "links",
    "lovely",
    "made",
    "make",
    "many",
    "more",
    "most",
    "much",
    "must",
    "need",
    "nice",
    "only",
    "other",
    "over",
    "people",
    "piece",
    "post",
    "posts",
    "read",
    "reading",
    "really",
    "recommended",
    "should",
    "some",
    "such",
    "than",
    "that",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "thing",
    "things",
    "this",
    "those",
    "through",
    "today",
    "very",
    "want",
    "well",
    "were",
    "what",
    "when",
    "where",
    "which",
    "while",
    "will",
    "with",
    "worth",
    "would",
    "write",
    "writes",
    "writing",
    "wrote",
    "your",
];

/// What a file is known by, whoever redirects to it: its name, together with where it lies unless
/// the name is long enough to be nobody else's. Every show has a `12.mp3`.
fn media_name(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let (folder, name) = path.rsplit_once('/').unwrap_or_default();
    if name.chars().filter(char::is_ascii_alphanumeric).count() >= MIN_UNIQUE_FILE_NAME {
        return name;
    }
    &path[folder.rfind('/').map_or(0, |at| at + 1)..]
}

fn set(hashes: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut hashes: Vec<u32> = hashes.into_iter().collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

fn has(sorted: &[u32], hash: u32) -> bool {
    sorted.binary_search(&hash).is_ok()
}

fn below(sorted: &[u32], limit: u32) -> &[u32] {
    &sorted[..sorted.partition_point(|hash| *hash <= limit)]
}

fn common(left: &[u32], right: &[u32]) -> usize {
    left.iter().filter(|hash| has(right, **hash)).count()
}

fn disjoint(left: &[u32], right: &[u32]) -> bool {
    !left.is_empty() && !right.is_empty() && common(left, right) == 0
}

fn jaccard(left: &[u32], right: &[u32]) -> f64 {
    let both = common(left, right);
    ratio(both, left.len() + right.len() - both)
}

fn ratio(part: usize, whole: usize) -> f64 {
    let float = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if whole == 0 { 0.0 } else { float(part) / float(whole) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use feed_model::SafeHtml;

    fn of(text: &str) -> Fingerprint {
        Fingerprint::of(&Draft {
            content: Some(SafeHtml::from_sanitised(text.to_owned())),
            ..Draft::default()
        })
    }

    fn words(range: std::ops::Range<u32>) -> String {
        range.map(|n| format!("w{}", n.wrapping_mul(2_654_435_761))).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn short_texts_are_compared_exactly() {
        let (a, b) = (of("one two three four"), of("one two three five"));
        assert!((a.similarity(&a) - 1.0).abs() < 1e-9);
        assert!((a.similarity(&b) - 1.0 / 3.0).abs() < 1e-9, "one shingle of three");
        assert!(of("").similarity(&of("")).abs() < 1e-9, "nothing is like nothing");
    }

    #[test]
    fn long_texts_are_estimated_well() {
        let (a, b) = (of(&words(0..4_000)), of(&words(500..4_500)));
        let real = 3_498.0 / 4_498.0;
        assert!((a.similarity(&b) - real).abs() < 0.08, "{} is near {real}", a.similarity(&b));
        assert!(of(&words(0..4_000)).similarity(&of(&words(5_000..9_000))) < 0.05);
    }

    #[test]
    fn a_teaser_has_the_opening_of_the_whole() {
        let (teaser, whole) = (of(&words(0..60)), of(&words(0..3_000)));
        assert!(teaser.opening_similarity(&whole) > 0.95);
        assert!(teaser.similarity(&whole) < 0.2);
    }

    #[test]
    fn texts_that_are_alike_have_a_mark_in_common() {
        let (teaser, whole, edited) =
            (of(&words(0..80)), of(&words(0..3_000)), of(&words(30..3_000)));
        let common = |a: &Fingerprint, b: &Fingerprint| {
            let (a, b) = (a.minhashes().expect("long enough"), b.minhashes().expect("long enough"));
            (a[0] == b[0], a[1] == b[1])
        };
        assert!(common(&teaser, &whole).0, "the opening's");
        assert!(common(&edited, &whole).1, "the whole's");
        assert_eq!(common(&whole, &of(&words(4_000..7_000))), (false, false));
        assert_eq!(of(&words(0..40)).minhashes(), None);
    }

    #[test]
    fn a_file_is_known_by_more_than_a_number() {
        assert_eq!(media_name("https://a.example/audio/12.mp3?x=1"), "audio/12.mp3");
        assert_ne!(media_name("https://a.example/12.mp3"), media_name("https://b.example/12.mp3"));
        assert_eq!(
            media_name("https://count.example/redirect.mp3/files.example/ABC123.mp3"),
            media_name("https://files.example/ABC123.mp3#t=1")
        );
        let long = "2026-11-20-why-our-queues-lost-messages.mp3";
        assert_eq!(media_name(&format!("https://a.example/x/{long}")), long);
        assert_eq!(media_name("12.mp3"), "12.mp3");
    }

    #[test]
    fn bytes_of_another_make_are_refused() {
        let bytes = of(&words(0..1_000)).to_bytes();
        assert!(bytes.len() < 2_500, "{} bytes are stored with every entry", bytes.len());
        assert_eq!(Fingerprint::from_bytes(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Fingerprint::from_bytes(&[]), None);
        assert_eq!(Fingerprint::from_bytes(&[9, 0, 0]), None);
    }

    proptest! {
        #[test]
        fn what_is_stored_is_read_again(text in "\\PC{0,300}") {
            let print = of(&text);
            prop_assert_eq!(Fingerprint::from_bytes(&print.to_bytes()), Some(print));
        }

        #[test]
        fn likeness_is_mutual(a in "[abc ]{0,400}", b in "[abc ]{0,400}") {
            let (a, b) = (of(&a), of(&b));
            prop_assert!((a.similarity(&b) - b.similarity(&a)).abs() < 1e-12);
            prop_assert!((0.0..=1.0).contains(&a.similarity(&b)));
        }
    }
}
