//! Texts of links that name nothing: those that lead through the site, and those that only say that
//! there is more.
//!
//! Deliberately absent: addresses. The rule kept: a text counts only as a whole, so that a post
//! called "The next archive" keeps its title.

use std::sync::LazyLock;

use regex::Regex;

use crate::word_list::{WordList, word_list};

static NAVIGATION_TEXTS: LazyLock<WordList> = word_list!("navigation_link_texts.txt");
static GENERIC_TEXTS: LazyLock<WordList> = word_list!("generic_link_texts.txt");

/// Whether a text leads through the site, and to no post: `Older posts`, `Subscribe`.
pub(super) fn is_navigation_text(text: &str) -> bool {
    let text = text.trim().trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    text.chars().count() <= 24
        && (NAVIGATION_TEXTS.contains(&text)
            || text.chars().all(|c| c.is_ascii_digit()) && !text.is_empty() && text.len() <= 3)
}

static READ_MORE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:(?:continue|keep) reading|read (?:more|on|now|it|this|post|article|full|the (?:post|article|full|rest|story|essay|whole|issue))",
        r"|(?:view|see|open) (?:post|article|more|full|online|details|the (?:post|article|full|rest))",
        r"|\d+ (?:comments?|likes?|replies|views|min|minutes?))\b",
    ))
    .expect("a valid pattern")
});

/// A text that many links have and that names nothing: `Read more`, `Continue reading →`.
pub(super) fn is_generic_text(text: &str) -> bool {
    let bare = text.trim().trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    if bare.is_empty() {
        return true;
    }
    GENERIC_TEXTS.contains(&bare) || bare.split(' ').count() <= 6 && READ_MORE.is_match(&bare)
}
