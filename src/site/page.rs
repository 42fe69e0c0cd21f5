//! The pages, rendered from the stored state.

use feed_model::{StoryId, TopicId};
use feed_publisher::{
    Addresses, FeedFormat, YearMonth,
    pages::{
        self, MonthPage, PageError, SearchPage, SiteInfo, TopicPage, TopicRef, TopicSection,
        Unsorted,
    },
};

use crate::store::{Reader, SearchQuery, StoreError, StoryQuery};

use super::{
    rendered_document::RenderedDocument,
    search::{FeedSearch, find},
    settings::{SiteParts, SiteSettings},
    topic_channel::{published_topics, union_name, union_title},
};

/// Stories of each topic on the home page.
const STORIES_ON_HOME: usize = 6;
/// Unsorted stories on the home page.
const UNSORTED_ON_HOME: usize = 20;
/// The most stories on a topic's page. It lists fewer if they exceed the size limit.
const STORIES_ON_TOPIC: usize = 150;
/// Related topics on a topic's page.
const RELATED_TOPICS: usize = 6;
/// Stories on a search page.
const STORIES_ON_SEARCH: usize = 40;
/// Stories that are read at a time when all pages are listed. This bounds the memory use.
const LISTING_BATCH: usize = 500;

const HTML: &str = "text/html; charset=utf-8";
const ALL_STORIES: &str = "All stories";

/// A page of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageName {
    /// `/`.
    Home,
    /// `/topics/{topic}`. Several members are a union.
    Topic(Vec<TopicId>),
    /// `/stories/{id}`.
    Story(StoryId),
    /// `/topics/{topic}/{year}-{month}`: the stories of one month, in pages numbered from 1.
    Month {
        /// The topic, which may be `all`.
        topic: TopicId,
        /// Year and month.
        month: YearMonth,
        /// Page number, from 1.
        page: u32,
    },
    /// `/sources`, in pages numbered from 1.
    Sources(u32),
    /// `/search?q=…`, with the query.
    Search(String),
    /// An error page.
    Error(PageError),
}

impl PageName {
    /// Returns the path from the site's root. An error page has none.
    pub fn path(&self) -> Option<String> {
        Some(match self {
            Self::Home => "/".to_owned(),
            Self::Topic(members) => Addresses::topic_path(&union_name(members)),
            Self::Story(id) => Addresses::story_path(*id),
            Self::Month { topic, month, page } => {
                Addresses::month_path(topic.as_str(), *month, *page)
            }
            Self::Sources(page) => Addresses::sources_path(*page),
            Self::Search(_) => "/search".to_owned(),
            Self::Error(_) => return None,
        })
    }
}

/// Renders a page. Returns `None` if it does not exist or must not be shown.
pub fn page(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    name: &PageName,
) -> Result<Option<RenderedDocument>, StoreError> {
    let parts = SiteParts::new(settings).with_source_icons(reader.sources_with_icon()?);
    let site = parts.site(settings);
    let body = match name {
        PageName::Home => Some(home(reader, settings, &site)?),
        PageName::Topic(members) => Some(match members.as_slice() {
            [topic] => topic_page(reader, settings, &site, topic)?,
            members => union_page(reader, settings, &site, members)?,
        }),
        PageName::Story(id) => story_page(reader, settings, &site, *id)?,
        PageName::Month { topic, month, page } => {
            month_page(reader, settings, &site, topic, *month, *page)?
        }
        PageName::Sources(number) => {
            let pages = pages::sources(&site, &reader.sources()?, settings.live);
            let index = usize::try_from(*number).ok().and_then(|number| number.checked_sub(1));
            index.and_then(|index| pages.into_iter().nth(index))
        }
        PageName::Search(query) => Some(search_page(reader, settings, &site, query)?),
        PageName::Error(error) => return Ok(Some(error_page(settings, error))),
    };
    let path = name.path().unwrap_or_default();
    Ok(body.map(|body| RenderedDocument::new(path, HTML, body, None)))
}

/// Renders an error page from the settings only, so that it works if the state cannot be read.
pub fn error_page(settings: &SiteSettings, error: &PageError) -> RenderedDocument {
    let parts = SiteParts::new(settings);
    let body = pages::error_page(&parts.site(settings), error);
    RenderedDocument::new(String::new(), HTML, body, None)
}

/// Returns all pages of a static site: all except unions, searches and errors.
pub fn pages(reader: &Reader<'_>, settings: &SiteSettings) -> Result<Vec<PageName>, StoreError> {
    let mut names = vec![PageName::Home];
    let parts = SiteParts::new(settings).with_source_icons(reader.sources_with_icon()?);
    let sources = pages::sources(&parts.site(settings), &reader.sources()?, settings.live);
    names.extend((1..=u32::try_from(sources.len()).unwrap_or(u32::MAX)).map(PageName::Sources));
    for topic in published_topics(settings) {
        names.push(PageName::Topic(vec![topic.id.clone()]));
        for (month, count) in reader.months(topic_filter(&topic.id), settings.timezone)? {
            let numbers = 1..=pages::month_page_count(count);
            names.extend(numbers.map(|page| PageName::Month {
                topic: topic.id.clone(),
                month,
                page,
            }));
        }
    }
    let mut query =
        StoryQuery { public_only: true, limit: Some(LISTING_BATCH), ..StoryQuery::default() };
    loop {
        let stories = reader.stories(&query)?;
        if stories.is_empty() {
            return Ok(names);
        }
        query.offset += stories.len();
        names.extend(stories.iter().map(|story| PageName::Story(story.id)));
    }
}

