//! Pages that list their posts: their items are entries, completed from the posts' own pages, and meet the posts at home.

use chrono::TimeDelta;
use feed_model::{Follow, SourceHealth, Story};
use tributary::{clock::Clock as _, poll::Outcome};

use super::stage::{Stage, morning, paths, post, sitemap, title_of};
use crate::support::origin::Origin;

fn fixture(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/fixtures/sites/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn categories(story: &Story) -> Vec<&str> {
    story.categories.iter().map(|c| c.term.as_str()).collect()
}

#[tokio::test]
async fn a_plain_list_is_followed_and_completed_from_its_posts() {
    let stage = Stage::of("/articles", "").await;
    stage.serve(&[("/articles", &fixture("plain-list/articles.html"))]);
    let slugs = ["building-a-tiny-raft", "grpc-behind-a-load-balancer", "terraform"];
    for (i, slug) in slugs.iter().enumerate() {
        let date = morning(2026, 9, 20) - TimeDelta::days(i64::try_from(i).unwrap());
        stage.serve(&[(&format!("/articles/{slug}"), &post("Another Title", Some(date)))]);
    }
    let report = stage.poll().await;
    assert_eq!(report.new_entries, 3);
    let mut since = 0;
    let asked = stage.asked(&mut since);
    assert_eq!(asked[..3], ["/robots.txt", "/articles", "/sitemap.xml"]);
    assert_eq!(asked[3..], slugs.map(|slug| format!("/articles/{slug}")));
    assert_eq!(stage.follow().0, Follow::Page);
    let (stories, shown) = (stage.stories(), stage.shown());
    assert_eq!(stories[0].title, "Building a Tiny Raft", "the index names its posts");
    assert_eq!(stories[0].published, Some(morning(2026, 9, 20)), "and their pages date them");
    assert!(stories[0].summary_text.starts_with("A consensus protocol"), "{}", stories[0].summary_text);
    assert_eq!(stories[2].title, "Terraform");
    // The list grows by one; what was learnt of the others stays, and only the new page is asked for.
    let grown = fixture("plain-list/articles.html").replace(
        "<a href=\"/articles/building",
        "<a href=\"/articles/queues-at-night\"><div><p>Queues at Night</p><p>What they do unwatched.</p></div></a><a href=\"/articles/building",
    );
    stage.serve(&[("/articles", &grown), ("/articles/queues-at-night", &post("Queues", None))]);
    let report = stage.poll_after(6).await;
    assert_eq!((report.new_entries, report.updated_entries), (1, 0), "{report:?}");
    assert_eq!(stage.asked(&mut since), ["/articles", "/articles/queues-at-night"]);
    assert_eq!((stage.titles()[0].as_str(), stage.stories()[0].position), ("Queues at Night", stage.clock.now()));
    assert_eq!(stage.shown()[1..], shown[..]);
}

#[tokio::test]
async fn the_heads_of_a_long_list_come_in_their_own_time_and_announce_nothing() {
    let stage = Stage::of("/articles", "backfill = 6\npages_per_poll = 3\n").await;
    let items: Vec<String> = (1..=8)
        .map(|i| {
            format!(
                "<a href=\"/articles/lesson-number-{i}\"><div><p>Lesson Number {i}</p><p>Line {i} of what it says.</p></div></a>"
            )
        })
        .collect();
    stage.serve(&[(
        "/articles",
        &format!("<html><body><div class=content><h1>Articles</h1>{}</div></body></html>", items.concat()),
    )]);
    let list = paths(8).iter().map(|path| path.replace("/p/", "/articles/")).collect::<Vec<_>>();
    stage.serve_posts(&list);
    assert_eq!(stage.poll().await.new_entries, 8);
    let titles: Vec<_> = list.iter().map(|path| title_of(path)).collect();
    assert_eq!(stage.titles(), titles, "all of it at once, in its order");
    let ids: Vec<_> = stage.stories().into_iter().map(|s| (s.published_id, s.position)).collect();
    assert_eq!(stage.poll_after(1).await.new_entries, 0);
    assert!(!stage.backlog_waits(), "six of them, three at a time");
    let dated = stage.stories().iter().filter(|story| story.published.is_some()).count();
    assert_eq!(dated, 6);
    assert_eq!(stage.stories().into_iter().map(|s| (s.published_id, s.position)).collect::<Vec<_>>(), ids);
}

#[tokio::test]
async fn cards_keep_their_categories_tags_and_reading_time() {
    let stage = Stage::of("/blog", "[[topic]]\nid = \"tables\"\ntitle = \"Tables\"\nany = [\"category:iceberg\"]\n\n[[topic]]\nid = \"minutes\"\ntitle = \"Minutes\"\nany = [\"category:min\"]\n").await;
    stage.serve(&[("/blog", &fixture("card-blog/blog.html").replace("https://lou.example", "ORIGIN"))]);
    stage.poll().await;
    let story = stage.stories().into_iter().find(|s| s.title == "A Small Lakehouse").unwrap();
    assert_eq!(categories(&story), ["Data Engineering", "iceberg", "duckdb", "12 min read"]);
    let reading: Vec<_> = story.categories.iter().filter(|c| c.is_reading_time()).map(|c| c.term.as_str()).collect();
    assert_eq!(reading, ["12 min read"]);
    assert_eq!(story.topics.iter().map(|t| t.id.as_str()).collect::<Vec<_>>(), ["tables"], "a reading time is no subject");
}

#[tokio::test]
async fn a_topics_archive_is_a_category_of_its_posts() {
    let stage = Stage::of("/topics/distributed-systems", "").await;
    stage.serve(&[(
        "/topics/distributed-systems",
        &fixture("topic-archive/distributed-systems.html").replace("https://law.example", "ORIGIN"),
    )]);
    stage.poll().await;
    assert_eq!(stage.titles(), ["Retries Are Load", "One Queue or Many", "Idempotent by Default", "Failure Is a Feature"]);
    assert!(stage.stories().iter().all(|story| categories(story) == ["Distributed systems"]));
    assert_eq!(stage.stories()[0].published, Some(morning(2026, 6, 14) - TimeDelta::hours(9)));
}

#[tokio::test]
async fn selectors_find_what_nothing_else_does() {
    let stage = Stage::of(
        "/",
        "follow = \"page\"\n[source.page]\nitem = \"tr\"\ntitle = \"b\"\nlink = \"a@href\"\ncategory = \".tag\"\n",
    )
    .await;
    stage.serve(&[(
        "/",
        "<html><body><table><tr><td><b>Alpha</b> <i class=tag>Logs</i> <a href=/x?id=1>go</a></td></tr><tr><td><b>Beta</b> <a href=/x?id=2>go</a></td></tr></table></body></html>",
    )]);
    stage.poll().await;
    assert_eq!(stage.titles(), ["Alpha", "Beta"]);
    assert_eq!(categories(&stage.stories()[0]), ["Logs"]);
    assert_eq!(stage.asked(&mut 0)[..2], ["/robots.txt", "/"], "a way that is configured is the only one");
}

#[tokio::test]
async fn a_list_that_cannot_be_found_any_more_is_a_failure_and_its_entries_stay() {
    let stage = Stage::of("/articles", "").await;
    stage.serve(&[("/articles", &fixture("plain-list/articles.html"))]);
    stage.poll().await;
    let before = stage.shown();
    stage.serve(&[("/articles", "<html><body><div id=app></div></body></html>")]);
    for _ in 0..4 {
        let report = stage.poll_after(48).await;
        assert_eq!(report.outcome, Outcome::Failed);
        let state = stage.state();
        assert_eq!((state.health, state.follow), (SourceHealth::Failing, Follow::Page));
        assert!(
            state.last_error.unwrap().contains("no posts were found") || report.error.unwrap().contains("cannot be followed")
        );
        assert_eq!(stage.shown(), before);
    }
    stage.serve(&[("/articles", &fixture("plain-list/articles.html"))]);
    assert_eq!(stage.poll_after(48).await.error, None);
    assert_eq!(stage.shown(), before);
    assert_eq!(stage.state().health, SourceHealth::Ok);
}

/// The author's index at one origin, a newsletter at another, as two sources.
async fn author_and_newsletter() -> (Stage, Origin) {
    let (author, newsletter) = (Origin::start(), Origin::start());
    let sources = format!(
        "[[source]]\nid = \"index\"\nurl = \"{}\"\n[[source]]\nid = \"posts\"\nurl = \"{}\"\n[[topic]]\nid = \"streams\"\ntitle = \"Streams\"\nany = [\"category:streaming\"]\n",
        author.url("/writing.html"),
        newsletter.url("/")
    );
    let stage = Stage::with(author, &sources).await;
    let at = newsletter.url("").to_string();
    let html = fixture("authors-index/writing.html").replace("https://www.systems.example", at.trim_end_matches('/'));
    stage.serve(&[("/writing.html", &html)]);
    let posts = ["how-consensus-survives-a-slow-disk", "clocks-and-what-they-cost", "what-a-log-is-for", "the-bill-at-the-end"]
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
        serve(path, post(&title_of(path), Some(date)));
    }
    (stage, newsletter)
}

