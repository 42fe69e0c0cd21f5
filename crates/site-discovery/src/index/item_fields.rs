//! The texts of one item, told apart: title, date, categories, reading time, summary, authors.
//!
//! Deliberately absent: where an item begins and ends. The rule kept: every text is one thing at
//! most, and a text that fits nothing is nothing.

use std::{collections::HashSet, sync::LazyLock};

use chrono::Datelike;
use ego_tree::NodeId;
use regex::Regex;
use url::Url;

use feed_model::PublishedDate;

use super::{
    anchors::{Anchor, LabelLinks},
    class_words::{AUTHOR_WORDS, CATEGORY_WORDS, DATE_WORDS, ROLE_WORDS, SUMMARY_WORDS},
    generic_links::is_generic_text,
    item::IndexItem,
    text_runs::TextRun,
    titles::{find_title, split_title_and_date},
};
use crate::{
    byline::{author_name, reading_minutes},
    dates::{self, MonthDay},
    site_name::SiteNameCleaner,
    url_shape,
    word_list::{WordList, word_list},
};

static BYLINE_PLACEHOLDERS: LazyLock<WordList> = word_list!("byline_placeholders.txt");
static BYLINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:[Bb]y|BY|[Ww]ritten by|[Vv]on|[Pp]ar)\s+(\p{Lu}[^|·•,]{1,60})")
        .expect("a valid pattern")
});
static TRAILING_BYLINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\s(?:by|von|par)\s+(\p{Lu}[\w.'’-]*(?:\s+\p{Lu}[\w.'’-]*){0,3})\s*$")
        .expect("a valid pattern")
});
static PART_SEPARATOR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\s*[·•|‧∙⋅]\s*|\s+[–—/-]\s+|\s*\n\s*|\s{2,}").expect("a valid pattern")
});
static DATE_LABEL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:\b(?:posted|published|written|on|date|am|le|el|updated|last updated)\b[:\s]*)+$",
    )
    .expect("a valid pattern")
});

/// What an item was told from, for weighing it.
#[derive(Debug, Clone, Copy, Default)]
#[allow(clippy::struct_excessive_bools)] // independent observations
pub(super) struct ItemFeatures {
    pub has_heading: bool,
    pub has_date: bool,
    pub has_summary: bool,
    pub has_reading_time: bool,
    pub in_sentence: bool,
    /// Whether it is only said, not shown, beside another link that is.
    pub label_only: bool,
}

/// What is known of the list that an item stands in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct DateContext {
    /// The year and month that a heading above told.
    pub year: Option<i32>,
    pub month: Option<u32>,
    /// The day that a heading right above told.
    pub date: Option<PublishedDate>,
}

