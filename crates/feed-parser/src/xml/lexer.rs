//! The lenient tokeniser.

use std::borrow::Cow;

use memchr::{memchr, memmem};

/// The maximum number of attributes read per tag.
const MAX_ATTRIBUTES: usize = 256;

/// A start tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag<'a> {
    /// The name as written, with its prefix.
    pub name: &'a str,
    /// The text between the name and the end of the tag.
    pub attributes: &'a str,
    /// Whether it ends in `/>`.
    pub self_closing: bool,
}

impl<'a> Tag<'a> {
    /// Returns the attributes in document order.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes { rest: self.attributes, left: MAX_ATTRIBUTES }
    }

    /// Returns the raw value of the first attribute of that name with its prefix. The case does not
    /// matter.
    pub fn attribute(&self, name: &str) -> Option<&'a str> {
        self.attributes().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }
}

/// A token. Comments, processing instructions and document types are skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A start tag.
    Start(Tag<'a>),
    /// The name in an end tag.
    End(&'a str),
    /// Text with undecoded references.
    Text(&'a str),
    /// The content of a CDATA section.
    CData(&'a str),
}

/// Splits a document into tokens. It never fails.
#[allow(clippy::struct_excessive_bools)] // independent flags
#[derive(Debug, Clone)]
pub(crate) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    start: usize,
    ends_in_token: bool,
    /// True if no comment ends after the current position. This and the next fields keep the lexer
    /// linear on input with many unclosed sections.
    no_comment_end: bool,
    /// No CDATA section ends after this offset.
    no_cdata_end_from: usize,
    /// The offset of the last end tag of an item, once computed; 0 if there is none.
    last_item_end: Option<usize>,
    no_instruction_end: bool,
    doctype_seen: bool,
}

impl<'a> Lexer<'a> {
    /// Creates a lexer at the beginning of `text`.
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            start: 0,
            ends_in_token: false,
            no_comment_end: false,
            no_cdata_end_from: text.len(),
            last_item_end: None,
            no_instruction_end: false,
            doctype_seen: false,
        }
    }

    /// Returns the byte offset of the last token.
    pub fn token_start(&self) -> usize {
        self.start
    }

    /// Returns the byte offset of the next token.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Continues at a byte offset, which must be the beginning of a token.
    pub fn seek(&mut self, at: usize) {
        self.at = at;
        self.start = at;
    }

    /// Returns whether the document ended inside a tag, comment or CDATA section.
    pub fn ended_in_token(&self) -> bool {
        self.ends_in_token
    }

    /// Returns the length of a comment, processing instruction or declaration at the beginning of
    /// `rest`.
    fn skip_markup(&mut self, rest: &str) -> Option<usize> {
        let bytes = rest.as_bytes();
        match bytes.get(1)? {
            b'?' => {
                let end = if self.no_instruction_end { None } else { find(rest, "?>") };
                self.no_instruction_end = end.is_none();
                Some(end.map_or_else(|| close(bytes), |end| end + 2))
            }
            b'!' if rest.starts_with("<!--") => {
                let end =
                    if self.no_comment_end { None } else { memmem::find(&bytes[4..], b"-->") };
                self.no_comment_end = end.is_none();
                Some(end.map_or_else(|| close(bytes), |end| end + 7))
            }
            b'!' => {
                let first = !std::mem::replace(&mut self.doctype_seen, true);
                Some(if first { doctype(bytes) } else { close(bytes) })
            }
            _ => None,
        }
    }

    fn cdata(&mut self, rest: &'a str) -> Token<'a> {
        let inside = &rest["<![CDATA[".len()..];
        // The part after an offset without an end has been searched already.
        let scanned = (self.no_cdata_end_from + "]]>".len())
            .saturating_sub(self.at + "<![CDATA[".len())
            .min(inside.len());
        if let Some(end) = memmem::find(&inside.as_bytes()[..scanned], b"]]>") {
            self.at += "<![CDATA[".len() + end + "]]>".len();
            return Token::CData(&inside[..end]);
        }
        self.no_cdata_end_from = self.no_cdata_end_from.min(self.at);
        // A section that is not closed but followed by further items ends at the next end tag.
        let last = *self.last_item_end.get_or_insert_with(|| {
            let last =
                |what: &str| memmem::rfind(self.text.as_bytes(), what.as_bytes()).unwrap_or(0);
            last("</item").max(last("</entry"))
        });
        if self.at < last
            && let Some(end) = find(inside, "</")
        {
            self.at += "<![CDATA[".len() + end;
            return Token::CData(&inside[..end]);
        }
        self.at = self.text.len();
        self.ends_in_token = true;
        Token::CData(inside)
    }

    fn end_tag(&mut self, rest: &'a str) -> Token<'a> {
        let bytes = rest.as_bytes();
        // An end tag without `>` ends at the next tag.
        let stop = memchr::memchr2(b'>', b'<', &bytes[2..]).map_or(bytes.len(), |i| i + 2);
        if stop == bytes.len() {
            self.ends_in_token = true;
        }
        self.at += if bytes.get(stop) == Some(&b'>') { stop + 1 } else { stop };
        Token::End(rest[2..stop].trim_ascii().trim_end_matches('/'))
    }

    fn start_tag(&mut self, rest: &'a str) -> Token<'a> {
        let bytes = rest.as_bytes();
        let name_end = bytes[1..]
            .iter()
            .position(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b'>' | b'/' | 0x0c))
            .map_or(bytes.len(), |i| i + 1);
        let name = &rest[1..name_end];
        let Some(end) = tag_end(bytes, name_end) else {
            self.at = self.text.len();
            self.ends_in_token = true;
            return Token::Text("");
        };
        self.at += if bytes.get(end) == Some(&b'>') { end + 1 } else { end };
        let inside = &rest[name_end..end];
        let (attributes, self_closing) = match inside.strip_suffix('/') {
            Some(attributes) => (attributes, true),
            None => (inside, false),
        };
        Token::Start(Tag { name, attributes, self_closing })
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
            self.start = self.at;
            let bytes = rest.as_bytes();
            if bytes[0] != b'<' {
                let end = memchr(b'<', bytes).unwrap_or(bytes.len());
                self.at += end;
                return Some(Token::Text(&rest[..end]));
            }
            if rest.starts_with("<![CDATA[") {
                return Some(self.cdata(rest));
            }
            if let Some(end) = self.skip_markup(rest) {
                if end >= bytes.len() && !rest.ends_with('>') {
                    self.ends_in_token = true;
                }
                self.at += end.min(bytes.len());
                continue;
            }
            return Some(match bytes.get(1) {
                Some(b'/') => self.end_tag(rest),
                Some(b) if b.is_ascii_alphabetic() || matches!(b, b'_' | b':' | 0x80..) => {
                    self.start_tag(rest)
                }
                _ => {
                    // A `<` that does not begin markup is text.
                    let end = memchr(b'<', &bytes[1..]).map_or(bytes.len(), |i| i + 1);
                    self.at += end;
                    Token::Text(&rest[..end])
                }
            });
        }
    }
}

fn find(text: &str, what: &str) -> Option<usize> {
    memmem::find(text.as_bytes(), what.as_bytes())
}

/// Returns the offset after the first `>`, or the length.
fn close(bytes: &[u8]) -> usize {
    memchr(b'>', bytes).map_or(bytes.len(), |i| i + 1)
}

/// Returns the end of a `<!…>`, with an internal subset in brackets.
fn doctype(bytes: &[u8]) -> usize {
    let first = close(bytes);
    let Some(bracket) = memchr(b'[', &bytes[..first]) else {
        return first;
    };
    match memchr(b']', &bytes[bracket..]) {
        Some(end) => bracket + end + close(&bytes[bracket + end..]),
        None => first,
    }
}

/// Returns the end of a tag: its `>`, or a `<` that cannot be inside it.
fn tag_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    let mut before = b' ';
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'>' | b'<' => return Some(at),
            b'"' | b'\'' if before == b'=' => {
                let value = &bytes[at + 1..];
                match memchr(byte, value) {
                    Some(close) if !lost_closing_quote(&value[..close]) => at += close + 1,
                    // A value that contains `>` and `<` lacks its closing quote.
                    _ => return memchr(b'>', value).map(|i| at + 1 + i),
                }
            }
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
        at += 1;
    }
    None
}

