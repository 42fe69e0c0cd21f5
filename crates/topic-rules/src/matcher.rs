//! Parses matchers: a word, a phrase or a `/regex/`, with an optional field before it and an
//! optional weight after it.
//!
//! A phrase is divided into words, which are not stemmed yet. [`parse_matcher`] is the entry point.

use std::fmt;

use feed_model::{MatchField, TermGroup};
use regex::{Regex, RegexBuilder};
use unicode_normalization::UnicodeNormalization as _;

use super::tokenizer::{self, TextToken};

/// Number of words and signs that a phrase may have.
const MAX_PHRASE_WORDS: usize = 64;

/// Number of readings of a phrase. Each compound doubles them; beyond this number, further
/// compounds are read only as a whole.
const MAX_READINGS: usize = 16;

/// Size limit of a compiled regex in bytes.
pub(super) const MAX_REGEX_BYTES: usize = 1 << 20;

/// The error for a text that is no matcher.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MatcherError {
    /// There is nothing to search for.
    #[error("a matcher needs a word, a phrase or a /regex/ to search for")]
    Empty,
    /// The prefix is no field.
    #[error("unknown field `{prefix}:`; {}", .suggestion.hint())]
    UnknownField {
        /// What was written.
        prefix: String,
        /// What was probably meant.
        suggestion: FieldSuggestion,
    },
    /// A matcher of a group with `in` has a field of its own.
    #[error("`{field}:` cannot be combined with `in`, which already names the fields")]
    FieldTwice {
        /// The field of the matcher.
        field: &'static str,
    },
    /// The text after `^` is no weight.
    #[error("`^{weight}` is no weight: write a number above 0 and at most 1000, such as ^2.5")]
    Weight {
        /// What was written.
        weight: String,
    },
    /// A regex has no closing `/`.
    #[error(
        "a matcher that begins with `/` is a regex and must end with `/` (or `/` and a weight)"
    )]
    Unclosed,
    /// The regex cannot be compiled.
    #[error("`/{pattern}/` is not a regular expression that can be used")]
    Regex {
        /// The text between the slashes.
        pattern: String,
        /// The error of the regex compiler.
        #[source]
        source: regex::Error,
    },
    /// The regex matches the empty text.
    #[error("`/{pattern}/` matches the empty text, and so every story")]
    MatchesEmpty {
        /// The text between the slashes.
        pattern: String,
    },
    /// The phrase has too many words.
    #[error("a phrase has at most {MAX_PHRASE_WORDS} words")]
    TooLong,
}

/// What was probably meant by an unknown field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldSuggestion {
    /// This field.
    Field(MatchField),
    /// A language, which is a setting of the topic.
    Languages,
    /// Nothing similar.
    Unknown,
}

impl FieldSuggestion {
    fn of(prefix: &str) -> Self {
        let lower = prefix.to_ascii_lowercase();
        let field = match lower.as_str() {
            "lang" | "language" => return Self::Languages,
            "tag" | "tags" | "categories" | "section" => Some(MatchField::Category),
            "body" | "text" => Some(MatchField::Content),
            "link" | "href" => Some(MatchField::Url),
            "description" | "subtitle" => Some(MatchField::Summary),
            "feed" | "sources" => Some(MatchField::Source),
            _ => MatchField::ALL.into_iter().find(|field| {
                strsim::osa_distance(field.as_str(), &lower) <= field.as_str().len() / 3
            }),
        };
        field.map_or(Self::Unknown, Self::Field)
    }

    fn hint(self) -> String {
        let what = match self {
            Self::Field(field) => format!("write `{}:`", field.as_str()),
            Self::Languages => "use `languages = [\"…\"]` of the topic".to_owned(),
            Self::Unknown => {
                let names = MatchField::ALL.map(|field| format!("`{}:`", field.as_str()));
                format!("known fields are {}", names.join(", "))
            }
        };
        format!("{what}, or write a space after the colon to search for the word itself")
    }
}

