//! The fields of one item: title, date, categories, reading time, summary and authors.
//!
//! Entry point: [`read`]. Each text run of the item is assigned to at most one field. A text that
//! fits no field is ignored.

use std::{collections::HashSet, sync::LazyLock};

use chrono::Datelike;
use ego_tree::NodeId;
use regex::Regex;
use url::Url;

use feed_model::PublishedDate;

use super::{
    anchors::{Anchor, LabelLinks},
    candidate::PageContext,
    class_words::{AUTHOR_WORDS, CATEGORY_WORDS, DATE_WORDS, ROLE_WORDS, SUMMARY_WORDS},
    generic_links::is_generic_text,
    item::IndexItem,
    text_runs::TextRun,
    titles::{find_title, split_title_and_date},
};
use crate::{
    byline::{author_name, reading_minutes},
    dates::{self, MonthDay},
    dom::text_of,
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

/// What is known of an item, for its score.
#[derive(Debug, Clone, Copy, Default)]
#[allow(clippy::struct_excessive_bools)] // independent observations
pub(super) struct ItemFeatures {
    pub has_heading: bool,
    pub has_date: bool,
    pub has_summary: bool,
    pub has_reading_time: bool,
    pub in_sentence: bool,
    /// Whether the title is only an accessible name, beside another link with visible text.
    pub label_only: bool,
}

/// The date that the headings above an item state.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct DateContext {
    /// The year of a heading above.
    pub year: Option<i32>,
    /// The month of a heading above.
    pub month: Option<u32>,
    /// The date of a heading directly above.
    pub date: Option<PublishedDate>,
}

/// A short text that no class and no link describes.
struct UnlabelledText {
    /// The index of its run.
    position: usize,
    text: String,
    parent: Option<NodeId>,
}

/// The fields of one item while its text runs are read.
struct FieldReader<'a> {
    /// The links to the post.
    own_links: &'a HashSet<NodeId>,
    /// All candidate links of the page.
    all_links: &'a HashSet<NodeId>,
    label_links: &'a LabelLinks,
    item: IndexItem,
    features: ItemFeatures,
    published: Option<PublishedDate>,
    updated: Option<PublishedDate>,
    month_day: Option<MonthDay>,
    /// A date that is part of the title. It may be the subject of the post.
    date_in_title: Option<PublishedDate>,
    unlabelled: Vec<UnlabelledText>,
    /// The summary, and whether its class marks it as one.
    summary: Option<(bool, String)>,
}

