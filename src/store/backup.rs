//! Copies of the database.

use std::{fs, path::Path};

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
        let mut partial = target.as_os_str().to_owned();
        partial.push(".partial");
        let partial = std::path::PathBuf::from(partial);
        let unusable = |source| StoreError::Directory { dir: target.to_owned(), source };
        if partial.exists() {
            fs::remove_file(&partial).map_err(unusable)?;
        }
        // SQLite does not say why it cannot create a file.
        fs::File::create_new(&partial).map_err(unusable)?;
        // A snapshot for reading is enough and delays no writer.
        let copied = self
            .with_reader(|conn| {
                conn.execute("VACUUM INTO ?1", [partial.to_string_lossy()])
                    .map(|_| ())
                    .context("write the copy")
            })
            .and_then(|()| {
                let synced = fs::File::open(&partial).and_then(|file| file.sync_all());
                synced.and_then(|()| fs::rename(&partial, target)).map_err(unusable)
            });
        if copied.is_err() {
            // An incomplete copy takes space and is of no use.
            drop(fs::remove_file(&partial));
        }
        copied
    }
}
