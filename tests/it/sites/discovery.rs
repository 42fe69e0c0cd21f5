//! Finding out how a site is followed: each kind of site, with every request counted.

use chrono::TimeDelta;
use feed_model::PollOutcome;
use feed_model::{FollowMode, SourceHealth};

use crate::support::{
    installation::Installation,
    origin::{Origin, Reply},
    sites::{EMPTY_HOME_PAGE, fixture, post_paths, sitemap, title_of},
    time::morning,
};

const FEED: &str = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Two Minute Systems\
    </title><link>ORIGIN/</link>\n<item><title>Lesson Number 1</title>\
    <link>ORIGIN/p/lesson-number-1</link><guid isPermaLink=\"false\">a1</guid><pubDate>Fri, 30 Oct \
    2026 09:00:00 GMT</pubDate><description>One.</description></item>\n<item><title>Lesson Number 0\
    </title><link>ORIGIN/p/lesson-number-0</link><guid isPermaLink=\"false\">a0</guid>\
    <pubDate>Fri, 02 Oct 2026 09:00:00 GMT</pubDate><description>Nought.</description></item>\n\
    </channel></rss>";

const HOME_WITH_FEED: &str = "<!DOCTYPE html><html><head><title>Two Minute Systems</title>\n\
    <link rel=\"alternate\" type=\"application/rss+xml\" href=\"/comments/feed\" title=\"Comments \
    feed\">\n<link rel=\"alternate\" type=\"application/rss+xml\" href=\"/feeds/abc.xml\"></head>\
    <body></body></html>";

fn answer(status: u16, html: &str) -> Reply {
    Reply::raw(format!(
        "HTTP/1.1 {status} X\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{html}",
        html.len()
    ))
}

#[tokio::test]
async fn an_autodiscovered_feed_is_followed_without_probing() {
    let harness = Installation::following_site("/", "");
    harness.origin.script_pages(&[("/", HOME_WITH_FEED), ("/feeds/abc.xml", FEED)]);
    let report = harness.poll("site").await;
    assert_eq!((report.outcome, report.new_entries), (PollOutcome::Changed, 2), "{report:?}");
    let mut since = 0;
    assert_eq!(harness.requested_paths(&mut since), ["/robots.txt", "/", "/feeds/abc.xml"]);
    let (follow, because) = harness.follow_mode_and_reason("site");
    assert_eq!(follow, FollowMode::Feed);
    assert!(because.contains("head"), "{because}");
    assert_eq!(
        harness.source_state("site").feed_url,
        Some(harness.origin.url("/feeds/abc.xml").to_string())
    );
    harness.poll_after_hours("site", 3).await;
    assert_eq!(harness.requested_paths(&mut since), ["/feeds/abc.xml"]);
}

#[tokio::test]
async fn feeds_in_the_link_header_and_in_visible_links_are_discovered() {
    let harness = Installation::following_site("/", "");
    harness.origin.script_pages(&[("/f/a.xml", FEED)]);
    harness.origin.script(
        "/",
        vec![
            Reply::ok(EMPTY_HOME_PAGE)
                .header("Content-Type", "text/html")
                .header("Link", "</f/a.xml>; rel=\"alternate\"; type=\"application/rss+xml\""),
        ],
    );
    harness.poll("site").await;
    assert_eq!(harness.follow_mode_and_reason("site").0, FollowMode::Feed);
    assert!(
        harness.follow_mode_and_reason("site").1.contains("Link header"),
        "{}",
        harness.follow_mode_and_reason("site").1
    );

    let harness = Installation::following_site("/", "");
    harness.origin.script_pages(&[
        ("/", "<html><body><p>Hello.</p><a href=/rss.xml>RSS</a></body></html>"),
        ("/rss.xml", FEED),
    ]);
    harness.poll("site").await;
    assert_eq!(harness.follow_mode_and_reason("site").0, FollowMode::Feed);
    assert!(
        harness.follow_mode_and_reason("site").1.contains("visible link"),
        "{}",
        harness.follow_mode_and_reason("site").1
    );
}

