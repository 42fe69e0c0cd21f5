//! Checks whether the daemon is healthy, for systemd's watchdog and for `/healthz`.

use std::time::Duration;

use sd_notify::NotifyState;
use tracing::error;

use super::{application::App, stop::Stop, systemd::notify};
use crate::{poll::Heartbeat, serve::Health, telemetry};

/// The scheduler counts as stuck if its last heartbeat is older than this.
const MAX_HEARTBEAT_AGE: Duration = Duration::from_secs(60);

/// The pause between two checks if systemd's watchdog is not enabled.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(10);

impl App {
    /// Runs the job until `stop`. It notifies systemd's watchdog only while the store answers and
    /// the scheduler runs.
    pub(super) async fn run_watchdog(self, heartbeat: Heartbeat, health: Health, mut stop: Stop) {
        let interval = sd_notify::watchdog_enabled().map_or(DEFAULT_INTERVAL, |limit| limit / 2);
        loop {
            let state = self.check_health(&heartbeat).await;
            match &state {
                Ok(()) => notify(&[NotifyState::Watchdog]),
                Err(reason) => error!("not healthy: {reason}"),
            }
            health.report(state);
            tokio::select! {
                () = tokio::time::sleep(interval) => {}
                () = stop.wait() => return,
            }
        }
    }

    async fn check_health(&self, heartbeat: &Heartbeat) -> Result<(), String> {
        self.store()
            .read_async(|reader| reader.topics().map(drop))
            .await
            .map_err(|error| format!("the store does not answer: {}", telemetry::chain(&error)))?;
        match heartbeat.age(&*self.poller.clock) {
            Some(age) if age >= MAX_HEARTBEAT_AGE => Err("the poll scheduler is stuck".to_owned()),
            _ => Ok(()),
        }
    }
}
