//! Any bytes as a sitemap: the functions return, and every post is one of the pages.
#![no_main]

use feed_model::SitemapPatterns;
use libfuzzer_sys::fuzz_target;
use site_discovery::{post_links, read_sitemap};
use url::Url;

fuzz_target!(|bytes: &[u8]| {
    let url = Url::parse("https://example.org/sitemap.xml").expect("a valid URL");
    let site = Url::parse("https://example.org/blog").expect("a valid URL");
    if let Ok(document) = read_sitemap(bytes, &url) {
        let posts = post_links(&document, &SitemapPatterns::default(), &site, &[]);
        assert_eq!(posts.pages.len() + posts.skipped, document.pages.len());
    }
});