/// Reads the fields of one item. `anchors` are its links to the post, the best first; `all_links`
/// are the candidate links of the page.
pub(super) fn read(
    runs: &[TextRun],
    anchors: &[&Anchor<'_>],
    all_links: &HashSet<NodeId>,
    context: DateContext,
    page_context: &PageContext<'_>,
) -> (IndexItem, ItemFeatures) {
    let PageContext { label_links, page, has_date_titles, .. } = *page_context;
    let own_links: HashSet<NodeId> = anchors.iter().map(|a| a.element.id()).collect();
    let title = find_title(runs, anchors, &own_links, has_date_titles);
    let mut reader = FieldReader {
        own_links: &own_links,
        all_links,
        label_links,
        item: IndexItem { url: anchors.first().map(|a| a.url.clone()), ..IndexItem::default() },
        features: ItemFeatures {
            in_sentence: anchors.iter().all(|a| a.inline),
            ..ItemFeatures::default()
        },
        published: None,
        updated: None,
        month_day: None,
        date_in_title: None,
        unlabelled: Vec::new(),
        summary: None,
    };
    let title_position = title.as_ref().map(|title| title.0);
    for (position, run) in runs.iter().enumerate() {
        if run.date.is_some() || Some(position) != title_position {
            reader.read_run(position, run);
        }
    }
    if let Some((position, text, in_heading)) = title {
        let text = reader.take_leading_date(&text, anchors);
        reader.set_title(position, &text, runs, page);
        if has_date_titles {
            reader.date_in_title = dates::find(&text).map(|found| found.date);
        }
        reader.features.has_heading = in_heading;
    }
    // Some pages show the date only as a tooltip of the link.
    if reader.published.is_none() {
        reader.published = anchors
            .iter()
            .filter_map(|a| a.element.attr("title"))
            .find_map(|t| dates::heading_date(t.trim()));
    }
    reader.finish(context, page)
}

impl FieldReader<'_> {
    /// Assigns one text run, other than the title, to a field.
    fn read_run(&mut self, position: usize, run: &TextRun) {
        if let Some((date, is_update)) = run.date {
            let field = if is_update || mentions_update(&run.text) {
                &mut self.updated
            } else {
                &mut self.published
            };
            field.get_or_insert(date);
            return;
        }
        if reading_minutes(&run.text).is_some() {
            self.set_reading_time(&run.text);
            return;
        }
        if dates::is_relative_time(&run.text) {
            self.features.has_date = true;
            return;
        }
        let is_label_link = |links: &HashSet<NodeId>| {
            run.link.is_some_and(|l| links.contains(&l)) && run.text.chars().count() <= 60
        };
        // Some sites mark every link of a teaser as a tag, including `Read more`.
        if is_label_link(&self.label_links.subjects)
            && run.heading.is_none()
            && !is_generic_text(&run.text)
        {
            self.read_subject_link(position, run);
            return;
        }
        if is_label_link(&self.label_links.authors)
            && (run.is_entirely_link || run.date_in(&run.text).is_none())
        {
            add_author(&mut self.item, &run.text);
            return;
        }
        if is_generic_text(&run.text) && !run.has_word_of(&CATEGORY_WORDS) {
            return;
        }
        let is_other_post =
            run.link.is_some_and(|l| !self.own_links.contains(&l) && self.all_links.contains(&l));
        if is_other_post && run.heading.is_some() {
            return;
        }
        let is_long = run.text.chars().count() > 110;
        if run.has_word_of(&AUTHOR_WORDS)
            && run.has_word_of(&ROLE_WORDS)
            && !self.item.authors.is_empty()
        {
            return;
        }
        if run.has_word_of(&AUTHOR_WORDS) && !is_long && !run.has_word("date") {
            add_author(&mut self.item, &run.text);
            if self.published.is_none() {
                self.published = run.date_in(&run.text).map(|found| found.date);
            }
            return;
        }
        if run.has_word_of(&CATEGORY_WORDS)
            && !run.has_word_of(&SUMMARY_WORDS)
            && run.heading.is_none()
            && !is_long
        {
            // A comma separates two categories, unless it is part of a date.
            let parts = PART_SEPARATOR.split(&run.text).flat_map(|part| {
                let has_date = run.date_in(part).is_some();
                part.split(move |c| !has_date && matches!(c, ',' | '#'))
            });
            for part in parts {
                self.read_part(part, position, run, true);
            }
            return;
        }
        let is_sentence =
            (PART_SEPARATOR.split(&run.text).any(|part| part.split(' ').count() >= 7)
                || run.text.chars().count() > 160)
                && !is_byline(run);
        let has_date = run
            .date_in(&run.text)
            .is_some_and(|f| !is_sentence || f.start <= 12 && run.text.chars().count() <= 80);
        if !is_sentence
            || has_date && !run.has_word_of(&SUMMARY_WORDS)
            || run.has_word_of(&DATE_WORDS) && !is_long
        {
            for part in PART_SEPARATOR.split(&run.text) {
                self.read_part(part, position, run, false);
            }
            if !(run.has_word_of(&SUMMARY_WORDS) || run.is_paragraph) || has_date {
                return;
            }
        }
        self.read_summary(run, is_other_post);
    }

    /// Reads a link to a subject, which is a category, and the text after it.
    fn read_subject_link(&mut self, position: usize, run: &TextRun) {
        if run.is_entirely_link {
            self.item.add_category(&run.text);
            return;
        }
        // `Theory · 12 November 2026`: only the first part is the link.
        let mut parts = PART_SEPARATOR.split(&run.text);
        self.item.add_category(parts.next().unwrap_or_default());
        for part in parts {
            self.read_part(part, position, run, false);
        }
    }

    /// Takes a text as the summary if it is long enough. A marked summary replaces an unmarked one.
    fn read_summary(&mut self, run: &TextRun, is_other_post: bool) {
        let is_marked = run.has_word_of(&SUMMARY_WORDS);
        let letters = run.text.chars().filter(|c| c.is_alphanumeric()).count();
        let is_meta = ["meta", "byline", "dateline"].iter().any(|word| run.has_word(word));
        // A line of links is not about the post.
        if !is_marked && (is_meta || run.other_link_chars * 10 >= letters * 6) {
            return;
        }
        let text = run
            .text
            .trim_start_matches(|c: char| {
                c.is_whitespace() || matches!(c, '-' | '–' | '—' | ':' | '·' | '|')
            })
            .trim();
        // `November 2026. The summary`: a date that is set apart at the beginning is the item's.
        let text = match run.date_in(text) {
            Some(found)
                if found.start == 0
                    && text[found.end..].starts_with(['.', ':', ',', '–', '—', '|', '·', ')']) =>
            {
                self.published.get_or_insert(found.date);
                text[found.end..].trim_start_matches(|c: char| {
                    c.is_whitespace() || c.is_ascii_punctuation() || matches!(c, '–' | '—' | '·')
                })
            }
            _ => text,
        };
        let words = text.split(' ').count();
        let is_long_enough = is_marked && words >= 2 || words >= 4 && text.chars().count() >= 20;
        let is_better =
            self.summary.as_ref().is_none_or(|(was_marked, _)| is_marked && !was_marked);
        if is_long_enough && is_better && reading_minutes(text).is_none() && !is_other_post {
            self.summary = Some((is_marked, text.to_owned()));
        }
    }

    /// Assigns one part of a short text to a field. `is_label` says whether a short part is a
    /// category.
    fn read_part(&mut self, part: &str, position: usize, run: &TextRun, is_label: bool) {
        let part = part.trim().trim_matches(|c: char| {
            c.is_whitespace()
                || matches!(
                    c,
                    ',' | ':' | '(' | ')' | '[' | ']' | '—' | '–' | '»' | '→' | '←' | '↗'
                )
        });
        if part.is_empty() {
            return;
        }
        if reading_minutes(part).is_some() {
            self.set_reading_time(part);
            return;
        }
        if let Some(found) = run.date_in(part) {
            let field = if mentions_update(&part[..found.start]) {
                &mut self.updated
            } else {
                &mut self.published
            };
            if field.is_none_or(|d| d.precision < found.date.precision) {
                *field = Some(found.date);
            }
            let rest =
                format!("{} {}", DATE_LABEL.replace(&part[..found.start], ""), &part[found.end..]);
            if let Some(by) =
                BYLINE.captures(rest.trim()).or_else(|| TRAILING_BYLINE.captures(&rest))
            {
                add_author(&mut self.item, &by[1]);
            }
            return;
        }
        // `Oct 20, 09:14 UTC` is a date with a time of day.
        let is_time_of_day = |rest: &str| {
            rest.len() <= 2
                || rest.len() <= 14
                    && rest.contains(':')
                    && rest.chars().filter(|c| c.is_alphabetic()).count() <= 4
        };
        if let Some(found) = dates::find_month_day(part)
            && is_time_of_day(&part[found.end..])
        {
            self.month_day.get_or_insert(found);
            return;
        }
        if let Some(by) = BYLINE.captures(part) {
            add_author(&mut self.item, &by[1]);
            return;
        }
        let is_short = part.split(' ').count() <= 4 && part.chars().count() <= 40;
        if is_short && (is_label || part.starts_with('#')) {
            for tag in part.split('#').map(str::trim).filter(|t| !t.is_empty()) {
                self.item.add_category(tag);
            }
        } else if is_short && run.heading.is_none() && part.chars().any(char::is_alphanumeric) {
            self.unlabelled.push(UnlabelledText {
                position,
                text: part.to_owned(),
                parent: run.parent,
            });
        }
    }

    /// Stores a reading time, unless there is one.
    fn set_reading_time(&mut self, text: &str) {
        self.item
            .reading_time
            .get_or_insert_with(|| text.trim_matches(|c: char| !c.is_alphanumeric()).to_owned());
    }

    /// Takes a date that is an element of its own at the beginning of the link: `<span>April
    /// 2</span> Title`. Returns the title without it.
    fn take_leading_date(&mut self, title: &str, anchors: &[&Anchor<'_>]) -> String {
        let leading = anchors
            .iter()
            .filter_map(|a| a.element.child_elements().next().map(text_of))
            .find(|text| dates::is_only_date(text));
        let Some(rest) = leading.as_deref().and_then(|lead| title.strip_prefix(lead)) else {
            return title.to_owned();
        };
        if rest.trim().is_empty() {
            return title.to_owned();
        }
        let lead = &title[..title.len() - rest.len()];
        match dates::find(lead) {
            Some(found) => self.published = self.published.or(Some(found.date)),
            None => self.month_day = self.month_day.or_else(|| dates::find_month_day(lead)),
        }
        rest.trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '“' | '"' | '「'))
            .to_owned()
    }

    /// Stores the title, and the date that is part of it. `position` is the index of its run, or
    /// `usize::MAX` if it is an accessible name.
    fn set_title(&mut self, position: usize, text: &str, runs: &[TextRun], page: &Url) {
        // A link without text (`★` for the post's permalink) beside a link with text.
        self.features.label_only = position == usize::MAX
            && runs.iter().any(|run| {
                let is_other_link = run
                    .link
                    .is_some_and(|l| self.all_links.contains(&l) && !self.own_links.contains(&l));
                is_other_link
                    && run.date.is_none()
                    && !is_generic_text(&run.text)
                    && !run.is_paragraph
            });
        let text = text.strip_prefix("Title:").map_or(text, str::trim_start);
        let (title, date, month_day) = split_title_and_date(text);
        if title.len() < text.trim().len() {
            self.published = self.published.or(date);
        } else {
            self.date_in_title = date;
        }
        self.month_day = self.month_day.or(month_day);
        self.item.title = Some(title);
        self.add_unlabelled_categories(position, runs, page);
    }

    /// Adds short texts without a label as categories: a single one before the title, beside a
    /// reading time or of one word, and several in the same element after it.
    fn add_unlabelled_categories(&mut self, title: usize, runs: &[TextRun], page: &Url) {
        let is_own_site = self.item.url.as_ref().is_some_and(|u| url_shape::same_site(u, page));
        if !is_own_site {
            return;
        }
        let looks_like_tag = |text: &str| {
            text.chars().count() <= 32
                && text.split(' ').count() <= 3
                && !text.ends_with(['.', '!', '?', ':'])
                && text.chars().next().is_some_and(|c| !c.is_ascii_digit())
                && text.chars().any(char::is_alphabetic)
        };
        let tags: Vec<&UnlabelledText> =
            self.unlabelled.iter().filter(|text| looks_like_tag(&text.text)).collect();
        let before: Vec<&&UnlabelledText> = tags.iter().filter(|t| t.position < title).collect();
        if let [tag] = before.as_slice()
            && (self.item.reading_time.is_some() || tag.text.split(' ').count() == 1)
            && !self.item.authors.contains(&tag.text)
        {
            self.item.add_category(&tag.text);
        }
        let after: Vec<&&UnlabelledText> =
            tags.iter().filter(|t| t.position > title && title != usize::MAX).collect();
        for tag in &after {
            let has_sibling = after.iter().any(|other| {
                other.parent == tag.parent && tag.parent.is_some() && other.position != tag.position
            });
            if has_sibling && runs.get(tag.position).is_some_and(|run| !run.is_paragraph) {
                self.item.add_category(&tag.text);
            }
        }
    }

    /// Decides on the publication date and the summary, and returns the item.
    fn finish(mut self, context: DateContext, page: &Url) -> (IndexItem, ItemFeatures) {
        let day_of_month = self.unlabelled.iter().find_map(|t| dates::parse_day_of_month(&t.text));
        let published =
            self.published.or_else(|| date_from_context(self.month_day, day_of_month, context));
        let in_url = self.item.url.as_ref().and_then(dates::find_in_url);
        let without_year = self.month_day.is_some();
        self.item.published =
            prefer_url_date(published, in_url).or(self.date_in_title.filter(|_| !without_year));
        self.item.updated = self.updated;
        self.item.summary = self.summary.and_then(|(_, text)| {
            let authors: Vec<&str> = self.item.authors.iter().map(String::as_str).collect();
            SiteNameCleaner::new(None, page).clean_summary(
                &text,
                self.item.title.as_deref(),
                &authors,
            )
        });
        self.features.has_date = self.features.has_date
            || self.item.published.is_some()
            || self.item.updated.is_some()
            || self.month_day.is_some();
        self.features.has_summary = self.item.summary.is_some();
        self.features.has_reading_time = self.item.reading_time.is_some();
        (self.item, self.features)
    }
}

