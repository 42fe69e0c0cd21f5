//! Sitemaps over time: nothing is flooded, each page is asked for once, and what moved is asked for conditionally.

use std::io::Write as _;

use chrono::TimeDelta;
use feed_model::{Follow, SourceHealth};
use flate2::{Compression, write::GzEncoder};
use tributary::{clock::Clock as _, poll::Outcome};

use super::stage::{BARE_HOME, Stage, morning, paths, post, sitemap, title_of};
use crate::support::origin::Reply;

async fn followed(posts: &[String], more: &str) -> Stage {
    let stage = Stage::of("/", more).await;
    stage.serve(&[("/", BARE_HOME), ("/sitemap.xml", &sitemap(posts, morning(2026, 10, 30)))]);
    stage.serve_posts(posts);
    stage
}

#[tokio::test]
async fn a_sitemap_of_fifty_thousand_links_floods_nothing() {
    let posts = paths(49_000);
    let stage = Stage::of("/", "").await;
    stage.serve(&[("/", BARE_HOME), ("/sitemap.xml", &sitemap(&posts, morning(2026, 10, 30)))]);
    stage.serve_posts(&posts[..40]);
    let report = stage.poll().await;
    assert_eq!(report.new_entries, 10, "pages_per_poll: {report:?}");
    let mut since = 0;
    assert_eq!(stage.asked(&mut since).len(), 3 + 10);
    for _ in 0..2 {
        stage.visit_backlog(10).await;
    }
    assert_eq!(stage.titles().len(), 30, "backfill");
    assert!(!stage.backlog_waits(), "and no more");
    assert_eq!(stage.titles(), posts[..30].iter().map(|path| title_of(path)).collect::<Vec<_>>(), "in the publisher's order");
    // Every lastmod moves, as with generators that write the time of building: only what was read is looked at again.
    stage.serve(&[("/sitemap.xml", &sitemap(&posts, morning(2026, 11, 2)))]);
    stage.asked(&mut since);
    let mut asked = 0;
    for _ in 0..5 {
        stage.poll_after(3).await;
        asked += stage.asked(&mut since).iter().filter(|path| path.starts_with("/p/")).count();
    }
    assert_eq!(asked, 30);
    assert_eq!(stage.titles().len(), 30);
}

#[tokio::test]
async fn a_new_link_is_one_page_and_stands_on_top() {
    let mut posts = paths(3);
    let stage = followed(&posts, "").await;
    stage.poll().await;
    let mut since = stage.origin.requests().len();
    posts.insert(0, "/p/brand-new-lesson".into());
    stage.serve(&[("/sitemap.xml", &sitemap(&posts, morning(2026, 11, 1)))]);
    // The publisher dates it into the past; it is news all the same.
    stage.serve(&[("/p/brand-new-lesson", &post("Brand New Lesson", Some(morning(2026, 1, 1))))]);
    let report = stage.poll_after(3).await;
    assert_eq!(report.new_entries, 1);
    let asked = stage.asked(&mut since);
    assert_eq!(asked[..2], ["/sitemap.xml", "/p/brand-new-lesson"], "new ones before those that moved: {asked:?}");
    let story = &stage.stories()[0];
    assert_eq!((story.title.as_str(), story.position), ("Brand New Lesson", stage.clock.now()));
}

#[tokio::test]
async fn a_moved_lastmod_asks_for_that_page_conditionally() {
    let posts = paths(2);
    let stage = followed(&posts, "").await;
    let page = |title: &str, tag: &str| {
        Reply::ok(post(title, Some(morning(2026, 10, 30)))).header("Content-Type", "text/html").header("ETag", tag)
    };
    stage.origin.script("/p/lesson-number-1", vec![page("Lesson Number 1", "\"a\"")]);
    stage.poll().await;
    let (before, shown) = (stage.stories(), stage.shown());
    let map = sitemap(&posts, morning(2026, 10, 30));
    let moved = |day: u32| map.replacen("2026-10-30", &format!("2026-11-{day:02}"), 1);

    stage.origin.script("/p/lesson-number-1", vec![Reply::new(304)]);
    stage.serve(&[("/sitemap.xml", &moved(2))]);
    stage.poll_after(24).await;
    let asked = stage.origin.requests_to("/p/lesson-number-1");
    assert_eq!((asked.len(), asked[1].header("if-none-match")), (2, Some("\"a\"")));
    assert_eq!(stage.origin.requests_to("/p/lesson-number-2").len(), 1);
    assert_eq!(stage.shown(), shown);

    // Other bytes, the same words.
    stage.origin.script("/p/lesson-number-1", vec![page("Lesson  number 1!", "\"b\"")]);
    stage.serve(&[("/sitemap.xml", &moved(3))]);
    stage.poll_after(24).await;
    assert_eq!(stage.stories()[0].updated, before[0].updated, "nothing material changed");

    stage.origin.script("/p/lesson-number-1", vec![page("Lesson Number 1, Corrected", "\"c\"")]);
    stage.serve(&[("/sitemap.xml", &moved(4))]);
    let report = stage.poll_after(24).await;
    assert_eq!((report.new_entries, report.updated_entries), (0, 1));
    let after = &stage.stories()[0];
    assert_eq!((after.title.as_str(), after.updated), ("Lesson Number 1, Corrected", stage.clock.now()));
    assert_eq!((&after.published_id, after.position), (&before[0].published_id, before[0].position));
}

