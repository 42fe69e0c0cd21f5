//! The title of an item, and its separation from a date.
//!
//! Entry points: [`find_title`] and [`split_title_and_date`]. A text that is marked or linked as a
//! title is preferred. The site's name is not removed here; `site_name` does that for page titles.

use std::{collections::HashSet, sync::LazyLock};

use ego_tree::NodeId;
use regex::Regex;

use feed_model::{DatePrecision, PublishedDate};

use super::{
    anchors::Anchor,
    class_words::{CATEGORY_WORDS, DATE_WORDS, NON_TITLE_WORDS, TITLE_WORDS},
    generic_links::is_generic_text,
    text_runs::TextRun,
};
use crate::{
    byline::reading_minutes,
    dates::{self, MonthDay},
    url_shape,
};

/// Returns the title: the index of its run (`usize::MAX` if it is an attribute), its text, and
/// whether it is a heading.
pub(super) fn find_title(
    runs: &[TextRun],
    anchors: &[&Anchor<'_>],
    links: &HashSet<NodeId>,
    has_date_titles: bool,
) -> Option<(usize, String, bool)> {
    let is_own_link = |run: &TextRun| run.link.is_some_and(|l| links.contains(&l));
    let can_be_title = |run: &&(usize, &TextRun)| {
        // The text of a link that several links share was cleared, so it is not a title.
        let is_cleared_link = is_own_link(run.1)
            && anchors.iter().any(|a| a.has_no_text() && run.1.link == Some(a.element.id()));
        !is_cleared_link
            && !run.1.text.is_empty()
            && run.1.date.is_none()
            && !(is_date_title(run.1, is_own_link(run.1))
                && !(has_date_titles && is_own_link(run.1)))
            && !is_generic_text(&run.1.text)
            && reading_minutes(&run.1.text).is_none()
    };
    let indexed_runs: Vec<(usize, &TextRun)> = runs.iter().enumerate().collect();
    let heading_of = |predicate: &dyn Fn(&TextRun) -> bool| {
        indexed_runs
            .iter()
            .filter(can_be_title)
            .filter(|(_, r)| r.heading.is_some() && predicate(r))
            .min_by_key(|(i, r)| (r.heading, *i))
            .map(|(i, r)| (*i, r.text.clone(), true))
    };
    // A text that is the whole link to the post is not a label, whatever its class.
    let is_whole_link = |run: &TextRun| {
        let is_only_text = || anchors.iter().all(|a| a.text == run.text || !a.could_be_title());
        is_own_link(run)
            && anchors.iter().any(|a| a.text == run.text)
            && (run.text.contains(' ') || is_only_text())
    };
    let is_label = |run: &TextRun| run.has_word_of(&CATEGORY_WORDS) && !is_whole_link(run);
    // A link within a heading is the title even if the heading has more text.
    let in_heading = |r: &TextRun| is_own_link(r) && anchors.iter().any(|a| a.text == r.text);
    let linked_heading =
        heading_of(&|r| is_own_link(r) && !is_label(r)).or_else(|| heading_of(&in_heading));
    let marked_title = || {
        indexed_runs
            .iter()
            .filter(can_be_title)
            .find(|(_, r)| {
                r.has_word_of(&TITLE_WORDS) && !r.has_word_of(&NON_TITLE_WORDS) && !is_label(r)
            })
            .map(|(i, r)| (*i, r.text.clone(), r.heading.is_some()))
    };
    let in_link = || {
        let candidates = indexed_runs.iter().filter(can_be_title).filter(|(_, r)| {
            is_own_link(r)
                && !is_label(r)
                && !r.has_word_of(&DATE_WORDS)
                && !r.has_word_of(&NON_TITLE_WORDS)
        });
        let candidates: Vec<&(usize, &TextRun)> =
            candidates.filter(|(_, r)| has_date_titles || !is_mostly_date(&r.text)).collect();
        // The URL often repeats the title. Otherwise the title is the first text of more than one
        // word, because a one-word category may precede it.
        let similarity =
            |text: &str| anchors.first().map_or(0.0, |a| url_shape::slug_similarity(text, &a.url));
        let by_slug = candidates
            .iter()
            .map(|c| (similarity(&c.1.text), c))
            .filter(|(l, _)| *l >= 0.5)
            .max_by(|(a, x), (b, y)| a.total_cmp(b).then(y.0.cmp(&x.0)));
        if let Some((_, (i, r))) = by_slug {
            return Some((*i, r.text.clone(), false));
        }
        let first = candidates
            .iter()
            .find(|(_, r)| r.text.split(' ').count() >= 2)
            .or_else(|| candidates.first());
        first.map(|(i, r)| (*i, r.text.clone(), false))
    };
    let has_title_link = anchors.iter().any(|a| a.could_be_title());
    let unlinked = || heading_of(&|r| r.link.is_none() && !r.has_word_of(&CATEGORY_WORDS));
    let accessible_name = || {
        let stated = anchors
            .iter()
            .flat_map(|a| ["aria-label", "title"].iter().filter_map(|n| a.element.attr(n)))
            .find(|t| !is_generic_text(t));
        // Some links consist of an image with an alternative text.
        let image_alt = || {
            let pictures = anchors.iter().flat_map(|a| {
                a.element.descendent_elements().filter(|e| e.value().name() == "img")
            });
            pictures
                .filter_map(|i| i.attr("alt"))
                .map(str::trim)
                .find(|t| t.chars().count() >= 3 && !is_generic_text(t))
        };
        stated.or_else(image_alt).map(|t| (usize::MAX, strip_read_more_prefix(t), false))
    };
    let fallback = || {
        indexed_runs
            .iter()
            .filter(can_be_title)
            .find(|(_, r)| {
                let resembles_url = || {
                    anchors
                        .first()
                        .is_some_and(|a| url_shape::slug_similarity(&r.text, &a.url) >= 0.9)
                };
                (r.text.split(' ').count() >= 2 || resembles_url())
                    && !is_mostly_date(&r.text)
                    && !r.has_word_of(&CATEGORY_WORDS)
            })
            .map(|(i, r)| (*i, r.text.clone(), false))
    };
    if let Some(found) = linked_heading {
        return Some(found);
    }
    // A number is not the title if another text is marked as one: `arXiv:2610.01234`.
    let is_number = |a: &&Anchor<'_>| {
        !a.text.contains(' ') && a.text.chars().filter(char::is_ascii_digit).count() >= 4
    };
    if anchors.iter().all(is_number)
        && let Some(found) = marked_title()
    {
        return Some(found);
    }
    if has_title_link {
        let first_own = in_link();
        // A marked title within the link, or beside a link that is an image.
        return marked_title()
            .filter(|(i, ..)| runs.get(*i).is_some_and(is_own_link))
            .or(first_own)
            .or_else(marked_title)
            .or_else(unlinked)
            .or_else(|| heading_of(&|r| is_own_link(r)))
            .or_else(accessible_name);
    }
    let own_heading = || heading_of(&|r| is_own_link(r));
    unlinked()
        .or_else(marked_title)
        .or_else(own_heading)
        .or_else(in_link)
        .or_else(accessible_name)
        .or_else(fallback)
}

