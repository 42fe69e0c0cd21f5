//! How each source is doing: the answer to `sources`, `status` and `/sources`.

use rusqlite::{Row, params};

use super::{
    Reader, StoreError,
    sql_values::{self, from_json, time_opt},
};
use feed_model::{FollowMode, Problem, Severity, SourceHealth, SourceState};

/// Days that the activity of a source looks back.
pub const ACTIVITY_DAYS: usize = 90;

const DAY_MS: i64 = 86_400_000;

impl Reader<'_> {
    /// Every source of feeds.toml, in its order. Activity is counted for the [`ACTIVITY_DAYS`] days
    /// that end with the day of the newest entry of any of them, so that a page drawn from it needs
    /// no clock and stands still while nothing is new.
    pub fn sources(&self) -> Result<Vec<SourceState>, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT src.*, coalesce(src.title_override, src.feed_title, src.id) AS title,
                    (SELECT count(*) FROM entry e WHERE e.source_id = src.id) AS entries,
                    (SELECT count(DISTINCT e.story_id) FROM entry e JOIN story s ON s.id = e.story_id
                      WHERE e.source_id = src.id AND s.removed_ms IS NULL) AS stories
               FROM source src WHERE src.ordinal IS NOT NULL ORDER BY src.ordinal",
        )?;
        let rows = statement.query_map([], state_of_row)?;
        let mut sources: Vec<SourceState> = rows.collect::<Result<_, _>>()?;
        let newest: Option<i64> = self
            .conn
            .prepare_cached("SELECT max((SELECT max(e.first_seen_ms) FROM entry e WHERE e.source_id = src.id)) FROM source src WHERE src.ordinal IS NOT NULL")?
            .query_row([], |r| r.get(0))?;
        let last_day = newest.unwrap_or(0).div_euclid(DAY_MS);
        for source in &mut sources {
            source.activity = self.activity(source.id.as_str(), last_day)?;
        }
        Ok(sources)
    }

    /// Entries stored per UTC day, oldest day first, up to `last_day` (days since 1970).
    fn activity(&self, source: &str, last_day: i64) -> Result<Vec<u32>, StoreError> {
        let days = i64::try_from(ACTIVITY_DAYS).unwrap_or(i64::MAX);
        let first_day = last_day - days + 1;
        let mut statement = self.conn.prepare_cached(
            "SELECT first_seen_ms / ?3 AS day, count(*) FROM entry WHERE source_id = ?1 AND first_seen_ms >= ?2 * ?3 GROUP BY day",
        )?;
        let mut counts = vec![0; ACTIVITY_DAYS];
        let rows = statement.query_map(params![source, first_day, DAY_MS], |r| {
            Ok((r.get::<_, i64>(0)?, r.get::<_, u32>(1)?))
        })?;
        for row in rows {
            let (day, count) = row?;
            if let Some(slot) =
                usize::try_from(day - first_day).ok().and_then(|i| counts.get_mut(i))
            {
                *slot = count;
            }
        }
        Ok(counts)
    }
}

fn state_of_row(row: &Row<'_>) -> rusqlite::Result<SourceState> {
    let last_attempt = time_opt(row, "last_attempt_ms")?;
    let failures: u32 = row.get("consecutive_failures")?;
    let error: Option<String> = row.get("last_error")?;
    let health = if row.get("paused")? {
        SourceHealth::Paused
    } else if row.get("gone")? {
        SourceHealth::Resting
    } else if last_attempt.is_none() {
        SourceHealth::New
    } else if failures > 0 || error.is_some() {
        SourceHealth::Failing
    } else {
        SourceHealth::Ok
    };
    let asleep = matches!(health, SourceHealth::Paused | SourceHealth::Resting);
    let way =
        row.get::<_, Option<String>>("follow_mode")?.as_deref().and_then(FollowMode::from_stored);
    let mut problems = stored_problems(row)?;
    if let (Some(target), Some(since)) =
        (row.get::<_, Option<String>>("redirect_url")?, time_opt(row, "redirect_since_ms")?)
    {
        let adopted: bool = row.get("redirect_adopted")?;
        let since = since.format("%Y-%m-%d");
        problems.push(if adopted {
            Problem::warning(
                "moved",
                format!("it moved for good and is asked at {target} (since {since}): write that address into feeds.toml"),
            )
        } else {
            Problem::note("moving", format!("it says that it moved for good to {target}, first on {since}: adopted after 7 days"))
        });
    }
    Ok(SourceState {
        id: sql_values::source_id(row, "id")?,
        title: row.get("title")?,
        url: row.get("url")?,
        follow_mode: way.unwrap_or(FollowMode::Auto),
        follow_reason: row.get("follow_reason")?,
        feed_url: match row.get::<_, Option<String>>("redirect_url")? {
            Some(target) if row.get("redirect_adopted")? => Some(target),
            _ => row.get("follow_url")?,
        },
        home_page_url: row.get("home_page_url")?,
        health,
        last_attempt,
        last_success: time_opt(row, "last_success_ms")?,
        next_poll: if asleep { None } else { time_opt(row, "next_poll_ms")? },
        next_poll_reason: match health {
            SourceHealth::Paused => Some("paused in feeds.toml".into()),
            SourceHealth::Resting => {
                Some("gone (410, twice): it is asked again when `tributary poll` names it".into())
            }
            _ => row.get("next_poll_reason")?,
        },
        last_status: row.get("last_status")?,
        last_error: error,
        last_error_class: row.get("last_error_class")?,
        failures,
        problems,
        entries: row.get("entries")?,
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
