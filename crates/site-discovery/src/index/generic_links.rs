//! Link texts that are not titles: navigation, and texts such as "Read more".
//!
//! A text must match as a whole: a post called "The next archive" keeps its title.

use std::sync::LazyLock;

use regex::Regex;

use crate::word_list::{WordList, word_list};

static NAVIGATION_TEXTS: LazyLock<WordList> = word_list!("navigation_link_texts.txt");
static GENERIC_TEXTS: LazyLock<WordList> = word_list!("generic_link_texts.txt");

/// Returns whether a text leads through the site and not to a post: `Older posts`, `Subscribe`.
pub(super) fn is_navigation_text(text: &str) -> bool {
    let text = text.trim().trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    text.chars().count() <= 24
        && (NAVIGATION_TEXTS.contains(&text)
            || text.chars().all(|c| c.is_ascii_digit()) && !text.is_empty() && text.len() <= 3)
}

static READ_MORE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:(?:continue|keep) reading|read (?:more|on|now|it|this|post|article|full",
        r"|the (?:post|article|full|rest|story|essay|whole|issue))",
        r"|(?:view|see|open) (?:post|article|more|full|online|details",
        r"|the (?:post|article|full|rest))",
        r"|\d+ (?:comments?|likes?|replies|views|min|minutes?))\b",
    ))
    .expect("a valid pattern")
});

/// Returns whether a text is a URL. A link with such a text is a reference of a running text.
pub(super) fn is_url_text(text: &str) -> bool {
    (text.starts_with("http://") || text.starts_with("https://"))
        && !text.contains(char::is_whitespace)
}

/// Returns whether a text is common to many links and not a title: `Read more`, `Continue reading
/// →`.
pub(super) fn is_generic_text(text: &str) -> bool {
    let bare = text.trim().trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    if bare.is_empty() {
        return true;
    }
    GENERIC_TEXTS.contains(&bare) || bare.split(' ').count() <= 6 && READ_MORE.is_match(&bare)
}
