//! Tests of the public interface of feed-parser, in one binary.

#![allow(clippy::unwrap_used)] // a test may fail by a panic

mod feed_parsing;
mod sanitise;
