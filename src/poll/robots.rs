//! What may be asked: robots.txt (RFC 9309), fetched once a day for each origin, conditionally from
//! the second time on.
//!
//! What a person wrote into feeds.toml, and the feed that it names, is asked unless a group names
//! us; everything else that we find by ourselves obeys the file in full. No answer, a challenge or
//! a server error disallows (RFC 9309 §2.3.1.4).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;
use url::Url;

use super::session::{FetchOutcome, FetchSession, RequestCondition, RequestOptions};
use crate::{
    fetch::Accept,
    store::{StoreError, StoredRobots},
};
use feed_model::{Timestamp, Validators};
use site_discovery::robots::Robots;

/// The name that robots.txt may call us by.
pub(super) const PRODUCT_TOKEN: &str = "tributary";

/// How long an answer holds (RFC 9309 §2.4).
const CACHE_TTL: TimeDelta = TimeDelta::hours(24);

/// How long no answer holds where more is asked for than a person named: an outage of a minute must
/// not close a site for a day.
const UNREACHABLE_TTL: TimeDelta = TimeDelta::hours(1);

/// How long what was known holds on while the file cannot be had.
const STALE_TTL: TimeDelta = TimeDelta::days(30);

/// The longest Crawl-delay that is kept: more would starve a site of being read at all.
const MAX_CRAWL_DELAY: Duration = Duration::from_secs(60);

/// Who is asking which origin for its robots.txt: the others wait for the answer, so that it is
/// asked for once.
#[derive(Debug, Clone, Default)]
pub(super) struct OriginLocks(Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>>);

impl OriginLocks {
    fn of(&self, origin: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut origin_locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        origin_locks.retain(|_, origin_lock| Arc::strong_count(origin_lock) > 1);
        origin_locks.entry(origin.to_owned()).or_default().clone()
    }
}

/// What the robots.txt of one origin says.
pub(super) struct Permission {
    /// `None`: nothing of the origin may be asked.
    robots: Option<Robots>,
    /// Why nothing may be asked.
    reason: &'static str,
}

impl Permission {
    /// Whether a URL that we found by ourselves may be asked; else why not.
    pub(super) fn allows(&self, url: &Url) -> Result<(), String> {
        match &self.robots {
            Some(robots) if robots.allows(url, PRODUCT_TOKEN) => Ok(()),
            Some(_) => Err(format!("robots.txt forbids {}", url.path())),
            None => Err(self.reason.to_owned()),
        }
    }

    /// Whether a URL that a person named may be asked; else why not.
    pub(super) fn allows_explicit(&self, url: &Url) -> Result<(), String> {
        match &self.robots {
            Some(robots) if !robots.allows_explicit(url, PRODUCT_TOKEN) => {
                Err(format!("robots.txt forbids {} to {PRODUCT_TOKEN}", url.path()))
            }
            _ => Ok(()),
        }
    }

    /// The pause between two requests that it asks for.
    pub(super) fn crawl_delay(&self) -> Option<Duration> {
        self.robots
            .as_ref()
            .and_then(|robots| robots.crawl_delay(PRODUCT_TOKEN))
            .map(|delay| delay.min(MAX_CRAWL_DELAY))
    }

    /// Whether it names this sitemap.
    pub(super) fn names(&self, sitemap: &Url) -> bool {
        self.sitemaps().contains(sitemap)
    }

    /// The sitemaps that it names.
    pub(super) fn sitemaps(&self) -> Vec<Url> {
        self.robots.iter().flat_map(Robots::sitemaps).filter_map(|s| Url::parse(s).ok()).collect()
    }
}

/// The permission of a URL's origin: the stored one while it holds, else asked for.
pub(super) async fn permission(
    session: &mut FetchSession<'_>,
    url: &Url,
) -> Result<Permission, StoreError> {
    permission_with_ttl(session, url, UNREACHABLE_TTL).await
}

/// The same for a URL that a person named: no answer stops it, and is not asked for again within
/// the day.
pub(super) async fn permission_for_configured(
    session: &mut FetchSession<'_>,
    url: &Url,
) -> Result<Permission, StoreError> {
    permission_with_ttl(session, url, CACHE_TTL).await
}

