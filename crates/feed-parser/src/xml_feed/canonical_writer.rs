//! The canonical document: Atom 1.0 that the feed parser cannot stumble over, and no byte more than
//! it needs.
//!
//! What the parser assumes anyway is left out, because it costs the parser more to read than us to
//! know: Atom's namespace and `type="text"`. Items are known by their order. Links and categories
//! are written down beside it: the parser would take every address apart.

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

    /// How much is written, in bytes.
    pub fn position(&self) -> usize {
        self.0.len()
    }

    /// Takes back what was written behind a position.
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

    /// A text construct.
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
