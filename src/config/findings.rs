//! Results of reading feeds.toml: problems with their position, and effective values.

use std::{ops::Range, path::PathBuf, sync::Arc};

use feed_model::Severity;

use super::{
    schema::{Key, KeyTable},
    texts::{ConfigTexts, Place},
};

/// A problem of feeds.toml with its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// [`Severity::Error`] if the file cannot be used, else [`Severity::Warning`].
    pub severity: Severity,
    /// The name of the file.
    pub file: String,
    /// The line, starting at 1.
    pub line: usize,
    /// The column in characters, starting at 1.
    pub column: usize,
    /// The full key, with indexes from 0: `source[0].interval`. Empty if the problem has no key.
    pub key: String,
    /// What is wrong.
    pub text: String,
    /// What to write instead.
    pub hint: Option<String>,
    /// The position in the text of the file, in bytes.
    pub span: Range<usize>,
    /// The text of the file.
    pub file_text: Arc<str>,
}

/// An effective value.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EffectiveValue {
    /// The full key: `source[0].interval`.
    pub key: String,
    /// The value in TOML syntax, or a description in parentheses if there is none.
    pub value: String,
    /// The origin: `feeds.toml:12`, or `default`.
    pub from: String,
}

/// What a configuration was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigInputs {
    /// Files that were read or are missing, and folders that patterns look into.
    pub paths: Vec<PathBuf>,
    /// A digest of the names and texts of all files.
    pub digest: [u8; 32],
}

/// The origin of a value that is not written.
const DEFAULT: &str = "default";

/// Collects problems and effective values.
pub(super) struct Findings {
    texts: ConfigTexts,
    /// The problems with their positions among all files.
    problems: Vec<(Range<usize>, ConfigProblem)>,
    effective: Vec<EffectiveValue>,
    /// Files and lines with a syntax error. Further errors on them are suppressed.
    broken_lines: Vec<(Arc<str>, usize)>,
    /// The keys that were looked for, if they are recorded.
    keys: Option<KeyTable>,
    other_inputs: Vec<PathBuf>,
}

impl Findings {
    pub(super) fn new(text: &str, file: &str) -> Self {
        Self {
            texts: ConfigTexts::new(text, file),
            problems: Vec::new(),
            effective: Vec::new(),
            broken_lines: Vec::new(),
            keys: None,
            other_inputs: Vec::new(),
        }
    }

    /// Records the keys that are looked for from now on.
    pub(super) fn record_keys(&mut self) {
        self.keys = Some(KeyTable::default());
    }

    /// Records a key, if keys are recorded.
    pub(super) fn looked_for(&mut self, path: &str, key: impl FnOnce() -> Key) {
        if let Some(keys) = &mut self.keys {
            keys.record(path, key());
        }
    }

    /// Returns the recorded keys.
    pub(super) fn take_keys(&mut self) -> KeyTable {
        self.keys.take().unwrap_or_default()
    }

    /// Records a file that could not be read, or a folder whose files match a pattern. The
    /// configuration changes when it does.
    pub(super) fn depends_on(&mut self, path: PathBuf) {
        self.other_inputs.push(path);
    }

    /// Returns what was read.
    pub(super) fn inputs(&self) -> ConfigInputs {
        let mut digest = blake3::Hasher::new();
        let mut paths = self.other_inputs.clone();
        for (path, text) in self.texts.files() {
            digest.update(path.as_os_str().as_encoded_bytes()).update(&[0]);
            digest.update(text.as_bytes()).update(&[0]);
            paths.push(path);
        }
        ConfigInputs { paths, digest: digest.finalize().into() }
    }

    /// Adds a file that feeds.toml names. Returns its text for the parser.
    pub(super) fn add_file(&mut self, text: &str, name: &str) -> String {
        self.texts.add(text, name)
    }

    /// Returns the directory of feeds.toml, relative to which it names files.
    pub(super) fn directory(&self) -> PathBuf {
        self.texts.directory()
    }

