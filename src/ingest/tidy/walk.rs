//! The walk over a document: which element belongs to the feed and which to an item.

use url::Url;

use super::{
    canonical::Canonical,
    capture::{Captured, Ending, Limits, capture, children},
    dialect::{Ns, field_of},
    field::Field,
    notes::{FeedNotes, ItemNotes, MediaNote, SourceNote},
    scope::Scope,
    text::{TextKind, Unwrapped, escaped, markup, of_atom},
    value::{absolute, attribute, children_text},
};
use crate::{
    ingest::{
        people,
        repairs::Repairs,
        xml::{Lexer, Tag, Token, decode, local_name},
    },
    model::{Category, Format},
};

/// The most items that are read from a document at all; which of them are taken is decided when their dates are known.
const MAX_ITEMS: usize = 100_000;

/// A document made ready.
#[derive(Debug)]
pub(in crate::ingest) struct Tidied {
    /// The form that it was written in.
    pub format: Format,
    /// The canonical document.
    pub canonical: String,
    /// Of the feed.
    pub feed: FeedNotes,
    /// Of the items; an item's id in the canonical document is its index here.
    pub items: Vec<ItemNotes>,
    /// What was repaired.
    pub repairs: Repairs,
}

/// Makes a document ready; nothing where it has no root of a feed.
pub(in crate::ingest) fn tidy(text: &str, url: &Url) -> Option<Tidied> {
    let (format, own, root) = find_root(text)?;
    let mut walk = Walk {
        text,
        lexer: Lexer::new(text),
        scope: Scope::new(own, url),
        own,
        format,
        out: Canonical::new(text.len() + 256),
        feed: FeedNotes::default(),
        head: Picks::default(),
        items: Vec::new(),
        item: None,
        limits: Limits { item_ends_it: own == Ns::Rss, look_ahead_bytes: text.len().saturating_mul(8) },
        repairs: Repairs::default(),
    };
    walk.lexer.seek(root);
    let before = text[..root].trim_start_matches(['\u{feff}', '\0']);
    let junk = Lexer::new(before).any(|token| !matches!(token, Token::Text(t) if t.trim().is_empty()));
    if junk || (!before.trim().is_empty() && before.starts_with(char::is_whitespace) && before.contains("<?xml")) {
        walk.repairs.note("junk-before-root", "something stood before the document's beginning; it was passed over", 0);
    }
    walk.run();
    Some(Tidied { format, canonical: walk.out.finish(), feed: walk.feed, items: walk.items, repairs: walk.repairs })
}

/// The dialect and where its root begins.
fn find_root(text: &str) -> Option<(Format, Ns, usize)> {
    let mut lexer = Lexer::new(text);
    while let Some(token) = lexer.next() {
        let Token::Start(tag) = token else { continue };
        let at = lexer.token_start();
        return Some(match local_name(tag.name).to_ascii_lowercase().as_str() {
            "rdf" => (Format::Rdf, Ns::Rss, at),
            "channel" if tag.name.starts_with('C') => (Format::Rdf, Ns::Rss, at),
            "rss" | "channel" => (Format::Rss, Ns::Rss, at),
            "feed" | "entry" => (Format::Atom, Ns::Atom, at),
            _ => continue,
        });
    }
    None
}

/// The best of several elements that say the same.
#[derive(Debug, Default)]
struct Pick<'a>(Option<(u8, Unwrapped<'a>)>);

impl<'a> Pick<'a> {
    fn offer(&mut self, rank: u8, text: Unwrapped<'a>) -> bool {
        let better = !text.text.trim().is_empty() && self.0.as_ref().is_none_or(|(held, _)| rank < *held);
        if better {
            self.0 = Some((rank, text));
        }
        better
    }
}

/// The texts of the feed or of an item.
#[derive(Debug, Default)]
struct Picks<'a> {
    title: Pick<'a>,
    /// RSS `description`, which is the text where nothing says more.
    description: Pick<'a>,
    summary: Pick<'a>,
    content: Pick<'a>,
    rights: Pick<'a>,
}

#[derive(Debug)]
struct Item<'a> {
    notes: ItemNotes,
    picks: Picks<'a>,
    begins: usize,
    depth: usize,
    links: usize,
}

