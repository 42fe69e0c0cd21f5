//! Edits of feeds.toml: appends sources and topics, and keeps the rest of the text byte for byte.

use std::fmt::Write as _;

use toml::de::DeTable;
use url::Url;

use super::value::toml_string;
use feed_model::{FollowMode, SourceId};

/// A source to append to feeds.toml.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSource {
    /// The id.
    pub id: SourceId,
    /// The title, if known.
    pub title: Option<String>,
    /// The URL of the feed if there is one, else of the site.
    pub url: Url,
    /// The follow mode.
    pub follow_mode: FollowMode,
    /// Lines of a comment above the source; empty for none.
    pub comment: String,
    /// The file with its user name and password, relative to feeds.toml.
    pub basic_file: Option<String>,
}

/// The reason why feeds.toml was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The text is not valid TOML.
    #[error("feeds.toml is not valid TOML")]
    Syntax(#[source] Box<toml::de::Error>),
    /// Another source has this id.
    #[error("feeds.toml already has a source `{0}`")]
    IdTaken(SourceId),
    /// Another source has this URL.
    #[error("feeds.toml already follows {url} as `{id}`")]
    UrlTaken {
        /// The URL.
        url: Url,
        /// The id of the other source.
        id: String,
    },
    /// The sources are an inline list, to which TOML cannot add a `[[source]]`.
    #[error("the sources of feeds.toml are an inline list; write them as `[[source]]` to add more")]
    InlineSources,
    /// The topics are an inline list, to which TOML cannot add a `[[topic]]`.
    #[error("the topics of feeds.toml are an inline list; write them as `[[topic]]` to add more")]
    InlineTopics,
}

/// Appends one source to `text`.
pub fn append_source(text: &str, source: &NewSource) -> Result<String, EditError> {
    append_sources(text, std::slice::from_ref(source))
}

/// Appends sources to `text`: all of them, or none if there is an error.
pub fn append_sources(text: &str, sources: &[NewSource]) -> Result<String, EditError> {
    let mut taken = taken(&parse(text)?);
    for source in sources {
        if taken.iter().any(|(id, _)| id.eq_ignore_ascii_case(source.id.as_str())) {
            return Err(EditError::IdTaken(source.id.clone()));
        }
        if let Some((id, _)) = taken.iter().find(|(_, url)| *url == source.url.as_str()) {
            return Err(EditError::UrlTaken { url: source.url.clone(), id: id.clone() });
        }
        taken.push((source.id.to_string(), source.url.to_string()));
    }
    append_blocks(text, sources.iter().map(source_block)).ok_or(EditError::InlineSources)
}

/// Appends tables to `text`, each after an empty line. Returns `None` if the result is not valid
/// TOML because `text` has an inline list of such tables.
fn append_blocks(text: &str, blocks: impl Iterator<Item = String>) -> Option<String> {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut out = text.to_owned();
    for block in blocks {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push_str(newline);
        }
        if !out.is_empty() {
            out.push_str(newline);
        }
        out.push_str(&block.replace('\n', newline));
    }
    parse(&out).is_ok().then_some(out)
}

fn parse(text: &str) -> Result<DeTable<'_>, EditError> {
    match DeTable::parse(text) {
        Ok(document) => Ok(document.into_inner()),
        Err(error) => Err(EditError::Syntax(Box::new(error))),
    }
}

/// Returns the id and URL of each source.
fn taken(document: &DeTable<'_>) -> Vec<(String, String)> {
    let sources = document.get("source").and_then(|sources| sources.get_ref().as_array());
    let word = |table: &DeTable<'_>, key: &str| {
        table.get(key).and_then(|value| value.get_ref().as_str()).unwrap_or_default().to_owned()
    };
    let normal = |url: String| Url::parse(&url).map_or(url, Into::into);
    let tables = sources
        .into_iter()
        .flat_map(|array| array.iter())
        .filter_map(|source| source.get_ref().as_table());
    tables.map(|table| (word(table, "id"), normal(word(table, "url")))).collect()
}

fn source_block(source: &NewSource) -> String {
    let mut out = String::new();
    for line in source.comment.lines().filter(|line| !line.trim().is_empty()) {
        // Control characters are invalid in comments.
        let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let _ = writeln!(out, "# {}", line.trim_end());
    }
    out.push_str("[[source]]\n");
    let _ = writeln!(out, "id     = {}", toml_string(source.id.as_str()));
    if let Some(title) = &source.title {
        let title: String = title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let _ = writeln!(out, "title  = {}", toml_string(title.trim()));
    }
    let _ = writeln!(out, "url    = {}", toml_string(source.url.as_str()));
    let _ = writeln!(out, "follow = {}", toml_string(source.follow_mode.as_str()));
    if let Some(file) = &source.basic_file {
        let _ = writeln!(out, "auth   = {{ basic_file = {} }}", toml_string(file));
    }
    out
}

