//! Schema migrations.
//!
//! A new database is created from `schema.sql`. An older one is copied to `tributary.db.vN` beside
//! it and then migrated by the numbered files of `migrations/`, one transaction each. A database of
//! a newer version or of another program is refused and left unchanged.
//!
//! Migration files are never changed after a release. `schema.sql` and the migrations must lead to
//! the same schema.

use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader},
    path::Path,
};

use rusqlite::{Connection, TransactionBehavior};

use super::{StoreError, backup};

/// `PRAGMA application_id` of our databases: "Trib" in ASCII.
const APPLICATION_ID: i32 = 0x5472_6962;

/// Version of `schema.sql` (`PRAGMA user_version`).
pub(super) const VERSION: u32 = 9;

/// The current schema.
const SCHEMA: &str = include_str!("schema.sql");

/// Each migration with the version that it leads to, in ascending order. The oldest databases have
/// version 1.
const MIGRATIONS: [(u32, &str); 8] = [
    (2, include_str!("migrations/0002.sql")),
    (3, include_str!("migrations/0003.sql")),
    (4, include_str!("migrations/0004.sql")),
    (5, include_str!("migrations/0005.sql")),
    (6, include_str!("migrations/0006.sql")),
    (7, include_str!("migrations/0007.sql")),
    (8, include_str!("migrations/0008.sql")),
    (9, include_str!("migrations/0009.sql")),
];

/// Returns the version of an open database; 0 for a new, empty one.
///
/// # Errors
///
/// [`StoreError::Foreign`] or [`StoreError::Newer`] if this program cannot use the database.
pub(super) fn version(conn: &Connection, file: &Path) -> Result<u32, StoreError> {
    let open = |source: rusqlite::Error| StoreError::open(file, source);
    let version: u32 = conn.pragma_query_value(None, "user_version", |r| r.get(0)).map_err(open)?;
    let application: i32 =
        conn.pragma_query_value(None, "application_id", |r| r.get(0)).map_err(open)?;
    let tables: i64 =
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0)).map_err(open)?;
    if application != APPLICATION_ID && (application != 0 || version != 0 || tables != 0) {
        return Err(StoreError::Foreign { file: file.to_owned() });
    }
    if version > VERSION {
        return Err(StoreError::Newer { file: file.to_owned(), found: version, known: VERSION });
    }
    Ok(version)
}

/// Creates the schema in a new database, or migrates an older one to [`VERSION`].
pub(super) fn migrate(conn: &mut Connection, file: &Path) -> Result<(), StoreError> {
    match version(conn, file)? {
        VERSION => Ok(()),
        0 => step(conn, file, VERSION, SCHEMA),
        found => {
            back_up(conn, file, found)?;
            migrate_from(conn, file, found)
        }
    }
}

/// Applies every migration after version `found`.
fn migrate_from(conn: &mut Connection, file: &Path, found: u32) -> Result<(), StoreError> {
    for (version, sql) in MIGRATIONS.into_iter().filter(|(version, _)| *version > found) {
        step(conn, file, version, sql)?;
    }
    Ok(())
}

/// Runs the SQL that leads to `version` in one transaction.
fn step(conn: &mut Connection, file: &Path, version: u32, sql: &str) -> Result<(), StoreError> {
    let failed = |source: rusqlite::Error| StoreError::Migrate {
        file: file.to_owned(),
        version,
        source: source.into(),
    };
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    // If two processes start at the same time, the second one finds the work done.
    let current: u32 = tx.pragma_query_value(None, "user_version", |r| r.get(0)).map_err(failed)?;
    if current < version {
        tx.execute_batch(sql).map_err(failed)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
        tx.pragma_update(None, "user_version", version).map_err(failed)?;
    }
    tx.commit().map_err(failed)
}

/// Copies the database to a file beside it that is named after its version: `tributary.db.v8`, or
/// `tributary.db.v8-2` if there is another copy of that version. A migration that was interrupted
/// has made the same copy before.
fn back_up(conn: &Connection, file: &Path, version: u32) -> Result<(), StoreError> {
    let partial = backup::partial_name(&file.with_extension(format!("db.v{version}")));
    let copied = backup::copy(conn, &partial).and_then(|()| {
        keep_copy(&partial, file, version)
            .map_err(|source| StoreError::Directory { dir: partial.clone(), source })
    });
    if copied.is_err() {
        drop(fs::remove_file(&partial));
    }
    copied
}

