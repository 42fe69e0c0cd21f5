//! Tests of `follow` from the outside: whole pages in, what they list out.
//!
//! An index page is a fixture `<name>.html` with `<name>.expected` beside it: the page's address,
//! then one line per post in the page's order with date, link, title and categories, parted by
//! tabs. What is not listed there must not come out.

use std::{
    fs,
    path::{Path, PathBuf},
};

use feed_model::{DatePrecision, Draft, Headers, PageSelectors, PublishedDate, SitemapPatterns};
use site_discovery::{
    Page, PageMetadata, detect_bot_challenge, feed_links, post_links, read_index_page,
    read_page_metadata, read_sitemap,
};
use url::Url;

fn sites() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sites")
}

fn fixture(name: &str) -> String {
    fs::read_to_string(sites().join(name)).expect("the fixture is there")
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("an address")
}

fn date(date: Option<PublishedDate>) -> String {
    date.map_or("-".to_owned(), |d| match d.precision {
        DatePrecision::Month => d.at.format("%Y-%m").to_string(),
        DatePrecision::Day => d.at.format("%Y-%m-%d").to_string(),
        DatePrecision::Second => d.at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
    })
}

fn line(draft: &Draft) -> String {
    let categories: Vec<&str> = draft.categories.iter().map(|c| c.term.as_str()).collect();
    let url = draft.url.as_ref().map(Url::as_str).unwrap_or_default();
    format!(
        "{}\t{url}\t{}\t{}",
        date(draft.published),
        draft.title.as_deref().unwrap_or_default(),
        categories.join(",")
    )
}

fn head_of(html: &str, address: &str, content_full: bool) -> PageMetadata {
    read_page_metadata(&Page { url: &url(address), headers: &Headers::new(), html }, content_full)
}

#[test]
fn every_page_fixture_yields_its_posts_and_nothing_else() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for folder in fs::read_dir(sites()).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|e| e != "expected") {
                continue;
            }
            count += 1;
            let html = fs::read_to_string(path.with_extension("html")).unwrap();
            let text = fs::read_to_string(&path).unwrap();
            let (address, lines) = text.split_once('\n').unwrap();
            let expected: Vec<&str> = lines.lines().collect();
            let page_url = url(address);
            let page = Page { url: &page_url, headers: &Headers::new(), html: &html };
            let got: Vec<String> = match read_index_page(&page, None) {
                Ok(found) => found.drafts.iter().map(line).collect(),
                Err(error) => vec![format!("error: {error}")],
            };
            if got != expected {
                wrong.push(format!(
                    "{}\n  expected:\n    {}\n  got:\n    {}",
                    path.display(),
                    expected.join("\n    "),
                    got.join("\n    ")
                ));
            }
        }
    }
    assert!(count >= 70, "only {count} fixtures were found");
    assert!(
        wrong.is_empty(),
        "{} of {count} pages were read wrongly:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn feed_links_exclude_comment_feeds() {
    let home = url("https://www.systems.example/");
    let html = fixture("beehiiv-feed/home.html");
    let links = feed_links(&Page { url: &home, headers: &Headers::new(), html: &html });
    let urls: Vec<&str> = links.iter().map(|l| l.url.as_str()).collect();
    assert_eq!(urls, ["https://rss.beehiiv.com/feeds/Ab3dEf9hIj.xml"]);
    assert!(links[0].reason.contains("rel=alternate"), "{}", links[0].reason);
}

