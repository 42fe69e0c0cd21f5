//! The walk over a document: which element belongs to the feed and which to an item.

use url::Url;

use super::{
    canonical::Canonical,
    capture::{Captured, Ending, Limits, capture},
    dialect::{Ns, field_of},
    field::Field,
    notes::{FeedNotes, ItemNotes, Link, Name, Said, name},
    picks::{Pick, Picks},
    scope::Scope,
    text::Unwrapped,
    value::{absolute, attribute},
};
use crate::{
    repairs::Repairs,
    xml::{Lexer, Tag, Token, local_name, lower_name},
};
use feed_model::Format;

/// The most items that are read from a document at all; which of them are taken is decided when their dates are known.
const MAX_ITEMS: usize = 100_000;

/// A document made ready.
#[derive(Debug)]
pub(crate) struct Tidied {
    /// The form that it was written in.
    pub format: Format,
    /// The canonical document.
    pub canonical: String,
    /// Of the feed.
    pub feed: FeedNotes,
    /// Of the items, in the order of the canonical document.
    pub items: Vec<ItemNotes>,
    /// What was repaired.
    pub repairs: Repairs,
}

/// Makes a document ready; nothing where it has no root of a feed.
pub(crate) fn tidy(text: &str, url: &Url) -> Option<Tidied> {
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
            // RSS 1.1. `CHANNEL` is the root of a channel definition (CDF), which has the shape of RSS.
            "channel" if local_name(tag.name) == "Channel" => (Format::Rdf, Ns::Rss, at),
            "rss" | "channel" => (Format::Rss, Ns::Rss, at),
            "feed" | "entry" => (Format::Atom, Ns::Atom, at),
            _ => continue,
        });
    }
    None
}

/// An item that is open.
#[derive(Debug)]
pub(super) struct Item<'a> {
    pub notes: ItemNotes,
    pub picks: Picks<'a>,
    begins: usize,
    depth: usize,
}

/// Where the walk stands, and what it has gathered.
pub(super) struct Walk<'a> {
    pub text: &'a str,
    pub lexer: Lexer<'a>,
    pub scope: Scope<'a>,
    pub own: Ns,
    pub format: Format,
    pub out: Canonical,
    pub feed: FeedNotes,
    pub head: Picks<'a>,
    pub items: Vec<ItemNotes>,
    pub item: Option<Item<'a>>,
    pub limits: Limits,
    pub repairs: Repairs,
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
        let local = lower_name(local_name(tag.name));
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
        // CDF has the addresses of the channel and its items as attributes of them.
        if self.own == Ns::Rss
            && self.item.is_none()
            && local_name(tag.name).eq_ignore_ascii_case("channel")
            && let Some(href) = attribute(tag, "href")
        {
            self.note_link(Link::page(absolute(&href, self.scope.base())));
        }
        if self.item.is_none() {
            self.feed.base = self.scope.base().cloned();
            self.feed.language = self.feed.language.take().or_else(|| self.scope.language().map(str::to_owned));
        }
    }

    fn open_item(&mut self, tag: &Tag<'a>, at: usize) {
        let depth = self.scope.depth();
        self.scope.enter(tag);
        let begins = self.out.position();
        self.out.begin_item();
        let about = attribute(tag, "rdf:about").or_else(|| attribute(tag, "about"));
        let page = attribute(tag, "href").filter(|_| self.own == Ns::Rss);
        let page = page.map(|href| Link::page(absolute(&href, self.scope.base())));
        let changed = attribute(tag, "lastmod").filter(|_| self.own == Ns::Rss);
        let notes = ItemNotes {
            at,
            weak_id: about.map(|about| (about, Name::Borrowed("rdf:about"))),
            updated: changed.map(|value| Said { rank: 2, value, from: name("lastmod") }).into_iter().collect(),
            links: page.into_iter().collect(),
            base: self.scope.base().cloned(),
            language: self.scope.language().map(str::to_owned),
            ..ItemNotes::default()
        };
        self.item = Some(Item { notes, picks: Picks::default(), begins, depth });
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
        let Item { mut notes, picks, begins, .. } = item;
        if cut_off && notes.id.is_none() && notes.links.iter().all(|link| link.rel != "alternate") {
            self.out.take_back(begins);
            return;
        }
        notes.title_from = self.out_text("title", picks.title);
        let (mut summary, mut content) = (picks.summary, picks.content);
        if let Some((rank, description, from)) = picks.description.0 {
            if content.0.is_none() {
                content.0 = Some((rank, description, from));
            } else {
                summary.0 = Some((0, description, from));
            }
        }
        notes.summary_from = self.out_text("summary", summary);
        notes.content_from = self.out_text("content", content);
        self.out_text("rights", picks.rights);
        self.out.end_item();
        self.items.push(notes);
    }

    /// Writes the best text, and gives the name of the element that it stood in.
    fn out_text(&mut self, name: &str, pick: Pick<'a>) -> Option<Name> {
        let (_, Unwrapped { text, kind }, from) = pick.0?;
        self.out.text(name, kind, &text);
        Some(from)
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
    pub fn look_again(&mut self, at: usize) {
        let twice = self.lexer.offset().saturating_sub(at);
        self.limits.look_ahead_bytes = self.limits.look_ahead_bytes.saturating_sub(twice);
        self.lexer.seek(at);
    }
}
