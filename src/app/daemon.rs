//! The daemon: polls on schedule, publishes and serves, until SIGTERM or SIGINT.
//!
//! Start: lock, open the store, listen, render, READY=1, poll. Stored documents are served at once,
//! even if no source can be reached. Stop: start no new work, wait for the work in progress up to a
//! limit below systemd's, close the store. SIGHUP reloads feeds.toml (`reload`).

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use sd_notify::NotifyState;
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};
use tracing::{info, warn};

use super::{
    application::App,
    deliveries::Deliveries,
    metrics::metrics_text,
    reload::{RETRY_INTERVAL, Reloadable, warn_not_stored},
    render::{Publisher, Renderer},
    setup::{self, Environment},
    signals::{SignalAction, Signals},
    stop::Stop,
    systemd::notify,
    watch_config::ConfigWatch,
};
use crate::{
    clock::Clock,
    config::Config,
    poll::PollScheduler,
    push::Inbox,
    serve::{self, ConnectionLimits, Health},
    store::{DirectoryLock, Store},
    telemetry::{Metrics, PartMetrics},
};

/// How long the work in progress may take when the daemon stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// The options of a daemon.
pub struct Options {
    /// The configuration.
    pub config: Config,
    /// Reads feeds.toml again, on SIGHUP.
    pub reload: Box<dyn Fn() -> anyhow::Result<Config> + Send + Sync>,
    /// Watches feeds.toml, with `--watch-config`.
    pub watch: Option<ConfigWatch>,
    /// The directory of feeds.toml.
    pub config_dir: PathBuf,
    /// The data directory.
    pub data_dir: PathBuf,
    /// `--listen`.
    pub listen: Option<SocketAddr>,
    /// `$CREDENTIALS_DIRECTORY`.
    pub credentials_dir: Option<PathBuf>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Whether links use the bound address instead of `base_url`: for the demo.
    pub link_to_bound_address: bool,
    /// Is called with the bound address.
    pub bound: Option<Box<dyn FnOnce(SocketAddr) + Send>>,
}

