//! The pages of HTTP errors.

use askama::Template;

use crate::{
    addresses::Addresses,
    excerpt,
    pages::{
        layout::{Layout, SiteInfo},
        render::render,
    },
    xml,
};

/// The error that a page reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageError {
    /// 404: no such page.
    NotFound,
    /// 404: no topics of these names.
    UnknownTopics(Vec<String>),
    /// 410: the topic of this name was removed.
    RetiredTopic(String),
    /// 410: every story of the archive was removed.
    EmptyArchive,
    /// 401: the topic is private.
    Private,
    /// 405: the method is not GET or HEAD.
    Method,
    /// 414: the URL is too long.
    TooLong,
    /// 500: the stored state could not be read.
    Internal,
}

/// Unknown topics that the page names.
const MAX_UNKNOWN_TOPICS: usize = 10;

impl PageError {
    /// Returns the HTTP status code.
    pub fn status(&self) -> u16 {
        match self {
            Self::NotFound | Self::UnknownTopics(_) => 404,
            Self::RetiredTopic(_) | Self::EmptyArchive => 410,
            Self::Private => 401,
            Self::Method => 405,
            Self::TooLong => 414,
            Self::Internal => 500,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::NotFound => "Page not found",
            Self::UnknownTopics(names) if names.len() == 1 => "No such topic",
            Self::UnknownTopics(_) => "No such topics",
            Self::RetiredTopic(_) => "Topic removed",
            Self::EmptyArchive => "Archive removed",
            Self::Private => "Private topic",
            Self::Method => "Method not allowed",
            Self::TooLong => "URL too long",
            Self::Internal => "Internal error",
        }
    }

    fn message(&self) -> String {
        let quoted = |name: &String| format!("“{}”", excerpt::shorten(&xml::single_line(name), 64));
        match self {
            Self::NotFound => "There is no page at this address.".to_owned(),
            Self::UnknownTopics(names) if names.len() == 1 => {
                format!("There is no topic {}.", quoted(&names[0]))
            }
            Self::UnknownTopics(names) => {
                let names: Vec<String> =
                    names.iter().take(MAX_UNKNOWN_TOPICS).map(quoted).collect();
                format!("There are no topics {}.", names.join(", "))
            }
            Self::RetiredTopic(name) => format!("The topic {} no longer exists.", quoted(name)),
            Self::EmptyArchive => "All stories of this archive have been removed.".to_owned(),
            Self::Private => "Supply an access token: as the password, with any user name, or in \
                              the path."
                .to_owned(),
            Self::Method => "Use GET or HEAD.".to_owned(),
            Self::TooLong => "The URL is longer than any URL of this site.".to_owned(),
            Self::Internal => {
                "The page could not be rendered. The feeds are not affected.".to_owned()
            }
        }
    }
}

struct TopicLink {
    id: String,
    title: String,
    page: String,
}

#[derive(Template)]
#[template(path = "error_page.html")]
struct ErrorTemplate {
    layout: Layout,
    status: u16,
    message: String,
    topics: Vec<TopicLink>,
}

/// Renders the page of an error, with links to the topics.
pub fn error_page(site: &SiteInfo<'_>, error: &PageError) -> Vec<u8> {
    render(&ErrorTemplate {
        layout: Layout::new(site, error.title(), None),
        status: error.status(),
        message: error.message(),
        topics: site
            .topics
            .iter()
            .map(|topic| TopicLink {
                id: topic.id.to_string(),
                title: xml::single_line(&topic.title),
                page: site.addresses.rooted(&Addresses::topic_path(topic.id.as_str())),
            })
            .collect(),
    })
}
