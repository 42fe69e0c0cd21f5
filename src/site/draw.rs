//! One drawing of everything that is held ready, with what the store has to remember of it.

use crate::{
    model::{Timestamp, TopicId},
    store::{Instance, Store, StoreError},
};

use super::{Rendering, Settings, documents};

/// Renders every document from one snapshot, and names the topics that were there once. What readers may have of it from
/// now on is remembered.
pub fn draw(store: &Store, settings: &Settings, now: Timestamp) -> Result<(Vec<Rendering>, Vec<TopicId>), StoreError> {
    let (renderings, retired, new) = store.read(|reader| {
        let mut settle = |path: &str, digest| store.settle_document(path, digest, now);
        let renderings = documents(reader, settings, &mut settle)?;
        let mut new = Vec::new();
        for Rendering { path, etag, feed, .. } in &renderings {
            if let Some(feed) = feed
                && !reader.is_newest_instance(path, etag)?
            {
                new.push(Instance { path: path.clone(), etag: etag.clone(), held: feed.holding() });
            }
        }
        Ok((renderings, reader.retired_topics()?, new))
    })?;
    if !new.is_empty() {
        store.remember_instances(new)?;
    }
    Ok((renderings, retired))
}
