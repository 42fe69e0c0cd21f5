//! What every page has around its content.

use crate::{Addresses, FeedFormat, xml};
use feed_model::TopicId;

use super::STYLE;

/// A topic as pages link to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicRef {
    /// Its name in URLs.
    pub id: TopicId,
    /// Its title for people.
    pub title: String,
}

/// What pages know of the site.
#[derive(Debug, Clone)]
pub struct SiteInfo<'a> {
    /// Its title.
    pub title: &'a str,
    /// Its addresses.
    pub addresses: &'a Addresses,
    /// The topics that may be shown, in their order, `all` not included.
    pub topics: &'a [TopicRef],
}

/// A link to another page of the site, or to a place on one.
pub(super) struct PageLink {
    /// Its path.
    pub href: String,
    /// What it says.
    pub text: String,
}

/// Another form of the same page: `<link rel=alternate>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternate {
    /// Tells the forms apart.
    pub title: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its absolute address.
    pub href: String,
}

/// Head, header and footer of one page.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub site_title: String,
    pub title: String,
    pub description: String,
    /// Which link of the navigation is this page.
    pub here: &'static str,
    /// The page's own absolute address, where it has one.
    pub url: Option<String>,
    /// Where the page's content has its home: its own address, or the original's.
    pub canonical: Option<String>,
    pub og_type: &'static str,
    pub noindex: bool,
    pub alternates: Vec<Alternate>,
    pub home: String,
    pub everything: String,
    pub sources: String,
    pub search: String,
    pub search_style: String,
    pub opml: String,
    pub sources_opml: String,
    pub style: String,
}

impl Layout {
    pub(super) fn new(site: &SiteInfo<'_>, title: &str, path: Option<&str>) -> Self {
        let at = site.addresses;
        let url = path.map(|path| at.absolute(path));
        Self {
            site_title: xml::single_line(site.title),
            title: xml::single_line(title),
            description: String::new(),
            here: "",
            canonical: url.clone(),
            url,
            og_type: "website",
            noindex: path.is_none(),
            alternates: Vec::new(),
            home: at.rooted("/"),
            everything: at.rooted(&Addresses::topic_path(TopicId::ALL)),
            sources: at.rooted("/sources"),
            search: at.rooted("/search"),
            search_style: at.rooted("/search.css"),
            opml: at.rooted("/opml.xml"),
            sources_opml: at.rooted("/sources.opml"),
            style: at
                .rooted(&format!("/style.css?v={}", &blake3::hash(STYLE.as_bytes()).to_hex()[..8])),
        }
    }

    pub(super) fn head_title(&self) -> String {
        if self.title == self.site_title {
            self.title.clone()
        } else {
            format!("{} · {}", self.title, self.site_title)
        }
    }
}

/// The feeds of a topic (or a union) as alternates of its page, Atom first.
pub(super) fn alternates(site: &SiteInfo<'_>, topic: &str, title: &str) -> Vec<Alternate> {
    FeedFormat::ALL
        .into_iter()
        .map(|format| Alternate {
            title: format!("{} — {}", xml::single_line(title), format.name()),
            media_type: format.media_type(),
            href: site.addresses.absolute(&Addresses::feed_path(topic, format)),
        })
        .collect()
}
