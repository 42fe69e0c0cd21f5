//! The pages of sites without a feed: which are known, which wait to be fetched; and robots.txt.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, named_params, params};
use url::Url;

use super::{
    Reader, Store, StoreError,
    error::SqlContext as _,
    sources::number,
    sql_values::{ms, time, time_opt},
};
use feed_model::{SourceId, Timestamp, Validators};

/// Attempts at one page before it is given up.
const MAX_ATTEMPTS: u32 = 5;

/// A page that waits to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedPage {
    /// Its address.
    pub url: Url,
    /// Whether it is older than the first visit.
    pub backlog: bool,
    /// Whether it was fetched before, and changed since.
    pub refresh: bool,
    /// The publisher's order: smaller is newer.
    pub rank: i64,
    /// What the sitemap or index says of it (JSON).
    pub metadata: Option<String>,
}

/// What became of a page that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageState {
    /// It waits to be fetched.
    Queued,
    /// It was fetched.
    Fetched,
    /// It could not be fetched, and was given up.
    Failed,
    /// It is older than the back-catalogue reaches, and is not fetched.
    Skipped,
}

/// A page that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPage {
    /// What became of it.
    pub state: PageState,
    /// What the sitemap said last: when it was changed.
    pub lastmod: Option<Timestamp>,
    /// What is known of it (JSON): before it was fetched what the sitemap or index says, afterwards
    /// what its head says.
    pub metadata: Option<String>,
}

/// A sitemap that a sitemap index names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedSitemap {
    /// Its address.
    pub url: Url,
    /// When the index says that it was changed, as of the last reading.
    pub lastmod: Option<Timestamp>,
    /// Whether it was ever read.
    pub read: bool,
    /// Whether the first index that was read named it: what it lists is not new when it is read
    /// late.
    pub from_first_index: bool,
}

/// What a poll learnt about the pages of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageChange {
    /// A page was found: it is queued, or only known.
    Discovered {
        /// Its address.
        url: Url,
        /// Whether it waits to be fetched.
        queued: bool,
        /// Whether it is older than the first visit.
        backlog: bool,
        /// The publisher's order: smaller is newer.
        rank: i64,
        /// When the sitemap says that it was changed.
        lastmod: Option<Timestamp>,
        /// What the sitemap or index says of it (JSON); `None`: what was known stays.
        metadata: Option<String>,
    },
    /// A page was fetched.
    Fetched {
        /// Its address.
        url: Url,
        /// What its head says (JSON); `None`: what was known stays.
        metadata: Option<String>,
    },
    /// A page could not be fetched: tried again at `retry`, unless that was the last time.
    Failed {
        /// Its address.
        url: Url,
        /// Not before.
        retry: Timestamp,
        /// Whether it is given up at once.
        permanent: bool,
    },
    /// A page may not be asked for now, which is not its fault.
    Postponed {
        /// Its address.
        url: Url,
        /// Not before.
        until: Timestamp,
    },
    /// The site is to be left in peace: none of its pages is asked for before then.
    SiteBackoff {
        /// Not before.
        until: Timestamp,
    },
    /// The sitemaps that the site's sitemap index names now.
    IndexedSitemaps(Vec<IndexedSitemap>),
}

/// robots.txt of one origin, as it was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRobots {
    /// The HTTP status; `None`: no answer.
    pub status: Option<u16>,
    /// The text.
    pub body: Vec<u8>,
    /// Whether it was a challenge page.
    pub challenge: bool,
    /// When.
    pub fetched: Timestamp,
    /// What it is asked for again with.
    pub validators: Validators,
}