/// Returns the date in the URL if it is more precise than the date on the page, or if it shows that
/// day and month of a numeric date were swapped.
fn prefer_url_date(
    on_page: Option<PublishedDate>,
    in_url: Option<PublishedDate>,
) -> Option<PublishedDate> {
    let (Some(shown), Some(stated)) = (on_page, in_url) else {
        return on_page.or(in_url);
    };
    // `11.12.2026` can be either of two days.
    let is_swapped = shown.precision == stated.precision
        && shown.at.year() == stated.at.year()
        && shown.at.month() == stated.at.day()
        && shown.at.day() == stated.at.month();
    if is_swapped || shown.precision < stated.precision { in_url } else { on_page }
}

/// Returns whether a text is a long byline: `Posted on Thu 12 November 2026 in Storage`.
fn is_byline(run: &TextRun) -> bool {
    static PUBLISHED_WORDS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i)\b(?:posted|published|written|created|updated|submitted|filed|veröffentlicht|",
            r"geschrieben|erstellt|publié|posté|publicado|pubblicato|geplaatst|gepubliceerd|",
            r"publicerad|julkaistu|opublikowano)\b",
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

/// Returns the date of an item from the headings above it and from a day, or a month and day, in
/// its text.
fn date_from_context(
    month_day: Option<MonthDay>,
    day_of_month: Option<u32>,
    context: DateContext,
) -> Option<PublishedDate> {
    if let (Some(day), DateContext { year: Some(year), month: Some(month), .. }) =
        (day_of_month, context)
    {
        return dates::day(year, month, day);
    }
    if context.date.is_some() {
        return context.date;
    }
    match (month_day, context) {
        (Some(found), DateContext { year: Some(year), .. }) => {
            dates::day(year, found.month, found.day)
        }
        (None, DateContext { year: Some(year), month: Some(month), .. }) => {
            dates::month(year, month)
        }
        _ => None,
    }
}

/// Adds the author that a text names, unless the text is not a name.
fn add_author(item: &mut IndexItem, text: &str) {
    let first = PART_SEPARATOR
        .split(text)
        .map(str::trim)
        .find(|p| !p.is_empty() && dates::find(p).is_none() && reading_minutes(p).is_none());
    // `by Jo Smith, on 28 October 2026` has no separator.
    let from_byline = author_name(text);
    let Some(name) =
        first.or_else(|| (from_byline.len() < text.len()).then_some(from_byline.as_str()))
    else {
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
