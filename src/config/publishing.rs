//! `[publishing]`: size of the feed documents, retention, and the hub.

use std::time::Duration;

use toml::{Spanned, de::DeValue};
use url::Url;

use feed_model::AttributionMode;

use super::{
    findings::Findings,
    site::http,
    table_reader::TableReader,
    value::{Retention, Value, ValueError, invalid, toml_string},
};

/// The hub that documents name, which pushes their new versions to subscribers (WebSub §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hub {
    /// Our own, at `/hub`.
    Own,
    /// None.
    None,
    /// Another one. It is told which documents changed.
    Other(Url),
}

impl Value for Hub {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        match written.get_ref() {
            DeValue::String(text) if text.trim() == "self" => Ok(Self::Own),
            DeValue::String(text) if text.trim() == "none" => Ok(Self::None),
            _ => {
                let url = Url::read(written)?;
                http(&url).map_err(|(text, hint)| invalid(text, hint))?;
                Ok(Self::Other(url))
            }
        }
    }

    fn to_toml(&self) -> String {
        match self {
            Self::Own => toml_string("self"),
            Self::None => toml_string("none"),
            Self::Other(url) => url.to_toml(),
        }
    }

    fn schema() -> serde_json::Value {
        Url::schema()
    }
}

/// `[publishing]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishingConfig {
    /// Stories per feed document. Older stories are in the archives.
    pub max_entries: usize,
    /// Stories that arrived within this time stay in the document even beyond `max_entries`. Zero
    /// disables this.
    pub keep_within: Duration,
    /// Stories first published longer ago are removed. `None` keeps them forever.
    pub retention: Option<Duration>,
    /// The hub. `None`: our own if `base_url` is https or loopback, else none.
    pub hub: Option<Hub>,
    /// Where feed readers see the publication of an entry.
    pub attribution: AttributionMode,
}

const DAY: Duration = Duration::from_hours(24);

impl PublishingConfig {
    pub(super) fn read(mut section: TableReader<'_>, findings: &mut Findings) -> Self {
        let max_entries =
            section.or(findings, "max_entries", 50_u32).validate(findings, |count| match count {
                0 => Err((
                    "max_entries is zero".to_owned(),
                    Some("use at least 1; the default is 50".to_owned()),
                )),
                1..=5000 => Ok(()),
                _ => Err((
                    "max_entries is too large".to_owned(),
                    Some("use at most 5000; older stories are in the archives".to_owned()),
                )),
            });
        let keep_within = section.or(findings, "keep_within", 2 * DAY);
        let retention =
            section.or(findings, "retention", Retention(None)).validate(findings, |retention| {
                match retention.0 {
                    Some(kept) if kept < DAY => Err((
                        "retention is too short".to_owned(),
                        Some("use at least \"1d\", or \"forever\"".to_owned()),
                    )),
                    _ => Ok(()),
                }
            });
        let hub = section.optional::<Hub>(
            findings,
            "hub",
            "self if base_url is https or loopback, else none",
        );
        let attribution = section.or(findings, "attribution", AttributionMode::default());
        section.finish(findings);
        Self {
            max_entries: usize::try_from(max_entries.value).unwrap_or(usize::MAX),
            keep_within: keep_within.value,
            retention: retention.value.0,
            hub: hub.value,
            attribution: attribution.value,
        }
    }
}
