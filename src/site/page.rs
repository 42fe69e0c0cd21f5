//! The pages, rendered from the stored state.

use feed_model::{SourceId, Story, StoryId, TopicId};
use feed_publisher::{
    Addresses, FeedFormat, YearMonth,
    pages::{
        self, MonthPage, PageError, SearchPage, SiteInfo, SourcePage, TopicPage, TopicRef,
        TopicSection,
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
/// Stories on the home page of a site without topics.
const STORIES_WITHOUT_TOPICS: usize = 20;
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
    /// `/sources/{id}`, in pages numbered from 1.
    Source(SourceId, u32),
    /// `/unsorted`, in pages numbered from 1.
    Unsorted(u32),
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
            Self::Source(id, page) => return Addresses::source_path(id, *page),
            Self::Unsorted(page) => Addresses::unsorted_path(*page),
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
        PageName::Source(id, number) => source_page(reader, settings, &site, id, *number)?,
        PageName::Unsorted(number) => unsorted_page(reader, &site, *number)?,
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
    let unsorted = pages::page_count(reader.count_stories(&unsorted_query())?);
    names.extend((1..=unsorted).map(PageName::Unsorted));
    for id in reader.public_source_ids()? {
        if Addresses::source_path(&id, 1).is_some() {
            let numbers = 1..=pages::page_count(reader.count_stories(&source_query(&id))?);
            names.extend(numbers.map(|number| PageName::Source(id.clone(), number)));
        }
    }
    for topic in published_topics(settings) {
        names.push(PageName::Topic(vec![topic.id.clone()]));
        for (month, count) in reader.months(topic_filter(&topic.id), settings.timezone)? {
            let numbers = 1..=pages::page_count(count);
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
    let section = |topic: TopicRef, description: Option<&String>, limit: usize| {
        let query = topic_query(&topic.id);
        Ok::<_, StoreError>(TopicSection {
            description: description.cloned().unwrap_or_default(),
            count: reader.count_stories(&query)?,
            stories: reader.stories(&StoryQuery { limit: Some(limit), ..query })?,
            topic,
        })
    };
    let mut sections = Vec::new();
    for topic in settings.visible_topics() {
        let link = TopicRef { id: topic.id.clone(), title: topic.title.clone() };
        sections.push(section(link, topic.description.as_ref(), STORIES_ON_HOME)?);
    }
    if sections.is_empty() {
        let all = TopicRef { id: TopicId::all(), title: ALL_STORIES.to_owned() };
        return Ok(pages::home(site, &[section(all, None, STORIES_WITHOUT_TOPICS)?], 0));
    }
    Ok(pages::home(site, &sections, reader.count_stories(&unsorted_query())?))
}

/// Returns the query for the public stories in no topic.
fn unsorted_query() -> StoryQuery {
    StoryQuery { unsorted: true, public_only: true, ..StoryQuery::default() }
}

/// Returns the stories of a page of a list, newest first, and the number of all of them. `None` if
/// the list has no such page; the first page exists always.
fn stories_of_page(
    reader: &Reader<'_>,
    query: &StoryQuery,
    page: u32,
) -> Result<Option<(Vec<Story>, u64)>, StoreError> {
    let count = reader.count_stories(query)?;
    if page == 0 || page > pages::page_count(count) {
        return Ok(None);
    }
    let offset = usize::try_from(page - 1).unwrap_or(usize::MAX);
    let query = StoryQuery {
        limit: Some(pages::STORIES_PER_PAGE),
        offset: offset.saturating_mul(pages::STORIES_PER_PAGE),
        ..query.clone()
    };
    Ok(Some((reader.stories(&query)?, count)))
}

fn unsorted_page(
    reader: &Reader<'_>,
    site: &SiteInfo<'_>,
    page: u32,
) -> Result<Option<Vec<u8>>, StoreError> {
    let found = stories_of_page(reader, &unsorted_query(), page)?;
    Ok(found.map(|(stories, count)| pages::unsorted(site, count, page, &stories)))
}

/// Renders the page of a source with public stories.
fn source_page(
    reader: &Reader<'_>,
    settings: &SiteSettings,
    site: &SiteInfo<'_>,
    id: &SourceId,
    page: u32,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(source) = reader.source(id)?.filter(|source| source.state.public) else {
        return Ok(None);
    };
    let found = stories_of_page(reader, &source_query(id), page)?;
    let Some((stories, count)) = found.filter(|(_, count)| source.is_followed || *count > 0) else {
        return Ok(None);
    };
    let page = SourcePage {
        state: &source.state,
        is_followed: source.is_followed,
        live: settings.live,
        count,
        months: &reader.source_months(id, settings.timezone)?,
        page,
        stories: &stories,
    };
    Ok(pages::source(site, &page))
}

/// Returns the query for the public stories of a source.
fn source_query(id: &SourceId) -> StoryQuery {
    StoryQuery { source: Some(id.clone()), public_only: true, ..StoryQuery::default() }
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
    let months = reader.months(topic_filter(id), settings.timezone)?;
    let page = TopicPage {
        name: id.as_str(),
        title: topic.map_or(ALL_STORIES, |topic| topic.title.as_str()),
        description: topic.and_then(|topic| topic.description.as_deref()).unwrap_or_default(),
        count: Some(months.iter().map(|(_, count)| count).sum()),
        stories: &reader.stories(&query)?,
        months: &months,
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
    let hub = settings.own_hub_url(members);
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
    let query = StoryQuery { month: Some((month, settings.timezone)), ..topic_query(topic) };
    let Some((stories, _)) = stories_of_page(reader, &query, page)? else {
        return Ok(None);
    };
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
