//! Builds the parts of the application from feeds.toml: the HTTP client, the settings of polling
//! and of publishing, the access rules, the certificate and the listener.

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use tracing::error;
use url::Url;

use topic_rules::Rules;

use crate::{
    config::{Config, Hub},
    fetch::{self, Client, ClientOptions},
    icons::SiteIcons,
    poll::{PollSettings, Poller},
    serve::{Access, Tls},
    site::{self, CurrentRules},
    store::{StoreError, WindowPolicy},
    telemetry,
};

/// The pause between two pages of a site's backfill.
const BACKFILL_GAP: Duration = Duration::from_secs(10);

/// The circumstances of a daemon that feeds.toml does not contain.
pub(super) struct Environment {
    pub(super) config_dir: PathBuf,
    pub(super) credentials_dir: Option<PathBuf>,
    /// Whether links use the bound address instead of `base_url`.
    pub(super) link_to_bound_address: bool,
    /// The bound address.
    pub(super) address: SocketAddr,
}

impl Environment {
    fn base_url(&self, config: &Config) -> Url {
        match &config.site.base_url {
            Some(base_url) if !self.link_to_bound_address => base_url.clone(),
            _ => Url::parse(&format!("http://{}/", self.address))
                .expect("a socket address is a valid host and port"),
        }
    }
}

/// The HTTP client and the poll settings.
pub struct PollingParts {
    /// The HTTP client.
    pub client: Client,
    /// The settings.
    pub polling: PollSettings,
}

/// The warning about requests that name no contact.
pub const ANONYMOUS: &str = "publishers cannot contact you: set `contact` in [site] of feeds.toml; \
                             it is sent in the User-Agent";

/// Returns whether requests name no contact.
pub fn is_anonymous(config: &Config) -> bool {
    user_agent(config).1
}

/// Returns the `User-Agent`, and whether it names no contact.
fn user_agent(config: &Config) -> (String, bool) {
    fetch::user_agent(
        env!("CARGO_PKG_VERSION"),
        config.site.contact.as_deref(),
        config.site.base_url.as_ref(),
    )
}

/// Builds the HTTP client and the poll settings from feeds.toml.
pub fn build_polling(
    config: &Config,
    config_dir: &Path,
    credentials_dir: Option<&Path>,
) -> anyhow::Result<PollingParts> {
    let (user_agent, _) = user_agent(config);
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
    .context("cannot create the HTTP client")?;
    let rules = Rules::compile(&config.topics).context("the rules of feeds.toml do not compile")?;
    let polling = PollSettings {
        sources: config.sources.iter().cloned().map(Arc::new).collect(),
        rules: Arc::new(rules),
        topics: config.topics.clone(),
        window: window(config),
        allow_hosts: config.polling.allow_hosts.clone(),
        per_host: config.polling.per_host,
        concurrency: config.polling.concurrency,
        config_dir: config_dir.to_owned(),
        credentials_dir: credentials_dir.map(Path::to_owned),
        backfill_gap: BACKFILL_GAP,
    };
    Ok(PollingParts { client, polling })
}

/// Returns the size of the feed windows.
pub fn window(config: &Config) -> WindowPolicy {
    WindowPolicy {
        max_entries: config.publishing.max_entries,
        keep_within: config.publishing.keep_within,
    }
}

/// Builds the settings of publishing from feeds.toml and the store.
pub(super) async fn site_settings(
    poller: &Poller,
    config: &Config,
    environment: &Environment,
) -> Result<site::SiteSettings, StoreError> {
    let now = poller.clock.now();
    let feed_id = match &config.site.id {
        Some(id) => id.clone(),
        None => poller.store.run_blocking(move |store| store.minted_feed_id(now)).await?,
    };
    let polling = poller.settings.clone();
    let rules = CurrentRules::new(move || polling.load().rules.clone());
    Ok(site::SiteSettings { rules, ..published(config, environment.base_url(config), feed_id) })
}

/// Builds the settings of publishing from feeds.toml alone.
pub fn published(config: &Config, base_url: Url, feed_id: String) -> site::SiteSettings {
    let rules =
        Rules::compile(&config.topics).expect("these topics compiled when feeds.toml was checked");
    let shortest_interval = config
        .sources
        .iter()
        .map(|s| s.poll_policy.interval)
        .min()
        .unwrap_or(config.polling.interval);
    let hub = config.publishing.hub.clone().unwrap_or_else(|| default_hub(&base_url));
    site::SiteSettings {
        title: config.site.title.clone(),
        hub,
        base_url,
        feed_id,
        topics: config.topics.clone(),
        max_entries: config.publishing.max_entries,
        keep_within: config.publishing.keep_within,
        icons: Arc::new(SiteIcons::new(
            &config.site.title,
            config.site.icon.as_ref(),
            &config.topics,
        )),
        images: config.site.images,
        attribution: config.publishing.attribution,
        timezone: config.site.timezone,
        live: true,
        max_age: (shortest_interval / 2).clamp(Duration::from_secs(60), Duration::from_secs(3600)),
        rules: CurrentRules::fixed(rules),
        audience: site::Audience::default(),
    }
}

/// Returns the hub of a site whose feeds.toml names none. Over plain http from elsewhere, a secret
/// of a subscriber would be readable on the way.
fn default_hub(base_url: &Url) -> Hub {
    let is_own = base_url.scheme() == "https" || fetch::is_loopback(base_url);
    if is_own { Hub::Own } else { Hub::None }
}

/// Loads the access tokens of private topics. An invalid file makes only its own topic unreadable.
pub(super) fn access(config: &Config, environment: &Environment) -> Access {
    let (access, errors) = Access::load(
        &config.topics,
        &config.site.access,
        &environment.config_dir,
        environment.credentials_dir.as_deref(),
    );
    for error in errors {
        error!("{}", telemetry::chain(&error));
    }
    access
}

/// Loads the certificate that feeds.toml names, if any.
pub(super) fn certificate(
    config: &Config,
    environment: &Environment,
) -> anyhow::Result<Option<Tls>> {
    let Some(files) = &config.server.tls else {
        return Ok(None);
    };
    let dir = &environment.config_dir;
    Ok(Some(Tls::load(&dir.join(&files.cert), &dir.join(&files.key))?))
}

/// Returns the socket that systemd passed in, or else binds `address`.
pub(super) fn listener(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let mut passed = listenfd::ListenFd::from_env();
    if let Some(listener) =
        passed.take_tcp_listener(0).context("cannot use the socket that systemd passed in")?
    {
        return Ok(listener);
    }
    TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))
}
