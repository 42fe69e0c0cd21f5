//! The phrases of all topics in one trie over the stems of one language, so that a text is read
//! once however many topics there are. Which fields count and what a hit is worth is not known
//! here.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::language::{Language, WordStemmer};
use super::matcher::{Matcher, PhrasePart, Target};
use super::tokenizer::{self, TextToken};
use super::word_cache::WordCache;

/// A stem or sign that no phrase contains.
const UNKNOWN: u32 = 0;

/// The trie's first node.
const ROOT: u32 = 0;

/// Texts are read in pieces of tokens with this much room at first.
const INITIAL_TOKEN_CAPACITY: usize = 256;

/// The stems of all phrases in one language, and the trie over them.
pub(super) struct PhraseTrie {
    stemmer: WordStemmer,
    stems: HashMap<String, u32>,
    signs: HashMap<char, u32>,
    ascii_signs: [u32; 128],
    /// Where the words that could have one of the stems begin; only English is known well enough.
    prefix_filter: Option<PrefixFilter>,
    /// The node that a first token leads to, by token; [`ROOT`] where no phrase begins with it.
    root_edges: Vec<u32>,
    /// Where the tokens that may follow lead to, by node; in the order of the tokens.
    edges: Vec<Vec<(u32, u32)>>,
    /// The matchers whose phrase ends at a node.
    node_matchers: Vec<Vec<u32>>,
    /// What nobody is reading with at the moment: one for each thread that ever read at the same
    /// time.
    buffer_pool: Mutex<Vec<ReadBuffers>>,
}

/// One step of a text: what its words and signs are in the phrase_trie.
#[derive(Debug, Clone, Copy)]
struct TrieToken {
    id: u32,
    start: usize,
    end: usize,
    /// The compound that begins here, if it is in the phrase_trie: another way over the next
    /// `compound_tokens` tokens.
    compound: u32,
    compound_tokens: usize,
}

/// What reading takes: buffers, and the words that were looked up. The next story has most of them
/// again; what is found does not depend on it.
#[derive(Default)]
pub(super) struct ReadBuffers {
    tokens: Vec<TrieToken>,
    folded: String,
    word_cache: WordCache,
}