    /// Runs `read` without recording the effective values that it reads.
    pub(super) fn hide_effective<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let recorded = self.effective.len();
        let result = read(self);
        self.effective.truncate(recorded);
        result
    }

    /// Records a syntax error of the TOML parser.
    pub(super) fn syntax(&mut self, error: &toml::de::Error) {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().replace('\n', ", ");
        let hint = if message.contains("duplicate key") {
            "each key may appear once per table; merge the two"
        } else if message.contains("quoted") || message.contains("string") {
            "strings need quotes, on one line: key = \"value\""
        } else if message.contains("table") {
            "table names need brackets, on one line: [polling]"
        } else {
            "a line must be `key = value`, `[table]`, `[[table]]` or a comment after `#`"
        };
        self.push(
            Severity::Error,
            "",
            span,
            format!("invalid TOML: {message}"),
            Some(hint.to_owned()),
        );
        let broken = self.problems.last().map(|(_, p)| (p.file.as_str().into(), p.line));
        self.broken_lines.extend(broken);
    }

    /// Records an error about a written value.
    pub(super) fn error(
        &mut self,
        key: &str,
        span: &Range<usize>,
        text: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        let Place { file, line, .. } = self.texts.place(span);
        if !self.broken_lines.contains(&(file, line)) {
            self.push(Severity::Error, key, span.clone(), text.into(), hint.into());
        }
    }

    /// Records an error about a missing value. Suppressed if there is a syntax error, which may
    /// have hidden the value.
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

    /// Records a warning. Suppressed if there is a syntax error.
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

    /// Records an effective value; `span` is its position if it is written.
    pub(super) fn effective(
        &mut self,
        key: impl Into<String>,
        value: impl Into<String>,
        span: Option<&Range<usize>>,
    ) {
        let from = span.map_or_else(|| DEFAULT.to_owned(), |span| self.place(span));
        self.effective.push(EffectiveValue { key: key.into(), value: value.into(), from });
    }

    /// Returns file and line of a position: `feeds.toml:12`.
    pub(super) fn place(&self, span: &Range<usize>) -> String {
        let Place { file, line, .. } = self.texts.place(span);
        format!("{file}:{line}")
    }

    /// Returns the problems in the order of the file, and the effective values.
    pub(super) fn into_parts(self) -> (Vec<ConfigProblem>, Vec<EffectiveValue>) {
        let mut problems = self.problems;
        problems.sort_by(|(a, left), (b, right)| {
            a.start.cmp(&b.start).then(right.severity.cmp(&left.severity))
        });
        (problems.into_iter().map(|(_, problem)| problem).collect(), self.effective)
    }

    fn push(
        &mut self,
        severity: Severity,
        key: &str,
        span: Range<usize>,
        text: String,
        hint: Option<String>,
    ) {
        let place = self.texts.place(&span);
        let problem = ConfigProblem {
            severity,
            file: place.file.to_string(),
            line: place.line,
            column: place.column,
            key: key.to_owned(),
            text,
            hint,
            span: place.span,
            file_text: place.text,
        };
        self.problems.push((span, problem));
    }
}

/// Quotes text from the file for a message: in backticks, truncated, control characters escaped.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut shown: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().count() > LONGEST {
        shown.push('…');
    }
    // `escape_debug` also escapes quotes, which are harmless here.
    format!("`{}`", shown.replace("\\\"", "\"").replace("\\'", "'"))
}

/// Returns the known word that is most similar to `written`, if one is similar enough.
pub fn closest_match<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let written = plain(written);
    known
        .iter()
        .map(|known| {
            let word = plain(known);
            (
                strsim::jaro_winkler(&written, &word),
                strsim::damerau_levenshtein(&written, &word),
                *known,
            )
        })
        .filter(|(similarity, edits, known)| *similarity >= 0.85 || *edits <= known.len() / 3)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
        .map(|(_, _, known)| known)
}
