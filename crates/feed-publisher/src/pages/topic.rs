//! `/topics/{topic}`: how to subscribe, the latest stories, the archive by month.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use chrono::Datelike;

use super::{
    SiteInfo,
    chart::Chart,
    layout::{Layout, alternates},
    month,
    story_row::{StoryRow, archive_date, story_count_text},
};
use crate::{Addresses, FeedFormat, excerpt, xml};
use feed_model::{Story, TopicId};

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
    /// The topics that share stories with it, with their number, most first.
    pub neighbours: &'a [(TopicId, u64)],
}

struct Link {
    name: &'static str,
    media_type: &'static str,
    href: String,
}

struct Month {
    name: String,
    /// The page of all its stories; a union has none.
    page: Option<String>,
    rows: Vec<StoryRow>,
}

/// The months of one year.
struct Year {
    name: String,
    months: Vec<MonthLink>,
}

struct MonthLink {
    /// `Mar`.
    name: String,
    page: String,
    count: u64,
}

/// A feed reader on the web that takes a feed's address in its own.
struct Reader {
    name: &'static str,
    href: String,
}

struct Neighbour {
    title: String,
    page: String,
    count: String,
}

struct TitleWord {
    word: String,
    count: usize,
}

#[derive(Template)]
#[template(path = "topic.html")]
struct Topic {
    layout: Layout,
    description: String,
    count: String,
    span: String,
    links: Vec<Link>,
    latest: Vec<StoryRow>,
    chart: Option<Chart>,
    months: Vec<Month>,
    /// Every month with stories, where some are not listed.
    years: Vec<Year>,
    unlisted_count: u64,
    readers: Vec<Reader>,
    neighbours: Vec<Neighbour>,
    words: Vec<TitleWord>,
}

/// Stories that are shown with their short text.
const LATEST: usize = 15;
/// Titles that a word must stand in to be a recurring one.
const MIN_WORD_COUNT: usize = 3;
const MAX_WORDS: usize = 16;
/// The most months that a chart shows.
const MAX_CHART_MONTHS: i32 = 72;
/// The fewest: what began last month is seen to have begun.
const MIN_CHART_MONTHS: i32 = 12;
/// The most months that are linked from here; those before are reached from the last of them.
const MAX_LINKED_MONTHS: usize = 180;

