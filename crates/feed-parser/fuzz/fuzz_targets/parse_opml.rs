//! Parses any text as OPML.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    feed_parser::opml::parse(text);
});
