//! `/search`: a form, and what was found.

use askama::Template;

use super::{
    SiteInfo,
    layout::Layout,
    story_row::{StoryRow, story_count_text},
};
use crate::{excerpt, xml};
use feed_model::Story;

/// What a search gave.
#[derive(Debug, Clone)]
pub struct SearchPage<'a> {
    /// How many stories in all.
    pub count: u64,
    /// The best of them, best first.
    pub stories: &'a [Story],
    /// The absolute address of the same search as a feed.
    pub feed: &'a str,
}

#[derive(Template)]
#[template(path = "search.html")]
struct Page {
    layout: Layout,
    action: String,
    query: String,
    found: Option<String>,
    /// How many of them are shown, where that is not all.
    best: Option<usize>,
    feed: Option<String>,
    rows: Vec<StoryRow>,
}

/// The search page; `found` is `None` before anything was asked.
pub fn search(site: &SiteInfo<'_>, query: &str, found: Option<&SearchPage<'_>>) -> Vec<u8> {
    let mut layout = Layout::new(site, "Search", Some("/search"));
    layout.here = "search";
    layout.noindex = found.is_some();
    let query = excerpt::shorten(&xml::single_line(query), 200);
    if let Some(found) = found {
        layout.alternates.push(super::Alternate {
            title: format!("Search for {query} — Atom"),
            media_type: "application/atom+xml",
            href: found.feed.to_owned(),
        });
    }
    let mut page = Page {
        action: site.addresses.rooted("/search"),
        feed: found.map(|found| found.feed.to_owned()),
        query,
        best: None,
        found: found.map(|found| {
            if found.count == 0 {
                "Nothing found".to_owned()
            } else {
                story_count_text(found.count)
            }
        }),
        rows: found
            .map(|found| found.stories.iter().map(|story| StoryRow::new(site, story)).collect())
            .unwrap_or_default(),
        layout,
    };
    let all = found.map_or(0, |found| usize::try_from(found.count).unwrap_or(usize::MAX));
    loop {
        page.best = Some(page.rows.len()).filter(|shown| *shown < all);
        let bytes = super::render(&page);
        if bytes.len() <= super::MAX_PAGE_BYTES || page.rows.is_empty() {
            return bytes;
        }
        page.rows.truncate(page.rows.len() * 3 / 4);
    }
}
