//! HTTP: routes, conditional answers, rendered documents held ready as bytes (layer 3).
//!
//! [`App`] is what answers, [`serve()`] brings it to a listener. Documents are rendered and
//! compressed when the stored state changes ([`App::replace`]), never when somebody asks; pages and
//! unions are made on demand, on blocking threads. Deliberately absent: anything that writes the
//! stored state, and any trust in what a request says of itself: absolute addresses come from the
//! settings.

mod access;
mod app;
mod conditional;
mod content_encoding;
mod delta;
mod encoded_document;
mod fifo_cache;
mod guard;
mod health;
mod metrics;
mod page_cache;
mod response;
mod routes;
mod server;
mod tls;

pub use access::{Access, AccessError};
pub use app::App;
pub use conditional::{PreconditionResult, evaluate};
pub use content_encoding::ContentEncoding;
pub use encoded_document::EncodedDocument;
pub use health::Health;
pub use metrics::serve_metrics;
pub use server::{ServeError, serve};
pub use tls::{Tls, TlsError};
