//! Tries again to write while the store cannot be written.

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;

use super::{application::App, stop::Stop};

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
            let stored = self.poller.store_waiting_outcomes().await;
            let works = if stored.is_empty() {
                self.store().run_blocking(crate::store::Store::probe_write).await.is_ok()
            } else {
                true
            };
            // What could not be rendered is rendered now.
            if works && self.store().write_fault().is_none() {
                changed.notify_one();
            }
        }
    }
}
