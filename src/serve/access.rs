//! The tokens of private topics.
//!
//! A token is the password of HTTP basic authentication (RFC 7617) or part of the path
//! (`/t/TOKEN/…`); see `audience`. Tokens are stored and compared as digests, and are never logged.

use std::{
    collections::{BTreeSet, HashMap},
    fs, io,
    path::{Path, PathBuf},
};

use feed_model::{Topic, TopicId};

use crate::fetch::secrets_file;

/// The shortest token. A shorter one could be guessed.
const MIN_TOKEN_CHARS: usize = 16;

/// An error in the tokens of a topic. Its text never contains a token.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The file cannot be read.
    #[error("topic {topic}: cannot read tokens from {}", file.display())]
    Read {
        /// The private topic.
        topic: TopicId,
        /// The file.
        file: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// A line is not a valid token.
    #[error(
        "topic {topic}: invalid token in line {line} of {}: a token has at least \
         {MIN_TOKEN_CHARS} characters, only letters, digits and `-._~`",
        file.display()
    )]
    Form {
        /// The private topic.
        topic: TopicId,
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// The file contains no token.
    #[error("topic {topic}: no token in {}; add one to make the topic readable", file.display())]
    Empty {
        /// The private topic.
        topic: TopicId,
        /// The file.
        file: PathBuf,
    },
}

/// The private topics that each token gives access to.
#[derive(Debug, Clone, Default)]
pub struct Access {
    by_token: HashMap<[u8; 32], BTreeSet<TopicId>>,
}

impl Access {
    /// Reads the token files of all private topics. Blocks.
    ///
    /// A file has one token per line; empty lines and lines that begin with `#` are ignored. A file
    /// or line with an error gives no access; the others stay valid.
    pub fn load(
        topics: &[Topic],
        config_dir: &Path,
        credentials_dir: Option<&Path>,
    ) -> (Self, Vec<AccessError>) {
        let (mut access, mut errors) = (Self::default(), Vec::new());
        for topic in topics {
            for name in &topic.access {
                let file = secrets_file(name, config_dir, credentials_dir);
                if let Err(error) = access.read_file(&topic.id, file, &mut errors) {
                    errors.push(error);
                }
            }
        }
        (access, errors)
    }

    fn read_file(
        &mut self,
        topic: &TopicId,
        file: PathBuf,
        errors: &mut Vec<AccessError>,
    ) -> Result<(), AccessError> {
        let topic = topic.clone();
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(source) => return Err(AccessError::Read { topic, file, source }),
        };
        let mut is_empty = true;
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            is_empty = false;
            if is_token(line) {
                self.by_token.entry(digest(line)).or_default().insert(topic.clone());
            } else {
                let (topic, file) = (topic.clone(), file.clone());
                errors.push(AccessError::Form { topic, file, line: index + 1 });
            }
        }
        if is_empty { Err(AccessError::Empty { topic, file }) } else { Ok(()) }
    }

    /// Returns the private topics of a token, or `None` if the token is unknown.
    pub(super) fn topics_for_token(&self, token: &str) -> Option<BTreeSet<TopicId>> {
        self.by_token.get(&digest(token)).cloned()
    }
}

/// Whether a text is long enough and needs no escaping in a path (RFC 3986 §2.3).
fn is_token(text: &str) -> bool {
    text.len() >= MIN_TOKEN_CHARS
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

fn digest(token: &str) -> [u8; 32] {
    blake3::hash(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_long_and_needs_no_escaping() {
        assert!(is_token("0123456789abcdef") && is_token("A-b_c.d~e-f_g.h~i"));
        assert!(
            !is_token("0123456789abcde")
                && !is_token("0123456789 abcdef")
                && !is_token("0123456789/abcdef")
        );
    }
}
