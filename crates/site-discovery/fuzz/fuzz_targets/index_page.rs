//! Any text as an index page: the function returns, and every item it lists has a title or a link.
#![no_main]

use feed_model::Headers;
use libfuzzer_sys::fuzz_target;

use site_discovery::{Page, read_index_page};
use url::Url;

fuzz_target!(|html: &str| {
    let url = Url::parse("https://example.org/blog/").expect("a valid URL");
    let page = Page { url: &url, headers: &Headers::new(), html };
    if let Ok(index) = read_index_page(&page, None) {
        assert!(!index.drafts.is_empty());
        assert!(index.drafts.iter().all(|draft| draft.title.is_some() || draft.url.is_some()));
    }
});
