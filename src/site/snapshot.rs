//! The stored state as the site reads it: the store's reader, or in a test a hand-made one.

use crate::store::{
    ArchiveDocument, ArchiveState, Reader, SearchQuery, SearchResults, Store, StoreError,
    StoryDigests, StoryQuery,
};
use feed_model::{NonMembership, SourceState, Story, StoryId, TopicId};
use topic_rules::Rules;

/// Stories per (year, month).
pub type Months = Vec<((i32, u32), u64)>;

/// One consistent view of the stored state.
pub trait Snapshot {
    /// Stories, newest position first.
    fn stories(&self, query: &StoryQuery) -> Result<Vec<Story>, StoreError>;
    /// How many stories a query finds.
    fn count_stories(&self, query: &StoryQuery) -> Result<u64, StoreError>;
    /// One story.
    fn story(&self, id: StoryId) -> Result<Option<Story>, StoreError>;
    /// The topics that a story is not in, each with what it would have taken.
    fn not_in_topics(&self, story: &Story, rules: &Rules)
    -> Result<Vec<NonMembership>, StoreError>;
    /// The public stories that a search finds: the best first, or the newest.
    fn search(
        &self,
        query: &SearchQuery,
        limit: usize,
        newest_first: bool,
    ) -> Result<SearchResults, StoreError>;
    /// What the instance of a document with this entity tag held.
    fn instance(&self, path: &str, etag: &str) -> Result<Option<StoryDigests>, StoreError>;
    /// Every archive of a topic, in order.
    fn archives(&self, topic: &TopicId) -> Result<Vec<ArchiveState>, StoreError>;
    /// The document of an archive; `None`: it is not cut.
    fn archive(&self, topic: &TopicId, number: u64) -> Result<Option<ArchiveDocument>, StoreError>;
    /// The stories of an archive, newest first.
    fn archive_stories(&self, topic: &TopicId, number: u64) -> Result<Vec<Story>, StoreError>;
    /// The topics that share the most public stories with a topic, with their number.
    fn neighbours(&self, topic: &TopicId, limit: usize) -> Result<Vec<(TopicId, u64)>, StoreError>;
    /// The public stories in the windows of the topics, newest position first.
    fn window(&self, topics: &[TopicId], limit: usize) -> Result<Vec<Story>, StoreError>;
    /// Public stories per (year, month), newest month first.
    fn months(&self, topic: Option<&TopicId>) -> Result<Months, StoreError>;
    /// The sources of feeds.toml.
    fn sources(&self) -> Result<Vec<SourceState>, StoreError>;
}

impl Snapshot for Reader<'_> {
    fn stories(&self, query: &StoryQuery) -> Result<Vec<Story>, StoreError> {
        Reader::stories(self, query)
    }

    fn count_stories(&self, query: &StoryQuery) -> Result<u64, StoreError> {
        Reader::count_stories(self, query)
    }

    fn story(&self, id: StoryId) -> Result<Option<Story>, StoreError> {
        Reader::story(self, id)
    }

    fn not_in_topics(
        &self,
        story: &Story,
        rules: &Rules,
    ) -> Result<Vec<NonMembership>, StoreError> {
        Reader::not_in_topics(self, story, rules)
    }

    fn search(
        &self,
        query: &SearchQuery,
        limit: usize,
        newest_first: bool,
    ) -> Result<SearchResults, StoreError> {
        Reader::search(self, query, limit, newest_first)
    }

    fn instance(&self, path: &str, etag: &str) -> Result<Option<StoryDigests>, StoreError> {
        Reader::instance(self, path, etag)
    }

    fn archives(&self, topic: &TopicId) -> Result<Vec<ArchiveState>, StoreError> {
        Reader::archives(self, topic)
    }

    fn archive(&self, topic: &TopicId, number: u64) -> Result<Option<ArchiveDocument>, StoreError> {
        Reader::archive(self, topic, number)
    }

    fn archive_stories(&self, topic: &TopicId, number: u64) -> Result<Vec<Story>, StoreError> {
        Reader::archive_stories(self, topic, number)
    }

    fn neighbours(&self, topic: &TopicId, limit: usize) -> Result<Vec<(TopicId, u64)>, StoreError> {
        Reader::neighbours(self, topic, limit)
    }

    fn window(&self, topics: &[TopicId], limit: usize) -> Result<Vec<Story>, StoreError> {
        Reader::window(self, topics, limit)
    }

    fn months(&self, topic: Option<&TopicId>) -> Result<Months, StoreError> {
        Reader::months(self, topic)
    }

    fn sources(&self) -> Result<Vec<SourceState>, StoreError> {
        Reader::sources(self)
    }
}

/// Whatever a consistent view can be taken of, at any time and from any thread. Blocks.
pub trait SnapshotSource: Send + Sync + 'static {
    /// Runs `look` over one consistent view.
    fn with_snapshot(
        &self,
        look: &mut dyn FnMut(&dyn Snapshot) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// A number that is another one whenever the state has changed: a view that is taken later is
    /// at least as new. `None`: nobody can tell.
    fn version(&self) -> Result<Option<i64>, StoreError> {
        Ok(None)
    }
}

impl SnapshotSource for Store {
    fn with_snapshot(
        &self,
        look: &mut dyn FnMut(&dyn Snapshot) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.read(|reader| look(reader))
    }

    fn version(&self) -> Result<Option<i64>, StoreError> {
        Store::version(self).map(Some)
    }
}

impl dyn SnapshotSource {
    /// Runs `look` over one consistent view and gives what it found.
    pub fn read<T>(
        &self,
        mut look: impl FnMut(&dyn Snapshot) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut found = None;
        self.with_snapshot(&mut |snapshot| {
            found = Some(look(snapshot)?);
            Ok(())
        })?;
        Ok(found.expect("`open` ran `look`, or failed"))
    }
}
