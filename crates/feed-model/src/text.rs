//! Plain text: characters that XML forbids, white space, and shortening.

use std::borrow::Cow;

/// Removes the characters that XML 1.0 §2.2 forbids or discourages: C0 except tab and line ends,
/// DEL, C1 except U+0085, and non-characters.
pub fn strip_forbidden(text: &str) -> Cow<'_, str> {
    // Every such character begins with one of these bytes.
    let may_be_forbidden = |b: u8| {
        (b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r')) || b == 0x7f || b == 0xc2 || b >= 0xef
    };
    if !text.bytes().any(may_be_forbidden) || !text.chars().any(is_forbidden) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| !is_forbidden(*c)).collect())
}

/// Returns whether [`strip_forbidden`] removes a character.
pub fn is_forbidden(c: char) -> bool {
    let code = u32::from(c);
    matches!(code, 0..=8 | 0xb | 0xc | 0xe..=0x1f | 0x7f..=0x84 | 0x86..=0x9f | 0xfdd0..=0xfdef)
        || code & 0xfffe == 0xfffe
}

/// Replaces every run of white space by one space and removes it at both ends.
pub fn collapse_whitespace(text: &str) -> String {
    collapse_separators(text, char::is_whitespace)
}

/// Replaces every run of separators by one space and removes them at both ends.
pub fn collapse_separators(text: &str, is_separator: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split(is_separator).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Cuts a text at byte `end` at the latest and appends an ellipsis.
///
/// The cut is made at the last white space if that keeps at least half of the bytes, else at `end`,
/// which must be a character boundary. White space and the characters in `trailing` are removed
/// before the ellipsis.
pub fn truncate_at_word(text: &str, end: usize, trailing: &[char]) -> String {
    let head = &text[..end];
    let cut = match head.rfind(char::is_whitespace) {
        Some(space) if space * 2 >= end => &head[..space],
        _ => head,
    };
    format!("{}…", cut.trim_end_matches(|c: char| c.is_whitespace() || trailing.contains(&c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_characters_are_removed() {
        assert_eq!(
            strip_forbidden("a\u{0}b\tc\u{85}\u{9f}\u{fffe}\u{1ffff}\u{7f}é€😀"),
            "ab\tc\u{85}é€😀"
        );
        assert!(matches!(strip_forbidden("plain é"), Cow::Borrowed(_)));
    }

    #[test]
    fn white_space_is_collapsed() {
        assert_eq!(collapse_whitespace(" a \n\u{a0}b\t"), "a b");
        assert_eq!(collapse_separators("a-b--c-", |c| c == '-'), "a b c");
        assert_eq!(collapse_whitespace(" \n "), "");
    }

    #[test]
    fn a_text_is_cut_between_words_that_keep_half_of_it() {
        assert_eq!(truncate_at_word("one two, three four", 10, &[',']), "one two…");
        assert_eq!(truncate_at_word("one two, three four", 10, &[]), "one two,…");
        assert_eq!(truncate_at_word("a unbrokenlongword", 10, &[]), "a unbroken…");
    }
}
