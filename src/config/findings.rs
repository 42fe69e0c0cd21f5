//! What is found while feeds.toml is read: problems with their place, and the values in force.

use std::ops::Range;

use feed_model::Severity;

/// Something wrong with feeds.toml, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// [`Severity::Error`] where the file cannot be used, else [`Severity::Warning`].
    pub severity: Severity,
    /// The file, as it was named.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// The key with its tables, array members counted from 0: `source[0].interval`. Empty for what
    /// is no key's fault.
    pub key: String,
    /// One sentence: what is wrong.
    pub text: String,
    /// One sentence: what to write instead.
    pub hint: Option<String>,
    /// The place in the text, in bytes.
    pub span: Range<usize>,
}

/// A value in force.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EffectiveValue {
    /// The key with its tables: `source[0].interval`.
    pub key: String,
    /// The value as feeds.toml would write it; a word in parentheses where there is none.
    pub value: String,
    /// Where it comes from: `feeds.toml:12`, or `default`.
    pub from: String,
}

/// The word for a value that comes from nowhere.
const DEFAULT: &str = "default";

/// Collects what is found.
pub(super) struct Findings<'t> {
    text: &'t str,
    file: &'t str,
    line_starts: Vec<usize>,
    problems: Vec<ConfigProblem>,
    effective: Vec<EffectiveValue>,
    /// Lines (from 1) with a syntax error: what else is said of them would only confuse.
    broken_lines: Vec<usize>,
}

impl<'t> Findings<'t> {
    pub(super) fn new(text: &'t str, file: &'t str) -> Self {
        let line_starts =
            std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self {
            text,
            file,
            line_starts,
            problems: Vec::new(),
            effective: Vec::new(),
            broken_lines: Vec::new(),
        }
    }

    /// Records a syntax error of the TOML parser.
    pub(super) fn syntax(&mut self, error: &toml::de::Error) {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().replace('\n', ", ");
        let hint = if message.contains("duplicate key") {
            "a key stands once in its table: merge the two"
        } else if message.contains("quoted") || message.contains("string") {
            "a text stands in quotes, on one line: key = \"value\""
        } else if message.contains("table") {
            "a table's name stands in brackets, on one line: [polling]"
        } else {
            "a line is `key = value`, `[table]`, `[[table]]` or a comment after `#`"
        };
        self.push(
            Severity::Error,
            "",
            span,
            format!("this is not TOML: {message}"),
            Some(hint.to_owned()),
        );
        self.broken_lines.extend(self.problems.last().map(|p| p.line));
    }

    /// Records an error about what is written.
    pub(super) fn error(
        &mut self,
        key: &str,
        span: &Range<usize>,
        text: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        if !self.broken_lines.contains(&self.line_of(span.start)) {
            self.push(Severity::Error, key, span.clone(), text.into(), hint.into());
        }
    }

    /// Records an error about what is *not* written: unsaid where a syntax error may have swallowed
    /// it.
    pub(super) fn missing(
        &mut self,
        key: &str,
        span: &Range<usize>,
        text: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        if self.broken_lines.is_empty() {
            self.push(Severity::Error, key, span.clone(), text.into(), hint.into());
        }
    }

    /// Records something that can be used and is probably not meant.
    pub(super) fn warning(
        &mut self,
        key: &str,
        span: &Range<usize>,
        text: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        if self.broken_lines.is_empty() {
            self.push(Severity::Warning, key, span.clone(), text.into(), hint.into());
        }
    }

    /// Records a value in force; `span` is where it is written, if it is.
    pub(super) fn effective(
        &mut self,
        key: impl Into<String>,
        value: impl Into<String>,
        span: Option<&Range<usize>>,
    ) {
        let from = span.map_or_else(|| DEFAULT.to_owned(), |span| self.place(span));
        self.effective.push(EffectiveValue { key: key.into(), value: value.into(), from });
    }

    /// `feeds.toml:12`.
    pub(super) fn place(&self, span: &Range<usize>) -> String {
        format!("{}:{}", self.file, self.line_of(span.start))
    }

    /// The problems in the file's order, and the values in force.
    pub(super) fn into_parts(self) -> (Vec<ConfigProblem>, Vec<EffectiveValue>) {
        let mut problems = self.problems;
        problems.sort_by(|a, b| a.span.start.cmp(&b.span.start).then(b.severity.cmp(&a.severity)));
        (problems, self.effective)
    }

    /// The line of a byte, counted from 1.
    pub(super) fn line_of(&self, at: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= at)
    }

    fn push(
        &mut self,
        severity: Severity,
        key: &str,
        span: Range<usize>,
        text: String,
        hint: Option<String>,
    ) {
        let line = self.line_of(span.start);
        let line_start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(line_start..span.start).unwrap_or_default();
        let column = before.trim_start_matches('\u{feff}').chars().count() + 1;
        let (file, key) = (self.file.to_owned(), key.to_owned());
        self.problems.push(ConfigProblem { severity, file, line, column, key, text, hint, span });
    }
}

/// A text of the file inside a message: in back quotes, short, and without characters that a
/// terminal would obey.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut shown: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().count() > LONGEST {
        shown.push('…');
    }
    // `escape_debug` escapes quotes, which are no danger here.
    format!("`{}`", shown.replace("\\\"", "\"").replace("\\'", "'"))
}
