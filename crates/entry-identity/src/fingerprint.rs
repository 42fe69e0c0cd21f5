//! Fingerprints of texts: small enough to be stored with every entry, and comparable.
//!
//! Of each word a hash of 15 bits is kept, in the order of the text. Of a text of more than 512
//! words only the opening is kept in this way; the rest is a bottom-k sketch (Broder 1997): the 256
//! smallest hashes of its shingles (three words in a row). The similarity of two texts is exact if
//! both were kept, and otherwise an estimate with a standard error below 0.03.

use feed_model::{
    Draft,
    stop_words::{StopWordUse, is_stop_word},
};

use super::{
    boilerplate,
    fingerprint_bytes::{Reader, Writer},
    normalised_text,
    thresholds::MIN_TEXT_TOKENS,
};

/// Number of words up to which all words of a text are kept.
const MAX_KEPT_WORDS: usize = 512;
/// Number of words that are kept of a longer text.
const KEPT_OPENING_WORDS: usize = 128;
/// Number of hashes that are kept of a longer text.
const SKETCH_SIZE: usize = 256;
/// Number of words in a shingle.
const SHINGLE_SIZE: usize = 3;
/// Number of words that are compared as the opening.
const OPENING_WORDS: usize = 64;
/// Number of content words that are kept of a title.
const MAX_TITLE_WORDS: usize = 64;
/// Number of authors and files that are kept.
const MAX_NAMES: usize = 8;
/// Number of letters and digits from which a file name belongs to one file only.
const MIN_UNIQUE_FILE_NAME: usize = 20;
/// The first byte of the stored form, and that of the form of earlier versions.
const VERSION: u8 = 2;
const EARLIER_VERSION: u8 = 1;

/// A word of a text: its hash, and whether it is a number or a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word(u16);

impl Word {
    const FACT: u16 = 1 << 15;

    fn new(hash: u32, is_fact: bool) -> Self {
        Self(short_hash(hash) | if is_fact { Self::FACT } else { 0 })
    }

    pub fn hash(self) -> u16 {
        self.0 & !Self::FACT
    }

    /// Returns whether the word is a number or a name.
    pub fn is_fact(self) -> bool {
        self.0 & Self::FACT != 0
    }
}

/// The hashes of an item's title, text, authors and files. The default is that of an empty item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// Number of words, not counting written-out URLs and the additions of publishing software.
    tokens: u32,
    /// Number of words in `blockquote` elements.
    quoted: u32,
    /// The smallest hash of a shingle in the opening, and in the whole text.
    minhashes: Option<[u32; 2]>,
    /// The words, or those of the opening.
    words: Vec<Word>,
    /// Whether `words` has all words.
    complete: bool,
    /// The hashes of all shingles if `complete`, otherwise the smallest, in ascending order.
    sketch: Vec<u32>,
    /// The content words of the title.
    title_words: Vec<u16>,
    /// The names of the authors.
    authors: Vec<u32>,
    /// The names of the audio and video files.
    media: Vec<u32>,
}

