//! The raw fields: everything about a feed and its items except their texts, as the document has
//! it.

use std::borrow::Cow;

use url::Url;

use feed_model::{Category, Person, UpdateHints};

/// The name of the element or attribute that a value was read from, as the document spells it.
pub(crate) type FieldName = Cow<'static, str>;

/// A value with its rank and its element. Of several values with the same meaning, the valid one of
/// the lowest rank is used.
#[derive(Debug, Clone)]
pub(crate) struct Ranked<T> {
    pub rank: u8,
    pub value: T,
    pub from: FieldName,
}

/// Returns a name as [`FieldName`]. Frequent names are not allocated.
pub(crate) fn name(written: &str) -> FieldName {
    const KNOWN: [&str; 39] = [
        "author",
        "authors",
        "content",
        "content:encoded",
        "content_html",
        "content_text",
        "created",
        "date_modified",
        "date_published",
        "dc:creator",
        "dc:date",
        "dc:identifier",
        "dc:title",
        "dcterms:modified",
        "description",
        "external_url",
        "guid",
        "id",
        "image",
        "issued",
        "itunes:author",
        "itunes:image",
        "itunes:subtitle",
        "itunes:summary",
        "itunes:title",
        "link",
        "managingEditor",
        "media:content",
        "media:description",
        "media:thumbnail",
        "media:title",
        "modified",
        "pubDate",
        "published",
        "rdf:about",
        "summary",
        "title",
        "updated",
        "url",
    ];
    match KNOWN.binary_search(&written) {
        Ok(at) => Cow::Borrowed(KNOWN[at]),
        // Longer names are cut.
        Err(_) => Cow::Owned(written.chars().take(60).collect()),
    }
}

/// The original feed of an item. URLs are as written.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawSource {
    pub id: Option<String>,
    pub title: Option<String>,
    pub feed_url: Option<String>,
    pub home_page_url: Option<String>,
    pub updated: Option<String>,
    pub rights: Option<String>,
    /// Atom `source/author`: the authors of an item that names none (RFC 4287 §4.2.1).
    pub people: Vec<Ranked<Person>>,
}

/// A link. The URL is as written, unless an `xml:base` applies.
#[derive(Debug, Clone, Default)]
pub(crate) struct Link {
    pub href: String,
    pub rel: Cow<'static, str>,
    pub mime: Option<Cow<'static, str>>,
    pub length: Option<u64>,
}

impl Link {
    /// Returns a link to a web page.
    pub fn page(href: String) -> Self {
        Self { href, rel: "alternate".into(), mime: Some("text/html".into()), length: None }
    }
}

/// A `media:content` element.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawMedia {
    pub url: String,
    pub mime: Option<String>,
    pub medium: Option<String>,
    pub length: Option<u64>,
    /// The width of a picture in pixels.
    pub width: Option<u64>,
    /// What a picture shows, in plain text.
    pub description: Option<String>,
    /// The number of the group. The media of a group are versions of one.
    pub group: Option<usize>,
    pub from: FieldName,
}

/// The raw fields of an item.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawItem {
    /// Its byte offset in the decoded document.
    pub at: usize,
    pub id: Option<(String, FieldName)>,
    pub is_permalink: Option<bool>,
    /// `rdf:about`, or an id that is used if there is no other.
    pub fallback_id: Option<(String, FieldName)>,
    pub fallback_link: Option<(String, FieldName)>,
    /// The original link, if a service replaced it.
    pub original_link: Option<(String, FieldName)>,
    pub published: Vec<Ranked<String>>,
    pub updated: Vec<Ranked<String>>,
    pub people: Vec<Ranked<Person>>,
    pub links: Vec<Link>,
    pub categories: Vec<Category>,
    /// Categories of other vocabularies, and keywords.
    pub subjects: Vec<Category>,
    pub source: Option<RawSource>,
    /// The `xml:base` that applies, if there is one.
    pub base: Option<Url>,
    pub content_base: Option<Url>,
    pub summary_base: Option<Url>,
    pub language: Option<String>,
    pub images: Vec<(String, FieldName)>,
    pub media: Vec<RawMedia>,
    /// JSON Feed `external_url`.
    pub related: Vec<String>,
    pub title_from: Option<FieldName>,
    pub summary_from: Option<FieldName>,
    pub content_from: Option<FieldName>,
}

/// The raw fields of the feed.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawFeed {
    pub id: Option<String>,
    pub links: Vec<Link>,
    pub published: Vec<Ranked<String>>,
    pub updated: Vec<Ranked<String>>,
    pub people: Vec<Ranked<Person>>,
    pub base: Option<Url>,
    pub language: Option<String>,
    pub image: Option<String>,
    pub logo: Option<String>,
    pub icon: Option<String>,
    pub update_hints: UpdateHints,
    /// `sy:updatePeriod` in seconds.
    pub update_period_s: Option<u64>,
    /// `sy:updateFrequency`.
    pub update_frequency: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_names_are_shared_and_others_are_kept_short() {
        assert!(matches!(name("pubDate"), Cow::Borrowed("pubDate")));
        assert!(matches!(name("url"), Cow::Borrowed("url")));
        assert!(matches!(name("author"), Cow::Borrowed("author")));
        assert_eq!(name("a10:updated"), "a10:updated");
        assert_eq!(name(&"é".repeat(100)).chars().count(), 60);
    }
}