#[test]
fn feed_links_are_ranked_and_resolved_against_base() {
    let html = "<html><head><base href=\"/site/\"><link rel=\"ALTERNATE home\" \
        type=\"Application/Atom+XML; charset=utf-8\" href=\"atom.xml\" title=\"All\">\n        \
        <link rel=\"alternate\" type=\"application/json\" href=\"https://example.org/wp-json/wp/v2/\
        posts/1\"><link rel=\"alternate\" type=\"application/feed+json\" \
        href=\"feed.json\">\n        <link rel=\"alternate stylesheet\" type=\"text/xml\" \
        href=\"x.css\"><link rel=\"alternate\" hreflang=\"de\" href=\"/de/\">\n        \
        <link rel=\"alternate\" type=\"application/rss+xml\" title=\"Site » Some Post Comments \
        Feed\" href=\"/some-post/feed/\"></head>\n        <body><a href=\"rss.xml\">RSS\
        </a> <a href=\"/blog/feed\">a post on feeds\
        </a> <a href=\"https://other.example/feed.xml\">theirs</a></body></html>";
    let page = url("https://example.org/blog/");
    let headers: Headers = [(
        "Link",
        "<https://example.org/wp-json/>; rel=\"https://api.w.org/\", \
        </header.xml>; rel=\"alternate\"; type=\"application/rss+xml\"; title=\"a, b\"",
    )]
    .into_iter()
    .collect();
    let urls: Vec<String> = feed_links(&Page { url: &page, headers: &headers, html })
        .into_iter()
        .map(|l| String::from(l.url))
        .collect();
    assert_eq!(
        urls,
        [
            "https://example.org/site/atom.xml",
            "https://example.org/site/feed.json",
            "https://example.org/header.xml",
            "https://example.org/site/rss.xml"
        ]
    );
}

#[test]
fn a_bot_challenge_is_recognised_at_any_status_and_an_article_about_one_is_not() {
    let html = fixture("challenge/page.html");
    for status in [200, 403, 503] {
        assert_eq!(
            detect_bot_challenge(status, &Headers::new(), html.as_bytes()),
            Some("Cloudflare")
        );
    }
    let mitigated: Headers = [("CF-Mitigated", "challenge")].into_iter().collect();
    assert_eq!(detect_bot_challenge(403, &mitigated, b""), Some("Cloudflare"));
    let article = "<html><head><title>Just a moment: on latency</title><meta property=\"og:title\" \
        content=\"x\"></head><body><article><p>The page said window._cf_chl_opt.</p></article>\
        </body></html>";
    assert_eq!(detect_bot_challenge(200, &Headers::new(), article.as_bytes()), None);
    assert_eq!(
        detect_bot_challenge(
            403,
            &Headers::new(),
            b"<html><head><title>403 Forbidden</title></head></html>"
        ),
        None
    );
    let feed: Headers = [("content-type", "application/rss+xml")].into_iter().collect();
    assert_eq!(
        detect_bot_challenge(
            200,
            &feed,
            b"<rss><channel><title>Just a moment...</title></channel></rss>"
        ),
        None
    );
}

#[test]
fn a_newsletter_sitemap_lists_its_posts_and_lastmod_is_no_publication_date() {
    let address = url("https://www.systems.example/sitemap.xml");
    let document =
        read_sitemap(fixture("beehiiv-sitemap/sitemap.xml").as_bytes(), &address).unwrap();
    assert!(document.problems.iter().any(|p| p.code == "sitemap-foreign-links"));
    let posts = post_links(
        &document,
        &SitemapPatterns::default(),
        &url("https://www.systems.example/"),
        &[],
    );
    let urls: Vec<&str> = posts.pages.iter().map(|p| p.url.path()).collect();
    assert_eq!(
        urls,
        [
            "/p/how-consensus-survives-a-slow-disk",
            "/p/what-a-log-is-for-10ee",
            "/p/what-a-log-is-for"
        ]
    );
    assert_eq!(posts.skipped, 5);
    assert!(posts.reason.contains("/p/"), "{}", posts.reason);
    assert_eq!(posts.pages[0].news_title.as_deref(), Some("How Consensus Survives a Slow Disk"));
    assert_eq!(date(posts.pages[0].news_published), "2026-05-08T12:30:00Z");
    assert_eq!(
        (date(posts.pages[1].lastmod), posts.pages[1].news_published),
        ("2026-01-15".to_owned(), None)
    );
}

