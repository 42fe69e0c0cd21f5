//! Identifiers as separate types, so that one kind of id cannot be used as another.

use std::fmt;

/// The reason why a text is not a valid id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty.
    #[error("an id must not be empty")]
    Empty,
    /// The text has more than 64 characters.
    #[error("an id has at most {MAX_ID_CHARS} characters")]
    TooLong,
    /// The text contains a character that ids do not allow, or begins with one that is only allowed
    /// later.
    #[error(
        "an id is made of letters a-z, digits, '-', '_' and '.', and begins with a letter or digit"
    )]
    InvalidCharacter,
}

/// The maximum length of an id, in characters.
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
            /// Checks a text and returns it as an id.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                let text = text.into();
                validate(&text)?;
                Ok(Self(text))
            }

            /// Returns the id as text.
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
    /// The stable name of a source in feeds.toml. It is part of every entry identity.
    SourceId
}
id_type! {
    /// The name of a topic in feeds.toml and in URLs.
    TopicId
}

impl TopicId {
    /// The id of the reserved topic that contains every story.
    pub const ALL: &'static str = "all";

    /// Returns the id of the reserved topic `all`.
    pub fn all() -> Self {
        Self(Self::ALL.to_owned())
    }

    /// Returns whether this is the reserved topic that contains every story.
    pub fn is_all(&self) -> bool {
        self.0 == Self::ALL
    }
}

/// The key of an entry within its source, unique together with the [`SourceId`]. The crate
/// `entry-identity` makes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct EntryKey(pub String);

impl EntryKey {
    /// Returns the key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! row_id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug,
            Clone,
            Copy,
            PartialEq,
            Eq,
            Hash,
            PartialOrd,
            Ord,
            serde::Serialize,
            serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

row_id_type! {
    /// The number of a story in one database, as `/stories/{id}` and the command line show it.
    /// Numbers are never reused.
    StoryId
}
row_id_type! {
    /// The number of an entry in one database.
    EntryId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_limited_to_safe_characters() {
        assert!(SourceId::new("serverless-fyi").is_ok());
        assert_eq!(SourceId::new(""), Err(IdError::Empty));
        assert_eq!(TopicId::new("a+b"), Err(IdError::InvalidCharacter));
        assert_eq!(TopicId::new("../x"), Err(IdError::InvalidCharacter));
        assert_eq!(TopicId::new("x".repeat(65)), Err(IdError::TooLong));
    }
}
