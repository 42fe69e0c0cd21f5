//! What the values of feeds.toml are: how each kind is read from TOML, and how it is written again.

use std::{net::SocketAddr, ops::Range, path::PathBuf, time::Duration};

use toml::{Spanned, de::DeValue};
use url::Url;

use super::{findings::quoted, quantity, table_reader::closest_match};
use feed_model::{ContentPolicy, FollowMode, HostPattern};

/// Why a value cannot be used.
#[derive(Debug)]
pub(super) struct ValueError {
    /// The part of the value that is at fault; `None`: all of it.
    pub span: Option<Range<usize>>,
    /// What is wrong.
    pub text: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// One reason for the whole value.
pub(super) fn wrong(text: impl Into<String>, hint: impl Into<Option<String>>) -> Vec<ValueError> {
    vec![ValueError { span: None, text: text.into(), hint: hint.into() }]
}

/// A kind of value.
pub(super) trait Value: Sized + Clone {
    /// Reads it; says everything that is wrong with it.
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>>;

    /// Writes it as feeds.toml would.
    fn to_toml(&self) -> String;
}

/// A TOML value's kind with its article.
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

/// The TOML string of a text.
pub(super) fn toml_string(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

fn text_of<'v>(written: &'v Spanned<DeValue<'_>>, like: &str) -> Result<&'v str, Vec<ValueError>> {
    match written.get_ref() {
        DeValue::String(text) => Ok(text),
        other => Err(wrong(
            format!("expected a string, found {}", kind(other)),
            format!("for instance {like}"),
        )),
    }
}

/// The integer or float that was written where a quantity wants a unit.
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
                Err(wrong("the text is empty", "write something, or leave it out".to_owned()))
            }
            DeValue::String(text) => Ok(text.to_string()),
            other => {
                let hint =
                    bare_number(other).map(|number| format!("put it in quotes: \"{number}\""));
                let hint = hint.unwrap_or_else(|| "a text stands in quotes: \"…\"".to_owned());
                Err(wrong(format!("expected a string, found {}", kind(other)), hint))
            }
        }
    }

    fn to_toml(&self) -> String {
        toml_string(self)
    }
}

impl Value for PathBuf {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        String::read(written).map(Self::from)
    }

    fn to_toml(&self) -> String {
        toml_string(&self.to_string_lossy())
    }
}

impl Value for bool {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        match written.get_ref() {
            DeValue::Boolean(value) => Ok(*value),
            DeValue::String(text) if matches!(text.as_ref(), "true" | "false") => {
                Err(wrong("expected a boolean, found a string", format!("without quotes: {text}")))
            }
            other => Err(wrong(
                format!("expected a boolean, found {}", kind(other)),
                "true or false".to_owned(),
            )),
        }
    }

    fn to_toml(&self) -> String {
        self.to_string()
    }
}

/// A whole number that is not negative.
impl Value for u32 {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        match written.get_ref() {
            DeValue::Integer(number) => {
                let value =
                    i128::from_str_radix(number.as_str(), number.radix()).map_err(|_| {
                        wrong("the number is out of range", format!("at most {}", Self::MAX))
                    })?;
                Self::try_from(value).map_err(|_| {
                    if value < 0 {
                        wrong("the number is negative", "it counts things: 0 or more".to_owned())
                    } else {
                        wrong("the number is out of range", format!("at most {}", Self::MAX))
                    }
                })
            }
            DeValue::String(text) if text.trim().parse::<Self>().is_ok() => Err(wrong(
                "expected an integer, found a string",
                format!("without quotes: {}", text.trim()),
            )),
            other => Err(wrong(
                format!("expected an integer, found {}", kind(other)),
                "a whole number, for instance 10".to_owned(),
            )),
        }
    }

    fn to_toml(&self) -> String {
        self.to_string()
    }
}