impl Reader<'_> {
    /// Pages that wait, newest first: those never fetched before those that changed.
    pub fn queued_pages(
        &self,
        source: &SourceId,
        backlog: bool,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<QueuedPage>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT url, backfill, fetched_ms IS NOT NULL AS refresh, rank, metadata FROM page
              WHERE source_id = ?1 AND state = 'queued' AND backfill = ?2 AND coalesce(not_before_ms, 0) <= ?3
              ORDER BY refresh, rank LIMIT ?4",
        )?;
        let rows = statement.query_map(
            params![source.as_str(), backlog, ms(now), number(limit)],
            |r| {
                let url: String = r.get("url")?;
                Ok((url, r.get("backfill")?, r.get("refresh")?, r.get("rank")?, r.get("metadata")?))
            },
        )?;
        let mut pages = Vec::new();
        for row in rows {
            let (url, backlog, refresh, rank, metadata) = row?;
            if let Ok(url) = Url::parse(&url) {
                pages.push(QueuedPage { url, backlog, refresh, rank, metadata });
            }
        }
        Ok(pages)
    }

    /// The known pages of a source, by their addresses.
    pub fn known_pages(&self, source: &SourceId) -> Result<HashMap<String, KnownPage>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT url, state, lastmod_ms, metadata FROM page WHERE source_id = ?1",
        )?;
        let rows = statement.query_map([source.as_str()], |r| {
            let state = match r.get::<_, String>("state")?.as_str() {
                "queued" => PageState::Queued,
                "fetched" => PageState::Fetched,
                "failed" => PageState::Failed,
                _ => PageState::Skipped,
            };
            Ok((
                r.get(0)?,
                KnownPage {
                    state,
                    lastmod: time_opt(r, "lastmod_ms")?,
                    metadata: r.get("metadata")?,
                },
            ))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The sitemaps that a source's sitemap index named when it was last read, in its order.
    pub fn indexed_sitemaps(&self, source: &SourceId) -> Result<Vec<IndexedSitemap>, StoreError> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT url, lastmod_ms, fetched_ms IS NOT NULL AS read, in_first_index FROM sitemap WHERE source_id = ?1 ORDER BY rank")?;
        let rows = statement.query_map([source.as_str()], |r| {
            let (lastmod, read, from_first_index) =
                (time_opt(r, "lastmod_ms")?, r.get("read")?, r.get("in_first_index")?);
            Ok(Url::parse(&r.get::<_, String>("url")?).ok().map(|url| IndexedSitemap {
                url,
                lastmod,
                read,
                from_first_index,
            }))
        })?;
        rows.filter_map(|row| row.map_err(StoreError::from).transpose()).collect()
    }

    /// Whether one of these links, as they are compared within a source, is an entry's of this
    /// source.
    pub fn has_link(&self, source: &SourceId, links: &[String]) -> Result<bool, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM entry WHERE source_id = ?1 AND link IN (SELECT value FROM json_each(?2)))",
        )?;
        Ok(statement
            .query_row(params![source.as_str(), super::sql_values::json(links)], |r| r.get(0))?)
    }

    /// Pages of the back-catalogue that were queued so far, whatever became of them.
    pub fn backfill_size(&self, source: &SourceId) -> Result<usize, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT count(*) FROM page WHERE source_id = ?1 AND backfill = 1 AND state <> 'skipped'",
        )?;
        Ok(statement.query_row([source.as_str()], |r| r.get(0))?)
    }

    /// Sources of feeds.toml with back-catalogue pages that may be fetched now, with their hosts'
    /// keys. What failed in its last poll is left in peace until a poll of it succeeds.
    pub fn sources_with_backfill(
        &self,
        now: Timestamp,
    ) -> Result<Vec<(SourceId, String)>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT id, host FROM source WHERE ordinal IS NOT NULL AND paused = 0 AND gone = 0 AND coalesce(not_before_ms, 0) <= ?1
                AND follow_mode IN ('sitemap', 'page') AND consecutive_failures = 0
                AND EXISTS (SELECT 1 FROM page p WHERE p.source_id = source.id AND p.state = 'queued' AND p.backfill = 1
                             AND coalesce(p.not_before_ms, 0) <= ?1) ORDER BY ordinal",
        )?;
        let rows = statement
            .query_map([ms(now)], |r| Ok((super::sql_values::source_id(r, "id")?, r.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// robots.txt of an origin, where it was fetched.
    pub fn robots(&self, origin: &str) -> Result<Option<StoredRobots>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT status, body, bot_challenge, fetched_ms, etag, last_modified FROM robots WHERE origin = ?1",
        )?;
        Ok(statement
            .query_row([origin], |r| {
                let validators = Validators { etag: r.get(4)?, last_modified: r.get(5)? };
                Ok(StoredRobots {
                    status: r.get(0)?,
                    body: r.get(1)?,
                    challenge: r.get(2)?,
                    fetched: time(r.get(3)?),
                    validators,
                })
            })
            .optional()?)
    }
}

impl Store {
    /// Keeps robots.txt of an origin.
    pub fn store_robots(&self, origin: &str, robots: StoredRobots) -> Result<(), StoreError> {
        let origin = origin.to_owned();
        self.write(move |tx| {
            tx.execute(
                "INSERT OR REPLACE INTO robots
                   (origin, status, body, bot_challenge, fetched_ms, etag, last_modified)
                 VALUES (:origin, :status, :body, :challenge, :fetched, :etag, :last_modified)",
                named_params! {
                    ":origin": origin,
                    ":status": robots.status,
                    ":body": robots.body,
                    ":challenge": robots.challenge,
                    ":fetched": ms(robots.fetched),
                    ":etag": robots.validators.etag,
                    ":last_modified": robots.validators.last_modified,
                },
            )
            .context("store a robots.txt")?;
            Ok(())
        })
    }
}