/// Removes `Read more about` and similar words from an accessible name.
fn strip_read_more_prefix(text: &str) -> String {
    static READ_MORE_PREFIX: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i)^(?:(?:read|continue reading|view|open|go to|link to|permalink to)(?: more)?",
            r"(?: about| of| on)?(?: the)?(?: post| article| full post| full article)?\s*:?\s*",
            r"|post:\s*)",
        ))
        .expect("a valid pattern")
    });
    let bare = READ_MORE_PREFIX.replace(text.trim(), "");
    let bare = bare.trim().trim_matches(['"', '“', '”', '\'']).trim();
    if bare.is_empty() { text.trim().to_owned() } else { bare.to_owned() }
}

/// Returns whether a text is a date instead of a title: a day, or the year or month above posts.
/// The link to the post may be a title with a date in it (`TIL 2026-11-12`).
fn is_date_title(run: &TextRun, is_own_link: bool) -> bool {
    let is_day = || {
        dates::heading_date(&run.text).is_some()
            && dates::find(&run.text).is_some_and(|found| run.text.len() - found.end <= 2)
    };
    if is_own_link {
        return dates::is_only_date(&run.text) && is_day();
    }
    let is_section = || {
        run.heading.is_some()
            && (dates::heading_year(&run.text).is_some()
                || dates::heading_month(&run.text).is_some())
    };
    is_day() || is_section()
}

/// Returns whether a text is a date and hardly anything else, such as brackets.
fn is_mostly_date(text: &str) -> bool {
    dates::find(text).is_some_and(|f| text.len() - (f.end - f.start) <= 4)
        || dates::find_month_day(text).is_some_and(|f| text.len() - (f.end - f.start) <= 2)
}

/// Splits a title and a date before or after it. Returns the title, the date, and a date without a
/// year.
pub(super) fn split_title_and_date(
    title: &str,
) -> (String, Option<PublishedDate>, Option<MonthDay>) {
    // `Title — 12 Nov 2026 · 4 min read`
    let (title, has_reading_time) = match title
        .rsplit_once([' ', '\u{a0}'])
        .and_then(|_| title.rfind(['·', '•', '|', '—', '–']))
    {
        Some(at)
            if reading_minutes(&title[at..]).is_some() && title[at..].chars().count() <= 20 =>
        {
            (title[..at].trim_end(), true)
        }
        _ => (title, false),
    };
    let is_separator =
        |c: char| matches!(c, '-' | '–' | '—' | ':' | '·' | '•' | '|' | '»' | '>' | ')' | ']');
    let after_date = |text: &str| {
        text.trim_start_matches(|c: char| c.is_whitespace() || c == ',' || is_separator(c))
            .trim_end()
            .to_owned()
    };
    if let Some(found) = dates::find(title) {
        let (before, after) = (&title[..found.start], &title[found.end..]);
        let date_comes_first =
            before.trim_matches(|c: char| c.is_whitespace() || matches!(c, '(' | '[')).is_empty()
                && (after.trim_start().starts_with(is_separator)
                    || found.date.precision >= DatePrecision::Day);
        if date_comes_first && after_date(after).chars().count() >= 3 {
            return (after_date(after), Some(found.date), None);
        }
        // A title can end with a month, or with a day that is its subject. Only a date that is set
        // apart is removed.
        let before_trimmed = before.trim_end();
        let is_separated = before_trimmed.ends_with(['(', '[', '|', '·', '•', '–', '—', '-']);
        let title_before = before_trimmed.trim_end_matches(|c: char| {
            c.is_whitespace() || c == '(' || c == '[' || is_separator(c) && c != ')' && c != ']'
        });
        if after.trim_matches(|c: char| c.is_whitespace() || is_separator(c)).is_empty()
            && found.date.precision >= DatePrecision::Day
        {
            let title = if is_separated && (title_before.contains(' ') || has_reading_time) {
                title_before
            } else {
                title.trim()
            };
            return (title.to_owned(), Some(found.date), None);
        }
        return (title.trim().to_owned(), None, None);
    }
    if let Some(found) = dates::find_month_day(title) {
        let after = &title[found.end..];
        if after.trim_start().starts_with(is_separator) && after_date(after).chars().count() >= 3 {
            return (after_date(after), None, Some(found));
        }
    }
    (title.trim().to_owned(), None, None)
}
