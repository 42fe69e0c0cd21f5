//! Archives (RFC 5005) over loopback: window and archives together hold every story, and what is cut stays.

use std::collections::{BTreeMap, BTreeSet};

use feed_model::{SafeHtml, StoryId, TopicId};
use feed_publisher::verify;
use tributary::{
    site,
    store::{Arrival, StoryQuery},
};

use crate::support::press::{Answer, Press, Server, at, dated, post};

const FEEDS: &str = r#"
[site]
title = "Systems writing"
base_url = "https://topics.example/"
[publishing]
max_entries = 5
keep_within = "0s"
[[source]]
id = "river"
url = "https://river.example/feed"
[[topic]]
id = "streaming"
title = "Streaming"
any = ["kafka"]
"#;

/// Posts of one poll, the last number the newest.
fn posts(numbers: std::ops::RangeInclusive<u32>) -> Vec<feed_model::Draft> {
    numbers.rev().map(|n| post(n, &format!("Kafka number {n}"), &format!("Words of lot {n}."))).collect()
}

fn at_hour(hour: u32) -> String {
    format!("2026-02-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24)
}

/// The target of a link between documents, without the site's base.
fn link(answer: &Answer, rel: &str) -> Option<String> {
    let text = answer.text();
    let head = text.split("<entry>").next().unwrap().to_owned();
    let tag = head.split("<link ").find(|tag| tag.contains(&format!("rel=\"{rel}\"")))?.to_owned();
    let href = tag.split("href=\"").nth(1)?.split('"').next()?;
    Some(href.strip_prefix("https://topics.example").expect("our own address").to_owned())
}

struct Walk {
    /// Ids in the window and in the archives that a new reader walks back along.
    ids: BTreeSet<String>,
    archives: Vec<String>,
}

/// Walks from the window back to the first archive, as a new reader does.
async fn walk(server: &Server, topic: &str) -> Walk {
    let window = server.get(&format!("/topics/{topic}/feed.atom")).await;
    assert_eq!((window.status, verify::atom(&window.body)), (200, Vec::new()));
    let mut walk = Walk { ids: verify::ids(&window.body).into_iter().collect(), archives: Vec::new() };
    let mut next = link(&window, "prev-archive");
    while let Some(path) = next {
        let archive = server.get(&path).await;
        assert_eq!((archive.status, verify::atom(&archive.body)), (200, Vec::new()), "{path}: {}", archive.text());
        assert!(archive.text().contains("<fh:archive"), "{path}: {}", archive.text());
        assert_eq!(link(&archive, "self"), Some(path.clone()));
        assert_eq!(link(&archive, "current"), Some(format!("/topics/{topic}/feed.atom")));
        assert!(verify::ids(&archive.body).len() <= 5, "{path}");
        walk.ids.extend(verify::ids(&archive.body));
        next = link(&archive, "prev-archive");
        walk.archives.push(path);
        assert!(walk.archives.len() < 100, "the archives go round in circles: {:?}", walk.archives);
    }
    walk
}

fn every_id(press: &Press, topic: &str) -> BTreeSet<String> {
    let query = StoryQuery { topic: Some(TopicId::new(topic).unwrap()), public_only: true, ..StoryQuery::default() };
    press.store.read(|reader| reader.stories(&query)).unwrap().into_iter().map(|story| story.published_id).collect()
}

async fn covers(press: &Press, server: &Server) -> Walk {
    for topic in ["all", "streaming"] {
        assert_eq!(walk(server, topic).await.ids, every_id(press, topic), "{topic}");
    }
    walk(server, "streaming").await
}

#[tokio::test]
async fn archives_are_cut_full_and_few_and_no_story_is_ever_in_neither() {
    let press = Press::new(FEEDS);
    let server = press.serve();
    let mut bytes: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for n in 1..=23 {
        press.arrive("river", &at_hour(n), Arrival::Ordinary, posts(n..=n));
        press.publish(&at_hour(n));
        let walk = covers(&press, &server).await;
        // The window holds the newest five; an archive is cut when one more would be nowhere, and is full.
        assert_eq!(walk.archives.len(), n.saturating_sub(1) as usize / 5, "after {n}");
        for path in walk.archives {
            let archive = server.get(&path).await;
            assert_eq!(verify::ids(&archive.body).len(), 5);
            assert_eq!(*bytes.entry(path.clone()).or_insert_with(|| archive.body.clone()), archive.body, "{path} changed");
        }
    }
    let first = server.get("/topics/streaming/archive/1.atom").await;
    assert_eq!(
        (link(&first, "prev-archive"), link(&first, "next-archive")),
        (None, Some("/topics/streaming/archive/2.atom".to_owned()))
    );
    assert!(first.field("cache-control").contains("max-age=86400") && !first.field("last-modified").is_empty());
    let again = server.ask("/topics/streaming/archive/1.atom", &[("If-None-Match", first.field("etag"))]).await;
    assert_eq!(again.status, 304);
    let last = server.get("/topics/streaming/archive/4.atom").await;
    let beyond = link(&last, "next-archive").unwrap();
    assert_eq!((beyond.as_str(), server.get(&beyond).await.status), ("/topics/streaming/archive/5.atom", 404));
    for target in [
        "/topics/streaming/archive/0.atom",
        "/topics/streaming/archive/01.atom",
        "/topics/streaming/archive/1.rss",
        "/topics/none/archive/1.atom",
    ] {
        assert_eq!(server.get(target).await.status, 404, "{target}");
    }
}

#[tokio::test]
async fn late_arrivals_edits_and_a_restart_change_no_archive() {
    let press = Press::new(FEEDS);
    press.arrive("river", &at_hour(1), Arrival::Ordinary, posts(1..=12));
    press.publish(&at_hour(1));
    let server = press.serve();
    let kept = covers(&press, &server).await.archives;
    assert!(kept.len() >= 2, "{kept:?}");
    let mut before = Vec::new();
    for path in &kept {
        before.push((server.get(path).await.body, server.get(path).await.field("etag").to_owned()));
    }
    // Late ones below the window, an edit of an archived story, a story that the edit takes out of the topic.
    let late = vec![dated(post(101, "Kafka, found late", "Words of lot 101."), "2019-05-05T00:00:00Z")];
    press.arrive("river", &at_hour(2), Arrival::Backlog, late);
    press.arrive("river", &at_hour(3), Arrival::Ordinary, vec![post(1, "Kafka number 1, corrected", "Better words of lot 1.")]);
    press.arrive("river", &at_hour(4), Arrival::Ordinary, vec![post(2, "Pulsar number 2", "It is about pulsar now.")]);
    press.publish(&at_hour(4));
    covers_at_least(&press, &server).await;
    press.store.close().unwrap();
    let restarted = Press::over(press.dir.clone(), FEEDS);
    restarted.publish(&at_hour(500));
    let after = restarted.serve();
    for (path, (body, etag)) in kept.iter().zip(before) {
        let now = after.get(path).await;
        assert_eq!((now.body == body, now.field("etag")), (true, etag.as_str()), "{path}");
    }
}

/// An edit that takes a story out of the topic does not take it out of an archive.
async fn covers_at_least(press: &Press, server: &Server) {
    for topic in ["all", "streaming"] {
        assert!(walk(server, topic).await.ids.is_superset(&every_id(press, topic)), "{topic}");
    }
}

#[tokio::test]
async fn a_back_catalogue_that_trickles_in_makes_no_long_chain() {
    let press = Press::new(FEEDS);
    let server = press.serve();
    press.arrive("river", "2026-01-01T00:00:00Z", Arrival::Ordinary, posts(1..=5));
    let mut seen: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for n in 0..24_u32 {
        let draft = dated(
            post(100 + n, &format!("Kafka long ago {n}"), &format!("Words of lot {n} of old.")),
            &format!("2020-{:02}-{:02}T00:00:00Z", 12 - n / 4, 28 - n % 4),
        );
        press.arrive("river", &at_hour(n), Arrival::Backlog, vec![draft]);
        press.publish(&at_hour(n));
        let walk = covers(&press, &server).await;
        assert!(walk.archives.len() <= (n as usize + 1) / 4 + 4, "{} archives of {n} stories", walk.archives.len());
        for path in walk.archives {
            seen.entry(path.clone()).or_insert(server.get(&path).await.body);
        }
    }
    // Those that a later one took over are still there, as they were.
    for (path, body) in seen {
        assert!(server.get(&path).await.body == body, "{path} changed");
    }
}

#[tokio::test]
async fn what_a_person_takes_out_leaves_the_archives_and_an_empty_one_is_gone() {
    let press = Press::new(FEEDS);
    press.arrive("river", &at_hour(1), Arrival::Ordinary, posts(1..=10));
    press.publish(&at_hour(1));
    let server = press.serve();
    let path = "/topics/streaming/archive/1.atom";
    let before = server.get(path).await;
    let ids = verify::ids(&before.body);
    assert_eq!(ids.len(), 5);
    let find = |id: &str| -> StoryId { press.store.read(|reader| reader.find_story(id)).unwrap().unwrap() };

    press.store.label(find(&ids[0]), Some(Vec::new()), press.rules.clone(), press.window, at("2026-02-03T00:00:00Z")).unwrap();
    press.publish("2026-02-03T00:00:00Z");
    let after = server.get(path).await;
    assert_eq!(verify::ids(&after.body), ids[1..]);
    assert_ne!(after.field("etag"), before.field("etag"));
    assert_ne!(after.field("last-modified"), before.field("last-modified"));
    assert_eq!(verify::ids(&server.get("/topics/all/archive/1.atom").await.body).len(), 5, "it is still a story");

    press.store.forget(find(&ids[1]), "asked", at("2026-02-04T00:00:00Z")).unwrap();
    // At once, before anything is drawn again, its words are not served any more.
    assert_eq!(server.get(path).await.status, 503);
    press.publish("2026-02-04T00:00:00Z");
    assert_eq!(verify::ids(&server.get(path).await.body), ids[2..]);
    for id in &ids[2..] {
        press.store.forget(find(id), "asked", at("2026-02-05T00:00:00Z")).unwrap();
    }
    press.publish("2026-02-05T00:00:00Z");
    assert_eq!(server.get(path).await.status, 410);
    assert_eq!(server.get("/topics/all/archive/1.atom").await.status, 200);
}

#[tokio::test]
async fn an_old_story_that_a_changed_rule_brings_goes_to_an_archive_and_not_to_the_window() {
    let press = Press::new(FEEDS);
    let old = vec![dated(post(50, "Pulsar of old", "Words about pulsar."), "2020-01-01T00:00:00Z")];
    press.arrive("river", &at_hour(1), Arrival::Import, old);
    press.arrive("river", &at_hour(2), Arrival::Ordinary, posts(1..=2));
    press.store.sort_again(press.rules.clone(), 100, press.window, at("2026-02-10T00:00:00Z")).unwrap();
    press.publish("2026-02-10T00:00:00Z");
    let wider = Press::over(press.dir.clone(), &FEEDS.replace("[\"kafka\"]", "[\"kafka\", \"pulsar\"]"));
    wider.store.sort_again(wider.rules.clone(), 100, wider.window, at("2026-02-11T00:00:00Z")).unwrap();
    wider.publish("2026-02-11T00:00:00Z");
    let server = wider.serve();
    let window = server.get("/topics/streaming/feed.atom").await;
    assert_eq!(verify::ids(&window.body).len(), 2, "{}", window.text());
    let walk = covers(&wider, &server).await;
    assert_eq!((walk.archives.len(), walk.ids.len()), (1, 3));
}

#[tokio::test]
async fn what_does_not_fit_by_size_is_in_an_archive_as_well() {
    let press = Press::new(&FEEDS.replace("max_entries = 5", "max_entries = 40"));
    let long = |n: u32| {
        let words = format!("Word {n} of many, and a further one. ").repeat(500);
        feed_model::Draft {
            summary: Some(SafeHtml::from_sanitised(format!("<p>{words}</p>"))),
            ..post(n, &format!("Kafka number {n}"), "Text.")
        }
    };
    press.arrive("river", &at_hour(1), Arrival::Ordinary, (1..=30).rev().map(long).collect());
    press.publish(&at_hour(1));
    let server = press.serve();
    let window = server.get("/topics/streaming/feed.atom").await;
    let (held, all) = (verify::ids(&window.body).len(), every_id(&press, "streaming").len());
    assert!(held < all && window.body.len() <= 250_000, "{held} of {all} in {} bytes", window.body.len());
    let mut ids: BTreeSet<String> = verify::ids(&window.body).into_iter().collect();
    let mut next = link(&window, "prev-archive");
    while let Some(path) = next {
        let archive = server.get(&path).await;
        ids.extend(verify::ids(&archive.body));
        next = link(&archive, "prev-archive");
    }
    assert_eq!(ids, every_id(&press, "streaming"));
}

#[tokio::test]
async fn static_files_have_the_same_archives() {
    let press = Press::new(FEEDS);
    press.arrive("river", &at_hour(1), Arrival::Ordinary, posts(1..=12));
    press.publish(&at_hour(1));
    let server = press.serve();
    let dir = tempfile::tempdir().unwrap();
    let settings = press.settings();
    let mut settle = |path: &str, digest| press.store.settle_document(path, digest, at(&at_hour(9)));
    press.store.read(|reader| Ok(site::publish(reader, &settings, &mut settle, dir.path()))).unwrap().unwrap();
    for path in covers(&press, &server).await.archives {
        let file = dir.path().join(path.trim_start_matches('/'));
        assert_eq!(std::fs::read(&file).unwrap(), server.get(&path).await.body, "{path}");
        assert!(file.with_extension("atom.gz").exists() && file.with_extension("atom.br").exists());
    }
}
