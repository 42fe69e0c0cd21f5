//! The search, from stored posts to the page and the feed over loopback.

use feed_model::{Draft, SourceId, StoryId};
use tributary::store::{Arrival, SearchQuery, Store};

use crate::support::{feed_lint, feeds::draft, installation::Installation, time::at};

const FEEDS: &str = r#"
[site]
title = "Systems writing"
base_url = "https://topics.example/"
[[source]]
id = "river"
url = "https://river.example/feed"
[[source]]
id = "lake"
url = "https://lake.example/feed"
[[source]]
id = "cellar"
url = "https://cellar.example/feed"
auth = { basic_file = "secret" }
[[topic]]
id = "streaming"
title = "Streaming"
any = ["kafka"]
[[topic]]
id = "gravel"
title = "Gravel"
any = ["gravel"]
[[topic]]
id = "closed"
title = "Closed"
any = ["kafka"]
access = ["token"]
"#;

fn lake_post(number: u32, title: &str, text: &str) -> Draft {
    let url = format!("https://lake.example/posts/{number}");
    Draft { guid: None, url: Some(url.parse().unwrap()), ..draft(number, title, text) }
}

fn installation() -> Installation {
    let installation = Installation::with_feeds_toml(FEEDS);
    let river = vec![
        draft(1, "Streams that run for years", "What keeps an old consumer alive."),
        draft(2, "Kafka, exactly once", "How the broker counts, and why a stream is a log."),
        draft(3, "On brokers", "A word on Kafka and on queues: once exactly is not exactly once."),
        draft(4, "流れる水のログ", "日本語の本文"),
    ];
    installation.deliver_drafts("river", "2026-01-02T00:00:00Z", Arrival::Ordinary, river);
    // Only where most stories are about something else does a word say anything.
    let other = (20..40).map(|number| {
        draft(number, &format!("Gravel number {number}"), &format!("Pebbles of lot {number}."))
    });
    installation.deliver_drafts(
        "river",
        "2026-01-01T00:00:00Z",
        Arrival::Ordinary,
        other.collect(),
    );
    installation.deliver_drafts(
        "lake",
        "2026-01-03T00:00:00Z",
        Arrival::Ordinary,
        vec![lake_post(1, "Orchestrating Käfer", "Beetles & <b>bold</b> streams.")],
    );
    let hidden = Draft {
        url: Some("https://cellar.example/1".parse().unwrap()),
        guid: None,
        ..draft(9, "Kafka in the cellar", "Hidden words.")
    };
    installation.deliver_drafts("cellar", "2026-01-04T00:00:00Z", Arrival::Ordinary, vec![hidden]);
    installation.publish("2026-01-04T00:00:01Z");
    installation
}

fn titles(store: &Store, query: &str) -> Vec<String> {
    let found = store.read(|reader| reader.search(&SearchQuery::parse(query), 50, false)).unwrap();
    assert_eq!(found.count, found.stories.len() as u64);
    found.stories.into_iter().map(|story| story.title).collect()
}

#[test]
fn words_phrases_prefixes_and_filters_match() {
    let installation = installation();
    for (query, expected) in [
        // The title weighs more than the text.
        ("kafka", &["Kafka, exactly once", "On brokers"][..]),
        ("KAFKA broker", &["Kafka, exactly once", "On brokers"]),
        // A bare word finds its inflections; in quotes it is taken as it stands.
        ("stream", &["Streams that run for years", "Kafka, exactly once", "Orchestrating Käfer"]),
        ("\"stream\"", &["Kafka, exactly once"]),
        ("\"once exactly\"", &["On brokers"]),
        ("orchestrat*", &["Orchestrating Käfer"]),
        ("kafer", &["Orchestrating Käfer"]),
        ("bold", &["Orchestrating Käfer"]),
        ("水", &["流れる水のログ"]),
        ("日本", &["流れる水のログ"]),
        ("本日", &[]),
        ("kafka -queues", &["Kafka, exactly once"]),
        ("topic:streaming once", &["Kafka, exactly once", "On brokers"]),
        ("streams topic:streaming", &["Kafka, exactly once"]),
        ("stream source:lake", &["Orchestrating Käfer"]),
        ("source:lake", &["Orchestrating Käfer"]),
        ("topic:streaming source:lake", &[]),
        // What is private is not there, by whatever way it is asked for.
        ("hidden", &[]),
        ("cellar", &[]),
        ("source:cellar", &[]),
        ("", &[]),
        ("-kafka", &[]),
        ("topic:streaming -queues", &["Kafka, exactly once"]),
        ("source:lake -beetles", &[]),
    ] {
        assert_eq!(titles(installation.store(), query), expected, "{query}");
    }
}

