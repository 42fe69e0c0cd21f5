//! The canonical document: Atom 1.0 that the feed parser cannot stumble over, and no byte more than it needs.
//!
//! What the parser assumes anyway is left out, because it costs the parser more to read than us to know: Atom's namespace,
//! `rel="alternate"`, `type="text"`. A link without a type is one to a page; [`UNTYPED`] stands where none was said.

use url::Url;

use super::text::TextKind;
use crate::ingest::xml::escape_attribute;

/// The type of a link that has none.
pub(in crate::ingest) const UNTYPED: &str = "*/*";

/// Writes a canonical document.
#[derive(Debug)]
pub(super) struct Canonical(String);

impl Canonical {
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
    pub fn take_back(&mut self, position: usize) {
        self.0.truncate(position);
    }

    /// Begins an item under its ordinal.
    pub fn begin_item(&mut self, ordinal: usize) {
        self.0.push_str("<entry><id>");
        self.0.push_str(&ordinal.to_string());
        self.0.push_str("</id>");
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
        self.0.push_str(if kind == TextKind::Html { " type=\"html\"><![CDATA[" } else { "><![CDATA[" });
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

    /// A link; `mime` is empty where none was said, and `base` is what the address is relative to, where the document says so.
    pub fn link(&mut self, base: Option<&Url>, rel: &str, href: &str, mime: &str, length: &str) {
        let rel = if rel == "alternate" { "" } else { rel };
        let mime = match mime {
            "text/html" => "",
            "" => UNTYPED,
            other => other,
        };
        self.element("link", base, &[("href", href), ("rel", rel), ("type", mime), ("length", length)]);
    }

    /// An empty element of attributes, of which those without a value are left out; `base` is what its addresses are relative
    /// to, where the document says so.
    pub fn element(&mut self, name: &str, base: Option<&Url>, attributes: &[(&str, &str)]) {
        self.0.push('<');
        self.0.push_str(name);
        if let Some(base) = base {
            self.attribute("xml:base", base.as_str());
        }
        for (name, value) in attributes.iter().filter(|(_, value)| !value.is_empty()) {
            self.attribute(name, value);
        }
        self.0.push_str("/>");
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.0.push(' ');
        self.0.push_str(name);
        self.0.push_str("=\"");
        escape_attribute(&mut self.0, value);
        self.0.push('"');
    }
}
