//! The repairs made while parsing a document, counted per kind.

use feed_model::Repair;

/// Collects repairs: per kind the first position and the number.
#[derive(Debug, Clone, Default)]
pub(super) struct Repairs(Vec<RepairKind>);

#[derive(Debug, Clone)]
struct RepairKind {
    code: &'static str,
    text: &'static str,
    at: Option<usize>,
    count: u32,
}

impl Repairs {
    /// Counts one repair at a byte offset of the decoded document.
    pub fn record(&mut self, code: &'static str, text: &'static str, at: usize) {
        self.record_many(code, text, at, 1);
    }

    /// Counts several repairs. `at` is a byte offset of the decoded document at or before the first
    /// one.
    pub fn record_many(&mut self, code: &'static str, text: &'static str, at: usize, count: u32) {
        if count == 0 {
            return;
        }
        match self.0.iter_mut().find(|kind| kind.code == code) {
            Some(kind) => kind.count = kind.count.saturating_add(count),
            None => self.0.push(RepairKind { code, text, at: Some(at), count }),
        }
    }

    /// Counts one repair that has no position.
    pub fn record_without_line(&mut self, code: &'static str, text: &'static str) {
        self.record(code, text, 0);
        if let Some(kind) = self.0.iter_mut().find(|kind| kind.code == code) {
            kind.at = None;
        }
    }

    /// Returns the repairs with their lines in `document`, in the order of their first occurrence.
    pub fn into_list(self, document: &str) -> Vec<Repair> {
        let line = |at: usize| line_number(document, at);
        self.0
            .into_iter()
            .map(|k| Repair {
                code: k.code.into(),
                text: k.text.into(),
                line: k.at.map(line),
                count: k.count,
            })
            .collect()
    }
}

/// Returns the line of a byte offset, counted from 1.
pub(super) fn line_number(document: &str, at: usize) -> u32 {
    let before = &document.as_bytes()[..at.min(document.len())];
    u32::try_from(memchr::memchr_iter(b'\n', before).count()).unwrap_or(u32::MAX).saturating_add(1)
}