/// Reads the texts of one item. `anchors` are its links to the post, the best first.
pub(super) fn read(
    runs: &[TextRun],
    anchors: &[&Anchor<'_>],
    others: &HashSet<NodeId>,
    label_links: &LabelLinks,
    context: DateContext,
    page: &Url,
) -> (IndexItem, ItemFeatures) {
    let url = anchors.first().map(|a| a.url.clone());
    let mut item = IndexItem { url: url.clone(), ..IndexItem::default() };
    let mut features =
        ItemFeatures { in_sentence: anchors.iter().all(|a| a.inline), ..ItemFeatures::default() };
    let links: HashSet<NodeId> = anchors.iter().map(|a| a.element.id()).collect();
    let title = find_title(runs, anchors, &links);
    let mut month_day = None;
    let mut dated: Option<PublishedDate> = None;
    let mut updated: Option<PublishedDate> = None;
    let mut unlabelled: Vec<(usize, String, Option<NodeId>)> = Vec::new();
    let mut summary: Option<(bool, String)> = None;
    for (position, run) in runs.iter().enumerate() {
        if let Some((date, is_update)) = run.date {
            let slot =
                if is_update || mentions_update(&run.text) { &mut updated } else { &mut dated };
            if slot.is_none() {
                *slot = Some(date);
            }
            continue;
        }
        if Some(position) == title.as_ref().map(|t| t.0) {
            continue;
        }
        if reading_minutes(&run.text).is_some() {
            item.reading_time.get_or_insert_with(|| {
                run.text.trim_matches(|c: char| !c.is_alphanumeric()).to_owned()
            });
            continue;
        }
        if dates::is_relative_time(&run.text) {
            features.has_date = true;
            continue;
        }
        let is_of = |links: &HashSet<NodeId>| {
            run.link.is_some_and(|l| links.contains(&l)) && run.text.chars().count() <= 60
        };
        // Some makers call every link of a teaser a tag, `Read more` among them.
        if is_of(&label_links.subjects) && run.heading.is_none() && !is_generic_text(&run.text) {
            // `Theory · 12 November 2026`: the link says the first part only.
            let mut parts = PART_SEPARATOR.split(&run.text);
            item.add_category(
                if run.is_entirely_link { Some(run.text.as_str()) } else { parts.next() }
                    .unwrap_or_default(),
            );
            if run.is_entirely_link {
                continue;
            }
            for part in parts {
                classify_part(
                    part,
                    &mut item,
                    &mut dated,
                    &mut updated,
                    &mut month_day,
                    &mut unlabelled,
                    (position, run),
                    false,
                );
            }
            continue;
        }
        if is_of(&label_links.authors) && (run.is_entirely_link || run.date_in(&run.text).is_none())
        {
            add_author(&mut item, &run.text);
            continue;
        }
        if is_generic_text(&run.text) && !run.has_word_of(&CATEGORY_WORDS) {
            continue;
        }
        let other_link = run.link.filter(|l| !links.contains(l));
        if other_link.is_some_and(|l| others.contains(&l)) && run.heading.is_some() {
            continue;
        }
        let long = run.text.chars().count() > 110;
        if run.has_word_of(&AUTHOR_WORDS)
            && run.has_word_of(&ROLE_WORDS)
            && !item.authors.is_empty()
        {
            continue;
        }
        if run.has_word_of(&AUTHOR_WORDS) && !long && !run.has_word("date") {
            add_author(&mut item, &run.text);
            if dated.is_none()
                && let Some(found) = run.date_in(&run.text)
            {
                dated = Some(found.date);
            }
            continue;
        }
        if run.has_word_of(&CATEGORY_WORDS)
            && !run.has_word_of(&SUMMARY_WORDS)
            && run.heading.is_none()
            && !long
        {
            // A comma stands between two labels, or within a date.
            let parts = PART_SEPARATOR.split(&run.text).flat_map(|part| {
                let dated = run.date_in(part).is_some();
                part.split(move |c| !dated && matches!(c, ',' | '#'))
            });
            for part in parts {
                classify_part(
                    part,
                    &mut item,
                    &mut dated,
                    &mut updated,
                    &mut month_day,
                    &mut unlabelled,
                    (position, run),
                    true,
                );
            }
            continue;
        }
        let sentence = (PART_SEPARATOR.split(&run.text).any(|part| part.split(' ').count() >= 7)
            || run.text.chars().count() > 160)
            && !is_byline(run);
        let date_in_text = run
            .date_in(&run.text)
            .filter(|f| !sentence || f.start <= 12 && run.text.chars().count() <= 80);
        if !sentence
            || date_in_text.is_some() && !run.has_word_of(&SUMMARY_WORDS)
            || run.has_word_of(&DATE_WORDS) && !long
        {
            for part in PART_SEPARATOR.split(&run.text) {
                classify_part(
                    part,
                    &mut item,
                    &mut dated,
                    &mut updated,
                    &mut month_day,
                    &mut unlabelled,
                    (position, run),
                    false,
                );
            }
            if !(run.has_word_of(&SUMMARY_WORDS) || run.is_paragraph) || date_in_text.is_some() {
                continue;
            }
        }
        let text = run
            .text
            .trim_start_matches(|c: char| {
                c.is_whitespace() || matches!(c, '-' | '–' | '—' | ':' | '·' | '|')
            })
            .trim();
        // `November 2026. What it says`: a date that is set apart at the beginning is the item's.
        let text = match run.date_in(text) {
            Some(found)
                if found.start == 0
                    && text[found.end..].starts_with(['.', ':', ',', '–', '—', '|', '·', ')']) =>
            {
                dated.get_or_insert(found.date);
                text[found.end..].trim_start_matches(|c: char| {
                    c.is_whitespace() || c.is_ascii_punctuation() || matches!(c, '–' | '—' | '·')
                })
            }
            _ => text,
        };
        let words = text.split(' ').count();
        let marked = run.has_word_of(&SUMMARY_WORDS);
        let fits = marked && words >= 2 || words >= 4 && text.chars().count() >= 20;
        let better = summary.as_ref().is_none_or(|(was_marked, _)| marked && !was_marked);
        if fits
            && better
            && reading_minutes(text).is_none()
            && other_link.is_none_or(|l| !others.contains(&l))
        {
            summary = Some((marked, text.to_owned()));
        }
    }
    if let Some((position, text, in_heading)) = title {
        features.has_heading = in_heading;
        // A link that no text of the page names stands beside one that is named: `★` for the post's
        // own address.
        features.label_only = position == usize::MAX
            && runs.iter().any(|r| {
                let other = r.link.is_some_and(|l| others.contains(&l) && !links.contains(&l));
                other && r.date.is_none() && !is_generic_text(&r.text) && !r.is_paragraph
            });
        let text = text.strip_prefix("Title:").map_or(text.as_str(), str::trim_start);
        let (bare, date, md) = split_title_and_date(text);
        if dated.is_none() && date.is_some() {
            dated = date;
        }
        month_day = month_day.or(md);
        item.title = Some(bare);
        add_unlabelled_categories(&mut item, &unlabelled, position, runs, page);
    }
    // A date that is shown while one points at the link.
    if dated.is_none() {
        dated = anchors
            .iter()
            .filter_map(|a| a.element.attr("title"))
            .find_map(|t| dates::heading_date(t.trim()));
    }
    let in_month = unlabelled.iter().find_map(|(_, text, _)| dates::parse_day_of_month(text));
    item.published = dated.or_else(|| date_from_context(month_day, in_month, context));
    let in_url = url.as_ref().and_then(dates::find_in_url);
    // `11.12.2026` is either of two days, of which the address may tell which.
    let has_day_and_month_swapped = |a: &PublishedDate, b: &PublishedDate| {
        a.precision == b.precision
            && a.at.year() == b.at.year()
            && a.at.month() == b.at.day()
            && a.at.day() == b.at.month()
    };
    if in_url.is_some_and(|told| {
        item.published.is_some_and(|shown| has_day_and_month_swapped(&told, &shown))
    }) {
        item.published = in_url;
    }
    // A date in the address is as good as one on the page, and better than a month.
    if let Some(told) = in_url
        && item.published.is_none_or(|p| p.precision < told.precision)
    {
        item.published = Some(told);
    }
    item.updated = updated;
    item.summary = summary.map(|(_, text)| text).and_then(|text| {
        let authors: Vec<&str> = item.authors.iter().map(String::as_str).collect();
        SiteNameCleaner::new(None, page).clean_summary(&text, item.title.as_deref(), &authors)
    });
    features.has_date = features.has_date
        || item.published.is_some()
        || item.updated.is_some()
        || month_day.is_some();
    features.has_summary = item.summary.is_some();
    features.has_reading_time = item.reading_time.is_some();
    (item, features)
}

/// Whether a text tells at length when it was posted, by whom and under what: `Posted on Thu 12
/// November 2026 in Storage`.
fn is_byline(run: &TextRun) -> bool {
    static PUBLISHED_WORDS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i)\b(?:posted|published|written|created|updated|submitted|filed|veröffentlicht|geschrieben|erstellt|publié|posté|",
            r"publicado|pubblicato|geplaatst|gepubliceerd|publicerad|julkaistu|opublikowano)\b",
        ))
        .expect("a valid pattern")
    });
    let text = run.text.trim_end();
    text.split(' ').count() <= 18
        && !text.ends_with(['.', '!', '?', '…'])
        && run.date_in(text).is_some_and(|found| PUBLISHED_WORDS.is_match(&text[..found.start]))
}

