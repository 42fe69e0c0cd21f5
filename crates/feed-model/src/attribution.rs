//! How published documents show the publication of a story.

/// Where feed readers see the publication of an entry: the key `attribution` of `[publishing]`.
///
/// Many readers show neither `atom:source` nor RSS `source`. The markup is written in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AttributionMode {
    /// After the author's name: "Jane Doe, 2 Minute Serverless".
    #[default]
    Author,
    /// Before the title: "2 Minute Serverless: Cold starts".
    Title,
    /// In the markup only.
    Markup,
}

impl AttributionMode {
    /// Every mode with its name in feeds.toml.
    pub const ALL: [(&'static str, Self); 3] =
        [("author", Self::Author), ("title", Self::Title), ("markup", Self::Markup)];
}
