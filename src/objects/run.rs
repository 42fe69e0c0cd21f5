//! One run of publishing.

use std::collections::BTreeSet;

use object_store::{
    Attribute, Attributes, ObjectStore as _, ObjectStoreExt as _, PutMode, PutOptions, PutPayload,
    UpdateVersion,
};
use tokio::{runtime::Handle, task::JoinSet};

use super::{
    manifest::{KnownObject, MANIFEST, Manifest, same_tag},
    target::{ObjectListing, ObjectTarget},
};
use crate::{
    compression::{Compression, CompressionLevel},
    site::{
        FilesError, LastModifiedFn, PublishStats, RenderedDocument, SiteSettings, StaticFile,
        StaticSite,
    },
    store::{Reader, StoreError},
};

/// The most uploads at a time.
const UPLOADS: usize = 16;

/// How long caches may keep an archive. It rarely changes.
const ARCHIVE_AGE_S: u64 = 86_400;

/// An error of publishing objects. Objects that were written before it are complete.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// The stored state could not be read.
    #[error("cannot read the stored state")]
    Store(#[from] StoreError),
    /// A file of the site could not be rendered.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The store refused an operation or did not answer.
    #[error("cannot {what} {object}")]
    Object {
        /// The operation.
        what: &'static str,
        /// The object.
        object: String,
        /// What the library says.
        #[source]
        source: object_store::Error,
    },
    /// An object that is not in the manifest has the name of one to write.
    #[error(
        "{object} is not listed in {MANIFEST} and is not overwritten; \
         move it away, or publish below another prefix"
    )]
    NotOurs {
        /// The object.
        object: String,
    },
    /// The manifest is not what this program writes.
    #[error("{object} is damaged; restore it, or delete everything below the prefix")]
    Manifest {
        /// The object.
        object: String,
        /// The error.
        #[source]
        source: serde_json::Error,
    },
    /// Another run has written the same objects since this one began.
    #[error("another run of publish is writing {object}")]
    Conflict {
        /// The object.
        object: String,
    },
}

/// Uploads all documents and pages that are not there yet, and removes objects of the manifest that
/// are no longer published. `listing` must be older than the snapshot of `reader`, so that what is
/// replaced is never newer. Blocks, and must not run on a thread of the runtime.
pub fn publish(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    last_modified_of: LastModifiedFn<'_>,
    target: &ObjectTarget,
    listing: &ObjectListing,
    runtime: &Handle,
) -> Result<PublishStats, ObjectsError> {
    let site = StaticSite::new(reader, settings, last_modified_of)?;
    let files = site.files();
    let mut run = Run::begin(target, listing, &files, settings, runtime)?;
    // Feeds link to archives and pages, which therefore come first.
    let missing = site.write_pages(|file, document| run.put(file, document))?;
    run.wait_for_uploads()?;
    site.write_documents(|file, document| run.put(file, document))?;
    run.wait_for_uploads()?;
    run.finish(&missing)
}

struct Run<'r> {
    target: &'r ObjectTarget,
    listing: &'r ObjectListing,
    runtime: &'r Handle,
    /// `Cache-Control` of documents.
    cache_control: String,
    manifest: Manifest,
    /// The version of the stored manifest; `None` if there is none.
    manifest_version: Option<UpdateVersion>,
    /// Whether the stored manifest lists every file of this run.
    is_announced: bool,
    files: &'r BTreeSet<String>,
    uploads: JoinSet<Result<Vec<(String, KnownObject)>, ObjectsError>>,
    stats: PublishStats,
}

impl<'r> Run<'r> {
    fn begin(
        target: &'r ObjectTarget,
        listing: &'r ObjectListing,
        files: &'r BTreeSet<String>,
        settings: &SiteSettings,
        runtime: &'r Handle,
    ) -> Result<Self, ObjectsError> {
        let (manifest, manifest_version) = runtime.block_on(read_manifest(target))?;
        for file in files {
            if listing.contains_key(file) && !manifest.objects.contains_key(file) {
                return Err(ObjectsError::NotOurs { object: target.object(file).to_string() });
            }
        }
        Ok(Self {
            target,
            listing,
            runtime,
            cache_control: format!("public, max-age={}", settings.max_age.as_secs()),
            manifest,
            manifest_version,
            is_announced: false,
            files,
            uploads: JoinSet::new(),
            stats: PublishStats::default(),
        })
    }

