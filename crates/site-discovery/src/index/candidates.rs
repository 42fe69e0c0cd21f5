//! Recognition of posts by repeated structure: links at the same position of the page, with the
//! text around them.
//!
//! Entry point: [`Structure`]. The links are grouped by position; each group gives candidates, and
//! `post_lists` selects the lists that look like posts.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use ego_tree::NodeId;
use feed_model::site::site_of;
use scraper::ElementRef;
use url::Url;

use super::{
    anchors::{Anchor, collect_anchors},
    candidate::{Candidate, ONE_WORD_PENALTY, PageContext},
    extractor::{Certainty, Extractor},
    item::IndexItem,
    item_fields::{self, DateContext, ItemFeatures},
    item_regions::assign_regions,
    post_lists::select_candidates,
    text_runs::{TextRun, collect_runs},
};
use crate::{
    byline::reading_minutes,
    dates,
    dom::Dom,
    url_shape,
    word_list::{WordList, word_list},
};

/// The maximum number of groups that are examined.
const MAX_GROUPS: usize = 14;
/// The maximum number of items of one page.
const MAX_ITEMS: usize = 5_000;

/// The posts that the page's structure shows, in document order.
pub(super) struct Structure;

impl Extractor for Structure {
    fn certainty(&self) -> Certainty {
        Certainty::Likely
    }

    fn reason(&self, count: usize) -> String {
        format!("{count} links with titles form a list")
    }

    fn extract(&self, dom: &Dom, page: &Url) -> Vec<IndexItem> {
        read(dom, page)
    }
}

fn read(dom: &Dom, page: &Url) -> Vec<IndexItem> {
    let (anchors, element_counts, label_links) = collect_anchors(dom, page);
    let page_context = PageContext {
        anchors: &anchors,
        element_counts: &element_counts,
        label_links: &label_links,
        dom,
        page,
        has_date_titles: false,
    };
    let groups = groups(&anchors);
    let mut chosen = choose(&groups, &page_context);
    if chosen.is_empty() {
        chosen = single_post(&page_context);
    }
    if chosen.is_empty() {
        // A monthly letter calls its posts by their months. Without other posts on the page, these
        // are not the archives of the months, unless their URLs say so.
        let page_context = PageContext { has_date_titles: true, ..page_context };
        chosen = choose(&groups, &page_context);
        let names_year = |url: &Url| {
            url_shape::segments(url).iter().any(|s| s.starts_with("19") || s.starts_with("20"))
        };
        chosen.retain(|candidate| {
            candidate.item.url.as_ref().is_some_and(|url| {
                !names_year(url)
                    || url_shape::is_post_directory(&candidate.directory.1)
                        && !candidate.directory.1.contains("archive")
                        && !candidate.directory.1.contains("YYYY")
            })
        });
    }
    into_items(chosen)
}

/// Returns the candidates of the lists that look like posts, and candidates like them elsewhere.
fn choose(groups: &[Vec<&Anchor<'_>>], page_context: &PageContext<'_>) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        candidates.extend(candidates_in_group(number, group, page_context));
    }
    let mut chosen = select_candidates(&candidates, page_context);
    chosen.extend(find_similar(&chosen, page_context, groups.len()));
    chosen
}

