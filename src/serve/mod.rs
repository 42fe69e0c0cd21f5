//! The HTTP server.
//!
//! [`App`] is the served site and [`serve()`] serves it on a listener. Documents are rendered and
//! compressed when the stored state changes ([`App::replace`]). Pages and unions are rendered on
//! request, on blocking threads. Requests never write to the store, and absolute addresses come
//! from the settings, never from a request.

mod access;
mod app;
mod audience;
mod conditional;
mod connections;
mod content_encoding;
mod delta;
mod encoded_document;
mod fifo_cache;
mod guard;
mod health;
mod hub;
mod metrics;
mod page_cache;
mod response;
mod router;
mod routes;
mod server;
mod tls;
mod websub;

pub use access::{Access, AccessError};
pub use app::App;
pub use connections::ConnectionLimits;
pub use health::Health;
pub use metrics::serve_metrics;
pub use server::{ServeError, serve};
pub use tls::{Tls, TlsError};
