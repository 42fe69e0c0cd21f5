//! Stores what polls find out about pages, sitemaps and robots.txt files.

use rusqlite::{Connection, OptionalExtension as _, named_params, params};
use url::Url;

use feed_model::Timestamp;

use crate::store::{
    IndexedSitemap, Store, StoreError, StoredRobots,
    error::SqlContext as _,
    sql_values::{ms, number, time},
    statements::execute,
};

/// The number of attempts after which a page is given up.
const MAX_ATTEMPTS: u32 = 5;

/// A change of the pages of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageChange {
    /// A page was found in a sitemap or index.
    Discovered {
        /// The address.
        url: Url,
        /// Whether to fetch it.
        queued: bool,
        /// Whether it is older than the first poll.
        backfill: bool,
        /// Its place in the publisher's order; smaller is newer.
        rank: i64,
        /// Its `lastmod` in the sitemap.
        lastmod: Option<Timestamp>,
        /// What the sitemap or index says about it (JSON); `None`: keep the stored value.
        metadata: Option<String>,
    },
    /// A document of the feed names an archive (RFC 5005). It is queued unless it is known.
    ArchiveFound {
        /// The address.
        url: Url,
        /// The most archives of the source.
        limit: usize,
    },
    /// A page or archive was fetched.
    Fetched {
        /// The address.
        url: Url,
        /// What the page says about itself (JSON); `None`: keep the stored value.
        metadata: Option<String>,
    },
    /// A page could not be fetched.
    Failed {
        /// The address.
        url: Url,
        /// When to try again.
        retry: Timestamp,
        /// Whether to give it up now.
        permanent: bool,
    },
    /// A page must not be requested yet, for a reason that does not count as a failure.
    Postponed {
        /// The address.
        url: Url,
        /// When to try again.
        until: Timestamp,
    },
    /// No page of the site may be requested before this time.
    SiteBackoff {
        /// When to try again.
        until: Timestamp,
    },
    /// The sitemaps that the sitemap index lists now.
    IndexedSitemaps(Vec<IndexedSitemap>),
}

impl Store {
    /// Stores the robots.txt of an origin.
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

/// Returns the position of the story of the next newer page in the publisher's order that was
/// fetched in the first import or the backfill.
pub(in crate::store) fn position_above(
    conn: &Connection,
    source: &str,
    url: &Url,
) -> Result<Option<Timestamp>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT s.position_ms FROM page me
           JOIN page p ON p.source_id = me.source_id AND p.rank < me.rank AND p.state = 'fetched'
           JOIN entry e ON e.source_id = p.source_id AND e.url = p.url
           JOIN story s ON s.id = e.story_id
          WHERE me.source_id = ?1 AND me.url = ?2 AND s.arrival <> 'ordinary'
          ORDER BY p.rank DESC LIMIT 1",
    )?;
    let position: Option<i64> =
        statement.query_row(params![source, url.as_str()], |r| r.get(0)).optional()?;
    Ok(position.map(time))
}

/// Stores the changes of a site's pages.
pub(in crate::store) fn apply(
    conn: &Connection,
    source: &str,
    changes: &[PageChange],
    now: Timestamp,
) -> Result<(), StoreError> {
    for change in changes {
        apply_change(conn, source, change, now).context("store the state of a page")?;
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
        PageChange::Discovered { url, queued, backfill, rank, lastmod, metadata } => {
            execute(
                conn,
                "INSERT INTO page (source_id, url, state, backfill, rank, lastmod_ms, metadata)
                 VALUES (:source, :url, :state, :backfill, :rank, :lastmod, :metadata)
                 ON CONFLICT (source_id, url) DO UPDATE SET
                   rank = excluded.rank,
                   lastmod_ms = excluded.lastmod_ms,
                   metadata = coalesce(excluded.metadata, page.metadata),
                   state = iif(excluded.state = 'queued', 'queued', page.state),
                   attempts = iif(excluded.state = 'queued', 0, page.attempts),
                   not_before_ms = iif(excluded.state = 'queued', NULL, page.not_before_ms)",
                named_params! {
                    ":source": source,
                    ":url": url.as_str(),
                    ":state": if *queued { "queued" } else { "skipped" },
                    ":backfill": backfill,
                    ":rank": rank,
                    ":lastmod": lastmod.map(ms),
                    ":metadata": metadata,
                },
            )?;
        }
        PageChange::ArchiveFound { url, limit } => {
            execute(
                conn,
                "INSERT OR IGNORE INTO page (source_id, url, state, backfill, rank)
                 SELECT :source, :url, 'queued', 2, :now
                  WHERE (SELECT count(*) FROM page WHERE source_id = :source AND backfill = 2)
                        < :limit",
                named_params! {
                    ":source": source,
                    ":url": url.as_str(),
                    ":now": ms(now),
                    ":limit": number(*limit),
                },
            )?;
        }
        PageChange::Fetched { url, metadata } => {
            execute(
                conn,
                "UPDATE page SET state = 'fetched', fetched_ms = :now, attempts = 0,
                   metadata = coalesce(:metadata, metadata)
                  WHERE source_id = :source AND url = :url",
                named_params! {
                    ":source": source,
                    ":url": url.as_str(),
                    ":now": ms(now),
                    ":metadata": metadata,
                },
            )?;
        }
        PageChange::Failed { url, retry, permanent } => {
            execute(
                conn,
                "UPDATE page SET attempts = attempts + 1, not_before_ms = :retry,
                   state = iif(:permanent OR attempts + 1 >= :max_attempts, 'failed', state)
                  WHERE source_id = :source AND url = :url",
                named_params! {
                    ":source": source,
                    ":url": url.as_str(),
                    ":retry": ms(*retry),
                    ":permanent": permanent,
                    ":max_attempts": MAX_ATTEMPTS,
                },
            )?;
        }
        PageChange::Postponed { url, until } => {
            execute(
                conn,
                "UPDATE page SET not_before_ms = ?3 WHERE source_id = ?1 AND url = ?2",
                params![source, url.as_str(), ms(*until)],
            )?;
        }
        PageChange::SiteBackoff { until } => {
            execute(
                conn,
                "UPDATE page SET not_before_ms = max(coalesce(not_before_ms, 0), ?2)
                  WHERE source_id = ?1 AND state = 'queued'",
                params![source, ms(*until)],
            )?;
        }
        PageChange::IndexedSitemaps(sitemaps) => {
            execute(conn, "DELETE FROM sitemap WHERE source_id = ?1", [source])?;
            for (rank, sitemap) in sitemaps.iter().enumerate() {
                execute(
                    conn,
                    "INSERT INTO sitemap
                       (source_id, url, rank, lastmod_ms, fetched_ms, in_first_index)
                     VALUES (:source, :url, :rank, :lastmod, :fetched, :in_first_index)
                     ON CONFLICT DO NOTHING",
                    named_params! {
                        ":source": source,
                        ":url": sitemap.url.as_str(),
                        ":rank": number(rank),
                        ":lastmod": sitemap.lastmod.map(ms),
                        ":fetched": sitemap.read.then(|| ms(now)),
                        ":in_first_index": sitemap.from_first_index,
                    },
                )?;
            }
        }
    }
    Ok(())
}