#[test]
fn include_and_exclude_patterns_select_sitemap_links() {
    let text = "https://a.example/x/one-two-three\nhttps://a.example/x/drafts/four\n\
        https://a.example/blog/five-six-seven\n";
    let document = read_sitemap(text.as_bytes(), &url("https://a.example/sitemap.txt")).unwrap();
    let patterns =
        SitemapPatterns { include: vec!["/x/".to_owned()], exclude: vec!["/drafts/".to_owned()] };
    let posts = post_links(&document, &patterns, &url("https://a.example/"), &[]);
    assert_eq!(posts.pages.iter().map(|p| p.url.path()).collect::<Vec<_>>(), ["/x/one-two-three"]);
    let below =
        post_links(&document, &SitemapPatterns::default(), &url("https://a.example/x"), &[]);
    assert_eq!(below.pages.len(), 2, "{}", below.reason);
}

#[test]
fn gzipped_truncated_and_nested_sitemaps_are_read() {
    use std::io::Write;
    let address = url("https://a.example/sitemap.xml.gz");
    let xml = "<?xml version=\"1.0\"?><s:sitemapindex xmlns:s=\"http://www.sitemaps.org/schemas/\
        sitemap/0.9\"><s:sitemap><s:loc> https://a.example/one.xml?a=1&amp;b=2 </s:loc>\
        <s:lastmod>2026-01-02T03:04:05+01:00</s:lastmod></s:sitemap></s:sitemapindex>";
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(xml.as_bytes()).unwrap();
    let bytes = packer.finish().unwrap();
    let document = read_sitemap(&bytes, &address).unwrap();
    assert_eq!(document.sitemaps[0].url.as_str(), "https://a.example/one.xml?a=1&b=2");
    assert_eq!(date(document.sitemaps[0].lastmod), "2026-01-02T02:04:05Z");
    let cut = read_sitemap(
        b"<urlset><url><loc>https://a.example/a</loc></url><url>\
        <loc>https://a.example/b?x=1&y=2</loc></url><url><loc>https://a.exa",
        &address,
    )
    .unwrap();
    assert_eq!(
        cut.pages.iter().map(|p| p.url.as_str()).collect::<Vec<_>>(),
        ["https://a.example/a", "https://a.example/b?x=1&y=2"]
    );
    let html =
        read_sitemap(b"<!DOCTYPE html><html><body>Not found</body></html>", &address).unwrap_err();
    assert!(html.to_string().contains("web page"), "{html}");
    assert!(read_sitemap(b"", &address).is_err());
}

#[test]
fn page_metadata_omits_site_name_and_logo() {
    let address = "https://www.systems.example/p/how-consensus-survives-a-slow-disk?utm_source=x";
    let head = head_of(&fixture("beehiiv-sitemap/post.html"), address, false);
    let draft = &head.draft;
    assert_eq!(
        draft.url.as_ref().unwrap().as_str(),
        "https://www.systems.example/p/how-consensus-survives-a-slow-disk"
    );
    assert_eq!(draft.title.as_deref(), Some("How Consensus Survives a Slow Disk"));
    assert_eq!(date(draft.published), "2026-05-08T12:30:00Z");
    assert_eq!(draft.authors[0].name, "Ada Example");
    assert_eq!(
        draft.summary.as_ref().unwrap().as_str(),
        "A leader that cannot write fast enough steps down, and why that is right."
    );
    assert_eq!(draft.image, None, "the logo is not the post's picture");
    assert_eq!(head.site_title.as_deref(), Some("Two Minute Systems"));
    assert_eq!(
        (draft.guid.as_ref(), draft.content.as_ref(), draft.language.as_deref()),
        (None, None, Some("en"))
    );
    assert!(
        head.field_origins.contains(&("published", "article:published_time".to_owned())),
        "{:?}",
        head.field_origins
    );
}

