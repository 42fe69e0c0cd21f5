//! What may be asked: robots.txt (RFC 9309), fetched once a day for each origin.
//!
//! What a person wrote into feeds.toml, and the feed that it names, is asked unless a group names us; everything else that
//! we find by ourselves obeys the file in full. No answer, a challenge or a server error disallows (RFC 9309 §2.3.1.4).

use std::time::Duration;

use chrono::TimeDelta;
use url::Url;

use super::exchange::{Answer, Exchanges};
use crate::{
    fetch::Accept,
    follow::robots::Robots,
    store::{StoreError, StoredRobots},
};

/// The name that robots.txt may call us by.
pub(super) const TOKEN: &str = "tributary";

/// How long an answer holds (RFC 9309 §2.4).
const HOLDS: TimeDelta = TimeDelta::hours(24);

/// How long no answer holds: an outage of a minute must not close a site for a day.
const SILENCE_HOLDS: TimeDelta = TimeDelta::hours(1);

/// The longest Crawl-delay that is waited for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What the robots.txt of one origin says.
pub(super) struct Permission {
    /// `None`: nothing of the origin may be asked.
    robots: Option<Robots>,
    /// Why nothing may be asked.
    because: &'static str,
}

impl Permission {
    /// Whether a URL that we found by ourselves may be asked; else why not.
    pub(super) fn allows(&self, url: &Url) -> Result<(), String> {
        match &self.robots {
            Some(robots) if robots.allows(url, TOKEN) => Ok(()),
            Some(_) => Err(format!("robots.txt forbids {}", url.path())),
            None => Err(self.because.to_owned()),
        }
    }

    /// Whether a URL that a person named may be asked; else why not.
    pub(super) fn allows_named(&self, url: &Url) -> Result<(), String> {
        match &self.robots {
            Some(robots) if !robots.allows_named(url, TOKEN) => Err(format!("robots.txt forbids {} to {TOKEN}", url.path())),
            _ => Ok(()),
        }
    }

    /// The pause between two requests that it asks for.
    pub(super) fn pause(&self) -> Option<Duration> {
        self.robots.as_ref().and_then(|robots| robots.crawl_delay(TOKEN)).map(|pause| pause.min(LONGEST_PAUSE))
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
pub(super) async fn permission(exchanges: &mut Exchanges<'_>, url: &Url) -> Result<Permission, StoreError> {
    let origin = url.origin().ascii_serialization();
    let now = exchanges.poller().clock.now();
    let asked = origin.clone();
    let stored = exchanges.poller().read(move |reader| reader.robots(&asked)).await?;
    let fresh = match stored {
        Some(stored) if now - stored.fetched < holds(&stored) && stored.fetched <= now => stored,
        stored => {
            let fetched = fetch(exchanges, url, stored.as_ref()).await;
            // While it cannot be had, what was known holds on: an outage opens nothing and closes nothing for a month.
            let fetched = match stored {
                Some(known) if fetched.status.is_none_or(|s| s >= 500) && now - known.fetched < TimeDelta::days(30) => {
                    StoredRobots { fetched: now - HOLDS + TimeDelta::hours(1), ..known }
                }
                _ => fetched,
            };
            let (store, kept) = (exchanges.poller().store.clone(), fetched.clone());
            super::blocking(move || store.keep_robots(&origin, kept)).await?;
            fetched
        }
    };
    Ok(read(&fresh))
}

fn holds(stored: &StoredRobots) -> TimeDelta {
    let silent = stored.challenge || stored.status.is_none_or(|status| status >= 500);
    if silent { SILENCE_HOLDS } else { HOLDS }
}

fn read(stored: &StoredRobots) -> Permission {
    match stored.status {
        _ if stored.challenge => Permission { robots: None, because: "robots.txt answers with a challenge" },
        Some(200..=299) => Permission { robots: Some(Robots::parse(&stored.body)), because: "" },
        // Redirects were followed; a client error means that there are no rules (RFC 9309 §2.3.1.3).
        Some(300..=499) => Permission { robots: Some(Robots::parse(b"")), because: "" },
        _ => Permission { robots: None, because: "robots.txt cannot be had, which forbids everything" },
    }
}

async fn fetch(exchanges: &mut Exchanges<'_>, url: &Url, known: Option<&StoredRobots>) -> StoredRobots {
    let fetched = exchanges.poller().clock.now();
    let Ok(robots_url) = url.join("/robots.txt") else {
        return StoredRobots { status: None, body: Vec::new(), challenge: false, fetched };
    };
    match exchanges.ask(&robots_url, Accept::Robots).await {
        Answer::NotModified(response) => match known {
            Some(known) => StoredRobots { fetched, ..known.clone() },
            None => StoredRobots { status: Some(response.status), body: Vec::new(), challenge: false, fetched },
        },
        Answer::Document(response) => {
            exchanges.accept_quietly(&response);
            StoredRobots { status: Some(response.status), body: response.body, challenge: false, fetched }
        }
        Answer::Refused(response) => {
            StoredRobots { status: Some(response.status), body: response.body, challenge: false, fetched }
        }
        Answer::Challenge(response, _) => {
            StoredRobots { status: Some(response.status), body: Vec::new(), challenge: true, fetched }
        }
        Answer::Failed(failure) => StoredRobots { status: failure.status, body: Vec::new(), challenge: false, fetched },
    }
}