/// A word or sign of a phrase.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum PhrasePart {
    /// A case-folded word, not yet stemmed.
    Word(String),
    /// A sign that belongs to a name: `C++`, `.NET`, `CI/CD`.
    Sign(char),
}

/// A sign of a phrase with the white space around it: `.NET` is not `. Net`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sign {
    character: char,
    space_before: bool,
    space_after: bool,
}

impl Sign {
    /// Returns the character.
    pub(super) fn character(self) -> char {
        self.character
    }
}

/// What a matcher searches for.
#[derive(Debug, Clone)]
pub(super) enum Target {
    /// A word or phrase, which matches in any of its readings.
    Phrase { readings: Vec<Vec<PhrasePart>>, signs: Vec<Sign> },
    /// A regex, and its pattern in NFC. It is applied to text in NFC.
    Regex { regex: Regex, pattern: String },
}

/// A parsed matcher. `docs/reference.md` describes the syntax.
#[derive(Debug, Clone)]
pub struct Matcher {
    text: String,
    /// The only field, if it is limited to one.
    pub(super) field: Option<MatchField>,
    /// The fields of its group, if it is limited to several.
    fields: Vec<MatchField>,
    pub(super) weight: f64,
    /// Whether upper and lower case are different.
    exact_case: bool,
    pub(super) target: Target,
}

impl Matcher {
    /// Returns the matcher as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the field that it is limited to.
    pub fn field(&self) -> Option<MatchField> {
        self.field
    }

    /// Returns the factor for the points of its hits; 1 by default.
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// Returns whether hits in `field` count.
    pub(super) fn applies_to(&self, field: MatchField) -> bool {
        match self.field {
            Some(only) => only == field,
            None if self.fields.is_empty() => {
                !matches!(field, MatchField::Author | MatchField::Url | MatchField::Source)
            }
            None => self.fields.contains(&field),
        }
    }

    /// Returns whether a match of the phrase at `start..end` has the right case: any, or else that
    /// of the matcher. With exact case, a part of a compound does not count: `Java` is not in
    /// `JavaScript`.
    pub(super) fn accepts_case(&self, text: &str, start: usize, end: usize) -> bool {
        let continues = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        !self.exact_case
            || has_case_of(&text[start..end], &self.text)
                && !continues(text[..start].chars().next_back())
                && !continues(text[end..].chars().next())
    }
}

/// Returns whether `found` is written like `written`, apart from the ending of a plural or a
/// genitive: `RAGs` has the case of `RAG`, and `Rag` and `rag` do not.
fn has_case_of(found: &str, written: &str) -> bool {
    fn letters(text: &str) -> String {
        text.chars().filter(|c| c.is_alphanumeric()).collect()
    }
    let (found, written) = (letters(found), letters(written));
    found.strip_prefix(&written).is_some_and(|ending| matches!(ending, "" | "s" | "es"))
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Parses a matcher.
pub fn parse_matcher(text: &str) -> Result<Matcher, MatcherError> {
    parse_term(text, &TermGroup::default())
}

/// Parses a matcher of a group, with the settings of the group.
pub fn parse_term(text: &str, group: &TermGroup) -> Result<Matcher, MatcherError> {
    let written = text.trim();
    let (field, rest) = split_field(written)?;
    let (body, weight) = split_weight(rest)?;
    let field = match (field, &group.fields[..]) {
        (Some(field), [_, ..]) => return Err(MatcherError::FieldTwice { field: field.as_str() }),
        (None, [only]) => Some(*only),
        (field, _) => field,
    };
    let target = match body.strip_prefix('/') {
        Some(rest) => {
            let pattern = rest.strip_suffix('/').ok_or(MatcherError::Unclosed)?;
            if group.exact_case && !pattern.is_empty() {
                parse_regex(&format!("(?-i:{pattern})"))?
            } else {
                parse_regex(pattern)?
            }
        }
        None => parse_phrase(body, field)?,
    };
    let is_phrase = matches!(target, Target::Phrase { .. });
    Ok(Matcher {
        text: if is_phrase && group.exact_case { body.to_owned() } else { written.to_owned() },
        field,
        fields: group.fields.clone(),
        weight: weight * group.weight,
        exact_case: group.exact_case && is_phrase,
        target,
    })
}

/// Splits a field such as `title:` off. A word before `: `, `:/` or `::` belongs to the phrase.
fn split_field(text: &str) -> Result<(Option<MatchField>, &str), MatcherError> {
    let Some((prefix, rest)) = text.split_once(':') else {
        return Ok((None, text));
    };
    if let Some(field) = MatchField::parse(prefix) {
        return Ok((Some(field), rest.trim_start()));
    }
    let is_word = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_alphabetic());
    if !is_word
        || rest.is_empty()
        || rest.starts_with(|c: char| c.is_whitespace() || "/:".contains(c))
    {
        return Ok((None, text));
    }
    let suggestion = FieldSuggestion::of(prefix);
    Err(MatcherError::UnknownField { prefix: prefix.to_owned(), suggestion })
}

