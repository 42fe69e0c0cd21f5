//! Decodes any bytes with any `Content-Type`: what comes before the first line feed.
#![no_main]

use feed_parser::{decode, sniff};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (header, bytes) = input.split_at(end);
    let bytes = bytes.get(1..).unwrap_or_default();
    let content_type = std::str::from_utf8(header).ok();
    let (text, encoding) = decode(bytes, content_type);
    assert!(!encoding.name.is_empty());
    // One byte is at most one character, and a character at most four bytes.
    assert!(text.len() <= bytes.len() * 4 + 4);
    sniff(bytes, content_type);
});
