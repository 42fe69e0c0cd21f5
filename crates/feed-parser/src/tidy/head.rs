//! What belongs to the feed itself.

use super::{
    capture::children,
    dialect::Ns,
    field::Field,
    notes::{Said, name},
    scope::Own,
    value::{absolute, attribute, children_text},
    walk::Walk,
};
use crate::{
    pace,
    xml::{Tag, decode},
};
use feed_model::Format;

impl<'a> Walk<'a> {
    /// Takes one element of the feed.
    pub fn feed_field(&mut self, field: Field, tag: &Tag<'a>, inside: &'a str, at: usize, own: &Own) {
        let ns = self.scope.namespace(tag);
        let base = own.base.as_ref().or(self.scope.base()).cloned();
        match field {
            Field::Title(_) | Field::Description | Field::Summary(_) | Field::Subtitle | Field::Rights(_) => {
                let text = self.unwrap(tag, ns, inside, at, base.as_ref());
                let _ = match field {
                    Field::Title(rank) => self.head.title.offer(rank, text, tag.name),
                    Field::Rights(rank) => self.head.rights.offer(rank, text, tag.name),
                    Field::Summary(rank) => self.head.summary.offer(rank, text, tag.name),
                    _ => self.head.description.offer(0, text, tag.name),
                };
            }
            Field::Link => self.link(tag, ns, inside, at, base.as_ref()),
            Field::Author(rank) => {
                let person = self.person(inside, at);
                self.feed.people.extend(person.map(|value| Said { rank, value, from: name(tag.name) }));
            }
            Field::Image | Field::Logo | Field::Icon => {
                let inner = || children_text(inside, &self.scope, &["url"]);
                let url = attribute(tag, "href").or_else(|| attribute(tag, "rdf:resource")).or_else(inner);
                let url = url
                    .or_else(|| Some(self.word(inside, at)))
                    .filter(|url| !url.is_empty() && !url.contains(char::is_whitespace));
                let url = url.map(|url| absolute(&url, base.as_ref()));
                let slot = match field {
                    Field::Image => &mut self.feed.image,
                    Field::Logo => &mut self.feed.logo,
                    _ => &mut self.feed.icon,
                };
                *slot = slot.take().or(url);
            }
            Field::SkipHours | Field::SkipDays => {
                let all: Vec<String> =
                    children(inside, &self.scope).iter().map(|(_, _, text)| decode(text).trim().to_owned()).collect();
                if field == Field::SkipHours {
                    self.feed.pace.skip_hours = pace::hours(&all);
                } else {
                    self.feed.pace.skip_days = pace::days(&all);
                }
            }
            Field::Id
            | Field::Updated(_)
            | Field::Published(_)
            | Field::Language
            | Field::Ttl
            | Field::UpdatePeriod
            | Field::UpdateFrequency => self.feed_word(field, tag, ns, inside, at),
            _ => {}
        }
    }

    fn feed_word(&mut self, field: Field, tag: &Tag<'a>, ns: Ns, inside: &'a str, at: usize) {
        let text = self.word(inside, at);
        if text.is_empty() {
            return;
        }
        match field {
            Field::Id if self.format == Format::Atom || ns == Ns::Atom => self.feed.id = self.feed.id.take().or(Some(text)),
            Field::Updated(rank) => self.feed.updated.push(Said { rank, value: text, from: name(tag.name) }),
            Field::Published(rank) => self.feed.published.push(Said { rank, value: text, from: name(tag.name) }),
            Field::Language => self.feed.language = Some(text),
            Field::Ttl => self.feed.pace.ttl_minutes = text.parse().ok().filter(|minutes| *minutes > 0),
            Field::UpdatePeriod => self.feed.update_period_s = pace::period_s(&text),
            Field::UpdateFrequency => self.feed.update_frequency = text.parse().ok().filter(|times| *times > 0),
            _ => {}
        }
    }
}
