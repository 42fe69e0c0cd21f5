//! What others send to us: requests to the hub.

use std::sync::Arc;

use tokio::sync::Notify;
use url::Url;

use feed_model::HostPattern;

use crate::{
    fetch,
    poll::Poller,
    store::{HubRequest, HubRequestResult, StoreError},
};

/// Takes what others send to us. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Inbox {
    poller: Poller,
    /// Notified when deliveries may be due.
    queued: Arc<Notify>,
}

impl Inbox {
    /// Creates an inbox. `queued` is notified when deliveries may be due.
    pub fn new(poller: Poller, queued: Arc<Notify>) -> Self {
        Self { poller, queued }
    }

    /// Returns the private hosts that may be callbacks.
    pub fn allow_hosts(&self) -> Vec<HostPattern> {
        self.poller.settings.load().allow_hosts.clone()
    }

    /// Queues the question to a subscriber whether it wants what was asked for in its name.
    pub async fn request(&self, request: HubRequest) -> Result<HubRequestResult, StoreError> {
        let host = Url::parse(&request.callback).map(|url| fetch::delivery_host(&url));
        let (host, now) = (host.unwrap_or_default(), self.poller.clock.now());
        let result = self.poller.store.queue_verification(request, host, now).await;
        self.queued.notify_one();
        result
    }
}
