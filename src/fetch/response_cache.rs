//! Answers that were just cached, entries to the other sources that read the same address: one
//! request serves them all.
//!
//! An answer is entries to each source once, for ten minutes, and only where the publisher would
//! have cached the same: to who asks for the same in the same way, without credentials, under the
//! same exemptions from the guard, within its limits, and, where it is a 304, with the same
//! validators. Deliberately absent: when sources that read one address are asked, which is arranged
//! to be at one time where polls are planned.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::TimeDelta;
use url::Url;

use super::client::{Accept, Response};
use feed_model::{SourceId, Timestamp, Validators};

/// How long an answer is entries.
const CACHE_TTL: TimeDelta = TimeDelta::minutes(10);

/// Bytes of bodies that are stored; the oldest make room.
const MAX_CACHED_BYTES: usize = 4 << 20;

/// What one request asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct CacheKey {
    pub(super) url: Url,
    pub(super) accept: Accept,
    /// The exemptions from the guard that it is asked under, and whether HTTP/2 is offered.
    pub(super) connection_profile: String,
}

/// What came of it.
#[derive(Debug, Clone)]
pub(super) struct CachedResponse {
    pub(super) response: Response,
    /// The validators that made the request conditional.
    pub(super) request_validators: Validators,
}

/// Answers that may be entries, the oldest first.
#[derive(Debug, Default)]
pub(super) struct ResponseCache {
    entries: Mutex<VecDeque<CacheEntry>>,
    locks: Mutex<HashMap<CacheKey, Arc<tokio::sync::Mutex<()>>>>,
}

#[derive(Debug)]
struct CacheEntry {
    key: CacheKey,
    cached: CachedResponse,
    at: Timestamp,
    /// Who has had it.
    served_to: Vec<SourceId>,
}

impl ResponseCache {
    /// Whose lock_key it is to ask this: the others wait for the answer.
    pub(super) async fn lock_key(&self, key: &CacheKey) -> tokio::sync::OwnedMutexGuard<()> {
        let lock_key = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            locks.retain(|_, lock_key| Arc::strong_count(lock_key) > 1);
            locks.entry(key.clone()).or_default().clone()
        };
        lock_key.lock_owned().await
    }

    /// The answer that another source was cached, where it answers this source as well.
    pub(super) fn get_cached(
        &self,
        key: &CacheKey,
        source_id: &SourceId,
        stored: &Validators,
        max_bytes: u64,
        now: Timestamp,
    ) -> Option<CachedResponse> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|l| is_fresh(l, now));
        let found =
            entries.iter_mut().find(|l| l.key == *key && !l.served_to.contains(source_id))?;
        let answers = found.cached.response.status != 304
            || (!stored.is_empty() && found.cached.request_validators == *stored);
        if !answers || found.cached.response.body.len() as u64 > max_bytes {
            return None;
        }
        found.served_to.push(source_id.clone());
        Some(found.cached.clone())
    }

    /// Holds what a source was cached, instead of what was cached before.
    pub(super) fn put(
        &self,
        key: CacheKey,
        source_id: &SourceId,
        cached: CachedResponse,
        now: Timestamp,
    ) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|l| l.key != key && is_fresh(l, now));
        entries.push_back(CacheEntry { key, cached, at: now, served_to: vec![source_id.clone()] });
        let mut stored: usize = entries.iter().map(|l| l.cached.response.body.len()).sum();
        while stored > MAX_CACHED_BYTES {
            stored -=
                entries.pop_front().map_or(stored, |oldest| oldest.cached.response.body.len());
        }
    }
}

/// To either side: who waited for its lock_key may have come before who went first.
fn is_fresh(entries: &CacheEntry, now: Timestamp) -> bool {
    (now - entries.at).abs() < CACHE_TTL
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
    fn an_answer_serves_each_other_source_once_and_not_for_long() {
        let (response_cache, now) = (ResponseCache::default(), Timestamp::UNIX_EPOCH);
        response_cache.put(key("/feed", ""), &source("a"), cached(200, 10, ""), now);
        let get_cached = |who: &str, connection_profile: &str, most, after| {
            response_cache
                .get_cached(
                    &key("/feed", connection_profile),
                    &source(who),
                    &stored(""),
                    most,
                    now + TimeDelta::minutes(after),
                )
                .is_some()
        };
        assert!(!get_cached("a", "", 100, 1), "who asked asks again");
        assert!(!get_cached("b", "10.0.0.0/8", 100, 1), "asked under other exemptions");
        assert!(!get_cached("b", "", 9, 1), "too large for it");
        assert!(get_cached("b", "", 10, 9));
        assert!(get_cached("waited", "", 10, -1), "it wanted to know before the other was asked");
        assert!(!get_cached("b", "", 10, 9), "once");
        assert!(!get_cached("c", "", 100, 10), "too old");
    }

    #[test]
    fn nothing_new_is_said_only_to_who_knows_the_same() {
        let (response_cache, now) = (ResponseCache::default(), Timestamp::UNIX_EPOCH);
        response_cache.put(key("/feed", ""), &source("a"), cached(304, 0, "\"1\""), now);
        let get_cached = |who: &str, etag: &str| {
            response_cache
                .get_cached(&key("/feed", ""), &source(who), &stored(etag), 100, now)
                .is_some()
        };
        assert!(!get_cached("b", ""));
        assert!(!get_cached("b", "\"0\""));
        assert!(get_cached("b", "\"1\""));
    }

    #[test]
    fn what_is_held_is_bounded() {
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
                .get_cached(&key(&format!("/{n}"), ""), &source("b"), &stored(""), u64::MAX, now)
                .is_some()
        };
        assert_eq!([0, 1, 2, 3, 4].map(get_cached), [false, true, true, true, true]);
        response_cache.put(
            key("/huge", ""),
            &source("a"),
            cached(200, MAX_CACHED_BYTES + 1, ""),
            now,
        );
        assert!(response_cache.entries.lock().unwrap().is_empty());
    }
}
