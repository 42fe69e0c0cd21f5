//! Pages and sitemaps of sources that are followed by sitemap or page, and robots.txt files.

use std::collections::HashMap;

use rusqlite::{OptionalExtension as _, named_params, params};
use url::Url;

use feed_model::{SourceId, Timestamp, Validators};

use crate::store::{
    Reader, StoreError,
    sql_values::{self, ms, number, time, time_opt},
    statements::query_all,
};

/// A page that is queued to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedPage {
    /// The address.
    pub url: Url,
    /// Whether the page is older than the first poll.
    pub backfill: bool,
    /// Whether the page was fetched before.
    pub refresh: bool,
    /// Its place in the publisher's order; smaller is newer.
    pub rank: i64,
    /// What the sitemap or index says about the page (JSON).
    pub metadata: Option<String>,
}

/// The state of a known page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageState {
    /// Queued to be fetched.
    Queued,
    /// Fetched.
    Fetched,
    /// Given up after failures.
    Failed,
    /// Not fetched, because it is older than the backfill reaches.
    Skipped,
}

/// A known page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPage {
    /// Its state.
    pub state: PageState,
    /// The last `lastmod` in the sitemap.
    pub lastmod: Option<Timestamp>,
    /// What is known about the page (JSON): from the sitemap or index, and from the page itself
    /// once it was fetched.
    pub metadata: Option<String>,
}

/// A sitemap that is listed in a sitemap index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedSitemap {
    /// The address.
    pub url: Url,
    /// Its `lastmod` in the index.
    pub lastmod: Option<Timestamp>,
    /// Whether it was fetched.
    pub read: bool,
    /// Whether it was listed when the index was first fetched. The pages of such a sitemap are not
    /// new, even if it is fetched later.
    pub from_first_index: bool,
}

/// The robots.txt of an origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRobots {
    /// The HTTP status; `None`: no response.
    pub status: Option<u16>,
    /// The text.
    pub body: Vec<u8>,
    /// Whether the response was a bot challenge.
    pub challenge: bool,
    /// When it was fetched.
    pub fetched: Timestamp,
    /// The validators for the next request.
    pub validators: Validators,
}

