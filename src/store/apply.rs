//! One attempt to poll, stored: the transaction in which an item becomes an entry, and an entry a
//! story.
//!
//! The decisions are pure functions of `identity` and `topic`; they are called here, inside the one
//! transaction, so that two sources that carry the same story at the same moment cannot both be the
//! first.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use rusqlite::{Connection, Transaction, params};

use super::{
    Arrival, IncomingItem, ItemOutcome, ParsedDocument, PollUpdate, Store, StoreError,
    UpdateResult,
    classification::{self, ClassifyTrigger},
    crawl_queue, entries,
    error::SqlContext as _,
    feed_window, host_backoff, representative, source_ref, sources, sql_values,
    sql_values::ms,
    stories,
};
use crate::schedule::PollReason;
use entry_identity::{EntryMatch, KeyPolicy};
use feed_model::{SourceId, Timestamp, TopicId};
use topic_rules::Rules;

/// How far an undated item stands below the one above it.
const JUST_BELOW: chrono::TimeDelta = chrono::TimeDelta::milliseconds(1);

impl Store {
    /// Carries out a plan in one transaction.
    pub fn apply(&self, plan: PollUpdate, rules: Arc<Rules>) -> Result<UpdateResult, StoreError> {
        self.write(move |tx| apply_update(tx, &plan, &rules))
    }

    /// What would come of a plan; nothing is kept.
    pub fn apply_dry_run(
        &self,
        plan: PollUpdate,
        rules: Arc<Rules>,
    ) -> Result<UpdateResult, StoreError> {
        self.dry_run(move |tx| apply_update(tx, &plan, &rules))
    }
}

pub(super) fn apply_update(
    tx: &Transaction<'_>,
    plan: &PollUpdate,
    rules: &Rules,
) -> Result<UpdateResult, StoreError> {
    let source = plan.source.as_str();
    store_request_time(tx, plan)?;
    if sources::configured_target(tx, &plan.source)?.as_ref() != Some(&plan.target) {
        host_backoff::store_retry_after(tx, plan)?;
        return Ok(UpdateResult { config_changed: true, ..UpdateResult::default() });
    }
    store_attempt(tx, plan)?;
    let mut applied = UpdateResult::default();
    if let Some(document) = &plan.document {
        let visibility_changed = store_feed_metadata(tx, plan, document, rules)?;
        applied = store_items(tx, plan, document, rules)?;
        applied.visible |= visibility_changed;
    }
    crawl_queue::apply(tx, source, &plan.pages, plan.now)?;
    applied.visible |= source_ref::update(tx, source, plan.now)?;
    Ok(applied)
}

/// Stores every item: known ones are brought up to date, new ones found or join a story.
fn store_items(
    tx: &Transaction<'_>,
    plan: &PollUpdate,
    document: &ParsedDocument,
    rules: &Rules,
) -> Result<UpdateResult, StoreError> {
    let source = &plan.source;
    let (items, entry_matches) = match_entries(tx, source, document)?;
    let positions = positions(tx, source.as_str(), &items, plan.now)?;
    let mut applied = UpdateResult {
        items: vec![ItemOutcome::default(); items.len()],
        ..UpdateResult::default()
    };
    let mut changed_topics: BTreeSet<String> = BTreeSet::new();
    for i in oldest_first(&items) {
        let item = &items[i];
        let outcome = &mut applied.items[i];
        match &entry_matches[i] {
            EntryMatch::Existing { entry, reason, new_key } => {
                outcome.entry = *entry;
                outcome.reason = reason.to_string();
                if *new_key {
                    entries::add_alias(tx, source, &item.identity.key, *entry)?;
                }
                outcome.story = entries::story_of(tx, *entry)?;
                if entries::update(tx, *entry, item, plan.now)? {
                    applied.updated_entries += 1;
                    representative::choose(tx, outcome.story, plan.now)?;
                    classification::classify(
                        tx,
                        outcome.story,
                        rules,
                        ClassifyTrigger::Edit,
                        plan.now,
                        &mut changed_topics,
                    )?;
                    applied.visible = true;
                }
            }
            // The document has this very item a second time.
            EntryMatch::InFeedDuplicate => {
                "repeated in the document".clone_into(&mut outcome.reason)
            }
            EntryMatch::New => {
                applied.new_entries += 1;
                let joined = stories::store_entry(tx, source, item, positions[i], plan.now)?;
                outcome.entry = joined.entry;
                outcome.story = joined.story;
                outcome.reason = joined.reason;
                if joined.revealed {
                    changed_topics.extend(classification::topics_of(tx, joined.story)?);
                    changed_topics.insert(TopicId::ALL.to_owned());
                }
                let cause = if joined.joins {
                    applied.duplicates += 1;
                    ClassifyTrigger::Edit
                } else {
                    applied.new_stories += 1;
                    ClassifyTrigger::Arrival
                };
                representative::choose(tx, joined.story, plan.now)?;
                classification::classify(
                    tx,
                    joined.story,
                    rules,
                    cause,
                    plan.now,
                    &mut changed_topics,
                )?;
                applied.visible = true;
            }
        }
    }
    for outcome in applied.items.iter_mut().filter(|o| o.story != 0) {
        outcome.topics = classification::topics_of(tx, outcome.story)?;
    }
    for topic in &changed_topics {
        feed_window::trim(tx, topic, plan.window, plan.now)?;
    }
    Ok(applied)
}

