//! Extracts the numbers and names of a text. Names are recognised by their capital letters.
//!
//! Two notices of one template differ in these, while an edited copy differs in other words. In
//! scripts without capital letters only numbers are found.

use super::normalised_text::word_indices;

/// Returns the numbers and names of a plain text in lower case and without punctuation. The first
/// word of a sentence counts only if it has a digit.
pub(super) fn of(text: &str) -> impl Iterator<Item = String> {
    let mut end = 0;
    word_indices(text).filter_map(move |(at, word)| {
        let between = &text[end..at];
        let begins_sentence = end == 0
            || between.contains([
                '.', '!', '?', ':', '…', '\n', '"', '“', '„', '«', '(', '-', '–', '—', '•',
            ]);
        end = at + word.len();
        let is_number = word.contains(char::is_numeric);
        let is_name = !begins_sentence
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
    fn numbers_and_names_are_found() {
        let salient = |text: &str| of(text).collect::<Vec<_>>();
        assert_eq!(
            salient(
                "The region Frankfurt is down. We see 12 errors, O’Brien said. Engineers work."
            ),
            ["frankfurt", "12", "obrien"]
        );
        assert_eq!(
            salient("CVE-2026-31001 is fixed in OpenSSL 3.2"),
            ["2026", "31001", "openssl", "3.2".replace('.', "").as_str()]
        );
        assert_eq!(salient("Nothing of the kind"), [""; 0]);
        assert_eq!(salient("улица Гагарина, 4"), ["гагарина", "4"]);
    }
}
