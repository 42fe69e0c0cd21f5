//! Values of feeds.toml that are one of a fixed set of words.

use serde_json::{Value as Json, json};
use toml::{Spanned, de::DeValue};

use super::{
    findings::{closest_match, quoted},
    value::{Value, ValueError, invalid, text_of, toml_string},
};
use feed_model::{AttributionMode, ContentPolicy, FollowMode, MatchField};

/// The schema of one of a fixed set of words.
fn word_schema<'w>(words: impl IntoIterator<Item = &'w str>) -> Json {
    json!({"type": "string", "enum": words.into_iter().collect::<Vec<_>>()})
}

/// Reads one of a fixed set of words.
fn word<T: Copy>(
    written: &Spanned<DeValue<'_>>,
    words: &[(&str, T)],
) -> Result<T, Vec<ValueError>> {
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let list = known.join(", ");
    let text = text_of(written, &toml_string(known.first().copied().unwrap_or_default()))?;
    words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
        let hint = closest_match(text, &known).map_or_else(
            || format!("use one of: {list}"),
            |known| format!("did you mean \"{known}\"?"),
        );
        invalid(format!("invalid value {}", quoted(text)), hint)
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

    fn schema() -> Json {
        let modes = [Self::Auto, Self::Feed, Self::Sitemap, Self::Page];
        word_schema(modes.map(|mode| mode.as_str()))
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

    fn schema() -> Json {
        word_schema(["full", "summary", "none"])
    }
}

impl Value for AttributionMode {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        word(written, &Self::ALL)
    }

    fn to_toml(&self) -> String {
        let name = Self::ALL.into_iter().find(|(_, mode)| mode == self).map(|(name, _)| name);
        toml_string(name.unwrap_or_default())
    }

    fn schema() -> Json {
        word_schema(Self::ALL.map(|(name, _)| name))
    }
}

impl Value for MatchField {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        word(written, &Self::ALL.map(|field| (field.as_str(), field)))
    }

    fn to_toml(&self) -> String {
        toml_string(self.as_str())
    }

    fn schema() -> Json {
        word_schema(Self::ALL.map(Self::as_str))
    }
}

/// Whether upper and lower case are different.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LetterCase {
    Any,
    Exact,
}

impl Value for LetterCase {
    fn read(written: &Spanned<DeValue<'_>>) -> Result<Self, Vec<ValueError>> {
        word(written, &[("any", Self::Any), ("exact", Self::Exact)])
    }

    fn to_toml(&self) -> String {
        toml_string(match self {
            Self::Any => "any",
            Self::Exact => "exact",
        })
    }

    fn schema() -> Json {
        word_schema(["any", "exact"])
    }
}