#[test]
fn every_turkish_i_is_found_by_a_plain_i() {
    let installation = installation();
    let posts = vec![
        lake_post(51, "İstanbul haberleri", "Bir."),
        lake_post(52, "İNTERNET kesildi", "İki."),
        lake_post(53, "Diyarbakır ve DIYARBAKIR", "Üç."),
    ];
    installation.deliver_drafts("lake", "2026-01-04T00:00:00Z", Arrival::Ordinary, posts);
    let store = installation.store();
    assert_eq!(titles(store, "istanbul"), ["İstanbul haberleri"]);
    assert_eq!(titles(store, "İstanbul"), ["İstanbul haberleri"]);
    assert_eq!(titles(store, "internet"), ["İNTERNET kesildi"]);
    assert_eq!(titles(store, "diyarbakir"), ["Diyarbakır ve DIYARBAKIR"]);
}

#[test]
fn of_many_matches_the_last_to_arrive_are_listed_with_titles_first() {
    let installation = installation();
    let deliver = |time: &str, numbers: std::ops::Range<u32>| {
        let drafts = numbers.map(|number| {
            let title = if number == 1002 { "Granite" } else { "Gravel" };
            draft(number, &format!("{title} {number}"), &format!("Granite of lot {number}."))
        });
        installation.deliver_drafts("river", time, Arrival::Ordinary, drafts.collect());
    };
    let find = |newest_first| {
        let query = SearchQuery::parse("granite -kafka");
        installation.store().read(|reader| reader.search(&query, 3, newest_first)).unwrap()
    };
    deliver("2026-02-01T00:00:00Z", 1000..2000);
    let found = find(false);
    assert_eq!((found.count, found.has_more), (1000, false));
    deliver("2026-02-02T00:00:00Z", 2000..2001);
    let found = find(false);
    assert_eq!((found.count, found.has_more), (1000, true));
    let titles: Vec<&str> = found.stories.iter().map(|story| story.title.as_str()).collect();
    assert_eq!((titles[0], titles[1], titles.len()), ("Granite 1002", "Gravel 2000", 3));
    let newest = find(true);
    assert_eq!((newest.count, newest.stories[0].title.as_str()), (1000, "Gravel 2000"));
}

#[test]
fn the_search_index_follows_edits_and_removals() {
    let installation = installation();
    installation.deliver_drafts(
        "river",
        "2026-01-05T00:00:00Z",
        Arrival::Ordinary,
        vec![draft(2, "Pulsar, exactly once", "Another text.")],
    );
    assert_eq!(titles(installation.store(), "kafka"), ["On brokers"]);
    assert_eq!(titles(installation.store(), "pulsar"), ["Pulsar, exactly once"]);
    installation
        .store()
        .forget(
            StoryId(
                installation
                    .store()
                    .read(|r| r.find_story("https://river.example/posts/2"))
                    .unwrap()
                    .unwrap()
                    .0,
            ),
            "asked",
            at("2026-01-06T00:00:00Z"),
        )
        .unwrap();
    assert_eq!(titles(installation.store(), "pulsar"), [""; 0]);
    // A source that is published after all is found from then on, and not any more when that is
    // taken back.
    let open = FEEDS.replace("auth = { basic_file = \"secret\" }", "");
    let installation = installation.reopened_with(&open);
    assert_eq!(titles(installation.store(), "hidden"), ["Kafka in the cellar"]);
    let installation = installation.reopened_with(FEEDS);
    assert_eq!(titles(installation.store(), "hidden"), [""; 0]);
    assert!(
        installation
            .config()
            .sources
            .iter()
            .any(|source| source.id == SourceId::new("cellar").unwrap())
    );
}

