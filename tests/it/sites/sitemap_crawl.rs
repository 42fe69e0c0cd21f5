//! Sitemaps over time: nothing is flooded, each page is asked for once, and what moved is asked for
//! conditionally.

use std::io::Write as _;

use chrono::TimeDelta;
use feed_model::PollOutcome;
use feed_model::{FollowMode, SourceHealth};
use flate2::{Compression, write::GzEncoder};
use tributary::clock::Clock as _;

use crate::support::{
    installation::Installation,
    origin::Reply,
    sites::{EMPTY_HOME_PAGE, post_page, post_paths, sitemap, title_of},
    time::morning,
};

fn harness_with_sitemap(posts: &[String], more: &str) -> Installation {
    let harness = Installation::following_site("/", more);
    harness.origin.script_pages(&[
        ("/", EMPTY_HOME_PAGE),
        ("/sitemap.xml", &sitemap(posts, morning(2026, 10, 30))),
    ]);
    harness.origin.script_posts(posts);
    harness
}

#[tokio::test]
async fn a_sitemap_of_fifty_thousand_links_is_limited_by_pages_per_poll_and_backfill() {
    let posts = post_paths(49_000);
    let harness = Installation::following_site("/", "");
    harness.origin.script_pages(&[
        ("/", EMPTY_HOME_PAGE),
        ("/sitemap.xml", &sitemap(&posts, morning(2026, 10, 30))),
    ]);
    harness.origin.script_posts(&posts[..40]);
    let report = harness.poll("site").await;
    assert_eq!(report.new_entries, 10, "pages_per_poll: {report:?}");
    let mut since = 0;
    assert_eq!(harness.requested_paths(&mut since).len(), 3 + 10);
    for _ in 0..2 {
        harness.backfill(10).await;
    }
    assert_eq!(harness.titles().len(), 30, "backfill");
    assert!(!harness.has_due_backfill(), "and no more");
    assert_eq!(
        harness.titles(),
        posts[..30].iter().map(|path| title_of(path)).collect::<Vec<_>>(),
        "in the publisher's order"
    );
    // Every lastmod moves, as with generators that write the time of building: only what was read
    // is looked at again.
    harness.origin.script_pages(&[("/sitemap.xml", &sitemap(&posts, morning(2026, 11, 2)))]);
    harness.requested_paths(&mut since);
    let mut asked = 0;
    for _ in 0..5 {
        harness.poll_after_hours("site", 3).await;
        asked += harness
            .requested_paths(&mut since)
            .iter()
            .filter(|path| path.starts_with("/p/"))
            .count();
    }
    assert_eq!(asked, 30);
    assert_eq!(harness.titles().len(), 30);
}

#[tokio::test]
async fn a_new_sitemap_link_is_fetched_once_and_gets_the_newest_position() {
    let mut posts = post_paths(3);
    let harness = harness_with_sitemap(&posts, "");
    harness.poll("site").await;
    let mut since = harness.origin.requests().len();
    posts.insert(0, "/p/brand-new-lesson".into());
    harness.origin.script_pages(&[("/sitemap.xml", &sitemap(&posts, morning(2026, 11, 1)))]);
    // The publisher dates it into the past; it is news all the same.
    harness.origin.script_pages(&[(
        "/p/brand-new-lesson",
        &post_page("Brand New Lesson", Some(morning(2026, 1, 1))),
    )]);
    let report = harness.poll_after_hours("site", 3).await;
    assert_eq!(report.new_entries, 1);
    let asked = harness.requested_paths(&mut since);
    assert_eq!(
        asked[..2],
        ["/sitemap.xml", "/p/brand-new-lesson"],
        "new ones before those that moved: {asked:?}"
    );
    let story = &harness.stored_stories()[0];
    assert_eq!((story.title.as_str(), story.position), ("Brand New Lesson", harness.clock.now()));
}

