//! Prints a channel with two stories as Atom, RSS and JSON Feed.

use feed_model::{EntryKey, Person, SafeHtml, SourceId, SourceRef, Story, StoryEntry, StoryId};
use feed_publisher::{Addresses, Channel, FeedFormat, render};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let addresses = Addresses::new(&"https://topics.example/".parse()?);
    let stories = [
        story(2, "Consumer groups, explained", "2026-03-02T09:00:00Z")?,
        story(1, "What a log is", "2026-03-01T09:00:00Z")?,
    ];
    let channel = Channel {
        title: "Streaming".to_owned(),
        description: "Event streaming and stream processing".to_owned(),
        updated: stories[0].updated,
        stories: &stories,
        ..Channel::new(&addresses, "streaming", "tag:topics.example,2026:topics/streaming")
    };
    for format in FeedFormat::ALL {
        println!("--- {}", format.name());
        println!("{}", String::from_utf8(render(&channel, format))?);
    }
    Ok(())
}

/// Returns a story of a single source.
fn story(number: i64, title: &str, date: &str) -> Result<Story, Box<dyn std::error::Error>> {
    let date = date.parse()?;
    let url = format!("https://notes.example/posts/{number}");
    let source = SourceRef {
        id: SourceId::new("notes")?,
        feed_id: "https://notes.example/feed.xml".to_owned(),
        title: "Notes".to_owned(),
        feed_url: "https://notes.example/feed.xml".to_owned(),
        is_feed: true,
        home_page_url: Some("https://notes.example/".to_owned()),
        rights: None,
        reservation: feed_model::Reservation::default(),
        updated: date,
    };
    let entry = StoryEntry {
        source: source.id.clone(),
        source_title: source.title.clone(),
        key: EntryKey(url.clone()),
        key_from: "guid".to_owned(),
        guid: Some(url.clone()),
        url: Some(url.clone()),
        title: Some(title.to_owned()),
        published: Some(date),
        first_seen: date,
        last_seen: date,
        public: true,
    };
    Ok(Story {
        id: StoryId(number),
        published_id: url.clone(),
        title: title.to_owned(),
        url: Some(url),
        authors: vec![Person { name: "Ada Fluss".to_owned(), ..Person::default() }],
        published: Some(date),
        published_precision: None,
        updated: date,
        first_published: date,
        position: date,
        summary: None,
        // Only sanitised HTML belongs in a `SafeHtml`; `feed_parser` sanitises HTML of feeds.
        content: Some(SafeHtml::from_sanitised(format!("<p>{title}, in full.</p>"))),
        summary_text: format!("{title}, in full."),
        language: Some("en".to_owned()),
        categories: Vec::new(),
        enclosures: Vec::new(),
        image: None,
        rights: None,
        license: None,
        related: Vec::new(),
        origin: None,
        source,
        sources: vec![entry],
        topics: Vec::new(),
        duplicates: Vec::new(),
        labelled: false,
        public: true,
    })
}
