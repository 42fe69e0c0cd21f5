//! Feed autodiscovery: the feeds that a page names.
//!
//! Entry point: [`feed_links`]. Feeds are named by `<link rel=alternate>` or `<link rel=feed>`, by
//! the HTTP `Link` field (RFC 8288), or by a visible link. The feed of the whole site comes first;
//! feeds of comments, of one post or of a search are left out. URLs such as `/feed` are not
//! guessed.

use std::sync::LazyLock;

use scraper::ElementRef;
use url::Url;

use crate::{
    dom::{Dom, rels, text_of},
    page::Page,
    text::collapse_whitespace,
    url_shape,
    word_list::{WordList, word_list},
};

static FEED_FILE_NAMES: LazyLock<WordList> = word_list!("feed_file_names.txt");
static COMMENT_WORDS: LazyLock<WordList> = word_list!("comment_words.txt");

/// The maximum number of feeds returned for one page.
const MAX_FEED_LINKS: usize = 20;

/// A feed that a page names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedLink {
    /// The URL of the feed.
    pub url: Url,
    /// The title that the page gives it.
    pub title: Option<String>,
    /// The media type that the page states.
    pub media_type: Option<String>,
    /// How the page names it, in one sentence.
    pub reason: String,
}

/// Returns the feeds that a page names, the best first.
pub fn feed_links(page: &Page<'_>) -> Vec<FeedLink> {
    feed_links_in_dom(page, &Dom::read(page))
}

/// Returns the feeds that a parsed page names, the best first.
pub(crate) fn feed_links_in_dom(page: &Page<'_>, dom: &Dom) -> Vec<FeedLink> {
    let mut found: Vec<(u8, FeedLink)> = Vec::new();
    for link in dom.all("link[href]") {
        found.extend(feed_from_link_element(page, dom, &link));
    }
    for value in page.headers.get_all("link") {
        found.extend(feeds_from_link_header(value, page));
    }
    for anchor in dom.all("a[href]") {
        found.extend(feed_from_anchor(page, dom, &anchor));
    }
    found.sort_by_key(|(rank, _)| *rank);
    let mut links: Vec<FeedLink> = Vec::new();
    for (_, link) in found {
        if links.len() < MAX_FEED_LINKS && links.iter().all(|l| l.url != link.url) {
            links.push(link);
        }
    }
    links
}

/// Returns the rank of a feed's media type (0 is best), or `None` for other types.
fn media_type_rank(media_type: &str) -> Option<u8> {
    match media_type {
        "application/rss+xml" | "application/atom+xml" | "application/rdf+xml" => Some(0),
        "application/feed+json"
        | "application/x.atom+xml"
        | "application/x-atom+xml"
        | "application/x-rss+xml"
        | "text/rss+xml"
        | "text/atom+xml"
        | "application/rss"
        | "application/atom" => Some(1),
        "application/xml" | "text/xml" => Some(2),
        "application/json" => Some(3),
        _ => None,
    }
}

