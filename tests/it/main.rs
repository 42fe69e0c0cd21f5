//! The integration tests, in one binary so that they link once.

mod config;
mod demo;
mod fetch;
mod follow;
mod identity;
mod ingest;
mod publish;
mod serve;
mod support;
mod topic;
