//! Any bytes as robots.txt: the functions return, and robots.txt itself is always allowed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use site_discovery::robots::Robots;
use url::Url;

fuzz_target!(|bytes: &[u8]| {
    let robots = Robots::parse(bytes);
    for path in ["/", "/a/b?c=d", "/%7Euser/%E2%82%AC"] {
        let url = Url::parse(&format!("https://example.org{path}")).expect("a valid URL");
        robots.allows(&url, "tributary");
        robots.allows_explicit(&url, "tributary");
    }
    let url = Url::parse("https://example.org/robots.txt").expect("a valid URL");
    assert!(robots.allows(&url, "tributary"));
    robots.crawl_delay("tributary");
});
