//! The texts of feeds.toml and of the files that it names, with one range of positions for all.
//!
//! A file that feeds.toml names is parsed after as many line feeds as there are bytes before it.
//! Every position therefore belongs to exactly one file, and checks across files need no second
//! kind of position.

use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A file.
#[derive(Debug)]
struct ConfigText {
    name: Arc<str>,
    text: Arc<str>,
    /// The position of its first byte.
    start: usize,
    line_starts: Vec<usize>,
}

/// All files that were read so far.
#[derive(Debug)]
pub(super) struct ConfigTexts(Vec<ConfigText>);

/// A position in a file.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// The name of the file.
    pub(super) file: Arc<str>,
    /// The text of the file.
    pub(super) text: Arc<str>,
    /// The line, starting at 1.
    pub(super) line: usize,
    /// The column in characters, starting at 1.
    pub(super) column: usize,
    /// The position in the text, in bytes.
    pub(super) span: Range<usize>,
}

impl ConfigTexts {
    /// Creates the texts of a configuration, whose first file is feeds.toml.
    pub(super) fn new(text: &str, name: &str) -> Self {
        let mut texts = Self(Vec::new());
        texts.add(text, name);
        texts
    }

    /// Adds a file. Returns its text for the parser, with positions that no other file has.
    pub(super) fn add(&mut self, text: &str, name: &str) -> String {
        let start = self.0.last().map_or(0, |last| last.start + last.text.len() + 1);
        let line_starts =
            std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        self.0.push(ConfigText { name: name.into(), text: text.into(), start, line_starts });
        let mut padded = "\n".repeat(start);
        // The parser allows a byte order mark only at the beginning. The spaces have its length.
        match text.strip_prefix('\u{feff}').filter(|_| start > 0) {
            Some(rest) => padded.extend(["   ", rest]),
            None => padded.push_str(text),
        }
        padded
    }

    /// Returns the directory of feeds.toml, relative to which it names files.
    pub(super) fn directory(&self) -> PathBuf {
        Path::new(&*self.0[0].name).parent().map(Path::to_path_buf).unwrap_or_default()
    }

    /// Returns the path and the text of each file.
    pub(super) fn files(&self) -> impl Iterator<Item = (PathBuf, &str)> {
        self.0.iter().map(|file| (PathBuf::from(&*file.name), &*file.text))
    }

    /// Finds a position.
    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        let file = &self.0[self.0.partition_point(|text| text.start <= span.start).max(1) - 1];
        let local = |at: usize| at.saturating_sub(file.start);
        let span = local(span.start)..local(span.end);
        let line = file.line_starts.partition_point(|start| *start <= span.start);
        let line_start = file.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = file.text.get(line_start..span.start).unwrap_or_default();
        let column = before.trim_start_matches('\u{feff}').chars().count() + 1;
        Place { file: file.name.clone(), text: file.text.clone(), line, column, span }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_byte_order_mark_at_the_beginning_is_replaced() {
        let mut texts = ConfigTexts::new("\u{feff}a = 1", "feeds.toml");
        let start = "\u{feff}a = 1".len() + 1;
        let padded = |text: &str| format!("{}{text}", "\n".repeat(start));
        assert_eq!(texts.add("\u{feff}b = \"\u{feff}\"", "b.toml"), padded("   b = \"\u{feff}\""));
        let mut texts = ConfigTexts::new("\u{feff}a = 1", "feeds.toml");
        assert_eq!(texts.add("b = \"\u{feff}\"", "b.toml"), padded("b = \"\u{feff}\""));
    }
}
