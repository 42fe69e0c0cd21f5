//! Private topics of the running daemon: what a token opens, and what is shown to nobody else.

use rustix::process::Signal;

use crate::support::{
    origin::{Origin, Reply},
    program::{Daemon, Program, wait_for},
    sample_feeds::{Post, rss},
};

const TOKEN: &str = "correct-horse-battery-staple";
/// `reader:correct-horse-battery-staple`.
const BASIC: (&str, &str) =
    ("Authorization", "Basic cmVhZGVyOmNvcnJlY3QtaG9yc2UtYmF0dGVyeS1zdGFwbGU=");

/// A public and a private topic, more stories than a window holds, and a topic whose tokens cannot
/// be read.
fn program(origin: &Origin) -> Program {
    let posts: Vec<Post> = (1..=5)
        .map(|n| {
            Post::new(
                &format!("urn:post:{n}"),
                &format!("Kafka and Rust, part {n}"),
                n,
                &format!("Number {n} of many."),
            )
        })
        .collect();
    origin.script("/feed", vec![Reply::ok(rss("The river", &posts)).header("ETag", "\"1\"")]);
    let program = Program::with(&format!(
        "[site]\n\
         title = \"Site\"\n\
         contact = \"mailto:me@example.org\"\n\n\
         [polling]\n\
         allow_hosts = [\"127.0.0.1\"]\n\n\
         [publishing]\n\
         max_entries = 2\n\
         keep_within = \"0s\"\n\n\
         [[source]]\n\
         id = \"river\"\n\
         url = \"{}\"\n\n\
         [[topic]]\n\
         id = \"open\"\n\
         title = \"SnapshotSource\"\n\
         any = [\"rust\"]\n\n\
         [[topic]]\n\
         id = \"secret\"\n\
         title = \"Hidden things\"\n\
         any = [\"kafka\"]\n\
         access = [\"tokens\"]\n\
         was = [\"once\"]\n\n\
         [[topic]]\n\
         id = \"closed\"\n\
         title = \"Hidden for good\"\n\
         any = [\"kafka\"]\n\
         access = [\"missing\"]\n",
        origin.url("/feed")
    ));
    std::fs::write(program.join("tokens"), format!("# one for each reader\n\n{TOKEN}\nshort\n"))
        .unwrap();
    program
}

fn start_daemon(program: &Program) -> Daemon {
    let daemon = program.serve();
    let drawn = || daemon.get("/topics/all/feed.atom").text().contains("part 5").then_some(());
    wait_for("the stories are there", drawn);
    daemon
}

#[test]
fn a_private_topic_is_401_and_unlisted_without_its_token() {
    let origin = Origin::start();
    let program = program(&origin);
    let daemon = start_daemon(&program);
    for path in [
        "/topics/secret",
        "/topics/secret/feed.atom",
        "/topics/secret/feed.json",
        "/topics/secret/archive/1.atom",
        "/topics/secret/icon.png",
    ]
    .into_iter()
    .chain([
        "/topics/open+secret/feed.rss",
        "/topics/once/feed.atom",
        "/topics/closed/feed.atom",
    ]) {
        let answer = daemon.get(path);
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.header("www-authenticate").unwrap().starts_with("Basic realm="), "{path}");
        assert!(!answer.text().contains("Kafka"), "{path}");
        let wrong = daemon.request("GET", path, &[("Authorization", "Basic cmVhZGVyOndyb25n")]);
        assert_eq!(wrong.status, 401, "{path}");
    }
    for path in [
        "/",
        "/topics/all",
        "/topics/open",
        "/stories/1",
        "/opml.xml",
        "/sources",
        "/search?q=kafka",
        "/search?q=topic:secret",
    ] {
        let text = daemon.get(path).text();
        assert!(
            !text.contains("Hidden") && !text.contains("/secret") && !text.contains("/closed"),
            "{path}: {text}"
        );
    }
    for path in [
        "/t/wrong-horse-battery-staple/",
        "/t/wrong-horse-battery-staple/topics/secret/feed.atom",
        "/t/short/topics/secret/feed.atom",
    ] {
        assert_eq!(daemon.get(path).status, 404, "{path}");
    }
    let log = daemon.log();
    assert!(
        log.contains("topic closed: cannot read tokens from") && log.contains("missing"),
        "{log}"
    );
    assert!(
        log.contains("topic secret: invalid token in line 4 of")
            && !log.contains("short")
            && !log.contains(TOKEN),
        "{log}"
    );
    program.run_ok(&["publish", "public"]);
    for (name, bytes, _) in program.files("public") {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!name.contains("secret") && !text.contains("Hidden"), "{name}");
    }
    assert_eq!(daemon.stop(Signal::TERM), Some(0));
}

