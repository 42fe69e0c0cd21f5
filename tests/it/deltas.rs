//! What is new to a reader, and nothing else: RFC 3229 over loopback.

use feed_publisher::verify;
use tributary::store::Arrival;

use crate::support::press::{Answer, Press, Server, post};

const FEEDS: &str = r#"
[site]
title = "Systems writing"
base_url = "https://topics.example/"
[[source]]
id = "river"
url = "https://river.example/feed"
[[topic]]
id = "streaming"
title = "Streaming"
any = ["kafka"]
[[topic]]
id = "other"
title = "Other"
any = ["gravel"]
"#;

const FORMS: [&str; 3] = ["/topics/streaming/feed.atom", "/topics/streaming/feed.rss", "/topics/streaming/feed.json"];

fn press() -> Press {
    let press = Press::new(FEEDS);
    let posts = (1..=5).map(|n| post(n, &format!("Kafka number {n}"), &format!("Words of lot {n}.")));
    press.arrive("river", "2026-01-02T00:00:00Z", Arrival::Ordinary, posts.collect());
    press.publish("2026-01-02T00:00:01Z");
    press
}

async fn news(server: &Server, form: &str, tag: &str) -> Answer {
    server.ask(form, &[("A-IM", "feed"), ("If-None-Match", tag)]).await
}

fn ids(answer: &Answer) -> Vec<String> {
    verify::ids(&answer.body)
}

fn faults(form: &str, answer: &Answer) -> Vec<String> {
    match form.rsplit('.').next() {
        Some("atom") => verify::atom(&answer.body),
        Some("rss") => verify::rss(&answer.body),
        _ => verify::json_feed(&answer.body),
    }
}

#[tokio::test]
async fn a_reader_is_sent_what_is_new_or_changed_and_the_tag_of_the_whole() {
    let press = press();
    let server = press.serve();
    for form in FORMS {
        let first = server.get(form).await;
        assert_eq!((first.status, first.field("vary")), (200, "accept-encoding, a-im"));
        assert_eq!(news(&server, form, first.field("etag")).await.status, 304, "{form}: nothing is new");
    }
    let mut tags = Vec::new();
    for form in FORMS {
        tags.push(server.get(form).await.field("etag").to_owned());
    }
    let edited = post(2, "Kafka number 2, again", "Other words of lot 2.");
    press.arrive("river", "2026-01-03T00:00:00Z", Arrival::Ordinary, vec![post(6, "Kafka number 6", "Words of lot 6."), edited]);
    press.publish("2026-01-03T00:00:01Z");
    for (form, tag) in FORMS.into_iter().zip(&tags) {
        let whole = server.get(form).await;
        let part = news(&server, form, tag).await;
        assert_eq!((part.status, part.field("im")), (226, "feed"), "{form}");
        assert_eq!(part.field("etag"), whole.field("etag"), "{form}: the tag is that of the whole");
        for field in ["last-modified", "content-type", "link", "vary"] {
            assert_eq!(part.field(field), whole.field(field), "{form}: {field}");
        }
        assert!(part.field("cache-control").starts_with("no-store, im, max-age="), "{form}");
        assert_eq!(ids(&part), ["https://river.example/posts/6", "https://river.example/posts/2"], "{form}");
        assert_eq!(ids(&whole).len(), 6);
        assert_eq!(faults(form, &part), [""; 0], "{form}");
        // With the tag that came with the part the reader is up to date.
        assert_eq!(news(&server, form, part.field("etag")).await.status, 304, "{form}");
        // Who does not ask for parts is sent the whole, and so is who has what nobody remembers.
        assert_eq!(server.ask(form, &[("If-None-Match", tag)]).await.status, 200);
        let unknown = news(&server, form, "W/\"0123456789abcdef\"").await;
        assert_eq!((unknown.status, unknown.body == whole.body), (200, true), "{form}");
    }
}

#[tokio::test]
async fn what_readers_have_is_remembered_over_a_restart() {
    let before = press();
    let tag = before.serve().get(FORMS[0]).await.field("etag").to_owned();
    before.store.close().unwrap();
    let press = Press::over(before.dir.clone(), FEEDS);
    press.publish("2026-01-04T00:00:00Z");
    let server = press.serve();
    assert_eq!(news(&server, FORMS[0], &tag).await.status, 304, "the same bytes have the same tag");
    press.arrive("river", "2026-01-05T00:00:00Z", Arrival::Ordinary, vec![post(7, "Kafka number 7", "Words of lot 7.")]);
    press.publish("2026-01-05T00:00:01Z");
    let part = news(&server, FORMS[0], &tag).await;
    assert_eq!((part.status, ids(&part)), (226, vec!["https://river.example/posts/7".to_owned()]));
}

#[tokio::test]
async fn old_instances_are_forgotten() {
    let press = press();
    let server = press.serve();
    let oldest = server.get(FORMS[0]).await.field("etag").to_owned();
    let mut last = String::new();
    for n in 10..42 {
        last = server.get(FORMS[0]).await.field("etag").to_owned();
        let day = format!("2026-02-{:02}T{:02}:00:00Z", n / 2, n % 2);
        press.arrive(
            "river",
            &day,
            Arrival::Ordinary,
            vec![post(n, &format!("Kafka number {n}"), &format!("Words of lot {n}."))],
        );
        press.publish(&day);
    }
    assert_eq!(news(&server, FORMS[0], &oldest).await.status, 200);
    let list = format!("\"unknown\", {last}, {oldest}");
    let part = news(&server, FORMS[0], &list).await;
    assert_eq!((part.status, ids(&part).len()), (226, 1), "any one of the tags that is remembered will do");
}

#[tokio::test]
async fn a_union_has_its_news_as_well_until_a_restart() {
    let press = press();
    let server = press.serve();
    for (n, form) in (90..).zip(["atom", "rss", "json"]) {
        let union = format!("/topics/other+streaming/feed.{form}");
        let first = server.get(&union).await;
        assert_eq!((first.status, first.field("vary")), (200, "accept-encoding, a-im"));
        assert_eq!(news(&server, &union, first.field("etag")).await.status, 304, "{form}: nothing is new");
        press.arrive(
            "river",
            "2026-03-01T00:00:00Z",
            Arrival::Ordinary,
            vec![post(n, &format!("Kafka {n}"), &format!("Lot {n}."))],
        );
        press.publish("2026-03-01T00:00:00Z");
        let part = news(&server, &union, first.field("etag")).await;
        assert_eq!((part.status, part.field("im"), ids(&part)), (226, "feed", vec![format!("https://river.example/posts/{n}")]));
        assert_eq!(faults(&union, &part), Vec::<String>::new());
        assert_eq!(part.field("etag"), server.get(&union).await.field("etag"), "the tag of the whole");
    }
    let union = "/topics/other+streaming/feed.atom";
    let tag = server.get(union).await.field("etag").to_owned();
    press.store.close().unwrap();
    let press = Press::over(press.dir.clone(), FEEDS);
    press.arrive("river", "2026-03-02T00:00:00Z", Arrival::Ordinary, vec![post(99, "Kafka 99", "Lot 99.")]);
    press.publish("2026-03-02T00:00:00Z");
    assert_eq!(news(&press.serve(), union, &tag).await.status, 200, "what was forgotten is sent whole");
}