impl Fingerprint {
    /// Computes the fingerprint of an item.
    pub fn of(draft: &Draft) -> Self {
        let text = normalised_text::item_text(draft);
        let text = boilerplate::strip(&text);
        let mut words = Vec::with_capacity(text.len() / 6);
        let mut minhash = ShingleMinhash::default();
        let mut url_words = 0;
        normalised_text::each_word(text, |word| {
            minhash.add(word.folded);
            words.push(Word::new(hash(word.folded), word.is_fact));
            url_words += usize::from(word.is_in_url);
        });
        let quoted = normalised_text::unquoted_text(draft).map_or(0, |own| {
            let own = normalised_text::count_words(boilerplate::strip(&own));
            words.len().saturating_sub(own)
        });
        let tokens = number(words.len().saturating_sub(url_words));
        let complete = words.len() <= MAX_KEPT_WORDS;
        let mut sketch = shingles(&words);
        if !complete {
            sketch.truncate(SKETCH_SIZE);
            words.truncate(KEPT_OPENING_WORDS);
        }
        let media = draft
            .enclosures
            .iter()
            .filter(|e| e.mime.starts_with("audio/") || e.mime.starts_with("video/"));
        Self {
            tokens,
            quoted: number(quoted),
            minhashes: minhash.minhashes(),
            complete,
            sketch,
            words,
            title_words: set(
                content_words(draft.title.as_deref().unwrap_or_default()).take(MAX_TITLE_WORDS)
            ),
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
        self.tokens as usize <= OPENING_WORDS
    }

    /// Returns [`tokens`](Self::tokens) of a stored fingerprint without reading the rest; 0 if it
    /// is invalid.
    pub fn stored_token_count(bytes: &[u8]) -> u32 {
        let is_known = matches!(bytes.first(), Some(&VERSION | &EARLIER_VERSION));
        let tokens = bytes.get(2..6).filter(|_| is_known).and_then(|rest| rest.try_into().ok());
        tokens.map_or(0, u32::from_le_bytes)
    }

    /// Returns all words of the text; `None` if they were not kept.
    pub(super) fn all_words(&self) -> Option<&[Word]> {
        (self.complete && !self.words.is_empty()).then_some(&self.words)
    }

    fn opening(&self) -> &[Word] {
        &self.words[..self.words.len().min(OPENING_WORDS)]
    }

    fn opening_words(&self) -> Vec<u16> {
        set(self.opening().iter().map(|word| word.hash()))
    }

    /// Returns the number of content words of the title.
    pub(super) fn title_word_count(&self) -> usize {
        self.title_words.len()
    }

    /// Returns the similarity of the whole texts, from 0 to 1: the share of shingles that both have
    /// among those that either has (Jaccard index).
    pub fn similarity(&self, other: &Self) -> f64 {
        if self.words.is_empty() || other.words.is_empty() {
            // The text of a removed entry whose fingerprint was stored by an earlier version.
            let is_same = self.tokens == other.tokens && self.minhashes == other.minhashes;
            return if is_same && self.minhashes.is_some() { 1.0 } else { 0.0 };
        }
        let limit = self.sketch_limit().min(other.sketch_limit());
        jaccard(below(&self.sketch, limit), below(&other.sketch, limit))
    }

    /// Returns the share of the shorter opening that the longer one has too, from 0 to 1.
    pub(super) fn opening_similarity(&self, other: &Self) -> f64 {
        let (left, right) = (shingles(self.opening()), shingles(other.opening()));
        let (short, long) = if left.len() <= right.len() { (left, right) } else { (right, left) };
        ratio(common(&short, &long), short.len())
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
            let opening = within.opening_words();
            let is_found = |w: &&u16| has(&within.title_words, **w) || has(&opening, **w);
            let found = of.title_words.iter().filter(is_found).count();
            (!of.title_words.is_empty()).then(|| ratio(found, of.title_words.len()))
        };
        match (share(self, other), share(other, self)) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        }
    }

    /// Returns whether each opening has a word that the other lacks. Two otherwise equal texts are
    /// then one template with other words.
    pub(super) fn each_opening_has_own_words(&self, other: &Self) -> bool {
        let (left, right) = (self.opening_words(), other.opening_words());
        let both = common(&left, &right);
        both < left.len() && both < right.len()
    }

    /// Returns the number of words that the shorter text's opening has and the longer one's lacks.
    /// An excerpt that was cut off within a word has one.
    pub(super) fn extra_opening_words(&self, other: &Self) -> usize {
        let (short, long) = if self.tokens <= other.tokens { (self, other) } else { (other, self) };
        let words = short.opening_words();
        words.len() - common(&words, &long.opening_words())
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
        self.minhashes.filter(|_| self.tokens >= MIN_TEXT_TOKENS)
    }

    /// Returns whether an earlier version stored this fingerprint, without the words of the text.
    /// The caller should compute it again if the text is still stored.
    pub fn lacks_words(&self) -> bool {
        self.tokens > 0 && self.words.is_empty()
    }

    /// Returns the stored form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::new(VERSION, u8::from(self.complete));
        out.u32(self.tokens);
        out.u32(self.quoted);
        out.u32s(self.minhashes.as_ref().map_or(&[], |both| both));
        out.u16s(self.words.iter().map(|word| word.0));
        out.u16s(self.title_words.iter().copied());
        out.u32s(&self.authors);
        out.u32s(&self.media);
        if !self.complete {
            out.ascending(&self.sketch);
        }
        out.bytes
    }

    /// Parses the stored form; `None` if it is invalid or of an unknown version.
    ///
    /// The form of earlier versions has other hashes of the text. Only its minhashes are kept.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&[version, complete], rest) = bytes.split_first_chunk()?;
        let mut rest = Reader(rest);
        let mut print = Self { tokens: rest.u32()?, complete: complete == 1, ..Self::default() };
        match version {
            EARLIER_VERSION => {
                let (sketch, opening, title_words) = (rest.u32s()?, rest.u32s()?, rest.u32s()?);
                let _opening_words = rest.u32s()?;
                (print.authors, print.media) = (rest.u32s()?, rest.u32s()?);
                print.minhashes =
                    opening.first().zip(sketch.first()).map(|(first, all)| [*first, *all]);
                print.title_words = set(title_words.into_iter().map(short_hash));
                // The first fingerprints end here.
                print.quoted = rest.u32().unwrap_or_default();
            }
            VERSION => {
                print.quoted = rest.u32()?;
                print.minhashes = rest.u32s()?.try_into().ok();
                print.words = rest.u16s()?.into_iter().map(Word).collect();
                print.title_words = rest.u16s()?;
                (print.authors, print.media) = (rest.u32s()?, rest.u32s()?);
                print.sketch =
                    if print.complete { shingles(&print.words) } else { rest.ascending()? };
            }
            _ => return None,
        }
        Some(print)
    }

    /// Returns the hash up to which the sketch has all shingles of the text.
    fn sketch_limit(&self) -> u32 {
        if self.complete { u32::MAX } else { self.sketch.last().copied().unwrap_or(u32::MAX) }
    }
}

