//! What one attempt to poll wants to have stored: the intents that
//! [`Store::apply`](super::Store::apply) carries out.

use url::Url;

use super::{PageChange, WindowPolicy};
use crate::schedule::NextPoll;
use entry_identity::{EntryIdentity, KeyPolicy};
use feed_model::{
    Draft, FollowMode, FollowTarget, MovedAddress, PollOutcome, Problem, Source, SourceId,
    Timestamp, UpdateHints, Validators,
};

/// How an entry comes: it decides the position of a story that begins with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// In an ordinary poll: the story stands where it is stored, on top.
    Ordinary,
    /// In a source's first import: the story stands at the publisher's date.
    Import,
    /// Out of the back-catalogue: likewise.
    Backfill,
}

impl Arrival {
    /// The word that is stored.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Import => "import",
            Self::Backfill => "backfill",
        }
    }
}

/// One item of a document, with what it is known by.
#[derive(Debug, Clone)]
pub struct IncomingItem {
    /// What the document says.
    pub draft: Draft,
    /// What it is known by.
    pub identity: EntryIdentity,
    /// How it comes.
    pub arrival: Arrival,
}

/// What a publication says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedMetadata {
    /// Its title.
    pub title: Option<String>,
    /// The feed's own id.
    pub id: Option<String>,
    /// The feed's own address, as it states it.
    pub feed_url: Option<String>,
    /// Its page.
    pub home_page_url: Option<String>,
    /// Its copyright text.
    pub rights: Option<String>,
}

/// A document that was read.
#[derive(Debug, Clone)]
pub struct ParsedDocument {
    /// What the publication says of itself.
    pub metadata: FeedMetadata,
    /// The digest of its bytes: the same bytes are not read twice.
    pub body_digest: Option<[u8; 32]>,
    /// What the source's entries are known by from now on; `None` leaves it as it is.
    pub key_policy: Option<KeyPolicy>,
    /// Its items, in its order, newest first as a rule.
    pub items: Vec<IncomingItem>,
    /// Whether the answer said `Cache-Control: private`; `None`: as before.
    pub private: Option<bool>,
    /// Whether this ends the source's first import.
    pub ends_import: bool,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollError {
    /// Fit for public pages: `timeout`, `http-503`.
    pub class: String,
    /// For the operator's eyes.
    pub text: String,
}

/// How an attempt to poll went.
#[derive(Debug, Clone, PartialEq)]
pub struct PollAttempt {
    /// The outcome. [`PollOutcome::Changed`] follows only from the stored entries.
    pub outcome: PollOutcome,
    /// The HTTP status.
    pub status: Option<u16>,
    /// What went wrong; `None`: the attempt succeeded.
    pub error: Option<PollError>,
    /// Failures in a row, this one included.
    pub failures: u32,
    /// Refusals (429, 503) in a row, this one included.
    pub throttles: u32,
    /// When the source first said 410, where it still does.
    pub gone_since: Option<Timestamp>,
    /// Whether it rests from now on.
    pub gone: bool,
    /// When it is asked again.
    pub next: NextPoll,
    /// The key of the limit of the host that answered; `None`: as before.
    pub host: Option<String>,
    /// Sources that read the same document and wait for this one, so that one request serves them
    /// all.
    pub aligned_sources: Vec<SourceId>,
    /// How often the publication wants to be asked, as its document says; `None`: as before.
    pub update_hints: Option<UpdateHints>,
    /// The target of permanent redirects, if there are any.
    pub moved: Option<MovedAddress>,
    /// What was odd; `None`: as before.
    pub problems: Option<Vec<Problem>>,
}

impl PollAttempt {
    /// An attempt that was answered, with nothing else to say of it.
    pub fn unchanged(next: NextPoll) -> Self {
        Self {
            outcome: PollOutcome::Unchanged,
            status: Some(200),
            error: None,
            failures: 0,
            throttles: 0,
            gone_since: None,
            gone: false,
            next,
            host: None,
            aligned_sources: Vec::new(),
            update_hints: None,
            moved: None,
            problems: None,
        }
    }
}

/// What feeds.toml says of where a source is and how it is followed. Who asks by another word than
/// the one in force asks for nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceTarget {
    /// The address, as a URL writes it.
    pub url: String,
    /// How to follow it.
    pub follow_mode: FollowMode,
}

impl SourceTarget {
    /// What `source` says.
    pub fn of(source: &Source) -> Self {
        Self { url: source.url.to_string(), follow_mode: source.follow_mode }
    }
}

/// Everything that one attempt to poll changes: stored in one transaction, failures and 304
/// included.
#[derive(Debug, Clone)]
pub struct PollUpdate {
    /// Which source.
    pub source: SourceId,
    /// What it was asked by. Once feeds.toml says something else, or gives the source another id,
    /// nothing of the plan is carried out but that there was a request.
    pub target: SourceTarget,
    /// When it is stored.
    pub now: Timestamp,
    /// When the last request was made; `None`: none was.
    pub requested: Option<Timestamp>,
    /// How it went; `None` for a visit to the back-catalogue, which changes nothing of the
    /// schedule.
    pub attempt: Option<PollAttempt>,
    /// How the source was found to be followed, where that is new.
    pub followed: Option<FollowTarget>,
    /// When that was found out or reviewed, where it was.
    pub reviewed: Option<Timestamp>,
    /// The validators that URLs now have; empty ones are dropped.
    pub validators: Vec<(Url, Validators)>,
    /// What was read; `None`: nothing new.
    pub document: Option<ParsedDocument>,
    /// What was learnt about pages.
    pub pages: Vec<PageChange>,
    /// How large windows are.
    pub window: WindowPolicy,
}

impl PollUpdate {
    /// A plan for `source` that changes nothing yet.
    pub fn of(source: &Source, now: Timestamp, window: WindowPolicy) -> Self {
        Self {
            source: source.id.clone(),
            target: SourceTarget::of(source),
            now,
            requested: None,
            attempt: None,
            followed: None,
            reviewed: None,
            validators: Vec::new(),
            document: None,
            pages: Vec::new(),
            window,
        }
    }
}

/// What came of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpdateResult {
    /// Entries stored for the first time.
    pub new_entries: u64,
    /// Entries whose text or facts changed.
    pub updated_entries: u64,
    /// Stories that began.
    pub new_stories: u64,
    /// Entries that joined a story of another source.
    pub duplicates: u64,
    /// Whether anything that is published may have changed.
    pub visible: bool,
    /// Whether feeds.toml says something else of the source by now, so that nothing was carried
    /// out.
    pub config_changed: bool,
    /// What became of each item, in the document's order: for `inspect`.
    pub items: Vec<ItemOutcome>,
}

/// What became of one item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemOutcome {
    /// The entry's row.
    pub entry: i64,
    /// The story's number.
    pub story: i64,
    /// In words: new, known, joined, with the reason.
    pub reason: String,
    /// The topics that its story is in.
    pub topics: Vec<String>,
}
