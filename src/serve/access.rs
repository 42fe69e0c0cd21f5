//! The tokens of private topics.
//!
//! A token is the password of HTTP basic authentication (RFC 7617) or part of the path
//! (`/t/TOKEN/…`); see `audience`. Tokens are stored and compared as digests, and are never logged.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
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
    #[error("{owner}: cannot read tokens from {}", file.display())]
    Read {
        /// What the tokens are for: `topic streaming` or `[site]`.
        owner: String,
        /// The file.
        file: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// A line is not a valid token.
    #[error(
        "{owner}: invalid token in line {line} of {}: a token has at least \
         {MIN_TOKEN_CHARS} characters, only letters, digits and `-._~`",
        file.display()
    )]
    Form {
        /// What the tokens are for: `topic streaming` or `[site]`.
        owner: String,
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// The file contains no token.
    #[error("{owner}: no token in {}; add one", file.display())]
    Empty {
        /// What the tokens are for: `topic streaming` or `[site]`.
        owner: String,
        /// The file.
        file: PathBuf,
    },
}

/// The private topics that each token gives access to.
#[derive(Debug, Clone, Default)]
pub struct Access {
    by_token: HashMap<[u8; 32], BTreeSet<TopicId>>,
    operators: HashSet<[u8; 32]>,
}

impl Access {
    /// Reads the token files of all private topics, and those of operators. Blocks.
    ///
    /// A file has one token per line; empty lines and lines that begin with `#` are ignored. A file
    /// or line with an error gives no access; the others stay valid.
    pub fn load(
        topics: &[Topic],
        operators: &[String],
        config_dir: &Path,
        credentials_dir: Option<&Path>,
    ) -> (Self, Vec<AccessError>) {
        let (mut access, mut errors) = (Self::default(), Vec::new());
        let file = |name: &str| secrets_file(name, config_dir, credentials_dir);
        for topic in topics {
            for name in &topic.access {
                let owner = format!("topic {}", topic.id);
                for token in read_tokens(&owner, file(name), &mut errors) {
                    access.by_token.entry(token).or_default().insert(topic.id.clone());
                }
            }
        }
        for name in operators {
            access.operators.extend(read_tokens("[site]", file(name), &mut errors));
        }
        (access, errors)
    }

    /// Returns the private topics of a token, or `None` if the token is unknown.
    pub(super) fn topics_for_token(&self, token: &str) -> Option<BTreeSet<TopicId>> {
        self.by_token.get(&digest(token)).cloned()
    }

    /// Returns whether a token is one of `[site] access`.
    pub(super) fn is_operator(&self, token: &str) -> bool {
        self.operators.contains(&digest(token))
    }
}

/// Returns the digests of the tokens in a file.
fn read_tokens(owner: &str, file: PathBuf, errors: &mut Vec<AccessError>) -> Vec<[u8; 32]> {
    let owner = owner.to_owned();
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(source) => {
            errors.push(AccessError::Read { owner, file, source });
            return Vec::new();
        }
    };
    let lines = text.lines().map(str::trim).enumerate();
    let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).peekable();
    if lines.peek().is_none() {
        errors.push(AccessError::Empty { owner, file });
        return Vec::new();
    }
    let mut tokens = Vec::new();
    for (index, line) in lines {
        if is_token(line) {
            tokens.push(digest(line));
        } else {
            let (owner, file) = (owner.clone(), file.clone());
            errors.push(AccessError::Form { owner, file, line: index + 1 });
        }
    }
    tokens
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
