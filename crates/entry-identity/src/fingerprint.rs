//! Fingerprints of texts: small enough to be stored with every entry, and comparable.
//!
//! The shingles of a text (three words in a row) are hashed to 32 bits, and the 256 smallest hashes
//! are kept: a bottom-k sketch (Broder 1997). The similarity of two texts is exact if neither has
//! more shingles than that. Otherwise it is an estimate with a standard error below 0.03. The
//! opening is kept in full, because an excerpt is usually the opening of the post.

use feed_model::{
    Draft,
    stop_words::{StopWordUse, is_stop_word},
};

use super::{
    boilerplate,
    normalised_text::{self, Tokens},
    salient_tokens,
};

/// Number of words from which an item that links to a post may be a post of its own, and from which
/// texts are compared.
pub const MIN_COMMENTARY_TOKENS: u32 = 48;
/// Number of hashes that are kept of a text.
const SKETCH_SIZE: usize = 256;
/// Number of words in a shingle.
const SHINGLE_SIZE: usize = 3;
/// Number of words from which a text is no filled-in template. Its numbers and names are not kept.
pub(super) const MIN_ARTICLE_TOKENS: u32 = 400;
/// Number of words of the opening.
const OPENING_TOKENS: usize = 64;
/// Number of authors and files that are kept.
const MAX_NAMES: usize = 8;
/// Number of letters and digits from which a file name belongs to one file only.
const MIN_UNIQUE_FILE_NAME: usize = 20;
/// The first byte of the stored form.
const VERSION: u8 = 1;

/// The hashes of an item's title, text, authors and files. The default is that of an empty item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// Number of words, not counting written-out URLs and the additions of publishing software.
    tokens: u32,
    /// Number of words in `blockquote` elements.
    quoted: u32,
    /// Whether `sketch` has the hashes of all shingles.
    complete: bool,
    /// The smallest hashes of the shingles, in ascending order.
    sketch: Vec<u32>,
    /// The hashes of the opening's shingles, in ascending order.
    opening: Vec<u32>,
    /// The content words of the title.
    title_words: Vec<u32>,
    /// The content words of the opening.
    opening_words: Vec<u32>,
    /// The names of the authors.
    authors: Vec<u32>,
    /// The names of the audio and video files.
    media: Vec<u32>,
    /// The numbers and names in the text, if it may be a filled-in template.
    salient_tokens: Vec<u32>,
}

impl Fingerprint {
    /// Computes the fingerprint of an item.
    pub fn of(draft: &Draft) -> Self {
        let text = normalised_text::item_text(draft);
        let text = boilerplate::strip(&text);
        let tokens = Tokens::of(text);
        let tokens: Vec<&str> = tokens.words().collect();
        let unquoted = normalised_text::unquoted_text(draft)
            .map(|own| Tokens::of(boilerplate::strip(&own)).words().count());
        let quoted = unquoted.map_or(0, |unquoted| tokens.len().saturating_sub(unquoted));
        let own_tokens = tokens.len().saturating_sub(boilerplate::url_token_count(text));
        let mut sketch = set(shingles(&tokens));
        let complete = sketch.len() <= SKETCH_SIZE;
        sketch.truncate(SKETCH_SIZE);
        let opening = &tokens[..tokens.len().min(OPENING_TOKENS)];
        let media = draft
            .enclosures
            .iter()
            .filter(|e| e.mime.starts_with("audio/") || e.mime.starts_with("video/"));
        let template = Some(text).filter(|_| own_tokens < MIN_ARTICLE_TOKENS as usize);
        let salient = template.into_iter().flat_map(salient_tokens::of);
        let title = Tokens::of(draft.title.as_deref().unwrap_or_default());
        Self {
            salient_tokens: set(salient.map(|token| hash(&token))),
            tokens: u32::try_from(own_tokens).unwrap_or(u32::MAX),
            quoted: u32::try_from(quoted).unwrap_or(u32::MAX),
            complete,
            sketch,
            opening: set(shingles(opening)),
            title_words: set(content_words(title.words())),
            opening_words: set(content_words(opening.iter().copied())),
            authors: set(draft
                .authors
                .iter()
                .map(|p| hash(&normalised_text::comparable(&p.name)))
                .take(MAX_NAMES)),
            media: set(media.map(|e| hash(media_name(&e.url))).take(MAX_NAMES)),
        }
    }

    /// Returns the number of words of the item's content, or of its summary if it has no content.
    pub fn tokens(&self) -> u32 {
        self.tokens
    }

    /// Returns the share of its words that are marked as quoted, from 0 to 1.
    pub(super) fn quoted_ratio(&self) -> f64 {
        if self.tokens == 0 {
            0.0
        } else {
            (f64::from(self.quoted) / f64::from(self.tokens)).min(1.0)
        }
    }

    /// Returns whether the text is no longer than the opening.
    pub(super) fn fits_in_opening(&self) -> bool {
        usize::try_from(self.tokens).is_ok_and(|tokens| tokens <= OPENING_TOKENS)
    }

