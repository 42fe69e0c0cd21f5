//! Stores the sources and topics of feeds.toml.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension as _, Transaction, named_params, params};

use feed_model::{ContentPolicy, Source, SourceId, Timestamp, Topic, TopicId};

use super::{archives, clock_change, deliveries, feed_window, representative};
use crate::{
    schedule::PollReason,
    store::{
        SourceTarget, Store, StoreError, WindowPolicy,
        error::SqlContext as _,
        source_ref,
        sql_values::{ms, number, seconds},
        statements::{execute, query_all, query_row},
    },
};

/// Tables with a column `source_id`.
const SOURCE_TABLES: [&str; 7] =
    ["validator", "entry", "entry_alias", "page", "sitemap", "source_icon", "subscription"];

impl Store {
    /// Stores the sources and topics of feeds.toml, in its order. Sources and topics that are no
    /// longer listed keep their stories, and are not polled or published. Times of a clock that was
    /// ahead are corrected.
    ///
    /// Each source comes with the key of its host limits.
    pub fn sync_config(
        &self,
        sources: &[(Source, String)],
        topics: &[Topic],
        window: WindowPolicy,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sources = sources.to_vec();
        let topics = topics.to_vec();
        self.write(move |tx| {
            clock_change::correct_times(tx, now)?;
            let mut windows_changed = sync_sources(tx, &sources, now)?;
            windows_changed |= sync_topics(tx, &topics, now)?;
            deliveries::sync_webhooks(tx, &topics)?;
            if feed_window::policy_changed(tx, window)? || windows_changed {
                feed_window::trim_all(tx, window, now)?;
            }
            // Databases of earlier versions may have stories in neither window nor archive.
            for topic in topics.iter().map(|topic| topic.id.as_str()).chain([TopicId::ALL]) {
                archives::create_missing(tx, topic, window)?;
            }
            Ok(())
        })
    }
}

/// Returns the address and follow mode of a source in feeds.toml; `None` if it is unknown.
pub(super) fn configured_target(
    conn: &Connection,
    id: &SourceId,
) -> Result<Option<SourceTarget>, StoreError> {
    conn.prepare_cached("SELECT url, follow FROM source WHERE id = ?1")
        .and_then(|mut s| s.query_row([id.as_str()], SourceTarget::of_row).optional())
        .context("read a source")
}

/// Stores all sources. Returns whether one of them became public or private.
fn sync_sources(
    tx: &Transaction<'_>,
    sources: &[(Source, String)],
    now: Timestamp,
) -> Result<bool, StoreError> {
    tx.execute("UPDATE source SET ordinal = NULL", []).context("store the sources")?;
    rename_sources(tx, sources)?;
    let mut visibility_changed = false;
    for (ordinal, (source, host)) in sources.iter().enumerate() {
        visibility_changed |= sync_source(tx, ordinal, source, host, now)?;
    }
    Ok(visibility_changed)
}

/// Renames sources: a new source at the address of one that is no longer listed is the same source
/// with another id. It keeps its entries, so that nothing is announced again.
fn rename_sources(tx: &Transaction<'_>, sources: &[(Source, String)]) -> Result<(), StoreError> {
    let context = "rename a source";
    let listed: HashSet<&str> = sources.iter().map(|(source, _)| source.id.as_str()).collect();
    let known: Vec<(String, String)> =
        query_all(tx, "SELECT url, id FROM source ORDER BY last_attempt_ms", [], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })
        .context(context)?;
    // If several sources had the same address, the most recently polled one is used.
    let mut unlisted: HashMap<String, String> =
        known.into_iter().filter(|(_, id)| !listed.contains(id.as_str())).collect();
    for (source, _) in sources {
        let id = source.id.as_str();
        if configured_target(tx, &source.id)?.is_some() {
            continue;
        }
        let Some(former_id) = unlisted.remove(source.url.as_str()) else {
            continue;
        };
        tx.pragma_update(None, "defer_foreign_keys", true).context(context)?;
        execute(tx, "UPDATE source SET id = ?2 WHERE id = ?1", [former_id.as_str(), id])
            .context(context)?;
        for table in SOURCE_TABLES {
            let sql = format!("UPDATE {table} SET source_id = ?2 WHERE source_id = ?1");
            execute(tx, &sql, [former_id.as_str(), id]).context(context)?;
        }
        // Rules may name sources by their ids.
        execute(
            tx,
            "UPDATE story SET rules_fingerprint = NULL
              WHERE id IN (SELECT story_id FROM entry WHERE source_id = ?1)",
            [id],
        )
        .context(context)?;
    }
    Ok(())
}

