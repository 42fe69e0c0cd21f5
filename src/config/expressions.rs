//! Syntax checks of matchers and cron expressions in feeds.toml.
//!
//! `topic_rules` and `schedule` parse them; only their errors are used here.

use crate::schedule::Cron;

/// Checks the syntax of a matcher.
pub(super) fn matcher(text: &str) -> Result<(), String> {
    topic_rules::parse_matcher(text).map(drop).map_err(|error| error.to_string())
}

/// Checks the syntax of a five-field cron expression.
pub(super) fn schedule(text: &str) -> Result<(), String> {
    Cron::parse(text).map(drop).map_err(|error| error.to_string())
}