/// Finds the smallest hash of all shingles, and of those in the opening.
///
/// The store looks up entries by them, so that these hashes must never change: those of the three
/// words, each followed by the byte 255.
#[derive(Default)]
struct ShingleMinhash {
    words: usize,
    /// The hashes of the shingles that began one and two words ago.
    open: [u64; 2],
    opening: u32,
    whole: u32,
}

impl ShingleMinhash {
    fn add(&mut self, word: &str) {
        let mut hashes = [FNV_BASIS, self.open[0], self.open[1]];
        for byte in word.bytes().chain([0xff]) {
            hashes = hashes.map(|hash| fnv(hash, byte));
        }
        let [begun, open, closed] = hashes;
        self.open = [begun, open];
        self.words += 1;
        if self.words == SHINGLE_SIZE {
            (self.opening, self.whole) = (u32::MAX, u32::MAX);
        }
        if self.words >= SHINGLE_SIZE {
            let hash = finished(closed);
            self.whole = self.whole.min(hash);
            if self.words <= OPENING_WORDS {
                self.opening = self.whole;
            }
        }
    }

    fn minhashes(&self) -> Option<[u32; 2]> {
        (self.words >= SHINGLE_SIZE).then_some([self.opening, self.whole])
    }
}

const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
}

/// Finishes an FNV-1a hash as `MurmurHash3` does, which makes the order of hashes random.
fn finished(mut hash: u64) -> u32 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    u32::try_from(hash >> 32).unwrap_or_default()
}

/// Returns the hash of a word or name. Hashes are stored, so this function must never change.
fn hash(text: &str) -> u32 {
    finished(text.bytes().chain([0xff]).fold(FNV_BASIS, fnv))
}

