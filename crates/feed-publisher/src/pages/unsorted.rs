//! `/unsorted`: the stories in no topic, in numbered pages. They show what the topics' rules miss.

use feed_model::Story;

use crate::{
    addresses::Addresses,
    pages::{
        layout::{Layout, SiteInfo},
        story_list::StoryList,
    },
};

/// Renders one page of the stories in no topic. `count` is the number of all of them, and `stories`
/// are those of this page, newest first.
pub fn unsorted(site: &SiteInfo<'_>, count: u64, page: u32, stories: &[Story]) -> Vec<u8> {
    let path = Addresses::unsorted_path(page);
    let mut layout = Layout::new(site, "Unsorted", Some(&path));
    layout.noindex = true;
    let mut list = StoryList::new(layout, "Unsorted", count, page);
    "Stories in no topic.".clone_into(&mut list.lead);
    list.link_pages(site, count, page, Addresses::unsorted_path);
    list.render(site, stories)
}