#[test]
fn json_ld_graphs_give_the_article_and_its_authors() {
    let html = "<html lang=\"en-GB\"><head><title>Leases, Explained | Acme</title>\
        <script type=\"application/ld+json\">{\"@context\":\"https://schema.org\",\
        \"@graph\":[\n        {\"@type\":\"WebSite\",\"@id\":\"#site\",\"name\":\"Acme\"},\
        {\"@type\":\"Person\",\"@id\":\"#ann\",\"name\":\"Ann \
        Example\",\"url\":\"https://acme.example/ann\"},\n        \
        {\"@type\":[\"BlogPosting\",\"TechArticle\"],\"headline\":\"Leases, \
        Explained\",\"datePublished\":\"2026-02-03T04:05:06+00:00\",\"dateModified\":\"2026-02-04\"\
        ,\"author\":{\"@id\":\"#ann\"},\"publisher\":{\"@type\":\"Organization\",\"name\":\"Acme\",\
        \"logo\":{\"url\":\"https://acme.example/i/brand.png\"}},\n         \
        \"image\":[\"https://acme.example/i/brand.png\",\"https://acme.example/i/leases.png\"],\
        \"articleSection\":\"Engineering\",\"keywords\":\"leases, \
        clocks\",\"timeRequired\":\"PT7M\",\"description\":\"What a lease promises,\n         and \
        for how long.\",\"mainEntityOfPage\":\"https://acme.example/blog/leases\"},]}</script>\
        </head><body><h1>Leases, Explained</h1></body></html>";
    let head = head_of(html, "https://acme.example/blog/leases", false);
    let draft = &head.draft;
    assert_eq!(
        line(draft),
        "2026-02-03T04:05:06Z\thttps://acme.example/blog/leases\tLeases, \
         Explained\tEngineering,leases,clocks,7 min read"
    );
    assert_eq!(
        (draft.authors[0].name.as_str(), draft.authors[0].url.as_deref()),
        ("Ann Example", Some("https://acme.example/ann"))
    );
    assert_eq!(draft.image.as_deref(), Some("https://acme.example/i/leases.png"));
    assert_eq!(draft.updated.unwrap().to_rfc3339(), "2026-02-04T00:00:00+00:00");
    assert_eq!(
        (draft.language.as_deref(), head.site_title.as_deref()),
        (Some("en-GB"), Some("Acme"))
    );
}

#[test]
fn page_metadata_falls_back_to_visible_text() {
    let html = "<html><head><title>A Slow Feed :: kay.example</title></head><body><nav>\
        <time datetime=\"2001-01-01\">x</time></nav><article><h1>A Slow Feed</h1>\
        <p class=\"meta\">March 3rd, 2025 · 4 min read · by Kay Example</p>\n        <p>Polling is \
        a promise to come back, and most of us come back too often for what there is to see.</p>\
        <a rel=\"tag\" href=\"/t/polling\">polling</a></article></body></html>";
    let head = head_of(html, "https://kay.example/2025/a-slow-feed", false);
    assert_eq!(
        line(&head.draft),
        "2025-03-03\thttps://kay.example/2025/a-slow-feed\tA Slow Feed\tpolling,4 min read"
    );
    assert!(head.draft.summary.unwrap().as_str().starts_with("Polling is a promise"));
}

#[test]
fn full_content_is_extracted_on_request() {
    let paragraphs = "<p>Every queue is a promise, and a promise has a length, which somebody has \
        to measure before it breaks under the load of the day.</p>"
        .repeat(8);
    let html = format!(
        "<html><head><title>Queues</title></head><body><nav><a href='/'>Home</a></nav><article>\
         <h1>Queues</h1>{paragraphs}<p><a href='/next'>next</a><script>alert(1)</script></p>\
         </article></body></html>"
    );
    let head = head_of(&html, "https://kay.example/queues", true);
    let content = head.draft.content.unwrap();
    assert!(
        content.as_str().contains("Every queue is a promise")
            && !content.as_str().contains("alert"),
        "{}",
        content.as_str()
    );
    assert!(content.as_str().contains("https://kay.example/next"), "{}", content.as_str());
}

