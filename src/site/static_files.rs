//! The site as static files, for any web server.
//!
//! A page `/x` is `x/index.html`, everything else has its own name. Only files that the manifest
//! lists are ever replaced or deleted; symbolic links are not followed; a file is written beside
//! its place, synced and renamed, so that a reader sees the old bytes or the new ones; a file whose
//! bytes did not change is not touched. Beside each file lie its gzip and brotli codings.

use std::{
    collections::BTreeSet,
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use crate::store::StoreError;
use feed_model::TopicId;
use feed_publisher::Addresses;

use super::{
    ArchiveLookup, Compression, CompressionLevel, MIN_COMPRESSED_BYTES, PageName, RenderedDocument,
    SiteSettings, Snapshot, archive,
    documents::{LastModifiedFn, SEARCH_STYLE_PATH, documents, published_topics},
    page, pages,
};

/// The file that lists what is ours, one path a line, with `/` between its parts.
pub const MANIFEST: &str = ".tributary-manifest";

/// Why the site could not be written. What was written before stays, whole.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The stored state could not be read.
    #[error("cannot read the stored state")]
    Store(#[from] StoreError),
    /// A file or directory could not be used.
    #[error("cannot {context} {}", path.display())]
    Io {
        /// What was attempted.
        context: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file that is not ours is where one of ours should be.
    #[error("{} is not listed in {MANIFEST}, so it is left alone; move it away, or publish to an empty directory", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// A part of a path is a symbolic link.
    #[error("{} is a symbolic link, which is not followed; replace it by a directory or a file", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// The manifest names a path outside of the directory.
    #[error("{} names `{entry}`, which is no path below its directory; correct that line", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// The line.
        entry: String,
    },
}

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PublishStats {
    /// Files whose bytes are new.
    pub written: usize,
    /// Files that were as they should be.
    pub unchanged: usize,
    /// Files that went.
    pub removed: usize,
}

/// Writes every document and page below `dir`, and takes away what is ours and not published any
/// more.
pub fn publish(
    snapshot: &dyn Snapshot,
    settings: &SiteSettings,
    last_modified_of: LastModifiedFn<'_>,
    dir: &Path,
) -> Result<PublishStats, FilesError> {
    fs::create_dir_all(dir).map_err(failed("make the directory", dir))?;
    let _lock = lock(dir)?;
    let mut known = read_manifest(dir)?;
    let mut held = documents(snapshot, settings, last_modified_of)?;
    // There is no search among files.
    held.retain(|rendering| rendering.path != SEARCH_STYLE_PATH);
    let names = pages(snapshot, settings)?;
    let archives = archive_names(snapshot, settings)?;
    let mut now = BTreeSet::new();
    for rendering in &held {
        now.extend(with_compressed(&file_name(&rendering.path), is_compressed(rendering)));
    }
    // Pages and archives are longer than that by their heads alone.
    for path in names.iter().filter_map(PageName::path) {
        now.extend(with_compressed(&page_file_name(&path), true));
    }
    for (topic, number) in &archives {
        now.extend(with_compressed(
            &file_name(&Addresses::archive_path(topic.as_str(), *number)),
            true,
        ));
    }

    // Every place is looked at before any is written, so that a refusal comes before a change.
    for file in &now {
        let path = place(dir, file)?;
        if path.symlink_metadata().is_ok() && !known.contains(file) {
            return Err(FilesError::NotOurs { path });
        }
    }
    // What is about to be written is ours from here on, however this run ends.
    let both: BTreeSet<String> = known.union(&now).cloned().collect();
    let mut done = PublishStats::default();
    if both != known {
        write_manifest(dir, &both)?;
    }
    for rendering in &held {
        write_document(dir, &file_name(&rendering.path), rendering, &mut done)?;
    }
    // What was taken back between the two looks has no file: the one that there is goes below.
    let mut withdrawn = Vec::new();
    for (topic, number) in &archives {
        let file = file_name(&Addresses::archive_path(topic.as_str(), *number));
        match archive(snapshot, settings, topic, *number)? {
            ArchiveLookup::Document(rendering) => {
                write_document(dir, &file, &rendering, &mut done)?;
            }
            _ => withdrawn.push(file),
        }
    }
    for name in &names {
        let Some(path) = name.path() else { continue };
        match page(snapshot, settings, name)? {
            Some(rendering) => write_document(dir, &page_file_name(&path), &rendering, &mut done)?,
            None => withdrawn.push(page_file_name(&path)),
        }
    }
    for file in withdrawn.iter().flat_map(|file| with_compressed(file, true)) {
        now.remove(&file);
        known.insert(file);
    }
    for file in known.difference(&now) {
        if remove_published(dir, file)? {
            done.removed += 1;
        }
    }
    if both != now {
        write_manifest(dir, &now)?;
    }
    Ok(done)
}

/// The codings that lie beside a file, for web servers that look for them.
const PRECOMPRESSED: [Compression; 2] = [Compression::Gzip, Compression::Brotli];

fn is_compressed(rendering: &RenderedDocument) -> bool {
    rendering.body.len() >= MIN_COMPRESSED_BYTES
}

/// A file's name and those of its codings.
fn with_compressed(file: &str, is_compressed: bool) -> Vec<String> {
    let siblings = PRECOMPRESSED
        .iter()
        .filter(|_| is_compressed)
        .map(|coding| format!("{file}{}", coding.file_extension()));
    std::iter::once(file.to_owned()).chain(siblings).collect()
}

/// Every archive that has a document.
fn archive_names(
    snapshot: &dyn Snapshot,
    settings: &SiteSettings,
) -> Result<Vec<(TopicId, u64)>, StoreError> {
    let mut names = Vec::new();
    for topic in published_topics(settings) {
        let there = snapshot
            .archives(&topic.id)?
            .into_iter()
            .filter(|state| !state.is_empty && state.input_digest.is_some());
        names.extend(there.map(|state| (topic.id.clone(), state.number)));
    }
    Ok(names)
}

fn file_name(path: &str) -> String {
    path.trim_start_matches('/').to_owned()
}

fn page_file_name(path: &str) -> String {
    match path.trim_matches('/') {
        "" => "index.html".to_owned(),
        path => format!("{path}/index.html"),
    }
}

fn failed<'p>(
    context: &'static str,
    path: &'p Path,
) -> impl FnOnce(io::Error) -> FilesError + use<'p> {
    move |source| FilesError::Io { context, path: path.to_owned(), source }
}

