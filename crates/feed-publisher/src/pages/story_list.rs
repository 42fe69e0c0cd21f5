//! A list of stories in numbered pages: a month of a topic, a source, the unsorted stories.
//!
//! Together, the pages of a list link to every story of it.

use askama::Template;

use feed_model::Story;

use crate::pages::{
    chart::Chart,
    layout::{Layout, PageLink, SiteInfo},
    render::{MAX_PAGE_BYTES, render},
    source_view::SourceView,
    story_row::{StoryRow, story_count_text},
};

/// Stories on one page of a list.
pub const STORIES_PER_PAGE: usize = 50;

/// Returns the number of pages of a list with `stories` stories; at least 1.
pub fn page_count(stories: u64) -> u32 {
    let per_page = u64::try_from(STORIES_PER_PAGE).unwrap_or(u64::MAX);
    u32::try_from(stories.div_ceil(per_page)).unwrap_or(u32::MAX).max(1)
}

/// One page of a list.
#[derive(Template)]
#[template(path = "story_list.html")]
pub(super) struct StoryList {
    pub layout: Layout,
    /// The page that the list belongs to.
    pub parent: Option<PageLink>,
    pub heading: String,
    /// Whether readers who hear the page hear the parent before the heading.
    pub heading_needs_parent: bool,
    /// A sentence about the list; may be empty.
    pub lead: String,
    /// The facts about the source that all stories are from.
    pub source: Option<SourceView>,
    /// The page of the source that all stories are from.
    pub own_source: Option<String>,
    pub chart: Option<Chart>,
    pub count: String,
    pub rows: Vec<StoryRow>,
    pub newer: Option<PageLink>,
    pub older: Option<PageLink>,
}

impl StoryList {
    /// Returns a list without stories and links.
    pub(super) fn new(layout: Layout, heading: &str, stories: u64, page: u32) -> Self {
        let count = story_count_text(stories);
        let pages = page_count(stories);
        Self {
            layout,
            parent: None,
            heading: heading.to_owned(),
            heading_needs_parent: false,
            lead: String::new(),
            source: None,
            own_source: None,
            chart: None,
            count: if pages > 1 { format!("{count}, page {page} of {pages}") } else { count },
            rows: Vec::new(),
            newer: None,
            older: None,
        }
    }

    /// Links to the pages beside this one. `path` returns the path of a page.
    pub(super) fn link_pages(
        &mut self,
        site: &SiteInfo<'_>,
        stories: u64,
        page: u32,
        path: impl Fn(u32) -> String,
    ) {
        let link = |number: u32| PageLink {
            href: site.addresses.rooted(&path(number)),
            text: format!("page {number}"),
        };
        self.newer = (page > 1).then(|| link(page - 1));
        self.older = (page < page_count(stories)).then(|| link(page + 1));
    }

    /// Renders the page with its stories. If it is larger than [`MAX_PAGE_BYTES`], its titles are
    /// shortened.
    pub(super) fn render(mut self, site: &SiteInfo<'_>, stories: &[Story]) -> Vec<u8> {
        self.rows = stories.iter().map(|story| self.row(StoryRow::new(site, story))).collect();
        let bytes = render(&self);
        if bytes.len() <= MAX_PAGE_BYTES {
            return bytes;
        }
        self.rows = stories.iter().map(|story| self.row(StoryRow::short(site, story))).collect();
        render(&self)
    }

    /// Returns the row without a name of the source that would be the same in every row.
    fn row(&self, row: StoryRow) -> StoryRow {
        let is_own = self.own_source.is_some() && row.source_page == self.own_source;
        if is_own { StoryRow { source: String::new(), ..row } } else { row }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_story_of_a_list_has_a_page() {
        assert_eq!([0, 1, 50, 51, 10_000].map(page_count), [1, 1, 1, 2, 200]);
    }
}
