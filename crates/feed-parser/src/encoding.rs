//! Character encodings: bytes to text. Decoding never fails and reports the encoding with the
//! reason.
//!
//! The order follows RFC 7303 §3.2: byte order mark, `charset` of the HTTP field, XML declaration
//! or HTML `meta`, UTF-8. One rule has priority over the labels: bytes that are valid UTF-8 are
//! UTF-8. Detection from the bytes is the last resort.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding as Charset, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use memchr::{memchr, memmem};

use feed_model::Encoding;

/// The part of a document that is searched for a declaration, in bytes.
const PRESCAN_BYTES: usize = 2048;

const MOSTLY_UTF8_REASON: &str =
    "most of the bytes are UTF-8; the others were read as windows-1252";

/// Decodes a document and returns its text without a byte order mark. `content_type` is the HTTP
/// field.
pub fn decode(bytes: &[u8], content_type: Option<&str>) -> (String, Encoding) {
    let (text, encoding) = decode_borrowed(bytes, content_type);
    (text.into_owned(), encoding)
}

/// Like [`decode`], without a copy if the bytes are UTF-8.
pub(super) fn decode_borrowed<'a>(
    bytes: &'a [u8],
    content_type: Option<&str>,
) -> (Cow<'a, str>, Encoding) {
    if let Some(read) = decode_by_bom(bytes).or_else(|| decode_by_null_pattern(bytes)) {
        return read;
    }
    let http = content_type.and_then(charset_parameter);
    let in_document = declared_charset(&bytes[..bytes.len().min(PRESCAN_BYTES)]);
    let labels = [
        (http.as_deref(), "HTTP charset"),
        (
            in_document.as_ref().map(|(label, _)| label.as_str()),
            declaration_name(in_document.as_ref()),
        ),
    ];

    // ISO-2022-JP consists of ASCII bytes with escape sequences, which are valid UTF-8 as well.
    let has_escape_sequences = memchr(0x1b, bytes).is_some();
    if let (Ok(text), false) = (std::str::from_utf8(bytes), has_escape_sequences) {
        return (Cow::Borrowed(text), name("utf-8", utf8_reason(&labels)));
    }
    if labels.iter().all(|(label, _)| label.and_then(charset).is_none_or(|c| c == UTF_8))
        && let Some(text) = decode_cesu8(bytes)
    {
        return (Cow::Owned(text), name("utf-8", "UTF-8 with surrogate pairs (CESU-8)".into()));
    }
    // Many UTF-8 sequences and few invalid bytes mean UTF-8. The label of a single-byte encoding
    // does not disprove it, because every byte is valid in those.
    if let Some(text) = decode_mostly_utf8(bytes, 4) {
        return (Cow::Owned(text), name("utf-8", MOSTLY_UTF8_REASON.into()));
    }
    for (label, because) in &labels {
        let Some(charset) =
            label.and_then(charset).filter(|c| *c != UTF_8 && *c != UTF_16LE && *c != UTF_16BE)
        else {
            continue;
        };
        let (text, had_errors) = charset.decode_without_bom_handling(bytes);
        if !had_errors {
            return (text, name(charset.name(), (*because).into()));
        }
    }
    if let Some(text) = decode_mostly_utf8(bytes, 1) {
        return (Cow::Owned(text), name("utf-8", MOSTLY_UTF8_REASON.into()));
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let (text, had_errors) = guess.decode_without_bom_handling(bytes);
    if had_errors {
        let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
        return (text, name("windows-1252", "no other encoding fits the bytes".into()));
    }
    (text, name(guess.name(), "guessed from the bytes".into()))
}

fn name(name: &str, because: String) -> Encoding {
    Encoding { name: name.to_ascii_lowercase(), because }
}

fn declaration_name(in_document: Option<&(String, bool)>) -> &'static str {
    if in_document.is_some_and(|(_, html)| *html) { "HTML meta" } else { "XML declaration" }
}

/// Returns the reason for reading valid UTF-8 as UTF-8: a label says so, there is no label, or the
/// label is wrong.
fn utf8_reason(labels: &[(Option<&str>, &str)]) -> String {
    for (label, because) in labels {
        let Some(label) = label else { continue };
        if charset(label).is_some_and(|c| c == UTF_8) {
            return (*because).into();
        }
        let label: String = label.chars().take(40).collect();
        return format!("the bytes are valid UTF-8, although the {because} is {label}");
    }
    "the bytes are valid UTF-8 and no encoding is declared".into()
}

