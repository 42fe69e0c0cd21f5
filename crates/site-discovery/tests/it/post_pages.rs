//! Kinds of posts' pages as they really are: one small page of our own for each.

use feed_model::Headers;
use site_discovery::{Page, PageMetadata, read_page_metadata};
use url::Url;

fn read(address: &str, head: &str, body: &str) -> PageMetadata {
    let html =
        format!("<!DOCTYPE html><html lang=en><head>{head}</head><body>{body}</body></html>");
    let url = Url::parse(address).unwrap();
    read_page_metadata(&Page { url: &url, headers: &Headers::new(), html: &html }, false)
}

fn title(head: &str, body: &str) -> Option<String> {
    read("https://boats.example/posts/one", head, body).draft.title
}

fn day(body: &str) -> Option<String> {
    let found = read("https://boats.example/posts/one", "<title>Keel laid</title>", body);
    found.draft.published.map(|date| date.at.format("%Y-%m-%d").to_string())
}

#[test]
fn a_name_of_the_site_that_is_the_title_of_the_post_is_not_removed_from_it() {
    let og_title = "<meta property=og:title content='Keel laid at dawn :: Boats & more'>";
    for (site_name, heading) in [
        ("Keel laid at dawn", "<h1>Keel laid at dawn</h1>"),
        ("Keel laid at dawn :: Boats & more", "<h1>Keel laid at dawn</h1>"),
    ] {
        let head = format!(
            "<title>Keel laid at dawn :: Boats & more</title>{og_title}\
             <meta property=og:site_name content='{site_name}'>"
        );
        assert_eq!(title(&head, heading).as_deref(), Some("Keel laid at dawn"), "{site_name}");
    }
    // The name of the site above every post is not the title of any.
    let head = "<title>Boats | Keel laid at dawn</title><meta property=og:title content='Keel laid \
                at dawn'><meta property=og:site_name content=Boats>";
    assert_eq!(title(head, "<h1>Boats</h1>").as_deref(), Some("Keel laid at dawn"));
}

#[test]
fn a_title_that_names_a_month_is_the_title_if_the_page_is_named_by_it() {
    let head = "<title>読書 2016年6月まとめ - 帆船日記</title>\
                <meta property=og:site_name content='読書 2016年6月まとめ'>";
    let body = "<h1>読書 2016年6月まとめ</h1><p>Text</p>";
    assert_eq!(title(head, body).as_deref(), Some("読書 2016年6月まとめ"));
    // A short title is separated from the site's name like any other.
    let body = "<h1>竜骨</h1><h1>材料</h1>";
    assert_eq!(title("<title>竜骨 - 帆船日記</title>", body).as_deref(), Some("竜骨"));
}

#[test]
fn a_title_without_text_beside_the_name_of_the_site_makes_a_note() {
    let body = "<article class=h-entry><time class=dt-published datetime=2026-08-20>20 \
                August</time><div class=e-content><p>Hm.</p></div></article>";
    for tag in ["<title>Anna Boat - </title>", "<title>- Anna Boat</title>"] {
        let found = read("https://boats.example/2026/08/20/hm.html", tag, body);
        assert_eq!(found.draft.title, None, "{tag}");
        assert!(found.is_note, "{tag}");
    }
    let shell = "<div id=root></div><noscript><p>You need to enable JavaScript to run this app on \
                 this site.</p></noscript>";
    let found = read("https://boats.example/2026/08/20/hm", "<title>- Anna Boat</title>", shell);
    assert!(!found.is_note, "a page that a script fills");
    assert_eq!(found.draft.summary, None);
}

#[test]
fn the_site_before_the_title_in_a_heading_is_removed() {
    let head = "<title>Keel laid at dawn - log</title><meta property=og:site_name content=log>";
    let body = "<main><h1><a href=/>log</a> &gt; <a href=/posts/one>Keel laid at dawn</a></h1>";
    assert_eq!(title(head, body).as_deref(), Some("Keel laid at dawn"));
}

#[test]
fn a_heading_of_the_text_is_not_the_title_that_the_page_states() {
    let body = "<article><p>A text.</p><h1 id=tools><a href=#tools>Tools</a></h1><h1 id=wood><a \
                href=#wood>Wood</a></h1></article>";
    let tag = "<title>How to lay a keel, part 1</title>";
    assert_eq!(title(tag, body).as_deref(), Some("How to lay a keel, part 1"));
    // Some generators give the title itself such a link.
    let body = "<article><h1 id=keel>Keel laid at dawn<a href=#keel>¶</a></h1></article>";
    let found = title("<title>Keel laid at dawn¶ - Boats</title>", body);
    assert_eq!(found.as_deref(), Some("Keel laid at dawn"));
}

#[test]
fn a_canonical_url_that_differs_in_slashes_or_case_only_is_not_used() {
    for (page, canonical, expected) in [
        ("/posts/one/", "https://boats.example//posts/one/", "/posts/one/"),
        ("/posts/One/", "https://boats.example/posts/one/", "/posts/One/"),
        ("/posts/one/?page=2", "https://boats.example/posts/one/", "/posts/one/"),
        ("/2026/one", "https://boats.example/posts/one/", "/posts/one/"),
    ] {
        let head = format!("<title>Keel</title><link rel=canonical href='{canonical}'>");
        let found = read(&format!("https://boats.example{page}"), &head, "<h1>Keel</h1>");
        assert_eq!(found.draft.url.unwrap().path(), expected, "{page}");
    }
}

#[test]
fn a_day_beside_the_month_and_year_makes_one_date() {
    let row = "<h1>Keel laid</h1><p class=post-meta><span class=post-date><span><sup>23</sup>\
               </span><span>/</span><span>Jul</span> <span>2019</span></span></p>";
    assert_eq!(day(row).as_deref(), Some("2019-07-23"));
    assert_eq!(day("<h1>Keel laid</h1><p>3 / Mai / 2021</p>").as_deref(), Some("2021-05-03"));
}

#[test]
fn a_date_within_a_listing_is_not_the_date_of_the_post() {
    let body = "<h1>Keel laid</h1><p>The table has a date.</p><pre><code><span>'2003-06-19'</span>\
                </code></pre>";
    assert_eq!(day(body), None);
}

#[test]
fn the_name_of_the_site_above_its_pages_is_no_summary() {
    let body = "<div class=header><a href=/><p>The office for boats and other ships of the \
                state</p></a></div><h1>Keel laid at dawn</h1><ul><li>Wood is bought from the \
                next village, if there is any.</li></ul>";
    let found = read("https://boats.example/posts/one", "<title>Keel laid at dawn</title>", body);
    assert_eq!(found.draft.summary, None);
    let body = format!("<div class=content>{body}</div>");
    let found = read("https://boats.example/posts/one", "<title>Keel laid at dawn</title>", &body);
    assert_eq!(
        feed_parser::plain_text(found.draft.summary.unwrap().as_str()),
        "Wood is bought from the next village, if there is any."
    );
}

#[test]
fn a_copyright_line_is_no_summary() {
    let body = "<main><h1>Keel laid at dawn</h1><figure><img src=a.jpg></figure></main><div \
                class=container>© 2015 Anna Boat. All Rights Reserved</div>";
    let found = read("https://boats.example/posts/one", "<title>Keel laid at dawn</title>", body);
    assert_eq!(found.draft.summary, None);
}
