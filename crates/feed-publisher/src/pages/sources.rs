//! `/sources`: how every source is doing. The class of an error is told, never its text, which may
//! name what is private.

use askama::Template;

use super::{
    SiteInfo,
    chart::Chart,
    layout::{Layout, PageLink},
};
use crate::{Addresses, date_format, excerpt, xml};
use feed_model::{FollowMode, SourceHealth, SourceState, Timestamp};

struct DisplayTime {
    text: String,
    datetime: String,
}

struct SourceView {
    id: String,
    title: String,
    href: Option<String>,
    feed_url: Option<String>,
    followed_by: &'static str,
    health: &'static str,
    health_text: &'static str,
    is_failing: bool,
    last_success: Option<DisplayTime>,
    next_poll: Option<DisplayTime>,
    entries: u64,
    error: Option<String>,
    chart: Option<Chart>,
}

/// One source, rendered by itself: a page takes as many as it can hold.
#[derive(Template)]
#[template(path = "source.html")]
struct SourceSection<'a> {
    source: &'a SourceView,
    /// Whether the moments of the last and the next poll are told.
    live: bool,
}

#[derive(Template)]
#[template(path = "sources.html")]
struct Page {
    layout: Layout,
    summary: String,
    /// Those that are not well, on the first page.
    ill: Vec<PageLink>,
    more_failing: usize,
    sections: Vec<String>,
    newer: Option<PageLink>,
    older: Option<PageLink>,
}

/// Sources that the first page names as not well.
const MAX_FAILING: usize = 40;
/// Bytes that are left for what stands around the sources beyond the layout: the way to other
/// pages.
const NAVIGATION_BYTES: usize = 1_000;

/// The pages of the sources that may be shown, as many as it takes. Where they are drawn once and
/// kept (`live` is false), they leave out when each source was asked last and is asked next: these
/// would be wrong soon, and change the pages at every poll.
pub fn sources(site: &SiteInfo<'_>, states: &[SourceState], live: bool) -> Vec<Vec<u8>> {
    let shown: Vec<SourceView> = states.iter().filter(|state| state.public).map(view).collect();
    let sections: Vec<String> =
        shown.iter().map(|source| super::text(&SourceSection { source, live })).collect();
    let empty = |page: u32| {
        let mut layout = Layout::new(site, "Sources", Some(&Addresses::sources_path(page)));
        layout.here = "sources";
        layout.description.push_str(if live {
            "Who is followed, how each is doing, and when it is asked next. Times are UTC."
        } else {
            "Who is followed, and how each is doing."
        });
        layout.alternates.push(super::Alternate {
            title: "What is followed — OPML".to_owned(),
            media_type: "text/x-opml",
            href: site.addresses.absolute("/sources.opml"),
        });
        let (summary, ill, more_failing) = (String::new(), Vec::new(), 0);
        Page { layout, summary, ill, more_failing, sections: Vec::new(), newer: None, older: None }
    };
    // The first page tells how all of them are, and has less room for it.
    let failing_bytes: usize = shown
        .iter()
        .filter(|s| s.is_failing)
        .take(MAX_FAILING)
        .map(|s| s.title.len() + s.id.len() + 64)
        .sum();
    let frame_bytes = super::render(&empty(1)).len() + NAVIGATION_BYTES;
    let mut pages: Vec<Vec<usize>> = vec![Vec::new()];
    let mut used = frame_bytes + failing_bytes;
    for (at, section) in sections.iter().enumerate() {
        if used + section.len() > super::MAX_PAGE_BYTES
            && pages.last().is_some_and(|page| !page.is_empty())
        {
            pages.push(Vec::new());
            used = frame_bytes;
        }
        used += section.len();
        if let Some(page) = pages.last_mut() {
            page.push(at);
        }
    }
    let to = |number: usize, anchor: &str, text: String| {
        let path = Addresses::sources_path(u32::try_from(number).unwrap_or(u32::MAX));
        PageLink { href: format!("{}{anchor}", site.addresses.rooted(&path)), text }
    };
    let render = |(index, held): (usize, &Vec<usize>)| {
        let number = index + 1;
        let mut page = empty(u32::try_from(number).unwrap_or(u32::MAX));
        page.sections = held.iter().map(|at| sections[*at].clone()).collect();
        page.newer = (number > 1).then(|| to(number - 1, "", format!("Page {}", number - 1)));
        page.older = (number < pages.len())
            .then(|| to(number + 1, "", format!("Page {} of {}", number + 1, pages.len())));
        if number > 1 {
            page.summary = format!("Page {number} of {}", pages.len());
            return super::render(&page);
        }
        page.summary = health_summary(&shown);
        if pages.len() > 1 {
            let ill = shown.iter().enumerate().filter(|(_, source)| source.is_failing);
            page.more_failing = ill.clone().count().saturating_sub(MAX_FAILING);
            page.ill = ill
                .take(MAX_FAILING)
                .filter_map(|(at, source)| {
                    let on = pages.iter().position(|page| page.contains(&at))?;
                    Some(to(on + 1, &format!("#s-{}", source.id), source.title.clone()))
                })
                .collect();
        }
        super::render(&page)
    };
    pages.iter().enumerate().map(render).collect()
}