#[tokio::test]
async fn search_results_are_served_as_page_and_feed() {
    let installation = installation();
    let server = installation.serve();
    let page = server.get("/search?q=kafka+topic%3Astreaming").await;
    assert_eq!(
        (page.status, page.expect_header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    let text = page.text();
    assert!(
        text.contains("2 stories")
            && text.contains("Kafka, exactly once")
            && !text.contains("cellar"),
        "{text}"
    );
    assert!(
        text.contains("<code>https://topics.example/topics/streaming/feed.atom?q=kafka</code>"),
        "{text}"
    );
    assert!(text.contains("<meta name=\"robots\" content=\"noindex\">"));
    let two_topics = server.get("/search?q=KAFKA+topic:streaming+topic:gravel").await.text();
    let path = "/search.rss?q=kafka%20topic%3Astreaming%20topic%3Agravel";
    assert!(two_topics.contains(path), "{two_topics}");
    for target in ["/search", "/search?q=", "/search?x=1"] {
        let empty = server.get(target).await;
        assert_eq!(empty.status, 200);
        assert!(!empty.text().contains("No results"), "{target}");
    }
    // Every page but this one has a form in its head that leads here.
    assert!(server.get("/").await.text().contains("action=\"/search\""));

    let feed = server.get("/search.atom?q=Kafka").await;
    assert_eq!(
        (feed.status, feed.expect_header("content-type")),
        (200, "application/atom+xml; charset=utf-8")
    );
    assert_eq!(feed_lint::atom(&feed.body), [""; 0]);
    let text = feed.text();
    assert!(text.contains("<id>tag:topics.example,2026:topics/search/kafka</id>"), "{text}");
    assert!(text.contains("<updated>2026-01-02T00:00:00+00:00</updated>"), "{text}");
    assert!(text.contains("href=\"https://topics.example/search.atom?q=Kafka\""), "{text}");
    assert_eq!(text.matches("<entry>").count(), 2);
    assert!(feed.expect_header("cache-control").starts_with("public, max-age="));
    assert_eq!(
        server
            .get_with("/search.atom?q=Kafka", &[("If-None-Match", feed.expect_header("etag"))])
            .await
            .status,
        304
    );
    // A private topic has no stories for those who only guess its name.
    assert_eq!(
        server.get("/search.atom?q=topic%3Aclosed").await.text().matches("<entry>").count(),
        0
    );
}

#[tokio::test]
async fn a_topic_and_the_site_are_narrowed_by_words_in_every_format() {
    let installation = installation();
    let server = installation.serve();
    for (target, titles) in [
        ("/topics/streaming/feed.{}?q=exactly", &["On brokers", "Kafka, exactly once"][..]),
        ("/topics/streaming/feed.{}?q=-queues", &["Kafka, exactly once"]),
        ("/topics/streaming/feed.{}?q=source%3Alake", &[]),
        ("/topics/all/feed.{}?q=-gravel%20source%3Alake", &["Orchestrating Käfer"]),
        ("/topics/gravel%2Bstreaming/feed.{}?q=-queues%20once", &["Kafka, exactly once"]),
        ("/search.{}?q=%22exactly%20once%22", &["On brokers", "Kafka, exactly once"]),
    ] {
        for format in ["atom", "rss", "json"] {
            let target = target.replace("{}", format);
            let feed = server.get(&target).await;
            assert_eq!(feed.status, 200, "{target}: {}", feed.text());
            let text = feed.text();
            assert!(titles.iter().all(|title| text.contains(title)), "{target}: {text}");
            if format == "atom" {
                assert_eq!(text.matches("<entry>").count(), titles.len(), "{target}: {text}");
                assert_eq!(feed_lint::atom(&feed.body), [""; 0], "{target}");
            }
            let own =
                format!("<https://topics.example{}>; rel=\"self\"", target.replace("%2B", "+"));
            assert!(feed.expect_header("link").starts_with(&own), "{target}");
            assert_eq!(server.get(&target).await.body, feed.body, "{target}");
        }
    }
    for (other, canonical) in [
        ("/topics/streaming/feed.rss?q=+Exactly++once+", "q=Exactly%20once"),
        ("/topics/streaming/feed.rss?utm=1&q=exactly", "q=exactly"),
        ("/search.json?q=source:lake", "q=source%3Alake"),
        ("/search.json?q=%c3%bc", "q=%C3%BC"),
    ] {
        let moved = server.get(other).await;
        let path = other.split_once('?').map(|(path, _)| path).unwrap();
        assert_eq!(
            (moved.status, moved.expect_header("location")),
            (308, &*format!("{path}?{canonical}"))
        );
    }
    let empty = server.get("/topics/streaming/feed.atom?q=").await;
    assert_eq!(empty.expect_header("location"), "/topics/streaming/feed.atom");
    // The id of a narrowed feed does not depend on the case of its words.
    let id =
        |text: String| text.split("<id>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let upper = id(server.get("/topics/streaming/feed.atom?q=KAFKA").await.text());
    assert_eq!(upper, "tag:topics.example,2026:topics/streaming/search/kafka");
    assert_eq!(upper, id(server.get("/topics/streaming/feed.atom?q=kafka").await.text()));
    assert_eq!(server.get("/topics/closed/feed.atom?q=kafka").await.status, 401);
    assert_eq!(server.get("/topics/missing/feed.atom?q=kafka").await.status, 404);
}

#[tokio::test]
async fn a_hostile_query_gets_a_normal_response() {
    let installation = installation();
    let server = installation.serve();
    let long = format!("/search?q={}", "%22a%22*+".repeat(300));
    for target in [
        "/search?q=%22",
        "/search?q=%22%22%22",
        "/search?q=*",
        "/search?q=NEAR(a+b%2C+5)+AND+OR+NOT",
        "/search?q=title%3A+kafka)+UNION+SELECT",
        "/search?q=%27%3B+DROP+TABLE+story%3B--",
        "/search?q=%00%01%ff%fe",
        "/search?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "/search?q=topic%3A..%2F..%2Fetc+source%3A%22",
        "/search?q=%F0%9F%8C%8A%E2%80%8D+%CC%81",
        "/search?q=a*+b*+c*+-d*+%5Ee+%7Bf%7D",
        &long,
    ] {
        let page = server.get(target).await;
        assert_eq!(page.status, 200, "{target}: {}", page.text());
        assert!(!page.text().contains("<script>"), "{target}");
        let mut feed = server.get(&target.replacen("/search?", "/search.atom?", 1)).await;
        if feed.status == 308 {
            feed = server.get(feed.expect_header("location")).await;
        }
        assert_eq!(
            (feed.status, feed_lint::atom(&feed.body)),
            (200, Vec::new()),
            "{target}: {}",
            feed.text()
        );
    }
    assert_eq!(titles(installation.store(), "kafka").len(), 2, "nothing was harmed");
}
