//! One story as a list shows it.

use super::Site;
use crate::{
    model::{DatePrecision, Story, Timestamp},
    publish::{Addresses, channel, excerpt, moment, xml},
};

/// The longest title in a list, in characters: a page must stay small whatever its sources do.
const MAX_TITLE_CHARS: usize = 160;
const MAX_SUMMARY_CHARS: usize = 280;
const MAX_NAME_CHARS: usize = 80;

#[derive(Debug, Clone)]
pub(super) struct Line {
    pub title: String,
    pub language: Option<String>,
    /// The original; a story without a link has its page here.
    pub href: String,
    pub is_external: bool,
    /// The story's page here.
    pub page: String,
    pub source: String,
    /// The authors and the source.
    pub byline: String,
    pub date: String,
    pub date_for_machines: String,
    pub summary: Option<String>,
}

impl Line {
    /// With the date as exactly as it was told.
    pub(super) fn new(site: &Site<'_>, story: &Story) -> Self {
        let page = site.addresses.rooted(&Addresses::story_path(story.id));
        let original = story.url.as_deref().and_then(xml::web_address);
        let credited = channel::attribution(story);
        let source = excerpt::shorten(&credited.title, MAX_NAME_CHARS);
        let mut names: Vec<String> = channel::authors(story, &credited)
            .into_iter()
            .map(|author| excerpt::shorten(&author.name, MAX_NAME_CHARS))
            .filter(|name| *name != source)
            .take(3)
            .collect();
        names.push(source.clone());
        let (at, precision) = shown_date(story);
        Self {
            title: excerpt::shorten(&channel::shown_title(story), MAX_TITLE_CHARS),
            language: channel::language(story).map(str::to_owned),
            is_external: original.is_some(),
            href: original.unwrap_or_else(|| page.clone()),
            page,
            source,
            byline: names.join(", "),
            date: moment::for_people(at, precision),
            date_for_machines: moment::for_machines(at, precision),
            summary: excerpt::summary(story).map(|text| excerpt::shorten(&xml::line(text), MAX_SUMMARY_CHARS)),
        }
    }

    /// With the month alone: for indexes.
    pub(super) fn by_month(site: &Site<'_>, story: &Story) -> Self {
        let (at, _) = shown_date(story);
        Self { date: moment::for_people(at, Some(DatePrecision::Month)), ..Self::new(site, story) }
    }
}

/// The date that is shown: the publisher's, else when the story was stored here first.
pub(super) fn shown_date(story: &Story) -> (Timestamp, Option<DatePrecision>) {
    match story.published {
        Some(at) => (at, story.published_precision),
        None => (story.first_published, None),
    }
}

/// "1 story", "2 stories".
pub(super) fn count_words(count: u64) -> String {
    if count == 1 { "1 story".to_owned() } else { format!("{count} stories") }
}
