//! Survivable oddities, carried beside the value that survived them.

use std::borrow::Cow;

/// How much a [`Problem`] matters to the person who runs this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing was lost.
    Note,
    /// Something was repaired, guessed or left out.
    Warning,
    /// Something could not be used.
    Error,
}

impl Severity {
    /// The word that is stored and printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The severity that [`Severity::as_str`] wrote; anything else is a warning.
    pub fn from_stored(word: &str) -> Self {
        match word {
            "note" => Self::Note,
            "error" => Self::Error,
            _ => Self::Warning,
        }
    }
}

/// Something odd that did not stop the work: stored with its source and shown.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// A stable name for machines, in kebab-case: `undated`, `moved-permanently`.
    pub code: Cow<'static, str>,
    /// How much it matters.
    pub severity: Severity,
    /// One sentence for people: what, where, and what was done about it.
    pub text: String,
    /// Line in the document, counted from 1, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

impl Problem {
    /// A problem of the given severity.
    pub fn new(code: &'static str, severity: Severity, text: impl Into<String>) -> Self {
        Self { code: Cow::Borrowed(code), severity, text: text.into(), line: None }
    }

    /// A warning: something was repaired, guessed or left out.
    pub fn warning(code: &'static str, text: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, text)
    }

    /// A note: worth knowing, nothing was lost.
    pub fn note(code: &'static str, text: impl Into<String>) -> Self {
        Self::new(code, Severity::Note, text)
    }

    /// An error: something could not be used.
    pub fn error(code: &'static str, text: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, text)
    }

    /// The same problem, seen at a line (counted from 1).
    #[must_use]
    pub fn at_line(mut self, line: u32) -> Self {
        self.line = Some(line);
        self
    }
}
