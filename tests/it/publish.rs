//! The published site: documents, pages, files.

#![allow(clippy::unwrap_used)] // test code outside of `#[test]` functions

pub mod stored_site;

use std::{fs, os::unix::fs::symlink, path::Path};

use chrono::Duration;
use feed_model::*;
use feed_publisher::pages::{self, PageError};
use tributary::{
    icons::SiteIcons,
    site::{self, FilesError, PageName, PublishStats, TopicLookup, resolve},
    store::Arrival,
};

use stored_site::{RIVER_NOTES, StoredSite, at, post};

use crate::support::feed_lint;

#[test]
fn documents_change_only_with_their_content() {
    let site = StoredSite::with_posts(1..=3);
    let first = site.documents("2026-04-01T00:00:00Z");
    let again = site.documents("2026-04-02T00:00:00Z");
    assert_eq!(first, again, "a later rendering has the same bytes, tags and times");

    // An older post arrives below the newest: the feed changes although no entry is newer.
    let date = at("2025-03-01T00:00:00Z");
    let older = Draft {
        summary: None,
        content: Some(SafeHtml::from_sanitised("<p>About mountains.</p>".to_owned())),
        published: Some(PublishedDate::exact(date)),
        ..post(100)
    };
    let now = at("2026-04-02T12:00:00Z");
    site.deliver("river-notes", now, Arrival::Backfill, vec![older]);
    let third = site.documents("2026-04-03T00:00:00Z");
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
    let documents = StoredSite::with_posts(1..=8).documents("2026-04-01T00:00:00Z");
    for topic in ["all", "streaming", "cloud"] {
        let [atom, rss, json] = ["atom", "rss", "json"]
            .map(|format| &documents[&format!("/topics/{topic}/feed.{format}")]);
        assert_eq!(feed_lint::atom(&atom.body), Vec::<String>::new());
        assert_eq!(feed_lint::rss(&rss.body), Vec::<String>::new());
        assert_eq!(feed_lint::json_feed(&json.body), Vec::<String>::new());
        assert_eq!(feed_lint::ids(&atom.body).len(), if topic == "cloud" { 0 } else { 8 });
        let text = String::from_utf8_lossy(&atom.body);
        assert!(text.contains(&format!("<id>tag:topics.example,2026:topics/{topic}</id>")));
        assert!(text.contains(&format!(
            "href=\"https://topics.example/topics/{topic}/feed.atom\" rel=\"self\""
        )));
    }
    let opml = String::from_utf8_lossy(&documents["/opml.xml"].body).into_owned();
    let followed = String::from_utf8_lossy(&documents["/sources.opml"].body).into_owned();
    assert!(!followed.contains("secret"), "no password is published: {followed}");
    insta::assert_snapshot!(format!("{opml}\n{followed}"));
}

