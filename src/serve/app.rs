//! The served site: rendered documents in memory, and the stored state for everything else.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use arc_swap::ArcSwap;

use feed_model::{SourceId, TopicId};
use feed_publisher::{Addresses, DigestPeriod, FeedFormat, pages::PageError};

use crate::{
    compression::CompressionLevel,
    push::Inbox,
    site::{
        self, ArchiveLookup, Audience, FeedSearch, PageName, RenderedDocument, SiteSettings,
        digest_feed, page, search_feed, union_feed,
    },
    store::{Store, StoreError, StoryDigests},
    telemetry::HttpMetrics,
};

use super::{
    access::Access, encoded_document::EncodedDocument, fifo_cache::FifoCache, health::Health,
    page_cache::PageCache,
};

/// Feeds that were rendered on request, unions and searches, by their paths. What is dropped is
/// rendered again on the next request.
type RequestedFeeds = FifoCache<Arc<EncodedDocument>, 64>;

/// The contents of such feeds that were sent to readers, by their entity tags. Requests store
/// nothing, so this is in memory only. A reader with an unknown tag gets the whole document. Each
/// story takes a few bytes.
type RequestedInstances = FifoCache<Arc<StoryDigests>, 512>;

/// The served site. Clones are cheap and share its state.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
    /// The settings for the audience of the request; `None` for the public.
    audience_settings: Option<Arc<SiteSettings>>,
}

struct Inner {
    store: Store,
    settings: ArcSwap<SiteSettings>,
    /// Counts the changes of the settings.
    settings_number: AtomicU64,
    access: ArcSwap<Access>,
    requested_instances: RequestedInstances,
    pages: PageCache,
    documents: ArcSwap<Documents>,
    health: Health,
    metrics: HttpMetrics,
    /// Topics whose feeds are known to have been fetched.
    fetched: Mutex<BTreeSet<TopicId>>,
    /// Takes what subscribers send; none if nothing would answer them.
    inbox: OnceLock<Inbox>,
}

/// One generation of documents, with the feeds that were rendered from it on request.
#[derive(Default)]
struct Documents {
    by_path: HashMap<String, Arc<EncodedDocument>>,
    retired: Vec<TopicId>,
    requested: RequestedFeeds,
    /// Counts the generations.
    number: u64,
}

/// A page and its status code.
type PageResponse = (u16, Arc<EncodedDocument>);

