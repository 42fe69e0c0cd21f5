//! The signals that the daemon handles: SIGTERM, SIGINT and SIGHUP.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::Notify,
};

/// The signals that the daemon handles.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    config_changed: Arc<Notify>,
}

impl Signals {
    /// Starts to listen for the signals.
    pub(super) fn new() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hangup: listen(SignalKind::hangup())?,
            config_changed: Arc::default(),
        })
    }

    /// Runs `work` unless SIGTERM or SIGINT arrives first, and returns whether it was completed. A
    /// SIGHUP is handled later.
    pub(super) async fn run_unless_stopped(&mut self, work: impl Future<Output = ()>) -> bool {
        tokio::select! {
            () = work => true,
            _ = self.terminate.recv() => false,
            _ = self.interrupt.recv() => false,
        }
    }

    /// Returns what is notified when feeds.toml has changed. It counts as SIGHUP.
    pub(super) fn config_changed(&self) -> Arc<Notify> {
        self.config_changed.clone()
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) -> SignalAction {
        tokio::select! {
            _ = self.terminate.recv() => SignalAction::Stop,
            _ = self.interrupt.recv() => SignalAction::Stop,
            _ = self.hangup.recv() => SignalAction::ReloadConfig,
            () = self.config_changed.notified() => SignalAction::ReloadConfig,
        }
    }
}

/// What a signal requests.
pub(super) enum SignalAction {
    Stop,
    ReloadConfig,
}