#[tokio::test]
async fn a_changed_lastmod_requests_that_page_conditionally() {
    let posts = post_paths(2);
    let harness = harness_with_sitemap(&posts, "");
    let page = |title: &str, tag: &str| {
        Reply::ok(post_page(title, Some(morning(2026, 10, 30))))
            .header("Content-Type", "text/html")
            .header("ETag", tag)
    };
    harness.origin.script("/p/lesson-number-1", vec![page("Lesson Number 1", "\"a\"")]);
    harness.poll("site").await;
    let (before, shown) = (harness.stored_stories(), harness.story_lines());
    let map = sitemap(&posts, morning(2026, 10, 30));
    let moved = |day: u32| map.replacen("2026-10-30", &format!("2026-11-{day:02}"), 1);

    harness.origin.script("/p/lesson-number-1", vec![Reply::new(304)]);
    harness.origin.script_pages(&[("/sitemap.xml", &moved(2))]);
    harness.poll_after_hours("site", 24).await;
    let asked = harness.origin.requests_to("/p/lesson-number-1");
    assert_eq!((asked.len(), asked[1].header("if-none-match")), (2, Some("\"a\"")));
    assert_eq!(harness.origin.requests_to("/p/lesson-number-2").len(), 1);
    assert_eq!(harness.story_lines(), shown);

    // Other bytes, the same words.
    harness.origin.script("/p/lesson-number-1", vec![page("Lesson  number 1!", "\"b\"")]);
    harness.origin.script_pages(&[("/sitemap.xml", &moved(3))]);
    harness.poll_after_hours("site", 24).await;
    assert_eq!(harness.stored_stories()[0].updated, before[0].updated, "nothing material changed");

    harness.origin.script("/p/lesson-number-1", vec![page("Lesson Number 1, Corrected", "\"c\"")]);
    harness.origin.script_pages(&[("/sitemap.xml", &moved(4))]);
    let report = harness.poll_after_hours("site", 24).await;
    assert_eq!((report.new_entries, report.updated_entries), (0, 1));
    let after = &harness.stored_stories()[0];
    assert_eq!(
        (after.title.as_str(), after.updated),
        ("Lesson Number 1, Corrected", harness.clock.now())
    );
    assert_eq!(
        (&after.published_id, after.position),
        (&before[0].published_id, before[0].position)
    );
}

#[tokio::test]
async fn a_link_that_leaves_the_sitemap_keeps_its_entry_and_is_not_new_on_return() {
    let posts = post_paths(3);
    let harness = harness_with_sitemap(&posts, "");
    harness.poll("site").await;
    let before = harness.stored_stories();
    for listed in [&posts[1..], &posts[..]] {
        harness.origin.script_pages(&[("/sitemap.xml", &sitemap(listed, morning(2026, 10, 30)))]);
        assert_eq!(harness.poll_after_hours("site", 3).await.new_entries, 0);
        assert_eq!(harness.titles(), before.iter().map(|s| s.title.clone()).collect::<Vec<_>>());
    }
    assert_eq!(harness.origin.requests_to("/p/lesson-number-1").len(), 1);
}

#[tokio::test]
async fn a_sitemap_that_lost_its_posts_is_a_failure_and_keeps_the_entries() {
    let posts = post_paths(3);
    let harness = harness_with_sitemap(&posts, "");
    harness.poll("site").await;
    harness.origin.script_pages(&[("/sitemap.xml", &sitemap(&[], morning(2026, 10, 30)))]);
    for _ in 0..2 {
        let report = harness.poll_after_hours("site", 12).await;
        assert_eq!(report.outcome, PollOutcome::Failed);
        assert!(report.error.as_deref().unwrap().contains("no posts"), "{report:?}");
        assert_eq!(
            (harness.source_state("site").health, harness.titles().len()),
            (SourceHealth::Failing, 3)
        );
    }
}