/// Which entries the items are. Where the source's ids turn out to go from post to post, its
/// entries are known by their links from now on.
fn match_entries<'d>(
    tx: &Transaction<'_>,
    source: &SourceId,
    document: &'d ParsedDocument,
) -> Result<(Cow<'d, [IncomingItem]>, Vec<EntryMatch>), StoreError> {
    let known = entries::SourceEntries { conn: tx, source };
    let identity: Vec<_> = document.items.iter().map(|item| item.identity.clone()).collect();
    let entry_matches = entry_identity::match_entries(&identity, &known)?;
    if !entry_matches.ids_reused {
        return Ok((Cow::Borrowed(&document.items), entry_matches.items));
    }
    let (drafts, arrivals): (Vec<_>, Vec<_>) =
        document.items.iter().map(|item| (item.draft.clone(), item.arrival)).unzip();
    let home: Option<String> = tx
        .prepare_cached("UPDATE source SET key_policy = ?2 WHERE id = ?1 RETURNING home_page_url")
        .and_then(|mut s| {
            s.query_row(params![source.as_str(), KeyPolicy::Link.as_str()], |r| r.get(0))
        })
        .context("store that ids are no keys")?;
    let (identity, ..) = entry_identity::identify_items(&drafts, KeyPolicy::Link, home.as_deref());
    let entry_matches = entry_identity::match_entries(&identity, &known)?;
    let items = drafts
        .into_iter()
        .zip(identity)
        .zip(arrivals)
        .map(|((draft, identity), arrival)| IncomingItem { draft, identity, arrival });
    Ok((Cow::Owned(items.collect()), entry_matches.items))
}

/// The order in which items are stored: of stories with one position, the last gets the highest
/// number and so stands on top. That is the document's first, unless every date says that the
/// document runs from the oldest to the newest.
fn oldest_first(items: &[IncomingItem]) -> Vec<usize> {
    let dates: Option<Vec<Timestamp>> =
        items.iter().map(|item| item.draft.published.map(|date| date.at)).collect();
    let ascends = dates.is_some_and(|dates| dates.is_sorted() && dates.first() < dates.last());
    if ascends { (0..items.len()).collect() } else { (0..items.len()).rev().collect() }
}

/// Where the story of each item would stand: when it is stored, or, in an import, at the
/// publisher's date if that is earlier. An undated item of an import stands just below its
/// neighbour above.
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

fn store_request_time(conn: &Connection, plan: &PollUpdate) -> Result<(), StoreError> {
    if let Some(requested) = plan.requested {
        conn.prepare_cached("UPDATE source SET last_request_ms = ?2 WHERE id = ?1")
            .and_then(|mut s| s.execute(params![plan.source.as_str(), ms(requested)]))
            .context("store a request")?;
    }
    Ok(())
}

