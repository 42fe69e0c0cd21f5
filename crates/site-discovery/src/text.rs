//! Small operations on plain text that all modules share.

use feed_model::text::{collapse_separators, truncate_at_word};

/// The maximum length of a summary in characters.
const MAX_SUMMARY_CHARS: usize = 1_000;

/// Collapses white space, and removes control characters and characters without width.
pub(crate) fn collapse_whitespace(text: &str) -> String {
    let invisible = ['\u{200b}', '\u{feff}', '\u{ad}', '\u{2060}', '\u{fffe}', '\u{ffff}'];
    let is_separator = |c: char| c.is_whitespace() || c.is_control();
    if text.contains(invisible) {
        collapse_separators(&text.replace(invisible, ""), is_separator)
    } else {
        collapse_separators(text, is_separator)
    }
}

/// Returns the letters and digits of a text in lower case, for the comparison of names.
pub(crate) fn normalized(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Splits a text at commas, semicolons and vertical bars.
pub(crate) fn keywords(text: &str) -> Vec<String> {
    text.split([',', ';', '|']).map(collapse_whitespace).filter(|k| !k.is_empty()).collect()
}

/// Truncates a text at a word boundary and appends an ellipsis, if it is too long.
pub(crate) fn truncate_summary(text: &str) -> String {
    let Some((at, _)) = text.char_indices().nth(MAX_SUMMARY_CHARS) else {
        return text.to_owned();
    };
    truncate_at_word(text, at, &[])
}

/// Escapes plain text for HTML.
pub(crate) fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
