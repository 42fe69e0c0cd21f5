//! `/sources/{id}`: one source and its stories, in numbered pages.

use feed_model::{SourceState, Story};

use crate::{
    addresses::{Addresses, YearMonth},
    pages::{
        layout::{Layout, PageLink, SiteInfo},
        month_chart::month_chart,
        source_view::SourceView,
        story_list::StoryList,
    },
};

/// The content of a source's page.
#[derive(Debug, Clone)]
pub struct SourcePage<'a> {
    /// The source.
    pub state: &'a SourceState,
    /// Whether feeds.toml has it. The stories of a removed source stay.
    pub is_followed: bool,
    /// Whether to show the times of polls.
    pub live: bool,
    /// Number of its public stories.
    pub count: u64,
    /// Stories per month, newest month first.
    pub months: &'a [(YearMonth, u64)],
    /// Page number, from 1.
    pub page: u32,
    /// The stories of this page, newest first.
    pub stories: &'a [Story],
}

/// Renders one page of a source. Returns `None` for a source whose id cannot be part of a path.
pub fn source(site: &SiteInfo<'_>, page: &SourcePage<'_>) -> Option<Vec<u8>> {
    let path = |number: u32| Addresses::source_path(&page.state.id, number);
    let own_path = path(page.page)?;
    let view = SourceView::new(site, page.state, page.live);
    let mut layout = Layout::new(site, &view.title, Some(&own_path));
    layout.description = format!("Stories of {}", view.title);
    let heading = view.title.clone();
    let mut list = StoryList::new(layout, &heading, page.count, page.page);
    list.parent = Some(PageLink {
        href: site.addresses.rooted(&Addresses::sources_path(1)),
        text: "Sources".to_owned(),
    });
    list.own_source.clone_from(&view.page);
    if page.page == 1 {
        list.chart = month_chart(page.months);
        if page.is_followed {
            list.source = Some(view);
        } else {
            "This source is no longer followed. Its stories stay.".clone_into(&mut list.lead);
        }
    }
    list.link_pages(site, page.count, page.page, |number| path(number).unwrap_or_default());
    Some(list.render(site, page.stories))
}
