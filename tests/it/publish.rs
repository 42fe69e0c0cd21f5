//! What is published: the three documents, the pages, the files.

#![allow(clippy::unwrap_used)] // test code outside of `#[test]` functions

pub mod fake_snapshot;

use std::{collections::BTreeMap, fs, os::unix::fs::symlink, path::Path, time::Duration};

use fake_snapshot::{
    FakeSnapshot, at, documents, hostile_stories, html, settings, source_state, story,
};
use feed_model::*;
use feed_publisher::{
    Addresses, Channel, FeedUrls, Paging, SizeLimits, atom, feed_lint, fit, json_feed,
    pages::{self, PageError, SearchPage, SiteInfo, TopicPage, TopicRef, TopicSection, Unsorted},
    rss,
};
use scraper::{Html, Selector};
use tributary::site::{
    self, FilesError, PageName, PublishStats, RenderedDocument, SiteSettings, TopicLookup, resolve,
};

fn channel<'a>(addresses: &'a Addresses, stories: &'a [Story]) -> Channel<'a> {
    Channel {
        id: "tag:topics.example,2026:topics/streaming".to_owned(),
        title: "Streaming & <Rivers>".to_owned(),
        description: "All about \"rivers\"".to_owned(),
        page_url: "https://topics.example/topics/streaming".to_owned(),
        feed_urls: FeedUrls {
            atom: "https://topics.example/topics/streaming/feed.atom".to_owned(),
            rss: "https://topics.example/topics/streaming/feed.rss".to_owned(),
            json: "https://topics.example/topics/streaming/feed.json".to_owned(),
        },
        updated: at("2026-03-02T12:00:00Z"),
        ttl_minutes: 15,
        stories,
        addresses,
        paging: Paging::default(),
    }
}

fn addresses() -> Addresses {
    settings().addresses()
}

/// One element a line, so that a snapshot's difference can be read.
fn lines(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap().replace("><", ">\n<")
}

#[test]
fn atom_of_hostile_stories() {
    insta::assert_snapshot!(lines(&atom(&channel(&addresses(), &hostile_stories()))));
}

#[test]
fn rss_of_hostile_stories() {
    insta::assert_snapshot!(lines(&rss(&channel(&addresses(), &hostile_stories()))));
}

#[test]
fn json_feed_of_hostile_stories() {
    let value: serde_json::Value =
        serde_json::from_slice(&json_feed(&channel(&addresses(), &hostile_stories()))).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&value).unwrap());
}

#[test]
fn the_three_formats_are_valid_and_have_the_same_ids_in_order() {
    let (addresses, stories) = (addresses(), hostile_stories());
    let channel = channel(&addresses, &stories);
    let (atom, rss, json) = (atom(&channel), rss(&channel), json_feed(&channel));
    assert_eq!(feed_lint::atom(&atom), Vec::<String>::new());
    assert_eq!(feed_lint::rss(&rss), Vec::<String>::new());
    assert_eq!(feed_lint::json_feed(&json), Vec::<String>::new());
    let ids: Vec<String> = stories.iter().map(|story| story.published_id.clone()).collect();
    for document in [&atom, &rss, &json] {
        assert_eq!(feed_lint::ids(document), ids);
    }
}

#[test]
fn a_blank_text_is_omitted() {
    let addresses = addresses();
    let stories =
        [Story { summary: Some(html(" ")), content: Some(html("\u{1}")), url: None, ..story(1) }];
    let channel = channel(&addresses, &stories);
    let text = lines(&atom(&channel));
    assert!(!text.contains("<content"), "{text}");
    assert!(
        text.contains("<summary xml:lang=\"en\">Post number 1</summary>"),
        "no reader is left without any text: {text}"
    );
    assert!(text.contains("href=\"https://topics.example/stories/1\" rel=\"alternate\""), "{text}");
    assert_eq!(feed_lint::rss(&rss(&channel)), Vec::<String>::new());
    assert_eq!(feed_lint::json_feed(&json_feed(&channel)), Vec::<String>::new());
}

