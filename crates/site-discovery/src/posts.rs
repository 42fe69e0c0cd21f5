//! Which pages of a sitemap are posts.
//!
//! Deliberately absent: fetching any of them. The rule kept: `include` and `exclude` decide where they are given; else
//! one shape of path is taken, the one that most dated entries share, and the reason is told.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashSet},
};

use chrono::NaiveDate;
use url::Url;

use super::{Holds, SitemapDocument, SitemapPage, dates, shape};
use feed_model::{DatePrecision, PublishedDate, SitemapPatterns, Timestamp};

/// The posts of a sitemap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostLinks {
    /// Newest first, as far as their dates tell; undated ones after them, in the document's order.
    pub pages: Vec<SitemapPage>,
    /// Why these, in one sentence.
    pub because: String,
    /// Links that were taken for something else.
    pub passed_over: usize,
}

/// The posts among the pages of a sitemap; `site` is the address that is followed.
///
/// Patterns are parts of a path: one of `include` must occur in it, and none of `exclude` may.
pub fn post_links(document: &SitemapDocument, patterns: &SitemapPatterns, site: &Url) -> PostLinks {
    let excluded = |page: &&SitemapPage| patterns.exclude.iter().any(|part| page.url.path().contains(part.as_str()));
    let open: Vec<&SitemapPage> = document.pages.iter().filter(|page| !excluded(page)).collect();
    let (chosen, because) = if patterns.include.is_empty() {
        guess(&open, site)
    } else {
        let holds = |page: &&SitemapPage| patterns.include.iter().any(|part| page.url.path().contains(part.as_str()));
        let chosen: Vec<&SitemapPage> = open.iter().copied().filter(holds).collect();
        (chosen, format!("sitemap.include names {}", patterns.include.join(", ")))
    };
    let mut pages: Vec<SitemapPage> = chosen.into_iter().cloned().collect();
    // The sort is stable: pages of one day, and undated ones, keep the document's order.
    pages.sort_by_key(|page| Reverse(newness(page)));
    PostLinks { passed_over: document.pages.len() - pages.len(), pages, because }
}

/// What orders pages before their own dates are known: when they were published, else changed.
fn newness(page: &SitemapPage) -> Option<Timestamp> {
    let told: Option<PublishedDate> = page.news_published.or_else(|| dates::in_url(&page.url)).or(page.lastmod);
    told.map(|date| date.at)
}

/// What is known of one shape of path.
#[derive(Default)]
struct Shape<'a> {
    pages: Vec<&'a SitemapPage>,
    /// Days that its pages were published or changed on: what is built anew is dated alike, and that tells nothing.
    days: BTreeSet<NaiveDate>,
    dated: usize,
    news: usize,
    slugs: usize,
    /// Where the first of them stands.
    first: usize,
}

impl<'a> Shape<'a> {
    fn take(&mut self, page: &'a SitemapPage) {
        self.pages.push(page);
        if let Some(at) = newness(page) {
            self.dated += 1;
            self.days.insert(at.date_naive());
        }
        self.news += usize::from(is_news(page));
        self.slugs += usize::from(shape::post_score(&page.url) >= 1.0);
    }

    /// News titles are the surest sign, then a directory that sites keep posts in, then dates and slugs of several words.
    #[allow(clippy::cast_precision_loss)] // at most 50,000 of each
    fn weight(&self, directory: &str) -> f64 {
        let factor = if shape::is_post_directory(directory) {
            4.0
        } else if directory == "/" {
            0.5
        } else {
            1.0
        };
        // Many pages alike (a glossary) say less for each than a few dated ones.
        let fewer = |count: usize| (count as f64).powf(0.7);
        factor * (self.days.len() as f64 + fewer(self.slugs) * 0.5 + fewer(self.pages.len()) * 0.1) + self.news as f64 * 20.0
    }
}

fn is_news(page: &SitemapPage) -> bool {
    page.news_title.is_some() || page.news_published.is_some()
}

/// The shape of an address: its directory, but that days in the path tell a post under whatever subject it lies.
fn shape_of(url: &Url) -> String {
    let dated = dates::in_url(url).is_some_and(|date| date.precision >= DatePrecision::Day);
    if dated && !shape::is_post_directory(&shape::directory(url)) { "/YYYY/".to_owned() } else { shape::directory(url) }
}

