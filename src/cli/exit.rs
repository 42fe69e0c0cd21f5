//! How the program ends, and what is said when it ends badly.

use std::{error::Error, io, path::PathBuf, process::ExitCode};

use super::context::print_stderr;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// The operation failed.
    Failed,
    /// Wrong usage.
    Usage,
    /// feeds.toml is wrong (`EX_CONFIG`).
    Config,
    /// An internal error (`EX_SOFTWARE`).
    Internal,
}

impl Exit {
    /// The code for the system.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Config => 78,
            Self::Internal => 70,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// feeds.toml is missing, unreadable or wrong: ends with [`Exit::Config`].
#[derive(Debug, thiserror::Error)]
#[error("{summary}")]
pub struct ConfigError {
    /// One line.
    pub summary: String,
    /// The whole report, with carets; empty where there is none.
    pub report: String,
    /// What to do.
    pub hint: Option<String>,
    /// Why it could not be read, where it could not.
    #[source]
    pub source: Option<io::Error>,
}

/// The arguments do not fit together in a way that the parser of arguments cannot see: ends with
/// [`Exit::Usage`].
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// There is no state where it was looked for: ends with [`Exit::Failed`].
#[derive(Debug, thiserror::Error)]
#[error("there is no state in {}", .0.display())]
pub struct NoState(pub PathBuf);

/// The operation cannot be done, and something can be done about it: ends with [`Exit::Failed`].
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct CommandError {
    /// Why not.
    pub what: String,
    /// What to do.
    pub hint: String,
}

/// Says once on stderr what went wrong, why, and what can be done; returns how the program ends.
pub(super) fn report(error: &anyhow::Error) -> Exit {
    if error.chain().any(is_broken_pipe) {
        return Exit::Done;
    }
    if let Some(wrong) = error.downcast_ref::<ConfigError>()
        && !wrong.report.is_empty()
    {
        print_stderr(&wrong.report);
    }
    print_stderr(&format!("tributary: {}\n", super::terminal::escape_line(&chain(error))));
    if let Some(hint) = hint(error) {
        print_stderr(&format!("  hint: {hint}\n"));
    }
    match error {
        error if error.is::<ConfigError>() => Exit::Config,
        error if error.is::<UsageError>() => Exit::Usage,
        _ => Exit::Failed,
    }
}

/// `what: why: why`, nothing twice.
fn chain(error: &anyhow::Error) -> String {
    let mut shown = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if shown.is_empty() {
            shown = cause;
        } else if !shown.ends_with(&cause) {
            shown.push_str(": ");
            shown.push_str(&cause);
        }
    }
    shown
}

fn hint(error: &anyhow::Error) -> Option<String> {
    if let Some(wrong) = error.downcast_ref::<ConfigError>() {
        return wrong.hint.clone();
    }
    if let Some(refused) = error.downcast_ref::<CommandError>() {
        return Some(refused.hint.clone());
    }
    if error.is::<UsageError>() {
        return Some("see --help".to_owned());
    }
    error.is::<NoState>().then(|| {
        "`tributary serve` or `tributary poll` makes one; --data names another directory".to_owned()
    })
}

fn is_broken_pipe(cause: &(dyn Error + 'static)) -> bool {
    cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn the_chain_is_told_once() {
        let error = Err::<(), _>(io::Error::other("disk on fire"))
            .context("cannot write")
            .context("cannot init")
            .unwrap_err();
        assert_eq!(chain(&error), "cannot init: cannot write: disk on fire");
        let error = anyhow::Error::new(io::Error::other("x")).context("it failed: x");
        assert_eq!(chain(&error), "it failed: x");
    }

    #[test]
    fn a_broken_pipe_is_no_error_however_deep() {
        let pipe = io::Error::from(io::ErrorKind::BrokenPipe);
        let error = Err::<(), _>(pipe).context("cannot print").unwrap_err();
        assert_eq!(report(&error), Exit::Done);
    }
}
