//! The limits of requests: concurrent requests to one host, the pause between two of them, and
//! concurrent requests in all.
//!
//! A host is a registrable domain (`a.example.org` and `b.example.org` are one), or an IP address.
//! Requests are served in order.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use feed_model::site::registrable_domain;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use url::{Host, Url};

/// Idle hosts are forgotten when more hosts than this are known.
const MAX_TRACKED_HOSTS: usize = 4096;

/// Returns the key of a URL's host: the registrable domain by the Public Suffix List, or else the
/// host name or IP address.
pub fn host_key(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            registrable_domain(&name).map_or_else(|| name.clone(), str::to_owned)
        }
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => String::new(),
    }
}

/// Returns the key of the limit of one delivery at a time: the host, with its port if the URL names
/// one. Two ports of a machine are two services, and one of them may hang.
pub fn delivery_host(url: &Url) -> String {
    match url.port() {
        Some(port) => format!("{}:{port}", host_key(url)),
        None => host_key(url),
    }
}

/// The limits of requests, per host and in all.
#[derive(Debug)]
pub(super) struct HostLimits {
    per_host: usize,
    all: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, Arc<HostSlots>>>,
}

/// The slots of one host.
#[derive(Debug)]
struct HostSlots {
    semaphore: Arc<Semaphore>,
    /// When the last request to it ended.
    last_request_ended: Mutex<Option<Instant>>,
}

/// The permission for one request, until it is dropped.
#[derive(Debug)]
pub(super) struct RequestPermit {
    host_slots: Arc<HostSlots>,
    _host_permit: OwnedSemaphorePermit,
    _global_permit: OwnedSemaphorePermit,
}

impl Drop for RequestPermit {
    fn drop(&mut self) {
        *self.host_slots.last_request_ended.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Instant::now());
    }
}

impl HostLimits {
    pub(super) fn new(per_host: usize, all: usize) -> Self {
        Self {
            per_host: per_host.max(1),
            all: Arc::new(Semaphore::new(all.max(1))),
            hosts: Mutex::default(),
        }
    }

    /// Waits for a slot of the host, for the pause of `gap` since its last request, and for a slot
    /// among all requests.
    pub(super) async fn acquire(&self, url: &Url, gap: Duration) -> RequestPermit {
        let host_slots = self.host_slots(host_key(url));
        let host_permit = host_slots
            .semaphore
            .clone()
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let last = *host_slots.last_request_ended.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last {
            tokio::time::sleep_until(last + gap).await;
        }
        // Last, so that a request that waits for a slow host occupies no global slot.
        let all = self.all.clone().acquire_owned().await.expect("the semaphore is never closed");
        RequestPermit { host_slots, _host_permit: host_permit, _global_permit: all }
    }

    fn host_slots(&self, key: String) -> Arc<HostSlots> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() > MAX_TRACKED_HOSTS {
            hosts.retain(|_, host_slots| Arc::strong_count(host_slots) > 1);
        }
        hosts
            .entry(key)
            .or_insert_with(|| {
                Arc::new(HostSlots {
                    semaphore: Arc::new(Semaphore::new(self.per_host)),
                    last_request_ended: Mutex::new(None),
                })
            })
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_registrable_domain_or_an_address() {
        let key = |url: &str| host_key(&Url::parse(url).unwrap());
        assert_eq!(key("https://a.b.example.co.uk/x"), "example.co.uk");
        assert_eq!(key("https://someone.github.io/"), "someone.github.io");
        assert_eq!(key("http://127.0.0.1:8080/"), "127.0.0.1");
        assert_eq!(key("http://[::1]:80/"), "::1");
        assert_eq!(key("http://localhost/"), "localhost");
    }

    #[tokio::test(start_paused = true)]
    async fn requests_to_one_host_are_sequential_with_a_pause() {
        let host_limits = Arc::new(HostLimits::new(1, 32));
        let begun = Instant::now();
        let (a, b) = (
            Url::parse("https://a.example.org/1").unwrap(),
            Url::parse("https://b.example.org/2").unwrap(),
        );
        let first = host_limits.acquire(&a, Duration::from_secs(1)).await;
        let waiting = tokio::spawn({
            let host_limits = host_limits.clone();
            async move {
                drop(host_limits.acquire(&b, Duration::from_secs(1)).await);
                Instant::now()
            }
        });
        let other = Url::parse("https://elsewhere.example/").unwrap();
        drop(host_limits.acquire(&other, Duration::from_secs(1)).await);
        tokio::time::sleep(Duration::from_secs(5)).await;
        drop(first);
        assert_eq!(waiting.await.unwrap() - begun, Duration::from_secs(6));
    }
}