/// Runs the daemon until SIGTERM or SIGINT.
pub async fn run_daemon(options: Options) -> anyhow::Result<()> {
    let Options { config, reload, watch, config_dir, data_dir, listen, credentials_dir, .. } =
        options;
    // First, so that a signal during the start leads to an orderly stop.
    let mut signals = Signals::new()?;
    let lock = DirectoryLock::acquire(&data_dir)?;
    let store = tokio::task::spawn_blocking(move || Store::open(&data_dir)).await??;
    let listener = setup::listener(listen.unwrap_or(config.server.listen))?;
    let address = listener.local_addr().context("cannot determine the bound address")?;

    let app =
        App::new(&config, &config_dir, credentials_dir.as_deref(), store.clone(), options.clock)?;
    let environment = Environment {
        config_dir,
        credentials_dir,
        link_to_bound_address: options.link_to_bound_address,
        address,
    };
    // A valid feeds.toml whose changes cannot be stored yet.
    let mut unstored_config = None;
    match app.sync_config(&config).await {
        Err(error) if error.fault().is_some() => {
            warn_not_stored(&error);
            unstored_config = Some(config.clone());
        }
        result => result?,
    }
    // Before the first poll, so that new stories are classified by the trained rules.
    app.retrain().await?;
    let health = Health::of_store(store.clone());
    let settings = setup::site_settings(&app.poller, &config, &environment).await?;
    let site = serve::App::new(store.clone(), settings, health.clone());
    site.set_access(setup::access(&config, &environment));
    let tls = setup::certificate(&config, &environment)?;
    let part_metrics = PartMetrics {
        fetch: app.poller.client.load().metrics().clone(),
        serve: site.metrics().clone(),
        store: store.write_metrics(),
    };
    let metrics = Arc::new(Metrics::new(&part_metrics, app.poller.clock.now()));
    let parts = Reloadable { environment, read: reload, site, tls, metrics: metrics.clone() };

    let mut jobs = Jobs::new(app.clone(), health.clone(), metrics);
    if let Some(address) = config.server.metrics_listen {
        jobs.serve_metrics(address, parts.site.clone())?;
    }
    parts.site.set_inbox(Inbox::new(app.poller.clone(), jobs.queued.clone(), jobs.changed.clone()));
    let mut publisher = jobs.publisher(&parts.site)?;
    // Stored documents are served from the first request on.
    publisher.render_documents().await;
    let mut serving = jobs.serve(listener, &parts);
    health.set_ready(true);
    let scheme = if parts.tls.is_some() { "https" } else { "http" };
    info!(
        address = %address,
        "listening on {scheme}://{address}, {} sources, {} topics",
        config.sources.len(),
        config.topics.len()
    );
    // The demo sends no request to a publisher.
    if setup::is_anonymous(&config) && !options.link_to_bound_address {
        warn!("{}", setup::ANONYMOUS);
    }
    if let Some(bound) = options.bound {
        bound(address);
    }
    notify(&[NotifyState::Ready, NotifyState::Status(&format!("listening on {address}"))]);
    let publishing = tokio::spawn(publisher.run(jobs.changed.clone(), jobs.stop.clone()));
    let polling = jobs.start_polling_and_maintenance(&parts.site, address);
    if let Some(watch) = watch {
        tokio::spawn(watch.run(signals.config_changed(), jobs.stop.clone()));
    }

    let mut outcome = Ok(());
    loop {
        tokio::select! {
            signal = signals.next() => match signal {
                SignalAction::Stop => break,
                SignalAction::ReloadConfig => {
                    // The store may be busy for long, and a stop must not wait for it.
                    let reload = app.reload_config(&parts, &mut unstored_config);
                    if !signals.run_unless_stopped(reload).await {
                        break;
                    }
                    jobs.wake.notify_one();
                    jobs.changed.notify_one();
                }
            },
            () = tokio::time::sleep(RETRY_INTERVAL), if unstored_config.is_some() => {
                let retry = app.apply_unstored(&parts, &mut unstored_config);
                if !signals.run_unless_stopped(retry).await {
                    break;
                }
                if unstored_config.is_none() {
                    jobs.wake.notify_one();
                    jobs.changed.notify_one();
                }
            }
            ended = &mut serving => {
                outcome = Err(anyhow::anyhow!("the HTTP server ended unexpectedly: {ended:?}"));
                break;
            }
        }
    }
    info!("stopping");
    notify(&[NotifyState::Stopping]);
    health.set_ready(false);
    let serving = outcome.is_ok().then_some(serving);
    jobs.stop(polling, publishing, serving).await;
    let closed = tokio::task::spawn_blocking(move || store.close()).await?;
    drop(lock);
    closed?;
    info!("stopped");
    outcome
}

/// The jobs of a daemon, and how they notify each other.
struct Jobs {
    app: App,
    health: Health,
    metrics: Arc<Metrics>,
    /// Wakes the poll scheduler after feeds.toml was reloaded.
    wake: Arc<Notify>,
    /// Notified when published documents may have changed.
    changed: Arc<Notify>,
    /// Notified when deliveries may be due.
    queued: Arc<Notify>,
    stop_sender: watch::Sender<bool>,
    stop: Stop,
    /// Sends deliveries.
    delivering: Option<JoinHandle<()>>,
    /// Jobs that are aborted at the end.
    tasks: Vec<JoinHandle<()>>,
}

impl Jobs {
    fn new(app: App, health: Health, metrics: Arc<Metrics>) -> Self {
        let (stop_sender, stop) = Stop::channel();
        Self {
            app,
            health,
            metrics,
            wake: Arc::default(),
            changed: Arc::default(),
            queued: Arc::default(),
            stop_sender,
            stop,
            delivering: None,
            tasks: Vec::new(),
        }
    }

