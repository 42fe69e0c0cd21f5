//! The files of the site as static files: their names, and their contents one after the other.
//!
//! The page `/x` is the file `x/index.html`; documents have their own names. Each file that is
//! worth it has a gzip and a Brotli version next to it.

use std::collections::BTreeSet;

use feed_model::TopicId;
use feed_publisher::{Addresses, DigestPeriod, FeedFormat};

use crate::{
    compression::{Compression, MIN_COMPRESSED_BYTES},
    store::{Reader, StoreError},
};

use super::{
    archives::{ArchiveLookup, archive},
    digests::digest_feed,
    documents::{LastModifiedFn, SEARCH_STYLE_PATH, documents},
    page::{PageName, page, pages},
    rendered_document::RenderedDocument,
    settings::SiteSettings,
    source_icons::source_icons,
    topic_channel::published_topics,
};

/// A file with its precompressed versions. Names have `/` as the separator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticFile {
    /// The name of the file itself.
    pub name: String,
    /// The names of its precompressed versions.
    pub compressed: Vec<(String, Compression)>,
}

impl StaticFile {
    fn new(name: String, is_compressed: bool) -> Self {
        let formats: &[Compression] =
            if is_compressed { &[Compression::Gzip, Compression::Brotli] } else { &[] };
        let compressed = formats
            .iter()
            .map(|format| (format!("{name}{}", format.file_extension()), *format))
            .collect();
        Self { name, compressed }
    }

    fn of_document(document: &RenderedDocument) -> Self {
        let is_compressed = document.body.len() >= MIN_COMPRESSED_BYTES
            && !document.media_type.starts_with("image/");
        Self::new(document.path.trim_start_matches('/').to_owned(), is_compressed)
    }

    /// Every page is large enough to be compressed.
    fn of_page(path: &str) -> Self {
        let name = match path.trim_matches('/') {
            "" => "index.html".to_owned(),
            path => format!("{path}/index.html"),
        };
        Self::new(name, true)
    }

    /// Every archive is large enough to be compressed.
    fn of_archive(topic: &TopicId, number: u64) -> Self {
        let path = Addresses::archive_path(topic.as_str(), number);
        Self::new(path.trim_start_matches('/').to_owned(), true)
    }

    /// Returns the names of the file and its precompressed versions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let compressed = self.compressed.iter().map(|(name, _)| name.as_str());
        std::iter::once(self.name.as_str()).chain(compressed)
    }
}

/// The static files of a site. Documents are rendered at once; pages and archives one by one.
pub struct StaticSite<'s> {
    reader: &'s Reader<'s>,
    settings: &'s SiteSettings,
    documents: Vec<RenderedDocument>,
    pages: Vec<PageName>,
    archives: Vec<(TopicId, u64)>,
}

impl<'s> StaticSite<'s> {
    /// Renders the documents, and finds the pages and archives.
    pub fn new(
        reader: &'s Reader<'s>,
        settings: &'s SiteSettings,
        last_modified_of: LastModifiedFn<'_>,
    ) -> Result<Self, StoreError> {
        let mut documents = documents(reader, settings, last_modified_of)?;
        documents.extend(source_icons(reader)?);
        // A static site has no search.
        documents.retain(|document| document.path != SEARCH_STYLE_PATH);
        for topic in published_topics(settings) {
            for (period, format) in periods_and_formats() {
                documents.extend(digest_feed(reader, settings, &topic.id, period, format)?);
            }
        }
        let pages = pages(reader, settings)?;
        let archives = archive_names(reader, settings)?;
        Ok(Self { reader, settings, documents, pages, archives })
    }

    /// Returns the names of all files, precompressed versions included. A page or an archive among
    /// them may turn out to be missing when it is written.
    pub fn files(&self) -> BTreeSet<String> {
        let documents = self.documents.iter().map(StaticFile::of_document);
        let pages =
            self.pages.iter().filter_map(PageName::path).map(|path| StaticFile::of_page(&path));
        let archives =
            self.archives.iter().map(|(topic, number)| StaticFile::of_archive(topic, *number));
        documents
            .chain(pages)
            .chain(archives)
            .flat_map(|file| file.names().map(str::to_owned).collect::<Vec<_>>())
            .collect()
    }

    /// Passes every archive and page to `write`. Returns the names of those that do not exist.
    pub fn write_pages<E: From<StoreError>>(
        &self,
        mut write: impl FnMut(&StaticFile, &RenderedDocument) -> Result<(), E>,
    ) -> Result<Vec<String>, E> {
        let mut missing = Vec::new();
        let mut write_found = |file: &StaticFile, found: Option<&RenderedDocument>| {
            if let Some(document) = found {
                return write(file, document);
            }
            missing.extend(file.names().map(str::to_owned));
            Ok(())
        };
        for (topic, number) in &self.archives {
            let file = StaticFile::of_archive(topic, *number);
            match archive(self.reader, self.settings, topic, *number)? {
                ArchiveLookup::Document(document) => write_found(&file, Some(&document))?,
                _ => write_found(&file, None)?,
            }
        }
        for name in &self.pages {
            let Some(path) = name.path() else { continue };
            let page = page(self.reader, self.settings, name)?;
            write_found(&StaticFile::of_page(&path), page.as_ref())?;
        }
        Ok(missing)
    }

    /// Passes every other document to `write`: the feeds, which link to archives and pages.
    pub fn write_documents<E>(
        &self,
        mut write: impl FnMut(&StaticFile, &RenderedDocument) -> Result<(), E>,
    ) -> Result<(), E> {
        self.documents
            .iter()
            .try_for_each(|document| write(&StaticFile::of_document(document), document))
    }
}

fn periods_and_formats() -> impl Iterator<Item = (DigestPeriod, FeedFormat)> {
    let formats = |period| FeedFormat::ALL.into_iter().map(move |format| (period, format));
    DigestPeriod::ALL.into_iter().flat_map(formats)
}

/// Returns all archives with a document.
fn archive_names(
    reader: &Reader<'_>,
    settings: &SiteSettings,
) -> Result<Vec<(TopicId, u64)>, StoreError> {
    let mut names = Vec::new();
    for topic in published_topics(settings) {
        let rendered = reader
            .archives(&topic.id)?
            .into_iter()
            .filter(|state| !state.is_empty && state.input_digest.is_some());
        names.extend(rendered.map(|state| (topic.id.clone(), state.number)));
    }
    Ok(names)
}
