//! Sources: what feeds.toml says of them, and what a poll needs to remember of each.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use url::Url;

use super::{
    Reader, SourceTarget, Store, StoreError, WindowPolicy, archives,
    error::SqlContext as _,
    feed_window, representative, source_ref, sql_values,
    sql_values::{ms, time, time_opt},
};
use crate::schedule::PollReason;
use entry_identity::KeyPolicy;
use feed_model::{
    ContentPolicy, FollowMode, FollowTarget, MovedAddress, PollOutcome, Source, SourceId,
    Timestamp, Topic, TopicId, UpdateHints, Validators,
};

/// What is remembered of a source between two polls.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SourceRecord {
    /// How it was found to be followed.
    pub followed: Option<FollowTarget>,
    /// When that was last found out or reviewed.
    pub reviewed: Option<Timestamp>,
    /// The digest of the last body that was read.
    pub body_digest: Option<[u8; 32]>,
    /// What its entries are known by.
    pub key_policy: KeyPolicy,
    /// When its first import was complete.
    pub imported: Option<Timestamp>,
    /// The publication's page.
    pub home_page_url: Option<String>,
    /// When it was last asked for anything.
    pub last_request: Option<Timestamp>,
    /// Failures in a row.
    pub failures: u32,
    /// Refusals (429, 503) in a row.
    pub throttles: u32,
    /// When it first said 410, if it did so last.
    pub gone_since: Option<Timestamp>,
    /// Whether it rests.
    pub resting: bool,
    /// The outcome of the last poll.
    pub last_outcome: Option<PollOutcome>,
    /// The class of the last error; `None`: the last attempt succeeded.
    pub last_error_class: Option<String>,
    /// The key of its host's limit: where it was last answered, else the host of its address.
    pub host: String,
    /// When it is due.
    pub next_poll: Option<Timestamp>,
    /// What even a forced poll respects.
    pub not_before: Option<Timestamp>,
    /// The target of permanent redirects, if there are any.
    pub moved: Option<MovedAddress>,
    /// How often it wants to be asked, as its last document said.
    pub update_hints: UpdateHints,
    /// The publishers' dates of its newest entries, newest first.
    pub recent_dates: Vec<Timestamp>,
    /// The validators of each of its URLs.
    pub validators: Vec<(Url, Validators)>,
}

/// Another source that reads the same document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedFeedSource {
    /// Which.
    pub id: SourceId,
    /// When it was last asked for anything.
    pub last_request: Option<Timestamp>,
    /// When it is due.
    pub next_poll: Option<Timestamp>,
}

/// A source that is due, as the driver sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueSource {
    /// Which.
    pub id: SourceId,
    /// The key of its host's limit.
    pub host: String,
    /// What feeds.toml says of it.
    pub target: SourceTarget,
    /// Whether a person asked for it, whatever its schedule says.
    pub forced: bool,
}