/// Returns the topic as a filter of queries. `all` is no filter, because it includes stories in no
/// topic.
fn topic_filter(topic: &TopicId) -> Option<&TopicId> {
    (!topic.is_all()).then_some(topic)
}

/// Returns the query for the public stories of a topic.
fn topic_query(topic: &TopicId) -> StoryQuery {
    StoryQuery { topic: topic_filter(topic).cloned(), public_only: true, ..StoryQuery::default() }
}

fn home(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    site: &SiteInfo<'_>,
) -> Result<Vec<u8>, StoreError> {
    let latest = |topic: &TopicId, limit: usize| {
        reader.stories(&StoryQuery { limit: Some(limit), ..topic_query(topic) })
    };
    let newest = latest(&TopicId::all(), 1)?;
    let mut sections = Vec::new();
    for topic in settings.visible_topics() {
        sections.push(TopicSection {
            topic: TopicRef { id: topic.id.clone(), title: topic.title.clone() },
            description: topic.description.clone().unwrap_or_default(),
            count: reader.count_stories(&topic_query(&topic.id))?,
            stories: latest(&topic.id, STORIES_ON_HOME)?,
        });
    }
    let query = StoryQuery {
        unsorted: true,
        public_only: true,
        limit: Some(UNSORTED_ON_HOME),
        ..StoryQuery::default()
    };
    let unsorted =
        Unsorted { count: reader.count_stories(&query)?, stories: reader.stories(&query)? };
    Ok(pages::home(site, newest.first(), &sections, &unsorted))
}

fn topic_page(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    site: &SiteInfo<'_>,
    id: &TopicId,
) -> Result<Vec<u8>, StoreError> {
    let topic = settings.visible_topic(id);
    let hub = settings.hub_url(std::slice::from_ref(id));
    let neighbours =
        if id.is_all() { Vec::new() } else { reader.neighbours(id, RELATED_TOPICS)? };
    let query = StoryQuery { limit: Some(STORIES_ON_TOPIC), ..topic_query(id) };
    let page = TopicPage {
        name: id.as_str(),
        title: topic.map_or(ALL_STORIES, |topic| topic.title.as_str()),
        description: topic.and_then(|topic| topic.description.as_deref()).unwrap_or_default(),
        count: Some(reader.count_stories(&topic_query(id))?),
        stories: &reader.stories(&query)?,
        months: &reader.months(topic_filter(id), settings.timezone)?,
        neighbours: &neighbours,
        hub: hub.as_deref(),
    };
    Ok(pages::topic(site, &page))
}

/// Renders the page of a union: the stories of its members' windows, without archive.
fn union_page(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    site: &SiteInfo<'_>,
    members: &[TopicId],
) -> Result<Vec<u8>, StoreError> {
    let hub = settings.hub_url(members);
    let page = TopicPage {
        name: &union_name(members),
        title: &union_title(settings, members),
        description: "",
        count: None,
        stories: &reader.window(members, settings.max_entries)?,
        months: &[],
        neighbours: &[],
        hub: hub.as_deref(),
    };
    Ok(pages::topic(site, &page))
}

fn story_page(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    site: &SiteInfo<'_>,
    id: StoryId,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(story) = reader.story(id)?.filter(|story| story.public) else {
        return Ok(None);
    };
    let other_topics = reader.not_in_topics(&story, &settings.rules.get())?;
    Ok(Some(pages::story(site, &story, &other_topics)))
}

fn month_page(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    site: &SiteInfo<'_>,
    topic: &TopicId,
    month: YearMonth,
    page: u32,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(index) = page.checked_sub(1).and_then(|index| usize::try_from(index).ok()) else {
        return Ok(None);
    };
    let query = StoryQuery {
        month: Some((month, settings.timezone)),
        limit: Some(pages::STORIES_PER_MONTH_PAGE),
        offset: index.saturating_mul(pages::STORIES_PER_MONTH_PAGE),
        ..topic_query(topic)
    };
    let stories = reader.stories(&query)?;
    if stories.is_empty() {
        return Ok(None);
    }
    let title = settings.visible_topic(topic).map_or(ALL_STORIES, |topic| topic.title.as_str());
    let months = reader.months(topic_filter(topic), settings.timezone)?;
    let page = MonthPage { topic, title, month, months: &months, page, stories: &stories };
    Ok(Some(pages::month(site, &page)))
}

fn search_page(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    site: &SiteInfo<'_>,
    text: &str,
) -> Result<Vec<u8>, StoreError> {
    let query = SearchQuery::parse(text);
    if query.is_empty() {
        return Ok(pages::search(site, text, None));
    }
    let results = find(reader, settings, &query, STORIES_ON_SEARCH, false)?;
    let search = FeedSearch::of_query(&query, settings);
    let feed_url = |format| settings.addresses().absolute(&search.path(format));
    let page = SearchPage {
        count: results.count,
        has_more: results.has_more,
        stories: &results.stories,
        feeds: FeedFormat::ALL.map(|format| (format, feed_url(format))),
    };
    Ok(pages::search(site, text, Some(&page)))
}
