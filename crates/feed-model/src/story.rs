//! What is published: one story groups the entries of every source that carries it.

use super::{
    Category, DatePrecision, Enclosure, EntryKey, OriginSource, Person, SafeHtml, SourceId,
    StoryId, Timestamp, TopicId,
};

/// A source as documents carry it (`atom:source`, RSS `source`, `_source`).
///
/// It changes only when the source's title, links or id change, never with its build date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRef {
    /// The stable name in feeds.toml.
    pub id: SourceId,
    /// The feed's own id where it is an IRI, else its address, else a `urn:uuid`.
    pub feed_id: String,
    /// The title in force.
    pub title: String,
    /// The address that is polled, without userinfo.
    pub feed_url: String,
    /// Whether that address is a feed (and not a sitemap or a page).
    pub is_feed: bool,
    /// The publication's page.
    pub home_page_url: Option<String>,
    /// Copyright text of the feed.
    pub rights: Option<String>,
    /// When title, links or id last changed here.
    pub updated: Timestamp,
}

/// One source's entry of a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryEntry {
    /// The source.
    pub source: SourceId,
    /// The source's title in force.
    pub source_title: String,
    /// The entry's key within the source.
    pub key: EntryKey,
    /// What the key was made of: `guid`, `link`, `title-date`, `title-text`.
    pub key_from: String,
    /// The publisher's id.
    pub guid: Option<String>,
    /// The entry's own link.
    pub url: Option<String>,
    /// The entry's own title.
    pub title: Option<String>,
    /// The publisher's date.
    pub published: Option<Timestamp>,
    /// When the entry was first stored.
    pub first_seen: Timestamp,
    /// When a document last carried it.
    pub last_seen: Timestamp,
    /// Whether the source may be published.
    pub public: bool,
}

/// An entry that joined a story of another entry, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Duplicate {
    /// The source of the entry that joined.
    pub source: SourceId,
    /// Its key.
    pub key: EntryKey,
    /// Why it is the same story.
    pub because: String,
}

/// Who put a story into a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DecidedBy {
    /// The topic's rule.
    Rule,
    /// A person's label.
    Label,
}

/// A topic that a story is in.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Membership {
    /// The topic.
    pub id: TopicId,
    /// The score of the rule.
    pub score: f64,
    /// What decided, one sentence each.
    pub because: Vec<String>,
    /// Who decided.
    pub by: DecidedBy,
}

/// A topic that a story is not in.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct NonMembership {
    /// The topic.
    pub id: TopicId,
    /// The score of the rule.
    pub score: f64,
    /// What was missing or forbidden, one sentence each.
    pub because: Vec<String>,
}

/// A story with everything that is shown of it.
///
/// Title, link, date and text are those of the entry that shows (see "Which entry shows" in
/// docs/reference.md).
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// Its number here.
    pub id: StoryId,
    /// The id in published documents: an IRI, stored once and never recomputed.
    pub published_id: String,
    /// Plain text; empty where no entry has a title.
    pub title: String,
    /// Absolute http(s), where an entry has a link.
    pub url: Option<String>,
    /// The authors that the entry names; may be empty.
    pub authors: Vec<Person>,
    /// The publisher's date; `None` where no publisher gives one.
    pub published: Option<Timestamp>,
    /// How exactly that date was told.
    pub published_precision: Option<DatePrecision>,
    /// As "`updated`" in docs/reference.md has it: what Atom `updated` carries.
    pub updated: Timestamp,
    /// When it was stored here first.
    pub first_published: Timestamp,
    /// What stories are ordered by.
    pub position: Timestamp,
    /// The publisher's short text, sanitised; absent where it gave none.
    pub summary: Option<SafeHtml>,
    /// The text, sanitised, as far as the source's content policy lets it be republished.
    pub content: Option<SafeHtml>,
    /// Plain text of at most 500 characters, of the summary or else of the text, whatever the
    /// policy.
    pub summary_text: String,
    /// Language tag (BCP 47).
    pub language: Option<String>,
    /// The publisher's categories.
    pub categories: Vec<Category>,
    /// Attached files.
    pub enclosures: Vec<Enclosure>,
    /// A picture that stands for it.
    pub image: Option<String>,
    /// Copyright text of the entry.
    pub rights: Option<String>,
    /// Addresses of other works that this one is about.
    pub related: Vec<String>,
    /// The feed that the entry itself says it was taken from.
    pub origin: Option<OriginSource>,
    /// The source of the entry that shows.
    pub source: SourceRef,
    /// The topics that it is in, in feeds.toml's order.
    pub topics: Vec<Membership>,
    /// Every entry, the first seen first.
    pub sources: Vec<StoryEntry>,
    /// The entries that joined later, with the reason.
    pub duplicates: Vec<Duplicate>,
    /// Whether a person's label decides its topics.
    pub labelled: bool,
    /// Whether it may be published: whether the source of an entry that may show is public.
    pub public: bool,
}
