//! Pages of a site that has grown: small all the same, and nothing out of reach.

#![allow(clippy::unwrap_used)] // test code outside of `#[test]` functions

use std::collections::BTreeSet;

use feed_model::*;
use feed_publisher::pages::MAX_PAGE_BYTES;
use scraper::{Html, Selector};
use tributary::site::{self, PageName, SiteSettings};

use crate::publish::fake_snapshot::{FakeSnapshot, at, settings, source_state, story, topic};

const SOURCES: u32 = 500;
const TOPICS: u32 = 50;
const STORIES: u32 = 10_000;

/// A long title, as long titles are.
fn long(what: &str, number: u32) -> String {
    format!(
        "{what} {number}: how a log that nobody reads became the heart of everything & what we learnt on the way there, part two of \"many\""
    )
}

/// Many stories over three months, all in the first topic, each in one other.
fn large_site() -> (FakeSnapshot, SiteSettings) {
    let topics: Vec<Topic> =
        (0..TOPICS).map(|n| topic(&format!("topic-{n}"), &long("Topic", n)[..60])).collect();
    let stories = (1..=STORIES).rev().map(|n| {
        let seen = at("2025-11-01T00:00:00Z") + chrono::TimeDelta::minutes(i64::from(n) * 12);
        let member =
            |id: String| Membership { id: TopicId::new(id).unwrap(), ..story(1).topics[0].clone() };
        Story {
            title: long("Story", n),
            url: Some(format!("https://river.example/posts/{n}?{}", "and-so-on-".repeat(12))),
            position: seen,
            first_published: seen,
            published: None,
            topics: vec![
                member("topic-0".to_owned()),
                member(format!("topic-{}", 1 + n % (TOPICS - 1))),
            ],
            ..story(n.into())
        }
    });
    let fake_snapshot = FakeSnapshot::of(stories.collect());
    fake_snapshot.contents().sources = (0..SOURCES)
        .map(|n| SourceState {
            id: SourceId::new(format!("source-{n}")).unwrap(),
            title: long("Source", n),
            health: if n % 10 == 0 { SourceHealth::Failing } else { SourceHealth::Ok },
            activity: (0..90).map(|day| (day * 7 + n) % 11).collect(),
            ..source_state()
        })
        .collect();
    (fake_snapshot, SiteSettings { topics, ..settings() })
}

fn page(fake_snapshot: &FakeSnapshot, settings: &SiteSettings, name: &PageName) -> Option<String> {
    let made = site::page(&*fake_snapshot.contents(), settings, name).unwrap()?;
    assert!(made.body.len() <= MAX_PAGE_BYTES, "{name:?} has {} bytes", made.body.len());
    Some(String::from_utf8(made.body).unwrap())
}

fn links(page: &str, begin: &str) -> BTreeSet<String> {
    let page = Html::parse_document(page);
    let anchors = Selector::parse("a[href]").unwrap();
    let links =
        page.select(&anchors).filter_map(|a| a.attr("href")).filter(|href| href.starts_with(begin));
    links.map(str::to_owned).collect()
}

#[test]
fn no_page_exceeds_the_size_limit_and_every_story_is_linked_from_its_topic() {
    let (fake_snapshot, settings) = large_site();
    let front = page(&fake_snapshot, &settings, &PageName::Home).unwrap();
    assert_eq!(
        links(&front, "/topics/topic-").iter().filter(|href| !href.contains("feed")).count(),
        TOPICS as usize
    );

    let first = TopicId::new("topic-0").unwrap();
    let overview = page(&fake_snapshot, &settings, &PageName::Topic(vec![first.clone()])).unwrap();
    let mut stories = links(&overview, "/stories/");
    let months = links(&overview, "/topics/topic-0/20");
    assert_eq!(
        Vec::from_iter(months),
        ["/topics/topic-0/2025-11", "/topics/topic-0/2025-12", "/topics/topic-0/2026-01"]
    );
    for month in [(2025, 11), (2025, 12), (2026, 1)] {
        for number in 1.. {
            let name = PageName::Month { topic: first.clone(), month, page: number };
            let Some(text) = page(&fake_snapshot, &settings, &name) else {
                break;
            };
            stories.extend(links(&text, "/stories/"));
            let next = format!("/topics/topic-0/{}-{:02}/{}", month.0, month.1, number + 1);
            let after = PageName::Month { topic: first.clone(), month, page: number + 1 };
            assert_eq!(
                links(&text, &next).contains(&next),
                page(&fake_snapshot, &settings, &after).is_some(),
                "{name:?} names the next"
            );
        }
    }
    assert_eq!(stories.len(), STORIES as usize);
    page(&fake_snapshot, &settings, &PageName::Story(StoryId(1))).unwrap();
    let none = PageName::Month { topic: first, month: (2024, 1), page: 1 };
    assert_eq!(page(&fake_snapshot, &settings, &none), None);
}

#[test]
fn every_source_is_listed_and_failing_ones_are_named_on_the_first_page() {
    let (fake_snapshot, settings) = large_site();
    let mut found = 0;
    let mut number = 0;
    loop {
        number += 1;
        let Some(text) = page(&fake_snapshot, &settings, &PageName::Sources(number)) else {
            break;
        };
        let page = Html::parse_document(&text);
        found += page.select(&Selector::parse("article.source").unwrap()).count();
        let charts = page.select(&Selector::parse("article.source svg").unwrap()).count();
        assert_eq!(
            charts,
            page.select(&Selector::parse("article.source").unwrap()).count(),
            "each with its chart"
        );
        if number == 1 {
            assert!(text.contains("500 sources: 450 OK, 50 failing"), "{text}");
            assert_eq!(
                page.select(&Selector::parse(".failing-sources li").unwrap()).count(),
                41,
                "forty names, and how many more"
            );
            let far = page
                .select(&Selector::parse(".failing-sources a").unwrap())
                .next_back()
                .unwrap()
                .attr("href")
                .unwrap();
            assert!(far.starts_with("/sources/") && far.contains("#s-source-"), "{far}");
        }
    }
    assert_eq!(found, SOURCES as usize);
    assert!((5..60).contains(&number), "{number} pages");
}

#[test]
fn the_page_list_contains_every_page_once() {
    let (fake_snapshot, settings) = large_site();
    let names = site::pages(&*fake_snapshot.contents(), &settings).unwrap();
    let count = |wanted: fn(&PageName) -> bool| names.iter().filter(|name| wanted(name)).count();
    assert_eq!(count(|name| matches!(name, PageName::Story(_))), STORIES as usize);
    assert_eq!(count(|name| matches!(name, PageName::Topic(_))), TOPICS as usize + 1);
    assert!(count(|name| matches!(name, PageName::Sources(_))) > 4);
    assert!(count(|name| matches!(name, PageName::Month { topic, .. } if topic.is_all())) >= 200);
    let paths: BTreeSet<String> = names.iter().filter_map(PageName::path).collect();
    assert_eq!(paths.len(), names.len(), "each at an address of its own");
}

#[test]
fn a_story_with_a_future_date_is_listed_in_its_arrival_month() {
    let fake_snapshot = FakeSnapshot::of(vec![
        Story { published: Some(at("2099-01-01T00:00:00Z")), ..story(1) },
        story(2),
    ]);
    let text = page(&fake_snapshot, &settings(), &PageName::Topic(vec![TopicId::all()])).unwrap();
    assert!(text.contains("1 Jan 2099"), "the publisher's date is told: {text}");
    assert!(
        !text.contains("January 2099") && !text.contains("2099-01\""),
        "and no month of it: {text}"
    );
}
