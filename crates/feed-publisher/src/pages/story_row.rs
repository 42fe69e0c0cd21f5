//! One story as a list shows it.

use super::SiteInfo;
use crate::{Addresses, channel, date_format, excerpt, xml};
use feed_model::{DatePrecision, Story, Timestamp};

/// The longest title in a list, in characters: a page must stay small whatever its sources do.
const MAX_TITLE_CHARS: usize = 160;
const MAX_SUMMARY_CHARS: usize = 280;
const MAX_NAME_CHARS: usize = 80;
/// The longest title in what is read out of the link to a story's page.
const MAX_HINT_CHARS: usize = 48;
/// A longer address of an original is on the story's page alone, in bytes.
const MAX_ADDRESS_BYTES: usize = 512;

#[derive(Debug, Clone)]
pub(super) struct StoryRow {
    pub title: String,
    /// The beginning of the title, to tell links of the same words apart.
    pub short_title: String,
    pub language: Option<String>,
    /// The original; a story without a link has its page here.
    pub href: String,
    pub is_external: bool,
    /// The story's page here.
    pub page: String,
    pub source: String,
    /// Those who wrote it, where that is not the source.
    pub authors: String,
    pub date: String,
    pub datetime_attr: String,
    pub summary: Option<String>,
}

impl StoryRow {
    /// With the date as exactly as it was told.
    pub(super) fn new(site: &SiteInfo<'_>, story: &Story) -> Self {
        let page = site.addresses.rooted(&Addresses::story_path(story.id));
        let original = story
            .url
            .as_deref()
            .and_then(xml::http_url)
            .filter(|url| url.len() <= MAX_ADDRESS_BYTES);
        let credited = channel::attribution(story);
        let source = excerpt::shorten(&credited.title, MAX_NAME_CHARS);
        let names: Vec<String> = channel::authors(story, &credited)
            .into_iter()
            .map(|author| excerpt::shorten(&author.name, MAX_NAME_CHARS))
            .filter(|name| *name != source)
            .take(3)
            .collect();
        let (at, precision) = story_date(story);
        let title = channel::display_title(story);
        Self {
            short_title: excerpt::shorten(&title, MAX_HINT_CHARS),
            title: excerpt::shorten(&title, MAX_TITLE_CHARS),
            language: channel::language(story).map(str::to_owned),
            is_external: original.is_some(),
            href: original.unwrap_or_else(|| page.clone()),
            page,
            source,
            authors: names.join(", "),
            date: date_format::display_date(at, precision),
            datetime_attr: date_format::datetime_attribute(at, precision),
            summary: excerpt::summary(story)
                .map(|text| excerpt::shorten(&xml::single_line(text), MAX_SUMMARY_CHARS)),
        }
    }

    /// As short as a line can be, for lists of stories that have nothing but length: the title's
    /// beginning, read here.
    pub(super) fn short(site: &SiteInfo<'_>, story: &Story) -> Self {
        let line = Self::new(site, story);
        Self {
            title: line.short_title.clone(),
            href: line.page.clone(),
            is_external: false,
            summary: None,
            ..line
        }
    }

    /// With the month alone: for indexes.
    pub(super) fn by_month(site: &SiteInfo<'_>, story: &Story) -> Self {
        let (at, _) = story_date(story);
        Self {
            date: date_format::display_date(at, Some(DatePrecision::Month)),
            ..Self::new(site, story)
        }
    }
}

/// The date that is shown: the publisher's, else when the story was stored here first.
pub(super) fn story_date(story: &Story) -> (Timestamp, Option<DatePrecision>) {
    match story.published {
        Some(at) => (at, story.published_precision),
        None => (story.first_published, None),
    }
}

/// The moment that puts a story into a month: a date that lies ahead is no month to look in.
pub(super) fn archive_date(story: &Story) -> Timestamp {
    story.published.map_or(story.first_published, |at| at.min(story.first_published))
}

/// "1 story", "2 stories".
pub(super) fn story_count_text(count: u64) -> String {
    if count == 1 { "1 story".to_owned() } else { format!("{count} stories") }
}
