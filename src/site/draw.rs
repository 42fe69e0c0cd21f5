//! One drawing of everything that is published, with what the store has to remember of it.

use crate::store::{Instance, Store, StoreError, WindowPolicy};
use feed_model::{Timestamp, TopicId};

use super::{Rendering, Settings, archives, documents};

/// Bytes of archives drawn at a time, so that memory stays small whatever their number.
const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// Renders every document that is held ready from one snapshot, and names the topics that were there once.
///
/// What does not fit into a document leaves its window first, archives that wait are drawn, and what readers may have from
/// now on is remembered: all of it before anything is handed out.
pub fn draw(store: &Store, settings: &Settings, now: Timestamp) -> Result<(Vec<Rendering>, Vec<TopicId>), StoreError> {
    // Private topics are kept ready like all others; who may have them is decided when somebody asks.
    let settings = &settings.in_whole();
    let mut renderings = render_all(store, settings, now)?;
    let left: Vec<_> = renderings
        .iter()
        .filter_map(|rendering| rendering.feed.as_ref()?.left_out())
        .map(|(topic, stories)| (topic.clone(), stories.to_vec()))
        .collect();
    if !left.is_empty() {
        let window = WindowPolicy { max_entries: settings.max_entries, keep_within: settings.keep_within };
        store.leave_windows(left, window)?;
        renderings = render_all(store, settings, now)?;
    }
    while let drawn = store.read(|reader| archives::undrawn(reader, settings, now, BATCH_BYTES))?
        && !drawn.is_empty()
    {
        store.keep_archives(drawn)?;
    }
    let (retired, new) = store.read(|reader| {
        let mut new = Vec::new();
        for Rendering { path, etag, feed, .. } in &renderings {
            if let Some(feed) = feed
                && !reader.is_newest_instance(path, etag)?
            {
                new.push(Instance { path: path.clone(), etag: etag.clone(), held: feed.holding() });
            }
        }
        Ok((reader.retired_topics()?, new))
    })?;
    if !new.is_empty() {
        let paths = renderings.iter().filter(|rendering| rendering.feed.is_some()).map(|rendering| rendering.path.clone());
        store.remember_instances(new, paths.collect())?;
    }
    Ok((renderings, retired))
}

fn render_all(store: &Store, settings: &Settings, now: Timestamp) -> Result<Vec<Rendering>, StoreError> {
    store.read(|reader| {
        let mut settle = |path: &str, digest| store.settle_document(path, digest, now);
        documents(reader, settings, &mut settle)
    })
}