#[test]
fn the_feed_lint_finds_each_fault() {
    let (addresses, twice) = (addresses(), vec![story(1), story(1)]);
    let twice = channel(&addresses, &twice);
    assert!(feed_lint::atom(&atom(&twice)).iter().any(|fault| fault.contains("twice")));
    assert!(feed_lint::rss(&rss(&twice)).iter().any(|fault| fault.contains("twice")));
    assert!(feed_lint::json_feed(&json_feed(&twice)).iter().any(|fault| fault.contains("twice")));
    assert!(!feed_lint::atom(b"<feed><entry></feed>").is_empty());
    assert!(!feed_lint::rss(b"<rss><channel>\x00</channel></rss>").is_empty());
}

#[test]
fn feed_rs_reads_the_same_entries() {
    let (addresses, stories) = (addresses(), hostile_stories());
    let channel = channel(&addresses, &stories);
    let read = atom_syndication::Feed::read_from(&atom(&channel)[..]).unwrap();
    assert_eq!(
        read.entries[0].title.value,
        "<script>alert('x')</script> & \"quotes\" ]]> \u{1F30A}"
    );
    assert_eq!(
        read.entries[0].content.as_ref().unwrap().value.as_deref(),
        stories[0].content.as_ref().map(SafeHtml::as_str)
    );
    let read = rss::Channel::read_from(&rss(&channel)[..]).unwrap();
    assert_eq!(
        read.items[0].title.as_deref(),
        Some("<script>alert('x')</script> & \"quotes\" ]]> \u{1F30A}")
    );
    assert_eq!(read.items[0].content.as_deref(), stories[0].content.as_ref().map(SafeHtml::as_str));
    assert_eq!(
        read.items[0].source.as_ref().unwrap().url,
        "https://river.example/feed.xml?a=1&b=2"
    );
}

#[test]
fn archives_link_to_the_current_feed_and_their_neighbours() {
    let url = |text: &str| Some(url::Url::parse(text).unwrap());
    let addresses = addresses();
    let archive = Channel {
        paging: Paging {
            is_archive: true,
            current: url("https://topics.example/topics/streaming/feed.atom"),
            prev_archive: None,
            next_archive: url("https://topics.example/topics/streaming/archive/2.atom"),
        },
        ..channel(&addresses, &[])
    };
    let text = lines(&atom(&archive));
    for part in [
        "<fh:archive",
        "rel=\"current\"",
        "rel=\"next-archive\"",
        "xmlns:fh=\"http://purl.org/syndication/history/1.0\"",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("prev-archive"));
}

fn limits(max_bytes: usize) -> SizeLimits {
    SizeLimits { max_bytes, keep_within: Duration::ZERO, max_kept: 500 }
}

fn largest_size(channel: &Channel<'_>) -> usize {
    atom(channel).len().max(rss(channel).len()).max(json_feed(channel).len())
}

/// Ten stories of about five kilobytes, newest first, an hour apart.
fn large_stories() -> Vec<Story> {
    let text = format!("<p>{}</p>", "water ".repeat(800));
    (1..=10).rev().map(|id| Story { content: Some(html(&text)), ..story(id) }).collect()
}

#[test]
fn over_the_size_limit_the_oldest_lose_their_content_before_being_dropped() {
    let (addresses, stories) = (addresses(), large_stories());
    let whole = channel(&addresses, &stories);
    assert_eq!(fit(&whole, limits(1_000_000)), stories, "what fits stays as it is");

    let some = fit(&whole, limits(35_000));
    assert_eq!(some.len(), 10, "nobody leaves as long as texts can go");
    let full: Vec<bool> = some.iter().map(|story| story.content.is_some()).collect();
    assert!(full[0] && !full[9] && full.is_sorted_by(|newer, older| newer >= older), "{full:?}");
    assert!(some.iter().all(|story| story.summary.is_some() && story.url.is_some()));
    assert!(largest_size(&Channel { stories: &some, ..whole.clone() }) <= 35_000);

    let few = fit(&whole, limits(6_000));
    assert!(!few.is_empty() && few.len() < 10);
    assert_eq!(few[0].id, stories[0].id, "the newest stays");
    assert!(largest_size(&Channel { stories: &few, ..whole.clone() }) <= 6_000);
}

