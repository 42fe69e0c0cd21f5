//! Sanitises any text as HTML. Sanitising must end, and doing it twice must not change the result.
#![no_main]

use feed_parser::sanitise;
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|html: &str| {
    let base = Url::parse("https://example.org/post").expect("a valid URL");
    let once = sanitise(html, &base);
    assert_eq!(sanitise(once.as_str(), &base), once);
});
