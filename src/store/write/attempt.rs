//! Stores what a poll found out about its source: the result of the attempt, the follow mode,
//! validators and feed metadata.

use std::collections::BTreeSet;

use rusqlite::{Connection, named_params, params};

use entry_identity::KeyPolicy;
use topic_rules::Rules;

use super::{
    classification::{self, ClassifyTrigger},
    feed_window, host_backoff, representative,
};
use crate::{
    schedule::PollReason,
    store::{
        ParsedDocument, PollAttempt, PollUpdate, StoreError,
        error::SqlContext as _,
        sql_values::{self, ms, seconds},
        statements::{execute, query_row},
    },
};

/// Stores the time of the last request.
pub(super) fn store_request_time(conn: &Connection, update: &PollUpdate) -> Result<(), StoreError> {
    if let Some(requested) = update.requested {
        execute(
            conn,
            "UPDATE source SET last_request_ms = ?2 WHERE id = ?1",
            params![update.source.as_str(), ms(requested)],
        )
        .context("store the time of a request")?;
    }
    Ok(())
}

/// Stores everything about the source but the content of its document.
pub(super) fn store(conn: &Connection, update: &PollUpdate) -> Result<(), StoreError> {
    let source = update.source.as_str();
    if let Some(attempt) = &update.attempt {
        store_attempt(conn, update, attempt)?;
    }
    if let Some(target) = &update.followed {
        execute(
            conn,
            "UPDATE source SET follow_mode = :mode, follow_url = :url, follow_reason = :reason
              WHERE id = :source",
            named_params! {
                ":source": source,
                ":mode": target.follow_mode.as_str(),
                ":url": target.url.as_str(),
                ":reason": target.reason,
            },
        )
        .context("store the follow mode of a source")?;
    }
    if let Some(ways) = &update.ways {
        execute(
            conn,
            "UPDATE source SET ways = ?2 WHERE id = ?1",
            params![source, sql_values::json(ways)],
        )
        .context("store the ways to follow a source")?;
    }
    if let Some(reviewed) = update.reviewed {
        execute(
            conn,
            "UPDATE source SET follow_reviewed_ms = ?2 WHERE id = ?1",
            params![source, ms(reviewed)],
        )
        .context("store the follow mode of a source")?;
    }
    for (url, validators) in &update.validators {
        let result = if validators.is_empty() {
            execute(
                conn,
                "DELETE FROM validator WHERE source_id = ?1 AND url = ?2",
                params![source, url.as_str()],
            )
        } else {
            execute(
                conn,
                "INSERT OR REPLACE INTO validator (source_id, url, etag, last_modified)
                 VALUES (:source, :url, :etag, :last_modified)",
                named_params! {
                    ":source": source,
                    ":url": url.as_str(),
                    ":etag": validators.etag,
                    ":last_modified": validators.last_modified,
                },
            )
        };
        result.context("store validators")?;
    }
    Ok(())
}

