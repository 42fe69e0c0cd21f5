//! A source as pages show it.
//!
//! Pages show the class of an error and never its text, which may contain private addresses.

use feed_model::{FollowMode, SourceHealth, SourceState, Timestamp};

use crate::{
    addresses::Addresses,
    date_format, excerpt,
    pages::{chart::Chart, layout::SiteInfo},
    xml,
};

const MAX_TITLE_CHARS: usize = 120;
/// The longest title in a table, in characters.
const MAX_SHORT_TITLE_CHARS: usize = 60;
/// The longest address that a page contains, in bytes. `/sources.opml` has the longer ones.
const MAX_ADDRESS_BYTES: usize = 2_048;
/// Days in one bar of the chart of activity.
const DAYS_PER_BAR: usize = 7;

/// A time with its machine-readable form.
pub(super) struct TimeView {
    pub text: String,
    pub datetime: String,
}

/// A source as `templates/source_row.html` and `templates/source_facts.html` show it.
pub(super) struct SourceView {
    pub title: String,
    pub short_title: String,
    /// Address of its icon.
    pub icon: Option<String>,
    /// The page of its stories.
    pub page: Option<String>,
    /// The website.
    pub href: Option<String>,
    pub host: String,
    pub feed_url: Option<String>,
    pub fetched_from: &'static str,
    /// CSS class.
    pub health: &'static str,
    pub health_text: &'static str,
    pub is_failing: bool,
    pub last_success: Option<TimeView>,
    pub next_poll: Option<TimeView>,
    pub entries: u64,
    pub error: Option<String>,
    pub activity: Option<Chart>,
}

impl SourceView {
    /// Returns the source. If `live` is false, the times of polls are omitted: static files would
    /// show outdated times and would change at every poll.
    pub(super) fn new(site: &SiteInfo<'_>, state: &SourceState, live: bool) -> Self {
        let is_feed = state.follow_mode == FollowMode::Feed;
        let page_url = Some(state.url.as_str()).filter(|_| !is_feed);
        let href = state.home_page_url.as_deref().or(page_url).and_then(page_address);
        let time = |at: Option<Timestamp>| at.filter(|_| live).map(|at| time_view(site, at));
        let title = xml::single_line(&state.title);
        Self {
            title: excerpt::shorten(&title, MAX_TITLE_CHARS),
            short_title: excerpt::shorten(&title, MAX_SHORT_TITLE_CHARS),
            icon: site.source_icon(&state.id),
            page: Addresses::source_path(&state.id, 1).map(|path| site.addresses.rooted(&path)),
            host: href.as_deref().and_then(host).unwrap_or_else(|| "Website".to_owned()),
            href,
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
            last_success: time(state.last_success),
            next_poll: time(state.next_poll),
            entries: state.entries,
            error: state
                .last_error_class
                .as_deref()
                .map(|class| excerpt::shorten(&xml::single_line(class), 40)),
            activity: activity_chart(&state.activity),
        }
    }
}

fn page_address(url: &str) -> Option<String> {
    xml::http_url(url).filter(|url| url.len() <= MAX_ADDRESS_BYTES)
}

fn host(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    let host = url.host_str()?;
    Some(host.strip_prefix("www.").unwrap_or(host).to_owned())
}

fn time_view(site: &SiteInfo<'_>, at: Timestamp) -> TimeView {
    let text = date_format::display_time(at, site.timezone);
    TimeView { text, datetime: date_format::rfc3339(at) }
}

/// Returns a chart of the entries per week; none for a source without any. The last week ends with
/// the last day.
fn activity_chart(entries_per_day: &[u32]) -> Option<Chart> {
    let weeks = entries_per_day.rchunks(DAYS_PER_BAR).rev();
    let counts: Vec<u64> = weeks.map(|days| days.iter().copied().map(u64::from).sum()).collect();
    let total: u64 = counts.iter().sum();
    let days = entries_per_day.len();
    (total > 0).then(|| {
        let entries = if total == 1 { "entry" } else { "entries" };
        let label = format!("{total} {entries} in {days} days");
        Chart::bars(&counts, label, String::new(), String::new())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activity_is_shown_by_week_up_to_the_last_day() {
        let mut days = vec![0; 90];
        days[89] = 2;
        days[82] = 1;
        let chart = activity_chart(&days).unwrap();
        assert_eq!(chart.path, "M110 48v-24h8v24zM120 48v-48h8v48z");
        assert_eq!((chart.label.as_str(), chart.width), ("3 entries in 90 days", 128));
        assert_eq!(activity_chart(&[0; 90]), None);
    }
}
