//! WebSub: what documents say of their hub, our own hub, and subscriptions to other hubs.

mod hub;
mod naming;
mod subscriber;
mod webhooks;