fn store_attempt(
    conn: &Connection,
    update: &PollUpdate,
    attempt: &PollAttempt,
) -> Result<(), StoreError> {
    let source = update.source.as_str();
    let (error, moved) = (attempt.error.as_ref(), attempt.moved.as_ref());
    execute(
        conn,
        "UPDATE source SET
           last_attempt_ms = :now,
           last_success_ms = iif(:error_class IS NULL, :now, last_success_ms),
           last_outcome = :outcome,
           last_status = :status,
           last_error_class = :error_class,
           last_error = :error,
           consecutive_failures = :failures,
           consecutive_throttles = :throttles,
           first_gone_ms = :first_gone,
           gone = :gone,
           poll_requested = 0,
           redirect_url = :redirect_url,
           redirect_since_ms = :redirect_since,
           redirect_adopted = :redirect_adopted,
           next_poll_ms = :next_poll,
           next_poll_reason = :next_poll_reason,
           not_before_ms = :not_before,
           interval_s = :interval,
           problems = coalesce(:problems, problems),
           update_hints = coalesce(:update_hints, update_hints),
           host = coalesce(:host, host)
          WHERE id = :source",
        named_params! {
            ":source": source,
            ":now": ms(update.now),
            ":outcome": attempt.outcome.as_str(),
            ":status": attempt.status,
            ":error_class": error.map(|e| &e.class),
            ":error": error.map(|e| &e.text),
            ":failures": attempt.failures,
            ":throttles": attempt.throttles,
            ":first_gone": attempt.gone_since.map(ms),
            ":gone": attempt.gone,
            ":redirect_url": moved.map(|moved| moved.to.as_str()),
            ":redirect_since": moved.map(|moved| ms(moved.since)),
            ":redirect_adopted": moved.is_some_and(|moved| moved.adopted),
            ":next_poll": ms(attempt.next.at),
            ":next_poll_reason": attempt.next.reason.to_string(),
            ":not_before": attempt.next.not_before.map(ms),
            ":interval": seconds(attempt.next.interval),
            ":problems": attempt.problems.as_ref().map(sql_values::json),
            ":update_hints": attempt.update_hints.as_ref().map(sql_values::json),
            ":host": attempt.host,
        },
    )
    .context("store an attempt to poll")?;
    // Sources with the same feed are polled together, so that one request serves them all.
    let reason = PollReason::SharedFeed { source: update.source.clone(), delayed: None };
    for other in &attempt.aligned_sources {
        execute(
            conn,
            "UPDATE source SET next_poll_ms = ?2, next_poll_reason = ?3
              WHERE id = ?1 AND next_poll_ms < ?2",
            params![other.as_str(), ms(attempt.next.at), reason.to_string()],
        )
        .context("align the polls of a shared feed")?;
    }
    if attempt.throttles > 0 {
        host_backoff::update(conn, source, update.now)?;
    }
    Ok(())
}

/// Stores the metadata of a document. Returns whether the source became public or private.
pub(super) fn store_feed_metadata(
    conn: &Connection,
    update: &PollUpdate,
    document: &ParsedDocument,
    rules: &Rules,
) -> Result<bool, StoreError> {
    let source = update.source.as_str();
    let metadata = &document.metadata;
    let was_public = is_public(conn, source)?;
    // A backfill page says nothing about the publication: missing values keep the stored ones.
    execute(
        conn,
        "UPDATE source SET
           feed_title = coalesce(:feed_title, feed_title),
           feed_id = coalesce(:feed_id, feed_id),
           self_url = coalesce(:self_url, self_url),
           home_page_url = coalesce(:home_page_url, home_page_url),
           rights = coalesce(:rights, rights),
           icon_url = coalesce(:icon_url, icon_url),
           reservation = coalesce(:reservation, reservation),
           key_policy = coalesce(:key_policy, key_policy),
           body_digest = coalesce(:body_digest, body_digest),
           last_document_ms = :now,
           cache_private = coalesce(:cache_private, cache_private),
           import_completed_ms = iif(:ends_import, coalesce(import_completed_ms, :now),
             import_completed_ms)
          WHERE id = :source",
        named_params! {
            ":source": source,
            ":now": ms(update.now),
            ":feed_title": metadata.title,
            ":feed_id": metadata.id,
            ":self_url": metadata.feed_url,
            ":home_page_url": metadata.home_page_url,
            ":rights": metadata.rights,
            ":icon_url": metadata.icon_url,
            ":reservation": metadata.reservation.as_ref().map(sql_values::json),
            ":key_policy": document.key_policy.map(KeyPolicy::as_str),
            ":body_digest": document.body_digest,
            ":cache_private": document.private,
            ":ends_import": document.ends_import,
        },
    )
    .context("store the metadata of a feed")?;
    let visibility_changed = is_public(conn, source)? != was_public;
    if visibility_changed {
        for story in representative::choose_all_of_source(conn, source, update.now)? {
            let trigger = ClassifyTrigger::Edit;
            // All windows are trimmed below.
            let changed_topics = &mut BTreeSet::new();
            classification::classify(conn, story, rules, trigger, update.now, changed_topics)?;
        }
        feed_window::trim_all(conn, update.window, update.now)?;
    }
    Ok(visibility_changed)
}

fn is_public(conn: &Connection, source: &str) -> Result<bool, StoreError> {
    query_row(conn, "SELECT public FROM source WHERE id = ?1", [source], |r| r.get(0))
        .context("read a source")
}
