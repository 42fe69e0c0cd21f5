//! Licences and reservations of rights: as publishers state them, so they are published.

use tributary::site::PageName;

use crate::support::{
    feeds::{atom, feed_with_channel, post, rss},
    installation::Installation,
    origin::Reply,
};

const BY: &str = "https://creativecommons.org/licenses/by/4.0/";
const BY_SA: &str = "https://creativecommons.org/licenses/by-sa/4.0/";

/// The documents of all stories after one poll of a feed, and whether its feed reserves mining.
async fn polled(channel: &str, headers: &[(&str, &str)], robots: &str) -> Installation {
    let installation = Installation::with_public_feed();
    installation.origin.script("/robots.txt", vec![Reply::ok(robots)]);
    let mut reply = Reply::ok(feed_with_channel(channel, &["one"]));
    for (name, value) in headers {
        reply = reply.header(name, value);
    }
    installation.origin.script("/feed", vec![reply]);
    installation.poll("feed").await;
    installation.publish("2026-11-22T00:00:00Z");
    installation
}

fn license_of_json(installation: &Installation) -> Option<String> {
    let json: serde_json::Value = serde_json::from_str(&installation.feed_of_all().json).unwrap();
    json["items"][0]["_source"]["license"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn the_licence_of_a_feed_is_named_with_each_story() {
    let channel = format!(
        "<creativeCommons:license xmlns:creativeCommons=\
         \"http://backend.userland.com/creativeCommonsRssModule\">{BY}</creativeCommons:license>"
    );
    let installation = polled(&channel, &[], "License: https://feed.example/rsl.xml\n").await;
    let feed = installation.feed_of_all();
    assert!(feed.atom.contains(&format!("<link href=\"{BY}\" rel=\"license\"/>")), "{}", feed.atom);
    assert!(feed.rss.contains(BY) && feed.rss.contains("rel=\"license\""), "{}", feed.rss);
    assert_eq!(license_of_json(&installation).as_deref(), Some(BY));
    let page = installation.page(installation.stored_stories()[0].id).unwrap();
    assert!(page.contains(&format!("<link rel=\"license\" href=\"{BY}\">")), "{page}");
    assert!(!page.contains("tdm-reservation"), "{page}");
    let response = installation.serve().get("/topics/all/feed.rss").await;
    assert_eq!(response.header("tdm-reservation"), None);
}

#[tokio::test]
async fn the_licence_of_an_entry_comes_before_that_of_its_feed() {
    let link = format!("<link rel=\"license\" href=\"{BY_SA}\"/>");
    let mut installation = Installation::following(&["one", "two"]);
    installation
        .deliver_document("one", &atom("https://one.example/", &[post("one", 1).with(&link)]));
    let feed = installation.feed_of_all();
    assert!(feed.atom.contains(&format!("<link href=\"{BY_SA}\" rel=\"license\"/>")));
    assert_eq!(license_of_json(&installation).as_deref(), Some(BY_SA));

    // A second aggregator keeps it.
    let mut next = Installation::following(&["planet"]);
    next.deliver_document("planet", &feed.rss);
    assert_eq!(license_of_json(&next).as_deref(), Some(BY_SA));
    let cc = format!("<cc:license rdf:resource=\"{BY}\"/>");
    let mut other = Installation::following(&["two"]);
    other.deliver_document("two", &rss("https://two.example/", &[post("two", 1).with(&cc)]));
    assert_eq!(license_of_json(&other).as_deref(), Some(BY));
}

#[tokio::test]
async fn rsl_and_reservations_of_text_and_data_mining_are_passed_on() {
    let headers = [("TDM-Reservation", "1"), ("TDM-Policy", "https://feed.example/tdm.json")];
    let installation = polled("", &headers, "License: /rsl.xml\nUser-agent: *\nAllow: /\n").await;
    let license = installation.origin.url("/rsl.xml");
    let feed = installation.feed_of_all();
    let link = format!("<link href=\"{license}\" rel=\"license\" type=\"application/rsl+xml\"/>");
    assert!(feed.atom.contains(&link), "{}", feed.atom);
    let server = installation.serve();
    for file in ["feed.atom", "feed.rss", "feed.json"] {
        let response = server.get(&format!("/topics/all/{file}")).await;
        assert_eq!(response.header("tdm-reservation"), Some("1"), "{file}");
    }
    let story = installation.stored_stories().remove(0);
    let page = server.get(&PageName::Story(story.id).path().unwrap()).await.text();
    assert!(page.contains("<meta name=\"tdm-reservation\" content=\"1\">"), "{page}");
    assert!(
        page.contains("<meta name=\"tdm-policy\" content=\"https://feed.example/tdm.json\">"),
        "{page}"
    );
}
