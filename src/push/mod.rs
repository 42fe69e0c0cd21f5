//! Pushes instead of polls: our WebSub hub, our subscriptions to the hubs of sources, and webhooks.
//!
//! What is to be sent waits in a queue of the store (`delivery`), so that neither a restart nor a
//! kill loses anything. `app::deliveries` sends it. This module decides what a request means and
//! what a message contains.

mod hub_request;
mod inbox;
mod messages;
mod retry;
mod signature;
mod subscriber;
mod webhook;

pub use hub_request::{HubForm, HubRequestError};
pub use inbox::{HubNotice, Inbox, PushResult};
pub use messages::{OutgoingDocument, document_message, ping_message, verification_message};
pub use retry::{next_attempt, next_verification};
pub use signature::{random_token, sign};
pub use subscriber::{is_reachable, subscribe_message};
pub use webhook::{FIELDS, Notification, story_message, template_fields};
