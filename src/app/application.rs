//! What all jobs of the application share.

use std::{path::Path, sync::Arc, time::Duration};

use arc_swap::{ArcSwap, ArcSwapOption};

use topic_rules::Rules;

use super::setup::{PollingParts, build_polling};
use crate::{clock::Clock, config::Config, poll::Poller, store::Store};

/// What all jobs of the application share. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct App {
    /// Polls sources, and holds the store, the clock and the settings.
    pub poller: Poller,
    /// How long stories are kept; `None` keeps them forever.
    pub(super) retention: Arc<ArcSwap<Option<Duration>>>,
    /// The rules that labels have trained last.
    pub(super) trained: Arc<ArcSwapOption<TrainedRules>>,
}

/// Rules that were trained by labels.
#[derive(Debug)]
pub(super) struct TrainedRules {
    /// The rules. If they are not those in the settings, feeds.toml was read again since.
    pub(super) rules: Arc<Rules>,
    /// Identifies the training data.
    pub(super) key: Vec<u8>,
}

impl App {
    /// Assembles the application from feeds.toml and an open store.
    pub fn new(
        config: &Config,
        config_dir: &Path,
        credentials_dir: Option<&Path>,
        store: Store,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let PollingParts { client, polling } = build_polling(config, config_dir, credentials_dir)?;
        Ok(Self {
            poller: Poller::new(store, client, clock, polling),
            retention: Arc::new(ArcSwap::from_pointee(config.publishing.retention)),
            trained: Arc::default(),
        })
    }

    /// Returns the store.
    pub fn store(&self) -> &Store {
        &self.poller.store
    }
}
