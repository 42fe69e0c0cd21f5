//! Identifiers as newtypes, so that a source's id can never be taken for a topic's.

use std::fmt;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty.
    #[error("an id must not be empty")]
    Empty,
    /// The text has more than 64 characters.
    #[error("an id has at most {MAX_ID_CHARS} characters")]
    TooLong,
    /// The text has a character that an id cannot have, or begins with one that it cannot begin
    /// with.
    #[error(
        "an id is made of letters a-z, digits, '-', '_' and '.', and begins with a letter or digit"
    )]
    InvalidCharacter,
}

/// The longest id, in characters.
pub const MAX_ID_CHARS: usize = 64;

fn validate(text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > MAX_ID_CHARS {
        return Err(IdError::TooLong);
    }
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !text.chars().all(is_allowed) || !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err(IdError::InvalidCharacter);
    }
    Ok(())
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes `text` as an id, when it is one.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                let text = text.into();
                validate(&text)?;
                Ok(Self(text))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id_type! {
    /// The stable name of a source in feeds.toml: part of every identity.
    SourceId
}
id_type! {
    /// The name of a topic in feeds.toml and in its URLs.
    TopicId
}

impl TopicId {
    /// The reserved topic that holds every story.
    pub const ALL: &'static str = "all";

    /// The reserved topic `all`.
    pub fn all() -> Self {
        Self(Self::ALL.to_owned())
    }

    /// Whether this is the reserved topic that holds every story.
    pub fn is_all(&self) -> bool {
        self.0 == Self::ALL
    }
}

/// The key of an entry within its source (see `identity`); unique together with the [`SourceId`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct EntryKey(pub String);

impl EntryKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The number of a story in this database: what `/stories/{id}` and the command line call it. Never
/// reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoryId(pub i64);

impl fmt::Display for StoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_plain_word() {
        assert!(SourceId::new("serverless-fyi").is_ok());
        assert_eq!(SourceId::new(""), Err(IdError::Empty));
        assert_eq!(TopicId::new("a+b"), Err(IdError::InvalidCharacter));
        assert_eq!(TopicId::new("../x"), Err(IdError::InvalidCharacter));
        assert_eq!(TopicId::new("x".repeat(65)), Err(IdError::TooLong));
    }
}
