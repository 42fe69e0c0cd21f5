//! Finding out how a site is followed: each kind of site, with every request counted.

use chrono::TimeDelta;
use feed_model::{Follow, SourceHealth};
use tributary::poll::Outcome;

use super::stage::{BARE_HOME, Stage, morning, paths, sitemap, title_of};
use crate::support::origin::{Origin, Reply};

const FEED: &str = r#"<?xml version="1.0"?><rss version="2.0"><channel><title>Two Minute Systems</title><link>ORIGIN/</link>
<item><title>Lesson Number 1</title><link>ORIGIN/p/lesson-number-1</link><guid isPermaLink="false">a1</guid><pubDate>Fri, 30 Oct 2026 09:00:00 GMT</pubDate><description>One.</description></item>
<item><title>Lesson Number 0</title><link>ORIGIN/p/lesson-number-0</link><guid isPermaLink="false">a0</guid><pubDate>Fri, 02 Oct 2026 09:00:00 GMT</pubDate><description>Nought.</description></item>
</channel></rss>"#;

const HOME_WITH_FEED: &str = r#"<!DOCTYPE html><html><head><title>Two Minute Systems</title>
<link rel="alternate" type="application/rss+xml" href="/comments/feed" title="Comments feed">
<link rel="alternate" type="application/rss+xml" href="/feeds/abc.xml"></head><body></body></html>"#;

