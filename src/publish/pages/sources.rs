//! `/sources`: how every source is doing. The class of an error is told, never its text, which may name what is private.

use askama::Template;

use super::{Site, chart::Chart, frame::Frame};
use crate::{
    model::{Follow, SourceHealth, SourceState, Timestamp},
    publish::{excerpt, moment, xml},
};

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
    last_success: Option<Moment>,
    next_poll: Option<Moment>,
    entries: u64,
    error: Option<String>,
    chart: Option<Chart>,
}

#[derive(Template)]
#[template(path = "sources.html")]
struct Page {
    frame: Frame,
    /// Whether the moments of the last and the next poll are told.
    live: bool,
    sources: Vec<SourceView>,
}

/// The page of the sources that may be shown. Where it is drawn once and kept (`live` is false), it leaves out when each
/// was asked last and is asked next: these would be wrong soon, and change the page at every poll.
pub fn sources(site: &Site<'_>, states: &[SourceState], live: bool) -> Vec<u8> {
    let mut frame = Frame::new(site, "Sources", Some("/sources"));
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
    let mut page = Page { frame, live, sources: states.iter().filter(|state| state.public).map(view).collect() };
    let bytes = super::render(&page);
    if bytes.len() <= super::MAX_PAGE_BYTES {
        return bytes;
    }
    page.sources.iter_mut().for_each(|source| source.chart = None);
    super::render(&page)
}

fn view(state: &SourceState) -> SourceView {
    let is_feed = state.follow == Follow::Feed;
    SourceView {
        id: state.id.to_string(),
        title: excerpt::shorten(&xml::line(&state.title), 120),
        href: state.home_page_url.as_deref().or(Some(state.url.as_str()).filter(|_| !is_feed)).and_then(xml::web_address),
        feed_url: state.feed_url.as_deref().filter(|_| is_feed).and_then(xml::web_address),
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
        last_success: state.last_success.map(moment_of),
        next_poll: state.next_poll.map(moment_of),
        entries: state.entries,
        error: state.last_error_class.as_deref().map(|class| excerpt::shorten(&xml::line(class), 40)),
        chart: activity(&state.activity),
    }
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
