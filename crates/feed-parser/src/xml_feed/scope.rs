//! The namespaces, `xml:base` and `xml:lang` that apply to an element.

use url::Url;

use super::dialect::{Namespace, namespace_of_prefix, namespace_of_uri};
use crate::{
    url::http_url,
    xml::{Tag, unescape},
};

/// The maximum number of declarations in scope.
const MAX_DECLARATIONS: usize = 256;

#[derive(Debug, Clone, Default)]
struct Level<'a> {
    name: &'a str,
    namespaces: usize,
    base: Option<Url>,
    language: Option<String>,
}

/// The scope of an element.
#[derive(Debug, Clone)]
pub(super) struct Scope<'a> {
    /// The namespace of the format, which applies to names without a prefix.
    dialect_ns: Namespace,
    document: Url,
    prefixes: Vec<(&'a str, Namespace)>,
    levels: Vec<Level<'a>>,
}

/// The `xml:` attributes of an element.
#[derive(Debug, Clone, Default)]
pub(super) struct XmlAttrs {
    /// `xml:base`, joined to the outer base.
    pub base: Option<Url>,
    /// `xml:lang`.
    pub language: Option<String>,
}

impl<'a> Scope<'a> {
    /// Creates a scope without declarations.
    pub fn new(dialect_ns: Namespace, document: &Url) -> Self {
        Self { dialect_ns, document: document.clone(), prefixes: Vec::new(), levels: Vec::new() }
    }

    /// Enters an element whose children are read individually.
    pub fn enter(&mut self, tag: &Tag<'a>) {
        if self.levels.len() > MAX_DECLARATIONS {
            return;
        }
        let namespaces = self.prefixes.len();
        self.declare(tag);
        let XmlAttrs { base, language } = self.xml_attrs(tag);
        self.levels.push(Level { name: tag.name, namespaces, base, language });
    }

    /// Leaves the innermost element of that name and the unclosed elements inside it.
    pub fn leave(&mut self, name: &str) {
        let Some(at) = self.levels.iter().rposition(|level| level.name.eq_ignore_ascii_case(name))
        else {
            return;
        };
        self.prefixes.truncate(self.levels[at].namespaces);
        self.levels.truncate(at);
    }

    /// Leaves all elements deeper than `depth`.
    pub fn leave_to(&mut self, depth: usize) {
        if let Some(level) = self.levels.get(depth) {
            self.prefixes.truncate(level.namespaces);
            self.levels.truncate(depth);
        }
    }

    /// Returns the number of entered elements.
    pub fn depth(&self) -> usize {
        self.levels.len()
    }

    fn declare(&mut self, tag: &Tag<'a>) {
        if !tag.attributes.contains("xmlns") {
            return;
        }
        for (name, value) in tag.attributes() {
            if self.prefixes.len() >= MAX_DECLARATIONS {
                return;
            }
            if name == "xmlns" {
                self.prefixes.push(("", self.default_namespace(value)));
            } else if let Some(prefix) =
                name.strip_prefix("xmlns:").filter(|prefix| !prefix.is_empty())
            {
                self.prefixes.push((prefix, namespace_of_uri(&unescape(value))));
            }
        }
    }

    /// Returns the namespace of a default declaration. An unknown one is misspelt or invented and
    /// means the format's own.
    fn default_namespace(&self, uri: &str) -> Namespace {
        match namespace_of_uri(&unescape(uri)) {
            // RSS with the namespace of Atom on its root is still RSS, and vice versa.
            Namespace::Other | Namespace::Rdf => self.dialect_ns,
            Namespace::Rss | Namespace::Atom if self.levels.len() < 2 => self.dialect_ns,
            known => known,
        }
    }

    /// Returns the namespace of an element, with its own declarations applied.
    pub fn namespace(&self, tag: &Tag<'a>) -> Namespace {
        let (prefix, _) = tag.name.rsplit_once(':').unwrap_or(("", tag.name));
        if !tag.attributes.is_empty() && tag.attributes.contains("xmlns") {
            let declared = |(name, value): (&'a str, &'a str)| match name.strip_prefix("xmlns") {
                Some("") if prefix.is_empty() => Some(self.default_namespace(value)),
                Some(rest) => (rest.strip_prefix(':')? == prefix && !prefix.is_empty())
                    .then(|| namespace_of_uri(&unescape(value))),
                None => None,
            };
            if let Some(ns) = tag.attributes().find_map(declared) {
                return ns;
            }
        }
        if let Some((_, ns)) = self.prefixes.iter().rev().find(|(p, _)| *p == prefix) {
            // A well-known prefix that is bound to an unknown URI keeps its usual meaning.
            return if *ns == Namespace::Other { namespace_of_prefix(prefix) } else { *ns };
        }
        if prefix.is_empty() { self.dialect_ns } else { namespace_of_prefix(prefix) }
    }

    /// Returns the URL of the document.
    pub fn document(&self) -> &Url {
        &self.document
    }

    /// Returns the `xml:base` that applies, if there is one.
    pub fn base(&self) -> Option<&Url> {
        self.levels.iter().rev().find_map(|level| level.base.as_ref())
    }

    /// Returns the `xml:lang` that applies.
    pub fn language(&self) -> Option<&str> {
        self.levels.iter().rev().find_map(|level| level.language.as_deref())
    }

    /// Returns the `xml:` attributes of an element.
    pub fn xml_attrs(&self, tag: &Tag<'_>) -> XmlAttrs {
        if tag.attributes.is_empty()
            || !tag.attributes.contains("xml:") && !tag.attributes.contains("XML:")
        {
            return XmlAttrs::default();
        }
        let base = tag
            .attribute("xml:base")
            .map(unescape)
            .and_then(|text| http_url(&text, Some(self.base().unwrap_or(&self.document))));
        let language = tag.attribute("xml:lang").map(|text| unescape(text).trim().to_owned());
        XmlAttrs { base, language }
    }
}
