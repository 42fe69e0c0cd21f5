//! Example stories, sources and topics for the tests of the output.

use feed_model::{
    DatePrecision, DecidedBy, Duplicate, EntryKey, FollowMode, Membership, NonMembership, Person,
    Problem, Reservation, SourceHealth, SourceId, SourceRef, SourceState, Story, StoryEntry,
    StoryId, Timestamp, TopicId, TopicState,
};

pub(super) fn now() -> Timestamp {
    "2026-11-02T12:00:00Z".parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn source_id(id: &str) -> SourceId {
    SourceId::new(id).unwrap()
}

fn topic_id(id: &str) -> TopicId {
    TopicId::new(id).unwrap()
}

fn entry(source: &str, key: &str, key_from: &str) -> StoryEntry {
    StoryEntry {
        source: source_id(source),
        source_title: format!("The {source}"),
        key: EntryKey(key.to_owned()),
        key_from: key_from.to_owned(),
        guid: (key_from == "guid").then(|| key.to_owned()),
        url: Some("https://blog.example/p/quorums".to_owned()),
        title: Some("Quorums, slowly".to_owned()),
        published: Some(at("2026-11-01T00:00:00Z")),
        first_seen: at("2026-11-01T08:00:00.250Z"),
        last_seen: at("2026-11-02T11:00:00Z"),
        public: true,
    }
}

/// A story with every field, and a title with a terminal escape sequence.
pub(super) fn story() -> Story {
    Story {
        id: StoryId(7),
        published_id: "tag:blog.example,2026:quorums".to_owned(),
        title: "Quorums, slowly \u{1b}[31m".to_owned(),
        url: Some("https://blog.example/p/quorums".to_owned()),
        authors: vec![Person { name: "Ada".to_owned(), email: None, url: None }],
        published: Some(at("2026-11-01T00:00:00Z")),
        published_precision: Some(DatePrecision::Day),
        updated: at("2026-11-01T09:00:00Z"),
        first_published: at("2026-11-01T08:00:00.250Z"),
        position: at("2026-11-01T08:00:00.250Z"),
        summary: None,
        content: None,
        summary_text: "Why a majority is enough.".to_owned(),
        topics: vec![Membership {
            id: topic_id("distributed-systems"),
            score: 2.5,
            because: vec![
                "`quorum` in the title: 2".to_owned(),
                "`consensus` in the text: 0.5".to_owned(),
            ],
            by: DecidedBy::Rule,
        }],
        sources: vec![
            entry("blog", "tag:blog.example,2026:quorums", "guid"),
            entry("index", "https://blog.example/p/quorums", "link"),
        ],
        duplicates: vec![Duplicate {
            source: source_id("index"),
            key: EntryKey("https://blog.example/p/quorums".to_owned()),
            because: "the same canonical link".to_owned(),
        }],
        ..bare_story()
    }
}

/// A story without any optional field.
pub(super) fn bare_story() -> Story {
    let moment = at("2026-10-31T10:00:00Z");
    Story {
        id: StoryId(6),
        published_id: "urn:uuid:00000000-0000-5000-8000-000000000000".to_owned(),
        title: String::new(),
        url: None,
        authors: vec![],
        published: None,
        published_precision: None,
        updated: moment,
        first_published: moment,
        position: moment,
        summary: None,
        content: None,
        summary_text: String::new(),
        language: None,
        categories: vec![],
        enclosures: vec![],
        image: None,
        rights: None,
        license: None,
        related: vec![],
        origin: None,
        source: SourceRef {
            id: source_id("blog"),
            feed_id: "https://blog.example/feed".to_owned(),
            title: "The blog".to_owned(),
            feed_url: "https://blog.example/feed".to_owned(),
            is_feed: true,
            home_page_url: None,
            rights: None,
            reservation: Reservation::default(),
            updated: moment,
        },
        topics: vec![],
        sources: vec![],
        duplicates: vec![],
        labelled: false,
        public: true,
    }
}

pub(super) fn topics_not() -> Vec<NonMembership> {
    vec![NonMembership {
        id: topic_id("streaming"),
        score: 0.0,
        because: vec!["nothing of `any` hit".to_owned()],
    }]
}

pub(super) fn source() -> SourceState {
    SourceState {
        id: source_id("blog"),
        title: "The blog".to_owned(),
        url: "https://blog.example/".to_owned(),
        follow_mode: FollowMode::Feed,
        follow_reason: Some("the page names it".to_owned()),
        ways: Vec::new(),
        pushed: false,
        feed_url: Some("https://blog.example/feed".to_owned()),
        home_page_url: Some("https://blog.example/".to_owned()),
        health: SourceHealth::Ok,
        last_attempt: Some(at("2026-11-02T11:00:00Z")),
        last_success: Some(at("2026-11-02T11:00:00Z")),
        next_poll: Some(at("2026-11-02T14:00:00Z")),
        next_poll_reason: Some("its interval of 3h".to_owned()),
        last_status: Some(304),
        last_error: None,
        last_error_class: None,
        failures: 0,
        problems: vec![],
        entries: 31,
        stories: 30,
        interval_s: 10_800,
        public: true,
        activity: vec![],
    }
}

/// A failing source, whose error contains a terminal escape sequence.
pub(super) fn failing_source() -> SourceState {
    SourceState {
        id: source_id("silent"),
        title: "silent".to_owned(),
        url: "https://silent.example/".to_owned(),
        follow_mode: FollowMode::Auto,
        follow_reason: None,
        ways: Vec::new(),
        pushed: false,
        feed_url: None,
        home_page_url: None,
        health: SourceHealth::Failing,
        last_success: None,
        next_poll_reason: Some("3 failures in a row".to_owned()),
        last_status: Some(503),
        last_error: Some("503 Service Unavailable \u{1b}[2J".to_owned()),
        last_error_class: Some("http-503".to_owned()),
        failures: 3,
        problems: vec![Problem::warning("challenge", "a challenge page was answered")],
        entries: 0,
        stories: 0,
        ..source()
    }
}

pub(super) fn topic() -> TopicState {
    TopicState {
        id: topic_id("distributed-systems"),
        title: "Distributed Systems".to_owned(),
        description: Some("Systems that keep working".to_owned()),
        stories: 12,
        in_feed: 9,
        subscribers: 0,
        latest: Some(at("2026-11-01T08:00:00Z")),
    }
}

pub(super) fn empty_topic() -> TopicState {
    TopicState {
        id: topic_id("streaming"),
        title: "Streaming".to_owned(),
        description: None,
        stories: 0,
        in_feed: 0,
        subscribers: 0,
        latest: None,
    }
}
