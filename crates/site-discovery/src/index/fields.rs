//! The texts of one item, told apart: title, date, categories, reading time, summary, authors.
//!
//! Deliberately absent: where an item begins and ends. The rule kept: every text is one thing at most, and a text that
//! fits nothing is nothing.

use std::{collections::HashSet, sync::LazyLock};

use chrono::Datelike;
use ego_tree::NodeId;
use regex::Regex;
use url::Url;

use super::{
    super::{
        dates::{self, MonthDay},
        head::wording,
        shape,
    },
    anchors::{Anchor, Names},
    item::Item,
    runs::Run,
    signposts::is_generic,
    titles::{title_run, without_date},
};
use feed_model::PublishedDate;

/// Words near a text that is a category.
pub(super) const LABELS: &[&str] = &[
    "tag",
    "tags",
    "category",
    "categories",
    "topic",
    "topics",
    "label",
    "labels",
    "badge",
    "badges",
    "chip",
    "chips",
    "pill",
    "pills",
    "kicker",
    "eyebrow",
    "keyword",
    "keywords",
    "hashtag",
    "hashtags",
    "section",
    "taxonomy",
    "subject",
    "articlesection",
    "cat",
    "taglist",
];
/// Words near a text that is a summary.
const SUMMARIES: &[&str] = &[
    "summary",
    "excerpt",
    "description",
    "desc",
    "dek",
    "subtitle",
    "preview",
    "abstract",
    "intro",
    "lead",
    "lede",
    "teaser",
    "blurb",
    "snippet",
    "subheading",
    "subhead",
    "tagline",
    "deck",
];
/// Words near a text that is a date.
pub(super) const DATES: &[&str] = &["date", "published", "time", "timestamp", "pubdate", "posted", "datepublished"];
/// Words near a text that names who wrote.
const AUTHORS: &[&str] = &["author", "authors", "byline", "writer", "contributor"];
/// Words near a text that tells what a person is.
const ROLES: &[&str] = &["subtitle", "role", "bio", "position", "job", "jobtitle", "description", "company", "title"];

static BY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(?:[Bb]y|BY|[Ww]ritten by|[Vv]on|[Pp]ar)\s+(\p{Lu}[^|·•,]{1,60})").expect("a valid pattern"));
static LATE_BY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\s(?:by|von|par)\s+(\p{Lu}[\w.'’-]*(?:\s+\p{Lu}[\w.'’-]*){0,3})\s*$").expect("a valid pattern")
});
static PARTS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\s*[·•|‧∙⋅]\s*|\s+[–—/-]\s+|\s*\n\s*|\s{2,}").expect("a valid pattern"));
static EDGE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:\b(?:posted|published|written|on|date|am|le|el|updated|last updated)\b[:\s]*)+$")
        .expect("a valid pattern")
});

/// What an item was told from, for weighing it.
#[derive(Debug, Clone, Copy, Default)]
#[allow(clippy::struct_excessive_bools)] // independent observations
pub(super) struct Signs {
    pub heading: bool,
    pub dated: bool,
    pub summary: bool,
    pub reading_time: bool,
    pub inline: bool,
    /// Whether it is only said, not shown, beside another link that is.
    pub beside: bool,
}

/// What is known of the list that an item stands in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Context {
    /// The year and month that a heading above told.
    pub year: Option<i32>,
    pub month: Option<u32>,
    /// The day that a heading right above told.
    pub date: Option<PublishedDate>,
}

