//! The integration tests, in one binary so that they link once.

#![allow(clippy::unwrap_used)] // a helper that fails fails its test

mod archives;
mod attribution;
mod cli;
mod config;
mod daemon;
mod deltas;
mod demo;
mod digests;
mod documentation;
mod examples;
mod fetch;
mod icons;
mod import;
mod metrics;
#[cfg(feature = "object-store")]
mod objects;
mod operation;
mod page_limits;
mod polls;
mod private_topics;
mod program;
mod publish;
mod reclassification;
mod rights;
mod scenarios;
mod schedule;
mod search;
mod serve;
mod shipped_topics;
mod site_pages;
mod sites;
mod source_events;
mod source_icons;
mod stalls;
mod store;
mod support;
mod systemd_units;
mod timezone;
mod tls_and_metrics;
mod topic_commands;
#[cfg(feature = "opentelemetry")]
mod traces;
mod websub;
