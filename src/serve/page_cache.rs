//! A cache of the pages whose rendering reads the whole state.
//!
//! A page is valid for the version of the state and the settings that it was rendered from. If
//! rendering is slow, a page stays valid for some multiple of its rendering time whatever the
//! version is, so that a state that changes often does not keep the machine busy with rendering.
//! Pages of stories and searches are not cached: they are cheap and rarely requested twice.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::site::{PageName, SiteSettings};

use super::{encoded_document::EncodedDocument, fifo_cache::FifoCache};

/// The most cached pages. A page has about ten kilobytes.
const CAPACITY: usize = 64;

/// Rendering that takes longer is slow.
const SLOW_RENDER: Duration = Duration::from_millis(200);
/// A slow page is valid for this multiple of its rendering time.
const REUSE_PER_RENDER_TIME: u32 = 4;
/// The longest time that a slow page is valid for.
const MAX_REUSE: Duration = Duration::from_secs(10);

/// Rendered pages by their paths.
#[derive(Default)]
pub(super) struct PageCache {
    pages: FifoCache<CachedPage, CAPACITY>,
    render_lock: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct CachedPage {
    version: i64,
    settings: Arc<SiteSettings>,
    /// The page is valid until then, whatever the version is.
    valid_until: Instant,
    document: Arc<EncodedDocument>,
}

impl PageCache {
    /// Returns the key of a page, or `None` if it is not cached.
    pub(super) fn key(name: &PageName) -> Option<String> {
        match name {
            PageName::Home
            | PageName::Topic(_)
            | PageName::Month { .. }
            | PageName::Sources(_)
            | PageName::Source(..)
            | PageName::Unsorted(_) => name.path(),
            PageName::Story(_) | PageName::Search(_) | PageName::Error(_) => None,
        }
    }

    /// Waits until no other request renders a cached page. Requests for the same page then find the
    /// page that the first one rendered.
    pub(super) async fn lock_rendering(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.render_lock.lock().await
    }

    /// Returns the page, if it is valid for this version and these settings.
    pub(super) fn get(
        &self,
        key: &str,
        version: i64,
        settings: &Arc<SiteSettings>,
    ) -> Option<Arc<EncodedDocument>> {
        let page = self.pages.get(key)?;
        let is_valid = page.version == version || Instant::now() < page.valid_until;
        (is_valid && Arc::ptr_eq(&page.settings, settings)).then_some(page.document)
    }

    /// Stores a page that was rendered from this version or a later one.
    pub(super) fn insert(
        &self,
        key: String,
        version: i64,
        settings: Arc<SiteSettings>,
        render_time: Duration,
        document: Arc<EncodedDocument>,
    ) {
        let reuse = if render_time < SLOW_RENDER {
            Duration::ZERO
        } else {
            MAX_REUSE.min(render_time * REUSE_PER_RENDER_TIME)
        };
        let valid_until = Instant::now() + reuse;
        self.pages.insert(key, CachedPage { version, settings, valid_until, document });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::{Audience, CurrentRules, RenderedDocument};
    use feed_model::AttributionMode;
    use topic_rules::Rules;

    fn document(path: &str) -> Arc<EncodedDocument> {
        let rendered = RenderedDocument::new(path.to_owned(), "text/html", Vec::new(), None);
        Arc::new(EncodedDocument::new(rendered))
    }

    fn settings() -> Arc<SiteSettings> {
        Arc::new(SiteSettings {
            title: String::new(),
            base_url: "http://site.example/".parse().unwrap(),
            feed_id: String::new(),
            topics: Vec::new(),
            max_entries: 1,
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
        })
    }

    #[test]
    fn a_slow_page_is_valid_for_a_while_after_the_state_changed() {
        let (cache, settings) = (PageCache::default(), settings());
        let fast = SLOW_RENDER / 2;
        cache.insert("/".to_owned(), 1, settings.clone(), Duration::from_secs(60), document("/"));
        cache.insert("/sources".to_owned(), 1, settings.clone(), fast, document("/sources"));
        let has = |key, version, settings: &Arc<SiteSettings>| {
            cache.get(key, version, settings).is_some()
        };
        assert!(has("/", 1, &settings) && has("/", 2, &settings));
        assert!(has("/sources", 1, &settings) && !has("/sources", 2, &settings));
        assert!(!has("/", 1, &Arc::new((*settings).clone())), "other settings, another page");
        for n in 0..CAPACITY {
            cache.insert(n.to_string(), 1, settings.clone(), Duration::ZERO, document("x"));
        }
        assert!(!has("/", 1, &settings), "the oldest page was dropped");
    }
}
