//! Matches the regexes of all topics with a prefilter.
//!
//! The literal prefixes that a regex requires are derived from its pattern. One automaton finds the
//! prefixes of all regexes in a text, and a regex is tried only where one of its prefixes is. A
//! regex without required prefixes searches the whole text. [`RegexPrefilter::find`] is the entry
//! point.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::Regex;
use regex_automata::{Anchored, Input, meta, util::syntax};
use regex_syntax::hir::{Class, Hir, HirKind};

use super::matcher::{MAX_REGEX_BYTES, Matcher, Target};

/// Number of bytes below which a prefix is too frequent to be useful.
const MIN_PREFIX_BYTES: usize = 3;

/// Number of bytes to which a prefix is cut.
const MAX_PREFIX_BYTES: usize = 8;

/// Number of prefixes above which a regex searches the whole text.
const MAX_PREFIXES: usize = 500;

/// The regexes among the matchers.
pub(super) struct RegexPrefilter {
    automaton: Option<AhoCorasick>,
    /// By prefix: the indexes of its regexes in `prefixed`.
    owners: Vec<Vec<usize>>,
    prefixed: Vec<PrefixedRegex>,
    unprefixed: Vec<UnprefixedRegex>,
}

/// A regex that is tried only where one of its prefixes is.
struct PrefixedRegex {
    matcher: usize,
    regex: meta::Regex,
}

/// A regex that searches the whole text.
struct UnprefixedRegex {
    matcher: usize,
    regex: Regex,
    /// The regex without its `\b`, if it has any. It matches wherever the regex does, and is much
    /// faster on text that is not ASCII.
    loose_regex: Option<Regex>,
}

impl RegexPrefilter {
    /// Compiles the regexes among `matchers`, which are identified by their indexes.
    pub(super) fn new(matchers: &[Matcher]) -> Self {
        let (mut literals, mut owners): (Vec<Vec<u8>>, Vec<Vec<usize>>) = (Vec::new(), Vec::new());
        let (mut prefixed, mut unprefixed) = (Vec::new(), Vec::new());
        for (matcher, target) in matchers.iter().map(|matcher| &matcher.target).enumerate() {
            let Target::Regex { regex, pattern } = target else {
                continue;
            };
            let Some((regex, required_prefixes)) = required_prefixes(pattern)
                .and_then(|prefixes| Some((compile_anchored(pattern)?, prefixes)))
            else {
                unprefixed.push(UnprefixedRegex {
                    matcher,
                    regex: regex.clone(),
                    loose_regex: loose_regex(pattern),
                });
                continue;
            };
            for literal in required_prefixes {
                let known =
                    literals.iter().position(|known| *known == literal).unwrap_or_else(|| {
                        literals.push(literal);
                        owners.push(Vec::new());
                        literals.len() - 1
                    });
                owners[known].push(prefixed.len());
            }
            prefixed.push(PrefixedRegex { matcher, regex });
        }
        let build = || {
            let mut builder = AhoCorasick::builder();
            builder
                .ascii_case_insensitive(true)
                .kind(Some(AhoCorasickKind::DFA))
                .build(&literals)
                .ok()
        };
        let automaton = if literals.is_empty() { None } else { build() };
        if automaton.is_none() {
            for PrefixedRegex { matcher, .. } in prefixed.drain(..) {
                if let Target::Regex { regex, pattern } = &matchers[matcher].target {
                    unprefixed.push(UnprefixedRegex {
                        matcher,
                        regex: regex.clone(),
                        loose_regex: loose_regex(pattern),
                    });
                }
            }
        }
        Self { automaton, owners, prefixed, unprefixed }
    }

    /// Finds the matches of every regex in `text` and passes matcher, start and end to `found`.
    ///
    /// The matches of one matcher are in order and do not overlap. `may_hit` tells whether a match
    /// of a matcher at an offset, or at any offset for `None`, would count. It is called before the
    /// regex is tried.
    pub(super) fn find(
        &self,
        text: &str,
        may_hit: impl Fn(usize, Option<usize>) -> bool,
        mut found: impl FnMut(usize, usize, usize),
    ) {
        if let Some(automaton) = &self.automaton {
            let mut starts = Vec::new();
            for at in automaton.find_overlapping_iter(text) {
                let owners = self.owners[at.pattern().as_usize()].iter();
                let owners = owners
                    .filter(|owner| may_hit(self.prefixed[**owner].matcher, Some(at.start())));
                starts.extend(owners.map(|owner| (*owner, at.start())));
            }
            // The automaton reports matches in the order of their ends.
            starts.sort_unstable();
            starts.dedup();
            let (mut last, mut searched_until) = (usize::MAX, 0);
            for (owner, start) in starts {
                if owner != last {
                    (last, searched_until) = (owner, 0);
                }
                let PrefixedRegex { matcher, regex } = &self.prefixed[owner];
                if start < searched_until {
                    continue;
                }
                if let Some(hit) =
                    regex.search_half(&Input::new(text).range(start..).anchored(Anchored::Yes))
                {
                    searched_until = hit.offset();
                    found(*matcher, start, hit.offset());
                }
            }
        }
        for UnprefixedRegex { matcher, regex, loose_regex } in &self.unprefixed {
            if may_hit(*matcher, None)
                && loose_regex.as_ref().is_none_or(|loose_regex| loose_regex.is_match(text))
            {
                regex
                    .find_iter(text)
                    .filter(|hit| !hit.is_empty())
                    .for_each(|hit| found(*matcher, hit.start(), hit.end()));
            }
        }
    }
}

