//! The health of sources for `sources`, `status` and `/sources`.

use std::collections::HashMap;

use rusqlite::{Row, params};

use feed_model::{FollowMode, FollowWay, Problem, Severity, SourceHealth, SourceId, SourceState};

use crate::store::{
    Reader, StoreError,
    sql_values::{self, from_json, time_opt},
    statements::query_all,
};

/// The number of days of [`SourceState::activity`].
pub const ACTIVITY_DAYS: usize = 90;

/// The class of the error of a site that brings no entries in any way.
pub const NOTHING_TO_FOLLOW: &str = "nothing-to-follow";

const DAY_MS: i64 = 86_400_000;

/// A stored source, which feeds.toml may not have any more.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredSource {
    /// The source, without its activity.
    pub state: SourceState,
    /// Whether feeds.toml has it.
    pub is_followed: bool,
}

/// The beginning of the query for the states of sources.
const SOURCE_STATES: &str = "
    SELECT src.*, coalesce(src.title_override, src.feed_title, src.id) AS title,
           EXISTS (SELECT 1 FROM subscription b WHERE b.source_id = src.id
             AND b.lease_until_ms IS NOT NULL AND b.pushed_ms IS NOT NULL) AS pushed,
           (SELECT count(*) FROM entry e WHERE e.source_id = src.id) AS entries,
           (SELECT count(DISTINCT e.story_id) FROM entry e JOIN story s ON s.id = e.story_id
             WHERE e.source_id = src.id AND s.removed_ms IS NULL) AS stories
      FROM source src";

/// What is published of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicSource {
    /// The title: from feeds.toml, else from the publication, else the id.
    pub title: String,
    /// The URL in feeds.toml.
    pub url: String,
    /// The follow mode that discovery found.
    pub follow_mode: FollowMode,
    /// The URL that is polled, once known.
    pub feed_url: Option<String>,
    /// The home page of the publication.
    pub home_page_url: Option<String>,
}

impl Reader<'_> {
    /// Returns the public sources of feeds.toml in its order. Unlike [`Reader::sources`], this does
    /// not count entries, so that it is cheap enough for every rendering.
    pub fn public_sources(&self) -> Result<Vec<PublicSource>, StoreError> {
        Ok(query_all(
            self.conn,
            "SELECT coalesce(title_override, feed_title, id) AS title, url, follow_mode,
                    redirect_url, redirect_adopted, follow_url, home_page_url
               FROM source WHERE ordinal IS NOT NULL AND public = 1 ORDER BY ordinal",
            [],
            |row| {
                Ok(PublicSource {
                    title: row.get("title")?,
                    url: row.get("url")?,
                    follow_mode: follow_mode(row)?,
                    feed_url: polled_url(row)?,
                    home_page_url: row.get("home_page_url")?,
                })
            },
        )?)
    }

    /// Returns the ids of the public sources that feeds.toml has or that have public stories.
    pub fn public_source_ids(&self) -> Result<Vec<SourceId>, StoreError> {
        Ok(query_all(
            self.conn,
            "SELECT id FROM source src
              WHERE public = 1 AND (ordinal IS NOT NULL OR EXISTS (
                SELECT 1 FROM entry e JOIN story s ON s.id = e.story_id
                 WHERE e.source_id = src.id AND s.public = 1 AND s.removed_ms IS NULL))
              ORDER BY ordinal IS NULL, ordinal, id",
            [],
            |row| sql_values::source_id(row, "id"),
        )?)
    }

    /// Returns the titles that publications give themselves.
    pub fn source_titles(&self) -> Result<HashMap<SourceId, String>, StoreError> {
        let titles = query_all(
            self.conn,
            "SELECT id, feed_title FROM source WHERE feed_title IS NOT NULL",
            [],
            |row| Ok((sql_values::source_id(row, "id")?, row.get("feed_title")?)),
        )?;
        Ok(titles.into_iter().collect())
    }

    /// Returns the sources of feeds.toml in its order. Activity is counted for the
    /// [`ACTIVITY_DAYS`] days that end with the day of the newest entry of any source. It does not
    /// depend on the current time, so that pages change only when entries arrive.
    pub fn sources(&self) -> Result<Vec<SourceState>, StoreError> {
        let mut sources = query_all(
            self.conn,
            &format!("{SOURCE_STATES} WHERE src.ordinal IS NOT NULL ORDER BY src.ordinal"),
            [],
            state_of_row,
        )?;
        let newest: Option<i64> = self
            .conn
            .prepare_cached(
                "SELECT max((SELECT max(e.first_seen_ms) FROM entry e WHERE e.source_id = src.id))
                   FROM source src WHERE src.ordinal IS NOT NULL",
            )?
            .query_row([], |r| r.get(0))?;
        let last_day = newest.unwrap_or(0).div_euclid(DAY_MS);
        for source in &mut sources {
            source.activity = self.activity(source.id.as_str(), last_day)?;
        }
        Ok(sources)
    }

    /// Returns a stored source.
    pub fn source(&self, id: &SourceId) -> Result<Option<StoredSource>, StoreError> {
        let sql = format!("{SOURCE_STATES} WHERE src.id = ?1");
        let found = query_all(self.conn, &sql, [id.as_str()], |row| {
            let is_followed = row.get::<_, Option<i64>>("ordinal")?.is_some();
            Ok(StoredSource { state: state_of_row(row)?, is_followed })
        })?;
        Ok(found.into_iter().next())
    }

    /// Returns the number of entries of each UTC day, oldest day first. An entry belongs to the day
    /// of its publisher's date, unless that is later than the day on which it was stored.
    /// `last_day` is counted in days since 1970-01-01.
    fn activity(&self, source: &str, last_day: i64) -> Result<Vec<u32>, StoreError> {
        let days = i64::try_from(ACTIVITY_DAYS).unwrap_or(i64::MAX);
        let first_day = last_day - days + 1;
        let rows: Vec<(i64, u32)> = query_all(
            self.conn,
            "SELECT min(coalesce(published_ms, first_seen_ms), first_seen_ms) / ?3 AS day, count(*)
               FROM entry INDEXED BY entry_source_seen
              WHERE source_id = ?1 AND first_seen_ms >= ?2 * ?3 GROUP BY day HAVING day >= ?2",
            params![source, first_day, DAY_MS],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )?;
        let mut counts = vec![0; ACTIVITY_DAYS];
        for (day, count) in rows {
            let slot = usize::try_from(day - first_day).ok().and_then(|day| counts.get_mut(day));
            if let Some(slot) = slot {
                *slot = count;
            }
        }
        Ok(counts)
    }
}

