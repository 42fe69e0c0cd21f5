//! Classifies stored stories again after the rules, the training data or labels changed.

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;
use tracing::info;

use super::{application::App, stop::Stop};
use crate::{
    store::{ReclassifyProgress, StoreError},
    telemetry::RepeatedFailure,
};

/// Stories that are classified in one transaction.
const BATCH_SIZE: usize = 500;

/// Stories between two progress messages in the log.
const PROGRESS_LOG_INTERVAL: u64 = 5000;

/// How often the store is checked for stories to classify and for manual edits.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

impl App {
    /// Runs the job until `stop`: classifies stories, and notices manual edits (labels, splits and
    /// forgotten stories that commands have stored).
    pub(super) async fn run_reclassify(self, changed: Arc<Notify>, mut stop: Stop) {
        let (mut seen_edits, mut seen_retired) = (None, None);
        let mut failure = RepeatedFailure::new("cannot reclassify stored stories");
        loop {
            // While writing does not work, only the probe of the store tries again.
            if self.store().write_fault().is_none() {
                match self.reclassify(&stop).await {
                    Err(error) if self.store().is_write_fault(&error) => {}
                    result => {
                        if failure.log(result).is_some_and(|classified| classified > 0) {
                            changed.notify_one();
                        }
                    }
                }
            }
            // The first check notifies as well: an edit may have come after the first rendering.
            let edits = self.store().read_async(|reader| reader.manual_edits()).await.ok();
            if edits != seen_edits {
                changed.notify_one();
            }
            seen_edits = edits;
            let now = self.poller.clock.now();
            let retired =
                self.store().read_async(move |reader| reader.retired_topics(now)).await.ok();
            if retired != seen_retired {
                changed.notify_one();
            }
            seen_retired = retired;
            tokio::select! {
                () = tokio::time::sleep(CHECK_INTERVAL) => {}
                () = stop.wait() => return,
            }
        }
    }

    /// Trains the rules, and classifies all stories that the rules in force have not classified.
    /// Returns the number of classified stories.
    pub(super) async fn reclassify(&self, stop: &Stop) -> Result<u64, StoreError> {
        self.retrain().await?;
        let (mut classified, mut logged) = (0, 0);
        loop {
            let step = self.reclassify_batch().await?;
            classified += step.sorted;
            if step.left == 0 || stop.is_set() {
                if classified > 0 {
                    info!("reclassified {classified} stories, {} left", step.left);
                }
                return Ok(classified);
            }
            if classified - logged >= PROGRESS_LOG_INTERVAL {
                logged = classified;
                info!("reclassifying stories: {classified} done, {} left", step.left);
            }
        }
    }

    async fn reclassify_batch(&self) -> Result<ReclassifyProgress, StoreError> {
        let settings = self.poller.settings.load_full();
        let (rules, window, now) =
            (settings.rules.clone(), settings.window, self.poller.clock.now());
        self.store()
            .run_blocking(move |store| {
                let fingerprint = rules.fingerprint();
                // Usually there is nothing to do. This check does not occupy the writer.
                if store.read(|reader| reader.all_classified(fingerprint))? {
                    return Ok(ReclassifyProgress { sorted: 0, left: 0 });
                }
                store.reclassify(rules, BATCH_SIZE, window, now)
            })
            .await
    }
}
