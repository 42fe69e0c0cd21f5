//! Brings a database to the version that this program knows: numbered SQL files, one transaction
//! each, append-only.
//!
//! A database that already holds something is copied beside itself before it is changed. A newer or
//! foreign one is refused and left as it is.

use std::path::Path;

use rusqlite::Connection;

use super::StoreError;

/// "Trib" in ASCII: says whose database this is (`PRAGMA application_id`).
pub(super) const APPLICATION_ID: i32 = 0x5472_6962;

/// Every migration, in order; the version of a database is how many of them it has.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
];

/// What all migrations together make: a new database begins with it.
const SCHEMA: &str = include_str!("schema.sql");

/// The version that this program writes.
pub(super) fn known_version() -> u32 {
    u32::try_from(MIGRATIONS.len()).expect("there are few migrations")
}

/// The version of an open database, once it is known to be ours; a new, empty database has version
/// 0.
pub(super) fn version(conn: &Connection, file: &Path) -> Result<u32, StoreError> {
    let open = |source| StoreError::Open { file: file.to_owned(), source };
    let version: u32 = conn.pragma_query_value(None, "user_version", |r| r.get(0)).map_err(open)?;
    let application: i32 =
        conn.pragma_query_value(None, "application_id", |r| r.get(0)).map_err(open)?;
    let tables: i64 =
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0)).map_err(open)?;
    if application != APPLICATION_ID && (application != 0 || version != 0 || tables != 0) {
        return Err(StoreError::Foreign { file: file.to_owned() });
    }
    if version > known_version() {
        return Err(StoreError::Newer {
            file: file.to_owned(),
            found: version,
            known: known_version(),
        });
    }
    Ok(version)
}

/// Brings the database to the known version.
pub(super) fn migrate(conn: &mut Connection, file: &Path) -> Result<(), StoreError> {
    let found = version(conn, file)?;
    if found == known_version() {
        return Ok(());
    }
    if found == 0 {
        return create(conn, file);
    }
    back_up(conn, file, found)?;
    step_up(conn, file, found)
}

/// Makes a new database whole, in one transaction: killed in the middle, there is none.
fn create(conn: &mut Connection, file: &Path) -> Result<(), StoreError> {
    let version = known_version();
    let failed = |source| StoreError::Migrate { file: file.to_owned(), version, source };
    let tx =
        conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(failed)?;
    // Two programs may start at once: who comes second finds the work done.
    let now_at: u32 = tx.pragma_query_value(None, "user_version", |r| r.get(0)).map_err(failed)?;
    if now_at == 0 {
        tx.execute_batch(SCHEMA).map_err(failed)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
        tx.pragma_update(None, "user_version", version).map_err(failed)?;
    }
    tx.commit().map_err(failed)
}

/// Carries out every migration behind `found`.
fn step_up(conn: &mut Connection, file: &Path, found: u32) -> Result<(), StoreError> {
    for (done, sql) in MIGRATIONS.iter().enumerate().skip(found as usize) {
        let version = u32::try_from(done + 1).expect("there are few migrations");
        let failed = |source| StoreError::Migrate { file: file.to_owned(), version, source };
        let tx = conn
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .map_err(failed)?;
        // Two programs may start at once: who comes second finds the work done.
        let now_at: u32 =
            tx.pragma_query_value(None, "user_version", |r| r.get(0)).map_err(failed)?;
        if now_at < version {
            tx.execute_batch(sql).map_err(failed)?;
            tx.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
            tx.pragma_update(None, "user_version", version).map_err(failed)?;
        }
        tx.commit().map_err(failed)?;
    }
    Ok(())
}

/// A copy as it was, named after its version, unless there is one already.
fn back_up(conn: &Connection, file: &Path, version: u32) -> Result<(), StoreError> {
    let copy = file.with_extension(format!("db.v{version}"));
    if copy.exists() {
        return Ok(());
    }
    let failed =
        |source| StoreError::Migrate { file: file.to_owned(), version: version + 1, source };
    conn.execute("VACUUM INTO ?1", [copy.to_string_lossy()]).map_err(failed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema_of(conn: &Connection) -> Vec<(String, String)> {
        let mut rows = conn
            .prepare("SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY 1")
            .unwrap();
        rows.query_map([], |r| Ok((r.get(0)?, r.get(1)?))).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn the_migrations_lead_to_schema_sql() {
        let mut migrated = Connection::open_in_memory().unwrap();
        step_up(&mut migrated, Path::new("x"), 0).unwrap();
        let fresh = Connection::open_in_memory().unwrap();
        fresh.execute_batch(SCHEMA).unwrap();
        assert_eq!(
            schema_of(&migrated),
            schema_of(&fresh),
            "schema.sql is what all migrations together make"
        );
    }

    #[test]
    fn every_table_is_strict() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn, Path::new("x")).unwrap();
        let lax: Vec<String> = conn
            .prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'")
            .unwrap()
            .query_map([], |r| r.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(lax, Vec::<String>::new());
    }

    #[test]
    fn a_newer_or_foreign_database_is_refused() {
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
