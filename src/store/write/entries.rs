//! Entries: the items of a source's documents, identified by their keys.

use std::sync::LazyLock;

use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, named_params, params};

use entry_identity::{Commentary, Fingerprint, KnownEntries, KnownEntry, KnownText};
use feed_model::{DatePrecision, Draft, EntryId, EntryKey, SafeHtml, SourceId, StoryId, Timestamp};

use crate::store::{
    IncomingItem, StoreError,
    error::SqlContext as _,
    prepare::PreparedItem,
    sql_values::{self, ms, number, time_opt},
    statements::{execute, query_all, query_row},
};

/// The maximum number of entries of a source with the same date that can be told apart.
const MAX_PER_TIMESTAMP: usize = 8;

/// The columns that [`known_entry_of_row`] reads.
const KNOWN_COLUMNS: &str = "e.id, e.key, e.guid, e.guid_alias, e.link, e.normalized_title,
    e.material_hash, e.published_ms";

/// The stored entries of one source.
pub(in crate::store) struct SourceEntries<'a> {
    conn: &'a Connection,
    source: &'a SourceId,
    /// Whether there are none, as before the first import.
    is_empty: bool,
}

impl<'a> SourceEntries<'a> {
    /// Returns the entries of a source.
    pub(in crate::store) fn new(
        conn: &'a Connection,
        source: &'a SourceId,
    ) -> Result<Self, StoreError> {
        let sql = "SELECT NOT EXISTS (SELECT 1 FROM entry WHERE source_id = ?1)";
        let is_empty = query_row(conn, sql, [source.as_str()], |r| r.get(0))?;
        Ok(Self { conn, source, is_empty })
    }

    /// Returns the newest entries with a value. The index is named: the query planner would prefer
    /// one with the order and read all entries of the source.
    fn find(&self, index: &str, column: &str, value: &str) -> Result<Vec<KnownEntry>, StoreError> {
        if self.is_empty {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT {KNOWN_COLUMNS} FROM entry e INDEXED BY {index}
              WHERE e.source_id = ?1 AND e.{column} = ?2
              ORDER BY e.first_seen_ms DESC, e.id DESC LIMIT 50"
        );
        let params = params![self.source.as_str(), value];
        Ok(query_all(self.conn, &sql, params, known_entry_of_row)?)
    }
}

