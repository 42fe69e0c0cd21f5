//! The `--json` output of stories, sources and topics, as documented in docs/reference.md.
//!
//! Times are RFC 3339 in UTC, absent values are null, ids are strings.

use chrono::SecondsFormat;
use serde::{Serialize, Serializer};
use url::Url;

use feed_model::{
    Duplicate, FollowMode, FollowWay, Membership, NonMembership, Problem, SourceHealth,
    SourceState, Story, StoryEntry, Timestamp, TopicState,
};
use topic_rules::LearnerProgress;

/// Formats a time as RFC 3339 in UTC: `2026-11-02T09:30:00Z`.
pub fn rfc3339(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn time<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*at))
}

#[allow(clippy::ref_option)] // serde's signature
fn some_time<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => time(at, serializer),
        None => serializer.serialize_none(),
    }
}

fn non_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// A story in the output of `stories` and `explain`.
#[derive(Debug, Serialize)]
pub struct StoryJson<'s> {
    id: String,
    published_id: &'s str,
    title: Option<&'s str>,
    url: Option<&'s str>,
    /// The names of the authors.
    authors: Vec<&'s str>,
    #[serde(serialize_with = "some_time")]
    published: Option<Timestamp>,
    #[serde(serialize_with = "time")]
    updated: Timestamp,
    #[serde(serialize_with = "time")]
    first_published: Timestamp,
    #[serde(serialize_with = "time")]
    position: Timestamp,
    /// Plain text of at most 500 characters.
    summary: Option<&'s str>,
    topics: &'s [Membership],
    sources: Vec<EntryJson<'s>>,
    duplicates: &'s [Duplicate],
    labelled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    topics_not: Option<&'s [NonMembership]>,
}

/// One source's entry of a story.
#[derive(Debug, Serialize)]
struct EntryJson<'s> {
    source: &'s str,
    source_title: &'s str,
    key: &'s str,
    key_from: &'s str,
    guid: Option<&'s str>,
    url: Option<&'s str>,
    title: Option<&'s str>,
    #[serde(serialize_with = "some_time")]
    published: Option<Timestamp>,
    #[serde(serialize_with = "time")]
    first_seen: Timestamp,
    #[serde(serialize_with = "time")]
    last_seen: Timestamp,
}

impl<'s> EntryJson<'s> {
    fn of(entry: &'s StoryEntry) -> Self {
        Self {
            source: entry.source.as_str(),
            source_title: &entry.source_title,
            key: entry.key.as_str(),
            key_from: &entry.key_from,
            guid: entry.guid.as_deref(),
            url: entry.url.as_deref(),
            title: entry.title.as_deref(),
            published: entry.published,
            first_seen: entry.first_seen,
            last_seen: entry.last_seen,
        }
    }
}

impl<'s> StoryJson<'s> {
    /// Returns the story for the output of `stories`.
    pub fn of(story: &'s Story) -> Self {
        Self {
            id: story.id.to_string(),
            published_id: &story.published_id,
            title: non_empty(&story.title),
            url: story.url.as_deref(),
            authors: story.authors.iter().map(|author| author.name.as_str()).collect(),
            published: story.published,
            updated: story.updated,
            first_published: story.first_published,
            position: story.position,
            summary: non_empty(&story.summary_text),
            topics: &story.topics,
            sources: story.sources.iter().map(EntryJson::of).collect(),
            duplicates: &story.duplicates,
            labelled: story.labelled,
            topics_not: None,
        }
    }

    /// Adds the topics that the story is not in, for the output of `explain`.
    #[must_use]
    pub fn with_topics_not(mut self, topics: &'s [NonMembership]) -> Self {
        self.topics_not = Some(topics);
        self
    }
}

/// A source in the output of `sources` and `status`.
#[derive(Debug, Serialize)]
pub struct SourceJson<'s> {
    id: &'s str,
    title: &'s str,
    url: &'s str,
    follow: FollowMode,
    follow_because: Option<&'s str>,
    ways: &'s [FollowWay],
    feed_url: Option<&'s str>,
    state: SourceHealth,
    #[serde(serialize_with = "some_time")]
    last_attempt: Option<Timestamp>,
    #[serde(serialize_with = "some_time")]
    last_success: Option<Timestamp>,
    #[serde(serialize_with = "some_time")]
    next_poll: Option<Timestamp>,
    next_poll_because: Option<&'s str>,
    last_status: Option<u16>,
    last_error: Option<&'s str>,
    failures: u32,
    /// Whether its hub pushes new entries.
    pushed: bool,
    problems: &'s [Problem],
    entries: u64,
    stories: u64,
    interval_s: u64,
    public: bool,
}

impl<'s> SourceJson<'s> {
    /// Returns the source for the output.
    pub fn of(source: &'s SourceState) -> Self {
        Self {
            id: source.id.as_str(),
            title: &source.title,
            url: &source.url,
            follow: source.follow_mode,
            follow_because: source.follow_reason.as_deref(),
            ways: &source.ways,
            feed_url: source.feed_url.as_deref(),
            state: source.health,
            last_attempt: source.last_attempt,
            last_success: source.last_success,
            next_poll: source.next_poll,
            next_poll_because: source.next_poll_reason.as_deref(),
            last_status: source.last_status,
            last_error: source.last_error.as_deref(),
            failures: source.failures,
            pushed: source.pushed,
            problems: &source.problems,
            entries: source.entries,
            stories: source.stories,
            interval_s: source.interval_s,
            public: source.public,
        }
    }
}

/// A topic in the output of `topics`.
#[derive(Debug, Serialize)]
pub struct TopicJson<'s> {
    id: &'s str,
    title: &'s str,
    description: Option<&'s str>,
    stories: u64,
    /// The stories in the feed now; the others are on the pages and in the archives.
    in_feed: u64,
    /// The subscribers at our hub.
    subscribers: u64,
    #[serde(serialize_with = "some_time")]
    latest: Option<Timestamp>,
    feeds: FeedsJson,
    /// The state of the learner; null if the topic does not learn.
    learning: Option<LearningJson>,
}

/// The state of a topic's learner.
#[derive(Debug, Serialize)]
struct LearningJson {
    labels: usize,
    others: usize,
    f1_rules: f64,
    f1: Option<f64>,
    counts: bool,
    because: String,
}

/// The URLs of a topic's feeds.
#[derive(Debug, Serialize)]
struct FeedsJson {
    atom: String,
    rss: String,
    json: String,
}

impl<'s> TopicJson<'s> {
    /// Returns the topic for the output, with its feed URLs below `base`.
    pub fn of(topic: &'s TopicState, base: &Url, learning: Option<&'s LearnerProgress>) -> Self {
        let feed = |format: &str| feed_url(base, topic.id.as_str(), format);
        Self {
            id: topic.id.as_str(),
            title: &topic.title,
            description: topic.description.as_deref(),
            stories: topic.stories,
            in_feed: topic.in_feed,
            subscribers: topic.subscribers,
            latest: topic.latest,
            feeds: FeedsJson { atom: feed("atom"), rss: feed("rss"), json: feed("json") },
            learning: learning.map(|progress| LearningJson {
                labels: progress.labels,
                others: progress.labels_outside,
                f1_rules: progress.f1_rules,
                f1: progress.f1_learnt,
                counts: progress.is_active(),
                because: progress.reason.to_string(),
            }),
        }
    }
}

/// Returns the URL of a topic's feed.
pub(crate) fn feed_url(base: &Url, topic: &str, format: &str) -> String {
    format!("{}/topics/{topic}/feed.{format}", base.as_str().trim_end_matches('/'))
}
