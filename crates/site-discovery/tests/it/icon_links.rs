//! The icons that a page names.

use feed_model::Headers;
use site_discovery::{Page, icon_links};

fn icons(head: &str) -> Vec<String> {
    let html = format!("<html><head>{head}</head><body></body></html>");
    let (url, headers) = ("https://one.example/blog/".parse().unwrap(), Headers::default());
    let page = Page { url: &url, headers: &headers, html: &html };
    icon_links(&page).into_iter().map(String::from).collect()
}

#[test]
fn the_smallest_icon_that_is_large_enough_comes_first() {
    assert_eq!(
        icons(
            "<link rel=icon sizes='16x16 32x32' href='small.ico'>\
             <link rel='shortcut icon' href='/old.ico'>\
             <link rel=icon type=image/svg+xml href=icon.svg><link rel=icon href=/x.SVG?v=1>\
             <link rel=mask-icon href=mask.png><link rel=stylesheet href=style.css>\
             <link rel=apple-touch-icon href=/touch.png>\
             <link rel=icon sizes=96X96 href=large.png><link rel=icon sizes=96x96 href=large.png>\
             <link rel=icon href='data:image/png;base64,AAAA'>"
        ),
        [
            "https://one.example/blog/large.png",
            "https://one.example/touch.png",
            "https://one.example/blog/small.ico",
            "https://one.example/old.ico",
        ]
    );
    assert_eq!(icons(""), [""; 0]);
}