#[test]
fn private_topics_and_sources_have_no_documents() {
    let site = StoredSite::new(
        r#"
        [[source]]
        id = "river-notes"
        title = "River Notes"
        url = "https://river.example/feed.xml"
        [[source]]
        id = "sea-notes"
        title = "Sea Notes"
        url = "https://sea.example/feed.xml"
        [[topic]]
        id = "streaming"
        title = "Streaming"
        any = ["water"]
        access = ["token-file"]
        [[topic]]
        id = "cloud"
        title = "Cloud"
        any = ["cloud"]
        "#,
    );
    let now = at("2026-03-01T06:00:00Z");
    site.deliver("sea-notes", now, Arrival::Ordinary, vec![post(1)]);
    site.deliver_private("river-notes", now + Duration::hours(1), vec![post(2)]);
    let (settings, documents) = (site.settings(), site.documents("2026-04-01T00:00:00Z"));
    assert!(documents.keys().all(|path| !path.contains("streaming")), "{:?}", documents.keys());
    for path in ["/opml.xml", "/sources.opml"] {
        let text = String::from_utf8_lossy(&documents[path].body).into_owned();
        assert!(!text.contains("treaming") && !text.contains("River"), "{text}");
    }
    for name in [
        PageName::Home,
        PageName::Story(StoryId(1)),
        PageName::Sources(1),
        PageName::Error(PageError::NotFound),
    ] {
        assert!(!site.page(&name).unwrap().contains("/topics/streaming"), "{name:?}");
    }
    let sources = site.page(&PageName::Sources(1)).unwrap();
    assert!(sources.contains("Sea Notes") && !sources.contains("River"), "{sources}");
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
    let settings = StoredSite::new(RIVER_NOTES).settings();
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

#[test]
fn public_pages_show_error_classes_and_no_private_details() {
    let site = StoredSite::new(RIVER_NOTES);
    let now = at("2026-03-01T10:00:00Z");
    site.fail_poll("river-notes", now, "http-503", "connection to 10.0.0.7 refused");
    let text = site.page(&PageName::Sources(1)).unwrap();
    assert!(text.contains("http-503") && text.contains("River Notes &#38; Queries"), "{text}");
    assert!(!text.contains("10.0.0.7") && !text.contains("secret"));
}

#[test]
fn a_date_of_month_precision_is_shown_as_a_month() {
    let site = StoredSite::new(RIVER_NOTES);
    let date = PublishedDate { at: at("2024-11-01T00:00:00Z"), precision: DatePrecision::Month };
    let draft = Draft { published: Some(date), ..post(1) };
    site.deliver("river-notes", at("2026-03-01T06:00:00Z"), Arrival::Ordinary, vec![draft]);
    let text = site.page(&PageName::Topic(vec![TopicId::all()])).unwrap();
    assert!(
        text.contains("<time class=\"dt-published\" datetime=\"2024-11\">Nov 2024</time>"),
        "{text}"
    );
}

#[test]
fn a_private_story_has_no_page() {
    let site = StoredSite::new(RIVER_NOTES);
    site.deliver_private("river-notes", at("2026-03-01T06:00:00Z"), vec![post(1)]);
    assert!(site.store.read(|reader| reader.story(StoryId(1))).unwrap().is_some());
    assert_eq!(site.page(&PageName::Story(StoryId(1))), None);
    assert_eq!(site.page(&PageName::Story(StoryId(2))), None);
    assert!(!site.pages().contains(&PageName::Story(StoryId(1))));
}

fn files(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![dir.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                found.push(path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn files_have_the_served_paths_and_are_written_only_on_change() {
    let dir = tempfile::tempdir().unwrap();
    let site = StoredSite::with_posts(1..=2);
    let settings = site.settings();
    let first = site.publish(&settings, dir.path()).unwrap();
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
    let second = site.publish(&settings, dir.path()).unwrap();
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
    let site = StoredSite::with_posts(1..=2);
    let mut settings = site.settings();
    site.publish(&settings, dir.path()).unwrap();
    fs::write(dir.path().join("topics/cloud/mine.txt"), "mine").unwrap();
    fs::write(dir.path().join("robots.txt"), "mine").unwrap();
    settings.topics.truncate(1);
    settings.icons = SiteIcons::new("", None, &settings.topics).into();
    site.store.forget(StoryId(1), "a test", at("2026-03-02T00:00:00Z")).unwrap();
    let done = site.publish(&settings, dir.path()).unwrap();
    assert_eq!(
        done.removed, 28,
        "a page, an icon, three feeds and six digests of the topic, a page of the story; each \
         page with two codings, and the Atom and RSS documents, which are long enough"
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
    let site = StoredSite::with_posts([1]);
    let error = site.publish(&site.settings(), dir.path()).unwrap_err();
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
    let site = StoredSite::with_posts([1]);
    let error = site.publish(&site.settings(), dir.path()).unwrap_err();
    assert!(matches!(error, FilesError::Link { .. }), "{error}");
    assert!(files(outside.path()).is_empty());

    // The same for what is to go: the manifest names it, a link leads out.
    let dir = tempfile::tempdir().unwrap();
    let site = StoredSite::with_posts([1]);
    let mut settings = site.settings();
    site.publish(&settings, dir.path()).unwrap();
    settings.topics.truncate(1);
    settings.icons = SiteIcons::new("", None, &settings.topics).into();
    fs::remove_dir_all(dir.path().join("topics/cloud")).unwrap();
    fs::write(outside.path().join("feed.atom"), "theirs").unwrap();
    symlink(outside.path(), dir.path().join("topics/cloud")).unwrap();
    site.publish(&settings, dir.path()).unwrap();
    assert_eq!(fs::read_to_string(outside.path().join("feed.atom")).unwrap(), "theirs");
}

#[test]
fn a_manifest_entry_outside_the_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for entry in ["../secret", "/etc/passwd", "topics/../../x", "topics//x"] {
        fs::write(dir.path().join(site::MANIFEST), format!("{entry}\n")).unwrap();
        let site = StoredSite::new(RIVER_NOTES);
        let error = site.publish(&site.settings(), dir.path()).unwrap_err();
        assert!(
            matches!(&error, FilesError::Manifest { entry: named, .. } if named == entry),
            "{error}"
        );
    }
}

#[test]
fn leftovers_of_a_killed_run_are_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let site = StoredSite::with_posts([1]);
    let settings = site.settings();
    site.publish(&settings, dir.path()).unwrap();
    fs::write(dir.path().join("style.css"), "half").unwrap();
    fs::write(dir.path().join(".style.css.tributary-new"), "left").unwrap();
    assert_eq!(site.publish(&settings, dir.path()).unwrap().written, 1);
    assert_eq!(fs::read_to_string(dir.path().join("style.css")).unwrap(), pages::STYLE);
    assert!(!dir.path().join(".style.css.tributary-new").exists());
}

#[test]
fn concurrent_runs_leave_a_complete_site() {
    let dir = tempfile::tempdir().unwrap();
    let site = StoredSite::with_posts([1]);
    let settings = site.settings();
    let runs = || {
        std::thread::scope(|scope| {
            let each: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| site.publish(&settings, dir.path()).unwrap()))
                .collect();
            each.into_iter().map(|run| run.join().unwrap().written).sum::<usize>()
        })
    };
    let written = runs();
    assert_eq!(
        site.publish(&settings, dir.path()).unwrap(),
        PublishStats { written: 0, unchanged: written, removed: 0 }
    );
}
