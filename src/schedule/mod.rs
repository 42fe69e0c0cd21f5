//! The next moment to look, with its reason (layer 1).
//!
//! The pause is the longest of what is configured and the floors, doubled by failures, and of what
//! the publisher asks for; jitter only lengthens it, a cap bounds it, and `Retry-After` is kept
//! whatever the cap. Deliberately absent: a clock; `now` is an argument.

mod cron;
mod display;
mod hints;
mod next;
mod spread;

pub use cron::{Cron, CronError};
pub use hints::{Hints, retry_after};
pub use next::{AttemptOutcome, NextPoll, PollState, next_poll};
pub use spread::spread;
