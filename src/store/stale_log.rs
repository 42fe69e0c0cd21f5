//! The log of a database that was replaced by a copy.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use tracing::warn;

/// The position of the format versions in a database file: 1 for a rollback journal, 2 for a
/// write-ahead log (`SQLite` file format §1.3.3).
const FORMAT_VERSIONS: usize = 18;

/// Sets the write-ahead log beside a database aside if it belongs to another one. A program that is
/// killed leaves its log, and if the database is then replaced by a backup, `SQLite` would write
/// the log into it and damage it.
///
/// This program never leaves a database in another mode than that of a write-ahead log, and the
/// copies that it makes are in the mode of a rollback journal.
pub(super) fn set_aside(file: &Path) -> io::Result<()> {
    let log = beside(file, "-wal");
    if !log.exists() || !is_copy(file)? {
        return Ok(());
    }
    match fs::remove_file(beside(file, "-shm")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let old = beside(file, "-wal.old");
    fs::rename(&log, &old)?;
    warn!(
        "{} was replaced by a copy; the log of the previous database is kept as {}",
        file.display(),
        old.display()
    );
    Ok(())
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Returns whether a database is in the mode of a rollback journal.
fn is_copy(file: &Path) -> io::Result<bool> {
    let mut header = Vec::new();
    match File::open(file) {
        Ok(file) => file.take(100).read_to_end(&mut header)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    Ok(header.starts_with(b"SQLite format 3\0")
        && header.get(FORMAT_VERSIONS..FORMAT_VERSIONS + 2) == Some(&[1, 1]))
}