#[test]
fn recent_stories_are_dropped_by_count_but_never_by_size() {
    let (addresses, stories) = (addresses(), large_stories());
    let whole = channel(&addresses, &stories);
    let within = |hours: u64, max_kept| SizeLimits {
        keep_within: Duration::from_secs(hours * 3600),
        max_kept,
        ..limits(1_000)
    };
    assert_eq!(
        fit(&whole, within(4, 500)).len(),
        5,
        "the newest and those of the four hours before it"
    );
    assert_eq!(fit(&whole, within(4, 3)).len(), 3);
    let imported: Vec<Story> = stories
        .iter()
        .map(|story| Story { first_published: at("2026-06-01T00:00:00Z"), ..story.clone() })
        .collect();
    assert_eq!(
        fit(&Channel { stories: &imported, ..whole }, within(4, 500)).len(),
        1,
        "an import is no arrival"
    );
}

#[test]
fn a_story_that_loses_its_content_gets_a_summary() {
    let addresses = addresses();
    let stories = [Story {
        summary: None,
        summary_text: "1 < 2 & so on".to_owned(),
        ..large_stories().remove(0)
    }];
    let fitted = fit(&channel(&addresses, &stories), limits(1_000));
    assert_eq!(fitted[0].summary.as_ref().map(SafeHtml::as_str), Some("1 &lt; 2 &amp; so on"));
    assert_eq!(fitted[0].content, None);
}

fn by_path(documents: Vec<RenderedDocument>) -> BTreeMap<String, RenderedDocument> {
    documents.into_iter().map(|document| (document.path.clone(), document)).collect()
}

#[test]
fn documents_change_only_with_their_content() {
    let (fake_snapshot, settings) =
        (FakeSnapshot::of((1..=3).rev().map(story).collect()), settings());
    let first = by_path(documents(&fake_snapshot, &settings, at("2026-04-01T00:00:00Z")));
    let again = by_path(documents(&fake_snapshot, &settings, at("2026-04-02T00:00:00Z")));
    assert_eq!(first, again, "a later look gives the same bytes, tags and moments");

    // A late story below the newest: the feed moves although no entry is newer.
    fake_snapshot.contents().stories.push(Story { topics: Vec::new(), ..story(0) });
    let third = by_path(documents(&fake_snapshot, &settings, at("2026-04-03T00:00:00Z")));
    assert_eq!(third["/topics/streaming/feed.atom"], first["/topics/streaming/feed.atom"]);
    let (before, after) = (&first["/topics/all/feed.atom"], &third["/topics/all/feed.atom"]);
    assert_ne!(before.etag, after.etag);
    assert_eq!(after.last_modified, Some(at("2026-04-03T00:00:00Z")));
    assert!(
        String::from_utf8_lossy(&after.body)
            .contains("<updated>2026-04-03T00:00:00+00:00</updated>")
    );
    assert!(after.etag.starts_with("W/\""));
}

#[test]
fn documents_of_every_topic_are_valid_and_have_self_links() {
    let (fake_snapshot, settings) = (FakeSnapshot::of(hostile_stories()), settings());
    let documents = by_path(documents(&fake_snapshot, &settings, at("2026-04-01T00:00:00Z")));
    for topic in ["all", "streaming", "cloud"] {
        let [atom, rss, json] = ["atom", "rss", "json"]
            .map(|format| &documents[&format!("/topics/{topic}/feed.{format}")]);
        assert_eq!(feed_lint::atom(&atom.body), Vec::<String>::new());
        assert_eq!(feed_lint::rss(&rss.body), Vec::<String>::new());
        assert_eq!(feed_lint::json_feed(&json.body), Vec::<String>::new());
        let text = String::from_utf8_lossy(&atom.body);
        assert!(text.contains(&format!("<id>tag:topics.example,2026:topics/{topic}</id>")));
        assert!(text.contains(&format!(
            "href=\"https://topics.example/topics/{topic}/feed.atom\" rel=\"self\""
        )));
    }
    let opml = String::from_utf8_lossy(&documents["/opml.xml"].body).into_owned();
    let followed = String::from_utf8_lossy(&documents["/sources.opml"].body).into_owned();
    assert!(!followed.contains("secret"), "no password is told: {followed}");
    insta::assert_snapshot!(format!("{opml}\n{followed}"));
}

