//! Creates, extends and removes stories.

use rusqlite::{Connection, named_params, params};

use entry_identity::{IncomingEntry, Placement, SourceSite};
use feed_model::{Draft, EntryId, EntryKey, PublishedDate, SourceId, StoryId, Timestamp};
use topic_rules::Rules;

use super::{
    archives, candidates, classification,
    entries::{self, NewEntry},
};
use crate::store::{
    Arrival, IncomingItem, StoreError,
    error::SqlContext as _,
    prepare::PreparedItem,
    search_index,
    sql_values::{self, ms},
    statements::{execute, query_row},
};

/// The story in which a new entry was stored.
pub(super) struct PlacedEntry {
    pub(super) entry: EntryId,
    pub(super) story: StoryId,
    /// Whether the story existed before.
    pub(super) joins: bool,
    /// Whether the story was private before.
    pub(super) revealed: bool,
    /// The reason for the choice of the story.
    pub(super) reason: String,
}

/// A story to be created.
struct NewStory<'a> {
    /// The publisher's id if it may be published.
    guid: Option<&'a str>,
    key: &'a EntryKey,
    source: &'a SourceId,
    position: Timestamp,
    arrival: Arrival,
}

/// The source of new items.
pub(super) struct ItemSource<'a> {
    id: &'a SourceId,
    public: bool,
    site: SourceSite,
    title: Option<String>,
}

impl<'a> ItemSource<'a> {
    /// Loads what the stories of new items depend on.
    pub(super) fn load(conn: &Connection, id: &'a SourceId) -> Result<Self, StoreError> {
        query_row(
            conn,
            "SELECT url AS source_url, home_page_url, public,
                    coalesce(feed_title, title_override) AS title FROM source WHERE id = ?1",
            [id.as_str()],
            |r| {
                let (public, title) = (r.get("public")?, r.get("title")?);
                Ok(Self { id, public, site: sql_values::source_site(r)?, title })
            },
        )
        .context("read a source")
    }
}

/// A new item, and where its story would be.
pub(super) struct NewItem<'a> {
    pub(super) source: &'a ItemSource<'a>,
    pub(super) item: &'a IncomingItem,
    pub(super) prepared: &'a PreparedItem,
    pub(super) position: Timestamp,
}

/// Stores a new entry in the story that it is a duplicate of, or else in a new story. A new story
/// is complete: it has its representative entry and its topics.
pub(super) fn store_entry(
    conn: &Connection,
    new: &NewItem<'_>,
    rules: &Rules,
    now: Timestamp,
) -> Result<PlacedEntry, StoreError> {
    let NewItem { source: item_source, item, prepared, position } = *new;
    let ItemSource { id: source, public, .. } = *item_source;
    let (identity, fingerprint) = (&item.identity, prepared.fingerprint.clone());
    let site = item_source.site.clone();
    let incoming =
        IncomingEntry::with_fingerprint(source, identity, &item.draft, site, fingerprint)
            .with_source_title(item_source.title.as_deref());
    let decision =
        entry_identity::choose_story(&incoming, &candidates::find(conn, source, item, &incoming)?);
    for commentary in &decision.commentaries {
        entries::store_commented_page(conn, commentary)?;
    }
    let reason = decision.placement.to_string();
    match decision.placement {
        Placement::Joins { story, .. } => {
            let revealed = public && reveal(conn, story, position, item.arrival, now)?;
            let join_reason = Some(reason.as_str());
            let mut new = NewEntry {
                id: None,
                source,
                item,
                prepared,
                story,
                join_reason,
                comments_on: None,
            };
            let entry = if is_removed(conn, story)? {
                let item = without_text(item);
                let prepared = PreparedItem::new(source, &item.draft, rules);
                (new.item, new.prepared) = (&item, &prepared);
                entries::insert(conn, &new, now)?
            } else {
                entries::insert(conn, &new, now)?
            };
            Ok(PlacedEntry { entry, story, joins: true, revealed, reason })
        }
        Placement::Begins { related, .. } => {
            let new = NewStory {
                // The published id of a private story would be disclosed once a public source
                // joins it. A generated id discloses nothing.
                guid: identity.unique_guid().filter(|_| public),
                key: &identity.key,
                source,
                position,
                arrival: item.arrival,
            };
            let shown = only_entry(conn, item, public, rules, now)?;
            let story = insert(conn, &new, Some(&shown), now)?;
            let new = NewEntry {
                id: Some(shown.entry),
                source,
                item,
                prepared,
                story,
                join_reason: None,
                comments_on: related.as_deref(),
            };
            let entry = entries::insert(conn, &new, now)?;
            classification::store_new(conn, story, position, &prepared.topics)?;
            if public {
                search_index::insert(conn, story, &prepared.index_row)?;
            }
            Ok(PlacedEntry { entry, story, joins: false, revealed: false, reason })
        }
    }
}

/// What a new story shows: its only entry.
struct OnlyEntry<'a> {
    entry: EntryId,
    material_hash: &'a [u8],
    public: bool,
    date: Option<PublishedDate>,
    updated: Timestamp,
    rules_fingerprint: [u8; 32],
}

/// Returns what the story of a new item shows. The item is stored under the returned id.
fn only_entry<'a>(
    conn: &Connection,
    item: &'a IncomingItem,
    public: bool,
    rules: &Rules,
    now: Timestamp,
) -> Result<OnlyEntry<'a>, StoreError> {
    let stored = |at: Timestamp| sql_values::time(ms(at));
    let date = item.draft.published.map(|date| PublishedDate { at: stored(date.at), ..date });
    Ok(OnlyEntry {
        entry: entries::next_id(conn)?,
        material_hash: &item.identity.material_hash,
        public,
        date,
        updated: entry_identity::initial_updated(item.draft.updated.map(stored), date, now),
        rules_fingerprint: rules.fingerprint(),
    })
}

