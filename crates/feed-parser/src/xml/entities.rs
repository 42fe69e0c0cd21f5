//! Character and entity references: those of XML and of HTML, never those that a document declares.

use std::borrow::Cow;

use markup5ever::data::NAMED_ENTITIES;
use memchr::memchr;

/// The longest name of an HTML entity (`CounterClockwiseContourIntegral`), rounded up.
const MAX_NAME_BYTES: usize = 34;

/// The meaning of references to windows-1252 bytes (`&#146;`), as HTML §13.2.5.80 defines it.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Replaces the references of a text once. A `&` that does not begin a reference is kept.
pub(crate) fn unescape(text: &str) -> Cow<'_, str> {
    if memchr(b'&', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    unescape_into(&mut out, text);
    Cow::Owned(out)
}

/// Like [`unescape`], but returns `None` if there is no reference.
pub(crate) fn unescape_if_escaped(text: &str) -> Option<String> {
    memchr(b'&', text.as_bytes())?;
    let mut out = String::with_capacity(text.len());
    (unescape_into(&mut out, text).decoded > 0).then_some(out)
}

/// The counts that [`unescape_into`] returns.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct UnescapeCounts {
    /// Replaced references.
    pub decoded: u32,
    /// `&` that do not begin a reference.
    pub bare_ampersands: u32,
    /// References that XML does not define.
    pub html_entities: u32,
}

/// Appends a text with its references replaced.
pub(crate) fn unescape_into(out: &mut String, mut text: &str) -> UnescapeCounts {
    let mut counts = UnescapeCounts::default();
    while let Some(at) = memchr(b'&', text.as_bytes()) {
        out.push_str(&text[..at]);
        let rest = &text[at + 1..];
        if let Some((length, character)) =
            double_encoded_utf8(rest).or_else(|| surrogate_pair_reference(rest))
        {
            out.push(character);
            counts.decoded += 1;
            text = &rest[length..];
        } else if let Some((length, character)) = numeric_reference(rest) {
            out.extend(character);
            counts.decoded += 1;
            text = &rest[length..];
        } else if let Some((length, replacement)) = named_reference(rest) {
            replacement.push_to(out);
            counts.decoded += 1;
            counts.html_entities +=
                u32::from(!matches!(&rest[..length], "amp;" | "lt;" | "gt;" | "quot;" | "apos;"));
            text = &rest[length..];
        } else {
            out.push('&');
            counts.bare_ampersands += 1;
            text = rest;
        }
    }
    out.push_str(text);
    counts
}

/// Reads a character whose UTF-8 bytes were escaped one by one: `&#226;&#128;&#166;` is an
/// ellipsis.
fn double_encoded_utf8(rest: &str) -> Option<(usize, char)> {
    let (mut length, lead) = byte(rest)?;
    let count = match lead {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let mut bytes = [lead, 0, 0, 0];
    for slot in &mut bytes[1..count] {
        let next = rest[length..].strip_prefix('&')?;
        let (used, following) = byte(next)?;
        if !(0x80..=0xbf).contains(&following) {
            return None;
        }
        *slot = following;
        length += 1 + used;
    }
    Some((length, std::str::from_utf8(&bytes[..count]).ok()?.chars().next()?))
}

/// Reads a character beyond the basic plane whose two surrogates were escaped one by one.
fn surrogate_pair_reference(rest: &str) -> Option<(usize, char)> {
    let surrogate_reference = |rest: &str| {
        let digits = rest.strip_prefix('#')?;
        let end = memchr(b';', &digits.as_bytes()[..digits.len().min(6)])?;
        let code = match digits[..end].strip_prefix(['x', 'X']) {
            Some(hex) => u16::from_str_radix(hex, 16),
            None => digits[..end].parse(),
        };
        Some((1 + end + 1, code.ok().filter(|code| (0xd800..=0xdfff).contains(code))?))
    };
    let (first, high) = surrogate_reference(rest)?;
    let (second, low) = surrogate_reference(rest[first..].strip_prefix('&')?)?;
    let character = char::decode_utf16([high, low]).next()?.ok()?;
    Some((first + 1 + second, character))
}

/// Reads a numeric reference to one byte and returns its length and the byte. The semicolon is
/// required.
fn byte(rest: &str) -> Option<(usize, u8)> {
    let digits = rest.strip_prefix('#')?;
    let end = memchr(b';', &digits.as_bytes()[..digits.len().min(4)])?;
    let code = match digits[..end].strip_prefix(['x', 'X']) {
        Some(hex) => u8::from_str_radix(hex, 16),
        None => digits[..end].parse(),
    };
    Some((1 + end + 1, code.ok()?))
}

/// Reads `#39;` or `#x27;` and returns its length and the character, or `None` instead of an
/// invalid character. The semicolon is optional.
fn numeric_reference(rest: &str) -> Option<(usize, Option<char>)> {
    let digits = rest.strip_prefix('#')?;
    let (digits, radix, before) = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => (hex, 16, 2),
        None => (digits, 10, 1),
    };
    let length = digits.bytes().take_while(|b| char::from(*b).is_digit(radix)).count();
    if length == 0 {
        return None;
    }
    let code = u32::from_str_radix(&digits[..length], radix).unwrap_or(u32::MAX);
    let character = match code {
        0x80..=0x9f => Some(WINDOWS_1252[(code - 0x80) as usize]),
        _ => char::from_u32(code),
    };
    let semicolon = usize::from(digits.as_bytes().get(length) == Some(&b';'));
    Some((before + length + semicolon, character))
}

