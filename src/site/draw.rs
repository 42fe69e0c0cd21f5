//! One drawing of everything that is held ready, with what the store has to remember of it.

use crate::{
    model::{Timestamp, TopicId},
    store::{Store, StoreError},
};

use super::{Rendering, Settings, documents};

/// Renders every document from one snapshot, and names the topics that were there once.
pub fn draw(store: &Store, settings: &Settings, now: Timestamp) -> Result<(Vec<Rendering>, Vec<TopicId>), StoreError> {
    store.read(|reader| {
        let mut settle = |path: &str, digest| store.settle_document(path, digest, now);
        Ok((documents(reader, settings, &mut settle)?, reader.retired_topics()?))
    })
}