fn compile_anchored(pattern: &str) -> Option<meta::Regex> {
    let config = meta::Config::new()
        .nfa_size_limit(Some(MAX_REGEX_BYTES))
        .hybrid_cache_capacity(2 * MAX_REGEX_BYTES)
        .dfa(false);
    meta::Builder::new()
        .configure(config)
        .syntax(syntax::Config::new().case_insensitive(true))
        .build(pattern)
        .ok()
}

/// Compiles the pattern without its `\b`. Returns `None` if it has none that can be left out.
fn loose_regex(pattern: &str) -> Option<Regex> {
    let loose = without_word_boundaries(pattern)?;
    let compiled = regex::RegexBuilder::new(&loose)
        .case_insensitive(true)
        .size_limit(MAX_REGEX_BYTES)
        .build()
        .ok()?;
    Some(compiled).filter(|loose_regex| !loose_regex.is_match(""))
}

/// Removes every `\b` from a pattern. Returns `None` if it has none that can be left out.
fn without_word_boundaries(pattern: &str) -> Option<String> {
    // A repetition after a removed `\b` would repeat something else.
    let mut loose = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    let mut has_any = false;
    while let Some(c) = chars.next() {
        if c != '\\' {
            loose.push(c);
            continue;
        }
        match chars.next() {
            Some('b') if chars.peek().is_some_and(|next| matches!(next, '{' | '*' | '+' | '?')) => {
                return None;
            }
            Some('b') => has_any = true,
            Some(escaped) => loose.extend([c, escaped]),
            None => return None,
        }
    }
    has_any.then_some(loose)
}

/// Returns the prefixes of which every match of a pattern has one, with ASCII letters in lower
/// case. Returns `None` if there are too many or one is too short.
fn required_prefixes(pattern: &str) -> Option<Vec<Vec<u8>>> {
    let hir =
        regex_syntax::ParserBuilder::new().case_insensitive(true).build().parse(pattern).ok()?;
    let mut prefixes: Vec<Vec<u8>> = prefixes(&hir)?.into_iter().map(|part| part.bytes).collect();
    prefixes.sort_unstable();
    // A prefix that begins with another prefix is found with it.
    prefixes.dedup_by(|longer, shorter| longer.starts_with(shorter));
    prefixes.iter().all(|bytes| bytes.len() >= MIN_PREFIX_BYTES).then_some(prefixes)
}

/// A prefix of the matches of a part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Prefix {
    bytes: Vec<u8>,
    /// Whether it is the whole match, so that the next part of the pattern extends it.
    is_exact: bool,
}

impl Prefix {
    fn whole(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_ascii_lowercase(), is_exact: true }
    }
}

fn prefixes(hir: &Hir) -> Option<Vec<Prefix>> {
    let mut parts = match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![Prefix::whole(b"")],
        HirKind::Literal(literal) => vec![Prefix::whole(&literal.0)],
        HirKind::Class(class) => class_prefixes(class)?,
        HirKind::Capture(capture) => prefixes(&capture.sub)?,
        HirKind::Repetition(repeated) => {
            let mut parts: Vec<Prefix> = prefixes(&repeated.sub)?;
            if repeated.max != Some(1) {
                make_inexact(&mut parts);
            }
            if repeated.min == 0 {
                parts.push(Prefix::whole(b""));
            }
            parts
        }
        HirKind::Alternation(alternatives) => {
            let mut parts = Vec::new();
            for alternative in alternatives {
                parts.extend(prefixes(alternative)?);
            }
            parts
        }
        HirKind::Concat(sequence) => {
            let mut parts = vec![Prefix::whole(b"")];
            for next in sequence {
                if parts.iter().all(|part| !part.is_exact) {
                    break;
                }
                // A part without known prefixes ends all prefixes.
                let Some(next) = prefixes(next) else {
                    make_inexact(&mut parts);
                    break;
                };
                parts = extend_prefixes(&parts, &next)?;
            }
            parts
        }
    };
    for part in &mut parts {
        if part.bytes.len() > MAX_PREFIX_BYTES {
            part.bytes.truncate(MAX_PREFIX_BYTES);
            part.is_exact = false;
        }
    }
    parts.sort_unstable();
    parts.dedup();
    (parts.len() <= MAX_PREFIXES).then_some(parts)
}

