//! Stores what feeds.toml says of sources and topics.

use crate::{
    clock::Clock,
    config::Config,
    fetch,
    store::{Store, StoreError},
};

use super::{application::App, setup::window};

impl App {
    /// Stores the sources and topics of feeds.toml.
    pub async fn sync_config(&self, config: &Config) -> Result<(), StoreError> {
        sync_config(self.store(), config, &*self.poller.clock).await
    }
}

/// Stores the sources and topics of feeds.toml.
pub async fn sync_config(
    store: &Store,
    config: &Config,
    clock: &dyn Clock,
) -> Result<(), StoreError> {
    let sources: Vec<_> = config
        .sources
        .iter()
        .map(|source| (source.clone(), fetch::host_key(&source.url)))
        .collect();
    let (topics, window, now) = (config.topics.clone(), window(config), clock.now());
    store.run_blocking(move |store| store.sync_config(&sources, &topics, window, now)).await
}