#[test]
fn selectors_define_items_and_invalid_ones_are_named() {
    let html = "<div class=row><b>One</b><a href=/1>x</a><i>2 March 2026</i><u>kafka</u><u>flink\
        </u></div><div class=row><b>Two</b><a href=/2>y</a></div>";
    let page_url = url("https://rows.example/");
    let page = Page { url: &page_url, headers: &Headers::new(), html };
    let selectors = PageSelectors {
        item: ".row".into(),
        title: Some("b".into()),
        link: None,
        date: Some("i".into()),
        summary: None,
        category: Some("u".into()),
    };
    let found = read_index_page(&page, Some(&selectors)).unwrap();
    assert_eq!(
        found.drafts.iter().map(line).collect::<Vec<_>>(),
        [
            "2026-03-02\thttps://rows.example/1\tOne\tkafka,flink",
            "-\thttps://rows.example/2\tTwo\t"
        ]
    );
    let none = read_index_page(
        &page,
        Some(&PageSelectors { item: ".nothing".into(), ..PageSelectors::default() }),
    )
    .unwrap_err();
    assert!(none.to_string().contains("https://rows.example/"), "{none}");
    let wrong = site_discovery::validate_selectors(&PageSelectors {
        item: "div[".into(),
        date: Some("time@".into()),
        ..PageSelectors::default()
    });
    assert_eq!(wrong.iter().map(|(field, _)| *field).collect::<Vec<_>>(), ["item", "date"]);
}

#[test]
fn a_page_without_posts_is_an_error_with_a_reason() {
    let html = "<html><body><nav><a href=/a-b-c>A b c</a><a href=/d-e-f>D e f</a></nav><h1>About\
        </h1><p>I am a person who once wrote <a href=/blog/x>something</a>.</p></body></html>";
    let page_url = url("https://kay.example/about");
    let error = read_index_page(&Page { url: &page_url, headers: &Headers::new(), html }, None)
        .unwrap_err();
    assert!(
        error.to_string().contains("no posts were found on https://kay.example/about"),
        "{error}"
    );
}

#[test]
fn card_summaries_exclude_other_text() {
    let page_url = url("https://lou.example/blog");
    let html = fixture("card-blog/blog.html");
    let found =
        read_index_page(&Page { url: &page_url, headers: &Headers::new(), html: &html }, None)
            .unwrap();
    assert_eq!(
        found.drafts[0].summary.as_ref().unwrap().as_str(),
        "What it costs to count every event one time and no more."
    );
    let writing = url("https://www.ada.example/writing.html");
    let html = fixture("authors-index/writing.html");
    let found =
        read_index_page(&Page { url: &writing, headers: &Headers::new(), html: &html }, None)
            .unwrap();
    assert_eq!(
        found.drafts[2].summary.as_ref().unwrap().as_str(),
        "Append-only, read by everybody."
    );
}

