//! Exit codes, the errors of the command line, and how errors are printed.

use std::{error::Error, io, path::PathBuf, process::ExitCode};

use super::terminal::print_stderr;
use crate::{config, store::StoreError, telemetry};

/// The known ids that the hint about an unknown one lists.
const MAX_KNOWN_IDS: usize = 12;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Success.
    Done,
    /// The operation failed.
    Failed,
    /// The command line is wrong.
    Usage,
    /// feeds.toml is missing or invalid (`EX_CONFIG`).
    Config,
    /// Internal error (`EX_SOFTWARE`).
    Internal,
}

impl Exit {
    /// Returns the exit code of the process.
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

/// feeds.toml is missing, unreadable or invalid. Ends with [`Exit::Config`].
#[derive(Debug, thiserror::Error)]
#[error("{summary}")]
pub struct ConfigError {
    /// One line that says what is wrong.
    pub summary: String,
    /// The report with carets; empty if the file could not be read.
    pub report: String,
    /// What to do.
    pub hint: Option<String>,
    /// Why the file could not be read.
    #[source]
    pub source: Option<io::Error>,
}

/// A combination of arguments is invalid in a way that clap cannot express. Ends with
/// [`Exit::Usage`].
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// The data directory has no database. Ends with [`Exit::Failed`].
#[derive(Debug, thiserror::Error)]
#[error("no database in {}", .0.display())]
pub struct NoState(pub PathBuf);

/// The operation failed, and the user can do something about it. Ends with [`Exit::Failed`].
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct CommandError {
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub hint: String,
}

impl CommandError {
    /// Returns the error for an unknown id of a `kind`, such as "topic". The hint names the most
    /// similar id, else some of the known ones.
    pub(super) fn unknown_id(kind: &str, id: &str, known: &[impl AsRef<str>]) -> Self {
        let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
        let kinds = match kind.strip_suffix('y') {
            Some(stem) => format!("{stem}ies"),
            None => format!("{kind}s"),
        };
        let more = known.len().saturating_sub(MAX_KNOWN_IDS);
        let hint = if known.is_empty() {
            format!("there are no {kinds} yet")
        } else if let Some(similar) = config::closest_match(id, &known) {
            format!("did you mean {similar}?")
        } else if more > 0 {
            let some = known[..MAX_KNOWN_IDS].join(", ");
            format!("known {kinds}: {some} and {more} more")
        } else {
            format!("known {kinds}: {}", known.join(", "))
        };
        Self { what: format!("no such {kind}: {id}"), hint }
    }

    /// Returns the error for a story that is not stored. `name` is the id or link from the user.
    pub(super) fn unknown_story(name: &str) -> Self {
        Self {
            what: format!("no such story: {}", super::terminal::escape_line(name)),
            hint: "give a number from `tributary stories`, or the story's link".to_owned(),
        }
    }
}

/// Prints an error with its causes and a hint to stderr, and returns how the program ends.
pub(super) fn report(error: &anyhow::Error) -> Exit {
    if error.chain().any(is_broken_pipe) {
        return Exit::Done;
    }
    if let Some(invalid) = error.downcast_ref::<ConfigError>()
        && !invalid.report.is_empty()
    {
        print_stderr(&invalid.report);
    }
    print_stderr(&format!(
        "tributary: {}\n",
        super::terminal::escape_line(&telemetry::chain(error.as_ref()))
    ));
    if let Some(hint) = hint(error) {
        print_stderr(&format!("  hint: {hint}\n"));
    }
    match error {
        error if error.is::<ConfigError>() => Exit::Config,
        error if error.is::<UsageError>() => Exit::Usage,
        _ => Exit::Failed,
    }
}

fn hint(error: &anyhow::Error) -> Option<String> {
    if let Some(invalid) = error.downcast_ref::<ConfigError>() {
        return invalid.hint.clone();
    }
    if let Some(failed) = error.downcast_ref::<CommandError>() {
        return Some(failed.hint.clone());
    }
    let stored = error.chain().find_map(|cause| cause.downcast_ref::<StoreError>());
    if let Some(hint) = stored.and_then(StoreError::hint) {
        return Some(hint);
    }
    if error.is::<UsageError>() {
        return Some("see --help".to_owned());
    }
    error.is::<NoState>().then(|| {
        "run `tributary serve` or `tributary poll` to create one, or use --data DIR".to_owned()
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
    fn each_cause_is_printed_once() {
        let error = Err::<(), _>(io::Error::other("disk on fire"))
            .context("cannot write")
            .context("cannot init")
            .unwrap_err();
        assert_eq!(telemetry::chain(error.as_ref()), "cannot init: cannot write: disk on fire");
        let error = anyhow::Error::new(io::Error::other("x")).context("it failed: x");
        assert_eq!(telemetry::chain(error.as_ref()), "it failed: x");
    }

    #[test]
    fn an_unknown_id_suggests_the_nearest_or_lists_some() {
        let known: Vec<String> = (0..60).map(|n| format!("source-{n}.example")).collect();
        let hint = |id: &str, known: &[String]| CommandError::unknown_id("source", id, known).hint;
        assert_eq!(hint("sorce-7-example", &known), "did you mean source-7.example?");
        let listed = hint("zebra", &known);
        assert!(listed.ends_with("source-11.example and 48 more"), "{listed}");
        assert_eq!(hint("x", &[]), "there are no sources yet");
    }

    #[test]
    fn a_broken_pipe_is_not_an_error_however_deep() {
        let pipe = io::Error::from(io::ErrorKind::BrokenPipe);
        let error = Err::<(), _>(pipe).context("cannot print").unwrap_err();
        assert_eq!(report(&error), Exit::Done);
    }
}