/// Groups the links by their position in the structure. The groups whose links look most like
/// titles of posts come first.
fn groups<'b, 'a>(anchors: &'b [Anchor<'a>]) -> Vec<Vec<&'b Anchor<'a>>> {
    let mut by_signature: HashMap<u64, Vec<&Anchor<'a>>> = HashMap::new();
    for anchor in anchors {
        by_signature.entry(anchor.signature).or_default().push(anchor);
    }
    let columns = by_signature.into_values().flat_map(split_columns);
    let mut groups: Vec<(f64, usize, Vec<&Anchor<'a>>)> = columns
        .filter_map(|group| {
            let mut keys = HashSet::new();
            let mut weight = 0.0;
            for anchor in &group {
                if keys.insert(anchor.key.as_str()) {
                    let words = if anchor.text.split(' ').count() >= 3 { 1.0 } else { 0.0 };
                    let heading = if anchor.heading.is_some() { 3.0 } else { 0.0 };
                    let inline = if anchor.inline { -3.0 } else { 0.0 };
                    weight += 0.5 + words + heading + url_shape::post_score(&anchor.url) + inline;
                }
            }
            let first = group[0].element.id();
            let position = anchors.iter().position(|a| a.element.id() == first).unwrap_or_default();
            (keys.len() >= 2).then_some((weight, position, group))
        })
        .collect();
    groups.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    groups.into_iter().take(MAX_GROUPS).map(|(_, _, group)| group).collect()
}

/// Splits a group if each item has several of its links side by side, such as a paper, its PDF and
/// its source.
fn split_columns<'b, 'a>(group: Vec<&'b Anchor<'a>>) -> Vec<Vec<&'b Anchor<'a>>> {
    // `Details | Code` in a paragraph: links without a title text separate the columns as table
    // cells do.
    let buttons = group.iter().filter(|a| !a.has_no_text() && !a.could_be_title()).count() >= 3;
    let container = |anchor: &Anchor<'a>| {
        let mut above = anchor.element.ancestors().take(6).filter_map(ElementRef::wrap);
        let found = above
            .find(|e| matches!(e.value().name(), "li" | "dt" | "dd" | "tr" | "article"))
            .map(|e| e.id());
        found.or_else(|| anchor.element.parent().filter(|_| buttons).map(|p| p.id()))
    };
    let mut rows: Vec<(NodeId, Vec<&'b Anchor<'a>>)> = Vec::new();
    for anchor in &group {
        let Some(id) = container(anchor) else {
            return vec![group];
        };
        match rows.last_mut() {
            Some((last, row)) if *last == id => {
                if row.iter().all(|known| known.key != anchor.key) {
                    row.push(anchor);
                }
            }
            _ => rows.push((id, vec![anchor])),
        }
    }
    let several = rows.iter().filter(|(_, row)| row.len() >= 2 && row.len() <= 6).count();
    if rows.len() < 3 || several * 10 < rows.len() * 8 {
        return vec![group];
    }
    let mut out: Vec<Vec<&'b Anchor<'a>>> = Vec::new();
    for (_, row) in rows {
        for (column, anchor) in row.into_iter().enumerate() {
            match out.get_mut(column) {
                Some(group) => group.push(anchor),
                None => out.push(vec![anchor]),
            }
        }
    }
    out
}

/// Groups links by the post that they lead to, in document order.
fn group_by_post<'b, 'a>(group: &[&'b Anchor<'a>]) -> Vec<Vec<&'b Anchor<'a>>> {
    let mut out: Vec<Vec<&Anchor<'a>>> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for anchor in group {
        if let Some(at) = known.get(anchor.key.as_str()) {
            out[*at].push(anchor);
        } else {
            known.insert(&anchor.key, out.len());
            out.push(vec![anchor]);
        }
    }
    out.truncate(MAX_ITEMS);
    out
}

/// The text runs of one item, and the headings above it.
#[derive(Default)]
struct ItemContent {
    runs: Vec<TextRun>,
    date_context: DateContext,
    section_heading: Option<String>,
}

