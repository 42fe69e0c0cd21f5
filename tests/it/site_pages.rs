//! The pages of the site: what leads where, and what each shows.

use chrono::Duration;

use feed_model::*;
use scraper::{Html, Selector};
use tributary::{site::PageName, store::Arrival};

use crate::{
    publish::stored_site::{RIVER_NOTES, StoredSite, at, post},
    support::program::Program,
};

fn page(site: &StoredSite, name: &PageName) -> Html {
    Html::parse_document(&site.page(name).unwrap_or_else(|| panic!("no page {name:?}")))
}

/// The text of every element that the selector matches.
fn texts(page: &Html, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    page.select(&selector).map(|element| words(element.text().collect())).collect()
}

fn hrefs(page: &Html, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    page.select(&selector).map(|element| element.attr("href").unwrap_or("").to_owned()).collect()
}

/// A post that is in no topic.
fn unsorted_post(number: u32) -> Draft {
    Draft {
        summary: Some(SafeHtml::from_sanitised(format!("<p>About stones {number}.</p>"))),
        content: None,
        ..post(number)
    }
}

fn source(id: &str) -> SourceId {
    SourceId::new(id).unwrap()
}

const NOW: &str = "2026-03-01T06:00:00Z";

#[test]
fn the_lead_story_is_the_newest_of_the_topics_and_unsorted_ones_are_on_their_own_page() {
    let site = StoredSite::new(RIVER_NOTES);
    site.deliver("river-notes", at(NOW), Arrival::Ordinary, vec![post(1)]);
    let unsorted: Vec<Draft> = (2..=60).map(unsorted_post).collect();
    site.deliver("river-notes", at(NOW) + Duration::hours(1), Arrival::Ordinary, unsorted);
    let home = page(&site, &PageName::Home);
    assert_eq!(texts(&home, ".featured h2"), ["Post number 1"]);
    assert_eq!(texts(&home, ".featured .kicker"), ["Newest in Streaming & <Rivers>"]);
    assert_eq!(texts(&home, ".row .title"), ["Post number 1"]);
    assert_eq!(hrefs(&home, ".section-links a[href='/unsorted']").len(), 1);

    let first = page(&site, &PageName::Unsorted(1));
    let second = page(&site, &PageName::Unsorted(2));
    assert_eq!(texts(&first, "h1"), ["Unsorted"]);
    assert_eq!((texts(&first, ".row").len(), texts(&second, ".row").len()), (50, 9));
    assert_eq!(texts(&first, ".pager a"), ["Older: page 2"]);
    assert_eq!(texts(&second, ".pager a"), ["Newer: page 1"]);
    assert_eq!(hrefs(&first, ".pager a"), ["/unsorted/page/2"]);
    assert_eq!(site.page(&PageName::Unsorted(3)), None);
}

#[test]
fn a_site_without_topics_shows_its_latest_stories() {
    let sources = RIVER_NOTES.split("[[topic]]").next().unwrap();
    let site = StoredSite::new(sources);
    site.deliver("river-notes", at(NOW), Arrival::Ordinary, vec![post(1), post(2)]);
    let home = page(&site, &PageName::Home);
    assert_eq!(texts(&home, ".row").len(), 2);
    assert_eq!(texts(&home, ".topic-nav").len(), 0);
}

#[test]
fn topics_are_in_the_navigation_of_every_page() {
    let site = StoredSite::with_posts(1..=1);
    let topics = ["/topics/streaming", "/topics/cloud"];
    for name in [
        PageName::Home,
        PageName::Sources(1),
        PageName::Story(StoryId(1)),
        PageName::Unsorted(1),
        PageName::Source(source("river-notes"), 1),
    ] {
        assert_eq!(hrefs(&page(&site, &name), ".topic-nav a"), topics, "{name:?}");
    }
    let topic = page(&site, &PageName::Topic(vec![TopicId::new("cloud").unwrap()]));
    assert_eq!(texts(&topic, ".topic-nav a[aria-current=page]"), ["Cloud"]);
}

#[test]
fn names_of_sources_lead_to_a_page_with_the_stories_of_the_source() {
    let site = StoredSite::with_posts(1..=60);
    let own = "/sources/river-notes";
    let topic = page(&site, &PageName::Topic(vec![TopicId::all()]));
    assert!(hrefs(&topic, ".card .source").iter().all(|href| href == own));
    let sources = page(&site, &PageName::Sources(1));
    assert_eq!(hrefs(&sources, ".sources th a"), [own]);
    assert_eq!(texts(&sources, ".sources tbody .health"), ["OK"]);

    let first = page(&site, &PageName::Source(source("river-notes"), 1));
    assert_eq!(texts(&first, "h1"), ["River Notes & Queries"]);
    assert_eq!(texts(&first, ".row").len(), 50);
    assert_eq!(hrefs(&first, ".pager a"), ["/sources/river-notes/page/2"]);
    assert_eq!(
        hrefs(&first, ".facts a"),
        ["https://river.example/", "https://river.example/feed.xml?a=1&b=2"]
    );
    let second = page(&site, &PageName::Source(source("river-notes"), 2));
    assert_eq!(texts(&second, ".row").len(), 10);
    assert_eq!(site.page(&PageName::Source(source("river-notes"), 3)), None);
    assert_eq!(site.page(&PageName::Source(source("nope"), 1)), None);
    let names = site.pages();
    for number in [1, 2] {
        assert!(names.contains(&PageName::Source(source("river-notes"), number)));
    }
    assert!(names.contains(&PageName::Unsorted(1)));
}