/// How many there are, and how they are: `12 sources: 10 well, 2 failing`.
fn health_summary(shown: &[SourceView]) -> String {
    let mut words: Vec<(&'static str, usize)> = Vec::new();
    for source in shown {
        match words.iter_mut().find(|(known, _)| *known == source.health_text) {
            Some((_, count)) => *count += 1,
            None => words.push((source.health_text, 1)),
        }
    }
    words.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let of =
        if shown.len() == 1 { "1 source".to_owned() } else { format!("{} sources", shown.len()) };
    let told: Vec<String> = words.iter().map(|(words, count)| format!("{count} {words}")).collect();
    match words.as_slice() {
        [] => String::new(),
        [(words, 1)] => format!("{of}: {words}"),
        [(words, _)] => format!("{of}, all {words}"),
        _ => format!("{of}: {}", told.join(", ")),
    }
}

fn view(state: &SourceState) -> SourceView {
    let is_feed = state.follow_mode == FollowMode::Feed;
    SourceView {
        id: state.id.to_string(),
        title: excerpt::shorten(&xml::single_line(&state.title), 120),
        href: state
            .home_page_url
            .as_deref()
            .or(Some(state.url.as_str()).filter(|_| !is_feed))
            .and_then(address),
        feed_url: state.feed_url.as_deref().filter(|_| is_feed).and_then(address),
        followed_by: match state.follow_mode {
            FollowMode::Auto => "not found out yet",
            FollowMode::Feed => "its feed",
            FollowMode::Sitemap => "its sitemap",
            FollowMode::Page => "its page",
        },
        health: state.health.as_str(),
        health_text: match state.health {
            SourceHealth::Ok => "well",
            SourceHealth::Failing => "failing",
            SourceHealth::Resting => "gone, resting",
            SourceHealth::Paused => "paused",
            SourceHealth::New => "not asked yet",
        },
        is_failing: matches!(state.health, SourceHealth::Failing | SourceHealth::Resting),
        last_success: state.last_success.map(display_time),
        next_poll: state.next_poll.map(display_time),
        entries: state.entries,
        error: state
            .last_error_class
            .as_deref()
            .map(|class| excerpt::shorten(&xml::single_line(class), 40)),
        chart: activity(&state.activity),
    }
}

/// An address that a page can hold; the longest of all are in the list of feeds alone.
fn address(url: &str) -> Option<String> {
    xml::http_url(url).filter(|url| url.len() <= 2_048)
}

fn display_time(at: Timestamp) -> DisplayTime {
    DisplayTime {
        text: at.format("%-d %b %Y, %H:%M").to_string(),
        datetime: date_format::rfc3339(at),
    }
}

fn activity(days: &[u32]) -> Option<Chart> {
    let total: u64 = days.iter().copied().map(u64::from).sum();
    if total == 0 {
        return None;
    }
    let health_summary: Vec<u64> = days.iter().copied().map(u64::from).collect();
    let label = format!("New entries per day over {} days: {total} in all", days.len());
    Some(Chart::bars(
        &health_summary,
        label,
        format!("{} days before", days.len().saturating_sub(1)),
        "day of the newest entry".to_owned(),
    ))
}
