//! What belongs to an item.

use std::borrow::Cow;

use super::{
    dialect::Ns,
    field::Field,
    notes::{Link, MediaNote, Said, name},
    picks::{Pick, Picks},
    scope::Own,
    text::{TextKind, Unwrapped},
    value::{absolute, attribute, children_text},
    walk::Walk,
};
use crate::xml::{Tag, decode};
use feed_model::Category;

impl<'a> Walk<'a> {
    /// Takes one element of the open item.
    pub fn item_field(&mut self, field: Field, tag: &Tag<'a>, inside: &'a str, at: usize, own: &Own) {
        let ns = self.scope.namespace(tag);
        let base = own.base.as_ref().or(self.scope.base()).cloned();
        let word = |walk: &mut Self| Some(walk.word(inside, at)).filter(|text| !text.is_empty());
        match field {
            Field::Title(rank) => {
                let mut title = self.unwrap(tag, ns, inside, at, base.as_ref());
                if ns == Ns::Atom && self.own == Ns::Rss {
                    title.kind = TextKind::Html;
                }
                self.pick(|picks| &mut picks.title, rank, title, tag.name);
            }
            Field::Description | Field::Summary(_) | Field::Subtitle => {
                let text = self.unwrap(tag, ns, inside, at, base.as_ref());
                let taken = match field {
                    Field::Description if self.own == Ns::Rss => self.pick(|picks| &mut picks.description, 0, text, tag.name),
                    Field::Summary(rank) => self.pick(|picks| &mut picks.summary, rank, text, tag.name),
                    _ => self.pick(|picks| &mut picks.summary, 6, text, tag.name),
                };
                if taken
                    && own.base.is_some()
                    && let Some(item) = &mut self.item
                {
                    item.notes.summary_base.clone_from(&own.base);
                }
            }
            Field::Content(rank) => {
                // Content that is elsewhere (RFC 4287 §4.1.3.2), unless it is here after all.
                if let Some(src) = tag.attribute("src").filter(|_| ns == Ns::Atom) {
                    let is_here = !inside.trim().is_empty();
                    self.elsewhere(tag, absolute(&decode(src), base.as_ref()), is_here);
                    if !is_here {
                        return;
                    }
                }
                let text = self.unwrap(tag, ns, inside, at, base.as_ref());
                if self.pick(|picks| &mut picks.content, rank, text, tag.name)
                    && own.base.is_some()
                    && let Some(item) = &mut self.item
                {
                    item.notes.content_base.clone_from(&own.base);
                }
            }
            Field::Rights(rank) => {
                let text = self.unwrap(tag, ns, inside, at, base.as_ref());
                self.pick(|picks| &mut picks.rights, rank, text, tag.name);
            }
            Field::Id => {
                let id = word(self);
                if let Some(item) = &mut self.item
                    && item.notes.id.is_none()
                    && let Some(id) = id
                {
                    item.notes.id = Some((id, name(tag.name)));
                    item.notes.is_permalink = attribute(tag, "ispermalink").map(|said| !said.eq_ignore_ascii_case("false"));
                }
            }
            Field::Link => self.link(tag, ns, inside, at, base.as_ref()),
            Field::Enclosure => {
                let url = attribute(tag, "url").or_else(|| attribute(tag, "href")).or_else(|| word(self));
                if let Some(url) = url {
                    let length = attribute(tag, "length").and_then(|length| length.parse().ok());
                    let mime = attribute(tag, "type").map(Cow::Owned);
                    self.note_link(Link { href: absolute(&url, base.as_ref()), rel: "enclosure".into(), mime, length });
                }
            }
            Field::MediaContent => {
                let length = attribute(tag, "filesize").and_then(|n| n.trim().parse().ok());
                if let Some(url) = attribute(tag, "url") {
                    let (mime, medium) = (attribute(tag, "type"), attribute(tag, "medium"));
                    let url = absolute(&url, base.as_ref());
                    self.media(MediaNote { url, mime, medium, length, from: name(tag.name) });
                }
                // Its children say of the item what nothing else does: read them as if they stood beside it.
                if inside.contains('<') {
                    self.look_again(at);
                }
            }
            Field::Thumbnail | Field::Image => {
                let inner = || children_text(inside, &self.scope, &["url"]);
                let url = attribute(tag, "url").or_else(|| attribute(tag, "href")).or_else(inner).or_else(|| word(self));
                if let (Some(url), Some(item)) = (url, &mut self.item) {
                    item.notes.images.push((absolute(&url, base.as_ref()), name(tag.name)));
                }
            }
            Field::Source => {
                let note = self.source(tag, inside, at);
                if let Some(item) = &mut self.item {
                    item.notes.source = Some(note);
                }
            }
            Field::Category => self.category(tag, inside, at),
            Field::Subject | Field::Keywords | Field::ItunesCategory => {
                let text = attribute(tag, "text").filter(|_| field == Field::ItunesCategory);
                // A category of podcasts may hold one that is narrower.
                let narrower = inside.contains('<') && text.is_some();
                let text = text.or_else(|| word(self));
                let Some(item) = &mut self.item else { return };
                let parts = if field == Field::Keywords { &[',', ';'][..] } else { &['\0'][..] };
                for term in text.iter().flat_map(|text| text.split(parts)) {
                    item.notes.subjects.push(Category::term(term.trim()));
                }
                if narrower {
                    self.look_again(at);
                }
            }
            Field::Author(rank) => {
                let person = self.person(inside, at);
                if let (Some(person), Some(item)) = (person, &mut self.item) {
                    item.notes.people.push(Said { rank, value: person, from: name(tag.name) });
                }
            }
            Field::Published(_) | Field::Updated(_) | Field::WeakId | Field::WeakLink | Field::OriginalLink | Field::Language => {
                let (Some(text), Some(item)) = (word(self), &mut self.item) else { return };
                match field {
                    Field::Published(rank) => item.notes.published.push(Said { rank, value: text, from: name(tag.name) }),
                    Field::Updated(rank) => item.notes.updated.push(Said { rank, value: text, from: name(tag.name) }),
                    Field::WeakId => item.notes.weak_id = item.notes.weak_id.take().or_else(|| Some((text, name(tag.name)))),
                    Field::WeakLink => {
                        item.notes.weak_link = item.notes.weak_link.take().or_else(|| Some((text, name(tag.name))));
                    }
                    Field::OriginalLink => item.notes.original_link = Some((text, name(tag.name))),
                    _ => item.notes.language = Some(text),
                }
            }
            _ => {}
        }
    }

    fn pick(
        &mut self,
        which: impl for<'p> Fn(&'p mut Picks<'a>) -> &'p mut Pick<'a>,
        rank: u8,
        text: Unwrapped<'a>,
        from: &str,
    ) -> bool {
        let picks = self.item.as_mut().map_or(&mut self.head, |item| &mut item.picks);
        which(picks).offer(rank, text, from)
    }

    /// A text that is a page of its own is where to read the item; anything else is a file.
    fn elsewhere(&mut self, tag: &Tag<'a>, url: String, is_here: bool) {
        let mime = attribute(tag, "type");
        let is_page = mime.as_deref().is_none_or(|mime| mime.contains("html") || matches!(mime, "text" | "text/plain"));
        match &mut self.item {
            Some(item) if is_page => {
                item.notes.weak_link = item.notes.weak_link.take().or_else(|| Some((url, name(tag.name))));
            }
            _ if is_here => {}
            _ => self.media(MediaNote { url, mime, from: name(tag.name), ..MediaNote::default() }),
        }
    }

    fn media(&mut self, note: MediaNote) {
        if let Some(item) = &mut self.item {
            item.notes.media.push(note);
        }
    }
}
