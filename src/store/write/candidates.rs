//! Finds entries of other sources that a new entry may be a duplicate of.
//!
//! Candidates have the same link, the same title, a title that differs by the name of a source, or
//! a similar text (by its minwise hashes). They are found by index, and their number is limited.
//! Entries that were split apart are no candidates. This also holds for new entries of the same
//! source with the same title or link.

use std::sync::LazyLock;

use rusqlite::{Connection, Row, named_params};

use entry_identity::{Candidate, IncomingEntry};
use feed_model::{EntryId, SourceId, StoryId};

use super::entries;
use crate::store::{
    IncomingItem, StoreError,
    sql_values::{self, time_opt},
    statements::query_all,
};

/// The maximum number of candidates that are compared. A property that more entries share says
/// little.
const MAX_CANDIDATES: i64 = 24;

/// The maximum number of entries with the same property that are searched for entries of other
/// sources, so that a source whose entries all share a property does not slow down every look-up.
const MAX_LOOKUP_ROWS: i64 = 80;

/// The minimum number of words of a title that other titles are compared with as a prefix. Too many
/// titles begin with one or two given words.
const MIN_PREFIX_WORDS: usize = 3;

/// The indexes are named: the query planner would prefer one with the order, or with the source.
static ALIKE: LazyLock<String> = LazyLock::new(|| {
    let lookup = |index: &str, condition: &str, order: &str| {
        format!(
            "SELECT id FROM (
               SELECT id, source_id FROM entry INDEXED BY {index}
                WHERE {condition} ORDER BY {order} LIMIT :max_rows)
              WHERE source_id <> :source"
        )
    };
    let equal = |index: &str, column: &str, parameter: &str, order: &str| {
        lookup(index, &format!("{column} = {parameter} AND {column} IS NOT NULL"), order)
    };
    let alike = [
        equal("entry_canonical_url", "canonical_url", ":canonical", "id"),
        equal("entry_canonical_url", "canonical_url", ":legacy_link", "id"),
        equal("entry_title", "normalized_title", ":title", "id DESC"),
        equal("entry_title", "normalized_title", ":bare_title", "id DESC"),
        lookup(
            "entry_title",
            "normalized_title > :title_from AND normalized_title < :title_to
               AND normalized_title IS NOT NULL",
            "normalized_title",
        ),
        equal("entry_opening_minhash", "opening_minhash", ":opening_minhash", "id DESC"),
        equal("entry_text_minhash", "text_minhash", ":text_minhash", "id DESC"),
    ]
    .join(" UNION ");
    format!(
        "SELECT e.id, e.normalized_title, src.url AS source_url, src.home_page_url,
                coalesce(src.feed_title, src.title_override) AS source_title,
                e.canonical_url IS :canonical OR e.canonical_url IS :legacy_link AS has_link
           FROM ({alike}) alike JOIN entry e ON e.id = alike.id
           JOIN source src ON src.id = e.source_id
          ORDER BY e.canonical_url IS :canonical DESC, e.normalized_title IS :title DESC,
            iif(e.canonical_url IS :canonical, e.id, -e.id)
          LIMIT :max_candidates"
    )
});

/// What is compared of the entries that may match.
const CANDIDATES: &str = "
    SELECT e.id, e.story_id, e.source_id, e.link, e.canonical_url, e.normalized_title, e.guid,
           e.fingerprint, e.published_ms, src.url AS source_url, src.home_page_url,
           coalesce(src.feed_title, src.title_override) AS source_title,
           (SELECT count(*) FROM (
              SELECT 1 FROM entry o INDEXED BY entry_canonical_url
               WHERE o.canonical_url = e.canonical_url AND o.canonical_url IS NOT NULL
                 AND o.source_id = e.source_id LIMIT 2)) AS entries_with_link,
           (SELECT count(DISTINCT coalesce(o.canonical_url, o.id))
              FROM entry o WHERE o.story_id = e.story_id) AS page_count,
           EXISTS (SELECT 1 FROM entry o
                    WHERE o.story_id = e.story_id AND o.source_id = :source)
             AS has_entry_of_same_source
      FROM json_each(:entries) found CROSS JOIN entry e ON e.id = found.value
      JOIN source src ON src.id = e.source_id
     WHERE NOT EXISTS (
       SELECT 1 FROM split CROSS JOIN entry one ON one.id = split.entry_id
              CROSS JOIN entry other ON other.story_id = split.story_id
        WHERE (other.story_id = e.story_id AND one.source_id = :source
               AND (one.normalized_title = :title OR one.canonical_url = :canonical))
           OR (one.story_id = e.story_id AND other.source_id = :source
               AND (other.normalized_title = :title OR other.canonical_url = :canonical)))
     ORDER BY e.canonical_url IS :canonical DESC, e.first_seen_ms, e.id";

