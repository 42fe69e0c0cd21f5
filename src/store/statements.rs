//! Short forms for running cached statements.

use rusqlite::{Connection, Params, Row};

/// Runs a statement and returns the number of changed rows.
pub(super) fn execute(
    conn: &Connection,
    sql: &str,
    params: impl Params,
) -> rusqlite::Result<usize> {
    conn.prepare_cached(sql)?.execute(params)
}

/// Returns the first row of a query; an error if there is none.
pub(super) fn query_row<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    of_row: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    conn.prepare_cached(sql)?.query_row(params, of_row)
}

/// Returns every row of a query.
pub(super) fn query_all<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    of_row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    conn.prepare_cached(sql)?.query_map(params, of_row)?.collect()
}
