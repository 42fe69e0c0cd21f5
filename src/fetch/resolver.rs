//! Names to addresses, each vetted by the guard: what the connection is dialled with is what was
//! looked at.

use std::{net::SocketAddr, sync::Arc};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard;
use feed_model::HostPattern;

/// How names are looked up: the system's way, or a test's.
pub trait Lookup: Send + Sync + 'static {
    /// The addresses of a host, or why there are none. Blocks no thread of the runtime.
    fn addresses(
        &self,
        host: String,
    ) -> std::pin::Pin<Box<dyn Future<Output = std::io::Result<Vec<SocketAddr>>> + Send>>;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn addresses(
        &self,
        host: String,
    ) -> std::pin::Pin<Box<dyn Future<Output = std::io::Result<Vec<SocketAddr>>> + Send>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.collect()) })
    }
}

/// A resolver that gives only addresses that may be dialled.
#[derive(Clone)]
pub(super) struct GuardedResolver {
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) exempt: Arc<[HostPattern]>,
    /// The proxy's host: named in feeds.toml, and trusted wherever it stands. No target has its
    /// name, since what goes through a proxy is vetted before (see `Client::get`).
    pub(super) proxy: Option<Arc<str>>,
}

/// Every address of a name is closed to us.
#[derive(Debug, thiserror::Error)]
#[error("{host} is at {addresses}")]
pub(super) struct PrivateAddresses {
    pub(super) host: String,
    pub(super) addresses: String,
}

/// The name has no address.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unresolved(pub(super) String);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, exempt, host) =
            (self.lookup.clone(), self.exempt.clone(), name.as_str().to_owned());
        let is_proxy = self.proxy.as_deref().is_some_and(|proxy| proxy.eq_ignore_ascii_case(&host));
        Box::pin(async move {
            let found =
                lookup.addresses(host.clone()).await.map_err(|e| Unresolved(e.to_string()))?;
            if found.is_empty() {
                return Err(Unresolved("it has no address".into()).into());
            }
            let allowed: Vec<SocketAddr> = found
                .iter()
                .copied()
                .filter(|a| is_proxy || guard::permits(&host, a.ip(), &exempt))
                .collect();
            if allowed.is_empty() {
                let addresses =
                    found.iter().map(|a| a.ip().to_string()).collect::<Vec<_>>().join(", ");
                return Err(PrivateAddresses { host, addresses }.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}
