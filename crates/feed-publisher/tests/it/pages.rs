//! The HTML pages: nothing active in them, and a bounded size.

use feed_model::*;
use feed_publisher::{
    Addresses, FeedFormat,
    pages::{self, PageError, SearchPage, SiteInfo, SourcePage, TopicPage, TopicRef, TopicSection},
};
use scraper::{Html, Selector};

use crate::{
    addresses,
    sample_stories::{hostile_stories, source_state, story},
};

fn every_page(stories: &[Story]) -> Vec<(String, Vec<u8>)> {
    let addresses = addresses();
    let topics = [("streaming", "Streaming & <Rivers>"), ("cloud", "Cloud")]
        .map(|(id, title)| TopicRef { id: TopicId::new(id).unwrap(), title: title.to_owned() });
    let icons = [stories[0].source.id.clone()].into();
    let site = SiteInfo {
        title: "Systems writing, by topic",
        addresses: &addresses,
        topics: &topics,
        source_icons: &icons,
        images: false,
        timezone: TimeZone::UTC,
    };
    let sections: Vec<TopicSection> = topics
        .iter()
        .map(|topic| TopicSection {
            topic: topic.clone(),
            description: "About".to_owned(),
            count: 3,
            stories: stories.to_vec(),
        })
        .collect();
    let neighbours = [(TopicId::new("cloud").unwrap(), 3)];
    let page = TopicPage {
        neighbours: &neighbours,
        name: "streaming",
        title: &topics[0].title,
        description: "All about it",
        count: Some(1000),
        stories,
        months: &[((2026, 3), 7), ((2025, 1), 3)],
        hub: Some("https://topics.example/hub"),
    };
    let of_page = &stories[..stories.len().min(pages::STORIES_PER_PAGE)];
    let state = source_state();
    let source = SourcePage {
        state: &state,
        is_followed: true,
        live: true,
        count: 120,
        months: &[((2026, 3), 7), ((2025, 1), 3)],
        page: 1,
        stories: of_page,
    };
    let found = SearchPage {
        count: stories.len() as u64,
        has_more: false,
        stories,
        feeds: FeedFormat::ALL.map(|format| {
            let path = Addresses::search_feed_path(format);
            (format, format!("https://topics.example{path}?q=water"))
        }),
    };
    let mut all = vec![
        ("home".to_owned(), pages::home(&site, &sections, 3)),
        ("empty home".to_owned(), pages::home(&site, &[], 0)),
        ("topic".to_owned(), pages::topic(&site, &page)),
        ("sources".to_owned(), pages::sources(&site, &[source_state()], true).remove(0)),
        ("source".to_owned(), pages::source(&site, &source).unwrap()),
        ("unsorted".to_owned(), pages::unsorted(&site, 120, 2, of_page)),
        ("search".to_owned(), pages::search(&site, "\"><script>alert(1)</script>", Some(&found))),
        (
            "unknown".to_owned(),
            pages::error_page(&site, &PageError::UnknownTopics(vec!["<script>".to_owned()])),
        ),
    ];
    all.extend(
        stories
            .iter()
            .take(10)
            .map(|story| (format!("story {}", story.id), pages::story(&site, story, &[]))),
    );
    all
}

#[test]
fn pages_have_no_scripts_external_resources_or_unsafe_links() {
    let any = Selector::parse("*").unwrap();
    for (name, bytes) in every_page(&hostile_stories()) {
        let text = String::from_utf8(bytes).unwrap();
        let page = Html::parse_document(&text);
        assert_eq!(page.select(&Selector::parse("h1").unwrap()).count(), 1, "{name} has one h1");
        let mut ids = std::collections::HashSet::new();
        for element in page.select(&any) {
            let tag = element.value().name();
            let is_own =
                element.value().attr("src").is_some_and(|src| src.starts_with("/sources/"));
            assert!(
                is_own && tag == "img"
                    || !matches!(
                        tag,
                        "script" | "iframe" | "img" | "object" | "embed" | "style" | "i" | "b"
                    ),
                "<{tag}> in {name}"
            );
            for (attribute, value) in element.value().attrs() {
                assert!(
                    !attribute.starts_with("on")
                        && attribute != "style"
                        && (attribute != "src" || is_own),
                    "{attribute} in {name}"
                );
                if attribute == "href" {
                    let safe = ["https://", "/", "#main", "feed:https://"]
                        .iter()
                        .any(|start| value.starts_with(start));
                    assert!(safe, "{value} in {name}");
                    let outside = value.starts_with("https://")
                        && !value.starts_with("https://topics.example/");
                    let quiet =
                        element.value().attr("rel").is_some_and(|rel| rel.contains("noreferrer"));
                    assert!(
                        tag != "a" || !outside || quiet,
                        "{value} in {name} tells where a reader came from"
                    );
                }
                assert!(
                    attribute != "id" || ids.insert(value.to_owned()),
                    "the id {value} is there twice in {name}"
                );
            }
        }
    }
}

#[test]
fn pages_stay_within_the_size_limit() {
    let long = |id: i64| Story {
        title: "A very long title about water & rivers ".repeat(30),
        summary_text: "<water> ".repeat(60),
        topics: (0..100)
            .map(|_| Membership {
                because: vec!["a reason ".repeat(40); 100],
                ..story(1).topics.remove(0)
            })
            .collect(),
        sources: vec![
            StoryEntry {
                url: Some(format!("https://river.example/{}", "x".repeat(5000))),
                ..story(1).sources.remove(0)
            };
            60
        ],
        duplicates: (0..500)
            .map(|n| Duplicate {
                source: story(1).source.id,
                key: EntryKey(n.to_string()),
                because: "the same link ".repeat(50),
            })
            .collect(),
        ..story(id)
    };
    let stories: Vec<Story> = (1..=150).rev().map(long).collect();
    for (name, bytes) in every_page(&stories) {
        assert!(bytes.len() <= pages::MAX_PAGE_BYTES, "{name} has {} bytes", bytes.len());
    }
}
