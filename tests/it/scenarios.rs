//! Two fetches, two sources: what is published after them, to the byte.
//!
//! A [`house::House`] is a whole installation without a network and with a clock that is moved by hand: feed texts go in
//! as a poll would bring them, and out come the three documents, read again by an independent reader who remembers
//! what was announced.

mod across_sources;
mod addresses;
mod house;
mod made_anew;
mod never_merged;
mod on_the_wire;
mod pairs;
mod post;
mod prose;
mod provenance;
mod stable_output;
mod topics_and_windows;
mod upgrades;
mod within_a_source;
