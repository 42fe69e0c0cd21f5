//! A story as lists show it.

use chrono::Datelike as _;

use feed_model::{DatePrecision, Story, Timestamp, time_zone::local_date};

use crate::{
    addresses::{Addresses, YearMonth},
    channel, date_format, excerpt,
    pages::layout::SiteInfo,
    xml,
};

/// The longest title in a list, in characters.
const MAX_TITLE_CHARS: usize = 160;
const MAX_SUMMARY_CHARS: usize = 280;
const MAX_NAME_CHARS: usize = 80;
/// The longest title in the `aria-label` of the link to a story's page.
const MAX_SHORT_TITLE_CHARS: usize = 48;
/// The longest address of an original in a list, in bytes. A longer one is on the story's page
/// only.
const MAX_ADDRESS_BYTES: usize = 512;
const MAX_AUTHORS: usize = 3;

/// A story as `templates/story_macros.html` shows it.
#[derive(Debug, Clone)]
pub(super) struct StoryRow {
    pub title: String,
    /// The beginning of the title. It makes the labels of the "Details" links distinct.
    pub short_title: String,
    pub language: Option<String>,
    /// Address of the original. For a story without a link, the story's page.
    pub href: String,
    pub is_external: bool,
    /// The story's page on this site.
    pub page: String,
    /// The name of the source; empty where every row has the same.
    pub source: String,
    /// Address of the icon of the source.
    pub icon: Option<String>,
    /// The source's page on this site.
    pub source_page: Option<String>,
    /// Authors other than the source; may be empty.
    pub authors: String,
    pub date: String,
    pub datetime_attr: String,
    pub summary: Option<String>,
    /// Address of the image, if the site shows images.
    pub image: Option<String>,
}

impl StoryRow {
    /// Returns a row with the date in the publisher's precision.
    pub(super) fn new(site: &SiteInfo<'_>, story: &Story) -> Self {
        let page = site.addresses.rooted(&Addresses::story_path(story.id));
        let original = story
            .url
            .as_deref()
            .and_then(xml::http_url)
            .filter(|url| url.len() <= MAX_ADDRESS_BYTES);
        let attribution = channel::attribution(story);
        let source = excerpt::shorten(&attribution.title, MAX_NAME_CHARS);
        let authors: Vec<String> = channel::authors(story, &attribution)
            .into_iter()
            .map(|author| channel::without_publication(&author.name, &attribution.title))
            .map(|name| excerpt::shorten(&name, MAX_NAME_CHARS))
            .filter(|name| *name != source)
            .take(MAX_AUTHORS)
            .collect();
        let (date, precision) = story_date(story);
        let title = channel::display_title(story);
        Self {
            short_title: excerpt::shorten(&title, MAX_SHORT_TITLE_CHARS),
            title: excerpt::shorten(&title, MAX_TITLE_CHARS),
            language: channel::language(story).map(str::to_owned),
            is_external: original.is_some(),
            href: original.unwrap_or_else(|| page.clone()),
            page,
            icon: site
                .source_icon(&story.source.id)
                .filter(|_| attribution.title == xml::single_line(&story.source.title)),
            source,
            source_page: source_page(site, story),
            authors: authors.join(", "),
            date: date_format::display_date(date, precision, site.timezone),
            datetime_attr: date_format::datetime_attribute(date, precision),
            image: story
                .image
                .as_deref()
                .filter(|_| site.images)
                .and_then(xml::http_url)
                .filter(|url| url.len() <= MAX_ADDRESS_BYTES),
            summary: excerpt::summary(story)
                .map(xml::single_line)
                .filter(|text| says_more_than(text, &story.title))
                .map(|text| excerpt::shorten(&text, MAX_SUMMARY_CHARS)),
        }
    }

    /// Returns the shortest row: the beginning of the title, linked to the story's page.
    pub(super) fn short(site: &SiteInfo<'_>, story: &Story) -> Self {
        let row = Self::new(site, story);
        Self {
            title: row.short_title.clone(),
            href: row.page.clone(),
            is_external: false,
            summary: None,
            image: None,
            ..row
        }
    }

    /// Returns a row with the date as month and year.
    pub(super) fn with_month(site: &SiteInfo<'_>, story: &Story) -> Self {
        let (date, precision) = story_date(story);
        Self {
            date: local_date(date, precision, site.timezone).format("%b %Y").to_string(),
            ..Self::new(site, story)
        }
    }
}

/// Returns the page of the source whose entry shows, if it is public.
fn source_page(site: &SiteInfo<'_>, story: &Story) -> Option<String> {
    let id = &story.source.id;
    let is_public = story.sources.iter().any(|entry| entry.source == *id && entry.public);
    let path = Addresses::source_path(id, 1).filter(|_| is_public)?;
    Some(site.addresses.rooted(&path))
}

/// What publishing systems write in the place of a summary, without punctuation and in lower case.
const LINK_TEXTS: [&str; 6] =
    ["comments", "link comments", "read more", "continue reading", "read the full article", "link"];

/// Returns whether a summary says more than the title, and more than that there is a page to read.
fn says_more_than(summary: &str, title: &str) -> bool {
    let (summary, title) = (words(summary), words(title));
    let rest = summary.strip_prefix(title.as_str()).unwrap_or(&summary).trim_start();
    // A summary may be the beginning of the title.
    !rest.is_empty() && !LINK_TEXTS.contains(&rest) && !title.starts_with(&summary)
}

/// Returns the words of a text in lower case, joined with spaces.
fn words(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// Returns the date to show: the publisher's, else the time of the first publication here.
fn story_date(story: &Story) -> (Timestamp, Option<DatePrecision>) {
    match story.published {
        Some(date) => (date, story.published_precision),
        None => (story.first_published, None),
    }
}

/// Returns the month of a story in archives, by the publisher's date, but not later than the first
/// publication here.
pub(super) fn archive_month(site: &SiteInfo<'_>, story: &Story) -> YearMonth {
    let published = story.published.filter(|date| *date <= story.first_published);
    let date = match published {
        Some(date) => local_date(date, story.published_precision, site.timezone),
        None => local_date(story.first_published, None, site.timezone),
    };
    (date.year(), date.month())
}

/// Returns "1 story" or "2 stories".
pub(super) fn story_count_text(count: u64) -> String {
    if count == 1 { "1 story".to_owned() } else { format!("{count} stories") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_must_say_more_than_the_title() {
        let title = "Why Rust’s borrow checker is good";
        for summary in [
            "Comments",
            "Why Rust's borrow checker is good.",
            "WHY RUST’S BORROW CHECKER IS GOOD — Read more »",
            "Why Rust’s borrow checker…",
            "[link] [comments]",
            "…",
        ] {
            assert!(!says_more_than(summary, title), "{summary}");
        }
        for summary in [
            "Why Rust’s borrow checker is good, and where it is not.",
            "Comments on the new release are welcome.",
            "日本語の要約",
        ] {
            assert!(says_more_than(summary, title), "{summary}");
        }
        assert!(says_more_than("A post without a title.", ""));
    }
}
