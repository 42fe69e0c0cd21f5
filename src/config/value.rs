//! The types of values in feeds.toml: reading from TOML and writing as TOML.

use std::{net::SocketAddr, ops::Range, path::PathBuf, time::Duration};

use serde_json::{Value as Json, json};
use toml::{Spanned, de::DeValue};
use url::Url;

use super::{
    findings::{closest_match, quoted},
    quantity,
};
use feed_model::{HostPattern, TimeZone, time_zone};

/// The reason why a value is invalid.
#[derive(Debug)]
pub(super) struct ValueError {
    /// The position of the invalid part; `None` for the whole value.
    pub span: Option<Range<usize>>,
    /// What is wrong.
    pub text: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// Returns one error for the whole value.
pub(super) fn invalid(text: impl Into<String>, hint: impl Into<Option<String>>) -> Vec<ValueError> {
    vec![ValueError { span: None, text: text.into(), hint: hint.into() }]
}

/// A type of value.
pub(super) trait Value: Sized + Clone {
    /// Reads the value from TOML, or returns every error in it.
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>>;

    /// Writes the value as TOML.
    fn to_toml(&self) -> String;

    /// Returns the JSON Schema of the written value.
    fn schema() -> Json;
}

/// The schema of a string that is not empty.
fn string_schema() -> Json {
    json!({"type": "string", "pattern": "\\S"})
}

/// The schema of numbers with units. Their values are not checked.
fn quantity_schema() -> Json {
    json!({"type": "string", "pattern": "^\\s*([0-9][0-9.]*\\s*[A-Za-z]+\\s*)+$"})
}

/// Returns the type of a TOML value with its article.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Writes text as a TOML string.
pub(super) fn toml_string(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

/// Returns the string, or an error with an example.
pub(super) fn text_of<'v>(
    written: &'v Spanned<DeValue<'_>>,
    example: &str,
) -> Result<&'v str, Vec<ValueError>> {
    match written.get_ref() {
        DeValue::String(text) => Ok(text),
        other => Err(invalid(
            format!("expected a string, found {}", kind(other)),
            format!("for example {example}"),
        )),
    }
}

/// Returns a number that is written without quotes and unit.
fn bare_number(written: &DeValue<'_>) -> Option<String> {
    match written {
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        _ => None,
    }
}

impl Value for String {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        match written.get_ref() {
            DeValue::String(text) if text.trim().is_empty() => {
                Err(invalid("the string is empty", "write a value, or remove the key".to_owned()))
            }
            DeValue::String(text) => Ok(text.to_string()),
            other => {
                let hint =
                    bare_number(other).map(|number| format!("put it in quotes: \"{number}\""));
                let hint = hint.unwrap_or_else(|| "strings need quotes: \"…\"".to_owned());
                Err(invalid(format!("expected a string, found {}", kind(other)), hint))
            }
        }
    }

    fn to_toml(&self) -> String {
        toml_string(self)
    }

    fn schema() -> Json {
        string_schema()
    }
}

impl Value for TimeZone {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        let name = text_of(written, "\"Europe/Berlin\"")?;
        if let Ok(zone) = name.parse() {
            return Ok(zone);
        }
        // People write the city alone, or another case.
        let wanted = name.to_lowercase().replace(' ', "_");
        let similar = time_zone::names().find(|zone| {
            let zone = zone.to_lowercase();
            zone == wanted || zone.ends_with(&format!("/{wanted}"))
        });
        let names: Vec<&str> = time_zone::names().collect();
        let similar = similar.or_else(|| closest_match(name, &names));
        let hint = match similar {
            Some(zone) => format!("did you mean \"{zone}\"?"),
            None => "use a name of the IANA database: \"UTC\" or \"Europe/Berlin\"".to_owned(),
        };
        Err(invalid(format!("unknown time zone `{name}`"), hint))
    }

    fn to_toml(&self) -> String {
        toml_string(self.name())
    }

    fn schema() -> Json {
        string_schema()
    }
}

impl Value for PathBuf {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        String::read(written).map(Self::from)
    }

    fn to_toml(&self) -> String {
        toml_string(&self.to_string_lossy())
    }

    fn schema() -> Json {
        string_schema()
    }
}

impl Value for bool {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        match written.get_ref() {
            DeValue::Boolean(value) => Ok(*value),
            DeValue::String(text) if matches!(text.as_ref(), "true" | "false") => Err(invalid(
                "expected a boolean, found a string",
                format!("remove the quotes: {text}"),
            )),
            other => Err(invalid(
                format!("expected a boolean, found {}", kind(other)),
                "use true or false".to_owned(),
            )),
        }
    }

    fn to_toml(&self) -> String {
        self.to_string()
    }

    fn schema() -> Json {
        json!({"type": "boolean"})
    }
}

