//! Applies a [`PollUpdate`] in one transaction: items become entries, and entries join or create
//! stories.
//!
//! The decisions are pure functions of `entry_identity` and `topic_rules`. They are called within
//! the transaction, so that two sources with the same new story do not both create it.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use rusqlite::{Connection, Transaction, params};

use entry_identity::{EntryMatch, KeyPolicy};
use feed_model::{SourceId, Timestamp, TopicId};
use topic_rules::Rules;

use super::{
    attempt,
    classification::{self, ClassifyTrigger},
    crawl_queue, deliveries, entries, feed_window, host_backoff, representative,
    stories::{self, ItemSource, NewItem},
    subscriptions, sync_config,
};
use crate::store::{
    Arrival, IncomingItem, ItemOutcome, ParsedDocument, PollUpdate, Store, StoreError,
    UpdateResult,
    error::SqlContext as _,
    prepare::{PreparedItem, PreparedItems},
    source_ref,
    statements::query_row,
    story_topics,
};

/// The difference between the positions of an undated item and the item above it.
const JUST_BELOW: chrono::TimeDelta = chrono::TimeDelta::milliseconds(1);

impl Store {
    /// Applies a poll update in one transaction.
    ///
    /// If feeds.toml changed the source after the poll started, only the time of the request and
    /// the Retry-After of the host are stored.
    pub fn apply(
        &self,
        update: impl Into<Arc<PollUpdate>>,
        rules: Arc<Rules>,
    ) -> Result<UpdateResult, StoreError> {
        let update = update.into();
        let prepared = self.prepare(&update, &rules)?;
        self.write(move |tx| apply_update(tx, &update, prepared, &rules))
    }

    /// Does what [`apply`](Self::apply) does. No thread is blocked while the update waits for the
    /// writer.
    pub async fn apply_async(
        &self,
        update: Arc<PollUpdate>,
        rules: Arc<Rules>,
    ) -> Result<UpdateResult, StoreError> {
        let mut prepared = PreparedItems::new();
        if update.document.is_some() {
            let _permit = self.read_permits().acquire().await;
            let (update, rules) = (Arc::clone(&update), Arc::clone(&rules));
            prepared = self.run_blocking(move |store| store.prepare(&update, &rules)).await?;
        }
        self.write_async(move |tx| apply_update(tx, &update, prepared, &rules)).await
    }
}

pub(in crate::store) fn apply_update(
    tx: &Transaction<'_>,
    update: &PollUpdate,
    prepared: PreparedItems,
    rules: &Rules,
) -> Result<UpdateResult, StoreError> {
    attempt::store_request_time(tx, update)?;
    if sync_config::configured_target(tx, &update.source)?.as_ref() != Some(&update.target) {
        host_backoff::store_retry_after(tx, update)?;
        return Ok(UpdateResult { config_changed: true, ..UpdateResult::default() });
    }
    // Before the time of this poll is stored. Without a document there is no new entry.
    let is_announced =
        update.document.is_some() && subscriptions::is_announced(tx, &update.source)?;
    attempt::store(tx, update)?;
    let mut result = UpdateResult::default();
    if let Some(document) = &update.document {
        let visibility_changed = attempt::store_feed_metadata(tx, update, document, rules)?;
        result = store_items(tx, update, document, prepared, rules)?;
        result.visible |= visibility_changed;
    }
    subscriptions::store_offer(tx, &update.source, &update.hub, update.now)?;
    if update.attempt.is_some() && result.new_entries > 0 && !is_announced {
        subscriptions::store_unpushed_entries(tx, &update.source)?;
    }
    crawl_queue::apply(tx, update.source.as_str(), &update.pages, update.now)?;
    result.visible |= source_ref::update(tx, update.source.as_str(), update.now)?;
    Ok(result)
}

