//! The integration tests, in one binary so that they link once.

#![allow(clippy::unwrap_used)] // a helper that fails fails its test

mod archives;
mod cli;
mod config;
mod daemon;
mod deltas;
mod demo;
mod documents;
mod fetch;
mod follow;
mod identity;
mod ingest;
mod markup;
mod pages;
mod polls;
mod private;
mod program;
mod publish;
mod readme;
mod sanitise;
mod scenarios;
mod schedule;
mod search;
mod secure;
mod serve;
mod sites;
mod sorting;
mod store;
mod support;
mod topic;
mod topics;
mod units;
