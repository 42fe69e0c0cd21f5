//! Any text as the page of a post: the function returns, and the draft has a URL.
#![no_main]

use feed_model::Headers;
use libfuzzer_sys::fuzz_target;

use site_discovery::{Page, read_page_metadata};
use url::Url;

fuzz_target!(|html: &str| {
    let url = Url::parse("https://example.org/posts/a-post").expect("a valid URL");
    let page = Page { url: &url, headers: &Headers::new(), html };
    assert!(read_page_metadata(&page, true).draft.url.is_some());
});
