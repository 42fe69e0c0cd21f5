//! A consistent view of the database. The queries are in `read`.

use rusqlite::{Connection, OptionalExtension as _};

use super::StoreError;

/// One consistent snapshot of the database.
#[derive(Debug)]
pub struct Reader<'c> {
    pub(super) conn: &'c Connection,
}

impl Reader<'_> {
    /// Returns a value of the table `meta`.
    pub(super) fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        let mut statement = self.conn.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
        Ok(statement.query_row([key], |r| r.get(0)).optional()?)
    }
}