/// Marks prefixes that the next part does not extend.
fn make_inexact(parts: &mut [Prefix]) {
    for part in parts {
        part.is_exact = false;
    }
}

/// Extends the exact prefixes by each of `next`.
fn extend_prefixes(parts: &[Prefix], next: &[Prefix]) -> Option<Vec<Prefix>> {
    let mut longer = Vec::new();
    for part in parts {
        if !part.is_exact {
            longer.push(part.clone());
            continue;
        }
        for next in next {
            longer.push(Prefix {
                bytes: [part.bytes.as_slice(), &next.bytes].concat(),
                is_exact: next.is_exact,
            });
        }
        if longer.len() > MAX_PREFIXES {
            return None;
        }
    }
    Some(longer)
}

/// Returns the characters of a class as prefixes; `None` if there are too many.
fn class_prefixes(class: &Class) -> Option<Vec<Prefix>> {
    const MAX_CLASS_CHARS: usize = 12;
    let Class::Unicode(class) = class else {
        return None;
    };
    let mut chars = Vec::new();
    for range in class.ranges() {
        chars.extend(
            (range.start()..=range.end())
                .take(MAX_CLASS_CHARS + 1 - chars.len().min(MAX_CLASS_CHARS)),
        );
    }
    if chars.is_empty() || chars.len() > MAX_CLASS_CHARS {
        return None;
    }
    Some(chars.into_iter().map(|c| Prefix::whole(c.encode_utf8(&mut [0; 4]).as_bytes())).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::parse_matcher;

    fn prefixes_of(pattern: &str) -> Option<Vec<String>> {
        required_prefixes(pattern)
            .map(|all| all.into_iter().map(|bytes| String::from_utf8(bytes).unwrap()).collect())
    }

    #[test]
    fn required_prefixes_are_derived_from_a_pattern() {
        assert_eq!(prefixes_of(r"\bagents?\b").unwrap(), ["agent"]);
        assert_eq!(prefixes_of(r"(?-i)\b(Raft|Paxos)s").unwrap(), ["paxoss", "rafts"]);
        assert_eq!(prefixes_of(r"pre-?fix").unwrap(), ["pre-fix", "prefix"]);
        assert_eq!(prefixes_of(r"(cve|ghe)-\d+").unwrap(), ["cve-", "ghe-"]);
        assert_eq!(prefixes_of(r"(abc)+d").unwrap(), ["abc"]);
        assert_eq!(prefixes_of(r"(?-i)abc{2}").unwrap(), ["abc"]);
        for none in [r"\d+ cores", "a|b", "x*yz", r"\w+ing", ".rtmp"] {
            assert_eq!(prefixes_of(none), None, "{none}");
        }
    }

    #[test]
    fn word_boundaries_are_removed() {
        assert_eq!(without_word_boundaries(r"\bagents?\b").as_deref(), Some("agents?"));
        assert_eq!(without_word_boundaries(r"a\\b\d\b|c").as_deref(), Some(r"a\\b\d|c"));
        for kept in ["agents?", r"\b{start}a", r"a\b?c", r"a\\b"] {
            assert_eq!(without_word_boundaries(kept), None, "{kept}");
        }
    }

    /// Returns the sorted matches of the prefilter, and those of each regex by itself.
    fn find_both_ways(patterns: &[&str], text: &str) -> [Vec<(usize, usize, usize)>; 2] {
        let matchers: Vec<Matcher> = patterns
            .iter()
            .map(|pattern| parse_matcher(&format!("/{pattern}/")).unwrap())
            .collect();
        let mut found = Vec::new();
        RegexPrefilter::new(&matchers).find(
            text,
            |_, _| true,
            |matcher, start, end| found.push((matcher, start, end)),
        );
        found.sort_unstable();
        let mut alone = Vec::new();
        for (place, matcher) in matchers.iter().enumerate() {
            let Target::Regex { regex, .. } = &matcher.target else { panic!() };
            alone.extend(
                regex
                    .find_iter(text)
                    .filter(|hit| !hit.is_empty())
                    .map(|hit| (place, hit.start(), hit.end())),
            );
        }
        [found, alone]
    }

    proptest! {
        #[test]
        fn the_prefilter_finds_what_the_regexes_find(
            text in "([aAbBcCkKſsS\u{212a}éÉ -]|abc|kas|abcabc){0,30}",
        ) {
            let patterns = [
                "abc", r"\babc\b", "(abc)+", "ab?c", "abc|abcabc", "kas+", r"\bkas", "a.c", r"\w+c",
                "abc(ab)?", "(?-i)ABC", "ss+a", "éab", "caf|bca", "(a|b|c)bca", "abc{2}",
                "ab{2,3}c?", "(?:ab)*cab", "[ab]cab", "[a-c]{3}",
            ];
            let [found, alone] = find_both_ways(&patterns, &text);
            prop_assert_eq!(found, alone);
        }
    }
}