/// What was stored about a source before.
struct StoredSource {
    target: SourceTarget,
    host: String,
    public: bool,
}

/// Stores one source. Returns whether it became public or private.
fn sync_source(
    tx: &Transaction<'_>,
    ordinal: usize,
    source: &Source,
    host: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let context = "store a source";
    let id = source.id.as_str();
    let before = tx
        .query_row("SELECT url, follow, host, public FROM source WHERE id = ?1", [id], |r| {
            Ok(StoredSource {
                target: SourceTarget::of_row(r)?,
                host: r.get("host")?,
                public: r.get("public")?,
            })
        })
        .optional()
        .context(context)?;
    execute(
        tx,
        "INSERT INTO source (id, ordinal, title_override, url, follow, content_policy, publish,
           has_auth, paused, host, source_ref_updated_ms, interval_s)
         VALUES (:id, :ordinal, :title, :url, :follow, :content, :publish, :has_auth, :paused,
           :host, :now, :interval)
         ON CONFLICT (id) DO UPDATE SET
           ordinal = excluded.ordinal, title_override = excluded.title_override,
           url = excluded.url, follow = excluded.follow, content_policy = excluded.content_policy,
           publish = excluded.publish, has_auth = excluded.has_auth, paused = excluded.paused,
           host = iif(source.url = excluded.url, source.host, excluded.host)",
        named_params! {
            ":id": id,
            ":ordinal": number(ordinal),
            ":title": source.title,
            ":url": source.url.as_str(),
            ":follow": source.follow_mode.as_str(),
            ":content": source.content.map(|policy| match policy {
                ContentPolicy::Full => "full",
                ContentPolicy::Summary => "summary",
                ContentPolicy::None => "none",
            }),
            ":publish": source.publish,
            ":has_auth": source.auth.is_some(),
            ":paused": source.paused,
            ":host": host,
            ":now": ms(now),
            ":interval": seconds(source.poll_policy.interval),
        },
    )
    .context(context)?;
    let mut visibility_changed = false;
    if let Some(before) = before {
        if before.target != SourceTarget::of(source) {
            // A Retry-After holds for the host that sent it.
            if before.target.url != source.url.as_str() && before.host != host {
                execute(tx, "UPDATE source SET not_before_ms = NULL WHERE id = ?1", [id])
                    .context(context)?;
            }
            forget_follow_target(tx, id)?;
        }
        let is_public: bool =
            query_row(tx, "SELECT public FROM source WHERE id = ?1", [id], |r| r.get(0))
                .context(context)?;
        if is_public != before.public {
            visibility_changed = true;
            for story in representative::choose_all_of_source(tx, id, now)? {
                execute(tx, "UPDATE story SET rules_fingerprint = NULL WHERE id = ?1", [story.0])?;
            }
        }
    }
    source_ref::update(tx, id, now)?;
    Ok(visibility_changed)
}

/// Resets discovery and failures of a source whose address or follow mode changed. Its entries stay
/// as they are. `follow_mode` stays until the next discovery, because it decides how much text of
/// the entries is published.
fn forget_follow_target(tx: &Transaction<'_>, id: &str) -> Result<(), StoreError> {
    execute(
        tx,
        "UPDATE source SET follow_url = NULL, follow_reason = NULL, body_digest = NULL,
           redirect_url = NULL, redirect_adopted = 0, gone = 0, first_gone_ms = NULL,
           consecutive_failures = 0, consecutive_throttles = 0, update_hints = NULL,
           next_poll_ms = not_before_ms, next_poll_reason = ?2 WHERE id = ?1",
        params![id, PollReason::AddressChanged.to_string()],
    )
    .context("store a source")?;
    Ok(())
}

