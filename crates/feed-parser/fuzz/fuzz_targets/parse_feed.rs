//! Parses any bytes as a feed. Parsing must end, and no library may panic.
#![no_main]

use feed_parser::{FeedInput, decode, parse_feed, sniff};
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|bytes: &[u8]| {
    let url = Url::parse("https://example.org/feed").expect("a valid URL");
    decode(bytes, Some("text/xml; charset=shift_jis"));
    sniff(bytes, None);
    let input =
        FeedInput { bytes, content_type: None, content_location: None, url: &url, max_items: 1000 };
    if let Err(error) = parse_feed(&input) {
        assert_ne!(error.class(), "internal", "{error}");
    }
});
