//! A feed as it was drawn, kept so that a reader can be sent the part of it that is new to that
//! reader (RFC 3229).

use std::{collections::HashMap, sync::Arc};

use feed_model::{Story, StoryId, Timestamp, TopicId};
use feed_publisher::{Addresses, Channel, FeedFormat, FeedUrls, Paging, atom};

use super::documents::render;
use crate::store::StoryDigests;

/// One drawn feed document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedFeed(Arc<RenderedFeedInner>);

#[derive(Debug, PartialEq)]
struct RenderedFeedInner {
    topic: TopicId,
    format: FeedFormat,
    id: String,
    title: String,
    description: String,
    page_url: String,
    feed_urls: FeedUrls,
    updated: Timestamp,
    ttl_minutes: u64,
    paging: Paging,
    addresses: Addresses,
    stories: Arc<Vec<Story>>,
    overflow: Vec<StoryId>,
}

/// Scores are never NaN, so that equality holds of everything with itself.
impl Eq for RenderedFeedInner {}

impl RenderedFeed {
    /// Keeps what a document was drawn from. The three documents of one channel share their
    /// stories.
    pub(super) fn new(
        topic: &TopicId,
        channel: &Channel<'_>,
        stories: Arc<Vec<Story>>,
        overflow: Vec<StoryId>,
        format: FeedFormat,
    ) -> Self {
        Self(Arc::new(RenderedFeedInner {
            topic: topic.clone(),
            format,
            id: channel.id.clone(),
            title: channel.title.clone(),
            description: channel.description.clone(),
            page_url: channel.page_url.clone(),
            feed_urls: channel.feed_urls.clone(),
            updated: channel.updated,
            ttl_minutes: channel.ttl_minutes,
            paging: channel.paging.clone(),
            addresses: channel.addresses.clone(),
            stories,
            overflow,
        }))
    }

    /// What the document holds.
    pub fn story_digests(&self) -> StoryDigests {
        self.0.stories.iter().map(|story| (story.id, self.digest(story))).collect()
    }

    /// The document with the stories alone that `known` does not hold as they are now; `None` where
    /// that is all of them.
    pub fn delta(&self, known: &[(StoryId, i64)]) -> Option<Vec<u8>> {
        let known: HashMap<StoryId, i64> = known.iter().copied().collect();
        let news: Vec<Story> = self
            .0
            .stories
            .iter()
            .filter(|story| known.get(&story.id) != Some(&self.digest(story)))
            .cloned()
            .collect();
        (news.len() < self.0.stories.len()).then(|| render(&self.channel(&news), self.0.format))
    }

    /// The stories of the window that did not fit into the document.
    pub(super) fn overflow(&self) -> Option<(&TopicId, &[StoryId])> {
        // The three documents leave out the same: one of them tells.
        let told = self.0.format == FeedFormat::Atom && !self.0.overflow.is_empty();
        told.then_some((&self.0.topic, self.0.overflow.as_slice()))
    }

    fn channel<'a>(&'a self, stories: &'a [Story]) -> Channel<'a> {
        let drawn = &*self.0;
        Channel {
            id: drawn.id.clone(),
            title: drawn.title.clone(),
            description: drawn.description.clone(),
            page_url: drawn.page_url.clone(),
            feed_urls: drawn.feed_urls.clone(),
            updated: drawn.updated,
            ttl_minutes: drawn.ttl_minutes,
            stories,
            addresses: &drawn.addresses,
            paging: drawn.paging.clone(),
        }
    }

    /// Atom carries everything that the other forms do, so its entry stands for all three; the feed
    /// around it says nothing about the story.
    fn digest(&self, story: &Story) -> i64 {
        let alone = Channel {
            id: String::new(),
            title: String::new(),
            description: String::new(),
            page_url: String::new(),
            feed_urls: FeedUrls { atom: String::new(), rss: String::new(), json: String::new() },
            updated: Timestamp::UNIX_EPOCH,
            ttl_minutes: 0,
            stories: std::slice::from_ref(story),
            addresses: &self.0.addresses,
            paging: Paging::default(),
        };
        let hash = blake3::hash(&atom(&alone));
        let (head, _) = hash.as_bytes().split_first_chunk::<8>().expect("a hash has 32 bytes");
        i64::from_le_bytes(*head)
    }
}