/// Returns a candidate for each post that the links of a group lead to.
fn candidates_in_group(
    number: usize,
    group: &[&Anchor<'_>],
    page_context: &PageContext<'_>,
) -> Vec<Candidate> {
    let PageContext { anchors, element_counts, dom, page, .. } = *page_context;
    let positions: HashMap<NodeId, usize> =
        anchors.iter().enumerate().map(|(i, a)| (a.element.id(), i)).collect();
    let position_of = |a: &Anchor<'_>| positions.get(&a.element.id()).copied().unwrap_or_default();
    let members = group_by_post(group);
    let regions = assign_regions(&members, element_counts);
    let separate: HashSet<NodeId> = group.iter().map(|a| a.element.id()).collect();
    let mut runs = collect_runs(dom.body(), &regions.item_by_node, &separate);
    // One unambiguous date shows the order of day and month for all dates of the group.
    let order_shown = runs
        .iter()
        .filter(|r| r.item_index.is_some() && r.text.len() <= 80)
        .find_map(|r| dates::infer_date_order(&r.text));
    for run in &mut runs {
        run.order = order_shown.unwrap_or(dom.order);
    }
    let contents = contents_by_item(runs, members.len());
    let all_links: HashSet<NodeId> = anchors.iter().map(|a| a.element.id()).collect();
    // A text that several links of a group share is not a title.
    let mut text_counts: HashMap<&str, usize> = HashMap::new();
    for links in &members {
        *text_counts.entry(links[0].text.as_str()).or_default() += 1;
    }
    let mut out = Vec::new();
    for (index, (links, content)) in members.iter().zip(contents).enumerate() {
        let nearby = anchors.iter().skip(position_of(links[0]).saturating_sub(6)).take(12);
        let links =
            links_of_item(links, nearby, |node| regions.item_by_node.get(&node) == Some(&index));
        let (item, features) = item_fields::read(
            &content.runs,
            &links,
            &all_links,
            content.date_context,
            page_context,
        );
        let Some(url) = item.url.clone() else {
            continue;
        };
        let repeated =
            item.title.as_deref().is_some_and(|t| text_counts.get(t).is_some_and(|n| *n >= 3));
        let external = !url_shape::same_site(&url, page);
        let is_below_posts_heading =
            content.section_heading.as_deref().is_some_and(is_posts_heading);
        let heading_score = if is_below_posts_heading { 0.75 } else { 0.0 };
        out.push(Candidate {
            score: score(&item, features, external, repeated) + heading_score,
            is_single_word: item.title.as_deref().is_some_and(is_one_word) && !features.has_date,
            item,
            features,
            root: regions.roots[index],
            list: (number, regions.lists[index]),
            section_heading: content.section_heading,
            directory: (site_of(&url).unwrap_or_default(), url_shape::directory(&url)),
            external,
            position: position_of(links[0]),
        });
    }
    out
}

/// Distributes text runs to their items. Runs outside of items are headings of the items below.
fn contents_by_item(runs: Vec<TextRun>, count: usize) -> Vec<ItemContent> {
    let mut out: Vec<ItemContent> = (0..count).map(|_| ItemContent::default()).collect();
    let mut context = DateContext::default();
    let mut sections: Vec<(u8, String)> = Vec::new();
    for run in runs {
        if let Some(item) = run.item_index {
            let content = &mut out[item];
            if content.runs.is_empty() {
                content.date_context = context;
                content.section_heading = sections.last().map(|(_, text)| text.clone());
            }
            content.runs.push(run);
            continue;
        }
        let is_short =
            run.text.chars().count() <= 40 && run.link.is_none_or(|_| run.heading.is_some());
        if let Some(year) = dates::heading_year(&run.text).filter(|_| is_short) {
            context = DateContext { year: Some(year), month: None, date: None };
        } else if let Some((year, month)) = dates::heading_month(&run.text).filter(|(year, _)| {
            is_short
                && (run.heading.is_some() || run.link.is_none() && year.or(context.year).is_some())
        }) {
            context = DateContext { year: year.or(context.year), month: Some(month), date: None };
        } else if let Some(date) = dates::heading_date(&run.text).filter(|_| {
            run.link.is_none()
                && (run.heading.is_some() || run.has_word("date") || run.has_word("day"))
        }) {
            context.date = Some(date);
        } else if let Some(level) = run.heading {
            context.date = None;
            sections.retain(|(l, _)| *l < level);
            sections.push((level, run.text.clone()));
        }
    }
    out
}

/// Returns the links of an item, the best first: the links of the group, and `nearby` links to the
/// same post in the item's region. One of those may have the title if the first link is an image.
fn links_of_item<'b, 'a>(
    links: &[&'b Anchor<'a>],
    nearby: impl Iterator<Item = &'b Anchor<'a>>,
    is_in_region: impl Fn(NodeId) -> bool,
) -> Vec<&'b Anchor<'a>> {
    let mut out = links.to_vec();
    for anchor in nearby {
        let is_same_post = anchor.key == links[0].key
            && anchor.element.ancestors().take(40).any(|node| is_in_region(node.id()));
        if is_same_post && out.iter().all(|link| link.element.id() != anchor.element.id()) {
            out.push(anchor);
        }
    }
    out.sort_by_key(|link| (!link.could_be_title(), link.heading.is_none()));
    out
}

fn is_one_word(title: &str) -> bool {
    title.split(' ').filter(|w| w.chars().any(char::is_alphanumeric)).count() <= 1
        && !is_unspaced_script(title)
}

/// Returns whether a title is in a script without spaces between words.
fn is_unspaced_script(title: &str) -> bool {
    title.chars().any(|c| {
        matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
    })
}

/// Returns how much an item looks like a post. A score of 2.5 is sufficient for an item of a list.
fn score(item: &IndexItem, features: ItemFeatures, external: bool, repeated: bool) -> f64 {
    let (Some(title), Some(url)) = (&item.title, &item.url) else {
        return -10.0;
    };
    let words = title.split(' ').filter(|w| w.chars().any(char::is_alphanumeric)).count();
    let wordless_script = is_unspaced_script(title);
    let points = [
        (features.has_heading, 3.0),
        (features.has_date, 3.0),
        (features.has_summary, 1.0),
        (features.has_reading_time, 1.5),
        (!item.categories.is_empty(), 0.5),
        (!item.authors.is_empty(), 0.5),
        (words >= 3 || wordless_script && title.chars().count() >= 6, 1.0),
        (words >= 5, 0.5),
        (is_one_word(title) && !features.has_date, -ONE_WORD_PENALTY),
        (features.in_sentence, -8.0),
        (features.label_only, -4.0),
        (external && !features.has_heading && !features.has_date, -2.5),
        (external && !features.has_date && !features.has_summary, -1.0),
        (repeated, -3.0),
        (title.chars().count() > 200, -2.0),
        // The URL of a post repeats its title.
        (!external && words >= 2 && url_shape::slug_similarity(title, url) >= 0.6, 0.75),
        (url_shape::segments(url).is_empty(), -2.0),
    ];
    points.iter().filter(|(holds, _)| *holds).map(|(_, p)| p).sum::<f64>()
        + url_shape::post_score(url)
}

/// Returns candidates that are outside the chosen lists but have URLs like the chosen items, such
/// as a featured post above the list.
fn find_similar(
    chosen: &[Candidate],
    page_context: &PageContext<'_>,
    number: usize,
) -> Vec<Candidate> {
    let anchors = page_context.anchors;
    let known: HashSet<String> = chosen.iter().filter_map(|c| c.item.key()).collect();
    let mut directories: HashMap<&(String, String), usize> = HashMap::new();
    for candidate in chosen.iter().filter(|c| c.directory.1 != "/") {
        *directories.entry(&candidate.directory).or_default() += 1;
    }
    // If the posts are in directories by subject, a linked heading may lead to a post in another
    // directory.
    let has_several_directories =
        directories.len() >= 3 && directories.values().all(|n| *n * 3 <= chosen.len() * 2);
    let subjects: HashSet<(String, String)> = directories.keys().map(|d| (*d).clone()).collect();
    let fits = |a: &&Anchor<'_>| {
        let directory = (site_of(&a.url).unwrap_or_default(), url_shape::directory(&a.url));
        let in_known_directory = directories.get(&directory).is_some_and(|n| {
            *n * 2 > chosen.len() || *n >= 3 && url_shape::is_post_directory(&directory.1)
        });
        let at_root = directory.1 == "/"
            && a.heading.is_some()
            && url_shape::post_score(&a.url) >= 1.0
            && chosen.iter().any(|c| c.directory == directory);
        let in_other_directory = has_several_directories
            && a.heading.is_some()
            && url_shape::post_score(&a.url) >= 1.0
            && url_shape::same_site(&a.url, page_context.page);
        !known.contains(&a.key)
            && !a.inline
            && (in_known_directory || at_root || in_other_directory)
    };
    let group: Vec<&Anchor<'_>> = anchors.iter().filter(fits).collect();
    if group.is_empty() || chosen.is_empty() {
        return Vec::new();
    }
    // The chosen items are included because they limit the regions of the new ones. A sentence may
    // mention them anywhere.
    let with_known: Vec<&Anchor<'_>> =
        anchors.iter().filter(|a| fits(a) || !a.inline && known.contains(&a.key)).collect();
    let mostly_dated = chosen.iter().filter(|c| c.features.has_date).count() * 2 > chosen.len();
    let with_heading: HashSet<String> =
        chosen.iter().filter(|c| c.features.has_heading).filter_map(|c| c.item.key()).collect();
    let mostly_with_heading = with_heading.len() * 10 >= known.len() * 9;
    candidates_in_group(number, &with_known, page_context)
        .into_iter()
        .filter(|c| {
            c.item.key().is_some_and(|k| !known.contains(&k))
                && c.score >= 2.5
                && !c.features.in_sentence
        })
        .filter(|c| {
            c.directory.1 != "/" || c.features.has_heading && (c.features.has_date || !mostly_dated)
        })
        .filter(|c| c.features.has_heading || c.features.has_date || !mostly_dated)
        .filter(|c| {
            c.directory.1 == "/"
                || subjects.contains(&c.directory)
                || c.features.has_heading && c.features.has_date
        })
        // Links without headings beside posts with headings are a box of recent or popular posts.
        .filter(|c| c.features.has_heading || c.features.has_summary || !mostly_with_heading)
        .filter(|c| {
            c.item.title.as_ref().is_some_and(|t| {
                t.split(' ').count() >= 2 || c.features.has_heading || c.features.has_date
            })
        })
        .collect()
}

