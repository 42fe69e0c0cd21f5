//! What a text tells of this case and no other: its numbers, and the names in it as far as capitals
//! show them.
//!
//! Two notices of one form differ in these; a copy that was edited differs in other words. Scripts
//! without capitals show their numbers alone.

use unicode_segmentation::UnicodeSegmentation as _;

/// The numbers and names of a plain text, lower-case and without what typography changes. The first
/// word of a sentence is a name only if it has a number.
pub(super) fn of(text: &str) -> impl Iterator<Item = String> {
    let mut end = 0;
    text.unicode_word_indices().filter_map(move |(at, word)| {
        let between = &text[end..at];
        let begins = end == 0
            || between.contains([
                '.', '!', '?', ':', '…', '\n', '"', '“', '„', '«', '(', '-', '–', '—', '•',
            ]);
        end = at + word.len();
        let is_number = word.contains(char::is_numeric);
        let is_name = !begins
            && word.chars().next().is_some_and(char::is_uppercase)
            && word.chars().count() > 1;
        (is_number || is_name)
            .then(|| word.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_facts() {
        let facts = |text: &str| of(text).collect::<Vec<_>>();
        assert_eq!(
            facts("The region Frankfurt is down. We see 12 errors, O’Brien said. Engineers work."),
            ["frankfurt", "12", "obrien"]
        );
        assert_eq!(
            facts("CVE-2026-31001 is fixed in OpenSSL 3.2"),
            ["2026", "31001", "openssl", "3.2".replace('.', "").as_str()]
        );
        assert_eq!(facts("Nothing of the kind"), [""; 0]);
        assert_eq!(facts("улица Гагарина, 4"), ["гагарина", "4"]);
    }
}
