//! Watches feeds.toml and the files that it names, for `serve --watch-config`.
//!
//! The files are looked at once a second. This works on every file system, and also for links that
//! are exchanged, as container platforms do.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::sync::Notify;

use super::stop::Stop;
use crate::config::ConfigInputs;

/// The pause between two looks. A change is complete when two looks see the same.
const INTERVAL: Duration = Duration::from_secs(1);

/// The files to watch.
pub struct ConfigWatch {
    /// What the present configuration was read from.
    pub inputs: ConfigInputs,
    /// Reads the files again; `None` if feeds.toml cannot be read.
    pub read: Box<dyn Fn() -> Option<ConfigInputs> + Send + Sync>,
}

/// What is seen of a file without reading it; `None` if it is missing.
type FileStamp = Option<(SystemTime, u64, u64)>;

impl ConfigWatch {
    /// Runs the job until `stop`. Notifies `changed` when the content of the files has changed.
    pub(super) async fn run(self, changed: Arc<Notify>, mut stop: Stop) {
        let watch = Arc::new(self);
        let (mut inputs, mut before) = (watch.inputs.clone(), Vec::new());
        // Equal stamps at the first look are no change; a change since the start is.
        let mut looked_into = Vec::new();
        loop {
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = stop.wait() => return,
            }
            let now = stamps(&inputs.paths).await;
            let is_complete = now == before;
            before.clone_from(&now);
            if !is_complete || now == looked_into {
                continue;
            }
            looked_into = now;
            let read = watch.clone();
            let read = tokio::task::spawn_blocking(move || (read.read)()).await;
            let is_changed = match read {
                Ok(Some(read)) => {
                    let is_changed = read.digest != inputs.digest;
                    if read.paths != inputs.paths {
                        looked_into.clear();
                    }
                    inputs = read;
                    is_changed
                }
                // The reload names the fault. When the file is back, it has changed.
                Ok(None) => {
                    inputs.digest = [0; 32];
                    true
                }
                Err(_) => false,
            };
            if is_changed {
                changed.notify_one();
            }
        }
    }
}

async fn stamps(paths: &[PathBuf]) -> Vec<FileStamp> {
    let paths = paths.to_vec();
    let look = move || {
        let stamp = |path: &PathBuf| {
            let seen = fs::metadata(path).ok()?;
            Some((seen.modified().ok()?, seen.len(), seen.ino()))
        };
        paths.iter().map(stamp).collect()
    };
    tokio::task::spawn_blocking(look).await.unwrap_or_default()
}
