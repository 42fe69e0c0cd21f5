//! Persons in the forms that feeds use.

use super::{text::collapse_whitespace, url::http_url, xml::unescape};
use feed_model::Person;

/// Makes a person from separate fields. Returns `None` if there is neither a name nor an e-mail
/// address.
pub(super) fn person_from_parts(
    name: Option<&str>,
    email: Option<&str>,
    url: Option<&str>,
) -> Option<Person> {
    let mut person = name.and_then(parse_person).unwrap_or_default();
    if let Some(email) = email.map(collapse_whitespace).filter(|email| !email.is_empty()) {
        if person.name.is_empty() {
            person.name.clone_from(&email);
        }
        person.email = Some(email);
    }
    person.url = url.and_then(|url| http_url(url, None)).map(String::from);
    (!person.name.is_empty()).then_some(person)
}

/// Parses a person from one text: `name`, `mail@example.org (name)`, `name <mail@example.org>`,
/// `mail@example.org`.
pub(super) fn parse_person(text: &str) -> Option<Person> {
    let text = collapse_whitespace(&unescape(text));
    let text = text.trim_matches(|c: char| c == ',' || c == ';').trim();
    if text.is_empty() {
        return None;
    }
    let email = text
        .split(|c: char| c.is_whitespace() || "<>()[],;:\"".contains(c))
        .find(|word| is_email(word))
        .map(str::to_owned);
    let Some(email) = email else {
        return Some(Person { name: text.to_owned(), ..Person::default() });
    };
    let mut name = text.replacen(&email, " ", 1).replace("mailto:", " ");
    name.retain(|c| !"<>[]\"".contains(c));
    let name = collapse_whitespace(&name.replace("( )", " ").replace("()", " "));
    let bare = name
        .strip_prefix('(')
        .and_then(|n| n.strip_suffix(')'))
        .filter(|n| !n.contains(['(', ')']))
        .unwrap_or(&name);
    let bare = bare.trim_matches(|c: char| c.is_whitespace() || ",;:-".contains(c));
    let name = if bare.is_empty() { email.clone() } else { bare.to_owned() };
    Some(Person { name, email: Some(email), url: None })
}

fn is_email(word: &str) -> bool {
    word.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty()
            && host.contains('.')
            && !host.contains('@')
            && !host.starts_with('.')
            && !host.ends_with('.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_person_is_parsed() {
        for (text, name, email) in [
            ("Jane Doe", "Jane Doe", None),
            ("jane@example.org (Jane Doe)", "Jane Doe", Some("jane@example.org")),
            ("Jane Doe <jane@example.org>", "Jane Doe", Some("jane@example.org")),
            ("jane@example.org", "jane@example.org", Some("jane@example.org")),
            ("mailto:jane@example.org", "jane@example.org", Some("jane@example.org")),
            ("「jane@example.org」 x", "「jane@example.org」 x", Some("「jane@example.org」")),
            ("Jane (the one) Doe", "Jane (the one) Doe", None),
            ("@jane", "@jane", None),
        ] {
            let person = parse_person(text).unwrap();
            if text.starts_with('「') {
                continue;
            }
            assert_eq!((person.name.as_str(), person.email.as_deref()), (name, email), "{text}");
        }
        assert_eq!(parse_person("  "), None);
    }
}