/// Returns the post of a page that lists only one. It needs a higher score than an item of a list.
fn single_post(page_context: &PageContext<'_>) -> Vec<Candidate> {
    let group: Vec<&Anchor<'_>> =
        page_context.anchors.iter().filter(|a| a.heading.is_some() && !a.inline).collect();
    if group.is_empty() {
        return Vec::new();
    }
    candidates_in_group(0, &group, page_context)
        .into_iter()
        .filter(|c| {
            c.score >= 5.5
                && (c.features.has_date
                    || url_shape::post_score(c.item.url.as_ref().unwrap_or(page_context.page))
                        >= 2.0)
                && !c.external
        })
        .collect()
}

/// Merges candidates for the same post and sorts them in document order. Section headings become
/// categories if there are at least two.
fn into_items(mut chosen: Vec<Candidate>) -> Vec<IndexItem> {
    let mut headings: Vec<&String> = chosen
        .iter()
        .filter_map(|c| c.section_heading.as_ref())
        .filter(|s| is_category_heading(s))
        .collect();
    headings.sort();
    headings.dedup();
    let has_sections = headings.len() >= 2;
    // The candidate with the highest score comes first, and the others complete it.
    chosen.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.position.cmp(&b.position)));
    let mut merged: Vec<Candidate> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for mut candidate in chosen {
        if let Some(section) =
            candidate.section_heading.as_ref().filter(|s| has_sections && is_category_heading(s))
        {
            candidate.item.add_category(&strip_post_count(section));
        }
        let Some(key) = candidate.item.key() else {
            continue;
        };
        if let Some(at) = known.get(&key) {
            let merged_candidate = &mut merged[*at];
            merged_candidate.item.fill_missing_from(&candidate.item);
            merged_candidate.position = merged_candidate.position.min(candidate.position);
        } else {
            known.insert(key, merged.len());
            merged.push(candidate);
        }
    }
    merged.sort_by_key(|candidate| candidate.position);
    merged.into_iter().map(|candidate| candidate.item).collect()
}