/// Returns whether a quoted value contains the end of its tag and another tag.
fn lost_closing_quote(value: &[u8]) -> bool {
    memchr(b'>', value).is_some_and(|end| memmem::find(&value[end..], b"</").is_some())
        && memchr(b'\n', value).is_some()
}

/// An iterator over the attributes of a tag: names as written and raw values. Quotes may be
/// missing.
#[derive(Debug, Clone)]
pub(crate) struct Attributes<'a> {
    rest: &'a str,
    left: usize,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let space = |c: char| c.is_ascii_whitespace();
        let rest =
            self.rest.trim_start_matches(|c: char| space(c) || matches!(c, '/' | '"' | '\'' | '='));
        if rest.is_empty() || self.left == 0 {
            return None;
        }
        self.left -= 1;
        let name_end = rest.find(|c: char| space(c) || c == '=').unwrap_or(rest.len());
        let (name, after) = rest.split_at(name_end);
        let Some(value) = after.trim_start_matches(space).strip_prefix('=') else {
            self.rest = after;
            return Some((name, ""));
        };
        let value = value.trim_start_matches(space);
        let quoted = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, rest) = match quoted {
            Some(quote) => {
                let inside = &value[1..];
                match inside.find(quote) {
                    Some(end) => (&inside[..end], &inside[end + 1..]),
                    None => (inside, ""),
                }
            }
            None => value.split_at(value.find(space).unwrap_or(value.len())),
        };
        self.rest = rest;
        Some((name, value))
    }
}

