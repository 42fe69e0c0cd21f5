//! `/topics/{topic}`: the topic's feeds, its latest stories, and its archive by month.

use askama::Template;
use feed_model::{Story, TopicId};

use crate::{
    addresses::{Addresses, DigestPeriod, FeedFormat, YearMonth},
    pages::{
        chart::Chart,
        layout::{HubLink, Layout, SiteInfo, alternates},
        month::month_name,
        month_chart::{month_chart, month_span},
        render::{MAX_PAGE_BYTES, render},
        story_row::{StoryRow, archive_month, story_count_text},
        title_words::{TitleWord, title_words},
    },
    xml,
};

/// Stories shown with their summaries.
const LATEST: usize = 15;
/// The most months that the page links to. Their pages link to the months before them.
const MAX_LINKED_MONTHS: usize = 180;

/// The content of a topic's page.
#[derive(Debug, Clone)]
pub struct TopicPage<'a> {
    /// The name in URLs: a topic's id, or the ids of a union joined with `+`.
    pub name: &'a str,
    /// The title in plain text.
    pub title: &'a str,
    /// The description in plain text; may be empty.
    pub description: &'a str,
    /// Number of its stories. `None` for a union, which has no pages of months.
    pub count: Option<u64>,
    /// The stories to list, newest first.
    pub stories: &'a [Story],
    /// Stories per month, newest month first. Without any there is no chart.
    pub months: &'a [(YearMonth, u64)],
    /// The topics that share stories with it, with the number of shared stories, most first.
    pub neighbours: &'a [(TopicId, u64)],
    /// The address of the hub of its feeds.
    pub hub: Option<&'a str>,
}

/// Links to the digests of a period.
struct DigestLinks {
    period: &'static str,
    feeds: Vec<FeedLink>,
}

struct FeedLink {
    name: &'static str,
    media_type: &'static str,
    href: String,
}

struct MonthView {
    name: String,
    /// The page of all its stories; a union has none.
    page: Option<String>,
    rows: Vec<StoryRow>,
}

/// Links to the months of one year.
struct YearView {
    name: String,
    months: Vec<MonthLink>,
}

struct MonthLink {
    /// Three letters: `Mar`.
    name: String,
    page: String,
    count: u64,
}

/// A feed reader on the web that accepts a feed's address in its own address.
struct WebReader {
    name: &'static str,
    href: String,
}

struct RelatedTopic {
    title: String,
    page: String,
    count: String,
}

#[derive(Template)]
#[template(path = "topic.html")]
struct TopicTemplate {
    layout: Layout,
    description: String,
    count: String,
    span: String,
    feeds: Vec<FeedLink>,
    web_readers: Vec<WebReader>,
    /// The digests; a union has none.
    digests: Vec<DigestLinks>,
    /// The search page with this topic as the filter.
    narrow: Option<String>,
    latest: Vec<StoryRow>,
    chart: Option<Chart>,
    months: Vec<MonthView>,
    /// All months with stories, if the page does not list all stories.
    years: Vec<YearView>,
    unlisted_count: u64,
    title_words: Vec<TitleWord>,
    related_topics: Vec<RelatedTopic>,
}

/// Renders a topic's page. Older stories are omitted until it is at most [`MAX_PAGE_BYTES`] long.
pub fn topic(site: &SiteInfo<'_>, page: &TopicPage<'_>) -> Vec<u8> {
    let mut layout = Layout::new(site, page.title, Some(&Addresses::topic_path(page.name)));
    layout.current_page = if page.name == TopicId::ALL { "all" } else { "" };
    page.name.clone_into(&mut layout.current_topic);
    layout.description = xml::single_line(page.description);
    layout.alternates = alternates(site, page.name, page.title);
    let feed_url = |format| site.addresses.absolute(&Addresses::feed_path(page.name, format));
    layout.icon = site.addresses.rooted(&Addresses::icon_path(page.name));
    layout.hub =
        page.hub.map(|hub| HubLink { hub: hub.to_owned(), feed: feed_url(FeedFormat::Atom) });
    let feed_link = |format: FeedFormat| FeedLink {
        name: format.name(),
        media_type: format.media_type(),
        href: feed_url(format),
    };
    let (latest, older) = page.stories.split_at(LATEST.min(page.stories.len()));
    let mut view = TopicTemplate {
        description: layout.description.clone(),
        count: page.count.map(story_count_text).unwrap_or_default(),
        span: month_span(page.months),
        feeds: FeedFormat::ALL.into_iter().map(feed_link).collect(),
        web_readers: web_readers(&feed_url(FeedFormat::Atom)),
        digests: if page.name.contains('+') { Vec::new() } else { digests(site, page.name) },
        // A union is no filter of a search.
        narrow: (!page.name.contains('+'))
            .then(|| site.addresses.rooted(&format!("/search?q=topic%3A{}+", page.name))),
        latest: latest.iter().map(|story| StoryRow::new(site, story)).collect(),
        chart: month_chart(page.months),
        months: Vec::new(),
        years: Vec::new(),
        unlisted_count: 0,
        title_words: title_words(page.title, page.stories),
        related_topics: page
            .neighbours
            .iter()
            .filter_map(|(id, count)| related_topic(site, id, *count))
            .collect(),
        layout,
    };
    let mut listed = older.len();
    loop {
        view.months = stories_by_month(site, page, &older[..listed]);
        let shown = u64::try_from(view.latest.len() + listed).unwrap_or(u64::MAX);
        view.unlisted_count = page.count.map_or(0, |count| count.saturating_sub(shown));
        view.years = if view.unlisted_count > 0 { years(site, page) } else { Vec::new() };
        let bytes = render(&view);
        if bytes.len() <= MAX_PAGE_BYTES {
            return bytes;
        }
        match listed {
            0 if view.latest.len() <= 1 => return bytes,
            0 => view.latest.truncate(view.latest.len() / 2),
            _ => listed = listed * 3 / 4,
        }
    }
}