fn known_entry_of_row(row: &Row<'_>) -> rusqlite::Result<KnownEntry> {
    Ok(KnownEntry {
        entry: EntryId(row.get("id")?),
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
        if self.is_empty {
            return Ok(None);
        }
        let sql = format!(
            "SELECT {KNOWN_COLUMNS} FROM entry e WHERE e.source_id = ?1 AND (e.key = ?2
               OR e.id = (SELECT a.entry_id FROM entry_alias a
                           WHERE a.source_id = ?1 AND a.key = ?2))
              ORDER BY e.key = ?2 DESC LIMIT 1"
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
        if self.is_empty {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT {KNOWN_COLUMNS} FROM entry e INDEXED BY entry_source_published
              WHERE e.source_id = ?1 AND e.published_ms = ?2 LIMIT ?3"
        );
        let params = params![self.source.as_str(), ms(published), MAX_PER_TIMESTAMP + 1];
        let entries = query_all(self.conn, &sql, params, known_entry_of_row)?;
        Ok(if entries.len() > MAX_PER_TIMESTAMP { Vec::new() } else { entries })
    }

    fn newest(&self, limit: usize) -> Result<Vec<KnownEntry>, StoreError> {
        if self.is_empty {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT {KNOWN_COLUMNS} FROM entry e INDEXED BY entry_source_published
              WHERE e.source_id = ?1 AND e.published_ms IS NOT NULL
              ORDER BY e.published_ms DESC LIMIT ?2"
        );
        let params = params![self.source.as_str(), number(limit)];
        Ok(query_all(self.conn, &sql, params, known_entry_of_row)?)
    }

    fn text_of(&self, entry: EntryId) -> Result<Option<KnownText>, StoreError> {
        let (summary, content, has_files): (Option<String>, Option<String>, bool) = query_row(
            self.conn,
            "SELECT summary, content, enclosures <> '[]' FROM entry WHERE id = ?1",
            [entry.0],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        Ok(entry_identity::known_text(summary.as_deref(), content.as_deref(), has_files))
    }
}

/// Stores a further key of an entry.
pub(super) fn add_alias(
    conn: &Connection,
    source: &SourceId,
    key: &EntryKey,
    entry: EntryId,
) -> Result<(), StoreError> {
    execute(
        conn,
        "INSERT INTO entry_alias (source_id, key, entry_id) VALUES (?1, ?2, ?3)
         ON CONFLICT DO NOTHING",
        params![source.as_str(), key.as_str(), entry.0],
    )
    .context("store a further key of an entry")?;
    Ok(())
}

/// Returns the id of the next entry that is stored.
pub(super) fn next_id(conn: &Connection) -> Result<EntryId, StoreError> {
    let sql = "SELECT coalesce(max(id), 0) + 1 FROM entry";
    query_row(conn, sql, [], |r| Ok(EntryId(r.get(0)?))).context("read the last entry")
}

/// An entry to be stored.
pub(super) struct NewEntry<'a> {
    /// The id that its story already names; `None`: the next one.
    pub(super) id: Option<EntryId>,
    pub(super) source: &'a SourceId,
    pub(super) item: &'a IncomingItem,
    pub(super) prepared: &'a PreparedItem,
    pub(super) story: StoryId,
    /// Why it joins the story; `None`: the story was created for it.
    pub(super) join_reason: Option<&'a str>,
    /// The URL of the story that it comments on.
    pub(super) comments_on: Option<&'a str>,
}

/// Stores a new entry.
pub(super) fn insert(
    conn: &Connection,
    new: &NewEntry<'_>,
    now: Timestamp,
) -> Result<EntryId, StoreError> {
    let identity = &new.item.identity;
    let date = new.item.draft.published;
    let own: &[(&str, &dyn ToSql)] = named_params! {
        ":id": new.id.map(|id| id.0),
        ":source": new.source.as_str(),
        ":key": identity.key.as_str(),
        ":key_from": identity.key_from.as_str(),
        ":story": new.story.0,
        ":join_reason": new.join_reason,
        ":comments_on": new.comments_on,
        ":published": date.map(|date| ms(date.at)),
        ":precision": date.map(|date| date.precision.as_str()),
    };
    execute_with_content(conn, &INSERT, own, new.item, new.prepared, now)
        .context("store an entry")?;
    Ok(EntryId(conn.last_insert_rowid()))
}

/// Stores the URL of the story that an entry comments on, if none is stored. Needed when the story
/// arrives after the comment.
pub(super) fn store_commented_page(
    conn: &Connection,
    commentary: &Commentary,
) -> Result<(), StoreError> {
    execute(
        conn,
        "UPDATE entry SET comments_on = ?2 WHERE id = ?1 AND comments_on IS NULL",
        params![commentary.entry.0, commentary.url],
    )
    .context("store what an entry comments on")?;
    Ok(())
}

/// Stores when unchanged entries were last seen.
pub(super) fn store_last_seen(
    conn: &Connection,
    entries: &[EntryId],
    now: Timestamp,
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = entries.iter().map(|entry| entry.0).collect();
    execute(
        conn,
        "UPDATE entry SET last_seen_ms = ?2 WHERE id IN (SELECT value FROM json_each(?1))",
        params![sql_values::json(&ids), ms(now)],
    )
    .context("store when entries were last seen")?;
    Ok(())
}

/// Updates the content of a known entry. Returns its story, and whether anything changed. An entry
/// of a removed story stays a tombstone.
pub(super) fn update(
    conn: &Connection,
    entry: EntryId,
    item: &IncomingItem,
    prepared: impl FnOnce() -> PreparedItem,
    now: Timestamp,
) -> Result<(StoryId, bool), StoreError> {
    let (story, hash, is_removed, was_in_future): (i64, [u8; 32], bool, bool) = query_row(
        conn,
        "SELECT s.id, e.content_hash, s.removed_ms IS NOT NULL, coalesce(e.published_ms > ?2, 0)
           FROM entry e JOIN story s ON s.id = e.story_id WHERE e.id = ?1",
        params![entry.0, ms(now)],
        |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)),
    )
    .context("read an entry")?;
    let story = StoryId(story);
    let date_corrected = was_in_future && item.identity.published.is_some_and(|at| at <= now);
    if is_removed || (hash == item.identity.content_hash && !date_corrected) {
        return Ok((story, false));
    }
    update_content(conn, entry, item, &prepared(), now)?;
    Ok((story, true))
}

/// Stores the content of an entry.
///
/// A stored date is replaced only by a more precise one, or if it is in the future and the new one
/// is not: publishers change the dates of posts to have them shown again.
fn update_content(
    conn: &Connection,
    entry: EntryId,
    item: &IncomingItem,
    prepared: &PreparedItem,
    now: Timestamp,
) -> Result<(), StoreError> {
    let draft = &item.draft;
    let stored: (Option<String>, Option<i64>) = query_row(
        conn,
        "SELECT published_precision, published_ms FROM entry WHERE id = ?1",
        [entry.0],
        |r| Ok((r.get(0)?, r.get(1)?)),
    )
    .context("read an entry's date")?;
    let replaces_date = match (draft.published, stored) {
        (Some(date), (Some(stored), at)) => {
            date.precision > DatePrecision::from_stored(&stored)
                || (at > Some(ms(now)) && date.at <= now)
        }
        (date, (None, _)) => date.is_some(),
        (None, _) => false,
    };
    let own: &[(&str, &dyn ToSql)] = named_params! {
        ":entry": entry.0,
        ":replaces_date": replaces_date,
        ":published": draft.published.map(|date| ms(date.at)),
        ":precision": draft.published.map(|date| date.precision.as_str()),
    };
    execute_with_content(conn, &UPDATE, own, item, prepared, now)
        .context("store the content of an entry")
}

