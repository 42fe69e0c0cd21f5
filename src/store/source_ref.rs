//! What published documents carry of a source, and when that last changed.
//!
//! It moves with the source's title, links or id and with nothing else: a build date in it would
//! change every document at every poll.

use rusqlite::{Connection, Row, params};

use super::{
    StoreError,
    error::SqlContext as _,
    sql_values::{self, ms, time},
};
use feed_model::{SourceRef, Timestamp};

/// The columns that [`of_row`] reads, of a source joined as `src`.
pub(super) const COLUMNS: &str =
    "src.id AS src_id, src.title_override, src.feed_title, src.url AS src_url, src.feed_id, src.self_url,
    src.follow_mode AS src_follow_mode, src.follow_url, src.home_page_url, src.rights AS src_rights, src.source_ref_updated_ms";

/// Reads what documents carry of a source out of a row with [`COLUMNS`].
pub(super) fn of_row(row: &Row<'_>) -> rusqlite::Result<SourceRef> {
    let id = sql_values::source_id(row, "src_id")?;
    let own_title: Option<String> = row.get("feed_title")?;
    let title = row
        .get::<_, Option<String>>("title_override")?
        .or(own_title)
        .unwrap_or_else(|| id.to_string());
    let url: String = row.get("src_url")?;
    let way: Option<String> = row.get("src_follow_mode")?;
    let feed_url = row.get::<_, Option<String>>("follow_url")?.unwrap_or(url);
    let own_id: Option<String> = row.get("feed_id")?;
    let feed_id = own_id.filter(|id| is_iri(id)).unwrap_or_else(|| feed_url.clone());
    Ok(SourceRef {
        feed_id,
        title,
        feed_url,
        is_feed: way.as_deref() == Some("feed"),
        home_page_url: row.get("home_page_url")?,
        rights: row.get("src_rights")?,
        updated: time(row.get("source_ref_updated_ms")?),
        id,
    })
}

/// Moves the time of the last change when what documents carry of the source is not what it was;
/// whether it is not.
pub(super) fn update(conn: &Connection, source: &str, now: Timestamp) -> Result<bool, StoreError> {
    let sql = format!("SELECT {COLUMNS}, src.source_ref_digest FROM source src WHERE src.id = ?1");
    let (reference, stored) = conn
        .prepare_cached(&sql)
        .and_then(|mut s| {
            s.query_row([source], |row| {
                Ok((of_row(row)?, row.get::<_, Option<[u8; 32]>>("source_ref_digest")?))
            })
        })
        .context("read what documents carry of a source")?;
    let parts = [
        Some(reference.feed_id.as_str()),
        Some(reference.title.as_str()),
        Some(reference.feed_url.as_str()),
        reference.home_page_url.as_deref(),
        reference.rights.as_deref(),
    ];
    let digest: [u8; 32] = *blake3::hash(sql_values::json(&parts).as_bytes()).as_bytes();
    let changed = stored != Some(digest);
    if changed {
        conn.prepare_cached(
            "UPDATE source SET source_ref_digest = ?2, source_ref_updated_ms = ?3 WHERE id = ?1",
        )
        .and_then(|mut s| s.execute(params![source, digest, ms(now)]))
        .context("store what documents carry of a source")?;
    }
    Ok(changed)
}

/// Whether a feed's own id can stand in `atom:id`: an absolute IRI of a kind that is meant as an
/// id.
fn is_iri(id: &str) -> bool {
    let lower = id.get(..8.min(id.len())).unwrap_or_default().to_ascii_lowercase();
    let known =
        ["http://", "https://", "urn:", "tag:"].iter().any(|scheme| lower.starts_with(scheme));
    known && !id.chars().any(|c| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c))
}
