//! Subscribes to the hubs that sources name, and renews the subscriptions before they end.

use std::time::Duration;

use chrono::TimeDelta;
use tracing::{debug, info};
use url::Url;

use feed_model::Timestamp;

use super::{application::App, stop::Stop};
use crate::{
    fetch::{self, FetchError, Message, MessageResponse},
    push::{is_reachable, subscribe_message},
    schedule, serve,
    store::{StoreError, Subscription, SubscriptionEvent},
    telemetry,
};

/// How often subscriptions are looked at.
const INTERVAL: Duration = Duration::from_secs(1);
/// The longest time of a request.
const TIMEOUT: Duration = Duration::from_secs(15);
/// The first pause after a request that a hub accepts and does not confirm.
const CONFIRMATION_PAUSE: TimeDelta = TimeDelta::minutes(10);
/// The first pause after a request that fails.
const RETRY_PAUSE: TimeDelta = TimeDelta::minutes(1);
/// The most redirects of a hub that are followed.
const MAX_REDIRECTS: usize = 3;

impl App {
    /// Runs the job until `stop`.
    pub(super) async fn run_subscriptions(self, site: serve::App, mut stop: Stop) {
        loop {
            if self.store().write_fault().is_none()
                && let Err(error) = self.subscribe_where_due(&site, &stop).await
            {
                debug!("cannot renew the subscriptions: {}", telemetry::chain(&error));
            }
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = stop.wait() => return,
            }
        }
    }

    async fn subscribe_where_due(&self, site: &serve::App, stop: &Stop) -> Result<(), StoreError> {
        let now = self.poller.clock.now();
        let due = self.store().read_async(move |reader| reader.due_subscriptions(now)).await?;
        for subscription in due {
            if stop.is_set() {
                return Ok(());
            }
            let token = subscription.token.clone();
            let event = self.event(site, &subscription).await;
            let now = self.poller.clock.now();
            self.store().change_subscription(token, event, now).await?;
            if let Ok(callback) = Url::parse(&subscription.hub_url) {
                debug!("asked the hub at {}", fetch::host_key(&callback));
            }
        }
        Ok(())
    }

    /// Asks a hub, or finds out why it cannot be asked.
    async fn event(&self, site: &serve::App, subscription: &Subscription) -> SubscriptionEvent {
        let now = self.poller.clock.now();
        let is_over = subscription.lease_until.is_some_and(|until| until <= now);
        if is_over {
            let problem = "the subscription was not renewed in time".to_owned();
            return SubscriptionEvent::Ended { problem, again: now };
        }
        let failed = |problem: &str, again: Timestamp| SubscriptionEvent::Failed {
            problem: problem.to_owned(),
            again,
        };
        // What only feeds.toml or the publisher can change.
        let tomorrow = now + TimeDelta::days(1);
        let settings = self.poller.settings.load_full();
        let base_url = site.settings().base_url.clone();
        if !is_reachable(&base_url, &settings.allow_hosts) {
            return failed("base_url is not reachable from outside", tomorrow);
        }
        let Ok(hub) = Url::parse(&subscription.hub_url) else {
            return failed("the address of the hub is invalid", tomorrow);
        };
        let host = hub.host_str().unwrap_or_default();
        // The secret must not be readable on the way (WebSub §5.1).
        let is_allowed = settings.allow_hosts.iter().any(|pattern| pattern.matches_host(host));
        if hub.scheme() != "https" && !is_allowed {
            return failed("the hub has no https", tomorrow);
        }
        let again = now + pause(CONFIRMATION_PAUSE, subscription.failures);
        let callback =
            site.settings().addresses().absolute(&format!("/websub/{}", subscription.token));
        // Before the request: the hub may confirm before it answers.
        let requested = SubscriptionEvent::Requested(again);
        let token = subscription.token.clone();
        if let Err(error) = self.store().change_subscription(token, requested.clone(), now).await {
            return failed(&telemetry::chain(&error), again);
        }
        let retry = now + pause(RETRY_PAUSE, subscription.failures);
        let source = subscription.source.as_str();
        match self.ask(subscribe_message(hub, subscription, &callback)).await {
            Ok(response) if response.is_success() => {
                info!(source, "asked the hub of {source} to push");
                SubscriptionEvent::Accepted
            }
            Ok(response) => {
                let asked = schedule::retry_after(response.status, &response.headers, now);
                let retry = asked.map_or(retry, |asked| asked.min(tomorrow));
                failed(&format!("the hub answered {}", response.status), retry)
            }
            Err(error) => failed(&telemetry::chain(&error), retry),
        }
    }

    /// Sends a request to a hub. Redirects that keep the method are followed (RFC 9110 §15.4.8).
    async fn ask(&self, mut message: Message) -> Result<MessageResponse, FetchError> {
        let settings = self.poller.settings.load_full();
        let client = self.poller.client.load_full();
        for _ in 0..MAX_REDIRECTS {
            let response = client.send(&message, &settings.allow_hosts, TIMEOUT).await?;
            let target = response.headers.text("location").and_then(|to| message.url.join(to).ok());
            match target {
                Some(to)
                    if matches!(response.status, 307 | 308)
                        && to.scheme() == message.url.scheme() =>
                {
                    message.url = to;
                }
                _ => return Ok(response),
            }
        }
        client.send(&message, &settings.allow_hosts, TIMEOUT).await
    }
}

/// Returns the pause after several requests without a confirmation: the first one, doubled each
/// time, up to a day.
fn pause(first: TimeDelta, failures: u32) -> TimeDelta {
    let pauses = first.num_seconds().saturating_mul(1 << failures.min(16));
    TimeDelta::seconds(pauses).min(TimeDelta::days(1))
}
