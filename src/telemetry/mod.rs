//! Logs, metrics and traces.
//!
//! The log is written as text, as JSON, or to the systemd journal. Each poll is one line that can
//! be read by itself and searched by its fields. Bodies and secrets are never logged. Spans are for
//! traces only, and cost nothing unless the feature `opentelemetry` exports them.

mod failure;
mod metrics;
#[cfg(feature = "opentelemetry")]
mod traces;

use std::{fmt::Write as _, io::IsTerminal as _};

use tracing::Level;
use tracing_subscriber::{
    Layer as _,
    filter::{FilterExt as _, Targets, filter_fn},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

pub use failure::RepeatedFailure;
pub use metrics::{
    DaemonGauges, HttpMetrics, Metrics, PartMetrics, PollCounts, SourceGauge, WriteInProgress,
    WriteMetrics,
};
#[cfg(feature = "opentelemetry")]
pub use traces::rename_current_span;

/// The format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogEncoding {
    /// Text. If standard error is connected to the journal, the journal's own protocol is used.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// The options of the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogOptions {
    /// The format.
    pub format: LogEncoding,
    /// -1: warnings only; 0: info; 1: debug; 2: trace.
    pub verbosity: i8,
    /// Whether colours are used; `None` uses them if standard error is a terminal.
    pub color: Option<bool>,
    /// Whether standard error is connected to the journal (`$JOURNAL_STREAM`).
    pub journal: bool,
    /// Whether traces are exported. Without the feature `opentelemetry`, none are.
    pub export_traces: bool,
}

/// Starts to log to standard error. A second call has no effect.
pub fn init(options: LogOptions) {
    let (others, own) = match options.verbosity {
        ..=-1 => (Level::WARN, Level::WARN),
        0 => (Level::WARN, Level::INFO),
        1 => (Level::INFO, Level::DEBUG),
        _ => (Level::DEBUG, Level::TRACE),
    };
    let filter = || {
        let targets = Targets::new().with_default(others).with_target("tributary", own);
        targets.and(filter_fn(|metadata| metadata.is_event()))
    };
    let color = options.color.unwrap_or_else(|| std::io::stderr().is_terminal());
    let registry = tracing_subscriber::registry();
    #[cfg(feature = "opentelemetry")]
    let (traces, traces_error) = match options.export_traces.then(traces::layer).transpose() {
        Ok(layer) => (layer, None),
        Err(error) => (None, Some(error)),
    };
    #[cfg(feature = "opentelemetry")]
    let registry = registry.with(traces);
    let done = match options.format {
        LogEncoding::Json => {
            let layer = tracing_subscriber::fmt::layer()
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(false);
            registry.with(layer.with_writer(std::io::stderr).with_filter(filter())).try_init()
        }
        LogEncoding::Text => {
            if let Some(layer) = options.journal.then(tracing_journald::layer).and_then(Result::ok)
            {
                registry.with(layer.with_field_prefix(None).with_filter(filter())).try_init()
            } else {
                // The message repeats the fields, so only the message is written.
                let layer = tracing_subscriber::fmt::layer()
                    .with_target(false)
                    .with_ansi(color)
                    .fmt_fields(MessageOnly);
                registry.with(layer.with_writer(std::io::stderr).with_filter(filter())).try_init()
            }
        }
    };
    // Fails if a test in the same process has started it.
    drop(done);
    #[cfg(feature = "opentelemetry")]
    if let Some(error) = traces_error {
        tracing::warn!("no traces are exported: {}", chain(&*error));
    }
}

/// Exports what waits, before the program ends.
pub fn flush() {
    #[cfg(feature = "opentelemetry")]
    traces::flush();
}

/// Formats the message of an event without its other fields.
#[derive(Debug, Clone, Copy)]
struct MessageOnly;

impl<'writer> tracing_subscriber::fmt::FormatFields<'writer> for MessageOnly {
    fn format_fields<R: tracing_subscriber::field::RecordFields>(
        &self,
        mut writer: tracing_subscriber::fmt::format::Writer<'writer>,
        fields: R,
    ) -> std::fmt::Result {
        struct Message<'a, 'w>(
            &'a mut tracing_subscriber::fmt::format::Writer<'w>,
            std::fmt::Result,
        );
        impl tracing::field::Visit for Message<'_, '_> {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                if field.name() == "message" && self.1.is_ok() {
                    self.1 = write!(self.0, "{}", escape_control_chars(&format!("{value:?}")));
                }
            }
        }
        let mut message = Message(&mut writer, Ok(()));
        fields.record(&mut message);
        message.1
    }
}

/// Escapes the characters that can change the state of a terminal: C0, DEL, C1, line and paragraph
/// separators, and the characters that change the direction of writing.
pub fn escape_control_chars(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let needs_escape = c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{feff}')
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if needs_escape { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

/// Returns an error with its causes, without repetitions: `error: cause: cause`.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let message = next.to_string();
        if !text.ends_with(&message) {
            let _ = write!(text, ": {message}");
        }
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(escape_control_chars("a\u{1b}[31mb\n"), "a\\u{1b}[31mb\\n");
        assert_eq!(escape_control_chars("naïve — ß"), "naïve — ß");
    }
}
