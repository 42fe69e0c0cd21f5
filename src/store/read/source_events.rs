//! What went wrong and right again with sources.

use feed_model::{SourceId, Timestamp};

use crate::store::{
    Reader, StoreError,
    sql_values::{self, time},
    statements::query_all,
};

/// A change of the state of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceEvent {
    /// A number that no other event has.
    pub number: i64,
    /// The source.
    pub source: SourceId,
    /// Its title.
    pub title: String,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub state: SourceEventState,
    /// The error, unless the source works again.
    pub error: Option<String>,
}

/// What happened to a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceEventState {
    /// A poll failed, after a good one.
    Failing,
    /// It is gone, and is no longer polled.
    Gone,
    /// A poll succeeded, after failures.
    Ok,
}

impl Reader<'_> {
    /// Returns the newest events, newest first. Sources that left feeds.toml are included.
    pub fn source_events(&self, limit: u32) -> Result<Vec<SourceEvent>, StoreError> {
        Ok(query_all(
            self.conn,
            "SELECT e.id, e.source_id, e.at_ms, e.state, e.text,
                    coalesce(s.title_override, s.feed_title, s.id) AS title
               FROM source_event e JOIN source s ON s.id = e.source_id
              ORDER BY e.id DESC LIMIT ?1",
            [limit],
            |r| {
                Ok(SourceEvent {
                    number: r.get("id")?,
                    source: sql_values::source_id(r, "source_id")?,
                    title: r.get("title")?,
                    at: time(r.get("at_ms")?),
                    state: match r.get::<_, String>("state")?.as_str() {
                        "failing" => SourceEventState::Failing,
                        "gone" => SourceEventState::Gone,
                        _ => SourceEventState::Ok,
                    },
                    error: r.get("text")?,
                })
            },
        )?)
    }
}
