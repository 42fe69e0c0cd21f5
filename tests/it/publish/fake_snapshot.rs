//! Stories made by hand, and a stored state that holds them.

#![allow(clippy::unwrap_used)] // test code outside of `#[test]` functions

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

use chrono::Datelike;
use feed_model::*;
use topic_rules::Rules;
use tributary::{
    site::{Audience, CurrentRules, SiteSettings, Snapshot, SnapshotSource},
    store::{ArchiveDocument, ArchiveState, SearchQuery, SearchResults, StoreError, StoryQuery},
};

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn source() -> SourceRef {
    SourceRef {
        id: SourceId::new("river-notes").unwrap(),
        feed_id: "tag:river.example,2020:notes".to_owned(),
        title: "River Notes & Queries".to_owned(),
        feed_url: "https://river.example/feed.xml?a=1&b=2".to_owned(),
        is_feed: true,
        home_page_url: Some("https://river.example/".to_owned()),
        rights: Some("© River Notes".to_owned()),
        updated: at("2026-01-01T00:00:00Z"),
    }
}

/// A plain story: number `id` of 2026, an hour after the one before.
pub fn story(id: i64) -> Story {
    let position = at("2026-03-01T06:00:00Z") + chrono::Duration::hours(id);
    let source = source();
    Story {
        id: StoryId(id),
        published_id: format!("https://river.example/posts/{id}"),
        title: format!("Post number {id}"),
        url: Some(format!("https://river.example/posts/{id}")),
        authors: vec![Person {
            name: "Ada Fluss".to_owned(),
            email: Some("ada@river.example".to_owned()),
            url: None,
        }],
        published: Some(position - chrono::Duration::minutes(7)),
        published_precision: Some(DatePrecision::Second),
        updated: position,
        first_published: position,
        position,
        summary: Some(html("<p>About water.</p>")),
        content: Some(html(
            "<p>Water flows, and <a href=\"https://river.example/map\">maps</a> follow.</p>",
        )),
        summary_text: "About water.".to_owned(),
        language: Some("en".to_owned()),
        categories: vec![Category::term("rivers")],
        enclosures: Vec::new(),
        image: None,
        rights: None,
        related: Vec::new(),
        origin: None,
        sources: vec![StoryEntry {
            source: source.id.clone(),
            source_title: source.title.clone(),
            key: EntryKey(format!("https://river.example/posts/{id}")),
            key_from: "guid".to_owned(),
            guid: Some(format!("https://river.example/posts/{id}")),
            url: Some(format!("https://river.example/posts/{id}")),
            title: Some(format!("Post number {id}")),
            published: None,
            first_seen: position,
            last_seen: position,
            public: true,
        }],
        source,
        topics: vec![Membership {
            id: TopicId::new("streaming").unwrap(),
            score: 2.0,
            because: vec!["`water` in the title".to_owned()],
            by: DecidedBy::Rule,
        }],
        duplicates: Vec::new(),
        labelled: false,
        public: true,
    }
}

pub fn html(text: &str) -> SafeHtml {
    SafeHtml::from_sanitised(text.to_owned())
}

