//! The pages, drawn from the stored state.

use crate::store::{SearchQuery, StoreError, StoryQuery};
use feed_model::{StoryId, TopicId};
use feed_publisher::{
    Addresses,
    pages::{self, PageError, TopicPage, TopicRef, TopicSection, Unsorted},
};

use super::{
    RenderedDocument, SiteSettings, Snapshot,
    documents::{published_topics, topic_stories_query, union_stories, union_title},
    search::{find, search_feed_path},
    settings::SiteParts,
};

/// Stories of each topic on the front page.
const STORIES_ON_HOME: usize = 6;
/// Stories in no topic on the front page.
const UNSORTED_ON_HOME: usize = 20;
/// Stories that a topic's page begins with; it lists fewer where they do not fit.
const STORIES_ON_TOPIC: usize = 150;

/// Topics that a topic's page names as its neighbours.
const NEIGHBOURS: usize = 6;
/// Stories that a search page lists.
const STORIES_ON_SEARCH: usize = 40;

const HTML: &str = "text/html; charset=utf-8";

/// A page of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageName {
    /// `/`.
    Home,
    /// `/topics/{topic}`; several members are a union.
    Topic(Vec<TopicId>),
    /// `/stories/{id}`.
    Story(StoryId),
    /// `/topics/{topic}/{year}-{month}`: the stories of one month, in pages numbered from 1.
    Month {
        /// The topic, which may be `all`.
        topic: TopicId,
        /// Year and month.
        month: (i32, u32),
        /// Which page of the month.
        page: u32,
    },
    /// `/sources`, in pages numbered from 1.
    Sources(u32),
    /// `/search?q=…`, with what is searched for.
    Search(String),
    /// What is shown where there is no other page.
    PageError(PageError),
}

impl PageName {
    /// Its path from the site's root; a fault has none.
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
            Self::PageError(_) => return None,
        })
    }
}

fn union_name(members: &[TopicId]) -> String {
    members.iter().map(TopicId::as_str).collect::<Vec<_>>().join("+")
}

/// Renders a page; `None` where there is no such story, or none that may be shown.
pub fn page(
    snapshot: &dyn Snapshot,
    settings: &SiteSettings,
    name: &PageName,
) -> Result<Option<RenderedDocument>, StoreError> {
    let frame = SiteParts::new(settings);
    let site = frame.site(settings);
    let body = match name {
        PageName::Home => home(snapshot, settings, &site)?,
        PageName::Topic(members) => topic(snapshot, settings, &site, members)?,
        PageName::Story(id) => match snapshot.story(*id)? {
            Some(story) if story.public => {
                let outside = snapshot.not_in_topics(&story, &settings.rules.get())?;
                pages::story(&site, &story, &outside)
            }
            _ => return Ok(None),
        },
        PageName::Month { topic, month, page } => {
            match month_page(snapshot, settings, &site, topic, *month, *page)? {
                Some(body) => body,
                None => return Ok(None),
            }
        }
        PageName::Sources(number) => {
            let made = pages::sources(&site, &snapshot.sources()?, settings.live);
            let at = usize::try_from(*number).ok().and_then(|number| number.checked_sub(1));
            match at.and_then(|at| made.into_iter().nth(at)) {
                Some(body) => body,
                None => return Ok(None),
            }
        }
        PageName::Search(query) => search(snapshot, settings, &site, query)?,
        PageName::PageError(fault) => return Ok(Some(error_page(settings, fault))),
    };
    Ok(Some(RenderedDocument::new(name.path().unwrap_or_default(), HTML, body, None)))
}

/// The page of a fault: from the settings alone, so that there is one even when the state cannot be
/// read.
pub fn error_page(settings: &SiteSettings, fault: &PageError) -> RenderedDocument {
    let frame = SiteParts::new(settings);
    RenderedDocument::new(
        String::new(),
        HTML,
        pages::error_page(&frame.site(settings), fault),
        None,
    )
}

/// Every page that is published to a directory: all but unions and faults, the stories' pages among
/// them.
pub fn pages(
    snapshot: &dyn Snapshot,
    settings: &SiteSettings,
) -> Result<Vec<PageName>, StoreError> {
    let mut names = vec![PageName::Home];
    let frame = SiteParts::new(settings);
    let sources = pages::sources(&frame.site(settings), &snapshot.sources()?, settings.live);
    names.extend((1..=u32::try_from(sources.len()).unwrap_or(u32::MAX)).map(PageName::Sources));
    for topic in published_topics(settings) {
        names.push(PageName::Topic(vec![topic.id.clone()]));
        for (month, count) in snapshot.months((!topic.id.is_all()).then_some(&topic.id))? {
            let number = 1..=pages::month_page_count(count);
            names.extend(number.map(|page| PageName::Month {
                topic: topic.id.clone(),
                month,
                page,
            }));
        }
    }
    // Ids alone would do, but a page at a time keeps memory small whatever the number of stories.
    let mut query = StoryQuery { public_only: true, limit: Some(500), ..StoryQuery::default() };
    loop {
        let stories = snapshot.stories(&query)?;
        if stories.is_empty() {
            return Ok(names);
        }
        query.offset += stories.len();
        names.extend(stories.iter().map(|story| PageName::Story(story.id)));
    }
}

