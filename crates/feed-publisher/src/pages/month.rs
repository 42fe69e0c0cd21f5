//! `/topics/{topic}/{year}-{month}`: the stories of a topic in one month, in numbered pages.
//!
//! Together, the pages of all months link to every story of the topic.

use askama::Template;
use chrono::NaiveDate;

use feed_model::{Story, TopicId};

use crate::{
    addresses::{Addresses, YearMonth},
    pages::{
        layout::{Layout, PageLink, SiteInfo, alternates},
        render::{MAX_PAGE_BYTES, render},
        story_row::{StoryRow, story_count_text},
    },
    xml,
};

/// Stories on one page of a month.
pub const STORIES_PER_MONTH_PAGE: usize = 50;

/// The content of a month's page.
#[derive(Debug, Clone)]
pub struct MonthPage<'a> {
    /// The topic.
    pub topic: &'a TopicId,
    /// The topic's title in plain text.
    pub title: &'a str,
    /// Year and month.
    pub month: YearMonth,
    /// The topic's months that have stories, newest first, with their number of stories.
    pub months: &'a [(YearMonth, u64)],
    /// Page number within the month, from 1.
    pub page: u32,
    /// The stories of this page, newest first.
    pub stories: &'a [Story],
}

#[derive(Template)]
#[template(path = "month.html")]
struct MonthTemplate {
    layout: Layout,
    topic: String,
    topic_page: String,
    name: String,
    count: String,
    rows: Vec<StoryRow>,
    newer: Option<PageLink>,
    older: Option<PageLink>,
}

/// Returns the name of a month: `March 2026`.
pub(super) fn month_name((year, month): YearMonth) -> String {
    NaiveDate::from_ymd_opt(year, month, 1)
        .map(|day| day.format("%B %Y").to_string())
        .unwrap_or_default()
}

/// Returns the number of pages of a month with `stories` stories; at least 1.
pub fn month_page_count(stories: u64) -> u32 {
    let per_page = u64::try_from(STORIES_PER_MONTH_PAGE).unwrap_or(u64::MAX);
    u32::try_from(stories.div_ceil(per_page)).unwrap_or(u32::MAX).max(1)
}

/// Renders one page of a month. If it is larger than [`MAX_PAGE_BYTES`], its titles are shortened.
pub fn month(site: &SiteInfo<'_>, page: &MonthPage<'_>) -> Vec<u8> {
    let topic = page.topic.as_str();
    let name = month_name(page.month);
    let path = Addresses::month_path(topic, page.month, page.page);
    let title = xml::single_line(page.title);
    let mut layout = Layout::new(site, &format!("{title}, {name}"), Some(&path));
    layout.alternates = alternates(site, topic, page.title);
    let count =
        page.months.iter().find(|(month, _)| *month == page.month).map_or(0, |(_, count)| *count);
    let page_count = month_page_count(count);
    let (newer, older) = neighbour_links(site, page, page_count);
    let mut view = MonthTemplate {
        topic: title,
        topic_page: site.addresses.rooted(&Addresses::topic_path(topic)),
        name,
        count: if page_count > 1 {
            format!("{}, page {} of {page_count}", story_count_text(count), page.page)
        } else {
            story_count_text(count)
        },
        rows: page.stories.iter().map(|story| StoryRow::new(site, story)).collect(),
        newer,
        older,
        layout,
    };
    let bytes = render(&view);
    if bytes.len() <= MAX_PAGE_BYTES {
        return bytes;
    }
    view.rows = page.stories.iter().map(|story| StoryRow::short(site, story)).collect();
    render(&view)
}

/// Returns links to the newer and the older page: of the same month, else of the month beside it.
fn neighbour_links(
    site: &SiteInfo<'_>,
    page: &MonthPage<'_>,
    page_count: u32,
) -> (Option<PageLink>, Option<PageLink>) {
    let link = |month: YearMonth, number: u32, text: String| PageLink {
        href: site.addresses.rooted(&Addresses::month_path(page.topic.as_str(), month, number)),
        text,
    };
    let same_month = |number: u32| {
        link(page.month, number, format!("{}, page {number}", month_name(page.month)))
    };
    let index = page.months.iter().position(|(month, _)| *month == page.month);
    let newer = if page.page > 1 {
        Some(same_month(page.page - 1))
    } else {
        index
            .and_then(|index| page.months.get(index.checked_sub(1)?))
            .map(|(month, count)| link(*month, month_page_count(*count), month_name(*month)))
    };
    let older = if page.page < page_count {
        Some(same_month(page.page + 1))
    } else {
        index
            .and_then(|index| page.months.get(index + 1))
            .map(|(month, _)| link(*month, 1, month_name(*month)))
    };
    (newer, older)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_story_of_a_month_has_a_page() {
        assert_eq!([0, 1, 50, 51, 10_000].map(month_page_count), [1, 1, 1, 2, 200]);
        assert_eq!(month_name((2026, 3)), "March 2026");
    }
}
