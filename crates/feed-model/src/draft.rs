//! A parsed document: the feed and its items, before anything is decided about them.

use std::borrow::Cow;

use url::Url;

use super::{Problem, SafeHtml, Timestamp};

/// The format of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Format {
    /// RSS 0.91 to 2.0, whatever its version says.
    #[serde(rename = "rss")]
    Rss,
    /// RSS 0.90, 1.0 or 1.1, which are RDF.
    #[serde(rename = "rdf")]
    Rdf,
    /// Atom 0.3 or 1.0.
    #[serde(rename = "atom")]
    Atom,
    /// JSON Feed 1.0 or 1.1.
    #[serde(rename = "json")]
    Json,
    /// A sitemap, read together with the metadata of its pages.
    #[serde(rename = "sitemap")]
    Sitemap,
    /// A web page that lists posts.
    #[serde(rename = "page")]
    Page,
}

impl Format {
    /// Returns the name that is printed and stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rss => "rss",
            Self::Rdf => "rdf",
            Self::Atom => "atom",
            Self::Json => "json",
            Self::Sitemap => "sitemap",
            Self::Page => "page",
        }
    }
}

/// The precision of a publisher's date.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum DatePrecision {
    /// Year and month only. The timestamp is the first instant of the month.
    Month,
    /// Day only. The timestamp is the first instant of the day.
    Day,
    /// Day and time.
    Second,
}

impl DatePrecision {
    /// Returns the name that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Day => "day",
            Self::Second => "second",
        }
    }

    /// Parses a stored name. Unknown names mean [`DatePrecision::Second`].
    pub fn from_stored(word: &str) -> Self {
        [Self::Month, Self::Day]
            .into_iter()
            .find(|precision| precision.as_str() == word)
            .unwrap_or(Self::Second)
    }
}

/// A publisher's date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PublishedDate {
    /// The timestamp.
    pub at: Timestamp,
    /// Its precision.
    pub precision: DatePrecision,
}

impl PublishedDate {
    /// Returns a date with day and time.
    pub fn exact(at: Timestamp) -> Self {
        Self { at, precision: DatePrecision::Second }
    }
}

/// The publisher's id of an item: RSS `guid`, RDF `rdf:about`, Atom `id`, JSON Feed `id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guid {
    /// The id, trimmed and otherwise unchanged.
    pub value: String,
    /// RSS `isPermaLink`, if present.
    pub is_permalink: Option<bool>,
}

/// An author or contributor.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Person {
    /// The name in plain text. The e-mail address if there is no name.
    pub name: String,
    /// An e-mail address: RSS `author`, Atom `email`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// An http(s) URL: Atom `uri`, JSON Feed `url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// The scheme of a [`Category`] that holds the reading time: the schema.org property of that name.
pub const READING_TIME_SCHEME: &str = "https://schema.org/timeRequired";

/// A category that the publisher assigned.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Category {
    /// The term in plain text: RSS `category`, Atom `category@term`, `dc:subject`, JSON Feed
    /// `tags`, the section of a page.
    pub term: String,
    /// RSS `category@domain`, Atom `category@scheme`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// Atom `category@label`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl Category {
    /// Returns a category that has only a term.
    pub fn term(term: impl Into<String>) -> Self {
        Self { term: term.into(), scheme: None, label: None }
    }

    /// Returns a category that holds the reading time in the publisher's words (`8 min read`).
    pub fn reading_time(term: impl Into<String>) -> Self {
        Self { term: term.into(), scheme: Some(READING_TIME_SCHEME.to_owned()), label: None }
    }

    /// Returns whether this is the reading time and not a subject. It is stored, but it is neither
    /// published as a category nor used for classification.
    pub fn is_reading_time(&self) -> bool {
        self.scheme.as_deref() == Some(READING_TIME_SCHEME)
    }
}

/// An attached file: RSS `enclosure`, Atom `link rel=enclosure`, JSON Feed `attachments`,
/// `media:content`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Enclosure {
    /// Absolute http(s) URL.
    pub url: String,
    /// Media type. `application/octet-stream` if it is neither given nor known from the URL.
    pub mime: String,
    /// Length in bytes, if given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
}

impl Enclosure {
    /// Returns whether the file is a sound or a film.
    pub fn is_played(&self) -> bool {
        ["audio/", "video/"].iter().any(|kind| self.mime.starts_with(kind))
    }
}

/// The feed that an item was originally published in: Atom `source`, RSS `source`.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct OriginSource {
    /// Atom `source/id`.
    pub id: Option<String>,
    /// Atom `source/title` or the text of RSS `source`.
    pub title: Option<String>,
    /// The URL of the feed: Atom `source/link rel=self`, RSS `source@url`.
    pub feed_url: Option<String>,
    /// The web page: Atom `source/link rel=alternate`.
    pub home_page_url: Option<String>,
    /// Atom `source/updated`.
    pub updated: Option<Timestamp>,
    /// Atom `source/rights`.
    pub rights: Option<String>,
}