pub(crate) fn media_type(text: &str) -> String {
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn feed_from_link_element(
    page: &Page<'_>,
    dom: &Dom,
    link: &ElementRef<'_>,
) -> Option<(u8, FeedLink)> {
    let rel = rels(link);
    let kind = link.attr("type").map(media_type).filter(|t| !t.is_empty());
    let is_feed_rel = rel.iter().any(|r| r == "feed");
    let is_alternate = rel.iter().any(|r| matches!(r.as_str(), "alternate" | "alternative"));
    if !is_feed_rel && (!is_alternate || rel.iter().any(|r| r == "stylesheet")) {
        return None;
    }
    let rank = match kind.as_deref().map(media_type_rank) {
        Some(Some(rank)) => rank,
        _ if is_feed_rel => 1,
        _ => return None,
    };
    let url = dom.url(link.attr("href")?)?;
    if kind.as_deref() == Some("application/json")
        && (url.path().contains("/wp-json/")
            || url.query().is_some_and(|q| q.contains("rest_route")))
    {
        return None;
    }
    let title = link.attr("title").map(collapse_whitespace).filter(|t| !t.is_empty());
    if is_secondary_feed(page, &url, title.as_deref()) {
        return None;
    }
    let in_head = link.ancestors().filter_map(ElementRef::wrap).any(|e| e.value().name() == "head");
    let tag = if is_feed_rel {
        "rel=feed"
    } else if rel.iter().any(|r| r == "alternate") {
        "rel=alternate"
    } else {
        "rel=alternative"
    };
    let place = if in_head { "head" } else { "body" };
    let reason = match &kind {
        Some(kind) => format!("the page names it in its {place} (<link {tag} type={kind}>)"),
        None => format!("the page names it in its {place} (<link {tag}>)"),
    };
    Some((
        rank + narrowness(page, &url, title.as_deref()) + u8::from(!in_head) * 5,
        FeedLink { url, title, media_type: kind, reason },
    ))
}

/// Returns whether a feed contains comments, the comments of one post, or search results.
fn is_secondary_feed(page: &Page<'_>, url: &Url, title: Option<&str>) -> bool {
    let path = url.path().to_ascii_lowercase();
    let query = url.query().unwrap_or_default().to_ascii_lowercase();
    let names_comments =
        |text: &str| COMMENT_WORDS.contains_any(text.split(|c: char| !c.is_alphanumeric()));
    if names_comments(&path)
        || query.contains("feed=comments")
        || query.starts_with("s=")
        || query.contains("&s=")
    {
        return true;
    }
    let title = title.unwrap_or_default().to_lowercase();
    // WordPress writes "Site » Comments Feed" and "Site » Post Title Comments Feed".
    if names_comments(&title)
        && (title.contains("feed")
            || title.contains("rss")
            || title.contains('»')
            || title.contains("atom"))
    {
        return true;
    }
    // WordPress and Blogger: a feed directly below a post's URL contains the comments of that post.
    let own_path = page.url.path().trim_end_matches('/');
    own_path.len() > 1
        && url_shape::post_score(page.url) >= 2.0
        && path.strip_prefix(&own_path.to_ascii_lowercase()).is_some_and(|rest| {
            matches!(rest.trim_matches('/'), "feed" | "feed/atom" | "rss" | "atom")
        })
}

/// Returns what a feed loses in rank because it contains only a part of the site: sound, one tag,
/// category or author, one post, or comments. The feed of the whole site comes first, whatever the
/// order in which the page names them.
fn narrowness(page: &Page<'_>, url: &Url, title: Option<&str>) -> u8 {
    let title = title.unwrap_or_default().to_lowercase();
    if is_titled_as_comments(&title) {
        60
    } else if is_feed_of_post(page, url) {
        50
    } else if is_section_feed(page, url, &title) {
        40
    } else if is_podcast_feed(url, &title) {
        35
    } else {
        0
    }
}

/// Returns whether a feed's title begins with a word for comments: `Comments on One`.
fn is_titled_as_comments(title: &str) -> bool {
    let mut words = title.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    words.next().is_some_and(|first| COMMENT_WORDS.contains(first))
}

/// Returns whether a feed is below a URL that looks like a post, and the page is not.
fn is_feed_of_post(page: &Page<'_>, url: &Url) -> bool {
    let Some(directory) = url.join(".").ok().filter(|_| !url_shape::is_post_list(url)) else {
        return false;
    };
    let parts = url_shape::segments(&directory);
    // `/blog/2024/feed.xml` is a feed of a year.
    let is_slug = parts.last().is_some_and(|last| last.chars().any(char::is_alphabetic));
    let is_above_page = page.url.path().starts_with(directory.path());
    let is_home = parts.is_empty() || url_shape::is_home(&directory);
    !is_home
        && !is_above_page
        && is_slug
        && parts.len() >= 2
        && !url_shape::is_list(&directory)
        && !url_shape::is_post_list(&directory)
        && url_shape::post_score(&directory) >= 2.0
}

/// Returns whether a feed contains one tag, category or author.
fn is_section_feed(page: &Page<'_>, url: &Url, title: &str) -> bool {
    let in_section = |u: &Url| {
        url_shape::list_kind(u).is_some()
            || url_shape::segments(u).iter().any(|s| {
                let s = s.to_ascii_lowercase();
                matches!(
                    s.as_str(),
                    "tag"
                        | "tags"
                        | "category"
                        | "categories"
                        | "author"
                        | "authors"
                        | "topic"
                        | "topics"
                )
            })
    };
    in_section(url) && !in_section(page.url)
        || [
            "category feed",
            "tag feed",
            "author feed",
            "posts by ",
            "posts tagged",
            "tag: ",
            "category: ",
            "author: ",
        ]
        .iter()
        .any(|words| title.contains(words))
}

/// Returns whether the URL or the title of a feed says that it is a podcast.
pub(crate) fn is_podcast_feed(url: &Url, title: &str) -> bool {
    let path = url.path().to_ascii_lowercase();
    [path.as_str(), title].iter().any(|text| {
        text.split(|c: char| !c.is_alphanumeric())
            .any(|w| matches!(w, "podcast" | "podcasts" | "episodes" | "itunes"))
    })
}

/// Returns the feeds of an HTTP `Link` field (RFC 8288 §3): `<URL>; rel="alternate"; type="…"`,
/// with several links separated by commas.
fn feeds_from_link_header(value: &str, page: &Page<'_>) -> Vec<(u8, FeedLink)> {
    let mut out = Vec::new();
    let mut rest = value;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((address, after)) = after.split_once('>') else {
            break;
        };
        let (parameters, next) = parse_link_parameters(after);
        rest = next;
        let get = |name: &str| parameters.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        let rel = get("rel").unwrap_or_default().to_ascii_lowercase();
        let kind = get("type").map(media_type);
        let is_feed = rel.split_ascii_whitespace().any(|r| r == "feed");
        let rank = kind.as_deref().and_then(media_type_rank).filter(|r| *r < 3);
        let is_feed_link =
            is_feed || rel.split_ascii_whitespace().any(|r| r == "alternate") && rank.is_some();
        let Some(url) = feed_parser::http_url(address, Some(page.url))
            .filter(|u| is_feed_link && !is_secondary_feed(page, u, get("title")))
        else {
            continue;
        };
        let title = get("title").map(collapse_whitespace).filter(|t| !t.is_empty());
        let reason = "the HTTP Link header names it".to_owned();
        let rank = 20 + rank.unwrap_or(1) + narrowness(page, &url, title.as_deref());
        out.push((rank, FeedLink { url, title, media_type: kind, reason }));
    }
    out
}

