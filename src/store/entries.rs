//! Entries: one item as one source gave it, known by its key within the source.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{
    IncomingItem, StoreError,
    error::SqlContext as _,
    sql_values::{self, ms, time_opt},
};
use entry_identity::{Commentary, Fingerprint, KnownEntries, KnownEntry, KnownText};
use feed_model::{DatePrecision, EntryKey, SafeHtml, SourceId, Timestamp, text::truncate_at_word};

/// Characters of the plain text that stories are listed with.
const SUMMARY_CHARS: usize = 500;

/// The stored entries of one source, as `identity` asks for them.
pub(super) struct SourceEntries<'a> {
    pub(super) conn: &'a Connection,
    pub(super) source: &'a SourceId,
}

/// Entries that a moment may have and still tell one from another.
const MAX_PER_TIMESTAMP: usize = 8;

const KNOWN_COLUMNS: &str = "e.id, e.key, e.guid, e.guid_alias, e.link, e.normalized_title, e.material_hash, e.published_ms";

impl SourceEntries<'_> {
    /// The index is named: left to itself, `SQLite` takes the one that has the order and reads
    /// every entry of the source.
    fn find(&self, index: &str, column: &str, value: &str) -> Result<Vec<KnownEntry>, StoreError> {
        let sql = format!(
            "SELECT {KNOWN_COLUMNS} FROM entry e INDEXED BY {index} WHERE e.source_id = ?1 AND e.{column} = ?2
              ORDER BY e.first_seen_ms DESC, e.id DESC LIMIT 50"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map(params![self.source.as_str(), value], known_entry_of_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn known_entry_of_row(row: &Row<'_>) -> rusqlite::Result<KnownEntry> {
    Ok(KnownEntry {
        entry: row.get("id")?,
        key: EntryKey(row.get("key")?),
        guid: row.get("guid")?,
        guid_alias: row.get("guid_alias")?,
        link: row.get("link")?,
        title_norm: row.get("normalized_title")?,
        material_hash: row.get("material_hash")?,
        published: time_opt(row, "published_ms")?,
    })
}

impl KnownEntries for SourceEntries<'_> {
    type Error = StoreError;

    fn by_key(&self, key: &EntryKey) -> Result<Option<KnownEntry>, StoreError> {
        let sql = format!(
            "SELECT {KNOWN_COLUMNS} FROM entry e WHERE e.source_id = ?1 AND (e.key = ?2
               OR e.id = (SELECT a.entry_id FROM entry_alias a WHERE a.source_id = ?1 AND a.key = ?2)) ORDER BY e.key = ?2 DESC LIMIT 1"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        Ok(statement
            .query_row([self.source.as_str(), key.as_str()], known_entry_of_row)
            .optional()?)
    }

    fn by_guid_alias(&self, alias: &str) -> Result<Vec<KnownEntry>, StoreError> {
        self.find("entry_guid_alias", "guid_alias", alias)
    }

    fn by_link(&self, link: &str) -> Result<Vec<KnownEntry>, StoreError> {
        self.find("entry_link", "link", link)
    }

    fn by_title(&self, title_norm: &str) -> Result<Vec<KnownEntry>, StoreError> {
        self.find("entry_source_title", "normalized_title", title_norm)
    }

    fn by_published(&self, published: Timestamp) -> Result<Vec<KnownEntry>, StoreError> {
        let sql = format!(
            "SELECT {KNOWN_COLUMNS} FROM entry e INDEXED BY entry_source_published WHERE e.source_id = ?1 AND e.published_ms = ?2 LIMIT ?3"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map(
            params![self.source.as_str(), ms(published), MAX_PER_TIMESTAMP + 1],
            known_entry_of_row,
        )?;
        let found: Vec<_> = rows.collect::<Result<_, _>>()?;
        Ok(if found.len() > MAX_PER_TIMESTAMP { Vec::new() } else { found })
    }

    fn text_of(&self, entry: i64) -> Result<Option<KnownText>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT summary, content, enclosures <> '[]' FROM entry WHERE id = ?1",
        )?;
        let (summary, content, has_files): (Option<String>, Option<String>, bool) =
            statement.query_row([entry], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(entry_identity::known_text(summary.as_deref(), content.as_deref(), has_files))
    }
}