impl Store {
    /// Takes over what feeds.toml says: its sources and topics, in their order. Nothing that is
    /// stored is lost by it: a source or topic that is not there any more keeps its stories and
    /// rests.
    ///
    /// `host_of` gives the key of the per-host limit for a URL.
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
            tx.execute("UPDATE source SET ordinal = NULL", []).context("take over the sources")?;
            rename_sources(tx, &sources)?;
            let mut opened = false;
            for (ordinal, (source, host)) in sources.iter().enumerate() {
                opened |= sync_source(tx, ordinal, source, host, now)?;
            }
            tx.execute("UPDATE topic SET ordinal = NULL", []).context("take over the topics")?;
            for (ordinal, topic) in topics.iter().enumerate() {
                tx.prepare_cached(
                    "INSERT INTO topic (id, ordinal, title, description, announce_within_s) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (id) DO UPDATE SET ordinal = excluded.ordinal, title = excluded.title,
                       description = excluded.description, announce_within_s = excluded.announce_within_s",
                )
                .and_then(|mut s| {
                    let within = i64::try_from(topic.announce_within.as_secs()).unwrap_or(i64::MAX);
                    s.execute(params![topic.id.as_str(), number(ordinal), topic.title, topic.description, within])
                })
                .context("take over the topics")?;
            }
            for (topic, was) in topics.iter().flat_map(|topic| topic.former_ids.iter().map(move |was| (topic, was))) {
                if !topics.iter().any(|other| other.id == *was) {
                    opened |= rename_topic(tx, was, &topic.id)?;
                }
            }
            retire_topics(tx)?;
            if feed_window::size_changed(tx, window)? || opened {
                feed_window::trim_all(tx, window, now)?;
            }
            // What an earlier version left in neither window nor archive finds its place.
            for topic in topics.iter().map(|topic| topic.id.as_str()).chain(["all"]) {
                archives::create_missing(tx, topic, window)?;
            }
            Ok(())
        })
    }

    /// Marks sources as due at once, for a daemon that runs beside: `forced` past their schedule.
    pub fn request_polls(&self, ids: &[SourceId], forced: bool) -> Result<(), StoreError> {
        let ids = ids.to_vec();
        self.write(move |tx| {
            for id in &ids {
                tx.execute(
                    "UPDATE source SET poll_requested = max(poll_requested, ?2) WHERE id = ?1",
                    params![id.as_str(), 1 + i64::from(forced)],
                )
                .context("mark a source as due")?;
            }
            Ok(())
        })
    }

    /// Sets when sources that were never polled are asked first.
    pub fn schedule_first(
        &self,
        at: &[(SourceId, Timestamp, PollReason)],
    ) -> Result<(), StoreError> {
        let at = at.to_vec();
        self.write(move |tx| {
            for (id, when, because) in &at {
                tx.execute(
                    "UPDATE source SET next_poll_ms = ?2, next_poll_reason = ?3 WHERE id = ?1 AND last_attempt_ms IS NULL",
                    params![id.as_str(), ms(*when), because.to_string()],
                )
                .context("schedule a first poll")?;
            }
            Ok(())
        })
    }
}

