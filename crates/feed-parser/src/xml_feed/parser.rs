//! The parser: assigns the elements of a document to the feed or to an item.

use url::Url;

use super::{
    best_texts::{BestText, BestTexts},
    canonical_writer::CanonicalWriter,
    dialect::Namespace,
    element_content::{ElementContent, Ending, ReadLimits, element_content},
    field_kind::FieldKind,
    field_table::classify_element,
    raw_fields::{FieldName, Link, Ranked, RawFeed, RawItem, name},
    scope::Scope,
    text::ElementText,
    value::{attribute, resolve_url},
};
use crate::{
    repairs::Repairs,
    xml::{Lexer, Tag, Token, local_name, lower_name},
};
use feed_model::Format;

/// The maximum number of items read from a document. The caller's limit is applied later, when the
/// dates are known.
const MAX_ITEMS: usize = 100_000;

/// A converted XML feed.
#[derive(Debug)]
pub(crate) struct XmlFeed {
    /// The format.
    pub format: Format,
    /// The canonical document.
    pub canonical: String,
    /// The raw fields of the feed.
    pub feed: RawFeed,
    /// The raw fields of the items, in the order of the canonical document.
    pub items: Vec<RawItem>,
    /// The repairs that were made.
    pub repairs: Repairs,
}

/// Converts an XML feed. Returns `None` if the document has no root element of a feed.
pub(crate) fn parse(text: &str, url: &Url) -> Option<XmlFeed> {
    let (format, own, root) = find_root(text)?;
    let mut parser = XmlFeedParser {
        text,
        lexer: Lexer::new(text),
        scope: Scope::new(own, url),
        dialect_ns: own,
        format,
        out: CanonicalWriter::new(text.len() + 256),
        feed: RawFeed::default(),
        feed_texts: BestTexts::default(),
        items: Vec::new(),
        item: None,
        limits: ReadLimits {
            item_ends_element: own == Namespace::Rss,
            rescan_bytes: text.len().saturating_mul(8),
        },
        repairs: Repairs::default(),
    };
    parser.lexer.seek(root);
    let before = text[..root].trim_start_matches(['\u{feff}', '\0']);
    let junk =
        Lexer::new(before).any(|token| !matches!(token, Token::Text(t) if t.trim().is_empty()));
    if junk
        || (!before.trim().is_empty()
            && before.starts_with(char::is_whitespace)
            && before.contains("<?xml"))
    {
        parser.repairs.record(
            "junk-before-root",
            "there is text before the root element; it was ignored",
            0,
        );
    }
    parser.run();
    Some(XmlFeed {
        format,
        canonical: parser.out.finish(),
        feed: parser.feed,
        items: parser.items,
        repairs: parser.repairs,
    })
}

/// Returns the format, its namespace and the offset of the root element.
fn find_root(text: &str) -> Option<(Format, Namespace, usize)> {
    let mut lexer = Lexer::new(text);
    while let Some(token) = lexer.next() {
        let Token::Start(tag) = token else { continue };
        let at = lexer.token_start();
        return Some(match local_name(tag.name).to_ascii_lowercase().as_str() {
            "rdf" => (Format::Rdf, Namespace::Rss, at),
            // `Channel` is the root of RSS 1.1. `CHANNEL` is the root of a channel definition
            // (CDF), which is similar to RSS 2.0.
            "channel" if local_name(tag.name) == "Channel" => (Format::Rdf, Namespace::Rss, at),
            "rss" | "channel" => (Format::Rss, Namespace::Rss, at),
            "feed" | "entry" => (Format::Atom, Namespace::Atom, at),
            _ => continue,
        });
    }
    None
}

/// An open item.
#[derive(Debug)]
pub(super) struct OpenItem<'a> {
    pub raw_fields: RawItem,
    pub best_texts: BestTexts<'a>,
    begins: usize,
    depth: usize,
}

/// The state of the parser.
pub(super) struct XmlFeedParser<'a> {
    pub text: &'a str,
    pub lexer: Lexer<'a>,
    pub scope: Scope<'a>,
    pub dialect_ns: Namespace,
    pub format: Format,
    pub out: CanonicalWriter,
    pub feed: RawFeed,
    pub feed_texts: BestTexts<'a>,
    pub items: Vec<RawItem>,
    pub item: Option<OpenItem<'a>>,
    pub limits: ReadLimits,
    pub repairs: Repairs,
}