/// Everything that makes a writer stumble, newest first.
pub fn hostile_stories() -> Vec<Story> {
    let mut stories = vec![
        Story {
            title: "<script>alert('x')</script> & \"quotes\" ]]> \u{1F30A}\u{0}\u{85}".to_owned(),
            summary: Some(html("<p>Ends a section: ]]&gt; &amp; goes on</p>")),
            content: Some(html("<p>]]> <b>bold</b> &lt;script&gt; \u{1F469}\u{200D}\u{1F4BB}</p>")),
            summary_text: "Ends a section: ]]> & goes on <img src=x onerror=alert(1)>".to_owned(),
            language: Some("de-AT".to_owned()),
            categories: vec![
                Category {
                    term: "a&b".to_owned(),
                    scheme: Some("https://river.example/tags".to_owned()),
                    label: Some("A & B".to_owned()),
                },
                Category { term: "<i>".to_owned(), scheme: Some("no iri".to_owned()), label: None },
                Category::term("a&b"),
            ],
            authors: vec![
                Person {
                    name: "Ada \"<b>\" Fluss".to_owned(),
                    email: None,
                    url: Some("https://ada.example/?a&b".to_owned()),
                },
                Person {
                    name: String::new(),
                    email: Some("only@mail.example".to_owned()),
                    url: Some("javascript:alert(1)".to_owned()),
                },
            ],
            rights: Some("CC BY 4.0 & more".to_owned()),
            related: vec![
                "https://elsewhere.example/work?x=1&y=2".to_owned(),
                "javascript:alert(1)".to_owned(),
            ],
            image: Some("https://river.example/i.png?a&b".to_owned()),
            enclosures: vec![
                Enclosure {
                    url: "https://river.example/a.mp3?a&b".to_owned(),
                    mime: "audio/mpeg".to_owned(),
                    length: Some(123_456),
                },
                Enclosure {
                    url: "https://river.example/b".to_owned(),
                    mime: "odd".to_owned(),
                    length: None,
                },
            ],
            ..story(9)
        },
        Story {
            title: String::new(),
            published_id: "urn:uuid:6f7c0c59-6a5e-5a0f-9d5e-0b7f7a3b8a11".to_owned(),
            ..story(8)
        },
        Story { url: None, published_id: "tag:river.example,2026:8".to_owned(), ..story(7) },
        Story {
            url: None,
            summary: None,
            content: None,
            authors: Vec::new(),
            published_id: "tag:river.example,2026:6".to_owned(),
            ..story(6)
        },
        Story {
            published: Some(at("2024-11-01T00:00:00Z")),
            published_precision: Some(DatePrecision::Month),
            summary: None,
            summary_text: "Water flows, and maps follow.".to_owned(),
            ..story(5)
        },
        Story {
            published: None,
            published_precision: None,
            content: None,
            origin: Some(OriginSource {
                id: Some("tag:spring.example,2019:feed".to_owned()),
                title: Some("The Spring <sic>".to_owned()),
                feed_url: Some("https://spring.example/atom".to_owned()),
                home_page_url: Some("https://spring.example/".to_owned()),
                updated: Some(at("2025-05-05T05:05:05Z")),
                rights: None,
            }),
            ..story(4)
        },
        Story {
            title: "日本語の題名".to_owned(),
            language: Some("ja".to_owned()),
            url: Some("javascript:alert(1)".to_owned()),
            ..story(3)
        },
    ];
    // A site without a feed.
    let mut plain = story(2);
    plain.source.is_feed = false;
    plain.source =
        SourceRef { feed_url: "https://river.example/sitemap.xml".to_owned(), ..plain.source };
    plain.source.rights = None;
    stories.push(plain);
    stories
}

pub fn topic(id: &str, title: &str) -> Topic {
    Topic {
        id: TopicId::new(id).unwrap(),
        title: title.to_owned(),
        description: Some(format!("All about {title}")),
        any: vec!["water".to_owned()],
        all: Vec::new(),
        none: Vec::new(),
        sources: Vec::new(),
        threshold: 1.0,
        former_ids: Vec::new(),
        learn: false,
        announce_within: std::time::Duration::from_hours(48),
        access: Vec::new(),
    }
}

pub fn settings() -> SiteSettings {
    SiteSettings {
        title: "Systems writing, by topic".to_owned(),
        base_url: url::Url::parse("https://topics.example/").unwrap(),
        feed_id: "tag:topics.example,2026:topics".to_owned(),
        topics: vec![
            topic("streaming", "Streaming & <Rivers>"),
            Topic { former_ids: vec![TopicId::new("clouds").unwrap()], ..topic("cloud", "Cloud") },
        ],
        max_entries: 50,
        keep_within: std::time::Duration::from_hours(48),
        live: true,
        max_age: std::time::Duration::from_mins(15),
        rules: CurrentRules::fixed(Rules::compile(&[]).unwrap()),
        audience: Audience::default(),
    }
}

pub fn source_state() -> SourceState {
    let source = source();
    SourceState {
        id: source.id,
        title: source.title,
        url: "https://user:secret@river.example/".to_owned(),
        follow_mode: FollowMode::Feed,
        follow_reason: None,
        feed_url: Some(source.feed_url),
        home_page_url: source.home_page_url,
        health: SourceHealth::Failing,
        last_attempt: Some(at("2026-03-01T10:00:00Z")),
        last_success: Some(at("2026-03-01T09:00:00Z")),
        next_poll: Some(at("2026-03-01T12:00:00Z")),
        next_poll_reason: None,
        last_status: Some(503),
        last_error: Some("connection to 10.0.0.7 refused".to_owned()),
        last_error_class: Some("http-503".to_owned()),
        failures: 1,
        problems: Vec::new(),
        entries: 12,
        stories: 12,
        interval_s: 3600,
        public: true,
        activity: (0..90).map(|day| day % 7).collect(),
    }
}

/// A stored state in memory, with the store's rules as far as the site can see them.
#[derive(Debug, Default)]
pub struct FakeSnapshot(Mutex<SnapshotContents>);

#[derive(Debug, Default)]
pub struct SnapshotContents {
    /// Newest position first.
    pub stories: Vec<Story>,
    pub sources: Vec<SourceState>,
    pub retired: Vec<TopicId>,
    /// What is said of the state's version.
    pub version: Option<i64>,
    /// How often it was looked at.
    pub reads: usize,
    timestamps: BTreeMap<String, ([u8; 32], Timestamp)>,
}

impl FakeSnapshot {
    pub fn of(stories: Vec<Story>) -> Self {
        Self(Mutex::new(SnapshotContents {
            stories,
            sources: vec![source_state()],
            ..SnapshotContents::default()
        }))
    }