    /// Returns [`tokens`](Self::tokens) of a stored fingerprint without reading the rest; 0 if it
    /// is invalid.
    pub fn stored_token_count(bytes: &[u8]) -> u32 {
        let tokens =
            bytes.strip_prefix(&[VERSION]).and_then(|rest| rest.get(1..5)?.try_into().ok());
        tokens.map_or(0, u32::from_le_bytes)
    }

    /// Returns the number of content words of the title.
    pub(super) fn title_word_count(&self) -> usize {
        self.title_words.len()
    }

    /// Returns the similarity of the whole texts, from 0 to 1: the share of shingles that both have
    /// among those that either has (Jaccard index).
    pub fn similarity(&self, other: &Self) -> f64 {
        if self.complete && other.complete {
            return jaccard(&self.sketch, &other.sketch);
        }
        let limit = self.sketch_limit().min(other.sketch_limit());
        jaccard(below(&self.sketch, limit), below(&other.sketch, limit))
    }

    /// Returns the share of the shorter opening that the longer one has too, from 0 to 1.
    pub(super) fn opening_similarity(&self, other: &Self) -> f64 {
        let (short, long) =
            if self.opening.len() <= other.opening.len() { (self, other) } else { (other, self) };
        ratio(common(&short.opening, &long.opening), short.opening.len())
    }

    /// Returns the share of this text that is in the other, from 0 to 1, and the number of shingles
    /// from which it was estimated.
    pub(super) fn containment(&self, other: &Self) -> (f64, usize) {
        let sample = below(&self.sketch, self.sketch_limit().min(other.sketch_limit()));
        (ratio(common(sample, &other.sketch), sample.len()), sample.len())
    }

    /// Returns [`containment`](Self::containment) of the shorter text in the longer one.
    pub(super) fn overlap(&self, other: &Self) -> (f64, usize) {
        if self.tokens <= other.tokens { self.containment(other) } else { other.containment(self) }
    }

    /// Returns the share of a title's content words that the other's title or opening has. Of both
    /// directions the larger share is taken. Returns `None` if neither title has content words.
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

    /// Returns whether each opening has a content word that the other lacks. Two otherwise equal
    /// texts are then one template with other names.
    pub(super) fn each_opening_has_own_words(&self, other: &Self) -> bool {
        let (left, right) = (&self.opening_words, &other.opening_words);
        let both = common(left, right);
        both < left.len() && both < right.len()
    }

    /// Returns whether each opening names its own source and the other does not.
    pub(super) fn each_names_own_source(
        &self,
        source_names: &[String],
        other: &Self,
        other_source_names: &[String],
    ) -> bool {
        let names_source = |print: &Self, names: &[String], other: &Self| {
            names.iter().map(|name| Tokens::of(name)).any(|name| {
                content_words(name.words())
                    .any(|word| has(&print.opening_words, word) && !has(&other.opening_words, word))
            })
        };
        names_source(self, source_names, other) && names_source(other, other_source_names, self)
    }

    /// Returns whether each text has a number or a name that the other lacks.
    pub(super) fn each_has_own_salient_tokens(&self, other: &Self) -> bool {
        let both = common(&self.salient_tokens, &other.salient_tokens);
        both < self.salient_tokens.len() && both < other.salient_tokens.len()
    }

    /// Returns the number of content words that the shorter text's opening has and the longer one's
    /// lacks. An excerpt that was cut off within a word has one.
    pub(super) fn extra_opening_words(&self, other: &Self) -> usize {
        let (short, long) = if self.tokens <= other.tokens { (self, other) } else { (other, self) };
        short.opening_words.len() - common(&short.opening_words, &long.opening_words)
    }

    /// Returns whether there is a word in the text, or a content word in the title.
    pub(super) fn has_words(&self) -> bool {
        self.tokens > 0 || !self.title_words.is_empty()
    }

    /// Returns whether both have authors, and none in common.
    pub(super) fn has_disjoint_authors(&self, other: &Self) -> bool {
        disjoint(&self.authors, &other.authors)
    }

    /// Returns whether an author has this name.
    pub(super) fn has_author(&self, name: &str) -> bool {
        has(&self.authors, hash(&normalised_text::comparable(name)))
    }

    /// Returns whether both have audio or video files, and none in common.
    pub(super) fn has_disjoint_media(&self, other: &Self) -> bool {
        disjoint(&self.media, &other.media)
    }

    /// Returns the minhash of the opening and that of the whole text; `None` if the text is too
    /// short to be compared.
    ///
    /// Copies are found by them whatever their titles are: the probability that two texts have the
    /// same minhash equals their similarity (Broder 1997).
    pub fn minhashes(&self) -> Option<[u32; 2]> {
        let long_enough = self.tokens >= MIN_COMMENTARY_TOKENS;
        self.opening
            .first()
            .zip(self.sketch.first())
            .filter(|_| long_enough)
            .map(|(opening, whole)| [*opening, *whole])
    }

