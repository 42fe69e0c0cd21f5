//! Any text as the data that a page embeds for its scripts, in each of the forms that are read.
#![no_main]

use feed_model::Headers;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use site_discovery::{Page, read_index_page, read_page_metadata};
use url::Url;

fuzz_target!(|data: &str| {
    let text = Value::from(data).to_string();
    let attribute = data.replace('&', "&amp;").replace('\'', "&#39;");
    let url = Url::parse("https://example.org/blog/").expect("a valid URL");
    for html in [
        format!("<script type=application/json>{data}</script>"),
        format!("<script type=application/ld+json>{data}</script>"),
        format!("<script>window.state = {data};</script>"),
        format!("<script>stream.enqueue({text});</script>"),
        format!("<script>self.__next_f.push([1,{text}])</script>"),
        format!("<div data-page='{attribute}'></div>"),
    ] {
        let page = Page { url: &url, headers: &Headers::new(), html: &html };
        if let Ok(index) = read_index_page(&page, None) {
            assert!(index.drafts.iter().all(|draft| draft.title.is_some() || draft.url.is_some()));
        }
        read_page_metadata(&page, true);
    }
});
