//! `/topics/{topic}/{year}-{month}`: the stories of a topic in one month, in numbered pages.
//!
//! Together, the pages of all months link to every story of the topic.

use chrono::NaiveDate;

use feed_model::{Story, TopicId};

use crate::{
    addresses::{Addresses, YearMonth},
    pages::{
        layout::{Layout, PageLink, SiteInfo, alternates},
        story_list::{StoryList, page_count},
    },
    xml,
};

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

/// Returns the name of a month: `March 2026`.
pub(super) fn month_name((year, month): YearMonth) -> String {
    NaiveDate::from_ymd_opt(year, month, 1)
        .map(|day| day.format("%B %Y").to_string())
        .unwrap_or_default()
}

/// Renders one page of a month.
pub fn month(site: &SiteInfo<'_>, page: &MonthPage<'_>) -> Vec<u8> {
    let topic = page.topic.as_str();
    let name = month_name(page.month);
    let path = Addresses::month_path(topic, page.month, page.page);
    let title = xml::single_line(page.title);
    let mut layout = Layout::new(site, &format!("{title}, {name}"), Some(&path));
    layout.alternates = alternates(site, topic, page.title);
    let count =
        page.months.iter().find(|(month, _)| *month == page.month).map_or(0, |(_, count)| *count);
    let mut list = StoryList::new(layout, &name, count, page.page);
    list.parent =
        Some(PageLink { href: site.addresses.rooted(&Addresses::topic_path(topic)), text: title });
    list.heading_needs_parent = true;
    (list.newer, list.older) = neighbour_links(site, page, page_count(count));
    list.render(site, page.stories)
}

/// Returns links to the newer and the older page: of the same month, else of the month beside it.
fn neighbour_links(
    site: &SiteInfo<'_>,
    page: &MonthPage<'_>,
    pages: u32,
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
            .map(|(month, count)| link(*month, page_count(*count), month_name(*month)))
    };
    let older = if page.page < pages {
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
    fn a_month_is_named_with_its_year() {
        assert_eq!(month_name((2026, 3)), "March 2026");
    }
}