/// Splits a weight such as `^2.5` off. A `^` within a regex belongs to the regex.
fn split_weight(text: &str) -> Result<(&str, f64), MatcherError> {
    let Some((body, weight)) = text.rsplit_once('^') else {
        return Ok((text, 1.0));
    };
    if text.starts_with('/') && !(body.len() > 1 && body.ends_with('/')) {
        return Ok((text, 1.0));
    }
    match weight.trim().parse::<f64>() {
        Ok(value) if value > 0.0 && value <= 1000.0 => Ok((body.trim_end(), value)),
        // A regex such as `/^kafka/` has a `^` and a closing slash.
        _ if text.starts_with('/') && text.ends_with('/') => Ok((text, 1.0)),
        _ => Err(MatcherError::Weight { weight: weight.to_owned() }),
    }
}

fn parse_regex(pattern: &str) -> Result<Target, MatcherError> {
    if pattern.is_empty() {
        return Err(MatcherError::Empty);
    }
    let composed: String = pattern.nfc().collect();
    let compiled =
        RegexBuilder::new(&composed).case_insensitive(true).size_limit(MAX_REGEX_BYTES).build();
    let regex =
        compiled.map_err(|source| MatcherError::Regex { pattern: pattern.to_owned(), source })?;
    if regex.is_match("") {
        return Err(MatcherError::MatchesEmpty { pattern: pattern.to_owned() });
    }
    Ok(Target::Regex { regex, pattern: composed })
}

fn parse_phrase(phrase: &str, field: Option<MatchField>) -> Result<Target, MatcherError> {
    let spaced =
        if field == Some(MatchField::Url) { url_as_words(phrase) } else { phrase.to_owned() };
    let mut readings: Vec<Vec<PhrasePart>> = vec![Vec::new()];
    tokenizer::read(&spaced, |token| match token {
        TextToken::Symbol { sign, .. } => {
            for reading in &mut readings {
                reading.push(PhrasePart::Sign(sign));
            }
        }
        TextToken::Word { start, end, parts } => {
            let mut as_parts = if parts.is_empty() || readings.len() >= MAX_READINGS {
                Vec::new()
            } else {
                readings.clone()
            };
            for reading in &mut as_parts {
                reading.extend(parts.iter().map(|(from, to)| folded(&spaced[*from..*to])));
            }
            for reading in &mut readings {
                reading.push(folded(&spaced[start..end]));
            }
            readings.append(&mut as_parts);
        }
    });
    if readings[0].is_empty() {
        return Err(MatcherError::Empty);
    }
    if readings.iter().any(|reading| reading.len() > MAX_PHRASE_WORDS) {
        return Err(MatcherError::TooLong);
    }
    Ok(Target::Phrase { readings, signs: signs(&spaced) })
}

fn folded(word: &str) -> PhrasePart {
    let mut folded = String::new();
    tokenizer::fold_into(word, &mut folded);
    PhrasePart::Word(folded)
}

