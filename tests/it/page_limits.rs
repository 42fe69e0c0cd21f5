//! The pages of a large site: each is small, and every story and source is linked.

#![allow(clippy::unwrap_used)] // test code outside of `#[test]` functions

use std::{collections::BTreeSet, fmt::Write as _};

use feed_model::*;
use feed_publisher::pages::{MAX_PAGE_BYTES, STORIES_PER_PAGE};
use scraper::{Html, Selector};
use tributary::{site::PageName, store::Arrival};

use crate::publish::stored_site::{RIVER_NOTES, StoredSite, at, post};

const SOURCES: u32 = 500;
const STORIES_PER_SOURCE: u32 = 4;
const STORIES: u32 = SOURCES * STORIES_PER_SOURCE;
const TOPICS: u32 = 50;

/// Returns a long title with words of its own, so that no two posts are similar.
fn long_title(what: &str, number: u32) -> String {
    let mut title = format!("{what} {number}: how");
    for salt in 0..12_u32 {
        let hash = blake3::hash(&[number.to_le_bytes(), salt.to_le_bytes()].concat());
        let letters = hash.as_bytes()[..8].iter().map(|byte| char::from(b'a' + byte % 26));
        let _ = write!(title, " {}", letters.collect::<String>());
    }
    title + " & what we learnt, part two of \\\"many\\\""
}

/// Returns a site of [`STORIES`] stories over three months. All are in the first topic, and each is
/// in one other topic.
fn large_site() -> StoredSite {
    let mut feeds_toml = String::new();
    for n in 0..SOURCES {
        let title = long_title("Source", n);
        let url = format!("https://river-{n}.example/feed.xml");
        let _ = writeln!(
            feeds_toml,
            "[[source]]\nid = \"source-{n}\"\ntitle = \"{title}\"\nurl = \"{url}\""
        );
    }
    for n in 0..TOPICS {
        let title = &long_title("Topic", n)[..60];
        let any = format!("any = [\"category:tag{n}\"]");
        let _ = writeln!(feeds_toml, "[[topic]]\nid = \"topic-{n}\"\ntitle = \"{title}\"\n{any}");
    }
    let site = StoredSite::new(&feeds_toml);
    let now = at("2026-02-01T00:00:00Z");
    for source in 0..SOURCES {
        let drafts = (0..STORIES_PER_SOURCE).map(|n| long_post(source, n * SOURCES + source + 1));
        let id = format!("source-{source}");
        site.deliver(&id, now, Arrival::Import, drafts.collect());
        if source % 10 == 0 {
            site.fail_poll(&id, now + chrono::TimeDelta::hours(1), "http-503", "unavailable");
        }
    }
    site
}

fn long_post(source: u32, number: u32) -> Draft {
    let url = format!("https://river-{source}.example/posts/{number}?{}", "and-so-on-".repeat(12));
    let date = at("2025-11-01T00:00:00Z") + chrono::TimeDelta::hours(number.into());
    Draft {
        guid: Some(Guid { value: url.clone(), is_permalink: Some(true) }),
        url: Some(url.parse().unwrap()),
        title: Some(long_title("Story", number)),
        published: Some(PublishedDate::exact(date)),
        categories: vec![
            Category::term("tag0"),
            Category::term(format!("tag{}", 1 + number % (TOPICS - 1))),
        ],
        ..Draft::default()
    }
}

fn page(site: &StoredSite, name: &PageName) -> Option<String> {
    let page = site.page(name)?;
    assert!(page.len() <= MAX_PAGE_BYTES, "{name:?} has {} bytes", page.len());
    Some(page)
}

fn links(page: &str, prefix: &str) -> BTreeSet<String> {
    let page = Html::parse_document(page);
    let anchors = Selector::parse("a[href]").unwrap();
    page.select(&anchors)
        .filter_map(|anchor| anchor.attr("href"))
        .filter(|href| href.starts_with(prefix))
        .map(str::to_owned)
        .collect()
}

#[test]
fn large_site_pages_are_small_and_link_every_story_and_source() {
    let site = large_site();
    every_story_is_linked_from_its_topic(&site);
    every_source_is_listed_and_failing_ones_are_named_on_the_first_page(&site);
    the_page_list_contains_every_page_once(&site);
}

