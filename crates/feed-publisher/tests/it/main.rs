//! Tests of the public interface of feed-publisher, in one binary.

#![allow(clippy::unwrap_used)] // a test may fail by a panic

#[path = "../support/feed_lint.rs"]
mod feed_lint;
mod feed_validity;
mod formats;
mod pages;
#[path = "../support/sample_stories.rs"]
mod sample_stories;
mod size_limit;

use feed_model::Story;
use feed_publisher::{Addresses, Channel};
use sample_stories::at;

fn addresses() -> Addresses {
    Addresses::new(&url::Url::parse("https://topics.example/").unwrap())
}

/// Returns a channel with these stories.
fn channel<'a>(addresses: &Addresses, stories: &'a [Story]) -> Channel<'a> {
    Channel {
        title: "Streaming & <Rivers>".to_owned(),
        description: "All about \"rivers\"".to_owned(),
        updated: at("2026-03-02T12:00:00Z"),
        ttl_minutes: 15,
        stories,
        ..Channel::new(addresses, "streaming", "tag:topics.example,2026:topics/streaming")
    }
}
