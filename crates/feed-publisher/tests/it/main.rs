//! Tests of the public interface of feed-publisher, in one binary.

#![allow(clippy::unwrap_used)] // a test may fail by a panic

mod feed_validity;
mod formats;
mod pages;
#[path = "../support/sample_stories.rs"]
mod sample_stories;
mod size_limit;

use feed_model::Story;
use feed_publisher::{Addresses, Channel, FeedUrls, Paging};
use sample_stories::at;

fn addresses() -> Addresses {
    Addresses::new(&url::Url::parse("https://topics.example/").unwrap())
}

/// The channel of a topic with these stories.
fn channel<'a>(addresses: &'a Addresses, stories: &'a [Story]) -> Channel<'a> {
    Channel {
        id: "tag:topics.example,2026:topics/streaming".to_owned(),
        title: "Streaming & <Rivers>".to_owned(),
        description: "All about \"rivers\"".to_owned(),
        page_url: "https://topics.example/topics/streaming".to_owned(),
        feed_urls: FeedUrls {
            atom: "https://topics.example/topics/streaming/feed.atom".to_owned(),
            rss: "https://topics.example/topics/streaming/feed.rss".to_owned(),
            json: "https://topics.example/topics/streaming/feed.json".to_owned(),
        },
        updated: at("2026-03-02T12:00:00Z"),
        ttl_minutes: 15,
        stories,
        addresses,
        paging: Paging::default(),
    }
}