fn fixture(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/fixtures/sites/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn answer(status: u16, html: &str) -> Reply {
    Reply::raw(format!("HTTP/1.1 {status} X\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{html}", html.len()))
}

#[tokio::test]
async fn the_feed_that_the_head_names_is_followed_and_nothing_is_probed() {
    let stage = Stage::of("/", "").await;
    stage.serve(&[("/", HOME_WITH_FEED), ("/feeds/abc.xml", FEED)]);
    let report = stage.poll().await;
    assert_eq!((report.outcome, report.new_entries), (Outcome::Changed, 2), "{report:?}");
    let mut since = 0;
    assert_eq!(stage.asked(&mut since), ["/robots.txt", "/", "/feeds/abc.xml"]);
    let (follow, because) = stage.follow();
    assert_eq!(follow, Follow::Feed);
    assert!(because.contains("head"), "{because}");
    assert_eq!(stage.state().feed_url, Some(stage.origin.url("/feeds/abc.xml").to_string()));
    stage.poll_after(3).await;
    assert_eq!(stage.asked(&mut since), ["/feeds/abc.xml"]);
}

#[tokio::test]
async fn a_feed_of_the_link_header_and_a_visible_one_are_found() {
    let stage = Stage::of("/", "").await;
    stage.serve(&[("/f/a.xml", FEED)]);
    stage.origin.script(
        "/",
        vec![
            Reply::ok(BARE_HOME)
                .header("Content-Type", "text/html")
                .header("Link", "</f/a.xml>; rel=\"alternate\"; type=\"application/rss+xml\""),
        ],
    );
    stage.poll().await;
    assert_eq!(stage.follow().0, Follow::Feed);
    assert!(stage.follow().1.contains("Link header"), "{}", stage.follow().1);

    let stage = Stage::of("/", "").await;
    stage.serve(&[("/", "<html><body><p>Hello.</p><a href=/rss.xml>RSS</a></body></html>"), ("/rss.xml", FEED)]);
    stage.poll().await;
    assert_eq!(stage.follow().0, Follow::Feed);
    assert!(stage.follow().1.contains("visible link"), "{}", stage.follow().1);
}

#[tokio::test]
async fn a_site_with_only_a_sitemap_is_followed_by_it_with_exactly_the_requests_that_it_takes() {
    let stage = Stage::of("/", "").await;
    let posts = paths(3);
    stage.serve(&[("/", BARE_HOME), ("/sitemap.xml", &sitemap(&posts, morning(2026, 10, 30)))]);
    stage.serve_posts(&posts);
    let report = stage.poll().await;
    assert_eq!(report.new_entries, 3, "{report:?}");
    let mut since = 0;
    assert_eq!(
        stage.asked(&mut since),
        ["/robots.txt", "/", "/sitemap.xml", "/p/lesson-number-1", "/p/lesson-number-2", "/p/lesson-number-3"]
    );
    assert_eq!(stage.follow().0, Follow::Sitemap);
    assert!(stage.follow().1.contains("/p/"), "the reason names the shape: {}", stage.follow().1);
    assert_eq!(stage.state().title, "Two Minute Systems");
    assert_eq!(stage.titles(), ["Lesson Number 1", "Lesson Number 2", "Lesson Number 3"]);
    let story = &stage.stories()[0];
    assert_eq!(story.published, Some(morning(2026, 10, 30)));
    assert!(story.summary_text.contains("must not stop"), "{}", story.summary_text);
}

#[tokio::test]
async fn the_sitemap_that_robots_txt_names_is_asked_and_no_other() {
    let stage = Stage::of("/", "").await;
    let posts = paths(1);
    // Everything but the posts is closed to all; what the file itself names may be asked.
    stage.serve(&[
        ("/", BARE_HOME),
        ("/robots.txt", "User-agent: *\nDisallow: /maps/\n\nSitemap: ORIGIN/maps/posts.xml\n"),
        ("/maps/posts.xml", &sitemap(&posts, morning(2026, 10, 30))),
    ]);
    stage.serve_posts(&posts);
    stage.poll().await;
    let mut since = 0;
    assert_eq!(stage.asked(&mut since), ["/robots.txt", "/", "/maps/posts.xml", "/p/lesson-number-1"]);
    assert!(stage.follow().1.contains("robots.txt names"), "{}", stage.follow().1);
    assert_eq!(stage.poll_after(3).await.outcome, Outcome::Unchanged);
    assert_eq!(stage.asked(&mut since), ["/maps/posts.xml"]);
}

#[tokio::test]
async fn a_site_with_only_embedded_data_is_followed_by_its_page() {
    let stage = Stage::of("/", "").await;
    stage.serve(&[("/", &fixture("beehiiv-json/home.html").replace("https://www.bits.example", "ORIGIN"))]);
    let report = stage.poll().await;
    assert_eq!(report.new_entries, 2, "{report:?}");
    assert_eq!(stage.follow().0, Follow::Page);
    assert_eq!(stage.titles(), ["Caches That Remember Too Much", "A Field Guide to Vector Indexes"]);
    let mut since = 0;
    let asked = stage.asked(&mut since);
    assert_eq!(asked[..3], ["/robots.txt", "/", "/sitemap.xml"], "and nothing is guessed beside: {asked:?}");
    assert!(asked[3..].iter().all(|path| path.starts_with("/p/")), "{asked:?}");
}

#[tokio::test]
async fn a_challenge_is_never_an_entry_and_backs_off() {
    for status in [403, 200] {
        let stage = Stage::of("/", "interval = \"3h\"\n").await;
        let posts = paths(1);
        stage.serve(&[("/", BARE_HOME), ("/sitemap.xml", &sitemap(&posts, morning(2026, 10, 30)))]);
        stage.serve_posts(&posts);
        stage.poll().await;
        let before = stage.shown();
        let challenge = answer(status, &fixture("challenge/page.html"));
        for path in ["/", "/robots.txt", "/sitemap.xml", "/p/lesson-number-1"] {
            stage.origin.script(path, vec![challenge.clone()]);
        }
        let report = stage.poll_after(3).await;
        assert_eq!(report.outcome, Outcome::Challenge, "{status}: {report:?}");
        let state = stage.state();
        assert!(state.last_error.as_deref().unwrap().starts_with("not reachable: challenge"), "{:?}", state.last_error);
        assert_eq!(state.health, SourceHealth::Failing);
        let first = state.next_poll.unwrap() - state.last_attempt.unwrap();
        stage.poll_after(12).await;
        let state = stage.state();
        assert!(state.next_poll.unwrap() - state.last_attempt.unwrap() > first, "it backs off");
        assert_eq!(stage.shown(), before, "{status}: what is there stays");
        assert!(!stage.backlog_waits());
    }
}

#[tokio::test]
async fn a_new_site_behind_a_challenge_is_asked_twice_and_has_no_entries() {
    let stage = Stage::of("/", "").await;
    let challenge = Reply::ok(fixture("challenge/page.html")).header("Content-Type", "text/html");
    stage.origin.script("/", vec![challenge]);
    let report = stage.poll().await;
    assert_eq!((report.outcome, report.new_entries), (Outcome::Challenge, 0));
    assert_eq!(stage.asked(&mut 0), ["/robots.txt", "/"]);
    assert_eq!(stage.follow().0, Follow::Auto);
}

#[tokio::test]
async fn after_thirty_days_a_feed_that_appeared_is_adopted_and_announces_nothing() {
    let stage = Stage::of("/", "").await;
    let posts = paths(2);
    stage.serve(&[("/", BARE_HOME), ("/sitemap.xml", &sitemap(&posts, morning(2026, 10, 30)))]);
    stage.serve_posts(&posts);
    stage.poll().await;
    let before = stage.stories();
    stage.serve(&[("/", HOME_WITH_FEED), ("/feeds/abc.xml", FEED)]);
    let mut since = stage.origin.requests().len();
    stage.poll_after(29 * 24).await;
    assert!(!stage.asked(&mut since).contains(&"/".to_owned()), "not before its time");
    stage.poll_after(2 * 24).await;
    let asked = stage.asked(&mut since);
    assert!(asked.contains(&"/feeds/abc.xml".to_owned()), "{asked:?}");
    assert_eq!(stage.follow().0, Follow::Feed);
    let after = stage.stories();
    let ids = |stories: &[feed_model::Story]| stories.iter().map(|s| s.published_id.clone()).collect::<Vec<_>>();
    assert_eq!(after.len(), 3, "the feed's older post is there as well: {:?}", stage.titles());
    assert_eq!(ids(&after)[..2], ids(&before)[..], "the same stories under the same ids, on top as before");
    assert_eq!(after[2].title, "Lesson Number 0", "an older post comes where its date puts it");
}

#[tokio::test]
async fn a_feed_that_shares_no_post_is_not_adopted_and_not_asked_again_for_thirty_days() {
    let stage = Stage::of("/", "").await;
    let posts = paths(1);
    stage.serve(&[("/", BARE_HOME), ("/sitemap.xml", &sitemap(&posts, morning(2026, 10, 30)))]);
    stage.serve_posts(&posts);
    stage.poll().await;
    stage.serve(&[("/", HOME_WITH_FEED), ("/feeds/abc.xml", &FEED.replace("lesson-number", "podcast-episode"))]);
    stage.poll_after(31 * 24).await;
    assert_eq!(stage.follow().0, Follow::Sitemap);
    let mut since = stage.origin.requests().len();
    stage.poll_after(3).await;
    assert_eq!(stage.asked(&mut since), ["/sitemap.xml"]);
}

#[tokio::test]
async fn a_page_that_lists_its_posts_is_reviewed_with_the_answer_of_the_poll_itself() {
    let stage = Stage::of("/", "").await;
    let list = |head: &str| {
        let items: Vec<String> = (1..=4)
            .map(|i| format!("<article><h2><a href=/p/lesson-number-{i}>Lesson Number {i}</a></h2><time>2026-10-{:02}</time><p>What it teaches.</p></article>", 30 - i))
            .collect();
        format!("<html><head><title>Lessons</title>{head}</head><body><main>{}</main></body></html>", items.concat())
    };
    stage.serve(&[("/", &list(""))]);
    stage.poll().await;
    assert_eq!((stage.follow().0, stage.titles().len()), (Follow::Page, 4), "{:?}", stage.titles());
    stage.serve(&[("/", &list("<link rel=alternate type=application/atom+xml href=/feeds/abc.xml>")), ("/feeds/abc.xml", FEED)]);
    let mut since = stage.origin.requests().len();
    stage.poll_after(31 * 24).await;
    assert_eq!(stage.asked(&mut since), ["/robots.txt", "/", "/feeds/abc.xml"]);
    assert_eq!(stage.follow().0, Follow::Feed);
}

#[tokio::test]
async fn it_is_found_out_again_after_three_failures() {
    let stage = Stage::of("/", "").await;
    // The home page gives a tag: looking again must not be answered with "not modified".
    let home = Reply::ok(HOME_WITH_FEED).header("Content-Type", "text/html").header("ETag", "\"h\"");
    stage.origin.script("/", vec![home.clone()]);
    stage.serve(&[("/feeds/abc.xml", FEED)]);
    stage.poll().await;
    stage.origin.script("/feeds/abc.xml", vec![Reply::new(404)]);
    stage.serve(&[("/feeds/new.xml", FEED)]);
    stage.serve(&[("/", &HOME_WITH_FEED.replace("abc.xml", "new.xml"))]);
    for _ in 0..3 {
        assert_eq!(stage.poll_after(30).await.outcome, Outcome::Failed);
    }
    let before = stage.shown();
    let report = stage.poll_after(30).await;
    assert_eq!(report.error, None, "{report:?}");
    assert_eq!(stage.state().feed_url, Some(stage.origin.url("/feeds/new.xml").to_string()));
    assert_eq!(stage.shown(), before);
}

#[tokio::test]
async fn inspect_lists_what_one_poll_would_find_and_stores_nothing() {
    let stage = Stage::of("/", "pages_per_poll = 2\n").await;
    let posts = paths(5);
    stage.serve(&[("/", BARE_HOME), ("/sitemap.xml", &sitemap(&posts, morning(2026, 10, 30)))]);
    stage.serve_posts(&posts);
    let inspection = stage.inspect().await;
    assert_eq!(inspection.follow, Follow::Sitemap);
    let found: Vec<_> = inspection.entries.iter().map(|entry| entry.item.draft.title.clone().unwrap()).collect();
    assert_eq!(found, [title_of(&posts[0]), title_of(&posts[1])]);
    assert!(stage.stories().is_empty());
    assert_eq!(stage.state().health, SourceHealth::New);
}

#[tokio::test]
async fn what_another_way_shows_of_a_publication_floods_nothing() {
    let origin = Origin::start();
    let base = origin.url("/").to_string();
    let stage = Stage::with(origin, &format!("[[source]]\nid = \"site\"\nurl = \"{base}\"\n")).await;
    let list: Vec<String> = (1..=4)
        .map(|i| {
            format!(
                "<li><a href=/p/lesson-number-{i}>Lesson Number {i}</a> <span>A line on it.</span> 2026-10-{:02}</li>",
                30 - i
            )
        })
        .collect();
    stage.serve(&[("/", &format!("<html><body><h1>Lessons</h1><ul>{}</ul></body></html>", list.concat()))]);
    stage.poll().await;
    assert_eq!(stage.follow().0, Follow::Page);
    let before = stage.titles();
    // The page becomes an empty shell, and the site has a sitemap with many more posts.
    let posts = paths(60);
    stage.serve(&[("/", BARE_HOME), ("/sitemap.xml", &sitemap(&posts, morning(2026, 10, 29)))]);
    stage.serve_posts(&posts);
    for _ in 0..3 {
        assert_eq!(stage.poll_after(30).await.outcome, Outcome::Failed);
        assert_eq!(stage.titles(), before, "what was found stays");
    }
    assert_eq!(stage.poll_after(30).await.error, None);
    assert_eq!(stage.follow().0, Follow::Sitemap);
    stage.clock.advance(TimeDelta::hours(1));
    let newest = stage.stories()[0].position;
    assert!(newest < morning(2026, 11, 1), "nothing old came to the top: {newest}");
}