#[tokio::test]
async fn sitemap_index_parts_are_read_one_level_deep_even_if_the_index_is_unchanged() {
    let harness = Installation::following_site("/", "");
    let mut posts = post_paths(2);
    let mut gz = GzEncoder::new(Vec::new(), Compression::default());
    let packed = sitemap(&posts, morning(2026, 10, 30))
        .replace("ORIGIN", harness.origin.url("").as_str().trim_end_matches('/'));
    gz.write_all(packed.as_bytes()).unwrap();
    harness.origin.script(
        "/posts.xml.gz",
        vec![Reply::ok(gz.finish().unwrap()).header("Content-Type", "application/gzip")],
    );
    harness.origin.script_pages(&[
        ("/", EMPTY_HOME_PAGE),
        (
            "/sitemap.xml",
            "<sitemapindex><sitemap><loc>ORIGIN/posts.xml.gz</loc></sitemap><sitemap>\
             <loc>ORIGIN/rest.xml</loc></sitemap></sitemapindex>",
        ),
        (
            "/rest.xml",
            "<urlset><url><loc>ORIGIN/pricing</loc></url><url><loc>ORIGIN/about</loc>\
            </url></urlset>",
        ),
    ]);
    harness.origin.script_posts(&posts);
    assert_eq!(
        harness.poll("site").await.new_entries,
        2,
        "{:?}",
        harness.source_state("site").problems
    );
    let mut since = 0;
    let asked = harness.requested_paths(&mut since);
    assert_eq!(asked[..5], ["/robots.txt", "/", "/sitemap.xml", "/posts.xml.gz", "/rest.xml"]);
    assert_eq!(asked.len(), 7);
    // The index has the same bytes, one of its parts has a new post, the other a page that is none.
    posts.insert(0, "/p/brand-new-lesson".into());
    harness.origin.script_pages(&[
        ("/posts.xml.gz", &sitemap(&posts, morning(2026, 11, 1))),
        ("/rest.xml", "<urlset><url><loc>ORIGIN/our-new-pricing-page</loc></url></urlset>"),
        ("/p/brand-new-lesson", &post_page("Brand New Lesson", None)),
    ]);
    let report = harness.poll_after_hours("site", 3).await;
    assert_eq!(report.new_entries, 1, "{:?}", harness.requested_paths(&mut since));
    assert_eq!(harness.titles()[0], "Brand New Lesson");
    // Now only the other part changes.
    harness.origin.script("/posts.xml.gz", vec![Reply::new(304)]);
    harness.origin.script_pages(&[(
        "/rest.xml",
        "<urlset><url><loc>ORIGIN/our-newest-pricing-page</loc></url></urlset>",
    )]);
    assert_eq!(harness.poll_after_hours("site", 3).await.new_entries, 0);
    assert_eq!(harness.titles().len(), 3, "{:?}", harness.titles());
}

#[tokio::test]
async fn a_sitemap_part_that_failed_on_import_is_not_announced_later() {
    let harness = Installation::following_site("/", "backfill = 3\n");
    let (here, late) =
        (post_paths(2), (100..140).map(|i| format!("/p/early-lesson-{i}")).collect::<Vec<_>>());
    harness.origin.script_pages(&[
        ("/", EMPTY_HOME_PAGE),
        (
            "/sitemap.xml",
            "<sitemapindex><sitemap><loc>ORIGIN/a.xml</loc></sitemap><sitemap><loc>ORIGIN/b.xml\
             </loc></sitemap></sitemapindex>",
        ),
        ("/a.xml", &sitemap(&here, morning(2026, 10, 30))),
    ]);
    harness.origin.script_posts(&here);
    harness.origin.script("/b.xml", vec![Reply::new(500)]);
    harness.poll("site").await;
    harness.origin.script_pages(&[("/b.xml", &sitemap(&late, morning(2025, 10, 30)))]);
    for path in &late {
        harness
            .origin
            .script_pages(&[(path, &post_page(&title_of(path), Some(morning(2025, 10, 30))))]);
    }
    for _ in 0..3 {
        harness.poll_after_hours("site", 3).await;
    }
    assert_eq!(harness.titles(), ["Lesson Number 1", "Lesson Number 2", "Early Lesson 100"]);
}

#[tokio::test]
async fn sitemap_news_titles_replace_missing_page_titles_and_untitled_pages_are_skipped() {
    let harness = Installation::following_site("/sitemap.xml", "");
    harness.origin.script_pages(&[(
        "/sitemap.xml",
        "<urlset xmlns:news=\"http://www.google.com/schemas/sitemap-news/0.9\"><url>\
         <loc>ORIGIN/p/lesson-number-1</loc><news:news><news:publication_date>2026-10-30\
         </news:publication_date><news:title>What They Called It</news:title></news:news></url>\
         <url><loc>ORIGIN/p/lesson-number-2</loc></url></urlset>",
    )]);
    harness.origin.script_pages(&[
        ("/p/lesson-number-1", "<html><body></body></html>"),
        ("/p/lesson-number-2", "<html><body></body></html>"),
    ]);
    harness.poll("site").await;
    assert_eq!(harness.titles(), ["What They Called It"]);
    assert_eq!(
        harness.stored_stories()[0].published,
        Some(morning(2026, 10, 30) - TimeDelta::hours(9))
    );
    assert!(
        harness.source_state("site").problems.iter().any(|p| p.text.contains("no title")),
        "{:?}",
        harness.source_state("site").problems
    );
    for _ in 0..10 {
        harness.poll_after_hours("site", 12).await;
    }
    assert_eq!(harness.origin.requests_to("/p/lesson-number-2").len(), 5, "and is given up");
    assert_eq!(
        harness.source_state("site").home_page_url,
        Some(harness.origin.url("/").to_string())
    );
}

