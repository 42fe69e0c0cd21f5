//! Searches: their results for an audience, and the search as a feed.

use std::fmt::Write as _;

use feed_model::Timestamp;
use feed_publisher::{Channel, FeedFormat, FeedUrls, fit, render};

use crate::store::{Reader, SearchQuery, SearchResults, StoreError};

use super::{rendered_document::RenderedDocument, settings::SiteSettings, topic_channel::channel};

/// Returns the path of a search as a feed. Equivalent queries have the same path.
pub(super) fn search_feed_path(query: &SearchQuery) -> String {
    format!("/search.atom?q={}", percent_encoded(&query.canonical()))
}

/// Returns the results of a query. A query for a topic that is unknown or not visible has none.
pub(super) fn find(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    query: &SearchQuery,
    limit: usize,
    newest_first: bool,
) -> Result<SearchResults, StoreError> {
    let is_visible = |name: &String| {
        name == "all" || settings.visible_topics().any(|topic| topic.id.as_str() == name)
    };
    if query.topics.iter().all(is_visible) {
        reader.search(query, limit, newest_first)
    } else {
        Ok(SearchResults::default())
    }
}

/// Renders a search as an Atom feed of the newest matching stories.
///
/// `updated` is that of the newest or last changed story, because requests store nothing. A search
/// without results has a fixed date.
pub fn search_feed(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    text: &str,
) -> Result<RenderedDocument, StoreError> {
    let query = SearchQuery::parse(text);
    let stories = find(reader, settings, &query, settings.max_entries, true)?.stories;
    let addresses = settings.addresses();
    let words = query.canonical();
    let title = if words.is_empty() { "Search".to_owned() } else { format!("Search for {words}") };
    let mut channel = channel(settings, &addresses, "all", &title, "");
    channel.id = format!("{}/search/{}", settings.feed_id, percent_encoded(&words));
    channel.page_url = addresses.absolute(&format!("/search?q={}", percent_encoded(&words)));
    let path = search_feed_path(&query);
    let url = addresses.absolute(&path);
    channel.feed_urls = FeedUrls { atom: url.clone(), rss: url.clone(), json: url };
    let stories = fit(&channel.with_stories(&stories), settings.limits());
    let updated = stories
        .iter()
        .map(|story| story.updated.max(story.first_published))
        .max()
        .unwrap_or_else(never_updated);
    let body = render(&Channel { updated, ..channel.with_stories(&stories) }, FeedFormat::Atom);
    Ok(RenderedDocument::new(path, FeedFormat::Atom.content_type(), body, Some(updated)))
}

/// Returns the `updated` time of a search without results: before the first release, but late
/// enough for feed validators.
fn never_updated() -> Timestamp {
    Timestamp::from_timestamp(1_767_225_600, 0).expect("the first second of 2026")
}

/// Encodes a text for a URL: everything but letters, digits and `-._~` (RFC 3986 §2.3).
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equivalent_queries_have_the_same_path() {
        let path = |text: &str| search_feed_path(&SearchQuery::parse(text));
        assert_eq!(path(" Kafka  \"Exactly Once\""), "/search.atom?q=kafka%20%22exactly%20once%22");
        assert_eq!(path("kafka \"exactly once"), path("KAFKA “exactly once”"));
        assert_eq!(path("ü"), "/search.atom?q=%C3%BC");
    }
}