/// Holds the directory itself, so that no file has to be made for it: two runs at once take turns.
fn lock(dir: &Path) -> Result<fs::File, FilesError> {
    let held = fs::File::open(dir).map_err(failed("open", dir))?;
    // Released when the handle is closed, however the process ends.
    held.lock().map_err(failed("lock", dir))?;
    Ok(held)
}

/// Where a file lies; refused where a part of its way is a symbolic link.
fn place(dir: &Path, file: &str) -> Result<PathBuf, FilesError> {
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
    let path = place(dir, MANIFEST)?;
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(failed("read", &path)(error)),
    };
    let mut files = BTreeSet::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let inside = line
            .split('/')
            .all(|part| !part.is_empty() && !matches!(part, "." | "..") && !part.contains('\\'));
        if !inside {
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

/// Writes a file and its codings, where their bytes are not there already.
fn write_document(
    dir: &Path,
    file: &str,
    rendering: &RenderedDocument,
    done: &mut PublishStats,
) -> Result<(), FilesError> {
    let path = place(dir, file)?;
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed("make the directory", parent))?;
    }
    let mut write = |path: &Path, is_there: &dyn Fn(&[u8]) -> bool, bytes: &dyn Fn() -> Vec<u8>| {
        if fs::read(path).is_ok_and(|found| is_there(&found)) {
            done.unchanged += 1;
            return Ok(());
        }
        replace(path, &bytes())?;
        done.written += 1;
        Ok(())
    };
    // The codings first: a web server that prefers them must not go on with older ones than the
    // file itself.
    if is_compressed(rendering) {
        for coding in PRECOMPRESSED {
            let path = place(dir, &format!("{file}{}", coding.file_extension()))?;
            write(&path, &|found| coding.decodes_to(found, &rendering.body), &|| {
                coding.compress(&rendering.body, CompressionLevel::Best)
            })?;
        }
    }
    write(&path, &|found| found == rendering.body, &|| rendering.body.clone())
}

/// Puts bytes in a file's place in one step.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), FilesError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.tributary-new"));
    // A leftover of a run that was killed goes; whatever it is, it is not written through.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(failed("remove", &beside)(error));
        }
        _ => {}
    }
    let write = || -> io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&beside);
        failed("write", path)(error)
    })
}

/// Removes a file of ours, and the directories that it leaves empty. Whether there was one.
fn remove_published(dir: &Path, file: &str) -> Result<bool, FilesError> {
    // A link in its way is somebody else's context: what lies behind it is not ours.
    let Ok(path) = place(dir, file) else {
        return Ok(false);
    };
    match fs::remove_file(&path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed("remove", &path)(error)),
    }
    let mut above = path.parent();
    while let Some(parent) = above.filter(|parent| *parent != dir) {
        if fs::remove_dir(parent).is_err() {
            break;
        }
        above = parent.parent();
    }
    Ok(true)
}
