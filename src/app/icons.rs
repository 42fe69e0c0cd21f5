//! Looks for the icons of publications, one at a time.

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;
use tracing::{debug, error};

use super::{application::App, stop::Stop};
use crate::telemetry;

/// The pause after the icon of a source.
const PAUSE: Duration = Duration::from_secs(1);
/// The pause after an error of the store: the same icon may be due again.
const ERROR_PAUSE: Duration = Duration::from_secs(3600);
/// The pause if no icon is due.
const IDLE_PAUSE: Duration = Duration::from_secs(10);

impl App {
    /// Runs the job until `stop`.
    pub(super) async fn run_icons(self, changed: Arc<Notify>, mut stop: Stop) {
        loop {
            // A check that cannot be stored would be repeated.
            if self.store().write_fault().is_some() {
                tokio::select! {
                    () = tokio::time::sleep(IDLE_PAUSE) => continue,
                    () = stop.wait() => return,
                }
            }
            let pause = match self.poller.refresh_due_icon().await {
                Ok(Some((source, is_new))) => {
                    debug!(source = source.as_str(), is_new, "checked the icon");
                    if is_new {
                        changed.notify_one();
                    }
                    PAUSE
                }
                Ok(None) => IDLE_PAUSE,
                // The store has reported the fault.
                Err(_) if self.store().write_fault().is_some() => ERROR_PAUSE,
                Err(error) => {
                    error!("cannot check an icon: {}", telemetry::chain(&error));
                    ERROR_PAUSE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.wait() => return,
            }
        }
    }
}
