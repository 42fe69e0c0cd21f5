//! The daemon while the outcomes of polls cannot be stored.

use rusqlite::Connection;
use rustix::process::{Pid, Resource, Rlimit, Signal, prlimit};
use serde_json::Value;

use crate::{
    program::{feeds_toml, posts},
    support::{
        origin::{Origin, Reply},
        program::{Daemon, Program, wait_for},
        sample_feeds::{Post, rss},
    },
};

/// The program follows one feed of three posts, which it polls every second.
fn followed_feed() -> (Origin, Program) {
    let origin = Origin::start();
    let [posts, ..] = posts();
    origin.script("/rss", vec![Reply::ok(rss("An RSS feed", &posts))]);
    let toml = feeds_toml(&origin, &["/rss"]);
    let program =
        Program::with(&toml.replace("follow = \"feed\"", "follow = \"feed\"\ninterval = \"1s\""));
    (origin, program)
}

/// The publisher has one more post.
fn add_post(origin: &Origin) {
    let [mut posts, ..] = posts();
    posts.insert(0, Post::new("r4", "Kafka, again", 25, "There is always more."));
    origin.script("/rss", vec![Reply::ok(rss("An RSS feed", &posts))]);
}

fn titles(daemon: &Daemon, topic: &str) -> Vec<String> {
    let feed: Value =
        serde_json::from_slice(&daemon.get(&format!("/topics/{topic}/feed.json")).body).unwrap();
    let items = feed["items"].as_array().unwrap();
    items.iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

fn wait_until_stored(daemon: &Daemon, stories: usize) {
    wait_for("the stories are published", || {
        (titles(daemon, "all").len() == stories).then_some(())
    });
}

/// Waits until the daemon says that it cannot store.
fn wait_until_not_ready(daemon: &Daemon, reason: &str) {
    wait_for("the daemon is not ready", || {
        let ready = daemon.get("/readyz");
        (ready.status == 503 && ready.text().contains(reason)).then_some(())
    });
}

fn count(log: &str, text: &str) -> usize {
    log.matches(text).count()
}

/// While nothing can be stored, the daemon serves on and leaves the publisher alone. When writing
/// works again, the outcome is stored from memory.
#[test]
fn a_locked_database_costs_the_publisher_one_download() {
    let (origin, program) = followed_feed();
    let daemon = program.serve();
    wait_until_stored(&daemon, 3);
    let lock = Connection::open(program.database()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    add_post(&origin);
    wait_until_not_ready(&daemon, "locked by another process");
    let downloads = origin.requests_to("/rss").len();
    // Several times the interval of the source.
    for _ in 0..30 {
        assert_eq!(daemon.get("/readyz").status, 503, "until a write succeeds");
        assert_eq!((daemon.get("/healthz").status, titles(&daemon, "all").len()), (200, 3));
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(origin.requests_to("/rss").len(), downloads, "{}", daemon.log());
    assert_eq!(count(&daemon.log(), "cannot write"), 1, "{}", daemon.log());

    lock.execute_batch("ROLLBACK").unwrap();
    wait_for("the daemon is ready", || (daemon.get("/readyz").status == 200).then_some(()));
    wait_until_stored(&daemon, 4);
    assert!(daemon.log().contains("polled rss: changed, 1 new"), "{}", daemon.log());
    assert_eq!(count(&daemon.log(), "works again"), 1, "{}", daemon.log());
    assert_eq!(daemon.stop(Signal::TERM), Some(0));
    assert_eq!(program.run(&["doctor"]).code, 0);
}

#[test]
fn a_daemon_starts_and_stops_while_the_database_is_locked() {
    let (_origin, program) = followed_feed();
    let daemon = program.serve();
    wait_until_stored(&daemon, 3);
    assert_eq!(daemon.stop(Signal::TERM), Some(0));
    let lock = Connection::open(program.database()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let daemon = program.serve();
    assert_eq!((daemon.get("/readyz").status, titles(&daemon, "all").len()), (503, 3));
    assert!(daemon.log().contains("feeds.toml is valid, but"), "{}", daemon.log());
    assert_eq!(daemon.stop(Signal::TERM), Some(0));
    lock.execute_batch("ROLLBACK").unwrap();
    assert_eq!(program.run(&["doctor"]).code, 0);
}

/// A disk that takes no more bytes from the daemon: its files may not grow.
struct FullDisk<'d>(&'d Daemon);

impl FullDisk<'_> {
    fn set(daemon: &Daemon, bytes: Option<u64>) {
        let pid = Pid::from_raw(i32::try_from(daemon.pid()).unwrap());
        let maximum = prlimit(pid, Resource::Fsize, Rlimit { current: bytes, maximum: None });
        assert!(maximum.unwrap().maximum.is_none(), "the size of files is limited here");
    }

    fn begin(daemon: &Daemon) -> FullDisk<'_> {
        FullDisk::set(daemon, Some(4096));
        FullDisk(daemon)
    }

    fn end(self) {
        FullDisk::set(self.0, None);
    }
}

/// A daemon whose files can be limited.
fn serve_with_ignored_limit_signal(program: &Program) -> Daemon {
    let command = program.shell("trap '' XFSZ", &["serve", "--listen", "127.0.0.1:0"]);
    Daemon::start(command, &program.join("log")).expect("the daemon prints its address")
}

#[test]
fn a_full_disk_delays_a_new_post_and_a_valid_reload() {
    let (origin, program) = followed_feed();
    let daemon = serve_with_ignored_limit_signal(&program);
    wait_until_stored(&daemon, 3);
    let disk = FullDisk::begin(&daemon);
    add_post(&origin);
    wait_until_not_ready(&daemon, "disk");
    let downloads = origin.requests_to("/rss").len();
    let toml = std::fs::read_to_string(program.join("feeds.toml")).unwrap();
    program.configure(
        &(toml + "\n[[topic]]\nid = \"caches\"\ntitle = \"Caches\"\nany = [\"cache\"]\n"),
    );
    daemon.signal(Signal::HUP);
    wait_for("the reload is reported", || {
        daemon.log().contains("feeds.toml is valid, but").then_some(())
    });
    assert!(!daemon.log().contains("feeds.toml is invalid"), "{}", daemon.log());
    assert_eq!(daemon.get("/topics/caches/feed.json").status, 404);
    assert_eq!((titles(&daemon, "all").len(), origin.requests_to("/rss").len()), (3, downloads));
    assert_eq!((daemon.get("/healthz").status, daemon.get("/readyz").status), (200, 503));

    disk.end();
    wait_until_stored(&daemon, 4);
    wait_for("the new topic is served", || {
        (daemon.get("/topics/caches/feed.json").status == 200).then_some(())
    });
    wait_for("the daemon is ready", || (daemon.get("/readyz").status == 200).then_some(()));
    assert!(daemon.log().contains("feeds.toml reloaded: 1 sources, 3 topics"), "{}", daemon.log());
    assert_eq!(count(&daemon.log(), "cannot write"), 1, "{}", daemon.log());
    assert_eq!(daemon.stop(Signal::TERM), Some(0));
    assert_eq!(program.run(&["doctor"]).code, 0);
}

#[test]
fn a_backup_that_does_not_fit_leaves_no_file() {
    let (_origin, program) = followed_feed();
    program.run_ok(&["poll"]);
    let output =
        program.shell("trap '' XFSZ; ulimit -f 16", &["backup", "copy.db"]).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("disk") && stderr.contains("hint: "), "{stderr}");
    let names: Vec<_> =
        std::fs::read_dir(program.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().contains("copy.db")), "{names:?}");
}
