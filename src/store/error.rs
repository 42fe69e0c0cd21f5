//! Why the store could not do what was asked.

use std::{io, path::PathBuf};

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no state, and the caller does not make one.
    #[error("there is no state in {}: no tributary.db", dir.display())]
    NoState {
        /// The directory that was tried.
        dir: PathBuf,
    },
    /// The data directory cannot be made or written.
    #[error("cannot use the data directory {}", dir.display())]
    Directory {
        /// The directory.
        dir: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A daemon (or a poll) holds the directory.
    #[error("another tributary is at work in {}{}", dir.display(), pid.as_ref().map(|p| format!(" (process {p})")).unwrap_or_default())]
    Locked {
        /// The directory.
        dir: PathBuf,
        /// Who, as the lock file says.
        pid: Option<String>,
    },
    /// The database belongs to another user: writing would leave files that its owner cannot use.
    #[error("{} belongs to user {owner}, and this is user {user}", file.display())]
    NotOwner {
        /// The database.
        file: PathBuf,
        /// Who owns it, by number.
        owner: u32,
        /// Who asks, by number.
        user: u32,
    },
    /// The database was written by a newer program.
    #[error("{} is of version {found}, and this program knows versions up to {known}", file.display())]
    Newer {
        /// The database.
        file: PathBuf,
        /// Its version.
        found: u32,
        /// The newest that is known.
        known: u32,
    },
    /// The file is another program's database, or none.
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
        /// What `SQLite` said.
        #[source]
        source: rusqlite::Error,
    },
    /// A migration failed; the database is as it was.
    #[error("cannot bring {} to version {version}", file.display())]
    Migrate {
        /// The database.
        file: PathBuf,
        /// The version that could not be reached.
        version: u32,
        /// What `SQLite` said.
        #[source]
        source: rusqlite::Error,
    },
    /// A statement failed; its transaction was rolled back.
    #[error("cannot {context}")]
    Sql {
        /// What was attempted.
        context: &'static str,
        /// What `SQLite` said.
        #[source]
        source: rusqlite::Error,
    },
    /// The writer met a bug; its transaction was rolled back.
    #[error("the writer broke off: {0}")]
    Panicked(String),
    /// The writer has ended: the program is stopping.
    #[error("the store is closed")]
    Closed,
    /// The named thing is not stored.
    #[error("there is no {what} `{name}`")]
    Unknown {
        /// Story, topic, source.
        what: &'static str,
        /// As it was asked for.
        name: String,
    },
    /// What was asked makes no sense for what is stored.
    #[error("{0}")]
    Refused(String),
    /// The backup's target exists already.
    #[error("{} exists already", file.display())]
    Exists {
        /// The file.
        file: PathBuf,
    },
}

/// Says what a statement was for, where it fails.
pub(super) trait SqlContext<T> {
    /// Names what was attempted.
    fn context(self, what: &'static str) -> Result<T, StoreError>;
}

impl<T> SqlContext<T> for Result<T, rusqlite::Error> {
    fn context(self, what: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Sql { context: what, source })
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(source: rusqlite::Error) -> Self {
        Self::Sql { context: "read or write the database", source }
    }
}