fn store_attempt(conn: &Connection, plan: &PollUpdate) -> Result<(), StoreError> {
    let source = plan.source.as_str();
    if let Some(attempt) = &plan.attempt {
        let interval = sources::seconds(attempt.next.interval);
        conn.prepare_cached(
            "UPDATE source SET last_attempt_ms = ?2, last_success_ms = CASE WHEN ?5 IS NULL THEN ?2 ELSE last_success_ms END,
               last_outcome = ?3, last_status = ?4, last_error_class = ?5, last_error = ?6, consecutive_failures = ?7, consecutive_throttles = ?8,
               first_gone_ms = ?9, gone = ?10, poll_requested = 0, redirect_url = ?11, redirect_since_ms = ?12, redirect_adopted = ?13,
               next_poll_ms = ?14, next_poll_reason = ?15, not_before_ms = ?16, interval_s = ?17, problems = coalesce(?18, problems)
             WHERE id = ?1",
        )
        .and_then(|mut s| {
            s.execute(params![
                source,
                ms(plan.now),
                attempt.outcome.as_str(),
                attempt.status,
                attempt.error.as_ref().map(|e| &e.class),
                attempt.error.as_ref().map(|e| &e.text),
                attempt.failures,
                attempt.throttles,
                attempt.gone_since.map(ms),
                attempt.gone,
                attempt.moved.as_ref().map(|moved| moved.to.as_str()),
                attempt.moved.as_ref().map(|moved| ms(moved.since)),
                attempt.moved.as_ref().is_some_and(|moved| moved.adopted),
                ms(attempt.next.at),
                attempt.next.reason.to_string(),
                attempt.next.not_before.map(ms),
                interval,
                attempt.problems.as_ref().map(sql_values::json),
            ])
        })
        .context("store an attempt to poll")?;
        if let Some(pace) = &attempt.update_hints {
            conn.prepare_cached("UPDATE source SET update_hints = ?2 WHERE id = ?1")
                .and_then(|mut s| s.execute(params![source, sql_values::json(pace)]))
                .context("store the update hints of a source")?;
        }
        if let Some(host) = &attempt.host {
            conn.prepare_cached("UPDATE source SET host = ?2 WHERE id = ?1 AND host <> ?2")
                .and_then(|mut s| s.execute(params![source, host]))
                .context("store where a source is answered")?;
        }
        for fellow in &attempt.aligned_sources {
            let reason =
                PollReason::SharedFeed { source: plan.source.clone(), delayed: None }.to_string();
            conn.prepare_cached(
                "UPDATE source SET next_poll_ms = ?2, next_poll_reason = ?3 WHERE id = ?1 AND next_poll_ms < ?2",
            )
            .and_then(|mut s| s.execute(params![fellow.as_str(), ms(attempt.next.at), reason]))
            .context("bring two readers of one document together")?;
        }
        if attempt.throttles > 0 {
            host_backoff::update(conn, source, plan.now)?;
        }
    }
    if let Some(followed) = &plan.followed {
        conn.prepare_cached(
            "UPDATE source SET follow_mode = ?2, follow_url = ?3, follow_reason = ?4 WHERE id = ?1",
        )
        .and_then(|mut s| {
            s.execute(params![
                source,
                followed.follow_mode.as_str(),
                followed.url.as_str(),
                followed.reason
            ])
        })
        .context("store how a source is followed")?;
    }
    if let Some(reviewed) = plan.reviewed {
        conn.prepare_cached("UPDATE source SET follow_reviewed_ms = ?2 WHERE id = ?1")
            .and_then(|mut s| s.execute(params![source, ms(reviewed)]))
            .context("store how a source is followed")?;
    }
    for (url, validators) in &plan.validators {
        let done = if validators.is_empty() {
            conn.prepare_cached("DELETE FROM validator WHERE source_id = ?1 AND url = ?2")
                .and_then(|mut s| s.execute(params![source, url.as_str()]))
        } else {
            conn.prepare_cached(
                "INSERT INTO validator (source_id, url, etag, last_modified) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (source_id, url) DO UPDATE SET etag = excluded.etag, last_modified = excluded.last_modified",
            )
            .and_then(|mut s| s.execute(params![source, url.as_str(), validators.etag, validators.last_modified]))
        };
        done.context("store validators")?;
    }
    Ok(())
}

/// Stores what a document says of its publication; whether that makes the source public or private.
fn store_feed_metadata(
    conn: &Connection,
    plan: &PollUpdate,
    document: &ParsedDocument,
    rules: &Rules,
) -> Result<bool, StoreError> {
    let facts = &document.metadata;
    let is_public = || {
        conn.prepare_cached("SELECT public FROM source WHERE id = ?1")
            .and_then(|mut s| s.query_row([plan.source.as_str()], |r| r.get::<_, bool>(0)))
            .context("read a source")
    };
    let was_public = is_public()?;
    // A page of the back-catalogue says nothing about the publication: what is known stays.
    conn.prepare_cached(
        "UPDATE source SET feed_title = coalesce(?2, feed_title), feed_id = coalesce(?3, feed_id), self_url = coalesce(?4, self_url),
           home_page_url = coalesce(?5, home_page_url), rights = coalesce(?6, rights), key_policy = coalesce(?7, key_policy),
           body_digest = coalesce(?8, body_digest), last_document_ms = ?9, cache_private = coalesce(?10, cache_private),
           import_completed_ms = CASE WHEN ?11 THEN coalesce(import_completed_ms, ?9) ELSE import_completed_ms END WHERE id = ?1",
    )
    .and_then(|mut s| {
        s.execute(params![
            plan.source.as_str(),
            facts.title,
            facts.id,
            facts.feed_url,
            facts.home_page_url,
            facts.rights,
            document.key_policy.map(KeyPolicy::as_str),
            document.body_digest,
            ms(plan.now),
            document.private,
            document.ends_import
        ])
    })
    .context("store what a document says of its publication")?;
    let visibility_changed = is_public()? != was_public;
    if visibility_changed {
        for story in representative::choose_all_of_source(conn, plan.source.as_str(), plan.now)? {
            classification::classify(
                conn,
                story,
                rules,
                ClassifyTrigger::Edit,
                plan.now,
                &mut BTreeSet::new(),
            )?;
        }
        feed_window::trim_all(conn, plan.window, plan.now)?;
    }
    Ok(visibility_changed)
}
