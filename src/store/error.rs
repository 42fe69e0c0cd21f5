//! Errors of the store.

use std::{io, path::PathBuf};

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no database, and the caller does not create one.
    #[error("there is no state in {}: no tributary.db", dir.display())]
    NoState {
        /// The data directory.
        dir: PathBuf,
    },
    /// The data directory cannot be created or written.
    #[error("cannot use the data directory {}", dir.display())]
    Directory {
        /// The directory.
        dir: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Another process holds the lock of the data directory.
    #[error("another tributary is running in {}{}", dir.display(), process(pid.as_deref()))]
    Locked {
        /// The data directory.
        dir: PathBuf,
        /// The process id in the lock file.
        pid: Option<String>,
    },
    /// The database belongs to another user, who could not use the files that writing creates.
    #[error("{} belongs to user {owner}, and this is user {user}", file.display())]
    NotOwner {
        /// The database.
        file: PathBuf,
        /// The user id of its owner.
        owner: u32,
        /// The user id of this process.
        user: u32,
    },
    /// The database was written by a newer program.
    #[error(
        "{} has schema version {found}, and this program supports versions up to {known}",
        file.display()
    )]
    Newer {
        /// The database.
        file: PathBuf,
        /// Its version.
        found: u32,
        /// The newest supported version.
        known: u32,
    },
    /// The file is not a database of this program.
    #[error("{} is not a database of this program", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// The database cannot be opened.
    #[error("cannot open {}", file.display())]
    Open {
        /// The database.
        file: PathBuf,
        /// The cause.
        #[source]
        source: rusqlite::Error,
    },
    /// A migration failed. The database is unchanged.
    #[error("cannot migrate {} to schema version {version}", file.display())]
    Migrate {
        /// The database.
        file: PathBuf,
        /// The version that the migration leads to.
        version: u32,
        /// The cause.
        #[source]
        source: rusqlite::Error,
    },
    /// A statement failed. Its transaction was rolled back.
    #[error("cannot {context}")]
    Sql {
        /// What the statement was for.
        context: &'static str,
        /// The cause.
        #[source]
        source: rusqlite::Error,
    },
    /// A write panicked. Its transaction was rolled back.
    #[error("a write to the database panicked: {0}")]
    Panicked(String),
    /// The store is closed, because the program is stopping.
    #[error("the store is closed")]
    Closed,
    /// There is nothing with this name.
    #[error("there is no {what} `{name}`")]
    Unknown {
        /// `story`, `topic` or `source`.
        what: &'static str,
        /// The requested name.
        name: String,
    },
    /// The request does not fit the stored state.
    #[error("{0}")]
    Refused(String),
    /// The target of a backup already exists.
    #[error("{} already exists", file.display())]
    Exists {
        /// The file.
        file: PathBuf,
    },
}

fn process(pid: Option<&str>) -> String {
    pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
}

/// Adds the purpose of a statement to its error.
pub(super) trait SqlContext<T> {
    /// Adds the purpose, which completes the sentence "cannot …".
    fn context(self, purpose: &'static str) -> Result<T, StoreError>;
}

impl<T> SqlContext<T> for Result<T, rusqlite::Error> {
    fn context(self, purpose: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Sql { context: purpose, source })
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(source: rusqlite::Error) -> Self {
        Self::Sql { context: "read or write the database", source }
    }
}
