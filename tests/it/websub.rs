//! WebSub: what documents say of their hub, our own hub, and subscriptions to other hubs.

mod hub;
mod hub_scenarios;
mod kills;
mod naming;
mod subscriber;
mod subscriber_scenarios;
mod webhooks;