/// Returns the signs of a text.
pub(super) fn signs(text: &str) -> Vec<Sign> {
    let mut signs = Vec::new();
    tokenizer::read(text, |token| {
        if let TextToken::Symbol { start, sign } = token {
            let space_before = text[..start].chars().next_back().is_some_and(char::is_whitespace);
            let space_after = text[start..].chars().nth(1).is_some_and(char::is_whitespace);
            signs.push(Sign { character: sign, space_before, space_after });
        }
    });
    signs
}

/// Replaces the separators of a URL by spaces and keeps all offsets, so that `serverless.fyi` is
/// two words.
pub(super) fn url_as_words(url: &str) -> String {
    url.chars()
        .map(|c| if matches!(c, '.' | '_' | '=' | '&' | '?' | '+' | '#' | '~') { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (Option<MatchField>, f64) {
        let matcher = parse_matcher(text).unwrap();
        (matcher.field, matcher.weight)
    }

    #[test]
    fn field_and_weight_are_split_off() {
        assert_eq!(parts("kafka"), (None, 1.0));
        assert_eq!(parts("title:kafka^2.5"), (Some(MatchField::Title), 2.5));
        assert_eq!(
            parts("category: \"stream processing\" ^0.5"),
            (Some(MatchField::Category), 0.5)
        );
        assert_eq!(parts("/^kafka/"), (None, 1.0));
        assert_eq!(parts("url:/kafka$/^3"), (Some(MatchField::Url), 3.0));
        assert_eq!(parts("persistent://tenant"), (None, 1.0));
        assert_eq!(parts("note: this"), (None, 1.0));
        assert_eq!(parts("std::vector"), (None, 1.0));
    }

    #[test]
    fn invalid_matchers_are_refused_with_a_suggestion() {
        assert_eq!(parse_matcher("  ").unwrap_err(), MatcherError::Empty);
        assert_eq!(parse_matcher("title:").unwrap_err(), MatcherError::Empty);
        assert_eq!(parse_matcher("//").unwrap_err(), MatcherError::Empty);
        assert_eq!(parse_matcher("/dev/null").unwrap_err(), MatcherError::Unclosed);
        assert!(matches!(
            parse_matcher("titel:kafka"),
            Err(MatcherError::UnknownField {
                suggestion: FieldSuggestion::Field(MatchField::Title),
                ..
            })
        ));
        assert!(matches!(
            parse_matcher("tag:kafka"),
            Err(MatcherError::UnknownField {
                suggestion: FieldSuggestion::Field(MatchField::Category),
                ..
            })
        ));
        for (text, suggestion) in
            [("lang:pt", FieldSuggestion::Languages), ("mood:good", FieldSuggestion::Unknown)]
        {
            let prefix = text.split(':').next().unwrap().to_owned();
            let error = parse_matcher(text).unwrap_err();
            assert_eq!(error, MatcherError::UnknownField { prefix, suggestion });
        }
        for weight in ["kafka^0", "kafka^-1", "kafka^x", "kafka^", "kafka^inf", "kafka^NaN"] {
            assert!(matches!(parse_matcher(weight), Err(MatcherError::Weight { .. })), "{weight}");
        }
        assert!(matches!(parse_matcher("/(/"), Err(MatcherError::Regex { .. })));
        assert!(matches!(parse_matcher("/(a{1000}){1000}/"), Err(MatcherError::Regex { .. })));
        assert!(matches!(parse_matcher("/k*/"), Err(MatcherError::MatchesEmpty { .. })));
        assert_eq!(parse_matcher(&"word ".repeat(65)).unwrap_err(), MatcherError::TooLong);
    }

    #[test]
    fn the_number_of_readings_is_limited() {
        let Target::Phrase { readings, .. } = parse_matcher(&"KvCache ".repeat(30)).unwrap().target
        else {
            panic!()
        };
        assert!(readings.len() <= MAX_READINGS);
    }
}