fn short_hash(hash: u32) -> u16 {
    u16::try_from(hash & 0x7fff).unwrap_or_default()
}

/// Returns the hashes of all shingles, in ascending order. They have 24 bits, so that they can be
/// stored in few bytes.
fn shingles(words: &[Word]) -> Vec<u32> {
    let size = SHINGLE_SIZE.min(words.len()).max(1);
    set(words.windows(size).map(|words| {
        let joined = words.iter().fold(0, |sum, word| (sum << 15) | u64::from(word.hash()));
        finished(joined.wrapping_add(1).wrapping_mul(FNV_BASIS)) >> 8
    }))
}

/// Returns the hashes of the content words: no stop words, and no words of up to three letters
/// unless they have a digit or are not ASCII.
fn content_words(text: &str) -> impl Iterator<Item = u16> {
    normalised_text::tokens(text)
        .into_iter()
        .filter(|t| {
            let long =
                t.chars().count() > 3 || !t.is_ascii() || t.contains(|c: char| c.is_ascii_digit());
            long && !is_stop_word(t, StopWordUse::Fingerprint)
        })
        .map(|t| short_hash(hash(&t)))
}

/// Returns the part of a URL that identifies a file, also behind redirects that count downloads:
/// its name, and the folder unless the name is long enough to be unique. Every show has a `12.mp3`.
fn media_name(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let (folder, name) = path.rsplit_once('/').unwrap_or_default();
    if name.chars().filter(char::is_ascii_alphanumeric).count() >= MIN_UNIQUE_FILE_NAME {
        return name;
    }
    &path[folder.rfind('/').map_or(0, |at| at + 1)..]
}

fn set<T: Ord>(hashes: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut hashes: Vec<T> = hashes.into_iter().collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

fn has<T: Ord + Copy>(sorted: &[T], hash: T) -> bool {
    sorted.binary_search(&hash).is_ok()
}

fn below(sorted: &[u32], limit: u32) -> &[u32] {
    &sorted[..sorted.partition_point(|hash| *hash <= limit)]
}

fn common<T: Ord + Copy>(left: &[T], right: &[T]) -> usize {
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
    if whole == 0 { 0.0 } else { f64::from(number(part)) / f64::from(number(whole)) }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
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
        assert!(bytes.len() < 1_200, "{} bytes are stored with every entry", bytes.len());
        assert_eq!(Fingerprint::from_bytes(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Fingerprint::from_bytes(&[]), None);
        assert_eq!(Fingerprint::from_bytes(&[9, 0, 0]), None);
    }

    #[test]
    fn a_fingerprint_of_an_earlier_version_keeps_its_minhashes() {
        // Of "w0 w1 … w59": version, flag, words, all shingles, opening, title words, opening
        // words, authors, files.
        let print = of(&words(0..60));
        let [opening, whole] = print.minhashes().expect("long enough");
        let mut bytes = vec![1, 1];
        bytes.extend(60_u32.to_le_bytes());
        for list in [&[whole][..], &[opening], &[], &[], &[7], &[]] {
            bytes.extend(u16::try_from(list.len()).unwrap().to_le_bytes());
            bytes.extend(list.iter().flat_map(|hash| hash.to_le_bytes()));
        }
        let stored = Fingerprint::from_bytes(&bytes).expect("the first fingerprints are read");
        assert!(stored.lacks_words() && !print.lacks_words());
        assert_eq!((stored.tokens(), stored.minhashes()), (60, print.minhashes()));
        assert!((stored.similarity(&print) - 1.0).abs() < 1e-9);
        assert!(stored.similarity(&of(&words(100..160))).abs() < 1e-9);
        assert_eq!(Fingerprint::stored_token_count(&bytes), 60);
    }

    #[test]
    fn minhashes_do_not_change() {
        let print = of(&words(0..60));
        assert_eq!(print.minhashes(), Some([123_873_860; 2]));
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