async fn permission_with_ttl(
    session: &mut FetchSession<'_>,
    url: &Url,
    unreachable_ttl: TimeDelta,
) -> Result<Permission, StoreError> {
    let origin = url.origin().ascii_serialization();
    let now = session.poller().clock.now();
    let is_fresh = |stored: &StoredRobots| {
        let is_unreachable = stored.challenge || is_outage(stored.status);
        stored.fetched <= now
            && now - stored.fetched < if is_unreachable { unreachable_ttl } else { CACHE_TTL }
    };
    if let Some(stored) = stored(session, &origin).await?.filter(is_fresh) {
        return Ok(read(&stored));
    }
    let origin_lock = session.poller().origin_locks.of(&origin);
    let _guard = origin_lock.lock().await;
    // Somebody else may have asked in the meantime.
    let stored = stored(session, &origin).await?;
    if let Some(stored) = stored.as_ref().filter(|s| is_fresh(s)) {
        return Ok(read(stored));
    }
    let fetched = fetch(session, url, stored.as_ref()).await;
    // While it cannot be had, what was known holds on: an outage opens nothing and closes nothing
    // for a month.
    let fetched = match stored {
        Some(known)
            if !fetched.challenge
                && is_outage(fetched.status)
                && !is_outage(known.status)
                && now - known.fetched < STALE_TTL =>
        {
            StoredRobots { fetched: now - CACHE_TTL + TimeDelta::hours(1), ..known }
        }
        _ => fetched,
    };
    let (store, kept) = (session.poller().store.clone(), fetched.clone());
    super::blocking(move || store.store_robots(&origin, kept)).await?;
    Ok(read(&fetched))
}

async fn stored(
    session: &FetchSession<'_>,
    origin: &str,
) -> Result<Option<StoredRobots>, StoreError> {
    let asked = origin.to_owned();
    session.poller().read(move |reader| reader.robots(&asked)).await
}

/// No answer, or one that says nothing of the rules (RFC 9309 §2.3.1.4); 429 says "later", not
/// "there is none".
fn is_outage(status: Option<u16>) -> bool {
    status.is_none_or(|status| status == 429 || status >= 500)
}

fn read(stored: &StoredRobots) -> Permission {
    match stored.status {
        _ if stored.challenge => {
            Permission { robots: None, reason: "robots.txt answers with a challenge" }
        }
        status if is_outage(status) => Permission {
            robots: None,
            reason: "robots.txt cannot be had, which forbids everything",
        },
        Some(200..=299) => Permission { robots: Some(Robots::parse(&stored.body)), reason: "" },
        // Redirects were followed; a client error means that there are no rules (RFC 9309
        // §2.3.1.3).
        _ => Permission { robots: Some(Robots::parse(b"")), reason: "" },
    }
}

async fn fetch(
    session: &mut FetchSession<'_>,
    url: &Url,
    known: Option<&StoredRobots>,
) -> StoredRobots {
    let none = |status, fetched: Timestamp| StoredRobots {
        status,
        body: Vec::new(),
        challenge: false,
        fetched,
        validators: Validators::default(),
    };
    let fetched = session.poller().clock.now();
    let Ok(robots_url) = url.join("/robots.txt") else {
        return none(None, fetched);
    };
    let condition =
        known.map_or(RequestCondition::None, |known| RequestCondition::Explicit(&known.validators));
    match session
        .fetch_with(&robots_url, Accept::Robots, RequestOptions { condition, pause: None })
        .await
    {
        FetchOutcome::NotModified(response) => match known {
            Some(known) => StoredRobots {
                fetched,
                validators: known.validators.clone().freshened_by(&response.headers),
                ..known.clone()
            },
            None => none(Some(response.status), fetched),
        },
        FetchOutcome::Document(response) => {
            // Validators belong to the URL that gave them: behind a redirect there are none to
            // keep.
            let own = response.final_url == robots_url;
            let validators = if own {
                Validators::from_headers(&response.headers)
            } else {
                Validators::default()
            };
            StoredRobots {
                body: response.body.into(),
                validators,
                ..none(Some(response.status), fetched)
            }
        }
        FetchOutcome::ErrorStatus(response) => none(Some(response.status), fetched),
        FetchOutcome::Challenge(response, _) => {
            StoredRobots { challenge: true, ..none(Some(response.status), fetched) }
        }
        FetchOutcome::Failed(failure) => none(failure.status.filter(|s| *s >= 500), fetched),
    }
}
