//! Databases of earlier versions, with content.

use std::path::Path;

use rusqlite::Connection;

/// The SQL that leads to each earlier version: version 1, then the migrations.
const SCHEMAS: [&str; 8] = [
    include_str!("../../fixtures/schema/0001.sql"),
    include_str!("../../../src/store/migrations/0002.sql"),
    include_str!("../../../src/store/migrations/0003.sql"),
    include_str!("../../../src/store/migrations/0004.sql"),
    include_str!("../../../src/store/migrations/0005.sql"),
    include_str!("../../../src/store/migrations/0006.sql"),
    include_str!("../../../src/store/migrations/0007.sql"),
    include_str!("../../../src/store/migrations/0008.sql"),
];

/// The newest version before the current one.
pub const LAST_VERSION: usize = SCHEMAS.len();

/// The version of [`ROWS`].
pub const ROWS_VERSION: usize = 6;

/// The rows of a database of version 6.
const ROWS: &str = include_str!("../../fixtures/schema/version_6/rows.sql");

/// The feeds.toml of that database.
pub const CONFIG: &str = "max_entries = 3\nkeep_within = \"0s\"\nhub = \"none\"\n\
    [[source]]\nid = \"one\"\nurl = \"https://one.example/feed.xml\"\n\
    [[source]]\nid = \"two\"\nurl = \"https://two.example/feed.xml\"\n\
    [[source]]\nid = \"three\"\nurl = \"https://three.example/feed.xml\"\n\
    content = \"summary\"\n\
    [[source]]\nid = \"private\"\nurl = \"https://private.example/feed.xml\"\n\
    [[source]]\nid = \"site\"\nurl = \"https://site.example/\"\nfollow = \"sitemap\"\n\
    [[topic]]\nid = \"brokers\"\ntitle = \"Brokers\"\nany = [\"brokers\", \"one\"]\n\
    [[topic]]\nid = \"rest\"\ntitle = \"Rest\"\nany = [\"two\", \"site\"]\n";

/// The first column of each row, as text.
pub fn texts(conn: &Connection, sql: &str) -> Vec<String> {
    let mut statement = conn.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Ordinary tables with content of their own; the full-text index has none.
pub fn tables(conn: &Connection) -> Vec<String> {
    texts(
        conn,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE 'CREATE TABLE%'
            AND name NOT LIKE 'story_text%' AND name NOT LIKE 'sqlite_%'",
    )
}

/// Creates a database of an earlier version with as much of the content as it can hold.
pub fn create_database(file: &Path, version: usize) {
    let conn = Connection::open(file).unwrap();
    conn.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA application_id = 0x54726962; BEGIN")
        .unwrap();
    let (before, after) = SCHEMAS[..version].split_at(version.min(ROWS_VERSION));
    for sql in before {
        conn.execute_batch(sql).unwrap();
    }
    if version >= ROWS_VERSION {
        conn.execute_batch(ROWS).unwrap();
    }
    for sql in after {
        conn.execute_batch(sql).unwrap();
    }
    conn.pragma_update(None, "user_version", version).unwrap();
    conn.execute_batch("COMMIT").unwrap();
    if version < ROWS_VERSION {
        copy_rows(&conn, file);
    }
}

/// Copies the content of the version that has it into an older database.
fn copy_rows(conn: &Connection, file: &Path) {
    let newest = file.with_extension("newest");
    create_database(&newest, ROWS_VERSION);
    conn.execute("ATTACH ?1 AS newest", [newest.to_str().unwrap()]).unwrap();
    for table in tables(conn) {
        let columns =
            texts(conn, &format!("SELECT name FROM pragma_table_info('{table}', 'main')"));
        let columns = columns.join(", ");
        conn.execute(
            &format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newest.{table}"),
            [],
        )
        .unwrap();
    }
    // Until version 5, links were compared across sources as they are within a source, without
    // their fragment.
    conn.execute(
        "UPDATE main.entry SET canonical = CASE WHEN instr(link, '#')
           THEN substr(link, 1, instr(link, '#') - 1) ELSE link END WHERE link IS NOT NULL",
        [],
    )
    .unwrap();
    conn.execute_batch("DETACH newest").unwrap();
    std::fs::remove_file(newest).unwrap();
}
