//! Elements that the feed and its items have in common.

use std::borrow::Cow;

use url::Url;

use super::{
    base,
    capture::children,
    dialect::Ns,
    notes::{Link, Said, SourceNote, name},
    text::{TextKind, Unwrapped, escaped, markup, of_atom},
    value::{absolute, attribute},
    walk::Walk,
};
use crate::{people, repairs::Repairs, xml::Tag};
use feed_model::{Category, Person};

impl<'a> Walk<'a> {
    /// A text that is markup by its type, or escaped; `outer` is the base in force where it begins, where one was said.
    pub fn unwrap(&mut self, tag: &Tag<'a>, ns: Ns, inside: &'a str, at: usize, outer: Option<&Url>) -> Unwrapped<'a> {
        if memchr::memmem::find(inside.as_bytes(), b"xml:base").is_some() {
            let plain = base::resolved(inside, outer.unwrap_or(self.scope.document()));
            let Unwrapped { text, kind } = unwrapped(tag, ns, &plain, at, &mut self.repairs);
            return Unwrapped { text: text.into_owned().into(), kind };
        }
        unwrapped(tag, ns, inside, at, &mut self.repairs)
    }

    /// A text that is a single word or line.
    pub fn word(&mut self, inside: &'a str, at: usize) -> String {
        escaped(inside, at, &mut self.repairs).text.trim().to_owned()
    }

    /// A link of the item or the feed, by its attributes or its text.
    pub fn link(&mut self, tag: &Tag<'a>, ns: Ns, inside: &'a str, at: usize, base: Option<&Url>) {
        let text = self.word(inside, at);
        let href = attribute(tag, "href").or_else(|| attribute(tag, "rdf:resource")).or_else(|| attribute(tag, "resource"));
        let Some(href) = href.or(Some(text).filter(|text| !text.is_empty())) else { return };
        let rel = attribute(tag, "rel").map_or(Cow::Borrowed("alternate"), |rel| {
            let rel = rel.to_ascii_lowercase();
            rel.strip_prefix("http://www.iana.org/assignments/relation/").map(str::to_owned).unwrap_or(rel).into()
        });
        // A plain RSS link needs no type to be a page.
        let mime = attribute(tag, "type").map(Cow::Owned).or((ns == Ns::Rss).then_some(Cow::Borrowed("text/html")));
        let length = attribute(tag, "length").and_then(|length| length.parse().ok());
        self.note_link(Link { href: absolute(&href, base), rel, mime, length });
    }

    /// Writes a link down for the item that is open, or else for the feed.
    pub fn note_link(&mut self, link: Link) {
        match &mut self.item {
            Some(item) => item.notes.links.push(link),
            None => self.feed.links.push(link),
        }
    }

    /// A category of the item.
    pub fn category(&mut self, tag: &Tag<'a>, inside: &'a str, at: usize) {
        let text = Some(self.word(inside, at)).filter(|text| !text.is_empty());
        let term = attribute(tag, "term").filter(|term| !term.trim().is_empty()).or(text).or_else(|| attribute(tag, "label"));
        let Some(term) = term else { return };
        let scheme = attribute(tag, "scheme").or_else(|| attribute(tag, "domain"));
        let label = attribute(tag, "label");
        if let Some(item) = &mut self.item {
            item.notes.categories.push(Category { term, scheme, label });
        }
    }

    /// A person, in parts or in one text.
    pub fn person(&mut self, inside: &'a str, at: usize) -> Option<Person> {
        let has_parts = inside.contains('<') && !inside.trim_start().starts_with("<![CDATA[");
        if has_parts {
            let parts = children(inside, &self.scope);
            let part = |names: &[&str]| {
                let found = parts.iter().find(|(name, ..)| names.contains(&name.as_str())).map(|(_, _, inside)| *inside);
                found
                    .map(|inside| escaped(inside, at, &mut Repairs::default()).text.trim().to_owned())
                    .filter(|text| !text.is_empty())
            };
            let person = people::of_parts(
                part(&["name"]).as_deref(),
                part(&["email"]).as_deref(),
                part(&["uri", "url", "homepage"]).as_deref(),
            );
            // A person of whom only an address is told has no name to show: tags are no name.
            let known = ["name", "email", "uri", "url", "homepage"];
            if person.is_some() || parts.iter().any(|(name, ..)| known.contains(&name.as_str())) {
                return person;
            }
            let text = markup(inside).text;
            return people::of_text(&crate::text::plain_text(&text));
        }
        people::of_text(&self.word(inside, at))
    }

    /// What an item says of the feed that it was taken from.
    pub fn source(&mut self, tag: &Tag<'a>, inside: &'a str, at: usize) -> SourceNote {
        let mut note = SourceNote { feed_url: attribute(tag, "url"), ..SourceNote::default() };
        if !inside.contains('<') || inside.trim_start().starts_with("<![CDATA[") {
            note.title = Some(self.word(inside, at)).filter(|text| !text.is_empty());
            return note;
        }
        for (local, tag, inside) in children(inside, &self.scope) {
            let text = || {
                Some(of_atom(&tag, inside, at, &mut Repairs::default()).text.trim().to_owned()).filter(|text| !text.is_empty())
            };
            match local.as_str() {
                "id" => note.id = note.id.or_else(text),
                "title" => note.title = note.title.or_else(text),
                "updated" | "modified" => note.updated = note.updated.or_else(text),
                "rights" => note.rights = note.rights.or_else(text),
                "author" => {
                    let person = self.person(inside, at);
                    note.people.extend(person.map(|value| Said { rank: 0, value, from: name("source/author") }));
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

fn unwrapped<'t>(tag: &Tag<'_>, ns: Ns, inside: &'t str, at: usize, repairs: &mut Repairs) -> Unwrapped<'t> {
    match ns {
        Ns::Atom => of_atom(tag, inside, at, repairs),
        Ns::Xhtml => markup(inside),
        _ if tag.attribute("type").is_some_and(|t| t.eq_ignore_ascii_case("xhtml")) => markup(inside),
        _ => Unwrapped { kind: TextKind::Html, ..escaped(inside, at, repairs) },
    }
}
