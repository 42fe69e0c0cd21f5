//! The fields of an item.

use std::borrow::Cow;

use super::{
    best_texts::{BestText, BestTexts},
    dialect::Namespace,
    field_kind::FieldKind,
    parser::XmlFeedParser,
    raw_fields::{Link, Ranked, RawMedia, name},
    scope::XmlAttrs,
    text::{ElementText, TextKind},
    value::{attribute, child_text, resolve_url},
};
use crate::xml::{Tag, unescape};
use feed_model::Category;

impl<'a> XmlFeedParser<'a> {
    /// Reads one element of the open item.
    pub fn read_item_field(
        &mut self,
        field: FieldKind,
        tag: &Tag<'a>,
        inner_xml: &'a str,
        at: usize,
        attrs: &XmlAttrs,
    ) {
        let ns = self.scope.namespace(tag);
        let base = attrs.base.as_ref().or(self.scope.base()).cloned();
        let value = |parser: &mut Self| {
            Some(parser.read_value(inner_xml, at)).filter(|text| !text.is_empty())
        };
        match field {
            FieldKind::Title(rank) => {
                let mut title = self.read_text(tag, ns, inner_xml, at, base.as_ref());
                if ns == Namespace::Atom && self.dialect_ns == Namespace::Rss {
                    title.kind = TextKind::Html;
                }
                self.pick(|best_texts| &mut best_texts.title, rank, title, tag.name);
            }
            FieldKind::Description | FieldKind::Summary(_) | FieldKind::Subtitle => {
                let text = self.read_text(tag, ns, inner_xml, at, base.as_ref());
                let taken = match field {
                    FieldKind::Description if self.dialect_ns == Namespace::Rss => {
                        self.pick(|best_texts| &mut best_texts.description, 0, text, tag.name)
                    }
                    FieldKind::Summary(rank) => {
                        self.pick(|best_texts| &mut best_texts.summary, rank, text, tag.name)
                    }
                    _ => self.pick(|best_texts| &mut best_texts.summary, 6, text, tag.name),
                };
                if taken
                    && attrs.base.is_some()
                    && let Some(item) = &mut self.item
                {
                    item.raw_fields.summary_base.clone_from(&attrs.base);
                }
            }
            FieldKind::Content(rank) => {
                // Out-of-line content (RFC 4287 §4.1.3.2), unless there is inline content as well.
                if let Some(src) = tag.attribute("src").filter(|_| ns == Namespace::Atom) {
                    let is_here = !inner_xml.trim().is_empty();
                    self.read_content_src(tag, resolve_url(&unescape(src), base.as_ref()), is_here);
                    if !is_here {
                        return;
                    }
                }
                let text = self.read_text(tag, ns, inner_xml, at, base.as_ref());
                if self.pick(|best_texts| &mut best_texts.content, rank, text, tag.name)
                    && attrs.base.is_some()
                    && let Some(item) = &mut self.item
                {
                    item.raw_fields.content_base.clone_from(&attrs.base);
                }
            }
            FieldKind::Rights(rank) => {
                let text = self.read_text(tag, ns, inner_xml, at, base.as_ref());
                self.pick(|best_texts| &mut best_texts.rights, rank, text, tag.name);
            }
            FieldKind::Id => {
                let id = value(self);
                if let Some(item) = &mut self.item
                    && item.raw_fields.id.is_none()
                    && let Some(id) = id
                {
                    item.raw_fields.id = Some((id, name(tag.name)));
                    item.raw_fields.is_permalink = attribute(tag, "ispermalink")
                        .map(|said| !said.eq_ignore_ascii_case("false"));
                }
            }
            FieldKind::Link => self.read_link(tag, ns, inner_xml, at, base.as_ref()),
            FieldKind::License => self.read_license(tag, inner_xml, at, base.as_ref()),
            FieldKind::Enclosure => {
                let url = attribute(tag, "url")
                    .or_else(|| attribute(tag, "href"))
                    .or_else(|| value(self));
                if let Some(url) = url {
                    let length = attribute(tag, "length").and_then(|length| length.parse().ok());
                    let mime = attribute(tag, "type").map(Cow::Owned);
                    self.push_link(Link {
                        href: resolve_url(&url, base.as_ref()),
                        rel: "enclosure".into(),
                        mime,
                        length,
                    });
                }
            }
            FieldKind::MediaContent | FieldKind::MediaGroup => {
                self.read_media(field, tag, inner_xml, at, base.as_ref());
            }
            FieldKind::MediaTitle => {
                let text = self.read_text(tag, ns, inner_xml, at, base.as_ref());
                self.pick(|best_texts| &mut best_texts.media_title, 0, text, tag.name);
            }
            FieldKind::MediaDescription => {
                let text = self.read_text(tag, ns, inner_xml, at, base.as_ref());
                self.pick(|best_texts| &mut best_texts.media_description, 0, text, tag.name);
            }
            FieldKind::Thumbnail | FieldKind::Image => {
                let inner = || child_text(inner_xml, &self.scope, &["url"]);
                let url = attribute(tag, "url")
                    .or_else(|| attribute(tag, "href"))
                    .or_else(inner)
                    .or_else(|| value(self));
                if let (Some(url), Some(item)) = (url, &mut self.item) {
                    item.raw_fields.images.push((resolve_url(&url, base.as_ref()), name(tag.name)));
                }
            }
            FieldKind::Source => {
                let note = self.source(tag, inner_xml, at);
                if let Some(item) = &mut self.item {
                    item.raw_fields.source = Some(note);
                }
            }
            FieldKind::Category => self.read_category(tag, inner_xml, at),
            FieldKind::Subject | FieldKind::Keywords | FieldKind::ItunesCategory => {
                let text = attribute(tag, "text").filter(|_| field == FieldKind::ItunesCategory);
                // A podcast category may contain a narrower one.
                let narrower = inner_xml.contains('<') && text.is_some();
                let text = text.or_else(|| value(self));
                let Some(item) = &mut self.item else { return };
                let parts =
                    if field == FieldKind::Keywords { &[',', ';'][..] } else { &['\0'][..] };
                for term in text.iter().flat_map(|text| text.split(parts)) {
                    item.raw_fields.subjects.push(Category::term(term.trim()));
                }
                if narrower {
                    self.rescan_from(at);
                }
            }
            FieldKind::Author(rank) => {
                let persons = self.read_persons(inner_xml, at);
                let rank = self.author_rank(rank);
                if let Some(item) = &mut self.item {
                    item.raw_fields.people.extend(persons.into_iter().map(|value| Ranked {
                        rank,
                        value,
                        from: name(tag.name),
                    }));
                }
            }
            FieldKind::Published(_)
            | FieldKind::Updated(_)
            | FieldKind::FallbackId
            | FieldKind::FallbackLink
            | FieldKind::OriginalLink
            | FieldKind::Language => {
                let (Some(text), Some(item)) = (value(self), &mut self.item) else {
                    return;
                };
                match field {
                    FieldKind::Published(rank) => item.raw_fields.published.push(Ranked {
                        rank,
                        value: text,
                        from: name(tag.name),
                    }),
                    FieldKind::Updated(rank) => item.raw_fields.updated.push(Ranked {
                        rank,
                        value: text,
                        from: name(tag.name),
                    }),
                    FieldKind::FallbackId => {
                        item.raw_fields.fallback_id = item
                            .raw_fields
                            .fallback_id
                            .take()
                            .or_else(|| Some((text, name(tag.name))));
                    }
                    FieldKind::FallbackLink => {
                        item.raw_fields.fallback_link = item
                            .raw_fields
                            .fallback_link
                            .take()
                            .or_else(|| Some((text, name(tag.name))));
                    }
                    FieldKind::OriginalLink => {
                        item.raw_fields.original_link = Some((text, name(tag.name)));
                    }
                    _ => item.raw_fields.language = Some(text),
                }
            }
            _ => {}
        }
    }

