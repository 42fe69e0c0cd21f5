//! `/`: the newest story, each topic with its latest stories, and the unsorted stories.

use askama::Template;

use feed_model::{Story, TopicId};

use crate::{
    addresses::{Addresses, FeedFormat},
    pages::{
        layout::{Alternate, Layout, SiteInfo, TopicRef, alternates},
        render::{MAX_PAGE_BYTES, render},
        story_row::{StoryRow, story_count_text},
    },
    xml,
};

/// One topic on the home page.
#[derive(Debug, Clone)]
pub struct TopicSection {
    /// The topic.
    pub topic: TopicRef,
    /// Description in plain text; may be empty.
    pub description: String,
    /// Number of its stories.
    pub count: u64,
    /// Its latest stories, newest first.
    pub stories: Vec<Story>,
}

/// The stories in no topic. They show what the topics' rules miss.
#[derive(Debug, Clone, Default)]
pub struct Unsorted {
    /// Number of stories in no topic.
    pub count: u64,
    /// The latest of them, newest first.
    pub stories: Vec<Story>,
}

struct TopicSectionView {
    id: String,
    title: String,
    description: String,
    page: String,
    atom: String,
    count: String,
    rows: Vec<StoryRow>,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomeTemplate {
    layout: Layout,
    newest: Option<StoryRow>,
    sections: Vec<TopicSectionView>,
    unsorted: Vec<StoryRow>,
    unsorted_count: String,
}

/// Renders the home page. Its lists are shortened until it is at most [`MAX_PAGE_BYTES`] long.
pub fn home(
    site: &SiteInfo<'_>,
    newest: Option<&Story>,
    sections: &[TopicSection],
    unsorted: &Unsorted,
) -> Vec<u8> {
    let mut layout = Layout::new(site, site.title, Some("/"));
    layout.current_page = "home";
    let titles: Vec<String> =
        sections.iter().map(|section| xml::single_line(&section.topic.title)).collect();
    layout.description = titles.join(", ");
    layout.alternates = alternates(site, TopicId::ALL, "All stories");
    layout.alternates.push(Alternate {
        title: "Topic feeds — OPML".to_owned(),
        media_type: "text/x-opml",
        href: site.addresses.absolute("/opml.xml"),
    });
    let mut page = HomeTemplate {
        newest: newest.map(|story| StoryRow::new(site, story)),
        sections: sections.iter().map(|section| section_view(site, section)).collect(),
        unsorted: month_rows(site, &unsorted.stories),
        unsorted_count: story_count_text(unsorted.count),
        layout,
    };
    loop {
        let bytes = render(&page);
        let lengths = page.sections.iter().map(|section| section.rows.len());
        let longest = lengths.chain([page.unsorted.len()]).max().unwrap_or(0);
        if bytes.len() <= MAX_PAGE_BYTES || longest == 0 {
            return bytes;
        }
        page.sections.iter_mut().for_each(|section| section.rows.truncate(longest - 1));
        page.unsorted.truncate(longest - 1);
    }
}

fn section_view(site: &SiteInfo<'_>, section: &TopicSection) -> TopicSectionView {
    let id = section.topic.id.as_str();
    TopicSectionView {
        id: id.to_owned(),
        title: xml::single_line(&section.topic.title),
        description: xml::single_line(&section.description),
        page: site.addresses.rooted(&Addresses::topic_path(id)),
        atom: site.addresses.absolute(&Addresses::feed_path(id, FeedFormat::Atom)),
        count: story_count_text(section.count),
        rows: month_rows(site, &section.stories),
    }
}

fn month_rows(site: &SiteInfo<'_>, stories: &[Story]) -> Vec<StoryRow> {
    stories.iter().map(|story| StoryRow::with_month(site, story)).collect()
}