#[tokio::test]
async fn the_authors_index_and_the_posts_themselves_are_one_story_each_in_either_order() {
    let mut told = Vec::new();
    for order in [["index", "posts"], ["posts", "index"]] {
        let (stage, newsletter) = author_and_newsletter().await;
        stage.poll_one(order[0]).await;
        let first = stage.stories();
        stage.clock.advance(TimeDelta::minutes(5));
        let report = stage.poll_one(order[1]).await;
        assert_eq!(report.duplicates, 4, "{order:?}: {report:?}");
        let (stories, shown) = (stage.stories(), stage.shown());
        assert_eq!(stories.len(), 6, "four of one newsletter, two of another: {:?}", stage.titles());
        for story in &first {
            let now = stories.iter().find(|s| s.published_id == story.published_id).expect("no id changes");
            assert_eq!(now.position, story.position);
        }
        let log = stories.iter().find(|s| s.url.as_deref().is_some_and(|u| u.ends_with("/p/what-a-log-is-for"))).unwrap();
        assert_eq!(log.sources.len(), 2, "{order:?}");
        assert!(log.summary_text.contains("must not stop"), "{order:?}: the post's own words show: {}", log.summary_text);
        assert_eq!(log.published, Some(morning(2026, 5, 8) - TimeDelta::days(14)), "the more exact date");
        assert_eq!(log.topics.iter().map(|t| t.id.as_str()).collect::<Vec<_>>(), ["streams"], "{order:?}: the section files it");
        assert!(newsletter.requests().iter().all(|r| r.path != "/writing.html"));
        let from_index = stage.origin.requests();
        assert!(from_index.iter().all(|r| !r.path.starts_with("/p/")), "items on other sites are never fetched");
        assert!(
            newsletter.requests().len() <= 7,
            "{:?}",
            newsletter.requests().iter().map(|r| r.path.clone()).collect::<Vec<_>>()
        );
        // Again, and nothing is announced twice.
        stage.clock.advance(TimeDelta::hours(6));
        for id in order {
            let report = stage.poll_one(id).await;
            assert_eq!((report.new_entries, report.new_stories), (0, 0));
        }
        assert_eq!(stage.shown(), shown);
        let mut titles = stage.titles();
        titles.sort();
        told.push(titles);
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn an_index_whose_site_has_a_sitemap_of_other_pages_is_followed_by_its_page() {
    let stage = Stage::of("/writing.html", "").await;
    let pages = ["/index.html", "/writing.html", "/work.html", "/talks.html"].map(String::from);
    stage.serve(&[
        ("/writing.html", &fixture("authors-index/writing.html")),
        ("/sitemap.xml", &sitemap(&pages, morning(2026, 10, 1))),
    ]);
    stage.poll().await;
    assert_eq!((stage.follow().0, stage.titles().len()), (Follow::Page, 6), "{:?}", stage.follow());
}

#[tokio::test]
async fn posts_that_stand_on_one_page_are_entries_each_and_that_page_is_asked_once() {
    let entry = |i: u32| {
        format!(
            "<h2 id=\"v{i}\">Release number {i}</h2><p>October {i}, 2026</p><p>What changed in release number {i}, in a few words.</p>"
        )
    };
    let page = |from: u32| {
        let entries: String = (1..=from).rev().map(entry).collect();
        format!("<html lang=en><head><title>Changes</title></head><body><main><h1>Changes</h1>{entries}</main></body></html>")
    };
    let stage = Stage::of("/changes", "follow = \"page\"\n").await;
    stage.serve(&[("/changes", &page(3))]);
    assert_eq!(stage.poll().await.new_entries, 3, "{:?}", stage.state().problems);
    assert_eq!(stage.titles(), ["Release number 3", "Release number 2", "Release number 1"]);
    assert_eq!(stage.asked(&mut 0), ["/robots.txt", "/changes"], "a part of the page is no page of its own");
    stage.serve(&[("/changes", &page(4))]);
    let report = stage.poll_after(7).await;
    assert_eq!((report.new_entries, stage.titles().len()), (1, 4));
    assert_eq!(stage.titles()[0], "Release number 4");
}