/// The columns that every document with the entry sets. The parameters have the same names.
const CONTENT_COLUMNS: [&str; 26] = [
    "guid",
    "guid_alias",
    "link",
    "canonical_url",
    "normalized_title",
    "url",
    "title",
    "updated_ms",
    "last_seen_ms",
    "content_hash",
    "material_hash",
    "language",
    "authors",
    "categories",
    "enclosures",
    "related",
    "origin",
    "image",
    "rights",
    "license",
    "excerpt",
    "fingerprint",
    "opening_minhash",
    "text_minhash",
    "summary",
    "content",
];

static INSERT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "INSERT INTO entry (id, source_id, key, key_from, story_id, join_reason, comments_on,
           first_seen_ms, published_ms, published_precision, {})
         VALUES (:id, :source, :key, :key_from, :story, :join_reason, :comments_on,
           :last_seen_ms, :published, :precision, :{})",
        CONTENT_COLUMNS.join(", "),
        CONTENT_COLUMNS.join(", :")
    )
});

static UPDATE: LazyLock<String> = LazyLock::new(|| {
    let set: Vec<String> =
        CONTENT_COLUMNS.iter().map(|column| format!("{column} = :{column}")).collect();
    format!(
        "UPDATE entry SET
           published_ms = iif(:replaces_date, :published, published_ms),
           published_precision = iif(:replaces_date, :precision, published_precision), {}
          WHERE id = :entry",
        set.join(", ")
    )
});

/// Runs a statement with parameters of its own and those of [`CONTENT_COLUMNS`].
fn execute_with_content(
    conn: &Connection,
    sql: &str,
    own: &[(&str, &dyn ToSql)],
    item: &IncomingItem,
    prepared: &PreparedItem,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let (draft, identity) = (&item.draft, &item.identity);
    let minhashes = prepared.fingerprint.minhashes();
    let content: &[(&str, &dyn ToSql)] = named_params! {
        ":guid": identity.guid,
        ":guid_alias": identity.guid_alias,
        ":link": identity.link,
        ":canonical_url": identity.canonical,
        ":normalized_title": identity.title_norm,
        ":url": draft.url.as_ref().map(url::Url::as_str),
        ":title": draft.title,
        ":updated_ms": draft.updated.map(ms),
        ":last_seen_ms": ms(now),
        ":content_hash": identity.content_hash,
        ":material_hash": identity.material_hash,
        ":language": draft.language,
        ":authors": sql_values::json(&draft.authors),
        ":categories": sql_values::json(&draft.categories),
        ":enclosures": sql_values::json(&draft.enclosures),
        ":related": sql_values::json(&draft.related),
        ":origin": draft.origin.as_ref().map(sql_values::json),
        ":image": draft.image,
        ":rights": draft.rights,
        ":license": draft.license,
        ":excerpt": prepared.excerpt,
        ":fingerprint": prepared.fingerprint.to_bytes(),
        ":opening_minhash": minhashes.map(|[opening, _]| opening),
        ":text_minhash": minhashes.map(|[_, text]| text),
        ":summary": draft.summary.as_ref().map(SafeHtml::as_str),
        ":content": draft.content.as_ref().map(SafeHtml::as_str),
    };
    execute(conn, sql, [own, content].concat().as_slice())?;
    Ok(())
}

/// Reads the column `fingerprint`; an unreadable one counts as empty.
pub(super) fn fingerprint(row: &Row<'_>) -> rusqlite::Result<Fingerprint> {
    let bytes: Option<Vec<u8>> = row.get("fingerprint")?;
    Ok(bytes.as_deref().and_then(Fingerprint::from_bytes).unwrap_or_default())
}

/// Computes the fingerprint of an entry that an earlier version stored; `None` if its text was
/// removed.
pub(super) fn compute_fingerprint(
    conn: &Connection,
    entry: EntryId,
) -> Result<Option<Fingerprint>, StoreError> {
    let draft = query_row(
        conn,
        "SELECT title, authors, enclosures, summary, content FROM entry WHERE id = ?1",
        [entry.0],
        |row| {
            let html = |column: &str| {
                row.get::<_, Option<String>>(column).map(|html| html.map(SafeHtml::from_sanitised))
            };
            Ok(Draft {
                title: row.get("title")?,
                authors: sql_values::from_json(row, "authors")?,
                enclosures: sql_values::from_json(row, "enclosures")?,
                summary: html("summary")?,
                content: html("content")?,
                ..Draft::default()
            })
        },
    )
    .context("read an entry's text")?;
    let has_text = draft.summary.is_some() || draft.content.is_some();
    Ok(has_text.then(|| Fingerprint::of(&draft)))
}
