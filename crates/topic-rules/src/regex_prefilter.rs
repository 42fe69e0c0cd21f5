//! What the matches of regexes prefixes with. One automaton reads a text once for all regexes and
//! says where each might match; only there it is prefixed. A text is read once more for each regex
//! whose matches may prefixes with anything.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::Regex;
use regex_automata::{Anchored, Input, meta, util::syntax};
use regex_syntax::hir::{Class, Hir, HirKind};

use super::matcher::{MAX_REGEX_BYTES, Matcher, Target};

/// A shorter beginning stands nearly everywhere, in bytes.
const MIN_PREFIX_BYTES: usize = 3;

/// More of a beginning tells little more, in bytes.
const MAX_PREFIX_BYTES: usize = 8;

/// A regex with more required_prefixes is prefixed everywhere.
const MAX_PREFIXES: usize = 500;

/// The regexes among the matchers.
pub(super) struct RegexPrefilter {
    automaton: Option<AhoCorasick>,
    /// By beginning: the places of its regexes among `prefixed`.
    owners: Vec<Vec<usize>>,
    prefixed: Vec<PrefixedRegex>,
    unprefixed: Vec<UnprefixedRegex>,
}

/// A regex that is prefixed where one of its required_prefixes stands.
struct PrefixedRegex {
    matcher: usize,
    regex: meta::Regex,
}

/// A regex that is looked for everywhere.
struct UnprefixedRegex {
    matcher: usize,
    regex: Regex,
    /// The same without `\b`, where it has any: it hits wherever the regex does, and runs far
    /// faster over text that is not ASCII.
    loose_regex: Option<Regex>,
}

impl RegexPrefilter {
    /// Reads the regexes among `matchers`, told apart by their places.
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

    /// Finds every regex in `text`; `may_hit` is asked of a matcher, and of a place where it may
    /// hit, before anything is prefixed. `found` gets the matcher and the place of a match; those
    /// of one matcher do not overlap, and come in their order.
    pub(super) fn find(
        &self,
        text: &str,
        may_hit: impl Fn(usize, Option<usize>) -> bool,
        mut found: impl FnMut(usize, usize, usize),
    ) {
        if let Some(automaton) = &self.automaton {
            let mut places = Vec::new();
            for at in automaton.find_overlapping_iter(text) {
                let owners = self.owners[at.pattern().as_usize()].iter();
                let wanted = owners
                    .filter(|owner| may_hit(self.prefixed[**owner].matcher, Some(at.start())));
                places.extend(wanted.map(|owner| (*owner, at.start())));
            }
            // They were met in the order in which they end.
            places.sort_unstable();
            places.dedup();
            let (mut last, mut searched_until) = (usize::MAX, 0);
            for (owner, start) in places {
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

/// The pattern without any `\b`, if it has some that can be left out.
fn loose_regex(pattern: &str) -> Option<Regex> {
    let loose = without_word_boundaries(pattern)?;
    let compiled = regex::RegexBuilder::new(&loose)
        .case_insensitive(true)
        .size_limit(MAX_REGEX_BYTES)
        .build()
        .ok()?;
    Some(compiled).filter(|loose_regex| !loose_regex.is_match(""))
}

/// The pattern with every `\b` taken out, if it has any that can be.
fn without_word_boundaries(pattern: &str) -> Option<String> {
    // Behind `\b` a repetition or a brace would get something else to repeat.
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

/// What every match of a pattern begins with, ASCII letters in lower case; `None` where that is too
/// much or too little.
fn required_prefixes(pattern: &str) -> Option<Vec<Vec<u8>>> {
    let hir =
        regex_syntax::ParserBuilder::new().case_insensitive(true).build().parse(pattern).ok()?;
    let mut prefixes: Vec<Vec<u8>> = prefixes(&hir)?.into_iter().map(|part| part.bytes).collect();
    prefixes.sort_unstable();
    // What begins with another beginning is found with it.
    prefixes.dedup_by(|longer, shorter| longer.starts_with(shorter));
    prefixes.iter().all(|bytes| bytes.len() >= MIN_PREFIX_BYTES).then_some(prefixes)
}

/// A beginning of what a part of a pattern matches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Prefix {
    bytes: Vec<u8>,
    /// Whether it is all that is matched, so that what follows goes on with it.
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
            for way in alternatives {
                parts.extend(prefixes(way)?);
            }
            parts
        }
        HirKind::Concat(sequence) => {
            let mut parts = vec![Prefix::whole(b"")];
            for next in sequence {
                if parts.iter().all(|part| !part.is_exact) {
                    break;
                }
                // What cannot be told ends all that there is so far.
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

/// Nothing goes on with these.
fn make_inexact(parts: &mut [Prefix]) {
    for part in parts {
        part.is_exact = false;
    }
}

/// The parts that are whole, gone on with by each of `next`.
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

/// Few characters are told apart; of many nothing is told.
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
    fn beginnings_are_read_off_a_pattern() {
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
    fn a_scout_is_the_regex_without_word_boundaries() {
        assert_eq!(without_word_boundaries(r"\bagents?\b").as_deref(), Some("agents?"));
        assert_eq!(without_word_boundaries(r"a\\b\d\b|c").as_deref(), Some(r"a\\b\d|c"));
        for kept in ["agents?", r"\b{start}a", r"a\b?c", r"a\\b"] {
            assert_eq!(without_word_boundaries(kept), None, "{kept}");
        }
    }

    /// What is found, sorted; beside it what each regex finds by itself.
    fn both_ways(patterns: &[&str], text: &str) -> [Vec<(usize, usize, usize)>; 2] {
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
        fn regexes_find_together_what_they_find_alone(text in "([aAbBcCkKſsS\u{212a}éÉ -]|abc|kas|abcabc){0,30}") {
            let patterns = [
                "abc", r"\babc\b", "(abc)+", "ab?c", "abc|abcabc", "kas+", r"\bkas", "a.c", r"\w+c", "abc(ab)?", "(?-i)ABC", "ss+a",
                "éab", "caf|bca", "(a|b|c)bca", "abc{2}", "ab{2,3}c?", "(?:ab)*cab", "[ab]cab", "[a-c]{3}",
            ];
            let [found, alone] = both_ways(&patterns, &text);
            prop_assert_eq!(found, alone);
        }
    }
}