/// Remembers a further key of an entry.
pub(super) fn add_alias(
    conn: &Connection,
    source: &SourceId,
    key: &EntryKey,
    entry: i64,
) -> Result<(), StoreError> {
    conn.prepare_cached("INSERT INTO entry_alias (source_id, key, entry_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")
        .and_then(|mut s| s.execute(params![source.as_str(), key.as_str(), entry]))
        .context("store a further key of an entry")?;
    Ok(())
}

/// The story of an entry.
pub(super) fn story_of(conn: &Connection, entry: i64) -> Result<i64, StoreError> {
    conn.prepare_cached("SELECT story_id FROM entry WHERE id = ?1")
        .and_then(|mut s| s.query_row([entry], |r| r.get(0)))
        .context("find an entry's story")
}

/// An entry that is not stored yet.
pub(super) struct NewEntry<'a> {
    pub source: &'a SourceId,
    pub item: &'a IncomingItem,
    /// What the item's text is like.
    pub fingerprint: &'a Fingerprint,
    pub story: i64,
    pub join_reason: Option<&'a str>,
    /// The page of another story that it is about.
    pub related: Option<&'a str>,
}

/// Stores a new entry of a story.
pub(super) fn insert(
    conn: &Connection,
    new: &NewEntry<'_>,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let identity = &new.item.identity;
    let (key, key_from) = (identity.key.as_str(), identity.key_from.as_str());
    conn.prepare_cached(
        "INSERT INTO entry (source_id, key, key_from, story_id, join_reason, comments_on, first_seen_ms, last_seen_ms, content_hash, material_hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, x'', x'')",
    )
    .and_then(|mut s| s.execute(params![new.source.as_str(), key, key_from, new.story, new.join_reason, new.related, ms(now)]))
    .context("store an entry")?;
    let entry = conn.last_insert_rowid();
    write_content(conn, entry, new.item, new.fingerprint, now)?;
    Ok(entry)
}

/// Stores which page of another story an entry comments on, if that was not known when it came: the
/// post came later.
pub(super) fn store_commented_page(
    conn: &Connection,
    commentary: &Commentary,
) -> Result<(), StoreError> {
    conn.prepare_cached("UPDATE entry SET comments_on = ?2 WHERE id = ?1 AND comments_on IS NULL")
        .and_then(|mut s| s.execute(params![commentary.entry, commentary.url]))
        .context("store what an entry comments on")?;
    Ok(())
}