/// A finite number; TOML's `inf` and `nan` are refused.
impl Value for f64 {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        let digits = match written.get_ref() {
            DeValue::Float(number) => number.as_str(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            other => {
                return Err(wrong(
                    format!("expected a number, found {}", kind(other)),
                    "for instance 1.0".to_owned(),
                ));
            }
        };
        match digits.parse::<Self>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => Err(wrong("the number is not finite", "for instance 1.0".to_owned())),
        }
    }

    fn to_toml(&self) -> String {
        format!("{self:?}")
    }
}

impl Value for Duration {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        if let Some(number) = bare_number(written.get_ref()) {
            let hint = format!("say which unit: \"{}s\"", number.trim_start_matches(['-', '+']));
            return Err(wrong(
                if number.starts_with('-') {
                    "the duration is negative"
                } else {
                    "a duration has a unit"
                },
                hint,
            ));
        }
        quantity::duration(text_of(written, "\"1h\" or \"30s\"")?)
            .map_err(|error| wrong(error.text, error.hint))
    }

    fn to_toml(&self) -> String {
        format!("\"{}\"", quantity::format_duration(*self))
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
                "say which unit: \"{}\"",
                bytes.map_or_else(|_| "16 MiB".to_owned(), quantity::format_bytes)
            );
            return Err(wrong(
                if number.starts_with('-') { "the size is negative" } else { "a size has a unit" },
                hint,
            ));
        }
        let size = quantity::bytes(text_of(written, "\"16 MiB\"")?);
        size.map(Self).map_err(|error| wrong(error.text, error.hint))
    }

    fn to_toml(&self) -> String {
        format!("\"{}\"", quantity::format_bytes(self.0))
    }
}

/// How long stories are kept: forever, or so long.
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
}

impl Value for Url {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        let text = text_of(written, "\"https://www.example.org/\"")?.trim();
        let example = || "for instance \"https://www.example.org/\"".to_owned();
        // `example.org:8080/feed` reads as a URL with the scheme `example.org`.
        let scheme = text.split_once(':').map(|(scheme, _)| scheme);
        let schemeless = scheme.is_none_or(|scheme| scheme.contains('.') || scheme == "localhost");
        let completed = || {
            Self::parse(&format!("https://{text}"))
                .ok()
                .filter(|_| schemeless && !text.starts_with(['/', '.']))
        };
        match Self::parse(text) {
            // Three slashes are forgiven by the URL standard, which then takes the path's first
            // part for the host.
            Ok(_) if text.contains(":///") => {
                Err(wrong(format!("{} names no host", quoted(text)), example()))
            }
            Ok(url) if url.host_str().is_some_and(|host| !host.is_empty()) => Ok(url),
            Ok(_) | Err(url::ParseError::RelativeUrlWithoutBase) => Err(match completed() {
                Some(url) => wrong(
                    format!("{} has no scheme", quoted(text)),
                    format!("did you mean \"{url}\"?"),
                ),
                None => wrong(format!("{} names no host", quoted(text)), example()),
            }),
            Err(error) => Err(wrong(format!("{} is not a URL: {error}", quoted(text)), example())),
        }
    }

    fn to_toml(&self) -> String {
        // What is printed may be pasted somewhere: a password is not.
        let mut shown = self.clone();
        if shown.password().is_some() {
            let _ = shown.set_password(Some("***"));
        }
        toml_string(shown.as_str())
    }
}

impl Value for SocketAddr {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        let text = text_of(written, "\"127.0.0.1:8080\"")?.trim();
        text.parse().map_err(|_| {
            let hint = if let Some(port) = text.strip_prefix(':') {
                format!("\"127.0.0.1:{port}\" for this machine alone, \"0.0.0.0:{port}\" for every network")
            } else if let Some(port) = text.strip_prefix("localhost:") {
                format!("did you mean \"127.0.0.1:{port}\"?")
            } else if text.parse::<std::net::IpAddr>().is_ok() {
                format!(
                    "add a port: {}",
                    toml_string(&if text.contains(':') { format!("[{text}]:8080") } else { format!("{text}:8080") })
                )
            } else {
                "an IP address and a port, for instance \"127.0.0.1:8080\" or \"[::1]:8080\"".to_owned()
            };
            wrong(format!("{} is not an address to listen on", quoted(text)), hint)
        })
    }

    fn to_toml(&self) -> String {
        toml_string(&self.to_string())
    }
}