/// Returns a name in lower case, without a copy if it is already.
pub(crate) fn lower_name(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// Returns a name without its prefix.
pub(crate) fn local_name(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        Lexer::new(text)
            .map(|token| match token {
                Token::Start(tag) => {
                    format!("<{}{}", tag.name, if tag.self_closing { "/" } else { "" })
                }
                Token::End(name) => format!("/{name}"),
                Token::Text(text) => format!("'{text}'"),
                Token::CData(text) => format!("[{text}]"),
            })
            .collect()
    }

    #[test]
    fn well_formed_xml_is_tokenised() {
        assert_eq!(
            names(
                "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a x=\"1>2\"><!-- no --><b/>t\
                 <![CDATA[<c>]]></a>"
            ),
            ["<a", "<b/", "'t'", "[<c>]", "/a"]
        );
    }

    #[test]
    fn an_error_affects_only_its_tokens() {
        assert_eq!(names("<a>1 < 2</a"), ["<a", "'1 '", "'< 2'", "/a"]);
        assert_eq!(names("<title <link>x</link>"), ["<title", "<link", "'x'", "/link"]);
        assert_eq!(
            names("<a href=\"x>y</a>\n<b>z</b>"),
            ["<a", "'y'", "/a", "'\n'", "<b", "'z'", "/b"]
        );
        assert_eq!(names("<a><![CDATA[x"), ["<a", "[x]"]);
        assert_eq!(names("<item><a><![CDATA[x</a></item>"), ["<item", "<a", "[x]", "/a", "/item"]);
        assert_eq!(names("<a/><!-- never closed"), ["<a/"]);
        assert_eq!(names("<"), ["'<'"]);
    }

    #[test]
    fn malformed_attributes_are_read() {
        let all: Vec<_> =
            Attributes { rest: " a=1 b = 'two' c d=\"x & y\" e=\"", left: 9 }.collect();
        assert_eq!(all, [("a", "1"), ("b", "two"), ("c", ""), ("d", "x & y"), ("e", "")]);
    }
}
