//! Permissions by robots.txt (RFC 9309), which is fetched once a day for each origin.
//!
//! A URL of feeds.toml, and a feed that such a page names, may be requested unless a group for
//! `tributary` forbids it. All other URLs obey the whole file. If robots.txt is unreachable, every
//! URL of the origin is forbidden (RFC 9309 §2.3.1.4).

use std::time::Duration;

use chrono::TimeDelta;
use url::Url;

use feed_model::{Timestamp, Validators};
use site_discovery::robots::Robots;

use super::session::{FetchOutcome, FetchSession, RequestCondition, RequestOptions};
use crate::{
    fetch::Accept,
    store::{StoreError, StoredRobots},
};

/// The product token that robots.txt groups are matched with (RFC 9309 §2.2.1).
pub(super) const PRODUCT_TOKEN: &str = "tributary";

/// How long a robots.txt is cached (RFC 9309 §2.4).
const CACHE_TTL: TimeDelta = TimeDelta::hours(24);

/// How long a failure is cached for URLs that are not in feeds.toml: an outage of a minute must not
/// close a site for a day.
const UNREACHABLE_TTL: TimeDelta = TimeDelta::hours(1);

/// How long an old robots.txt is used while the file is unreachable.
const STALE_TTL: TimeDelta = TimeDelta::days(30);

/// The longest Crawl-delay that is respected. With a longer one, a site could not be read at all.
const MAX_CRAWL_DELAY: Duration = Duration::from_secs(60);

/// The permissions that the robots.txt of one origin gives.
pub(super) struct Permission {
    /// The rules; `None` forbids every URL.
    robots: Option<Robots>,
    /// Why every URL is forbidden.
    reason: &'static str,
}

impl Permission {
    /// Checks a URL that was discovered. The error is the reason why it is forbidden.
    pub(super) fn allows(&self, url: &Url) -> Result<(), String> {
        match &self.robots {
            Some(robots) if robots.allows(url, PRODUCT_TOKEN) => Ok(()),
            Some(_) => Err(format!("robots.txt forbids {}", url.path())),
            None => Err(self.reason.to_owned()),
        }
    }

    /// Checks a URL of feeds.toml. The error is the reason why it is forbidden.
    pub(super) fn allows_explicit(&self, url: &Url) -> Result<(), String> {
        match &self.robots {
            Some(robots) if !robots.allows_explicit(url, PRODUCT_TOKEN) => {
                Err(format!("robots.txt forbids {} to {PRODUCT_TOKEN}", url.path()))
            }
            _ => Ok(()),
        }
    }

    /// Returns the Crawl-delay.
    pub(super) fn crawl_delay(&self) -> Option<Duration> {
        self.robots
            .as_ref()
            .and_then(|robots| robots.crawl_delay(PRODUCT_TOKEN))
            .map(|delay| delay.min(MAX_CRAWL_DELAY))
    }

    /// Returns whether the file is not known because it could not be read.
    pub(super) fn is_outage(&self) -> bool {
        self.robots.is_none()
    }

    /// Returns the licence of the site (RSL 1.0). `url` is a URL of the site.
    pub(super) fn license(&self, url: &Url) -> Option<String> {
        let license = self.robots.as_ref()?.license()?;
        feed_parser::http_url(license, Some(url)).map(String::from)
    }

    /// Returns whether the file names this sitemap.
    pub(super) fn names(&self, sitemap: &Url) -> bool {
        self.sitemaps().contains(sitemap)
    }

    /// Returns the sitemaps that the file names.
    pub(super) fn sitemaps(&self) -> Vec<Url> {
        self.robots.iter().flat_map(Robots::sitemaps).filter_map(|s| Url::parse(s).ok()).collect()
    }
}

/// Returns the permissions of a URL's origin, from the cache or by a request.
pub(super) async fn permission(
    session: &mut FetchSession<'_>,
    url: &Url,
) -> Result<Permission, StoreError> {
    permission_with_ttl(session, url, UNREACHABLE_TTL).await
}

/// The same for a URL of feeds.toml. An unreachable robots.txt does not forbid it, so a failure is
/// cached for a day.
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
    let origin_lock = session.poller().origin_locks.get(&origin);
    let _guard = origin_lock.lock().await;
    // Another poll may have fetched it in the meantime.
    let stored = stored(session, &origin).await?;
    if let Some(stored) = stored.as_ref().filter(|s| is_fresh(s)) {
        return Ok(read(stored));
    }
    let fetched = fetch(session, url, stored.as_ref()).await;
    // During an outage of up to a month, the known rules stay in force.
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
    let kept = fetched.clone();
    let stored =
        session.poller().store.run_blocking(move |store| store.store_robots(&origin, kept)).await;
    match stored {
        // The permissions hold for this poll all the same.
        Err(error) if error.fault().is_none() => Err(error),
        _ => Ok(read(&fetched)),
    }
}

async fn stored(
    session: &FetchSession<'_>,
    origin: &str,
) -> Result<Option<StoredRobots>, StoreError> {
    let origin = origin.to_owned();
    session.poller().store.read_async(move |reader| reader.robots(&origin)).await
}

/// Returns whether a status means "unreachable" (RFC 9309 §2.3.1.4). 429 is temporary as well.
fn is_outage(status: Option<u16>) -> bool {
    status.is_none_or(|status| status == 429 || status >= 500)
}

fn read(stored: &StoredRobots) -> Permission {
    match stored.status {
        _ if stored.challenge => {
            Permission { robots: None, reason: "robots.txt is answered with a bot challenge" }
        }
        status if is_outage(status) => Permission {
            robots: None,
            reason: "robots.txt is unreachable, which forbids every URL",
        },
        Some(200..=299) => Permission { robots: Some(Robots::parse(&stored.body)), reason: "" },
        // Other client errors mean that there are no rules (RFC 9309 §2.3.1.3).
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
            // Validators belong to the URL that sent them. Those of a redirect's target are not
            // kept.
            let is_own = response.final_url == robots_url;
            let validators = if is_own {
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
