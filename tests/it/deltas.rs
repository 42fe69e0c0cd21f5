//! What is new to a reader, and nothing else: RFC 3229 over loopback.

use tributary::store::Arrival;

use crate::support::{
    feed_lint,
    feeds::draft,
    http::{HttpResponse, Server},
    installation::Installation,
};

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

const FORMATS: [&str; 3] =
    ["/topics/streaming/feed.atom", "/topics/streaming/feed.rss", "/topics/streaming/feed.json"];

fn installation() -> Installation {
    let installation = Installation::with_feeds_toml(FEEDS);
    let posts =
        (1..=5).map(|n| draft(n, &format!("Kafka number {n}"), &format!("Words of lot {n}.")));
    installation.deliver_drafts(
        "river",
        "2026-01-02T00:00:00Z",
        Arrival::Ordinary,
        posts.collect(),
    );
    installation.publish("2026-01-02T00:00:01Z");
    installation
}

async fn request_delta(server: &Server, form: &str, tag: &str) -> HttpResponse {
    server.get_with(form, &[("A-IM", "feed"), ("If-None-Match", tag)]).await
}

fn ids(answer: &HttpResponse) -> Vec<String> {
    feed_lint::ids(&answer.body)
}

fn lint(form: &str, answer: &HttpResponse) -> Vec<String> {
    match form.rsplit('.').next() {
        Some("atom") => feed_lint::atom(&answer.body),
        Some("rss") => feed_lint::rss(&answer.body),
        _ => feed_lint::json_feed(&answer.body),
    }
}

#[tokio::test]
async fn a_226_has_new_and_changed_entries_and_the_full_feeds_etag() {
    let installation = installation();
    let server = installation.serve();
    for form in FORMATS {
        let first = server.get(form).await;
        assert_eq!((first.status, first.expect_header("vary")), (200, "accept-encoding, a-im"));
        assert_eq!(
            request_delta(&server, form, first.expect_header("etag")).await.status,
            304,
            "{form}: nothing is new"
        );
    }
    let mut tags = Vec::new();
    for form in FORMATS {
        tags.push(server.get(form).await.expect_header("etag").to_owned());
    }
    let edited = draft(2, "Kafka number 2, again", "Other words of lot 2.");
    installation.deliver_drafts(
        "river",
        "2026-01-03T00:00:00Z",
        Arrival::Ordinary,
        vec![draft(6, "Kafka number 6", "Words of lot 6."), edited],
    );
    installation.publish("2026-01-03T00:00:01Z");
    for (form, tag) in FORMATS.into_iter().zip(&tags) {
        let whole = server.get(form).await;
        let part = request_delta(&server, form, tag).await;
        assert_eq!((part.status, part.expect_header("im")), (226, "feed"), "{form}");
        assert_eq!(
            part.expect_header("etag"),
            whole.expect_header("etag"),
            "{form}: the tag is that of the whole"
        );
        for field in ["last-modified", "content-type", "link", "vary"] {
            assert_eq!(part.header(field), whole.header(field), "{form}: {field}");
        }
        assert!(
            part.expect_header("cache-control").starts_with("no-store, im, max-age="),
            "{form}"
        );
        assert_eq!(
            ids(&part),
            ["https://river.example/posts/6", "https://river.example/posts/2"],
            "{form}"
        );
        assert_eq!(ids(&whole).len(), 6);
        assert_eq!(lint(form, &part), [""; 0], "{form}");
        // With the tag that came with the part the reader is up to date.
        assert_eq!(
            request_delta(&server, form, part.expect_header("etag")).await.status,
            304,
            "{form}"
        );
        // Who does not ask for parts is sent the whole, and so is who has what nobody remembers.
        assert_eq!(server.get_with(form, &[("If-None-Match", tag)]).await.status, 200);
        let unknown = request_delta(&server, form, "W/\"0123456789abcdef\"").await;
        assert_eq!((unknown.status, unknown.body == whole.body), (200, true), "{form}");
    }
}

