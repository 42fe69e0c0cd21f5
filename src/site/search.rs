//! The search as a feed, and what may be searched for.

use std::fmt::Write as _;

use crate::store::{SearchQuery, SearchResults, StoreError};
use feed_model::Timestamp;
use feed_publisher::{FeedFormat, FeedUrls, fit};

use super::{
    RenderedDocument, SiteSettings, Snapshot,
    documents::{channel, render},
};

/// The path of a search as a feed: one for every way of writing the same search.
pub(super) fn search_feed_path(query: &SearchQuery) -> String {
    format!("/search.atom?q={}", percent_encoded(&query.canonical()))
}

/// What a query finds. A topic that is private or unknown has no story here, whatever is stored.
pub(super) fn find(
    snapshot: &dyn Snapshot,
    settings: &SiteSettings,
    query: &SearchQuery,
    limit: usize,
    newest_first: bool,
) -> Result<SearchResults, StoreError> {
    let known = |name: &String| {
        name == "all" || settings.visible_topics().any(|topic| topic.id.as_str() == name)
    };
    if query.topics.iter().all(known) {
        snapshot.search(query, limit, newest_first)
    } else {
        Ok(SearchResults::default())
    }
}

/// A search as an Atom feed: the newest stories that it finds. Nothing is stored because somebody
/// searched, so `updated` is that of the story that arrived or changed last; a search that finds
/// nothing has never changed.
pub fn search_feed(
    snapshot: &dyn Snapshot,
    settings: &SiteSettings,
    text: &str,
) -> Result<RenderedDocument, StoreError> {
    let query = SearchQuery::parse(text);
    let stories = find(snapshot, settings, &query, settings.max_entries, true)?.stories;
    let addresses = settings.addresses();
    let words = query.canonical();
    let title = if words.is_empty() { "Search".to_owned() } else { format!("Search for {words}") };
    let mut channel = channel(settings, &addresses, "all", &title, "");
    channel.id = format!("{}/search/{}", settings.feed_id, percent_encoded(&words));
    channel.page_url = addresses.absolute(&format!("/search?q={}", percent_encoded(&words)));
    let path = search_feed_path(&query);
    let own = addresses.absolute(&path);
    channel.feed_urls = FeedUrls { atom: own.clone(), rss: own.clone(), json: own };
    channel.stories = &stories;
    let stories = fit(&channel, settings.limits());
    channel.updated = stories
        .iter()
        .map(|story| story.updated.max(story.first_published))
        .max()
        .unwrap_or_else(never_changed);
    channel.stories = &stories;
    let body = render(&channel, FeedFormat::Atom);
    Ok(RenderedDocument::new(path, FeedFormat::Atom.content_type(), body, Some(channel.updated)))
}

/// A moment before anything was ever published here, and one that feed validators take for a date.
fn never_changed() -> Timestamp {
    Timestamp::from_timestamp(1_767_225_600, 0).expect("the first second of 2026")
}

/// A text as a part of an address: everything but letters, digits and `-._~` as octets (RFC 3986
/// §2.3).
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
    fn the_same_search_has_one_address() {
        let path = |text: &str| search_feed_path(&SearchQuery::parse(text));
        assert_eq!(path(" Kafka  \"Exactly Once\""), "/search.atom?q=kafka%20%22exactly%20once%22");
        assert_eq!(path("kafka \"exactly once"), path("KAFKA “exactly once”"));
        assert_eq!(path("ü"), "/search.atom?q=%C3%BC");
    }
}
