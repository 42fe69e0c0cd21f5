//! The main job: poll on schedule, publish, serve, until told to stop (layer 4).
//!
//! Start: lock → store → listen → READY=1 → poll. What is stored is served at once, whatever can be reached.
//! Stop: no new work, what is under way ends within a deadline below systemd's, the log is written back, exit 0.
//! SIGHUP checks the new feeds.toml and applies all of it, or keeps the old and says why.

mod house;
mod publisher;

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use sd_notify::NotifyState;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{Notify, watch},
    task::JoinHandle,
};
use tracing::{error, info, warn};
use url::Url;

use crate::{
    clock::Clock,
    config::Config,
    fetch::{self, Client, ClientOptions},
    model::SourceHealth,
    poll::{Driver, Heartbeat, Poller, Settings},
    serve::{self, Access, App, Health, Tls},
    site::{self, RulesInForce},
    store::{DirectoryLock, Store, StoreError, WindowPolicy},
    telemetry::{self, Metrics, SourceGauge},
    topic::Rules,
};

use house::{keep_house, wait_for_stop};
use publisher::{Publisher, Renderer};

pub use house::{learn, let_old_go, sort_again};

/// Pause between two pages of a site's back-catalogue.
const BACKLOG_GAP: Duration = Duration::from_secs(10);

/// How long polls under way may take to end when the daemon stops.
const DRAIN: Duration = Duration::from_secs(5);

/// How old the driver's heartbeat may be before the daemon counts as stuck.
const HEARTBEAT_LIMIT: Duration = Duration::from_secs(60);

/// What a daemon is started with.
pub struct Options {
    /// feeds.toml as it is meant.
    pub config: Config,
    /// Reads feeds.toml again, on SIGHUP; the error says why it is refused.
    pub reload: Box<dyn Fn() -> anyhow::Result<Config> + Send + Sync>,
    /// The folder of feeds.toml.
    pub config_dir: PathBuf,
    /// Where the state is.
    pub data_dir: PathBuf,
    /// `--listen`.
    pub listen: Option<SocketAddr>,
    /// `$CREDENTIALS_DIRECTORY`.
    pub credentials_dir: Option<PathBuf>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Links are made from the bound address, whatever feeds.toml says: for the demo.
    pub own_address: bool,
    /// Told the address that was bound.
    pub bound: Option<Box<dyn FnOnce(SocketAddr) + Send>>,
}

