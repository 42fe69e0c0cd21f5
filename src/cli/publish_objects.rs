//! The part of `tributary publish` for object stores.

use super::CommandError;
use crate::{
    site::{LastModifiedFn, PublishStats, SiteSettings},
    store::Store,
};

/// Returns whether a target is the address of an object store, and not a directory.
pub(super) fn is_address(target: &str) -> bool {
    ["s3://", "gs://", "az://"].iter().any(|scheme| target.starts_with(scheme))
}

/// Publishes to an object store.
#[cfg(feature = "object-store")]
pub(super) fn run(
    target: &str,
    store: &Store,
    settings: &SiteSettings,
    last_modified: LastModifiedFn<'_>,
) -> anyhow::Result<PublishStats> {
    use anyhow::Context as _;
    use std::time::Duration;

    use crate::objects::{self, ObjectTarget, ObjectsError, TargetError};

    /// How often the run is begun again because another one writes at the same time.
    const MAX_CONFLICTS: u32 = 8;

    let target = ObjectTarget::parse(target).map_err(|error| match error {
        TargetError::Form(_) => anyhow::Error::new(super::UsageError(error.to_string())),
        error @ TargetError::Settings { .. } => error.into(),
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let mut conflicts = 0;
    loop {
        // The listing is older than the snapshot, so that what is replaced is never newer.
        let listing = runtime
            .block_on(target.list())
            .with_context(|| format!("cannot list the objects of {target}"))?;
        let result = store.read(|reader| {
            let handle = runtime.handle();
            Ok(objects::publish(reader, settings, last_modified, &target, &listing, handle))
        })?;
        match result {
            Ok(stats) => return Ok(stats),
            Err(ObjectsError::Conflict { .. }) if conflicts < MAX_CONFLICTS => {
                conflicts += 1;
                // Runs that were begun together must not meet again.
                let spread = u64::from(std::process::id() % 10);
                std::thread::sleep(Duration::from_millis(
                    u64::from(conflicts) * (200 + 50 * spread),
                ));
            }
            Err(error @ ObjectsError::Conflict { .. }) => {
                return Err(CommandError {
                    what: error.to_string(),
                    hint: "run `tributary publish` for a prefix from one place only".to_owned(),
                }
                .into());
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Says that this program cannot publish to an object store.
#[cfg(not(feature = "object-store"))]
pub(super) fn run(
    _target: &str,
    _store: &Store,
    _settings: &SiteSettings,
    _last_modified: LastModifiedFn<'_>,
) -> anyhow::Result<PublishStats> {
    Err(CommandError {
        what: "this program was built without object stores".to_owned(),
        hint: "build it with `--features object-store`, or publish to a directory".to_owned(),
    }
    .into())
}