/// Reads `nbsp;` and the other names. The semicolon is required, because query strings contain
/// `&copy=`.
fn named_reference(rest: &str) -> Option<(usize, Replacement)> {
    let bytes = rest.as_bytes();
    // The table of HTML is long: the most frequent names are checked first.
    for (name, replacement) in [
        ("lt;", "<"),
        ("gt;", ">"),
        ("amp;", "&"),
        ("quot;", "\""),
        ("apos;", "'"),
        ("nbsp;", "\u{a0}"),
    ] {
        if bytes.starts_with(name.as_bytes()) {
            return Some((name.len(), Replacement::Text(replacement)));
        }
    }
    let end = memchr(b';', &bytes[..bytes.len().min(MAX_NAME_BYTES)])?;
    let name = rest
        .get(..end)
        .filter(|name| name.bytes().all(|b| b.is_ascii_alphanumeric()) && !name.is_empty())?;
    // The table also contains prefixes of names, which map to 0.
    let (first, second) = *NAMED_ENTITIES.get(&rest[..=name.len()])?;
    let first = char::from_u32(first).filter(|c| *c != '\0')?;
    Some((end + 1, Replacement::Characters(first, char::from_u32(second).filter(|c| *c != '\0'))))
}

/// Returns whether HTML accepts the name without a semicolon: `copy`, `amp`.
pub(crate) fn is_legacy_entity(name: &str) -> bool {
    NAMED_ENTITIES.get(name).is_some_and(|(first, _)| *first != 0)
}

/// The replacement of an entity.
enum Replacement {
    Text(&'static str),
    Characters(char, Option<char>),
}

impl Replacement {
    fn push_to(self, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(text),
            Self::Characters(first, second) => {
                out.push(first);
                out.extend(second);
            }
        }
    }
}

/// Appends text escaped for use between tags.
pub(crate) fn escape_text(out: &mut String, text: &str) {
    escape(out, text, |b| match b {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        _ => None,
    });
}

/// Appends text escaped for use in double quotes.
pub(crate) fn escape_attribute(out: &mut String, text: &str) {
    escape(out, text, |b| match b {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'"' => Some("&quot;"),
        _ => None,
    });
}

fn escape(out: &mut String, text: &str, with: impl Fn(u8) -> Option<&'static str>) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(replacement) = with(byte) {
            out.push_str(&text[from..at]);
            out.push_str(replacement);
            from = at + 1;
        }
    }
    out.push_str(&text[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_replaced_once() {
        for (raw, want) in [
            ("AT&amp;T", "AT&T"),
            ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
            ("a & b &c= &#39;&#x27;&#8217;", "a & b &c= ''’"),
            ("&#146; &#0146 x", "’ ’ x"),
            ("&nbsp;&hellip;&AMP;&bogus;", "\u{a0}…&&bogus;"),
            ("&alpha;&OElig;&Scaron;&circ;&rarr;&NotEqualTilde;", "αŒŠˆ→≂\u{338}"),
            ("&#226;&#128;&#166; &#xC3;&#xA9; &#195; &#195;&#40;", "… é Ã Ã("),
            ("&#55357;&#56832; &#xD83D;&#xDE00; &#55357;x", "😀 😀 x"),
            ("&#xFFFFFFFFFF;&#1114112;x&#55296;", "x"),
            ("&", "&"),
            ("&#;", "&#;"),
            ("&é;", "&é;"),
        ] {
            assert_eq!(unescape(raw), want, "{raw}");
        }
    }
}
