//! The main job: poll on schedule, publish, serve, until told to stop (layer 4).
//!
//! Start: lock → store → listen → READY=1 → poll. What is stored is served at once, whatever can be
//! reached. Stop: no new work, what is under way ends within a deadline below systemd's, the log is
//! written back, exit 0. SIGHUP checks the new feeds.toml and applies all of it, or keeps the old
//! and says why.

mod maintenance;
mod publisher;
mod setup;
mod signals;
mod watchdog;

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
use tracing::{error, info, warn};

use crate::{
    clock::Clock,
    config::Config,
    poll::{PollScheduler, Poller},
    serve::{self, App, Health, Tls},
    store::{DirectoryLock, Store},
    telemetry::Metrics,
};

use maintenance::{run_maintenance, wait_for_stop};
use publisher::{Publisher, Renderer};
use setup::{Paths, access, build_polling_from_paths, certificate, site_settings};
use signals::{SignalAction, Signals};
use watchdog::{metrics_text, notify, run_watchdog};

pub use maintenance::{expire_stories, reclassify, retrain};
pub use setup::{build_polling, published, sync_config, window};

/// How long polls under way may take to end when the daemon stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

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
    pub link_to_bound_address: bool,
    /// Told the address that was bound.
    pub bound: Option<Box<dyn FnOnce(SocketAddr) + Send>>,
}

/// Runs the daemon until SIGTERM or SIGINT.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let Options {
        config,
        reload,
        config_dir,
        data_dir,
        listen,
        credentials_dir,
        clock,
        link_to_bound_address,
        bound,
    } = options;
    // Before anything else: a signal during the start ends it in good order too.
    let mut signals = Signals::new()?;
    let lock = DirectoryLock::acquire(&data_dir)?;
    let opened = data_dir.clone();
    let store = tokio::task::spawn_blocking(move || Store::open(&opened)).await??;
    let listener = listener(listen.unwrap_or(config.server.listen))?;
    let address = listener.local_addr().context("cannot tell the bound address")?;

    let paths = Paths {
        config_dir,
        credentials_dir,
        link_to_bound_address: link_to_bound_address.then_some(address),
        address,
    };
    let parts = build_polling_from_paths(&config, &paths)?;
    sync_config(&store, &config, &*clock).await?;
    let poller = Poller::new(store.clone(), parts.client, clock.clone(), parts.polling);
    // What arrives in the first poll is sorted by what labels taught, like everything before it.
    retrain(&poller).await?;
    let health = Health::new();
    let site_settings = site_settings(&poller, &config, &paths).await?;
    let app = App::new(Arc::new(store.clone()), site_settings, health.clone());
    app.set_access(access(&config, &paths));

    let (wake, changed) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (stop, stopped) = watch::channel(false);
    let metrics = Arc::new(Metrics::default());
    let scheduler =
        PollScheduler::new(poller.clone(), wake.clone(), changed.clone(), metrics.clone());
    let heartbeat = scheduler.heartbeat();
    let renderer = Renderer {
        store: store.clone(),
        app: app.clone(),
        clock: clock.clone(),
        health: health.clone(),
        metrics: metrics.clone(),
    };
    let mut publisher = Publisher::start(renderer).context("cannot start a thread")?;
    let tls = certificate(&config, &paths)?;
    if let Some(address) = config.server.metrics_listen {
        let listener = TcpListener::bind(address)
            .with_context(|| format!("cannot listen on {address} for metrics"))?;
        info!("metrics on http://{}/metrics", listener.local_addr().unwrap_or(address));
        let (asked, mut stopped) = (store.clone(), stopped.clone());
        let text = Arc::new(move || metrics_text(&asked, &metrics));
        tokio::spawn(serve::serve_metrics(listener, text, async move {
            wait_for_stop(&mut stopped).await
        }));
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

    let publishing = tokio::spawn(publisher.run(changed.clone(), stopped.clone()));
    let tasks: Vec<JoinHandle<()>> = vec![
        tokio::spawn(run_maintenance(poller.clone(), changed.clone(), stopped.clone())),
        tokio::spawn(run_watchdog(
            heartbeat,
            store.clone(),
            clock.clone(),
            health.clone(),
            stopped.clone(),
        )),
    ];
    let driving = tokio::spawn(scheduler.run(stopped.clone()));

    let mut serving = serving;
    let mut outcome = Ok(());
    loop {
        tokio::select! {
            asked = signals.next() => match asked {
                SignalAction::Stop => break,
                SignalAction::ReloadConfig => {
                    let reading = reload_config(&*reload, &paths, &poller, &app, tls.as_ref(), &*clock);
                    // The store may be busy for long: who wants to stop does not wait for that.
                    if !signals.run_unless_stopped(reading).await {
                        break;
                    }
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
    // All at once: a stop takes as long as the slowest of them, and no longer than this. A
    // rendering under way still reads.
    let served = async {
        if outcome.is_ok() {
            let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, serving).await;
        }
    };
    let within = |task| tokio::time::timeout(SHUTDOWN_TIMEOUT, task);
    let (polled, _, ()) = tokio::join!(within(driving), within(publishing), served);
    if polled.is_err() {
        warn!("polls under way did not end in time; what they had stored is kept");
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

/// SIGHUP: all of the new feeds.toml, or the old one goes on.
async fn reload_config(
    reload: &(dyn Fn() -> anyhow::Result<Config> + Send + Sync),
    paths: &Paths,
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
        let parts = build_polling_from_paths(&config, paths)?;
        let settings = site_settings(poller, &config, paths).await?;
        if let (Some(tls), Some(files)) = (tls, &config.server.tls) {
            tls.replace(&paths.config_dir.join(&files.cert), &paths.config_dir.join(&files.key))?;
        }
        sync_config(&poller.store, &config, clock).await?;
        // The client remembers whom it asked when: it stays unless it is to behave differently.
        if parts.client.options() != poller.client.load().options() {
            poller.client.store(Arc::new(parts.client));
        }
        poller.settings.store(Arc::new(parts.polling));
        app.set_settings(settings);
        app.set_access(access(&config, paths));
        anyhow::Ok((config.sources.len(), config.topics.len()))
    }
    .await;
    match result {
        Ok((sources, topics)) => {
            info!("feeds.toml was read again: {sources} sources, {topics} topics")
        }
        Err(why) => error!("feeds.toml is refused, and what was in force goes on: {why:#}"),
    }
    notify(&[NotifyState::Ready]);
}

/// The socket that systemd passed in, else one bound to `address`.
fn listener(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let mut passed = listenfd::ListenFd::from_env();
    if let Some(listener) =
        passed.take_tcp_listener(0).context("cannot use the socket that was passed in")?
    {
        return Ok(listener);
    }
    TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))
}
