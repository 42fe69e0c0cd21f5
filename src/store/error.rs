//! Errors of the store.

use std::{
    io,
    path::{Path, PathBuf},
};

use rusqlite::ffi;

use super::storage_fault::{DatabaseError, StorageFault};

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no database, and the caller does not create one.
    #[error("there is no state in {}: no tributary.db", dir.display())]
    NoState {
        /// The data directory.
        dir: PathBuf,
    },
    /// A directory or file cannot be created, read or written.
    #[error("cannot use {}", dir.display())]
    Directory {
        /// The directory or file.
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
    /// The database cannot be written: the file, its directory or the file system is read-only.
    #[error("{} is read-only", file.display())]
    ReadOnly {
        /// The database.
        file: PathBuf,
    },
    /// The database cannot be read without writing: its directory is read-only, and its log has
    /// changes that are not in the database.
    #[error(
        "{} cannot be read: its directory is read-only, and its last changes are in the log \
         beside it",
        file.display()
    )]
    UnreadableLog {
        /// The database.
        file: PathBuf,
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
        source: DatabaseError,
    },
    /// The contents of the database are damaged.
    #[error("cannot use {}", file.display())]
    Damaged {
        /// The database.
        file: PathBuf,
        /// The cause.
        #[source]
        source: DatabaseError,
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
        source: DatabaseError,
    },
    /// A statement failed. Its transaction was rolled back.
    #[error("cannot {context}")]
    Sql {
        /// What the statement was for.
        context: &'static str,
        /// The cause.
        #[source]
        source: DatabaseError,
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

impl StoreError {
    pub(super) fn open(file: &Path, source: rusqlite::Error) -> Self {
        Self::Open { file: file.to_owned(), source: source.into() }
    }

    /// Returns the fault of the disk or the file that caused the error; `None` if the cause is
    /// another one.
    pub fn fault(&self) -> Option<StorageFault> {
        match self {
            Self::Open { source, .. }
            | Self::Damaged { source, .. }
            | Self::Migrate { source, .. }
            | Self::Sql { source, .. } => source.fault(),
            Self::ReadOnly { .. } => Some(StorageFault::ReadOnly),
            Self::Directory { source, .. } => StorageFault::of_io(source),
            _ => None,
        }
    }

    /// Names the file in the error of a statement that met damage.
    pub(super) fn in_file(self, file: &Path) -> Self {
        match self {
            Self::Sql { source, .. }
                if matches!(
                    source.fault(),
                    Some(StorageFault::Damaged | StorageFault::NotADatabase)
                ) =>
            {
                Self::Damaged { file: file.to_owned(), source }
            }
            error => error,
        }
    }

    /// Returns the error code of the statement that failed, if the error is one of `SQLite` itself.
    pub(super) fn sqlite_error(&self) -> Option<ffi::Error> {
        match self {
            Self::Sql { source, .. } => source.sqlite_error(),
            _ => None,
        }
    }

    /// Returns what the user can do about the error.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Newer { .. } => Some(
                "use the version of tributary that wrote it, or another directory with --data DIR; \
                 the file is unchanged"
                    .to_owned(),
            ),
            Self::Foreign { .. } => {
                Some("use another directory with --data DIR; the file is unchanged".to_owned())
            }
            Self::UnreadableLog { .. } => Some(
                "copy tributary.db and tributary.db-wal to a writable directory and name it with \
                 --data DIR"
                    .to_owned(),
            ),
            _ => self.fault().map(|fault| fault.hint().to_owned()),
        }
    }
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
        self.map_err(|source| StoreError::Sql { context: purpose, source: source.into() })
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(source: rusqlite::Error) -> Self {
        Self::Sql { context: "read or write the database", source: source.into() }
    }
}