/// A topic's page. Older stories are left out until it is small enough.
pub fn topic(site: &SiteInfo<'_>, page: &TopicPage<'_>) -> Vec<u8> {
    let mut layout = Layout::new(site, page.title, Some(&Addresses::topic_path(page.name)));
    layout.here = if page.name == TopicId::ALL { "all" } else { "" };
    layout.description = xml::single_line(page.description);
    layout.alternates = alternates(site, page.name, page.title);
    let link = |format: FeedFormat| Link {
        name: format.name(),
        media_type: format.media_type(),
        href: site.addresses.absolute(&Addresses::feed_path(page.name, format)),
    };
    let (latest, older) = page.stories.split_at(LATEST.min(page.stories.len()));
    let mut view = Topic {
        description: layout.description.clone(),
        count: page.count.map(story_count_text).unwrap_or_default(),
        span: span(page.months),
        links: FeedFormat::ALL.into_iter().map(link).collect(),
        latest: latest.iter().map(|story| StoryRow::new(site, story)).collect(),
        chart: chart(page.months),
        months: Vec::new(),
        years: Vec::new(),
        unlisted_count: 0,
        readers: readers(
            &site.addresses.absolute(&Addresses::feed_path(page.name, FeedFormat::Atom)),
        ),
        neighbours: page
            .neighbours
            .iter()
            .filter_map(|(id, count)| neighbour(site, id, *count))
            .collect(),
        words: words(page),
        layout,
    };
    let mut listed = older.len();
    loop {
        view.months = by_month(site, page, &older[..listed]);
        let shown = u64::try_from(view.latest.len() + listed).unwrap_or(u64::MAX);
        view.unlisted_count = page.count.map_or(0, |count| count.saturating_sub(shown));
        view.years = if view.unlisted_count > 0 { years(site, page) } else { Vec::new() };
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

/// Links to every month with stories, by year.
fn years(site: &SiteInfo<'_>, page: &TopicPage<'_>) -> Vec<Year> {
    let mut years: Vec<Year> = Vec::new();
    for (month, count) in page.months.iter().take(MAX_LINKED_MONTHS) {
        let name = month.0.to_string();
        let link = MonthLink {
            name: month::name(*month).chars().take(3).collect(),
            page: site.addresses.rooted(&Addresses::month_path(page.name, *month, 1)),
            count: *count,
        };
        match years.last_mut() {
            Some(year) if year.name == name => year.months.push(link),
            _ => years.push(Year { name, months: vec![link] }),
        }
    }
    years
}

/// One-click subscription in readers that many people have.
fn readers(feed: &str) -> Vec<Reader> {
    let encoded: String = url::form_urlencoded::byte_serialize(feed.as_bytes()).collect();
    [
        ("Feedly", "https://feedly.com/i/subscription/feed%2F"),
        ("Inoreader", "https://www.inoreader.com/feed/"),
        ("NewsBlur", "https://www.newsblur.com/?url="),
        ("The Old Reader", "https://theoldreader.com/feeds/subscribe?url="),
    ]
    .into_iter()
    .map(|(name, before)| Reader { name, href: format!("{before}{encoded}") })
    .collect()
}

/// Private topics are nobody's neighbours.
fn neighbour(site: &SiteInfo<'_>, id: &TopicId, count: u64) -> Option<Neighbour> {
    let topic = site.topics.iter().find(|topic| topic.id == *id)?;
    Some(Neighbour {
        title: xml::single_line(&topic.title),
        page: site.addresses.rooted(&Addresses::topic_path(id.as_str())),
        count: story_count_text(count),
    })
}

/// Words that say nothing about a title.
const STOP_WORDS: [&str; 36] = [
    "about", "after", "again", "against", "been", "before", "being", "between", "could", "does",
    "from", "have", "here", "into", "just", "like", "more", "most", "much", "need", "only", "over",
    "should", "some", "than", "that", "their", "then", "there", "they", "this", "what", "when",
    "will", "with", "your",
];

/// Words that several of the listed titles have, most frequent first; those of the topic's own
/// title go without saying.
fn words(page: &TopicPage<'_>) -> Vec<TitleWord> {
    let split = |text: &str| -> Vec<String> {
        let long =
            |word: &&str| word.chars().count() > 3 && !word.chars().all(|c| c.is_ascii_digit());
        text.split(|c: char| !c.is_alphanumeric()).filter(long).map(str::to_lowercase).collect()
    };
    let own = split(page.title);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for story in page.stories {
        let words: BTreeSet<String> = split(&story.title).into_iter().collect();
        for word in words
            .into_iter()
            .filter(|word| !own.contains(word) && STOP_WORDS.binary_search(&word.as_str()).is_err())
        {
            *counts.entry(word).or_default() += 1;
        }
    }
    let mut words: Vec<(String, usize)> =
        counts.into_iter().filter(|(_, count)| *count >= MIN_WORD_COUNT).collect();
    words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    words.truncate(MAX_WORDS);
    words
        .into_iter()
        .map(|(word, count)| TitleWord { word: excerpt::shorten(&word, 40), count })
        .collect()
}

/// The stories under the month that they belong to, months in the order in which they come up.
fn by_month(site: &SiteInfo<'_>, page: &TopicPage<'_>, stories: &[Story]) -> Vec<Month> {
    let mut months: Vec<((i32, u32), Month)> = Vec::new();
    for story in stories {
        let at = archive_date(story);
        let key = (at.year(), at.month());
        let line = StoryRow::new(site, story);
        if let Some((_, month)) = months.iter_mut().find(|(known, _)| *known == key) {
            month.rows.push(line);
        } else {
            let path = Addresses::month_path(page.name, key, 1);
            let page = page.count.map(|_| site.addresses.rooted(&path));
            months.push((key, Month { name: month::name(key), page, rows: vec![line] }));
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
    chrono::NaiveDate::from_ymd_opt(year, month, 1)
        .map(|day| day.format("%b %Y").to_string())
        .unwrap_or_default()
}

fn span(months: &[((i32, u32), u64)]) -> String {
    match (months.iter().map(|m| m.0).min(), months.iter().map(|m| m.0).max()) {
        (Some(first), Some(last)) if first == last => name(first),
        (Some(first), Some(last)) => format!("{} to {}", name(first), name(last)),
        _ => String::new(),
    }
}

/// Every month from the first to the last, those without a story too; the last [`MAX_CHART_MONTHS`]
/// of them.
fn chart(months: &[((i32, u32), u64)]) -> Option<Chart> {
    let last = months.iter().map(|m| ordinal(m.0)).max()?;
    let first = months.iter().map(|m| ordinal(m.0)).min()?;
    if first == last {
        return None;
    }
    let first = first.clamp(
        last.saturating_sub(MAX_CHART_MONTHS - 1),
        last.saturating_sub(MIN_CHART_MONTHS - 1),
    );
    let mut counts = vec![0_u64; usize::try_from(last - first + 1).ok()?];
    for (month, count) in months {
        if let Some(slot) =
            usize::try_from(ordinal(*month) - first).ok().and_then(|at| counts.get_mut(at))
        {
            *slot += count;
        }
    }
    let most = counts.iter().max().copied().unwrap_or(0);
    let at = |ordinal: i32| {
        name((ordinal.div_euclid(12), u32::try_from(ordinal.rem_euclid(12)).unwrap_or(0) + 1))
    };
    let label =
        format!("Stories per month from {} to {}; at most {most} in a month", at(first), at(last));
    Some(Chart::bars(&counts, label, at(first), at(last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_the_empty_months_too_and_forgets_the_oldest() {
        let some = chart(&[((2026, 3), 4), ((2025, 12), 2)]).unwrap();
        assert_eq!(some.path.matches('M').count(), 2);
        assert_eq!(
            (some.first.as_str(), some.last.as_str(), some.width),
            ("Apr 2025", "Mar 2026", 118)
        );
        let long = chart(&[((2026, 1), 1), ((1990, 1), 1)]).unwrap();
        assert_eq!((long.first.as_str(), long.path.matches('M').count()), ("Feb 2020", 1));
        assert_eq!(chart(&[]), None);
        assert_eq!(span(&[((2026, 1), 1)]), "Jan 2026");
    }
}
