//! Stories: how one begins, how an entry joins one, how one goes.

use std::sync::LazyLock;

use rusqlite::{Connection, params};

use super::{
    Arrival, IncomingItem, StoreError, archives,
    entries::{self, NewEntry},
    error::SqlContext as _,
    search,
    sql_values::{self, ms, time_opt},
};
use entry_identity::{Candidate, Fingerprint, IncomingEntry, Placement, SourceSite};
use feed_model::{Draft, EntryKey, SourceId, Timestamp};

/// Entries with the same link, title or mark that are compared: what so many share says nothing.
const MAX_CANDIDATES: i64 = 24;

/// Entries with the same link, title or mark among which those of other sources are looked for: a
/// source whose items all have one of these does not make every look-up long.
const MAX_LOOKUP_ROWS: i64 = 80;

/// The entries of other sources that have a link, a title or a mark in common with a incoming, the
/// nearest first. The indexes are named: left to itself, `SQLite` takes one that has the order, or
/// the source.
static CANDIDATES_SQL: LazyLock<String> = LazyLock::new(|| {
    let among = |index: &str, condition: &str, order: &str| {
        format!(
            "SELECT id FROM (SELECT id, source_id FROM entry INDEXED BY {index} WHERE {condition} ORDER BY {order} LIMIT ?5)
              WHERE source_id <> ?1"
        )
    };
    let alike = [
        among("entry_canonical_url", "canonical_url = ?2 AND canonical_url IS NOT NULL", "id"),
        among("entry_canonical_url", "canonical_url = ?9 AND canonical_url IS NOT NULL", "id"),
        among("entry_title", "normalized_title = ?3 AND normalized_title IS NOT NULL", "id DESC"),
        among("entry_title", "normalized_title = ?6 AND normalized_title IS NOT NULL", "id DESC"),
        among(
            "entry_title",
            "normalized_title > ?7 AND normalized_title < ?8 AND normalized_title IS NOT NULL",
            "normalized_title",
        ),
        among(
            "entry_opening_minhash",
            "opening_minhash = ?10 AND opening_minhash IS NOT NULL",
            "id DESC",
        ),
        among("entry_text_minhash", "text_minhash = ?11 AND text_minhash IS NOT NULL", "id DESC"),
    ]
    .join(" UNION ");
    format!(
        "WITH alike AS ({alike}),
         nearest AS (
           SELECT e.id FROM alike JOIN entry e ON e.id = alike.id
            ORDER BY e.canonical_url IS ?2 DESC, e.normalized_title IS ?3 DESC, CASE WHEN e.canonical_url IS ?2 THEN e.id ELSE -e.id END LIMIT ?4)
         SELECT e.id, e.story_id, e.source_id, e.link, e.canonical_url, e.normalized_title, e.guid, e.fingerprint, e.published_ms,
                src.url AS source_url, src.home_page_url, coalesce(src.feed_title, src.title_override) AS source_title,
                (SELECT count(*) FROM (SELECT 1 FROM entry o INDEXED BY entry_canonical_url
                  WHERE o.canonical_url = e.canonical_url AND o.canonical_url IS NOT NULL AND o.source_id = e.source_id LIMIT 2)) AS sharing,
                (SELECT count(DISTINCT coalesce(o.canonical_url, o.id)) FROM entry o WHERE o.story_id = e.story_id) AS addresses,
                EXISTS (SELECT 1 FROM entry o WHERE o.story_id = e.story_id AND o.source_id = ?1) AS has_ours
           FROM nearest JOIN entry e ON e.id = nearest.id JOIN source src ON src.id = e.source_id
          WHERE NOT EXISTS (
            SELECT 1 FROM split CROSS JOIN entry one ON one.id = split.entry_id CROSS JOIN entry other ON other.story_id = split.story_id
             WHERE (other.story_id = e.story_id AND one.source_id = ?1 AND (one.normalized_title = ?3 OR one.canonical_url = ?2))
                OR (one.story_id = e.story_id AND other.source_id = ?1 AND (other.normalized_title = ?3 OR other.canonical_url = ?2)))
          ORDER BY e.canonical_url IS ?2 DESC, e.first_seen_ms, e.id"
    )
});

/// Where a new entry was put.
pub(super) struct PlacedEntry {
    pub(super) entry: i64,
    pub(super) story: i64,
    /// Whether the story was there before.
    pub(super) joins: bool,
    /// Whether the story was private until now, and takes its place in the windows.
    pub(super) revealed: bool,
    /// Why there, in words.
    pub(super) reason: String,
}

