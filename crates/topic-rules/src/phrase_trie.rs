//! A trie of the phrases of all topics over the stems of one language.
//!
//! A text is read once, however many topics there are. [`PhraseTrie::find`] is the entry point.

use std::{
    collections::HashMap,
    ops::Range,
    sync::{Mutex, PoisonError},
};

use super::{
    korean,
    language::{Language, WordStemmer},
    matcher::{Matcher, PhrasePart, Target},
    tokenizer::{self, TextToken},
    word_cache::WordCache,
};

/// The id of stems and signs that no phrase contains.
const UNKNOWN: u32 = 0;

/// The root node.
const ROOT: u32 = 0;

/// Initial capacity of the token buffer.
const INITIAL_TOKEN_CAPACITY: usize = 256;

/// The stems of all phrases in one language, and the trie over them.
pub(super) struct PhraseTrie {
    stemmer: WordStemmer,
    stems: HashMap<String, u32>,
    signs: HashMap<char, u32>,
    ascii_signs: [u32; 128],
    /// Rejects most words by their first letters. Only for English.
    prefix_filter: Option<PrefixFilter>,
    /// By token: the node of phrases that begin with it, or [`ROOT`] if there are none.
    root_edges: Vec<u32>,
    /// By node: the following tokens and their nodes, sorted by token.
    edges: Vec<Vec<(u32, u32)>>,
    /// By node: the matchers whose phrase ends there.
    node_matchers: Vec<Vec<u32>>,
    /// Unused buffers. There are as many as threads ever read at the same time.
    buffer_pool: Mutex<Vec<ReadBuffers>>,
}

/// A word or sign of a text, as a token of the trie.
#[derive(Debug, Clone, Copy)]
struct TrieToken {
    id: u32,
    start: usize,
    end: usize,
    /// The token of the compound that begins here, which spans the next `compound_tokens` tokens;
    /// [`UNKNOWN`] if there is none.
    compound: u32,
    compound_tokens: usize,
    /// Whether this is a sign that a phrase reaches over.
    is_bridge: bool,
}

/// Reusable buffers and the cache of looked-up words. Results do not depend on them.
#[derive(Default)]
pub(super) struct ReadBuffers {
    tokens: Vec<TrieToken>,
    folded: String,
    word_cache: WordCache,
}

