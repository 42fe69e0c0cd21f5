//! What the feed parser drops or spoils, written down beside the canonical document.

use url::Url;

use crate::model::{Category, Person, PublisherPace};

/// Texts of which the one with the lowest rank that can be used counts.
pub(in crate::ingest) type Ranked = Vec<(u8, String)>;

/// What an item says of the feed that it was taken from; addresses as written.
#[derive(Debug, Clone, Default)]
pub(in crate::ingest) struct SourceNote {
    pub id: Option<String>,
    pub title: Option<String>,
    pub feed_url: Option<String>,
    pub home_page_url: Option<String>,
    pub updated: Option<String>,
    pub rights: Option<String>,
}

/// A `media:content`, as written.
#[derive(Debug, Clone, Default)]
pub(in crate::ingest) struct MediaNote {
    pub url: String,
    pub mime: Option<String>,
    pub medium: Option<String>,
    pub length: Option<u64>,
}

/// Of one item.
#[derive(Debug, Clone, Default)]
pub(in crate::ingest) struct ItemNotes {
    /// Where it begins, in bytes of the decoded document.
    pub at: usize,
    pub id: Option<String>,
    pub is_permalink: Option<bool>,
    /// `rdf:about`, or an id that is used where there is no other.
    pub weak_id: Option<String>,
    pub weak_link: Option<String>,
    pub published: Ranked,
    pub updated: Ranked,
    pub people: Vec<(u8, Person)>,
    pub categories: Vec<Category>,
    pub source: Option<SourceNote>,
    /// `xml:base` in force, where one was said.
    pub base: Option<Url>,
    pub content_base: Option<Url>,
    pub summary_base: Option<Url>,
    pub language: Option<String>,
    pub images: Vec<String>,
    pub media: Vec<MediaNote>,
    /// JSON Feed `external_url`.
    pub related: Vec<String>,
}

/// Of the feed.
#[derive(Debug, Clone, Default)]
pub(in crate::ingest) struct FeedNotes {
    pub id: Option<String>,
    pub published: Ranked,
    pub updated: Ranked,
    pub people: Vec<(u8, Person)>,
    pub base: Option<Url>,
    pub language: Option<String>,
    pub image: Option<String>,
    pub logo: Option<String>,
    pub icon: Option<String>,
    pub pace: PublisherPace,
    /// `sy:updatePeriod` in seconds.
    pub update_period_s: Option<u64>,
    /// `sy:updateFrequency`.
    pub update_frequency: Option<u64>,
}
