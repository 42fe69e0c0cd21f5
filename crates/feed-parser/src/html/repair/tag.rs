//! Parses one tag as the tokeniser of HTML §13.2.5 does, or rejects it if the rules are not simple.

use std::borrow::Cow;

use crate::xml::{is_legacy_entity, lower_name, unescape};

/// The maximum number of attributes.
const MAX_ATTRIBUTES: usize = 32;

/// A start tag: names in lower case, raw values, and the text after the tag.
pub(super) struct StartTag<'a> {
    pub name: Cow<'a, str>,
    pub attributes: Vec<(Cow<'a, str>, &'a str)>,
    pub rest: &'a str,
}

/// Parses the start tag at the beginning of a text.
pub(super) fn parse_start_tag(text: &str) -> Option<StartTag<'_>> {
    let (name, mut rest) = tag_name(&text[1..])?;
    let mut attributes: Vec<(Cow<'_, str>, &str)> = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', '/']);
        if let Some(rest) = rest.strip_prefix('>') {
            return Some(StartTag { name, attributes, rest });
        }
        let (attribute, after) = tag_name(rest)?;
        let (value, after) = match trim(after).strip_prefix('=') {
            Some(value) => attribute_value(trim(value))?,
            None => ("", after),
        };
        if attributes.len() >= MAX_ATTRIBUTES
            || attributes.iter().any(|(other, _)| *other == attribute)
        {
            return None;
        }
        attributes.push((attribute, value));
        rest = after;
    }
}

/// Parses the end tag at the beginning of a text. Returns its name in lower case and the text after
/// it.
pub(super) fn parse_end_tag(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let (name, rest) = tag_name(&text[2..])?;
    Some((name, trim(rest).strip_prefix('>')?))
}

fn tag_name(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.');
    let length = text.bytes().take_while(is_name).count();
    let (name, rest) = text.split_at(length);
    let ends = rest.starts_with([' ', '\t', '\n', '\r', '/', '>', '=']);
    (name.starts_with(|c: char| c.is_ascii_alphabetic()) && ends).then(|| (lower_name(name), rest))
}

fn trim(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\n', '\r'])
}

fn attribute_value(text: &str) -> Option<(&str, &str)> {
    let (value, rest) = if let quote @ (b'"' | b'\'') = *text.as_bytes().first()? {
        let end = memchr::memchr(quote, &text.as_bytes()[1..])?;
        (&text[1..=end], &text[end + 2..])
    } else {
        let end = text.find([' ', '\t', '\n', '\r', '>'])?;
        let (value, rest) = text.split_at(end);
        if value.is_empty() || value.contains(['"', '\'', '=', '`']) {
            return None;
        }
        (value, rest)
    };
    (!value.contains('<') && has_only_plain_references(value)).then_some((value, rest))
}

/// Returns whether a parser decodes the references of a value as [`unescape`] does. URLs contain
/// `&copy=`.
fn has_only_plain_references(value: &str) -> bool {
    memchr::memchr_iter(b'&', value.as_bytes()).all(|at| {
        let rest = &value[at + 1..];
        let length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        match rest.as_bytes().get(length) {
            Some(b';' | b'=') => true,
            Some(b'#') if length == 0 => {
                let end = rest.bytes().take(12).position(|b| b == b';').map(|end| at + end + 2);
                end.is_some_and(|end| unescape(&value[at..end]).chars().count() == 1)
            }
            _ => !is_legacy_entity(&rest[..length]),
        }
    })
}