/// Decodes by a byte order mark. UTF-32 is tried before UTF-16, because its mark begins with that
/// of UTF-16.
fn decode_by_bom(bytes: &[u8]) -> Option<(Cow<'_, str>, Encoding)> {
    let because = || "byte order mark".to_owned();
    if let Some(rest) = bytes.strip_prefix(&[0xff, 0xfe, 0, 0]) {
        return Some((Cow::Owned(utf32(rest, u32::from_le_bytes)), name("utf-32le", because())));
    }
    if let Some(rest) = bytes.strip_prefix(&[0, 0, 0xfe, 0xff]) {
        return Some((Cow::Owned(utf32(rest, u32::from_be_bytes)), name("utf-32be", because())));
    }
    let (charset, length) = Charset::for_bom(bytes)?;
    let rest = &bytes[length..];
    if charset == UTF_8 {
        return Some(if let Ok(text) = std::str::from_utf8(rest) {
            (Cow::Borrowed(text), name("utf-8", because()))
        } else {
            let text = decode_mostly_utf8(rest, 1)
                .unwrap_or_else(|| String::from_utf8_lossy(rest).into_owned());
            (Cow::Owned(text), name("utf-8", because()))
        });
    }
    Some((charset.decode_without_bom_handling(rest).0, name(charset.name(), because())))
}

/// Decodes UTF-16 and UTF-32 without a mark, recognised by the zero bytes of the first characters.
fn decode_by_null_pattern(bytes: &[u8]) -> Option<(Cow<'_, str>, Encoding)> {
    let because = || "zero bytes at the beginning".to_owned();
    match *bytes.first_chunk::<4>()? {
        [a, 0, 0, 0] if a != 0 => {
            Some((Cow::Owned(utf32(bytes, u32::from_le_bytes)), name("utf-32le", because())))
        }
        [0, 0, 0, d] if d != 0 => {
            Some((Cow::Owned(utf32(bytes, u32::from_be_bytes)), name("utf-32be", because())))
        }
        [a, 0, c, 0] if a != 0 && c != 0 => {
            Some((UTF_16LE.decode_without_bom_handling(bytes).0, name("utf-16le", because())))
        }
        [0, b, 0, d] if b != 0 && d != 0 => {
            Some((UTF_16BE.decode_without_bom_handling(bytes).0, name("utf-16be", because())))
        }
        _ => None,
    }
}

fn utf32(bytes: &[u8], unit: fn([u8; 4]) -> u32) -> String {
    let (units, _) = bytes.as_chunks::<4>();
    units.iter().map(|u| char::from_u32(unit(*u)).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Decodes UTF-8 that contains some bytes of another encoding, which are read as windows-1252.
/// Returns `None` unless there are at least `times` as many multi-byte sequences as invalid bytes.
fn decode_mostly_utf8(bytes: &[u8], times: usize) -> Option<String> {
    let (mut good, mut bad) = (0_usize, 0_usize);
    let mut text = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().bytes().filter(|b| *b >= 0xc0).count();
        text.push_str(chunk.valid());
        let invalid = chunk.invalid();
        bad += usize::from(!invalid.is_empty());
        text.push_str(&WINDOWS_1252.decode_without_bom_handling(invalid).0);
    }
    (good > 0 && bad.saturating_mul(times) <= good).then_some(text)
}

/// Decodes CESU-8, in which characters beyond the basic plane are encoded as two surrogates. Some
/// Java programs and databases write it.
fn decode_cesu8(bytes: &[u8]) -> Option<String> {
    let half = |at: usize| match *bytes.get(at..at + 3)? {
        [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf] => {
            Some(0xd000 | u16::from(second & 0x3f) << 6 | u16::from(third & 0x3f))
        }
        _ => None,
    };
    let mut out = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for at in memchr::memchr_iter(0xed, bytes) {
        if let Some(high) = half(at).filter(|_| at >= from) {
            let low = half(at + 3)?;
            let character = char::decode_utf16([high, low]).next()?.ok()?;
            out.extend_from_slice(&bytes[from..at]);
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            from = at + 6;
        }
    }
    if from == 0 {
        return None;
    }
    out.extend_from_slice(&bytes[from..]);
    String::from_utf8(out).ok()
}

fn charset(label: &str) -> Option<&'static Charset> {
    Charset::for_label_no_replacement(label.trim().as_bytes())
}

