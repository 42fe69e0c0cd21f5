//! What others send to us: requests to our hub, and what the hubs of sources send to our callbacks.
//!
//! A callback has an address that cannot be guessed. What arrives there counts only if it belongs
//! to a subscription that we asked for, and a push only with a valid signature.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use chrono::TimeDelta;
use tokio::sync::Notify;
use tracing::{debug, info, warn};
use url::Url;

use feed_model::{Headers, HostPattern, SourceId};

use super::subscriber::is_signed;
use crate::{
    fetch,
    poll::{Poller, PushedDocument},
    store::{HubRequest, HubRequestResult, StoreError, SubscriptionEvent},
};

/// The longest challenge that is sent back, in bytes.
const MAX_CHALLENGE_BYTES: usize = 1024;
/// How long a hub may take to confirm what it was asked for.
const CONFIRMATION_TIME: TimeDelta = TimeDelta::hours(1);
/// The lease of a hub that names none.
const DEFAULT_LEASE: TimeDelta = TimeDelta::hours(24);
/// The longest lease that is believed.
const MAX_LEASE: TimeDelta = TimeDelta::days(30);
/// The pushes to a callback that are taken at once.
const BURST: u32 = 20;
/// The time after which one more is taken.
const REFILL: Duration = Duration::from_secs(1);
/// The shortest time between two requests of a page whose hub pushes, unless its interval is
/// shorter.
const MAX_POLL_GAP: Duration = Duration::from_secs(60);
/// The pushes of a source that are remembered, so that none counts twice.
const REMEMBERED: usize = 64;

/// What a hub tells a callback with a GET request (WebSub §5.2, §5.3).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HubNotice {
    /// `hub.mode`.
    pub mode: String,
    /// `hub.topic`.
    pub topic: String,
    /// `hub.challenge`.
    pub challenge: Option<String>,
    /// `hub.lease_seconds`.
    pub lease_s: Option<i64>,
    /// `hub.reason`.
    pub reason: Option<String>,
}

/// What becomes of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushResult {
    /// It is stored, or it is ignored without telling why.
    Taken,
    /// There is no such callback.
    Unknown,
    /// The subscription is over.
    Over,
    /// Too many arrive.
    TooMany,
    /// It cannot be stored now.
    NotStored,
}

/// Takes what others send to us. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Inbox {
    poller: Poller,
    /// Notified when deliveries may be due.
    queued: Arc<Notify>,
    /// Notified when published documents may have changed.
    changed: Arc<Notify>,
    callbacks: Arc<Mutex<HashMap<String, Callback>>>,
}

/// What is remembered of a callback.
#[derive(Debug)]
struct Callback {
    tokens: u32,
    refilled: Instant,
    /// The hashes of the last bodies.
    bodies: VecDeque<[u8; 32]>,
}

impl Default for Callback {
    fn default() -> Self {
        Self { tokens: BURST, refilled: Instant::now(), bodies: VecDeque::new() }
    }
}

impl Callback {
    /// Takes one token of the bucket, if there is one.
    fn take(&mut self) -> bool {
        let periods = self.refilled.elapsed().as_secs() / REFILL.as_secs();
        if periods > 0 {
            let more = u32::try_from(periods).unwrap_or(u32::MAX);
            self.tokens = self.tokens.saturating_add(more).min(BURST);
            self.refilled = Instant::now();
        }
        let has_one = self.tokens > 0;
        self.tokens = self.tokens.saturating_sub(1);
        has_one
    }
}

impl Inbox {
    /// Creates an inbox. `queued` is notified when deliveries may be due, and `changed` when
    /// published documents may have changed.
    pub fn new(poller: Poller, queued: Arc<Notify>, changed: Arc<Notify>) -> Self {
        Self { poller, queued, changed, callbacks: Arc::default() }
    }

    /// Returns the private hosts that may be callbacks.
    pub fn allow_hosts(&self) -> Vec<HostPattern> {
        self.poller.settings.load().allow_hosts.clone()
    }

    /// Queues the question to a subscriber whether it wants what was asked for in its name.
    pub async fn request(&self, request: HubRequest) -> Result<HubRequestResult, StoreError> {
        let url = Url::parse(&request.callback).ok();
        let host = url.as_ref().map(fetch::delivery_host).unwrap_or_default();
        let is_trusted = |url: &&Url| {
            let name = url.host_str().unwrap_or_default();
            self.allow_hosts().iter().any(|pattern| pattern.matches_host(name))
        };
        let limited_host = url.as_ref().filter(|url| !is_trusted(url)).map(fetch::host_key);
        let now = self.poller.clock.now();
        let store = &self.poller.store;
        let result = store.queue_verification(request, host, limited_host, now).await;
        self.queued.notify_one();
        result
    }