#[tokio::test]
async fn instances_are_remembered_over_a_restart() {
    let before = installation();
    let tag = before.serve().get(FORMATS[0]).await.expect_header("etag").to_owned();
    before.store().close().unwrap();
    let installation = before.reopened_with(FEEDS);
    installation.publish("2026-01-04T00:00:00Z");
    let server = installation.serve();
    assert_eq!(
        request_delta(&server, FORMATS[0], &tag).await.status,
        304,
        "the same bytes have the same tag"
    );
    installation.deliver_drafts(
        "river",
        "2026-01-05T00:00:00Z",
        Arrival::Ordinary,
        vec![draft(7, "Kafka number 7", "Words of lot 7.")],
    );
    installation.publish("2026-01-05T00:00:01Z");
    let part = request_delta(&server, FORMATS[0], &tag).await;
    assert_eq!((part.status, ids(&part)), (226, vec!["https://river.example/posts/7".to_owned()]));
}

#[tokio::test]
async fn old_instances_are_forgotten() {
    let installation = installation();
    let server = installation.serve();
    let oldest = server.get(FORMATS[0]).await.expect_header("etag").to_owned();
    let mut last = String::new();
    for n in 10..42 {
        last = server.get(FORMATS[0]).await.expect_header("etag").to_owned();
        let day = format!("2026-02-{:02}T{:02}:00:00Z", n / 2, n % 2);
        installation.deliver_drafts(
            "river",
            &day,
            Arrival::Ordinary,
            vec![draft(n, &format!("Kafka number {n}"), &format!("Words of lot {n}."))],
        );
        installation.publish(&day);
    }
    assert_eq!(request_delta(&server, FORMATS[0], &oldest).await.status, 200);
    let list = format!("\"unknown\", {last}, {oldest}");
    let part = request_delta(&server, FORMATS[0], &list).await;
    assert_eq!(
        (part.status, ids(&part).len()),
        (226, 1),
        "any one of the tags that is remembered will do"
    );
}

#[tokio::test]
async fn union_feeds_have_deltas_until_a_restart() {
    let installation = installation();
    let server = installation.serve();
    for (n, form) in (90..).zip(["atom", "rss", "json"]) {
        let union = format!("/topics/other+streaming/feed.{form}");
        let first = server.get(&union).await;
        assert_eq!((first.status, first.expect_header("vary")), (200, "accept-encoding, a-im"));
        assert_eq!(
            request_delta(&server, &union, first.expect_header("etag")).await.status,
            304,
            "{form}: nothing is new"
        );
        installation.deliver_drafts(
            "river",
            "2026-03-01T00:00:00Z",
            Arrival::Ordinary,
            vec![draft(n, &format!("Kafka {n}"), &format!("Lot {n}."))],
        );
        installation.publish("2026-03-01T00:00:00Z");
        let part = request_delta(&server, &union, first.expect_header("etag")).await;
        assert_eq!(
            (part.status, part.expect_header("im"), ids(&part)),
            (226, "feed", vec![format!("https://river.example/posts/{n}")])
        );
        assert_eq!(lint(&union, &part), Vec::<String>::new());
        assert_eq!(
            part.expect_header("etag"),
            server.get(&union).await.expect_header("etag"),
            "the tag of the whole"
        );
    }
    let union = "/topics/other+streaming/feed.atom";
    let tag = server.get(union).await.expect_header("etag").to_owned();
    installation.store().close().unwrap();
    let installation = installation.reopened_with(FEEDS);
    installation.deliver_drafts(
        "river",
        "2026-03-02T00:00:00Z",
        Arrival::Ordinary,
        vec![draft(99, "Kafka 99", "Lot 99.")],
    );
    installation.publish("2026-03-02T00:00:00Z");
    assert_eq!(
        request_delta(&installation.serve(), union, &tag).await.status,
        200,
        "what was forgotten is sent whole"
    );
}
