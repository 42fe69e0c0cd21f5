//! Page heads and sitemaps as the web's own makers write them: one oddity each.

use feed_model::{Headers, SitemapPatterns};
use site_discovery::{Page, PageMetadata, post_links, read_page_metadata, read_sitemap};
use url::Url;

fn head(head: &str, body: &str) -> PageMetadata {
    let html =
        format!("<!DOCTYPE html><html lang=en><head>{head}</head><body>{body}</body></html>");
    let url = Url::parse("https://www.queues.example/notes/lag").unwrap();
    read_page_metadata(&Page { url: &url, headers: &Headers::new(), html: &html }, false)
}

fn title(of: &PageMetadata) -> &str {
    of.draft.title.as_deref().unwrap_or_default()
}

fn day(of: &PageMetadata) -> String {
    of.draft.published.map(|d| d.at.format("%Y-%m-%d").to_string()).unwrap_or_default()
}

const BODY: &str = "<p>A consumer that falls behind is rarely slow: it is usually waiting, and the \
    metrics tell for what.</p>";

#[test]
fn the_site_name_is_removed_from_titles() {
    let site = r#"<meta property="og:site_name" content="Queue Notes">"#;
    for tag in [
        "Why consumers lag | Queue Notes",
        "Why consumers lag – Queue Notes",
        "Why consumers lag » Queue Notes",
        "Queue Notes: Why consumers lag",
        "Why consumers lag | Queue Notes | Hosted",
    ] {
        assert_eq!(
            title(&head(&format!("<title>{tag}</title>{site}"), BODY)),
            "Why consumers lag",
            "{tag}"
        );
    }
    // A template that gives every page the site's own name tells no title.
    let generic = format!(
        "<title>Why consumers lag | Queue Notes</title><meta property=\"og:title\" content=\"Queue \
         Notes\">{site}"
    );
    assert_eq!(
        title(&head(&generic, &format!("<main><h1>Why consumers lag</h1>{BODY}</main>"))),
        "Why consumers lag"
    );
    // Where the page's only h1 leads home, the post's heading is the one that the title begins
    // with.
    let body = format!(
        "<div><h1><a href=\"/\">Queue Notes of Jo</a></h1></div><h2>Why consumers lag</h2>\
         <div class=\"date\">Posted: 28 Oct 2026</div>{BODY}"
    );
    let old = head("<title>Why consumers lag | Queue Notes of Jo</title>", &body);
    assert_eq!((title(&old), day(&old).as_str()), ("Why consumers lag", "2026-10-28"));
}

