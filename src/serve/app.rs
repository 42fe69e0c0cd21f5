//! What answers: the documents held ready, and the way to the stored state for what is not.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use arc_swap::ArcSwap;

use crate::{
    site::{
        self, ArchiveLookup, Audience, CompressionLevel, PageName, RenderedDocument, SiteSettings,
        SnapshotSource, page, search_feed, union_feed,
    },
    store::{StoreError, StoryDigests},
};
use feed_model::TopicId;
use feed_publisher::{Addresses, FeedFormat, pages::PageError};

use super::{Access, EncodedDocument, Health, fifo_cache::FifoCache, page_cache::PageCache};

/// Unions by their paths: each is three documents at most, made again when it is asked for.
type Unions = FifoCache<Arc<EncodedDocument>, 32>;

/// What instances of unions held that were handed out, by their tags, which are those of the bytes:
/// reading stores nothing, so they are kept in memory and a restart forgets them. Who comes with a
/// forgotten one is sent the whole. Of one story it is a few bytes each.
type Instances = FifoCache<StoryDigests, 512>;

/// The site as it is now. Cheap to clone; every clone answers the same.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
    /// The settings for whoever asks, where that is not anybody.
    view: Option<Arc<SiteSettings>>,
}

struct Inner {
    snapshot: Arc<dyn SnapshotSource>,
    settings: ArcSwap<SiteSettings>,
    access: ArcSwap<Access>,
    instances: Mutex<Instances>,
    drawn: PageCache,
    documents: ArcSwap<Documents>,
    health: Health,
}

/// One generation of documents, with the unions that were made of it.
#[derive(Default)]
struct Documents {
    by_path: HashMap<String, Arc<EncodedDocument>>,
    retired: Vec<TopicId>,
    unions: Mutex<Unions>,
}

impl App {
    /// A site without documents yet, over a stored state.
    pub fn new(snapshot: Arc<dyn SnapshotSource>, settings: SiteSettings, health: Health) -> Self {
        let documents = ArcSwap::from_pointee(Documents::default());
        let (settings, access) =
            (ArcSwap::from_pointee(settings), ArcSwap::from_pointee(Access::default()));
        let (instances, drawn) = (Mutex::default(), PageCache::default());
        Self {
            inner: Arc::new(Inner {
                snapshot,
                settings,
                access,
                instances,
                drawn,
                documents,
                health,
            }),
            view: None,
        }
    }

    /// Puts new documents in the place of all that were held, in one step. What did not change is
    /// not compressed again. Takes as long as compressing does: call it from a blocking thread.
    pub fn replace(&self, renderings: Vec<RenderedDocument>, retired: Vec<TopicId>) {
        let before = self.inner.documents.load_full();
        let by_path = renderings
            .into_iter()
            .map(|rendering| {
                let same = before.by_path.get(&rendering.path).filter(|held| {
                    held.etag == rendering.etag
                        && held.last_modified == rendering.last_modified
                        && held.media_type == rendering.media_type
                });
                let held =
                    same.cloned().unwrap_or_else(|| Arc::new(EncodedDocument::new(rendering)));
                (held.path.clone(), held)
            })
            .collect();
        self.inner.documents.store(Arc::new(Documents {
            by_path,
            retired,
            unions: Mutex::default(),
        }));
    }

    /// Puts new settings in force: after feeds.toml was read again. Documents follow with
    /// [`App::replace`].
    pub fn set_settings(&self, settings: SiteSettings) {
        self.inner.settings.store(Arc::new(settings));
    }

    /// Puts new tokens of private topics in force.
    pub fn set_access(&self, access: Access) {
        self.inner.access.store(Arc::new(access));
    }

    pub(super) fn access(&self) -> Arc<Access> {
        self.inner.access.load_full()
    }

    /// The same site for other eyes.
    pub(super) fn for_audience(&self, audience: Audience) -> Self {
        let view = self.inner.settings.load().for_audience(audience);
        Self { inner: self.inner.clone(), view: Some(Arc::new(view)) }
    }

