//! Elements that feeds and items have in common.

use std::borrow::Cow;

use url::Url;

use super::{
    dialect::Namespace,
    element_content::children,
    parser::XmlFeedParser,
    raw_fields::{Link, Ranked, RawSource, name},
    text::{ElementText, TextKind, atom_text, escaped, markup},
    value::{attribute, resolve_url},
    xml_base,
};
use crate::{line_breaks::with_line_breaks, person, repairs::Repairs, xml::Tag};
use feed_model::{Category, Person};

impl<'a> XmlFeedParser<'a> {
    /// Reads a text, which is markup by its type or escaped. `outer` is the `xml:base` of the
    /// element, if there is one.
    pub fn read_text(
        &mut self,
        tag: &Tag<'a>,
        ns: Namespace,
        inner_xml: &'a str,
        at: usize,
        outer: Option<&Url>,
    ) -> ElementText<'a> {
        if memchr::memmem::find(inner_xml.as_bytes(), b"xml:base").is_some() {
            let plain =
                xml_base::resolve_xml_base(inner_xml, outer.unwrap_or(self.scope.document()));
            let ElementText { text, kind } = unwrapped(tag, ns, &plain, at, &mut self.repairs);
            return ElementText { text: text.into_owned().into(), kind };
        }
        unwrapped(tag, ns, inner_xml, at, &mut self.repairs)
    }

    /// Reads a trimmed plain value.
    pub fn read_value(&mut self, inner_xml: &'a str, at: usize) -> String {
        escaped(inner_xml, at, &mut self.repairs).text.trim().to_owned()
    }

    /// Reads a link from its attributes or its text.
    pub fn read_link(
        &mut self,
        tag: &Tag<'a>,
        ns: Namespace,
        inner_xml: &'a str,
        at: usize,
        base: Option<&Url>,
    ) {
        let text = self.read_value(inner_xml, at);
        let href = attribute(tag, "href")
            .or_else(|| attribute(tag, "rdf:resource"))
            .or_else(|| attribute(tag, "resource"));
        let Some(href) = href.or(Some(text).filter(|text| !text.is_empty())) else {
            return;
        };
        let rel = attribute(tag, "rel").map_or(Cow::Borrowed("alternate"), |rel| {
            let rel = rel.to_ascii_lowercase();
            rel.strip_prefix("http://www.iana.org/assignments/relation/")
                .map(str::to_owned)
                .unwrap_or(rel)
                .into()
        });
        // An RSS link without a type is a page.
        let mime = attribute(tag, "type")
            .map(Cow::Owned)
            .or((ns == Namespace::Rss).then_some(Cow::Borrowed("text/html")));
        let length = attribute(tag, "length").and_then(|length| length.parse().ok());
        self.push_link(Link { href: resolve_url(&href, base), rel, mime, length });
    }

    /// Reads the address of a licence as a link with the relation `license`.
    pub fn read_license(
        &mut self,
        tag: &Tag<'a>,
        inner_xml: &'a str,
        at: usize,
        base: Option<&Url>,
    ) {
        let href = attribute(tag, "rdf:resource")
            .unwrap_or_else(|| self.read_value(inner_xml, at).trim().to_owned());
        if !href.is_empty() {
            let href = resolve_url(&href, base);
            self.push_link(Link { href, rel: "license".into(), ..Link::default() });
        }
    }

    /// Adds a link to the open item, else to the feed.
    pub fn push_link(&mut self, link: Link) {
        match &mut self.item {
            Some(item) => item.raw_fields.links.push(link),
            None => self.feed.links.push(link),
        }
    }

    /// Reads a category of the open item.
    pub fn read_category(&mut self, tag: &Tag<'a>, inner_xml: &'a str, at: usize) {
        let text = Some(self.read_value(inner_xml, at)).filter(|text| !text.is_empty());
        let term = attribute(tag, "term")
            .filter(|term| !term.trim().is_empty())
            .or(text)
            .or_else(|| attribute(tag, "label"));
        let Some(term) = term else { return };
        let scheme = attribute(tag, "scheme").or_else(|| attribute(tag, "domain"));
        let label = attribute(tag, "label");
        if let Some(item) = &mut self.item {
            item.raw_fields.categories.push(Category { term, scheme, label });
        }
    }

    /// Returns the rank of persons in this format. RSS has one `author`, with an e-mail address;
    /// `dc:creator` completes it. In Atom `author` may be repeated and is complete.
    pub fn author_rank(&self, rank: u8) -> u8 {
        if self.dialect_ns == Namespace::Rss && rank == 1 { 0 } else { rank }
    }

    /// Reads persons: those of a list (`rdf:Seq`), those between semicolons, else one.
    pub fn read_persons(&mut self, inner_xml: &'a str, at: usize) -> Vec<Person> {
        let mut listed = Vec::new();
        if inner_xml.contains(":li") {
            for (_, _, list) in children(inner_xml, &self.scope) {
                listed.extend(
                    children(list, &self.scope)
                        .into_iter()
                        .filter(|(name, ..)| name == "li")
                        .map(|(_, _, text)| text),
                );
            }
        }
        if !listed.is_empty() {
            return listed.into_iter().filter_map(|text| self.read_person(text, at)).collect();
        }
        let Some(person) = self.read_person(inner_xml, at) else { return Vec::new() };
        if !person.name.contains(';') || person.email.is_some() {
            return vec![person];
        }
        person.name.split(';').filter_map(person::parse_person).collect()
    }

    /// Reads a person from child elements or from one text.
    pub fn read_person(&mut self, inner_xml: &'a str, at: usize) -> Option<Person> {
        let has_parts = inner_xml.contains('<') && !inner_xml.trim_start().starts_with("<![CDATA[");
        if has_parts {
            let parts = children(inner_xml, &self.scope);
            let part = |names: &[&str]| {
                let found = parts
                    .iter()
                    .find(|(name, ..)| names.contains(&name.as_str()))
                    .map(|(_, _, inner_xml)| *inner_xml);
                found
                    .map(|inner_xml| {
                        escaped(inner_xml, at, &mut Repairs::default()).text.trim().to_owned()
                    })
                    .filter(|text| !text.is_empty())
            };
            let person = person::person_from_parts(
                part(&["name"]).as_deref(),
                part(&["email"]).as_deref(),
                part(&["uri", "url", "homepage"]).as_deref(),
            );
            // A person with a URL only has no name that could be shown.
            let known = ["name", "email", "uri", "url", "homepage"];
            if person.is_some() || parts.iter().any(|(name, ..)| known.contains(&name.as_str())) {
                return person;
            }
            let text = markup(inner_xml).text;
            return person::parse_person(&crate::text::plain_text(&text));
        }
        person::parse_person(&self.read_value(inner_xml, at))
    }

    /// Reads the original feed of an item.
    pub fn source(&mut self, tag: &Tag<'a>, inner_xml: &'a str, at: usize) -> RawSource {
        let mut note = RawSource { feed_url: attribute(tag, "url"), ..RawSource::default() };
        if !inner_xml.contains('<') || inner_xml.trim_start().starts_with("<![CDATA[") {
            note.title = Some(self.read_value(inner_xml, at)).filter(|text| !text.is_empty());
            return note;
        }
        for (local, tag, inner_xml) in children(inner_xml, &self.scope) {
            let text = || {
                Some(atom_text(&tag, inner_xml, at, &mut Repairs::default()).text.trim().to_owned())
                    .filter(|text| !text.is_empty())
            };
            match local.as_str() {
                "id" => note.id = note.id.or_else(text),
                "title" => note.title = note.title.or_else(text),
                "updated" | "modified" => note.updated = note.updated.or_else(text),
                "rights" => note.rights = note.rights.or_else(text),
                "author" => {
                    let person = self.read_person(inner_xml, at);
                    note.people.extend(person.map(|value| Ranked {
                        rank: 0,
                        value,
                        from: name("source/author"),
                    }));
                }
                "link" if attribute(&tag, "rel").as_deref() == Some("self") => {
                    note.feed_url = attribute(&tag, "href").or(note.feed_url);
                }
                "link" if attribute(&tag, "rel").is_none_or(|rel| rel == "alternate") => {
                    note.home_page_url = note.home_page_url.or_else(|| attribute(&tag, "href"));
                }
                _ => {}
            }
        }
        note
    }
}

fn unwrapped<'t>(
    tag: &Tag<'_>,
    ns: Namespace,
    inner_xml: &'t str,
    at: usize,
    repairs: &mut Repairs,
) -> ElementText<'t> {
    match ns {
        Namespace::Atom => atom_text(tag, inner_xml, at, repairs),
        Namespace::Xhtml => markup(inner_xml),
        _ if tag.attribute("type").is_some_and(|t| t.eq_ignore_ascii_case("xhtml")) => {
            markup(inner_xml)
        }
        Namespace::Media | Namespace::Itunes | Namespace::Dc | Namespace::DcTerms => {
            let ElementText { text, .. } = escaped(inner_xml, at, repairs);
            ElementText { text: with_line_breaks(text), kind: TextKind::Html }
        }
        _ => ElementText { kind: TextKind::Html, ..escaped(inner_xml, at, repairs) },
    }
}