#[tokio::test]
async fn what_vanishes_stays_and_what_reappears_is_not_new() {
    let posts = paths(3);
    let stage = followed(&posts, "").await;
    stage.poll().await;
    let before = stage.stories();
    for listed in [&posts[1..], &posts[..]] {
        stage.serve(&[("/sitemap.xml", &sitemap(listed, morning(2026, 10, 30)))]);
        assert_eq!(stage.poll_after(3).await.new_entries, 0);
        assert_eq!(stage.titles(), before.iter().map(|s| s.title.clone()).collect::<Vec<_>>());
    }
    assert_eq!(stage.origin.requests_to("/p/lesson-number-1").len(), 1);
}

#[tokio::test]
async fn a_sitemap_that_lists_no_posts_any_more_is_a_problem_and_not_an_empty_feed() {
    let posts = paths(3);
    let stage = followed(&posts, "").await;
    stage.poll().await;
    stage.serve(&[("/sitemap.xml", &sitemap(&[], morning(2026, 10, 30)))]);
    for _ in 0..2 {
        let report = stage.poll_after(12).await;
        assert_eq!(report.outcome, Outcome::Failed);
        assert!(report.error.as_deref().unwrap().contains("no posts"), "{report:?}");
        assert_eq!((stage.state().health, stage.titles().len()), (SourceHealth::Failing, 3));
    }
}

#[tokio::test]
async fn an_index_of_sitemaps_is_read_one_level_deep_and_again_though_it_does_not_change() {
    let stage = Stage::of("/", "").await;
    let mut posts = paths(2);
    let mut gz = GzEncoder::new(Vec::new(), Compression::default());
    let packed = sitemap(&posts, morning(2026, 10, 30)).replace("ORIGIN", stage.origin.url("").as_str().trim_end_matches('/'));
    gz.write_all(packed.as_bytes()).unwrap();
    stage.origin.script("/posts.xml.gz", vec![Reply::ok(gz.finish().unwrap()).header("Content-Type", "application/gzip")]);
    stage.serve(&[
        ("/", BARE_HOME),
        (
            "/sitemap.xml",
            "<sitemapindex><sitemap><loc>ORIGIN/posts.xml.gz</loc></sitemap><sitemap><loc>ORIGIN/rest.xml</loc></sitemap></sitemapindex>",
        ),
        ("/rest.xml", "<urlset><url><loc>ORIGIN/pricing</loc></url><url><loc>ORIGIN/about</loc></url></urlset>"),
    ]);
    stage.serve_posts(&posts);
    assert_eq!(stage.poll().await.new_entries, 2, "{:?}", stage.state().problems);
    let mut since = 0;
    let asked = stage.asked(&mut since);
    assert_eq!(asked[..5], ["/robots.txt", "/", "/sitemap.xml", "/posts.xml.gz", "/rest.xml"]);
    assert_eq!(asked.len(), 7);
    // The index has the same bytes, one of its parts has a new post, the other a page that is none.
    posts.insert(0, "/p/brand-new-lesson".into());
    stage.serve(&[
        ("/posts.xml.gz", &sitemap(&posts, morning(2026, 11, 1))),
        ("/rest.xml", "<urlset><url><loc>ORIGIN/our-new-pricing-page</loc></url></urlset>"),
        ("/p/brand-new-lesson", &post("Brand New Lesson", None)),
    ]);
    let report = stage.poll_after(3).await;
    assert_eq!(report.new_entries, 1, "{:?}", stage.asked(&mut since));
    assert_eq!(stage.titles()[0], "Brand New Lesson");
    // Now only the other part changes.
    stage.origin.script("/posts.xml.gz", vec![Reply::new(304)]);
    stage.serve(&[("/rest.xml", "<urlset><url><loc>ORIGIN/our-newest-pricing-page</loc></url></urlset>")]);
    assert_eq!(stage.poll_after(3).await.new_entries, 0);
    assert_eq!(stage.titles().len(), 3, "{:?}", stage.titles());
}

