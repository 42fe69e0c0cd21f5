//! The demo's feeds.toml, and what the demo prints about itself.

use std::{fmt::Write as _, net::SocketAddr, time::Duration};

use toml_edit::{DocumentMut, Item};

use super::publication::PublicationName;

/// Why the demo's feeds.toml could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FeedsTomlError {
    /// The shipped feeds.toml is not TOML.
    #[error("cannot read the shipped feeds.toml")]
    Shipped(#[source] Box<toml_edit::TomlError>),
    /// The shipped feeds.toml has no `[[topic]]`.
    #[error("the shipped feeds.toml defines no topic")]
    NoTopics,
}

/// The feeds.toml that follows `origin`, with the topics of `shipped` (the text of the shipped
/// feeds.toml), so that no rule is written twice.
pub fn feeds_toml(shipped: &str, origin: SocketAddr) -> Result<String, FeedsTomlError> {
    let mut topics: DocumentMut =
        shipped.parse().map_err(|error| FeedsTomlError::Shipped(Box::new(error)))?;
    topics.retain(|key, _| key == "topic");
    topics.set_trailing("");
    let first = topics
        .get_mut("topic")
        .and_then(Item::as_array_of_tables_mut)
        .and_then(|tables| tables.get_mut(0));
    // What stands before the first topic is about the sources that stood there.
    first.ok_or(FeedsTomlError::NoTopics)?.decor_mut().set_prefix("\n");

    let mut text = format!(
        r#"# Made by `tributary demo`: what the program's own origin plays, and the topics of the shipped feeds.toml.

[site]
title   = "Systems writing, by topic (demo)"
contact = "mailto:demo@example.org" # the demo talks to nobody but itself

[polling]
timeout     = "5s"
allow_hosts = ["{host}"] # a loopback address is refused unless it is named, and floors hold for others only
"#,
        host = origin.ip()
    );
    for name in PublicationName::ALL {
        let (id, path) = (name.path(), name.path());
        let title = &name.publication().title;
        write!(text, "\n[[source]]\nid       = \"{id}\"\ntitle    = \"{title}\"\nurl      = \"http://{origin}/{path}/\"\ninterval = \"2s\"\n")
            .expect("a String takes whatever is written to it");
    }
    write!(text, "{topics}").expect("a String takes whatever is written to it");
    Ok(text)
}

/// What the demo prints when it is up: what to open and what to subscribe to.
///
/// `base_url` is where the daemon serves, `topics` are ids and titles, and `pause` is the time
/// between two new posts.
pub fn greeting(
    base_url: &str,
    origin: SocketAddr,
    topics: &[(&str, &str)],
    pause: Duration,
) -> String {
    let base = base_url.trim_end_matches('/');
    let mut text = format!(
        "The demo runs on this machine alone. Two publications are played at http://{origin}/\n\
         with their real titles, links and dates; a new post arrives every {seconds} seconds.\n\n\
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
            .expect("a String takes whatever is written to it");
    }
    text.push_str("  (feed.rss and feed.json carry the same stories)\n\nStop it with Ctrl-C.\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = "# The shipped file.\n[site]\ntitle = \"x\"\n\n[[source]]\nid = \"a\"\nurl = \"https://a.example/\"\n\n\
        # [[source]]\n# id = \"third\"\n\n[[topic]]\nid = \"streaming\" # kept\nany = [\"kafka\"]\n\n# About the second.\n[[topic]]\nid = \"ai\"\n";

    fn origin() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 4711))
    }

    #[test]
    fn the_sources_are_the_demos_and_the_topics_are_the_shipped_ones() {
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
    fn a_shipped_file_without_topics_or_without_sense_is_refused() {
        assert!(matches!(feeds_toml("[site]\n", origin()), Err(FeedsTomlError::NoTopics)));
        assert!(matches!(feeds_toml("[site", origin()), Err(FeedsTomlError::Shipped(_))));
    }

    #[test]
    fn the_greeting_names_every_feed_once() {
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