#[tokio::test]
async fn a_site_with_only_a_sitemap_is_followed_by_it_without_extra_requests() {
    let harness = Installation::following_site("/", "");
    let posts = post_paths(3);
    harness.origin.script_pages(&[
        ("/", EMPTY_HOME_PAGE),
        ("/sitemap.xml", &sitemap(&posts, morning(2026, 10, 30))),
    ]);
    harness.origin.script_posts(&posts);
    let report = harness.poll("site").await;
    assert_eq!(report.new_entries, 3, "{report:?}");
    let mut since = 0;
    assert_eq!(
        harness.requested_paths(&mut since),
        [
            "/robots.txt",
            "/",
            "/sitemap.xml",
            "/p/lesson-number-1",
            "/p/lesson-number-2",
            "/p/lesson-number-3"
        ]
    );
    assert_eq!(harness.follow_mode_and_reason("site").0, FollowMode::Sitemap);
    assert!(
        harness.follow_mode_and_reason("site").1.contains("/p/"),
        "the reason names the shape: {}",
        harness.follow_mode_and_reason("site").1
    );
    assert_eq!(harness.source_state("site").title, "Two Minute Systems");
    assert_eq!(harness.titles(), ["Lesson Number 1", "Lesson Number 2", "Lesson Number 3"]);
    let story = &harness.stored_stories()[0];
    assert_eq!(story.published, Some(morning(2026, 10, 30)));
    assert!(story.summary_text.contains("must not stop"), "{}", story.summary_text);
}

#[tokio::test]
async fn only_the_sitemap_named_in_robots_txt_is_requested() {
    let harness = Installation::following_site("/", "");
    let posts = post_paths(1);
    // Everything but the posts is closed to all; what the file itself names may be asked.
    harness.origin.script_pages(&[
        ("/", EMPTY_HOME_PAGE),
        ("/robots.txt", "User-agent: *\nDisallow: /maps/\n\nSitemap: ORIGIN/maps/posts.xml\n"),
        ("/maps/posts.xml", &sitemap(&posts, morning(2026, 10, 30))),
    ]);
    harness.origin.script_posts(&posts);
    harness.poll("site").await;
    let mut since = 0;
    assert_eq!(
        harness.requested_paths(&mut since),
        ["/robots.txt", "/", "/maps/posts.xml", "/p/lesson-number-1"]
    );
    assert!(
        harness.follow_mode_and_reason("site").1.contains("robots.txt names"),
        "{}",
        harness.follow_mode_and_reason("site").1
    );
    assert_eq!(harness.poll_after_hours("site", 3).await.outcome, PollOutcome::Unchanged);
    assert_eq!(harness.requested_paths(&mut since), ["/maps/posts.xml"]);
}

#[tokio::test]
async fn a_site_with_only_embedded_data_is_followed_by_its_page() {
    let harness = Installation::following_site("/", "");
    harness.origin.script_pages(&[(
        "/",
        &fixture("beehiiv-json/home.html").replace("https://www.bits.example", "ORIGIN"),
    )]);
    let report = harness.poll("site").await;
    assert_eq!(report.new_entries, 2, "{report:?}");
    assert_eq!(harness.follow_mode_and_reason("site").0, FollowMode::Page);
    assert_eq!(
        harness.titles(),
        ["Caches That Remember Too Much", "A Field Guide to Vector Indexes"]
    );
    let mut since = 0;
    let asked = harness.requested_paths(&mut since);
    assert_eq!(
        asked[..3],
        ["/robots.txt", "/", "/sitemap.xml"],
        "and nothing is guessed beside: {asked:?}"
    );
    assert!(asked[3..].iter().all(|path| path.starts_with("/p/")), "{asked:?}");
}