#[test]
fn the_publication_date_is_extracted_and_never_invented() {
    let updated_first = head(
        "<title>Lag</title>",
        "<main><article><h1>Lag</h1><div>Last updated: <time datetime=\"2026-11-05\">5 Nov</time> \
         · Published: <time datetime=\"2026-10-28\">28 Oct</time></div></article></main>",
    );
    assert_eq!(day(&updated_first), "2026-10-28");
    assert_eq!(
        updated_first.draft.updated.map(|u| u.format("%Y-%m-%d").to_string()).as_deref(),
        Some("2026-11-05")
    );
    // A clock at its beginning tells nothing, and is passed over for what the page shows.
    for never in ["1970-01-01T00:00:00Z", "0001-01-01T00:00:00"] {
        let meta = format!(
            r#"<title>Lag</title><meta property="article:published_time" content="{never}">"#
        );
        let shown =
            head(&meta, r#"<article><h1>Lag</h1><time datetime="2026-10-28">x</time></article>"#);
        assert_eq!(day(&shown), "2026-10-28", "{never}");
    }
    let undated = format!(
        "<main><h1>Lag</h1>{BODY}<p>In March 2020 we moved. On 2019-05-05 it broke.</p>\
         <pre>2018-01-01 ERROR</pre></main><footer>© 2026, built 2026-11-20</footer>"
    );
    assert_eq!(day(&head("<title>Lag</title>", &undated)), "");
    // Two numbers that can be either are read as the page's language writes them.
    for (language, expected) in
        [("en-US", "2026-05-06"), ("en-GB", "2026-06-05"), ("fr", "2026-06-05")]
    {
        let html = format!(
            "<html lang={language}><head><title>Lag</title></head><body><main><h1>Lag</h1>\
             <p>05/06/2026</p></main></body></html>"
        );
        let url = Url::parse("https://www.queues.example/notes/lag").unwrap();
        let read =
            read_page_metadata(&Page { url: &url, headers: &Headers::new(), html: &html }, false);
        assert_eq!(day(&read), expected, "{language}");
    }
}

#[test]
fn a_byline_gives_the_author_name_and_is_not_the_summary() {
    let body = format!(
        "<main><article><h1>Warum der Cluster schläft</h1><p class=\"meta\">Veröffentlicht am 3. \
         Mai 2026 von <span class=\"author\">Anna Groß</span> in <a rel=\"category tag\" \
         href=\"/kategorie/technik\">Technik</a></p>{BODY}</article></main>"
    );
    let german = head("<title>Warum der Cluster schläft</title>", &body);
    let names: Vec<&str> = german.draft.authors.iter().map(|p| p.name.as_str()).collect();
    assert_eq!((day(&german).as_str(), names.as_slice()), ("2026-05-03", ["Anna Groß"].as_slice()));
    assert!(german.draft.summary.unwrap().as_str().starts_with("A consumer that falls behind"));
    let by = head(
        "<title>Lag</title>",
        r#"<article><h1>Lag</h1><p class="byline">by Jo Smith on October 28, 2026</p></article>"#,
    );
    assert_eq!(by.draft.authors.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["Jo Smith"]);
}

/// The paths that are taken for posts out of a sitemap at `address` of `entries` (path and further
/// elements).
fn posts(address: &str, entries: &[(String, String)]) -> Vec<String> {
    let list: Vec<String> = entries
        .iter()
        .map(|(path, more)| format!("<url><loc>https://www.queues.example{path}</loc>{more}</url>"))
        .collect();
    let list = list.concat();
    let url = Url::parse(address).unwrap();
    let document = read_sitemap(format!("<urlset>{list}</urlset>").as_bytes(), &url).unwrap();
    let site = Url::parse("https://www.queues.example/").unwrap();
    let links = post_links(&document, &SitemapPatterns::default(), &site, &[]);
    let mut paths: Vec<String> =
        links.pages.iter().map(|page| page.url.path().to_owned()).collect();
    paths.sort();
    paths
}

fn plain(paths: &[&str]) -> Vec<(String, String)> {
    paths.iter().map(|path| ((*path).to_owned(), String::new())).collect()
}

#[test]
fn every_url_of_a_post_sitemap_is_a_post() {
    let found = posts(
        "https://www.queues.example/post-sitemap.xml",
        &plain(&["/blog/", "/backpressure/", "/why-consumers-lag/"]),
    );
    assert_eq!(found, ["/backpressure/", "/why-consumers-lag/"]);
}

#[test]
fn news_entries_and_dated_paths_are_posts_in_any_section() {
    let news = "<news:news><news:publication_date>2026-10-28</news:publication_date><news:title>T\
        </news:title></news:news>";
    let entries: Vec<(String, String)> = [
        ("/kafka/why-it-lags", news),
        ("/rust/two-stories", news),
        ("/shop/a-nice-shirt-for-you", ""),
    ]
    .map(|(path, more)| (path.to_owned(), more.to_owned()))
    .into();
    assert_eq!(
        posts("https://www.queues.example/sitemap.xml", &entries),
        ["/kafka/why-it-lags", "/rust/two-stories"]
    );
    let dated = plain(&[
        "/kafka/2026/10/28/lag.html",
        "/rust/2026/08/19/go.html",
        "/about/",
        "/assets/paper.pdf",
    ]);
    assert_eq!(
        posts("https://www.queues.example/sitemap.xml", &dated),
        ["/kafka/2026/10/28/lag.html", "/rust/2026/08/19/go.html"]
    );
}

#[test]
fn identical_lastmod_values_are_ignored() {
    let built = "<lastmod>2026-11-20T01:02:03Z</lastmod>".to_owned();
    let mut entries: Vec<(String, String)> =
        (0..60).map(|i| (format!("/glossary/term-{i}-explained"), built.clone())).collect();
    entries.extend(
        (1..=5).map(|i| {
            (format!("/blog/post-number-{i}"), format!("<lastmod>2026-10-0{i}</lastmod>"))
        }),
    );
    entries.push(("/blog/kafka".to_owned(), String::new()));
    assert_eq!(posts("https://www.queues.example/sitemap.xml", &entries).len(), 6);
    // What others lie below is a list of them.
    let nested = plain(&[
        "/blog/kafka",
        "/blog/kafka/why-it-lags",
        "/blog/rust",
        "/blog/rust/two-garbage-stories",
        "/blog/rust/no-garbage-at-all",
    ]);
    assert_eq!(
        posts("https://www.queues.example/sitemap.xml", &nested),
        [
            "/blog/kafka/why-it-lags",
            "/blog/rust/no-garbage-at-all",
            "/blog/rust/two-garbage-stories"
        ]
    );
}

#[test]
fn of_two_language_versions_the_first_listed_is_used() {
    let both = plain(&[
        "/en/blog/why-it-lags",
        "/de/blog/warum-es-hinkt",
        "/en/blog/two-garbage-stories",
        "/de/blog/zwei-geschichten",
    ]);
    assert_eq!(
        posts("https://www.queues.example/sitemap.xml", &both),
        ["/en/blog/two-garbage-stories", "/en/blog/why-it-lags"]
    );
}

#[test]
fn duplicate_and_self_references_in_a_sitemap_index_are_removed() {
    let xml = "<sitemapindex><sitemap><loc>/sitemap.xml</loc></sitemap><sitemap><loc>/a.xml</loc>\
               </sitemap><sitemap><loc>/a.xml#x</loc></sitemap></sitemapindex>";
    let read = read_sitemap(
        xml.as_bytes(),
        &Url::parse("https://www.queues.example/sitemap.xml").unwrap(),
    )
    .unwrap();
    let named: Vec<&str> = read.sitemaps.iter().map(|part| part.url.path()).collect();
    assert_eq!(named, ["/a.xml"]);
}
