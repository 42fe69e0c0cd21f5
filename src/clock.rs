//! The clock.
//!
//! Only [`SystemClock`] reads the system's time. The poller and the daemon take a [`Clock`], and
//! all other code takes the time as an argument, so that tests control it.

use chrono::{SubsecRound as _, Utc};
use feed_model::Timestamp;

/// A source of the current time.
pub trait Clock: Send + Sync + 'static {
    /// Returns the time in UTC, in whole milliseconds, because that is what the store keeps.
    fn now(&self) -> Timestamp;
}

/// The clock of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // the only place that may read it
    fn now(&self) -> Timestamp {
        Utc::now().trunc_subsecs(3)
    }
}
