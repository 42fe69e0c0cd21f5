//! Tries again to write while the store cannot be written.

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;

use super::{application::App, stop::Stop};
use crate::store::Store;

/// The pause between two attempts.
const INTERVAL: Duration = Duration::from_secs(5);

impl App {
    /// Runs the job until `stop`: while writing does not work, it tries to store the outcomes of
    /// polls that wait, or else writes without a change.
    pub(super) async fn run_write_retry(self, changed: Arc<Notify>, mut stop: Stop) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = stop.wait() => return,
            }
            if self.store().write_fault().is_none() {
                continue;
            }
            if !self.poller.store_waiting_outcomes().await {
                // The store notes whether it succeeds.
                drop(self.store().run_blocking(Store::probe_write).await);
            }
            // What could not be rendered is rendered now.
            if self.store().write_fault().is_none() {
                changed.notify_one();
            }
        }
    }
}
