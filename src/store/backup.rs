//! Copies of the database.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use super::{Store, StoreError, error::SqlContext as _};

impl Store {
    /// Writes a consistent copy of the database to `target`, also while others write. The file
    /// appears when it is complete.
    ///
    /// # Errors
    ///
    /// [`StoreError::Exists`] if there is a file at `target`.
    pub fn back_up(&self, target: &Path) -> Result<(), StoreError> {
        if target.exists() {
            return Err(StoreError::Exists { file: target.to_owned() });
        }
        let partial = partial_name(target);
        let unusable = |source| StoreError::Directory { dir: target.to_owned(), source };
        // A snapshot for reading is enough and delays no writer.
        let copied = self
            .with_reader(|conn| copy(conn, &partial))
            .and_then(|()| rename_synced(&partial, target).map_err(unusable));
        if copied.is_err() {
            // An incomplete copy takes space and is of no use.
            drop(fs::remove_file(&partial));
        }
        copied
    }
}

/// Returns the name of an incomplete copy.
pub(super) fn partial_name(target: &Path) -> PathBuf {
    let mut partial = target.as_os_str().to_owned();
    partial.push(".partial");
    PathBuf::from(partial)
}

/// Writes a copy of the database to a file, which is replaced. Nobody may read the copy who may not
/// read the database. A process that is killed leaves an incomplete file.
pub(super) fn copy(conn: &Connection, file: &Path) -> Result<(), StoreError> {
    let unusable = |source| StoreError::Directory { dir: file.to_owned(), source };
    if file.exists() {
        fs::remove_file(file).map_err(unusable)?;
    }
    let database = conn.path().and_then(|path| fs::metadata(path).ok());
    let mode = database.map_or(0o600, |metadata| metadata.mode() & 0o666);
    // SQLite does not say why it cannot create a file.
    File::options().write(true).create_new(true).mode(mode).open(file).map_err(unusable)?;
    conn.execute("VACUUM INTO ?1", [file.to_string_lossy()]).context("copy the database")?;
    Ok(())
}

/// Renames a complete file, so that it survives a power failure under its new name.
pub(super) fn rename_synced(from: &Path, to: &Path) -> io::Result<()> {
    File::open(from)?.sync_all()?;
    fs::rename(from, to)?;
    match to.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => File::open(dir)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}
