//! The part of feeds.toml that polling needs.

use std::{path::PathBuf, sync::Arc, time::Duration};

use feed_model::{HostPattern, Source, SourceId, Topic};
use topic_rules::Rules;

use crate::store::WindowPolicy;

/// The part of feeds.toml that polling needs. It is replaced as a whole when feeds.toml changes.
#[derive(Debug, Clone)]
pub struct PollSettings {
    /// The sources, in the order of feeds.toml.
    pub sources: Vec<Arc<Source>>,
    /// The topics.
    pub topics: Vec<Topic>,
    /// The compiled rules of the topics. New stories are classified by them.
    pub rules: Arc<Rules>,
    /// The size of the feed windows.
    pub window: WindowPolicy,
    /// Hosts that callbacks, hubs and webhooks may have although they are private.
    pub allow_hosts: Vec<HostPattern>,
    /// The most concurrent requests to one host.
    pub per_host: usize,
    /// The most concurrent polls.
    pub concurrency: usize,
    /// The directory of feeds.toml, which credential files are relative to.
    pub config_dir: PathBuf,
    /// `$CREDENTIALS_DIRECTORY`, where systemd stores credential files.
    pub credentials_dir: Option<PathBuf>,
    /// The pause between two pages of one site's backfill.
    pub backfill_gap: Duration,
}

impl PollSettings {
    /// Returns a source by its id.
    pub fn source(&self, id: &SourceId) -> Option<Arc<Source>> {
        self.sources.iter().find(|s| s.id == *id).cloned()
    }
}
