//! What the feed parser drops or spoils, written down beside the canonical document.

use std::borrow::Cow;

use url::Url;

use feed_model::{Category, Person, UpdateHints};

/// The name of what a value stood in, as the document spells it.
pub(crate) type FieldName = Cow<'static, str>;

/// A value and where it was said. Of several that say the same, the one with the lowest rank that
/// can be used counts.
#[derive(Debug, Clone)]
pub(crate) struct Ranked<T> {
    pub rank: u8,
    pub value: T,
    pub from: FieldName,
}

/// A name to keep; the ones that are in every second feed cost nothing.
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
        // A name is short; what is not is not worth keeping whole.
        Err(_) => Cow::Owned(written.chars().take(60).collect()),
    }
}

/// What an item says of the feed that it was taken from; addresses as written.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawSource {
    pub id: Option<String>,
    pub title: Option<String>,
    pub feed_url: Option<String>,
    pub home_page_url: Option<String>,
    pub updated: Option<String>,
    pub rights: Option<String>,
    /// Atom `source/author`: the item's where it names none (RFC 4287 §4.2.1).
    pub people: Vec<Ranked<Person>>,
}

/// A link; the address is as written, but for an `xml:base`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Link {
    pub href: String,
    pub rel: Cow<'static, str>,
    pub mime: Option<Cow<'static, str>>,
    pub length: Option<u64>,
}

impl Link {
    /// One to a page.
    pub fn page(href: String) -> Self {
        Self { href, rel: "alternate".into(), mime: Some("text/html".into()), length: None }
    }
}

/// A `media:content`, as written.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawMedia {
    pub url: String,
    pub mime: Option<String>,
    pub medium: Option<String>,
    pub length: Option<u64>,
    pub from: FieldName,
}

/// Of one item.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawItem {
    /// Where it begins, in bytes of the decoded document.
    pub at: usize,
    pub id: Option<(String, FieldName)>,
    pub is_permalink: Option<bool>,
    /// `rdf:about`, or an id that is used where there is no other.
    pub fallback_id: Option<(String, FieldName)>,
    pub fallback_link: Option<(String, FieldName)>,
    /// The publisher's link, where a service put its own in the place of it.
    pub original_link: Option<(String, FieldName)>,
    pub published: Vec<Ranked<String>>,
    pub updated: Vec<Ranked<String>>,
    pub people: Vec<Ranked<Person>>,
    pub links: Vec<Link>,
    pub categories: Vec<Category>,
    /// Categories of less weight: keywords, and what is said in other vocabularies.
    pub subjects: Vec<Category>,
    pub source: Option<RawSource>,
    /// `xml:base` in force, where one was said.
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

/// Of the feed.
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