    /// Begins to upload a document with its precompressed versions, as far as they are not there.
    fn put(&mut self, file: &StaticFile, document: &RenderedDocument) -> Result<(), ObjectsError> {
        let cache_control = if file.name.contains("/archive/") {
            format!("public, max-age={ARCHIVE_AGE_S}")
        } else {
            self.cache_control.clone()
        };
        let digest = digest(document, &cache_control);
        let is_current = |name: &str| {
            self.manifest.objects.get(name).is_some_and(|known| {
                let present = self.listing.get(name).and_then(Option::as_deref);
                known.digest == digest && same_tag(present, known.e_tag.as_deref())
            })
        };
        let mut outdated: Vec<(String, Option<Compression>)> = file
            .compressed
            .iter()
            .map(|(name, compression)| (name.clone(), Some(*compression)))
            .chain([(file.name.clone(), None)])
            .collect();
        let all = outdated.len();
        outdated.retain(|(name, _)| !is_current(name));
        self.stats.unchanged += all - outdated.len();
        if outdated.is_empty() {
            return Ok(());
        }
        self.announce()?;
        while self.uploads.len() >= UPLOADS {
            self.wait_for_upload()?;
        }
        let outdated = outdated
            .into_iter()
            .map(|(name, compression)| {
                let mode = put_mode(self.listing.get(&name));
                Upload { name, compression, mode }
            })
            .collect();
        let body = bytes::Bytes::from(document.body.clone());
        let upload = upload_all(
            self.target.clone(),
            outdated,
            body,
            document.media_type,
            cache_control,
            digest,
        );
        self.uploads.spawn_on(upload, self.runtime);
        Ok(())
    }

    /// Lists the files of this run in the stored manifest, before the first of them is written.
    fn announce(&mut self) -> Result<(), ObjectsError> {
        if !self.is_announced {
            self.is_announced = true;
            if self.manifest.announce(self.files) {
                self.write_manifest()?;
            }
        }
        Ok(())
    }

    fn write_manifest(&mut self) -> Result<(), ObjectsError> {
        let object = self.target.object(MANIFEST);
        let mode = match self.manifest_version.clone() {
            Some(version) => PutMode::Update(version),
            None => PutMode::Create,
        };
        let attributes = attributes("application/json", "no-store".to_owned(), None);
        let payload = PutPayload::from(self.manifest.write());
        let put = put(self.target, &object, payload, attributes, mode);
        self.manifest_version = Some(self.runtime.block_on(put)?);
        Ok(())
    }

    fn wait_for_uploads(&mut self) -> Result<(), ObjectsError> {
        while !self.uploads.is_empty() {
            self.wait_for_upload()?;
        }
        Ok(())
    }

    fn wait_for_upload(&mut self) -> Result<(), ObjectsError> {
        match self.runtime.block_on(self.uploads.join_next()) {
            Some(Ok(uploaded)) => {
                for (name, known) in uploaded? {
                    self.manifest.objects.insert(name, known);
                    self.stats.written += 1;
                }
                Ok(())
            }
            Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
            None => Ok(()),
        }
    }

    /// Removes what is no longer published, and stores the manifest.
    fn finish(mut self, missing: &[String]) -> Result<PublishStats, ObjectsError> {
        let is_obsolete = |name: &&String| !self.files.contains(*name) || missing.contains(name);
        let obsolete: Vec<String> =
            self.manifest.objects.keys().filter(is_obsolete).cloned().collect();
        if obsolete.is_empty() && !self.is_announced {
            return Ok(self.stats);
        }
        self.announce()?;
        if !obsolete.is_empty() {
            // Another run may publish what this one removes. It has changed the manifest then.
            self.check_manifest()?;
            for name in obsolete {
                if self.listing.contains_key(&name) {
                    self.delete(&name)?;
                    self.stats.removed += 1;
                }
                self.manifest.objects.remove(&name);
            }
        }
        self.write_manifest()?;
        Ok(self.stats)
    }

    fn check_manifest(&self) -> Result<(), ObjectsError> {
        let object = self.target.object(MANIFEST);
        let failed = failed("read", &object);
        let found = match self.runtime.block_on(self.target.store.head(&object)) {
            Ok(found) => found.e_tag,
            Err(object_store::Error::NotFound { .. }) => None,
            Err(error) => return Err(failed(error)),
        };
        let own = self.manifest_version.as_ref().and_then(|version| version.e_tag.as_deref());
        if own.is_some() && !same_tag(found.as_deref(), own) {
            return Err(ObjectsError::Conflict { object: object.to_string() });
        }
        Ok(())
    }

