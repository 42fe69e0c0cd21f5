//! `/`: the newest story, and the topics with their latest.

use askama::Template;

use super::{
    Site, TopicRef,
    frame::{Alternate, Frame, alternates},
    line::{Line, count_words},
};
use crate::{Addresses, FeedFormat, xml};
use feed_model::{Story, TopicId};

/// One topic on the front page.
#[derive(Debug, Clone)]
pub struct Section {
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

struct SectionView {
    id: String,
    title: String,
    description: String,
    page: String,
    atom: String,
    count: String,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    featured: Option<Line>,
    sections: Vec<SectionView>,
    unsorted: Vec<Line>,
    unsorted_count: String,
}

/// The front page.
pub fn home(site: &Site<'_>, newest: Option<&Story>, sections: &[Section], unsorted: &Unsorted) -> Vec<u8> {
    let mut frame = Frame::new(site, site.title, Some("/"));
    frame.here = "home";
    frame.description = match sections {
        [] => String::new(),
        some => some.iter().map(|section| xml::line(&section.topic.title)).collect::<Vec<_>>().join(", "),
    };
    frame.alternates = alternates(site, TopicId::ALL, "Everything");
    frame.alternates.push(Alternate {
        title: "All feeds — OPML".to_owned(),
        media_type: "text/x-opml",
        href: site.addresses.absolute("/opml.xml"),
    });
    let view = |section: &Section| {
        let id = section.topic.id.as_str();
        SectionView {
            id: id.to_owned(),
            title: xml::line(&section.topic.title),
            description: xml::line(&section.description),
            page: site.addresses.rooted(&Addresses::topic_path(id)),
            atom: site.addresses.absolute(&Addresses::feed_path(id, FeedFormat::Atom)),
            count: count_words(section.count),
            lines: section.stories.iter().map(|story| Line::by_month(site, story)).collect(),
        }
    };
    let mut page = Home {
        featured: newest.map(|story| Line::new(site, story)),
        sections: sections.iter().map(view).collect(),
        unsorted: unsorted.stories.iter().map(|story| Line::by_month(site, story)).collect(),
        unsorted_count: count_words(unsorted.count),
        frame,
    };
    loop {
        let bytes = super::render(&page);
        let longest = page.sections.iter().map(|section| section.lines.len()).chain([page.unsorted.len()]).max().unwrap_or(0);
        if bytes.len() <= super::MAX_PAGE_BYTES || longest == 0 {
            return bytes;
        }
        page.sections.iter_mut().for_each(|section| section.lines.truncate(longest - 1));
        page.unsorted.truncate(longest - 1);
    }
}
