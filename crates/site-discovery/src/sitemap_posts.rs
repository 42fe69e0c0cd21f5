//! Selection of the posts among the pages of a sitemap.
//!
//! Entry point: [`post_links`]. The patterns `include` and `exclude` of the configuration decide.
//! Without `include`, the pages are grouped by the shape of their path, and the group that looks
//! most like posts is chosen.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashSet},
};

use chrono::NaiveDate;
use url::Url;

use feed_model::{
    DatePrecision, PublishedDate, SitemapPatterns, Timestamp, language::is_path_locale,
};

use crate::{
    dates,
    sitemap::{SitemapDocument, SitemapKind, SitemapPage},
    url_shape,
};

/// The posts of a sitemap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostLinks {
    /// The posts, newest first. Undated posts follow in document order.
    pub pages: Vec<SitemapPage>,
    /// Why these pages were chosen, in one sentence.
    pub reason: String,
    /// The number of pages that were not chosen.
    pub skipped: usize,
}

/// Selects the posts among the pages of a sitemap. `site` is the URL of the source, and
/// `known_posts` are posts that another document lists, such as the site's page.
///
/// The patterns are substrings of a path. A path must contain one of `include`, if there are any,
/// and must not contain any of `exclude`.
pub fn post_links(
    document: &SitemapDocument,
    patterns: &SitemapPatterns,
    site: &Url,
    known_posts: &[Url],
) -> PostLinks {
    let excluded = |page: &&SitemapPage| {
        patterns.exclude.iter().any(|part| page.url.path().contains(part.as_str()))
    };
    let remaining: Vec<&SitemapPage> =
        document.pages.iter().filter(|page| !excluded(page)).collect();
    let (chosen, reason) = if patterns.include.is_empty() {
        let known: HashSet<String> = known_posts.iter().map(post_key).collect();
        guess_posts(&remaining, site, &known)
    } else {
        let included = |page: &&SitemapPage| {
            patterns.include.iter().any(|part| page.url.path().contains(part.as_str()))
        };
        let chosen: Vec<&SitemapPage> = remaining.iter().copied().filter(included).collect();
        (
            chosen,
            format!("their paths contain one of sitemap.include: {}", patterns.include.join(", ")),
        )
    };
    let mut pages: Vec<SitemapPage> = chosen.into_iter().cloned().collect();
    // The sort is stable, so pages of the same date and undated pages keep the document's order.
    pages.sort_by_key(|page| Reverse(best_known_date(page)));
    PostLinks { skipped: document.pages.len() - pages.len(), pages, reason }
}

/// Returns a key for the comparison of posts. A sitemap may leave out the `.html` that links have.
fn post_key(url: &Url) -> String {
    let key = url_shape::comparison_key(url);
    key.strip_suffix(".html").unwrap_or(&key).to_owned()
}

/// Returns the date that pages are ordered by before they are fetched: the publication date,
/// otherwise the date in the URL, otherwise the modification date.
fn best_known_date(page: &SitemapPage) -> Option<Timestamp> {
    let date: Option<PublishedDate> =
        page.news_published.or_else(|| dates::find_in_url(&page.url)).or(page.lastmod);
    date.map(|date| date.at)
}

/// The pages whose path has the same shape.
#[derive(Default)]
struct PathGroup<'a> {
    pages: Vec<&'a SitemapPage>,
    /// The distinct days of the pages. A site generator may give all pages the date of the build,
    /// which says nothing.
    days: BTreeSet<NaiveDate>,
    dated_count: usize,
    news_count: usize,
    slug_count: usize,
    /// The number of pages that are known to be posts.
    known_count: usize,
    /// The position of the first page in the sitemap.
    first: usize,
}

impl<'a> PathGroup<'a> {
    fn add(&mut self, page: &'a SitemapPage, known: &HashSet<String>) {
        self.pages.push(page);
        if let Some(at) = best_known_date(page) {
            self.dated_count += 1;
            self.days.insert(at.date_naive());
        }
        self.news_count += usize::from(is_news(page));
        self.known_count += usize::from(known.contains(&post_key(&page.url)));
        self.slug_count += usize::from(url_shape::post_score(&page.url) >= 1.0);
    }

