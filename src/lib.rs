//! Tributary follows publications, with or without feeds, and publishes one steady, clean feed per
//! topic.
//!
//! The rooms stand in layers, and imports go down only:
//!
//! ```text
//! layer 4  wiring          main  cli/  daemon  demo/
//! layer 3  orchestration   poll/        serve/        site (static files)
//! layer 2  edges, one resource each     config/  fetch/  store/  telemetry/  clock
//! layer 1  pure            follow/  ingest/  identity/  topic/  schedule/  publish/
//! layer 0  words           model/
//! ```
//!
//! One entry's way is the order in which the folders of layer 1 stand. `ARCHITECTURE.md` tells the
//! whole story; the page to read first is `poll/refresh.rs`.

pub mod schedule;

pub mod clock;
pub mod config;
pub mod fetch;
pub mod store;
pub mod telemetry;

pub mod poll;
pub mod serve;
pub mod site;

pub mod app;
pub mod cli;
pub mod demo;
