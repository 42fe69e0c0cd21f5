//! Archives (RFC 5005) over loopback: window and archives together hold every story, and what is
//! cut stays.

use std::collections::{BTreeMap, BTreeSet};

use feed_model::{SafeHtml, StoryId, TopicId};
use tributary::{
    site,
    store::{Arrival, StoryQuery},
};

use crate::support::{
    feed_lint,
    feeds::{dated, draft},
    http::{HttpResponse, Server},
    installation::Installation,
    time::at,
};

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
    numbers
        .rev()
        .map(|n| draft(n, &format!("Kafka number {n}"), &format!("Words of lot {n}.")))
        .collect()
}

fn at_hour(hour: u32) -> String {
    format!("2026-02-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24)
}

/// The target of a link between documents, without the site's base.
fn link(answer: &HttpResponse, rel: &str) -> Option<String> {
    let text = answer.text();
    let head = text.split("<entry>").next().unwrap().to_owned();
    let tag = head.split("<link ").find(|tag| tag.contains(&format!("rel=\"{rel}\"")))?.to_owned();
    let href = tag.split("href=\"").nth(1)?.split('"').next()?;
    Some(href.strip_prefix("https://topics.example").expect("our own address").to_owned())
}

struct ArchiveWalk {
    /// Ids in the window and in the archives that a new reader walks back along.
    ids: BTreeSet<String>,
    archives: Vec<String>,
}

/// Walks from the window back to the first archive, as a new reader does.
async fn walk(server: &Server, topic: &str) -> ArchiveWalk {
    let window = server.get(&format!("/topics/{topic}/feed.atom")).await;
    assert_eq!((window.status, feed_lint::atom(&window.body)), (200, Vec::new()));
    let mut walk = ArchiveWalk {
        ids: feed_lint::ids(&window.body).into_iter().collect(),
        archives: Vec::new(),
    };
    let mut next = link(&window, "prev-archive");
    while let Some(path) = next {
        let archive = server.get(&path).await;
        assert_eq!(
            (archive.status, feed_lint::atom(&archive.body)),
            (200, Vec::new()),
            "{path}: {}",
            archive.text()
        );
        assert!(archive.text().contains("<fh:archive"), "{path}: {}", archive.text());
        assert_eq!(link(&archive, "self"), Some(path.clone()));
        assert_eq!(link(&archive, "current"), Some(format!("/topics/{topic}/feed.atom")));
        assert!(feed_lint::ids(&archive.body).len() <= 5, "{path}");
        walk.ids.extend(feed_lint::ids(&archive.body));
        next = link(&archive, "prev-archive");
        walk.archives.push(path);
        assert!(walk.archives.len() < 100, "the archives go round in circles: {:?}", walk.archives);
    }
    walk
}

fn every_id(installation: &Installation, topic: &str) -> BTreeSet<String> {
    let query = StoryQuery {
        topic: Some(TopicId::new(topic).unwrap()),
        public_only: true,
        ..StoryQuery::default()
    };
    installation
        .store()
        .read(|reader| reader.stories(&query))
        .unwrap()
        .into_iter()
        .map(|story| story.published_id)
        .collect()
}

async fn assert_complete(installation: &Installation, server: &Server) -> ArchiveWalk {
    for topic in ["all", "streaming"] {
        assert_eq!(walk(server, topic).await.ids, every_id(installation, topic), "{topic}");
    }
    walk(server, "streaming").await
}

#[tokio::test]
async fn every_story_is_in_the_window_or_in_a_full_archive() {
    let installation = Installation::with_feeds_toml(FEEDS);
    let server = installation.serve();
    let mut bytes: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for n in 1..=23 {
        installation.deliver_drafts("river", &at_hour(n), Arrival::Ordinary, posts(n..=n));
        installation.publish(&at_hour(n));
        let walk = assert_complete(&installation, &server).await;
        // The window holds the newest five; an archive is cut when one more would be nowhere, and
        // is full.
        assert_eq!(walk.archives.len(), n.saturating_sub(1) as usize / 5, "after {n}");
        for path in walk.archives {
            let archive = server.get(&path).await;
            assert_eq!(feed_lint::ids(&archive.body).len(), 5);
            assert_eq!(
                *bytes.entry(path.clone()).or_insert_with(|| archive.body.clone()),
                archive.body,
                "{path} changed"
            );
        }
    }
    let first = server.get("/topics/streaming/archive/1.atom").await;
    assert_eq!(
        (link(&first, "prev-archive"), link(&first, "next-archive")),
        (None, Some("/topics/streaming/archive/2.atom".to_owned()))
    );
    assert!(
        first.expect_header("cache-control").contains("max-age=86400")
            && !first.expect_header("last-modified").is_empty()
    );
    let again = server
        .get_with(
            "/topics/streaming/archive/1.atom",
            &[("If-None-Match", first.expect_header("etag"))],
        )
        .await;
    assert_eq!(again.status, 304);
    let last = server.get("/topics/streaming/archive/4.atom").await;
    let beyond = link(&last, "next-archive").unwrap();
    assert_eq!(
        (beyond.as_str(), server.get(&beyond).await.status),
        ("/topics/streaming/archive/5.atom", 404)
    );
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
async fn late_arrivals_edits_and_restarts_change_no_archive() {
    let installation = Installation::with_feeds_toml(FEEDS);
    installation.deliver_drafts("river", &at_hour(1), Arrival::Ordinary, posts(1..=12));
    installation.publish(&at_hour(1));
    let server = installation.serve();
    let kept = assert_complete(&installation, &server).await.archives;
    assert!(kept.len() >= 2, "{kept:?}");
    let mut before = Vec::new();
    for path in &kept {
        before.push((
            server.get(path).await.body,
            server.get(path).await.expect_header("etag").to_owned(),
        ));
    }
    // Late ones below the window, an edit of an archived story, a story that the edit takes out of
    // the topic.
    let late =
        vec![dated(draft(101, "Kafka, found late", "Words of lot 101."), "2019-05-05T00:00:00Z")];
    installation.deliver_drafts("river", &at_hour(2), Arrival::Backfill, late);
    installation.deliver_drafts(
        "river",
        &at_hour(3),
        Arrival::Ordinary,
        vec![draft(1, "Kafka number 1, corrected", "Better words of lot 1.")],
    );
    installation.deliver_drafts(
        "river",
        &at_hour(4),
        Arrival::Ordinary,
        vec![draft(2, "Pulsar number 2", "It is about pulsar now.")],
    );
    installation.publish(&at_hour(4));
    assert_nothing_missing(&installation, &server).await;
    installation.store().close().unwrap();
    let restarted = installation.reopened_with(FEEDS);
    restarted.publish(&at_hour(500));
    let after = restarted.serve();
    for (path, (body, etag)) in kept.iter().zip(before) {
        let now = after.get(path).await;
        assert_eq!((now.body == body, now.expect_header("etag")), (true, etag.as_str()), "{path}");
    }
}

/// An edit that takes a story out of the topic does not take it out of an archive.
async fn assert_nothing_missing(installation: &Installation, server: &Server) {
    for topic in ["all", "streaming"] {
        assert!(
            walk(server, topic).await.ids.is_superset(&every_id(installation, topic)),
            "{topic}"
        );
    }
}

#[tokio::test]
async fn a_slow_backfill_makes_few_archives() {
    let installation = Installation::with_feeds_toml(FEEDS);
    let server = installation.serve();
    installation.deliver_drafts("river", "2026-01-01T00:00:00Z", Arrival::Ordinary, posts(1..=5));
    let mut seen: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for n in 0..24_u32 {
        let draft = dated(
            draft(100 + n, &format!("Kafka long ago {n}"), &format!("Words of lot {n} of old.")),
            &format!("2020-{:02}-{:02}T00:00:00Z", 12 - n / 4, 28 - n % 4),
        );
        installation.deliver_drafts("river", &at_hour(n), Arrival::Backfill, vec![draft]);
        installation.publish(&at_hour(n));
        let walk = assert_complete(&installation, &server).await;
        assert!(
            walk.archives.len() <= (n as usize + 1) / 4 + 4,
            "{} archives of {n} stories",
            walk.archives.len()
        );
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
async fn forgotten_or_unlabelled_stories_leave_the_archives_and_an_empty_archive_is_410() {
    let installation = Installation::with_feeds_toml(FEEDS);
    installation.deliver_drafts("river", &at_hour(1), Arrival::Ordinary, posts(1..=10));
    installation.publish(&at_hour(1));
    let server = installation.serve();
    let path = "/topics/streaming/archive/1.atom";
    let before = server.get(path).await;
    let ids = feed_lint::ids(&before.body);
    assert_eq!(ids.len(), 5);
    let find = |id: &str| -> StoryId {
        installation.store().read(|reader| reader.find_story(id)).unwrap().unwrap()
    };

    installation
        .store()
        .label(
            find(&ids[0]),
            Some(Vec::new()),
            installation.rules(),
            installation.window(),
            at("2026-02-03T00:00:00Z"),
        )
        .unwrap();
    installation.publish("2026-02-03T00:00:00Z");
    let after = server.get(path).await;
    assert_eq!(feed_lint::ids(&after.body), ids[1..]);
    assert_ne!(after.expect_header("etag"), before.expect_header("etag"));
    assert_ne!(after.expect_header("last-modified"), before.expect_header("last-modified"));
    assert_eq!(
        feed_lint::ids(&server.get("/topics/all/archive/1.atom").await.body).len(),
        5,
        "it is still a story"
    );

    installation.store().forget(find(&ids[1]), "asked", at("2026-02-04T00:00:00Z")).unwrap();
    // At once, before anything is drawn again, its words are not served any more.
    assert_eq!(server.get(path).await.status, 503);
    installation.publish("2026-02-04T00:00:00Z");
    assert_eq!(feed_lint::ids(&server.get(path).await.body), ids[2..]);
    for id in &ids[2..] {
        installation.store().forget(find(id), "asked", at("2026-02-05T00:00:00Z")).unwrap();
    }
    installation.publish("2026-02-05T00:00:00Z");
    assert_eq!(server.get(path).await.status, 410);
    assert_eq!(server.get("/topics/all/archive/1.atom").await.status, 200);
}

#[tokio::test]
async fn a_changed_rule_puts_old_stories_into_an_archive_not_the_window() {
    let installation = Installation::with_feeds_toml(FEEDS);
    let old =
        vec![dated(draft(50, "Pulsar of old", "Words about pulsar."), "2020-01-01T00:00:00Z")];
    installation.deliver_drafts("river", &at_hour(1), Arrival::Import, old);
    installation.deliver_drafts("river", &at_hour(2), Arrival::Ordinary, posts(1..=2));
    installation
        .store()
        .reclassify(installation.rules(), 100, installation.window(), at("2026-02-10T00:00:00Z"))
        .unwrap();
    installation.publish("2026-02-10T00:00:00Z");
    installation.topic("streaming"); // a reader fetches the feed
    let wider =
        installation.reopened_with(&FEEDS.replace("[\"kafka\"]", "[\"kafka\", \"pulsar\"]"));
    wider
        .store()
        .reclassify(wider.rules(), 100, wider.window(), at("2026-02-11T00:00:00Z"))
        .unwrap();
    wider.publish("2026-02-11T00:00:00Z");
    let server = wider.serve();
    let window = server.get("/topics/streaming/feed.atom").await;
    assert_eq!(feed_lint::ids(&window.body).len(), 2, "{}", window.text());
    let walk = assert_complete(&wider, &server).await;
    assert_eq!((walk.archives.len(), walk.ids.len()), (1, 3));
}

#[tokio::test]
async fn stories_cut_by_the_size_limit_are_in_an_archive() {
    let installation =
        Installation::with_feeds_toml(&FEEDS.replace("max_entries = 5", "max_entries = 40"));
    let long = |n: u32| {
        let words = format!("Word {n} of many, and a further one. ").repeat(500);
        feed_model::Draft {
            summary: Some(SafeHtml::from_sanitised(format!("<p>{words}</p>"))),
            ..draft(n, &format!("Kafka number {n}"), "Text.")
        }
    };
    installation.deliver_drafts(
        "river",
        &at_hour(1),
        Arrival::Ordinary,
        (1..=30).rev().map(long).collect(),
    );
    installation.publish(&at_hour(1));
    let server = installation.serve();
    let window = server.get("/topics/streaming/feed.atom").await;
    let (held, all) =
        (feed_lint::ids(&window.body).len(), every_id(&installation, "streaming").len());
    assert!(
        held < all && window.body.len() <= 250_000,
        "{held} of {all} in {} bytes",
        window.body.len()
    );
    let mut ids: BTreeSet<String> = feed_lint::ids(&window.body).into_iter().collect();
    let mut next = link(&window, "prev-archive");
    while let Some(path) = next {
        let archive = server.get(&path).await;
        ids.extend(feed_lint::ids(&archive.body));
        next = link(&archive, "prev-archive");
    }
    assert_eq!(ids, every_id(&installation, "streaming"));
}

#[tokio::test]
async fn published_files_have_the_archives_that_are_served() {
    let installation = Installation::with_feeds_toml(FEEDS);
    installation.deliver_drafts("river", &at_hour(1), Arrival::Ordinary, posts(1..=12));
    installation.publish(&at_hour(1));
    let server = installation.serve();
    let dir = tempfile::tempdir().unwrap();
    let settings = installation.settings();
    let mut settle = |path: &str, digest| {
        installation.store().document_last_modified(path, digest, at(&at_hour(9)))
    };
    installation
        .store()
        .read(|reader| Ok(site::publish(reader, &settings, &mut settle, dir.path())))
        .unwrap()
        .unwrap();
    for path in assert_complete(&installation, &server).await.archives {
        let file = dir.path().join(path.trim_start_matches('/'));
        assert_eq!(std::fs::read(&file).unwrap(), server.get(&path).await.body, "{path}");
        assert!(file.with_extension("atom.gz").exists() && file.with_extension("atom.br").exists());
    }
}
