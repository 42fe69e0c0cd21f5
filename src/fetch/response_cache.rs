//! Recent responses, shared with other sources that request the same feed.
//!
//! A response is returned to each other source once, within ten minutes, and only if the publisher
//! would have sent the same: for a request of the same kind, without credentials, under the same
//! exemptions from the address guard, and within its size limit. A 304 is returned only to sources
//! with the same validators. `poll::shared_feeds` aligns the polls of such sources.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::TimeDelta;
use url::Url;

use feed_model::{SourceId, Timestamp, Validators};

use super::{request::Accept, response::Response};

/// How long a response is cached.
const CACHE_TTL: TimeDelta = TimeDelta::minutes(10);

/// The largest total size of cached bodies, in bytes. The oldest responses are removed first.
const MAX_CACHED_BYTES: usize = 4 << 20;

/// Identifies equivalent requests.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct CacheKey {
    pub(super) url: Url,
    pub(super) accept: Accept,
    /// The exemptions from the address guard, and whether HTTP/2 is offered.
    pub(super) connection_profile: String,
}

/// A cached response.
#[derive(Debug, Clone)]
pub(super) struct CachedResponse {
    pub(super) response: Response,
    /// The validators that were sent.
    pub(super) request_validators: Validators,
}

/// The cached responses.
#[derive(Debug, Default)]
pub(super) struct ResponseCache {
    entries: Mutex<CacheEntries>,
    locks: Mutex<HashMap<CacheKey, Arc<tokio::sync::Mutex<()>>>>,
}

#[derive(Debug, Default)]
struct CacheEntries {
    by_key: HashMap<CacheKey, CacheEntry>,
    /// The keys with the times at which they were added, oldest first. Those of replaced entries
    /// have another time than the entry.
    added: VecDeque<(CacheKey, Timestamp)>,
    /// The total size of the bodies.
    bytes: usize,
}

#[derive(Debug)]
struct CacheEntry {
    cached: CachedResponse,
    at: Timestamp,
    /// The sources that have received it.
    served_to: Vec<SourceId>,
}

impl CacheEntries {
    /// Removes an entry if it was added at this time.
    fn remove(&mut self, key: &CacheKey, at: Timestamp) {
        if self.by_key.get(key).is_some_and(|entry| entry.at == at)
            && let Some(entry) = self.by_key.remove(key)
        {
            self.bytes -= entry.cached.response.body.len();
        }
    }

    /// Removes the oldest entries while they are outdated or the bodies are too large.
    fn remove_oldest(&mut self, now: Timestamp) {
        while let Some((_, at)) = self.added.front()
            && (!is_fresh(*at, now) || self.bytes > MAX_CACHED_BYTES)
            && let Some((key, at)) = self.added.pop_front()
        {
            self.remove(&key, at);
        }
    }
}

impl ResponseCache {
    /// Waits until no equivalent request is in progress, and locks the key.
    pub(super) async fn lock_key(&self, key: &CacheKey) -> tokio::sync::OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            locks.entry(key.clone()).or_default().clone()
        };
        lock.lock_owned().await
    }

    /// Returns a cached response if it fits this source and the source has not received it yet.
    pub(super) fn get(
        &self,
        key: &CacheKey,
        source_id: &SourceId,
        stored: &Validators,
        max_bytes: u64,
        now: Timestamp,
    ) -> Option<CachedResponse> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.remove_oldest(now);
        let found = entries
            .by_key
            .get_mut(key)
            .filter(|entry| is_fresh(entry.at, now) && !entry.served_to.contains(source_id))?;
        let answers = found.cached.response.status != 304
            || (!stored.is_empty() && found.cached.request_validators == *stored);
        if !answers || found.cached.response.body.len() as u64 > max_bytes {
            return None;
        }
        found.served_to.push(source_id.clone());
        Some(found.cached.clone())
    }

    /// Caches the response that a source received.
    pub(super) fn put(
        &self,
        key: CacheKey,
        source_id: &SourceId,
        cached: CachedResponse,
        now: Timestamp,
    ) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.bytes += cached.response.body.len();
        let entry = CacheEntry { cached, at: now, served_to: vec![source_id.clone()] };
        if let Some(replaced) = entries.by_key.insert(key.clone(), entry) {
            entries.bytes -= replaced.cached.response.body.len();
        }
        entries.added.push_back((key, now));
        entries.remove_oldest(now);
    }
}

