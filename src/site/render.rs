//! Rendering of the whole site, with the changes of the store that it needs.

use feed_model::{Timestamp, TopicId};

use crate::store::{Instance, Store, StoreError, WindowPolicy};

use super::{
    archives::{self, BatchLimits},
    documents::documents,
    rendered_document::RenderedDocument,
    settings::SiteSettings,
};

/// The archives that are rendered at a time. This bounds the memory use.
const BATCH: BatchLimits = BatchLimits { per_topic: usize::MAX, bytes: 4 * 1024 * 1024 };

/// The archives that are rendered before the documents that link to them. Except after an import,
/// these are all.
const NEWEST: BatchLimits = BatchLimits { per_topic: 4, bytes: usize::MAX };

/// Renders all documents and returns them with the ids of retired topics.
///
/// Before it returns, it moves stories that do not fit into the documents from the windows to the
/// archives, renders the newest pending archives of each topic, and stores the contents of the new
/// documents for delta encoding. Afterwards other archives may be pending: call [`render_archives`]
/// until it returns false.
pub fn render_site(
    store: &Store,
    settings: &SiteSettings,
    now: Timestamp,
) -> Result<(Vec<RenderedDocument>, Vec<TopicId>), StoreError> {
    // Private topics are rendered too. Access is decided on each request.
    let settings = &settings.as_owner();
    let mut documents = render_documents(store, settings, now)?;
    let overflow: Vec<_> = documents
        .iter()
        .filter_map(|document| document.feed.as_ref()?.overflow())
        .map(|(topic, stories)| (topic.clone(), stories.to_vec()))
        .collect();
    if !overflow.is_empty() {
        let window =
            WindowPolicy { max_entries: settings.max_entries, keep_within: settings.keep_within };
        store.remove_from_windows(overflow, window)?;
        documents = render_documents(store, settings, now)?;
    }
    render_batch(store, settings, now, NEWEST)?;
    let (retired, new_instances) = store.read(|reader| {
        let mut new = Vec::new();
        for RenderedDocument { path, etag, feed, .. } in &documents {
            if let Some(feed) = feed
                && !reader.is_newest_instance(path, etag)?
            {
                let (path, etag, story_digests) =
                    (path.clone(), etag.clone(), feed.story_digests());
                new.push(Instance { path, etag, story_digests });
            }
        }
        Ok((reader.retired_topics(now)?, new))
    })?;
    if !new_instances.is_empty() {
        let feeds = documents.iter().filter(|document| document.feed.is_some());
        store.store_instances(new_instances, feeds.map(|feed| feed.path.clone()).collect())?;
    }
    Ok((documents, retired))
}

/// Marks the archives as pending that were rendered with other addresses or titles. Needed once for
/// new settings.
pub fn mark_outdated_archives(store: &Store, settings: &SiteSettings) -> Result<(), StoreError> {
    let settings = &settings.as_owner();
    for (topic, numbers) in store.read(|reader| archives::outdated(reader, settings))? {
        store.mark_archives_pending(topic, numbers)?;
    }
    Ok(())
}

/// Renders and stores a batch of pending archives. Returns whether others may be pending.
pub fn render_archives(
    store: &Store,
    settings: &SiteSettings,
    now: Timestamp,
) -> Result<bool, StoreError> {
    render_batch(store, &settings.as_owner(), now, BATCH)
}

fn render_batch(
    store: &Store,
    settings: &SiteSettings,
    now: Timestamp,
    limits: BatchLimits,
) -> Result<bool, StoreError> {
    let archives = store.read(|reader| archives::render_pending(reader, settings, now, limits))?;
    let is_any = !archives.is_empty();
    if is_any {
        store.store_archives(archives)?;
    }
    Ok(is_any)
}

fn render_documents(
    store: &Store,
    settings: &SiteSettings,
    now: Timestamp,
) -> Result<Vec<RenderedDocument>, StoreError> {
    store.read(|reader| {
        let mut last_modified_of =
            |path: &str, digest| store.document_last_modified(path, digest, now);
        documents(reader, settings, &mut last_modified_of)
    })
}
