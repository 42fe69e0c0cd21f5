//! `/sources`: a table with the status of every source.

use askama::Template;

use feed_model::SourceState;

use crate::{
    addresses::Addresses,
    pages::{
        layout::{Alternate, Layout, PageLink, SiteInfo},
        render::{MAX_PAGE_BYTES, render, render_text},
        source_view::SourceView,
    },
};

/// Failing sources that the first page names.
const MAX_FAILING: usize = 40;
/// Bytes reserved on each page for the links to other pages.
const NAVIGATION_BYTES: usize = 1_000;

/// One source. It is rendered separately, so that pages can be filled by size.
#[derive(Template)]
#[template(path = "source_row.html")]
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
    /// Whether the table has the times of polls.
    live: bool,
    rows: Vec<String>,
    previous: Option<PageLink>,
    next: Option<PageLink>,
}

/// Renders the pages of the public sources, as many as the size limit needs.
///
/// If `live` is false, the pages omit the times of the last success and the next poll. Static files
/// would show outdated times and would change at every poll.
pub fn sources(site: &SiteInfo<'_>, states: &[SourceState], live: bool) -> Vec<Vec<u8>> {
    let public = states.iter().filter(|state| state.public);
    let views: Vec<SourceView> = public.map(|state| SourceView::new(site, state, live)).collect();
    let rows: Vec<String> =
        views.iter().map(|source| render_text(&SourceTemplate { source, live })).collect();
    let empty_page_bytes = render(&empty_page(site, 1, live)).len() + NAVIGATION_BYTES;
    // The first page also names the failing sources.
    let failing_bytes: usize = views
        .iter()
        .filter(|source| source.is_failing)
        .take(MAX_FAILING)
        .map(|source| source.title.len() * 2 + 64)
        .sum();
    let pages = fill_pages(&rows, empty_page_bytes, failing_bytes);
    let link = |number: usize, text: String| {
        let path = Addresses::sources_path(u32::try_from(number).unwrap_or(u32::MAX));
        PageLink { href: site.addresses.rooted(&path), text }
    };
    let count = pages.len();
    let render_page = |(index, indexes): (usize, &Vec<usize>)| {
        let number = index + 1;
        let mut page = empty_page(site, u32::try_from(number).unwrap_or(u32::MAX), live);
        page.rows = indexes.iter().map(|index| rows[*index].clone()).collect();
        page.previous = (number > 1).then(|| link(number - 1, format!("page {}", number - 1)));
        page.next =
            (number < count).then(|| link(number + 1, format!("page {} of {count}", number + 1)));
        if number > 1 {
            page.summary = format!("Page {number} of {count}");
            return render(&page);
        }
        page.summary = health_summary(&views);
        if count > 1 {
            let failing = views.iter().filter(|source| source.is_failing);
            page.more_failing = failing.clone().count().saturating_sub(MAX_FAILING);
            page.failing = failing
                .take(MAX_FAILING)
                .filter_map(|source| {
                    Some(PageLink { href: source.page.clone()?, text: source.title.clone() })
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
        format!("Source status and next poll. Times are in {}.", site.timezone.name())
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
        live,
        rows: Vec::new(),
        previous: None,
        next: None,
    }
}

/// Distributes rows over pages by size and returns the indexes of each page's rows. There is at
/// least one page, and each page has at least one row if there is one.
fn fill_pages(
    rows: &[String],
    empty_page_bytes: usize,
    first_page_bytes: usize,
) -> Vec<Vec<usize>> {
    let mut pages: Vec<Vec<usize>> = Vec::new();
    let mut page: Vec<usize> = Vec::new();
    let mut used = empty_page_bytes + first_page_bytes;
    for (index, row) in rows.iter().enumerate() {
        if used + row.len() > MAX_PAGE_BYTES && !page.is_empty() {
            pages.push(std::mem::take(&mut page));
            used = empty_page_bytes;
        }
        used += row.len();
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