struct Walk<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    scope: Scope<'a>,
    own: Ns,
    format: Format,
    out: Canonical,
    feed: FeedNotes,
    head: Picks<'a>,
    items: Vec<ItemNotes>,
    item: Option<Item<'a>>,
    limits: Limits,
    repairs: Repairs,
}

impl<'a> Walk<'a> {
    fn run(&mut self) {
        while let Some(token) = self.lexer.next() {
            match token {
                Token::Start(tag) => self.start(tag),
                Token::End(name) => self.end(name),
                Token::Text(_) | Token::CData(_) => {}
            }
        }
        let at = self.text.len();
        if self.item.is_some() {
            self.repairs.note("truncated", "the document ends within an item; of that item only what is complete was kept", at);
            self.close_item(true);
        } else if self.lexer.ended_unfinished() || self.scope.depth() > 0 && !self.text.trim_end().ends_with('>') {
            self.repairs.note("truncated", "the document ends too early; what is complete was kept", at);
        }
        self.finish_feed();
    }

    fn start(&mut self, tag: Tag<'a>) {
        let ns = self.scope.namespace(&tag);
        let local = local_name(tag.name).to_ascii_lowercase();
        let at = self.lexer.token_start();
        match field_of(ns, &local) {
            Field::Item if self.items.len() < MAX_ITEMS => {
                if self.item.is_some() {
                    self.repairs.note("unclosed-element", "an element was never closed; it was ended where it had to end", at);
                    self.close_item(false);
                }
                self.open_item(&tag, at);
            }
            Field::Through => self.through(&tag),
            field => self.field(field, tag, at),
        }
    }

    fn through(&mut self, tag: &Tag<'a>) {
        if tag.empty {
            return;
        }
        self.scope.enter(tag);
        if self.item.is_none() {
            self.feed.base = self.scope.base().cloned();
            self.feed.language = self.feed.language.take().or_else(|| self.scope.language().map(str::to_owned));
        }
    }

    fn open_item(&mut self, tag: &Tag<'a>, at: usize) {
        let depth = self.scope.depth();
        self.scope.enter(tag);
        let begins = self.out.position();
        self.out.begin_item(self.items.len());
        let about = tag.attribute("rdf:about").or_else(|| tag.attribute("about")).map(|v| decode(v).trim().to_owned());
        let notes = ItemNotes {
            at,
            weak_id: about.filter(|about| !about.is_empty()),
            base: self.scope.base().cloned(),
            language: self.scope.language().map(str::to_owned),
            ..ItemNotes::default()
        };
        self.item = Some(Item { notes, picks: Picks::default(), begins, depth, links: 0 });
        if tag.empty {
            self.close_item(false);
        }
    }

    fn end(&mut self, name: &'a str) {
        let local = local_name(name);
        if local.eq_ignore_ascii_case("item") || local.eq_ignore_ascii_case("entry") {
            if self.item.is_some() {
                self.close_item(false);
            }
            return;
        }
        let of_feed = ["channel", "rss", "rdf", "feed"].iter().any(|o| local.eq_ignore_ascii_case(o));
        if of_feed && self.item.is_some() {
            self.repairs.note(
                "unclosed-element",
                "an element was never closed; it was ended where it had to end",
                self.lexer.token_start(),
            );
            self.close_item(false);
        }
        self.scope.leave(name);
    }

    /// Ends the item; one that the end of the document cut off must have an id or a link to be kept.
    fn close_item(&mut self, cut_off: bool) {
        let Some(item) = self.item.take() else { return };
        self.scope.leave_to(item.depth);
        let Item { notes, picks, begins, links, .. } = item;
        if cut_off && notes.id.is_none() && links == 0 {
            self.out.take_back(begins);
            return;
        }
        self.out_text("title", picks.title);
        let (mut summary, mut content) = (picks.summary, picks.content);
        if let Some((rank, description)) = picks.description.0 {
            if content.0.is_none() {
                content.0 = Some((rank, description));
            } else {
                summary.0 = Some((0, description));
            }
        }
        self.out_text("summary", summary);
        self.out_text("content", content);
        self.out_text("rights", picks.rights);
        self.out.end_item();
        self.items.push(notes);
    }

    fn out_text(&mut self, name: &str, pick: Pick<'a>) {
        if let Some((_, Unwrapped { text, kind })) = pick.0 {
            self.out.text(name, kind, &text);
        }
    }

