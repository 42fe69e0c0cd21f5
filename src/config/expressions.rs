//! The two small languages inside feeds.toml: matchers of topics and cron expressions.
//!
//! What they mean is known elsewhere (`topic`, `schedule`); here is only the question whether a
//! text is one of them.

use crate::schedule::Cron;

/// Whether `text` is a matcher; else why not.
pub(super) fn matcher(text: &str) -> Result<(), String> {
    topic_rules::parse_matcher(text).map(drop).map_err(|error| error.to_string())
}

/// Whether `text` is a five-field cron expression; else why not.
pub(super) fn schedule(text: &str) -> Result<(), String> {
    Cron::parse(text).map(drop).map_err(|error| error.to_string())
}
