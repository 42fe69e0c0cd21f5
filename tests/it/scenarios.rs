//! Two fetches, two sources: what is published after them, to the byte.
//!
//! A [`installation::Installation`] is a whole installation without a network and with a clock that
//! is moved by hand: feed texts go in as a poll would bring them, and out come the three documents,
//! read again by an independent reader who remembers what was announced.

mod across_sources;
mod feed_builder;
mod installation;
mod labelled_pairs;
mod never_merged;
mod over_http;
mod provenance;
mod republished;
mod sample_posts;
mod schema_upgrades;
mod stable_output;
mod topics_and_windows;
mod url_variants;
mod within_a_source;
