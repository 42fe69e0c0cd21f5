//! Search queries. Every text is a valid query.

use std::borrow::Cow;

use feed_model::TopicId;

use super::inflections::inflections;

/// The maximum number of terms; the rest is ignored.
const MAX_TERMS: usize = 16;
/// The maximum number of characters; the rest is ignored.
const MAX_CHARS: usize = 200;
/// The minimum length of a prefix, in characters: a single letter would match almost everything.
const MIN_PREFIX_CHARS: usize = 2;

/// A parsed query such as `kafka* "exactly once" topic:streaming source:river-notes -rumour`.
///
/// Every term must match. A word also matches its inflections; a quoted phrase matches exactly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchQuery {
    terms: Vec<Term>,
    /// The topics that a story must be in, in lower case.
    pub topics: Vec<String>,
    /// The sources that a story must have an entry of, in lower case.
    pub sources: Vec<String>,
    /// The topics of which a story must be in at least one; empty: no condition. They are not part
    /// of the text of a query.
    pub within: Vec<TopicId>,
}

/// Consecutive words that must match, or must not match if `negated`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    words: Vec<String>,
    kind: TermKind,
    negated: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TermKind {
    /// Inflections match too.
    Word,
    /// The exact words.
    Exact,
    /// The last word is a prefix.
    Prefix,
}

impl SearchQuery {
    /// Parses a query. Characters that belong to no word are ignored. A quotation without an end
    /// extends to the end of the query.
    pub fn parse(text: &str) -> Self {
        let mut query = Self::default();
        let text: String = text
            .chars()
            .take(MAX_CHARS)
            .map(|c| if matches!(c, '“' | '”' | '„' | '«' | '»') { '"' } else { c })
            .collect();
        let mut rest = text.trim_start();
        while !rest.is_empty()
            && query.terms.len() + query.topics.len() + query.sources.len() < MAX_TERMS
        {
            let (negated, body) = match rest.strip_prefix('-') {
                Some(body) => (true, body),
                None => (false, rest),
            };
            if let Some(quoted) = body.strip_prefix('"') {
                let (inside, after) = quoted.split_once('"').unwrap_or((quoted, ""));
                query.push(inside, TermKind::Exact, negated);
                rest = after.trim_start();
                continue;
            }
            // A quotation mark within a word starts a new term.
            let end = body.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(body.len());
            let (word, after) = body.split_at(end);
            rest = after.trim_start();
            match word.split_once(':').map(|(field, value)| (field.to_lowercase(), value)) {
                Some((field, value)) if field == "topic" && !value.is_empty() => {
                    query.topics.push(value.to_lowercase());
                }
                Some((field, value)) if field == "source" && !value.is_empty() => {
                    query.sources.push(value.to_lowercase());
                }
                _ => match word.strip_suffix('*') {
                    Some(beginning) => query.push(beginning, TermKind::Prefix, negated),
                    None => query.push(word, TermKind::Word, negated),
                },
            }
        }
        query
    }

    /// Returns the text of a query in the form that addresses have: trimmed, with single blanks,
    /// and not longer than what [`Self::parse`] reads.
    pub fn normalize(text: &str) -> String {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        text.chars().take(MAX_CHARS).collect::<String>().trim_end().to_owned()
    }

    /// Returns the same query for the stories that are in at least one of these topics.
    #[must_use]
    pub fn within(self, topics: &[TopicId]) -> Self {
        Self { within: topics.to_vec(), ..self }
    }

    /// Whether the query has no condition that a story could match.
    pub fn is_empty(&self) -> bool {
        self.terms.iter().all(|term| term.negated)
            && self.topics.is_empty()
            && self.sources.is_empty()
            && self.within.is_empty()
    }

    /// Returns the query in canonical form, without the differences of white space and case.
    pub fn canonical(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        for term in &self.terms {
            let words = term.words.join(" ");
            let sign = if term.negated { "-" } else { "" };
            parts.push(match term.kind {
                TermKind::Word if term.words.len() == 1 => format!("{sign}{words}"),
                TermKind::Prefix if term.words.len() == 1 => format!("{sign}{words}*"),
                _ => format!("{sign}\"{words}\""),
            });
        }
        parts.extend(self.topics.iter().map(|topic| format!("topic:{topic}")));
        parts.extend(self.sources.iter().map(|source| format!("source:{source}")));
        parts.join(" ")
    }

    fn push(&mut self, text: &str, kind: TermKind, negated: bool) {
        let words: Vec<String> =
            words(&unify_letters(text)).map(|word| word.to_lowercase()).collect();
        let Some(last) = words.last() else { return };
        let kind = match kind {
            TermKind::Prefix if last.chars().count() < MIN_PREFIX_CHARS => TermKind::Exact,
            // Words joined by punctuation (`event-driven`) match as a phrase.
            TermKind::Word if words.len() > 1 => TermKind::Exact,
            kind => kind,
        };
        self.terms.push(Term { words, kind, negated });
    }

    /// Returns the FTS5 expression; `None` if the query has no required words. It consists of
    /// quoted words of letters and digits and of our own operators, so that no query can break out
    /// of it.
    pub(super) fn expression(&self) -> Option<String> {
        let required = self.required_terms();
        match self.excluded_expression() {
            _ if required.is_empty() => None,
            None => Some(required.join(" AND ")),
            Some(excluded) => Some(format!("({}) NOT ({excluded})", required.join(" AND "))),
        }
    }

