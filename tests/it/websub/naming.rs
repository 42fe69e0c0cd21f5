//! Which documents name which hub.

use crate::support::{feeds::post, installation::Installation};

const HUB: &str = "https://planet.example/hub";

/// A public and a private topic, and a source.
const TOPICS: &str = "[[source]]\nid = \"one\"\nurl = \"https://one.example/feed.xml\"\n\
    [[topic]]\nid = \"open\"\nany = [\"one\"]\n\
    [[topic]]\nid = \"secret\"\nany = [\"one\"]\naccess = [\"tokens\"]\n";

fn installation(publishing: &str) -> Installation {
    let mut installation = Installation::with_config(&format!("{publishing}{TOPICS}"));
    installation.deliver("one", &[post("one", 1)]);
    installation
}

/// The text of a published document.
fn document(installation: &Installation, path: &str) -> String {
    let documents = installation.document_bytes();
    documents.into_iter().find(|(known, ..)| known == path).map(|(_, text, ..)| text).unwrap()
}

#[test]
fn every_format_names_the_hub_and_private_topics_name_none() {
    let installation = installation("");
    for (format, link) in [
        ("atom", format!("<link href=\"{HUB}\" rel=\"hub\"/>")),
        ("rss", format!("<atom:link href=\"{HUB}\" rel=\"hub\">")),
        ("json", format!("\"hubs\":[{{\"type\":\"WebSub\",\"url\":\"{HUB}\"}}]")),
    ] {
        for topic in ["all", "open"] {
            let text = document(&installation, &format!("/topics/{topic}/feed.{format}"));
            assert_eq!(text.matches(&link).count(), 1, "{topic} {format}: {text}");
        }
    }
    let bytes = installation.documents();
    let private = bytes.iter().filter(|document| document.path.starts_with("/topics/secret/"));
    for document in private {
        assert!(!String::from_utf8_lossy(&document.body).contains(HUB), "{}", document.path);
    }
}

#[tokio::test]
async fn responses_and_pages_name_the_hub_of_topics_and_unions() {
    let lines = "[[topic]]\nid = \"more\"\nany = [\"one\"]\n";
    let mut installation = Installation::with_config(&format!("{TOPICS}{lines}"));
    installation.deliver("one", &[post("one", 1)]);
    installation.publish("2026-03-21T00:00:00Z");
    let server = installation.serve();
    for name in ["all", "open", "more+open"] {
        for format in ["atom", "rss", "json"] {
            let path = format!("/topics/{name}/feed.{format}");
            let response = server.get(&path).await;
            let link = response.expect_header("link");
            let own = format!("<https://planet.example{path}>; rel=\"self\"");
            assert_eq!(link.matches("rel=\"self\"").count(), 1, "{link}");
            assert!(link.starts_with(&format!("{own}, <{HUB}>; rel=\"hub\", ")), "{link}");
            assert!(response.text().contains(HUB), "{path}");
        }
        let page = server.get(&format!("/topics/{name}")).await.text();
        assert!(page.contains(&format!("<link rel=\"hub\" href=\"{HUB}\">")), "{page}");
        let feed = format!("href=\"https://planet.example/topics/{name}/feed.atom\"");
        assert!(page.contains(&format!("<link rel=\"self\" type=\"application/atom+xml\" {feed}")));
    }
}

#[test]
fn another_hub_changes_neither_the_date_of_a_feed_nor_its_ids() {
    let mut installation = installation("hub = \"none\"\n");
    let without = document(&installation, "/topics/open/feed.atom");
    assert!(!without.contains("rel=\"hub\""));
    installation.advance_hours(5);
    for (setting, hub) in
        [("self", HUB), ("https://hub.example/?a=1&b=2", "https://hub.example/?a=1&amp;b=2")]
    {
        installation.reconfigure(&format!("hub = \"{setting}\"\n{TOPICS}"));
        let text = document(&installation, "/topics/open/feed.atom");
        let link = format!("<link href=\"{hub}\" rel=\"hub\"/>");
        assert_eq!(text.replace(&link, ""), without, "nothing but the link is new");
        assert_ne!(text, without);
    }
}

#[test]
fn the_default_hub_depends_on_how_the_site_is_reached() {
    for (base_url, has_hub) in [
        ("https://planet.example/", true),
        ("http://planet.example/", false),
        ("http://192.168.1.7:8080/", false),
        ("http://127.0.0.1:8080/", true),
        ("http://[::1]:8080/", true),
        ("http://localhost:8080/", true),
        ("http://localhost.example/", false),
    ] {
        let feeds_toml =
            format!("[site]\nbase_url = \"{base_url}\"\nid = \"tag:a.example,2026:x\"\n");
        let installation = Installation::with_feeds_toml(&feeds_toml);
        let text = document(&installation, "/topics/all/feed.atom");
        let link = format!("<link href=\"{base_url}hub\" rel=\"hub\"/>");
        assert_eq!(text.contains(&link), has_hub, "{base_url}: {text}");
    }
}
