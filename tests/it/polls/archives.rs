//! The archives that a feed names (RFC 5005 §4) are read once.

use feed_model::PollOutcome;

use crate::support::{
    installation::Installation,
    origin::{Origin, Reply},
    program::{Program, wait_for},
    sample_feeds::{Post, atom, rss},
};

/// A document of the feed with the posts of these days, and the archive that it names.
fn document(installation: &Installation, days: &[u32], previous: Option<u32>) -> Reply {
    let posts: Vec<Post> = days
        .iter()
        .map(|day| Post::new(&format!("n{day}"), &format!("Day {day}"), *day, "Its text."))
        .collect();
    let link = previous.map(|number| {
        format!(
            "</title><link rel=\"prev-archive\" href=\"{}\"/>",
            installation.origin.url(&format!("/archive/{number}"))
        )
    });
    let text = atom("Days", &posts);
    Reply::ok(text.replacen("</title>", link.as_deref().unwrap_or("</title>"), 1))
}

/// A publisher with the days 7 and 6 in its feed, and two in each of three archives.
fn publisher(more: &str) -> Installation {
    let installation = Installation::following_site("/feed", &format!("follow = \"feed\"\n{more}"));
    for (path, days, previous) in [
        ("/feed", [8, 7], Some(3)),
        ("/archive/3", [6, 5], Some(2)),
        ("/archive/2", [4, 3], Some(1)),
        ("/archive/1", [2, 1], None),
    ] {
        let reply = document(&installation, &days, previous);
        installation.origin.script(path, vec![reply]);
    }
    installation
}

fn days(newest: u32, oldest: u32) -> Vec<String> {
    (oldest..=newest).rev().map(|day| format!("Day {day}")).collect()
}

#[tokio::test]
async fn the_archives_of_a_feed_are_read_after_the_first_poll_and_never_again() {
    let mut installation = publisher("");
    let seen = &mut 0;
    installation.poll("site").await;
    assert_eq!(installation.titles(), days(8, 7), "the first poll does not wait for the archives");
    assert_eq!(installation.requested_paths(seen).last().unwrap(), "/feed");
    installation.backfill(1).await;
    assert_eq!(installation.requested_paths(seen), ["/archive/3"]);
    assert_eq!(installation.titles(), days(8, 5));
    installation.restart();
    assert!(installation.has_due_backfill(), "the walk goes on after a restart");
    installation.backfill(10).await;
    assert_eq!(installation.requested_paths(seen), ["/archive/2", "/archive/1"]);
    assert_eq!(installation.titles(), days(8, 1));
    assert!(!installation.has_due_backfill());

    installation.advance_hours(1);
    installation.poll("site").await;
    installation.origin.script("/feed", vec![document(&installation, &[12, 11], Some(4))]);
    installation.origin.script("/archive/4", vec![document(&installation, &[10, 9], Some(3))]);
    *seen = installation.origin.requests().len();
    installation.advance_hours(1);
    assert_eq!(installation.poll("site").await.outcome, PollOutcome::Changed);
    assert_eq!(installation.requested_paths(seen), ["/feed", "/archive/4"], "only the new one");
    assert_eq!(installation.stored_stories().len(), 12);
    // Entries of an archive are below those that arrived in the window.
    assert_eq!(installation.titles()[..3], ["Day 12", "Day 11", "Day 10"]);
}

#[tokio::test]
async fn entries_of_archives_have_the_positions_of_their_dates() {
    let installation = publisher("");
    installation.poll("site").await;
    installation.backfill(10).await;
    let dates: Vec<String> = installation
        .stored_stories()
        .iter()
        .map(|story| story.position.format("%Y-%m-%d %H:%M").to_string())
        .collect();
    let expected: Vec<String> =
        (1..=8).rev().map(|day| format!("2024-01-{day:02} 09:00")).collect();
    assert_eq!(dates, expected);
}