    fn finish_feed(&mut self) {
        let head = std::mem::take(&mut self.head);
        self.out_text("title", head.title);
        let description = if head.description.0.is_some() { head.description } else { head.summary };
        self.out_text("subtitle", description);
        self.out_text("rights", head.rights);
    }

    fn field(&mut self, field: Field, tag: Tag<'a>, at: usize) {
        let own = self.scope.own_of(&tag);
        let inside_at = self.lexer.offset();
        // What is looked into twice is bounded over the whole document; beyond that, wrappers are passed through.
        if self.limits.look_ahead_bytes == 0 && matches!(field, Field::Unknown | Field::MediaContent) {
            return;
        }
        let mut captured = capture(&mut self.lexer, self.text, &tag, &self.scope, &mut self.limits);
        match captured.ending {
            Ending::Closed => {}
            Ending::Implied | Ending::Unfinished if field == Field::Unknown => {
                // What nobody reads must not swallow what stands behind it.
                self.look_again(inside_at);
                return;
            }
            Ending::Implied => {
                self.repairs.note("unclosed-element", "an element was never closed; it was ended where it had to end", at);
            }
            Ending::Unfinished => {
                self.repairs.note("truncated", "the document ends within an element; that element was left out", at);
                captured = Captured { inside: "", ..captured };
                if self.item.is_some() {
                    return;
                }
            }
        }
        if self.item.is_some() {
            self.item_field(field, &tag, captured.inside, inside_at, &own);
        } else {
            self.feed_field(field, &tag, captured.inside, inside_at, &own);
        }
    }

    /// Goes back to what was captured already.
    fn look_again(&mut self, at: usize) {
        let twice = self.lexer.offset().saturating_sub(at);
        self.limits.look_ahead_bytes = self.limits.look_ahead_bytes.saturating_sub(twice);
        self.lexer.seek(at);
    }

