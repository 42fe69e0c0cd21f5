//! Applies a changed feeds.toml (SIGHUP): all of it, or nothing.

use std::sync::Arc;

use sd_notify::NotifyState;
use tracing::{error, info};

use super::{
    application::App,
    setup::{Environment, access, build_polling, site_settings},
    systemd::notify,
};
use crate::{
    config::Config,
    serve::{self, Tls},
};

/// The parts of the daemon that depend on feeds.toml besides [`App`].
pub(super) struct Reloadable {
    pub(super) environment: Environment,
    /// Reads feeds.toml again.
    pub(super) read: Box<dyn Fn() -> anyhow::Result<Config> + Send + Sync>,
    pub(super) site: serve::App,
    pub(super) tls: Option<Tls>,
}

impl App {
    /// Reads feeds.toml again and applies it. If it is invalid, the old settings stay in force, and
    /// the error is logged. Notifies systemd.
    pub(super) async fn reload_config(&self, parts: &Reloadable) {
        match NotifyState::monotonic_usec_now() {
            Ok(since) => notify(&[NotifyState::Reloading, since]),
            Err(_) => notify(&[NotifyState::Reloading]),
        }
        match self.try_reload(parts).await {
            Ok(config) => info!(
                "feeds.toml reloaded: {} sources, {} topics",
                config.sources.len(),
                config.topics.len()
            ),
            Err(error) => {
                error!("feeds.toml is invalid, the previous settings stay in force: {error:#}");
            }
        }
        notify(&[NotifyState::Ready]);
    }

    async fn try_reload(&self, parts: &Reloadable) -> anyhow::Result<Config> {
        let environment = &parts.environment;
        let config = (parts.read)()?;
        let polling = build_polling(
            &config,
            &environment.config_dir,
            environment.credentials_dir.as_deref(),
        )?;
        let settings = site_settings(&self.poller, &config, environment).await?;
        if let (Some(tls), Some(files)) = (&parts.tls, &config.server.tls) {
            let dir = &environment.config_dir;
            tls.replace(&dir.join(&files.cert), &dir.join(&files.key))?;
        }
        self.sync_config(&config).await?;
        // The client remembers when each host was last requested, so it is kept if its options
        // stay.
        if polling.client.options() != self.poller.client.load().options() {
            self.poller.client.store(Arc::new(polling.client));
        }
        self.retention.store(Arc::new(config.publishing.retention));
        self.poller.settings.store(Arc::new(polling.polling));
        parts.site.set_settings(settings);
        parts.site.set_access(access(&config, environment));
        Ok(config)
    }
}
