//! What polls need to know about sources, and which sources are due.

use rusqlite::{OptionalExtension as _, Row, named_params};
use url::Url;

use entry_identity::KeyPolicy;
use feed_model::{
    FollowMode, FollowTarget, MovedAddress, PollOutcome, SourceId, Timestamp, UpdateHints,
    Validators,
};

use crate::store::{
    Reader, SourceTarget, StoreError,
    sql_values::{self, ms, number, time, time_opt},
    statements::query_all,
};

/// The state of a source between two polls.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SourceRecord {
    /// How it is followed; `None`: not discovered yet.
    pub followed: Option<FollowTarget>,
    /// When the follow mode was last discovered or reviewed.
    pub reviewed: Option<Timestamp>,
    /// The hash of the last document that was parsed.
    pub body_digest: Option<[u8; 32]>,
    /// What its entries are identified by.
    pub key_policy: KeyPolicy,
    /// Whether archives of its feed are queued to be fetched.
    pub has_queued_archives: bool,
    /// When its first import was complete.
    pub imported: Option<Timestamp>,
    /// The home page of the publication.
    pub home_page_url: Option<String>,
    /// When the last request for it was made.
    pub last_request: Option<Timestamp>,
    /// The number of consecutive failures.
    pub failures: u32,
    /// The number of consecutive 429 and 503 responses.
    pub throttles: u32,
    /// When the first of the consecutive 410 responses was received.
    pub gone_since: Option<Timestamp>,
    /// Whether it is gone: it is polled only when `tributary poll` names it.
    pub gone: bool,
    /// The outcome of the last attempt.
    pub last_outcome: Option<PollOutcome>,
    /// The class of the last error; `None`: the last attempt succeeded.
    pub last_error_class: Option<String>,
    /// The key of its host limits: the host that last responded, or the host of its address.
    pub host: String,
    /// When it is due.
    pub next_poll: Option<Timestamp>,
    /// The end of a Retry-After, which holds for forced polls too.
    pub not_before: Option<Timestamp>,
    /// The target of permanent redirects, if there are any.
    pub moved: Option<MovedAddress>,
    /// The update hints of its last document.
    pub update_hints: UpdateHints,
    /// The dates of its latest entries, newest first.
    pub recent_dates: Vec<Timestamp>,
    /// Whether its hub pushes new entries.
    pub is_pushed: bool,
    /// The validators of its URLs.
    pub validators: Vec<(Url, Validators)>,
}

/// Another source with the same feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedFeedSource {
    /// The source.
    pub id: SourceId,
    /// When the last request for it was made.
    pub last_request: Option<Timestamp>,
    /// When it is due.
    pub next_poll: Option<Timestamp>,
}

/// A source that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueSource {
    /// The source.
    pub id: SourceId,
    /// The key of its host limits.
    pub host: String,
    /// Its address and follow mode in feeds.toml.
    pub target: SourceTarget,
    /// Whether the poll was requested regardless of the schedule.
    pub forced: bool,
}

