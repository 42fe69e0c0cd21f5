//! The text of an element: references, CDATA, unescaped markup, Atom's types, Base64.

use std::borrow::Cow;

use feed_model::html_elements::{self, VOID};

use crate::{
    repairs::Repairs,
    xml::{Lexer, Tag, Token, escape_text, local_name, lower_name, unescape, unescape_into},
};

/// The type of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextKind {
    /// Plain text.
    Text,
    /// HTML.
    Html,
}

/// The decoded text of an element.
#[derive(Debug, Clone)]
pub(super) struct ElementText<'a> {
    pub text: Cow<'a, str>,
    pub kind: TextKind,
}

/// Decodes an element with escaped text. `at` is the byte offset of `inner_xml` in the document.
pub(super) fn escaped<'a>(inner_xml: &'a str, at: usize, repairs: &mut Repairs) -> ElementText<'a> {
    if !inner_xml.contains('<') {
        return ElementText { text: decoded(inner_xml, at, repairs), kind: TextKind::Text };
    }
    let trimmed = inner_xml.trim();
    if let Some(text) = trimmed.strip_prefix("<![CDATA[").and_then(|t| t.strip_suffix("]]>"))
        && memchr::memmem::find(text.as_bytes(), b"]]>").is_none()
    {
        return ElementText { text: Cow::Borrowed(text), kind: TextKind::Text };
    }
    let mut out = String::with_capacity(inner_xml.len());
    let mut kind = TextKind::Text;
    let mut lexer = Lexer::new(inner_xml);
    while let Some(token) = lexer.next() {
        match token {
            Token::Text(text) => out.push_str(&decoded(text, at + lexer.token_start(), repairs)),
            Token::CData(text) => out.push_str(text),
            Token::Start(tag) => {
                kind = TextKind::Html;
                start(&mut out, &tag);
            }
            Token::End(name) => end(&mut out, name),
        }
    }
    if kind == TextKind::Html {
        repairs.record("naked-markup", "a text contains unescaped markup; it was kept", at);
    }
    ElementText { text: Cow::Owned(out), kind }
}

/// Decodes an element with markup (XHTML). Prefixes and the enclosing `div` are removed.
pub(super) fn markup(inner_xml: &str) -> ElementText<'static> {
    let mut out = String::with_capacity(inner_xml.len());
    for token in Lexer::new(inner_xml) {
        match token {
            // References have the same meaning in HTML.
            Token::Text(text) => out.push_str(text),
            Token::CData(text) => escape_text(&mut out, text),
            Token::Start(tag) => start(&mut out, &tag),
            Token::End(name) => end(&mut out, name),
        }
    }
    ElementText { text: Cow::Owned(strip_xhtml_div(out)), kind: TextKind::Html }
}

/// Decodes an Atom text construct or content by its type and mode (RFC 4287 §3.1, §4.1.3; Atom 0.3
/// `mode`).
pub(super) fn atom_text<'a>(
    tag: &Tag<'_>,
    inner_xml: &'a str,
    at: usize,
    repairs: &mut Repairs,
) -> ElementText<'a> {
    let given =
        tag.attribute("type").map(|t| unescape(t).trim().to_ascii_lowercase()).unwrap_or_default();
    let mode =
        tag.attribute("mode").map(|m| unescape(m).trim().to_ascii_lowercase()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or("").trim();
    if !matches!(essence, "" | "text" | "html" | "xhtml") && mode.is_empty()
        || essence.is_empty() && tag.attribute("type").is_some()
    {
        repairs.record(
            "odd-text-type",
            "a text has a type that Atom does not define; its type was guessed",
            at,
        );
    }
    if mode == "base64" || (mode.is_empty() && is_binary(essence)) {
        let kind =
            if matches!(essence, "text" | "text/plain") { TextKind::Text } else { TextKind::Html };
        let text = base64(inner_xml).map_or(Cow::Borrowed(""), Cow::Owned);
        return ElementText { text, kind };
    }
    if essence == "xhtml"
        || essence == "application/xhtml+xml"
        || (mode == "xml" && inner_xml.contains('<') && !inner_xml.contains("<![CDATA["))
    {
        // Escaped markup with the type of unescaped markup is a common mistake.
        if inner_xml.contains('<') || !inner_xml.contains("&lt;") {
            return markup(inner_xml);
        }
        return ElementText { kind: TextKind::Html, ..escaped(inner_xml, at, repairs) };
    }
    if (essence.ends_with("+xml") || essence.ends_with("/xml"))
        && inner_xml.contains('<')
        && !inner_xml.contains("<![CDATA[")
    {
        return markup(inner_xml);
    }
    let unwrapped = escaped(inner_xml, at, repairs);
    let html = matches!(essence, "html" | "text/html")
        || essence.ends_with("html")
        || essence.ends_with("xml");
    // The default type of Atom 0.3 is `text/plain`, and some feeds contain HTML there.
    let kind = if html { TextKind::Html } else { unwrapped.kind };
    ElementText { kind, ..unwrapped }
}

