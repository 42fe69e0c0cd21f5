//! `/`: the newest story, and the topics with their latest.

use askama::Template;

use super::{
    SiteInfo, TopicRef,
    layout::{Alternate, Layout, alternates},
    story_row::{StoryRow, story_count_text},
};
use crate::{Addresses, FeedFormat, xml};
use feed_model::{Story, TopicId};

/// One topic on the front page.
#[derive(Debug, Clone)]
pub struct TopicSection {
    /// The topic.
    pub topic: TopicRef,
    /// One sentence about it; may be empty.
    pub description: String,
    /// How many stories it has in all.
    pub count: u64,
    /// Its latest, newest first.
    pub stories: Vec<Story>,
}

/// Stories that no topic took in: a reader sees what the rules miss.
#[derive(Debug, Clone, Default)]
pub struct Unsorted {
    /// How many there are in all.
    pub count: u64,
    /// The latest, newest first.
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
struct Home {
    layout: Layout,
    featured: Option<StoryRow>,
    sections: Vec<TopicSectionView>,
    unsorted: Vec<StoryRow>,
    unsorted_count: String,
}

/// The front page.
pub fn home(
    site: &SiteInfo<'_>,
    newest: Option<&Story>,
    sections: &[TopicSection],
    unsorted: &Unsorted,
) -> Vec<u8> {
    let mut layout = Layout::new(site, site.title, Some("/"));
    layout.here = "home";
    layout.description = match sections {
        [] => String::new(),
        some => some
            .iter()
            .map(|section| xml::single_line(&section.topic.title))
            .collect::<Vec<_>>()
            .join(", "),
    };
    layout.alternates = alternates(site, TopicId::ALL, "Everything");
    layout.alternates.push(Alternate {
        title: "All feeds — OPML".to_owned(),
        media_type: "text/x-opml",
        href: site.addresses.absolute("/opml.xml"),
    });
    let view = |section: &TopicSection| {
        let id = section.topic.id.as_str();
        TopicSectionView {
            id: id.to_owned(),
            title: xml::single_line(&section.topic.title),
            description: xml::single_line(&section.description),
            page: site.addresses.rooted(&Addresses::topic_path(id)),
            atom: site.addresses.absolute(&Addresses::feed_path(id, FeedFormat::Atom)),
            count: story_count_text(section.count),
            rows: section.stories.iter().map(|story| StoryRow::by_month(site, story)).collect(),
        }
    };
    let mut page = Home {
        featured: newest.map(|story| StoryRow::new(site, story)),
        sections: sections.iter().map(view).collect(),
        unsorted: unsorted.stories.iter().map(|story| StoryRow::by_month(site, story)).collect(),
        unsorted_count: story_count_text(unsorted.count),
        layout,
    };
    loop {
        let bytes = super::render(&page);
        let longest = page
            .sections
            .iter()
            .map(|section| section.rows.len())
            .chain([page.unsorted.len()])
            .max()
            .unwrap_or(0);
        if bytes.len() <= super::MAX_PAGE_BYTES || longest == 0 {
            return bytes;
        }
        page.sections.iter_mut().for_each(|section| section.rows.truncate(longest - 1));
        page.unsorted.truncate(longest - 1);
    }
}