    /// Returns how much the group looks like posts. News titles count most, then a directory that
    /// usually contains posts, then distinct days and slugs of several words.
    #[allow(clippy::cast_precision_loss)] // at most 50,000 of each
    fn weight(&self, directory: &str) -> f64 {
        let factor = if url_shape::is_post_directory(directory) {
            4.0
        } else if directory == "/" {
            0.5
        } else {
            1.0
        };
        // A group of many similar pages (a glossary) must not outweigh a smaller dated one.
        let damped = |count: usize| (count as f64).powf(0.7);
        factor
            * (self.days.len() as f64
                + damped(self.slug_count) * 0.5
                + damped(self.pages.len()) * 0.1)
            + self.news_count as f64 * 20.0
    }

    /// Returns whether a group looks like the best group of its sitemap: posts by subject, or
    /// several directories of posts. `has_subjects` is whether the site's page lists posts of
    /// several subjects.
    fn is_like(
        &self,
        directory: &str,
        best: &PathGroup<'_>,
        best_directory: &str,
        has_subjects: bool,
    ) -> bool {
        let name = |directory: &str| {
            let parts: Vec<String> =
                directory.split('/').filter(|s| !s.is_empty()).map(str::to_lowercase).collect();
            let locale = parts.first().filter(|p| parts.len() > 1 && is_path_locale(p)).cloned();
            (locale, parts.last().cloned().unwrap_or_default())
        };
        let (locale, own_name) = name(directory);
        let (best_locale, _) = name(best_directory);
        // The same posts in another language, or the pages at the root.
        if locale != best_locale || own_name.is_empty() || is_path_locale(&own_name) {
            return false;
        }
        let count = self.pages.len();
        let both_hold_posts =
            url_shape::is_post_directory(directory) && url_shape::is_post_directory(best_directory);
        let shares = |group: &PathGroup<'_>, of: usize| of * 10 >= group.pages.len() * 7;
        // A build that gives all pages one date shows nothing.
        let is_dated = |group: &PathGroup<'_>| group.days.len() * 2 >= group.pages.len().max(2);
        if both_hold_posts {
            return !url_shape::is_listing_name(&own_name)
                && (!is_dated(best) || self.dated_count > 0);
        }
        (has_subjects || !url_shape::is_post_directory(best_directory))
            && best_directory != "/"
            && !url_shape::is_other_directory(&own_name)
            && count >= 2
            && depth_of(self) == depth_of(best)
            && (has_subjects || shares(self, self.slug_count) && shares(best, best.slug_count))
            && (!is_dated(best) || is_dated(self))
    }
}

/// Returns the most common number of path segments of a group.
fn depth_of(group: &PathGroup<'_>) -> usize {
    let mut depths: BTreeMap<usize, usize> = BTreeMap::new();
    for page in &group.pages {
        *depths.entry(url_shape::segments(&page.url).len()).or_default() += 1;
    }
    depths.into_iter().max_by_key(|(_, count)| *count).map_or(0, |(depth, _)| depth)
}

fn is_news(page: &SitemapPage) -> bool {
    page.news_title.is_some() || page.news_published.is_some()
}

/// Returns the shape of a path: its first directory, or `/YYYY/` if the path contains a day.
fn path_group_key(url: &Url) -> String {
    let dated = dates::find_in_url(url).is_some_and(|date| date.precision >= DatePrecision::Day);
    if dated && !url_shape::is_post_directory(&url_shape::directory(url)) {
        "/YYYY/".to_owned()
    } else {
        url_shape::directory(url)
    }
}

/// Returns the group that looks most like posts, with its directory.
fn best_group<'b, 'a>(
    path_groups: &'b BTreeMap<String, PathGroup<'a>>,
) -> Option<(&'b String, &'b PathGroup<'a>)> {
    // If the same posts exist in two languages, the language that the sitemap lists first is
    // chosen.
    let heaviest = path_groups.iter().max_by(|(a, x), (b, y)| {
        x.weight(a).total_cmp(&y.weight(b)).then_with(|| y.first.cmp(&x.first))
    });
    // If the site's page lists posts of another directory, the guess is wrong, unless its directory
    // is named after posts.
    let most_known = path_groups
        .iter()
        .filter(|(_, group)| group.known_count >= 3)
        .max_by_key(|(_, group)| (group.known_count, Reverse(group.first)));
    match (heaviest, most_known) {
        (Some((directory, group)), Some(known))
            if group.known_count == 0 && !url_shape::is_post_directory(directory) =>
        {
            Some(known)
        }
        _ => heaviest,
    }
}

