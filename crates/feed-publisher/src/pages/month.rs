//! `/topics/{topic}/{year}-{month}`: every story of a topic in one month, so that none is out of a
//! visitor's reach.

use askama::Template;
use chrono::NaiveDate;

use super::{
    SiteInfo,
    layout::{Layout, PageLink, alternates},
    story_row::{StoryRow, story_count_text},
};
use crate::{Addresses, xml};
use feed_model::{Story, TopicId};

/// Stories of one page of a month.
pub const STORIES_PER_MONTH_PAGE: usize = 50;

/// What the page of a month tells.
#[derive(Debug, Clone)]
pub struct MonthPage<'a> {
    /// The topic.
    pub topic: &'a TopicId,
    /// Its title for people.
    pub title: &'a str,
    /// Year and month.
    pub month: (i32, u32),
    /// The months of the topic that have stories, newest first, with how many.
    pub months: &'a [((i32, u32), u64)],
    /// Which page of the month this is, from 1.
    pub page: u32,
    /// The stories of this page, newest first.
    pub stories: &'a [Story],
}

#[derive(Template)]
#[template(path = "month.html")]
struct Month {
    layout: Layout,
    topic: String,
    topic_page: String,
    name: String,
    count: String,
    rows: Vec<StoryRow>,
    newer: Option<PageLink>,
    older: Option<PageLink>,
}

/// The name of a month: `March 2026`.
pub(super) fn name((year, month): (i32, u32)) -> String {
    NaiveDate::from_ymd_opt(year, month, 1)
        .map(|day| day.format("%B %Y").to_string())
        .unwrap_or_default()
}

/// How many pages so many stories of one month take.
pub fn month_page_count(stories: u64) -> u32 {
    let a_page = u64::try_from(STORIES_PER_MONTH_PAGE).unwrap_or(u64::MAX);
    u32::try_from(stories.div_ceil(a_page)).unwrap_or(u32::MAX).max(1)
}

/// The page of a month.
pub fn month(site: &SiteInfo<'_>, page: &MonthPage<'_>) -> Vec<u8> {
    let topic = page.topic.as_str();
    let name_here = name(page.month);
    let path = Addresses::month_path(topic, page.month, page.page);
    let title = xml::single_line(page.title);
    let mut layout = Layout::new(site, &format!("{title}, {name_here}"), Some(&path));
    layout.alternates = alternates(site, topic, page.title);
    let at = page.months.iter().position(|(month, _)| *month == page.month);
    let count = at.map_or(0, |at| page.months[at].1);
    let last = month_page_count(count);
    let month_link = |month: (i32, u32), page: u32, text: String| PageLink {
        href: site.addresses.rooted(&Addresses::month_path(topic, month, page)),
        text,
    };
    let neighbour = |at: Option<usize>| {
        at.and_then(|at| page.months.get(at)).map(|(month, count)| (*month, *count))
    };
    let newer = if page.page > 1 {
        Some(month_link(page.month, page.page - 1, format!("{name_here}, page {}", page.page - 1)))
    } else {
        let before = neighbour(at.and_then(|at| at.checked_sub(1)));
        before.map(|(month, count)| month_link(month, month_page_count(count), name(month)))
    };
    let older = if page.page < last {
        Some(month_link(page.month, page.page + 1, format!("{name_here}, page {}", page.page + 1)))
    } else {
        neighbour(at.map(|at| at + 1)).map(|(month, _)| month_link(month, 1, name(month)))
    };
    let mut view = Month {
        topic: title,
        topic_page: site.addresses.rooted(&Addresses::topic_path(topic)),
        name: name_here,
        count: if last > 1 {
            format!("{}, page {} of {last}", story_count_text(count), page.page)
        } else {
            story_count_text(count)
        },
        rows: page.stories.iter().map(|story| StoryRow::new(site, story)).collect(),
        newer,
        older,
        layout,
    };
    let bytes = super::render(&view);
    if bytes.len() <= super::MAX_PAGE_BYTES {
        return bytes;
    }
    view.rows = page.stories.iter().map(|story| StoryRow::short(site, story)).collect();
    super::render(&view)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_story_of_a_month_has_a_page() {
        assert_eq!([0, 1, 50, 51, 10_000].map(month_page_count), [1, 1, 1, 2, 200]);
        assert_eq!(name((2026, 3)), "March 2026");
    }
}