/// Stores the items of a document: updates known entries and stores new ones.
fn store_items(
    tx: &Transaction<'_>,
    update: &PollUpdate,
    document: &ParsedDocument,
    mut prepared: PreparedItems,
    rules: &Rules,
) -> Result<UpdateResult, StoreError> {
    let (source, now) = (&update.source, update.now);
    let MatchedItems { items, matches } = match_entries(tx, source, document)?;
    let positions = positions(tx, source.as_str(), &items, now)?;
    let mut result = UpdateResult {
        items: vec![ItemOutcome::default(); items.len()],
        ..UpdateResult::default()
    };
    let mut changed_topics: BTreeSet<String> = BTreeSet::new();
    let mut unchanged = Vec::new();
    let mut announced = Vec::new();
    let item_source = ItemSource::load(tx, source)?;
    for i in storage_order(&items) {
        let item = &items[i];
        let outcome = &mut result.items[i];
        // The entry may have changed since the items were prepared.
        let prepared = prepared.get_mut(i).and_then(Option::take);
        let prepared = || prepared.unwrap_or_else(|| PreparedItem::new(source, &item.draft, rules));
        let (story, trigger) = match &matches[i] {
            EntryMatch::Existing { entry, reason, new_key } => {
                let entry = *entry;
                outcome.entry = Some(entry);
                outcome.reason = reason.to_string();
                if *new_key {
                    entries::add_alias(tx, source, &item.identity.key, entry)?;
                }
                let (story, changed) = entries::update(tx, entry, item, prepared, now)?;
                outcome.story = Some(story);
                if !changed {
                    unchanged.push(entry);
                    continue;
                }
                result.updated_entries += 1;
                (story, ClassifyTrigger::Edit)
            }
            EntryMatch::InFeedDuplicate => {
                "repeated in the document".clone_into(&mut outcome.reason);
                continue;
            }
            EntryMatch::New => {
                let prepared = prepared();
                let position = positions[i];
                let new = NewItem { source: &item_source, item, prepared: &prepared, position };
                let placed = stories::store_entry(tx, &new, rules, now)?;
                outcome.entry = Some(placed.entry);
                outcome.story = Some(placed.story);
                outcome.reason = placed.reason;
                result.new_entries += 1;
                if item.arrival == Arrival::Ordinary && (placed.revealed || !placed.joins) {
                    announced.push(placed.story);
                }
                if placed.revealed {
                    changed_topics.extend(story_topics::topics_of(tx, placed.story)?);
                    changed_topics.insert(TopicId::ALL.to_owned());
                }
                if placed.joins {
                    result.duplicates += 1;
                    (placed.story, ClassifyTrigger::Edit)
                } else {
                    result.new_stories += 1;
                    result.visible = true;
                    changed_topics.insert(TopicId::ALL.to_owned());
                    changed_topics.extend(prepared.topics.iter().map(|c| c.topic.to_string()));
                    continue;
                }
            }
        };
        representative::choose(tx, story, now)?;
        classification::classify(tx, story, rules, trigger, now, &mut changed_topics)?;
        result.visible = true;
    }
    entries::store_last_seen(tx, &unchanged, now)?;
    for topic in &changed_topics {
        feed_window::trim(tx, topic, update.window, now)?;
    }
    deliveries::queue_stories(tx, &announced, now)?;
    Ok(result)
}

/// The items of a document with the entries that they match.
struct MatchedItems<'d> {
    items: Cow<'d, [IncomingItem]>,
    matches: Vec<EntryMatch>,
}

/// Matches the items of a document with the stored entries of the source. If the source turns out
/// to reuse its ids for other posts, its entries are identified by their links from now on.
fn match_entries<'d>(
    tx: &Transaction<'_>,
    source: &SourceId,
    document: &'d ParsedDocument,
) -> Result<MatchedItems<'d>, StoreError> {
    let known = entries::SourceEntries::new(tx, source)?;
    let identity: Vec<_> = document.items.iter().map(|item| item.identity.clone()).collect();
    let matches = entry_identity::match_entries(&identity, &known)?;
    if !matches.ids_reused {
        return Ok(MatchedItems { items: Cow::Borrowed(&document.items), matches: matches.items });
    }
    let home: Option<String> = query_row(
        tx,
        "UPDATE source SET key_policy = ?2 WHERE id = ?1 RETURNING home_page_url",
        params![source.as_str(), KeyPolicy::Link.as_str()],
        |r| r.get(0),
    )
    .context("store the key policy of a source")?;
    let drafts: Vec<_> = document.items.iter().map(|item| item.draft.clone()).collect();
    let (identity, ..) = entry_identity::identify_items(&drafts, KeyPolicy::Link, home.as_deref());
    let matches = entry_identity::match_entries(&identity, &known)?;
    let items = document
        .items
        .iter()
        .zip(identity)
        .map(|(item, identity)| IncomingItem { identity, ..item.clone() });
    Ok(MatchedItems { items: Cow::Owned(items.collect()), matches: matches.items })
}

/// Returns the order in which items are stored. Of stories with the same position, the one that is
/// stored last comes first in feeds. This is the first item of the document, unless the dates of
/// all items show that the document is in ascending order.
fn storage_order(items: &[IncomingItem]) -> Vec<usize> {
    let dates: Option<Vec<Timestamp>> =
        items.iter().map(|item| item.draft.published.map(|date| date.at)).collect();
    let is_ascending = dates.is_some_and(|dates| dates.is_sorted() && dates.first() < dates.last());
    if is_ascending { (0..items.len()).collect() } else { (0..items.len()).rev().collect() }
}

/// Returns the position of the story that each item would create: the current time, or in an import
/// the publisher's date if it is earlier. An undated item of an import is positioned just below
/// the item above it.
fn positions(
    conn: &Connection,
    source: &str,
    items: &[IncomingItem],
    now: Timestamp,
) -> Result<Vec<Timestamp>, StoreError> {
    let mut above: Option<Timestamp> = None;
    let mut positions = Vec::with_capacity(items.len());
    for item in items {
        if item.arrival == Arrival::Ordinary {
            positions.push(now);
            continue;
        }
        let position = match (item.draft.published, above) {
            (Some(published), _) => published.at.min(now),
            (None, Some(above)) => above - JUST_BELOW,
            (None, None) if item.arrival == Arrival::Backfill => {
                let newer = item
                    .draft
                    .url
                    .as_ref()
                    .map(|url| crawl_queue::position_above(conn, source, url))
                    .transpose()?
                    .flatten();
                newer.map_or(now, |above| above.min(now) - JUST_BELOW)
            }
            (None, None) => now,
        };
        above = Some(position);
        positions.push(position);
    }
    Ok(positions)
}