    /// Takes a notice of a hub. Returns the challenge to send back, empty for a denial; `None` if
    /// it is about nothing that we asked for.
    pub async fn notice(
        &self,
        token: String,
        notice: HubNotice,
    ) -> Result<Option<String>, StoreError> {
        let (known, now) = (token.clone(), self.poller.clock.now());
        let store = &self.poller.store;
        let found = store.read_async(move |reader| reader.subscription(&known)).await?;
        let Some(subscription) = found.filter(|found| found.topic_url == notice.topic) else {
            return Ok(None);
        };
        let source = subscription.source.as_str();
        if notice.mode == "denied" {
            let reason = notice.reason.unwrap_or_default();
            warn!(source, "the hub of {source} denies the subscription: {reason:?}");
            let problem = "the hub denies the subscription".to_owned();
            let again = now + TimeDelta::days(1);
            let event = SubscriptionEvent::Ended { problem, again };
            store.change_subscription(token, event, now).await?;
            return Ok(Some(String::new()));
        }
        let is_pending = subscription.requested.is_some_and(|at| now - at <= CONFIRMATION_TIME);
        let challenge = notice.challenge.filter(|text| text.len() <= MAX_CHALLENGE_BYTES);
        let (Some(challenge), "subscribe", true) = (challenge, notice.mode.as_str(), is_pending)
        else {
            return Ok(None);
        };
        let lease = notice.lease_s.filter(|seconds| *seconds > 0).map(TimeDelta::try_seconds);
        let lease = lease.flatten().unwrap_or(DEFAULT_LEASE).min(MAX_LEASE);
        // Early enough for several attempts.
        let renew = now + lease - (lease / 2).min(TimeDelta::days(1));
        let event = SubscriptionEvent::Confirmed { lease_until: now + lease, renew };
        store.change_subscription(token, event, now).await?;
        info!(source, "the hub of {source} confirmed the subscription until {}", now + lease);
        Ok(Some(challenge))
    }

    /// Whether a push to this callback may be read.
    pub async fn may_push(&self, token: &str) -> Result<PushResult, StoreError> {
        let (known, now) = (token.to_owned(), self.poller.clock.now());
        let found = self.poller.store.read_async(move |reader| reader.subscription(&known)).await?;
        let Some(subscription) = found else { return Ok(PushResult::Unknown) };
        if subscription.lease_until.is_none_or(|until| until <= now) {
            return Ok(PushResult::Over);
        }
        let mut callbacks = self.callbacks.lock().unwrap_or_else(PoisonError::into_inner);
        let is_taken = callbacks.entry(token.to_owned()).or_default().take();
        Ok(if is_taken { PushResult::Taken } else { PushResult::TooMany })
    }

    /// Takes a push: checks its signature and stores it. A push that is not signed, that was taken
    /// before or that cannot be read is ignored, and the hub is not told.
    pub async fn push(
        &self,
        token: String,
        headers: &Headers,
        body: Bytes,
    ) -> Result<PushResult, StoreError> {
        let (known, now) = (token.clone(), self.poller.clock.now());
        let store = &self.poller.store;
        let found = store.read_async(move |reader| reader.subscription(&known)).await?;
        let Some(subscription) = found else { return Ok(PushResult::Unknown) };
        let name = subscription.source.as_str();
        if !is_signed(headers, &body, &subscription.secret) {
            debug!(source = name, "a push for {name} without a valid signature is ignored");
            return Ok(PushResult::Taken);
        }
        let digest: [u8; 32] = blake3::hash(&body).into();
        let source = self.poller.settings.load().source(&subscription.source);
        let topic_url = Url::parse(&subscription.topic_url).ok();
        let (Some(source), Some(topic_url)) = (source, topic_url) else {
            return Ok(PushResult::Unknown);
        };
        if self.is_known(&token, &digest) || body.len() as u64 > source.limits.max_body_bytes {
            return Ok(PushResult::Taken);
        }
        if !self.poller.is_followed_by_feed(&source).await? {
            self.remember(&token, digest);
            let gap = source.poll_policy.interval.min(MAX_POLL_GAP);
            let gap = TimeDelta::from_std(gap).unwrap_or_default();
            store.change_subscription(token, SubscriptionEvent::Announced { gap }, now).await?;
            debug!(source = name, "the hub of {name} says that its page changed");
            return Ok(PushResult::Taken);
        }
        let content_type = headers.text("content-type").map(str::to_owned);
        let pushed = PushedDocument { body, content_type, topic_url };
        match self.poller.store_push(&source, pushed).await {
            Ok(report) if report.is_stored => {
                self.remember(&token, digest);
                store.change_subscription(token, SubscriptionEvent::Pushed, now).await?;
                log(&source.id, report.new_entries, report.updated_entries);
                if report.visible {
                    self.changed.notify_one();
                }
                Ok(PushResult::Taken)
            }
            Ok(_) => Ok(PushResult::NotStored),
            Err(reason) => {
                debug!(source = name, "a push for {name} is ignored: {reason}");
                Ok(PushResult::Taken)
            }
        }
    }

    fn is_known(&self, token: &str, digest: &[u8; 32]) -> bool {
        let callbacks = self.callbacks.lock().unwrap_or_else(PoisonError::into_inner);
        callbacks.get(token).is_some_and(|callback| callback.bodies.contains(digest))
    }

    fn remember(&self, token: &str, digest: [u8; 32]) {
        let mut callbacks = self.callbacks.lock().unwrap_or_else(PoisonError::into_inner);
        let bodies = &mut callbacks.entry(token.to_owned()).or_default().bodies;
        bodies.push_back(digest);
        if bodies.len() > REMEMBERED {
            bodies.pop_front();
        }
    }
}

fn log(source: &SourceId, new: u64, updated: u64) {
    let source = source.as_str();
    info!(source, new, updated, "{source}: pushed, {new} new, {updated} updated");
}