/// Reads the texts of one item. `anchors` are its links to the post, the best first.
pub(super) fn read(
    runs: &[Run],
    anchors: &[&Anchor<'_>],
    others: &HashSet<NodeId>,
    names: &Names,
    context: Context,
    page: &Url,
) -> (Item, Signs) {
    let url = anchors.first().map(|a| a.url.clone());
    let mut item = Item { url: url.clone(), ..Item::default() };
    let mut signs = Signs { inline: anchors.iter().all(|a| a.inline), ..Signs::default() };
    let links: HashSet<NodeId> = anchors.iter().map(|a| a.element.id()).collect();
    let title = title_run(runs, anchors, &links);
    let mut month_day = None;
    let mut dated: Option<PublishedDate> = None;
    let mut changed: Option<PublishedDate> = None;
    let mut loose: Vec<(usize, String, Option<NodeId>)> = Vec::new();
    let mut summary: Option<(bool, String)> = None;
    for (place, run) in runs.iter().enumerate() {
        if let Some((date, is_change)) = run.date {
            let slot = if is_change || says_updated(&run.text) { &mut changed } else { &mut dated };
            if slot.is_none() {
                *slot = Some(date);
            }
            continue;
        }
        if Some(place) == title.as_ref().map(|t| t.0) {
            continue;
        }
        if wording::reading_minutes(&run.text).is_some() {
            item.reading_time.get_or_insert_with(|| run.text.trim_matches(|c: char| !c.is_alphanumeric()).to_owned());
            continue;
        }
        if dates::is_relative(&run.text) {
            signs.dated = true;
            continue;
        }
        let is_of = |links: &HashSet<NodeId>| run.link.is_some_and(|l| links.contains(&l)) && run.text.chars().count() <= 60;
        // Some makers call every link of a teaser a tag, `Read more` among them.
        if is_of(&names.subjects) && run.heading.is_none() && !is_generic(&run.text) {
            // `Theory · 12 November 2026`: the link says the first part only.
            let mut parts = PARTS.split(&run.text);
            item.add_category(if run.is_link_alone { Some(run.text.as_str()) } else { parts.next() }.unwrap_or_default());
            if run.is_link_alone {
                continue;
            }
            for part in parts {
                take_part(part, &mut item, &mut dated, &mut changed, &mut month_day, &mut loose, (place, run), false);
            }
            continue;
        }
        if is_of(&names.authors) && (run.is_link_alone || run.date_in(&run.text).is_none()) {
            take_author(&mut item, &run.text);
            continue;
        }
        if is_generic(&run.text) && !run.says(LABELS) {
            continue;
        }
        let foreign = run.link.filter(|l| !links.contains(l));
        if foreign.is_some_and(|l| others.contains(&l)) && run.heading.is_some() {
            continue;
        }
        let long = run.text.chars().count() > 110;
        if run.says(AUTHORS) && run.says(ROLES) && !item.authors.is_empty() {
            continue;
        }
        if run.says(AUTHORS) && !long && !run.says(&["date"]) {
            take_author(&mut item, &run.text);
            if dated.is_none()
                && let Some(found) = run.date_in(&run.text)
            {
                dated = Some(found.date);
            }
            continue;
        }
        if run.says(LABELS) && !run.says(SUMMARIES) && run.heading.is_none() && !long {
            // A comma stands between two labels, or within a date.
            let parts = PARTS.split(&run.text).flat_map(|part| {
                let dated = run.date_in(part).is_some();
                part.split(move |c| !dated && matches!(c, ',' | '#'))
            });
            for part in parts {
                take_part(part, &mut item, &mut dated, &mut changed, &mut month_day, &mut loose, (place, run), true);
            }
            continue;
        }
        let sentence = (PARTS.split(&run.text).any(|part| part.split(' ').count() >= 7) || run.text.chars().count() > 160)
            && !is_byline(run);
        let told_date = run.date_in(&run.text).filter(|f| !sentence || f.start <= 12 && run.text.chars().count() <= 80);
        if !sentence || told_date.is_some() && !run.says(SUMMARIES) || run.says(DATES) && !long {
            for part in PARTS.split(&run.text) {
                take_part(part, &mut item, &mut dated, &mut changed, &mut month_day, &mut loose, (place, run), false);
            }
            if !(run.says(SUMMARIES) || run.is_paragraph) || told_date.is_some() {
                continue;
            }
        }
        let text =
            run.text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '-' | '–' | '—' | ':' | '·' | '|')).trim();
        // `November 2026. What it says`: a date that is set apart at the beginning is the item's.
        let text = match run.date_in(text) {
            Some(found) if found.start == 0 && text[found.end..].starts_with(['.', ':', ',', '–', '—', '|', '·', ')']) => {
                dated.get_or_insert(found.date);
                text[found.end..]
                    .trim_start_matches(|c: char| c.is_whitespace() || c.is_ascii_punctuation() || matches!(c, '–' | '—' | '·'))
            }
            _ => text,
        };
        let words = text.split(' ').count();
        let marked = run.says(SUMMARIES);
        let fits = marked && words >= 2 || words >= 4 && text.chars().count() >= 20;
        let better = summary.as_ref().is_none_or(|(was_marked, _)| marked && !was_marked);
        if fits && better && wording::reading_minutes(text).is_none() && foreign.is_none_or(|l| !others.contains(&l)) {
            summary = Some((marked, text.to_owned()));
        }
    }
    if let Some((place, text, in_heading)) = title {
        signs.heading = in_heading;
        // A link that no text of the page names stands beside one that is named: `★` for the post's own address.
        signs.beside = place == usize::MAX
            && runs.iter().any(|r| {
                let other = r.link.is_some_and(|l| others.contains(&l) && !links.contains(&l));
                other && r.date.is_none() && !is_generic(&r.text) && !r.is_paragraph
            });
        let text = text.strip_prefix("Title:").map_or(text.as_str(), str::trim_start);
        let (bare, date, md) = without_date(text);
        if dated.is_none() && date.is_some() {
            dated = date;
        }
        month_day = month_day.or(md);
        item.title = Some(bare);
        take_loose(&mut item, &loose, place, runs, page);
    }
    // A date that is shown while one points at the link.
    if dated.is_none() {
        dated = anchors.iter().filter_map(|a| a.element.attr("title")).find_map(|t| dates::heading_date(t.trim()));
    }
    let in_month = loose.iter().find_map(|(_, text, _)| dates::day_of_month(text));
    item.published = dated.or_else(|| from_context(month_day, in_month, context));
    let in_url = url.as_ref().and_then(dates::in_url);
    // `11.12.2026` is either of two days, of which the address may tell which.
    let turned = |a: &PublishedDate, b: &PublishedDate| {
        a.precision == b.precision && a.at.year() == b.at.year() && a.at.month() == b.at.day() && a.at.day() == b.at.month()
    };
    if in_url.is_some_and(|told| item.published.is_some_and(|shown| turned(&told, &shown))) {
        item.published = in_url;
    }
    // A date in the address is as good as one on the page, and better than a month.
    if let Some(told) = in_url
        && item.published.is_none_or(|p| p.precision < told.precision)
    {
        item.published = Some(told);
    }
    item.updated = changed;
    item.summary = summary.map(|(_, text)| text).and_then(|text| {
        let authors: Vec<&str> = item.authors.iter().map(String::as_str).collect();
        wording::Wording::new(None, page).clean_summary(&text, item.title.as_deref(), &authors)
    });
    signs.dated = signs.dated || item.published.is_some() || item.updated.is_some() || month_day.is_some();
    signs.summary = item.summary.is_some();
    signs.reading_time = item.reading_time.is_some();
    (item, signs)
}