/// A non-negative integer.
impl Value for u32 {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        match written.get_ref() {
            DeValue::Integer(number) => {
                let value =
                    i128::from_str_radix(number.as_str(), number.radix()).map_err(|_| {
                        invalid("the number is out of range", format!("use at most {}", Self::MAX))
                    })?;
                Self::try_from(value).map_err(|_| {
                    if value < 0 {
                        invalid("the number is negative", "use 0 or more".to_owned())
                    } else {
                        invalid("the number is out of range", format!("use at most {}", Self::MAX))
                    }
                })
            }
            DeValue::String(text) if text.trim().parse::<Self>().is_ok() => Err(invalid(
                "expected an integer, found a string",
                format!("remove the quotes: {}", text.trim()),
            )),
            other => Err(invalid(
                format!("expected an integer, found {}", kind(other)),
                "use a whole number, for example 10".to_owned(),
            )),
        }
    }

    fn to_toml(&self) -> String {
        self.to_string()
    }

    fn schema() -> Json {
        json!({"type": "integer", "minimum": 0, "maximum": Self::MAX})
    }
}

/// A finite number. TOML's `inf` and `nan` are rejected.
impl Value for f64 {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        let digits = match written.get_ref() {
            DeValue::Float(number) => number.as_str(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            other => {
                return Err(invalid(
                    format!("expected a number, found {}", kind(other)),
                    "for example 1.0".to_owned(),
                ));
            }
        };
        match digits.parse::<Self>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => Err(invalid("the number is not finite", "for example 1.0".to_owned())),
        }
    }

    fn to_toml(&self) -> String {
        format!("{self:?}")
    }

    fn schema() -> Json {
        json!({"type": "number"})
    }
}

impl Value for Duration {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        if let Some(number) = bare_number(written.get_ref()) {
            let hint = format!("add a unit: \"{}s\"", number.trim_start_matches(['-', '+']));
            return Err(invalid(
                if number.starts_with('-') {
                    "the duration is negative"
                } else {
                    "the duration has no unit"
                },
                hint,
            ));
        }
        quantity::duration(text_of(written, "\"1h\" or \"30s\"")?)
            .map_err(|error| invalid(error.text, error.hint))
    }

    fn to_toml(&self) -> String {
        format!("\"{}\"", quantity::format_duration(*self))
    }

    fn schema() -> Json {
        quantity_schema()
    }
}

/// A size in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(super) struct ByteSize(pub u64);

impl Value for ByteSize {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        if let Some(number) = bare_number(written.get_ref()) {
            let bytes = number.trim_start_matches(['-', '+']).parse();
            let hint = format!(
                "add a unit: \"{}\"",
                bytes.map_or_else(|_| "16 MiB".to_owned(), quantity::format_bytes)
            );
            return Err(invalid(
                if number.starts_with('-') {
                    "the size is negative"
                } else {
                    "the size has no unit"
                },
                hint,
            ));
        }
        let size = quantity::bytes(text_of(written, "\"16 MiB\"")?);
        size.map(Self).map_err(|error| invalid(error.text, error.hint))
    }

    fn to_toml(&self) -> String {
        format!("\"{}\"", quantity::format_bytes(self.0))
    }

    fn schema() -> Json {
        quantity_schema()
    }
}

/// How long stories are kept; `None` is forever.
#[derive(Debug, Clone, Copy)]
pub(super) struct Retention(pub Option<Duration>);

impl Value for Retention {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        match written.get_ref() {
            DeValue::String(text) if text.trim() == "forever" => Ok(Self(None)),
            _ => Duration::read(written).map(|kept| Self(Some(kept))),
        }
    }

    fn to_toml(&self) -> String {
        self.0.map_or_else(|| "\"forever\"".to_owned(), |kept| kept.to_toml())
    }

    fn schema() -> Json {
        json!({"anyOf": [{"const": "forever"}, Duration::schema()]})
    }
}