    /// Returns the FTS5 expression of the stories that the query excludes.
    pub(super) fn excluded_expression(&self) -> Option<String> {
        let excluded: Vec<String> =
            self.terms.iter().filter(|term| term.negated).map(Term::expression).collect();
        (!excluded.is_empty()).then(|| excluded.join(" OR "))
    }

    /// Returns the FTS5 expression of the stories that also have every required word in the title.
    pub(super) fn title_expression(&self) -> Option<String> {
        let required = self.required_terms().join(" AND ");
        Some(format!("({}) AND {{title}} : ({required})", self.expression()?))
    }

    /// Returns the FTS5 expression of each required term.
    pub(super) fn required_terms(&self) -> Vec<String> {
        self.terms.iter().filter(|term| !term.negated).map(Term::expression).collect()
    }
}

impl Term {
    fn expression(&self) -> String {
        let quoted = |text: &str| format!("\"{text}\"");
        match (self.kind, self.words.as_slice()) {
            (TermKind::Prefix, words) => format!("({} *)", quoted(&words.join(" "))),
            (TermKind::Word, [word]) => {
                // The word itself is listed twice, so that it ranks above its inflections.
                let forms = std::iter::once(word.clone()).chain(inflections(word));
                let forms: Vec<String> = forms.map(|form| quoted(&form)).collect();
                format!("({})", forms.join(" OR "))
            }
            (_, words) => format!("({})", quoted(&words.join(" "))),
        }
    }
}

/// Replaces the letters that the tokeniser of FTS5 does not unify: the four Turkish letters `i`,
/// and letters with a combining mark, which is removed.
pub(super) fn unify_letters(text: &str) -> Cow<'_, str> {
    let is_mark = |c: char| ('\u{300}'..='\u{36f}').contains(&c);
    if text.is_ascii() || !text.contains(|c| matches!(c, 'İ' | 'ı') || is_mark(c)) {
        return Cow::Borrowed(text);
    }
    let unified = |c| if matches!(c, 'İ' | 'ı') { 'i' } else { c };
    Cow::Owned(text.chars().filter(|c| !is_mark(*c)).map(unified).collect())
}

/// Returns the words of a text: runs of letters and digits. In scripts without spaces each
/// character is a word.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).flat_map(|run| {
        let mut rest = run;
        std::iter::from_fn(move || {
            let first = rest.chars().next()?;
            let end = if is_unspaced(first) {
                first.len_utf8()
            } else {
                rest.find(is_unspaced).unwrap_or(rest.len())
            };
            let (word, after) = rest.split_at(end);
            rest = after;
            Some(word)
        })
    })
}

/// Whether a character belongs to a script without spaces between words: Thai to Khmer, kana, Han.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(
        u32::from(c),
        0x0e00..=0x0eff
            | 0x1000..=0x109f
            | 0x1780..=0x17ff
            | 0x3040..=0x30ff
            | 0x3400..=0x4dbf
            | 0x4e00..=0x9fff
            | 0xf900..=0xfaff
            | 0x2_0000..=0x3_ffff
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical_form(text: &str) -> String {
        SearchQuery::parse(text).canonical()
    }

    #[test]
    fn queries_are_parsed_as_people_write_them() {
        for (text, canonical) in [
            ("  Kafka   streams ", "kafka streams"),
            ("\"Exactly Once\" kaf*", "\"exactly once\" kaf*"),
            ("“curly quotes”", "\"curly quotes\""),
            ("event-driven", "\"event driven\""),
            ("topic:Streaming source:river-notes x", "x topic:streaming source:river-notes"),
            ("-rumour fact", "-rumour fact"),
            ("\"never ends", "\"never ends\""),
            ("a* AND OR NOT NEAR(", "\"a\" and or not near"),
            ("日本語", "\"日 本 語\""),
            ("İstanbul DIYARBAKIR diyarbakır cafe\u{301}s", "istanbul diyarbakir diyarbakir cafes"),
            ("*** ::: \"\" -- ()", ""),
        ] {
            assert_eq!(canonical_form(text), canonical, "{text}");
        }
        assert!(SearchQuery::parse("-only").is_empty() && SearchQuery::parse("").is_empty());
        assert_eq!(SearchQuery::parse(&"w ".repeat(500)).terms.len(), MAX_TERMS);
    }

    #[test]
    fn only_unquoted_words_match_inflections() {
        let expression = |text: &str| SearchQuery::parse(text).expression().unwrap();
        assert!(expression("streams").starts_with("(\"streams\" OR \"streams\" OR \"stream\" OR "));
        assert_eq!(expression("\"streams\""), "(\"streams\")");
        assert_eq!(expression("strea*"), "(\"strea\" *)");
    }

    proptest! {
        #[test]
        fn every_query_is_a_valid_fts5_expression(text in "[\\PC\"*:()^{}+-]{0,40}") {
            let conn = rusqlite::Connection::open_in_memory().unwrap();
            conn.execute_batch(include_str!("schema.sql")).unwrap();
            if let Some(expression) = SearchQuery::parse(&text).expression() {
                let sql = "SELECT count(*) FROM story_text WHERE story_text MATCH ?1";
                let found: i64 = conn.query_row(sql, [expression], |r| r.get(0)).unwrap();
                prop_assert_eq!(found, 0);
            }
        }

        #[test]
        fn the_canonical_form_of_a_query_is_stable(text in "[a-z\"*: -]{0,40}") {
            let once = canonical_form(&text);
            prop_assert_eq!(canonical_form(&once), once);
        }
    }
}
