//! What goes on beside polling and serving: stored stories are sorted again when the rules or the
//! lessons change, old ones go, and what a person changed from the command line is seen.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Notify, watch};
use tracing::{error, info};

use crate::{
    poll::{PollSettings, Poller},
    store::{ReclassifyProgress, StoreError},
    telemetry,
};
use topic_rules::Rules;

/// Stored stories sorted again in one step, when the rules changed.
const BATCH_SIZE: usize = 500;

/// How many stories are sorted between two lines about it in the log.
const PROGRESS_LOG_INTERVAL: u64 = 5000;

/// How often it is looked whether stories wait to be sorted, or a person changed something.
const MAINTENANCE_INTERVAL: Duration = Duration::from_secs(2);

/// How often old stories are looked for.
const RETENTION_INTERVAL: Duration = Duration::from_secs(3600);

/// Sorts stored stories again after the rules changed, in bounded batches; lets old ones go; sees
/// what a person changed from the command line.
pub(super) async fn run_maintenance(
    poller: Poller,
    changed: Arc<Notify>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut expiry = tokio::time::interval(RETENTION_INTERVAL);
    let mut seen = None;
    loop {
        match reclassify(&poller, &stopped).await {
            Ok(0) => {}
            Ok(_) => changed.notify_one(),
            Err(why) => error!("cannot sort stored stories again: {}", telemetry::chain(&why)),
        }
        // The first look counts as well: the change may have come since the first rendering.
        let edits = poller.manual_edits().await.ok();
        if edits != seen {
            changed.notify_one();
        }
        seen = edits;
        tokio::select! {
            _ = expiry.tick() => match expire_stories(&poller, &stopped).await {
                Ok(0) => {}
                Ok(gone) => { info!("{gone} stories expired"); changed.notify_one(); }
                Err(why) => error!("cannot let old stories go: {}", telemetry::chain(&why)),
            },
            () = tokio::time::sleep(MAINTENANCE_INTERVAL) => {}
            () = wait_for_stop(&mut stopped) => return,
        }
    }
}

/// Teaches the topics that retrain, where labels have something new to teach.
pub async fn retrain(poller: &Poller) -> Result<(), StoreError> {
    let settings = poller.settings.load_full();
    if !settings.rules.has_learning_topics() {
        return Ok(());
    }
    let (store, known) = (poller.store.clone(), settings.clone());
    let training = tokio::task::spawn_blocking(move || {
        store.read(|reader| {
            let key = reader.training_key()?;
            if known.training_key.as_ref() == Some(&key) {
                return Ok(None);
            }
            let rules = Rules::compile(&known.topics)
                .expect("these topics compiled when feeds.toml was read");
            Ok(Some((key, reader.trained(rules)?)))
        })
    });
    let taught = match training.await {
        Ok(taught) => taught?,
        Err(join_error) => return Err(StoreError::Panicked(join_error.to_string())),
    };
    if let Some((key, rules)) = taught {
        for progress in rules.progress() {
            info!(topic = %progress.topic, "labels taught {}: {}", progress.topic, progress.reason);
        }
        let next =
            PollSettings { rules: Arc::new(rules), training_key: Some(key), ..(*settings).clone() };
        // Where feeds.toml was read again meanwhile, that stands, and is taught the next time.
        poller.settings.compare_and_swap(&settings, Arc::new(next));
    }
    Ok(())
}

/// Sorts until nothing waits; says how far it is. Returns how many stories were sorted.
pub async fn reclassify(
    poller: &Poller,
    stopped: &watch::Receiver<bool>,
) -> Result<u64, StoreError> {
    retrain(poller).await?;
    let (mut sorted, mut logged) = (0, 0);
    loop {
        let settings = poller.settings.load_full();
        let (store, rules, window, now) =
            (poller.store.clone(), settings.rules.clone(), settings.window, poller.clock.now());
        let step = tokio::task::spawn_blocking(move || {
            let fingerprint = rules.fingerprint();
            // Most of the time nothing waits: that is found out without holding the writer up.
            if store.read(|reader| reader.all_classified(fingerprint))? {
                return Ok(ReclassifyProgress { sorted: 0, left: 0 });
            }
            store.reclassify(rules, BATCH_SIZE, window, now)
        });
        let step = match step.await {
            Ok(step) => step?,
            Err(join_error) => return Err(StoreError::Panicked(join_error.to_string())),
        };
        sorted += step.sorted;
        if step.left == 0 || is_stopping(stopped) {
            if sorted > 0 {
                info!("{sorted} stored stories sorted by the rules in force, {} left", step.left);
            }
            return Ok(sorted);
        }
        if sorted - logged >= PROGRESS_LOG_INTERVAL {
            logged = sorted;
            info!(
                "sorting stored stories by the rules in force: {sorted} done, {} left",
                step.left
            );
        }
    }
}

/// Waits until the daemon is to stop; a sender that is gone means that as well.
pub(super) async fn wait_for_stop(stopped: &mut watch::Receiver<bool>) {
    drop(stopped.wait_for(|stop| *stop).await);
}

/// Whether the daemon is to stop. The guard of the channel does not live on.
fn is_stopping(stopped: &watch::Receiver<bool>) -> bool {
    *stopped.borrow()
}

/// Lets every story go that `retention` does not keep any longer. Returns how many went.
pub async fn expire_stories(
    poller: &Poller,
    stopped: &watch::Receiver<bool>,
) -> Result<u64, StoreError> {
    let Some(retention) = poller.settings.load().retention else {
        return Ok(0);
    };
    let mut gone = 0;
    loop {
        let (store, now) = (poller.store.clone(), poller.clock.now());
        let step = match tokio::task::spawn_blocking(move || {
            store.expire_stories(retention, BATCH_SIZE, now)
        })
        .await
        {
            Ok(step) => step?,
            Err(join_error) => return Err(StoreError::Panicked(join_error.to_string())),
        };
        gone += step;
        if step < BATCH_SIZE as u64 || is_stopping(stopped) {
            return Ok(gone);
        }
    }
}