fn every_story_is_linked_from_its_topic(site: &StoredSite) {
    let home = page(site, &PageName::Home).unwrap();
    let topics = links(&home, "/topics/topic-");
    assert_eq!(topics.iter().filter(|href| !href.contains("feed")).count(), TOPICS as usize);

    let first = TopicId::new("topic-0").unwrap();
    let overview = page(site, &PageName::Topic(vec![first.clone()])).unwrap();
    let mut stories = links(&overview, "/stories/");
    let months = links(&overview, "/topics/topic-0/20");
    assert_eq!(
        Vec::from_iter(months),
        ["/topics/topic-0/2025-11", "/topics/topic-0/2025-12", "/topics/topic-0/2026-01"]
    );
    for month in [(2025, 11), (2025, 12), (2026, 1)] {
        for number in 1.. {
            let name = PageName::Month { topic: first.clone(), month, page: number };
            let Some(text) = page(site, &name) else {
                break;
            };
            stories.extend(links(&text, "/stories/"));
            let next = format!("/topics/topic-0/{}-{:02}/{}", month.0, month.1, number + 1);
            let next_name = PageName::Month { topic: first.clone(), month, page: number + 1 };
            assert_eq!(
                links(&text, &next).contains(&next),
                page(site, &next_name).is_some(),
                "{name:?} links to the next page"
            );
        }
    }
    assert_eq!(stories.len(), STORIES as usize);
    page(site, &PageName::Story(StoryId(1))).unwrap();
    let none = PageName::Month { topic: first, month: (2024, 1), page: 1 };
    assert_eq!(page(site, &none), None);
}

fn every_source_is_listed_and_failing_ones_are_named_on_the_first_page(site: &StoredSite) {
    let select = |page: &Html, selector: &str| -> Vec<Option<String>> {
        let selector = Selector::parse(selector).unwrap();
        page.select(&selector).map(|element| element.attr("href").map(str::to_owned)).collect()
    };
    let mut listed = 0;
    let mut number = 0;
    loop {
        number += 1;
        let Some(text) = page(site, &PageName::Sources(number)) else {
            break;
        };
        let page = Html::parse_document(&text);
        let sources = select(&page, ".sources tbody tr").len();
        assert_eq!(select(&page, ".sources tbody svg").len(), sources, "each has a chart");
        assert_eq!(select(&page, ".sources th a[href^='/sources/source-']").len(), sources);
        listed += sources;
        if number == 1 {
            assert!(text.contains("500 sources: 450 OK, 50 failing"), "{text}");
            let items = select(&page, ".failing-sources li");
            assert_eq!(items.len(), 41, "forty titles and the number of the others");
            let links = select(&page, ".failing-sources a");
            let last = links.last().unwrap().clone().unwrap();
            assert!(last.starts_with("/sources/source-"), "{last}");
        }
    }
    assert_eq!(listed, SOURCES as usize);
    assert!((5..20).contains(&number), "{number} pages");
}

fn the_page_list_contains_every_page_once(site: &StoredSite) {
    let names = site.pages();
    let count =
        |predicate: fn(&PageName) -> bool| names.iter().filter(|name| predicate(name)).count();
    assert_eq!(count(|name| matches!(name, PageName::Story(_))), STORIES as usize);
    assert_eq!(count(|name| matches!(name, PageName::Topic(_))), TOPICS as usize + 1);
    assert!(count(|name| matches!(name, PageName::Sources(_))) > 4);
    let months = count(|name| matches!(name, PageName::Month { topic, .. } if topic.is_all()));
    assert!(months >= STORIES as usize / STORIES_PER_PAGE, "{months}");
    let paths: BTreeSet<String> = names.iter().filter_map(PageName::path).collect();
    assert_eq!(paths.len(), names.len(), "each has a path of its own");
}

#[test]
fn a_story_with_a_future_date_is_listed_in_its_arrival_month() {
    let site = StoredSite::new(RIVER_NOTES);
    let future = PublishedDate::exact(at("2099-01-01T00:00:00Z"));
    let draft = Draft { published: Some(future), ..post(1) };
    site.deliver("river-notes", at("2026-03-01T06:00:00Z"), Arrival::Ordinary, vec![draft]);
    let text = page(&site, &PageName::Topic(vec![TopicId::all()])).unwrap();
    assert!(text.contains("1 Jan 2099"), "the publisher's date is shown: {text}");
    assert!(!text.contains("January 2099") && !text.contains("2099-01\""), "{text}");
}
