//! Reading of one TOML table: typed values with defaults and positions, and unknown keys.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    findings::{Findings, closest_match, quoted},
    schema::{Key, KeyKind},
    value::{Value, ValueError, kind},
};

/// An effective value with its position in the file.
#[derive(Debug, Clone)]
pub(super) struct Setting<T> {
    /// The value; the default if no valid value is written.
    pub value: T,
    /// The full key: `source[0].interval`.
    pub key: String,
    /// The position of the value; `None` for a default.
    pub span: Option<Range<usize>>,
    /// Whether the value can be used in further checks. False if an error was reported for it.
    pub valid: bool,
}

impl<T> Setting<T> {
    /// Checks the value with `rule`, which returns a text and a hint for an invalid value. Defaults
    /// are not checked.
    pub(super) fn validate(
        mut self,
        findings: &mut Findings,
        rule: impl FnOnce(&T) -> Result<(), (String, Option<String>)>,
    ) -> Self {
        if let (Some(span), true) = (&self.span, self.valid)
            && let Err((text, hint)) = rule(&self.value)
        {
            findings.error(&self.key, span, text, hint);
            self.valid = false;
        }
        self
    }

    /// Returns whether the value is written in this table.
    pub(super) fn is_written(&self) -> bool {
        self.span.is_some()
    }
}

/// A table being read. Every key that is read is known; [`TableReader::finish`] reports the others.
pub(super) struct TableReader<'d> {
    table: Option<&'d DeTable<'d>>,
    /// The path of the table, with a dot at the end: `source[0].`.
    path: String,
    /// The position of the header or opening brace.
    pub header_span: Range<usize>,
    known: Vec<&'static str>,
}

impl<'d> TableReader<'d> {
    /// Creates a reader of the whole file.
    pub(super) fn root(table: &'d DeTable<'d>) -> Self {
        Self { table: Some(table), path: String::new(), header_span: 0..0, known: Vec::new() }
    }

    /// Returns the full name of a key of this table.
    pub(super) fn key(&self, key: &str) -> String {
        format!("{}{key}", self.path)
    }

    /// Returns the full name of this table.
    pub(super) fn name(&self) -> &str {
        self.path.trim_end_matches('.')
    }

    /// Returns the header of the table: `[[source]]`, `[source.page]`.
    fn title(&self) -> String {
        let bare: String = self
            .name()
            .split('[')
            .map(|part| part.split_once(']').map_or(part, |(_, rest)| rest))
            .collect();
        if self.name().ends_with(']') { format!("[[{bare}]]") } else { format!("[{bare}]") }
    }

    /// Returns whether the table is written.
    pub(super) fn is_written(&self) -> bool {
        self.table.is_some()
    }

