//! `/sources`: how every source is doing. The class of an error is told, never its text, which may name what is private.

use askama::Template;

use super::{
    Site,
    chart::Chart,
    frame::{Anchor, Frame},
};
use crate::{Addresses, excerpt, moment, xml};
use feed_model::{Follow, SourceHealth, SourceState, Timestamp};

struct Moment {
    people: String,
    machines: String,
}

struct SourceView {
    id: String,
    title: String,
    href: Option<String>,
    feed_url: Option<String>,
    way: &'static str,
    health: &'static str,
    health_words: &'static str,
    is_ill: bool,
    last_success: Option<Moment>,
    next_poll: Option<Moment>,
    entries: u64,
    error: Option<String>,
    chart: Option<Chart>,
}

/// One source, rendered by itself: a page takes as many as it can hold.
#[derive(Template)]
#[template(path = "source.html")]
struct Section<'a> {
    source: &'a SourceView,
    /// Whether the moments of the last and the next poll are told.
    live: bool,
}

#[derive(Template)]
#[template(path = "sources.html")]
struct Page {
    frame: Frame,
    summary: String,
    /// Those that are not well, on the first page.
    ill: Vec<Anchor>,
    more_ill: usize,
    sections: Vec<String>,
    newer: Option<Anchor>,
    older: Option<Anchor>,
}

/// Sources that the first page names as not well.
const MAX_ILL: usize = 40;
/// Bytes that are left for what stands around the sources beyond the frame: the way to other pages.
const AROUND_BYTES: usize = 1_000;

/// The pages of the sources that may be shown, as many as it takes. Where they are drawn once and kept (`live` is false),
/// they leave out when each source was asked last and is asked next: these would be wrong soon, and change the pages at every
/// poll.
pub fn sources(site: &Site<'_>, states: &[SourceState], live: bool) -> Vec<Vec<u8>> {
    let shown: Vec<SourceView> = states.iter().filter(|state| state.public).map(view).collect();
    let sections: Vec<String> = shown.iter().map(|source| super::text(&Section { source, live })).collect();
    let empty = |page: u32| {
        let mut frame = Frame::new(site, "Sources", Some(&Addresses::sources_path(page)));
        frame.here = "sources";
        frame.description.push_str(if live {
            "Who is followed, how each is doing, and when it is asked next. Times are UTC."
        } else {
            "Who is followed, and how each is doing."
        });
        frame.alternates.push(super::Alternate {
            title: "What is followed — OPML".to_owned(),
            media_type: "text/x-opml",
            href: site.addresses.absolute("/sources.opml"),
        });
        let (summary, ill, more_ill) = (String::new(), Vec::new(), 0);
        Page { frame, summary, ill, more_ill, sections: Vec::new(), newer: None, older: None }
    };
    // The first page tells how all of them are, and has less room for it.
    let ill_bytes: usize = shown.iter().filter(|s| s.is_ill).take(MAX_ILL).map(|s| s.title.len() + s.id.len() + 64).sum();
    let frame_bytes = super::render(&empty(1)).len() + AROUND_BYTES;
    let mut pages: Vec<Vec<usize>> = vec![Vec::new()];
    let mut used = frame_bytes + ill_bytes;
    for (at, section) in sections.iter().enumerate() {
        if used + section.len() > super::MAX_PAGE_BYTES && pages.last().is_some_and(|page| !page.is_empty()) {
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
        Anchor { href: format!("{}{anchor}", site.addresses.rooted(&path)), text }
    };
    let render = |(index, held): (usize, &Vec<usize>)| {
        let number = index + 1;
        let mut page = empty(u32::try_from(number).unwrap_or(u32::MAX));
        page.sections = held.iter().map(|at| sections[*at].clone()).collect();
        page.newer = (number > 1).then(|| to(number - 1, "", format!("Page {}", number - 1)));
        page.older = (number < pages.len()).then(|| to(number + 1, "", format!("Page {} of {}", number + 1, pages.len())));
        if number > 1 {
            page.summary = format!("Page {number} of {}", pages.len());
            return super::render(&page);
        }
        page.summary = counts(&shown);
        if pages.len() > 1 {
            let ill = shown.iter().enumerate().filter(|(_, source)| source.is_ill);
            page.more_ill = ill.clone().count().saturating_sub(MAX_ILL);
            page.ill = ill
                .take(MAX_ILL)
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
fn counts(shown: &[SourceView]) -> String {
    let mut words: Vec<(&'static str, usize)> = Vec::new();
    for source in shown {
        match words.iter_mut().find(|(known, _)| *known == source.health_words) {
            Some((_, count)) => *count += 1,
            None => words.push((source.health_words, 1)),
        }
    }
    words.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let of = if shown.len() == 1 { "1 source".to_owned() } else { format!("{} sources", shown.len()) };
    let told: Vec<String> = words.iter().map(|(words, count)| format!("{count} {words}")).collect();
    match words.as_slice() {
        [] => String::new(),
        [(words, 1)] => format!("{of}: {words}"),
        [(words, _)] => format!("{of}, all {words}"),
        _ => format!("{of}: {}", told.join(", ")),
    }
}

fn view(state: &SourceState) -> SourceView {
    let is_feed = state.follow == Follow::Feed;
    SourceView {
        id: state.id.to_string(),
        title: excerpt::shorten(&xml::line(&state.title), 120),
        href: state.home_page_url.as_deref().or(Some(state.url.as_str()).filter(|_| !is_feed)).and_then(address),
        feed_url: state.feed_url.as_deref().filter(|_| is_feed).and_then(address),
        way: match state.follow {
            Follow::Auto => "not found out yet",
            Follow::Feed => "its feed",
            Follow::Sitemap => "its sitemap",
            Follow::Page => "its page",
        },
        health: state.health.as_str(),
        health_words: match state.health {
            SourceHealth::Ok => "well",
            SourceHealth::Failing => "failing",
            SourceHealth::Resting => "gone, resting",
            SourceHealth::Paused => "paused",
            SourceHealth::New => "not asked yet",
        },
        is_ill: matches!(state.health, SourceHealth::Failing | SourceHealth::Resting),
        last_success: state.last_success.map(moment_of),
        next_poll: state.next_poll.map(moment_of),
        entries: state.entries,
        error: state.last_error_class.as_deref().map(|class| excerpt::shorten(&xml::line(class), 40)),
        chart: activity(&state.activity),
    }
}

/// An address that a page can hold; the longest of all are in the list of feeds alone.
fn address(url: &str) -> Option<String> {
    xml::web_address(url).filter(|url| url.len() <= 2_048)
}

fn moment_of(at: Timestamp) -> Moment {
    Moment { people: at.format("%-d %b %Y, %H:%M").to_string(), machines: moment::rfc3339(at) }
}

fn activity(days: &[u32]) -> Option<Chart> {
    let total: u64 = days.iter().copied().map(u64::from).sum();
    if total == 0 {
        return None;
    }
    let counts: Vec<u64> = days.iter().copied().map(u64::from).collect();
    let label = format!("New entries per day over {} days: {total} in all", days.len());
    Some(Chart::bars(
        &counts,
        label,
        format!("{} days before", days.len().saturating_sub(1)),
        "day of the newest entry".to_owned(),
    ))
}