#[test]
fn dates_and_site_names_are_removed_from_titles() {
    let page_url = url("https://kay.example/posts");
    let titles = [
        ("2024-05-06: Leases (part 1)", "2024-05-06\tLeases (part 1)"),
        ("May 6, 2024 – Leases, again", "2024-05-06\tLeases, again"),
        ("Notes from the field (6 May 2024)", "2024-05-06\tNotes from the field"),
        ("Release notes, March 2024", "-\tRelease notes, March 2024"),
        ("The outage of May 6, 2024", "2024-05-06\tThe outage of May 6, 2024"),
        ("Continue on error considered harmful", "-\tContinue on error considered harmful"),
        ("Marching orders 2024 edition", "-\tMarching orders 2024 edition"),
    ];
    let items: Vec<String> = titles
        .iter()
        .enumerate()
        .map(|(i, (title, _))| format!("<li><h3><a href=/posts/{i}-x>{title}</a></h3></li>"))
        .collect();
    let html = format!("<ul>{}</ul>", items.concat());
    let found =
        read_index_page(&Page { url: &page_url, headers: &Headers::new(), html: &html }, None)
            .unwrap();
    let got: Vec<String> = found
        .drafts
        .iter()
        .map(|d| format!("{}\t{}", date(d.published), d.title.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(got, titles.iter().map(|(_, expected)| *expected).collect::<Vec<_>>());
    for (title, expected) in [
        ("Kafka on Acme | Acme", "Kafka on Acme"),
        ("Acme: Why we shard", "Why we shard"),
        ("Why we shard | Blog | Acme", "Why we shard"),
        ("Newsletter: why we shard", "Newsletter: why we shard"),
        ("Up - and down", "Up - and down"),
    ] {
        let html = format!(
            "<html><head><title>{title}</title><meta property=og:site_name content=Acme></head>\
             <body><p>x</p></body></html>"
        );
        assert_eq!(
            head_of(&html, "https://acme.example/blog/x", false).draft.title.as_deref(),
            Some(expected)
        );
    }
}

#[test]
fn posts_in_flattened_json_are_found() {
    let stream = concat!(
        r#"[{\"_1\":2},\"posts\",[3,10],{\"_4\":5,\"_6\":7,\"_8\":9},\"web_title\","#,
        r#"\"Quorums\",\"slug\",\"quorums-and-you\",\"override_scheduled_at\","#,
        r#"\"2026-01-02T03:04:05Z\",{\"_4\":11,\"_6\":12},\"Clocks\",\"clocks-and-you\"]"#
    );
    let html = format!(
        "<html><body><script>window.__remixContext.streamController.enqueue(\"{stream}\\n\");\
         </script></body></html>"
    );
    let page_url = url("https://www.bits.example/archive");
    let found =
        read_index_page(&Page { url: &page_url, headers: &Headers::new(), html: &html }, None)
            .unwrap();
    assert_eq!(
        found.drafts.iter().map(line).collect::<Vec<_>>(),
        [
            "2026-01-02T03:04:05Z\thttps://www.bits.example/p/quorums-and-you\tQuorums\t",
            "-\thttps://www.bits.example/p/clocks-and-you\tClocks\t"
        ]
    );
}

#[test]
fn hostile_pages_never_panic() {
    let deep = "<div>".repeat(20_000) + "<a href=/blog/x-y-z>X y z</a>";
    let wide: Vec<String> = (0..3_000)
        .map(|i| format!("<a href=/blog/post-number-{i}>Post number {i} of many</a>"))
        .collect();
    let wide = wide.concat();
    let page_url = url("https://kay.example/");
    for html in [
        deep.as_str(),
        wide.as_str(),
        "<",
        "\u{0}",
        "<script>x = {{{{",
        "<script type=application/ld+json>[[[[</script>",
        "<a href='http://[::1'>x</a><time datetime='9999999-99-99'>é</time>",
    ] {
        let page = Page { url: &page_url, headers: &Headers::new(), html };
        let _ = read_index_page(&page, None);
        let _ = read_page_metadata(&page, true);
        let _ = feed_links(&page);
        let _ = read_sitemap(html.as_bytes(), &page_url);
    }
}

mod any_bytes {
    use feed_model::Headers;
    use proptest::prelude::*;
    use site_discovery::{
        Page, detect_bot_challenge, feed_links, read_index_page, read_page_metadata, read_sitemap,
        robots::Robots,
    };

    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("<ul><li><a href=/blog/a-b-c>Überschrift één</a> 3. März 2024".to_owned()),
            Just("<time datetime='2024-13-45T99'>·".to_owned()),
            Just("</li></div></article>".to_owned()),
            Just("<article class='h-entry tag-é'><h2 class=p-name>\
                <a class=u-url href='/2024/05/06/x?y=é#z'>".to_owned()),
            Just("<dl><dt>５ Mai 2024<dd><a href='//[x'>x</a>".to_owned()),
            Just(
                "<script type=application/ld+json>{\"@type\":\"Blog\",\"blogPost\":[{\"name\":\"é\"\
                 ,\"url\":\"/é\"},]}</script>"
                    .to_owned()
            ),
            Just("<script>x={\"posts\":[{\"web_title\":\"é\",\"slug\":\"é\"}]} y=\"é\
                </script>".to_owned()),
            Just("<meta property=og:title content='é | é - '><meta name=description content='By Ä \
                Ö · 1 min'>".to_owned()),
            Just("<urlset><url><loc>https://a.example/é</loc><lastmod>é".to_owned()),
            Just("User-agent: *\nDisallow: /%é%4*$\n".to_owned()),
            "\\PC{0,12}",
            "[<>/a-z =\"'&;#-]{0,24}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn nothing_panics(pieces in prop::collection::vec(piece(), 0..24)) {
            let html = pieces.concat();
            let url = super::url("https://a.example/blog/");
            let page = Page { url: &url, headers: &Headers::new(), html: &html };
            if let Ok(found) = read_index_page(&page, None) {
                prop_assert!(!found.drafts.is_empty());
                prop_assert!(
                    found
                        .drafts
                        .iter()
                        .all(|d| d.title.is_some() && d.url.is_some() && d.guid.is_none())
                );
            }
            let _ = read_page_metadata(&page, true);
            let _ = feed_links(&page);
            let _ = read_sitemap(html.as_bytes(), &url);
            let _ = detect_bot_challenge(200, &Headers::new(), html.as_bytes());
            let robots = Robots::parse(html.as_bytes());
            prop_assert!(robots.allows(&super::url("https://a.example/robots.txt"), "tributary"));
        }
    }
}