#[tokio::test]
async fn a_part_that_could_not_be_read_at_first_is_no_news_later() {
    let stage = Stage::of("/", "backfill = 3\n").await;
    let (here, late) = (paths(2), (100..140).map(|i| format!("/p/early-lesson-{i}")).collect::<Vec<_>>());
    stage.serve(&[
        ("/", BARE_HOME),
        (
            "/sitemap.xml",
            "<sitemapindex><sitemap><loc>ORIGIN/a.xml</loc></sitemap><sitemap><loc>ORIGIN/b.xml</loc></sitemap></sitemapindex>",
        ),
        ("/a.xml", &sitemap(&here, morning(2026, 10, 30))),
    ]);
    stage.serve_posts(&here);
    stage.origin.script("/b.xml", vec![Reply::new(500)]);
    stage.poll().await;
    stage.serve(&[("/b.xml", &sitemap(&late, morning(2025, 10, 30)))]);
    for path in &late {
        stage.serve(&[(path, &post(&title_of(path), Some(morning(2025, 10, 30))))]);
    }
    for _ in 0..3 {
        stage.poll_after(3).await;
    }
    assert_eq!(stage.titles(), ["Lesson Number 1", "Lesson Number 2", "Early Lesson 100"]);
}

#[tokio::test]
async fn news_titles_stand_in_for_a_page_without_one_and_a_page_without_any_is_left_out() {
    let stage = Stage::of("/sitemap.xml", "").await;
    stage.serve(&[(
        "/sitemap.xml",
        "<urlset xmlns:news=\"http://www.google.com/schemas/sitemap-news/0.9\"><url><loc>ORIGIN/p/lesson-number-1</loc><news:news>\
         <news:publication_date>2026-10-30</news:publication_date><news:title>What They Called It</news:title></news:news></url>\
         <url><loc>ORIGIN/p/lesson-number-2</loc></url></urlset>",
    )]);
    stage.serve(&[("/p/lesson-number-1", "<html><body></body></html>"), ("/p/lesson-number-2", "<html><body></body></html>")]);
    stage.poll().await;
    assert_eq!(stage.titles(), ["What They Called It"]);
    assert_eq!(stage.stories()[0].published, Some(morning(2026, 10, 30) - TimeDelta::hours(9)));
    assert!(stage.state().problems.iter().any(|p| p.text.contains("no title")), "{:?}", stage.state().problems);
    for _ in 0..10 {
        stage.poll_after(12).await;
    }
    assert_eq!(stage.origin.requests_to("/p/lesson-number-2").len(), 5, "and is given up");
    assert_eq!(stage.state().home_page_url, Some(stage.origin.url("/").to_string()));
}

#[tokio::test]
async fn patterns_decide_where_they_are_given() {
    let stage = Stage::of("/", "[source.sitemap]\ninclude = [\"/notes/\"]\nexclude = [\"draft\"]\n").await;
    let listed = ["/p/lesson-number-1", "/notes/one-short-note", "/notes/draft-of-a-note"].map(String::from);
    stage.serve(&[("/", BARE_HOME), ("/sitemap.xml", &sitemap(&listed, morning(2026, 10, 30)))]);
    stage.serve_posts(&listed);
    stage.poll().await;
    assert_eq!(stage.titles(), ["One Short Note"]);
    assert_eq!(stage.follow().0, Follow::Sitemap);
}

#[tokio::test]
async fn undated_posts_keep_the_publishers_order_whenever_their_pages_are_read() {
    let stage = Stage::of("/", "pages_per_poll = 2\n").await;
    let posts = paths(6);
    let map = format!(
        "<urlset>{}</urlset>",
        posts.iter().map(|path| format!("<url><loc>ORIGIN{path}</loc></url>")).collect::<Vec<_>>().concat()
    );
    stage.serve(&[("/", BARE_HOME), ("/sitemap.xml", &map)]);
    for path in &posts {
        stage.serve(&[(path, &post(&title_of(path), None))]);
    }
    stage.poll().await;
    assert_eq!(stage.titles().len(), 2);
    // The daemon goes on a page at a time; then `poll` does, by at most pages_per_poll.
    stage.clock.advance(TimeDelta::seconds(10));
    stage.visit_backlog(1).await;
    stage.poll_after(1).await;
    assert_eq!(stage.titles().len(), 5);
    stage.poll_after(1).await;
    assert_eq!(stage.titles(), posts.iter().map(|path| title_of(path)).collect::<Vec<_>>());
}

#[tokio::test]
async fn parts_that_are_called_after_pages_and_tags_are_not_asked_for() {
    let stage = Stage::of("/", "").await;
    let posts = paths(2);
    let part = |name: &str| format!("<sitemap><loc>ORIGIN/{name}-sitemap.xml</loc></sitemap>");
    let index: String = ["page", "category", "post", "post_tag", "author"].map(part).concat();
    stage.serve(&[
        ("/", BARE_HOME),
        ("/sitemap.xml", &format!("<sitemapindex>{index}</sitemapindex>")),
        ("/post-sitemap.xml", &sitemap(&posts, morning(2026, 10, 30))),
    ]);
    stage.serve_posts(&posts);
    assert_eq!(stage.poll().await.new_entries, 2, "{:?}", stage.state().problems);
    let mut since = 0;
    assert_eq!(stage.asked(&mut since)[..4], ["/robots.txt", "/", "/sitemap.xml", "/post-sitemap.xml"]);
    assert_eq!(stage.asked(&mut 0).len(), 6);
}
