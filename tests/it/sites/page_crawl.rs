//! Pages that list their posts: their items are entries, completed from the posts' own pages, and
//! meet the posts at home.

use chrono::TimeDelta;
use feed_model::PollOutcome;
use feed_model::{FollowMode, SourceHealth, Story};
use tributary::clock::Clock as _;

use crate::support::{
    installation::Installation,
    origin::Origin,
    sites::{fixture, post_page, post_paths, sitemap, title_of},
    time::morning,
};

fn categories(story: &Story) -> Vec<&str> {
    story.categories.iter().map(|c| c.term.as_str()).collect()
}

#[tokio::test]
async fn a_plain_list_is_completed_with_the_metadata_of_its_posts() {
    let harness = Installation::following_site("/articles", "");
    harness.origin.script_pages(&[("/articles", &fixture("plain-list/articles.html"))]);
    let slugs = ["building-a-tiny-raft", "grpc-behind-a-load-balancer", "terraform"];
    for (i, slug) in slugs.iter().enumerate() {
        let date = morning(2026, 9, 20) - TimeDelta::days(i64::try_from(i).unwrap());
        harness.origin.script_pages(&[(
            &format!("/articles/{slug}"),
            &post_page("Another Title", Some(date)),
        )]);
    }
    let report = harness.poll("site").await;
    assert_eq!(report.new_entries, 3);
    let mut since = 0;
    let asked = harness.requested_paths(&mut since);
    assert_eq!(asked[..3], ["/robots.txt", "/articles", "/sitemap.xml"]);
    assert_eq!(asked[3..], slugs.map(|slug| format!("/articles/{slug}")));
    assert_eq!(harness.follow_mode_and_reason("site").0, FollowMode::Page);
    let (stories, shown) = (harness.stored_stories(), harness.story_lines());
    assert_eq!(stories[0].title, "Building a Tiny Raft", "the index names its posts");
    assert_eq!(stories[0].published, Some(morning(2026, 9, 20)), "and their pages date them");
    assert!(
        stories[0].summary_text.starts_with("A consensus protocol"),
        "{}",
        stories[0].summary_text
    );
    assert_eq!(stories[2].title, "Terraform");
    // The list grows by one; what was learnt of the others stays, and only the new page is asked
    // for.
    let grown = fixture("plain-list/articles.html").replace(
        "<a href=\"/articles/building",
        "<a href=\"/articles/queues-at-night\"><div><p>Queues at Night</p><p>What they do \
         unwatched.</p></div></a><a href=\"/articles/building",
    );
    harness.origin.script_pages(&[
        ("/articles", &grown),
        ("/articles/queues-at-night", &post_page("Queues", None)),
    ]);
    let report = harness.poll_after_hours("site", 6).await;
    assert_eq!((report.new_entries, report.updated_entries), (1, 0), "{report:?}");
    assert_eq!(harness.requested_paths(&mut since), ["/articles", "/articles/queues-at-night"]);
    assert_eq!(
        (harness.titles()[0].as_str(), harness.stored_stories()[0].position),
        ("Queues at Night", harness.clock.now())
    );
    assert_eq!(harness.story_lines()[1..], shown[..]);
}

#[tokio::test]
async fn page_metadata_of_a_long_list_is_backfilled_without_announcements() {
    let harness = Installation::following_site("/articles", "backfill = 6\npages_per_poll = 3\n");
    let items: Vec<String> = (1..=8)
        .map(|i| {
            format!(
                "<a href=\"/articles/lesson-number-{i}\"><div><p>Lesson Number {i}</p><p>Line {i} \
                 of what it says.</p></div></a>"
            )
        })
        .collect();
    harness.origin.script_pages(&[(
        "/articles",
        &format!(
            "<html><body><div class=content><h1>Articles</h1>{}</div></body></html>",
            items.concat()
        ),
    )]);
    let list =
        post_paths(8).iter().map(|path| path.replace("/p/", "/articles/")).collect::<Vec<_>>();
    harness.origin.script_posts(&list);
    assert_eq!(harness.poll("site").await.new_entries, 8);
    let titles: Vec<_> = list.iter().map(|path| title_of(path)).collect();
    assert_eq!(harness.titles(), titles, "all of it at once, in its order");
    let ids: Vec<_> =
        harness.stored_stories().into_iter().map(|s| (s.published_id, s.position)).collect();
    assert_eq!(harness.poll_after_hours("site", 1).await.new_entries, 0);
    assert!(!harness.has_due_backfill(), "six of them, three at a time");
    let dated = harness.stored_stories().iter().filter(|story| story.published.is_some()).count();
    assert_eq!(dated, 6);
    assert_eq!(
        harness
            .stored_stories()
            .into_iter()
            .map(|s| (s.published_id, s.position))
            .collect::<Vec<_>>(),
        ids
    );
}

