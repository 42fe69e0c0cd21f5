//! Syntax checks of cron expressions in feeds.toml. `schedule` parses them; only its errors are
//! used here.

use crate::schedule::Cron;

/// Checks the syntax of a five-field cron expression.
pub(super) fn schedule(text: &str) -> Result<(), String> {
    Cron::parse(text).map(drop).map_err(|error| error.to_string())
}
