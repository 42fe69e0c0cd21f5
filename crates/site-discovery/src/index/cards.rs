//! Posts told from repeated structure alone: links at the same place of the page, each with what stands around it.
//!
//! Deliberately absent: configuration. The rule kept: one list decides what the page's posts look like, and another list
//! is taken only if it looks alike; a page on which nothing looks like posts gives none.

use std::collections::{HashMap, HashSet};

use ego_tree::NodeId;
use scraper::ElementRef;
use url::Url;

use super::{
    super::{dates, dom::Dom, head::wording, shape},
    anchors::{Anchor, Census, Names, collect},
    fields::{self, Context, Signs},
    item::Item,
    lists::choose,
    regions::grow,
    runs::{Run, walk},
};

/// Groups of links that are looked at closely.
const GROUPS: usize = 14;
/// Items taken from one page.
const ITEMS: usize = 5_000;

/// A page and what was counted in it.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub anchors: &'a [Anchor<'a>],
    census: &'a Census,
    names: &'a Names,
    dom: &'a Dom,
    pub page: &'a Url,
}

/// An item, and what speaks for it.
#[derive(Debug, Clone)]
pub(super) struct Card {
    pub item: Item,
    pub signs: Signs,
    pub score: f64,
    /// Whether its title is a single word that nothing else speaks for.
    pub bare: bool,
    /// The element that is the item.
    pub top: NodeId,
    /// The list that it stands in.
    pub list: (usize, Option<NodeId>),
    /// The heading above it.
    pub section: Option<String>,
    pub directory: (String, String),
    pub external: bool,
    /// Where it stands in the document.
    pub place: usize,
}

/// The posts that a page's structure shows, in document order.
pub(super) fn read(dom: &Dom, page: &Url) -> Vec<Item> {
    let (anchors, census, names) = collect(dom, page);
    let seen = Seen { anchors: &anchors, census: &census, names: &names, dom, page };
    let groups = groups(&anchors);
    let mut cards: Vec<Card> = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        cards.extend(of_group(number, group, &seen));
    }
    let mut chosen = choose(&cards, &seen);
    chosen.extend(alike(&chosen, &seen, groups.len()));
    if chosen.is_empty() {
        chosen = alone(&seen);
    }
    finish(chosen)
}