#[tokio::test]
async fn cards_keep_their_categories_tags_and_reading_time() {
    let harness = Installation::following_site(
        "/blog",
        "[[topic]]\nid = \"tables\"\ntitle = \"Tables\"\nany = [\"category:iceberg\"]\n\n\
         [[topic]]\nid = \"minutes\"\ntitle = \"Minutes\"\nany = [\"category:min\"]\n",
    );
    harness.origin.script_pages(&[(
        "/blog",
        &fixture("card-blog/blog.html").replace("https://lou.example", "ORIGIN"),
    )]);
    harness.poll("site").await;
    let story =
        harness.stored_stories().into_iter().find(|s| s.title == "A Small Lakehouse").unwrap();
    assert_eq!(categories(&story), ["Data Engineering", "iceberg", "duckdb", "12 min read"]);
    let reading: Vec<_> =
        story.categories.iter().filter(|c| c.is_reading_time()).map(|c| c.term.as_str()).collect();
    assert_eq!(reading, ["12 min read"]);
    assert_eq!(
        story.topics.iter().map(|t| t.id.as_str()).collect::<Vec<_>>(),
        ["tables"],
        "a reading time is no subject"
    );
}

#[tokio::test]
async fn the_heading_of_a_topic_archive_is_a_category_of_its_posts() {
    let harness = Installation::following_site("/topics/distributed-systems", "");
    harness.origin.script_pages(&[(
        "/topics/distributed-systems",
        &fixture("topic-archive/distributed-systems.html").replace("https://law.example", "ORIGIN"),
    )]);
    harness.poll("site").await;
    assert_eq!(
        harness.titles(),
        ["Retries Are Load", "One Queue or Many", "Idempotent by Default", "Failure Is a Feature"]
    );
    assert!(
        harness.stored_stories().iter().all(|story| categories(story) == ["Distributed systems"])
    );
    assert_eq!(
        harness.stored_stories()[0].published,
        Some(morning(2026, 6, 14) - TimeDelta::hours(9))
    );
}

#[tokio::test]
async fn configured_selectors_extract_the_items() {
    let harness = Installation::following_site(
        "/",
        "follow = \"page\"\n[source.page]\nitem = \"tr\"\ntitle = \"b\"\nlink = \"a@href\"\n\
         category = \".tag\"\n",
    );
    harness.origin.script_pages(&[(
        "/",
        "<html><body><table><tr><td><b>Alpha</b> <i class=tag>Logs</i> <a href=/x?id=1>go</a></td>\
         </tr><tr><td><b>Beta</b> <a href=/x?id=2>go</a></td></tr></table></body></html>",
    )]);
    harness.poll("site").await;
    assert_eq!(harness.titles(), ["Alpha", "Beta"]);
    assert_eq!(categories(&harness.stored_stories()[0]), ["Logs"]);
    assert_eq!(
        harness.requested_paths(&mut 0)[..2],
        ["/robots.txt", "/"],
        "a way that is configured is the only one"
    );
}

#[tokio::test]
async fn a_page_that_lost_its_list_is_a_failure_and_keeps_its_entries() {
    let harness = Installation::following_site("/articles", "");
    harness.origin.script_pages(&[("/articles", &fixture("plain-list/articles.html"))]);
    harness.poll("site").await;
    let before = harness.story_lines();
    harness.origin.script_pages(&[("/articles", "<html><body><div id=app></div></body></html>")]);
    for _ in 0..4 {
        let report = harness.poll_after_hours("site", 48).await;
        assert_eq!(report.outcome, PollOutcome::Failed);
        let state = harness.source_state("site");
        assert_eq!((state.health, state.follow_mode), (SourceHealth::Failing, FollowMode::Page));
        assert!(
            state.last_error.unwrap().contains("no posts were found")
                || report.error.unwrap().contains("cannot be followed")
        );
        assert_eq!(harness.story_lines(), before);
    }
    harness.origin.script_pages(&[("/articles", &fixture("plain-list/articles.html"))]);
    assert_eq!(harness.poll_after_hours("site", 48).await.error, None);
    assert_eq!(harness.story_lines(), before);
    assert_eq!(harness.source_state("site").health, SourceHealth::Ok);
}

/// The author's index at one origin, a newsletter at another, as two sources.
fn author_and_newsletter() -> (Installation, Origin) {
    let (author, newsletter) = (Origin::start(), Origin::start());
    let sources = format!(
        "[[source]]\nid = \"index\"\nurl = \"{}\"\n[[source]]\nid = \"posts\"\nurl = \"{}\"\n\
         [[topic]]\nid = \"streams\"\ntitle = \"Streams\"\nany = [\"category:streaming\"]\n",
        author.url("/writing.html"),
        newsletter.url("/")
    );
    let harness = Installation::following_sites(author, &sources);
    let at = newsletter.url("").to_string();
    let html = fixture("authors-index/writing.html")
        .replace("https://www.systems.example", at.trim_end_matches('/'));
    harness.origin.script_pages(&[("/writing.html", &html)]);
    let posts = [
        "how-consensus-survives-a-slow-disk",
        "clocks-and-what-they-cost",
        "what-a-log-is-for",
        "the-bill-at-the-end",
    ]
    .map(|slug| format!("/p/{slug}"));
    let serve = |path: &str, body: String| {
        newsletter.script(
            path,
            vec![
                crate::support::origin::Reply::ok(body.replace("ORIGIN", at.trim_end_matches('/')))
                    .header("Content-Type", "text/html"),
            ],
        );
    };
    serve("/", "<html><head><title>Two Minute Systems</title></head><body></body></html>".into());
    serve("/sitemap.xml", sitemap(&posts, morning(2026, 5, 8)));
    for (i, path) in posts.iter().enumerate() {
        let date = morning(2026, 5, 8) - TimeDelta::days(7 * i64::try_from(i).unwrap());
        serve(path, post_page(&title_of(path), Some(date)));
    }
    (harness, newsletter)
}

