//! The fields of a feed.

use super::{
    dialect::Namespace,
    element_content::children,
    field_kind::FieldKind,
    parser::XmlFeedParser,
    raw_fields::{Ranked, name},
    scope::XmlAttrs,
    value::{attribute, child_text, resolve_url},
};
use crate::{
    update_hints,
    xml::{Tag, unescape},
};
use feed_model::Format;

impl<'a> XmlFeedParser<'a> {
    /// Reads one element of the feed.
    pub fn read_feed_field(
        &mut self,
        field: FieldKind,
        tag: &Tag<'a>,
        inner_xml: &'a str,
        at: usize,
        attrs: &XmlAttrs,
    ) {
        let ns = self.scope.namespace(tag);
        let base = attrs.base.as_ref().or(self.scope.base()).cloned();
        match field {
            FieldKind::Title(_)
            | FieldKind::MediaTitle
            | FieldKind::Description
            | FieldKind::MediaDescription
            | FieldKind::Summary(_)
            | FieldKind::Subtitle
            | FieldKind::Rights(_) => {
                let text = self.read_text(tag, ns, inner_xml, at, base.as_ref());
                let _ = match field {
                    FieldKind::Title(rank) => {
                        self.feed_texts.title.replace_if_better(rank, text, tag.name)
                    }
                    FieldKind::MediaTitle => {
                        self.feed_texts.title.replace_if_better(u8::MAX, text, tag.name)
                    }
                    FieldKind::MediaDescription => {
                        self.feed_texts.summary.replace_if_better(u8::MAX, text, tag.name)
                    }
                    FieldKind::Rights(rank) => {
                        self.feed_texts.rights.replace_if_better(rank, text, tag.name)
                    }
                    FieldKind::Summary(rank) => {
                        self.feed_texts.summary.replace_if_better(rank, text, tag.name)
                    }
                    _ => self.feed_texts.description.replace_if_better(0, text, tag.name),
                };
            }
            FieldKind::Link => self.read_link(tag, ns, inner_xml, at, base.as_ref()),
            FieldKind::Author(rank) => {
                let persons = self.read_persons(inner_xml, at);
                let rank = self.author_rank(rank);
                self.feed.people.extend(persons.into_iter().map(|value| Ranked {
                    rank,
                    value,
                    from: name(tag.name),
                }));
            }
            FieldKind::Image | FieldKind::Logo | FieldKind::Icon => {
                let inner = || child_text(inner_xml, &self.scope, &["url"]);
                let url = attribute(tag, "href")
                    .or_else(|| attribute(tag, "rdf:resource"))
                    .or_else(inner);
                let url = url
                    .or_else(|| Some(self.read_value(inner_xml, at)))
                    .filter(|url| !url.is_empty() && !url.contains(char::is_whitespace));
                let url = url.map(|url| resolve_url(&url, base.as_ref()));
                let slot = match field {
                    FieldKind::Image => &mut self.feed.image,
                    FieldKind::Logo => &mut self.feed.logo,
                    _ => &mut self.feed.icon,
                };
                *slot = slot.take().or(url);
            }
            FieldKind::License => self.read_license(tag, inner_xml, at, base.as_ref()),
            FieldKind::SkipHours | FieldKind::SkipDays => {
                let all: Vec<String> = children(inner_xml, &self.scope)
                    .iter()
                    .map(|(_, _, text)| unescape(text).trim().to_owned())
                    .collect();
                if field == FieldKind::SkipHours {
                    self.feed.update_hints.skip_hours = update_hints::parse_skip_hours(&all);
                } else {
                    self.feed.update_hints.skip_days = update_hints::parse_skip_days(&all);
                }
            }
            FieldKind::Id
            | FieldKind::Updated(_)
            | FieldKind::Published(_)
            | FieldKind::Language
            | FieldKind::Ttl
            | FieldKind::UpdatePeriod
            | FieldKind::UpdateFrequency => self.read_feed_value(field, tag, ns, inner_xml, at),
            _ => {}
        }
    }

    fn read_feed_value(
        &mut self,
        field: FieldKind,
        tag: &Tag<'a>,
        ns: Namespace,
        inner_xml: &'a str,
        at: usize,
    ) {
        let text = self.read_value(inner_xml, at);
        if text.is_empty() {
            return;
        }
        match field {
            FieldKind::Id if self.format == Format::Atom || ns == Namespace::Atom => {
                self.feed.id = self.feed.id.take().or(Some(text));
            }
            FieldKind::Updated(rank) => {
                self.feed.updated.push(Ranked { rank, value: text, from: name(tag.name) });
            }
            FieldKind::Published(rank) => {
                self.feed.published.push(Ranked { rank, value: text, from: name(tag.name) });
            }
            FieldKind::Language => self.feed.language = Some(text),
            FieldKind::Ttl => {
                self.feed.update_hints.ttl_minutes =
                    text.parse().ok().filter(|minutes| *minutes > 0);
            }
            FieldKind::UpdatePeriod => {
                self.feed.update_period_s = update_hints::parse_update_period_s(&text);
            }
            FieldKind::UpdateFrequency => {
                self.feed.update_frequency = text.parse().ok().filter(|times| *times > 0);
            }
            _ => {}
        }
    }
}