    /// The settings in force.
    pub fn settings(&self) -> Arc<SiteSettings> {
        self.view.clone().unwrap_or_else(|| self.inner.settings.load_full())
    }

    pub(super) fn health(&self) -> &Health {
        &self.inner.health
    }

    /// Whether documents were ever rendered.
    pub(super) fn is_empty(&self) -> bool {
        self.inner.documents.load().by_path.is_empty()
    }

    pub(super) fn document(&self, path: &str) -> Option<Arc<EncodedDocument>> {
        self.inner.documents.load().by_path.get(path).cloned()
    }

    pub(super) fn retired(&self) -> Vec<TopicId> {
        self.inner.documents.load().retired.clone()
    }

    /// A feed: of one topic held ready, else made now or held from before. `None`: there is nothing
    /// rendered yet.
    pub(super) async fn feed(
        &self,
        members: Vec<TopicId>,
        format: FeedFormat,
    ) -> Result<Option<Arc<EncodedDocument>>, StoreError> {
        let settings = self.settings();
        let documents = self.inner.documents.load_full();
        let name = members.iter().map(TopicId::as_str).collect::<Vec<_>>().join("+");
        if members.len() == 1 && settings.audience.token.is_none() {
            return Ok(documents.by_path.get(&Addresses::feed_path(&name, format)).cloned());
        }
        // The addresses in it are others below a token.
        let path = settings.addresses().rooted(&Addresses::feed_path(&name, format));
        if let Some(held) = documents.unions().get(&path) {
            return Ok(Some(held.clone()));
        }
        // A union changes when a member does: nothing is stored because somebody read.
        let changed = |id: &TopicId| {
            documents.by_path.get(&Addresses::feed_path(id.as_str(), format))?.last_modified
        };
        let Some(updated) = members.iter().filter_map(changed).max() else {
            return Ok(None);
        };
        let rendering = self
            .blocking(move |open, settings| {
                open.read(|snapshot| union_feed(snapshot, settings, &members, format, updated))
            })
            .await?;
        if let Some(feed) = &rendering.feed {
            self.instances().insert(rendering.etag.clone(), feed.story_digests());
        }
        let held = Arc::new(EncodedDocument::encode(rendering, CompressionLevel::Fast));
        documents.unions().insert(path, held.clone());
        Ok(Some(held))
    }

    /// The part of a feed that is new to a reader who has one of these instances; `None`: none of
    /// them is remembered, or everything is new, and the whole is to be sent.
    pub(super) async fn delta(
        &self,
        held: &EncodedDocument,
        tags: Vec<String>,
    ) -> Result<Option<EncodedDocument>, StoreError> {
        let Some(feed) = held.feed.clone() else {
            return Ok(None);
        };
        let path = held.path.clone();
        let handed_out = {
            let instances = self.instances();
            tags.iter().find_map(|tag| instances.get(tag)).cloned()
        };
        let body = self
            .blocking(move |open, _| {
                if let Some(known) = handed_out {
                    return Ok(feed.delta(&known));
                }
                let known = open.read(|snapshot| {
                    for tag in &tags {
                        if let Some(known) = snapshot.instance(&path, tag)? {
                            return Ok(Some(known));
                        }
                    }
                    Ok(None)
                })?;
                Ok(known.and_then(|known| feed.delta(&known)))
            })
            .await?;
        // The tag is that of the whole: with it the reader asks the next time (RFC 3229 §10.5.2).
        let part = |body| RenderedDocument {
            etag: held.etag.clone(),
            ..RenderedDocument::new(held.path.clone(), held.media_type, body, held.last_modified)
        };
        Ok(body.map(|body| EncodedDocument::encode(part(body), CompressionLevel::Fast)))
    }

    /// An archive of a topic, as it is kept.
    pub(super) async fn archive(
        &self,
        topic: TopicId,
        number: u64,
    ) -> Result<ArchiveLookup, StoreError> {
        self.blocking(move |open, settings| {
            open.read(|snapshot| site::archive(snapshot, settings, &topic, number))
        })
        .await
    }

