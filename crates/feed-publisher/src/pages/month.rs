//! `/topics/{topic}/{year}-{month}`: every story of a topic in one month, so that none is out of a visitor's reach.

use askama::Template;
use chrono::NaiveDate;

use super::{
    Site,
    frame::{Anchor, Frame, alternates},
    line::{Line, count_words},
};
use crate::{Addresses, xml};
use feed_model::{Story, TopicId};

/// Stories of one page of a month.
pub const STORIES_OF_A_MONTH_PAGE: usize = 50;

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
    frame: Frame,
    topic: String,
    topic_page: String,
    name: String,
    count: String,
    lines: Vec<Line>,
    newer: Option<Anchor>,
    older: Option<Anchor>,
}

/// The name of a month: `March 2026`.
pub(super) fn name((year, month): (i32, u32)) -> String {
    NaiveDate::from_ymd_opt(year, month, 1).map(|day| day.format("%B %Y").to_string()).unwrap_or_default()
}

/// How many pages so many stories of one month take.
pub fn pages_of_a_month(stories: u64) -> u32 {
    let a_page = u64::try_from(STORIES_OF_A_MONTH_PAGE).unwrap_or(u64::MAX);
    u32::try_from(stories.div_ceil(a_page)).unwrap_or(u32::MAX).max(1)
}

/// The page of a month.
pub fn month(site: &Site<'_>, page: &MonthPage<'_>) -> Vec<u8> {
    let topic = page.topic.as_str();
    let name_here = name(page.month);
    let path = Addresses::month_path(topic, page.month, page.page);
    let title = xml::line(page.title);
    let mut frame = Frame::new(site, &format!("{title}, {name_here}"), Some(&path));
    frame.alternates = alternates(site, topic, page.title);
    let at = page.months.iter().position(|(month, _)| *month == page.month);
    let count = at.map_or(0, |at| page.months[at].1);
    let last = pages_of_a_month(count);
    let beside = |month: (i32, u32), page: u32, text: String| Anchor {
        href: site.addresses.rooted(&Addresses::month_path(topic, month, page)),
        text,
    };
    let neighbour = |at: Option<usize>| at.and_then(|at| page.months.get(at)).map(|(month, count)| (*month, *count));
    let newer = if page.page > 1 {
        Some(beside(page.month, page.page - 1, format!("{name_here}, page {}", page.page - 1)))
    } else {
        let before = neighbour(at.and_then(|at| at.checked_sub(1)));
        before.map(|(month, count)| beside(month, pages_of_a_month(count), name(month)))
    };
    let older = if page.page < last {
        Some(beside(page.month, page.page + 1, format!("{name_here}, page {}", page.page + 1)))
    } else {
        neighbour(at.map(|at| at + 1)).map(|(month, _)| beside(month, 1, name(month)))
    };
    let mut view = Month {
        topic: title,
        topic_page: site.addresses.rooted(&Addresses::topic_path(topic)),
        name: name_here,
        count: if last > 1 { format!("{}, page {} of {last}", count_words(count), page.page) } else { count_words(count) },
        lines: page.stories.iter().map(|story| Line::new(site, story)).collect(),
        newer,
        older,
        frame,
    };
    let bytes = super::render(&view);
    if bytes.len() <= super::MAX_PAGE_BYTES {
        return bytes;
    }
    view.lines = page.stories.iter().map(|story| Line::short(site, story)).collect();
    super::render(&view)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_story_of_a_month_has_a_page() {
        assert_eq!([0, 1, 50, 51, 10_000].map(pages_of_a_month), [1, 1, 1, 2, 200]);
        assert_eq!(name((2026, 3)), "March 2026");
    }
}