#[tokio::test]
async fn include_and_exclude_patterns_select_the_posts() {
    let harness = Installation::following_site(
        "/",
        "[source.sitemap]\ninclude = [\"/notes/\"]\nexclude = [\"draft\"]\n",
    );
    let listed =
        ["/p/lesson-number-1", "/notes/one-short-note", "/notes/draft-of-a-note"].map(String::from);
    harness.origin.script_pages(&[
        ("/", EMPTY_HOME_PAGE),
        ("/sitemap.xml", &sitemap(&listed, morning(2026, 10, 30))),
    ]);
    harness.origin.script_posts(&listed);
    harness.poll("site").await;
    assert_eq!(harness.titles(), ["One Short Note"]);
    assert_eq!(harness.follow_mode_and_reason("site").0, FollowMode::Sitemap);
}

#[tokio::test]
async fn undated_posts_keep_the_sitemap_order_whenever_their_pages_are_read() {
    let harness = Installation::following_site("/", "pages_per_poll = 2\n");
    let posts = post_paths(6);
    let map = format!(
        "<urlset>{}</urlset>",
        posts
            .iter()
            .map(|path| format!("<url><loc>ORIGIN{path}</loc></url>"))
            .collect::<Vec<_>>()
            .concat()
    );
    harness.origin.script_pages(&[("/", EMPTY_HOME_PAGE), ("/sitemap.xml", &map)]);
    for path in &posts {
        harness.origin.script_pages(&[(path, &post_page(&title_of(path), None))]);
    }
    harness.poll("site").await;
    assert_eq!(harness.titles().len(), 2);
    // The daemon goes on a page at a time; then `poll` does, by at most pages_per_poll.
    harness.clock.advance(TimeDelta::seconds(10));
    harness.backfill(1).await;
    harness.poll_after_hours("site", 1).await;
    assert_eq!(harness.titles().len(), 5);
    harness.poll_after_hours("site", 1).await;
    assert_eq!(harness.titles(), posts.iter().map(|path| title_of(path)).collect::<Vec<_>>());
}

#[tokio::test]
async fn page_and_tag_sitemap_parts_are_not_requested() {
    let harness = Installation::following_site("/", "");
    let posts = post_paths(2);
    let part = |name: &str| format!("<sitemap><loc>ORIGIN/{name}-sitemap.xml</loc></sitemap>");
    let index: String = ["page", "category", "post", "post_tag", "author"].map(part).concat();
    harness.origin.script_pages(&[
        ("/", EMPTY_HOME_PAGE),
        ("/sitemap.xml", &format!("<sitemapindex>{index}</sitemapindex>")),
        ("/post-sitemap.xml", &sitemap(&posts, morning(2026, 10, 30))),
    ]);
    harness.origin.script_posts(&posts);
    assert_eq!(
        harness.poll("site").await.new_entries,
        2,
        "{:?}",
        harness.source_state("site").problems
    );
    let mut since = 0;
    assert_eq!(
        harness.requested_paths(&mut since)[..4],
        ["/robots.txt", "/", "/sitemap.xml", "/post-sitemap.xml"]
    );
    assert_eq!(harness.requested_paths(&mut 0).len(), 6);
}

#[tokio::test]
async fn a_text_that_three_pages_share_is_no_summary_and_a_shared_title_is_none() {
    let harness = Installation::following_site("/", "");
    let posts = post_paths(4);
    harness.origin.script_pages(&[
        ("/", EMPTY_HOME_PAGE),
        ("/sitemap.xml", &sitemap(&posts, morning(2026, 10, 30))),
    ]);
    for (n, path) in posts.iter().enumerate() {
        let page = format!(
            "<html><head><title>Anna Boat</title></head><body><article><time \
             datetime=2026-10-0{}>day</time><p>Guests write here about boats and the water \
             every week.</p><p>The note of {} is long enough to be a summary of its \
             own.</p></article></body></html>",
            n + 1,
            title_of(path)
        );
        harness.origin.script_pages(&[(path, &page)]);
    }
    harness.poll("site").await;
    let stories = harness.stored_stories();
    assert_eq!(stories.len(), 4);
    for story in stories {
        assert!(story.summary_text.starts_with("The note of"), "{}", story.summary_text);
        assert_eq!(story.title, "", "a note, whose title feeds make of its text");
    }
}
