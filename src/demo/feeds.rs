//! The configuration of the demo, and the text that the demo prints.

use std::{fmt::Write as _, net::SocketAddr, time::Duration};

use toml_edit::{DocumentMut, Item};

use super::publication::PublicationName;

/// The reason why the demo's configuration could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FeedsTomlError {
    /// The shipped feeds.toml is not valid TOML.
    #[error("cannot read the shipped feeds.toml")]
    Shipped(#[source] Box<toml_edit::TomlError>),
    /// The shipped feeds.toml has no `[[topic]]`.
    #[error("the shipped feeds.toml defines no topic")]
    NoTopics,
}

/// Returns a feeds.toml that follows the publications of `origin`, with the topics of `shipped`,
/// the text of the shipped feeds.toml.
pub fn feeds_toml(shipped: &str, origin: SocketAddr) -> Result<String, FeedsTomlError> {
    let mut topics: DocumentMut =
        shipped.parse().map_err(|error| FeedsTomlError::Shipped(Box::new(error)))?;
    topics.retain(|key, _| key == "topic");
    topics.set_trailing("");
    let first = topics
        .get_mut("topic")
        .and_then(Item::as_array_of_tables_mut)
        .and_then(|tables| tables.get_mut(0));
    // The comment before the first topic is about the removed sources.
    first.ok_or(FeedsTomlError::NoTopics)?.decor_mut().set_prefix("\n");

    let mut text = format!(
        r#"# Written by `tributary demo`: the publications of its origin server, and the topics of
# the shipped feeds.toml.

[site]
title   = "Systems writing, by topic (demo)"
contact = "mailto:demo@example.org" # the demo only contacts its own origin

[polling]
timeout     = "5s"
allow_hosts = ["{host}"] # allows the loopback address and intervals below 1h
"#,
        host = origin.ip()
    );
    for name in PublicationName::ALL {
        let (id, path) = (name.path(), name.path());
        let title = &name.publication().title;
        write!(
            text,
            "\n[[source]]\nid       = \"{id}\"\ntitle    = \"{title}\"\n\
             url      = \"http://{origin}/{path}/\"\ninterval = \"2s\"\n"
        )
        .expect("writing to a String cannot fail");
    }
    write!(text, "{topics}").expect("writing to a String cannot fail");
    Ok(text)
}

/// Returns the text that the demo prints at the start: the URLs to open and to subscribe to.
///
/// `base_url` is the URL of the daemon, `topics` are ids and titles, and `pause` is the time
/// between two new posts.
pub fn greeting(
    base_url: &str,
    origin: SocketAddr,
    topics: &[(&str, &str)],
    pause: Duration,
) -> String {
    let base = base_url.trim_end_matches('/');
    let mut text = format!(
        "The demo runs on this machine only. It plays two publications at http://{origin}/\n\
         with real titles, links and dates. A new post arrives every {seconds} seconds.\n\n\
         Open\n  {base}/\n  {base}/sources\n\nSubscribe\n",
        seconds = pause.as_secs_f32()
    );
    let widest = topics
        .iter()
        .map(|(_, title)| title.chars().count())
        .max()
        .unwrap_or(0)
        .max("Everything".len());
    for (id, title) in topics.iter().chain([&("all", "Everything")]) {
        writeln!(text, "  {title:widest$}  {base}/topics/{id}/feed.atom")
            .expect("writing to a String cannot fail");
    }
    text.push_str(
        "  (feed.rss and feed.json have the same stories)\n\nStop the demo with Ctrl-C.\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = "# The shipped file.\n[site]\ntitle = \"x\"\n\n\
        [[source]]\nid = \"a\"\nurl = \"https://a.example/\"\n\n\
        # [[source]]\n# id = \"third\"\n\n\
        [[topic]]\nid = \"streaming\" # kept\nany = [\"kafka\"]\n\n\
        # About the second.\n[[topic]]\nid = \"ai\"\n";

    fn origin() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 4711))
    }

    #[test]
    fn the_sources_are_replaced_and_the_topics_are_kept() {
        let text = feeds_toml(SHIPPED, origin()).unwrap();
        let value: toml::Table = toml::from_str(&text).unwrap();
        let column = |table: &str, key: &str| -> Vec<String> {
            value[table]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row[key].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(
            column("source", "url"),
            ["http://127.0.0.1:4711/serverless/", "http://127.0.0.1:4711/snackonai/"]
        );
        assert_eq!(column("topic", "id"), ["streaming", "ai"]);
        assert_eq!(value["polling"]["allow_hosts"][0].as_str(), Some("127.0.0.1"));
        assert!(text.contains("# kept") && text.contains("# About the second."));
        assert!(!text.contains("third") && !text.contains("a.example"));
    }

    #[test]
    fn a_file_without_topics_or_with_invalid_toml_is_an_error() {
        assert!(matches!(feeds_toml("[site]\n", origin()), Err(FeedsTomlError::NoTopics)));
        assert!(matches!(feeds_toml("[site", origin()), Err(FeedsTomlError::Shipped(_))));
    }

    #[test]
    fn the_greeting_lists_every_feed_once() {
        let text = greeting(
            "http://127.0.0.1:8080/",
            origin(),
            &[("streaming", "Streaming")],
            Duration::from_secs(4),
        );
        assert_eq!(text.matches("http://127.0.0.1:8080/topics/streaming/feed.atom").count(), 1);
        assert!(text.contains("Everything  http://127.0.0.1:8080/topics/all/feed.atom"));
        assert!(text.contains("every 4 seconds"));
    }
}
