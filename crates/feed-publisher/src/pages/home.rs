//! `/`: the newest story of the topics, and each topic with its latest stories.

use askama::Template;

use feed_model::{Story, TopicId};

use crate::{
    addresses::{Addresses, FeedFormat},
    pages::{
        layout::{Alternate, Layout, PageLink, SiteInfo, TopicRef, alternates},
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
    /// The topic of the newest story.
    newest_topic: Option<PageLink>,
    sections: Vec<TopicSectionView>,
    /// The page of the stories in no topic, if there are any.
    unsorted: Option<PageLink>,
}

/// Renders the home page, with the newest story of the sections first. Its lists are shortened
/// until it is at most [`MAX_PAGE_BYTES`] long. `unsorted` is the number of stories in no topic.
pub fn home(site: &SiteInfo<'_>, sections: &[TopicSection], unsorted: u64) -> Vec<u8> {
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
    let newest = sections
        .iter()
        .filter_map(|section| Some((section.stories.first()?, &section.topic)))
        .max_by_key(|(story, _)| (story.position, story.id));
    let topic_link = |topic: &TopicRef| PageLink {
        href: site.addresses.rooted(&Addresses::topic_path(topic.id.as_str())),
        text: xml::single_line(&topic.title),
    };
    let mut page = HomeTemplate {
        newest: newest.map(|(story, _)| StoryRow::new(site, story)),
        newest_topic: newest.map(|(_, topic)| topic_link(topic)),
        sections: sections.iter().map(|section| section_view(site, section)).collect(),
        unsorted: (unsorted > 0).then(|| PageLink {
            href: site.addresses.rooted(&Addresses::unsorted_path(1)),
            text: format!("{} in no topic", story_count_text(unsorted)),
        }),
        layout,
    };
    loop {
        let bytes = render(&page);
        let lengths = page.sections.iter().map(|section| section.rows.len());
        let longest = lengths.max().unwrap_or(0);
        if bytes.len() <= MAX_PAGE_BYTES || longest == 0 {
            return bytes;
        }
        page.sections.iter_mut().for_each(|section| section.rows.truncate(longest - 1));
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