#[tokio::test]
async fn an_archive_that_fails_is_tried_again_later_and_a_missing_one_is_given_up() {
    let installation = publisher("");
    let good = document(&installation, &[6, 5], Some(2));
    let page = Reply::ok("<html><body>Be back soon</body></html>");
    installation.origin.script("/archive/3", vec![page, good]);
    installation.origin.script("/archive/2", vec![Reply::new(404)]);
    installation.poll("site").await;
    installation.backfill(10).await;
    assert_eq!(installation.titles(), days(8, 7));
    assert!(!installation.has_due_backfill());
    assert_eq!(installation.source_record("site").failures, 0, "the feed itself is well");
    installation.advance_hours(6);
    installation.backfill(10).await;
    assert_eq!(installation.titles(), days(8, 5));
    installation.advance_hours(24);
    assert!(!installation.has_due_backfill());
}

#[tokio::test]
async fn an_archive_of_an_exempt_host_is_read_when_its_retry_after_is_over() {
    let installation = publisher("");
    let good = document(&installation, &[6, 5], Some(2));
    let later = Reply::new(503).header("Retry-After", "5");
    installation.origin.script("/archive/3", vec![later, good]);
    installation.poll("site").await;
    installation.backfill(10).await;
    assert!(!installation.has_due_backfill());
    installation.advance_seconds(5);
    assert!(installation.has_due_backfill());
    installation.backfill(10).await;
    assert_eq!(installation.titles(), days(8, 1));
}

#[tokio::test]
async fn archives_that_name_each_other_are_each_read_once() {
    let installation = publisher("");
    installation.origin.script("/archive/1", vec![document(&installation, &[2, 1], Some(3))]);
    installation.poll("site").await;
    let seen = &mut installation.origin.requests().len();
    installation.backfill(100).await;
    let paths = installation.requested_paths(seen);
    assert_eq!(paths, ["/archive/3", "/archive/2", "/archive/1"]);
    assert!(!installation.has_due_backfill());
}

#[tokio::test]
async fn backfill_0_leaves_archives_unread() {
    let installation = publisher("backfill = 0\n");
    installation.poll("site").await;
    assert!(!installation.has_due_backfill());
    assert_eq!(installation.titles(), days(8, 7));
}

#[test]
fn a_front_has_every_story_of_a_poller_with_its_id_its_source_and_its_date() {
    let origin = Origin::start();
    let posts: Vec<Post> = (1..=28)
        .rev()
        .map(|day| Post::new(&format!("n{day}"), &format!("About day {day}"), day, "Its text."))
        .collect();
    origin.script("/feed", vec![Reply::ok(rss("The river", &posts))]);
    let program = |max_entries: u32, url: &str| {
        Program::with(&format!(
            "[polling]\nallow_hosts = [\"127.0.0.1\"]\n[publishing]\nmax_entries = {max_entries}\n\
             keep_within = \"0s\"\n\
             [[source]]\nid = \"one\"\nurl = \"{url}\"\nfollow = \"feed\"\n"
        ))
    };
    let stories = |program: &Program| {
        let stories = program.json(&["stories", "--limit", "0"]);
        let fields = |story: &serde_json::Value| {
            [&story["published_id"], &story["published"], &story["title"]].map(ToString::to_string)
        };
        stories.as_array().unwrap().iter().map(fields).collect::<Vec<_>>()
    };
    let poller = program(5, origin.url("/feed").as_str());
    let daemon = poller.serve();
    // The oldest archive is rendered last.
    let oldest = || daemon.get("/topics/all/archive/1.atom").status == 200;
    wait_for("the poller has archives", || oldest().then_some(()));
    let front = program(50, &format!("http://{}/topics/all/feed.atom", daemon.address));
    let front_daemon = front.serve();
    wait_for("the front has every story", || (stories(&front).len() == 28).then_some(()));
    assert_eq!(stories(&front), stories(&poller));
    let feed = wait_for("the front publishes them", || {
        let body = front_daemon.get("/topics/all/feed.json").body;
        let feed: serde_json::Value = serde_json::from_slice(&body).unwrap();
        (feed["items"].as_array()?.len() == 28).then_some(feed)
    });
    for item in feed["items"].as_array().unwrap() {
        assert_eq!(item["_source"]["title"], "The river");
    }
}
