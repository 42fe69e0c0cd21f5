//! The fields of a story that a matcher can be limited to.

/// A field of a story that a matcher can be limited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MatchField {
    /// The title.
    Title,
    /// The publisher's own categories.
    Category,
    /// The publisher's summary, or the first 300 characters of the text if there is none.
    Summary,
    /// The text.
    Content,
    /// The names of the authors.
    Author,
    /// The link.
    Url,
    /// The ids of the sources that have the story.
    Source,
}

impl MatchField {
    /// All fields, in the order of the reference documentation.
    pub const ALL: [Self; 7] = [
        Self::Title,
        Self::Summary,
        Self::Content,
        Self::Category,
        Self::Author,
        Self::Url,
        Self::Source,
    ];

    /// Returns the name in feeds.toml.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Category => "category",
            Self::Summary => "summary",
            Self::Content => "content",
            Self::Author => "author",
            Self::Url => "url",
            Self::Source => "source",
        }
    }

    /// Returns the field of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }
}