/// Returns links to the months with stories, by year.
fn years(site: &SiteInfo<'_>, page: &TopicPage<'_>) -> Vec<YearView> {
    let mut years: Vec<YearView> = Vec::new();
    for (month, count) in page.months.iter().take(MAX_LINKED_MONTHS) {
        let name = month.0.to_string();
        let link = MonthLink {
            name: month_name(*month).chars().take(3).collect(),
            page: site.addresses.rooted(&Addresses::month_path(page.name, *month, 1)),
            count: *count,
        };
        match years.last_mut() {
            Some(year) if year.name == name => year.months.push(link),
            _ => years.push(YearView { name, months: vec![link] }),
        }
    }
    years
}

/// Returns links that subscribe to a feed in common web readers.
fn web_readers(feed_url: &str) -> Vec<WebReader> {
    let encoded: String = url::form_urlencoded::byte_serialize(feed_url.as_bytes()).collect();
    [
        ("Feedly", "https://feedly.com/i/subscription/feed%2F"),
        ("Inoreader", "https://www.inoreader.com/feed/"),
        ("NewsBlur", "https://www.newsblur.com/?url="),
        ("The Old Reader", "https://theoldreader.com/feeds/subscribe?url="),
    ]
    .into_iter()
    .map(|(name, prefix)| WebReader { name, href: format!("{prefix}{encoded}") })
    .collect()
}

/// Returns a link to a topic that shares stories. A topic that the reader may not see has none.
fn digests(site: &SiteInfo<'_>, topic: &str) -> Vec<DigestLinks> {
    let link = |period, format: FeedFormat| FeedLink {
        name: format.name(),
        media_type: format.media_type(),
        href: site.addresses.absolute(&Addresses::digest_path(topic, period, format)),
    };
    let links = |period: DigestPeriod| DigestLinks {
        period: period.name(),
        feeds: FeedFormat::ALL.into_iter().map(|format| link(period, format)).collect(),
    };
    DigestPeriod::ALL.into_iter().map(links).collect()
}

fn related_topic(site: &SiteInfo<'_>, id: &TopicId, count: u64) -> Option<RelatedTopic> {
    let topic = site.topics.iter().find(|topic| topic.id == *id)?;
    Some(RelatedTopic {
        title: xml::single_line(&topic.title),
        page: site.addresses.rooted(&Addresses::topic_path(id.as_str())),
        count: story_count_text(count),
    })
}

/// Groups stories by month, newest month first.
fn stories_by_month(
    site: &SiteInfo<'_>,
    page: &TopicPage<'_>,
    stories: &[Story],
) -> Vec<MonthView> {
    let mut months: Vec<(YearMonth, MonthView)> = Vec::new();
    for story in stories {
        let month = archive_month(site, story);
        let row = StoryRow::new(site, story);
        if let Some((_, view)) = months.iter_mut().find(|(known, _)| *known == month) {
            view.rows.push(row);
        } else {
            let path = Addresses::month_path(page.name, month, 1);
            let page = page.count.map(|_| site.addresses.rooted(&path));
            months.push((month, MonthView { name: month_name(month), page, rows: vec![row] }));
        }
    }
    months.sort_by_key(|(month, _)| std::cmp::Reverse(*month));
    months.into_iter().map(|(_, view)| view).collect()
}