fn mentions_update(text: &str) -> bool {
    let lower = text.to_lowercase();
    lower.contains("updated") || lower.contains("modified") || lower.contains("edited")
}

fn date_from_context(
    told: Option<MonthDay>,
    in_month: Option<u32>,
    context: DateContext,
) -> Option<PublishedDate> {
    if let (Some(day), DateContext { year: Some(year), month: Some(month), .. }) =
        (in_month, context)
    {
        return dates::day(year, month, day);
    }
    if context.date.is_some() {
        return context.date;
    }
    match (told, context) {
        (Some(md), DateContext { year: Some(year), .. }) => dates::day(year, md.month, md.day),
        (None, DateContext { year: Some(year), month: Some(month), .. }) => {
            dates::month(year, month)
        }
        _ => None,
    }
}

fn add_author(item: &mut IndexItem, text: &str) {
    let first = PART_SEPARATOR
        .split(text)
        .map(str::trim)
        .find(|p| !p.is_empty() && dates::find(p).is_none() && reading_minutes(p).is_none());
    // `by Jo Smith, on 28 October 2026` is one part.
    let said = author_name(text);
    let Some(name) = first.or_else(|| (said.len() < text.len()).then_some(said.as_str())) else {
        return;
    };
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
        && !BYLINE_PLACEHOLDERS.contains(&name.to_lowercase())
    {
        item.authors.push(name.to_owned());
    }
}

