//! Language tags (BCP 47, RFC 5646) as feeds and pages write them (`data/languages.txt`).

use std::sync::LazyLock;

/// Returns the language tag of a feed with hyphens between its parts (`en_US` gives `en-US`), or
/// `None` if the text does not have the form of a tag.
pub fn parse_tag(text: &str) -> Option<String> {
    let tag = text.trim().replace('_', "-");
    let is_tag = tag.split('-').all(is_subtag) && (2..=35).contains(&tag.len());
    is_tag.then_some(tag)
}

/// Returns the language tag that a page's value means, in the case that RFC 5646 §2.1.1
/// recommends: `EN_us` gives `en-US`.
///
/// Only the first of several values counts. Parts that are not subtags are dropped. `english`
/// gives `en`.
pub fn parse_page_tag(text: &str) -> Option<String> {
    let text = text.trim().split([',', ';', '.']).next().unwrap_or_default().trim();
    if text.eq_ignore_ascii_case("english") {
        return Some("en".to_owned());
    }
    let mut parts = text.split(['-', '_']);
    let mut tag = parts.next()?.to_ascii_lowercase();
    if !(2..=3).contains(&tag.len()) || !tag.bytes().all(|b| b.is_ascii_lowercase()) {
        return None;
    }
    for part in parts.filter(|part| is_subtag(part)) {
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

/// Returns the tag in a form that may be published, or `None` if it is not a valid tag.
///
/// The primary language must be a known code of two letters or any code of three. A code of three
/// letters whose language has one of two letters is replaced by it (RFC 5646 §2.2.1); with further
/// parts it is refused.
pub fn publishable_tag(tag: &str) -> Option<&str> {
    let tag = tag.trim();
    let primary = tag.split('-').next()?;
    let is_primary = |code: &str| code.eq_ignore_ascii_case(primary);
    let by_three_letters =
        LANGUAGES.iter().find(|language| language.three_letters.iter().any(|c| is_primary(c)));
    if let Some(language) = by_three_letters {
        return (primary == tag).then_some(language.code);
    }
    let is_known = match primary.len() {
        2 => LANGUAGES.iter().any(|language| is_primary(language.code)),
        length => length == 3 && primary.bytes().all(|b| b.is_ascii_alphabetic()),
    };
    (is_known && tag.split('-').all(is_subtag)).then_some(tag)
}

/// Returns whether a segment of a URL path names a language, with or without a region: `de`,
/// `pt-BR`, `zh_Hans`.
pub fn is_path_locale(segment: &str) -> bool {
    let (code, region) = segment.split_once(['-', '_']).unwrap_or((segment, ""));
    matches!(region.len(), 0 | 2 | 4)
        && LANGUAGES.iter().any(|l| l.is_in_paths && l.code.eq_ignore_ascii_case(code))
}

fn is_subtag(part: &str) -> bool {
    (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
}

struct Language {
    code: &'static str,
    is_in_paths: bool,
    three_letters: Vec<&'static str>,
}

static LANGUAGES: LazyLock<Vec<Language>> = LazyLock::new(|| {
    include_str!("../data/languages.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let mut words = line.split_ascii_whitespace().peekable();
            Language {
                code: words.next().expect("languages.txt: a line begins with a code"),
                is_in_paths: words.next_if_eq(&"+path").is_some(),
                three_letters: words.collect(),
            }
        })
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_feeds_keep_their_case() {
        assert_eq!(parse_tag(" en_US ").as_deref(), Some("en-US"));
        assert_eq!(parse_tag("not a tag"), None);
        assert_eq!(parse_tag("x"), None);
    }

    #[test]
    fn tags_of_pages_get_the_recommended_case() {
        assert_eq!(parse_page_tag("EN_us").as_deref(), Some("en-US"));
        assert_eq!(parse_page_tag("zh-hANS, en").as_deref(), Some("zh-Hans"));
        assert_eq!(parse_page_tag("English").as_deref(), Some("en"));
        assert_eq!(parse_page_tag("german"), None);
    }

    #[test]
    fn only_known_languages_are_publishable() {
        assert_eq!(publishable_tag("de-AT"), Some("de-AT"));
        assert_eq!(publishable_tag("ger"), Some("de"));
        assert_eq!(publishable_tag("ger-AT"), None);
        assert_eq!(publishable_tag("gsw"), Some("gsw"));
        assert_eq!(publishable_tag("xx"), None);
    }

    #[test]
    fn a_path_segment_may_be_a_language() {
        assert!(is_path_locale("de") && is_path_locale("pt-BR") && is_path_locale("zh_Hans"));
        assert!(!is_path_locale("go") && !is_path_locale("en-x"));
    }
}