impl Reader<'_> {
    /// What is remembered of a source; nothing but defaults for one that was never polled.
    pub fn source_record(&self, id: &SourceId) -> Result<SourceRecord, StoreError> {
        let mut memory = self
            .conn
            .prepare_cached("SELECT * FROM source WHERE id = ?1")?
            .query_row([id.as_str()], |row| {
                let way = row
                    .get::<_, Option<String>>("follow_mode")?
                    .as_deref()
                    .and_then(FollowMode::from_stored);
                let url =
                    row.get::<_, Option<String>>("follow_url")?.and_then(|u| Url::parse(&u).ok());
                let because: Option<String> = row.get("follow_reason")?;
                let moved =
                    row.get::<_, Option<String>>("redirect_url")?.and_then(|u| Url::parse(&u).ok());
                let moved_since = time_opt(row, "redirect_since_ms")?;
                let adopted: bool = row.get("redirect_adopted")?;
                Ok(SourceRecord {
                    followed: way.zip(url).map(|(way, url)| FollowTarget {
                        follow_mode: way,
                        url,
                        reason: because.unwrap_or_default(),
                    }),
                    reviewed: time_opt(row, "follow_reviewed_ms")?,
                    body_digest: row.get("body_digest")?,
                    key_policy: sql_values::parsed(row, "key_policy")?,
                    imported: time_opt(row, "import_completed_ms")?,
                    home_page_url: row.get("home_page_url")?,
                    last_request: time_opt(row, "last_request_ms")?,
                    failures: row.get("consecutive_failures")?,
                    throttles: row.get("consecutive_throttles")?,
                    gone_since: time_opt(row, "first_gone_ms")?,
                    resting: row.get("gone")?,
                    last_outcome: row
                        .get::<_, Option<String>>("last_outcome")?
                        .and_then(|name| PollOutcome::from_stored(&name)),
                    last_error_class: row.get("last_error_class")?,
                    host: row.get("host")?,
                    next_poll: time_opt(row, "next_poll_ms")?,
                    not_before: time_opt(row, "not_before_ms")?,
                    moved: moved.zip(moved_since).map(|(to, since)| MovedAddress {
                        to,
                        since,
                        adopted,
                    }),
                    update_hints: sql_values::from_json_opt(row, "update_hints")?
                        .unwrap_or_default(),
                    recent_dates: Vec::new(),
                    validators: Vec::new(),
                })
            })
            .optional()?
            .unwrap_or_default();
        memory.recent_dates = self
            .conn
            .prepare_cached("SELECT coalesce(published_ms, first_seen_ms) AS at FROM entry WHERE source_id = ?1 ORDER BY first_seen_ms DESC LIMIT 40")?
            .query_map([id.as_str()], |r| Ok(time(r.get(0)?)))?
            .collect::<Result<_, _>>()?;
        memory.recent_dates.sort_unstable_by(|a, b| b.cmp(a));
        memory.validators = self
            .conn
            .prepare_cached("SELECT url, etag, last_modified FROM validator WHERE source_id = ?1")?
            .query_map([id.as_str()], |r| {
                Ok((
                    r.get::<_, String>(0)?,
                    Validators { etag: r.get(1)?, last_modified: r.get(2)? },
                ))
            })?
            .filter_map(|row| row.map(|(url, v)| Url::parse(&url).ok().map(|u| (u, v))).transpose())
            .collect::<Result<_, _>>()?;
        Ok(memory)
    }

    /// The other sources of feeds.toml that read the document at `url`, behind their redirects.
    pub fn shared_feed_sources(
        &self,
        id: &SourceId,
        url: &Url,
    ) -> Result<Vec<SharedFeedSource>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT id, last_request_ms, next_poll_ms FROM source WHERE id <> ?1 AND ordinal IS NOT NULL AND paused = 0 AND gone = 0
                AND (follow_url = ?2 OR redirect_url = ?2
                     OR (follow_mode = 'feed' AND EXISTS (SELECT 1 FROM validator v WHERE v.source_id = source.id AND v.url = ?2)))
              ORDER BY ordinal",
        )?;
        let rows = statement.query_map([id.as_str(), url.as_str()], |r| {
            Ok(SharedFeedSource {
                id: sql_values::source_id(r, "id")?,
                last_request: time_opt(r, "last_request_ms")?,
                next_poll: time_opt(r, "next_poll_ms")?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Sources that are due at `now`, the longest overdue first: of each host at most as many as it
    /// has room for, so that one slow host never holds up the others. `under_way` are those that
    /// are asked just now: they take up their hosts' room.
    pub fn due_sources(
        &self,
        now: Timestamp,
        under_way: &[SourceId],
        per_host: usize,
        limit: usize,
    ) -> Result<Vec<DueSource>, StoreError> {
        let under_way: Vec<&str> = under_way.iter().map(SourceId::as_str).collect();
        let under_way = sql_values::json(&under_way);
        let mut statement = self.conn.prepare_cached(
            "WITH busy AS (SELECT id, host FROM source WHERE id IN (SELECT value FROM json_each(?2))),
             waiting AS (
               SELECT id, host, url, follow, poll_requested,
                      coalesce(next_poll_ms, 0) AS at,
                      row_number() OVER (PARTITION BY host ORDER BY poll_requested DESC, coalesce(next_poll_ms, 0), ordinal) AS place
                 FROM source
                WHERE ordinal IS NOT NULL AND paused = 0 AND id NOT IN (SELECT value FROM json_each(?2))
                  AND ((gone = 0 AND coalesce(next_poll_ms, 0) <= ?1) OR (poll_requested > 0 AND coalesce(not_before_ms, 0) <= ?1)))
             SELECT id, host, url, follow, poll_requested FROM waiting
              WHERE place + (SELECT count(*) FROM busy WHERE busy.host = waiting.host) <= ?3
              ORDER BY poll_requested DESC, at LIMIT ?4",
        )?;
        let rows = statement.query_map(
            params![ms(now), under_way, number(per_host), number(limit)],
            |r| {
                Ok(DueSource {
                    id: sql_values::source_id(r, "id")?,
                    host: r.get("host")?,
                    target: target_of_row(r)?,
                    forced: r.get::<_, i64>("poll_requested")? > 1,
                })
            },
        )?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// When the next source is due that is not due at `now`.
    pub fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let at: Option<i64> = self
            .conn
            .prepare_cached("SELECT min(next_poll_ms) FROM source WHERE ordinal IS NOT NULL AND paused = 0 AND gone = 0 AND next_poll_ms > ?1")?
            .query_row([ms(now)], |r| r.get(0))?;
        Ok(at.map(time))
    }

    /// Sources of feeds.toml that were never polled and have no first poll scheduled, in its order.
    pub fn unscheduled_sources(&self) -> Result<Vec<SourceId>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT id FROM source WHERE ordinal IS NOT NULL AND last_attempt_ms IS NULL AND next_poll_ms IS NULL AND paused = 0 ORDER BY ordinal",
        )?;
        let rows = statement.query_map([], |r| sql_values::source_id(r, "id"))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// A source that is new, at the address of one that feeds.toml no longer has, is that source under
/// another id: everything that is known of it goes on, and nothing of it is announced again.
fn rename_sources(tx: &Transaction<'_>, sources: &[(Source, String)]) -> Result<(), StoreError> {
    let context = "take over a source under another id";
    let mut statement = tx
        .prepare_cached("SELECT url, id FROM source ORDER BY last_attempt_ms")
        .context(context)?;
    let known: Vec<(String, String)> = statement
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))
        .and_then(Iterator::collect)
        .context(context)?;
    let wanted: HashSet<&str> = sources.iter().map(|(source, _)| source.id.as_str()).collect();
    // Of several that were at one address, the one that was asked last.
    let mut left: HashMap<_, _> =
        known.into_iter().filter(|(_, id)| !wanted.contains(id.as_str())).collect();
    for (source, _) in sources {
        let id = source.id.as_str();
        if configured_target(tx, &source.id)?.is_some() {
            continue;
        }
        let Some(old) = left.remove(source.url.as_str()) else {
            continue;
        };
        tx.pragma_update(None, "defer_foreign_keys", true).context(context)?;
        tx.execute("UPDATE source SET id = ?2 WHERE id = ?1", [old.as_str(), id])
            .context(context)?;
        for table in ["validator", "entry", "entry_alias", "page", "sitemap"] {
            tx.execute(
                &format!("UPDATE {table} SET source_id = ?2 WHERE source_id = ?1"),
                [old.as_str(), id],
            )
            .context(context)?;
        }
        // Topics may ask for sources by their ids.
        tx.execute("UPDATE story SET rules_fingerprint = NULL WHERE id IN (SELECT story_id FROM entry WHERE source_id = ?1)", [id])
            .context(context)?;
    }
    Ok(())
}

/// A topic goes on under another id: with its stories, their places in the window and the archives,
/// and the labels that name it. Returns whether there was anything to rename.
fn rename_topic(tx: &Transaction<'_>, was: &TopicId, id: &TopicId) -> Result<bool, StoreError> {
    let mut renamed = false;
    let ids = params![was.as_str(), id.as_str()];
    for sql in [
        "UPDATE archive_story SET topic_id = ?2 WHERE topic_id = ?1 AND NOT EXISTS (SELECT 1 FROM archive WHERE topic_id = ?2)",
        // They name themselves, so they are drawn anew.
        "UPDATE archive SET topic_id = ?2, revision = revision + 1, input_digest = NULL, body = NULL
          WHERE topic_id = ?1 AND NOT EXISTS (SELECT 1 FROM archive a WHERE a.topic_id = ?2)",
        "UPDATE OR IGNORE story_topic SET topic_id = ?2 WHERE topic_id = ?1",
        "UPDATE story_topic SET in_archive = NOT in_archive WHERE topic_id = ?2
            AND in_archive <> EXISTS (SELECT 1 FROM archive_story a WHERE a.topic_id = ?2 AND a.story_id = story_topic.story_id)",
        "UPDATE topic SET filled = 1 WHERE id = ?2 AND EXISTS (SELECT 1 FROM topic old WHERE old.id = ?1 AND old.filled = 1)",
        "UPDATE label SET topics = (SELECT json_group_array(DISTINCT CASE WHEN value = ?1 THEN ?2 ELSE value END) FROM json_each(label.topics))
          WHERE EXISTS (SELECT 1 FROM json_each(label.topics) WHERE value = ?1)",
    ] {
        renamed |= tx.execute(sql, ids).context("rename a topic")? > 0;
    }
    Ok(renamed)
}

/// A topic that left takes its memberships with it; labels keep naming it, should it come back. Who
/// was in it is sorted again then, also when it comes back before anything else was sorted.
fn retire_topics(tx: &Transaction<'_>) -> Result<(), StoreError> {
    const LEFT: &str =
        "topic_id <> 'all' AND topic_id NOT IN (SELECT id FROM topic WHERE ordinal IS NOT NULL)";
    tx.execute(&format!("UPDATE story SET rules_fingerprint = NULL WHERE id IN (SELECT story_id FROM story_topic WHERE {LEFT})"), [])
        .and_then(|_| tx.execute(&format!("DELETE FROM story_topic WHERE {LEFT}"), []))
        .and_then(|_| tx.execute("UPDATE topic SET filled = 0 WHERE ordinal IS NULL", []))
        .context("take over the topics")?;
    Ok(())
}

fn target_of_row(row: &Row<'_>) -> rusqlite::Result<SourceTarget> {
    let follow = FollowMode::from_stored(&row.get::<_, String>("follow")?).unwrap_or_default();
    Ok(SourceTarget { url: row.get("url")?, follow_mode: follow })
}

/// What feeds.toml says of a source now; `None`: it is not known.
pub(super) fn configured_target(
    conn: &Connection,
    id: &SourceId,
) -> Result<Option<SourceTarget>, StoreError> {
    conn.prepare_cached("SELECT url, follow FROM source WHERE id = ?1")
        .and_then(|mut s| s.query_row([id.as_str()], target_of_row).optional())
        .context("tell what feeds.toml says of a source")
}

/// Takes over what feeds.toml says of one source; whether that makes it public or private.
fn sync_source(
    tx: &Transaction<'_>,
    ordinal: usize,
    source: &Source,
    host: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let content = source.content.map(|c| match c {
        ContentPolicy::Full => "full",
        ContentPolicy::Summary => "summary",
        ContentPolicy::None => "none",
    });
    let id = source.id.as_str();
    let before = tx
        .query_row("SELECT url, follow, host, public FROM source WHERE id = ?1", [id], |r| {
            Ok((target_of_row(r)?, r.get::<_, String>("host")?, r.get::<_, bool>("public")?))
        })
        .optional()
        .context("take over a source")?;
    tx.prepare_cached(
        "INSERT INTO source (id, ordinal, title_override, url, follow, content_policy, publish, has_auth, paused, host, source_ref_updated_ms, interval_s)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT (id) DO UPDATE SET ordinal = excluded.ordinal, title_override = excluded.title_override, url = excluded.url,
           follow = excluded.follow, content_policy = excluded.content_policy, publish = excluded.publish, has_auth = excluded.has_auth,
           paused = excluded.paused, host = CASE WHEN source.url = excluded.url THEN source.host ELSE excluded.host END",
    )
    .and_then(|mut s| {
        s.execute(params![
            id,
            number(ordinal),
            source.title,
            source.url.as_str(),
            source.follow_mode.as_str(),
            content,
            source.publish,
            source.auth.is_some(),
            source.paused,
            host,
            ms(now),
            seconds(source.poll_policy.interval)
        ])
    })
    .context("take over a source")?;
    let mut opened = false;
    if let Some((asked, old_host, was_public)) = before {
        if asked != SourceTarget::of(source) {
            // Another address is another thing to find out; what was read from the old one stays
            // known and shown as it was: the way is taken back with its address alone, because it
            // decides how much text is republished. What a host asked for by Retry-After holds for
            // that host alone.
            if asked.url != source.url.as_str() && old_host != host {
                tx.execute("UPDATE source SET not_before_ms = NULL WHERE id = ?1", [id])
                    .context("take over a source")?;
            }
            tx.execute(
                "UPDATE source SET follow_url = NULL, follow_reason = NULL, body_digest = NULL, redirect_url = NULL, redirect_adopted = 0,
                   gone = 0, first_gone_ms = NULL, consecutive_failures = 0, consecutive_throttles = 0, next_poll_ms = not_before_ms,
                   next_poll_reason = ?2, update_hints = NULL WHERE id = ?1",
                params![id, PollReason::AddressChanged.to_string()],
            )
            .context("take over a source")?;
        }
        let is_public: bool = tx
            .query_row("SELECT public FROM source WHERE id = ?1", [id], |r| r.get(0))
            .context("take over a source")?;
        if is_public != was_public {
            opened = true;
            for story in representative::choose_all_of_source(tx, id, now)? {
                tx.prepare_cached("UPDATE story SET rules_fingerprint = NULL WHERE id = ?1")?
                    .execute([story])?;
            }
        }
    }
    source_ref::update(tx, id, now)?;
    Ok(opened)
}

/// A count as `SQLite` has it.
pub(super) fn number(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A pause in whole seconds.
pub(super) fn seconds(pause: Duration) -> i64 {
    i64::try_from(pause.as_secs()).unwrap_or(i64::MAX)
}
