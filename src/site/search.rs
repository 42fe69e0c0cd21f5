//! Searches: their results for an audience, and the feeds of searches.
//!
//! A search has feeds of its own (`/search.atom?q=…`). A search in a topic has them at the
//! addresses of the topic's feeds (`/topics/{topic}/feed.atom?q=…`).

use std::{fmt::Write as _, sync::Arc};

use feed_model::{Timestamp, TopicId};
use feed_publisher::{Addresses, Channel, FeedFormat, FeedUrls, common_language, fit, render};

use crate::store::{Reader, SearchQuery, SearchResults, StoreError};

use super::{
    rendered_document::RenderedDocument,
    rendered_feed::RenderedFeed,
    settings::SiteSettings,
    topic_channel::{channel, union_name, union_title},
};

/// A search that has feeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedSearch {
    /// The topics of which a story must be in at least one; empty for the whole site.
    pub members: Vec<TopicId>,
    /// The words, as in the address.
    pub text: String,
}

impl FeedSearch {
    /// Returns the search of `text` in `members`, in the form that its addresses have.
    pub fn new(members: Vec<TopicId>, text: &str) -> Self {
        Self { members, text: SearchQuery::normalize(text) }
    }

    /// Returns the search that finds the same as a query of the search page. A query for one
    /// visible topic is a search in this topic.
    pub(super) fn of_query(query: &SearchQuery, settings: &SiteSettings) -> Self {
        if let [topic] = query.topics.as_slice()
            && let Ok(topic) = TopicId::new(topic)
            && settings.visible_topic(&topic).is_some()
        {
            let mut rest = query.clone();
            rest.topics.clear();
            return Self::new(vec![topic], &rest.canonical());
        }
        Self::new(Vec::new(), &query.canonical())
    }

    /// Returns the path of a feed of this search. Without words in a topic it is the topic's feed.
    pub fn path(&self, format: FeedFormat) -> String {
        let query = percent_encoded(&self.text);
        if self.members.is_empty() {
            return format!("{}?q={query}", Addresses::search_feed_path(format));
        }
        let path = Addresses::feed_path(&union_name(&self.members), format);
        if self.text.is_empty() { path } else { format!("{path}?q={query}") }
    }

    /// Returns the path of the page with the same stories. A union with words has none; its page
    /// has more stories.
    pub fn page_path(&self) -> String {
        let text = match self.members.as_slice() {
            [] => self.text.clone(),
            [topic] if topic.is_all() => self.text.clone(),
            [topic] => format!("topic:{topic} {}", self.text),
            members => return Addresses::topic_path(&union_name(members)),
        };
        format!("/search?q={}", percent_encoded(&text))
    }

    fn id(&self, settings: &SiteSettings, words: &str) -> String {
        let words = percent_encoded(words);
        match self.members.as_slice() {
            [] => format!("{}/search/{words}", settings.feed_id),
            members => format!("{}/{}/search/{words}", settings.feed_id, union_name(members)),
        }
    }

    fn title(&self, settings: &SiteSettings, words: &str) -> String {
        match self.members.as_slice() {
            [] if words.is_empty() => "Search".to_owned(),
            [] => format!("Search for {words}"),
            members => format!("{}: {words}", union_title(settings, members)),
        }
    }
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

/// Renders a search as a feed of the newest matching stories. Its id depends on the words alone,
/// without their case.
///
/// `updated` is that of the newest or last changed story, because requests store nothing. A search
/// without results has a fixed date.
pub fn search_feed(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    search: &FeedSearch,
    format: FeedFormat,
) -> Result<RenderedDocument, StoreError> {
    let query = SearchQuery::parse(&search.text).within(&search.members);
    let stories = find(reader, settings, &query, settings.max_entries, true)?.stories;
    let addresses = settings.addresses();
    let words = query.canonical();
    let feed_url = |format| addresses.absolute(&search.path(format));
    let channel = Channel {
        id: search.id(settings, &words),
        page_url: addresses.absolute(&search.page_path()),
        feed_urls: FeedUrls {
            atom: feed_url(FeedFormat::Atom),
            rss: feed_url(FeedFormat::Rss),
            json: feed_url(FeedFormat::Json),
        },
        ..channel(settings, &addresses, TopicId::ALL, &search.title(settings, &words), "")
    };
    let stories = Arc::new(fit(&channel.with_stories(&stories), settings.limits()));
    let updated = stories
        .iter()
        .map(|story| story.updated.max(story.first_published))
        .max()
        .unwrap_or_else(never_updated);
    let language = common_language(&stories);
    let hub = settings.own_hub_url(&search.members);
    let channel = Channel { updated, language, hub: hub.clone(), ..channel.with_stories(&stories) };
    let body = render(&channel, format);
    let feed = RenderedFeed::new(&TopicId::all(), &channel, stories.clone(), Vec::new(), format);
    let path = search.path(format);
    Ok(RenderedDocument {
        feed: Some(feed),
        hub,
        ..RenderedDocument::new(path, format.content_type(), body, Some(updated))
    })
}

/// Returns the `updated` time of a search without results: before the first release, but late
/// enough for feed validators.
pub(super) fn never_updated() -> Timestamp {
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
    fn a_search_has_one_address_per_text() {
        let path = |text: &str| FeedSearch::new(Vec::new(), text).path(FeedFormat::Atom);
        assert_eq!(path(" Kafka  \"Exactly Once\""), "/search.atom?q=Kafka%20%22Exactly%20Once%22");
        assert_eq!(path("ü"), "/search.atom?q=%C3%BC");
        let long = path(&"kafka ".repeat(100));
        assert_eq!(long, path(&"kafka ".repeat(200)), "what the search does not read is cut off");
    }
}
