//! Kinds of sitemaps as they really are: which of their pages are posts.

use feed_model::SitemapPatterns;
use site_discovery::{SitemapDocument, post_links, read_sitemap};
use url::Url;

fn sitemap(paths: &[(&str, &str)]) -> SitemapDocument {
    let entry = |(path, day): &(&str, &str)| {
        format!("<url><loc>https://boats.example{path}</loc><lastmod>{day}</lastmod></url>")
    };
    let entries = paths.iter().map(entry).collect::<Vec<_>>().concat();
    let url = Url::parse("https://boats.example/sitemap.xml").unwrap();
    read_sitemap(format!("<urlset>{entries}</urlset>").as_bytes(), &url).unwrap()
}

fn posts(document: &SitemapDocument, known: &[&str]) -> Vec<String> {
    let site = Url::parse("https://boats.example/").unwrap();
    let known: Vec<Url> = known.iter().map(|path| site.join(path).unwrap()).collect();
    let links = post_links(document, &SitemapPatterns::default(), &site, &known);
    let mut paths: Vec<String> = links.pages.iter().map(|p| p.url.path().to_owned()).collect();
    paths.sort();
    paths
}

#[test]
fn posts_by_subject_are_taken_from_all_their_directories() {
    let document = sitemap(&[
        ("/craft/keel-laid-at-dawn/", "2024-01-11"),
        ("/craft/a-mast-for-two/", "2024-02-11"),
        ("/craft/oars-and-rowlocks/", "2024-03-11"),
        ("/travel/down-the-slow-river/", "2024-01-17"),
        ("/travel/nine-quiet-harbours/", "2024-02-17"),
        ("/about/", "2024-01-01"),
        ("/tags/", "2024-01-01"),
        ("/projects/a-small-boat/", "2024-01-02"),
        ("/projects/a-big-boat-shed/", "2024-01-03"),
    ]);
    assert_eq!(
        posts(&document, &[]),
        [
            "/craft/a-mast-for-two/",
            "/craft/keel-laid-at-dawn/",
            "/craft/oars-and-rowlocks/",
            "/travel/down-the-slow-river/",
            "/travel/nine-quiet-harbours/"
        ]
    );
}

#[test]
fn the_posts_that_the_page_lists_correct_the_guess_from_the_sitemap() {
    let document = sitemap(&[
        ("/boats/the-long-tow-home-model", "2024-01-01"),
        ("/boats/the-short-tow-home-model", "2024-01-02"),
        ("/boats/the-red-tow-home-model", "2024-01-03"),
        ("/boats/the-blue-tow-home-model", "2024-01-04"),
        ("/diary/rain", "2024-01-05"),
        ("/diary/wind", "2024-01-06"),
        ("/diary/fog", "2024-01-07"),
    ]);
    assert_eq!(posts(&document, &[]).len(), 4);
    assert_eq!(
        posts(&document, &["/diary/rain", "/diary/wind", "/diary/fog"]),
        ["/diary/fog", "/diary/rain", "/diary/wind"]
    );
}

#[test]
fn attachments_below_posts_are_left_out() {
    let document = sitemap(&[
        ("/2024/06/20/keel-laid-at-dawn/", "2024-06-20"),
        ("/2024/06/21/a-mast-for-two/", "2024-06-21"),
        ("/2024/06/22/oars-and-rowlocks/", "2024-06-22"),
        ("/2024/06/22/oars-and-rowlocks/img_0041/", "2024-06-22"),
        ("/2024/06/21/a-mast-for-two/attachment/7001/", "2024-06-21"),
    ]);
    assert_eq!(posts(&document, &[]).len(), 3);
}

#[test]
fn the_directories_of_the_posts_that_the_page_lists_are_subjects() {
    let document = sitemap(&[
        ("/posts/the-first-keel-laid", "2020-01-01"),
        ("/posts/the-second-keel-laid", "2020-01-02"),
        ("/posts/the-third-keel-laid", "2020-01-03"),
        ("/wood/how-oak-is-bent", "2024-01-01"),
        ("/wood/how-ash-is-bent", "2024-01-02"),
        ("/rope/a-splice-in-three", "2024-01-03"),
        ("/sails/one-reef-too-late", "2024-01-04"),
        ("/projects/a-small-red-boat", "2024-01-05"),
    ]);
    let listed = [
        "/wood/how-oak-is-bent",
        "/wood/how-ash-is-bent",
        "/rope/a-splice-in-three",
        "/sails/one-reef-too-late",
    ];
    assert_eq!(posts(&document, &listed).len(), 7);
}

