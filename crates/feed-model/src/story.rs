//! A story: the unit of publication. It groups the entries of every source that carry the same
//! post.

use super::{
    Category, DatePrecision, Enclosure, EntryKey, OriginSource, Person, Reservation, SafeHtml,
    SourceId, StoryId, Timestamp, TopicId,
};

/// A source as published documents describe it (`atom:source`, RSS `source`, `_source`).
///
/// It changes only when the title, the links or the id of the source change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRef {
    /// The stable name in feeds.toml.
    pub id: SourceId,
    /// The id of the feed if it is an IRI, else its URL, else a `urn:uuid`.
    pub feed_id: String,
    /// The title: from feeds.toml, else from the publication, else the id.
    pub title: String,
    /// The URL that is polled, without userinfo.
    pub feed_url: String,
    /// Whether that URL is a feed (and not a sitemap or a page).
    pub is_feed: bool,
    /// The home page of the publication.
    pub home_page_url: Option<String>,
    /// Copyright text of the feed.
    pub rights: Option<String>,
    /// The licence and the reservations of rights of the publication.
    pub reservation: Reservation,
    /// When its title, links or id last changed.
    pub updated: Timestamp,
}

/// An entry of a story, from one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryEntry {
    /// The source.
    pub source: SourceId,
    /// The title of the source.
    pub source_title: String,
    /// The key of the entry within its source.
    pub key: EntryKey,
    /// The field that the key was made from: `guid`, `link`, `title-date`, `title-text`.
    pub key_from: String,
    /// The publisher's id.
    pub guid: Option<String>,
    /// The link of the entry.
    pub url: Option<String>,
    /// The title of the entry.
    pub title: Option<String>,
    /// The publisher's date.
    pub published: Option<Timestamp>,
    /// When the entry was first stored.
    pub first_seen: Timestamp,
    /// When a document last contained it.
    pub last_seen: Timestamp,
    /// Whether the source may be published.
    pub public: bool,
}

/// An entry that was added to the story of another entry, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Duplicate {
    /// The source of the added entry.
    pub source: SourceId,
    /// Its key.
    pub key: EntryKey,
    /// The reason why it belongs to the same story.
    pub because: String,
}

/// What decided that a story is in a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DecidedBy {
    /// The rules of the topic.
    Rule,
    /// A label that the operator set.
    Label,
}

/// A topic that a story is in.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Membership {
    /// The topic.
    pub id: TopicId,
    /// The score of the rules.
    pub score: f64,
    /// The reasons, one sentence each.
    pub because: Vec<String>,
    /// What decided.
    pub by: DecidedBy,
}

/// A topic that a story is not in.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct NonMembership {
    /// The topic.
    pub id: TopicId,
    /// The score of the rules.
    pub score: f64,
    /// The reasons, one sentence each: which matchers are missing and which forbid the story.
    pub because: Vec<String>,
}

/// A story with everything that documents and pages show.
///
/// Title, link, date and text are those of the representative entry (see "Which entry shows" in
/// docs/reference.md).
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// Its number in the database.
    pub id: StoryId,
    /// The id in published documents. It is an IRI, stored once and never recomputed.
    pub published_id: String,
    /// Plain text. Empty if no entry has a title.
    pub title: String,
    /// Absolute http(s) URL, if an entry has a link.
    pub url: Option<String>,
    /// The authors of the entry. May be empty.
    pub authors: Vec<Person>,
    /// The publisher's date. `None` if no entry has one.
    pub published: Option<Timestamp>,
    /// The precision of that date.
    pub published_precision: Option<DatePrecision>,
    /// The date that Atom `updated` carries (see `updated` in docs/reference.md).
    pub updated: Timestamp,
    /// When it was first stored.
    pub first_published: Timestamp,
    /// The date that stories are ordered by.
    pub position: Timestamp,
    /// The publisher's short text, sanitised, if there is one.
    pub summary: Option<SafeHtml>,
    /// The full text, sanitised, if the content policy of the source permits republishing it.
    pub content: Option<SafeHtml>,
    /// Plain text of at most 500 characters, from the summary or else from the full text,
    /// independent of the content policy.
    pub summary_text: String,
    /// Language tag (BCP 47).
    pub language: Option<String>,
    /// The publisher's categories.
    pub categories: Vec<Category>,
    /// Attached files.
    pub enclosures: Vec<Enclosure>,
    /// An image that represents it.
    pub image: Option<String>,
    /// Copyright text of the entry.
    pub rights: Option<String>,
    /// URL of the licence of the entry.
    pub license: Option<String>,
    /// URLs of other works that it is about.
    pub related: Vec<String>,
    /// The original feed that the entry names.
    pub origin: Option<OriginSource>,
    /// The source of the representative entry.
    pub source: SourceRef,
    /// The topics that it is in, in the order of feeds.toml.
    pub topics: Vec<Membership>,
    /// Every entry, in the order in which they were first seen.
    pub sources: Vec<StoryEntry>,
    /// The entries that were added later, with the reasons.
    pub duplicates: Vec<Duplicate>,
    /// Whether a label decides its topics.
    pub labelled: bool,
    /// Whether it may be published: whether an entry that may be shown comes from a public source.
    pub public: bool,
}
