//! `[publishing]`: how much a document holds, and for how long a story is kept.

use std::time::Duration;

use super::{findings::Findings, table_reader::TableReader, value::Retention};

/// `[publishing]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishingConfig {
    /// Stories in one feed document; older ones are in the archives.
    pub max_entries: usize,
    /// A story that arrived within this stays in the document even beyond `max_entries`; zero:
    /// never.
    pub keep_within: Duration,
    /// Stories first published here longer ago are dropped; `None`: none is.
    pub retention: Option<Duration>,
}

const DAY: Duration = Duration::from_hours(24);

impl PublishingConfig {
    pub(super) fn read(mut section: TableReader<'_>, findings: &mut Findings<'_>) -> Self {
        let max_entries =
            section.or(findings, "max_entries", 50_u32).validate(findings, |count| match count {
                0 => Err((
                    "a document without entries is no feed".to_owned(),
                    Some("at least 1; 50 is usual".to_owned()),
                )),
                1..=5000 => Ok(()),
                _ => Err((
                    "no reader takes a document so long".to_owned(),
                    Some("at most 5000; older stories are in the archives".to_owned()),
                )),
            });
        let keep_within = section.or(findings, "keep_within", 2 * DAY);
        let retention =
            section.or(findings, "retention", Retention(None)).validate(findings, |retention| {
                match retention.0 {
                    Some(kept) if kept < DAY => Err((
                        "stories would be dropped before anybody reads them".to_owned(),
                        Some("at least \"1d\", or \"forever\"".to_owned()),
                    )),
                    _ => Ok(()),
                }
            });
        section.finish(findings);
        Self {
            max_entries: usize::try_from(max_entries.value).unwrap_or(usize::MAX),
            keep_within: keep_within.value,
            retention: retention.value.0,
        }
    }
}
