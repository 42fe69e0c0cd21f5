//! The same promises through the real poller, where the wire matters.

use feed_model::SourceId;
use tributary::poll::{Outcome, SourceReport};

use super::{
    house::{House, ParseId as _},
    post::{Post, march, post, rss},
};
use crate::support::origin::{Origin, Reply};

const HOME: &str = "https://one.example/";

fn feed(posts: &[Post]) -> Reply {
    Reply::ok(rss(HOME, posts)).header("Content-Type", "application/rss+xml")
}

fn lines(origin: &Origin, path: &str) -> String {
    let url = origin.url(path);
    format!("[polling]\nallow_hosts = [\"127.0.0.1\"]\n[[source]]\nid = \"one\"\nurl = \"{url}\"\nfollow = \"feed\"\n")
}

async fn poll(house: &House) -> SourceReport {
    let id: SourceId = "one".parse_id();
    let poller = house.poller();
    let source = poller.settings.load().source(&id).unwrap();
    let report = poller.refresh(&source).await;
    assert!(report.recorded, "{report:?}");
    house.hours(1);
    report
}

fn old() -> Vec<Post> {
    vec![post("one", 2), post("one", 1)]
}

#[tokio::test]
async fn an_unchanged_feed_changes_no_byte_whatever_the_answer() {
    let origin = Origin::start();
    let with_tag = feed(&old()).header("ETag", "\"1\"");
    origin.script("/feed.xml", vec![feed(&old()), feed(&old()), with_tag, Reply::new(304), feed(&[old(), old()].concat())]);
    let mut house = House::with(&lines(&origin, "/feed.xml"));
    assert_eq!(poll(&house).await.outcome, Outcome::Changed);
    let first = house.bytes();
    assert_eq!(house.news(), ["one 2", "one 1"]);
    for outcome in [Outcome::Unchanged, Outcome::Unchanged, Outcome::NotModified, Outcome::Unchanged] {
        let report = poll(&house).await;
        assert_eq!((report.outcome, report.visible), (outcome, false));
        assert_eq!(house.bytes(), first);
    }
    let requests = origin.requests_to("/feed.xml");
    assert_eq!(requests[3].header("if-none-match"), Some("\"1\""));
}

#[tokio::test]
async fn a_feed_that_moves_announces_nothing() {
    let origin = Origin::start();
    origin.script("/feed.xml", vec![feed(&old()), Reply::redirect(301, "/new/feed.xml")]);
    origin.script("/new/feed.xml", vec![feed(&[vec![post("one", 20)], old()].concat())]);
    let mut house = House::with(&lines(&origin, "/feed.xml"));
    poll(&house).await;
    let first = house.all();
    assert_eq!(house.news().len(), 2);
    for day in 0..9 {
        poll(&house).await;
        assert_eq!(house.news().len(), usize::from(day == 0), "the new post, and that once");
        house.hours(24);
    }
    assert_eq!(house.all().ids()[1..], first.ids());
    assert_eq!(origin.requests_to("/feed.xml").len(), 9, "after a week of saying so the target is asked itself");
}

#[tokio::test]
async fn another_address_under_the_same_id_announces_nothing() {
    let origin = Origin::start();
    origin.script("/feed.xml", vec![feed(&old())]);
    origin.script("/blog/index.xml", vec![feed(&old())]);
    let mut house = House::with(&lines(&origin, "/feed.xml"));
    poll(&house).await;
    let first = house.all();
    assert_eq!(house.news().len(), 2);
    house.reconfigure(&lines(&origin, "/blog/index.xml"));
    assert_eq!(house.all().stories, first.stories, "before the next poll as well");
    assert_eq!(poll(&house).await.new_entries, 0);
    assert_eq!(house.news(), [""; 0]);
    assert_eq!(house.all().stories, first.stories);
}

#[tokio::test]
async fn a_failure_is_never_a_story_and_loses_none() {
    let origin = Origin::start();
    let sorry = Reply::new(200).header("Content-Type", "text/html");
    origin.script(
        "/feed.xml",
        vec![feed(&old()), Reply::new(500), sorry, Reply::ok("<rss version=\"2.0\"><channel>"), Reply::new(410), feed(&old())],
    );
    let mut house = House::with(&lines(&origin, "/feed.xml"));
    poll(&house).await;
    let first = house.bytes();
    assert_eq!(house.news().len(), 2);
    for _ in 0..4 {
        let report = poll(&house).await;
        assert!(report.outcome.is_failure() && !report.visible, "{report:?}");
        assert_eq!(house.bytes(), first);
    }
    assert!(!poll(&house).await.outcome.is_failure());
    assert_eq!(house.bytes(), first);
}

#[tokio::test]
async fn cache_control_private_keeps_a_source_out() {
    let origin = Origin::start();
    let private = |posts: &[Post]| feed(posts).header("Cache-Control", "max-age=60, private");
    origin.script("/feed.xml", vec![private(&old()), private(&[post("one", 20)]), feed(&[post("one", 20)])]);
    let mut house = House::with(&lines(&origin, "/feed.xml"));
    for stories in 2..4 {
        poll(&house).await;
        assert_eq!(house.stored().len(), stories);
        assert_eq!(house.news(), [""; 0]);
        assert!(house.bytes().iter().all(|(_, text, ..)| !text.contains("one.example")));
    }
    house.reconfigure(&lines(&origin, "/feed.xml").replace("follow", "publish = true\nfollow"));
    assert_eq!(house.news(), ["one 20", "one 2", "one 1"]);
    assert_eq!(house.all().stories[1].published, Some(march(2, 8)));
}