/// Runs the daemon until SIGTERM or SIGINT.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let Options { config, reload, config_dir, data_dir, listen, credentials_dir, clock, own_address, bound } = options;
    // Before anything else: a signal during the start ends it in good order too.
    let mut signals = Signals::new()?;
    let lock = DirectoryLock::take(&data_dir)?;
    let opened = data_dir.clone();
    let store = tokio::task::spawn_blocking(move || Store::open(&opened)).await??;
    let listener = listener(listen.unwrap_or(config.server.listen))?;
    let address = listener.local_addr().context("cannot tell the bound address")?;

    let places = Places { config_dir, credentials_dir, own_address: own_address.then_some(address), address };
    let assembled = assemble(&config, &places)?;
    take_over(&store, &config, &*clock).await?;
    let poller = Poller::new(store.clone(), assembled.client, clock.clone(), assembled.polling);
    // What arrives in the first poll is sorted by what labels taught, like everything before it.
    learn(&poller).await?;
    let health = Health::new();
    let site_settings = site_settings(&poller, &config, &places).await?;
    let app = App::new(Arc::new(store.clone()), site_settings, health.clone());
    app.set_access(access(&config, &places));

    let (wake, changed) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (stop, stopped) = watch::channel(false);
    let metrics = Arc::new(Metrics::default());
    let driver = Driver::new(poller.clone(), wake.clone(), changed.clone(), metrics.clone());
    let heartbeat = driver.heartbeat();
    let renderer = Renderer {
        store: store.clone(),
        app: app.clone(),
        clock: clock.clone(),
        health: health.clone(),
        metrics: metrics.clone(),
    };
    let mut publisher = Publisher::start(renderer).context("cannot start a thread")?;
    let tls = certificate(&config, &places)?;
    if let Some(address) = config.server.metrics_listen {
        let listener = TcpListener::bind(address).with_context(|| format!("cannot listen on {address} for metrics"))?;
        info!("metrics on http://{}/metrics", listener.local_addr().unwrap_or(address));
        let (asked, mut stopped) = (store.clone(), stopped.clone());
        let text = Arc::new(move || measured(&asked, &metrics));
        tokio::spawn(serve::serve_metrics(listener, text, async move { wait_for_stop(&mut stopped).await }));
    }

    // What is stored is served from the first request on.
    publisher.render().await;
    let serving = {
        let mut stopped = stopped.clone();
        tokio::spawn(serve::serve(listener, app.clone(), tls.clone(), async move {
            wait_for_stop(&mut stopped).await;
        }))
    };
    health.set_ready(true);
    let scheme = if tls.is_some() { "https" } else { "http" };
    info!(address = %address, "listening on {scheme}://{address}, {} sources, {} topics", config.sources.len(), config.topics.len());
    if let Some(bound) = bound {
        bound(address);
    }
    notify(&[NotifyState::Ready, NotifyState::Status(&format!("listening on {address}"))]);

    let tasks: Vec<JoinHandle<()>> = vec![
        tokio::spawn(publisher.run(changed.clone(), stopped.clone())),
        tokio::spawn(keep_house(poller.clone(), changed.clone(), stopped.clone())),
        tokio::spawn(watch_over(heartbeat, store.clone(), clock.clone(), health.clone(), stopped.clone())),
    ];
    let driving = tokio::spawn(driver.run(stopped.clone()));

    let mut serving = serving;
    let mut outcome = Ok(());
    loop {
        tokio::select! {
            asked = signals.next() => match asked {
                Asked::Stop => break,
                Asked::ReadAgain => {
                    read_again(&*reload, &places, &poller, &app, tls.as_ref(), &*clock).await;
                    wake.notify_one();
                    changed.notify_one();
                }
            },
            ended = &mut serving => {
                outcome = Err(anyhow::anyhow!("serving ended by itself: {ended:?}"));
                break;
            }
        }
    }
    info!("stopping");
    notify(&[NotifyState::Stopping]);
    health.set_ready(false);
    // Nobody may be listening any more.
    let _ = stop.send(true);
    if tokio::time::timeout(DRAIN, driving).await.is_err() {
        warn!("polls under way did not end in time; what they had stored is kept");
    }
    if outcome.is_ok() {
        let _ = tokio::time::timeout(DRAIN, serving).await;
    }
    for task in tasks {
        task.abort();
    }
    let closed = tokio::task::spawn_blocking(move || store.close()).await?;
    drop(lock);
    closed?;
    info!("stopped");
    outcome
}

/// Where things are that feeds.toml does not say.
struct Places {
    config_dir: PathBuf,
    credentials_dir: Option<PathBuf>,
    /// Links are made from this, whatever feeds.toml says.
    own_address: Option<SocketAddr>,
    /// What was bound.
    address: SocketAddr,
}

impl Places {
    fn base_url(&self, config: &Config) -> Url {
        let own = || Url::parse(&format!("http://{}/", self.address)).expect("an address makes a URL");
        match (&self.own_address, &config.site.base_url) {
            (None, Some(base)) => base.clone(),
            _ => own(),
        }
    }
}

/// What feeds.toml makes of the polling half.
pub struct Assembled {
    /// What asks.
    pub client: Client,
    /// What polling needs to know.
    pub polling: Settings,
}

fn assemble(config: &Config, places: &Places) -> anyhow::Result<Assembled> {
    assemble_polling(config, &places.config_dir, places.credentials_dir.as_deref())
}