impl Reader<'_> {
    /// Returns queued pages, newest first; pages that were never fetched come before changed ones.
    pub fn queued_pages(
        &self,
        source: &SourceId,
        backfill: bool,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<QueuedPage>, StoreError> {
        let pages = query_all(
            self.conn,
            "SELECT url, backfill, fetched_ms IS NOT NULL AS refresh, rank, metadata FROM page
              WHERE source_id = :source AND state = 'queued' AND backfill = :backfill
                AND coalesce(not_before_ms, 0) <= :now
              ORDER BY refresh, rank LIMIT :limit",
            named_params! {
                ":source": source.as_str(),
                ":backfill": backfill,
                ":now": ms(now),
                ":limit": number(limit),
            },
            |r| {
                let Ok(url) = Url::parse(&r.get::<_, String>("url")?) else {
                    return Ok(None);
                };
                Ok(Some(QueuedPage {
                    url,
                    backfill: r.get("backfill")?,
                    refresh: r.get("refresh")?,
                    rank: r.get("rank")?,
                    metadata: r.get("metadata")?,
                }))
            },
        )?;
        Ok(pages.into_iter().flatten().collect())
    }

    /// Returns queued archives of a feed, the ones found first before others.
    pub fn queued_archives(
        &self,
        source: &SourceId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Url>, StoreError> {
        let archives = query_all(
            self.conn,
            "SELECT url FROM page
              WHERE source_id = :source AND state = 'queued' AND backfill = 2
                AND coalesce(not_before_ms, 0) <= :now
              ORDER BY rank LIMIT :limit",
            named_params! {
                ":source": source.as_str(),
                ":now": ms(now),
                ":limit": number(limit),
            },
            |r| r.get::<_, String>("url"),
        )?;
        Ok(archives.iter().filter_map(|url| Url::parse(url).ok()).collect())
    }

    /// Returns whether an address is that of a known page or archive of the source.
    pub fn is_known_page(&self, source: &SourceId, url: &Url) -> Result<bool, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM page WHERE source_id = ?1 AND url = ?2)",
        )?;
        Ok(statement.query_row(params![source.as_str(), url.as_str()], |r| r.get(0))?)
    }

    /// Returns the known pages of a source by their addresses.
    pub fn known_pages(&self, source: &SourceId) -> Result<HashMap<String, KnownPage>, StoreError> {
        let pages = query_all(
            self.conn,
            "SELECT url, state, lastmod_ms, metadata FROM page
              WHERE source_id = ?1 AND backfill <> 2",
            [source.as_str()],
            |r| {
                let state = match r.get::<_, String>("state")?.as_str() {
                    "queued" => PageState::Queued,
                    "fetched" => PageState::Fetched,
                    "failed" => PageState::Failed,
                    _ => PageState::Skipped,
                };
                let (lastmod, metadata) = (time_opt(r, "lastmod_ms")?, r.get("metadata")?);
                Ok((r.get("url")?, KnownPage { state, lastmod, metadata }))
            },
        )?;
        Ok(pages.into_iter().collect())
    }

    /// Returns the sitemaps listed in a source's sitemap index, in its order.
    pub fn indexed_sitemaps(&self, source: &SourceId) -> Result<Vec<IndexedSitemap>, StoreError> {
        let sitemaps = query_all(
            self.conn,
            "SELECT url, lastmod_ms, fetched_ms IS NOT NULL AS read, in_first_index
               FROM sitemap WHERE source_id = ?1 ORDER BY rank",
            [source.as_str()],
            |r| {
                let Ok(url) = Url::parse(&r.get::<_, String>("url")?) else {
                    return Ok(None);
                };
                Ok(Some(IndexedSitemap {
                    url,
                    lastmod: time_opt(r, "lastmod_ms")?,
                    read: r.get("read")?,
                    from_first_index: r.get("in_first_index")?,
                }))
            },
        )?;
        Ok(sitemaps.into_iter().flatten().collect())
    }

    /// Whether an entry of the source has one of these links, in the form in which links are
    /// compared within a source.
    pub fn has_link(&self, source: &SourceId, links: &[String]) -> Result<bool, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM entry
              WHERE source_id = ?1 AND link IN (SELECT value FROM json_each(?2)))",
        )?;
        Ok(statement.query_row(params![source.as_str(), sql_values::json(links)], |r| r.get(0))?)
    }

    /// Returns the number of backfill pages that were queued so far, in any state.
    pub fn backfill_size(&self, source: &SourceId) -> Result<usize, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT count(*) FROM page
              WHERE source_id = ?1 AND backfill = 1 AND state <> 'skipped'",
        )?;
        Ok(statement.query_row([source.as_str()], |r| r.get(0))?)
    }

    /// Returns the sources of feeds.toml with backfill pages or archives that may be fetched now,
    /// with their host keys. A source whose last poll failed is left out until a poll succeeds.
    pub fn sources_with_backfill(
        &self,
        now: Timestamp,
    ) -> Result<Vec<(SourceId, String)>, StoreError> {
        Ok(query_all(
            self.conn,
            "WITH RECURSIVE crawled (id) AS (
               SELECT min(source_id) FROM page
               UNION ALL
               SELECT (SELECT min(source_id) FROM page WHERE source_id > crawled.id)
                 FROM crawled WHERE crawled.id IS NOT NULL)
             SELECT s.id, s.host FROM crawled CROSS JOIN source s ON s.id = crawled.id
              WHERE s.ordinal IS NOT NULL AND s.paused = 0 AND s.gone = 0
                AND coalesce(s.not_before_ms, 0) <= ?1
                AND s.follow_mode IS NOT NULL AND s.consecutive_failures = 0
                AND EXISTS (SELECT 1 FROM page p
                             WHERE p.source_id = s.id AND p.state = 'queued'
                               AND p.backfill = iif(s.follow_mode = 'feed', 2, 1)
                               AND coalesce(p.not_before_ms, 0) <= ?1)
              ORDER BY s.ordinal",
            [ms(now)],
            |r| Ok((sql_values::source_id(r, "id")?, r.get("host")?)),
        )?)
    }

    /// Returns the robots.txt of an origin if it was fetched.
    pub fn robots(&self, origin: &str) -> Result<Option<StoredRobots>, StoreError> {
        let mut statement = self.conn.prepare_cached("SELECT * FROM robots WHERE origin = ?1")?;
        Ok(statement
            .query_row([origin], |r| {
                Ok(StoredRobots {
                    status: r.get("status")?,
                    body: r.get("body")?,
                    challenge: r.get("bot_challenge")?,
                    fetched: time(r.get("fetched_ms")?),
                    validators: Validators {
                        etag: r.get("etag")?,
                        last_modified: r.get("last_modified")?,
                    },
                })
            })
            .optional()?)
    }
}
