//! The adapter to feed-rs, and the only module that uses its types.
//!
//! feed-rs receives canonical documents only (see `xml_feed` and `json_feed`). It contributes the
//! texts of a feed and its items, with their type.

use feed_rs::{
    model,
    parser::{Builder, ParseFeedError},
};

/// A text with its type.
#[derive(Debug, Clone, Default)]
pub(super) struct Text {
    pub text: String,
    pub is_html: bool,
}

/// The texts of an item. The position tells which item it is.
#[derive(Debug, Clone, Default)]
pub(super) struct ItemTexts {
    pub title: Option<Text>,
    pub summary: Option<Text>,
    pub content: Option<Text>,
    pub rights: Option<Text>,
}

/// The texts of a feed and of its items.
#[derive(Debug, Clone, Default)]
pub(super) struct FeedTexts {
    pub title: Option<Text>,
    pub description: Option<Text>,
    pub rights: Option<Text>,
    pub entries: Vec<ItemTexts>,
}

/// Parses a canonical document.
pub(super) fn parse(canonical: &str) -> Result<FeedTexts, ParseFeedError> {
    // feed-rs makes ids from titles or at random, sanitises before base URLs are known, and loses
    // the precision of dates. All three are switched off.
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
