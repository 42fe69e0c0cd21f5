//! What feeds.toml makes of the rooms below: the client, the settings of what polls and of what
//! publishes, who may read.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use tracing::{error, warn};
use url::Url;

use crate::{
    clock::Clock,
    config::Config,
    fetch::{self, Client, ClientOptions},
    poll::{PollSettings, Poller},
    serve::{Access, Tls},
    site::{self, CurrentRules},
    store::{Store, StoreError, WindowPolicy},
    telemetry,
};
use topic_rules::Rules;

/// Pause between two pages of a site's back-catalogue.
const BACKFILL_GAP: Duration = Duration::from_secs(10);

/// Where things are that feeds.toml does not say.
pub(super) struct Paths {
    pub(super) config_dir: PathBuf,
    pub(super) credentials_dir: Option<PathBuf>,
    /// Links are made from this, whatever feeds.toml says.
    pub(super) link_to_bound_address: Option<SocketAddr>,
    /// What was bound.
    pub(super) address: SocketAddr,
}

impl Paths {
    fn base_url(&self, config: &Config) -> Url {
        let own =
            || Url::parse(&format!("http://{}/", self.address)).expect("an address makes a URL");
        match (&self.link_to_bound_address, &config.site.base_url) {
            (None, Some(base)) => base.clone(),
            _ => own(),
        }
    }
}

/// What feeds.toml makes of the polling half.
pub struct PollingParts {
    /// What asks.
    pub client: Client,
    /// What polling needs to know.
    pub polling: PollSettings,
}

pub(super) fn build_polling_from_paths(
    config: &Config,
    paths: &Paths,
) -> anyhow::Result<PollingParts> {
    build_polling(config, &paths.config_dir, paths.credentials_dir.as_deref())
}

/// Makes what polls out of feeds.toml.
pub fn build_polling(
    config: &Config,
    config_dir: &Path,
    credentials_dir: Option<&Path>,
) -> anyhow::Result<PollingParts> {
    let (user_agent, anonymous) = fetch::user_agent(
        env!("CARGO_PKG_VERSION"),
        config.site.contact.as_deref(),
        config.site.base_url.as_ref(),
    );
    if anonymous {
        warn!(
            "publishers cannot reach you: set `contact` in [site] of feeds.toml, it is sent in the User-Agent"
        );
    }
    let client = Client::new(ClientOptions {
        user_agent,
        per_host: config.polling.per_host,
        host_gap: config.polling.host_gap.unwrap_or(Duration::from_secs(1)),
        host_gap_exempt: config.polling.host_gap.unwrap_or(Duration::ZERO),
        concurrency: config.polling.concurrency,
        proxy: config.polling.proxy.clone(),
        ca_file: config.polling.ca_file.as_ref().map(|file| config_dir.join(file)),
        connect_timeout: Duration::from_secs(10),
    })
    .context("cannot make the HTTP client")?;
    let rules = Rules::compile(&config.topics).context("the rules of feeds.toml do not compile")?;
    let polling = PollSettings {
        sources: config.sources.iter().cloned().map(Arc::new).collect(),
        rules: Arc::new(rules),
        training_key: None,
        topics: config.topics.clone(),
        window: window(config),
        per_host: config.polling.per_host,
        concurrency: config.polling.concurrency,
        config_dir: config_dir.to_owned(),
        credentials_dir: credentials_dir.map(Path::to_owned),
        backfill_gap: BACKFILL_GAP,
        retention: config.publishing.retention,
    };
    Ok(PollingParts { client, polling })
}

/// How large windows are.
pub fn window(config: &Config) -> WindowPolicy {
    WindowPolicy {
        max_entries: config.publishing.max_entries,
        keep_within: config.publishing.keep_within,
    }
}

/// Tells the store what feeds.toml says.
pub async fn sync_config(
    store: &Store,
    config: &Config,
    clock: &dyn Clock,
) -> Result<(), StoreError> {
    let sources: Vec<_> =
        config.sources.iter().map(|s| (s.clone(), fetch::host_key(&s.url))).collect();
    let (topics, window, now, store) =
        (config.topics.clone(), window(config), clock.now(), store.clone());
    match tokio::task::spawn_blocking(move || store.sync_config(&sources, &topics, window, now))
        .await
    {
        Ok(done) => done,
        Err(join_error) => Err(StoreError::Panicked(join_error.to_string())),
    }
}

/// What feeds.toml and the state make of the published half.
pub(super) async fn site_settings(
    poller: &Poller,
    config: &Config,
    paths: &Paths,
) -> Result<site::SiteSettings, StoreError> {
    let (store, now) = (poller.store.clone(), poller.clock.now());
    let minted = match &config.site.id {
        Some(id) => id.clone(),
        None => match tokio::task::spawn_blocking(move || store.minted_feed_id(now)).await {
            Ok(minted) => minted?,
            Err(join_error) => return Err(StoreError::Panicked(join_error.to_string())),
        },
    };
    let polling = poller.settings.clone();
    let rules = CurrentRules::new(move || polling.load().rules.clone());
    Ok(site::SiteSettings { rules, ..published(config, paths.base_url(config), minted) })
}

/// What feeds.toml says of what is published.
pub fn published(config: &Config, base_url: Url, feed_id: String) -> site::SiteSettings {
    let rules =
        Rules::compile(&config.topics).expect("these topics compiled when feeds.toml was checked");
    let pace = config
        .sources
        .iter()
        .map(|s| s.poll_policy.interval)
        .min()
        .unwrap_or(config.polling.interval);
    site::SiteSettings {
        title: config.site.title.clone(),
        base_url,
        feed_id,
        topics: config.topics.clone(),
        max_entries: config.publishing.max_entries,
        keep_within: config.publishing.keep_within,
        live: true,
        max_age: (pace / 2).clamp(Duration::from_secs(60), Duration::from_secs(3600)),
        rules: CurrentRules::fixed(rules),
        audience: site::Audience::default(),
    }
}

/// Who may read private topics. What is wrong with a file costs its own topic alone.
pub(super) fn access(config: &Config, paths: &Paths) -> Access {
    let (access, errors) =
        Access::load(&config.topics, &paths.config_dir, paths.credentials_dir.as_deref());
    for why in errors {
        error!("{}", telemetry::chain(&why));
    }
    access
}

/// The certificate that feeds.toml names, if any.
pub(super) fn certificate(config: &Config, paths: &Paths) -> anyhow::Result<Option<Tls>> {
    let Some(files) = &config.server.tls else {
        return Ok(None);
    };
    Ok(Some(Tls::load(&paths.config_dir.join(&files.cert), &paths.config_dir.join(&files.key))?))
}