/// One part of a short text.
#[allow(clippy::too_many_arguments)] // the slots of one item
fn classify_part(
    part: &str,
    item: &mut IndexItem,
    dated: &mut Option<PublishedDate>,
    updated: &mut Option<PublishedDate>,
    month_day: &mut Option<MonthDay>,
    unlabelled: &mut Vec<(usize, String, Option<NodeId>)>,
    at: (usize, &TextRun),
    is_label: bool,
) {
    let part = part.trim().trim_matches(|c: char| {
        c.is_whitespace()
            || matches!(c, ',' | ':' | '(' | ')' | '[' | ']' | '—' | '–' | '»' | '→' | '←' | '↗')
    });
    if part.is_empty() {
        return;
    }
    let (position, run) = at;
    if reading_minutes(part).is_some() {
        if item.reading_time.is_none() {
            item.reading_time = Some(part.trim_matches(|c: char| !c.is_alphanumeric()).to_owned());
        }
        return;
    }
    if let Some(found) = run.date_in(part) {
        let slot = if mentions_update(&part[..found.start]) { &mut *updated } else { &mut *dated };
        if slot.is_none_or(|d| d.precision < found.date.precision) {
            *slot = Some(found.date);
        }
        let rest =
            format!("{} {}", DATE_LABEL.replace(&part[..found.start], ""), &part[found.end..]);
        if let Some(by) = BYLINE.captures(rest.trim()).or_else(|| TRAILING_BYLINE.captures(&rest)) {
            add_author(item, &by[1]);
        }
        return;
    }
    // `Oct 20, 09:14 UTC` is that day.
    let is_clock = |rest: &str| {
        rest.len() <= 2
            || rest.len() <= 14
                && rest.contains(':')
                && rest.chars().filter(|c| c.is_alphabetic()).count() <= 4
    };
    if let Some(found) = dates::find_month_day(part)
        && is_clock(&part[found.end..])
    {
        month_day.get_or_insert(found);
        return;
    }
    if let Some(by) = BYLINE.captures(part) {
        add_author(item, &by[1]);
        return;
    }
    let few = part.split(' ').count() <= 4 && part.chars().count() <= 40;
    if few && (is_label || part.starts_with('#')) {
        for tag in part.split('#').map(str::trim).filter(|t| !t.is_empty()) {
            item.add_category(tag);
        }
    } else if few && run.heading.is_none() && part.chars().any(char::is_alphanumeric) {
        unlabelled.push((position, part.to_owned(), run.parent));
    }
}

/// Short texts that nothing marks: one before the title beside a reading time, or several alike
/// behind it, are categories.
fn add_unlabelled_categories(
    item: &mut IndexItem,
    unlabelled: &[(usize, String, Option<NodeId>)],
    title: usize,
    runs: &[TextRun],
    page: &Url,
) {
    let own_site = item.url.as_ref().is_some_and(|u| url_shape::same_site(u, page));
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
    let before: Vec<&String> = unlabelled
        .iter()
        .filter(|(position, text, _)| *position < title && tag_like(text))
        .map(|(_, text, _)| text)
        .collect();
    if before.len() == 1
        && (item.reading_time.is_some() || before[0].split(' ').count() == 1)
        && !item.authors.contains(before[0])
    {
        item.add_category(before[0]);
    }
    let behind: Vec<&(usize, String, Option<NodeId>)> = unlabelled
        .iter()
        .filter(|(position, text, _)| *position > title && title != usize::MAX && tag_like(text))
        .collect();
    for (position, text, parent) in &behind {
        let alike = behind
            .iter()
            .filter(|(p, _, other)| other == parent && parent.is_some() && (p != position))
            .count();
        if alike >= 1 && runs.get(*position).is_some_and(|r| !r.is_paragraph) {
            item.add_category(text);
        }
    }
}
