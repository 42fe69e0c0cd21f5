//! Checks whether the daemon is healthy, for systemd's watchdog and for `/healthz`.

use std::time::Duration;

use sd_notify::NotifyState;

use super::{application::App, stop::Stop, systemd::notify};
use crate::{
    poll::Heartbeat,
    serve::Health,
    store::StoreError,
    telemetry::{self, RepeatedFailure},
};

/// The scheduler counts as stuck if its last heartbeat is older than this.
const MAX_HEARTBEAT_AGE: Duration = Duration::from_secs(60);

/// The pause between two checks if systemd's watchdog is not enabled.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(10);

/// Why the daemon is unhealthy.
#[derive(Debug, thiserror::Error)]
enum Unhealthy {
    #[error("the store does not answer")]
    Store(#[source] StoreError),
    #[error("the poll scheduler is stuck")]
    Scheduler,
}

impl App {
    /// Runs the job until `stop`. It notifies systemd's watchdog only while the store answers and
    /// the scheduler runs.
    pub(super) async fn run_watchdog(self, heartbeat: Heartbeat, health: Health, mut stop: Stop) {
        let interval = sd_notify::watchdog_enabled().map_or(DEFAULT_INTERVAL, |limit| limit / 2);
        let mut failure = RepeatedFailure::new("not healthy");
        loop {
            let read = self.store().read_async(|reader| reader.topics().map(drop)).await;
            let fault = read.as_ref().err().and_then(StoreError::fault);
            health.report_reading(fault.map(|fault| fault.to_string()));
            let state = self.check_health(read, &heartbeat);
            let is_healthy = state.is_ok();
            let reason = state.as_ref().err().map(|error| telemetry::chain(error));
            failure.log(state);
            health.report(reason.map_or(Ok(()), Err));
            if is_healthy {
                notify(&[NotifyState::Watchdog]);
            }
            tokio::select! {
                () = tokio::time::sleep(interval) => {}
                () = stop.wait() => return,
            }
        }
    }

    /// Checks the result of reading the store, and the scheduler. A fault of the disk or a lock
    /// does not count: a restart would not help.
    fn check_health(
        &self,
        read: Result<(), StoreError>,
        heartbeat: &Heartbeat,
    ) -> Result<(), Unhealthy> {
        match read {
            Err(error) if error.fault().is_none() => return Err(Unhealthy::Store(error)),
            _ => {}
        }
        match heartbeat.age(&*self.poller.clock) {
            Some(age) if age >= MAX_HEARTBEAT_AGE => Err(Unhealthy::Scheduler),
            _ => Ok(()),
        }
    }
}
