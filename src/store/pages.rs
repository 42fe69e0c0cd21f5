//! The pages of sites without a feed: which are known, which wait to be fetched; and robots.txt.

use rusqlite::{Connection, OptionalExtension as _, params};
use url::Url;

use super::{
    Reader, Store, StoreError,
    error::Doing as _,
    rows::{ms, time, time_opt},
    sources::number,
};
use crate::model::{SourceId, Timestamp};

/// Attempts at one page before it is given up.
const MOST_ATTEMPTS: u32 = 5;

/// A page that waits to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedPage {
    /// Its address.
    pub url: Url,
    /// Whether it is older than the first visit.
    pub backlog: bool,
    /// What the sitemap says: when it was changed.
    pub lastmod: Option<Timestamp>,
    /// Title and date that the sitemap gives, as stored (JSON).
    pub hint: Option<String>,
    /// Attempts so far.
    pub attempts: u32,
}

/// What a poll learnt about the pages of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageChange {
    /// A page was found: it is queued, or only known.
    Found {
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
        /// What the sitemap says of it (JSON).
        hint: Option<String>,
    },
    /// A page was fetched.
    Fetched {
        /// Its address.
        url: Url,
    },
    /// A page could not be fetched: tried again at `retry`, unless that was the last time.
    Failed {
        /// Its address.
        url: Url,
        /// Not before.
        retry: Timestamp,
        /// Whether it is given up at once.
        for_good: bool,
    },
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
}

impl Reader<'_> {
    /// Pages that wait, newest first: new ones before the back-catalogue.
    pub fn queued_pages(
        &self,
        source: &SourceId,
        backlog: bool,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<QueuedPage>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT url, backlog, lastmod_ms, draft, attempts FROM page
              WHERE source_id = ?1 AND state = 'queued' AND backlog = ?2 AND coalesce(not_before_ms, 0) <= ?3 ORDER BY rank LIMIT ?4",
        )?;
        let rows = statement.query_map(params![source.as_str(), backlog, ms(now), number(limit)], |r| {
            let url: String = r.get("url")?;
            Ok((url, r.get("backlog")?, time_opt(r, "lastmod_ms")?, r.get("draft")?, r.get("attempts")?))
        })?;
        let mut pages = Vec::new();
        for row in rows {
            let (url, backlog, lastmod, hint, attempts) = row?;
            if let Ok(url) = Url::parse(&url) {
                pages.push(QueuedPage { url, backlog, lastmod, hint, attempts });
            }
        }
        Ok(pages)
    }

    /// The addresses of a source's known pages, with what their sitemap said of their last change.
    pub fn known_pages(&self, source: &SourceId) -> Result<std::collections::HashMap<String, Option<Timestamp>>, StoreError> {
        let mut statement = self.conn.prepare_cached("SELECT url, lastmod_ms FROM page WHERE source_id = ?1")?;
        let rows = statement.query_map([source.as_str()], |r| Ok((r.get(0)?, time_opt(r, "lastmod_ms")?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Pages of the back-catalogue that were queued so far, whatever became of them.
    pub fn backlog_size(&self, source: &SourceId) -> Result<usize, StoreError> {
        let mut statement =
            self.conn.prepare_cached("SELECT count(*) FROM page WHERE source_id = ?1 AND backlog = 1 AND state <> 'passed'")?;
        Ok(statement.query_row([source.as_str()], |r| r.get(0))?)
    }

    /// Sources of feeds.toml with back-catalogue pages that may be fetched now, with their hosts' keys.
    pub fn backlogs(&self, now: Timestamp) -> Result<Vec<(SourceId, String)>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT id, host FROM source WHERE ordinal IS NOT NULL AND paused = 0 AND resting = 0 AND coalesce(not_before_ms, 0) <= ?1
                AND way = 'sitemap' AND imported_ms IS NOT NULL
                AND EXISTS (SELECT 1 FROM page p WHERE p.source_id = source.id AND p.state = 'queued' AND p.backlog = 1
                             AND coalesce(p.not_before_ms, 0) <= ?1) ORDER BY ordinal",
        )?;
        let rows = statement.query_map([ms(now)], |r| Ok((super::rows::source_id(r, "id")?, r.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// robots.txt of an origin, where it was fetched.
    pub fn robots(&self, origin: &str) -> Result<Option<StoredRobots>, StoreError> {
        let mut statement =
            self.conn.prepare_cached("SELECT status, body, challenge, fetched_ms FROM robots WHERE origin = ?1")?;
        Ok(statement
            .query_row([origin], |r| {
                Ok(StoredRobots { status: r.get(0)?, body: r.get(1)?, challenge: r.get(2)?, fetched: time(r.get(3)?) })
            })
            .optional()?)
    }
}

impl Store {
    /// Keeps robots.txt of an origin.
    pub fn keep_robots(&self, origin: &str, robots: StoredRobots) -> Result<(), StoreError> {
        let origin = origin.to_owned();
        self.write(move |tx| {
            tx.execute(
                "INSERT INTO robots (origin, status, body, challenge, fetched_ms) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (origin) DO UPDATE SET status = excluded.status, body = excluded.body,
                   challenge = excluded.challenge, fetched_ms = excluded.fetched_ms",
                params![origin, robots.status, robots.body, robots.challenge, ms(robots.fetched)],
            )
            .doing("keep a robots.txt")?;
            Ok(())
        })
    }
}

/// Stores what a poll learnt about pages.
pub(super) fn apply(conn: &Connection, source: &str, changes: &[PageChange], now: Timestamp) -> Result<(), StoreError> {
    for change in changes {
        apply_one(conn, source, change, now).doing("store what is known of a page")?;
    }
    Ok(())
}

fn apply_one(conn: &Connection, source: &str, change: &PageChange, now: Timestamp) -> rusqlite::Result<()> {
    match change {
        PageChange::Found { url, queued, backlog, rank, lastmod, hint } => {
            let state = if *queued { "queued" } else { "passed" };
            conn.prepare_cached(
                "INSERT INTO page (source_id, url, state, backlog, rank, lastmod_ms, draft) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (source_id, url) DO UPDATE SET rank = excluded.rank, lastmod_ms = excluded.lastmod_ms, draft = excluded.draft,
                   state = CASE WHEN excluded.state = 'queued' THEN 'queued' ELSE page.state END, attempts = 0, not_before_ms = NULL",
            )?
            .execute(params![source, url.as_str(), state, backlog, rank, lastmod.map(ms), hint])?;
        }
        PageChange::Fetched { url } => {
            conn.prepare_cached(
                "UPDATE page SET state = 'fetched', fetched_ms = ?3, attempts = 0 WHERE source_id = ?1 AND url = ?2",
            )?
            .execute(params![source, url.as_str(), ms(now)])?;
        }
        PageChange::Failed { url, retry, for_good } => {
            conn.prepare_cached(
                "UPDATE page SET attempts = attempts + 1, not_before_ms = ?3,
                   state = CASE WHEN ?4 OR attempts + 1 >= ?5 THEN 'failed' ELSE state END WHERE source_id = ?1 AND url = ?2",
            )?
            .execute(params![source, url.as_str(), ms(*retry), for_good, MOST_ATTEMPTS])?;
        }
    }
    Ok(())
}