impl Value for Url {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        let text = text_of(written, "\"https://www.example.org/\"")?.trim();
        let text = &*feed_parser::without_feed_scheme(text);
        let example = || "for example \"https://www.example.org/\"".to_owned();
        // `example.org:8080/feed` parses as a URL with the scheme `example.org`.
        let scheme = text.split_once(':').map(|(scheme, _)| scheme);
        let schemeless = scheme.is_none_or(|scheme| scheme.contains('.') || scheme == "localhost");
        let completed = || {
            Self::parse(&format!("https://{text}"))
                .ok()
                .filter(|_| schemeless && !text.starts_with(['/', '.']))
        };
        match Self::parse(text) {
            // The URL standard accepts three slashes and takes the first path segment as the host.
            Ok(_) if text.contains(":///") => {
                Err(invalid(format!("{} has no host", quoted(text)), example()))
            }
            Ok(url) if url.host_str().is_some_and(|host| !host.is_empty()) => Ok(url),
            Ok(_) | Err(url::ParseError::RelativeUrlWithoutBase) => Err(match completed() {
                Some(url) => invalid(
                    format!("{} has no scheme", quoted(text)),
                    format!("did you mean \"{url}\"?"),
                ),
                None => invalid(format!("{} has no host", quoted(text)), example()),
            }),
            Err(error) => {
                Err(invalid(format!("{} is not a URL: {error}", quoted(text)), example()))
            }
        }
    }

    fn to_toml(&self) -> String {
        // Effective values are printed and pasted into reports, so they must not have passwords.
        let mut shown = self.clone();
        if shown.password().is_some() {
            let _ = shown.set_password(Some("***"));
        }
        toml_string(shown.as_str())
    }

    fn schema() -> Json {
        string_schema()
    }
}

impl Value for SocketAddr {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        let text = text_of(written, "\"127.0.0.1:8080\"")?.trim();
        text.parse().map_err(|_| {
            let hint = if let Some(port) = text.strip_prefix(':') {
                format!(
                    "use \"127.0.0.1:{port}\" for this machine only, \
                     \"0.0.0.0:{port}\" for every network"
                )
            } else if let Some(port) = text.strip_prefix("localhost:") {
                format!("did you mean \"127.0.0.1:{port}\"?")
            } else if text.parse::<std::net::IpAddr>().is_ok() {
                let host = if text.contains(':') { format!("[{text}]") } else { text.to_owned() };
                format!("add a port: \"{host}:8080\"")
            } else {
                "use an IP address and a port, for example \"127.0.0.1:8080\" or \"[::1]:8080\""
                    .to_owned()
            };
            invalid(format!("{} is not a valid address and port", quoted(text)), hint)
        })
    }

    fn to_toml(&self) -> String {
        toml_string(&self.to_string())
    }

    fn schema() -> Json {
        string_schema()
    }
}

impl Value for HostPattern {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        let text = text_of(written, "\"192.168.0.0/16\"")?;
        text.parse().map_err(|error: feed_model::HostPatternError| {
            let hint = if text.contains("://") {
                Url::parse(text).ok().and_then(|url| {
                    url.host_str().map(|host| format!("use the host only: {}", toml_string(host)))
                })
            } else if text.contains('*') {
                Some(
                    "wildcards are not supported: list each host, or use an address block such as \
                     \"10.0.0.0/8\""
                        .to_owned(),
                )
            } else if let Some((host, _)) =
                text.split_once(':').filter(|(host, _)| !host.is_empty())
            {
                Some(format!("remove the port: {}", toml_string(host)))
            } else {
                Some("for example \"feeds.example.org\" or \"10.0.0.0/8\"".to_owned())
            };
            invalid(error.to_string(), hint)
        })
    }

    fn to_toml(&self) -> String {
        toml_string(&self.to_string())
    }

    fn schema() -> Json {
        string_schema()
    }
}

/// A value with its position, for checks that need the whole file.
#[derive(Debug, Clone)]
pub(super) struct Located<T> {
    /// The value.
    pub value: T,
    /// The position of the value.
    pub span: Range<usize>,
}

impl<T: Value> Value for Located<T> {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        T::read(written).map(|value| Self { value, span: written.span() })
    }

    fn to_toml(&self) -> String {
        self.value.to_toml()
    }

    fn schema() -> Json {
        T::schema()
    }
}

/// A list. Every invalid member is reported.
impl<T: Value> Value for Vec<T> {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        let DeValue::Array(array) = written.get_ref() else {
            let hint = match written.get_ref() {
                DeValue::String(text) => format!("add brackets: [{}]", toml_string(text)),
                _ => "lists need brackets: [\"…\", \"…\"]".to_owned(),
            };
            return Err(invalid(
                format!("expected a list, found {}", kind(written.get_ref())),
                hint,
            ));
        };
        let (mut values, mut errors) = (Self::new(), Vec::new());
        for member in array {
            match T::read(member) {
                Ok(value) => values.push(value),
                Err(found) => {
                    errors.extend(found.into_iter().map(|error| ValueError {
                        span: Some(error.span.unwrap_or_else(|| member.span())),
                        ..error
                    }));
                }
            }
        }
        if errors.is_empty() { Ok(values) } else { Err(errors) }
    }

    fn to_toml(&self) -> String {
        format!("[{}]", self.iter().map(Value::to_toml).collect::<Vec<_>>().join(", "))
    }

    fn schema() -> Json {
        json!({"type": "array", "items": T::schema()})
    }
}