/// Whether a text tells at length when it was posted, by whom and under what: `Posted on Thu 12 November 2026 in Storage`.
fn is_byline(run: &Run) -> bool {
    static POSTED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i)\b(?:posted|published|written|created|updated|submitted|filed|veröffentlicht|geschrieben|erstellt|publié|posté|",
            r"publicado|pubblicato|geplaatst|gepubliceerd|publicerad|julkaistu|opublikowano)\b",
        ))
        .expect("a valid pattern")
    });
    let text = run.text.trim_end();
    text.split(' ').count() <= 18
        && !text.ends_with(['.', '!', '?', '…'])
        && run.date_in(text).is_some_and(|found| POSTED.is_match(&text[..found.start]))
}

fn says_updated(text: &str) -> bool {
    let lower = text.to_lowercase();
    lower.contains("updated") || lower.contains("modified") || lower.contains("edited")
}

fn from_context(told: Option<MonthDay>, in_month: Option<u32>, context: Context) -> Option<PublishedDate> {
    if let (Some(day), Context { year: Some(year), month: Some(month), .. }) = (in_month, context) {
        return dates::day(year, month, day);
    }
    if context.date.is_some() {
        return context.date;
    }
    match (told, context) {
        (Some(md), Context { year: Some(year), .. }) => dates::day(year, md.month, md.day),
        (None, Context { year: Some(year), month: Some(month), .. }) => dates::month(year, month),
        _ => None,
    }
}

fn take_author(item: &mut Item, text: &str) {
    let first = PARTS
        .split(text)
        .map(str::trim)
        .find(|p| !p.is_empty() && dates::find(p).is_none() && wording::reading_minutes(p).is_none());
    // `by Jo Smith, on 28 October 2026` is one part.
    let said = wording::person(text);
    let Some(name) = first.or_else(|| (said.len() < text.len()).then_some(said.as_str())) else { return };
    let name = ["By ", "by ", "BY ", "Written by ", "Posted by "]
        .iter()
        .find_map(|p| name.strip_prefix(p))
        .unwrap_or(name)
        .trim()
        .trim_end_matches(',');
    let known = item.authors.iter().any(|a| a == name);
    if !name.is_empty()
        && !known
        && name.split(' ').count() <= 6
        && item.authors.len() < 8
        && name.chars().any(char::is_alphabetic)
        && ![
            "by",
            "posted by",
            "posted on",
            "posted",
            "published",
            "published by",
            "written by",
            "von",
            "par",
            "author",
            "authors",
        ]
        .contains(&name.to_lowercase().as_str())
    {
        item.authors.push(name.to_owned());
    }
}