    pub fn contents(&self) -> MutexGuard<'_, SnapshotContents> {
        self.0.lock().unwrap()
    }
}

impl SnapshotContents {
    /// As the store's own: the stored moment while the digest stays the same, else `now`.
    pub fn settle(&mut self, path: &str, digest: [u8; 32], now: Timestamp) -> Timestamp {
        let known =
            self.timestamps.get(path).filter(|(known, _)| *known == digest).map(|(_, at)| *at);
        known.unwrap_or_else(|| {
            self.timestamps.insert(path.to_owned(), (digest, now));
            now
        })
    }
}

fn is_in(story: &Story, topic: &TopicId) -> bool {
    topic.is_all() || story.topics.iter().any(|membership| membership.id == *topic)
}

impl Snapshot for SnapshotContents {
    fn stories(&self, query: &StoryQuery) -> Result<Vec<Story>, StoreError> {
        let wanted = |story: &&Story| {
            (story.public || !query.public_only)
                && query.topic.as_ref().is_none_or(|topic| is_in(story, topic))
                && (!query.unsorted || story.topics.is_empty())
                && query.month.is_none_or(|month| {
                    month == (story.first_published.year(), story.first_published.month())
                })
        };
        let found = self
            .stories
            .iter()
            .filter(wanted)
            .skip(query.offset)
            .take(query.limit.unwrap_or(usize::MAX));
        Ok(found.cloned().collect())
    }

    fn count_stories(&self, query: &StoryQuery) -> Result<u64, StoreError> {
        Ok(self.stories(&StoryQuery { limit: None, offset: 0, ..query.clone() })?.len() as u64)
    }

    fn story(&self, id: StoryId) -> Result<Option<Story>, StoreError> {
        Ok(self.stories.iter().find(|story| story.id == id).cloned())
    }

    fn not_in_topics(&self, _: &Story, _: &Rules) -> Result<Vec<NonMembership>, StoreError> {
        Ok(Vec::new())
    }

    fn search(&self, _: &SearchQuery, _: usize, _: bool) -> Result<SearchResults, StoreError> {
        Ok(SearchResults::default())
    }

    fn instance(&self, _: &str, _: &str) -> Result<Option<Vec<(i64, i64)>>, StoreError> {
        Ok(None)
    }

    fn archives(&self, _: &TopicId) -> Result<Vec<ArchiveState>, StoreError> {
        Ok(Vec::new())
    }

    fn archive(&self, _: &TopicId, _: u64) -> Result<Option<ArchiveDocument>, StoreError> {
        Ok(None)
    }

    fn archive_stories(&self, _: &TopicId, _: u64) -> Result<Vec<Story>, StoreError> {
        Ok(Vec::new())
    }

    fn neighbours(&self, _: &TopicId, _: usize) -> Result<Vec<(TopicId, u64)>, StoreError> {
        Ok(Vec::new())
    }

    fn window(&self, topics: &[TopicId], limit: usize) -> Result<Vec<Story>, StoreError> {
        let wanted =
            |story: &&Story| story.public && topics.iter().any(|topic| is_in(story, topic));
        Ok(self.stories.iter().filter(wanted).take(limit).cloned().collect())
    }

    fn months(&self, topic: Option<&TopicId>) -> Result<Vec<((i32, u32), u64)>, StoreError> {
        let mut months = BTreeMap::new();
        for story in self
            .stories
            .iter()
            .filter(|story| story.public && topic.is_none_or(|topic| is_in(story, topic)))
        {
            *months
                .entry((story.first_published.year(), story.first_published.month()))
                .or_insert(0) += 1;
        }
        Ok(months.into_iter().rev().collect())
    }

    fn sources(&self) -> Result<Vec<SourceState>, StoreError> {
        Ok(self.sources.clone())
    }
}

impl SnapshotSource for FakeSnapshot {
    fn with_snapshot(
        &self,
        look: &mut dyn FnMut(&dyn Snapshot) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.contents().reads += 1;
        look(&*self.contents())
    }

    fn version(&self) -> Result<Option<i64>, StoreError> {
        Ok(self.contents().version)
    }
}

/// The documents of a fake_snapshot as they are at `now`.
pub fn documents(
    fake_snapshot: &FakeSnapshot,
    settings: &SiteSettings,
    now: Timestamp,
) -> Vec<tributary::site::RenderedDocument> {
    let contents = fake_snapshot.contents();
    let timestamps = Mutex::new(SnapshotContents {
        timestamps: contents.timestamps.clone(),
        ..SnapshotContents::default()
    });
    let mut settle =
        |path: &str, digest: [u8; 32]| Ok(timestamps.lock().unwrap().settle(path, digest, now));
    let documents = tributary::site::documents(&*contents, settings, &mut settle).unwrap();
    drop(contents);
    fake_snapshot.contents().timestamps = timestamps.into_inner().unwrap().timestamps;
    documents
}