/// Brings a known entry up to date; whether anything that is kept of it changed. An entry of a
/// story that is gone stays a tombstone.
pub(super) fn update(
    conn: &Connection,
    entry: i64,
    item: &IncomingItem,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (digest, gone, ahead): ([u8; 32], bool, bool) = conn
        .prepare_cached(
            "SELECT e.content_hash, s.removed_ms IS NOT NULL, coalesce(e.published_ms > ?2, 0)
               FROM entry e JOIN story s ON s.id = e.story_id WHERE e.id = ?1",
        )
        .and_then(|mut s| {
            s.query_row(params![entry, ms(now)], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
        })
        .context("read an entry")?;
    let brought_back = ahead && item.identity.published.is_some_and(|at| at <= now);
    if gone || (digest == item.identity.content_hash && !brought_back) {
        conn.prepare_cached("UPDATE entry SET last_seen_ms = ?2 WHERE id = ?1")
            .and_then(|mut s| s.execute(params![entry, ms(now)]))
            .context("store that an entry was seen")?;
        return Ok(false);
    }
    write_content(conn, entry, item, &Fingerprint::of(&item.draft), now)?;
    Ok(true)
}

/// Everything that an entry says, as of now. A date that was told once stays, unless it is told
/// more exactly, or lay ahead and was brought back: publishers date posts anew to have them read
/// again, and nobody means to publish in the future.
fn write_content(
    conn: &Connection,
    entry: i64,
    item: &IncomingItem,
    fingerprint: &Fingerprint,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (draft, identity) = (&item.draft, &item.identity);
    let stored: (Option<String>, Option<i64>) = conn
        .prepare_cached("SELECT published_precision, published_ms FROM entry WHERE id = ?1")
        .and_then(|mut s| s.query_row([entry], |r| Ok((r.get(0)?, r.get(1)?))))
        .context("read an entry's date")?;
    let better = match (draft.published, stored) {
        (Some(date), (Some(stored), at)) => {
            date.precision > DatePrecision::from_stored(&stored)
                || (at > Some(ms(now)) && date.at <= now)
        }
        (date, (None, _)) => date.is_some(),
        (None, _) => false,
    };
    let marks = fingerprint.minhashes();
    let text = draft
        .summary
        .as_ref()
        .or(draft.content.as_ref())
        .map(|html| feed_parser::plain_text(html.as_str()));
    conn.prepare_cached(
        "UPDATE entry SET guid = ?2, guid_alias = ?3, link = ?4, canonical_url = ?5, normalized_title = ?6, url = ?7, title = ?8,
           published_ms = CASE WHEN ?27 THEN ?9 ELSE published_ms END,
           published_precision = CASE WHEN ?27 THEN ?10 ELSE published_precision END,
           updated_ms = ?11, last_seen_ms = ?12, content_hash = ?13, material_hash = ?14, language = ?15, authors = ?16,
           categories = ?17, enclosures = ?18, related = ?19, origin = ?20, image = ?21, rights = ?22, excerpt = ?23,
           fingerprint = ?24, opening_minhash = ?28, text_minhash = ?29, summary = ?25, content = ?26 WHERE id = ?1",
    )
    .and_then(|mut s| {
        s.execute(params![
            entry,
            identity.guid,
            identity.guid_alias,
            identity.link,
            identity.canonical,
            identity.title_norm,
            draft.url.as_ref().map(url::Url::as_str),
            draft.title,
            draft.published.map(|p| ms(p.at)),
            draft.published.map(|p| p.precision.as_str()),
            draft.updated.map(ms),
            ms(now),
            identity.content_hash,
            identity.material_hash,
            draft.language,
            sql_values::json(&draft.authors),
            sql_values::json(&draft.categories),
            sql_values::json(&draft.enclosures),
            sql_values::json(&draft.related),
            draft.origin.as_ref().map(sql_values::json),
            draft.image,
            draft.rights,
            clip(&text.unwrap_or_default()),
            fingerprint.to_bytes(),
            draft.summary.as_ref().map(SafeHtml::as_str),
            draft.content.as_ref().map(SafeHtml::as_str),
            better,
            marks.map(|[opening, _]| opening),
            marks.map(|[_, whole]| whole),
        ])
    })
    .context("store what an entry says")?;
    Ok(())
}

/// At most [`SUMMARY_CHARS`] characters, cut between words, with an ellipsis where something was
/// cut.
fn clip(text: &str) -> String {
    let text = text.trim();
    if text.chars().nth(SUMMARY_CHARS).is_none() {
        return text.to_owned();
    }
    // The ellipsis takes the place of one character.
    let end = text.char_indices().nth(SUMMARY_CHARS - 1).map_or(text.len(), |(at, _)| at);
    truncate_at_word(text, end, &[',', ';'])
}

/// The identity of the entry with the wanted fields, for those who look for twins.
pub(super) fn fingerprint(row: &Row<'_>) -> rusqlite::Result<Fingerprint> {
    let bytes: Option<Vec<u8>> = row.get("fingerprint")?;
    Ok(bytes.as_deref().and_then(Fingerprint::from_bytes).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_words() {
        assert_eq!(clip(" short "), "short");
        let long = "word ".repeat(200);
        let cut = clip(&long);
        assert!(cut.ends_with("word…") && cut.chars().count() <= SUMMARY_CHARS, "{cut}");
        let unbroken = "ß".repeat(600);
        assert_eq!(clip(&unbroken).chars().count(), SUMMARY_CHARS);
    }
}
