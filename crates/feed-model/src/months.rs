//! Names of months in the languages that publications are written in (`data/months.txt`).

use std::sync::LazyLock;

/// The English abbreviations that RFC 822 dates and crontabs use, January first.
pub const ENGLISH_ABBREVIATIONS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Returns the month, 1 to 12, that a word of a text names.
///
/// A word names a month if it begins like one and is not listed as another word (`market`).
pub fn month_of(word: &str) -> Option<u32> {
    let word = word.to_lowercase();
    if NAMES.other_words.contains(&word.as_str()) {
        return None;
    }
    // In Hebrew the preposition "in" is a prefix of the word.
    let word = word.strip_prefix('ב').unwrap_or(&word);
    first_match(&NAMES.in_prose, word)
}

/// Returns the month, 1 to 12, of a word in a text that is a date and nothing else.
///
/// It knows more abbreviations than [`month_of`]: those that are other words in prose (`set`,
/// `out`, `des`).
pub fn month_in_date(word: &str) -> Option<u32> {
    month_of(word).or_else(|| first_match(&NAMES.in_dates, &word.to_lowercase()))
}

struct Names {
    in_prose: Vec<(&'static str, u32)>,
    in_dates: Vec<(&'static str, u32)>,
    other_words: Vec<&'static str>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let mut names = Names { in_prose: vec![], in_dates: vec![], other_words: vec![] };
    for line in include_str!("../data/months.txt").lines() {
        match line.split_ascii_whitespace().collect::<Vec<_>>()[..] {
            [] | ["#", ..] => {}
            ["-", word] => names.other_words.push(word),
            [number, beginning, ref place @ ..] => {
                let list = if place.is_empty() { &mut names.in_prose } else { &mut names.in_dates };
                list.push((beginning, number.parse().expect("months.txt: a number")));
            }
            [_] => unreachable!("months.txt: a line has two words or more"),
        }
    }
    names
});

fn first_match(names: &[(&str, u32)], word: &str) -> Option<u32> {
    names.iter().find(|(beginning, _)| word.starts_with(beginning)).map(|(_, month)| *month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_file_is_complete() {
        assert_eq!((NAMES.in_prose.len(), NAMES.in_dates.len()), (208, 26));
        let all = || NAMES.in_prose.iter().chain(&NAMES.in_dates);
        assert!((1..=12).all(|month| all().any(|(_, number)| *number == month)));
        assert!(all().all(|(_, number)| (1..=12).contains(number)));
        for (number, name) in (1..).zip(ENGLISH_ABBREVIATIONS) {
            assert_eq!(month_of(name), Some(number), "{name}");
        }
    }

    #[test]
    fn a_word_that_only_begins_like_a_month_is_none() {
        assert_eq!(month_of("Marketing"), None);
        assert_eq!(month_of("out"), None);
        assert_eq!(month_in_date("out"), Some(10));
        assert_eq!(month_of("März"), Some(3));
        assert_eq!(month_of("במאי"), Some(5));
    }
}