/// Makes what polls out of feeds.toml.
pub fn assemble_polling(config: &Config, config_dir: &Path, credentials_dir: Option<&Path>) -> anyhow::Result<Assembled> {
    let (user_agent, anonymous) =
        fetch::user_agent(env!("CARGO_PKG_VERSION"), config.site.contact.as_deref(), config.site.base_url.as_ref());
    if anonymous {
        warn!("publishers cannot reach you: set `contact` in [site] of feeds.toml, it is sent in the User-Agent");
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
    let polling = Settings {
        sources: config.sources.iter().cloned().map(Arc::new).collect(),
        rules: Arc::new(rules),
        lessons: None,
        topics: config.topics.clone(),
        window: window(config),
        per_host: config.polling.per_host,
        concurrency: config.polling.concurrency,
        config_dir: config_dir.to_owned(),
        credentials_dir: credentials_dir.map(Path::to_owned),
        backlog_gap: BACKLOG_GAP,
        retention: config.publishing.retention,
    };
    Ok(Assembled { client, polling })
}

/// How large windows are.
pub fn window(config: &Config) -> WindowPolicy {
    WindowPolicy { max_entries: config.publishing.max_entries, keep_within: config.publishing.keep_within }
}

/// Tells the store what feeds.toml says.
pub async fn take_over(store: &Store, config: &Config, clock: &dyn Clock) -> Result<(), StoreError> {
    let sources: Vec<_> = config.sources.iter().map(|s| (s.clone(), fetch::host_key(&s.url))).collect();
    let (topics, window, now, store) = (config.topics.clone(), window(config), clock.now(), store.clone());
    match tokio::task::spawn_blocking(move || store.take_over(&sources, &topics, window, now)).await {
        Ok(done) => done,
        Err(broken) => Err(StoreError::Panicked(broken.to_string())),
    }
}

/// What feeds.toml and the state make of the published half.
async fn site_settings(poller: &Poller, config: &Config, places: &Places) -> Result<site::Settings, StoreError> {
    let (store, now) = (poller.store.clone(), poller.clock.now());
    let minted = match &config.site.id {
        Some(id) => id.clone(),
        None => match tokio::task::spawn_blocking(move || store.minted_feed_id(now)).await {
            Ok(minted) => minted?,
            Err(broken) => return Err(StoreError::Panicked(broken.to_string())),
        },
    };
    let polling = poller.settings.clone();
    let rules = RulesInForce::new(move || polling.load().rules.clone());
    Ok(site::Settings { rules, ..published(config, places.base_url(config), minted) })
}

/// What feeds.toml says of what is published.
pub fn published(config: &Config, base_url: Url, feed_id: String) -> site::Settings {
    let rules = Rules::compile(&config.topics).expect("these topics compiled when feeds.toml was checked");
    let pace = config.sources.iter().map(|s| s.pace.interval).min().unwrap_or(config.polling.interval);
    site::Settings {
        title: config.site.title.clone(),
        base_url,
        feed_id,
        topics: config.topics.clone(),
        max_entries: config.publishing.max_entries,
        keep_within: config.publishing.keep_within,
        live: true,
        max_age: (pace / 2).clamp(Duration::from_secs(60), Duration::from_secs(3600)),
        rules: RulesInForce::fixed(rules),
        audience: site::Audience::default(),
    }
}

/// Who may read private topics. What is wrong with a file costs its own topic alone.
fn access(config: &Config, places: &Places) -> Access {
    let (access, errors) = Access::load(&config.topics, &places.config_dir, places.credentials_dir.as_deref());
    for why in errors {
        error!("{}", telemetry::chain(&why));
    }
    access
}

/// SIGHUP: all of the new feeds.toml, or the old one goes on.
async fn read_again(
    reload: &(dyn Fn() -> anyhow::Result<Config> + Send + Sync),
    places: &Places,
    poller: &Poller,
    app: &App,
    tls: Option<&Tls>,
    clock: &dyn Clock,
) {
    let since = NotifyState::monotonic_usec_now();
    match since {
        Ok(since) => notify(&[NotifyState::Reloading, since]),
        Err(_) => notify(&[NotifyState::Reloading]),
    }
    let result = async {
        let config = reload()?;
        let assembled = assemble(&config, places)?;
        let settings = site_settings(poller, &config, places).await?;
        if let (Some(tls), Some(files)) = (tls, &config.server.tls) {
            tls.replace(&places.config_dir.join(&files.cert), &places.config_dir.join(&files.key))?;
        }
        take_over(&poller.store, &config, clock).await?;
        // The client remembers whom it asked when: it stays unless it is to behave differently.
        if assembled.client.options() != poller.client.load().options() {
            poller.client.store(Arc::new(assembled.client));
        }
        poller.settings.store(Arc::new(assembled.polling));
        app.set_settings(settings);
        app.set_access(access(&config, places));
        anyhow::Ok((config.sources.len(), config.topics.len()))
    }
    .await;
    match result {
        Ok((sources, topics)) => info!("feeds.toml was read again: {sources} sources, {topics} topics"),
        Err(why) => error!("feeds.toml is refused, and what was in force goes on: {why:#}"),
    }
    notify(&[NotifyState::Ready]);
}

/// Feeds systemd's watchdog only while the store answers and the driver is at work.
async fn watch_over(
    heartbeat: Heartbeat,
    store: Store,
    clock: Arc<dyn Clock>,
    health: Health,
    mut stopped: watch::Receiver<bool>,
) {
    let pause = sd_notify::watchdog_enabled().map_or(Duration::from_secs(10), |every| every / 2);
    loop {
        let asked = store.clone();
        let answers = tokio::task::spawn_blocking(move || asked.read(|reader| reader.topics().map(|_| ()))).await;
        let state = match answers {
            Ok(Ok(())) if heartbeat.age(&*clock).is_none_or(|age| age < HEARTBEAT_LIMIT) => Ok(()),
            Ok(Ok(())) => Err("the driver is stuck".to_owned()),
            Ok(Err(why)) => Err(format!("the store does not answer: {}", telemetry::chain(&why))),
            Err(broken) => Err(format!("the store does not answer: {broken}")),
        };
        match &state {
            Ok(()) => notify(&[NotifyState::Watchdog]),
            Err(why) => error!("not healthy: {why}"),
        }
        health.report(state);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = wait_for_stop(&mut stopped) => return,
        }
    }
}