/// Stores all topics. Returns whether one was renamed.
fn sync_topics(tx: &Transaction<'_>, topics: &[Topic], now: Timestamp) -> Result<bool, StoreError> {
    let context = "store the topics";
    tx.execute("UPDATE topic SET ordinal = NULL", []).context(context)?;
    for (ordinal, topic) in topics.iter().enumerate() {
        execute(
            tx,
            "INSERT INTO topic (id, ordinal, title, description, announce_within_s)
             VALUES (:id, :ordinal, :title, :description, :announce_within)
             ON CONFLICT (id) DO UPDATE SET
               ordinal = excluded.ordinal, retired_ms = NULL, title = excluded.title,
               description = excluded.description, announce_within_s = excluded.announce_within_s",
            named_params! {
                ":id": topic.id.as_str(),
                ":ordinal": number(ordinal),
                ":title": topic.title,
                ":description": topic.description,
                ":announce_within": seconds(topic.announce_within),
            },
        )
        .context(context)?;
    }
    let mut renamed = false;
    for topic in topics {
        for former_id in &topic.former_ids {
            if !topics.iter().any(|other| other.id == *former_id) {
                renamed |= rename_topic(tx, former_id, &topic.id)?;
            }
        }
    }
    retire_topics(tx, now)?;
    Ok(renamed)
}

/// Moves the stories, archives and labels of a topic to another id. Returns whether there were any.
fn rename_topic(
    tx: &Transaction<'_>,
    former_id: &TopicId,
    id: &TopicId,
) -> Result<bool, StoreError> {
    let mut renamed = false;
    for sql in [
        "UPDATE archive_story SET topic_id = ?2
          WHERE topic_id = ?1 AND NOT EXISTS (SELECT 1 FROM archive WHERE topic_id = ?2)",
        // Archive documents contain the id of the topic, so they are rendered again.
        "UPDATE archive SET topic_id = ?2, revision = revision + 1, input_digest = NULL,
           body = NULL
          WHERE topic_id = ?1 AND NOT EXISTS (SELECT 1 FROM archive a WHERE a.topic_id = ?2)",
        "UPDATE digest_story SET topic_id = ?2
          WHERE topic_id = ?1 AND NOT EXISTS (SELECT 1 FROM digest WHERE topic_id = ?2)",
        "UPDATE digest SET topic_id = ?2
          WHERE topic_id = ?1 AND NOT EXISTS (SELECT 1 FROM digest d WHERE d.topic_id = ?2)",
        "UPDATE OR IGNORE story_topic SET topic_id = ?2 WHERE topic_id = ?1",
        "UPDATE story_topic SET in_archive = NOT in_archive
          WHERE topic_id = ?2 AND in_archive <> EXISTS (
            SELECT 1 FROM archive_story a
             WHERE a.topic_id = ?2 AND a.story_id = story_topic.story_id)",
        "UPDATE topic SET filled = 1
          WHERE id = ?2
            AND EXISTS (SELECT 1 FROM topic former WHERE former.id = ?1 AND former.filled = 1)",
        "UPDATE topic SET fetched = 1
          WHERE id = ?2
            AND EXISTS (SELECT 1 FROM topic former WHERE former.id = ?1 AND former.fetched = 1)",
        // Stories that wait for a webhook of the topic.
        "UPDATE OR IGNORE delivery SET subject = ?2 WHERE kind = 'story' AND subject = ?1",
        "UPDATE label SET topics = (
            SELECT json_group_array(DISTINCT iif(value = ?1, ?2, value))
              FROM json_each(label.topics))
          WHERE EXISTS (SELECT 1 FROM json_each(label.topics) WHERE value = ?1)",
    ] {
        let ids = [former_id.as_str(), id.as_str()];
        renamed |= tx.execute(sql, ids).context("rename a topic")? > 0;
    }
    Ok(renamed)
}

/// Removes the memberships of topics that are no longer listed. Labels keep naming them. The
/// stories are classified again, in case the topic returns before the rules change.
fn retire_topics(tx: &Transaction<'_>, now: Timestamp) -> Result<(), StoreError> {
    const LEFT: &str =
        "topic_id <> 'all' AND topic_id NOT IN (SELECT id FROM topic WHERE ordinal IS NOT NULL)";
    for sql in [
        &format!(
            "UPDATE story SET rules_fingerprint = NULL
              WHERE id IN (SELECT story_id FROM story_topic WHERE {LEFT})"
        ),
        &format!("DELETE FROM story_topic WHERE {LEFT}"),
        "UPDATE topic SET filled = 0 WHERE ordinal IS NULL",
    ] {
        tx.execute(sql, []).context("store the topics")?;
    }
    execute(
        tx,
        "UPDATE topic SET retired_ms = ?1 WHERE ordinal IS NULL AND retired_ms IS NULL",
        [ms(now)],
    )
    .context("store the topics")?;
    Ok(())
}