/// Links at the same place of the structure, those first that look most like titles of posts.
fn groups<'b, 'a>(anchors: &'b [Anchor<'a>]) -> Vec<Vec<&'b Anchor<'a>>> {
    let mut by_signature: HashMap<u64, Vec<&Anchor<'a>>> = HashMap::new();
    for anchor in anchors {
        by_signature.entry(anchor.signature).or_default().push(anchor);
    }
    let columns = by_signature.into_values().flat_map(columns);
    let mut groups: Vec<(f64, usize, Vec<&Anchor<'a>>)> = columns
        .filter_map(|group| {
            let mut keys = HashSet::new();
            let mut weight = 0.0;
            for anchor in &group {
                if keys.insert(anchor.key.as_str()) {
                    let words = if anchor.text.split(' ').count() >= 3 { 1.0 } else { 0.0 };
                    let heading = if anchor.heading.is_some() { 3.0 } else { 0.0 };
                    let inline = if anchor.inline { -3.0 } else { 0.0 };
                    weight += 0.5 + words + heading + shape::post_score(&anchor.url) + inline;
                }
            }
            let first = group[0].element.id();
            let place = anchors.iter().position(|a| a.element.id() == first).unwrap_or_default();
            (keys.len() >= 2).then_some((weight, place, group))
        })
        .collect();
    groups.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    groups.into_iter().take(GROUPS).map(|(_, _, group)| group).collect()
}

/// Where each item has several links of a group side by side (a paper, its PDF, its source), these are groups of their own.
fn columns<'b, 'a>(group: Vec<&'b Anchor<'a>>) -> Vec<Vec<&'b Anchor<'a>>> {
    // `Details | Code` in a paragraph of its own: a button beside others parts them as a cell would.
    let buttons = group.iter().filter(|a| !a.is_nameless() && !a.reads_as_title()).count() >= 3;
    let holder = |anchor: &Anchor<'a>| {
        let mut above = anchor.element.ancestors().take(6).filter_map(ElementRef::wrap);
        let found = above.find(|e| matches!(e.value().name(), "li" | "dt" | "dd" | "tr" | "article")).map(|e| e.id());
        found.or_else(|| anchor.element.parent().filter(|_| buttons).map(|p| p.id()))
    };
    let mut rows: Vec<(NodeId, Vec<&'b Anchor<'a>>)> = Vec::new();
    for anchor in &group {
        let Some(id) = holder(anchor) else { return vec![group] };
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

/// The links of a group by the post that they lead to, in document order; the best link of each first.
fn members<'b, 'a>(group: &[&'b Anchor<'a>]) -> Vec<Vec<&'b Anchor<'a>>> {
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
    out.truncate(ITEMS);
    out
}

fn of_group(number: usize, group: &[&Anchor<'_>], seen: &Seen<'_>) -> Vec<Card> {
    let Seen { anchors, census, names, dom, page } = *seen;
    let order: HashMap<NodeId, usize> = anchors.iter().enumerate().map(|(i, a)| (a.element.id(), i)).collect();
    let members = members(group);
    let regions = grow(&members, census);
    let parted: HashSet<NodeId> = group.iter().map(|a| a.element.id()).collect();
    let mut runs = walk(dom.body(), &regions.owners, &parted);
    // One date that can be read in one way only tells the order of all.
    let shown = runs.iter().filter(|r| r.owner.is_some() && r.text.len() <= 80).find_map(|r| dates::shown_order(&r.text));
    let numbers = shown.unwrap_or(dom.order);
    for run in &mut runs {
        run.order = numbers;
    }
    let mut of_item: Vec<Vec<Run>> = vec![Vec::new(); members.len()];
    let mut above: Vec<(Context, Option<String>)> = vec![(Context::default(), None); members.len()];
    let mut met = vec![false; members.len()];
    let mut context = Context::default();
    let mut sections: Vec<(u8, String)> = Vec::new();
    for run in runs {
        if let Some(item) = run.owner {
            if !met[item] {
                met[item] = true;
                above[item] = (context, sections.last().map(|(_, text)| text.clone()));
            }
            of_item[item].push(run);
            continue;
        }
        let short = run.text.chars().count() <= 40 && run.link.is_none_or(|_| run.heading.is_some());
        if let Some(year) = dates::heading_year(&run.text).filter(|_| short) {
            context = Context { year: Some(year), month: None, date: None };
        } else if let Some((year, month)) = dates::heading_month(&run.text)
            .filter(|(year, _)| short && (run.heading.is_some() || run.link.is_none() && year.or(context.year).is_some()))
        {
            context = Context { year: year.or(context.year), month: Some(month), date: None };
        } else if let Some(date) =
            dates::heading_date(&run.text).filter(|_| run.link.is_none() && (run.heading.is_some() || run.says(&["date", "day"])))
        {
            context.date = Some(date);
        } else if let Some(level) = run.heading {
            context.date = None;
            sections.retain(|(l, _)| *l < level);
            sections.push((level, run.text.clone()));
        }
    }
    let all_links: HashSet<NodeId> = anchors.iter().map(|a| a.element.id()).collect();
    // A text that many links of a group share names none of them.
    let mut texts: HashMap<&str, usize> = HashMap::new();
    for links in &members {
        *texts.entry(links[0].text.as_str()).or_default() += 1;
    }
    let mut out = Vec::new();
    for (at, links) in members.iter().enumerate() {
        let mut links: Vec<&Anchor<'_>> = links.clone();
        // Links to the same post elsewhere in its region help: a picture's link is not its title.
        let node_in_region = |a: &&Anchor<'_>| {
            a.key == links[0].key && a.element.ancestors().take(40).any(|n| regions.owners.get(&n.id()) == Some(&at))
        };
        let more: Vec<&Anchor<'_>> = anchors
            .iter()
            .skip(order.get(&links[0].element.id()).copied().unwrap_or_default().saturating_sub(6))
            .take(12)
            .filter(node_in_region)
            .collect();
        for anchor in more {
            if links.iter().all(|l| l.element.id() != anchor.element.id()) {
                links.push(anchor);
            }
        }
        links.sort_by_key(|l| (!l.reads_as_title(), l.heading.is_none()));
        let (item, signs) = fields::read(&of_item[at], &links, &all_links, names, above[at].0, page);
        let Some(url) = item.url.clone() else { continue };
        let repeated = item.title.as_deref().is_some_and(|t| texts.get(t).is_some_and(|n| *n >= 3));
        let external = !shape::same_site(&url, page);
        let score = score(&item, signs, external, repeated);
        let list = (number, regions.lists[at]);
        let directory = (shape::site(&url).unwrap_or_default(), shape::directory(&url));
        let place = order.get(&links[0].element.id()).copied().unwrap_or_default();
        let bare = item.title.as_deref().is_some_and(is_one_word) && !signs.dated;
        out.push(Card {
            item,
            signs,
            score,
            bare,
            top: regions.tops[at],
            list,
            section: above[at].1.clone(),
            directory,
            external,
            place,
        });
    }
    out
}

/// What a title of one word costs, where no date speaks for it.
pub(super) const ONE_WORD: f64 = 1.5;

fn is_one_word(title: &str) -> bool {
    title.split(' ').filter(|w| w.chars().any(char::is_alphanumeric)).count() <= 1 && !is_without_spaces(title)
}

/// Whether a title is in a script that writes no spaces between words.
fn is_without_spaces(title: &str) -> bool {
    title.chars().any(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'))
}

/// How much an item looks like a post. 2.5 is enough for one in a list.
fn score(item: &Item, signs: Signs, external: bool, repeated: bool) -> f64 {
    let (Some(title), Some(url)) = (&item.title, &item.url) else { return -10.0 };
    let words = title.split(' ').filter(|w| w.chars().any(char::is_alphanumeric)).count();
    let wordless_script = is_without_spaces(title);
    let points = [
        (signs.heading, 3.0),
        (signs.dated, 3.0),
        (signs.summary, 1.0),
        (signs.reading_time, 1.5),
        (!item.categories.is_empty(), 0.5),
        (!item.authors.is_empty(), 0.5),
        (words >= 3 || wordless_script && title.chars().count() >= 6, 1.0),
        (words >= 5, 0.5),
        (is_one_word(title) && !signs.dated, -ONE_WORD),
        (signs.inline, -8.0),
        (signs.beside, -4.0),
        (external && !signs.heading && !signs.dated, -2.5),
        (external && !signs.dated && !signs.summary, -1.0),
        (repeated, -3.0),
        (title.chars().count() > 200, -2.0),
        (shape::segments(url).is_empty(), -2.0),
    ];
    points.iter().filter(|(holds, _)| *holds).map(|(_, p)| p).sum::<f64>() + shape::post_score(url)
}

/// Links that lead where the chosen ones lead, but stand apart: the one post on top, say.
fn alike(chosen: &[Card], seen: &Seen<'_>, number: usize) -> Vec<Card> {
    let anchors = seen.anchors;
    let known: HashSet<String> = chosen.iter().filter_map(|c| c.item.key()).collect();
    let mut directories: HashMap<&(String, String), usize> = HashMap::new();
    for card in chosen.iter().filter(|c| c.directory.1 != "/") {
        *directories.entry(&card.directory).or_default() += 1;
    }
    // Where posts lie under several subjects, a heading's link to yet another may be one.
    let several = directories.len() >= 3 && directories.values().all(|n| *n * 3 <= chosen.len() * 2);
    let subjects: HashSet<(String, String)> = directories.keys().map(|d| (*d).clone()).collect();
    let fits = |a: &&Anchor<'_>| {
        let directory = (shape::site(&a.url).unwrap_or_default(), shape::directory(&a.url));
        let shared = directories
            .get(&directory)
            .is_some_and(|n| *n * 2 > chosen.len() || *n >= 3 && shape::is_post_directory(&directory.1));
        let rooted = directory.1 == "/"
            && a.heading.is_some()
            && shape::post_score(&a.url) >= 1.0
            && chosen.iter().any(|c| c.directory == directory);
        let under_another =
            several && a.heading.is_some() && shape::post_score(&a.url) >= 1.0 && shape::same_site(&a.url, seen.page);
        !known.contains(&a.key) && !a.inline && (shared || rooted || under_another)
    };
    let group: Vec<&Anchor<'_>> = anchors.iter().filter(fits).collect();
    if group.is_empty() || chosen.is_empty() {
        return Vec::new();
    }
    // The chosen ones bound the regions of these.
    let with_known: Vec<&Anchor<'_>> = anchors.iter().filter(|a| fits(a) || known.contains(&a.key)).collect();
    let dated = chosen.iter().filter(|c| c.signs.dated).count() * 2 > chosen.len();
    let with_heading: HashSet<String> = chosen.iter().filter(|c| c.signs.heading).filter_map(|c| c.item.key()).collect();
    let headed = with_heading.len() * 10 >= known.len() * 9;
    of_group(number, &with_known, seen)
        .into_iter()
        .filter(|c| c.item.key().is_some_and(|k| !known.contains(&k)) && c.score >= 2.5 && !c.signs.inline)
        .filter(|c| c.directory.1 != "/" || c.signs.heading && (c.signs.dated || !dated))
        .filter(|c| c.signs.heading || c.signs.dated || !dated)
        .filter(|c| c.directory.1 == "/" || subjects.contains(&c.directory) || c.signs.heading && c.signs.dated)
        // A row of bare links beside posts that have headings is a box of recent or favourite ones.
        .filter(|c| c.signs.heading || c.signs.summary || !headed)
        .filter(|c| c.item.title.as_ref().is_some_and(|t| t.split(' ').count() >= 2 || c.signs.heading || c.signs.dated))
        .collect()
}

/// A page with a single post: it must say more for itself.
fn alone(seen: &Seen<'_>) -> Vec<Card> {
    let group: Vec<&Anchor<'_>> = seen.anchors.iter().filter(|a| a.heading.is_some() && !a.inline).collect();
    if group.is_empty() {
        return Vec::new();
    }
    of_group(0, &group, seen)
        .into_iter()
        .filter(|c| {
            c.score >= 5.5 && (c.signs.dated || shape::post_score(c.item.url.as_ref().unwrap_or(seen.page)) >= 2.0) && !c.external
        })
        .collect()
}

/// One item per post, in document order, with the headings of their sections where there are several.
fn finish(mut chosen: Vec<Card>) -> Vec<Item> {
    let mut named: Vec<&String> = chosen.iter().filter_map(|c| c.section.as_ref()).filter(|s| names_a_section(s)).collect();
    named.sort();
    named.dedup();
    let several = named.len() >= 2;
    // The reading that knows most of a post speaks for it; the place is the first one's.
    chosen.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.place.cmp(&b.place)));
    let mut kept: Vec<Card> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for mut card in chosen {
        if let Some(section) = card.section.as_ref().filter(|s| several && names_a_section(s)) {
            card.item.add_category(&section_name(section));
        }
        let Some(key) = card.item.key() else { continue };
        if let Some(at) = known.get(&key) {
            let mine = &mut kept[*at];
            mine.item.complete_from(&card.item);
            mine.place = mine.place.min(card.place);
        } else {
            known.insert(key, kept.len());
            kept.push(card);
        }
    }
    kept.sort_by_key(|card| card.place);
    kept.into_iter().map(|card| card.item).collect()
}