/// A topic to append to feeds.toml.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewTopic {
    /// The id.
    pub id: String,
    /// The title.
    pub title: String,
    /// The names of its vocabularies.
    pub vocabulary: Vec<String>,
    /// Its matchers.
    pub any: Vec<String>,
    /// The ids of its sources; empty for all.
    pub sources: Vec<String>,
}

/// Appends topics to `text`: all of them, or none if there is an error.
pub fn append_topics(text: &str, topics: &[NewTopic]) -> Result<String, EditError> {
    parse(text)?;
    append_blocks(text, topics.iter().map(topic_block)).ok_or(EditError::InlineTopics)
}

/// Returns a topic as a `[[topic]]` table.
pub fn topic_block(topic: &NewTopic) -> String {
    let title: String = topic.title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut lines = vec![("id", toml_string(&topic.id)), ("title", toml_string(title.trim()))];
    for (key, list) in
        [("vocabulary", &topic.vocabulary), ("any", &topic.any), ("sources", &topic.sources)]
    {
        if !list.is_empty() {
            let list: Vec<String> = list.iter().map(|text| toml_string(text)).collect();
            lines.push((key, format!("[{}]", list.join(", "))));
        }
    }
    let width = lines.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    let mut out = String::from("[[topic]]\n");
    for (key, value) in lines {
        let _ = writeln!(out, "{key:<width$} = {value}");
    }
    out
}

#[cfg(test)]
mod tests {
    use feed_model::Auth;

    use super::*;

    fn new(id: &str, url: &str) -> NewSource {
        NewSource {
            id: SourceId::new(id).unwrap(),
            title: Some("A \"quoted\" title\u{7}".to_owned()),
            url: Url::parse(url).unwrap(),
            follow_mode: FollowMode::Feed,
            comment: "found by the link of the page\nsecond line".to_owned(),
            basic_file: Some("new one.password".to_owned()),
        }
    }

    #[test]
    fn the_rest_of_the_text_is_kept() {
        for text in [
            super::super::SHIPPED,
            "",
            "# only a comment",
            "[site]\r\ntitle = \"x\"\r\n",
            "\u{feff}[site]\n",
        ] {
            let edited = append_source(text, &new("new-one", "https://example.org/feed")).unwrap();
            assert!(edited.starts_with(text), "{text:?} became {edited:?}");
            let checked = super::super::check(&edited, "feeds.toml");
            let config = checked.config.unwrap_or_else(|| panic!("{:?}", checked.problems));
            let added = config.sources.last().unwrap();
            assert_eq!((added.id.as_str(), added.follow_mode), ("new-one", FollowMode::Feed));
            assert_eq!(added.title.as_deref(), Some("A \"quoted\" title"));
            assert_eq!(added.auth, Some(Auth::BasicFile("new one.password".to_owned())));
        }
    }

    #[test]
    fn line_endings_are_kept() {
        let edited =
            append_source("[site]\r\ntitle = \"x\"", &new("a", "https://example.org/")).unwrap();
        assert_eq!(edited.matches('\n').count(), edited.matches("\r\n").count());
    }

    #[test]
    fn existing_sources_are_not_added_again() {
        let text = "[[source]]\nid = \"a\"\nurl = \"https://example.org\"\n";
        assert!(matches!(
            append_source(text, &new("A", "https://other.example/")),
            Err(EditError::IdTaken(_))
        ));
        assert!(matches!(
            append_source(text, &new("b", "https://example.org/")),
            Err(EditError::UrlTaken { .. })
        ));
        let twice = [new("c", "https://example.com/1"), new("d", "https://example.com/1")];
        assert!(matches!(append_sources(text, &twice), Err(EditError::UrlTaken { .. })));
        assert!(matches!(
            append_source("source = [{ id = \"a\" }]", &new("b", "https://b.example/")),
            Err(EditError::InlineSources)
        ));
        assert!(matches!(
            append_source("a = ", &new("b", "https://b.example/")),
            Err(EditError::Syntax(_))
        ));
    }

    #[test]
    fn a_topic_is_appended_and_the_rest_is_kept() {
        let topic = NewTopic {
            id: "event-streaming".to_owned(),
            title: "Event \"streaming\"".to_owned(),
            vocabulary: vec!["streaming".to_owned()],
            any: vec!["kafka".to_owned(), "log \"compaction\"".to_owned()],
            ..NewTopic::default()
        };
        for text in [super::super::SHIPPED.to_owned(), String::new()] {
            let edited = append_topics(&text, std::slice::from_ref(&topic)).unwrap();
            assert!(edited.starts_with(&text));
            let checked = super::super::check(&edited, "feeds.toml");
            let config = checked.config.unwrap_or_else(|| panic!("{:?}", checked.problems));
            let added = config.topics.last().unwrap();
            assert_eq!((added.id.as_str(), added.any.len()), ("event-streaming", 2));
        }
        let inline = append_topics("topic = [{ id = \"a\" }]", &[topic]);
        assert!(matches!(inline, Err(EditError::InlineTopics)));
    }
}
