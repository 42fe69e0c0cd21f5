//! The feed parser, and the only place that knows its types.
//!
//! It is given canonical documents only, a new parser for each; what it says is taken over as plain values.

use feed_rs::{
    model,
    parser::{Builder, ParseFeedError},
};

use super::tidy::UNTYPED;
use crate::model::Category;

/// A text and whether it is HTML.
#[derive(Debug, Clone, Default)]
pub(super) struct Text {
    pub text: String,
    pub is_html: bool,
}

/// A link, as written but for its base.
#[derive(Debug, Clone, Default)]
pub(super) struct Link {
    pub href: String,
    pub rel: String,
    pub mime: Option<String>,
    pub length: Option<u64>,
}

/// An item.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    /// Its index among the notes.
    pub ordinal: usize,
    pub title: Option<Text>,
    pub summary: Option<Text>,
    pub content: Option<Text>,
    pub rights: Option<Text>,
    pub links: Vec<Link>,
    pub categories: Vec<Category>,
}

/// A feed.
#[derive(Debug, Clone, Default)]
pub(super) struct Feed {
    pub title: Option<Text>,
    pub description: Option<Text>,
    pub rights: Option<Text>,
    pub links: Vec<Link>,
    pub entries: Vec<Entry>,
}

/// Reads a canonical document.
pub(super) fn parse(canonical: &str) -> Result<Feed, ParseFeedError> {
    // Its own ids would change with the title, or be random at every parse; its sanitiser would run before the base
    // addresses are known; and its dates forget how exactly they were told.
    let parser = Builder::new().id_generator(|_, _, _| String::new()).sanitize_content(false).timestamp_parser(|_| None).build();
    let feed = parser.parse(canonical.as_bytes())?;
    Ok(Feed {
        title: feed.title.map(text),
        description: feed.description.map(text),
        rights: feed.rights.map(text),
        links: feed.links.into_iter().map(link).collect(),
        entries: feed.entries.into_iter().filter_map(entry).collect(),
    })
}

fn entry(entry: model::Entry) -> Option<Entry> {
    Some(Entry {
        ordinal: entry.id.trim().parse().ok()?,
        title: entry.title.map(text),
        summary: entry.summary.map(text),
        content: entry.content.and_then(content),
        rights: entry.rights.map(text),
        links: entry.links.into_iter().map(link).collect(),
        categories: entry.categories.into_iter().map(category).collect(),
    })
}

fn text(text: model::Text) -> Text {
    Text { is_html: text.content_type.subty() != "plain", text: text.content }
}

fn content(content: model::Content) -> Option<Text> {
    let is_html = content.content_type.subty() != "plain";
    content.body.map(|text| Text { text, is_html })
}

fn link(link: model::Link) -> Link {
    let rel = link.rel.unwrap_or_else(|| "alternate".to_owned());
    // A link is one to a page, as its only one is in JSON Feed, where the canonical document does not say otherwise.
    let mime = link.media_type.filter(|mime| !mime.trim().is_empty());
    let mime = Some(mime.unwrap_or_else(|| "text/html".to_owned())).filter(|mime| mime != UNTYPED);
    Link { href: link.href, rel, mime, length: link.length }
}

fn category(category: model::Category) -> Category {
    let said = |text: Option<String>| text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
    Category { term: category.term, scheme: said(category.scheme), label: said(category.label) }
}
