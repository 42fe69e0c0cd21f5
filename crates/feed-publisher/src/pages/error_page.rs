//! Pages for what is not there.

use askama::Template;

use super::{SiteInfo, layout::Layout};
use crate::{Addresses, excerpt, xml};

/// Why there is no other page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageError {
    /// 404: no such page.
    NotFound,
    /// 404: these topics are not known.
    UnknownTopics(Vec<String>),
    /// 410: the topic was there once.
    RetiredTopic(String),
    /// 410: every story of an archive is gone.
    EmptyArchive,
    /// 401: the topic is private.
    Private,
    /// 405: the address is read, never written.
    Method,
    /// 414: no address of this site is that long.
    TooLong,
    /// 500: the state could not be read.
    Internal,
}

impl PageError {
    /// The status code that goes with it.
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

    fn words(&self) -> (&'static str, String) {
        let quoted = |name: &String| format!("“{}”", excerpt::shorten(&xml::single_line(name), 64));
        match self {
            Self::NotFound => ("Nothing is here", "There is no page at this address.".to_owned()),
            Self::UnknownTopics(names) => match names.as_slice() {
                [one] => ("No such topic", format!("There is no topic {}.", quoted(one))),
                more => {
                    let names: Vec<String> = more.iter().take(10).map(quoted).collect();
                    ("No such topics", format!("There are no topics {}.", names.join(", ")))
                }
            },
            Self::RetiredTopic(name) => (
                "This topic has ended",
                format!("The topic {} is not kept any more.", quoted(name)),
            ),
            Self::EmptyArchive => {
                ("This archive is empty", "Every story of it is gone.".to_owned())
            }
            Self::Private => (
                "This topic is private",
                "Its token is asked for: as the password, with any user name, or in the path."
                    .to_owned(),
            ),
            Self::Method => (
                "Only reading here",
                "This address can be read with GET and HEAD, and nothing else.".to_owned(),
            ),
            Self::TooLong => {
                ("Too long an address", "No address of this site is that long.".to_owned())
            }
            Self::Internal => (
                "Something broke here",
                "The page could not be made. The feeds are not affected.".to_owned(),
            ),
        }
    }
}

struct TopicLink {
    id: String,
    title: String,
    page: String,
}

#[derive(Template)]
#[template(path = "fault.html")]
struct Page {
    layout: Layout,
    status: u16,
    message: String,
    topics: Vec<TopicLink>,
}

/// The page that says so, with the topics that there are.
pub fn error_page(site: &SiteInfo<'_>, fault: &PageError) -> Vec<u8> {
    let (title, message) = fault.words();
    super::render(&Page {
        layout: Layout::new(site, title, None),
        status: fault.status(),
        message,
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
