//! The whole daemon on this machine without a network (layer 4): what the demo plays, and with
//! which feeds.toml.
//!
//! [`Origin`] is a web server on a loopback port that plays two publications: their real titles,
//! links and dates, with texts written for the demo (`data/demo/`). Each begins with a few posts,
//! the others arrive one by one, and then posts of the demo's own go on. [`feeds_toml`] makes the
//! feeds.toml that follows it, and [`greeting`] what is printed.
//!
//! Deliberately absent: polling, storing and serving. The demo runs the same daemon as `serve`, and
//! nothing here knows of it. The rule kept: what the origin answers depends on which posts have
//! arrived and when, and on nothing else.

mod conditional;
mod document;
mod feeds;
mod origin;
mod publication;
mod timeline;

pub use feeds::{FeedsTomlError, feeds_toml, greeting};
pub use origin::{ArrivalMode, Origin};
