//! Faults of the disk and the database file, in words.

use std::{fmt, io};

use rusqlite::{ErrorCode, ffi};

/// Why the system does not let the database be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageFault {
    /// There is no space left.
    Full,
    /// Another process holds the lock of the database.
    Locked,
    /// The file, its directory or the file system is read-only.
    ReadOnly,
    /// The file was moved or deleted since it was opened.
    Moved,
    /// The disk reports an error. The number is `SQLite`'s extended result code.
    Io(i32),
    /// The file cannot be opened.
    CannotOpen,
    /// The contents of the file are damaged.
    Damaged,
    /// The file is not a database.
    NotADatabase,
}

impl StorageFault {
    fn of_database(error: ffi::Error) -> Option<Self> {
        match error.code {
            ErrorCode::DiskFull => Some(Self::Full),
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed => Some(Self::Locked),
            ErrorCode::ReadOnly if error.extended_code == ffi::SQLITE_READONLY_DBMOVED => {
                Some(Self::Moved)
            }
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Some(Self::ReadOnly),
            ErrorCode::SystemIoFailure => Some(Self::Io(error.extended_code)),
            ErrorCode::CannotOpen => Some(Self::CannotOpen),
            ErrorCode::DatabaseCorrupt => Some(Self::Damaged),
            ErrorCode::NotADatabase => Some(Self::NotADatabase),
            _ => None,
        }
    }

    pub(super) fn of_io(error: &io::Error) -> Option<Self> {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(Self::Full),
            io::ErrorKind::ReadOnlyFilesystem => Some(Self::ReadOnly),
            io::ErrorKind::PermissionDenied => Some(Self::CannotOpen),
            _ => None,
        }
    }

    /// Returns what the user can do.
    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::Full => "free some space on the disk; what is stored is kept",
            Self::Locked => {
                "wait until the other program is done with tributary.db, or end it \
                 (`fuser tributary.db` names it)"
            }
            Self::ReadOnly => {
                "this command writes: make tributary.db and its directory writable for this user"
            }
            Self::Moved => "put the file back, and restart the daemon",
            Self::Io(_) => "check the disk, its quota and the system log",
            Self::CannotOpen => "check the permissions of the directory and the file in it",
            Self::Damaged => {
                "stop the daemon and restore a backup by copying it to tributary.db; `tributary \
                 doctor` lists the damage"
            }
            Self::NotADatabase => {
                "restore a backup by copying it to tributary.db, or use another directory with \
                 --data DIR; the file is unchanged"
            }
        }
    }
}

impl fmt::Display for StorageFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the disk is full"),
            Self::Locked => f.write_str("the database is locked by another process"),
            Self::ReadOnly => f.write_str("the database or its directory is read-only"),
            Self::Moved => f.write_str("the database file was moved or deleted"),
            Self::Io(code) => write!(f, "the disk reports an error (SQLite code {code})"),
            Self::CannotOpen => f.write_str("the database or its directory cannot be opened"),
            Self::Damaged => f.write_str("the database is damaged"),
            Self::NotADatabase => f.write_str("the file is not a database"),
        }
    }
}

/// An error of `SQLite`. A fault of the disk or the file is displayed in words.
#[derive(Debug)]
pub struct DatabaseError(rusqlite::Error);

impl DatabaseError {
    /// Returns the fault of the disk or the file, if it is one.
    pub fn fault(&self) -> Option<StorageFault> {
        self.sqlite_error().and_then(StorageFault::of_database)
    }

    /// Returns the error code, if the error is one of `SQLite` itself.
    pub(super) fn sqlite_error(&self) -> Option<ffi::Error> {
        match &self.0 {
            rusqlite::Error::SqliteFailure(error, _) => Some(*error),
            _ => None,
        }
    }
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fault() {
            Some(fault) => fault.fmt(f),
            None => self.0.fmt(f),
        }
    }
}

impl std::error::Error for DatabaseError {}
