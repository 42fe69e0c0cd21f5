//! `/topics/{topic}`: how to subscribe, the latest stories, the archive by month.

use askama::Template;
use chrono::Datelike;

use super::{
    Site,
    chart::Chart,
    frame::{Frame, alternates},
    line::{Line, count_words, shown_date},
};
use crate::{
    model::{Story, TopicId},
    publish::{Addresses, FeedFormat, xml},
};

/// What a topic's page tells.
#[derive(Debug, Clone)]
pub struct TopicPage<'a> {
    /// The name in URLs: a topic's id, or those of a union joined with `+`.
    pub name: &'a str,
    /// The title for people.
    pub title: &'a str,
    /// One sentence about it; may be empty.
    pub description: &'a str,
    /// How many stories it has in all, where that is known.
    pub count: Option<u64>,
    /// The stories to list, newest first.
    pub stories: &'a [Story],
    /// Stories per (year, month), newest month first; empty: no chart.
    pub months: &'a [((i32, u32), u64)],
}

struct Link {
    name: &'static str,
    media_type: &'static str,
    href: String,
}

struct Month {
    name: String,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "topic.html")]
struct Topic {
    frame: Frame,
    description: String,
    count: String,
    span: String,
    links: Vec<Link>,
    latest: Vec<Line>,
    chart: Option<Chart>,
    months: Vec<Month>,
    left_out: u64,
}

/// Stories that are shown with their short text.
const LATEST: usize = 15;
/// The most months that a chart shows.
const MAX_CHART_MONTHS: i32 = 72;

/// A topic's page. Older stories are left out until it is small enough.
pub fn topic(site: &Site<'_>, page: &TopicPage<'_>) -> Vec<u8> {
    let mut frame = Frame::new(site, page.title, Some(&Addresses::topic_path(page.name)));
    frame.here = if page.name == TopicId::ALL { "all" } else { "" };
    frame.description = xml::line(page.description);
    frame.alternates = alternates(site, page.name, page.title);
    let link = |format: FeedFormat| Link {
        name: format.name(),
        media_type: format.media_type(),
        href: site.addresses.absolute(&Addresses::feed_path(page.name, format)),
    };
    let (latest, older) = page.stories.split_at(LATEST.min(page.stories.len()));
    let mut view = Topic {
        description: frame.description.clone(),
        count: page.count.map(count_words).unwrap_or_default(),
        span: span(page.months),
        links: FeedFormat::ALL.into_iter().map(link).collect(),
        latest: latest.iter().map(|story| Line::new(site, story)).collect(),
        chart: chart(page.months),
        months: Vec::new(),
        left_out: 0,
        frame,
    };
    let mut listed = older.len();
    loop {
        view.months = by_month(site, &older[..listed]);
        let shown = u64::try_from(view.latest.len() + listed).unwrap_or(u64::MAX);
        view.left_out = page.count.map_or(0, |count| count.saturating_sub(shown));
        let bytes = super::render(&view);
        if bytes.len() <= super::MAX_PAGE_BYTES {
            return bytes;
        }
        match listed {
            0 if view.latest.len() <= 1 => return bytes,
            0 => view.latest.truncate(view.latest.len() / 2),
            _ => listed = listed * 3 / 4,
        }
    }
}

/// The stories under the month of the date that is shown, months in the order in which they come up.
fn by_month(site: &Site<'_>, stories: &[Story]) -> Vec<Month> {
    let mut months: Vec<((i32, u32), Month)> = Vec::new();
    for story in stories {
        let at = shown_date(story).0;
        let key = (at.year(), at.month());
        let line = Line::new(site, story);
        match months.iter_mut().find(|(known, _)| *known == key) {
            Some((_, month)) => month.lines.push(line),
            None => months.push((key, Month { name: at.format("%B %Y").to_string(), lines: vec![line] })),
        }
    }
    months.sort_by_key(|(key, _)| std::cmp::Reverse(*key));
    months.into_iter().map(|(_, month)| month).collect()
}

/// Months are counted on from year 0, so that a span is a difference.
fn ordinal((year, month): (i32, u32)) -> i32 {
    year.saturating_mul(12).saturating_add(i32::try_from(month).unwrap_or(1) - 1)
}

fn name((year, month): (i32, u32)) -> String {
    chrono::NaiveDate::from_ymd_opt(year, month, 1).map(|day| day.format("%b %Y").to_string()).unwrap_or_default()
}

fn span(months: &[((i32, u32), u64)]) -> String {
    match (months.iter().map(|m| m.0).min(), months.iter().map(|m| m.0).max()) {
        (Some(first), Some(last)) if first == last => name(first),
        (Some(first), Some(last)) => format!("{} to {}", name(first), name(last)),
        _ => String::new(),
    }
}

/// Every month from the first to the last, those without a story too; the last [`MAX_CHART_MONTHS`] of them.
fn chart(months: &[((i32, u32), u64)]) -> Option<Chart> {
    let last = months.iter().map(|m| ordinal(m.0)).max()?;
    let first = months.iter().map(|m| ordinal(m.0)).min()?.max(last.saturating_sub(MAX_CHART_MONTHS - 1));
    if first == last {
        return None;
    }
    let mut counts = vec![0_u64; usize::try_from(last - first + 1).ok()?];
    for (month, count) in months {
        if let Some(slot) = usize::try_from(ordinal(*month) - first).ok().and_then(|at| counts.get_mut(at)) {
            *slot += count;
        }
    }
    let most = counts.iter().max().copied().unwrap_or(0);
    let at = |ordinal: i32| name((ordinal.div_euclid(12), u32::try_from(ordinal.rem_euclid(12)).unwrap_or(0) + 1));
    let label = format!("Stories per month from {} to {}; at most {most} in a month", at(first), at(last));
    Some(Chart::bars(&counts, label, at(first), at(last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_the_empty_months_too_and_forgets_the_oldest() {
        let some = chart(&[((2026, 3), 4), ((2025, 12), 2)]).unwrap();
        assert_eq!(some.path.matches('M').count(), 2);
        assert_eq!((some.first.as_str(), some.last.as_str(), some.width), ("Dec 2025", "Mar 2026", 38));
        let long = chart(&[((2026, 1), 1), ((1990, 1), 1)]).unwrap();
        assert_eq!((long.first.as_str(), long.path.matches('M').count()), ("Feb 2020", 1));
        assert_eq!(chart(&[]), None);
        assert_eq!(span(&[((2026, 1), 1)]), "Jan 2026");
    }
}