#[tokio::test]
async fn an_authors_index_and_the_posts_merge_into_one_story_each_in_either_order() {
    let mut told = Vec::new();
    for order in [["index", "posts"], ["posts", "index"]] {
        let (harness, newsletter) = author_and_newsletter();
        harness.poll(order[0]).await;
        let first = harness.stored_stories();
        harness.clock.advance(TimeDelta::minutes(5));
        let report = harness.poll(order[1]).await;
        assert_eq!(report.duplicates, 4, "{order:?}: {report:?}");
        let (stories, shown) = (harness.stored_stories(), harness.story_lines());
        assert_eq!(
            stories.len(),
            6,
            "four of one newsletter, two of another: {:?}",
            harness.titles()
        );
        for story in &first {
            let now = stories
                .iter()
                .find(|s| s.published_id == story.published_id)
                .expect("no id changes");
            assert_eq!(now.position, story.position);
        }
        let log = stories
            .iter()
            .find(|s| s.url.as_deref().is_some_and(|u| u.ends_with("/p/what-a-log-is-for")))
            .unwrap();
        assert_eq!(log.sources.len(), 2, "{order:?}");
        assert!(
            log.summary_text.contains("must not stop"),
            "{order:?}: the post's own words show: {}",
            log.summary_text
        );
        assert_eq!(
            log.published,
            Some(morning(2026, 5, 8) - TimeDelta::days(14)),
            "the more exact date"
        );
        assert_eq!(
            log.topics.iter().map(|t| t.id.as_str()).collect::<Vec<_>>(),
            ["streams"],
            "{order:?}: the section files it"
        );
        assert!(newsletter.requests().iter().all(|r| r.path != "/writing.html"));
        let from_index = harness.origin.requests();
        assert!(
            from_index.iter().all(|r| !r.path.starts_with("/p/")),
            "items on other sites are never fetched"
        );
        assert!(
            newsletter.requests().len() <= 7,
            "{:?}",
            newsletter.requests().iter().map(|r| r.path.clone()).collect::<Vec<_>>()
        );
        // Again, and nothing is announced twice.
        harness.clock.advance(TimeDelta::hours(6));
        for id in order {
            let report = harness.poll(id).await;
            assert_eq!((report.new_entries, report.new_stories), (0, 0));
        }
        assert_eq!(harness.story_lines(), shown);
        let mut titles = harness.titles();
        titles.sort();
        told.push(titles);
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn a_sitemap_without_posts_falls_back_to_the_page() {
    let harness = Installation::following_site("/writing.html", "");
    let pages = ["/index.html", "/writing.html", "/work.html", "/talks.html"].map(String::from);
    harness.origin.script_pages(&[
        ("/writing.html", &fixture("authors-index/writing.html")),
        ("/sitemap.xml", &sitemap(&pages, morning(2026, 10, 1))),
    ]);
    harness.poll("site").await;
    assert_eq!(
        (harness.follow_mode_and_reason("site").0, harness.titles().len()),
        (FollowMode::Page, 6),
        "{:?}",
        harness.follow_mode_and_reason("site")
    );
}

#[tokio::test]
async fn posts_within_one_page_are_separate_entries_and_the_page_is_requested_once() {
    let entry = |i: u32| {
        format!(
            "<h2 id=\"v{i}\">Release number {i}</h2><p>October {i}, 2026</p><p>What changed in \
             release number {i}, in a few words.</p>"
        )
    };
    let page = |from: u32| {
        let entries: String = (1..=from).rev().map(entry).collect();
        format!(
            "<html lang=en><head><title>Changes</title></head><body><main><h1>Changes</h1>{entries}\
             </main></body></html>"
        )
    };
    let harness = Installation::following_site("/changes", "follow = \"page\"\n");
    harness.origin.script_pages(&[("/changes", &page(3))]);
    assert_eq!(
        harness.poll("site").await.new_entries,
        3,
        "{:?}",
        harness.source_state("site").problems
    );
    assert_eq!(harness.titles(), ["Release number 3", "Release number 2", "Release number 1"]);
    assert_eq!(
        harness.requested_paths(&mut 0),
        ["/robots.txt", "/changes"],
        "a part of the page is no page of its own"
    );
    harness.origin.script_pages(&[("/changes", &page(4))]);
    let report = harness.poll_after_hours("site", 7).await;
    assert_eq!((report.new_entries, harness.titles().len()), (1, 4));
    assert_eq!(harness.titles()[0], "Release number 4");
}