/// The certificate that feeds.toml names, if any.
fn certificate(config: &Config, places: &Places) -> anyhow::Result<Option<Tls>> {
    let Some(files) = &config.server.tls else { return Ok(None) };
    Ok(Some(Tls::load(&places.config_dir.join(&files.cert), &places.config_dir.join(&files.key))?))
}

/// The metrics, with how things stand now.
fn measured(store: &Store, metrics: &Metrics) -> String {
    let (sources, topics) = store.read(|reader| Ok((reader.sources()?, reader.topics()?))).unwrap_or_else(|why| {
        error!("cannot tell how things stand: {}", telemetry::chain(&why));
        (Vec::new(), Vec::new())
    });
    let gauges: Vec<SourceGauge> = sources
        .into_iter()
        .map(|source| SourceGauge {
            up: source.health == SourceHealth::Ok,
            last_success_s: source.last_success.map_or(0, |at| at.timestamp()),
            entries: source.entries,
            source: source.id.to_string(),
        })
        .collect();
    let topics: Vec<(String, u64)> = topics.into_iter().map(|topic| (topic.id.to_string(), topic.stories)).collect();
    metrics.text(&gauges, &topics)
}

/// The socket that systemd passed in, else one bound to `address`.
fn listener(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let mut passed = listenfd::ListenFd::from_env();
    if let Some(listener) = passed.take_tcp_listener(0).context("cannot use the socket that was passed in")? {
        return Ok(listener);
    }
    TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))
}

/// Tells systemd, where there is one.
fn notify(states: &[NotifyState<'_>]) {
    if let Err(why) = sd_notify::notify(states) {
        warn!("cannot tell systemd: {why}");
    }
}

/// The signals that a daemon heeds.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }
}

impl Signals {
    /// Waits for SIGTERM or SIGINT, and for SIGHUP.
    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::Stop,
            _ = self.interrupt.recv() => Asked::Stop,
            _ = self.hangup.recv() => Asked::ReadAgain,
        }
    }
}

/// What a signal asks for.
enum Asked {
    Stop,
    ReadAgain,
}
