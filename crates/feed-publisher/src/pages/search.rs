//! `/search`: the search form and its results.

use askama::Template;

use feed_model::Story;

use crate::{
    addresses::FeedFormat,
    excerpt,
    pages::{
        layout::{Alternate, Layout, SiteInfo},
        render::{MAX_PAGE_BYTES, render},
        story_row::{StoryRow, story_count_text},
    },
    xml,
};

/// The longest query that the page repeats, in characters.
const MAX_QUERY_CHARS: usize = 200;

/// The results of a search.
#[derive(Debug, Clone)]
pub struct SearchPage<'a> {
    /// Number of stories that match.
    pub count: u64,
    /// Whether there are more than `count`.
    pub has_more: bool,
    /// The best matches, best first.
    pub stories: &'a [Story],
    /// Absolute addresses of the same search as a feed.
    pub feeds: [(FeedFormat, String); 3],
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchTemplate {
    layout: Layout,
    action: String,
    query: String,
    /// The heading of the results: how many there are.
    results: Option<String>,
    /// Number of results on the page, if it does not show all.
    shown: Option<usize>,
    feeds: Vec<FeedAddress>,
    rows: Vec<StoryRow>,
}

/// The address of a feed, for copying.
struct FeedAddress {
    /// The name of its format.
    name: &'static str,
    /// The address.
    href: String,
    media_type: &'static str,
}

/// Renders the search page. `results` is `None` if the query is empty.
pub fn search(site: &SiteInfo<'_>, query: &str, results: Option<&SearchPage<'_>>) -> Vec<u8> {
    let mut layout = Layout::new(site, "Search", Some("/search"));
    layout.current_page = "search";
    layout.noindex = results.is_some();
    let query = excerpt::shorten(&xml::single_line(query), MAX_QUERY_CHARS);
    if let Some(results) = results {
        layout.alternates.extend(results.feeds.iter().map(|(format, href)| Alternate {
            title: format!("Search for {query} — {}", format.name()),
            media_type: format.media_type(),
            href: href.clone(),
        }));
    }
    let mut page = SearchTemplate {
        action: site.addresses.rooted("/search"),
        feeds: results
            .map(|results| results.feeds.iter().map(feed_address).collect())
            .unwrap_or_default(),
        query,
        shown: None,
        results: results.map(|results| match results.count {
            0 => "No results".to_owned(),
            count if results.has_more => format!("More than {count} stories"),
            count => story_count_text(count),
        }),
        rows: results
            .map(|results| results.stories.iter().map(|story| StoryRow::new(site, story)).collect())
            .unwrap_or_default(),
        layout,
    };
    let count = results.map_or(0, |results| usize::try_from(results.count).unwrap_or(usize::MAX));
    loop {
        page.shown = Some(page.rows.len()).filter(|shown| *shown < count);
        let bytes = render(&page);
        if bytes.len() <= MAX_PAGE_BYTES || page.rows.is_empty() {
            return bytes;
        }
        page.rows.truncate(page.rows.len() * 3 / 4);
    }
}

fn feed_address((format, href): &(FeedFormat, String)) -> FeedAddress {
    FeedAddress { name: format.name(), href: href.clone(), media_type: format.media_type() }
}
