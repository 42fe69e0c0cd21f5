//! Checks whether the daemon is healthy, for systemd's watchdog and for `/healthz`.

use std::{net::SocketAddr, time::Duration};

use sd_notify::NotifyState;

use super::{application::App, stop::Stop, systemd::notify};
use crate::{
    poll::Heartbeat,
    serve::Health,
    store::{QueueLengths, StoreError},
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
    /// It also tells systemd the state of the daemon in one line.
    pub(super) async fn run_watchdog(
        self,
        address: SocketAddr,
        heartbeat: Heartbeat,
        health: Health,
        mut stop: Stop,
    ) {
        let interval = sd_notify::watchdog_enabled().map_or(DEFAULT_INTERVAL, |limit| limit / 2);
        let mut failure = RepeatedFailure::new("not healthy");
        loop {
            let now = self.poller.clock.now();
            let read = self.store().read_async(move |reader| reader.queue_lengths(now)).await;
            let fault = read.as_ref().err().and_then(StoreError::fault);
            health.report_reading(fault.map(|fault| fault.to_string()));
            let lengths = read.as_ref().ok().copied();
            let state = check_health(read.map(drop), &heartbeat);
            let is_healthy = state.is_ok();
            let reason = state.as_ref().err().map(|error| telemetry::chain(error));
            failure.log(state);
            health.report(reason.map_or(Ok(()), Err));
            if is_healthy {
                notify(&[NotifyState::Watchdog]);
            }
            notify(&[NotifyState::Status(&status_text(address, health.ready(), lengths))]);
            tokio::select! {
                () = tokio::time::sleep(interval) => {}
                () = stop.wait() => return,
            }
        }
    }
}

/// Checks the result of reading the store, and the scheduler. A fault of the disk or a lock
/// does not count: a restart would not help.
fn check_health(read: Result<(), StoreError>, heartbeat: &Heartbeat) -> Result<(), Unhealthy> {
    match read {
        Err(error) if error.fault().is_none() => return Err(Unhealthy::Store(error)),
        _ => {}
    }
    match heartbeat.age() {
        Some(age) if age >= MAX_HEARTBEAT_AGE => Err(Unhealthy::Scheduler),
        _ => Ok(()),
    }
}

/// Returns the line that `systemctl status` shows.
fn status_text(
    address: SocketAddr,
    ready: Result<(), String>,
    lengths: Option<QueueLengths>,
) -> String {
    let state = match ready {
        Ok(()) => format!("listening on {address}"),
        // A line break would end the message to systemd.
        Err(reason) => format!("not ready: {}", reason.replace('\n', " ")),
    };
    match lengths {
        Some(QueueLengths { active_sources, failing_sources, due_sources, .. }) => format!(
            "{state}; {active_sources} sources, {failing_sources} failing, {due_sources} due"
        ),
        None => state,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_line_has_the_state_and_the_sources() {
        let address = ([127, 0, 0, 1], 8080).into();
        let lengths = QueueLengths {
            active_sources: 12,
            failing_sources: 2,
            due_sources: 1,
            queued_pages: 40,
        };
        assert_eq!(
            status_text(address, Ok(()), Some(lengths)),
            "listening on 127.0.0.1:8080; 12 sources, 2 failing, 1 due"
        );
        assert_eq!(
            status_text(address, Err("the disk\nis full".to_owned()), None),
            "not ready: the disk is full"
        );
    }
}
