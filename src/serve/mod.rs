//! HTTP: routes, conditional answers, rendered documents held ready as bytes (layer 3).
//!
//! [`App`] is what answers, [`serve()`] brings it to a listener. Documents are rendered and compressed when the stored
//! state changes ([`App::replace`]), never when somebody asks; pages and unions are made on demand, on blocking threads.
//! Deliberately absent: anything that writes the stored state, and any trust in what a request says of itself: absolute
//! addresses come from the settings.

mod access;
mod answer;
mod app;
mod coding;
mod conditional;
mod delta;
mod drawn;
mod guard;
mod health;
mod held;
mod kept;
mod metrics;
mod routes;
mod server;
mod tls;

pub use access::{Access, AccessError};
pub use app::App;
pub use coding::Coding;
pub use conditional::{Verdict, evaluate};
pub use health::Health;
pub use held::Held;
pub use metrics::serve_metrics;
pub use server::{ServeError, serve};
pub use tls::{Tls, TlsError};
