//! DNS lookup through the address guard. The connection uses exactly the addresses that were
//! checked.

use std::{net::SocketAddr, sync::Arc};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard;
use feed_model::HostPattern;

/// A DNS resolver: the system's, or one of a test.
pub trait Lookup: Send + Sync + 'static {
    /// Returns the addresses of a host. Does not block the thread.
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

/// A resolver that returns only permitted addresses.
#[derive(Clone)]
pub(super) struct GuardedResolver {
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) exempt: Arc<[HostPattern]>,
    /// The host of the configured proxy. Its addresses are not checked. Targets behind a proxy are
    /// checked before (see `Client::get`).
    pub(super) proxy: Option<Arc<str>>,
}

/// No address of the name is permitted.
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
