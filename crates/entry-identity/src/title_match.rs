//! Compares the titles of two items: "Queues, again", "Queues, again – Acme Engineering", "Jo Doe:
//! Queues, again".
//!
//! Titles are those of [`normalised_text::title_norm`]: words separated by one space, without case
//! and punctuation. [`relation`] is the entry point.

use std::{borrow::Cow, fmt, sync::LazyLock};

use regex::Regex;

use super::normalised_text;

/// Number of words that a title must keep when the name of its source is removed. Fewer words do
/// not distinguish one post from another.
const MIN_WORDS: usize = 3;
/// Number of words of one title that the other may lack.
const MAX_ADDED_WORDS: usize = 8;
/// Characters that remain of bars, arrows and dashes in a normalised title.
const SEPARATORS: [char; 7] = [' ', '|', '~', '<', '>', '=', '+'];

/// Emoji and other pictorial symbols, with their modifiers.
static EMOJI: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[\p{So}\x{1F3FB}-\x{1F3FF}\x{FE0F}\x{20E3}]+")
        .expect("a constant pattern compiles")
});

/// The relation between two titles.
///
/// [`fmt::Display`] gives the words that a reason uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TitleRelation {
    /// The same words.
    Same,
    /// The same words, except for emoji or for the name of a source or an author before or after
    /// one of the titles.
    SameButForName,
    /// One title begins or ends with the whole other title: "Guest post: …", "… (reprint)".
    Contained,
    /// Different titles.
    Different,
}

impl fmt::Display for TitleRelation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Same => "same title",
            Self::SameButForName => "same title but for a name",
            Self::Contained => "one title within the other",
            Self::Different => "different titles",
        })
    }
}

/// The names that may precede or follow a title.
pub(super) struct NamesBesideTitle<'a> {
    /// Names of the two sources.
    pub sources: Vec<String>,
    /// Returns whether a name is that of an author of either entry.
    pub is_author: &'a dyn Fn(&str) -> bool,
}

impl NamesBesideTitle<'_> {
    fn has(&self, words: &str) -> bool {
        // Where nothing but separators was added, there are no words.
        words.is_empty() || self.sources.iter().any(|name| name == words) || (self.is_author)(words)
    }
}

/// Compares two normalised titles, given the names that may stand beside them.
pub(super) fn relation(left: &str, right: &str, names: &NamesBesideTitle<'_>) -> TitleRelation {
    if left == right {
        return TitleRelation::Same;
    }
    let (left, right) = (strip_emoji(left), strip_emoji(right));
    let (left, right) = (caseless(&left), caseless(&right));
    let (left, right) = (left.as_ref(), right.as_ref());
    // Either title may end in the name of either source: a copy often keeps the name of the source
    // that it was copied from.
    let (left, right) =
        (strip_source_name(left, &names.sources), strip_source_name(right, &names.sources));
    if left == right {
        return if left.is_empty() {
            TitleRelation::Different
        } else {
            TitleRelation::SameButForName
        };
    }
    let (short, long) = if left.len() <= right.len() { (left, right) } else { (right, left) };
    let before = long.strip_suffix(short).filter(|rest| rest.ends_with(' '));
    let after = || long.strip_prefix(short).filter(|rest| rest.starts_with(' '));
    let Some(added) = before.or_else(after).filter(|_| is_distinctive(short)) else {
        return TitleRelation::Different;
    };
    let added = added.trim_matches(SEPARATORS);
    if names.has(added) {
        TitleRelation::SameButForName
    } else if added.contains(char::is_numeric) || added.split(' ').count() > MAX_ADDED_WORDS {
        // "Queues, again" and "Queues, again: 2" are two posts.
        TitleRelation::Different
    } else {
        TitleRelation::Contained
    }
}

/// Replaces the letters that are others after a change to capitals and back: `ß` and `ς`.
fn caseless(title: &str) -> Cow<'_, str> {
    if title.contains(['ß', 'ς']) {
        title.replace('ß', "ss").replace('ς', "σ").into()
    } else {
        title.into()
    }
}

/// Removes the emoji from a title.
fn strip_emoji(title: &str) -> Cow<'_, str> {
    if title.is_ascii() || !EMOJI.is_match(title) {
        return title.into();
    }
    let bare = EMOJI.replace_all(title, " ");
    feed_model::text::collapse_whitespace(&bare).into()
}

/// Returns the normalised names of a source: its title, its site, and the first label of its site.
pub(super) fn source_names(source_title: Option<&str>, site: Option<&str>) -> Vec<String> {
    [source_title, site, site.and_then(|site| site.split('.').next())]
        .into_iter()
        .filter_map(normalised_text::title_norm)
        .collect()
}

