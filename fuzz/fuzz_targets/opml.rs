//! Any text as an outline.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    tributary::ingest::opml::read(text);
});
