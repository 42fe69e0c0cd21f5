//! Applies a changed feeds.toml (SIGHUP): all of it, or nothing.
//!
//! An invalid file is refused. A valid one whose changes cannot be stored, because the disk is full
//! for example, is applied when writing works again.

use std::{sync::Arc, time::Duration};

use sd_notify::NotifyState;
use tracing::{debug, error, info, warn};

use super::{
    application::App,
    setup::{Environment, access, build_polling, site_settings},
    systemd::notify,
};
use crate::{
    config::Config,
    serve::{self, Tls},
    store::StoreError,
    telemetry::{self, Metrics},
};

/// The pause before a valid feeds.toml that could not be stored is applied again.
pub(super) const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// The parts of the daemon that depend on feeds.toml besides [`App`].
pub(super) struct Reloadable {
    pub(super) environment: Environment,
    /// Reads feeds.toml again.
    pub(super) read: Box<dyn Fn() -> anyhow::Result<Config> + Send + Sync>,
    pub(super) site: serve::App,
    pub(super) tls: Option<Tls>,
    pub(super) metrics: Arc<Metrics>,
}

/// Why a feeds.toml is not applied.
enum ReloadError {
    /// It is invalid.
    Invalid(anyhow::Error),
    /// Its changes cannot be stored.
    NotStored(StoreError),
}

impl From<anyhow::Error> for ReloadError {
    fn from(error: anyhow::Error) -> Self {
        Self::Invalid(error)
    }
}

impl From<StoreError> for ReloadError {
    fn from(error: StoreError) -> Self {
        Self::NotStored(error)
    }
}

impl App {
    /// Reads feeds.toml again and applies it. If it is invalid, the old settings stay in force, and
    /// the error is logged. If it is valid and cannot be stored now, it is put into `unstored`.
    /// Notifies systemd.
    pub(super) async fn reload_config(&self, parts: &Reloadable, unstored: &mut Option<Config>) {
        match NotifyState::monotonic_usec_now() {
            Ok(since) => notify(&[NotifyState::Reloading, since]),
            Err(_) => notify(&[NotifyState::Reloading]),
        }
        match (parts.read)() {
            Ok(config) => {
                *unstored = None;
                self.apply_or_keep(config, parts, unstored).await;
            }
            Err(error) => self.refuse_config(&error, parts),
        }
        notify(&[NotifyState::Ready]);
    }

    /// Applies a valid feeds.toml that could not be stored before.
    pub(super) async fn apply_unstored(&self, parts: &Reloadable, unstored: &mut Option<Config>) {
        if let Some(config) = unstored.clone() {
            self.apply_or_keep(config, parts, unstored).await;
        }
    }

    async fn apply_or_keep(
        &self,
        config: Config,
        parts: &Reloadable,
        unstored: &mut Option<Config>,
    ) {
        let is_first = unstored.is_none();
        match self.apply_config(&config, parts).await {
            Ok(()) => {
                *unstored = None;
                parts.metrics.config_reloaded(true, self.poller.clock.now());
                info!(
                    "feeds.toml reloaded: {} sources, {} topics",
                    config.sources.len(),
                    config.topics.len()
                );
            }
            Err(ReloadError::Invalid(error)) => {
                *unstored = None;
                self.refuse_config(&error, parts);
            }
            Err(ReloadError::NotStored(error)) if error.fault().is_some() => {
                *unstored = Some(config);
                if is_first {
                    warn_not_stored(&error);
                } else {
                    debug!("feeds.toml cannot be stored yet: {}", telemetry::chain(&error));
                }
            }
            Err(ReloadError::NotStored(error)) => {
                *unstored = None;
                error!(
                    "feeds.toml is valid and cannot be stored; the previous settings stay in \
                     force: {}",
                    telemetry::chain(&error)
                );
            }
        }
    }

    fn refuse_config(&self, error: &anyhow::Error, parts: &Reloadable) {
        parts.metrics.config_reloaded(false, self.poller.clock.now());
        error!("feeds.toml is invalid, the previous settings stay in force: {error:#}");
    }

    async fn apply_config(&self, config: &Config, parts: &Reloadable) -> Result<(), ReloadError> {
        let environment = &parts.environment;
        let polling =
            build_polling(config, &environment.config_dir, environment.credentials_dir.as_deref())?;
        let settings = site_settings(&self.poller, config, environment).await?;
        if let (Some(tls), Some(files)) = (&parts.tls, &config.server.tls) {
            let dir = &environment.config_dir;
            tls.replace(&dir.join(&files.cert), &dir.join(&files.key))
                .map_err(anyhow::Error::new)?;
        }
        self.sync_config(config).await?;
        // The client remembers when each host was last requested, so it is kept if its options
        // stay.
        if polling.client.options() != self.poller.client.load().options() {
            let metrics = self.poller.client.load().metrics().clone();
            self.poller.client.store(Arc::new(polling.client.with_metrics(metrics)));
        }
        self.retention.store(Arc::new(config.publishing.retention));
        self.poller.settings.store(Arc::new(polling.polling));
        parts.site.set_settings(settings);
        parts.site.set_access(access(config, environment));
        Ok(())
    }
}

/// Logs that a valid feeds.toml cannot be stored now.
pub(super) fn warn_not_stored(error: &StoreError) {
    warn!(
        "feeds.toml is valid, but its sources and topics cannot be stored now: {}; it takes effect \
         when writing works again",
        telemetry::chain(error)
    );
}
