//! Removes stories that are older than `retention`.

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;
use tracing::{error, info};

use super::{application::App, stop::Stop};
use crate::{store::StoreError, telemetry};

/// Stories that are removed in one transaction.
const BATCH_SIZE: usize = 500;

/// How often stories are removed.
const INTERVAL: Duration = Duration::from_secs(3600);

impl App {
    /// Runs the job: removes old stories every hour, until `stop`.
    pub(super) async fn run_retention(self, changed: Arc<Notify>, mut stop: Stop) {
        loop {
            match self.expire_stories(&stop).await {
                Ok(0) => {}
                Ok(expired) => {
                    info!("{expired} stories expired");
                    changed.notify_one();
                }
                // The store has reported the fault.
                Err(error) if self.store().is_write_fault(&error) => {}
                Err(error) => error!("cannot expire stories: {}", telemetry::chain(&error)),
            }
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = stop.wait() => return,
            }
        }
    }

    /// Removes every story that is older than `retention`. Returns the number of removed stories.
    pub(super) async fn expire_stories(&self, stop: &Stop) -> Result<u64, StoreError> {
        let Some(retention) = **self.retention.load() else {
            return Ok(0);
        };
        let mut expired = 0;
        loop {
            let now = self.poller.clock.now();
            let step = self
                .store()
                .run_blocking(move |store| store.expire_stories(retention, BATCH_SIZE, now))
                .await?;
            expired += step;
            if step < BATCH_SIZE as u64 || stop.is_set() {
                return Ok(expired);
            }
        }
    }
}
