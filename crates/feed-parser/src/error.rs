//! Why a document could not be read.

use super::sniff::DocumentKind;

/// Why a document gives nothing.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// There are no bytes, or white space only.
    #[error("the document is empty")]
    Empty,
    /// It is something else.
    #[error("this is not a feed: it looks like {}", looks_like.describe())]
    NotAFeed {
        /// What it looks like.
        looks_like: DocumentKind,
    },
    /// It is JSON with a fault.
    #[error("this is not valid JSON, at line {line}, column {column}")]
    Json {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What the parser says.
        #[source]
        source: serde_json::Error,
    },
    /// It has the root of a feed, and neither a title nor an item.
    #[error("the feed has neither a title nor an item")]
    EmptyFeed,
    /// The feed parser refused what was made ready for it.
    #[error("the feed parser refused the document")]
    ParserRejected {
        /// What the parser says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A library panicked on it.
    #[error("reading the document panicked: {message}")]
    Panic {
        /// The panic's message.
        message: String,
    },
}

impl IngestError {
    /// A stable name for machines, fit for public pages.
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