fn home(
    snapshot: &dyn Snapshot,
    settings: &SiteSettings,
    site: &pages::SiteInfo<'_>,
) -> Result<Vec<u8>, StoreError> {
    let some = |topic: &TopicId, limit: usize| {
        snapshot.stories(&StoryQuery { limit: Some(limit), ..topic_stories_query(topic) })
    };
    let newest = some(&TopicId::all(), 1)?;
    let mut sections = Vec::new();
    for topic in settings.visible_topics() {
        sections.push(TopicSection {
            topic: TopicRef { id: topic.id.clone(), title: topic.title.clone() },
            description: topic.description.clone().unwrap_or_default(),
            count: snapshot.count_stories(&topic_stories_query(&topic.id))?,
            stories: some(&topic.id, STORIES_ON_HOME)?,
        });
    }
    let query = StoryQuery {
        unsorted: true,
        public_only: true,
        limit: Some(UNSORTED_ON_HOME),
        ..StoryQuery::default()
    };
    let unsorted =
        Unsorted { count: snapshot.count_stories(&query)?, stories: snapshot.stories(&query)? };
    Ok(pages::home(site, newest.first(), &sections, &unsorted))
}

fn topic(
    snapshot: &dyn Snapshot,
    settings: &SiteSettings,
    site: &pages::SiteInfo<'_>,
    members: &[TopicId],
) -> Result<Vec<u8>, StoreError> {
    let name = union_name(members);
    let [id] = members else {
        let stories = union_stories(snapshot, settings, members)?;
        let title = union_title(settings, members);
        let page = TopicPage {
            name: &name,
            title: &title,
            description: "",
            count: None,
            stories: &stories,
            months: &[],
            neighbours: &[],
        };
        return Ok(pages::topic(site, &page));
    };
    let configured = settings.visible_topic(id);
    let neighbours = if id.is_all() { Vec::new() } else { snapshot.neighbours(id, NEIGHBOURS)? };
    Ok(pages::topic(
        site,
        &TopicPage {
            name: &name,
            title: configured.map_or("Everything", |topic| topic.title.as_str()),
            description: configured
                .and_then(|topic| topic.description.as_deref())
                .unwrap_or_default(),
            count: Some(snapshot.count_stories(&topic_stories_query(id))?),
            stories: &snapshot.stories(&StoryQuery {
                limit: Some(STORIES_ON_TOPIC),
                ..topic_stories_query(id)
            })?,
            months: &snapshot.months((!id.is_all()).then_some(id))?,
            neighbours: &neighbours,
        },
    ))
}

/// One page of a topic's stories of one month; `None` where there is none.
fn month_page(
    snapshot: &dyn Snapshot,
    settings: &SiteSettings,
    site: &pages::SiteInfo<'_>,
    topic: &TopicId,
    month: (i32, u32),
    page: u32,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(before) = page.checked_sub(1).and_then(|before| usize::try_from(before).ok()) else {
        return Ok(None);
    };
    let query = StoryQuery {
        month: Some(month),
        limit: Some(pages::STORIES_PER_MONTH_PAGE),
        offset: before.saturating_mul(pages::STORIES_PER_MONTH_PAGE),
        ..topic_stories_query(topic)
    };
    let stories = snapshot.stories(&query)?;
    if stories.is_empty() {
        return Ok(None);
    }
    let title = settings.visible_topic(topic).map_or("Everything", |topic| topic.title.as_str());
    let months = snapshot.months((!topic.is_all()).then_some(topic))?;
    let page = pages::MonthPage { topic, title, month, months: &months, page, stories: &stories };
    Ok(Some(pages::month(site, &page)))
}

fn search(
    snapshot: &dyn Snapshot,
    settings: &SiteSettings,
    site: &pages::SiteInfo<'_>,
    text: &str,
) -> Result<Vec<u8>, StoreError> {
    let query = SearchQuery::parse(text);
    if query.is_empty() {
        return Ok(pages::search(site, text, None));
    }
    let found = find(snapshot, settings, &query, STORIES_ON_SEARCH, false)?;
    let feed = settings.addresses().absolute(&search_feed_path(&query));
    Ok(pages::search(
        site,
        text,
        Some(&pages::SearchPage { count: found.count, stories: &found.stories, feed: &feed }),
    ))
}