impl PhraseTrie {
    /// Builds the trie of the phrases among `matchers`, which are identified by their indexes.
    pub(super) fn new<'m>(language: Language, matchers: impl Iterator<Item = &'m Matcher>) -> Self {
        let mut trie = Self {
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
                    trie.add(reading, index);
                }
            }
        }
        if language == Language::ENGLISH {
            trie.prefix_filter = Some(PrefixFilter::new(trie.stems.keys()));
        }
        trie
    }

    fn add(&mut self, reading: &[PhrasePart], matcher: u32) {
        let mut node = ROOT;
        for part in reading {
            let token = self.intern_token(part);
            let next = u32::try_from(self.node_matchers.len())
                .expect("rules have fewer words than u32 counts");
            let slot = if node == ROOT {
                &mut self.root_edges[token as usize]
            } else {
                let edges = &mut self.edges[node as usize];
                let index =
                    edges.binary_search_by_key(&token, |edge| edge.0).unwrap_or_else(|index| {
                        edges.insert(index, (token, ROOT));
                        index
                    });
                &mut edges[index].1
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

    /// Returns the token of a part of a phrase. New parts get a new token.
    fn intern_token(&mut self, part: &PhrasePart) -> u32 {
        let next_token =
            u32::try_from(self.root_edges.len()).expect("rules have fewer words than u32 counts");
        let token = match part {
            PhrasePart::Word(word) => {
                *self.stems.entry(self.stemmer.stem(word).into_owned()).or_insert(next_token)
            }
            PhrasePart::Sign(sign) => *self.signs.entry(*sign).or_insert(next_token),
        };
        if token == next_token {
            self.root_edges.push(ROOT);
            if let PhrasePart::Sign(sign) = part
                && sign.is_ascii()
            {
                self.ascii_signs[*sign as usize] = token;
            }
        }
        token
    }

    /// Returns buffers for one story. Give them back with [`return_buffers`](Self::return_buffers).
    pub(super) fn buffers(&self) -> ReadBuffers {
        self.buffer_pool.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Takes buffers back.
    pub(super) fn return_buffers(&self, buffers: ReadBuffers) {
        self.buffer_pool.lock().unwrap_or_else(PoisonError::into_inner).push(buffers);
    }

    /// Finds every phrase in `text` and passes its matcher, start and end to `found`. Phrases are
    /// ordered by their start; shorter ones come first.
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

    /// Continues at `node`, which the tokens from `first` up to `next` led to. The recursion is no
    /// deeper than the longest phrase.
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
        self.step(tokens, node, first, next, found);
        if token.is_bridge && next + 1 < tokens.len() {
            self.step(tokens, node, first, next + 1, found);
        }
    }

    /// Continues from `node` with the token at `next`, if a phrase does.
    fn step(
        &self,
        tokens: &[TrieToken],
        node: u32,
        first: usize,
        next: usize,
        found: &mut impl FnMut(u32, usize, usize),
    ) {
        let token = tokens[next];
        let edges = &self.edges[node as usize];
        let target = |id: u32| {
            edges.binary_search_by_key(&id, |edge| edge.0).map_or(ROOT, |index| edges[index].1)
        };
        if token.id != UNKNOWN {
            self.walk(tokens, target(token.id), first, next + 1, found);
        }
        if token.compound != UNKNOWN {
            self.walk(tokens, target(token.compound), first, next + token.compound_tokens, found);
        }
    }

    /// Reads `text` into the token buffer. Consecutive unknown words are one token, because no
    /// phrase crosses them.
    fn read(&self, text: &str, buffers: &mut ReadBuffers) {
        let mut tokens = std::mem::take(&mut buffers.tokens);
        tokens.clear();
        tokens.reserve(INITIAL_TOKEN_CAPACITY);
        tokenizer::read(text, |token| match token {
            TextToken::Symbol { start, sign } => {
                let id = if sign.is_ascii() {
                    self.ascii_signs[sign as usize]
                } else {
                    self.signs.get(&sign).copied().unwrap_or(UNKNOWN)
                };
                push(&mut tokens, id, start..start + sign.len_utf8(), tokenizer::is_bridge(sign));
            }
            TextToken::Word { start, end, parts } => {
                let whole = self.id(text, start, end, buffers);
                if parts.is_empty() {
                    return push(&mut tokens, whole, start..end, false);
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
                        is_bridge: false,
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

    /// Returns the token of the word at `start..end`.
    fn id(&self, text: &str, start: usize, end: usize, buffers: &mut ReadBuffers) -> u32 {
        if let Some(prefix_filter) = &self.prefix_filter
            && !prefix_filter.may_contain(&text.as_bytes()[start..end])
        {
            return UNKNOWN;
        }
        let ReadBuffers { word_cache, folded, .. } = buffers;
        word_cache.get(text, start, end, |word| {
            tokenizer::fold_into(word, folded);
            let of = |word: &str| self.stems.get(self.stemmer.stem(word).as_ref()).copied();
            of(folded).or_else(|| korean::without_particles(folded, &of)).unwrap_or(UNKNOWN)
        })
    }
}

fn push(tokens: &mut Vec<TrieToken>, id: u32, at: Range<usize>, is_bridge: bool) {
    if id == UNKNOWN
        && let Some(last) = tokens.last()
        && last.id == UNKNOWN
        && last.compound == UNKNOWN
        && !last.is_bridge
    {
        return;
    }
    let Range { start, end } = at;
    tokens.push(TrieToken { id, start, end, compound: UNKNOWN, compound_tokens: 0, is_bridge });
}

/// Rejects most English words by their first letters, without folding or stemming them.
///
/// The English stemmer removes suffixes and changes the last letters of the rest. It does not
/// change the first three letters of a stem of four or more letters, nor the first two of a shorter
/// one (except in words such as `dying`).
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
                // The stemmer may have replaced the last letter by `e` or `i`: `using` becomes
                // `use`, `try` becomes `tri`.
                [a, b, c] if !matches!(c, b'e' | b'i') => prefix_filter.set(Self::key(*a, *b, *c)),
                [a, b, c, _, ..] => prefix_filter.set(Self::key(*a, *b, *c)),
                // Of a shorter stem only the first two letters are fixed, or the first one if it
                // has no more.
                [a, b, ..] => (0..=u8::MAX).for_each(|c| prefix_filter.set(Self::key(*a, *b, c))),
                [a] => (0..=u8::MAX).for_each(|b| {
                    (0..=u8::MAX).for_each(|c| prefix_filter.set(Self::key(*a, b, c)));
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
            // Case folding may change a beginning that is not ASCII.
            [a, b, c, ..] if a.is_ascii() && b.is_ascii() && c.is_ascii() => {
                let key = Self::key(*a, *b, *c);
                // The stemmer changes the second letter of `dying`, `lying`, `tying` and `skies`.
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
        fn the_prefix_filter_accepts_every_word_of_a_stem(
            base in "[a-zA-Z]{1,7}",
            suffix in concat!(
                "(|s|es|ed|ing|ly|ies|ied|ization|ational|tional|biliti|ability|fulness|ousness",
                "|iveness|er|ers|ize|ement|'s|y|ying)",
            ),
        ) {
            let word = format!("{base}{suffix}");
            let mut folded = String::new();
            tokenizer::fold_into(&word, &mut folded);
            let stem = Language::ENGLISH.stemmer().stem(&folded).into_owned();
            let prefix_filter = PrefixFilter::new(std::iter::once(&stem));
            prop_assert!(
                prefix_filter.may_contain(word.as_bytes()),
                "{} has the stem {}",
                word,
                stem
            );
        }
    }

    #[test]
    fn the_prefix_filter_accepts_irregular_words() {
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
