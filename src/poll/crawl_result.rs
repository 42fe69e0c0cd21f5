//! What fetching a source has found so far.

use std::collections::HashSet;

use url::Url;

use feed_model::{Draft, FollowMode, Problem};

use crate::store::{Arrival, PageChange};

/// The entries, pages and problems found while a source is fetched.
#[derive(Default)]
pub(super) struct CrawlResult {
    pub(super) drafts: Vec<(Draft, Arrival)>,
    pub(super) pages: Vec<PageChange>,
    pub(super) problems: Vec<Problem>,
    pub(super) site_title: Option<String>,
    /// How the site is followed. An index's own data about a post takes precedence over the data of
    /// the post's page.
    pub(super) follow_mode: FollowMode,
    /// Pages that were fetched before and are queued again. They are fetched after new pages.
    pub(super) refetches: HashSet<Url>,
}

impl CrawlResult {
    pub(super) fn new(follow_mode: FollowMode) -> Self {
        Self { follow_mode, ..Self::default() }
    }
}