/// One item of one document, before it has an identity.
///
/// Texts are plain text unless the type says HTML. URLs are absolute http(s). Characters that XML
/// 1.0 forbids or discourages are removed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Draft {
    /// The publisher's id.
    pub guid: Option<Guid>,
    /// The page to read. It is taken from an alternate link of type HTML, else from an alternate
    /// link without a type, else from a guid that is an http(s) permalink, else from the enclosure.
    /// It is never the comments link.
    pub url: Option<Url>,
    /// Plain text. `None` if the item has no title.
    pub title: Option<String>,
    /// Authors in the order of the document: Atom `author`, RSS `author`, `dc:creator`,
    /// `itunes:author`, JSON Feed `authors`.
    pub authors: Vec<Person>,
    /// The publisher's categories, without duplicates.
    pub categories: Vec<Category>,
    /// The publication date: RSS `pubDate`, Atom `published` (else `updated`), `dc:date`, JSON Feed
    /// `date_published`.
    pub published: Option<PublishedDate>,
    /// The date of the last change: Atom `updated`, `dcterms:modified`, JSON Feed `date_modified`.
    /// Never copied from another field.
    pub updated: Option<Timestamp>,
    /// The short text: Atom `summary`, RSS `description` beside `content:encoded`, JSON Feed
    /// `summary`.
    pub summary: Option<SafeHtml>,
    /// The full text: Atom `content`, `content:encoded`, RSS `description` alone, JSON Feed
    /// `content_html` or `content_text`.
    pub content: Option<SafeHtml>,
    /// Language tag (BCP 47) of the item or its feed.
    pub language: Option<String>,
    /// An image that represents the item: JSON Feed `image`, `media:thumbnail`, `og:image`.
    pub image: Option<String>,
    /// Attached files.
    pub enclosures: Vec<Enclosure>,
    /// The original feed, if the item names one.
    pub origin: Option<OriginSource>,
    /// Copyright text: Atom `rights`, `dc:rights`.
    pub rights: Option<String>,
    /// URL of the licence: `link rel=license` (RFC 4946), `creativeCommons:license`.
    pub license: Option<String>,
    /// URLs of other works that this item is about: Atom `link rel=related|via`, JSON Feed
    /// `external_url`.
    pub related: Vec<String>,
    /// The elements that the fields were read from.
    pub from: FieldProvenance,
}

/// The elements that the fields of a [`Draft`] were read from, as the document names them:
/// `dc:title`, `pubDate`, `content_html`. `None` if the field is empty or was not read from a feed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct FieldProvenance {
    /// Of [`Draft::guid`].
    pub guid: Option<Cow<'static, str>>,
    /// Of [`Draft::title`].
    pub title: Option<Cow<'static, str>>,
    /// Of [`Draft::url`]. The name of the id element if the id is a permalink.
    pub url: Option<Cow<'static, str>>,
    /// Of [`Draft::published`].
    pub published: Option<Cow<'static, str>>,
    /// Of [`Draft::updated`].
    pub updated: Option<Cow<'static, str>>,
    /// Of [`Draft::authors`].
    pub authors: Option<Cow<'static, str>>,
    /// Of [`Draft::summary`].
    pub summary: Option<Cow<'static, str>>,
    /// Of [`Draft::content`].
    pub content: Option<Cow<'static, str>>,
    /// Of [`Draft::image`].
    pub image: Option<Cow<'static, str>>,
}

/// The update frequency that the document states, beside the HTTP cache fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct UpdateHints {
    /// RSS `ttl`, in minutes.
    pub ttl_minutes: Option<u64>,
    /// RSS `skipHours`: hours of the day in UTC, 0 to 23.
    pub skip_hours: Vec<u8>,
    /// RSS `skipDays`: 0 is Monday, 6 is Sunday.
    pub skip_days: Vec<u8>,
    /// `sy:updatePeriod` divided by `sy:updateFrequency`, in seconds.
    pub sy_interval_s: Option<u64>,
}

/// The metadata of a feed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeedMeta {
    /// Atom `id`.
    pub id: Option<String>,
    /// Plain text.
    pub title: Option<String>,
    /// Plain text: RSS `description`, Atom `subtitle`, JSON Feed `description`.
    pub description: Option<String>,
    /// The page that the feed belongs to.
    pub home_page_url: Option<String>,
    /// The URL of the feed as it states it.
    pub self_url: Option<String>,
    /// The date of the last change as the feed states it.
    pub updated: Option<Timestamp>,
    /// Language tag (BCP 47).
    pub language: Option<String>,
    /// Copyright text.
    pub rights: Option<String>,
    /// URL of the licence of its items.
    pub license: Option<String>,
    /// The authors of the feed, used for items that name none.
    pub authors: Vec<Person>,
    /// Logo or icon, an absolute http(s) URL.
    pub icon: Option<String>,
    /// `WebSub` hubs, absolute http(s) URLs.
    pub hubs: Vec<String>,
    /// The archive with older items (RFC 5005 §4, `rel="prev-archive"`), an absolute http(s) URL.
    pub prev_archive: Option<String>,
    /// The update frequency that the feed states.
    pub update_hints: UpdateHints,
}

/// The character encoding that a document was read in, and the reason for choosing it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Encoding {
    /// The name of the encoding in the WHATWG Encoding Standard, in lower case: `utf-8`.
    pub name: String,
    /// The reason: `byte order mark`, `HTTP charset`, `XML declaration`, …
    pub because: String,
}

/// One kind of repair that was needed to read a document.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Repair {
    /// A stable name in kebab-case: `bare-ampersand`.
    pub code: String,
    /// One sentence that describes the repair.
    pub text: String,
    /// The first line where it was needed, counted from 1, if known.
    pub line: Option<u32>,
    /// The number of times it was needed.
    pub count: u32,
}

/// A parsed document: the feed, its items in document order, and everything unusual about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The format.
    pub format: Format,
    /// The encoding it was read in.
    pub encoding: Encoding,
    /// The metadata of the feed.
    pub feed: FeedMeta,
    /// The items in document order.
    pub drafts: Vec<Draft>,
    /// The repairs that were made.
    pub repairs: Vec<Repair>,
    /// Problems that did not prevent reading.
    pub problems: Vec<Problem>,
}