fn guess_posts<'a>(
    pages: &[&'a SitemapPage],
    site: &Url,
    known: &HashSet<String>,
) -> (Vec<&'a SitemapPage>, String) {
    let site_path = site.path().trim_end_matches('/');
    let is_below_site = |page: &SitemapPage| {
        page.url
            .path()
            .strip_prefix(site_path)
            .is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'))
    };
    let post = |page: &&&SitemapPage| {
        !url_shape::is_static_page(&page.url)
            && !url_shape::is_list(&page.url)
            && !url_shape::is_file(&page.url)
    };
    let mut candidates: Vec<&SitemapPage> = pages.iter().filter(post).copied().collect();
    let of_kind = |kind: SitemapKind| {
        candidates.iter().copied().filter(|page| page.kind == kind).collect::<Vec<_>>()
    };
    let (of_posts, others) = (of_kind(SitemapKind::Posts), of_kind(SitemapKind::Other).len());
    if others > 0 && others < candidates.len() {
        candidates.retain(|page| page.kind != SitemapKind::Other);
    }
    if site_path.len() > 1 && !url_shape::is_file(site) && !url_shape::is_list(site) {
        let inside: Vec<&SitemapPage> =
            candidates.iter().copied().filter(|page| is_below_site(page)).collect();
        // A list may link to posts of other directories only: `/blog/` above posts by day or by
        // subject, `/archives/`.
        let known_count = |pages: &[&SitemapPage]| {
            pages.iter().filter(|page| known.contains(&post_key(&page.url))).count()
        };
        let is_elsewhere = known_count(&inside) == 0 && known_count(&candidates) >= 3;
        if !inside.is_empty() && !is_elsewhere {
            let reason = format!(
                "{} of {} links are below {site_path}/, the URL of the source",
                inside.len(),
                pages.len()
            );
            return (drop_list_pages(inside), reason);
        }
    }
    if !of_posts.is_empty() {
        let reason = format!(
            "{} of {} links are in a sitemap whose name says that it lists posts",
            of_posts.len(),
            pages.len()
        );
        return (drop_list_pages(of_posts), reason);
    }
    let mut path_groups: BTreeMap<String, PathGroup<'a>> = BTreeMap::new();
    for (first, page) in candidates.iter().enumerate() {
        path_groups
            .entry(path_group_key(&page.url))
            .or_insert_with(|| PathGroup { first, ..PathGroup::default() })
            .add(page, known);
    }
    let best = best_group(&path_groups);
    let Some((directory, best)) = best else {
        return (
            Vec::new(),
            format!("none of the sitemap's {} links looks like a post", pages.len()),
        );
    };
    let mut chosen = best.pages.clone();
    // If the site's page lists posts of several directories, each is a subject.
    let is_subject = |directory: &str, group: &PathGroup<'_>| {
        let name = directory.trim_matches('/');
        !name.is_empty() && !url_shape::is_other_directory(name) && group.known_count > 0
    };
    let subjects: Vec<&PathGroup<'_>> =
        path_groups.iter().filter(|(d, group)| is_subject(d, group)).map(|(_, g)| g).collect();
    let has_subjects =
        subjects.len() >= 3 && subjects.iter().map(|group| group.known_count).sum::<usize>() >= 4;
    let alike: Vec<&String> = path_groups
        .iter()
        .filter(|(other, group)| {
            let is_listed = best.known_count > 0
                && group.known_count >= 2
                && group.known_count * 4 >= group.pages.len();
            *other != directory
                && (is_listed
                    || has_subjects && is_subject(other, group)
                    || group.is_like(other, best, directory, has_subjects))
        })
        .map(|(other, _)| other)
        .collect();
    chosen.extend(alike.iter().flat_map(|other| path_groups[*other].pages.iter().copied()));
    if directory == "/" {
        // The root directory contains pages of every kind. Posts are recognised by a slug of
        // several words, if there are any.
        let has_slug =
            |p: &SitemapPage| url_shape::post_score(&p.url) >= 1.0 || p.news_title.is_some();
        if chosen.iter().any(|page| has_slug(page)) {
            chosen.retain(|page| has_slug(page) || known.contains(&post_key(&page.url)));
        }
    }
    let dated = |pages: &[&SitemapPage]| {
        pages.iter().filter(|page| best_known_date(page).is_some()).count()
    };
    let share = if best.dated_count > 0 {
        format!("{} of {} dated links", dated(&chosen), dated(pages))
    } else {
        format!("{} of {} links", chosen.len(), pages.len())
    };
    let directories: Vec<&str> =
        std::iter::once(directory).chain(alike).map(String::as_str).take(5).collect();
    let mut reason = format!("{share} are below {}", directories.join(", "));
    if best.news_count > 0 {
        // News sites file news under several subjects.
        let news = || {
            path_groups.iter().filter(|(other, group)| {
                *other != directory && group.news_count * 2 > group.pages.len()
            })
        };
        chosen.extend(news().flat_map(|(_, group)| group.pages.iter().copied()));
        let mut seen = HashSet::new();
        chosen.retain(|page| seen.insert(&page.url));
        let count = best.news_count + news().map(|(_, group)| group.news_count).sum::<usize>();
        reason = match news().count() {
            0 => format!("{reason}, {count} of them with news titles"),
            more => {
                format!("{reason} or {more} other directories, {count} of them with news titles")
            }
        };
    }
    (drop_list_pages(chosen), reason)
}