mod robots {
    use std::time::Duration;

    use site_discovery::robots::Robots;

    fn allows(robots: &str, path: &str) -> bool {
        Robots::parse(robots.as_bytes())
            .allows(&super::url(&format!("https://a.example{path}")), "tributary")
    }

    #[test]
    fn the_longest_rule_wins_and_allow_wins_a_tie() {
        let robots = "User-agent: *\nDisallow: /\nAllow: /p/\nDisallow: /p/private*.html$\n\
            Allow: /same\nDisallow: /same\n";
        assert!(allows(robots, "/p/x"));
        assert!(!allows(robots, "/q"));
        assert!(!allows(robots, "/p/private-1.html"));
        assert!(allows(robots, "/p/private-1.html?x"));
        assert!(allows(robots, "/same"));
        assert!(allows(robots, "/robots.txt"));
    }

    #[test]
    fn our_group_replaces_the_wildcard_group_and_equal_groups_are_combined() {
        let robots = "User-agent: *\nDisallow: /\n\nUser-agent: other\nUser-agent: Tributary/1.0\n\
            Disallow: /a\nCrawl-delay: 7\n\nUser-Agent: TRIBUTARY\nDisallow: /b\n";
        assert!(allows(robots, "/c"));
        assert!(!allows(robots, "/a") && !allows(robots, "/b"));
        let parsed = Robots::parse(robots.as_bytes());
        assert_eq!(parsed.crawl_delay("tributary"), Some(Duration::from_secs(7)));
        assert_eq!(parsed.crawl_delay("nobody"), None);
    }

    #[test]
    fn a_configured_url_obeys_only_the_group_for_our_user_agent() {
        let url = super::url("https://a.example/feed.xml");
        let all = Robots::parse(b"User-agent: *\nDisallow: /");
        assert!(!all.allows(&url, "tributary") && all.allows_explicit(&url, "tributary"));
        let us = Robots::parse(b"User-agent: tributary\nDisallow: /feed");
        assert!(!us.allows_explicit(&url, "tributary"));
    }

    #[test]
    fn percent_encoding_and_line_endings_are_normalised() {
        assert!(!allows("User-agent: *\r\nDisallow: /caf%C3%A9\r\n", "/café"));
        assert!(!allows("User-agent: *\nDisallow: /café", "/caf%c3%a9/x"));
        assert!(!allows("User-agent: *\nDisallow: /%7Ekay", "/~kay"));
        assert!(allows("User-agent: *\nDisallow: /a%2Fb", "/a/b"));
        assert!(!allows("\u{feff}User-agent: * # all\nDisallow: /x # not this", "/x"));
        assert!(allows("Disallow: /\nUser-agent: *\nDisallow:\n", "/x"));
    }

    #[test]
    fn sitemap_lines_are_found_in_any_group() {
        let robots = Robots::parse(
            b"Sitemap: https://a.example/one.xml\nUser-agent: *\nSITEMAP: /two.xml\nDisallow: /x",
        );
        assert_eq!(robots.sitemaps(), ["https://a.example/one.xml", "/two.xml"]);
    }

    #[test]
    fn many_wildcards_match_in_linear_time() {
        let robots = format!("User-agent: *\nDisallow: /{}b$", "*a".repeat(2_000));
        assert!(allows(&robots, &format!("/{}", "a".repeat(20_000))));
    }
}
