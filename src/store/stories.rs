//! Stories: how one begins, how an entry joins one, how one goes.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    Arrival, Item, StoreError, entries,
    error::Doing as _,
    rows::{self, ms, time_opt},
};
use crate::{
    identity::{self, Candidate, Newcomer, Placement},
    model::{EntryKey, SourceId, Timestamp},
};

/// Entries with the same title that are looked at, newest first: a title that so many share says nothing.
const MOST_TWINS: i64 = 24;

/// Where a new entry was put.
pub(super) struct Placed {
    pub(super) entry: i64,
    pub(super) story: i64,
    /// Whether the story was there before.
    pub(super) joins: bool,
    /// Why there, in words.
    pub(super) because: String,
}

/// Stores a new entry: in the story that it is the same as, else in one of its own.
pub(super) fn place(
    conn: &Connection,
    source: &SourceId,
    item: &Item,
    position: Timestamp,
    now: Timestamp,
) -> Result<Placed, StoreError> {
    let home: Option<String> = conn
        .prepare_cached("SELECT coalesce(home_page_url, url) FROM source WHERE id = ?1")?
        .query_row([source.as_str()], |r| r.get(0))
        .optional()?;
    let newcomer = Newcomer::new(source, &item.keyed, &item.draft, home.as_deref().and_then(identity::home_of));
    match identity::place(&newcomer, &candidates(conn, source, item)?) {
        Placement::Joins { story, because, .. } => {
            let entry = entries::insert(conn, source, item, story, Some(&because), None, now)?;
            Ok(Placed { entry, story, joins: true, because })
        }
        Placement::Begins { related, because } => {
            let story = insert(conn, item.keyed.own_guid(), &item.keyed.key, source, position, item.arrival, now)?;
            let entry = entries::insert(conn, source, item, story, None, related.as_deref(), now)?;
            let because = if because.is_empty() { "new".to_owned() } else { format!("new: {}", because.join("; ")) };
            Ok(Placed { entry, story, joins: false, because })
        }
    }
}

/// Begins a story with an entry that is stored already.
pub(super) fn found(
    conn: &Connection,
    entry: i64,
    position: Timestamp,
    arrival: Arrival,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let (guid, key, source): (Option<String>, String, SourceId) = conn
        .prepare_cached("SELECT guid, key, source_id FROM entry WHERE id = ?1")?
        .query_row([entry], |r| Ok((r.get(0)?, r.get(1)?, rows::source_id(r, "source_id")?)))?;
    insert(conn, guid.as_deref(), &EntryKey(key), &source, position, arrival, now)
}

/// Takes a story out of everything that is published. Its entries stay as tombstones: their keys, without their text.
pub(super) fn bury(conn: &Connection, story: i64, because: &str, now: Timestamp) -> Result<(), StoreError> {
    let done = conn
        .execute(
            "UPDATE story SET gone_ms = ?2, gone_because = ?3 WHERE id = ?1 AND gone_ms IS NULL",
            params![story, ms(now), because],
        )
        .doing("take a story out")?;
    if done == 0 {
        return Err(StoreError::Unknown { what: "story", name: story.to_string() });
    }
    conn.execute("DELETE FROM story_topic WHERE story_id = ?1", [story]).doing("take a story out")?;
    conn.execute(
        "UPDATE entry SET title = NULL, authors = '[]', categories = '[]', enclosures = '[]', related = '[]', origin = NULL, image = NULL,
           rights = NULL, summary_text = '', summary = NULL, content = NULL WHERE story_id = ?1",
        [story],
    )
    .doing("take a story out")?;
    Ok(())
}

fn insert(
    conn: &Connection,
    guid: Option<&str>,
    key: &EntryKey,
    source: &SourceId,
    position: Timestamp,
    arrival: Arrival,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let mut taken = conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM story WHERE published_id = ?1)")?;
    // A look-up that fails counts as taken: the id is then minted, and the insert below says what is wrong.
    let published_id = identity::published_id(guid, key, source, |id| taken.query_row([id], |r| r.get(0)).unwrap_or(true));
    conn.prepare_cached(
        "INSERT INTO story (published_id, position_ms, first_published_ms, updated_ms, arrival, public) VALUES (?1, ?2, ?3, ?3, ?4, 0)",
    )
    .and_then(|mut s| s.execute(params![published_id, ms(position), ms(now), arrival.as_str()]))
    .doing("store a story")?;
    Ok(conn.last_insert_rowid())
}

/// Entries of other sources that a new one may be the same story as: by link, then by title.
fn candidates(conn: &Connection, source: &SourceId, item: &Item) -> Result<Vec<Candidate>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT e.id, e.story_id, e.source_id, e.canonical, e.title_norm, e.guid, e.fingerprint, e.published_ms, e.first_seen_ms, e.authors,
                coalesce(src.home_page_url, src.url) AS home,
                (SELECT count(*) FROM entry o WHERE o.canonical = e.canonical AND o.source_id = e.source_id) AS sharing,
                (SELECT count(*) FROM entry o WHERE o.story_id = e.story_id) AS size,
                EXISTS (SELECT 1 FROM entry o WHERE o.story_id = e.story_id AND o.source_id = ?1) AS has_ours
           FROM (SELECT id FROM entry WHERE canonical = ?2 AND canonical IS NOT NULL
                 UNION SELECT id FROM (SELECT id FROM entry WHERE title_norm = ?3 AND title_norm IS NOT NULL ORDER BY id DESC LIMIT ?4)) found
           JOIN entry e ON e.id = found.id JOIN source src ON src.id = e.source_id
          WHERE e.source_id <> ?1 ORDER BY e.canonical IS ?2 DESC, e.first_seen_ms, e.id LIMIT ?4",
    )?;
    let rows = statement.query_map(params![source.as_str(), item.keyed.canonical, item.keyed.title_norm, MOST_TWINS], |r| {
        let home: Option<String> = r.get("home")?;
        Ok(Candidate {
            story: r.get("story_id")?,
            entry: r.get("id")?,
            source: rows::source_id(r, "source_id")?,
            canonical: r.get("canonical")?,
            title_norm: r.get("title_norm")?,
            guid: r.get("guid")?,
            fingerprint: entries::fingerprint(r)?,
            published: time_opt(r, "published_ms")?,
            home: home.as_deref().and_then(identity::home_of),
            link_shared_by: r.get("sharing")?,
            group_size: r.get("size")?,
            has_entry_of_newcomers_source: r.get("has_ours")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
