//! Pages that look at the whole state, kept until anything is written: many who ask at once cost one drawing.
//!
//! A page is kept with the version of the state and the settings that it was drawn from, and serves while both are the same.
//! Deliberately absent: pages of single stories and searches, which cost little and are asked for once.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use crate::site::{PageName, Settings};

use super::Held;

/// Pages kept at a time: each is some ten kilobytes.
const MOST: usize = 64;

/// The pages that were drawn, the oldest first to go.
#[derive(Default)]
pub(super) struct Drawn {
    pages: Mutex<VecDeque<Page>>,
    turn: tokio::sync::Mutex<()>,
}

struct Page {
    path: String,
    version: i64,
    settings: Arc<Settings>,
    held: Arc<Held>,
}

impl Drawn {
    /// What a page is kept under; `None`: it is not kept.
    pub(super) fn path(name: &PageName) -> Option<String> {
        match name {
            PageName::Home | PageName::Topic(_) | PageName::Month { .. } | PageName::Sources(_) => name.path(),
            PageName::Story(_) | PageName::Search(_) | PageName::Fault(_) => None,
        }
    }

    /// Whose turn it is to draw.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// The page as it was drawn from this version of the state under these settings.
    pub(super) fn find(&self, path: &str, version: i64, settings: &Arc<Settings>) -> Option<Arc<Held>> {
        let is_it = |page: &&Page| page.path == path && page.version == version && Arc::ptr_eq(&page.settings, settings);
        self.pages().iter().find(is_it).map(|page| page.held.clone())
    }

    /// Keeps a page that was drawn from this version or a later one.
    pub(super) fn keep(&self, path: String, version: i64, settings: Arc<Settings>, held: Arc<Held>) {
        let mut pages = self.pages();
        pages.retain(|page| page.path != path);
        pages.push_back(Page { path, version, settings, held });
        if pages.len() > MOST {
            pages.pop_front();
        }
    }

    /// What a panic left behind is whole: pages are put in one at a time.
    fn pages(&self) -> std::sync::MutexGuard<'_, VecDeque<Page>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
