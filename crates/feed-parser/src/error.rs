//! The errors of [`crate::parse_feed`].

use super::sniff::DocumentKind;

/// The reason why a document could not be parsed.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The document has no bytes, or only white space.
    #[error("the document is empty")]
    Empty,
    /// The document is not a feed.
    #[error("this is {} and not a feed", looks_like.describe())]
    NotAFeed {
        /// What it looks like.
        looks_like: DocumentKind,
    },
    /// The document is malformed JSON.
    #[error("this is not valid JSON, at line {line}, column {column}")]
    Json {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// The error of the JSON parser.
        #[source]
        source: serde_json::Error,
    },
    /// The root element is that of a feed, but there is neither a title nor an item.
    #[error("the feed has neither a title nor an item")]
    EmptyFeed,
    /// feed-rs rejected the canonical document.
    #[error("the feed parser refused the document")]
    ParserRejected {
        /// The error of feed-rs.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A panic while parsing.
    #[error("reading the document panicked: {message}")]
    Panic {
        /// The message of the panic.
        message: String,
    },
}

impl IngestError {
    /// Returns a stable name that is suitable for public pages.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotAFeed { .. } => "not-a-feed",
            Self::Json { .. } => "bad-json",
            Self::EmptyFeed => "nothing-in-it",
            Self::ParserRejected { .. } => "unreadable",
            Self::Panic { .. } => "internal",
        }
    }
}
