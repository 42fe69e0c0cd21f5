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
    /// The summaries of the pages that were fetched, to find out which are not about their posts.
    pub(super) summaries: Vec<PageSummaries>,
    /// The titles that can turn out to be the site's name.
    pub(super) doubtful_titles: Vec<DoubtfulTitle>,
    /// The site's own description, if its page states one.
    pub(super) site_description: Option<String>,
    /// The number of fetched pages that have a title of their own or are notes, and of the others.
    pub(super) titled_pages: usize,
    pub(super) untitled_pages: usize,
    /// Pages that were fetched before and are queued again. They are fetched after new pages.
    pub(super) refetches: HashSet<Url>,
}

/// The texts of one page that can be its summary.
pub(super) struct PageSummaries {
    pub(super) url: Url,
    /// The index of the page's draft.
    pub(super) draft: usize,
    /// The description that the page states.
    pub(super) description: Option<SafeHtml>,
    /// The first paragraphs of the text.
    pub(super) texts: Vec<SafeHtml>,
}

/// The title of a page, and what takes its place if it is the site's name.
pub(super) struct DoubtfulTitle {
    /// The index of the page's draft.
    pub(super) draft: usize,
    /// The title that the site's own page gives the post.
    pub(super) listed: Option<String>,
    /// Whether the post can be without a title: only the `<title>` of its page states one.
    pub(super) is_note: bool,
}

impl CrawlResult {
    pub(super) fn new(follow_mode: FollowMode) -> Self {
        Self { follow_mode, ..Self::default() }
    }
}
