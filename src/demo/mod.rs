//! The origin server and the configuration of `tributary demo`.
//!
//! [`Origin`] is a web server on a loopback port that plays two publications, with real titles,
//! links and dates and with texts written for the demo (`data/demo/`). Each publication starts with
//! a few posts. The other posts arrive one by one, followed by generated demo posts. Responses
//! depend only on the posts that have arrived and on their arrival times.
//!
//! [`feeds_toml`] returns the configuration that follows the origin, and [`greeting`] the text that
//! the demo prints. The daemon itself is the same as in `serve`.

mod conditional;
mod document;
mod feeds;
mod origin;
mod publication;
mod timeline;

pub use feeds::{FeedsTomlError, feeds_toml, greeting};
pub use origin::{ArrivalMode, Origin};
