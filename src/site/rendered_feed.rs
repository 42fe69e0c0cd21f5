//! A rendered feed with the channel that it was rendered from, for delta encoding (RFC 3229).

use std::{collections::HashMap, sync::Arc};

use feed_model::{Story, StoryId, TopicId};
use feed_publisher::{Channel, FeedFormat, FeedUrls, atom, render};

use crate::store::StoryDigests;

/// A rendered feed document. Clones are cheap.
#[derive(Debug, Clone, PartialEq)]
pub struct RenderedFeed(Arc<Inner>);

#[derive(Debug, PartialEq)]
struct Inner {
    topic: TopicId,
    format: FeedFormat,
    /// The channel without its stories, which the three documents share.
    channel: Channel<'static>,
    stories: Arc<Vec<Story>>,
    overflow: Vec<StoryId>,
}

impl RenderedFeed {
    /// Returns the feed of a channel with `stories`. `overflow` are the stories of the window that
    /// do not fit into the document.
    pub(super) fn new(
        topic: &TopicId,
        channel: &Channel<'_>,
        stories: Arc<Vec<Story>>,
        overflow: Vec<StoryId>,
        format: FeedFormat,
    ) -> Self {
        let channel = channel.with_stories(&[]);
        Self(Arc::new(Inner { topic: topic.clone(), format, channel, stories, overflow }))
    }

    /// Returns the digests of the document's stories.
    pub fn story_digests(&self) -> StoryDigests {
        self.0.stories.iter().map(|story| (story.id, self.digest(story))).collect()
    }

    /// Returns the document with only the stories that differ from `known`; `None` if all differ.
    pub fn delta(&self, known: &[(StoryId, i64)]) -> Option<Vec<u8>> {
        let known: HashMap<StoryId, i64> = known.iter().copied().collect();
        let is_new = |story: &&Story| known.get(&story.id) != Some(&self.digest(story));
        let new: Vec<Story> = self.0.stories.iter().filter(is_new).cloned().collect();
        let is_partial = new.len() < self.0.stories.len();
        is_partial.then(|| render(&self.0.channel.with_stories(&new), self.0.format))
    }

    /// Whether a publication of the stories reserves the rights to text and data mining.
    pub fn reserves_tdm(&self) -> bool {
        self.0.stories.iter().any(|story| story.source.reservation.tdm_reserved)
    }

    /// Returns the topic and the stories of its window that do not fit into the document, if there
    /// are any. They are the same for the three formats; only the Atom document returns them.
    pub(super) fn overflow(&self) -> Option<(&TopicId, &[StoryId])> {
        let has_overflow = self.0.format == FeedFormat::Atom && !self.0.overflow.is_empty();
        has_overflow.then_some((&self.0.topic, self.0.overflow.as_slice()))
    }

    /// Returns the digest of a story: of an Atom document with this story and no data of the feed.
    /// Atom contains everything that the other formats do. The store keeps digests, so they must
    /// not change.
    fn digest(&self, story: &Story) -> i64 {
        let document = atom(&Channel {
            page_url: String::new(),
            feed_urls: FeedUrls::default(),
            attribution: self.0.channel.attribution,
            topics: self.0.channel.topics.clone(),
            stories: std::slice::from_ref(story),
            ..Channel::new(&self.0.channel.addresses, "", "")
        });
        let hash = blake3::hash(&document);
        let (head, _) = hash.as_bytes().split_first_chunk::<8>().expect("a hash has 32 bytes");
        i64::from_le_bytes(*head)
    }
}
