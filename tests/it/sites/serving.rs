//! Under the daemon's driver the back-catalogue has a queue of its own, and `add` pins what was found.

use std::{process::Command, sync::Arc, time::Duration};

use tokio::sync::{Notify, watch};
use tributary::{poll::Driver, telemetry::Metrics};

use super::stage::{BARE_HOME, Stage, morning, paths, sitemap, title_of};

#[tokio::test]
async fn the_back_catalogue_does_not_wait_for_the_next_poll() {
    let stage = Stage::of("/", "backfill = 8\npages_per_poll = 3\n").await;
    let posts = paths(20);
    stage.serve(&[("/", BARE_HOME), ("/sitemap.xml", &sitemap(&posts, morning(2026, 10, 30)))]);
    stage.serve_posts(&posts);
    let (changed, (stop, stopped)) = (Arc::new(Notify::new()), watch::channel(false));
    let metrics = Arc::new(Metrics::default());
    let driver = Driver::new(stage.poller.clone(), Arc::new(Notify::new()), changed.clone(), metrics);
    let driving = tokio::spawn(driver.run(stopped));
    // The clock stands still: no poll but the first is ever due.
    let filled = async {
        while stage.titles().len() < 8 {
            changed.notified().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), filled).await.expect("the queue is worked off by itself");
    stop.send(true).unwrap();
    driving.await.unwrap();
    assert_eq!(stage.titles(), posts[..8].iter().map(|path| title_of(path)).collect::<Vec<_>>());
    assert_eq!(stage.origin.requests_to("/sitemap.xml").len(), 1);
    assert_eq!(stage.origin.most_in_flight(), 1, "one at a time to one host");
    assert_eq!(stage.asked(&mut 0).len(), 3 + 8);
}

#[tokio::test]
async fn add_pins_the_way_and_the_feeds_address_where_there_is_one() {
    let stage = Stage::of("/", "").await;
    let posts = paths(2);
    stage.serve(&[
        ("/", BARE_HOME),
        ("/sitemap.xml", &sitemap(&posts, morning(2026, 10, 30))),
        ("/blog", "<html><head><link rel=alternate type=application/rss+xml href=/feed.xml></head></html>"),
        (
            "/feed.xml",
            "<rss version=\"2.0\"><channel><title>Logs</title><item><title>A</title><link>ORIGIN/a</link></item></channel></rss>",
        ),
    ]);
    stage.serve_posts(&posts);
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("feeds.toml");
    let before = "# mine\n[polling]\nallow_hosts = [\"127.0.0.1\"]\n";
    std::fs::write(&config, before).unwrap();
    let add = |path: &str| {
        let (config, url) = (config.clone(), stage.origin.url(path));
        let mut command = Command::new(env!("CARGO_BIN_EXE_tributary"));
        command.arg("--config").arg(config).arg("add").arg(url.as_str());
        tokio::task::spawn_blocking(move || command.output().unwrap().status.code())
    };
    assert_eq!(add("/").await.unwrap(), Some(0));
    assert_eq!(add("/blog").await.unwrap(), Some(0));
    let text = std::fs::read_to_string(&config).unwrap();
    assert!(text.starts_with(before), "every other byte is kept:\n{text}");
    let (site, feed) = text[before.len()..].rsplit_once("[[source]]").unwrap();
    assert!(site.contains(&format!("\"{}\"", stage.origin.url("/"))) && site.contains("follow = \"sitemap\""), "{site}");
    assert!(feed.contains(&format!("\"{}\"", stage.origin.url("/feed.xml"))) && feed.contains("follow = \"feed\""), "{feed}");
    for path in ["/", "/feed.xml", "/blog"] {
        assert_eq!(add(path).await.unwrap(), Some(1), "{path} is followed already");
    }
    assert_eq!(std::fs::read_to_string(&config).unwrap(), text);
}
