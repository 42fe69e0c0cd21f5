//! Any text as a page and as a Link header field: the function returns, each feed URL once.
#![no_main]

use feed_model::Headers;
use libfuzzer_sys::fuzz_target;

use site_discovery::{Page, feed_links};
use url::Url;

fuzz_target!(|input: (&str, &[u8])| {
    let (html, link_header) = input;
    let url = Url::parse("https://example.org/").expect("a valid URL");
    let mut headers = Headers::new();
    headers.push("link", link_header);
    let mut urls: Vec<Url> = feed_links(&Page { url: &url, headers: &headers, html })
        .into_iter()
        .map(|link| link.url)
        .collect();
    let count = urls.len();
    urls.sort();
    urls.dedup();
    assert_eq!(urls.len(), count);
});
