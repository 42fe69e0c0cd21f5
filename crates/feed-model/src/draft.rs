//! What one document says: the feed and its items, before anything is decided about them.

use std::borrow::Cow;

use url::Url;

use super::{Problem, SafeHtml, Timestamp};

/// The form in which a document was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Format {
    /// RSS 0.91 to 2.0, whatever its version says.
    #[serde(rename = "rss")]
    Rss,
    /// RSS 0.90, 1.0 or 1.1: RDF.
    #[serde(rename = "rdf")]
    Rdf,
    /// Atom 0.3 or 1.0.
    #[serde(rename = "atom")]
    Atom,
    /// JSON Feed 1.0 or 1.1.
    #[serde(rename = "json")]
    Json,
    /// A sitemap, with the heads of its pages.
    #[serde(rename = "sitemap")]
    Sitemap,
    /// An index page.
    #[serde(rename = "page")]
    Page,
}

impl Format {
    /// The word that is printed and stored.
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

/// How exactly a publisher told a date.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum DatePrecision {
    /// A year and month only: the moment is the month's first instant.
    Month,
    /// A day only: the moment is the day's first instant.
    Day,
    /// A time of day.
    Second,
}

impl DatePrecision {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Day => "day",
            Self::Second => "second",
        }
    }

    /// The precision of a stored word; anything else was a time of day.
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
    /// The moment, in UTC.
    pub at: Timestamp,
    /// How exactly it was told.
    pub precision: DatePrecision,
}

impl PublishedDate {
    /// A date with a time of day.
    pub fn exact(at: Timestamp) -> Self {
        Self { at, precision: DatePrecision::Second }
    }
}

/// The publisher's id of an item: RSS `guid`, RDF `rdf:about`, Atom `id`, JSON Feed `id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guid {
    /// The id, trimmed, otherwise as it came.
    pub value: String,
    /// RSS `isPermaLink`, where it was said.
    pub is_permalink: Option<bool>,
}

/// An author or contributor.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Person {
    /// The name, plain text; an e-mail address only where there is no name.
    pub name: String,
    /// An e-mail address: RSS `author`, Atom `email`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// An http(s) address: Atom `uri`, JSON Feed `url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// The scheme of a [`Category`] that is the reading time: schema.org's property of that name.
pub const READING_TIME_SCHEME: &str = "https://schema.org/timeRequired";

/// A category that the publisher gave.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Category {
    /// The term, plain text: RSS `category`, Atom `category@term`, `dc:subject`, JSON Feed `tags`,
    /// a page's section.
    pub term: String,
    /// RSS `category@domain`, Atom `category@scheme`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// Atom `category@label`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl Category {
    /// A category of a term alone.
    pub fn term(term: impl Into<String>) -> Self {
        Self { term: term.into(), scheme: None, label: None }
    }

    /// The reading time, as the publisher words it (`8 min read`).
    pub fn reading_time(term: impl Into<String>) -> Self {
        Self { term: term.into(), scheme: Some(READING_TIME_SCHEME.to_owned()), label: None }
    }

    /// Whether this is no subject but the reading time: it is kept, and neither published as a
    /// category nor sorted by.
    pub fn is_reading_time(&self) -> bool {
        self.scheme.as_deref() == Some(READING_TIME_SCHEME)
    }
}

/// An attached file: RSS `enclosure`, Atom `link rel=enclosure`, JSON Feed `attachments`,
/// `media:content`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Enclosure {
    /// Absolute http(s) address.
    pub url: String,
    /// Media type; `application/octet-stream` where none was said and none can be told from the
    /// address.
    pub mime: String,
    /// Length in bytes, where it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
}

/// The feed that an item was taken from, as the item itself says: Atom `source`, RSS `source`.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct OriginSource {
    /// Atom `source/id`.
    pub id: Option<String>,
    /// Atom `source/title`, the text of RSS `source`.
    pub title: Option<String>,
    /// The feed's own address: Atom `source/link rel=self`, RSS `source@url`.
    pub feed_url: Option<String>,
    /// The page: Atom `source/link rel=alternate`.
    pub home_page_url: Option<String>,
    /// Atom `source/updated`.
    pub updated: Option<Timestamp>,
    /// Atom `source/rights`.
    pub rights: Option<String>,
}

