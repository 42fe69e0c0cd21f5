//! Namespaces, base addresses and languages in force, by the nesting of the elements that declare
//! them.

use url::Url;

use super::dialect::{Namespace, namespace_of_prefix, namespace_of_uri};
use crate::{
    url::http_url,
    xml::{Tag, unescape},
};

/// The most declarations that are remembered at a time.
const MAX_DECLARATIONS: usize = 256;

#[derive(Debug, Clone, Default)]
struct Level<'a> {
    name: &'a str,
    namespaces: usize,
    base: Option<Url>,
    language: Option<String>,
}

/// What is in force for an element.
#[derive(Debug, Clone)]
pub(super) struct Scope<'a> {
    /// The dialect's own namespace, which names without a prefix are in.
    dialect_ns: Namespace,
    document: Url,
    prefixes: Vec<(&'a str, Namespace)>,
    levels: Vec<Level<'a>>,
}

/// What one element says for itself and what it holds.
#[derive(Debug, Clone, Default)]
pub(super) struct XmlAttrs {
    /// `xml:base`, joined to the outer one.
    pub base: Option<Url>,
    /// `xml:lang`.
    pub language: Option<String>,
}

impl<'a> Scope<'a> {
    /// Nothing declared yet.
    pub fn new(dialect_ns: Namespace, document: &Url) -> Self {
        Self { dialect_ns, document: document.clone(), prefixes: Vec::new(), levels: Vec::new() }
    }

    /// Enters an element whose children are read one by one.
    pub fn enter(&mut self, tag: &Tag<'a>) {
        if self.levels.len() > MAX_DECLARATIONS {
            return;
        }
        let namespaces = self.prefixes.len();
        self.declare(tag);
        let XmlAttrs { base, language } = self.xml_attrs(tag);
        self.levels.push(Level { name: tag.name, namespaces, base, language });
    }

    /// Leaves the innermost element of that name, and what was never closed within it.
    pub fn leave(&mut self, name: &str) {
        let Some(at) = self.levels.iter().rposition(|level| level.name.eq_ignore_ascii_case(name))
        else {
            return;
        };
        self.prefixes.truncate(self.levels[at].namespaces);
        self.levels.truncate(at);
    }

    /// Leaves everything that was entered within `depth` levels.
    pub fn leave_to(&mut self, depth: usize) {
        if let Some(level) = self.levels.get(depth) {
            self.prefixes.truncate(level.namespaces);
            self.levels.truncate(depth);
        }
    }

    /// How many elements were entered.
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

    /// A default namespace that nobody knows means the dialect's own: it was misspelt, or invented
    /// for `rss`.
    fn default_namespace(&self, uri: &str) -> Namespace {
        match namespace_of_uri(&unescape(uri)) {
            // RSS with Atom's namespace on its root is still RSS, and the other way round.
            Namespace::Other | Namespace::Rdf => self.dialect_ns,
            Namespace::Rss | Namespace::Atom if self.levels.len() < 2 => self.dialect_ns,
            known => known,
        }
    }

    /// The namespace of an element, its own declarations included.
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
            // A well-known prefix bound to a URI that nobody knows is still what it looks like.
            return if *ns == Namespace::Other { namespace_of_prefix(prefix) } else { *ns };
        }
        if prefix.is_empty() { self.dialect_ns } else { namespace_of_prefix(prefix) }
    }

    /// The document's own address.
    pub fn document(&self) -> &Url {
        &self.document
    }

    /// `xml:base` in force, where one was said.
    pub fn base(&self) -> Option<&Url> {
        self.levels.iter().rev().find_map(|level| level.base.as_ref())
    }

    /// `xml:lang` in force.
    pub fn language(&self) -> Option<&str> {
        self.levels.iter().rev().find_map(|level| level.language.as_deref())
    }

    /// What an element says for itself.
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