    /// Returns the stored form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION, u8::from(self.complete)];
        out.extend(self.tokens.to_le_bytes());
        for list in [
            &self.sketch,
            &self.opening,
            &self.title_words,
            &self.opening_words,
            &self.authors,
            &self.media,
        ] {
            write_list(&mut out, list);
        }
        out.extend(self.quoted.to_le_bytes());
        write_list(&mut out, &self.salient_tokens);
        out
    }

    /// Parses the stored form; `None` if it is invalid or of another version.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(&[VERSION])?;
        let complete = take::<1>(&mut rest)?[0] == 1;
        let tokens = u32::from_le_bytes(take(&mut rest)?);
        let (sketch, opening, title_words) =
            (read_list(&mut rest)?, read_list(&mut rest)?, read_list(&mut rest)?);
        let (opening_words, authors, media) =
            (read_list(&mut rest)?, read_list(&mut rest)?, read_list(&mut rest)?);
        // Fingerprints stored by earlier versions end here.
        let (quoted, salient_tokens) = match rest {
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
            authors,
            media,
            salient_tokens,
        })
    }

    /// Returns the hash up to which the sketch has all shingles of the text.
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

/// Returns the FNV-1a hash with the finaliser of `MurmurHash3`, which makes the order of hashes
/// random. Hashes are stored, so this function must never change.
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

fn shingles(tokens: &[&str]) -> Vec<u32> {
    if tokens.is_empty() {
        return Vec::new();
    }
    let size = SHINGLE_SIZE.min(tokens.len());
    tokens.windows(size).map(|words| hash_of(words.iter().copied())).collect()
}

/// Returns the hashes of the content words: no stop words, and no words of up to three letters
/// unless they have a digit or are not ASCII.
fn content_words<'t>(words: impl Iterator<Item = &'t str>) -> impl Iterator<Item = u32> {
    words
        .filter(|t| {
            let long =
                t.chars().count() > 3 || !t.is_ascii() || t.contains(|c: char| c.is_ascii_digit());
            long && !is_stop_word(t, StopWordUse::Fingerprint)
        })
        .map(hash)
}

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
        assert!(of("").similarity(&of("")).abs() < 1e-9, "empty texts have no similarity");
    }

    #[test]
    fn the_similarity_of_long_texts_is_estimated() {
        let (a, b) = (of(&words(0..4_000)), of(&words(500..4_500)));
        let real = 3_498.0 / 4_498.0;
        assert!((a.similarity(&b) - real).abs() < 0.08, "{} is near {real}", a.similarity(&b));
        assert!(of(&words(0..4_000)).similarity(&of(&words(5_000..9_000))) < 0.05);
    }

    #[test]
    fn an_excerpt_has_the_opening_of_the_post() {
        let (teaser, whole) = (of(&words(0..60)), of(&words(0..3_000)));
        assert!(teaser.opening_similarity(&whole) > 0.95);
        assert!(teaser.similarity(&whole) < 0.2);
    }

    #[test]
    fn similar_texts_share_a_minhash() {
        let (teaser, whole, edited) =
            (of(&words(0..80)), of(&words(0..3_000)), of(&words(30..3_000)));
        let common = |a: &Fingerprint, b: &Fingerprint| {
            let (a, b) = (a.minhashes().expect("long enough"), b.minhashes().expect("long enough"));
            (a[0] == b[0], a[1] == b[1])
        };
        assert!(common(&teaser, &whole).0, "of the opening");
        assert!(common(&edited, &whole).1, "of the whole text");
        assert_eq!(common(&whole, &of(&words(4_000..7_000))), (false, false));
        assert_eq!(of(&words(0..40)).minhashes(), None);
    }

    #[test]
    fn a_short_file_name_includes_its_folder() {
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
    fn invalid_bytes_are_refused() {
        let bytes = of(&words(0..1_000)).to_bytes();
        assert!(bytes.len() < 2_500, "{} bytes are stored with every entry", bytes.len());
        assert_eq!(Fingerprint::from_bytes(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Fingerprint::from_bytes(&[]), None);
        assert_eq!(Fingerprint::from_bytes(&[9, 0, 0]), None);
    }

    proptest! {
        #[test]
        fn the_stored_form_is_parsed_back(text in "\\PC{0,300}") {
            let print = of(&text);
            prop_assert_eq!(Fingerprint::from_bytes(&print.to_bytes()), Some(print));
        }

        #[test]
        fn similarity_is_symmetric(a in "[abc ]{0,400}", b in "[abc ]{0,400}") {
            let (a, b) = (of(&a), of(&b));
            prop_assert!((a.similarity(&b) - b.similarity(&a)).abs() < 1e-12);
            prop_assert!((0.0..=1.0).contains(&a.similarity(&b)));
        }
    }
}