/// Creates a story for an entry that is already stored.
pub(super) fn create(
    conn: &Connection,
    entry: EntryId,
    position: Timestamp,
    arrival: Arrival,
    now: Timestamp,
) -> Result<StoryId, StoreError> {
    let (guid, key, source): (Option<String>, String, SourceId) = query_row(
        conn,
        "SELECT iif(src.public, e.guid, NULL) AS guid, e.key, e.source_id
           FROM entry e JOIN source src ON src.id = e.source_id WHERE e.id = ?1",
        [entry.0],
        |r| Ok((r.get("guid")?, r.get("key")?, sql_values::source_id(r, "source_id")?)),
    )?;
    let new =
        NewStory { guid: guid.as_deref(), key: &EntryKey(key), source: &source, position, arrival };
    insert(conn, &new, None, now)
}

/// Removes a story from everything that is published. Its entries stay as tombstones: their keys
/// without their text.
pub(super) fn tombstone(
    conn: &Connection,
    story: StoryId,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let context = "remove a story";
    let removed = execute(
        conn,
        "UPDATE story SET removed_ms = ?2, removed_reason = ?3
          WHERE id = ?1 AND removed_ms IS NULL",
        params![story.0, ms(now), reason],
    )
    .context(context)?;
    if removed == 0 {
        return Err(StoreError::Unknown { what: "story", name: story.to_string() });
    }
    execute(conn, "DELETE FROM story_topic WHERE story_id = ?1", [story.0]).context(context)?;
    execute(
        conn,
        "UPDATE entry SET title = NULL, authors = '[]', categories = '[]', enclosures = '[]',
           related = '[]', origin = NULL, image = NULL, rights = NULL, license = NULL,
           excerpt = '',
           summary = NULL, content = NULL
          WHERE story_id = ?1",
        [story.0],
    )
    .context(context)?;
    archives::remove_story(conn, story)?;
    search_index::update(conn, story)
}

/// Gives a private story the position and arrival of its first public entry. Its former position
/// may be far below the feed window, where no subscriber would see it. Returns whether the story
/// was private.
fn reveal(
    conn: &Connection,
    story: StoryId,
    position: Timestamp,
    arrival: Arrival,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let context = "publish a private story";
    let was_private = execute(
        conn,
        "UPDATE story SET position_ms = :position, first_published_ms = :now, arrival = :arrival
          WHERE id = :story AND public = 0 AND removed_ms IS NULL",
        named_params! {
            ":story": story.0,
            ":position": ms(position),
            ":now": ms(now),
            ":arrival": arrival.as_str(),
        },
    )
    .context(context)?
        > 0;
    if was_private {
        execute(
            conn,
            "UPDATE story_topic SET position_ms = ?2, in_window = 1 WHERE story_id = ?1",
            params![story.0, ms(position)],
        )
        .context(context)?;
    }
    Ok(was_private)
}

fn is_removed(conn: &Connection, story: StoryId) -> Result<bool, StoreError> {
    let sql = "SELECT removed_ms IS NOT NULL FROM story WHERE id = ?1";
    query_row(conn, sql, [story.0], |r| r.get(0)).context("read a story")
}

/// Returns the identity of an item without its text, for an entry of a removed story.
fn without_text(item: &IncomingItem) -> IncomingItem {
    let (guid, url, published) =
        (item.draft.guid.clone(), item.draft.url.clone(), item.draft.published);
    IncomingItem {
        draft: Draft { guid, url, published, ..Draft::default() },
        identity: item.identity.clone(),
        arrival: item.arrival,
    }
}

/// Creates a story: complete with its only entry, or to be completed later.
fn insert(
    conn: &Connection,
    new: &NewStory<'_>,
    shown: Option<&OnlyEntry<'_>>,
    now: Timestamp,
) -> Result<StoryId, StoreError> {
    let mut is_taken =
        conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM story WHERE published_id = ?1)")?;
    // If the query fails, the id counts as taken. The insert below then reports the error.
    let published_id = entry_identity::published_id(new.guid, new.key, new.source, |id| {
        is_taken.query_row([id], |r| r.get(0)).unwrap_or(true)
    });
    let date = shown.and_then(|shown| shown.date);
    execute(
        conn,
        "INSERT INTO story (published_id, position_ms, first_published_ms, updated_ms, arrival,
           public, representative_entry, representative_hash, published_ms, published_precision,
           rules_fingerprint)
         VALUES (:published_id, :position, :now, :updated, :arrival, :public, :entry, :hash,
           :published, :precision, :rules)",
        named_params! {
            ":published_id": published_id,
            ":position": ms(new.position),
            ":now": ms(now),
            ":updated": ms(shown.map_or(now, |shown| shown.updated)),
            ":arrival": new.arrival.as_str(),
            ":public": shown.is_some_and(|shown| shown.public),
            ":entry": shown.map(|shown| shown.entry.0),
            ":hash": shown.map(|shown| shown.material_hash),
            ":published": date.map(|date| ms(date.at)),
            ":precision": date.map(|date| date.precision.as_str()),
            ":rules": shown.map(|shown| shown.rules_fingerprint),
        },
    )
    .context("store a story")?;
    Ok(StoryId(conn.last_insert_rowid()))
}