#[test]
fn a_private_source_has_no_page_and_is_named_nowhere() {
    let sea = "[[source]]\nid = \"sea\"\nurl = \"https://sea.example/feed\"\n";
    let site = StoredSite::new(&format!("{RIVER_NOTES}{sea}"));
    site.deliver("sea", at(NOW), Arrival::Ordinary, vec![post(1)]);
    site.deliver_private("river-notes", at(NOW) + Duration::hours(1), vec![post(1), post(2)]);
    assert_eq!(site.page(&PageName::Source(source("river-notes"), 1)), None);
    for name in site.pages() {
        assert!(!site.page(&name).unwrap().contains("river-notes"), "{name:?}");
    }
}

#[test]
fn activity_after_an_import_is_shown_by_the_publishers_dates() {
    let site = StoredSite::new(RIVER_NOTES);
    let dated = |number: u32| {
        let date = at(NOW) - Duration::days(i64::from(number) * 20);
        Draft { published: Some(PublishedDate::exact(date)), ..post(number) }
    };
    site.deliver("river-notes", at(NOW), Arrival::Import, (0..4).map(dated).collect());
    let sources = site.page(&PageName::Sources(1)).unwrap();
    assert!(sources.contains("4 entries in 90 days"), "{sources}");
    let bars = sources.split("class=\"bars\"").nth(1).unwrap();
    let path = bars.split('"').nth(1).unwrap();
    assert_eq!(path.matches('M').count(), 4, "{path}");
    let source = page(&site, &PageName::Source(source("river-notes"), 1));
    assert_eq!(texts(&source, ".chart figcaption span"), ["Apr 2025", "Mar 2026"]);
}

#[test]
fn a_story_shows_who_told_it_when_first_to_last() {
    let sea = "[[source]]\nid = \"sea\"\ntitle = \"Sea\"\nurl = \"https://sea.example/feed\"\n";
    let site = StoredSite::new(&format!("{RIVER_NOTES}{sea}"));
    let told = |date: &str| Draft { published: Some(PublishedDate::exact(at(date))), ..post(1) };
    let late = told("2026-02-28T12:30:00Z");
    site.deliver("sea", at(NOW), Arrival::Ordinary, vec![late]);
    let early = told("2026-02-27T08:00:00Z");
    site.deliver("river-notes", at(NOW) + Duration::hours(1), Arrival::Ordinary, vec![early]);
    let story = page(&site, &PageName::Story(StoryId(1)));
    assert_eq!(
        texts(&story, ".timeline > li > time"),
        ["27 Feb 2026, 08:00", "28 Feb 2026, 12:30"]
    );
    assert_eq!(hrefs(&story, ".timeline div > a"), ["/sources/river-notes", "/sources/sea"]);
    let lines = texts(&story, ".timeline div");
    assert!(lines[0].contains("Same story: ") && !lines[1].contains("Same story: "), "{lines:?}");
    assert!(lines[0].ends_with("seen here 1 Mar 2026, 07:00"), "{lines:?}");
}

#[test]
fn topics_that_a_story_is_not_in_for_the_same_reason_are_named_together() {
    let more: String = ["rock", "sand", "dust"]
        .map(|word| format!("[[topic]]\nid = \"{word}\"\ntitle = \"{word}\"\nany = [\"{word}\"]\n"))
        .concat();
    let site = StoredSite::new(&format!("{RIVER_NOTES}{more}"));
    site.deliver("river-notes", at(NOW), Arrival::Ordinary, vec![post(1)]);
    let story = page(&site, &PageName::Story(StoryId(1)));
    let section = "section[aria-labelledby=other-topics]";
    assert_eq!(texts(&story, &format!("{section} dt")), ["Cloud, rock, sand, dust score 0.0"]);
    assert_eq!(texts(&story, &format!("{section} dd")), ["no any matcher hit; 1 needed"]);
}

#[test]
fn a_source_whose_id_is_a_number_has_its_page_and_the_table_keeps_its_own() {
    let title = "A publication with a long name, number";
    let sources: String = (1..=200)
        .map(|n| {
            let id = if n == 3 { "3".to_owned() } else { format!("source-{n}") };
            format!(
                "[[source]]\nid = \"{id}\"\ntitle = \"{title} {n}\"\npaused = true\n\
                 url = \"https://{n}.example/feed\"\n"
            )
        })
        .collect::<Vec<_>>()
        .concat();
    let program = Program::with(&sources);
    let daemon = program.serve();
    let first = daemon.get("/sources");
    assert!(first.text().contains("href=\"/sources/page/2\""), "{}", first.text());
    let moved = daemon.get("/sources/2");
    assert_eq!((moved.status, moved.header("location")), (308, Some("/sources/page/2")));
    assert!(daemon.get("/sources/page/2").text().contains("<table class=\"sources\">"));
    let source = daemon.get("/sources/3");
    assert_eq!(source.status, 200);
    assert!(source.text().contains("long name, number 3</h1>"), "{}", source.text());
    for unknown in
        ["/sources/1", "/sources/99", "/sources/page/1", "/sources/page/99", "/sources/3/page/2"]
    {
        assert_eq!(daemon.get(unknown).status, 404, "{unknown}");
    }
    assert_eq!(daemon.get("/unsorted").status, 200);
}