/// Stores a new entry: in the story that it is the same as, else in one of its own.
pub(super) fn store_entry(
    conn: &Connection,
    source: &SourceId,
    item: &IncomingItem,
    position: Timestamp,
    now: Timestamp,
) -> Result<PlacedEntry, StoreError> {
    let (home, public, title): (SourceSite, bool, Option<String>) = conn
        .prepare_cached(
            "SELECT url AS source_url, home_page_url, public,
                    coalesce(feed_title, title_override) AS title FROM source WHERE id = ?1",
        )
        .and_then(|mut s| {
            s.query_row([source.as_str()], |r| {
                Ok((sql_values::home(r)?, r.get("public")?, r.get("title")?))
            })
        })
        .context("read a source")?;
    let incoming = IncomingEntry::new(source, &item.identity, &item.draft, home)
        .with_source_title(title.as_deref());
    let decision =
        entry_identity::choose_story(&incoming, &candidates(conn, source, item, &incoming)?);
    for commentary in &decision.commentaries {
        entries::store_commented_page(conn, commentary)?;
    }
    let reason = decision.placement.to_string();
    match decision.placement {
        Placement::Joins { story, .. } => {
            let revealed = public && reveal(conn, story, position, item.arrival, now)?;
            // Of a story that is gone nothing is kept but what it is known by.
            let tombstone = is_gone(conn, story)?.then(|| without_text(item));
            let without = tombstone.as_ref().map(|item| (item, Fingerprint::of(&item.draft)));
            let (item, fingerprint) = without
                .as_ref()
                .map_or((item, incoming.fingerprint()), |(item, print)| (item, print));
            let new = NewEntry {
                source,
                item,
                fingerprint,
                story,
                join_reason: Some(&reason),
                related: None,
            };
            let entry = entries::insert(conn, &new, now)?;
            Ok(PlacedEntry { entry, story, joins: true, revealed, reason })
        }
        Placement::Begins { related, .. } => {
            // A private id would be published as soon as a public source joins: one of our own says
            // nothing.
            let guid = item.identity.unique_guid().filter(|_| public);
            let story =
                insert(conn, guid, &item.identity.key, source, position, item.arrival, now)?;
            let fingerprint = incoming.fingerprint();
            let new = NewEntry {
                source,
                item,
                fingerprint,
                story,
                join_reason: None,
                related: related.as_deref(),
            };
            let entry = entries::insert(conn, &new, now)?;
            Ok(PlacedEntry { entry, story, joins: false, revealed: false, reason })
        }
    }
}

/// Begins a story with an entry that is stored already.
pub(super) fn create(
    conn: &Connection,
    entry: i64,
    position: Timestamp,
    arrival: Arrival,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let (guid, key, source): (Option<String>, String, SourceId) = conn
        .prepare_cached(
            "SELECT CASE WHEN src.public THEN e.guid END, e.key, e.source_id
               FROM entry e JOIN source src ON src.id = e.source_id WHERE e.id = ?1",
        )?
        .query_row([entry], |r| {
            Ok((r.get(0)?, r.get(1)?, sql_values::source_id(r, "source_id")?))
        })?;
    insert(conn, guid.as_deref(), &EntryKey(key), &source, position, arrival, now)
}

/// Takes a story out of everything that is published. Its entries stay as tombstones: their keys,
/// without their text.
pub(super) fn tombstone(
    conn: &Connection,
    story: i64,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let done = conn
        .execute(
            "UPDATE story SET removed_ms = ?2, removed_reason = ?3 WHERE id = ?1 AND removed_ms IS NULL",
            params![story, ms(now), reason],
        )
        .context("take a story out")?;
    if done == 0 {
        return Err(StoreError::Unknown { what: "story", name: story.to_string() });
    }
    conn.execute("DELETE FROM story_topic WHERE story_id = ?1", [story])
        .context("take a story out")?;
    conn.execute(
        "UPDATE entry SET title = NULL, authors = '[]', categories = '[]', enclosures = '[]', related = '[]', origin = NULL, image = NULL,
           rights = NULL, excerpt = '', summary = NULL, content = NULL WHERE story_id = ?1",
        [story],
    )
    .context("take a story out")?;
    archives::remove_story(conn, story)?;
    search::index(conn, story)
}

