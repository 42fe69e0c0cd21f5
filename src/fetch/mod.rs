//! One HTTP exchange (layer 2).
//!
//! [`Client::get`] asks one URL and brings an answer within its limits: time for the whole
//! exchange, decoded bytes, size of the head, redirects. Rules kept: only public addresses are
//! dialled unless exempt; one request at a time to one host, with a pause; validators go back byte
//! for byte to the URL that gave them and to no other; credentials stay with their origin; nothing
//! is retried; sources that read one address share its answer. Deliberately absent: cookies,
//! referrers, proxies of the environment, and what an answer means for the next poll (`schedule`).

mod body;
mod client;
mod credentials;
mod error;
mod guard;
mod host_limits;
mod resolver;
mod response_cache;
mod transport;
mod user_agent;

pub use client::{Accept, Client, ClientOptions, Failure, Hop, Request, Response};
pub use credentials::{Credentials, CredentialsError, secrets_file};
pub use error::FetchError;
pub use host_limits::host_key;
pub use resolver::{Lookup, SystemLookup};
pub use user_agent::user_agent;