    /// Returns the string under `key`, if there is one, without marking the key as known.
    pub(super) fn peek(&self, key: &str) -> Option<&'d str> {
        self.table.and_then(|table| table.get(key)).and_then(|value| value.get_ref().as_str())
    }

    fn find(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.known.push(key);
        self.table.and_then(|table| {
            table.iter().find(|(name, _)| name.get_ref().as_ref() == key).map(|(_, value)| value)
        })
    }

    /// Records that a key is looked for, with the default in TOML.
    fn record(
        &self,
        findings: &mut Findings,
        key: &str,
        kind: impl FnOnce() -> (KeyKind, Option<String>),
    ) {
        findings.looked_for(&self.key(key), || {
            let (kind, default) = kind();
            Key { kind, default, required: false }
        });
    }

    /// Returns the table under `key`, empty if none is written.
    pub(super) fn table(&mut self, findings: &mut Findings, key: &'static str) -> Self {
        let path = format!("{}.", self.key(key));
        self.record(findings, key, || (KeyKind::Table, None));
        let (table, header_span) = match self.find(key) {
            None => (None, self.header_span.clone()),
            Some(found) => {
                let table = found.get_ref().as_table();
                if table.is_none() {
                    let written = kind(found.get_ref());
                    let hint =
                        format!("write it once as `[{}]`, with its keys below", self.key(key));
                    findings.error(
                        &self.key(key),
                        &found.span(),
                        format!("{} must be a table, not {written}", quoted(key)),
                        hint,
                    );
                }
                (table, found.span())
            }
        };
        Self { table, path, header_span, known: Vec::new() }
    }

    /// Returns the tables under `key`, written `[[key]]`.
    pub(super) fn tables(&mut self, findings: &mut Findings, key: &'static str) -> Vec<Self> {
        let name = self.key(key);
        self.record(findings, key, || (KeyKind::Tables, None));
        let Some(found) = self.find(key) else {
            return Vec::new();
        };
        let bare: String = name
            .split('[')
            .map(|part| part.split_once(']').map_or(part, |(_, rest)| rest))
            .collect();
        let hint = format!("write `[[{bare}]]`, with two brackets, once for each {key}");
        let section = |index: usize, value: &'d Spanned<DeValue<'d>>| {
            let table = value.get_ref().as_table()?;
            Some(Self {
                table: Some(table),
                path: format!("{name}[{index}]."),
                header_span: value.span(),
                known: Vec::new(),
            })
        };
        match found.get_ref() {
            DeValue::Array(array) => {
                let mut sections = Vec::new();
                for (index, value) in array.iter().enumerate() {
                    if let Some(section) = section(index, value) {
                        sections.push(section);
                    } else {
                        let text =
                            format!("a {key} must be a table, not {}", kind(value.get_ref()));
                        findings.error(
                            &format!("{name}[{index}]"),
                            &value.span(),
                            text,
                            hint.clone(),
                        );
                    }
                }
                sections
            }
            other => {
                findings.error(
                    &name,
                    &found.span(),
                    format!("{} must be a list of tables, not {}", quoted(key), kind(other)),
                    hint,
                );
                // A single table was meant as a list of one: report its own problems too.
                section(0, found).into_iter().collect()
            }
        }
    }

    /// Reads the value under `key`. Returns its position, and `None` for an invalid value.
    fn read<T: Value>(
        &mut self,
        findings: &mut Findings,
        key: &'static str,
    ) -> Option<(Range<usize>, Option<T>)> {
        let found = self.find(key)?;
        match T::read(found) {
            Ok(value) => Some((found.span(), Some(value))),
            Err(errors) => {
                for ValueError { span, text, hint } in errors {
                    findings.error(
                        &self.key(key),
                        &span.unwrap_or_else(|| found.span()),
                        text,
                        hint,
                    );
                }
                Some((found.span(), None))
            }
        }
    }

    /// Returns the value under `key`, else `default`.
    pub(super) fn or<T: Value>(
        &mut self,
        findings: &mut Findings,
        key: &'static str,
        default: T,
    ) -> Setting<T> {
        self.record(findings, key, || (KeyKind::Value(T::schema()), Some(default.to_toml())));
        let fallback = Setting { value: default, key: String::new(), span: None, valid: true };
        self.or_inherited(findings, key, &fallback)
    }

    /// Returns the value under `key`, else a value inherited from another table, whose position is
    /// then the origin.
    pub(super) fn or_inherited<T: Value>(
        &mut self,
        findings: &mut Findings,
        key: &'static str,
        other: &Setting<T>,
    ) -> Setting<T> {
        self.record(findings, key, || (KeyKind::Value(T::schema()), None));
        let read = self.read(findings, key);
        let origin = read.as_ref().map_or(other.span.clone(), |(span, _)| Some(span.clone()));
        let (span, value, valid) = match read {
            Some((span, Some(value))) => (Some(span), value, true),
            Some((span, None)) => (Some(span), other.value.clone(), false),
            None => (None, other.value.clone(), other.valid),
        };
        findings.effective(self.key(key), value.to_toml(), origin.as_ref());
        Setting { value, key: self.key(key), span, valid }
    }

    /// Like [`TableReader::or`], but does not record an effective value. The caller records it.
    pub(super) fn or_unreported<T: Value>(
        &mut self,
        findings: &mut Findings,
        key: &'static str,
        default: T,
    ) -> Setting<T> {
        self.record(findings, key, || (KeyKind::Value(T::schema()), None));
        match self.read(findings, key) {
            None => Setting { value: default, key: self.key(key), span: None, valid: true },
            Some((span, value)) => {
                let valid = value.is_some();
                Setting {
                    value: value.unwrap_or(default),
                    key: self.key(key),
                    span: Some(span),
                    valid,
                }
            }
        }
    }

    /// Returns the value under `key`, if there is one. `absent` describes the effect of no value.
    pub(super) fn optional<T: Value>(
        &mut self,
        findings: &mut Findings,
        key: &'static str,
        absent: &str,
    ) -> Setting<Option<T>> {
        self.optional_or_inherited(
            findings,
            key,
            absent,
            &Setting { value: None, key: String::new(), span: None, valid: true },
        )
    }

    /// Returns the value under `key`, else a value inherited from another table, if there is one.
    pub(super) fn optional_or_inherited<T: Value>(
        &mut self,
        findings: &mut Findings,
        key: &'static str,
        absent: &str,
        other: &Setting<Option<T>>,
    ) -> Setting<Option<T>> {
        self.record(findings, key, || (KeyKind::Value(T::schema()), None));
        let read = self.read(findings, key);
        let origin = read.as_ref().map_or(other.span.clone(), |(span, _)| Some(span.clone()));
        let (span, value, valid) = match read {
            None => (None, other.value.clone(), other.valid),
            Some((span, value)) => {
                let valid = value.is_some();
                (Some(span), value, valid)
            }
        };
        let shown = value.as_ref().map_or_else(|| format!("({absent})"), Value::to_toml);
        findings.effective(self.key(key), shown, origin.as_ref());
        Setting { value, key: self.key(key), span, valid }
    }

    /// Returns the value under `key`, and reports a missing value with `hint`.
    pub(super) fn required<T: Value>(
        &mut self,
        findings: &mut Findings,
        key: &'static str,
        hint: impl FnOnce() -> String,
    ) -> Setting<Option<T>> {
        let setting = self.optional(findings, key, "missing");
        findings.looked_for(&self.key(key), || Key {
            kind: KeyKind::Value(T::schema()),
            default: None,
            required: true,
        });
        if setting.span.is_none() {
            findings.missing(
                &self.key(key),
                &self.header_span,
                format!("{} has no {}", quoted(&self.title()), quoted(key)),
                hint(),
            );
        }
        setting
    }

    /// Reports every unknown key, with the most similar known key.
    pub(super) fn finish(self, findings: &mut Findings) {
        let Some(table) = self.table else { return };
        for name in table.keys() {
            let written = name.get_ref().as_ref();
            if !self.known.contains(&written) {
                let hint = match closest_match(written, &self.known) {
                    Some(known) => format!("did you mean {}?", quoted(known)),
                    None => format!("known keys: {}", self.known.join(", ")),
                };
                findings.error(
                    &self.key(written),
                    &name.span(),
                    format!("unknown key {}", quoted(written)),
                    hint,
                );
            }
        }
    }
}