/// Returns the candidates for a new entry, the best first.
pub(super) fn find(
    conn: &Connection,
    source: &SourceId,
    item: &IncomingItem,
    incoming: &IncomingEntry<'_>,
) -> Result<Vec<Candidate>, StoreError> {
    let identity = &item.identity;
    let minhashes = incoming.fingerprint().minhashes();
    let bare_title = incoming
        .title_without_source_name()
        .filter(|title| title.split(' ').count() >= MIN_PREFIX_WORDS);
    // Earlier versions stored links without their fragment as canonical URLs.
    let legacy_link = identity
        .link
        .as_deref()
        .map(|link| link.split('#').next().unwrap_or_default())
        .filter(|link| Some(*link) != identity.canonical.as_deref());
    let alike = query_all(
        conn,
        &ALIKE,
        named_params! {
            ":source": source.as_str(),
            ":canonical": identity.canonical,
            ":legacy_link": legacy_link,
            ":title": identity.title_norm,
            ":bare_title": bare_title.filter(|bare| Some(*bare) != identity.title_norm.as_deref()),
            // The words of a normalized title are separated by single spaces, and '!' follows ' '.
            ":title_from": bare_title.map(|title| format!("{title} ")),
            ":title_to": bare_title.map(|title| format!("{title}!")),
            ":opening_minhash": minhashes.map(|[opening, _]| opening),
            ":text_minhash": minhashes.map(|[_, text]| text),
            ":max_rows": MAX_LOOKUP_ROWS,
            ":max_candidates": MAX_CANDIDATES,
        },
        |row| {
            let title: Option<String> = row.get("normalized_title")?;
            let source_title: Option<String> = row.get("source_title")?;
            let may_match = row.get("has_link")?
                || incoming.has_related_title(
                    title.as_deref(),
                    source_title.as_deref(),
                    &sql_values::source_site(row)?,
                );
            Ok(may_match.then_some(row.get::<_, i64>("id")?))
        },
    )?;
    let alike: Vec<i64> = alike.into_iter().flatten().collect();
    if alike.is_empty() {
        return Ok(Vec::new());
    }
    let mut candidates = query_all(
        conn,
        CANDIDATES,
        named_params! {
            ":entries": sql_values::json(&alike),
            ":source": source.as_str(),
            ":canonical": identity.canonical,
            ":title": identity.title_norm,
        },
        candidate_of_row,
    )?;
    for candidate in candidates.iter_mut().filter(|c: &&mut Candidate| c.fingerprint.lacks_words())
    {
        if let Some(fingerprint) = entries::compute_fingerprint(conn, candidate.entry)? {
            candidate.fingerprint = fingerprint;
        }
    }
    Ok(candidates)
}

fn candidate_of_row(row: &Row<'_>) -> rusqlite::Result<Candidate> {
    Ok(Candidate {
        story: StoryId(row.get("story_id")?),
        entry: EntryId(row.get("id")?),
        source: sql_values::source_id(row, "source_id")?,
        source_title: row.get("source_title")?,
        link: row.get("link")?,
        canonical: row
            .get::<_, Option<String>>("canonical_url")?
            .and_then(|link| entry_identity::canonical_link(&link)),
        title_norm: row.get("normalized_title")?,
        guid: row.get("guid")?,
        fingerprint: entries::fingerprint(row)?,
        published: time_opt(row, "published_ms")?,
        site: sql_values::source_site(row)?,
        entries_with_link: row.get("entries_with_link")?,
        page_count: row.get("page_count")?,
        has_entry_of_same_source: row.get("has_entry_of_same_source")?,
    })
}