impl PhraseTrie {
    /// The phrases among `matchers`, told apart by their places.
    pub(super) fn new<'m>(language: Language, matchers: impl Iterator<Item = &'m Matcher>) -> Self {
        let mut phrase_trie = Self {
            stemmer: language.stemmer(),
            stems: HashMap::new(),
            signs: HashMap::new(),
            ascii_signs: [UNKNOWN; 128],
            prefix_filter: None,
            root_edges: vec![ROOT],
            edges: vec![Vec::new()],
            node_matchers: vec![Vec::new()],
            buffer_pool: Mutex::default(),
        };
        for (index, matcher) in (0..).zip(matchers) {
            if let Target::Phrase { readings, .. } = &matcher.target {
                for reading in readings {
                    phrase_trie.add(reading, index);
                }
            }
        }
        if language == Language::ENGLISH {
            phrase_trie.prefix_filter = Some(PrefixFilter::new(phrase_trie.stems.keys()));
        }
        phrase_trie
    }

    fn add(&mut self, reading: &[PhrasePart], matcher: u32) {
        let mut node = ROOT;
        for unit in reading {
            let token = self.intern_token(unit);
            let next = u32::try_from(self.node_matchers.len())
                .expect("rules have fewer words than u32 counts");
            let slot = if node == ROOT {
                &mut self.root_edges[token as usize]
            } else {
                let edges = &mut self.edges[node as usize];
                let place =
                    edges.binary_search_by_key(&token, |edge| edge.0).unwrap_or_else(|place| {
                        edges.insert(place, (token, ROOT));
                        place
                    });
                &mut edges[place].1
            };
            let is_new = *slot == ROOT;
            if is_new {
                *slot = next;
            }
            node = *slot;
            if is_new {
                self.node_matchers.push(Vec::new());
                self.edges.push(Vec::new());
            }
        }
        let ends = &mut self.node_matchers[node as usize];
        if !ends.contains(&matcher) {
            ends.push(matcher);
        }
    }

    /// The token of a phrase's unit, made where it is new.
    fn intern_token(&mut self, unit: &PhrasePart) -> u32 {
        let next_token =
            u32::try_from(self.root_edges.len()).expect("rules have fewer words than u32 counts");
        let token = match unit {
            PhrasePart::Word(word) => {
                *self.stems.entry(self.stemmer.stem(word).into_owned()).or_insert(next_token)
            }
            PhrasePart::Sign(sign) => *self.signs.entry(*sign).or_insert(next_token),
        };
        if token == next_token {
            self.root_edges.push(ROOT);
            if let PhrasePart::Sign(sign) = unit
                && sign.is_ascii()
            {
                self.ascii_signs[*sign as usize] = token;
            }
        }
        token
    }

    /// What to read a story with; [`return_buffers`](Self::return_buffers) it.
    pub(super) fn buffers(&self) -> ReadBuffers {
        self.buffer_pool.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Takes back what a story was read with.
    pub(super) fn return_buffers(&self, buffers: ReadBuffers) {
        self.buffer_pool.lock().unwrap_or_else(PoisonError::into_inner).push(buffers);
    }

    /// Finds every phrase in `text` and gives its matcher and place to `found`, in the order in
    /// which they begin, the longer behind the shorter.
    pub(super) fn find(
        &self,
        text: &str,
        buffers: &mut ReadBuffers,
        mut found: impl FnMut(u32, usize, usize),
    ) {
        self.read(text, buffers);
        for at in 0..buffers.tokens.len() {
            let token = buffers.tokens[at];
            if token.id != UNKNOWN {
                self.walk(
                    &buffers.tokens,
                    self.root_edges[token.id as usize],
                    at,
                    at + 1,
                    &mut found,
                );
            }
            if token.compound != UNKNOWN {
                let next = at + token.compound_tokens;
                self.walk(
                    &buffers.tokens,
                    self.root_edges[token.compound as usize],
                    at,
                    next,
                    &mut found,
                );
            }
        }
    }

    /// Goes on from `node`, which the tokens from `first` up to `next` led to. No deeper than the
    /// longest phrase.
    fn walk(
        &self,
        tokens: &[TrieToken],
        node: u32,
        first: usize,
        next: usize,
        found: &mut impl FnMut(u32, usize, usize),
    ) {
        if node == ROOT {
            return;
        }
        for matcher in &self.node_matchers[node as usize] {
            found(*matcher, tokens[first].start, tokens[next - 1].end);
        }
        let Some(token) = tokens.get(next) else {
            return;
        };
        let edges = &self.edges[node as usize];
        let step = |id: u32| {
            edges.binary_search_by_key(&id, |edge| edge.0).map_or(ROOT, |place| edges[place].1)
        };
        if token.id != UNKNOWN {
            self.walk(tokens, step(token.id), first, next + 1, found);
        }
        if token.compound != UNKNOWN {
            self.walk(tokens, step(token.compound), first, next + token.compound_tokens, found);
        }
    }

    /// Reads `text` into the buffers's tokens. What is unknown is one token however long it is: no
    /// phrase crosses it.
    fn read(&self, text: &str, buffers: &mut ReadBuffers) {
        let mut tokens = std::mem::take(&mut buffers.tokens);
        tokens.clear();
        tokens.reserve(INITIAL_TOKEN_CAPACITY);
        tokenizer::read(text, |piece| match piece {
            TextToken::Symbol { start, sign } => {
                let id = if sign.is_ascii() {
                    self.ascii_signs[sign as usize]
                } else {
                    self.signs.get(&sign).copied().unwrap_or(UNKNOWN)
                };
                push(&mut tokens, id, start, start + sign.len_utf8());
            }
            TextToken::Word { start, end, parts } => {
                let whole = self.id(text, start, end, buffers);
                if parts.is_empty() {
                    return push(&mut tokens, whole, start, end);
                }
                let first = tokens.len();
                for (from, to) in parts {
                    let id = self.id(text, *from, *to, buffers);
                    tokens.push(TrieToken {
                        id,
                        start: *from,
                        end: *to,
                        compound: UNKNOWN,
                        compound_tokens: 0,
                    });
                }
                let compound_tokens = tokens.len() - first;
                tokens[first].start = start;
                tokens[first].compound = whole;
                tokens[first].compound_tokens = compound_tokens;
                if whole != UNKNOWN
                    && let Some(last) = tokens.last_mut()
                {
                    last.end = end;
                }
            }
        });
        buffers.tokens = tokens;
    }

    /// The token of the word at `start..end`, as it is written there.
    fn id(&self, text: &str, start: usize, end: usize, buffers: &mut ReadBuffers) -> u32 {
        if let Some(prefix_filter) = &self.prefix_filter
            && !prefix_filter.may_contain(&text.as_bytes()[start..end])
        {
            return UNKNOWN;
        }
        let ReadBuffers { word_cache, folded, .. } = buffers;
        word_cache.get(text, start, end, |word| {
            tokenizer::fold_into(word, folded);
            self.stems.get(self.stemmer.stem(folded).as_ref()).copied().unwrap_or(UNKNOWN)
        })
    }
}

