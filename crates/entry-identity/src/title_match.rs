//! How the titles of two items are related: "Queues, again", "Queues, again – Acme Engineering",
//! "Jo Doe: Queues, again".
//!
//! TitleRelation are those of [`normalised_text::title_norm`]: words parted by one space, without
//! case and punctuation.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;

use super::normalised_text;

/// Words that a title must keep without the name behind it, where nothing but the title finds the
/// other: of less, nothing is left that tells one post from another.
const MIN_WORDS: usize = 3;
/// Words of one title that the other may lack.
const MAX_ADDED_WORDS: usize = 8;
/// What is left of bars, arrows and dashes in a title as titles are compared.
const SEPARATORS: [char; 7] = [' ', '|', '~', '<', '>', '=', '+'];

/// Pictures in a line of text, with what modifies them.
static EMOJI: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[\p{So}\x{1F3FB}-\x{1F3FF}\x{FE0F}\x{20E3}]+")
        .expect("a constant pattern compiles")
});

/// What two titles are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TitleRelation {
    /// The same words.
    Same,
    /// The same but for pictures, or for the name of a source or an author before or behind one of
    /// them.
    SameButForName,
    /// The whole of one stands at the beginning or end of the other: "Guest post: …", "…
    /// (reprint)".
    Contained,
    /// Other ones.
    Other,
}

impl TitleRelation {
    /// As a reason says it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same title",
            Self::SameButForName => "same title but for a name",
            Self::Contained => "one title within the other",
            Self::Other => "another title",
        }
    }
}

/// The names that may stand beside a title.
pub(super) struct NamesBesideTitle<'a> {
    /// Those of the sources.
    pub sources: Vec<String>,
    /// Whether this is somebody's who wrote one of the two.
    pub is_author: &'a dyn Fn(&str) -> bool,
}

impl NamesBesideTitle<'_> {
    fn has(&self, words: &str) -> bool {
        // Nothing but signs is no name, and no words either.
        words.is_empty() || self.sources.iter().any(|name| name == words) || (self.is_author)(words)
    }
}

/// How the two are related, by the names that may stand beside them.
pub(super) fn relation(left: &str, right: &str, names: &NamesBesideTitle<'_>) -> TitleRelation {
    if left == right {
        return TitleRelation::Same;
    }
    let (left, right) = (strip_emoji(left), strip_emoji(right));
    let (left, right) = (left.as_ref(), right.as_ref());
    // The name of either source may stand behind either title: who copies keeps the name of whom it
    // was copied from.
    let (left, right) = (without(left, &names.sources), without(right, &names.sources));
    if left == right {
        return if left.is_empty() { TitleRelation::Other } else { TitleRelation::SameButForName };
    }
    let (short, long) = if left.len() <= right.len() { (left, right) } else { (right, left) };
    let before = long.strip_suffix(short).filter(|rest| rest.ends_with(' '));
    let behind = || long.strip_prefix(short).filter(|rest| rest.starts_with(' '));
    let Some(added) = before.or_else(behind).filter(|_| is_distinctive(short)) else {
        return TitleRelation::Other;
    };
    let added = added.trim_matches(SEPARATORS);
    if names.has(added) {
        TitleRelation::SameButForName
    } else if added.contains(char::is_numeric) || added.split(' ').count() > MAX_ADDED_WORDS {
        // "Queues, again" and "Queues, again: 2" are two.
        TitleRelation::Other
    } else {
        TitleRelation::Contained
    }
}

/// A title without its pictures, as long as there are words beside them.
fn strip_emoji(title: &str) -> Cow<'_, str> {
    if title.is_ascii() || !EMOJI.is_match(title) {
        return title.into();
    }
    let bare = EMOJI.replace_all(title, " ");
    bare.split_whitespace().collect::<Vec<_>>().join(" ").into()
}

/// By what a source of this title and home is called: its title, and the name of its site.
pub(super) fn source_names(source_title: Option<&str>, home: Option<&str>) -> Vec<String> {
    [source_title, home, home.and_then(|home| home.split('.').next())]
        .into_iter()
        .filter_map(normalised_text::title_norm)
        .collect()
}

/// A title without the words at its end that are one of these names, as long as three words stay.
pub(super) fn without<'a>(title: &'a str, names: &[String]) -> &'a str {
    let words = title.split(' ').count();
    let ending = |name: &String| {
        let rest =
            title.strip_suffix(name.as_str())?.strip_suffix(' ')?.trim_end_matches(SEPARATORS);
        (words >= name.split(' ').count() + MIN_WORDS).then_some(rest)
    };
    names.iter().filter_map(ending).min_by_key(|rest| rest.len()).unwrap_or(title)
}

/// Whether a title has a word that a post is called by: one of three letters, or of a script whose
/// words are shorter, that is none of those which everybody numbers things with. "v1.2.3", "Bugfix
/// release" and "Episode 12" are nobody's own.
pub(super) fn is_distinctive(title: &str) -> bool {
    let words = title.split(|c: char| !c.is_alphabetic());
    words
        .filter(|word| !GENERIC_TITLE_WORDS.contains(word))
        .any(|word| word.chars().count() >= 3 || !word.is_ascii())
}

/// What things are numbered by, and what is said of numbers, in lower case.
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
    fn the_name_of_a_source_goes_from_the_end_of_a_title() {
        let names = source_names(Some("Acme Engineering"), Some("acme.example"));
        let bare = |title| without(title, &names);
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
        assert_eq!(without("how queues fail", &[]), "how queues fail");
    }

    #[test]
    fn titles_are_the_same_but_for_names_and_one_may_hold_the_other() {
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
            ("🚀", "🎉", TitleRelation::Other),
            ("queues", "guest post queues", TitleRelation::Contained),
            ("queues fail", "queues fail reprint", TitleRelation::Contained),
            ("queues", "queues 2", TitleRelation::Other),
            ("queues", "requeues", TitleRelation::Other),
            ("queues", "one two three four five six seven eight nine queues", TitleRelation::Other),
            ("v1 2 3", "acme v1 2 3", TitleRelation::Other),
            ("queues fail", "queues rest", TitleRelation::Other),
        ] {
            assert_eq!(relation(left, right, &names), is, "{left} / {right}");
            assert_eq!(relation(right, left, &names), is, "{right} / {left}");
        }
    }

    #[test]
    fn a_number_is_nobodys_own() {
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
