//! The metadata of a source in published documents, and when it last changed.
//!
//! Only the title, links, rights and id of the source count. If the build date of its feed counted,
//! every document would change at every poll.

use rusqlite::{Connection, Row, params};

use super::{
    StoreError,
    error::SqlContext as _,
    sql_values::{self, ms, time},
    statements::{execute, query_row},
};
use feed_model::{SourceRef, Timestamp};

/// The columns that [`of_row`] reads. The source must be joined as `src`.
pub(super) const COLUMNS: &str = "src.id AS src_id, src.title_override, src.feed_title,
    src.url AS src_url, src.feed_id, src.follow_mode AS src_follow_mode, src.follow_url,
    src.home_page_url, src.rights AS src_rights, src.reservation, src.source_ref_updated_ms";

/// Reads the metadata of a source from a row with [`COLUMNS`].
pub(super) fn of_row(row: &Row<'_>) -> rusqlite::Result<SourceRef> {
    let text = |column| row.get::<_, Option<String>>(column);
    let id = sql_values::source_id(row, "src_id")?;
    let feed_url = match text("follow_url")? {
        Some(url) => url,
        None => row.get("src_url")?,
    };
    Ok(SourceRef {
        feed_id: text("feed_id")?.filter(|id| is_iri(id)).unwrap_or_else(|| feed_url.clone()),
        title: text("title_override")?.or(text("feed_title")?).unwrap_or_else(|| id.to_string()),
        feed_url,
        is_feed: text("src_follow_mode")?.as_deref() == Some("feed"),
        home_page_url: text("home_page_url")?,
        rights: text("src_rights")?,
        reservation: sql_values::from_json_opt(row, "reservation")?.unwrap_or_default(),
        updated: time(row.get("source_ref_updated_ms")?),
        id,
    })
}

/// Stores `now` as the time of the last change if the metadata changed. Returns whether it did.
pub(super) fn update(conn: &Connection, source: &str, now: Timestamp) -> Result<bool, StoreError> {
    let sql = format!("SELECT {COLUMNS}, src.source_ref_digest FROM source src WHERE src.id = ?1");
    let (metadata, stored): (SourceRef, Option<[u8; 32]>) =
        query_row(conn, &sql, [source], |row| Ok((of_row(row)?, row.get("source_ref_digest")?)))
            .context("read the metadata of a source")?;
    let parts = [
        Some(metadata.feed_id.as_str()),
        Some(metadata.title.as_str()),
        Some(metadata.feed_url.as_str()),
        metadata.home_page_url.as_deref(),
        metadata.rights.as_deref(),
    ];
    let digest: [u8; 32] = *blake3::hash(sql_values::json(&parts).as_bytes()).as_bytes();
    let changed = stored != Some(digest);
    if changed {
        execute(
            conn,
            "UPDATE source SET source_ref_digest = ?2, source_ref_updated_ms = ?3 WHERE id = ?1",
            params![source, digest, ms(now)],
        )
        .context("store when the metadata of a source changed")?;
    }
    Ok(changed)
}

/// Whether the id of a feed can be used as `atom:id`: an absolute http(s), urn or tag IRI.
fn is_iri(id: &str) -> bool {
    let lower = id.get(..8.min(id.len())).unwrap_or_default().to_ascii_lowercase();
    let known =
        ["http://", "https://", "urn:", "tag:"].iter().any(|scheme| lower.starts_with(scheme));
    known && !id.chars().any(|c| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c))
}
