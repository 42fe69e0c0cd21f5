//! Tributary follows publications, with or without feeds, and publishes one clean feed per topic.
//!
//! This library has everything with side effects. A layer uses only the layers below it:
//!
//! ```text
//! command line    cli  demo
//! application     app
//! services        poll  push  serve  site  objects
//! infrastructure  config  fetch  schedule  store  telemetry  clock  compression
//! crates          feed-model  feed-parser  site-discovery  entry-identity  topic-rules
//!                 feed-publisher
//! ```
//!
//! `ARCHITECTURE.md` describes the design. A good start is [`poll`], one poll of one source.

pub mod schedule;

pub mod clock;
mod compression;
pub mod config;
pub mod fetch;
pub mod icons;
pub mod store;
pub mod telemetry;

#[cfg(feature = "object-store")]
pub mod objects;
pub mod poll;
pub mod push;
pub mod serve;
pub mod site;

pub mod app;
pub mod cli;
pub mod demo;
