//! The canonical document: a minimal Atom 1.0 document that contains only the texts.
//!
//! Atom's namespace and `type="text"` are omitted, because feed-rs assumes them. Items are matched
//! by position. Links, dates, persons and categories are kept as raw fields, because feed-rs
//! changes or drops parts of them.

use super::text::TextKind;

/// Writes a canonical document.
#[derive(Debug)]
pub(super) struct CanonicalWriter(String);

impl CanonicalWriter {
    /// Begins a document.
    pub fn new(capacity: usize) -> Self {
        let mut out = String::with_capacity(capacity);
        out.push_str("<feed>");
        Self(out)
    }

    /// Returns the number of bytes written.
    pub fn position(&self) -> usize {
        self.0.len()
    }

    /// Removes what was written after a position.
    pub fn truncate(&mut self, position: usize) {
        self.0.truncate(position);
    }

    /// Begins an item.
    pub fn begin_item(&mut self) {
        self.0.push_str("<entry>");
    }

    /// Ends an item.
    pub fn end_item(&mut self) {
        self.0.push_str("</entry>");
    }

    /// Ends the document.
    pub fn finish(mut self) -> String {
        self.0.push_str("</feed>");
        self.0
    }

    /// Writes a text construct (RFC 4287 §3.1).
    pub fn text(&mut self, name: &str, kind: TextKind, text: &str) {
        self.0.push('<');
        self.0.push_str(name);
        self.0.push_str(if kind == TextKind::Html {
            " type=\"html\"><![CDATA["
        } else {
            "><![CDATA["
        });
        let mut rest = text;
        while let Some(at) = memchr::memmem::find(rest.as_bytes(), b"]]>") {
            self.0.push_str(&rest[..at]);
            self.0.push_str("]]]]><![CDATA[>");
            rest = &rest[at + 3..];
        }
        self.0.push_str(rest);
        self.0.push_str("]]></");
        self.0.push_str(name);
        self.0.push('>');
    }
}
