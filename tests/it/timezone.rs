//! `site.timezone`: the dates and months of pages, and schedules.

use feed_model::{DatePrecision, Draft, PublishedDate};
use tributary::{config, store::Arrival};

use crate::support::{
    feeds::{dated, draft},
    installation::Installation,
    time::at,
};

const FEEDS: &str = r#"
[site]
title = "Systems writing"
base_url = "https://topics.example/"
timezone = "America/New_York"
[[source]]
id = "river"
url = "https://river.example/feed"
schedule = "0 6 * * *"
[[topic]]
id = "streaming"
title = "Streaming"
any = ["kafka"]
"#;

#[tokio::test]
async fn pages_have_the_dates_and_months_of_the_time_zone() {
    let installation = Installation::with_feeds_toml(FEEDS);
    let day = PublishedDate {
        precision: DatePrecision::Day,
        ..PublishedDate::exact(at("2026-03-01T00:00:00Z"))
    };
    let posts = vec![
        dated(draft(1, "Kafka at night", "It is late."), "2026-03-01T03:00:00Z"),
        Draft { published: Some(day), ..draft(2, "Kafka in the almanac", "A day has no time.") },
        dated(draft(3, "Kafka at noon", "It is bright."), "2026-03-01T17:00:00Z"),
    ];
    installation.deliver_drafts("river", "2026-03-02T00:00:00Z", Arrival::Import, posts);
    installation.publish("2026-03-02T00:00:01Z");
    let server = installation.serve();
    let topic = server.get("/topics/streaming").await.text();
    assert!(topic.contains("28 Feb 2026") && topic.contains("1 Mar 2026"), "{topic}");
    for (month, titles) in [
        ("2026-02", &["Kafka at night"][..]),
        ("2026-03", &["Kafka at noon", "Kafka in the almanac"]),
    ] {
        let page = server.get(&format!("/topics/streaming/{month}")).await;
        let text = page.text();
        assert_eq!(page.status, 200);
        for title in ["Kafka at night", "Kafka at noon", "Kafka in the almanac"] {
            assert_eq!(text.contains(title), titles.contains(&title), "{month} {title}: {text}");
        }
        let count = if titles.len() == 1 { "1 story" } else { "2 stories" };
        assert!(text.contains(count), "{text}");
    }
}

#[test]
fn an_unknown_time_zone_is_an_error_with_a_suggestion() {
    for (written, suggestion) in [
        ("Berlin", "did you mean \"Europe/Berlin\"?"),
        ("america/new york", "did you mean \"America/New_York\"?"),
        ("Europe/Berlni", "did you mean \"Europe/Berlin\"?"),
        ("local", "\"UTC\""),
    ] {
        let checked = config::check(&FEEDS.replace("America/New_York", written), "feeds.toml");
        assert!(checked.config.is_none(), "{written}");
        let problem = &checked.problems[0];
        assert!(problem.text.contains("unknown time zone"), "{problem:?}");
        assert!(problem.hint.as_deref().unwrap().contains(suggestion), "{problem:?}");
    }
}
