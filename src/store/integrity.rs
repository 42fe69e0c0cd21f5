//! Consistency checks for `tributary doctor`.

use rusqlite::types::ValueRef;

use super::{Reader, StorageFault, Store, StoreError, statements::query_all};

/// The maximum number of problems that one check reports.
const MAX_PROBLEMS: usize = 100;

/// A query that returns the ids of inconsistent rows, and a message with `{}` for the id.
struct Check {
    sql: &'static str,
    message: &'static str,
}

const CHECKS: [Check; 6] = [
    Check {
        sql: "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
        message: "damaged: {}",
    },
    Check {
        sql: "SELECT \"table\" FROM pragma_foreign_key_check",
        message: "a row of table {} refers to a row that does not exist",
    },
    Check {
        sql: "SELECT s.id FROM story s WHERE s.removed_ms IS NULL AND NOT EXISTS (
                SELECT 1 FROM entry e WHERE e.id = s.representative_entry AND e.story_id = s.id)",
        message: "story {} has a representative entry of another story",
    },
    Check {
        sql: "SELECT s.id FROM story s WHERE s.removed_ms IS NULL AND NOT EXISTS (
                SELECT 1 FROM story_topic t WHERE t.story_id = s.id AND t.topic_id = 'all')",
        message: "story {} is not in topic all",
    },
    Check {
        sql: "SELECT s.id FROM story_topic st JOIN story s ON s.id = st.story_id
               WHERE st.topic_id = 'all' AND st.in_window = 0
                 AND s.public = 1 AND s.removed_ms IS NULL AND NOT EXISTS (
                SELECT 1 FROM archive_story a WHERE a.topic_id = 'all' AND a.story_id = s.id)",
        message: "story {} is neither in the feed window nor in an archive",
    },
    Check {
        sql: "SELECT story_id FROM story_topic st WHERE in_archive <> EXISTS (
                SELECT 1 FROM archive_story a
                 WHERE a.topic_id = st.topic_id AND a.story_id = st.story_id)",
        message: "the column in_archive of story {} is wrong",
    },
];

impl Store {
    /// Checks the database and returns one sentence for each problem.
    pub fn check_integrity(&self) -> Result<Vec<String>, StoreError> {
        self.read(|reader| {
            let mut problems = Vec::new();
            for check in &CHECKS {
                let ids = match inconsistent_rows(reader, check.sql) {
                    // The check itself met the damage.
                    Err(error) if error.fault() == Some(StorageFault::Damaged) => {
                        problems.push("damaged: a part of the file cannot be read".to_owned());
                        break;
                    }
                    ids => ids?,
                };
                let ids = ids.into_iter().take(MAX_PROBLEMS);
                problems.extend(ids.map(|id| check.message.replace("{}", &id)));
            }
            Ok(problems)
        })
    }
}

fn inconsistent_rows(reader: &Reader<'_>, sql: &str) -> Result<Vec<String>, StoreError> {
    Ok(query_all(reader.conn, sql, [], |r| {
        Ok(match r.get_ref(0)? {
            ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            ValueRef::Integer(n) => n.to_string(),
            _ => String::from("?"),
        })
    })?)
}