/// Whether a heading names a subject rather than what a list is.
pub(super) fn names_a_section(heading: &str) -> bool {
    const LISTS: &[&str] = &[
        "latest",
        "recent",
        "recently",
        "posts",
        "post",
        "articles",
        "featured",
        "popular",
        "archive",
        "archives",
        "blog",
        "newsletter",
        "more",
        "trending",
        "pinned",
        "highlights",
        "highlight",
        "writing",
        "all",
        "previous",
        "older",
        "newest",
        "new",
        "best",
        "favorite",
        "favourites",
        "favorites",
        "read",
        "reads",
        "stories",
        "essays",
        "welcome",
        "hello",
        "about",
        "start",
        "selected",
        "other",
        "notes",
        "home",
        "everything",
        "picks",
        "projects",
    ];
    let words: Vec<String> =
        heading.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect();
    let lists = words.iter().filter(|w| LISTS.contains(&w.as_str())).count();
    !words.is_empty()
        && words.len() <= 7
        && lists == 0
        && dates::heading_year(heading).is_none()
        && dates::find(heading).is_none()
        && dates::heading_month(heading).is_none()
        && wording::reading_minutes(heading).is_none()
}

/// A heading without the number of posts behind it: `Streaming (12)`.
fn section_name(heading: &str) -> String {
    let bare = heading.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_whitespace() || matches!(c, '(' | ')' | '#'));
    let parted = heading[bare.len()..].starts_with([' ', '(']) && heading[bare.len()..].trim().starts_with('(');
    if parted && !bare.is_empty() { bare.to_owned() } else { heading.to_owned() }
}
