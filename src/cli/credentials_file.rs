//! Files with the user names and passwords that URLs contained, next to feeds.toml.

use std::{fs, io, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::PathBuf};

use anyhow::Context as _;

use super::Context;
use feed_parser::opml::Userinfo;

/// The files that a command wrote. They are removed again unless they are kept, so that a failed
/// command leaves no passwords behind.
#[derive(Default)]
pub(super) struct CredentialsFiles {
    written: Vec<PathBuf>,
}

impl CredentialsFiles {
    /// Writes `user:password` to a new file that only its owner can read, and returns the name of
    /// the file for `basic_file`. A file that has the same content already is used.
    pub(super) fn write(
        &mut self,
        context: &Context,
        id: &str,
        userinfo: &Userinfo,
    ) -> anyhow::Result<String> {
        let content = format!("{}\n", userinfo.as_str());
        for number in 1_u32.. {
            let suffix = if number > 1 { format!("-{number}") } else { String::new() };
            let name = format!("{id}{suffix}.password");
            let path = context.config_dir().join(&name);
            match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(mut file) => {
                    self.written.push(path.clone());
                    file.write_all(content.as_bytes())
                        .and_then(|()| file.sync_all())
                        .with_context(|| format!("cannot write {}", path.display()))?;
                    return Ok(name);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if fs::read(&path).is_ok_and(|known| known == content.as_bytes()) {
                        return Ok(name);
                    }
                }
                Err(error) => {
                    return Err(error).with_context(|| format!("cannot write {}", path.display()));
                }
            }
        }
        unreachable!("the loop ends when a number is free")
    }

    /// Keeps the files.
    pub(super) fn keep(mut self) {
        self.written.clear();
    }
}

impl Drop for CredentialsFiles {
    fn drop(&mut self) {
        for path in &self.written {
            // The failure that led here is reported.
            let _ = fs::remove_file(path);
        }
    }
}

/// Returns the notice about a file that was written.
pub(super) fn notice(source: &str, file: &str) -> String {
    format!(
        "the user name and password of `{source}` are in the file {file} (mode 0600); its stories \
         are published only with `publish = true`"
    )
}