impl Reader<'_> {
    /// Returns the state of a source; the default for an unknown source.
    pub fn source_record(&self, id: &SourceId) -> Result<SourceRecord, StoreError> {
        let mut record = self
            .conn
            .prepare_cached("SELECT * FROM source WHERE id = ?1")?
            .query_row([id.as_str()], record_of_row)
            .optional()?
            .unwrap_or_default();
        record.recent_dates = query_all(
            self.conn,
            "SELECT coalesce(published_ms, first_seen_ms) AS at FROM entry
              WHERE source_id = ?1 ORDER BY first_seen_ms DESC LIMIT 40",
            [id.as_str()],
            |r| Ok(time(r.get(0)?)),
        )?;
        record.recent_dates.sort_unstable_by(|a, b| b.cmp(a));
        let validators = query_all(
            self.conn,
            "SELECT url, etag, last_modified FROM validator WHERE source_id = ?1",
            [id.as_str()],
            |r| {
                let url = Url::parse(&r.get::<_, String>("url")?).ok();
                let (etag, last_modified) = (r.get("etag")?, r.get("last_modified")?);
                Ok(url.map(|url| (url, Validators { etag, last_modified })))
            },
        )?;
        record.is_pushed = self.is_pushed(id)?;
        record.has_queued_archives = self
            .conn
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM page
                  WHERE source_id = ?1 AND state = 'queued' AND backfill = 2)",
            )?
            .query_row([id.as_str()], |r| r.get(0))?;
        record.validators = validators.into_iter().flatten().collect();
        Ok(record)
    }

    /// Returns the other sources of feeds.toml whose polls fetch the document at `url`, possibly
    /// after redirects.
    pub fn shared_feed_sources(
        &self,
        id: &SourceId,
        url: &Url,
    ) -> Result<Vec<SharedFeedSource>, StoreError> {
        Ok(query_all(
            self.conn,
            "SELECT id, last_request_ms, next_poll_ms FROM source
              WHERE id IN (
                  SELECT id FROM source WHERE follow_url = ?2
                  UNION SELECT id FROM source WHERE redirect_url = ?2
                  UNION SELECT s.id FROM validator v CROSS JOIN source s ON s.id = v.source_id
                         WHERE v.url = ?2 AND s.follow_mode = 'feed')
                AND id <> ?1 AND ordinal IS NOT NULL AND paused = 0 AND gone = 0
              ORDER BY ordinal",
            [id.as_str(), url.as_str()],
            |r| {
                Ok(SharedFeedSource {
                    id: sql_values::source_id(r, "id")?,
                    last_request: time_opt(r, "last_request_ms")?,
                    next_poll: time_opt(r, "next_poll_ms")?,
                })
            },
        )?)
    }

    /// Returns up to `limit` sources that are due at `now` and not `deferred`, the longest overdue
    /// first. At most `per_host` polls of one host run at a time, those of the sources in `running`
    /// included, so that a slow host does not delay others.
    pub fn due_sources(
        &self,
        now: Timestamp,
        running: &[SourceId],
        deferred: &[SourceId],
        per_host: usize,
        limit: usize,
    ) -> Result<Vec<DueSource>, StoreError> {
        let running: Vec<&str> = running.iter().map(SourceId::as_str).collect();
        let excluded: Vec<&str> =
            running.iter().copied().chain(deferred.iter().map(SourceId::as_str)).collect();
        Ok(query_all(
            self.conn,
            "WITH busy AS (
               SELECT id, host FROM source WHERE id IN (SELECT value FROM json_each(:running))),
             candidate AS (
               SELECT id FROM source WHERE ordinal IS NOT NULL AND next_poll_ms <= :now AND gone = 0
               UNION SELECT id FROM source
                WHERE ordinal IS NOT NULL AND next_poll_ms IS NULL AND gone = 0
               UNION SELECT id FROM source
                WHERE poll_requested > 0 AND coalesce(not_before_ms, 0) <= :now),
             due AS (
               SELECT id, host, url, follow, poll_requested, coalesce(next_poll_ms, 0) AS at,
                      row_number() OVER (PARTITION BY host ORDER BY
                        poll_requested DESC, coalesce(next_poll_ms, 0), ordinal) AS place
                 FROM candidate CROSS JOIN source USING (id)
                WHERE ordinal IS NOT NULL AND paused = 0
                  AND id NOT IN (SELECT value FROM json_each(:excluded)))
             SELECT id, host, url, follow, poll_requested FROM due
              WHERE place + (SELECT count(*) FROM busy WHERE busy.host = due.host) <= :per_host
              ORDER BY poll_requested DESC, at LIMIT :limit",
            named_params! {
                ":now": ms(now),
                ":running": sql_values::json(&running),
                ":excluded": sql_values::json(&excluded),
                ":per_host": number(per_host),
                ":limit": number(limit),
            },
            |r| {
                Ok(DueSource {
                    id: sql_values::source_id(r, "id")?,
                    host: r.get("host")?,
                    target: SourceTarget::of_row(r)?,
                    forced: r.get::<_, i64>("poll_requested")? > 1,
                })
            },
        )?)
    }

    /// Returns the time at which the next source is due after `now`.
    pub fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let at: Option<i64> = self
            .conn
            .prepare_cached(
                "SELECT min(next_poll_ms) FROM source
                  WHERE ordinal IS NOT NULL AND paused = 0 AND gone = 0 AND next_poll_ms > ?1",
            )?
            .query_row([ms(now)], |r| r.get(0))?;
        Ok(at.map(time))
    }

    /// Returns the sources of feeds.toml, in its order, that were never polled and whose first poll
    /// is not scheduled.
    pub fn unscheduled_sources(&self) -> Result<Vec<SourceId>, StoreError> {
        Ok(query_all(
            self.conn,
            "SELECT id FROM source
              WHERE ordinal IS NOT NULL AND paused = 0
                AND last_attempt_ms IS NULL AND next_poll_ms IS NULL
              ORDER BY ordinal",
            [],
            |r| sql_values::source_id(r, "id"),
        )?)
    }
}

fn record_of_row(row: &Row<'_>) -> rusqlite::Result<SourceRecord> {
    let text = |column| row.get::<_, Option<String>>(column);
    let url = |column| Ok::<_, rusqlite::Error>(text(column)?.and_then(|u| Url::parse(&u).ok()));
    let follow_mode = text("follow_mode")?.as_deref().and_then(FollowMode::from_stored);
    let follow_reason = text("follow_reason")?.unwrap_or_default();
    let redirect = url("redirect_url")?.zip(time_opt(row, "redirect_since_ms")?);
    let redirect_adopted: bool = row.get("redirect_adopted")?;
    Ok(SourceRecord {
        is_pushed: false,
        has_queued_archives: false,
        followed: follow_mode.zip(url("follow_url")?).map(|(follow_mode, url)| FollowTarget {
            follow_mode,
            url,
            reason: follow_reason,
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
        gone: row.get("gone")?,
        last_outcome: text("last_outcome")?.and_then(|name| PollOutcome::from_stored(&name)),
        last_error_class: row.get("last_error_class")?,
        host: row.get("host")?,
        next_poll: time_opt(row, "next_poll_ms")?,
        not_before: time_opt(row, "not_before_ms")?,
        moved: redirect.map(|(to, since)| MovedAddress { to, since, adopted: redirect_adopted }),
        update_hints: sql_values::from_json_opt(row, "update_hints")?.unwrap_or_default(),
        recent_dates: Vec::new(),
        validators: Vec::new(),
    })
}
