//! One drawing of everything that is published, with what the store has to remember of it.

use crate::store::{Instance, Store, StoreError, WindowPolicy};
use feed_model::{Timestamp, TopicId};

use super::{RenderedDocument, SiteSettings, archives, documents};

/// Bytes of archives drawn at a time, so that memory stays small whatever their number.
const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// Renders every document that is held ready from one snapshot, and names the topics that were
/// there once.
///
/// What does not fit into a document leaves its window first, archives that wait are drawn, and
/// what readers may have from now on is remembered: all of it before anything is handed out.
pub fn render_site(
    store: &Store,
    settings: &SiteSettings,
    now: Timestamp,
) -> Result<(Vec<RenderedDocument>, Vec<TopicId>), StoreError> {
    // Private topics are kept ready like all others; who may have them is decided when somebody
    // asks.
    let settings = &settings.as_owner();
    let mut renderings = render_all(store, settings, now)?;
    let left: Vec<_> = renderings
        .iter()
        .filter_map(|rendering| rendering.feed.as_ref()?.overflow())
        .map(|(topic, stories)| (topic.clone(), stories.to_vec()))
        .collect();
    if !left.is_empty() {
        let window =
            WindowPolicy { max_entries: settings.max_entries, keep_within: settings.keep_within };
        store.remove_from_windows(left, window)?;
        renderings = render_all(store, settings, now)?;
    }
    while let drawn =
        store.read(|reader| archives::render_pending(reader, settings, now, BATCH_BYTES))?
        && !drawn.is_empty()
    {
        store.store_archives(drawn)?;
    }
    let (retired, new) = store.read(|reader| {
        let mut new = Vec::new();
        for RenderedDocument { path, etag, feed, .. } in &renderings {
            if let Some(feed) = feed
                && !reader.is_newest_instance(path, etag)?
            {
                new.push(Instance {
                    path: path.clone(),
                    etag: etag.clone(),
                    story_digests: feed.story_digests(),
                });
            }
        }
        Ok((reader.retired_topics()?, new))
    })?;
    if !new.is_empty() {
        let paths = renderings
            .iter()
            .filter(|rendering| rendering.feed.is_some())
            .map(|rendering| rendering.path.clone());
        store.store_instances(new, paths.collect())?;
    }
    Ok((renderings, retired))
}

fn render_all(
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