/// Returns whether a heading names a category rather than a kind of list ("Latest posts").
pub(super) fn is_category_heading(heading: &str) -> bool {
    static GENERIC_HEADING_WORDS: LazyLock<WordList> = word_list!("generic_heading_words.txt");
    let words: Vec<String> = heading
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect();
    let generic_count = words.iter().filter(|w| GENERIC_HEADING_WORDS.contains(w)).count();
    !words.is_empty()
        && words.len() <= 7
        && generic_count == 0
        && dates::heading_year(heading).is_none()
        && dates::find(heading).is_none()
        && dates::heading_month(heading).is_none()
        && reading_minutes(heading).is_none()
}

/// Returns whether a heading says that posts follow: `Posts`, `Latest articles`.
fn is_posts_heading(heading: &str) -> bool {
    static POSTS_HEADING_WORDS: LazyLock<WordList> = word_list!("posts_heading_words.txt");
    let lower = heading.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    words.len() <= 4 && POSTS_HEADING_WORDS.contains_any(words)
}

/// Removes the number of posts after a heading: `Streaming (12)`.
fn strip_post_count(heading: &str) -> String {
    let bare = heading.trim_end_matches(|c: char| {
        c.is_ascii_digit() || c.is_whitespace() || matches!(c, '(' | ')' | '#')
    });
    let separate = heading[bare.len()..].starts_with([' ', '('])
        && heading[bare.len()..].trim().starts_with('(');
    if separate && !bare.is_empty() { bare.to_owned() } else { heading.to_owned() }
}
