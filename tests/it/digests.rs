//! Digests: one entry for the stories of each day and week that is over.

use feed_model::{Draft, SafeHtml, StoryId};
use tributary::{
    site,
    store::{Arrival, StoryQuery},
};

use crate::support::{
    feed_lint,
    feeds::{dated, draft},
    installation::Installation,
    time::at,
};

const FEEDS: &str = r#"
[site]
title = "Systems writing"
base_url = "https://topics.example/"
timezone = "Europe/Berlin"
[[source]]
id = "river"
url = "https://river.example/feed"
[[source]]
id = "lake"
url = "https://lake.example/feed"
[[topic]]
id = "streaming"
title = "Streaming"
any = ["kafka"]
[[topic]]
id = "closed"
title = "Closed"
any = ["kafka"]
access = ["token"]
"#;

fn kafka(number: u32) -> Draft {
    let summary = SafeHtml::from_sanitised(format!("<p>What part {number} tells of logs.</p>"));
    Draft {
        summary: Some(summary),
        ..draft(number, &format!("Kafka, part {number}"), &format!("Log {number}."))
    }
}

/// Issues the digests that are due, and renders the documents.
fn render(installation: &Installation, now: &str) {
    site::issue_digests(installation.store(), &installation.settings(), at(now), true).unwrap();
    installation.publish(now);
}

/// Returns the titles and contents of the entries of a feed in JSON.
async fn entries(installation: &Installation, target: &str) -> Vec<(String, String, String)> {
    let response = installation.serve().get(target).await;
    assert_eq!(response.status, 200, "{target}");
    let feed: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
    let text = |item: &serde_json::Value, key: &str| item[key].as_str().unwrap().to_owned();
    let items = feed["items"].as_array().unwrap();
    items.iter().map(|i| (text(i, "title"), text(i, "content_html"), text(i, "id"))).collect()
}

#[tokio::test]
async fn each_day_with_stories_is_one_entry_that_never_changes() {
    let installation = Installation::with_feeds_toml(FEEDS);
    // A first import fills the days before. 23:30 UTC is the next day in Berlin.
    let imported = vec![
        dated(kafka(1), "2026-03-01T10:00:00Z"),
        dated(kafka(2), "2026-03-01T23:30:00Z"),
        dated(kafka(3), "2026-03-04T08:00:00Z"),
    ];
    installation.deliver_drafts("river", "2026-03-04T12:00:00Z", Arrival::Import, imported);
    render(&installation, "2026-03-04T12:00:01Z");
    let daily = "/topics/streaming/daily.json";
    let first = entries(&installation, daily).await;
    let titles: Vec<&str> = first.iter().map(|(title, ..)| title.as_str()).collect();
    assert_eq!(titles, ["Streaming: 2 March 2026", "Streaming: 1 March 2026"], "not of today");
    assert!(first[0].1.contains("Kafka, part 2</a> — River Notes"), "{}", first[0].1);
    assert!(first[0].1.contains("What part 2 tells of logs."), "{}", first[0].1);
    assert!(first[0].2.ends_with(":topics/streaming/daily/2026-03-02"), "{}", first[0].2);

    // Today goes out at midnight in Berlin. A new source with older posts changes no earlier day.
    let late = vec![Draft {
        guid: None,
        url: Some("https://lake.example/old".parse().unwrap()),
        ..dated(draft(9, "Kafka of old", "Old words."), "2026-03-02T09:00:00Z")
    }];
    installation.deliver_drafts("lake", "2026-03-04T13:00:00Z", Arrival::Import, late);
    installation.deliver_drafts("river", "2026-03-04T22:00:00Z", Arrival::Ordinary, vec![kafka(4)]);
    render(&installation, "2026-03-04T22:59:59Z");
    assert_eq!(entries(&installation, daily).await, first);
    render(&installation, "2026-03-04T23:00:00Z");
    let second = entries(&installation, daily).await;
    assert_eq!(second[0].0, "Streaming: 4 March 2026");
    assert!(second[0].1.contains("part 3") && second[0].1.contains("part 4"), "{}", second[0].1);
    assert_eq!(second[1..], first, "an entry that is out does not change");

    // Neither an edited post nor another title of the topic changes it.
    let edited = draft(4, "Kafka, part 4, revised", "All of it is new and quite different now.");
    installation.deliver_drafts("river", "2026-03-06T10:00:00Z", Arrival::Ordinary, vec![edited]);
    render(&installation, "2026-03-08T10:00:00Z");
    assert_eq!(entries(&installation, daily).await, second, "days without stories have none");

    let weekly = entries(&installation, "/topics/streaming/weekly.json").await;
    let titles: Vec<&str> = weekly.iter().map(|(title, ..)| title.as_str()).collect();
    assert_eq!(titles, ["Streaming: 23 February – 1 March 2026"]);
    render(&installation, "2026-03-08T23:00:00Z");
    let weekly = entries(&installation, "/topics/streaming/weekly.json").await;
    assert_eq!(weekly[0].0, "Streaming: 2–8 March 2026");
    // The week was not over when the post of the new source arrived.
    assert_eq!(weekly[0].1.matches("<li>").count(), 4, "{}", weekly[0].1);

    // What is forgotten is in no digest.
    let store = installation.store();
    let id = |title: &str| {
        let stories = store.read(|reader| reader.stories(&StoryQuery::default())).unwrap();
        stories.iter().find(|story| story.title == title).map_or(StoryId(0), |story| story.id)
    };
    store.forget(id("Kafka, part 3"), "on request", at("2026-03-09T00:00:00Z")).unwrap();
    render(&installation, "2026-03-09T00:00:01Z");
    let after = entries(&installation, daily).await;
    assert!(!after[0].1.contains("part 3") && after[0].1.contains("part 4"), "{}", after[0].1);
}