/// Returns whether an entry of this time is fresh. `now` may be before it: it is the time at which
/// the request started to wait for the lock.
fn is_fresh(at: Timestamp, now: Timestamp) -> bool {
    (now - at).abs() < CACHE_TTL
}

#[cfg(test)]
mod tests {
    use super::*;
    use feed_model::Headers;

    fn key(path: &str, connection_profile: &str) -> CacheKey {
        CacheKey {
            url: Url::parse("https://example.org").unwrap().join(path).unwrap(),
            accept: Accept::Feed,
            connection_profile: connection_profile.into(),
        }
    }

    fn cached(status: u16, bytes: usize, request_validators: &str) -> CachedResponse {
        let url = key("", "").url;
        let response = Response {
            requested: url.clone(),
            final_url: url,
            hops: Vec::new(),
            status,
            headers: Headers::new(),
            body: vec![b'x'; bytes].into(),
            wire_bytes: bytes as u64,
            request_headers: Headers::new(),
        };
        CachedResponse { response, request_validators: stored(request_validators) }
    }

    fn stored(etag: &str) -> Validators {
        Validators {
            etag: Some(etag.into()).filter(|e: &Vec<u8>| !e.is_empty()),
            last_modified: None,
        }
    }

    fn source(id: &str) -> SourceId {
        SourceId::new(id).unwrap()
    }

    #[test]
    fn a_response_serves_each_other_source_once_within_ten_minutes() {
        let (response_cache, now) = (ResponseCache::default(), Timestamp::UNIX_EPOCH);
        response_cache.put(key("/feed", ""), &source("a"), cached(200, 10, ""), now);
        let get_cached = |who: &str, connection_profile: &str, most, after| {
            response_cache
                .get(
                    &key("/feed", connection_profile),
                    &source(who),
                    &stored(""),
                    most,
                    now + TimeDelta::minutes(after),
                )
                .is_some()
        };
        assert!(!get_cached("a", "", 100, 1), "the source that requested it requests again");
        assert!(!get_cached("b", "10.0.0.0/8", 100, 1), "requested under other exemptions");
        assert!(!get_cached("b", "", 9, 1), "too large for it");
        assert!(get_cached("b", "", 10, 9));
        assert!(get_cached("waited", "", 10, -1), "it waited since before the response");
        assert!(!get_cached("b", "", 10, 9), "once");
        assert!(!get_cached("c", "", 100, 10), "too old");
    }

    #[test]
    fn a_304_is_shared_only_with_sources_of_the_same_validators() {
        let (response_cache, now) = (ResponseCache::default(), Timestamp::UNIX_EPOCH);
        response_cache.put(key("/feed", ""), &source("a"), cached(304, 0, "\"1\""), now);
        let get_cached = |who: &str, etag: &str| {
            response_cache.get(&key("/feed", ""), &source(who), &stored(etag), 100, now).is_some()
        };
        assert!(!get_cached("b", ""));
        assert!(!get_cached("b", "\"0\""));
        assert!(get_cached("b", "\"1\""));
    }

    #[test]
    fn the_size_of_the_cache_is_limited() {
        let (response_cache, now) = (ResponseCache::default(), Timestamp::UNIX_EPOCH);
        for n in 0..5 {
            response_cache.put(
                key(&format!("/{n}"), ""),
                &source("a"),
                cached(200, MAX_CACHED_BYTES / 4, ""),
                now,
            );
        }
        let get_cached = |n: usize| {
            response_cache
                .get(&key(&format!("/{n}"), ""), &source("b"), &stored(""), u64::MAX, now)
                .is_some()
        };
        assert_eq!([0, 1, 2, 3, 4].map(get_cached), [false, true, true, true, true]);
        response_cache.put(
            key("/huge", ""),
            &source("a"),
            cached(200, MAX_CACHED_BYTES + 1, ""),
            now,
        );
        assert!(response_cache.entries.lock().unwrap().by_key.is_empty());
    }
}
