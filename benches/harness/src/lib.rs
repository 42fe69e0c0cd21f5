//! What `scripts/bench.sh` measures Tributary with.
//!
//! - `origin` serves generated feeds on loopback.
//! - `floor` polls them and does the least that a program that stores entries has to do.
//! - `probe` sends requests to a running `tributary serve` and prints how long they take.

pub mod feeds;
pub mod random;
pub mod text;
