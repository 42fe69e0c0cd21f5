//! Stories that may stand in neither the window nor an archive of a topic: what a topic's archives are cut for.
//!
//! They are noted as they come about, by triggers of the one connection that writes, so that nobody has to look through
//! a topic of a hundred thousand stories for the one that just left its window. What came about before this connection was
//! opened is looked for once for each topic. Deliberately absent from the schema: every transaction that makes a story homeless
//! ends with a place for it, so there is nothing to keep.

use rusqlite::Connection;

use super::{StoreError, error::Doing as _};

/// Prepares a connection that writes.
pub(super) fn watch(conn: &Connection) -> Result<(), StoreError> {
    conn.execute_batch(
        "PRAGMA temp_store = MEMORY;
         CREATE TEMP TABLE homeless (topic_id TEXT NOT NULL, story_id INTEGER NOT NULL, PRIMARY KEY (topic_id, story_id)) WITHOUT ROWID;
         CREATE TEMP TABLE homeless_known (topic_id TEXT PRIMARY KEY) WITHOUT ROWID;
         CREATE TEMP TRIGGER homeless_from_its_start AFTER INSERT ON main.story_topic WHEN new.in_window = 0 BEGIN
           INSERT OR IGNORE INTO homeless VALUES (new.topic_id, new.story_id);
         END;
         CREATE TEMP TRIGGER homeless_by_leaving AFTER UPDATE OF in_window ON main.story_topic WHEN new.in_window = 0 BEGIN
           INSERT OR IGNORE INTO homeless VALUES (new.topic_id, new.story_id);
         END;
         CREATE TEMP TRIGGER homeless_by_being_public AFTER UPDATE OF public ON main.story WHEN new.public = 1 BEGIN
           INSERT OR IGNORE INTO homeless SELECT topic_id, story_id FROM main.story_topic WHERE story_id = new.id AND in_window = 0;
         END;",
    )
    .doing("watch for stories without a place")
}

/// Whether a topic may have any.
pub(super) fn has_any(conn: &Connection, topic: &str) -> Result<bool, StoreError> {
    let doing = "look for stories without a place";
    let is_new = conn
        .prepare_cached("INSERT OR IGNORE INTO temp.homeless_known VALUES (?1)")
        .and_then(|mut s| s.execute([topic]))
        .doing(doing)?;
    if is_new > 0 {
        conn.prepare_cached(
            "INSERT OR IGNORE INTO temp.homeless SELECT st.topic_id, st.story_id FROM story_topic st WHERE st.topic_id = ?1 AND st.in_window = 0
               AND NOT EXISTS (SELECT 1 FROM archived a WHERE a.topic_id = ?1 AND a.story_id = st.story_id)",
        )
        .and_then(|mut s| s.execute([topic]))
        .doing(doing)?;
    }
    conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM temp.homeless WHERE topic_id = ?1)")
        .and_then(|mut s| s.query_row([topic], |r| r.get(0)))
        .doing(doing)
}

/// Every story of a topic that may be shown has its place; the others are noted again when they become public.
pub(super) fn have_places(conn: &Connection, topic: &str) -> Result<(), StoreError> {
    conn.prepare_cached("DELETE FROM temp.homeless WHERE topic_id = ?1")
        .and_then(|mut s| s.execute([topic]))
        .doing("look for stories without a place")?;
    Ok(())
}