/// One part of a short text.
#[allow(clippy::too_many_arguments)] // the slots of one item
fn take_part(
    part: &str,
    item: &mut Item,
    dated: &mut Option<PublishedDate>,
    changed: &mut Option<PublishedDate>,
    month_day: &mut Option<MonthDay>,
    loose: &mut Vec<(usize, String, Option<NodeId>)>,
    at: (usize, &Run),
    is_label: bool,
) {
    let part = part.trim().trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, ',' | ':' | '(' | ')' | '[' | ']' | '—' | '–' | '»' | '→' | '←' | '↗')
    });
    if part.is_empty() {
        return;
    }
    let (place, run) = at;
    if wording::reading_minutes(part).is_some() {
        if item.reading_time.is_none() {
            item.reading_time = Some(part.trim_matches(|c: char| !c.is_alphanumeric()).to_owned());
        }
        return;
    }
    if let Some(found) = run.date_in(part) {
        let slot = if says_updated(&part[..found.start]) { &mut *changed } else { &mut *dated };
        if slot.is_none_or(|d| d.precision < found.date.precision) {
            *slot = Some(found.date);
        }
        let rest = format!("{} {}", EDGE.replace(&part[..found.start], ""), &part[found.end..]);
        if let Some(by) = BY.captures(rest.trim()).or_else(|| LATE_BY.captures(&rest)) {
            take_author(item, &by[1]);
        }
        return;
    }
    // `Oct 20, 09:14 UTC` is that day.
    let is_clock = |rest: &str| {
        rest.len() <= 2 || rest.len() <= 14 && rest.contains(':') && rest.chars().filter(|c| c.is_alphabetic()).count() <= 4
    };
    if let Some(found) = dates::find_month_day(part)
        && is_clock(&part[found.end..])
    {
        month_day.get_or_insert(found);
        return;
    }
    if let Some(by) = BY.captures(part) {
        take_author(item, &by[1]);
        return;
    }
    let few = part.split(' ').count() <= 4 && part.chars().count() <= 40;
    if few && (is_label || part.starts_with('#')) {
        for tag in part.split('#').map(str::trim).filter(|t| !t.is_empty()) {
            item.add_category(tag);
        }
    } else if few && run.heading.is_none() && part.chars().any(char::is_alphanumeric) {
        loose.push((place, part.to_owned(), run.parent));
    }
}

/// Short texts that nothing marks: one before the title beside a reading time, or several alike behind it, are categories.
fn take_loose(item: &mut Item, loose: &[(usize, String, Option<NodeId>)], title: usize, runs: &[Run], page: &Url) {
    let own_site = item.url.as_ref().is_some_and(|u| shape::same_site(u, page));
    if !own_site {
        return;
    }
    let tag_like = |text: &str| {
        text.chars().count() <= 32
            && text.split(' ').count() <= 3
            && !text.ends_with(['.', '!', '?', ':'])
            && text.chars().next().is_some_and(|c| !c.is_ascii_digit())
            && text.chars().any(char::is_alphabetic)
    };
    let before: Vec<&String> =
        loose.iter().filter(|(place, text, _)| *place < title && tag_like(text)).map(|(_, text, _)| text).collect();
    if before.len() == 1
        && (item.reading_time.is_some() || before[0].split(' ').count() == 1)
        && !item.authors.contains(before[0])
    {
        item.add_category(before[0]);
    }
    let behind: Vec<&(usize, String, Option<NodeId>)> =
        loose.iter().filter(|(place, text, _)| *place > title && title != usize::MAX && tag_like(text)).collect();
    for (place, text, parent) in &behind {
        let alike = behind.iter().filter(|(p, _, other)| other == parent && parent.is_some() && (p != place)).count();
        if alike >= 1 && runs.get(*place).is_some_and(|r| !r.is_paragraph) {
            item.add_category(text);
        }
    }
}
