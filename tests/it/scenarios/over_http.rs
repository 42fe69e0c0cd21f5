//! The same promises through the real poller, where the wire matters.

use feed_model::PollOutcome;
use tributary::poll::PollReport;

use crate::support::{
    feeds::{Post, post, rss},
    installation::Installation,
    origin::{Origin, Reply},
    time::march,
};

const HOME: &str = "https://one.example/";

fn feed(posts: &[Post]) -> Reply {
    Reply::ok(rss(HOME, posts)).header("Content-Type", "application/rss+xml")
}

fn lines(origin: &Origin, path: &str) -> String {
    let url = origin.url(path);
    format!(
        "[polling]\nallow_hosts = [\"127.0.0.1\"]\n[[source]]\nid = \"one\"\nurl = \"{url}\"\n\
         follow = \"feed\"\n"
    )
}

async fn poll(installation: &Installation) -> PollReport {
    let report = installation.poll("one").await;
    assert!(report.is_stored, "{report:?}");
    installation.advance_hours(1);
    report
}

fn two_old_posts() -> Vec<Post> {
    vec![post("one", 2), post("one", 1)]
}

#[tokio::test]
async fn an_unchanged_feed_changes_no_byte_with_200_or_304() {
    let origin = Origin::start();
    let with_tag = feed(&two_old_posts()).header("ETag", "\"1\"");
    origin.script(
        "/feed.xml",
        vec![
            feed(&two_old_posts()),
            feed(&two_old_posts()),
            with_tag,
            Reply::new(304),
            feed(&[two_old_posts(), two_old_posts()].concat()),
        ],
    );
    let mut installation = Installation::with_config(&lines(&origin, "/feed.xml"));
    assert_eq!(poll(&installation).await.outcome, PollOutcome::Changed);
    let first = installation.document_bytes();
    assert_eq!(installation.newly_announced(), ["one 2", "one 1"]);
    for outcome in [
        PollOutcome::Unchanged,
        PollOutcome::Unchanged,
        PollOutcome::NotModified,
        PollOutcome::Unchanged,
    ] {
        let report = poll(&installation).await;
        assert_eq!((report.outcome, report.visible), (outcome, false));
        assert_eq!(installation.document_bytes(), first);
    }
    let requests = origin.requests_to("/feed.xml");
    assert_eq!(requests[3].header("if-none-match"), Some("\"1\""));
}

#[tokio::test]
async fn a_feed_that_moves_announces_nothing() {
    let origin = Origin::start();
    origin.script("/feed.xml", vec![feed(&two_old_posts()), Reply::redirect(301, "/new/feed.xml")]);
    origin.script("/new/feed.xml", vec![feed(&[vec![post("one", 20)], two_old_posts()].concat())]);
    let mut installation = Installation::with_config(&lines(&origin, "/feed.xml"));
    poll(&installation).await;
    let first = installation.feed_of_all();
    assert_eq!(installation.newly_announced().len(), 2);
    for day in 0..9 {
        poll(&installation).await;
        assert_eq!(
            installation.newly_announced().len(),
            usize::from(day == 0),
            "the new post, and that once"
        );
        installation.advance_hours(24);
    }
    assert_eq!(installation.feed_of_all().ids()[1..], first.ids());
    assert_eq!(
        origin.requests_to("/feed.xml").len(),
        9,
        "after a week of saying so the target is asked itself"
    );
}

#[tokio::test]
async fn a_new_url_under_the_same_source_id_announces_nothing() {
    let origin = Origin::start();
    origin.script("/feed.xml", vec![feed(&two_old_posts())]);
    origin.script("/blog/index.xml", vec![feed(&two_old_posts())]);
    let mut installation = Installation::with_config(&lines(&origin, "/feed.xml"));
    poll(&installation).await;
    let first = installation.feed_of_all();
    assert_eq!(installation.newly_announced().len(), 2);
    installation.reconfigure(&lines(&origin, "/blog/index.xml"));
    assert_eq!(installation.feed_of_all().stories, first.stories, "before the next poll as well");
    assert_eq!(poll(&installation).await.new_entries, 0);
    assert_eq!(installation.newly_announced(), [""; 0]);
    assert_eq!(installation.feed_of_all().stories, first.stories);
}

#[tokio::test]
async fn failures_create_and_remove_no_story() {
    let origin = Origin::start();
    let sorry = Reply::new(200).header("Content-Type", "text/html");
    origin.script(
        "/feed.xml",
        vec![
            feed(&two_old_posts()),
            Reply::new(500),
            sorry,
            Reply::ok("<rss version=\"2.0\"><channel>"),
            Reply::new(410),
            feed(&two_old_posts()),
        ],
    );
    let mut installation = Installation::with_config(&lines(&origin, "/feed.xml"));
    poll(&installation).await;
    let first = installation.document_bytes();
    assert_eq!(installation.newly_announced().len(), 2);
    for _ in 0..4 {
        let report = poll(&installation).await;
        assert!(report.outcome.is_failure() && !report.visible, "{report:?}");
        assert_eq!(installation.document_bytes(), first);
    }
    assert!(!poll(&installation).await.outcome.is_failure());
    assert_eq!(installation.document_bytes(), first);
}

#[tokio::test]
async fn cache_control_private_keeps_a_source_unpublished() {
    let origin = Origin::start();
    let private = |posts: &[Post]| feed(posts).header("Cache-Control", "max-age=60, private");
    origin.script(
        "/feed.xml",
        vec![private(&two_old_posts()), private(&[post("one", 20)]), feed(&[post("one", 20)])],
    );
    let mut installation = Installation::with_config(&lines(&origin, "/feed.xml"));
    for stories in 2..4 {
        poll(&installation).await;
        assert_eq!(installation.stored_stories().len(), stories);
        assert_eq!(installation.newly_announced(), [""; 0]);
        assert!(
            installation.document_bytes().iter().all(|(_, text, ..)| !text.contains("one.example"))
        );
    }
    installation
        .reconfigure(&lines(&origin, "/feed.xml").replace("follow", "publish = true\nfollow"));
    assert_eq!(installation.newly_announced(), ["one 20", "one 2", "one 1"]);
    assert_eq!(installation.feed_of_all().stories[1].published, Some(march(2, 8)));
}
