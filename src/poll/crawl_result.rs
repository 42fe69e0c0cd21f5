//! What fetching a source has found so far.

use std::collections::HashSet;

use url::Url;

use feed_model::{Draft, FollowMode, Problem, SafeHtml};

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
    /// The descriptions of the pages that were fetched, to find out which describe the site.
    pub(super) descriptions: Vec<PageDescription>,
    /// The titles that the site's own page gives the posts, by the index of their drafts.
    pub(super) listed_titles: Vec<(usize, String)>,
    /// The site's own description, if its page states one.
    pub(super) site_description: Option<String>,
    /// The number of fetched pages with a title of their own, and without.
    pub(super) titled_pages: usize,
    pub(super) untitled_pages: usize,
    /// Pages that were fetched before and are queued again. They are fetched after new pages.
    pub(super) refetches: HashSet<Url>,
}

/// The description that one page states of itself.
pub(super) struct PageDescription {
    pub(super) url: Url,
    /// The index of the page's draft.
    pub(super) draft: usize,
    pub(super) text: String,
    /// The summary that was made from it.
    pub(super) summary: Option<SafeHtml>,
    /// The summary to use if the description is about the site.
    pub(super) text_summary: Option<SafeHtml>,
}

impl CrawlResult {
    pub(super) fn new(follow_mode: FollowMode) -> Self {
        Self { follow_mode, ..Self::default() }
    }
}
