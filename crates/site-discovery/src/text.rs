//! Small operations on plain text that all modules share.

/// The maximum length of a summary in characters.
const MAX_SUMMARY_CHARS: usize = 1_000;

/// Collapses white space, and removes control characters and characters without width.
pub(crate) fn collapse_whitespace(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty())
    {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().filter(|c| {
            !matches!(c, '\u{200b}' | '\u{feff}' | '\u{ad}' | '\u{2060}' | '\u{fffe}' | '\u{ffff}')
        }));
    }
    out.trim().to_owned()
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
    let cut = text[..at].rfind(' ').unwrap_or(at);
    format!("{}…", text[..cut].trim_end())
}

/// Escapes plain text for HTML.
pub(crate) fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
/// Returns the language tag (BCP 47) for a value that pages use: `en_US`, `EN-us`, `english`.
pub(crate) fn language_tag(text: &str) -> Option<String> {
    let text = text.trim().split([',', ';', '.']).next().unwrap_or_default().trim();
    if text.eq_ignore_ascii_case("english") {
        return Some("en".to_owned());
    }
    let mut parts = text.split(['-', '_']);
    let language = parts.next()?.to_ascii_lowercase();
    if !(2..=3).contains(&language.len()) || !language.chars().all(|c| c.is_ascii_lowercase()) {
        return None;
    }
    let mut tag = language;
    for part in parts
        .filter(|p| !p.is_empty() && p.len() <= 8 && p.chars().all(|c| c.is_ascii_alphanumeric()))
    {
        tag.push('-');
        match part.len() {
            2 => tag.push_str(&part.to_ascii_uppercase()),
            4 => {
                tag.push_str(&part[..1].to_ascii_uppercase());
                tag.push_str(&part[1..].to_ascii_lowercase());
            }
            _ => tag.push_str(&part.to_ascii_lowercase()),
        }
    }
    Some(tag)
}