#[test]
fn private_topics_and_sources_have_no_documents() {
    let fake_snapshot = FakeSnapshot::of(vec![story(1)]);
    fake_snapshot.contents().sources = vec![SourceState { public: false, ..source_state() }];
    let mut settings = settings();
    settings.topics[0].access = vec!["token-file".to_owned()];
    let documents = by_path(documents(&fake_snapshot, &settings, at("2026-04-01T00:00:00Z")));
    assert!(documents.keys().all(|path| !path.contains("streaming")), "{:?}", documents.keys());
    for path in ["/opml.xml", "/sources.opml"] {
        let text = String::from_utf8_lossy(&documents[path].body).into_owned();
        assert!(!text.contains("treaming") && !text.contains("River"), "{text}");
    }
    let contents = fake_snapshot.contents();
    let text = |name: &PageName| {
        String::from_utf8(site::page(&*contents, &settings, name).unwrap().unwrap().body).unwrap()
    };
    for name in [
        PageName::Home,
        PageName::Story(StoryId(1)),
        PageName::Sources(1),
        PageName::PageError(PageError::NotFound),
    ] {
        assert!(!text(&name).contains("/topics/streaming"), "{name:?}");
    }
    assert!(!text(&PageName::Sources(1)).contains("River"));
    assert_eq!(resolve("streaming", &settings, &[]), TopicLookup::Private);
    assert_eq!(resolve("cloud+streaming", &settings, &[]), TopicLookup::Private);
    let reader =
        site::Audience { topics: [TopicId::new("streaming").unwrap()].into(), token: None };
    assert_eq!(
        resolve("streaming", &settings.for_audience(reader), &[]),
        TopicLookup::Topic(TopicId::new("streaming").unwrap())
    );
}

#[test]
fn topic_paths_are_resolved() {
    let settings = settings();
    let id = |text: &str| TopicId::new(text).unwrap();
    let retired = [id("old")];
    let moved = |to: &str| TopicLookup::Moved(to.to_owned());
    let unknown = |names: &[&str]| {
        TopicLookup::Unknown(names.iter().map(|name| (*name).to_owned()).collect())
    };
    for (name, expected) in [
        ("streaming", TopicLookup::Topic(id("streaming"))),
        ("all", TopicLookup::Topic(TopicId::all())),
        ("cloud+streaming", TopicLookup::Union(vec![id("cloud"), id("streaming")])),
        ("streaming+cloud", moved("cloud+streaming")),
        ("cloud+cloud", moved("cloud")),
        ("all+cloud", moved("all")),
        ("clouds", moved("cloud")),
        ("streaming+clouds", moved("cloud+streaming")),
        ("old", TopicLookup::Retired("old".to_owned())),
        ("cloud+old", TopicLookup::Retired("old".to_owned())),
        ("nope", unknown(&["nope"])),
        ("cloud+no+nope+old", unknown(&["no", "nope"])),
        ("", unknown(&[""])),
        ("cloud+", unknown(&[""])),
        ("../etc", unknown(&["../etc"])),
    ] {
        assert_eq!(resolve(name, &settings, &retired), expected, "{name}");
    }
    let many = vec!["cloud"; 40].join("+");
    assert_eq!(resolve(&many, &settings, &[]), TopicLookup::Unknown(vec![many.clone()]));
}

