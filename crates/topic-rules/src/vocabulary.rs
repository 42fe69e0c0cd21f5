//! The phrases of all topics in one trie over the stems of one language, so that a text is read once however many
//! topics there are. Which fields count and what a hit is worth is not known here.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::language::{Language, Stemming};
use super::matcher::{Matcher, Target, Unit};
use super::recent::Remembered;
use super::words::{self, Piece};

/// A stem or sign that no phrase contains.
const UNKNOWN: u32 = 0;

/// The trie's first node.
const ROOT: u32 = 0;

/// Texts are read in pieces of tokens with this much room at first.
const TOKENS_AT_FIRST: usize = 256;

/// The stems of all phrases in one language, and the trie over them.
pub(super) struct Vocabulary {
    stemming: Stemming,
    stems: HashMap<String, u32>,
    signs: HashMap<char, u32>,
    ascii_signs: [u32; 128],
    /// Where the words that could have one of the stems begin; only English is known well enough.
    gate: Option<Gate>,
    /// The node that a first token leads to, by token; [`ROOT`] where no phrase begins with it.
    firsts: Vec<u32>,
    /// Where the tokens that may follow lead to, by node; in the order of the tokens.
    edges: Vec<Vec<(u32, u32)>>,
    /// The matchers whose phrase ends at a node.
    ends: Vec<Vec<u32>>,
    /// What nobody is reading with at the moment: one for each thread that ever read at the same time.
    spare: Mutex<Vec<Memory>>,
}

/// One step of a text: what its words and signs are in the vocabulary.
#[derive(Debug, Clone, Copy)]
struct Token {
    id: u32,
    start: usize,
    end: usize,
    /// The compound that begins here, if it is in the vocabulary: another way over the next `compound_tokens` tokens.
    compound: u32,
    compound_tokens: usize,
}

/// What reading takes: buffers, and the words that were looked up. The next story has most of them again; what is found
/// does not depend on it.
#[derive(Default)]
pub(super) struct Memory {
    tokens: Vec<Token>,
    folded: String,
    remembered: Remembered,
}