/// One item as one document gave it: an entry before it has an identity.
///
/// Texts are plain unless the type says HTML; addresses are absolute http(s); characters that XML
/// 1.0 forbids or discourages are gone.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Draft {
    /// The publisher's id.
    pub guid: Option<Guid>,
    /// Where to read it: alternate/html, else untargeted, else a guid that is an http(s) permalink,
    /// else the enclosure; never the comments link.
    pub url: Option<Url>,
    /// Plain text; `None` where the item has no title.
    pub title: Option<String>,
    /// Authors in the order given: Atom `author`, RSS `author`, `dc:creator`, `itunes:author`, JSON
    /// Feed `authors`.
    pub authors: Vec<Person>,
    /// The publisher's categories, without repetition.
    pub categories: Vec<Category>,
    /// When it was published: RSS `pubDate`, Atom `published` (else `updated`), `dc:date`, JSON
    /// Feed `date_published`.
    pub published: Option<PublishedDate>,
    /// When the publisher says it was changed: Atom `updated`, `dcterms:modified`, JSON Feed
    /// `date_modified`. Not copied from another field.
    pub updated: Option<Timestamp>,
    /// A short text: Atom `summary`, RSS `description` beside `content:encoded`, JSON Feed
    /// `summary`.
    pub summary: Option<SafeHtml>,
    /// The text: Atom `content`, `content:encoded`, RSS `description` alone, JSON Feed
    /// `content_html`/`content_text`.
    pub content: Option<SafeHtml>,
    /// Language tag (BCP 47), where the item or its feed says one.
    pub language: Option<String>,
    /// A picture that stands for the item: JSON Feed `image`, `media:thumbnail`, `og:image`.
    pub image: Option<String>,
    /// Attached files.
    pub enclosures: Vec<Enclosure>,
    /// The feed it was taken from, where the item names one.
    pub origin: Option<OriginSource>,
    /// Atom `rights`, `dc:rights`.
    pub rights: Option<String>,
    /// Addresses of other works that this one is about: Atom `link rel=related|via`, JSON Feed
    /// `external_url`.
    pub related: Vec<String>,
    /// What these were taken from.
    pub from: FieldProvenance,
}

/// What the fields of a [`Draft`] were taken from, as the document names it: `dc:title`, `pubDate`,
/// `content_html`. Nothing where there is no such field, or where it was not read from a feed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct FieldProvenance {
    /// Of [`Draft::guid`].
    pub guid: Option<Cow<'static, str>>,
    /// Of [`Draft::title`].
    pub title: Option<Cow<'static, str>>,
    /// Of [`Draft::url`]; the name of the id where that is a permalink.
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

/// How fast the publisher says to come back, beside HTTP's own words.
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

/// What a document says about itself.
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
    /// The feed's own address as it states it.
    pub self_url: Option<String>,
    /// When the publisher says that the feed was changed.
    pub updated: Option<Timestamp>,
    /// Language tag (BCP 47).
    pub language: Option<String>,
    /// Copyright text.
    pub rights: Option<String>,
    /// The feed's authors: used for items that name none.
    pub authors: Vec<Person>,
    /// Logo or icon, absolute http(s).
    pub icon: Option<String>,
    /// `WebSub` hubs, absolute http(s).
    pub hubs: Vec<String>,
    /// How fast the publisher says to come back.
    pub update_hints: UpdateHints,
}

/// The character encoding that a document was read in, and how that was found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Encoding {
    /// The encoding's name in the WHATWG registry, in lower case: `utf-8`.
    pub name: String,
    /// Why: `byte order mark`, `HTTP charset`, `XML declaration`, …
    pub because: String,
}

/// One thing that was repaired so that a document could be read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Repair {
    /// A stable name for machines, in kebab-case: `bare-ampersand`.
    pub code: String,
    /// One sentence for people.
    pub text: String,
    /// The first line where it was needed, counted from 1, where that is known.
    pub line: Option<u32>,
    /// How many times.
    pub count: u32,
}

/// A document read whole: the feed, its items in the document's order, and what was odd about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The form it was written in.
    pub format: Format,
    /// The encoding it was read in.
    pub encoding: Encoding,
    /// What it says about itself.
    pub feed: FeedMeta,
    /// Its items, in the document's order.
    pub drafts: Vec<Draft>,
    /// What was repaired.
    pub repairs: Vec<Repair>,
    /// What was odd.
    pub problems: Vec<Problem>,
}