    /// A text that is markup by its type, or escaped.
    fn unwrap(&mut self, tag: &Tag<'a>, ns: Ns, inside: &'a str, at: usize) -> Unwrapped<'a> {
        match ns {
            Ns::Atom => of_atom(tag, inside, at, &mut self.repairs),
            Ns::Xhtml => markup(inside),
            _ if tag.attribute("type").is_some_and(|t| t.eq_ignore_ascii_case("xhtml")) => markup(inside),
            _ => Unwrapped { kind: TextKind::Html, ..escaped(inside, at, &mut self.repairs) },
        }
    }

    fn word(&mut self, inside: &'a str, at: usize) -> String {
        escaped(inside, at, &mut self.repairs).text.trim().to_owned()
    }

    fn item_field(&mut self, field: Field, tag: &Tag<'a>, inside: &'a str, at: usize, own: &super::scope::Own) {
        let ns = self.scope.namespace(tag);
        let base = own.base.as_ref().or(self.scope.base()).cloned();
        let word = |walk: &mut Self| Some(walk.word(inside, at)).filter(|text| !text.is_empty());
        match field {
            Field::Title(rank) => {
                let mut title = self.unwrap(tag, ns, inside, at);
                if ns == Ns::Atom && self.own == Ns::Rss {
                    title.kind = TextKind::Html;
                }
                self.pick(|picks| &mut picks.title, rank, title);
            }
            Field::Description | Field::Summary(_) | Field::Subtitle => {
                let text = self.unwrap(tag, ns, inside, at);
                let taken = match field {
                    Field::Description if self.own == Ns::Rss => self.pick(|picks| &mut picks.description, 0, text),
                    Field::Summary(rank) => self.pick(|picks| &mut picks.summary, rank, text),
                    _ => self.pick(|picks| &mut picks.summary, 6, text),
                };
                if taken
                    && own.base.is_some()
                    && let Some(item) = &mut self.item
                {
                    item.notes.summary_base.clone_from(&own.base);
                }
            }
            Field::Content(rank) => {
                if let Some(src) = tag.attribute("src").filter(|_| ns == Ns::Atom) {
                    self.media(MediaNote {
                        url: absolute(&decode(src), base.as_ref()),
                        mime: attribute(tag, "type"),
                        ..MediaNote::default()
                    });
                    return;
                }
                let text = self.unwrap(tag, ns, inside, at);
                if self.pick(|picks| &mut picks.content, rank, text)
                    && own.base.is_some()
                    && let Some(item) = &mut self.item
                {
                    item.notes.content_base.clone_from(&own.base);
                }
            }
            Field::Rights(rank) => {
                let text = self.unwrap(tag, ns, inside, at);
                self.pick(|picks| &mut picks.rights, rank, text);
            }
            Field::Id => {
                let id = word(self);
                if let Some(item) = &mut self.item
                    && item.notes.id.is_none()
                    && let Some(id) = id
                {
                    item.notes.id = Some(id);
                    item.notes.is_permalink = attribute(tag, "ispermalink").map(|said| !said.eq_ignore_ascii_case("false"));
                }
            }
            Field::Link => self.link(tag, ns, inside, at, base.as_ref()),
            Field::Enclosure => {
                let url = attribute(tag, "url").or_else(|| attribute(tag, "href")).or_else(|| word(self));
                if let Some(url) = url {
                    let length = attribute(tag, "length").unwrap_or_default();
                    let mime = attribute(tag, "type").unwrap_or_default();
                    self.out.element(
                        "link",
                        base.as_ref(),
                        &[("rel", "enclosure"), ("href", &url), ("type", &mime), ("length", length.trim())],
                    );
                }
            }
            Field::MediaContent => {
                let length = attribute(tag, "filesize").and_then(|n| n.trim().parse().ok());
                if let Some(url) = attribute(tag, "url") {
                    let (mime, medium) = (attribute(tag, "type"), attribute(tag, "medium"));
                    self.media(MediaNote { url: absolute(&url, base.as_ref()), mime, medium, length });
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
                    item.notes.images.push(absolute(&url, base.as_ref()));
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
                let text = attribute(tag, "text").filter(|_| field == Field::ItunesCategory).or_else(|| word(self));
                let Some(item) = &mut self.item else { return };
                for term in
                    text.iter().flat_map(|text| text.split(if field == Field::Keywords { &[',', ';'][..] } else { &['\0'][..] }))
                {
                    item.notes.categories.push(Category::term(term.trim()));
                }
            }
            Field::Author(rank) => {
                let person = self.person(ns, inside, at);
                if let (Some(person), Some(item)) = (person, &mut self.item) {
                    item.notes.people.push((rank, person));
                }
            }
            Field::Published(_) | Field::Updated(_) | Field::WeakId | Field::WeakLink | Field::Language => {
                let (Some(text), Some(item)) = (word(self), &mut self.item) else { return };
                match field {
                    Field::Published(rank) => item.notes.published.push((rank, text)),
                    Field::Updated(rank) => item.notes.updated.push((rank, text)),
                    Field::WeakId => item.notes.weak_id = item.notes.weak_id.take().or(Some(text)),
                    Field::WeakLink => item.notes.weak_link = item.notes.weak_link.take().or(Some(text)),
                    _ => item.notes.language = Some(text),
                }
            }
            _ => {}
        }
    }

    fn pick(&mut self, which: impl for<'p> Fn(&'p mut Picks<'a>) -> &'p mut Pick<'a>, rank: u8, text: Unwrapped<'a>) -> bool {
        let picks = self.item.as_mut().map_or(&mut self.head, |item| &mut item.picks);
        which(picks).offer(rank, text)
    }

    fn media(&mut self, note: MediaNote) {
        if let Some(item) = &mut self.item {
            item.notes.media.push(note);
        }
    }

    /// A link of the item or the feed, by its attributes or its text.
    fn link(&mut self, tag: &Tag<'a>, ns: Ns, inside: &'a str, at: usize, base: Option<&Url>) {
        let text = self.word(inside, at);
        let href = attribute(tag, "href").or_else(|| attribute(tag, "rdf:resource")).or_else(|| attribute(tag, "resource"));
        let href = href.filter(|href| !href.trim().is_empty()).or(Some(text).filter(|text| !text.is_empty()));
        let Some(href) = href else { return };
        let rel = attribute(tag, "rel").map(|rel| rel.trim().to_ascii_lowercase()).filter(|rel| !rel.is_empty());
        let rel = rel.unwrap_or_else(|| "alternate".to_owned());
        let rel = rel.strip_prefix("http://www.iana.org/assignments/relation/").unwrap_or(&rel);
        // A plain RSS link needs no type to be a page.
        let mime = attribute(tag, "type").unwrap_or_else(|| if ns == Ns::Rss { "text/html".into() } else { String::new() });
        let length = attribute(tag, "length").unwrap_or_default();
        if rel == "alternate"
            && let Some(item) = &mut self.item
        {
            item.links += 1;
        }
        self.out.element("link", base, &[("rel", rel), ("href", href.trim()), ("type", &mime), ("length", length.trim())]);
    }

    fn category(&mut self, tag: &Tag<'a>, inside: &'a str, at: usize) {
        let text = Some(self.word(inside, at)).filter(|text| !text.is_empty());
        let term = attribute(tag, "term").filter(|term| !term.trim().is_empty()).or(text).or_else(|| attribute(tag, "label"));
        let Some(term) = term else { return };
        let scheme = attribute(tag, "scheme").or_else(|| attribute(tag, "domain")).unwrap_or_default();
        let label = attribute(tag, "label").unwrap_or_default();
        self.out.element("category", None, &[("term", &term), ("scheme", &scheme), ("label", &label)]);
    }

    fn person(&mut self, ns: Ns, inside: &'a str, at: usize) -> Option<crate::model::Person> {
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
            if person.is_some() || ns == Ns::Atom && parts.iter().any(|(name, ..)| name == "name") {
                return person;
            }
        }
        people::of_text(&self.word(inside, at))
    }

    fn source(&mut self, tag: &Tag<'a>, inside: &'a str, at: usize) -> SourceNote {
        let mut note = SourceNote { feed_url: attribute(tag, "url"), ..SourceNote::default() };
        if !inside.contains('<') || inside.trim_start().starts_with("<![CDATA[") {
            note.title = Some(self.word(inside, at)).filter(|text| !text.is_empty());
            return note;
        }
        for (name, tag, inside) in children(inside, &self.scope) {
            let text = || {
                Some(of_atom(&tag, inside, at, &mut Repairs::default()).text.trim().to_owned()).filter(|text| !text.is_empty())
            };
            match name.as_str() {
                "id" => note.id = note.id.or_else(text),
                "title" => note.title = note.title.or_else(text),
                "updated" | "modified" => note.updated = note.updated.or_else(text),
                "rights" => note.rights = note.rights.or_else(text),
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

    fn feed_field(&mut self, field: Field, tag: &Tag<'a>, inside: &'a str, at: usize, own: &super::scope::Own) {
        let ns = self.scope.namespace(tag);
        let base = own.base.as_ref().or(self.scope.base()).cloned();
        match field {
            Field::Title(_) | Field::Description | Field::Summary(_) | Field::Subtitle | Field::Rights(_) => {
                let text = self.unwrap(tag, ns, inside, at);
                let _ = match field {
                    Field::Title(rank) => self.head.title.offer(rank, text),
                    Field::Rights(rank) => self.head.rights.offer(rank, text),
                    Field::Summary(rank) => self.head.summary.offer(rank, text),
                    _ => self.head.description.offer(0, text),
                };
            }
            Field::Link => self.link(tag, ns, inside, at, base.as_ref()),
            Field::Category => self.category(tag, inside, at),
            Field::Author(rank) => {
                let person = self.person(ns, inside, at);
                self.feed.people.extend(person.map(|person| (rank, person)));
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
                    self.feed.pace.skip_hours = super::super::pace::hours(&all);
                } else {
                    self.feed.pace.skip_days = super::super::pace::days(&all);
                }
            }
            _ => self.feed_word(field, inside, at),
        }
    }

    fn feed_word(&mut self, field: Field, inside: &'a str, at: usize) {
        let text = self.word(inside, at);
        if text.is_empty() {
            return;
        }
        match field {
            Field::Id if self.format == Format::Atom => self.feed.id = self.feed.id.take().or(Some(text)),
            Field::Updated(rank) => self.feed.updated.push((rank, text)),
            Field::Published(rank) => self.feed.published.push((rank, text)),
            Field::Language => self.feed.language = Some(text),
            Field::Ttl => self.feed.pace.ttl_minutes = text.parse().ok().filter(|minutes| *minutes > 0),
            Field::UpdatePeriod => self.feed.update_period_s = super::super::pace::period_s(&text),
            Field::UpdateFrequency => self.feed.update_frequency = text.parse().ok().filter(|times| *times > 0),
            _ => {}
        }
    }
}