#[tokio::test]
async fn a_bot_challenge_creates_no_entry_and_backs_off() {
    for status in [403, 200] {
        let harness = Installation::following_site("/", "interval = \"3h\"\n");
        let posts = post_paths(1);
        harness.origin.script_pages(&[
            ("/", EMPTY_HOME_PAGE),
            ("/sitemap.xml", &sitemap(&posts, morning(2026, 10, 30))),
        ]);
        harness.origin.script_posts(&posts);
        harness.poll("site").await;
        let before = harness.story_lines();
        let challenge = answer(status, &fixture("challenge/page.html"));
        for path in ["/", "/robots.txt", "/sitemap.xml", "/p/lesson-number-1"] {
            harness.origin.script(path, vec![challenge.clone()]);
        }
        let report = harness.poll_after_hours("site", 3).await;
        assert_eq!(report.outcome, PollOutcome::Challenge, "{status}: {report:?}");
        let state = harness.source_state("site");
        assert!(
            state.last_error.as_deref().unwrap().contains("bot challenge"),
            "{:?}",
            state.last_error
        );
        assert_eq!(state.health, SourceHealth::Failing);
        let first = state.next_poll.unwrap() - state.last_attempt.unwrap();
        harness.poll_after_hours("site", 12).await;
        let state = harness.source_state("site");
        assert!(state.next_poll.unwrap() - state.last_attempt.unwrap() > first, "it backs off");
        assert_eq!(harness.story_lines(), before, "{status}: what is there stays");
        assert!(!harness.has_due_backfill());
    }
}

#[tokio::test]
async fn a_new_site_behind_a_bot_challenge_gets_two_requests_and_no_entries() {
    let harness = Installation::following_site("/", "");
    let challenge = Reply::ok(fixture("challenge/page.html")).header("Content-Type", "text/html");
    harness.origin.script("/", vec![challenge]);
    let report = harness.poll("site").await;
    assert_eq!((report.outcome, report.new_entries), (PollOutcome::Challenge, 0));
    assert_eq!(harness.requested_paths(&mut 0), ["/robots.txt", "/"]);
    assert_eq!(harness.follow_mode_and_reason("site").0, FollowMode::Auto);
}