#[tokio::test]
async fn digests_are_valid_in_every_format_and_private_where_the_topic_is() {
    let installation = Installation::with_feeds_toml(FEEDS);
    let posts = vec![dated(kafka(1), "2026-03-01T10:00:00Z")];
    installation.deliver_drafts("river", "2026-03-04T12:00:00Z", Arrival::Import, posts);
    render(&installation, "2026-03-04T12:00:01Z");
    let server = installation.serve();
    for period in ["daily", "weekly"] {
        for format in ["atom", "rss", "json"] {
            for topic in ["streaming", "all"] {
                let target = format!("/topics/{topic}/{period}.{format}");
                let response = server.get(&target).await;
                assert_eq!(response.status, 200, "{target}");
                let text = response.text();
                let entry = format!(":topics/{topic}/{period}/");
                assert!(text.contains(&entry), "{target}: {text}");
                if format == "atom" {
                    assert_eq!(feed_lint::atom(&response.body), [""; 0], "{target}");
                }
                let etag = response.expect_header("etag");
                let again = server.get_with(&target, &[("If-None-Match", etag)]).await;
                assert_eq!(again.status, 304, "{target}");
                let link = response.expect_header("link");
                let own = format!("<https://topics.example{target}>; rel=\"self\"");
                assert!(link.starts_with(&own), "{link}");
            }
        }
    }
    for (target, status) in [
        ("/topics/closed/daily.atom", 401),
        ("/topics/missing/daily.atom", 404),
        ("/topics/streaming/hourly.atom", 404),
        ("/topics/streaming/daily.xml", 404),
    ] {
        assert_eq!(server.get(target).await.status, status, "{target}");
    }
    let page = server.get("/topics/streaming").await.text();
    assert!(page.contains("https://topics.example/topics/streaming/daily.rss"), "{page}");
}

#[test]
fn the_first_digests_wait_until_every_source_was_polled() {
    let installation = Installation::with_feeds_toml(FEEDS);
    let posts = vec![dated(kafka(1), "2026-03-01T10:00:00Z")];
    installation.deliver_drafts("river", "2026-03-04T12:00:00Z", Arrival::Import, posts);
    let issue = |is_complete| {
        let now = at("2026-03-04T12:00:01Z");
        let (store, settings) = (installation.store(), installation.settings());
        site::issue_digests(store, &settings, now, is_complete).unwrap();
        let topic = feed_model::TopicId::all();
        let period = feed_publisher::DigestPeriod::Daily;
        store.read(|reader| reader.digests(&topic, period, 9)).unwrap().len()
    };
    assert_eq!(issue(false), 0, "lake was not polled");
    assert_eq!(issue(true), 1);
}
