//! The feed parser, and the only place that knows its types.
//!
//! It is given canonical documents only, a new parser for each; what it says is taken over as plain
//! values.

use feed_rs::{
    model,
    parser::{Builder, ParseFeedError},
};

/// A text and whether it is HTML.
#[derive(Debug, Clone, Default)]
pub(super) struct Text {
    pub text: String,
    pub is_html: bool,
}

/// An item; which one, its place says.
#[derive(Debug, Clone, Default)]
pub(super) struct ItemTexts {
    pub title: Option<Text>,
    pub summary: Option<Text>,
    pub content: Option<Text>,
    pub rights: Option<Text>,
}

/// A feed.
#[derive(Debug, Clone, Default)]
pub(super) struct FeedTexts {
    pub title: Option<Text>,
    pub description: Option<Text>,
    pub rights: Option<Text>,
    pub entries: Vec<ItemTexts>,
}

/// Reads a canonical document.
pub(super) fn parse(canonical: &str) -> Result<FeedTexts, ParseFeedError> {
    // Its own ids would change with the title, or be random at every parse; its sanitiser would run
    // before the base addresses are known; and its dates forget how exactly they were told.
    let parser = Builder::new()
        .id_generator(|_, _, _| String::new())
        .sanitize_content(false)
        .timestamp_parser(|_| None)
        .build();
    let feed = parser.parse(canonical.as_bytes())?;
    Ok(FeedTexts {
        title: feed.title.map(text),
        description: feed.description.map(text),
        rights: feed.rights.map(text),
        entries: feed.entries.into_iter().map(entry).collect(),
    })
}

fn entry(entry: model::Entry) -> ItemTexts {
    ItemTexts {
        title: entry.title.map(text),
        summary: entry.summary.map(text),
        content: entry.content.and_then(content),
        rights: entry.rights.map(text),
    }
}

fn text(text: model::Text) -> Text {
    Text { is_html: text.content_type.subty() != "plain", text: text.content }
}

fn content(content: model::Content) -> Option<Text> {
    let is_html = content.content_type.subty() != "plain";
    content.body.map(|text| Text { text, is_html })
}