fn push(tokens: &mut Vec<TrieToken>, id: u32, start: usize, end: usize) {
    if id == UNKNOWN
        && let Some(last) = tokens.last()
        && last.id == UNKNOWN
        && last.compound == UNKNOWN
    {
        return;
    }
    tokens.push(TrieToken { id, start, end, compound: UNKNOWN, compound_tokens: 0 });
}

/// Turns most English words away by their first letters, without folding or stemmer them.
///
/// The English stemmer takes suffixes off and changes the last letters of what is left; it leaves
/// the first three letters of a stem of four or more alone, and the first two of a shorter one (but
/// for words such as `dying`).
struct PrefixFilter {
    /// Bits by the first three letters of a word.
    bits: Vec<u64>,
}

impl PrefixFilter {
    const BITS: usize = 1 << 16;

    fn new<'s>(stems: impl Iterator<Item = &'s String>) -> Self {
        let mut prefix_filter = Self { bits: vec![0; Self::BITS / 64] };
        for stem in stems {
            let bytes = stem.as_bytes();
            match bytes {
                // A last letter may have been made by the stemmer (`using` is `use`, `try` is
                // `tri`), but only these.
                [a, b, c] if !matches!(c, b'e' | b'i') => prefix_filter.set(Self::key(*a, *b, *c)),
                [a, b, c, _, ..] => prefix_filter.set(Self::key(*a, *b, *c)),
                // All words whose first two letters are those of a short stem; its first alone
                // where it has no more.
                [a, b, ..] => (0..=u8::MAX).for_each(|c| prefix_filter.set(Self::key(*a, *b, c))),
                [a] => (0..=u8::MAX).for_each(|b| {
                    (0..=u8::MAX).for_each(|c| prefix_filter.set(Self::key(*a, b, c)))
                }),
                [] => {}
            }
        }
        prefix_filter
    }

    fn key(a: u8, b: u8, c: u8) -> usize {
        let lower = |b: u8| usize::from(b.to_ascii_lowercase());
        (lower(a) * 0x9e35 + lower(b) * 0x3d + lower(c) * 0x1f3b) % Self::BITS
    }

    fn set(&mut self, key: usize) {
        self.bits[key / 64] |= 1 << (key % 64);
    }

    fn may_contain(&self, word: &[u8]) -> bool {
        match word {
            // Where a word begins with anything but ASCII, its folded form may begin otherwise.
            [a, b, c, ..] if a.is_ascii() && b.is_ascii() && c.is_ascii() => {
                let key = Self::key(*a, *b, *c);
                // `dying`, `lying`, `tying` and `skies` change their second letter.
                self.bits[key / 64] & (1 << (key % 64)) != 0
                    || b.eq_ignore_ascii_case(&b'y')
                    || b.eq_ignore_ascii_case(&b'k')
            }
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_gate_lets_every_word_of_a_stem_in(
            base in "[a-zA-Z]{1,7}",
            suffix in "(|s|es|ed|ing|ly|ies|ied|ization|ational|tional|biliti|ability|fulness|ousness|iveness|er|ers|ize|ement|'s|y|ying)",
        ) {
            let word = format!("{base}{suffix}");
            let mut folded = String::new();
            tokenizer::fold_into(&word, &mut folded);
            let stem = Language::ENGLISH.stemmer().stem(&folded).into_owned();
            let prefix_filter = PrefixFilter::new(std::iter::once(&stem));
            prop_assert!(prefix_filter.may_contain(word.as_bytes()), "{} has the stem {}", word, stem);
        }
    }

    #[test]
    fn the_gate_lets_irregular_words_in() {
        for word in [
            "dying", "lying", "tying", "skies", "skis", "idly", "gently", "ugly", "early", "only",
            "singly",
        ] {
            let stem = Language::ENGLISH.stemmer().stem(word).into_owned();
            assert!(
                PrefixFilter::new(std::iter::once(&stem)).may_contain(word.as_bytes()),
                "{word} has the stem {stem}"
            );
        }
    }
}
