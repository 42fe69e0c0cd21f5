//! The lock of a data directory. The operating system releases it when the process ends.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read as _, Seek as _, Write as _},
    path::Path,
};

use super::StoreError;

/// The exclusive right to poll and publish from a data directory.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// The name of the lock file. It contains the id of the process that holds the lock.
    pub const FILE: &'static str = "tributary.lock";

    /// Acquires the lock.
    ///
    /// # Errors
    ///
    /// [`StoreError::Locked`] if another process holds it.
    pub fn acquire(dir: &Path) -> Result<Self, StoreError> {
        let unusable = |source| StoreError::Directory { dir: dir.to_owned(), source };
        std::fs::create_dir_all(dir).map_err(unusable)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(dir.join(Self::FILE))
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let known = file.read_to_string(&mut pid).is_ok() && !pid.trim().is_empty();
                return Err(StoreError::Locked {
                    dir: dir.to_owned(),
                    pid: known.then(|| pid.trim().to_owned()),
                });
            }
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
        // The lock holds without the process id, which a full disk does not take.
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        if let Err(error) = written {
            tracing::debug!("cannot write the process id into the lock file: {error}");
        }
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lock_is_refused_with_the_process_id_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let first = DirectoryLock::acquire(dir.path()).unwrap();
        let Err(StoreError::Locked { pid, .. }) = DirectoryLock::acquire(dir.path()) else {
            panic!("acquired twice")
        };
        assert_eq!(pid, Some(std::process::id().to_string()));
        drop(first);
        DirectoryLock::acquire(dir.path()).unwrap();
    }
}