/// Parses the parameters of one link, and returns them with the rest of the field.
pub(crate) fn parse_link_parameters(text: &str) -> (Vec<(String, String)>, &str) {
    let mut parameters = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let Some(after) = rest.strip_prefix(';') else {
            return (parameters, rest);
        };
        let end = after.find(['=', ';', ',']).unwrap_or(after.len());
        let name = after[..end].trim().trim_end_matches('*').to_ascii_lowercase();
        rest = &after[end..];
        let mut value = String::new();
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            if let Some(quoted) = after.strip_prefix('"') {
                let mut escaped = false;
                let mut end = quoted.len();
                for (i, c) in quoted.char_indices() {
                    match c {
                        _ if escaped => {
                            value.push(c);
                            escaped = false;
                        }
                        '\\' => escaped = true,
                        '"' => {
                            end = i + 1;
                            break;
                        }
                        _ => value.push(c),
                    }
                }
                rest = &quoted[end..];
            } else {
                let end = after.find([';', ',']).unwrap_or(after.len());
                after[..end].trim().clone_into(&mut value);
                rest = &after[end..];
            }
        }
        parameters.push((name, value));
    }
}

/// Returns the feed of a visible link, if the URL, or the URL and the text together, show that it
/// is one.
fn feed_from_anchor(page: &Page<'_>, dom: &Dom, anchor: &ElementRef<'_>) -> Option<(u8, FeedLink)> {
    let url = dom.url(anchor.attr("href")?)?;
    let mut text = text_of(*anchor);
    if text.is_empty() {
        text = ["aria-label", "title"]
            .iter()
            .find_map(|a| anchor.attr(a))
            .map(collapse_whitespace)
            .unwrap_or_default();
    }
    let kind =
        anchor.attr("type").map(media_type).filter(|t| media_type_rank(t).is_some_and(|r| r < 3));
    let is_same_site = url_shape::same_site(&url, page.url);
    let host = url.host_str().unwrap_or_default();
    let on_feed_host = matches!(
        host,
        "rss.beehiiv.com" | "feeds.feedburner.com" | "feedpress.me" | "feeds.feedblitz.com"
    ) && !url_shape::segments(&url).is_empty();
    if !is_same_site && !on_feed_host && kind.is_none()
        || is_secondary_feed(page, &url, Some(&text))
    {
        return None;
    }
    let path = url.path().to_ascii_lowercase();
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let has_extension = |extensions: &[&str]| {
        last.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
    };
    let is_feed_file_name = FEED_FILE_NAMES.contains(last)
        || has_extension(&["rss", "atom", "rdf"])
        || [".rss.xml", ".atom.xml"].iter().any(|end| last.ends_with(end));
    let text_says_feed = text
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .any(|w| matches!(w, "rss" | "atom" | "feed" | "rss2"));
    let is_xml_or_json = has_extension(&["xml", "json"]) && !last.contains("sitemap");
    if !(is_feed_file_name || on_feed_host || kind.is_some() || text_says_feed && is_xml_or_json) {
        return None;
    }
    // A page about feeds, or a post called "feed", is not a feed.
    if matches!(last, "feed" | "rss" | "atom") && !text_says_feed && !text.is_empty() {
        return None;
    }
    let rank = 30 + u8::from(!is_feed_file_name) + narrowness(page, &url, None);
    let label: String = text.chars().take(60).collect();
    let reason = if label.is_empty() {
        "a visible link of the page leads to it".to_owned()
    } else {
        format!("the visible link “{label}” leads to it")
    };
    let title = Some(text).filter(|t| !t.is_empty());
    Some((rank, FeedLink { url, title, media_type: kind, reason }))
}
