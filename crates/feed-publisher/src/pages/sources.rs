//! `/sources`: the status of every source.
//!
//! The page shows the class of an error and never its text, which may contain private addresses.

use askama::Template;

use feed_model::{FollowMode, SourceHealth, SourceState, Timestamp};

use crate::{
    addresses::Addresses,
    date_format, excerpt,
    pages::{
        chart::Chart,
        layout::{Alternate, Layout, PageLink, SiteInfo},
        render::{MAX_PAGE_BYTES, render, render_text},
    },
    xml,
};

/// Failing sources that the first page names.
const MAX_FAILING: usize = 40;
/// Bytes reserved on each page for the links to other pages.
const NAVIGATION_BYTES: usize = 1_000;
const MAX_TITLE_CHARS: usize = 120;
/// The longest address that a page contains, in bytes. `/sources.opml` has the longer ones.
const MAX_ADDRESS_BYTES: usize = 2_048;

struct TimeView {
    text: String,
    datetime: String,
}

struct SourceView {
    id: String,
    icon: Option<String>,
    title: String,
    href: Option<String>,
    feed_url: Option<String>,
    fetched_from: &'static str,
    /// CSS class.
    health: &'static str,
    health_text: &'static str,
    is_failing: bool,
    last_success: Option<TimeView>,
    next_poll: Option<TimeView>,
    entries: u64,
    error: Option<String>,
    chart: Option<Chart>,
}

/// One source. It is rendered separately, so that pages can be filled by size.
#[derive(Template)]
#[template(path = "source.html")]
struct SourceTemplate<'a> {
    source: &'a SourceView,
    /// Whether to show the times of the last success and the next poll.
    live: bool,
}

#[derive(Template)]
#[template(path = "sources.html")]
struct SourcesTemplate {
    layout: Layout,
    summary: String,
    /// Links to the failing sources; only on the first of several pages.
    failing: Vec<PageLink>,
    more_failing: usize,
    sections: Vec<String>,
    previous: Option<PageLink>,
    next: Option<PageLink>,
}

/// Renders the pages of the public sources, as many as the size limit needs.
///
/// If `live` is false, the pages omit the times of the last success and the next poll. Static files
/// would show outdated times and would change at every poll.
pub fn sources(site: &SiteInfo<'_>, states: &[SourceState], live: bool) -> Vec<Vec<u8>> {
    let views: Vec<SourceView> =
        states.iter().filter(|s| s.public).map(|s| source_view(site, s)).collect();
    let sections: Vec<String> =
        views.iter().map(|source| render_text(&SourceTemplate { source, live })).collect();
    let empty_page_bytes = render(&empty_page(site, 1, live)).len() + NAVIGATION_BYTES;
    // The first page also names the failing sources.
    let failing_bytes: usize = views
        .iter()
        .filter(|source| source.is_failing)
        .take(MAX_FAILING)
        .map(|source| source.title.len() + source.id.len() + 64)
        .sum();
    let pages = fill_pages(&sections, empty_page_bytes, failing_bytes);
    let link = |number: usize, anchor: &str, text: String| {
        let path = Addresses::sources_path(u32::try_from(number).unwrap_or(u32::MAX));
        PageLink { href: format!("{}{anchor}", site.addresses.rooted(&path)), text }
    };
    let count = pages.len();
    let render_page = |(index, indexes): (usize, &Vec<usize>)| {
        let number = index + 1;
        let mut page = empty_page(site, u32::try_from(number).unwrap_or(u32::MAX), live);
        page.sections = indexes.iter().map(|index| sections[*index].clone()).collect();
        page.previous = (number > 1).then(|| link(number - 1, "", format!("Page {}", number - 1)));
        page.next = (number < count)
            .then(|| link(number + 1, "", format!("Page {} of {count}", number + 1)));
        if number > 1 {
            page.summary = format!("Page {number} of {count}");
            return render(&page);
        }
        page.summary = health_summary(&views);
        if count > 1 {
            let failing = views.iter().enumerate().filter(|(_, source)| source.is_failing);
            page.more_failing = failing.clone().count().saturating_sub(MAX_FAILING);
            page.failing = failing
                .take(MAX_FAILING)
                .filter_map(|(index, source)| {
                    let page = pages.iter().position(|page| page.contains(&index))?;
                    Some(link(page + 1, &format!("#s-{}", source.id), source.title.clone()))
                })
                .collect();
        }
        render(&page)
    };
    pages.iter().enumerate().map(render_page).collect()
}