    /// A search as a feed, made now.
    pub(super) async fn search(&self, text: String) -> Result<EncodedDocument, StoreError> {
        let rendering = self
            .blocking(move |open, settings| {
                open.read(|snapshot| search_feed(snapshot, settings, &text))
            })
            .await?;
        Ok(EncodedDocument::encode(rendering, CompressionLevel::Fast))
    }

    /// A page, drawn now or, where nothing was written since, before; a story that is not there is
    /// a fault's page, and so is a state that cannot be read.
    pub(super) async fn page(&self, name: PageName) -> (u16, Arc<EncodedDocument>) {
        // What a few see is drawn for them alone.
        let path = if self.view.is_none() { PageCache::path(&name) } else { None };
        let made = match path {
            Some(path) => self.drawn(path, name).await,
            None => self.render_page(name).await,
        };
        made.unwrap_or_else(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "a page could not be made");
            (500, Arc::new(error_page(&self.settings(), &PageError::Internal)))
        })
    }

    /// A page that looks at the whole state: drawn by one of those who ask at a time, for all of
    /// them.
    async fn drawn(
        &self,
        path: String,
        name: PageName,
    ) -> Result<(u16, Arc<EncodedDocument>), StoreError> {
        if let Some(held) = self.lookup_cached(&path).await?.1 {
            return Ok((200, held));
        }
        let _turn = self.inner.drawn.turn().await;
        let settings = self.settings();
        let (version, held) = self.lookup_cached(&path).await?;
        if let Some(held) = held {
            return Ok((200, held));
        }
        let begun = Instant::now();
        let (status, held) = self.render_page(name).await?;
        if let (200, Some(version)) = (status, version) {
            self.inner.drawn.insert(path, version, settings, begun.elapsed(), held.clone());
        }
        Ok((status, held))
    }

    /// The state's version, and the page as it was drawn from that.
    async fn lookup_cached(
        &self,
        path: &str,
    ) -> Result<(Option<i64>, Option<Arc<EncodedDocument>>), StoreError> {
        let version = self.blocking(|open, _| open.version()).await?;
        Ok((
            version,
            version.and_then(|version| self.inner.drawn.find(path, version, &self.settings())),
        ))
    }

    async fn render_page(&self, name: PageName) -> Result<(u16, Arc<EncodedDocument>), StoreError> {
        let status = if let PageName::PageError(fault) = &name { fault.status() } else { 200 };
        let made = self.blocking(move |open, settings| {
            let made = open.read(|snapshot| page(snapshot, settings, &name))?;
            Ok(match made {
                Some(rendering) => {
                    (status, EncodedDocument::encode(rendering, CompressionLevel::Fast))
                }
                None => (404, error_page(settings, &PageError::NotFound)),
            })
        });
        made.await.map(|(status, held)| (status, Arc::new(held)))
    }

    /// What a panic left behind is whole: entries are put in one at a time.
    fn instances(&self) -> std::sync::MutexGuard<'_, Instances> {
        self.inner.instances.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn blocking<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&dyn SnapshotSource, &SiteSettings) -> Result<T, StoreError> + Send + 'static,
    {
        let inner = self.inner.clone();
        let settings = self.settings();
        let ran = tokio::task::spawn_blocking(move || work(&*inner.snapshot, &settings)).await;
        match ran {
            Ok(done) => done,
            // The task is never cancelled: it panicked, and that is this request's failure alone.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

impl Documents {
    /// What a panic left behind is whole: entries are put in one at a time.
    fn unions(&self) -> std::sync::MutexGuard<'_, Unions> {
        self.unions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The page of a fault needs the settings alone, so that there is one even when the state cannot be
/// read.
fn error_page(settings: &SiteSettings, fault: &PageError) -> EncodedDocument {
    EncodedDocument::encode(site::error_page(settings, fault), CompressionLevel::Fast)
}