#[tokio::test]
async fn a_new_feed_is_adopted_after_thirty_days_without_announcements() {
    let harness = Installation::following_site("/", "");
    let posts = post_paths(2);
    harness.origin.script_pages(&[
        ("/", EMPTY_HOME_PAGE),
        ("/sitemap.xml", &sitemap(&posts, morning(2026, 10, 30))),
    ]);
    harness.origin.script_posts(&posts);
    harness.poll("site").await;
    let before = harness.stored_stories();
    harness.origin.script_pages(&[("/", HOME_WITH_FEED), ("/feeds/abc.xml", FEED)]);
    let mut since = harness.origin.requests().len();
    harness.poll_after_hours("site", 29 * 24).await;
    assert!(!harness.requested_paths(&mut since).contains(&"/".to_owned()), "not before its time");
    harness.poll_after_hours("site", 2 * 24).await;
    let asked = harness.requested_paths(&mut since);
    assert!(asked.contains(&"/feeds/abc.xml".to_owned()), "{asked:?}");
    assert_eq!(harness.follow_mode_and_reason("site").0, FollowMode::Feed);
    let after = harness.stored_stories();
    let ids = |stories: &[feed_model::Story]| {
        stories.iter().map(|s| s.published_id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(after.len(), 3, "the feed's older post is there as well: {:?}", harness.titles());
    assert_eq!(
        ids(&after)[..2],
        ids(&before)[..],
        "the same stories under the same ids, on top as before"
    );
    assert_eq!(after[2].title, "Lesson Number 0", "an older post comes where its date puts it");
}

#[tokio::test]
async fn a_feed_without_common_posts_is_not_adopted_for_thirty_days() {
    let harness = Installation::following_site("/", "");
    let posts = post_paths(1);
    harness.origin.script_pages(&[
        ("/", EMPTY_HOME_PAGE),
        ("/sitemap.xml", &sitemap(&posts, morning(2026, 10, 30))),
    ]);
    harness.origin.script_posts(&posts);
    harness.poll("site").await;
    harness.origin.script_pages(&[
        ("/", HOME_WITH_FEED),
        ("/feeds/abc.xml", &FEED.replace("lesson-number", "podcast-episode")),
    ]);
    harness.poll_after_hours("site", 31 * 24).await;
    assert_eq!(harness.follow_mode_and_reason("site").0, FollowMode::Sitemap);
    let mut since = harness.origin.requests().len();
    harness.poll_after_hours("site", 3).await;
    assert_eq!(harness.requested_paths(&mut since), ["/sitemap.xml"]);
}

#[tokio::test]
async fn rediscovery_reuses_the_page_of_the_same_poll() {
    let harness = Installation::following_site("/", "");
    let list = |head: &str| {
        let items: Vec<String> = (1..=4)
            .map(|i| {
                format!(
                    "<article><h2><a href=/p/lesson-number-{i}>Lesson Number {i}</a></h2>\
                <time>2026-10-{:02}</time><p>What it teaches.</p></article>",
                    30 - i
                )
            })
            .collect();
        format!(
            "<html><head><title>Lessons</title>{head}</head><body><main>{}</main></body></html>",
            items.concat()
        )
    };
    harness.origin.script_pages(&[("/", &list(""))]);
    harness.poll("site").await;
    assert_eq!(
        (harness.follow_mode_and_reason("site").0, harness.titles().len()),
        (FollowMode::Page, 4),
        "{:?}",
        harness.titles()
    );
    harness.origin.script_pages(&[
        ("/", &list("<link rel=alternate type=application/atom+xml href=/feeds/abc.xml>")),
        ("/feeds/abc.xml", FEED),
    ]);
    let mut since = harness.origin.requests().len();
    harness.poll_after_hours("site", 31 * 24).await;
    assert_eq!(harness.requested_paths(&mut since), ["/robots.txt", "/", "/feeds/abc.xml"]);
    assert_eq!(harness.follow_mode_and_reason("site").0, FollowMode::Feed);
}

#[tokio::test]
async fn discovery_runs_again_after_three_failures() {
    let harness = Installation::following_site("/", "");
    // The home page gives a tag: looking again must not be answered with "not modified".
    let home =
        Reply::ok(HOME_WITH_FEED).header("Content-Type", "text/html").header("ETag", "\"h\"");
    harness.origin.script("/", vec![home.clone()]);
    harness.origin.script_pages(&[("/feeds/abc.xml", FEED)]);
    harness.poll("site").await;
    harness.origin.script("/feeds/abc.xml", vec![Reply::new(404)]);
    harness.origin.script_pages(&[("/feeds/new.xml", FEED)]);
    harness.origin.script_pages(&[("/", &HOME_WITH_FEED.replace("abc.xml", "new.xml"))]);
    for _ in 0..3 {
        assert_eq!(harness.poll_after_hours("site", 30).await.outcome, PollOutcome::Failed);
    }
    let before = harness.story_lines();
    let report = harness.poll_after_hours("site", 30).await;
    assert_eq!(report.error, None, "{report:?}");
    assert_eq!(
        harness.source_state("site").feed_url,
        Some(harness.origin.url("/feeds/new.xml").to_string())
    );
    assert_eq!(harness.story_lines(), before);
}

#[tokio::test]
async fn inspect_lists_the_entries_of_one_poll_and_stores_nothing() {
    let harness = Installation::following_site("/", "pages_per_poll = 2\n");
    let posts = post_paths(5);
    harness.origin.script_pages(&[
        ("/", EMPTY_HOME_PAGE),
        ("/sitemap.xml", &sitemap(&posts, morning(2026, 10, 30))),
    ]);
    harness.origin.script_posts(&posts);
    let inspection = harness.inspect("site").await;
    assert_eq!(inspection.follow_mode, FollowMode::Sitemap);
    let found: Vec<_> =
        inspection.entries.iter().map(|entry| entry.item.draft.title.clone().unwrap()).collect();
    assert_eq!(found, [title_of(&posts[0]), title_of(&posts[1])]);
    assert!(harness.stored_stories().is_empty());
    assert_eq!(harness.source_state("site").health, SourceHealth::New);
}

#[tokio::test]
async fn a_changed_follow_mode_announces_no_old_posts() {
    let origin = Origin::start();
    let base = origin.url("/").to_string();
    let harness = Installation::following_sites(
        origin,
        &format!("[[source]]\nid = \"site\"\nurl = \"{base}\"\n"),
    );
    let list: Vec<String> = (1..=4)
        .map(|i| {
            format!(
                "<li><a href=/p/lesson-number-{i}>Lesson Number {i}</a> <span>A line on it.</span> \
                 2026-10-{:02}</li>",
                30 - i
            )
        })
        .collect();
    harness.origin.script_pages(&[(
        "/",
        &format!("<html><body><h1>Lessons</h1><ul>{}</ul></body></html>", list.concat()),
    )]);
    harness.poll("site").await;
    assert_eq!(harness.follow_mode_and_reason("site").0, FollowMode::Page);
    let before = harness.titles();
    // The page becomes an empty shell, and the site has a sitemap with many more posts.
    let posts = post_paths(60);
    harness.origin.script_pages(&[
        ("/", EMPTY_HOME_PAGE),
        ("/sitemap.xml", &sitemap(&posts, morning(2026, 10, 29))),
    ]);
    harness.origin.script_posts(&posts);
    for _ in 0..3 {
        assert_eq!(harness.poll_after_hours("site", 30).await.outcome, PollOutcome::Failed);
        assert_eq!(harness.titles(), before, "what was found stays");
    }
    assert_eq!(harness.poll_after_hours("site", 30).await.error, None);
    assert_eq!(harness.follow_mode_and_reason("site").0, FollowMode::Sitemap);
    harness.clock.advance(TimeDelta::hours(1));
    let newest = harness.stored_stories()[0].position;
    assert!(newest < morning(2026, 11, 1), "nothing old came to the top: {newest}");
}

const LIST: &str = "<main><ul><li><a href=/n/1>Keel laid at dawn</a> <time \
    datetime=2026-10-30>x</time></li><li><a href=/n/2>A mast for two</a> <time \
    datetime=2026-10-29>x</time></li><li><a href=/n/3>Oars and rowlocks</a> <time \
    datetime=2026-10-28>x</time></li></ul></main>";

const SHELL: &str = "<!DOCTYPE html><html><body><div id=root></div></body></html>";

fn sitemap_of(paths: &[&str]) -> String {
    let locs: Vec<String> =
        paths.iter().map(|path| format!("<url><loc>ORIGIN{path}</loc></url>")).collect();
    format!("<?xml version=\"1.0\"?><urlset>{}</urlset>", locs.concat())
}

#[tokio::test]
async fn a_sitemap_is_found_by_its_link_and_below_the_path_of_the_site() {
    let posts = ["/tool/posts/a-keel-at-dawn", "/tool/posts/a-mast-for-two"];
    for (home, at) in [
        ("<html><head><link rel=sitemap href=/deep/map.xml></head></html>", "/deep/map.xml"),
        (EMPTY_HOME_PAGE, "/tool/sitemap.xml"),
    ] {
        let harness = Installation::following_site("/tool/", "");
        harness.origin.script_pages(&[("/tool/", home), (at, &sitemap_of(&posts))]);
        harness.origin.script_posts(&posts.map(str::to_owned));
        let report = harness.poll("site").await;
        assert_eq!(report.new_entries, 2, "{at}: {report:?}");
        let state = harness.source_state("site");
        assert_eq!(state.follow_mode, FollowMode::Sitemap);
        assert!(state.feed_url.as_deref().unwrap().ends_with(at), "{:?}", state.feed_url);
    }
}

#[tokio::test]
async fn a_podcast_does_not_take_the_place_of_a_feed_that_fails() {
    let harness = Installation::following_site("/", "");
    let podcast = "<rss version='2.0'><channel><title>Boats</title><item><title>One</title>\
        <guid>1</guid><enclosure url='ORIGIN/1.mp3' type='audio/mpeg' length='9'/></item></channel>\
        </rss>";
    let home = format!(
        "<html><head><link rel=alternate type=application/rss+xml href=/gone.xml><link \
         rel=alternate type=application/rss+xml href=/show.xml title=Boats></head><body>{LIST}\
         </body></html>"
    );
    harness.origin.script_pages(&[("/", &home), ("/show.xml", podcast)]);
    harness.poll("site").await;
    let state = harness.source_state("site");
    assert_eq!(state.follow_mode, FollowMode::Page);
    let feed = state.ways.iter().find(|way| way.way == FollowMode::Feed).unwrap();
    assert!(
        feed.because.contains("/gone.xml") && feed.because.contains("podcast"),
        "{}",
        feed.because
    );
}

#[tokio::test]
async fn a_sitemap_of_shells_gives_way_to_the_page() {
    let harness = Installation::following_site("/", "");
    let home = format!("<html><head><title>Boats</title></head><body>{LIST}</body></html>");
    harness.origin.script_pages(&[
        ("/", &home),
        ("/sitemap.xml", &sitemap_of(&["/n/1", "/n/2", "/n/3"])),
        ("/n/1", SHELL),
        ("/n/2", SHELL),
        ("/n/3", SHELL),
    ]);
    let report = harness.poll("site").await;
    assert_eq!(report.new_entries, 3, "{report:?}");
    let state = harness.source_state("site");
    assert_eq!(state.follow_mode, FollowMode::Page);
    let ways: Vec<(FollowMode, usize)> =
        state.ways.iter().map(|way| (way.way, way.entries)).collect();
    assert!(ways.contains(&(FollowMode::Page, 3)), "{ways:?}");
    assert!(ways.contains(&(FollowMode::Sitemap, 0)), "{ways:?}");
    // Each page is fetched once.
    assert_eq!(harness.requested_paths(&mut 0).len(), 3 + 3);
}

#[tokio::test]
async fn a_site_that_brings_no_entries_is_empty_and_says_what_was_tried() {
    let harness = Installation::following_site("/", "");
    harness.origin.script_pages(&[("/", EMPTY_HOME_PAGE)]);
    harness.poll("site").await;
    let state = harness.source_state("site");
    assert_eq!(state.health, SourceHealth::Empty);
    let ways: Vec<FollowMode> = state.ways.iter().map(|way| way.way).collect();
    assert_eq!(ways.len(), 3, "{ways:?}");
    assert!(state.ways.iter().all(|way| way.entries == 0 && !way.because.is_empty()));
    let inspection = harness.inspect("site").await;
    assert_eq!(inspection.ways.len(), 3);
}

#[tokio::test]
async fn a_site_whose_only_way_is_a_feed_without_entries_is_empty() {
    let harness = Installation::following_site("/", "");
    let home = "<html><head><link rel=alternate type=application/rss+xml href=/feed.xml></head>\
        <body><h1>Boats</h1></body></html>";
    let feed = "<rss version='2.0'><channel><title>Boats</title></channel></rss>";
    harness.origin.script_pages(&[("/", home), ("/feed.xml", feed)]);
    harness.poll("site").await;
    let state = harness.source_state("site");
    assert_eq!((state.follow_mode, state.health), (FollowMode::Feed, SourceHealth::Empty));
    assert!(state.ways.iter().all(|way| way.entries == 0 && !way.because.is_empty()));
}

#[tokio::test]
async fn inspect_surveys_the_sitemap_of_a_site_with_a_feed_and_reports_no_problem_of_it() {
    let harness = Installation::following_site("/", "");
    let home = "<html><head><link rel=alternate type=application/rss+xml href=/feed.xml></head>\
        <body><h1>Boats</h1></body></html>";
    let feed = "<rss version='2.0'><channel><title>Boats</title><item><title>One</title>\
        <link>ORIGIN/1</link><guid>1</guid></item></channel></rss>";
    harness.origin.script_pages(&[("/", home), ("/feed.xml", feed)]);
    let inspection = harness.inspect("site").await;
    assert_eq!(inspection.follow_mode, FollowMode::Feed);
    assert!(inspection.ways.iter().any(|way| way.way == FollowMode::Sitemap));
    let codes: Vec<&str> = inspection.problems.iter().map(|p| p.code.as_ref()).collect();
    assert!(!codes.contains(&"sitemap"), "{codes:?}");
}

#[tokio::test]
async fn what_the_page_lists_spares_fetching_the_pages_of_a_sitemap() {
    let harness = Installation::following_site("/", "");
    let item = |n: u32, title: &str| {
        format!(
            "<article><h2><a href=/n/{n}>{title}</a></h2><time datetime=2026-10-0{n}>x</time><p>\
             The hull number {n} was turned over before noon.</p></article>"
        )
    };
    let home = format!(
        "<html><head><title>Boats</title></head><body><main>{}{}</main></body></html>",
        item(3, "Keel laid at dawn"),
        item(2, "A mast for two")
    );
    let old = "<html><head><title>Oars and rowlocks</title><meta property=article:published_time \
        content=2026-10-01></head><body><h1>Oars and rowlocks</h1></body></html>";
    harness.origin.script_pages(&[
        ("/", &home),
        ("/sitemap.xml", &sitemap_of(&["/n/1", "/n/2", "/n/3"])),
        ("/n/1", old),
    ]);
    let report = harness.poll("site").await;
    assert_eq!(report.new_entries, 3, "{report:?}");
    assert_eq!(harness.requested_paths(&mut 0), ["/robots.txt", "/", "/sitemap.xml", "/n/1"]);
    assert_eq!(harness.follow_mode_and_reason("site").0, FollowMode::Sitemap);
}

#[tokio::test]
async fn a_description_that_all_pages_share_is_no_summary() {
    let harness = Installation::following_site("/", "");
    let paths = ["/p/a-keel-at-dawn", "/p/a-mast-for-two", "/p/oars-and-rowlocks"];
    harness
        .origin
        .script_pages(&[("/", EMPTY_HOME_PAGE), ("/sitemap.xml", &sitemap_of(&paths[..2]))]);
    for path in paths {
        let page = format!(
            "<html><head><title>{0}</title><meta name=description content='All about boats, from \
             one workshop.'></head><body><main><h1>{0}</h1><p>The text about {0} is long enough to \
             be a summary of its own.</p></main></body></html>",
            title_of(path)
        );
        harness.origin.script_pages(&[(path, &page)]);
    }
    harness.poll("site").await;
    // A single new page later has the same description.
    harness.origin.script_pages(&[("/sitemap.xml", &sitemap_of(&paths))]);
    harness.poll_after_hours("site", 24).await;
    let stories = harness.stored_stories();
    assert_eq!(stories.len(), 3);
    for story in stories {
        assert!(story.summary_text.starts_with("The text about"), "{}", story.summary_text);
    }
}

#[tokio::test]
async fn the_listing_names_a_post_whose_page_states_only_headings_of_the_text() {
    let harness = Installation::following_site("/", "");
    let home = format!("<html><head><title>Boats</title></head><body>{LIST}</body></html>");
    harness
        .origin
        .script_pages(&[("/", &home), ("/sitemap.xml", &sitemap_of(&["/n/1", "/n/2", "/n/3"]))]);
    for n in 1..=3 {
        let page = format!(
            "<html><head><title>Boats</title></head><body><article><h1>Part {n}, the \
             wood</h1><p>The text of number {n} is long enough to be a summary of its \
             own.</p></article></body></html>"
        );
        harness.origin.script_pages(&[(&format!("/n/{n}"), &page)]);
    }
    harness.poll("site").await;
    assert_eq!(harness.follow_mode_and_reason("site").0, FollowMode::Sitemap);
    let mut titles = harness.titles();
    titles.sort();
    assert_eq!(titles, ["A mast for two", "Keel laid at dawn", "Oars and rowlocks"]);
}