/// Removes one of these names from the end of a title, if at least three words remain.
pub(super) fn strip_source_name<'a>(title: &'a str, names: &[String]) -> &'a str {
    let words = title.split(' ').count();
    let without = |name: &String| {
        let rest =
            title.strip_suffix(name.as_str())?.strip_suffix(' ')?.trim_end_matches(SEPARATORS);
        (words >= name.split(' ').count() + MIN_WORDS).then_some(rest)
    };
    names.iter().filter_map(without).min_by_key(|rest| rest.len()).unwrap_or(title)
}

/// Returns whether a title has a word of its own besides the words that number and announce things.
///
/// Such a word has at least three letters, or fewer in a script other than Latin. "v1.2.3", "Bugfix
/// release" and "Episode 12" have none.
pub(super) fn is_distinctive(title: &str) -> bool {
    let words = title.split(|c: char| !c.is_alphabetic());
    words
        .filter(|word| !GENERIC_TITLE_WORDS.contains(word))
        .any(|word| word.chars().count() >= 3 || !word.is_ascii())
}

/// Words that number things or announce versions, in lower case.
const GENERIC_TITLE_WORDS: [&str; 49] = [
    "all",
    "alpha",
    "and",
    "available",
    "beta",
    "bug",
    "bugfix",
    "build",
    "candidate",
    "channel",
    "chapter",
    "day",
    "dev",
    "edition",
    "episode",
    "final",
    "fix",
    "fixes",
    "for",
    "hotfix",
    "issue",
    "latest",
    "lts",
    "maintenance",
    "major",
    "minor",
    "new",
    "nightly",
    "now",
    "number",
    "our",
    "out",
    "part",
    "patch",
    "pre",
    "preview",
    "release",
    "released",
    "releases",
    "security",
    "session",
    "snapshot",
    "stable",
    "the",
    "update",
    "updates",
    "version",
    "volume",
    "week",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_name_at_the_end_of_a_title_is_removed() {
        let names = source_names(Some("Acme Engineering"), Some("acme.example"));
        let bare = |title| strip_source_name(title, &names);
        assert_eq!(bare("how queues fail acme engineering"), "how queues fail");
        assert_eq!(bare("how queues fail | acme engineering"), "how queues fail");
        assert_eq!(bare("how queues fail acme"), "how queues fail");
        assert_eq!(bare("how queues fail acme example"), "how queues fail");
        assert_eq!(
            bare("queues at acme engineering"),
            "queues at acme engineering",
            "too little would be left"
        );
        assert_eq!(bare("how queues fail tacme"), "how queues fail tacme");
        assert_eq!(strip_source_name("how queues fail", &[]), "how queues fail");
    }

    #[test]
    fn titles_are_compared_apart_from_names() {
        let sources = [
            source_names(Some("Acme Engineering"), Some("acme.example")),
            source_names(Some("Planet of Brokers"), None),
        ]
        .concat();
        let names = NamesBesideTitle { sources, is_author: &|words: &str| words == "jo doe" };
        for (left, right, is) in [
            ("queues", "queues", TitleRelation::Same),
            ("queues | acme engineering", "queues", TitleRelation::SameButForName),
            (
                "queues fail again acme engineering",
                "queues fail again planet of brokers",
                TitleRelation::SameButForName,
            ),
            ("jo doe queues fail again acme", "queues fail again", TitleRelation::SameButForName),
            ("queues", "jo doe queues", TitleRelation::SameButForName),
            ("queues", "🚀 queues", TitleRelation::SameButForName),
            ("🚀 queues 🎉", "queues", TitleRelation::SameButForName),
            ("how queues 🚀 fail", "🎉 how queues fail", TitleRelation::SameButForName),
            ("how queues🏽 fail", "guest post how queues fail", TitleRelation::Contained),
            ("die straße", "die strasse", TitleRelation::SameButForName),
            ("🚀", "🎉", TitleRelation::Different),
            ("queues", "guest post queues", TitleRelation::Contained),
            ("queues fail", "queues fail reprint", TitleRelation::Contained),
            ("queues", "queues 2", TitleRelation::Different),
            ("queues", "requeues", TitleRelation::Different),
            (
                "queues",
                "one two three four five six seven eight nine queues",
                TitleRelation::Different,
            ),
            ("v1 2 3", "acme v1 2 3", TitleRelation::Different),
            ("queues fail", "queues rest", TitleRelation::Different),
        ] {
            assert_eq!(relation(left, right, &names), is, "{left} / {right}");
            assert_eq!(relation(right, left, &names), is, "{right} / {left}");
        }
    }

    #[test]
    fn numbers_and_version_words_are_not_distinctive() {
        for title in [
            "v1 2 3",
            "release 1 2 3",
            "version 1 2 released",
            "bugfix release",
            "security update",
            "episode 12",
            "part 2",
            "12",
            "week 47",
        ] {
            assert!(!is_distinctive(title), "{title}");
        }
        for title in ["queues", "weekly notes", "episode 12 queues", "消息", "rust 1 95 released"]
        {
            assert!(is_distinctive(title), "{title}");
        }
    }
}