/// Where the story of the page stands that the publisher lists above this one: the nearest that was
/// fetched and came with the first import or the back-catalogue.
pub(super) fn position_above(
    conn: &Connection,
    source: &str,
    url: &Url,
) -> Result<Option<Timestamp>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT s.position_ms FROM page me JOIN page p ON p.source_id = me.source_id AND p.rank < me.rank AND p.state = 'fetched'
           JOIN entry e ON e.source_id = p.source_id AND e.url = p.url JOIN story s ON s.id = e.story_id
          WHERE me.source_id = ?1 AND me.url = ?2 AND s.arrival <> 'ordinary' ORDER BY p.rank DESC LIMIT 1",
    )?;
    let found: Option<i64> =
        statement.query_row(params![source, url.as_str()], |r| r.get(0)).optional()?;
    Ok(found.map(time))
}

/// Stores what a poll learnt about pages.
pub(super) fn apply(
    conn: &Connection,
    source: &str,
    changes: &[PageChange],
    now: Timestamp,
) -> Result<(), StoreError> {
    for change in changes {
        apply_change(conn, source, change, now).context("store what is known of a page")?;
    }
    Ok(())
}

fn apply_change(
    conn: &Connection,
    source: &str,
    change: &PageChange,
    now: Timestamp,
) -> rusqlite::Result<()> {
    match change {
        PageChange::Discovered { url, queued, backlog, rank, lastmod, metadata } => {
            let state = if *queued { "queued" } else { "skipped" };
            conn.prepare_cached(
                "INSERT INTO page (source_id, url, state, backfill, rank, lastmod_ms, metadata) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (source_id, url) DO UPDATE SET rank = excluded.rank, lastmod_ms = excluded.lastmod_ms,
                   metadata = coalesce(excluded.metadata, page.metadata),
                   state = CASE WHEN excluded.state = 'queued' THEN 'queued' ELSE page.state END,
                   attempts = CASE WHEN excluded.state = 'queued' THEN 0 ELSE page.attempts END,
                   not_before_ms = CASE WHEN excluded.state = 'queued' THEN NULL ELSE page.not_before_ms END",
            )?
            .execute(params![source, url.as_str(), state, backlog, rank, lastmod.map(ms), metadata])?;
        }
        PageChange::Fetched { url, metadata } => {
            conn.prepare_cached(
                "UPDATE page SET state = 'fetched', fetched_ms = ?3, attempts = 0, metadata = coalesce(?4, metadata)
                 WHERE source_id = ?1 AND url = ?2",
            )?
            .execute(params![source, url.as_str(), ms(now), metadata])?;
        }
        PageChange::Failed { url, retry, permanent } => {
            conn.prepare_cached(
                "UPDATE page SET attempts = attempts + 1, not_before_ms = ?3,
                   state = CASE WHEN ?4 OR attempts + 1 >= ?5 THEN 'failed' ELSE state END WHERE source_id = ?1 AND url = ?2",
            )?
            .execute(params![source, url.as_str(), ms(*retry), permanent, MAX_ATTEMPTS])?;
        }
        PageChange::Postponed { url, until } => {
            conn.prepare_cached(
                "UPDATE page SET not_before_ms = ?3 WHERE source_id = ?1 AND url = ?2",
            )?
            .execute(params![source, url.as_str(), ms(*until)])?;
        }
        PageChange::SiteBackoff { until } => {
            conn.prepare_cached(
                "UPDATE page SET not_before_ms = max(coalesce(not_before_ms, 0), ?2) WHERE source_id = ?1 AND state = 'queued'",
            )?
            .execute(params![source, ms(*until)])?;
        }
        PageChange::IndexedSitemaps(parts) => {
            conn.prepare_cached("DELETE FROM sitemap WHERE source_id = ?1")?.execute([source])?;
            let mut insert = conn.prepare_cached(
                "INSERT INTO sitemap (source_id, url, rank, lastmod_ms, fetched_ms, in_first_index) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO NOTHING",
            )?;
            for (rank, part) in parts.iter().enumerate() {
                insert.execute(params![
                    source,
                    part.url.as_str(),
                    number(rank),
                    part.lastmod.map(ms),
                    part.read.then(|| ms(now)),
                    part.from_first_index
                ])?;
            }
        }
    }
    Ok(())
}
