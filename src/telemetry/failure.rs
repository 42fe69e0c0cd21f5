//! Failures of work that is repeated every few seconds.

use std::error::Error;

use tracing::{error, info};

/// Logs the failure of repeated work once: when it begins, when its cause changes, and when it
/// ends.
#[derive(Debug)]
pub struct RepeatedFailure {
    what: &'static str,
    last: Option<String>,
}

impl RepeatedFailure {
    /// Creates the log of a kind of work. `what` says what is not possible.
    pub fn new(what: &'static str) -> Self {
        Self { what, last: None }
    }

    /// Logs a result if it differs from the last one. Returns the value of a success.
    pub fn log<T, E: Error>(&mut self, result: Result<T, E>) -> Option<T> {
        let what = self.what;
        match result {
            Ok(value) => {
                if self.last.take().is_some() {
                    info!("resolved: {what}");
                }
                Some(value)
            }
            Err(error) => {
                let error = super::chain(&error);
                if self.last.as_ref() != Some(&error) {
                    error!(error, "{what}: {error}");
                    self.last = Some(error);
                }
                None
            }
        }
    }
}
