//! Any bytes as a feed: reading ends, and no library panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use feed_parser::{FeedInput, decode, parse_feed, sniff};
use url::Url;

fuzz_target!(|bytes: &[u8]| {
    let url = Url::parse("https://example.org/feed").expect("the address is one");
    decode(bytes, Some("text/xml; charset=shift_jis"));
    sniff(bytes, None);
    if let Err(error) = parse_feed(&FeedInput { bytes, content_type: None, content_location: None, url: &url, max_items: 1000 }) {
        assert_ne!(error.class(), "internal", "{error}");
    }
});
