//! Credentials of a source. They are read from a file for each poll, and never printed.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use feed_model::Auth;

/// Why credentials cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The file cannot be read.
    #[error("cannot read the credentials in {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// The error of the system.
        #[source]
        source: io::Error,
    },
    /// The file has the wrong format.
    #[error("{} does not contain {expected}", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// The expected content.
        expected: &'static str,
    },
}

/// Returns the path of a file with secrets. A relative path is looked up in systemd's credentials
/// directory first, and then relative to feeds.toml.
pub fn secrets_file(name: &str, config_dir: &Path, credentials_dir: Option<&Path>) -> PathBuf {
    let in_credentials = credentials_dir.map(|dir| dir.join(name)).filter(|path| path.is_file());
    in_credentials.unwrap_or_else(|| config_dir.join(name))
}

/// A header field with credentials. `Debug` does not show its value.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The field's name, in lower case.
    pub(super) name: String,
    /// The field's value.
    pub(super) value: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({}: …)", self.name)
    }
}

impl Credentials {
    /// Reads the credentials from their file. Blocks for a moment.
    pub fn load(
        auth: &Auth,
        config_dir: &Path,
        credentials_dir: Option<&Path>,
    ) -> Result<Self, CredentialsError> {
        let read = |name: &str| {
            let file = secrets_file(name, config_dir, credentials_dir);
            let text = std::fs::read_to_string(&file)
                .map_err(|source| CredentialsError::Read { file: file.clone(), source })?;
            let text = text.trim().to_owned();
            if text.is_empty() || text.chars().any(char::is_control) {
                return Err(CredentialsError::Malformed { file, expected: "one line of text" });
            }
            Ok((text, file))
        };
        match auth {
            Auth::BasicFile(name) => {
                let (text, file) = read(name)?;
                if !text.contains(':') {
                    return Err(CredentialsError::Malformed { file, expected: "user:password" });
                }
                Ok(Self {
                    name: "authorization".into(),
                    value: format!("Basic {}", base64(text.as_bytes())),
                })
            }
            Auth::BearerFile(name) => Ok(Self {
                name: "authorization".into(),
                value: format!("Bearer {}", read(name)?.0),
            }),
            Auth::HeaderFile(header, name) => {
                Ok(Self { name: header.to_ascii_lowercase(), value: read(name)?.0 })
            }
        }
    }
}

/// Base64 with padding (RFC 4648 §4).
fn base64(bytes: &[u8]) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_read_and_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("secret"), "aladdin:opensesame\n").unwrap();
        let read = Credentials::load(&Auth::BasicFile("secret".into()), dir.path(), None).unwrap();
        assert_eq!(read.value, "Basic YWxhZGRpbjpvcGVuc2VzYW1l");
        assert!(!format!("{read:?}").contains("YWxh"));
        let missing = Credentials::load(&Auth::BearerFile("none".into()), dir.path(), None);
        assert!(matches!(missing, Err(CredentialsError::Read { .. })));
    }
}
