//! The main job on the built program, from publications to published documents: over its own
//! command line, against a scripted origin, judged by its files and its JSON.

mod crash_recovery;
mod demo;
mod exit_codes;
mod json_output;
mod kills;
mod poll_once;
mod published_files;

use std::fmt::Write as _;

use crate::support::{
    origin::{Origin, Reply},
    program::Program,
    sample_feeds::{Post, atom, json, rss},
};

/// What stands in every feeds.toml here: nothing but the origin is asked, and it is asked without
/// pauses.
pub const HEAD: &str = "[site]\n\
    title = \"Test\"\n\
    base_url = \"https://reader.example/\"\n\
    id = \"tag:reader.example,2024:topics\"\n\
    contact = \"mailto:test@example.org\"\n\n\
    [polling]\n\
    allow_hosts = [\"127.0.0.1\"]\n\
    timeout = \"5s\"\n\n";

/// Two topics.
pub const TOPICS: &str = "[[topic]]\n\
    id = \"streaming\"\n\
    title = \"Streaming\"\n\
    any = [\"kafka\", \"flink\"]\n\n\
    [[topic]]\n\
    id = \"databases\"\n\
    title = \"Databases\"\n\
    any = [\"sqlite\", \"postgres\"]\n";

/// A feeds.toml that follows these paths of the origin, each source named after its path.
pub fn feeds_toml(origin: &Origin, paths: &[&str]) -> String {
    let mut text = HEAD.to_owned();
    for path in paths {
        write!(
            text,
            "[[source]]\nid = \"{}\"\nurl = \"{}\"\nfollow = \"feed\"\n\n",
            path.trim_matches('/'),
            origin.url(path)
        )
        .unwrap();
    }
    text + TOPICS
}

/// What the three publications have: one post stands in two of them.
pub fn posts() -> [Vec<Post>; 3] {
    let both = "https://example.org/posts/both";
    [
        vec![
            Post::new("r3", "Kafka without ZooKeeper", 20, "How a log agrees with itself."),
            Post::new(
                "both",
                "Exactly once in Flink",
                15,
                "What a checkpoint promises and what it does not.",
            ),
            Post::new("r1", "A cache in front of nothing", 5, "Measure first."),
        ],
        vec![
            Post::new("a2", "SQLite in production", 18, "One writer is enough for most."),
            Post::new("a1", "Postgres and its vacuum", 3, "Why a table grows."),
        ],
        vec![
            Post::new("j2", "Kafka to SQLite in one line", 22, "A sink that fits into a shell."),
            Post::new("j1", "Exactly once in Flink", 16, "Seen elsewhere.").at(both),
        ],
    ]
}

/// The origin with its three feeds, each with a validator that must come back byte for byte.
pub fn origin_with_three_feeds() -> Origin {
    let origin = Origin::start();
    let [r, a, j] = posts();
    let feeds = [
        ("/rss", rss("An RSS feed", &r)),
        ("/atom", atom("An Atom feed", &a)),
        ("/json", json("A JSON feed", &j)),
    ];
    for (path, body) in feeds {
        origin.script(path, vec![reply_with_validators(path, body)]);
    }
    origin
}

/// The validators of a path: odd ones, as publishers have them.
pub fn validators(path: &str) -> (String, String) {
    (format!("W/\"{path}-é \"").replace('é', "x--y"), "Mon, 01 Jan 2024 00:00:00 GMT".to_owned())
}

pub fn reply_with_validators(path: &str, body: String) -> Reply {
    let (etag, modified) = validators(path);
    Reply::ok(body).header("ETag", &etag).header("Last-Modified", &modified)
}

/// A home that follows the three feeds, polled once.
pub fn polled_program(origin: &Origin) -> Program {
    let program = Program::with(&feeds_toml(origin, &["/rss", "/atom", "/json"]));
    program.run_ok(&["poll"]);
    program
}
