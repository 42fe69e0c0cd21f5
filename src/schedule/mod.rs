//! The next moment to look, with its reason (layer 1).
//!
//! The pause is the longest of what is configured, of the floors, and of what the publisher asks for; a failure multiplies
//! it, jitter only lengthens it, a cap bounds it, and `Retry-After` is kept whatever the cap. Deliberately absent: a clock;
//! `now` is an argument.

mod cron;
mod hints;
mod next;

pub use cron::{Cron, CronError};
pub use hints::Hints;
pub use next::{NextPoll, Outcome, Situation, next_poll, spread};
