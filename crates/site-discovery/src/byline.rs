//! Author names and reading times in the short line that pages set beside a title.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    dates,
    word_list::{WordList, word_list},
};

static READING_TIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)^\W*(?:reading time:?\s*|estimated read(?:ing)? time:?\s*)?[~≈]?\s*(?:about\s+)?",
        r"(\d{1,3})\s*[-–+]?\s*(?:m|min|mins|min\.|minutes?|minuten|minutos|minuti|mn)\b\.?",
        r"(?:\s*(?:to\s+)?(?:read|reading|reading time|lesezeit|de lecture|de lectura|",
        r"di lettura|leitura|leestijd))?\W*$",
    ))
    .expect("a valid pattern")
});

/// Returns the name in a byline: `Jo Smith` for `By Jo Smith on 28 October 2026`.
pub(crate) fn author_name(text: &str) -> String {
    static BYLINE_PREFIXES: LazyLock<WordList> = word_list!("byline_prefixes.txt");
    let name = text.split(['·', '•', '|', '—', '–']).next().unwrap_or_default();
    let name = name.split(['(', '\n']).next().unwrap_or_default();
    let name = dates::find(name).map_or(name, |found| &name[..found.start]).trim();
    let name = BYLINE_PREFIXES.strip_prefix_word(name).unwrap_or(name).trim();
    let name = [" on", " in", " am", " le", " el", " at"]
        .iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(name);
    name.trim().trim_end_matches([',', ':', '-', '/']).trim().to_owned()
}

/// Returns whether a text is a byline, a line of categories or an action instead of text about a
/// post: `Posted in Work`, `Tagged with rope`, `Comment and share`.
pub(crate) fn is_meta_line(text: &str) -> bool {
    static PREFIXES: LazyLock<WordList> = word_list!("meta_line_prefixes.txt");
    let text = text.trim().trim_start_matches(|c: char| !c.is_alphanumeric());
    let lower: String = text.chars().take(48).collect::<String>().to_lowercase();
    let is_prefix = |prefix: &str| {
        lower.strip_prefix(prefix).is_some_and(|rest| {
            !prefix.ends_with(|c: char| c.is_ascii_alphanumeric())
                || !rest.starts_with(char::is_alphanumeric)
        })
    };
    let length = text.chars().count();
    let is_sentence = text.ends_with(['.', '!', '?', '。', '！', '？']);
    (length <= 40 || length <= 160 && !is_sentence) && PREFIXES.iter().any(is_prefix)
}

/// Returns the minutes of a text that consists of a reading time: `8 min read`, `Reading time: 5
/// minutes`.
pub(crate) fn reading_minutes(text: &str) -> Option<u32> {
    if text.len() > 60 {
        return None;
    }
    let found = READING_TIME.captures(text.trim())?;
    // "5 m" can be a length; "5m read" and "5 min" cannot.
    let bare_metre = text.trim().trim_start_matches(|c: char| c.is_ascii_digit()).trim() == "m";
    found[1].parse().ok().filter(|_| !bare_metre)
}
