//! Under the daemon's driver the back-catalogue has a queue of its own, and `add` pins what was
//! found.

use std::{process::Command, sync::Arc, time::Duration};

use tokio::sync::{Notify, watch};
use tributary::{poll::PollScheduler, telemetry::Metrics};

use crate::support::{
    installation::Installation,
    sites::{EMPTY_HOME_PAGE, post_paths, sitemap, title_of},
    time::morning,
};

#[tokio::test]
async fn the_backfill_does_not_wait_for_the_next_poll() {
    let harness = Installation::following_site("/", "backfill = 8\npages_per_poll = 3\n");
    let posts = post_paths(20);
    harness.origin.script_pages(&[
        ("/", EMPTY_HOME_PAGE),
        ("/sitemap.xml", &sitemap(&posts, morning(2026, 10, 30))),
    ]);
    harness.origin.script_posts(&posts);
    let (changed, (stop, stopped)) = (Arc::new(Notify::new()), watch::channel(false));
    let metrics = Arc::new(Metrics::default());
    let driver = PollScheduler::new(
        harness.poller().clone(),
        Arc::new(Notify::new()),
        changed.clone(),
        metrics,
    );
    let driving = tokio::spawn(driver.run(stopped));
    // The clock stands still: no poll but the first is ever due.
    let filled = async {
        while harness.titles().len() < 8 {
            changed.notified().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), filled)
        .await
        .expect("the queue is worked off by itself");
    stop.send(true).unwrap();
    driving.await.unwrap();
    assert_eq!(harness.titles(), posts[..8].iter().map(|path| title_of(path)).collect::<Vec<_>>());
    assert_eq!(harness.origin.requests_to("/sitemap.xml").len(), 1);
    assert_eq!(harness.origin.most_in_flight(), 1, "one at a time to one host");
    assert_eq!(harness.requested_paths(&mut 0).len(), 3 + 8);
}

#[tokio::test]
async fn add_writes_the_follow_mode_and_the_feed_url() {
    let harness = Installation::following_site("/", "");
    let posts = post_paths(2);
    harness.origin.script_pages(&[
        ("/", EMPTY_HOME_PAGE),
        ("/sitemap.xml", &sitemap(&posts, morning(2026, 10, 30))),
        (
            "/blog",
            "<html><head><link rel=alternate type=application/rss+xml href=/feed.xml></head>\
            </html>",
        ),
        (
            "/feed.xml",
            "<rss version=\"2.0\"><channel><title>Logs</title><item><title>A</title><link>ORIGIN/a\
             </link></item></channel></rss>",
        ),
    ]);
    harness.origin.script_posts(&posts);
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("feeds.toml");
    let before = "# mine\n[polling]\nallow_hosts = [\"127.0.0.1\"]\n";
    std::fs::write(&config, before).unwrap();
    let add = |path: &str| {
        let (config, url) = (config.clone(), harness.origin.url(path));
        let mut command = Command::new(env!("CARGO_BIN_EXE_tributary"));
        command.arg("--config").arg(config).arg("add").arg(url.as_str());
        tokio::task::spawn_blocking(move || command.output().unwrap().status.code())
    };
    assert_eq!(add("/").await.unwrap(), Some(0));
    assert_eq!(add("/blog").await.unwrap(), Some(0));
    let text = std::fs::read_to_string(&config).unwrap();
    assert!(text.starts_with(before), "every other byte is kept:\n{text}");
    let (site, feed) = text[before.len()..].rsplit_once("[[source]]").unwrap();
    assert!(
        site.contains(&format!("\"{}\"", harness.origin.url("/")))
            && site.contains("follow = \"sitemap\""),
        "{site}"
    );
    assert!(
        feed.contains(&format!("\"{}\"", harness.origin.url("/feed.xml")))
            && feed.contains("follow = \"feed\""),
        "{feed}"
    );
    for path in ["/", "/feed.xml", "/blog"] {
        assert_eq!(add(path).await.unwrap(), Some(1), "{path} is followed already");
    }
    assert_eq!(std::fs::read_to_string(&config).unwrap(), text);
}