#[test]
fn one_word_slugs_at_the_root_are_posts_if_no_slug_is_longer_or_the_page_lists_them() {
    let short =
        sitemap(&[("/rain", "2024-01-01"), ("/wind", "2024-01-02"), ("/about", "2024-01-03")]);
    assert_eq!(posts(&short, &["/rain"]), ["/rain", "/wind"]);
    let mixed = sitemap(&[
        ("/rain", "2024-01-01"),
        ("/how-oak-is-bent", "2024-01-02"),
        ("/shed", "2024-01-03"),
    ]);
    assert_eq!(posts(&mixed, &[]), ["/how-oak-is-bent"]);
    assert_eq!(posts(&mixed, &["/rain"]), ["/how-oak-is-bent", "/rain"]);
}

#[test]
fn pages_of_a_list_below_the_url_of_the_source_are_not_posts() {
    let document = sitemap(&[
        ("/news/2026/03/04/keel-laid-at-dawn.html", "2026-03-04"),
        ("/shop/2026/02/11/a-mast-for-two.html", "2026-02-11"),
        ("/news/2026/01/05/oars-and-rowlocks.html", "2026-01-05"),
        ("/blog/page2/", "2026-03-04"),
        ("/blog/page3/", "2026-03-04"),
        ("/blog/page-4", "2026-03-04"),
        ("/blog/start-here.html", "2026-03-04"),
    ]);
    let site = Url::parse("https://boats.example/blog/").unwrap();
    let known: Vec<Url> = [
        "/news/2026/03/04/keel-laid-at-dawn.html",
        "/shop/2026/02/11/a-mast-for-two.html",
        "/news/2026/01/05/oars-and-rowlocks.html",
    ]
    .iter()
    .map(|path| site.join(path).unwrap())
    .collect();
    let links = post_links(&document, &SitemapPatterns::default(), &site, &known);
    let paths: Vec<&str> = links.pages.iter().map(|p| p.url.path()).collect();
    assert_eq!(paths, known.iter().map(Url::path).collect::<Vec<_>>());
}

#[test]
fn the_pages_of_a_list_in_a_sitemap_are_not_posts() {
    let document = sitemap(&[
        ("/posts/keel-laid-at-dawn/", "2026-01-11"),
        ("/posts/a-mast-for-two/", "2026-02-11"),
        ("/posts/oars-and-rowlocks/", "2026-03-11"),
        ("/posts/2/", "2026-03-11"),
        ("/posts/editor.js/", "2026-03-12"),
        ("/posts/editor.js", "2026-03-12"),
        ("/about/blog/archives/", "2026-03-12"),
    ]);
    let expected = [
        "/posts/a-mast-for-two/",
        "/posts/editor.js/",
        "/posts/keel-laid-at-dawn/",
        "/posts/oars-and-rowlocks/",
    ];
    assert_eq!(posts(&document, &[]), expected);
    let numbered = sitemap(&[
        ("/posts/1/", "2026-01-11"),
        ("/posts/2/", "2026-02-11"),
        ("/posts/oars-and-rowlocks/", "2026-03-11"),
    ]);
    assert_eq!(posts(&numbered, &[]).len(), 3, "posts can have numbers");
}

#[test]
fn directories_of_further_subjects_are_taken_beside_a_directory_of_posts() {
    let mut listed: Vec<(String, &str)> = Vec::new();
    for n in 1..=9 {
        listed.push((format!("/posts/about-the-boat-{n}"), "2026-01-11"));
    }
    for subject in ["wood", "sails", "oars", "paint"] {
        listed.push((format!("/{subject}/first-look"), "2026-01-11"));
        listed.push((format!("/{subject}/second"), "2026-01-11"));
    }
    listed.push(("/tags/oak".to_owned(), "2026-01-11"));
    listed.push(("/tags/ash".to_owned(), "2026-01-11"));
    let pages: Vec<(&str, &str)> = listed.iter().map(|(path, day)| (path.as_str(), *day)).collect();
    let document = sitemap(&pages);
    let known = ["/wood/first-look", "/wood/second", "/sails/second", "/oars/first-look"];
    assert_eq!(posts(&document, &known).len(), 17);
    assert_eq!(posts(&document, &["/posts/about-the-boat-1"]).len(), 9);
}
