//! Any text as HTML: sanitising ends, and doing it twice changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use feed_parser::sanitise;
use url::Url;

fuzz_target!(|html: &str| {
    let base = Url::parse("https://example.org/post").expect("the address is one");
    let once = sanitise(html, &base);
    assert_eq!(sanitise(once.as_str(), &base), once);
});