/// A story that only private sources had comes to light with its first public entry, and stands
/// where that would stand: its old place may be far below the window, where no subscriber would
/// ever see it.
fn reveal(
    conn: &Connection,
    story: i64,
    position: Timestamp,
    arrival: Arrival,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let was_hidden = conn
        .prepare_cached(
            "UPDATE story SET position_ms = ?2, first_published_ms = ?3, arrival = ?4
              WHERE id = ?1 AND public = 0 AND removed_ms IS NULL",
        )
        .and_then(|mut s| s.execute(params![story, ms(position), ms(now), arrival.as_str()]))
        .context("bring a story to light")?
        > 0;
    if was_hidden {
        conn.prepare_cached(
            "UPDATE story_topic SET position_ms = ?2, in_window = 1 WHERE story_id = ?1",
        )
        .and_then(|mut s| s.execute(params![story, ms(position)]))
        .context("bring a story to light")?;
    }
    Ok(was_hidden)
}

fn is_gone(conn: &Connection, story: i64) -> Result<bool, StoreError> {
    conn.prepare_cached("SELECT removed_ms IS NOT NULL FROM story WHERE id = ?1")
        .and_then(|mut s| s.query_row([story], |r| r.get(0)))
        .context("read a story")
}

/// An item with what it is known by, and without what it says.
fn without_text(item: &IncomingItem) -> IncomingItem {
    let (guid, url, published) =
        (item.draft.guid.clone(), item.draft.url.clone(), item.draft.published);
    IncomingItem {
        draft: Draft { guid, url, published, ..Draft::default() },
        identity: item.identity.clone(),
        arrival: item.arrival,
    }
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
    let mut taken =
        conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM story WHERE published_id = ?1)")?;
    // A look-up that fails counts as taken: the id is then minted, and the insert below says what
    // is wrong.
    let published_id = entry_identity::published_id(guid, key, source, |id| {
        taken.query_row([id], |r| r.get(0)).unwrap_or(true)
    });
    conn.prepare_cached(
        "INSERT INTO story (published_id, position_ms, first_published_ms, updated_ms, arrival, public) VALUES (?1, ?2, ?3, ?3, ?4, 0)",
    )
    .and_then(|mut s| s.execute(params![published_id, ms(position), ms(now), arrival.as_str()]))
    .context("store a story")?;
    Ok(conn.last_insert_rowid())
}

/// Entries of other sources that a new one may be the same story as: by link, then by title, then
/// by a title that has the name of a source behind it, then by what marks its text. Found by index,
/// and a bounded number of them, however many are stored. What a person parted is no twin again,
/// also when one side comes anew under names that nobody knows: its source, with its title or link,
/// is enough.
///
/// Entries that were stored by earlier rules have their links as those compared them: such a link
/// is looked for as well.
fn candidates(
    conn: &Connection,
    source: &SourceId,
    item: &IncomingItem,
    incoming: &IncomingEntry<'_>,
) -> Result<Vec<Candidate>, StoreError> {
    let marks = incoming.fingerprint().minhashes();
    // Too many titles begin with one word or two.
    let bare = incoming.title_without_source_name().filter(|title| title.split(' ').count() >= 3);
    // A normalised title has a blank between words: what follows a title and a blank stands between
    // these two.
    let (longer, beyond) =
        (bare.map(|title| format!("{title} ")), bare.map(|title| format!("{title}!")));
    let legacy_link =
        item.identity.link.as_deref().map(|link| link.split('#').next().unwrap_or_default());
    let legacy_link = legacy_link.filter(|link| Some(*link) != item.identity.canonical.as_deref());
    let mut statement = conn.prepare_cached(&CANDIDATES_SQL)?;
    let rows = statement.query_map(
        params![
            source.as_str(),
            item.identity.canonical,
            item.identity.title_norm,
            MAX_CANDIDATES,
            MAX_LOOKUP_ROWS,
            bare.filter(|bare| Some(*bare) != item.identity.title_norm.as_deref()),
            longer,
            beyond,
            legacy_link,
            marks.map(|[opening, _]| opening),
            marks.map(|[_, whole]| whole)
        ],
        |r| {
            Ok(Candidate {
                story: r.get("story_id")?,
                entry: r.get("id")?,
                source: sql_values::source_id(r, "source_id")?,
                source_title: r.get("source_title")?,
                link: r.get("link")?,
                canonical: r
                    .get::<_, Option<String>>("canonical_url")?
                    .and_then(|link| entry_identity::canonical_link(&link)),
                title_norm: r.get("normalized_title")?,
                guid: r.get("guid")?,
                fingerprint: entries::fingerprint(r)?,
                published: time_opt(r, "published_ms")?,
                site: sql_values::home(r)?,
                entries_with_link: r.get("sharing")?,
                page_count: r.get("addresses")?,
                has_entry_of_same_source: r.get("has_ours")?,
            })
        },
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}
