//! Which entry of a story shows, and what moves with it: date and `updated`, never id or position.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    StoreError, archives,
    error::SqlContext as _,
    search,
    sql_values::{self, ms, time_opt},
};
use entry_identity::RepresentativeCandidate;
use feed_model::{DatePrecision, PublishedDate, Timestamp};

/// An entry as the choice sees it, and what a document needs of it.
struct EntryRow {
    facts: RepresentativeCandidate,
    public: bool,
    updated: Option<Timestamp>,
    digest: Vec<u8>,
}

/// Chooses again which entry of a story shows. Only what may be published is chosen where there is
/// any.
pub(super) fn choose(conn: &Connection, story: i64, now: Timestamp) -> Result<(), StoreError> {
    let rows = load(conn, story)?;
    if rows.is_empty() {
        return Ok(());
    }
    let public = rows.iter().any(|row| row.public);
    let eligible: Vec<&EntryRow> = rows.iter().filter(|row| row.public || !public).collect();
    let facts: Vec<RepresentativeCandidate> =
        eligible.iter().map(|row| row.facts.clone()).collect();
    let representative_id = entry_identity::choose_representative(&facts);
    let Some(shown) = eligible.iter().find(|row| row.facts.entry == representative_id) else {
        return Ok(());
    };
    let date = entry_identity::story_date(&facts);
    let before: Option<(Option<Vec<u8>>, i64, u32, bool)> = conn
        .prepare_cached("SELECT representative_hash, updated_ms, update_count, public FROM story WHERE id = ?1 AND removed_ms IS NULL")
        .and_then(|mut s| s.query_row([story], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?))).optional())
        .context("read a story")?;
    let Some((digest, updated, updates, was_public)) = before else {
        return Ok(());
    };
    let (updated, updates) = match digest {
        None => (entry_identity::initial_updated(shown.updated, date, now), 0),
        Some(digest) if digest == shown.digest => (sql_values::time(updated), updates),
        Some(_) => match entry_identity::next_updated(
            sql_values::time(updated),
            updates,
            shown.updated,
            now,
        ) {
            Some(moved) => (moved, updates + 1),
            None => (sql_values::time(updated), updates),
        },
    };
    conn.prepare_cached(
        "UPDATE story SET representative_entry = ?2, published_ms = ?3, published_precision = ?4, updated_ms = ?5, update_count = ?6, representative_hash = ?7,
           public = ?8 WHERE id = ?1",
    )
    .and_then(|mut s| {
        s.execute(params![
            story,
            representative_id,
            date.map(|d| ms(d.at)),
            date.map(|d| d.precision.as_str()),
            ms(updated),
            updates,
            shown.digest,
            public
        ])
    })
    .context("store which entry shows")?;
    if public != was_public {
        archives::invalidate(conn, story)?;
    }
    search::index(conn, story)
}

/// Chooses again for every story of a source, when what it carries became public or private. Their
/// topics are to be judged again too, since only public entries speak for a public story: those
/// stories are returned.
pub(super) fn choose_all_of_source(
    conn: &Connection,
    source: &str,
    now: Timestamp,
) -> Result<Vec<i64>, StoreError> {
    let mut statement = conn
        .prepare_cached("SELECT DISTINCT story_id FROM entry WHERE source_id = ?1")
        .context("find a source's stories")?;
    let stories: Vec<i64> =
        statement.query_map([source], |r| r.get(0))?.collect::<Result<_, _>>()?;
    for story in &stories {
        choose(conn, *story, now)?;
    }
    Ok(stories)
}

fn load(conn: &Connection, story: i64) -> Result<Vec<EntryRow>, StoreError> {
    let mut statement = conn
        .prepare_cached(
            "SELECT e.id, e.canonical_url, e.published_ms, e.published_precision, e.first_seen_ms, e.updated_ms, e.material_hash, e.fingerprint,
                    src.url AS source_url, src.home_page_url, src.public
               FROM entry e JOIN source src ON src.id = e.source_id WHERE e.story_id = ?1 ORDER BY e.first_seen_ms, e.id",
        )
        .context("read the entries of a story")?;
    let rows = statement.query_map([story], |r| {
        let precision: Option<String> = r.get("published_precision")?;
        let published = time_opt(r, "published_ms")?.map(|at| PublishedDate {
            at,
            precision: DatePrecision::from_stored(precision.as_deref().unwrap_or_default()),
        });
        Ok(EntryRow {
            facts: RepresentativeCandidate {
                entry: r.get("id")?,
                canonical: r.get("canonical_url")?,
                site: sql_values::home(r)?,
                published,
                first_seen: sql_values::time(r.get("first_seen_ms")?),
                token_count: r
                    .get::<_, Option<Vec<u8>>>("fingerprint")?
                    .map_or(0, |bytes| entry_identity::Fingerprint::stored_token_count(&bytes)),
            },
            public: r.get("public")?,
            updated: time_opt(r, "updated_ms")?,
            digest: r.get("material_hash")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
