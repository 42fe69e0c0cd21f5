//! Problems that do not stop the work and are reported beside its result.

use std::borrow::Cow;

/// The severity of a [`Problem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Information. Nothing was lost.
    Note,
    /// Something was repaired, guessed or omitted.
    Warning,
    /// Something could not be used.
    Error,
}

impl Severity {
    /// Returns the name that is stored and printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// Parses a name that [`Severity::as_str`] returned. Unknown names mean a warning.
    pub fn from_stored(word: &str) -> Self {
        match word {
            "note" => Self::Note,
            "error" => Self::Error,
            _ => Self::Warning,
        }
    }
}

/// A problem that did not stop the work. It is stored with its source and shown to the operator.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// A stable name in kebab-case: `undated`, `moved-permanently`.
    pub code: Cow<'static, str>,
    /// Its severity.
    pub severity: Severity,
    /// One sentence: what happened, where, and what was done.
    pub text: String,
    /// The line in the document, counted from 1, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

impl Problem {
    /// Returns a problem of the given severity.
    pub fn new(code: &'static str, severity: Severity, text: impl Into<String>) -> Self {
        Self { code: Cow::Borrowed(code), severity, text: text.into(), line: None }
    }

    /// Returns a warning: something was repaired, guessed or omitted.
    pub fn warning(code: &'static str, text: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, text)
    }

    /// Returns a note: information, nothing was lost.
    pub fn note(code: &'static str, text: impl Into<String>) -> Self {
        Self::new(code, Severity::Note, text)
    }

    /// Returns an error: something could not be used.
    pub fn error(code: &'static str, text: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, text)
    }

    /// Returns the problem with the line where it occurs, counted from 1.
    #[must_use]
    pub fn at_line(mut self, line: u32) -> Self {
        self.line = Some(line);
        self
    }
}