fn follow_mode(row: &Row<'_>) -> rusqlite::Result<FollowMode> {
    let stored: Option<String> = row.get("follow_mode")?;
    Ok(stored.as_deref().and_then(FollowMode::from_stored).unwrap_or(FollowMode::Auto))
}

/// Returns the URL that is polled: the target of an adopted redirect, else what is followed.
fn polled_url(row: &Row<'_>) -> rusqlite::Result<Option<String>> {
    let redirect_url: Option<String> = row.get("redirect_url")?;
    match redirect_url.filter(|_| row.get("redirect_adopted").unwrap_or(false)) {
        Some(target) => Ok(Some(target)),
        None => row.get("follow_url"),
    }
}

fn state_of_row(row: &Row<'_>) -> rusqlite::Result<SourceState> {
    let last_attempt = time_opt(row, "last_attempt_ms")?;
    let failures: u32 = row.get("consecutive_failures")?;
    let error: Option<String> = row.get("last_error")?;
    let error_class: Option<String> = row.get("last_error_class")?;
    let entries: u64 = row.get("entries")?;
    let follow_mode = follow_mode(row)?;
    let ways: Vec<FollowWay> = from_json(row, "ways")?;
    // A site may name a feed that has no entries.
    let is_site = matches!(follow_mode, FollowMode::Sitemap | FollowMode::Page) || !ways.is_empty();
    let health = if row.get("paused")? {
        SourceHealth::Paused
    } else if row.get("gone")? {
        SourceHealth::Gone
    } else if last_attempt.is_none() {
        SourceHealth::New
    } else if error_class.as_deref() == Some(NOTHING_TO_FOLLOW) && entries == 0 {
        SourceHealth::Empty
    } else if failures > 0 || error.is_some() {
        SourceHealth::Failing
    } else if is_site && entries == 0 {
        SourceHealth::Empty
    } else {
        SourceHealth::Ok
    };
    let is_polled = !matches!(health, SourceHealth::Paused | SourceHealth::Gone);
    let redirect_url: Option<String> = row.get("redirect_url")?;
    let redirect_adopted: bool = row.get("redirect_adopted")?;
    let mut problems = stored_problems(row)?;
    if let (Some(target), Some(since)) = (&redirect_url, time_opt(row, "redirect_since_ms")?) {
        let since = since.format("%Y-%m-%d");
        problems.push(if redirect_adopted {
            Problem::warning(
                "moved",
                format!(
                    "permanently moved: it is fetched from {target} (since {since}); \
                     change its address in feeds.toml"
                ),
            )
        } else {
            Problem::note(
                "moving",
                format!(
                    "permanent redirect to {target}, first seen on {since}; \
                     it is adopted after 7 days"
                ),
            )
        });
    }
    Ok(SourceState {
        pushed: row.get("pushed")?,
        id: sql_values::source_id(row, "id")?,
        title: row.get("title")?,
        url: row.get("url")?,
        follow_mode,
        follow_reason: row.get("follow_reason")?,
        ways,
        feed_url: polled_url(row)?,
        home_page_url: row.get("home_page_url")?,
        health,
        last_attempt,
        last_success: time_opt(row, "last_success_ms")?,
        next_poll: if is_polled { time_opt(row, "next_poll_ms")? } else { None },
        next_poll_reason: match health {
            SourceHealth::Paused => Some("paused in feeds.toml".into()),
            SourceHealth::Gone => Some(
                "gone (two 410 responses); it is polled again when `tributary poll` names it"
                    .into(),
            ),
            _ => row.get("next_poll_reason")?,
        },
        last_status: row.get("last_status")?,
        last_error: error,
        last_error_class: error_class,
        failures,
        problems,
        entries,
        stories: row.get("stories")?,
        interval_s: row.get("interval_s")?,
        public: row.get("public")?,
        activity: Vec::new(),
    })
}

#[derive(serde::Deserialize)]
struct StoredProblem {
    code: String,
    severity: String,
    text: String,
    #[serde(default)]
    line: Option<u32>,
}

fn stored_problems(row: &Row<'_>) -> rusqlite::Result<Vec<Problem>> {
    let stored: Vec<StoredProblem> = from_json(row, "problems")?;
    Ok(stored
        .into_iter()
        .map(|p| Problem {
            code: p.code.into(),
            severity: Severity::from_stored(&p.severity),
            text: p.text,
            line: p.line,
        })
        .collect())
}
