//! Pages that look at the whole state, kept until anything is written: many who ask at once cost
//! one drawing.
//!
//! A page is kept with the version of the state and the settings that it was drawn from, and serves
//! while both are the same. While much is written, one version follows the other: a page of a large
//! state that took long to draw serves for some times as long, so that drawing leaves most of the
//! machine to others. Deliberately absent: pages of single stories and searches, which cost little
//! and are asked for once.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::site::{PageName, SiteSettings};

use super::{EncodedDocument, fifo_cache::FifoCache};

/// Pages kept at a time: each is some ten kilobytes.
const CAPACITY: usize = 64;

/// A drawing that takes so long is not done for every version.
const SLOW_RENDER: Duration = Duration::from_millis(200);
/// After such a one a page serves for so many times as long,
const REUSE_PER_RENDER_TIME: u32 = 4;
/// but no longer than this.
const MAX_REUSE: Duration = Duration::from_secs(10);

/// The pages that were drawn, by their paths.
#[derive(Default)]
pub(super) struct PageCache {
    pages: Mutex<FifoCache<CachedPage, CAPACITY>>,
    turn: tokio::sync::Mutex<()>,
}

struct CachedPage {
    version: i64,
    settings: Arc<SiteSettings>,
    /// Until then it serves, whatever the version is.
    until: Instant,
    held: Arc<EncodedDocument>,
}

impl PageCache {
    /// What a page is kept under; `None`: it is not kept.
    pub(super) fn path(name: &PageName) -> Option<String> {
        match name {
            PageName::Home | PageName::Topic(_) | PageName::Month { .. } | PageName::Sources(_) => {
                name.path()
            }
            PageName::Story(_) | PageName::Search(_) | PageName::PageError(_) => None,
        }
    }

    /// Whose turn it is to draw.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// The page as it was drawn from this version of the state, or a moment ago, under these
    /// settings.
    pub(super) fn find(
        &self,
        path: &str,
        version: i64,
        settings: &Arc<SiteSettings>,
    ) -> Option<Arc<EncodedDocument>> {
        let serves = |page: &CachedPage| page.version == version || Instant::now() < page.until;
        let pages = self.pages();
        pages
            .get(path)
            .filter(|page| serves(page) && Arc::ptr_eq(&page.settings, settings))
            .map(|page| page.held.clone())
    }

    /// Keeps a page that was drawn from this version or a later one, in this time.
    pub(super) fn insert(
        &self,
        path: String,
        version: i64,
        settings: Arc<SiteSettings>,
        took: Duration,
        held: Arc<EncodedDocument>,
    ) {
        let serves = if took < SLOW_RENDER {
            Duration::ZERO
        } else {
            MAX_REUSE.min(took * REUSE_PER_RENDER_TIME)
        };
        let until = Instant::now() + serves;
        self.pages().insert(path, CachedPage { version, settings, until, held });
    }

    /// What a panic left behind is whole: pages are put in one at a time.
    fn pages(&self) -> std::sync::MutexGuard<'_, FifoCache<CachedPage, CAPACITY>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::{Audience, CurrentRules, RenderedDocument};
    use topic_rules::Rules;

    fn held(path: &str) -> Arc<EncodedDocument> {
        Arc::new(EncodedDocument::new(RenderedDocument::new(
            path.to_owned(),
            "text/html",
            Vec::new(),
            None,
        )))
    }

    fn settings() -> Arc<SiteSettings> {
        Arc::new(SiteSettings {
            title: String::new(),
            base_url: "http://site.example/".parse().unwrap(),
            feed_id: String::new(),
            topics: Vec::new(),
            max_entries: 1,
            keep_within: Duration::ZERO,
            live: true,
            max_age: Duration::ZERO,
            rules: CurrentRules::fixed(Rules::compile(&[]).unwrap()),
            audience: Audience::default(),
        })
    }

    #[test]
    fn what_took_long_to_draw_serves_for_a_while_though_the_state_went_on() {
        let (drawn, settings) = (PageCache::default(), settings());
        drawn.insert("/".to_owned(), 1, settings.clone(), Duration::from_secs(60), held("/"));
        drawn.insert("/sources".to_owned(), 1, settings.clone(), SLOW_RENDER / 2, held("/sources"));
        let finds = |path, version, settings: &Arc<SiteSettings>| {
            drawn.find(path, version, settings).is_some()
        };
        assert!(finds("/", 1, &settings) && finds("/", 2, &settings));
        assert!(finds("/sources", 1, &settings) && !finds("/sources", 2, &settings));
        assert!(!finds("/", 1, &Arc::new((*settings).clone())), "other settings are another page");
        for n in 0..CAPACITY {
            drawn.insert(n.to_string(), 1, settings.clone(), Duration::ZERO, held("x"));
        }
        assert!(!finds("/", 1, &settings), "the oldest went");
    }
}
