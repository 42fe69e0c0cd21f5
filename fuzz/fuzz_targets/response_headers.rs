//! Any headers of a publisher's response: the hub that they name has an http address, and what
//! they say about the next poll is in the future.
//!
//! Each line of the input is a header.
#![no_main]

use bytes::Bytes;
use chrono::DateTime;
use feed_model::{Headers, UpdateHints};
use libfuzzer_sys::fuzz_target;
use tributary::{
    fetch::Response,
    poll::{HubLinks, hub_link},
    schedule::Hints,
};
use url::Url;

fuzz_target!(|input: &str| {
    let headers: Headers = input.lines().filter_map(|line| line.split_once(':')).collect();
    let now = DateTime::from_timestamp(1_775_000_000, 0).expect("a valid time");
    for status in [200, 304, 429, 503] {
        let hints = Hints::of(status, &headers, &UpdateHints::default(), now);
        assert!(hints.retry_after.is_none_or(|at| at >= now), "{hints:?}");
        assert!(hints.next_allowed_time(now) >= now);
    }
    let url = Url::parse("https://example.org/feed").expect("a valid URL");
    let response = Response {
        requested: url.clone(),
        final_url: url,
        hops: Vec::new(),
        status: 200,
        headers,
        body: Bytes::new(),
        wire_bytes: 0,
        request_headers: Headers::new(),
    };
    if let Some(link) = hub_link(&response, HubLinks::default()) {
        assert!(matches!(link.hub.scheme(), "http" | "https"));
        assert!(matches!(link.topic.scheme(), "http" | "https"));
    }
});