fn empty_page(site: &SiteInfo<'_>, number: u32, live: bool) -> SourcesTemplate {
    let mut layout = Layout::new(site, "Sources", Some(&Addresses::sources_path(number)));
    layout.current_page = "sources";
    layout.description = if live {
        "Source status and next poll. Times are in UTC.".to_owned()
    } else {
        "Source status.".to_owned()
    };
    layout.alternates.push(Alternate {
        title: "Subscriptions — OPML".to_owned(),
        media_type: "text/x-opml",
        href: site.addresses.absolute("/sources.opml"),
    });
    SourcesTemplate {
        layout,
        summary: String::new(),
        failing: Vec::new(),
        more_failing: 0,
        sections: Vec::new(),
        previous: None,
        next: None,
    }
}

/// Distributes sections over pages by size and returns the indexes of each page's sections. There
/// is at least one page, and each page has at least one section if there is one.
fn fill_pages(
    sections: &[String],
    empty_page_bytes: usize,
    first_page_bytes: usize,
) -> Vec<Vec<usize>> {
    let mut pages: Vec<Vec<usize>> = Vec::new();
    let mut page: Vec<usize> = Vec::new();
    let mut used = empty_page_bytes + first_page_bytes;
    for (index, section) in sections.iter().enumerate() {
        if used + section.len() > MAX_PAGE_BYTES && !page.is_empty() {
            pages.push(std::mem::take(&mut page));
            used = empty_page_bytes;
        }
        used += section.len();
        page.push(index);
    }
    pages.push(page);
    pages
}

/// Returns the number of sources in each state, most frequent first: `12 sources: 10 OK, 2
/// failing`.
fn health_summary(sources: &[SourceView]) -> String {
    let mut counts: Vec<(&'static str, usize)> = Vec::new();
    for source in sources {
        match counts.iter_mut().find(|(text, _)| *text == source.health_text) {
            Some((_, count)) => *count += 1,
            None => counts.push((source.health_text, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    match (sources.len(), counts.as_slice()) {
        (_, []) => String::new(),
        (1, [(text, _)]) => format!("1 source: {text}"),
        (total, [(text, _)]) => format!("{total} sources, all {text}"),
        (total, counts) => {
            let counts: Vec<String> =
                counts.iter().map(|(text, count)| format!("{count} {text}")).collect();
            format!("{total} sources: {}", counts.join(", "))
        }
    }
}

fn source_view(site: &SiteInfo<'_>, state: &SourceState) -> SourceView {
    let is_feed = state.follow_mode == FollowMode::Feed;
    let page_url = Some(state.url.as_str()).filter(|_| !is_feed);
    SourceView {
        id: state.id.to_string(),
        icon: site.source_icon(&state.id),
        title: excerpt::shorten(&xml::single_line(&state.title), MAX_TITLE_CHARS),
        href: state.home_page_url.as_deref().or(page_url).and_then(page_address),
        feed_url: state.feed_url.as_deref().filter(|_| is_feed).and_then(page_address),
        fetched_from: match state.follow_mode {
            FollowMode::Auto => "not discovered yet",
            FollowMode::Feed => "feed",
            FollowMode::Sitemap => "sitemap",
            FollowMode::Page => "web page",
        },
        health: state.health.as_str(),
        health_text: match state.health {
            SourceHealth::Ok => "OK",
            SourceHealth::Empty => "no entries found",
            SourceHealth::Failing => "failing",
            SourceHealth::Gone => "gone",
            SourceHealth::Paused => "paused",
            SourceHealth::New => "not polled yet",
        },
        is_failing: matches!(
            state.health,
            SourceHealth::Empty | SourceHealth::Failing | SourceHealth::Gone
        ),
        last_success: state.last_success.map(time_view),
        next_poll: state.next_poll.map(time_view),
        entries: state.entries,
        error: state
            .last_error_class
            .as_deref()
            .map(|class| excerpt::shorten(&xml::single_line(class), 40)),
        chart: activity_chart(&state.activity),
    }
}

fn page_address(url: &str) -> Option<String> {
    xml::http_url(url).filter(|url| url.len() <= MAX_ADDRESS_BYTES)
}

fn time_view(at: Timestamp) -> TimeView {
    TimeView { text: at.format("%-d %b %Y, %H:%M").to_string(), datetime: date_format::rfc3339(at) }
}

/// Returns a chart of new entries per day; none for a source without any.
fn activity_chart(entries_per_day: &[u32]) -> Option<Chart> {
    let counts: Vec<u64> = entries_per_day.iter().copied().map(u64::from).collect();
    let total: u64 = counts.iter().sum();
    let days = counts.len();
    (total > 0).then(|| {
        Chart::bars(
            &counts,
            format!("New entries per day in the {days} days to the latest entry: {total} in all"),
            format!("{days} days to latest entry"),
            String::new(),
        )
    })
}