impl<'a> XmlFeedParser<'a> {
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
            self.repairs.record(
                "truncated",
                "the document ends inside an item; only the complete fields of the item were kept",
                at,
            );
            self.close_item(true);
        } else if self.lexer.ended_in_token()
            || self.scope.depth() > 0 && !self.text.trim_end().ends_with('>')
        {
            self.repairs.record(
                "truncated",
                "the document is truncated; the complete items were kept",
                at,
            );
        }
        self.finish_feed();
    }

    fn start(&mut self, tag: Tag<'a>) {
        let ns = self.scope.namespace(&tag);
        let local = lower_name(local_name(tag.name));
        let at = self.lexer.token_start();
        match classify_element(ns, &local) {
            FieldKind::Item if self.items.len() < MAX_ITEMS => {
                if self.item.is_some() {
                    self.repairs.record(
                        "unclosed-element",
                        "an element is not closed; its end was inferred",
                        at,
                    );
                    self.close_item(false);
                }
                self.open_item(&tag, at);
            }
            FieldKind::Wrapper => self.enter_wrapper(&tag),
            field => self.field(field, tag, at),
        }
    }

    fn enter_wrapper(&mut self, tag: &Tag<'a>) {
        if tag.self_closing {
            return;
        }
        self.scope.enter(tag);
        // CDF has the URLs of the channel and of its items in attributes.
        if self.dialect_ns == Namespace::Rss
            && self.item.is_none()
            && local_name(tag.name).eq_ignore_ascii_case("channel")
            && let Some(href) = attribute(tag, "href")
        {
            self.push_link(Link::page(resolve_url(&href, self.scope.base())));
        }
        if self.item.is_none() {
            self.feed.base = self.scope.base().cloned();
            self.feed.language =
                self.feed.language.take().or_else(|| self.scope.language().map(str::to_owned));
        }
    }

    fn open_item(&mut self, tag: &Tag<'a>, at: usize) {
        let depth = self.scope.depth();
        self.scope.enter(tag);
        let begins = self.out.position();
        self.out.begin_item();
        let about = attribute(tag, "rdf:about").or_else(|| attribute(tag, "about"));
        let page = attribute(tag, "href").filter(|_| self.dialect_ns == Namespace::Rss);
        let page = page.map(|href| Link::page(resolve_url(&href, self.scope.base())));
        let changed = attribute(tag, "lastmod").filter(|_| self.dialect_ns == Namespace::Rss);
        let raw_fields = RawItem {
            at,
            fallback_id: about.map(|about| (about, FieldName::Borrowed("rdf:about"))),
            updated: changed
                .map(|value| Ranked { rank: 2, value, from: name("lastmod") })
                .into_iter()
                .collect(),
            links: page.into_iter().collect(),
            base: self.scope.base().cloned(),
            language: self.scope.language().map(str::to_owned),
            ..RawItem::default()
        };
        self.item = Some(OpenItem { raw_fields, best_texts: BestTexts::default(), begins, depth });
        if tag.self_closing {
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
        let of_feed =
            ["channel", "rss", "rdf", "feed"].iter().any(|o| local.eq_ignore_ascii_case(o));
        if of_feed && self.item.is_some() {
            self.repairs.record(
                "unclosed-element",
                "an element is not closed; its end was inferred",
                self.lexer.token_start(),
            );
            self.close_item(false);
        }
        self.scope.leave(name);
    }

    /// Closes the item. An item that the end of the document cut off is kept only if it has an id
    /// or a link.
    fn close_item(&mut self, truncated: bool) {
        let Some(item) = self.item.take() else { return };
        self.scope.leave_to(item.depth);
        let OpenItem { mut raw_fields, best_texts, begins, .. } = item;
        if truncated
            && raw_fields.id.is_none()
            && raw_fields.links.iter().all(|link| link.rel != "alternate")
        {
            self.out.truncate(begins);
            return;
        }
        let (mut title, mut summary, mut content) =
            (best_texts.title, best_texts.summary, best_texts.content);
        // What is said about a film counts only if the item says nothing itself.
        if summary.0.is_none() && content.0.is_none() && best_texts.description.0.is_none() {
            title.0 = title.0.or(best_texts.media_title.0);
            summary = best_texts.media_description;
        }
        raw_fields.title_from = self.write_text("title", title);
        if let Some((rank, description, from)) = best_texts.description.0 {
            if content.0.is_none() {
                content.0 = Some((rank, description, from));
            } else {
                summary.0 = Some((0, description, from));
            }
        }
        raw_fields.summary_from = self.write_text("summary", summary);
        raw_fields.content_from = self.write_text("content", content);
        self.write_text("rights", best_texts.rights);
        self.out.end_item();
        self.items.push(raw_fields);
    }

    /// Writes the best text and returns the name of its element.
    fn write_text(&mut self, name: &str, pick: BestText<'a>) -> Option<FieldName> {
        let (_, ElementText { text, kind }, from) = pick.0?;
        self.out.text(name, kind, &text);
        Some(from)
    }

    fn finish_feed(&mut self) {
        let head = std::mem::take(&mut self.feed_texts);
        self.write_text("title", head.title);
        let description =
            if head.description.0.is_some() { head.description } else { head.summary };
        self.write_text("subtitle", description);
        self.write_text("rights", head.rights);
    }

    fn field(&mut self, field: FieldKind, tag: Tag<'a>, at: usize) {
        let attrs = self.scope.xml_attrs(&tag);
        let inner_at = self.lexer.offset();
        // The amount that is read twice is limited for the whole document. Beyond the limit,
        // unknown elements are treated as wrappers.
        if self.limits.rescan_bytes == 0 && field == FieldKind::Unknown {
            return;
        }
        let mut captured =
            element_content(&mut self.lexer, self.text, &tag, &self.scope, &mut self.limits);
        match captured.ending {
            Ending::Closed => {}
            Ending::Implied | Ending::Unfinished if field == FieldKind::Unknown => {
                // An unused element without an end must not hide the elements after it.
                self.rescan_from(inner_at);
                return;
            }
            Ending::Implied => {
                self.repairs.record(
                    "unclosed-element",
                    "an element is not closed; its end was inferred",
                    at,
                );
            }
            Ending::Unfinished => {
                self.repairs.record(
                    "truncated",
                    "the document ends inside an element; the element was omitted",
                    at,
                );
                captured = ElementContent { inner_xml: "", ..captured };
                if self.item.is_some() {
                    return;
                }
            }
        }
        if self.item.is_some() {
            self.read_item_field(field, &tag, captured.inner_xml, inner_at, &attrs);
        } else {
            self.read_feed_field(field, &tag, captured.inner_xml, inner_at, &attrs);
        }
    }

    /// Continues at an earlier offset.
    pub fn rescan_from(&mut self, at: usize) {
        let again = self.lexer.offset().saturating_sub(at);
        self.limits.rescan_bytes = self.limits.rescan_bytes.saturating_sub(again);
        self.lexer.seek(at);
    }
}