/// Removes index pages, that is, pages above other pages (`/blog/kafka` if posts are
/// `/blog/kafka/lag`), the pages of a list (`/blog/2`), and the attachments below posts.
fn drop_list_pages(pages: Vec<&SitemapPage>) -> Vec<&SitemapPage> {
    let depth = |page: &SitemapPage| url_shape::segments(&page.url).len();
    let mut depths: BTreeMap<usize, usize> = BTreeMap::new();
    for page in &pages {
        *depths.entry(depth(page)).or_default() += 1;
    }
    let Some((usual, _)) = depths.into_iter().max_by_key(|(_, count)| *count) else {
        return pages;
    };
    let mut above: HashSet<String> = HashSet::new();
    for page in pages.iter().filter(|page| depth(page) >= usual) {
        let mut path = page.url.path().trim_end_matches('/');
        while let Some((parent, _)) = path.rsplit_once('/') {
            path = parent;
            above.insert(parent.to_owned());
        }
    }
    let is_list = |page: &SitemapPage| {
        depth(page) < usual && above.contains(page.url.path().trim_end_matches('/'))
    };
    let posts: HashSet<&str> = pages
        .iter()
        .filter(|page| depth(page) == usual)
        .map(|page| page.url.path().trim_end_matches('/'))
        .collect();
    let is_attachment = |page: &SitemapPage| {
        let path = page.url.path().trim_end_matches('/');
        let above = |path: &str| path.rsplit_once('/').map(|(above, _)| above.to_owned());
        depth(page) > usual
            && std::iter::successors(above(path), |path| above(path))
                .any(|path| posts.contains(path.trim_end_matches("/attachment")))
    };
    let is_number = |page: &SitemapPage| {
        url_shape::segments(&page.url)
            .last()
            .is_some_and(|last| last.len() <= 3 && last.chars().all(|c| c.is_ascii_digit()))
    };
    // Posts can be numbered too, as most are then.
    let has_numbers = pages.iter().filter(|page| is_number(page)).count() * 2 > pages.len();
    let is_list_page = |page: &SitemapPage| {
        !has_numbers
            && is_number(page)
            && url_shape::is_post_directory(&url_shape::directory(&page.url))
            && dates::find_in_url(&page.url).is_none()
    };
    pages
        .iter()
        .copied()
        .filter(|page| !is_list(page) && !is_attachment(page) && !is_list_page(page))
        .collect()
}