fn every_page(stories: &[Story]) -> Vec<(String, Vec<u8>)> {
    let settings = settings();
    let addresses = settings.addresses();
    let topics: Vec<TopicRef> = settings
        .topics
        .iter()
        .map(|topic| TopicRef { id: topic.id.clone(), title: topic.title.clone() })
        .collect();
    let site = SiteInfo { title: &settings.title, addresses: &addresses, topics: &topics };
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
    };
    let found = SearchPage {
        count: stories.len() as u64,
        stories,
        feed: "https://topics.example/search.atom?q=water",
    };
    let mut all = vec![
        (
            "home".to_owned(),
            pages::home(
                &site,
                stories.first(),
                &sections,
                &Unsorted { count: 3, stories: stories.to_vec() },
            ),
        ),
        ("empty home".to_owned(), pages::home(&site, None, &[], &Unsorted::default())),
        ("topic".to_owned(), pages::topic(&site, &page)),
        ("sources".to_owned(), pages::sources(&site, &[source_state()], true).remove(0)),
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
            assert!(
                !matches!(
                    tag,
                    "script" | "iframe" | "img" | "object" | "embed" | "style" | "i" | "b"
                ),
                "<{tag}> in {name}"
            );
            for (attribute, value) in element.value().attrs() {
                assert!(
                    !attribute.starts_with("on") && attribute != "style" && attribute != "src",
                    "{attribute} in {name}"
                );
                if attribute == "href" {
                    let safe = ["https://", "/", "#main", "feed:https://"]
                        .iter()
                        .any(|start| value.starts_with(start));
                    let icon = tag == "link" && value.starts_with("data:image/svg+xml,");
                    assert!(safe || icon, "{value} in {name}");
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

#[test]
fn public_pages_show_error_classes_and_no_private_details() {
    let (fake_snapshot, settings) = (FakeSnapshot::of(vec![]), settings());
    let page =
        site::page(&*fake_snapshot.contents(), &settings, &PageName::Sources(1)).unwrap().unwrap();
    let text = String::from_utf8(page.body).unwrap();
    assert!(text.contains("http-503") && text.contains("River Notes &#38; Queries"), "{text}");
    assert!(!text.contains("10.0.0.7") && !text.contains("secret"));
}

#[test]
fn a_date_of_month_precision_is_shown_as_a_month() {
    let fake_snapshot = FakeSnapshot::of(hostile_stories());
    let page =
        site::page(&*fake_snapshot.contents(), &settings(), &PageName::Topic(vec![TopicId::all()]))
            .unwrap()
            .unwrap();
    let text = String::from_utf8(page.body).unwrap();
    assert!(
        text.contains("<time class=\"dt-published\" datetime=\"2024-11\">Nov 2024</time>"),
        "{text}"
    );
}

#[test]
fn a_private_story_has_no_page() {
    let fake_snapshot = FakeSnapshot::of(vec![Story { public: false, ..story(1) }]);
    let contents = fake_snapshot.contents();
    assert_eq!(site::page(&*contents, &settings(), &PageName::Story(StoryId(1))).unwrap(), None);
    assert_eq!(site::page(&*contents, &settings(), &PageName::Story(StoryId(2))).unwrap(), None);
    assert!(!site::pages(&*contents, &settings()).unwrap().contains(&PageName::Story(StoryId(1))));
}

fn publish(
    fake_snapshot: &FakeSnapshot,
    settings: &SiteSettings,
    dir: &Path,
) -> Result<PublishStats, FilesError> {
    let mut timestamps = fake_snapshot::SnapshotContents::default();
    let mut settle =
        |path: &str, digest| Ok(timestamps.settle(path, digest, at("2026-04-01T00:00:00Z")));
    site::publish(&*fake_snapshot.contents(), settings, &mut settle, dir)
}

fn files(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![dir.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path)
            } else {
                found.push(path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned())
            }
        }
    }
    found.sort();
    found
}

#[test]
fn files_have_the_served_paths_and_are_written_only_on_change() {
    let dir = tempfile::tempdir().unwrap();
    let (fake_snapshot, settings) = (FakeSnapshot::of(vec![story(2), story(1)]), settings());
    let first = publish(&fake_snapshot, &settings, dir.path()).unwrap();
    let there = files(dir.path());
    for file in [
        ".tributary-manifest",
        "index.html",
        "index.html.br",
        "index.html.gz",
        "opml.xml",
        "sources.opml",
        "sources/index.html",
        "stories/1/index.html",
        "style.css",
        "topics/all/feed.atom",
        "topics/cloud/feed.rss",
        "topics/streaming/feed.json",
        "topics/streaming/index.html",
    ] {
        assert!(there.contains(&file.to_owned()), "{file} in {there:?}");
    }
    assert_eq!((first.unchanged, first.removed), (0, 0));

    let stamp = |file: &str| fs::metadata(dir.path().join(file)).unwrap().modified().unwrap();
    let before: Vec<_> = there.iter().map(|file| stamp(file)).collect();
    let second = publish(&fake_snapshot, &settings, dir.path()).unwrap();
    assert_eq!(second, PublishStats { written: 0, unchanged: first.written, removed: 0 });
    assert_eq!(
        there.iter().map(|file| stamp(file)).collect::<Vec<_>>(),
        before,
        "not even the manifest is touched"
    );
}

