//! Parses any text as a date, a title and a URL.
#![no_main]

use feed_parser::{http_url, parse_date, plain_text, title_text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    parse_date(text);
    title_text(text);
    plain_text(text);
    http_url(text, None);
});
