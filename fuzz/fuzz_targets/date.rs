//! Any text as a date, a title and an address.
#![no_main]

use libfuzzer_sys::fuzz_target;
use feed_parser::{http_url, parse_date, plain_text, title_text};

fuzz_target!(|text: &str| {
    parse_date(text);
    title_text(text);
    plain_text(text);
    http_url(text, None);
});
