//! Writes stories with arbitrary texts. Each of the three documents must be well-formed and have as
//! many entries as there are stories, and the size limit must be respected.
#![no_main]

use std::time::Duration;

use feed_model::{
    Category, Enclosure, EntryKey, Person, SafeHtml, SourceId, SourceRef, Story, StoryEntry,
    StoryId, Timestamp,
};
use feed_publisher::{Addresses, Channel, SizeLimits, atom, fit, json_feed, rss};
use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};
use quick_xml::{Reader, events::Event};

/// The texts of a story.
#[derive(Debug, Arbitrary)]
struct Texts<'a> {
    title: &'a str,
    summary: Option<&'a str>,
    content: Option<&'a str>,
    url: Option<&'a str>,
    author: &'a str,
    category: &'a str,
    language: Option<&'a str>,
    enclosure: Option<(&'a str, &'a str)>,
    source_title: &'a str,
    feed_id: &'a str,
    rights: Option<&'a str>,
}

fuzz_target!(|input: (&str, Vec<Texts<'_>>)| {
    let (title, texts) = input;
    let addresses = Addresses::new(&"https://topics.example/".parse().expect("the URL is valid"));
    let stories: Vec<Story> =
        texts.iter().take(20).zip(1..).map(|(texts, number)| story(number, texts)).collect();
    let channel = Channel {
        title: title.to_owned(),
        description: title.to_owned(),
        stories: &stories,
        ..Channel::new(&addresses, "topic", "tag:topics.example,2026:topic")
    };
    assert_eq!(count_elements(&atom(&channel), "entry"), stories.len());
    assert_eq!(count_elements(&rss(&channel), "item"), stories.len());
    let json: serde_json::Value =
        serde_json::from_slice(&json_feed(&channel)).expect("the document is JSON");
    assert_eq!(json["items"].as_array().map(Vec::len), Some(stories.len()));

    let limits = SizeLimits { max_bytes: 4_000, keep_within: Duration::ZERO, max_kept: 500 };
    let fitted = fit(&channel, limits);
    let fitted_channel = Channel { stories: &fitted, ..channel };
    assert!(fitted.len() <= 1 || atom(&fitted_channel).len() <= limits.max_bytes);
});

/// Parses an XML document and returns the number of its elements of this name.
fn count_elements(bytes: &[u8], name: &str) -> usize {
    let text = std::str::from_utf8(bytes).expect("the document is UTF-8");
    let mut reader = Reader::from_str(text);
    let mut count = 0;
    loop {
        match reader.read_event().expect("the document is well-formed") {
            Event::Start(start) => count += usize::from(start.name().as_ref() == name),
            Event::Eof => return count,
            _ => {}
        }
    }
}

fn story(number: i64, texts: &Texts<'_>) -> Story {
    let date: Timestamp = "2026-03-02T12:00:00Z".parse().expect("the date is valid");
    let owned = |text: Option<&str>| text.map(str::to_owned);
    // The parser sanitises HTML; here any text stands for it, except what it could not contain.
    let html = |text: Option<&str>| text.map(|text| SafeHtml::from_sanitised(text.to_owned()));
    let source = SourceRef {
        id: SourceId::new("source").expect("the id is valid"),
        feed_id: texts.feed_id.to_owned(),
        title: texts.source_title.to_owned(),
        feed_url: "https://source.example/feed.xml".to_owned(),
        is_feed: true,
        home_page_url: owned(texts.url),
        rights: owned(texts.rights),
        reservation: feed_model::Reservation::default(),
        updated: date,
    };
    Story {
        id: StoryId(number),
        published_id: format!("urn:example:{number}"),
        title: texts.title.to_owned(),
        url: owned(texts.url),
        authors: vec![Person {
            name: texts.author.to_owned(),
            email: owned(texts.rights),
            url: owned(texts.url),
        }],
        published: Some(date),
        published_precision: None,
        updated: date,
        first_published: date,
        position: date,
        summary: html(texts.summary),
        content: html(texts.content),
        summary_text: texts.summary.unwrap_or_default().to_owned(),
        language: owned(texts.language),
        categories: vec![Category::term(texts.category)],
        enclosures: texts
            .enclosure
            .map(|(url, mime)| Enclosure {
                url: url.to_owned(),
                mime: mime.to_owned(),
                length: None,
            })
            .into_iter()
            .collect(),
        image: owned(texts.url),
        rights: owned(texts.rights),
        license: owned(texts.rights),
        related: texts.url.map(str::to_owned).into_iter().collect(),
        origin: None,
        sources: vec![StoryEntry {
            source: source.id.clone(),
            source_title: source.title.clone(),
            key: EntryKey(number.to_string()),
            key_from: "guid".to_owned(),
            guid: None,
            url: owned(texts.url),
            title: Some(texts.title.to_owned()),
            published: None,
            first_seen: date,
            last_seen: date,
            public: true,
        }],
        source,
        topics: Vec::new(),
        duplicates: Vec::new(),
        labelled: false,
        public: true,
    }
}
