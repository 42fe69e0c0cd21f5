//! Chooses the representative entry of a story, whose title, link and text the story shows.

use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use entry_identity::{Fingerprint, RepresentativeCandidate};
use feed_model::{DatePrecision, EntryId, PublishedDate, StoryId, Timestamp};

use super::archives;
use crate::store::{
    StoreError,
    error::SqlContext as _,
    search_index,
    sql_values::{self, ms, time, time_opt},
    statements::{execute, query_all},
};

/// An entry of the story.
struct EntryRow {
    candidate: RepresentativeCandidate,
    public: bool,
    updated: Option<Timestamp>,
    material_hash: Vec<u8>,
}

/// The stored state of the story.
struct StoredStory {
    representative_hash: Option<Vec<u8>>,
    updated: Timestamp,
    update_count: u32,
    public: bool,
}

/// Chooses the representative entry of a story again and updates what depends on it: the dates of
/// the story, whether it is public, and the search index. Its id and position never change.
///
/// If any entry of the story is public, only public entries are considered.
pub(super) fn choose(conn: &Connection, story: StoryId, now: Timestamp) -> Result<(), StoreError> {
    let rows = load_entries(conn, story)?;
    let public = rows.iter().any(|row| row.public);
    let eligible: Vec<&EntryRow> = rows.iter().filter(|row| row.public || !public).collect();
    let candidates: Vec<RepresentativeCandidate> =
        eligible.iter().map(|row| row.candidate.clone()).collect();
    let chosen = entry_identity::choose_representative(&candidates);
    let Some(representative) = eligible.iter().find(|row| Some(row.candidate.entry) == chosen)
    else {
        return Ok(());
    };
    let Some(stored) = load_story(conn, story)? else {
        return Ok(());
    };
    let date = entry_identity::story_date(&candidates);
    let hash = &representative.material_hash;
    let (updated, update_count) = match stored.representative_hash {
        None => (entry_identity::initial_updated(representative.updated, date, now), 0),
        Some(stored_hash) if stored_hash == *hash => (stored.updated, stored.update_count),
        Some(_) => entry_identity::next_updated(
            stored.updated,
            stored.update_count,
            representative.updated,
            now,
        )
        .map_or((stored.updated, stored.update_count), |moved| (moved, stored.update_count + 1)),
    };
    execute(
        conn,
        "UPDATE story SET
           representative_entry = :entry, representative_hash = :hash, public = :public,
           published_ms = :published, published_precision = :precision,
           updated_ms = :updated, update_count = :update_count
          WHERE id = :story",
        named_params! {
            ":story": story.0,
            ":entry": representative.candidate.entry.0,
            ":hash": hash,
            ":public": public,
            ":published": date.map(|date| ms(date.at)),
            ":precision": date.map(|date| date.precision.as_str()),
            ":updated": ms(updated),
            ":update_count": update_count,
        },
    )
    .context("store the representative entry of a story")?;
    if public != stored.public {
        archives::invalidate(conn, story)?;
    }
    search_index::update(conn, story)
}

/// Chooses the representative entries of all stories of a source that became public or private.
/// Returns the stories, which have to be classified again, because only public entries count for a
/// public story.
pub(super) fn choose_all_of_source(
    conn: &Connection,
    source: &str,
    now: Timestamp,
) -> Result<Vec<StoryId>, StoreError> {
    let stories = query_all(
        conn,
        "SELECT DISTINCT story_id FROM entry WHERE source_id = ?1",
        [source],
        |r| Ok(StoryId(r.get(0)?)),
    )
    .context("read the stories of a source")?;
    for story in &stories {
        choose(conn, *story, now)?;
    }
    Ok(stories)
}

fn load_story(conn: &Connection, story: StoryId) -> Result<Option<StoredStory>, StoreError> {
    conn.prepare_cached(
        "SELECT representative_hash, updated_ms, update_count, public FROM story
          WHERE id = ?1 AND removed_ms IS NULL",
    )
    .and_then(|mut s| {
        s.query_row([story.0], |r| {
            Ok(StoredStory {
                representative_hash: r.get("representative_hash")?,
                updated: time(r.get("updated_ms")?),
                update_count: r.get("update_count")?,
                public: r.get("public")?,
            })
        })
        .optional()
    })
    .context("read a story")
}

fn load_entries(conn: &Connection, story: StoryId) -> Result<Vec<EntryRow>, StoreError> {
    query_all(
        conn,
        "SELECT e.id, e.canonical_url, e.published_ms, e.published_precision, e.first_seen_ms,
                e.updated_ms, e.material_hash, e.fingerprint, src.url AS source_url,
                src.home_page_url, src.public
           FROM entry e JOIN source src ON src.id = e.source_id
          WHERE e.story_id = ?1 ORDER BY e.first_seen_ms, e.id",
        [story.0],
        entry_of_row,
    )
    .context("read the entries of a story")
}

fn entry_of_row(row: &Row<'_>) -> rusqlite::Result<EntryRow> {
    let precision: Option<String> = row.get("published_precision")?;
    let precision = DatePrecision::from_stored(precision.as_deref().unwrap_or_default());
    let fingerprint: Option<Vec<u8>> = row.get("fingerprint")?;
    Ok(EntryRow {
        candidate: RepresentativeCandidate {
            entry: EntryId(row.get("id")?),
            canonical: row.get("canonical_url")?,
            site: sql_values::source_site(row)?,
            published: time_opt(row, "published_ms")?.map(|at| PublishedDate { at, precision }),
            first_seen: time(row.get("first_seen_ms")?),
            token_count: fingerprint.map_or(0, |bytes| Fingerprint::stored_token_count(&bytes)),
        },
        public: row.get("public")?,
        updated: time_opt(row, "updated_ms")?,
        material_hash: row.get("material_hash")?,
    })
}
