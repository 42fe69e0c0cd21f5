//! The HTTP client.
//!
//! [`Client::get`] requests one URL, within limits of time, decoded size, header size and
//! redirects. [`Client::send`] sends one message.
//! - Only public addresses are requested, unless they are exempt (`guard`).
//! - Concurrent requests to one host are limited, with a pause between two (`host_limits`).
//! - Validators are sent byte for byte to the URL that sent them, and to no other.
//! - Credentials are sent to their own origin only.
//! - Sources that request the same feed share a response (`response_cache`).
//! - A cookie that a redirect sets returns within its chain of redirects (`cookies`). No other
//!   cookies and no referrers are sent, and nothing is retried.

mod body;
mod client;
mod cookies;
mod credentials;
mod error;
mod guard;
mod host_limits;
mod probe;
mod request;
mod request_span;
mod resolver;
mod response;
mod response_cache;
mod send;
mod transport;
mod user_agent;
mod zstd;

pub use client::Client;
pub use credentials::{Credentials, CredentialsError, secrets_file};
pub use error::FetchError;
pub use guard::is_loopback;
pub use host_limits::{delivery_host, host_key};
pub use probe::{ProbeTrust, probe};
pub use request::{Accept, ClientOptions, Request};
pub use resolver::{Lookup, SystemLookup};
pub use response::{Failure, Hop, Response};
pub use send::{Message, MessageResponse};
#[cfg(feature = "object-store")]
pub use transport::storage_client;
#[cfg(feature = "opentelemetry")]
pub use transport::telemetry_client;
pub use user_agent::user_agent;
