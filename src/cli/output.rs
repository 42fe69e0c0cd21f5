//! Buffered stdout for the data of a command. A broken pipe is reported as an error.

use std::io::{self, BufWriter, StdoutLock, Write};

use anyhow::Context as _;
use serde::Serialize;

/// Locked and buffered stdout. Every command calls [`Output::finish`] last.
#[derive(Debug)]
pub struct Output(BufWriter<StdoutLock<'static>>);

impl Output {
    pub(super) fn stdout() -> Self {
        Self(BufWriter::new(io::stdout().lock()))
    }

    /// Prints text as it is.
    pub fn text(&mut self, text: &str) -> anyhow::Result<()> {
        self.0.write_all(text.as_bytes()).context("cannot write to stdout")
    }

    /// Prints a line.
    pub fn line(&mut self, line: impl AsRef<str>) -> anyhow::Result<()> {
        self.text(line.as_ref())?;
        self.text("\n")
    }

    /// Prints one JSON document.
    pub fn json(&mut self, document: &impl Serialize) -> anyhow::Result<()> {
        serde_json::to_writer_pretty(&mut self.0, document)
            .map_err(io::Error::from)
            .context("cannot write to stdout")?;
        self.text("\n")
    }

    /// Prints one JSON document on one line, for commands that print several.
    pub fn json_line(&mut self, document: &impl Serialize) -> anyhow::Result<()> {
        serde_json::to_writer(&mut self.0, document)
            .map_err(io::Error::from)
            .context("cannot write to stdout")?;
        self.text("\n")
    }

    /// Flushes the buffer.
    pub fn flush(&mut self) -> anyhow::Result<()> {
        self.0.flush().context("cannot write to stdout")
    }

    /// Flushes the buffer and ends the command successfully.
    pub fn finish(mut self) -> anyhow::Result<super::Exit> {
        self.flush()?;
        Ok(super::Exit::Done)
    }
}