impl Vocabulary {
    /// The phrases among `matchers`, told apart by their places.
    pub(super) fn new<'m>(language: Language, matchers: impl Iterator<Item = &'m Matcher>) -> Self {
        let mut vocabulary = Self {
            stemming: language.stemming(),
            stems: HashMap::new(),
            signs: HashMap::new(),
            ascii_signs: [UNKNOWN; 128],
            gate: None,
            firsts: vec![ROOT],
            edges: vec![Vec::new()],
            ends: vec![Vec::new()],
            spare: Mutex::default(),
        };
        for (index, matcher) in (0..).zip(matchers) {
            if let Target::Phrase { readings, .. } = &matcher.target {
                for reading in readings {
                    vocabulary.add(reading, index);
                }
            }
        }
        if language == Language::ENGLISH {
            vocabulary.gate = Some(Gate::new(vocabulary.stems.keys()));
        }
        vocabulary
    }

    fn add(&mut self, reading: &[Unit], matcher: u32) {
        let mut node = ROOT;
        for unit in reading {
            let token = self.token_of(unit);
            let next = u32::try_from(self.ends.len()).expect("rules have fewer words than u32 counts");
            let slot = if node == ROOT {
                &mut self.firsts[token as usize]
            } else {
                let edges = &mut self.edges[node as usize];
                let place = edges.binary_search_by_key(&token, |edge| edge.0).unwrap_or_else(|place| {
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
                self.ends.push(Vec::new());
                self.edges.push(Vec::new());
            }
        }
        let ends = &mut self.ends[node as usize];
        if !ends.contains(&matcher) {
            ends.push(matcher);
        }
    }

    /// The token of a phrase's unit, made where it is new.
    fn token_of(&mut self, unit: &Unit) -> u32 {
        let fresh = u32::try_from(self.firsts.len()).expect("rules have fewer words than u32 counts");
        let token = match unit {
            Unit::Word(word) => *self.stems.entry(self.stemming.stem(word).into_owned()).or_insert(fresh),
            Unit::Sign(sign) => *self.signs.entry(*sign).or_insert(fresh),
        };
        if token == fresh {
            self.firsts.push(ROOT);
            if let Unit::Sign(sign) = unit
                && sign.is_ascii()
            {
                self.ascii_signs[*sign as usize] = token;
            }
        }
        token
    }

    /// What to read a story with; [`give_back`](Self::give_back) it.
    pub(super) fn memory(&self) -> Memory {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Takes back what a story was read with.
    pub(super) fn give_back(&self, memory: Memory) {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
    }

    /// Finds every phrase in `text` and gives its matcher and place to `found`, in the order in which they begin, the
    /// longer behind the shorter.
    pub(super) fn find(&self, text: &str, memory: &mut Memory, mut found: impl FnMut(u32, usize, usize)) {
        self.read(text, memory);
        for at in 0..memory.tokens.len() {
            let token = memory.tokens[at];
            if token.id != UNKNOWN {
                self.walk(&memory.tokens, self.firsts[token.id as usize], at, at + 1, &mut found);
            }
            if token.compound != UNKNOWN {
                let next = at + token.compound_tokens;
                self.walk(&memory.tokens, self.firsts[token.compound as usize], at, next, &mut found);
            }
        }
    }

    /// Goes on from `node`, which the tokens from `first` up to `next` led to. No deeper than the longest phrase.
    fn walk(&self, tokens: &[Token], node: u32, first: usize, next: usize, found: &mut impl FnMut(u32, usize, usize)) {
        if node == ROOT {
            return;
        }
        for matcher in &self.ends[node as usize] {
            found(*matcher, tokens[first].start, tokens[next - 1].end);
        }
        let Some(token) = tokens.get(next) else { return };
        let edges = &self.edges[node as usize];
        let step = |id: u32| edges.binary_search_by_key(&id, |edge| edge.0).map_or(ROOT, |place| edges[place].1);
        if token.id != UNKNOWN {
            self.walk(tokens, step(token.id), first, next + 1, found);
        }
        if token.compound != UNKNOWN {
            self.walk(tokens, step(token.compound), first, next + token.compound_tokens, found);
        }
    }

    /// Reads `text` into the memory's tokens. What is unknown is one token however long it is: no phrase crosses it.
    fn read(&self, text: &str, memory: &mut Memory) {
        let mut tokens = std::mem::take(&mut memory.tokens);
        tokens.clear();
        tokens.reserve(TOKENS_AT_FIRST);
        words::read(text, |piece| match piece {
            Piece::Symbol { start, sign } => {
                let id = if sign.is_ascii() {
                    self.ascii_signs[sign as usize]
                } else {
                    self.signs.get(&sign).copied().unwrap_or(UNKNOWN)
                };
                push(&mut tokens, id, start, start + sign.len_utf8());
            }
            Piece::Word { start, end, parts } => {
                let whole = self.id(text, start, end, memory);
                if parts.is_empty() {
                    return push(&mut tokens, whole, start, end);
                }
                let first = tokens.len();
                for (from, to) in parts {
                    let id = self.id(text, *from, *to, memory);
                    tokens.push(Token { id, start: *from, end: *to, compound: UNKNOWN, compound_tokens: 0 });
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
        memory.tokens = tokens;
    }

    /// The token of the word at `start..end`, as it is written there.
    fn id(&self, text: &str, start: usize, end: usize, memory: &mut Memory) -> u32 {
        if let Some(gate) = &self.gate
            && !gate.lets_in(&text.as_bytes()[start..end])
        {
            return UNKNOWN;
        }
        let Memory { remembered, folded, .. } = memory;
        remembered.get(text, start, end, |word| {
            words::fold_into(word, folded);
            self.stems.get(self.stemming.stem(folded).as_ref()).copied().unwrap_or(UNKNOWN)
        })
    }
}

fn push(tokens: &mut Vec<Token>, id: u32, start: usize, end: usize) {
    if id == UNKNOWN
        && let Some(last) = tokens.last()
        && last.id == UNKNOWN
        && last.compound == UNKNOWN
    {
        return;
    }
    tokens.push(Token { id, start, end, compound: UNKNOWN, compound_tokens: 0 });
}

/// Turns most English words away by their first letters, without folding or stemming them.
///
/// The English stemmer takes suffixes off and changes the last letters of what is left; it leaves the first three
/// letters of a stem of four or more alone, and the first two of a shorter one (but for words such as `dying`).
struct Gate {
    /// Bits by the first three letters of a word.
    bits: Vec<u64>,
}

impl Gate {
    const BITS: usize = 1 << 16;

    fn new<'s>(stems: impl Iterator<Item = &'s String>) -> Self {
        let mut gate = Self { bits: vec![0; Self::BITS / 64] };
        for stem in stems {
            let bytes = stem.as_bytes();
            match bytes {
                // A last letter may have been made by the stemmer (`using` is `use`, `try` is `tri`), but only these.
                [a, b, c] if !matches!(c, b'e' | b'i') => gate.set(Self::key(*a, *b, *c)),
                [a, b, c, _, ..] => gate.set(Self::key(*a, *b, *c)),
                // All words whose first two letters are those of a short stem; its first alone where it has no more.
                [a, b, ..] => (0..=u8::MAX).for_each(|c| gate.set(Self::key(*a, *b, c))),
                [a] => (0..=u8::MAX).for_each(|b| (0..=u8::MAX).for_each(|c| gate.set(Self::key(*a, b, c)))),
                [] => {}
            }
        }
        gate
    }

    fn key(a: u8, b: u8, c: u8) -> usize {
        let lower = |b: u8| usize::from(b.to_ascii_lowercase());
        (lower(a) * 0x9e35 + lower(b) * 0x3d + lower(c) * 0x1f3b) % Self::BITS
    }

    fn set(&mut self, key: usize) {
        self.bits[key / 64] |= 1 << (key % 64);
    }

    fn lets_in(&self, word: &[u8]) -> bool {
        match word {
            // Where a word begins with anything but ASCII, its folded form may begin otherwise.
            [a, b, c, ..] if a.is_ascii() && b.is_ascii() && c.is_ascii() => {
                let key = Self::key(*a, *b, *c);
                // `dying`, `lying`, `tying` and `skies` change their second letter.
                self.bits[key / 64] & (1 << (key % 64)) != 0 || b.eq_ignore_ascii_case(&b'y') || b.eq_ignore_ascii_case(&b'k')
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
            words::fold_into(&word, &mut folded);
            let stem = Language::ENGLISH.stemming().stem(&folded).into_owned();
            let gate = Gate::new(std::iter::once(&stem));
            prop_assert!(gate.lets_in(word.as_bytes()), "{} has the stem {}", word, stem);
        }
    }

    #[test]
    fn the_gate_lets_irregular_words_in() {
        for word in ["dying", "lying", "tying", "skies", "skis", "idly", "gently", "ugly", "early", "only", "singly"] {
            let stem = Language::ENGLISH.stemming().stem(word).into_owned();
            assert!(Gate::new(std::iter::once(&stem)).lets_in(word.as_bytes()), "{word} has the stem {stem}");
        }
    }
}
