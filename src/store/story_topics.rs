//! The stored topics and label of a story.

use rusqlite::{Connection, OptionalExtension as _};

use feed_model::{StoryId, TopicId};

use super::{StoreError, error::SqlContext as _, sql_values::from_json, statements::query_all};

/// Returns the ids of the topics that a story is in, without `all`.
pub(super) fn topics_of(conn: &Connection, story: StoryId) -> Result<Vec<String>, StoreError> {
    Ok(topics_with_all(conn, story)?.into_iter().filter(|id| id != TopicId::ALL).collect())
}

/// Returns the ids of the topics that a story is in.
pub(super) fn topics_with_all(
    conn: &Connection,
    story: StoryId,
) -> Result<Vec<String>, StoreError> {
    query_all(
        conn,
        "SELECT topic_id FROM story_topic WHERE story_id = ?1 ORDER BY topic_id",
        [story.0],
        |r| r.get(0),
    )
    .context("read the topics of a story")
}

/// Returns the topic ids of a story's label; `None` if it has no label.
pub(super) fn label_of(
    conn: &Connection,
    story: StoryId,
) -> Result<Option<Vec<String>>, StoreError> {
    let mut statement = conn.prepare_cached("SELECT topics FROM label WHERE story_id = ?1")?;
    Ok(statement.query_row([story.0], |r| from_json(r, "topics")).optional()?)
}