/// Returns the `charset` parameter of a `Content-Type` field.
fn charset_parameter(content_type: &str) -> Option<String> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then(|| value.to_owned())
    })
}

/// Returns the encoding that the document declares, and whether an HTML `meta` declares it.
fn declared_charset(head: &[u8]) -> Option<(String, bool)> {
    if let Some(at) = memmem::find(head, b"<?xml") {
        let end = memchr(b'>', &head[at..]).map_or(head.len(), |i| at + i);
        if let Some(label) = value_after(&head[at..end], b"encoding") {
            return Some((label, false));
        }
    }
    let lower = head.to_ascii_lowercase();
    let meta = memmem::find(&lower, b"<meta")?;
    value_after(&lower[meta..], b"charset").map(|label| (label, true))
}

/// Returns the value after `name` and `=`, with or without quotes.
fn value_after(head: &[u8], name: &[u8]) -> Option<String> {
    let at = memmem::find(head, name)? + name.len();
    let rest = head[at..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let length = rest
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'+'))
        .count();
    let label = std::str::from_utf8(&rest[..length]).ok()?;
    (!label.is_empty()).then(|| label.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], content_type: Option<&str>) -> (String, String) {
        let (text, encoding) = decode(bytes, content_type);
        (text, encoding.name)
    }

    fn pair(text: &str, name: &str) -> (String, String) {
        (text.to_owned(), name.to_owned())
    }

    #[test]
    fn a_byte_order_mark_has_priority() {
        assert_eq!(
            read(b"\xef\xbb\xbf\xc3\xa9", Some("text/xml; charset=windows-1251")),
            pair("é", "utf-8")
        );
        assert_eq!(read(b"\xff\xfea\0", None), pair("a", "utf-16le"));
        assert_eq!(read(b"\xfe\xff\0a", Some("x; charset=utf-16le")), pair("a", "utf-16be"));
        assert_eq!(read(b"\xff\xfe\0\0a\0\0\0", None), pair("a", "utf-32le"));
    }

    #[test]
    fn wide_encodings_without_a_mark_are_recognised_by_zero_bytes() {
        assert_eq!(read(b"<\0a\0>\0", None), pair("<a>", "utf-16le"));
        assert_eq!(read(b"\0<\0a\0>", None), pair("<a>", "utf-16be"));
        assert_eq!(read(b"\0\0\0<\0\0\0a", None), pair("<a", "utf-32be"));
    }

    #[test]
    fn valid_utf8_has_priority_over_a_wrong_label() {
        assert_eq!(
            read("é".as_bytes(), Some("text/xml; charset=windows-1251")),
            pair("é", "utf-8")
        );
        assert_eq!(
            read("<?xml version='1.0' encoding='iso-8859-1'?>é".as_bytes(), None).1,
            "utf-8"
        );
    }

    #[test]
    fn a_label_counts_if_the_bytes_are_not_utf8() {
        assert_eq!(
            read(b"\xcf", Some("text/xml; charset=\"windows-1251\"")),
            pair("П", "windows-1251")
        );
        assert_eq!(
            read(b"<?xml version='1.0' encoding='koi8-r'?>\xf0", None),
            pair("<?xml version='1.0' encoding='koi8-r'?>П", "koi8-r")
        );
        assert_eq!(
            read(b"<meta charset=shift_jis>\x83\x65", None),
            pair("<meta charset=shift_jis>テ", "shift_jis")
        );
        assert_eq!(
            read(b"\x1b$B%F\x1b(B", Some("text/xml; charset=iso-2022-jp")),
            pair("テ", "iso-2022-jp")
        );
    }

    #[test]
    fn stray_bytes_in_utf8_are_read_as_windows_1252() {
        assert_eq!(read(b"caf\xc3\xa9 na\xefve \x97 \xe2\x82\xac", None).0, "café naïve — €");
    }

    #[test]
    fn surrogate_pairs_are_joined() {
        assert_eq!(read(b"a \xed\xa0\xbd\xed\xb8\x80 \xc3\xa9", None), pair("a 😀 é", "utf-8"));
        assert_ne!(read(b"\xed\xa0\xbd \xc3\xa9", Some("text/xml; charset=utf-8")).0, "");
    }

    #[test]
    fn an_encoding_without_a_label_is_detected() {
        let russian =
            encoding_rs::WINDOWS_1251.encode("Это обычный русский текст о погоде и о природе").0;
        assert_eq!(
            read(&russian, None),
            pair("Это обычный русский текст о погоде и о природе", "windows-1251")
        );
    }
}
