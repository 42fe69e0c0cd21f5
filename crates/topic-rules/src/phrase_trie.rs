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
        let ReadBuffers { word_cache, folded, .. } = buffers;
        word_cache.get(&text[start..end], |word| {
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
