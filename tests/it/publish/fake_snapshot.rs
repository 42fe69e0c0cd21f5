//! A stored state in memory.

#![allow(clippy::unwrap_used)] // test code outside of `#[test]` functions

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

use chrono::Datelike;
use feed_model::*;
use topic_rules::Rules;
use tributary::{
    site::{Audience, CurrentRules, SiteSettings, Snapshot, SnapshotSource},
    store::{
        ArchiveDocument, ArchiveState, SearchQuery, SearchResults, StoreError, StoryDigests,
        StoryQuery,
    },
};

pub use crate::support::sample_stories::{at, hostile_stories, source_state, story};

pub fn topic(id: &str, title: &str) -> Topic {
    Topic {
        id: TopicId::new(id).unwrap(),
        title: title.to_owned(),
        description: Some(format!("All about {title}")),
        any: vec!["water".to_owned()],
        all: Vec::new(),
        none: Vec::new(),
        sources: Vec::new(),
        threshold: 1.0,
        former_ids: Vec::new(),
        learn: false,
        announce_within: std::time::Duration::from_hours(48),
        access: Vec::new(),
    }
}

pub fn settings() -> SiteSettings {
    SiteSettings {
        title: "Systems writing, by topic".to_owned(),
        base_url: url::Url::parse("https://topics.example/").unwrap(),
        feed_id: "tag:topics.example,2026:topics".to_owned(),
        topics: vec![
            topic("streaming", "Streaming & <Rivers>"),
            Topic { former_ids: vec![TopicId::new("clouds").unwrap()], ..topic("cloud", "Cloud") },
        ],
        max_entries: 50,
        keep_within: std::time::Duration::from_hours(48),
        live: true,
        max_age: std::time::Duration::from_mins(15),
        rules: CurrentRules::fixed(Rules::compile(&[]).unwrap()),
        audience: Audience::default(),
    }
}

/// A stored state in memory, with the store's rules as far as the site can see them.
#[derive(Debug, Default)]
pub struct FakeSnapshot(Mutex<SnapshotContents>);

#[derive(Debug, Default)]
pub struct SnapshotContents {
    /// Newest position first.
    pub stories: Vec<Story>,
    pub sources: Vec<SourceState>,
    pub retired: Vec<TopicId>,
    /// What is said of the state's version.
    pub version: Option<i64>,
    /// How often it was looked at.
    pub reads: usize,
    timestamps: BTreeMap<String, ([u8; 32], Timestamp)>,
}

impl FakeSnapshot {
    pub fn of(stories: Vec<Story>) -> Self {
        Self(Mutex::new(SnapshotContents {
            stories,
            sources: vec![source_state()],
            ..SnapshotContents::default()
        }))
    }

    pub fn contents(&self) -> MutexGuard<'_, SnapshotContents> {
        self.0.lock().unwrap()
    }
}

impl SnapshotContents {
    /// As the store's own: the stored moment while the digest stays the same, else `now`.
    pub fn settle(&mut self, path: &str, digest: [u8; 32], now: Timestamp) -> Timestamp {
        let known =
            self.timestamps.get(path).filter(|(known, _)| *known == digest).map(|(_, at)| *at);
        known.unwrap_or_else(|| {
            self.timestamps.insert(path.to_owned(), (digest, now));
            now
        })
    }
}

fn is_in(story: &Story, topic: &TopicId) -> bool {
    topic.is_all() || story.topics.iter().any(|membership| membership.id == *topic)
}

impl Snapshot for SnapshotContents {
    fn stories(&self, query: &StoryQuery) -> Result<Vec<Story>, StoreError> {
        let wanted = |story: &&Story| {
            (story.public || !query.public_only)
                && query.topic.as_ref().is_none_or(|topic| is_in(story, topic))
                && (!query.unsorted || story.topics.is_empty())
                && query.month.is_none_or(|month| {
                    month == (story.first_published.year(), story.first_published.month())
                })
        };
        let found = self
            .stories
            .iter()
            .filter(wanted)
            .skip(query.offset)
            .take(query.limit.unwrap_or(usize::MAX));
        Ok(found.cloned().collect())
    }

    fn count_stories(&self, query: &StoryQuery) -> Result<u64, StoreError> {
        Ok(self.stories(&StoryQuery { limit: None, offset: 0, ..query.clone() })?.len() as u64)
    }

    fn story(&self, id: StoryId) -> Result<Option<Story>, StoreError> {
        Ok(self.stories.iter().find(|story| story.id == id).cloned())
    }

    fn not_in_topics(&self, _: &Story, _: &Rules) -> Result<Vec<NonMembership>, StoreError> {
        Ok(Vec::new())
    }

    fn search(&self, _: &SearchQuery, _: usize, _: bool) -> Result<SearchResults, StoreError> {
        Ok(SearchResults::default())
    }

    fn instance(&self, _: &str, _: &str) -> Result<Option<StoryDigests>, StoreError> {
        Ok(None)
    }

    fn archives(&self, _: &TopicId) -> Result<Vec<ArchiveState>, StoreError> {
        Ok(Vec::new())
    }

    fn archive(&self, _: &TopicId, _: u64) -> Result<Option<ArchiveDocument>, StoreError> {
        Ok(None)
    }

    fn archive_stories(&self, _: &TopicId, _: u64) -> Result<Vec<Story>, StoreError> {
        Ok(Vec::new())
    }

    fn neighbours(&self, _: &TopicId, _: usize) -> Result<Vec<(TopicId, u64)>, StoreError> {
        Ok(Vec::new())
    }

    fn window(&self, topics: &[TopicId], limit: usize) -> Result<Vec<Story>, StoreError> {
        let wanted =
            |story: &&Story| story.public && topics.iter().any(|topic| is_in(story, topic));
        Ok(self.stories.iter().filter(wanted).take(limit).cloned().collect())
    }

    fn months(&self, topic: Option<&TopicId>) -> Result<Vec<((i32, u32), u64)>, StoreError> {
        let mut months = BTreeMap::new();
        for story in self
            .stories
            .iter()
            .filter(|story| story.public && topic.is_none_or(|topic| is_in(story, topic)))
        {
            *months
                .entry((story.first_published.year(), story.first_published.month()))
                .or_insert(0) += 1;
        }
        Ok(months.into_iter().rev().collect())
    }

    fn sources(&self) -> Result<Vec<SourceState>, StoreError> {
        Ok(self.sources.clone())
    }
}

impl SnapshotSource for FakeSnapshot {
    fn with_snapshot(
        &self,
        look: &mut dyn FnMut(&dyn Snapshot) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.contents().reads += 1;
        look(&*self.contents())
    }

    fn version(&self) -> Result<Option<i64>, StoreError> {
        Ok(self.contents().version)
    }
}

/// The documents of a `fake_snapshot` as they are at `now`.
pub fn documents(
    fake_snapshot: &FakeSnapshot,
    settings: &SiteSettings,
    now: Timestamp,
) -> Vec<tributary::site::RenderedDocument> {
    let contents = fake_snapshot.contents();
    let timestamps = Mutex::new(SnapshotContents {
        timestamps: contents.timestamps.clone(),
        ..SnapshotContents::default()
    });
    let mut settle =
        |path: &str, digest: [u8; 32]| Ok(timestamps.lock().unwrap().settle(path, digest, now));
    let documents = tributary::site::documents(&*contents, settings, &mut settle).unwrap();
    drop(contents);
    fake_snapshot.contents().timestamps = timestamps.into_inner().unwrap().timestamps;
    documents
}