    fn delete(&self, name: &str) -> Result<(), ObjectsError> {
        let object = self.target.object(name);
        match self.runtime.block_on(self.target.store.delete(&object)) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed("delete", &object)(error)),
        }
    }
}

async fn read_manifest(
    target: &ObjectTarget,
) -> Result<(Manifest, Option<UpdateVersion>), ObjectsError> {
    let object = target.object(MANIFEST);
    let failed = failed("read", &object);
    let found = match target.store.get(&object).await {
        Ok(found) => found,
        Err(object_store::Error::NotFound { .. }) => return Ok((Manifest::default(), None)),
        Err(error) => return Err(failed(error)),
    };
    let (e_tag, version) = (found.meta.e_tag.clone(), found.meta.version.clone());
    let text = found.bytes().await.map_err(failed)?;
    let manifest = Manifest::read(&text)
        .map_err(|source| ObjectsError::Manifest { object: object.to_string(), source })?;
    Ok((manifest, Some(UpdateVersion { e_tag, version })))
}

/// An object to write.
struct Upload {
    name: String,
    compression: Option<Compression>,
    mode: PutMode,
}

/// Uploads a document. The precompressed versions come first, so that a server that prefers them
/// does not send older ones.
async fn upload_all(
    target: ObjectTarget,
    uploads: Vec<Upload>,
    body: bytes::Bytes,
    media_type: &'static str,
    cache_control: String,
    digest: String,
) -> Result<Vec<(String, KnownObject)>, ObjectsError> {
    let mut written = Vec::new();
    for Upload { name, compression, mode } in uploads {
        let bytes = match compression {
            None => body.clone(),
            Some(compression) => compress(compression, body.clone()).await,
        };
        let attributes = attributes(media_type, cache_control.clone(), compression);
        let object = target.object(&name);
        let version = put(&target, &object, PutPayload::from(bytes), attributes, mode).await?;
        let known = KnownObject { digest: digest.clone(), e_tag: version.e_tag };
        written.push((name, known));
    }
    Ok(written)
}

async fn compress(compression: Compression, body: bytes::Bytes) -> bytes::Bytes {
    let work = move || compression.compress(&body, CompressionLevel::Best).into();
    match tokio::task::spawn_blocking(work).await {
        Ok(bytes) => bytes,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Returns the condition of a write: the object is what was found, or is still missing.
fn put_mode(found: Option<&Option<String>>) -> PutMode {
    match found {
        None => PutMode::Create,
        Some(Some(e_tag)) => {
            PutMode::Update(UpdateVersion { e_tag: Some(e_tag.clone()), version: None })
        }
        Some(None) => PutMode::Overwrite,
    }
}

async fn put(
    target: &ObjectTarget,
    object: &object_store::path::Path,
    payload: PutPayload,
    attributes: Attributes,
    mode: PutMode,
) -> Result<UpdateVersion, ObjectsError> {
    let options = PutOptions { mode, attributes, ..PutOptions::default() };
    let mut result = target.store.put_opts(object, payload.clone(), options.clone()).await;
    // Not every store that speaks the protocol of S3 knows conditions.
    if let Err(
        object_store::Error::NotImplemented { .. } | object_store::Error::NotSupported { .. },
    ) = &result
    {
        let options = PutOptions { mode: PutMode::Overwrite, ..options };
        result = target.store.put_opts(object, payload, options).await;
    }
    match result {
        Ok(done) => Ok(done.into()),
        Err(
            object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. },
        ) => Err(ObjectsError::Conflict { object: object.to_string() }),
        Err(error) => Err(failed("write", object)(error)),
    }
}

fn attributes(
    media_type: &'static str,
    cache_control: String,
    compression: Option<Compression>,
) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.insert(Attribute::ContentType, media_type.into());
    attributes.insert(Attribute::CacheControl, cache_control.into());
    if let Some(compression) = compression {
        attributes.insert(Attribute::ContentEncoding, compression.coding().into());
    }
    attributes
}

/// Returns a digest of what is stored of a document: its bytes and its headers.
fn digest(document: &RenderedDocument, cache_control: &str) -> String {
    let mut digest = blake3::Hasher::new();
    for part in [document.media_type, cache_control] {
        digest.update(part.as_bytes()).update(&[0]);
    }
    digest.update(&document.body);
    digest.finalize().to_hex()[..32].to_owned()
}

fn failed(
    what: &'static str,
    object: &object_store::path::Path,
) -> impl FnOnce(object_store::Error) -> ObjectsError + use<> {
    let object = object.to_string();
    move |source| ObjectsError::Object { what, object, source }
}