    fn pick(
        &mut self,
        which: impl for<'p> Fn(&'p mut BestTexts<'a>) -> &'p mut BestText<'a>,
        rank: u8,
        text: ElementText<'a>,
        from: &str,
    ) -> bool {
        let best_texts =
            self.item.as_mut().map_or(&mut self.feed_texts, |item| &mut item.best_texts);
        which(best_texts).replace_if_better(rank, text, from)
    }

    /// Reads the `src` of a content element. A page becomes a link, anything else an attached file.
    fn read_content_src(&mut self, tag: &Tag<'a>, url: String, is_here: bool) {
        let mime = attribute(tag, "type");
        let is_page = mime
            .as_deref()
            .is_none_or(|mime| mime.contains("html") || matches!(mime, "text" | "text/plain"));
        match &mut self.item {
            Some(item) if is_page => {
                item.raw_fields.fallback_link =
                    item.raw_fields.fallback_link.take().or_else(|| Some((url, name(tag.name))));
            }
            _ if is_here => {}
            _ => self.media(RawMedia { url, mime, from: name(tag.name), ..RawMedia::default() }),
        }
    }

    /// Adds a medium to the open item.
    pub fn media(&mut self, note: RawMedia) {
        if let Some(item) = &mut self.item {
            item.raw_fields.media.push(note);
        }
    }
}
