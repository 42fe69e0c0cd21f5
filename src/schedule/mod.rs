//! When a source is polled next, and why.
//!
//! [`next_poll`] combines the configured interval or cron schedule, the minimum intervals, the
//! backoff after failures, and what the publisher asks for ([`Hints`]). The order of precedence is
//! documented in `next`. All functions are pure: the current time is an argument.

mod cron;
mod hints;
mod next;
mod reason;
mod spread;

pub use cron::{Cron, CronError};
pub use hints::{Hints, retry_after};
pub use next::{NextPoll, PollState, next_poll};
pub use reason::{BackoffCause, Hint, PollReason, SkippedSlots};
pub use spread::spread;