#[test]
fn only_files_of_removed_topics_and_stories_are_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let (fake_snapshot, mut settings) = (FakeSnapshot::of(vec![story(2), story(1)]), settings());
    publish(&fake_snapshot, &settings, dir.path()).unwrap();
    fs::write(dir.path().join("topics/cloud/mine.txt"), "mine").unwrap();
    fs::write(dir.path().join("robots.txt"), "mine").unwrap();
    settings.topics.truncate(1);
    fake_snapshot.contents().stories.truncate(1);
    let done = publish(&fake_snapshot, &settings, dir.path()).unwrap();
    assert_eq!(
        done.removed, 9,
        "a page and three short feeds of the topic, a page of the story; each page with two codings"
    );
    let there = files(dir.path());
    assert!(
        there.contains(&"topics/cloud/mine.txt".to_owned())
            && there.contains(&"robots.txt".to_owned())
    );
    assert!(
        !there
            .iter()
            .any(|file| file.starts_with("stories/1") || file.starts_with("topics/cloud/feed"))
    );
    assert!(!dir.path().join("stories/1").exists(), "an empty directory goes too");
}

#[test]
fn publishing_refuses_to_overwrite_foreign_files() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("index.html"), "mine").unwrap();
    let error = publish(&FakeSnapshot::of(vec![story(1)]), &settings(), dir.path()).unwrap_err();
    assert!(
        matches!(&error, FilesError::NotOurs { path } if path.ends_with("index.html")),
        "{error}"
    );
    assert_eq!(fs::read_to_string(dir.path().join("index.html")).unwrap(), "mine");
    assert!(!dir.path().join("style.css").exists());
}

#[test]
fn symbolic_links_are_not_followed() {
    let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    symlink(outside.path(), dir.path().join("topics")).unwrap();
    let error = publish(&FakeSnapshot::of(vec![story(1)]), &settings(), dir.path()).unwrap_err();
    assert!(matches!(error, FilesError::Link { .. }), "{error}");
    assert!(files(outside.path()).is_empty());

    // The same for what is to go: the manifest names it, a link leads out.
    let dir = tempfile::tempdir().unwrap();
    let (fake_snapshot, mut settings) = (FakeSnapshot::of(vec![story(1)]), settings());
    publish(&fake_snapshot, &settings, dir.path()).unwrap();
    settings.topics.truncate(1);
    fs::remove_dir_all(dir.path().join("topics/cloud")).unwrap();
    fs::write(outside.path().join("feed.atom"), "theirs").unwrap();
    symlink(outside.path(), dir.path().join("topics/cloud")).unwrap();
    publish(&fake_snapshot, &settings, dir.path()).unwrap();
    assert_eq!(fs::read_to_string(outside.path().join("feed.atom")).unwrap(), "theirs");
}

#[test]
fn a_manifest_entry_outside_the_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for entry in ["../secret", "/etc/passwd", "topics/../../x", "topics//x"] {
        fs::write(dir.path().join(site::MANIFEST), format!("{entry}\n")).unwrap();
        let error = publish(&FakeSnapshot::of(vec![]), &settings(), dir.path()).unwrap_err();
        assert!(
            matches!(&error, FilesError::Manifest { entry: named, .. } if named == entry),
            "{error}"
        );
    }
}

#[test]
fn leftovers_of_a_killed_run_are_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let (fake_snapshot, settings) = (FakeSnapshot::of(vec![story(1)]), settings());
    publish(&fake_snapshot, &settings, dir.path()).unwrap();
    fs::write(dir.path().join("style.css"), "half").unwrap();
    fs::write(dir.path().join(".style.css.tributary-new"), "left").unwrap();
    assert_eq!(publish(&fake_snapshot, &settings, dir.path()).unwrap().written, 1);
    assert_eq!(fs::read_to_string(dir.path().join("style.css")).unwrap(), pages::STYLE);
    assert!(!dir.path().join(".style.css.tributary-new").exists());
}

#[test]
fn concurrent_runs_leave_a_complete_site() {
    let dir = tempfile::tempdir().unwrap();
    let (fake_snapshot, settings) = (FakeSnapshot::of(vec![story(1)]), settings());
    let runs = || {
        std::thread::scope(|scope| {
            let each: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        publish(&FakeSnapshot::of(vec![story(1)]), &settings, dir.path()).unwrap()
                    })
                })
                .collect();
            each.into_iter().map(|run| run.join().unwrap().written).sum::<usize>()
        })
    };
    let written = runs();
    assert_eq!(
        publish(&fake_snapshot, &settings, dir.path()).unwrap(),
        PublishStats { written: 0, unchanged: written, removed: 0 }
    );
}
