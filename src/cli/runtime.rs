//! Set-up shared by commands that poll, publish or write: async runtime, logging, store and
//! application.

use std::{future::Future, path::PathBuf, sync::Arc};

use anyhow::Context as _;

use super::{CommandError, Context, LogFormat};
use crate::{
    app::App,
    clock::{Clock as _, SystemClock},
    config::Config,
    store::{Store, StoreError},
    telemetry::{self, LogOptions},
};
use feed_model::{StoryId, Timestamp};

/// The environment variables that name where traces are sent. Without them, none are exported.
const TRACE_ENDPOINTS: [&str; 2] =
    ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

impl Context {
    /// Returns the current time.
    #[allow(clippy::unused_self)] // part of the context, like the other values
    pub(super) fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    /// Starts logging to stderr.
    pub(super) fn init_logging(&self) {
        telemetry::init(LogOptions {
            format: match self.log_format {
                LogFormat::Text => telemetry::LogEncoding::Text,
                LogFormat::Json => telemetry::LogEncoding::Json,
            },
            verbosity: self.verbosity,
            color: Some(self.colour_err),
            journal: super::context::env_var("JOURNAL_STREAM").is_some()
                && !self.stderr_is_terminal,
            export_traces: TRACE_ENDPOINTS
                .iter()
                .any(|name| super::context::env_var(name).is_some()),
        });
    }

    /// Starts logging for commands that print a report: warnings only, unless `-v` is given.
    pub(super) fn init_quiet_logging(&self) {
        let quiet = Self {
            verbosity: if self.verbosity == 0 { -1 } else { self.verbosity },
            ..self.clone()
        };
        quiet.init_logging();
    }

    /// Returns the directory of feeds.toml.
    pub(super) fn config_dir(&self) -> PathBuf {
        let parent = self.config_path.parent().filter(|p| !p.as_os_str().is_empty());
        parent.map_or_else(|| PathBuf::from("."), PathBuf::from)
    }

    /// Returns `$CREDENTIALS_DIRECTORY`.
    #[allow(clippy::unused_self)] // part of the context, like the other values
    pub(super) fn credentials_dir(&self) -> Option<PathBuf> {
        super::context::env_var("CREDENTIALS_DIRECTORY").map(PathBuf::from)
    }

    /// Assembles the application with a store.
    pub(super) fn app(&self, config: &Config, store: Store) -> anyhow::Result<App> {
        let credentials_dir = self.credentials_dir();
        let clock = Arc::new(SystemClock);
        App::new(config, &self.config_dir(), credentials_dir.as_deref(), store, clock)
    }

    /// Opens the database for writing, and creates it if it does not exist.
    pub(super) fn open_store(&self) -> anyhow::Result<Store> {
        Store::open(&self.data_dir).map_err(|error| self.with_hint(error))
    }

    /// Opens the existing database for writing.
    pub(super) fn open_store_to_write(&self) -> anyhow::Result<Store> {
        Store::open_existing(&self.data_dir).map_err(|error| self.with_hint(error))
    }

    /// Adds a hint to an error if it is a [`StoreError`].
    pub(super) fn with_any_hint(&self, error: anyhow::Error) -> anyhow::Error {
        match error.downcast::<StoreError>() {
            Ok(error) => self.with_hint(error),
            Err(error) => error,
        }
    }

    /// Converts an error of the store to an error with a hint.
    #[allow(clippy::unused_self)] // the hint may depend on the context
    pub(super) fn with_hint(&self, error: StoreError) -> anyhow::Error {
        match &error {
            StoreError::NoState { dir } => super::NoState(dir.clone()).into(),
            StoreError::NotOwner { owner, file, .. } => {
                let arguments: Vec<String> = std::env::args().skip(1).collect();
                let hint = match owner {
                    // The daemon does not run as root: root has restored a backup.
                    0 => format!(
                        "sudo chown --reference={} {}",
                        self.data_dir.display(),
                        file.display()
                    ),
                    _ => format!("sudo -u '#{owner}' tributary {}", arguments.join(" ")),
                };
                CommandError { what: error.to_string(), hint }.into()
            }
            StoreError::Locked { .. } => CommandError {
                what: error.to_string(),
                hint: "only one daemon per data directory; use --data DIR for another one"
                    .to_owned(),
            }
            .into(),
            _ => error.into(),
        }
    }
}

/// Returns the story with this id or link, or an error with a hint.
pub(super) fn require_story(store: &Store, name: &str) -> anyhow::Result<StoryId> {
    let found = store.read(|reader| reader.find_story(name))?;
    found.ok_or_else(|| CommandError::unknown_story(name).into())
}

/// Runs a future on a new runtime.
pub(super) fn run_async<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let result = runtime.block_on(work);
    // Do not wait long for tasks on blocking threads.
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    result
}