#[test]
fn a_token_in_the_path_gives_access_and_is_kept_in_every_link() {
    let origin = Origin::start();
    let program = program(&origin);
    let daemon = start_daemon(&program);
    let below = format!("/t/{TOKEN}");
    let feed = daemon.get(&format!("{below}/topics/secret/feed.atom"));
    assert_eq!(feed.status, 200);
    assert!(
        feed.header("cache-control").unwrap().starts_with("private, max-age="),
        "{:?}",
        feed.header("cache-control")
    );
    assert_eq!(feed.header("x-robots-tag"), Some("noindex"));
    let text = feed.text();
    assert!(text.contains("<title>Hidden things</title>"), "{text}");
    let own = format!("http://{}{below}/topics/secret/feed.atom", daemon.address);
    assert!(
        text.contains(&format!("href=\"{own}\" rel=\"self\""))
            || text.contains(&format!("rel=\"self\" href=\"{own}\"")),
        "{text}"
    );
    assert!(feed.header("link").unwrap().contains(&format!("<{own}>; rel=\"self\"")));
    // The same stories under the same ids, only reached otherwise.
    let by_password = daemon.request("GET", "/topics/secret/feed.atom", &[BASIC]);
    assert_eq!(by_password.status, 200);
    assert_eq!(text.replace(&below, ""), by_password.text());
    assert!(by_password.header("cache-control").unwrap().starts_with("private"));
    let tag = feed.header("etag").unwrap().to_owned();
    assert_eq!(
        daemon
            .request("GET", &format!("{below}/topics/secret/feed.atom"), &[("If-None-Match", &tag)])
            .status,
        304
    );

    let archive = daemon.get(&format!("{below}/topics/secret/archive/1.atom"));
    assert_eq!(archive.status, 200, "{}", archive.text());
    assert!(
        archive.text().contains(&format!("{below}/topics/secret/feed.atom")),
        "{}",
        archive.text()
    );
    assert_eq!(
        archive.text().replace(&below, ""),
        daemon.request("GET", "/topics/secret/archive/1.atom", &[BASIC]).text()
    );

    for path in [
        "/",
        "/topics/secret",
        "/topics/open",
        "/stories/1",
        "/search?q=topic:secret",
        "/opml.xml",
        "/sources",
    ] {
        let answer = daemon.get(&format!("{below}{path}"));
        let text = answer.text();
        assert_eq!(answer.status, 200, "{path}");
        let shown = if path.starts_with("/search") { "Kafka and Rust" } else { "Hidden things" };
        assert!(
            text.contains(shown) || ["/sources", "/topics/open"].contains(&path),
            "{path}: {text}"
        );
        assert!(!text.contains("Hidden for good"), "{path}: a token opens its own topics alone");
        for link in text.split("href=\"/").skip(1) {
            assert!(link.starts_with(&below[1..]), "{path}: {}", link.split('"').next().unwrap());
        }
    }
    assert_eq!(daemon.get(&format!("{below}/topics/open+secret/feed.json")).status, 200);
    assert_eq!(
        daemon.get(&format!("{below}/topics/secret/")).header("location").unwrap(),
        format!("{below}/topics/secret")
    );
    assert_eq!(
        daemon.get(&format!("{below}/topics/once")).header("location").unwrap(),
        format!("{below}/topics/secret")
    );
    assert_eq!(daemon.get(&format!("{below}/topics/closed/feed.atom")).status, 401);
    assert!(!daemon.log().contains(TOKEN));
    assert_eq!(daemon.stop(Signal::TERM), Some(0));
}

#[test]
fn a_removed_token_gives_no_access_after_a_reload() {
    let origin = Origin::start();
    let program = program(&origin);
    let daemon = start_daemon(&program);
    let feed = format!("/t/{TOKEN}/topics/secret/feed.atom");
    assert_eq!(daemon.get(&feed).status, 200);
    std::fs::write(program.join("tokens"), "another-token-for-someone\n").unwrap();
    daemon.signal(Signal::HUP);
    wait_for("the old token is void", || (daemon.get(&feed).status == 404).then_some(()));
    assert_eq!(daemon.get("/t/another-token-for-someone/topics/secret/feed.atom").status, 200);
    assert_eq!(daemon.stop(Signal::TERM), Some(0));
}