impl App {
    /// Returns a site of a store, without documents.
    pub fn new(store: Store, settings: SiteSettings, health: Health) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                settings: ArcSwap::from_pointee(settings),
                settings_number: AtomicU64::default(),
                access: ArcSwap::from_pointee(Access::default()),
                requested_instances: RequestedInstances::default(),
                pages: PageCache::default(),
                documents: ArcSwap::from_pointee(Documents::default()),
                health,
                metrics: HttpMetrics::default(),
                fetched: Mutex::default(),
                inbox: OnceLock::new(),
            }),
            audience_settings: None,
        }
    }

    /// Returns the store.
    pub(super) fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Returns the metrics of requests.
    pub fn metrics(&self) -> &HttpMetrics {
        &self.inner.metrics
    }

    /// Replaces all documents in one step. Unchanged documents are not compressed again. This
    /// compresses documents, so call it from a blocking thread.
    pub fn replace(&self, documents: Vec<RenderedDocument>, retired: Vec<TopicId>) {
        let before = self.inner.documents.load_full();
        let by_path = documents
            .into_iter()
            .map(|document| {
                let unchanged = before.by_path.get(&document.path).filter(|known| {
                    known.etag == document.etag
                        && known.last_modified == document.last_modified
                        && known.media_type == document.media_type
                });
                let encoded =
                    unchanged.cloned().unwrap_or_else(|| Arc::new(EncodedDocument::new(document)));
                (encoded.path.clone(), encoded)
            })
            .collect();
        let requested = RequestedFeeds::default();
        let number = before.number + 1;
        self.inner.documents.store(Arc::new(Documents { by_path, retired, requested, number }));
    }

    /// Replaces the settings after feeds.toml was reloaded. Call [`App::replace`] afterwards.
    pub fn set_settings(&self, settings: SiteSettings) {
        self.inner.settings_number.fetch_add(1, Ordering::Relaxed);
        self.inner.settings.store(Arc::new(settings));
    }

    /// Replaces the tokens of private topics.
    pub fn set_access(&self, access: Access) {
        self.inner.access.store(Arc::new(access));
    }

    /// Accepts requests to the hub from now on.
    pub fn set_inbox(&self, inbox: Inbox) {
        // It is set once, at the start.
        let _ = self.inner.inbox.set(inbox);
    }

    pub(super) fn inbox(&self) -> Option<&Inbox> {
        self.inner.inbox.get()
    }

    pub(super) fn access(&self) -> Arc<Access> {
        self.inner.access.load_full()
    }

    /// Returns the same site for another audience.
    pub(super) fn for_audience(&self, audience: Audience) -> Self {
        let settings = self.inner.settings.load().for_audience(audience);
        Self { inner: self.inner.clone(), audience_settings: Some(Arc::new(settings)) }
    }

    /// Returns the current settings.
    pub fn settings(&self) -> Arc<SiteSettings> {
        self.audience_settings.clone().unwrap_or_else(|| self.inner.settings.load_full())
    }

    pub(super) fn health(&self) -> &Health {
        &self.inner.health
    }

    /// Whether no documents were rendered yet.
    pub fn is_empty(&self) -> bool {
        self.inner.documents.load().by_path.is_empty()
    }

    pub(super) fn document(&self, path: &str) -> Option<Arc<EncodedDocument>> {
        self.inner.documents.load().by_path.get(path).cloned()
    }

    pub(super) fn documents_with_hub(&self) -> Vec<(String, String)> {
        let documents = self.inner.documents.load();
        let named = documents.by_path.values().filter(|document| document.hub.is_some());
        named.map(|document| (document.path.clone(), document.etag.clone())).collect()
    }

    /// Returns the number of the current generation of documents.
    pub(super) fn generation(&self) -> u64 {
        self.inner.documents.load().number
    }

    /// Returns how often the settings changed.
    pub(super) fn settings_number(&self) -> u64 {
        self.inner.settings_number.load(Ordering::Relaxed)
    }

    pub(super) fn retired(&self) -> Vec<TopicId> {
        self.inner.documents.load().retired.clone()
    }

    /// Records that feeds of these topics were fetched. Only the first request of each topic stores
    /// something.
    pub(super) async fn mark_fetched(&self, topics: &[TopicId]) {
        let new: Vec<TopicId> = {
            let fetched = self.inner.fetched.lock().unwrap_or_else(PoisonError::into_inner);
            let is_new = |topic: &&TopicId| !topic.is_all() && !fetched.contains(*topic);
            topics.iter().filter(is_new).cloned().collect()
        };
        // While writing does not work, only the probe of the store tries again.
        if new.is_empty() || self.inner.store.write_fault().is_some() {
            return;
        }
        let stored = new.clone();
        match self.blocking(move |store, _| store.mark_fetched(&stored)).await {
            Ok(()) => {
                let mut fetched = self.inner.fetched.lock().unwrap_or_else(PoisonError::into_inner);
                fetched.extend(new);
            }
            // The next request tries again.
            Err(error) => tracing::debug!(
                error = &error as &dyn std::error::Error,
                "cannot record a fetched feed"
            ),
        }
    }

    /// Returns a feed. The feed of a topic is rendered in advance; a union, and every feed below a
    /// token, is rendered on request and cached. `None` if no documents are rendered yet.
    pub(super) async fn feed(
        &self,
        members: Vec<TopicId>,
        format: FeedFormat,
    ) -> Result<Option<Arc<EncodedDocument>>, StoreError> {
        let settings = self.settings();
        let documents = self.inner.documents.load_full();
        let name = members.iter().map(TopicId::as_str).collect::<Vec<_>>().join("+");
        let path = Addresses::feed_path(&name, format);
        if members.len() == 1 && settings.audience.token.is_none() {
            return Ok(documents.by_path.get(&path).cloned());
        }
        // Below a token, the document contains other addresses.
        let key = settings.addresses().rooted(&path);
        if let Some(union) = documents.requested.get(&key) {
            return Ok(Some(union));
        }
        // A union changes when one of its members does. Requests store nothing.
        let changed = |id: &TopicId| {
            documents.by_path.get(&Addresses::feed_path(id.as_str(), format))?.last_modified
        };
        let Some(updated) = members.iter().filter_map(changed).max() else {
            return Ok(None);
        };
        let rendered = self
            .blocking(move |store, settings| {
                store.read(|reader| union_feed(reader, settings, &members, format, updated))
            })
            .await?;
        let union = self.keep_instance(rendered);
        documents.requested.insert(key, union.clone());
        Ok(Some(union))
    }

    /// Returns the part of a feed that is new to a reader that has one of these instances (RFC
    /// 3229). `None` if none of the instances is known or if all stories are new.
    pub(super) async fn delta(
        &self,
        document: &EncodedDocument,
        etags: Vec<String>,
    ) -> Result<Option<EncodedDocument>, StoreError> {
        let Some(feed) = document.feed.clone() else {
            return Ok(None);
        };
        let path = document.path.clone();
        let requested_instance =
            etags.iter().find_map(|etag| self.inner.requested_instances.get(etag));
        let body = self
            .blocking(move |store, _| {
                if let Some(known) = requested_instance {
                    return Ok(feed.delta(&known));
                }
                let known = store.read(|reader| {
                    for etag in &etags {
                        if let Some(known) = reader.instance(&path, etag)? {
                            return Ok(Some(known));
                        }
                    }
                    Ok(None)
                })?;
                Ok(known.and_then(|known| feed.delta(&known)))
            })
            .await?;
        // The entity tag is that of the whole document: the reader sends it with the next request
        // (RFC 3229 §10.5.2).
        let part = |body| {
            let (path, last_modified) = (document.path.clone(), document.last_modified);
            RenderedDocument {
                etag: document.etag.clone(),
                ..RenderedDocument::new(path, document.media_type, body, last_modified)
            }
        };
        Ok(body.map(|body| EncodedDocument::encode(part(body), CompressionLevel::Fast)))
    }

    /// Returns an archive of a topic.
    pub(super) async fn archive(
        &self,
        topic: TopicId,
        number: u64,
    ) -> Result<ArchiveLookup, StoreError> {
        self.blocking(move |store, settings| {
            store.read(|reader| site::archive(reader, settings, &topic, number))
        })
        .await
    }

    /// Returns a search as a feed. It is rendered on request and cached.
    pub(super) async fn search(
        &self,
        search: FeedSearch,
        format: FeedFormat,
    ) -> Result<Arc<EncodedDocument>, StoreError> {
        let settings = self.settings();
        let documents = self.inner.documents.load_full();
        let key = settings.addresses().rooted(&search.path(format));
        // A query may name topics that only some audiences see. The addresses of an audience
        // without a token in the path are those of the public.
        let is_cached = settings.audience.is_public() || settings.audience.token.is_some();
        if let Some(known) = documents.requested.get(&key).filter(|_| is_cached) {
            return Ok(known);
        }
        let rendered = self
            .blocking(move |store, settings| {
                store.read(|reader| search_feed(reader, settings, &search, format))
            })
            .await?;
        let document = self.keep_instance(rendered);
        if is_cached {
            documents.requested.insert(key, document.clone());
        }
        Ok(document)
    }

    /// Returns the digests of a topic. They are rendered on request and cached. `None` if there is
    /// no such topic.
    pub(super) async fn digests(
        &self,
        topic: TopicId,
        period: DigestPeriod,
        format: FeedFormat,
    ) -> Result<Option<Arc<EncodedDocument>>, StoreError> {
        let documents = self.inner.documents.load_full();
        let path = Addresses::digest_path(topic.as_str(), period, format);
        let key = self.settings().addresses().rooted(&path);
        if let Some(known) = documents.requested.get(&key) {
            return Ok(Some(known));
        }
        let rendered = self
            .blocking(move |store, settings| {
                store.read(|reader| digest_feed(reader, settings, &topic, period, format))
            })
            .await?;
        Ok(rendered.map(|rendered| {
            let document = Arc::new(EncodedDocument::encode(rendered, CompressionLevel::Fast));
            documents.requested.insert(key, document.clone());
            document
        }))
    }

    /// Encodes a feed that was rendered on request, and remembers its stories for later deltas.
    fn keep_instance(&self, rendered: RenderedDocument) -> Arc<EncodedDocument> {
        if let Some(feed) = &rendered.feed {
            let digests = Arc::new(feed.story_digests());
            self.inner.requested_instances.insert(rendered.etag.clone(), digests);
        }
        Arc::new(EncodedDocument::encode(rendered, CompressionLevel::Fast))
    }

    /// Returns the icon of a public source.
    pub(super) async fn source_icon(
        &self,
        source: SourceId,
    ) -> Result<Option<EncodedDocument>, StoreError> {
        let icon = self
            .blocking(move |store, _| store.read(|reader| site::source_icon(reader, &source)))
            .await?;
        Ok(icon.map(|icon| EncodedDocument::encode(icon, CompressionLevel::Fast)))
    }

    /// Returns a page, from the cache if possible. If the page does not exist or cannot be
    /// rendered, returns an error page.
    pub(super) async fn page(&self, name: PageName) -> PageResponse {
        // Pages for an audience other than the public are not cached.
        let key = if self.audience_settings.is_none() { PageCache::key(&name) } else { None };
        let page = match key {
            Some(key) => self.cached_page(key, name).await,
            None => self.render_page(name).await,
        };
        page.unwrap_or_else(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot render page");
            (500, Arc::new(error_page(&self.settings(), &PageError::Internal)))
        })
    }

    /// Returns a page from the cache, or renders and caches it. Concurrent requests wait for one
    /// rendering.
    async fn cached_page(&self, key: String, name: PageName) -> Result<PageResponse, StoreError> {
        if let (_, Some(document)) = self.lookup_cached(&key).await? {
            return Ok((200, document));
        }
        let _rendering = self.inner.pages.lock_rendering().await;
        let settings = self.settings();
        let (version, document) = self.lookup_cached(&key).await?;
        if let Some(document) = document {
            return Ok((200, document));
        }
        let started = Instant::now();
        let (status, document) = self.render_page(name).await?;
        if status == 200 {
            let pages = &self.inner.pages;
            pages.insert(key, version, settings, started.elapsed(), document.clone());
        }
        Ok((status, document))
    }

    /// Returns the version of the state, and the cached page if it is valid for this version.
    async fn lookup_cached(
        &self,
        key: &str,
    ) -> Result<(i64, Option<Arc<EncodedDocument>>), StoreError> {
        let version = self.blocking(|store, _| store.version()).await?;
        Ok((version, self.inner.pages.get(key, version, &self.settings())))
    }

    async fn render_page(&self, name: PageName) -> Result<PageResponse, StoreError> {
        let status = if let PageName::Error(error) = &name { error.status() } else { 200 };
        let (status, document) = self
            .blocking(move |store, settings| {
                let rendered = store.read(|reader| page(reader, settings, &name))?;
                Ok(match rendered {
                    Some(rendered) => {
                        (status, EncodedDocument::encode(rendered, CompressionLevel::Fast))
                    }
                    None => (404, error_page(settings, &PageError::NotFound)),
                })
            })
            .await?;
        Ok((status, Arc::new(document)))
    }

    /// Runs `work` on a blocking thread.
    async fn blocking<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Store, &SiteSettings) -> Result<T, StoreError> + Send + 'static,
    {
        let inner = self.inner.clone();
        let settings = self.settings();
        match tokio::task::spawn_blocking(move || work(&inner.store, &settings)).await {
            Ok(result) => result,
            // The task is never cancelled, so it panicked. The panic ends this request only.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

/// Renders an error page. It needs the settings only, so it works if the state cannot be read.
fn error_page(settings: &SiteSettings, error: &PageError) -> EncodedDocument {
    EncodedDocument::encode(site::error_page(settings, error), CompressionLevel::Fast)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use feed_model::AttributionMode;
    use topic_rules::Rules;

    use super::*;
    use crate::{site::CurrentRules, store::WindowPolicy};

    fn settings() -> SiteSettings {
        SiteSettings {
            title: "Planet".to_owned(),
            base_url: "https://planet.example/".parse().unwrap(),
            feed_id: "tag:planet.example,2026:topics".to_owned(),
            topics: Vec::new(),
            max_entries: 50,
            keep_within: Duration::ZERO,
            hub: crate::config::Hub::None,
            icons: Arc::default(),
            images: false,
            attribution: AttributionMode::default(),
            timezone: feed_model::TimeZone::UTC,
            live: true,
            max_age: Duration::ZERO,
            rules: CurrentRules::fixed(Rules::compile(&[]).unwrap()),
            audience: Audience::default(),
        }
    }

    #[tokio::test]
    async fn a_page_is_rendered_once_until_the_state_or_the_settings_change() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let app = App::new(store.clone(), settings(), Health::new());
        let all = || PageName::Topic(vec![TopicId::all()]);

        let requests = (0..20).map(|_| app.page(all()));
        let pages = futures_util::future::join_all(requests).await;
        let (status, first) = &pages[0];
        assert_eq!(*status, 200);
        assert!(pages.iter().all(|(_, page)| Arc::ptr_eq(page, first)), "one rendering for all");
        let (_, home) = app.page(PageName::Home).await;
        assert!(!Arc::ptr_eq(&home, first), "each page is cached on its own");
        assert!(Arc::ptr_eq(&app.page(PageName::Home).await.1, &home));

        let window = WindowPolicy { max_entries: 50, keep_within: Duration::ZERO };
        let now = "2026-03-01T00:00:00Z".parse().unwrap();
        store.sync_config(&[], &[], window, now).unwrap();
        let (_, second) = app.page(all()).await;
        assert!(!Arc::ptr_eq(&second, first), "the state changed");
        assert!(Arc::ptr_eq(&app.page(all()).await.1, &second));

        app.set_settings(settings());
        let (_, third) = app.page(all()).await;
        assert!(!Arc::ptr_eq(&third, &second), "the settings changed");

        let search = || PageName::Search("kafka".to_owned());
        let (search_1, search_2) = (app.page(search()).await.1, app.page(search()).await.1);
        assert!(!Arc::ptr_eq(&search_1, &search_2), "searches are not cached");
    }
}