impl Value for HostPattern {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        let text = text_of(written, "\"192.168.0.0/16\"")?;
        text.parse().map_err(|error: feed_model::HostPatternError| {
            let hint = if text.contains("://") {
                Url::parse(text).ok().and_then(|url| url.host_str().map(|host| format!("the host alone: {}", toml_string(host))))
            } else if text.contains('*') {
                Some("there are no wildcards: name each host, or an address block like \"10.0.0.0/8\"".to_owned())
            } else if let Some((host, _)) = text.split_once(':').filter(|(host, _)| !host.is_empty()) {
                Some(format!("without a port: {}", toml_string(host)))
            } else {
                Some("for instance \"feeds.example.org\" or \"10.0.0.0/8\"".to_owned())
            };
            wrong(error.to_string(), hint)
        })
    }

    fn to_toml(&self) -> String {
        toml_string(&self.to_string())
    }
}

/// One of a few words.
fn word<T: Copy>(
    written: &Spanned<DeValue<'_>>,
    words: &[(&str, T)],
) -> Result<T, Vec<ValueError>> {
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let list = known.join(", ");
    let text = text_of(written, &toml_string(known.first().copied().unwrap_or_default()))?;
    words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
        let hint = closest_match(text, &known).map_or_else(
            || format!("one of: {list}"),
            |known| format!("did you mean \"{known}\"?"),
        );
        wrong(format!("{} is none of {list}", quoted(text)), hint)
    })
}

impl Value for FollowMode {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        word(
            written,
            &[Self::Auto, Self::Feed, Self::Sitemap, Self::Page]
                .map(|follow| (follow.as_str(), follow)),
        )
    }

    fn to_toml(&self) -> String {
        toml_string(self.as_str())
    }
}

impl Value for ContentPolicy {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        word(written, &[("full", Self::Full), ("summary", Self::Summary), ("none", Self::None)])
    }

    fn to_toml(&self) -> String {
        toml_string(match self {
            Self::Full => "full",
            Self::Summary => "summary",
            Self::None => "none",
        })
    }
}

/// A value with its place: for what is checked once everything is read.
#[derive(Debug, Clone)]
pub(super) struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it is written.
    pub span: Range<usize>,
}

impl<T: Value> Value for Located<T> {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        T::read(written).map(|value| Self { value, span: written.span() })
    }

    fn to_toml(&self) -> String {
        self.value.to_toml()
    }
}

/// A list; every member that is wrong is named.
impl<T: Value> Value for Vec<T> {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        let DeValue::Array(array) = written.get_ref() else {
            let hint = match written.get_ref() {
                DeValue::String(text) => format!("in brackets: [{}]", toml_string(text)),
                _ => "values in brackets: [\"…\", \"…\"]".to_owned(),
            };
            return Err(wrong(format!("expected a list, found {}", kind(written.get_ref())), hint));
        };
        let (mut values, mut errors) = (Self::new(), Vec::new());
        for member in array {
            match T::read(member) {
                Ok(value) => values.push(value),
                Err(found) => {
                    errors.extend(found.into_iter().map(|w| ValueError {
                        span: Some(w.span.unwrap_or_else(|| member.span())),
                        ..w
                    }));
                }
            }
        }
        if errors.is_empty() { Ok(values) } else { Err(errors) }
    }

    fn to_toml(&self) -> String {
        format!("[{}]", self.iter().map(Value::to_toml).collect::<Vec<_>>().join(", "))
    }
}