    fn publisher(&self, site: &serve::App) -> anyhow::Result<Publisher> {
        let renderer = Renderer {
            store: self.app.store().clone(),
            site: site.clone(),
            clock: self.app.poller.clock.clone(),
            health: self.health.clone(),
            metrics: self.metrics.clone(),
            rendered: self.queued.clone(),
            archive_settings: None,
        };
        Publisher::start(renderer).context("cannot start the rendering thread")
    }

    fn serve_metrics(&self, address: SocketAddr, site: serve::App) -> anyhow::Result<()> {
        let listener = TcpListener::bind(address)
            .with_context(|| format!("cannot listen on {address} for metrics"))?;
        info!("metrics on http://{}/metrics", listener.local_addr().unwrap_or(address));
        let (poller, metrics) = (self.app.poller.clone(), self.metrics.clone());
        let probe = self.health.clone();
        let text = Arc::new(move || metrics_text(&poller, &probe, &metrics));
        let (health, mut stop) = (self.health.clone(), self.stop.clone());
        let stopped = async move { stop.wait().await };
        tokio::spawn(serve::serve_metrics(listener, text, site, health, stopped));
        Ok(())
    }

    fn serve(
        &self,
        listener: TcpListener,
        parts: &Reloadable,
    ) -> JoinHandle<Result<(), serve::ServeError>> {
        let mut stop = self.stop.clone();
        let stopped = async move { stop.wait().await };
        let (site, tls) = (parts.site.clone(), parts.tls.clone());
        let limits = ConnectionLimits::of_process();
        tokio::spawn(serve::serve(listener, site, tls, limits, stopped))
    }

    /// Starts the poll scheduler and the maintenance jobs. Returns the scheduler's task.
    fn start_polling_and_maintenance(
        &mut self,
        site: &serve::App,
        address: SocketAddr,
    ) -> JoinHandle<()> {
        let scheduler = PollScheduler::new(
            self.app.poller.clone(),
            self.wake.clone(),
            self.changed.clone(),
            self.metrics.clone(),
        );
        let heartbeat = scheduler.heartbeat();
        let (app, changed, stop) = (&self.app, &self.changed, &self.stop);
        let deliveries = Deliveries {
            app: app.clone(),
            site: site.clone(),
            metrics: self.metrics.clone(),
            queued: self.queued.clone(),
            stop: stop.clone(),
            queued_versions: Arc::default(),
        };
        self.delivering = Some(tokio::spawn(deliveries.run()));
        self.tasks = vec![
            tokio::spawn(app.clone().run_subscriptions(site.clone(), stop.clone())),
            tokio::spawn(app.clone().run_reclassify(changed.clone(), stop.clone())),
            tokio::spawn(app.clone().run_icons(changed.clone(), stop.clone())),
            tokio::spawn(app.clone().run_retention(changed.clone(), stop.clone())),
            tokio::spawn(app.clone().run_write_retry(changed.clone(), stop.clone())),
            tokio::spawn(app.clone().run_watchdog(
                address,
                heartbeat,
                self.health.clone(),
                stop.clone(),
            )),
        ];
        tokio::spawn(scheduler.run(stop.clone().into_receiver()))
    }

    /// Stops all jobs. Waits for polls, the rendering and HTTP requests in progress, all at once.
    async fn stop<T>(
        self,
        polling: JoinHandle<()>,
        publishing: JoinHandle<()>,
        serving: Option<JoinHandle<T>>,
    ) {
        // Fails only if no job is left.
        let _ = self.stop_sender.send(true);
        let serving = async {
            if let Some(serving) = serving {
                let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, serving).await;
            }
        };
        let limited = |task| tokio::time::timeout(SHUTDOWN_TIMEOUT, task);
        let delivering = async {
            if let Some(delivering) = self.delivering {
                let _ = limited(delivering).await;
            }
        };
        let (polled, _, (), ()) =
            tokio::join!(limited(polling), limited(publishing), serving, delivering);
        if polled.is_err() {
            warn!("polls in progress did not end in time; what they have stored is kept");
        }
        for task in self.tasks {
            task.abort();
        }
    }
}