/// Gives a copy its name, or removes it if there is the same one.
fn keep_copy(partial: &Path, file: &Path, version: u32) -> io::Result<()> {
    let mut number = 1;
    loop {
        let suffix = if number == 1 { String::new() } else { format!("-{number}") };
        let name = file.with_extension(format!("db.v{version}{suffix}"));
        if !name.exists() {
            return backup::rename_synced(partial, &name);
        }
        if are_equal(partial, &name)? {
            return fs::remove_file(partial);
        }
        number += 1;
    }
}

/// Returns whether two files have the same bytes.
fn are_equal(a: &Path, b: &Path) -> io::Result<bool> {
    let (a, b) = (File::open(a)?, File::open(b)?);
    if a.metadata()?.len() != b.metadata()?.len() {
        return Ok(false);
    }
    let (mut a, mut b) = (BufReader::new(a), BufReader::new(b));
    loop {
        let (left, right) = (a.fill_buf()?, b.fill_buf()?);
        let length = left.len().min(right.len());
        if left[..length] != right[..length] {
            return Ok(false);
        }
        if length == 0 {
            return Ok(true);
        }
        a.consume(length);
        b.consume(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The schema of the oldest databases.
    const VERSION_1: &str = include_str!("../../tests/fixtures/schema/0001.sql");

    /// Name and definition of every table and index, without comments, white space and quotes.
    fn schema_of(conn: &Connection) -> Vec<(String, String)> {
        let mut statement = conn
            .prepare(
                "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema
                  WHERE name NOT LIKE 'sqlite_%' ORDER BY 1",
            )
            .unwrap();
        let rows = statement.query_map([], |r| Ok((r.get(0)?, r.get::<_, String>(1)?))).unwrap();
        rows.map(|row| row.map(|(name, sql)| (name, normalized(&sql))).unwrap()).collect()
    }

    fn normalized(sql: &str) -> String {
        let without_comments = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
        without_comments.flat_map(str::chars).filter(|c| !c.is_whitespace() && *c != '"').collect()
    }

    #[test]
    fn migrations_lead_to_schema_sql() {
        let mut migrated = Connection::open_in_memory().unwrap();
        step(&mut migrated, Path::new("x"), 1, VERSION_1).unwrap();
        migrate_from(&mut migrated, Path::new("x"), 1).unwrap();
        let mut new = Connection::open_in_memory().unwrap();
        migrate(&mut new, Path::new("x")).unwrap();
        assert_eq!(schema_of(&migrated), schema_of(&new));
    }

    #[test]
    fn versions_are_consecutive() {
        let versions: Vec<u32> = MIGRATIONS.iter().map(|(version, _)| *version).collect();
        assert_eq!(versions, (2..=VERSION).collect::<Vec<_>>());
    }

    #[test]
    fn every_table_is_strict() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn, Path::new("x")).unwrap();
        let not_strict: Vec<String> = conn
            .prepare(
                "SELECT name FROM pragma_table_list
                  WHERE schema = 'main' AND type = 'table' AND strict = 0
                    AND name NOT LIKE 'sqlite_%'",
            )
            .unwrap()
            .query_map([], |r| r.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(not_strict, Vec::<String>::new());
    }

    #[test]
    fn newer_and_foreign_databases_are_refused() {
        let mut newer = Connection::open_in_memory().unwrap();
        newer.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        newer.pragma_update(None, "user_version", 999).unwrap();
        assert!(matches!(
            migrate(&mut newer, Path::new("x")),
            Err(StoreError::Newer { found: 999, .. })
        ));
        let mut foreign = Connection::open_in_memory().unwrap();
        foreign.execute_batch("CREATE TABLE t (a)").unwrap();
        assert!(matches!(migrate(&mut foreign, Path::new("x")), Err(StoreError::Foreign { .. })));
    }
}