fn guess<'a>(pages: &[&'a SitemapPage], site: &Url) -> (Vec<&'a SitemapPage>, String) {
    let own = site.path().trim_end_matches('/');
    let below =
        |page: &SitemapPage| page.url.path().strip_prefix(own).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'));
    let post = |page: &&&SitemapPage| !shape::is_page(&page.url) && !shape::is_list(&page.url) && !shape::is_file(&page.url);
    let mut candidates: Vec<&SitemapPage> = pages.iter().filter(post).copied().collect();
    let told = |holds: Holds| candidates.iter().copied().filter(|page| page.holds == holds).collect::<Vec<_>>();
    let (of_posts, others) = (told(Holds::Posts), told(Holds::Others).len());
    if others > 0 && others < candidates.len() {
        candidates.retain(|page| page.holds != Holds::Others);
    }
    if own.len() > 1 && !shape::is_file(site) && !shape::is_list(site) {
        let inside: Vec<&SitemapPage> = candidates.iter().copied().filter(|page| below(page)).collect();
        if !inside.is_empty() {
            let because = format!("{} of {} links lie below {own}/, the address that is followed", inside.len(), pages.len());
            return (inside, because);
        }
    }
    if !of_posts.is_empty() {
        let because = format!("{} of {} links stand in a sitemap that is called after posts", of_posts.len(), pages.len());
        return (without_lists(of_posts), because);
    }
    let mut shapes: BTreeMap<String, Shape<'a>> = BTreeMap::new();
    for (first, page) in candidates.iter().enumerate() {
        shapes.entry(shape_of(&page.url)).or_insert_with(|| Shape { first, ..Shape::default() }).take(page);
    }
    // Of the same posts in two languages, those that the publisher names first.
    let best = shapes.iter().max_by(|(a, x), (b, y)| x.weight(a).total_cmp(&y.weight(b)).then_with(|| y.first.cmp(&x.first)));
    let Some((directory, best)) = best else {
        return (Vec::new(), format!("none of its {} links looks like a post", pages.len()));
    };
    let mut chosen = best.pages.clone();
    if directory == "/" {
        // At the root stand pages of every kind: posts are told by a slug of several words, where any has one.
        let with_slug: Vec<&SitemapPage> =
            chosen.iter().copied().filter(|p| shape::post_score(&p.url) >= 1.0 || p.news_title.is_some()).collect();
        if !with_slug.is_empty() {
            chosen = with_slug;
        }
    }
    let of = if best.dated > 0 {
        format!("{} of its {} dated links", best.dated, pages.iter().filter(|p| newness(p).is_some()).count())
    } else {
        format!("{} of its {} links", best.pages.len(), pages.len())
    };
    let mut because = format!("{of} have the form {directory}…");
    if best.news > 0 {
        // A newspaper keeps its news under its subjects.
        let news = || shapes.iter().filter(|(other, shape)| *other != directory && shape.news * 2 > shape.pages.len());
        chosen.extend(news().flat_map(|(_, shape)| shape.pages.iter().copied()));
        let count = best.news + news().map(|(_, shape)| shape.news).sum::<usize>();
        because = match news().count() {
            0 => format!("{because}, {count} of them with news titles"),
            more => format!("{because}, and {more} more forms as well, {count} of them with news titles"),
        };
    }
    (without_lists(chosen), because)
}

/// Pages without those that others lie below: `/blog/kafka` where posts are `/blog/kafka/lag`.
fn without_lists(pages: Vec<&SitemapPage>) -> Vec<&SitemapPage> {
    let depth = |page: &SitemapPage| shape::segments(&page.url).len();
    let mut depths: BTreeMap<usize, usize> = BTreeMap::new();
    for page in &pages {
        *depths.entry(depth(page)).or_default() += 1;
    }
    let Some((usual, _)) = depths.into_iter().max_by_key(|(_, count)| *count) else { return pages };
    let mut above: HashSet<String> = HashSet::new();
    for page in pages.iter().filter(|page| depth(page) >= usual) {
        let mut path = page.url.path().trim_end_matches('/');
        while let Some((parent, _)) = path.rsplit_once('/') {
            path = parent;
            above.insert(parent.to_owned());
        }
    }
    let is_list = |page: &SitemapPage| depth(page) < usual && above.contains(page.url.path().trim_end_matches('/'));
    pages.into_iter().filter(|page| !is_list(page)).collect()
}