/// Returns whether content of a type is Base64 (RFC 4287 §4.1.3.3).
fn is_binary(essence: &str) -> bool {
    essence.contains('/')
        && !essence.starts_with("text/")
        && !essence.ends_with("xml")
        && !essence.ends_with("html")
}

fn decoded<'a>(text: &'a str, at: usize, repairs: &mut Repairs) -> Cow<'a, str> {
    if memchr::memchr(b'&', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let counts = unescape_into(&mut out, text);
    repairs.record_many(
        "bare-ampersand",
        "a text contains an unescaped `&`; it was kept",
        at,
        counts.bare_ampersands,
    );
    repairs.record_many(
        "html-entity",
        "HTML entities were used without a declaration; they were replaced",
        at,
        counts.html_entities,
    );
    Cow::Owned(out)
}

fn start(out: &mut String, tag: &Tag<'_>) {
    let name = local_name(tag.name);
    out.push('<');
    out.push_str(name);
    out.push_str(tag.attributes);
    out.push('>');
    // HTML ignores the slash of `<a/>`, so that the element would stay open.
    if tag.self_closing && !is_void(name) {
        end(out, name);
    }
}

fn end(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(local_name(name));
    out.push('>');
}

fn is_void(name: &str) -> bool {
    html_elements::has(&lower_name(name), VOID)
}

/// Removes the `div` that encloses XHTML (RFC 4287 §3.1.1.3).
fn strip_xhtml_div(html: String) -> String {
    let trimmed = html.trim();
    if !trimmed.starts_with("<div") || !trimmed.ends_with("</div>") {
        return html;
    }
    let mut lexer = Lexer::new(trimmed);
    let Some(Token::Start(tag)) = lexer.next().filter(
        |token| matches!(token, Token::Start(tag) if tag.name == "div" && !tag.self_closing),
    ) else {
        return html;
    };
    let content_start = lexer.offset();
    let mut depth = 1_usize;
    while let Some(token) = lexer.next() {
        match token {
            Token::Start(inner) if inner.name == tag.name && !inner.self_closing => depth += 1,
            Token::End(name) if name == tag.name => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let end = lexer.token_start();
            return if lexer.offset() == trimmed.len() {
                trimmed[content_start..end].to_owned()
            } else {
                html
            };
        }
    }
    html
}

/// Decodes Base64 with white space. Returns `None` if it is invalid or not UTF-8.
fn base64(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in text.bytes().filter(|b| !b.is_ascii_whitespace()).take_while(|b| *b != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
        bits &= 0xffff;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(inner_xml: &str) -> (String, TextKind) {
        let unwrapped = escaped(inner_xml, 0, &mut Repairs::default());
        (unwrapped.text.into_owned(), unwrapped.kind)
    }

    #[test]
    fn escaped_texts_are_decoded() {
        assert_eq!(text("a &amp; b & c"), ("a & b & c".into(), TextKind::Text));
        assert_eq!(text(" <![CDATA[<p>x & y]]> "), ("<p>x & y".into(), TextKind::Text));
        assert_eq!(text("<![CDATA[a]]>b<![CDATA[c]]>"), ("abc".into(), TextKind::Text));
        assert_eq!(text("a <b>c</b><br/><i/>"), ("a <b>c</b><br><i></i>".into(), TextKind::Html));
    }

    #[test]
    fn markup_is_returned_without_prefixes_and_its_div() {
        assert_eq!(
            markup("\n<h:div xmlns:h='x'>a<h:br/>b &lt; <![CDATA[<c>]]></h:div> ").text,
            "a<br>b &lt; &lt;c&gt;"
        );
        assert_eq!(markup("<div>a</div><div>b</div>").text, "<div>a</div><div>b</div>");
    }

    #[test]
    fn base64_is_decoded() {
        assert_eq!(base64("RXhhb XBs\nZSA8Yj4=").as_deref(), Some("Example <b>"));
        assert_eq!(base64("%%"), None);
    }
}
