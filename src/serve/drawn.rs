//! Pages that look at the whole state, kept until anything is written: many who ask at once cost one drawing.
//!
//! A page is kept with the version of the state and the settings that it was drawn from, and serves while both are the same.
//! While much is written, one version follows the other: a page of a large state that took long to draw serves for some times
//! as long, so that drawing leaves most of the machine to others.
//! Deliberately absent: pages of single stories and searches, which cost little and are asked for once.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::site::{PageName, Settings};

use super::{Held, kept::Kept};

/// Pages kept at a time: each is some ten kilobytes.
const MOST: usize = 64;

/// A drawing that takes so long is not done for every version.
const LONG: Duration = Duration::from_millis(200);
/// After such a one a page serves for so many times as long,
const SERVES_FOR_DRAWINGS: u32 = 4;
/// but no longer than this.
const SERVES_AT_MOST: Duration = Duration::from_secs(10);

/// The pages that were drawn, by their paths.
#[derive(Default)]
pub(super) struct Drawn {
    pages: Mutex<Kept<Page, MOST>>,
    turn: tokio::sync::Mutex<()>,
}

struct Page {
    version: i64,
    settings: Arc<Settings>,
    /// Until then it serves, whatever the version is.
    until: Instant,
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

    /// The page as it was drawn from this version of the state, or a moment ago, under these settings.
    pub(super) fn find(&self, path: &str, version: i64, settings: &Arc<Settings>) -> Option<Arc<Held>> {
        let serves = |page: &Page| page.version == version || Instant::now() < page.until;
        let pages = self.pages();
        pages.get(path).filter(|page| serves(page) && Arc::ptr_eq(&page.settings, settings)).map(|page| page.held.clone())
    }

    /// Keeps a page that was drawn from this version or a later one, in this time.
    pub(super) fn keep(&self, path: String, version: i64, settings: Arc<Settings>, took: Duration, held: Arc<Held>) {
        let serves = if took < LONG { Duration::ZERO } else { SERVES_AT_MOST.min(took * SERVES_FOR_DRAWINGS) };
        let until = Instant::now() + serves;
        self.pages().keep(path, Page { version, settings, until, held });
    }

    /// What a panic left behind is whole: pages are put in one at a time.
    fn pages(&self) -> std::sync::MutexGuard<'_, Kept<Page, MOST>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::{Audience, Rendering, RulesInForce};
    use topic_rules::Rules;

    fn held(path: &str) -> Arc<Held> {
        Arc::new(Held::new(Rendering::new(path.to_owned(), "text/html", Vec::new(), None)))
    }

    fn settings() -> Arc<Settings> {
        Arc::new(Settings {
            title: String::new(),
            base_url: "http://site.example/".parse().unwrap(),
            feed_id: String::new(),
            topics: Vec::new(),
            max_entries: 1,
            keep_within: Duration::ZERO,
            live: true,
            max_age: Duration::ZERO,
            rules: RulesInForce::fixed(Rules::compile(&[]).unwrap()),
            audience: Audience::default(),
        })
    }

    #[test]
    fn what_took_long_to_draw_serves_for_a_while_though_the_state_went_on() {
        let (drawn, settings) = (Drawn::default(), settings());
        drawn.keep("/".to_owned(), 1, settings.clone(), Duration::from_secs(60), held("/"));
        drawn.keep("/sources".to_owned(), 1, settings.clone(), LONG / 2, held("/sources"));
        let finds = |path, version, settings: &Arc<Settings>| drawn.find(path, version, settings).is_some();
        assert!(finds("/", 1, &settings) && finds("/", 2, &settings));
        assert!(finds("/sources", 1, &settings) && !finds("/sources", 2, &settings));
        assert!(!finds("/", 1, &Arc::new((*settings).clone())), "other settings are another page");
        for n in 0..MOST {
            drawn.keep(n.to_string(), 1, settings.clone(), Duration::ZERO, held("x"));
        }
        assert!(!finds("/", 1, &settings), "the oldest went");
    }
}
