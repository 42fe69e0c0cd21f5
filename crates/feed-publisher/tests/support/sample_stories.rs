//! Hand-made stories and sources.

use feed_model::*;

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
        reservation: Reservation::default(),
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
        license: None,
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

pub fn source_state() -> SourceState {
    let source = source();
    SourceState {
        pushed: false,
        id: source.id,
        title: source.title,
        url: "https://user:secret@river.example/".to_owned(),
        follow_mode: FollowMode::Feed,
        follow_reason: None,
        ways: Vec::new(),
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
