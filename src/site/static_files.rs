//! The site as static files, for any web server.
//!
//! Only files in the manifest are replaced or deleted, symbolic
//! links are not followed, and an unchanged file is not touched. A file is written under a
//! temporary name, synced and renamed, so that a web server sees the old bytes or the new ones.

use std::{
    collections::BTreeSet,
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use crate::{
    compression::CompressionLevel,
    store::{Reader, StoreError},
};

use super::{
    documents::LastModifiedFn,
    rendered_document::RenderedDocument,
    settings::SiteSettings,
    static_site::{StaticFile, StaticSite},
};

/// The file that lists the published files: one path per line, with `/` as the separator.
pub const MANIFEST: &str = ".tributary-manifest";

/// An error of writing the site. Files that were written before it are complete.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The stored state could not be read.
    #[error("cannot read the stored state")]
    Store(#[from] StoreError),
    /// A file or directory could not be used.
    #[error("cannot {context} {}", path.display())]
    Io {
        /// The operation.
        context: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// A file that is not in the manifest has the name of a file to write.
    #[error(
        "{} is not listed in {MANIFEST} and is not overwritten; \
         move it away, or publish to an empty directory",
        path.display()
    )]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// A part of a path is a symbolic link.
    #[error(
        "{} is a symbolic link, which is not followed; replace it by a directory or a file",
        path.display()
    )]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// The manifest contains a path outside the directory.
    #[error(
        "{} contains `{entry}`, which is not a path below its directory; correct that line",
        path.display()
    )]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// The line.
        entry: String,
    },
}

/// The numbers of files of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PublishStats {
    /// Files with new bytes.
    pub written: usize,
    /// Files that were not changed.
    pub unchanged: usize,
    /// Files that were removed.
    pub removed: usize,
}

/// Writes all documents and pages below `dir`, and removes files of the manifest that are no longer
/// published.
pub fn publish(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    last_modified_of: LastModifiedFn<'_>,
    dir: &Path,
) -> Result<PublishStats, FilesError> {
    fs::create_dir_all(dir).map_err(failed("create directory", dir))?;
    let _lock = lock(dir)?;
    let mut known = read_manifest(dir)?;
    let site = StaticSite::new(reader, settings, last_modified_of)?;
    let mut files = site.files();

    // All paths are checked first, so that an error comes before any change.
    for file in &files {
        let path = checked_path(dir, file)?;
        if path.symlink_metadata().is_ok() && !known.contains(file) {
            return Err(FilesError::NotOurs { path });
        }
    }
    // The manifest lists new files before they are written, so that a run after a crash may replace
    // them.
    let listed: BTreeSet<String> = known.union(&files).cloned().collect();
    let mut stats = PublishStats::default();
    if listed != known {
        write_manifest(dir, &listed)?;
    }
    let missing =
        site.write_pages(|file, document| write_document(dir, file, document, &mut stats))?;
    site.write_documents(|file, document| write_document(dir, file, document, &mut stats))?;
    // Pages that no longer exist are removed below.
    for file in missing {
        files.remove(&file);
        known.insert(file);
    }
    for file in known.difference(&files) {
        if remove_published(dir, file)? {
            stats.removed += 1;
        }
    }
    if listed != files {
        write_manifest(dir, &files)?;
    }
    Ok(stats)
}

fn failed<'p>(
    context: &'static str,
    path: &'p Path,
) -> impl FnOnce(io::Error) -> FilesError + use<'p> {
    move |source| FilesError::Io { context, path: path.to_owned(), source }
}

/// Locks the directory itself, so that concurrent runs wait for each other and no lock file is
/// needed.
fn lock(dir: &Path) -> Result<fs::File, FilesError> {
    let handle = fs::File::open(dir).map_err(failed("open", dir))?;
    // The system releases the lock when the handle is closed.
    handle.lock().map_err(failed("lock", dir))?;
    Ok(handle)
}

/// Returns the path of a file, or an error if a part of it is a symbolic link.
fn checked_path(dir: &Path, file: &str) -> Result<PathBuf, FilesError> {
    let mut path = dir.to_owned();
    for part in file.split('/') {
        path.push(part);
        if path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink()) {
            return Err(FilesError::Link { path });
        }
    }
    Ok(path)
}

fn read_manifest(dir: &Path) -> Result<BTreeSet<String>, FilesError> {
    let path = checked_path(dir, MANIFEST)?;
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(failed("read", &path)(error)),
    };
    let mut files = BTreeSet::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let is_inside = line
            .split('/')
            .all(|part| !part.is_empty() && !matches!(part, "." | "..") && !part.contains('\\'));
        if !is_inside {
            return Err(FilesError::Manifest { path, entry: line.to_owned() });
        }
        files.insert(line.to_owned());
    }
    Ok(files)
}

fn write_manifest(dir: &Path, files: &BTreeSet<String>) -> Result<(), FilesError> {
    let mut text = files.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
    text.push('\n');
    replace(&dir.join(MANIFEST), text.as_bytes())
}

/// Writes a file and its precompressed versions, unless they have the right bytes already.
fn write_document(
    dir: &Path,
    file: &StaticFile,
    document: &RenderedDocument,
    stats: &mut PublishStats,
) -> Result<(), FilesError> {
    let path = checked_path(dir, &file.name)?;
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed("create directory", parent))?;
    }
    let mut write =
        |path: &Path, is_current: &dyn Fn(&[u8]) -> bool, bytes: &dyn Fn() -> Vec<u8>| {
            if fs::read(path).is_ok_and(|existing| is_current(&existing)) {
                stats.unchanged += 1;
                return Ok(());
            }
            replace(path, &bytes())?;
            stats.written += 1;
            Ok(())
        };
    // The precompressed versions are written first, because a web server prefers them and must not
    // serve older bytes than those of the file.
    for (name, compression) in &file.compressed {
        let path = checked_path(dir, name)?;
        let is_current = |existing: &[u8]| compression.decompresses_to(existing, &document.body);
        write(&path, &is_current, &|| {
            compression.compress(&document.body, CompressionLevel::Best)
        })?;
    }
    write(&path, &|existing| existing == document.body, &|| document.body.clone())
}

/// Replaces a file atomically.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), FilesError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.tributary-new"));
    // Removes the file of a run that was killed. It is not opened, because it may be a link.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(failed("remove", &temporary)(error));
        }
        _ => {}
    }
    let write = || -> io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&temporary);
        failed("write", path)(error)
    })
}

/// Removes a published file and the directories that become empty. Returns whether it existed.
fn remove_published(dir: &Path, file: &str) -> Result<bool, FilesError> {
    // A file behind a symbolic link was not published.
    let Ok(path) = checked_path(dir, file) else {
        return Ok(false);
    };
    match fs::remove_file(&path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed("remove", &path)(error)),
    }
    let mut directory = path.parent();
    while let Some(parent) = directory.filter(|parent| *parent != dir) {
        if fs::remove_dir(parent).is_err() {
            break;
        }
        directory = parent.parent();
    }
    Ok(true)
}
