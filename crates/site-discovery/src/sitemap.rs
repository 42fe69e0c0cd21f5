//! Sitemaps and sitemap indexes (sitemaps.org 0.9, with Google's news and image extensions).
//!
//! Entry point: [`read_sitemap`]. Element names count whatever their namespace. Complete entries of
//! a truncated document are kept. Links to another registrable domain are left out, as the protocol
//! requires.

use std::{collections::HashSet, io::Read, sync::LazyLock};

use quick_xml::{Reader, events::Event};
use url::Url;

use feed_model::{Problem, PublishedDate};

use crate::{
    dates,
    dom::{Dom, rels},
    error::DiscoveryError,
    page::Page,
    text::collapse_whitespace,
    url_shape,
    word_list::{WordList, word_list},
};

/// The maximum number of sitemaps that one page names.
const MAX_SITEMAP_LINKS: usize = 5;
/// The maximum number of pages of one document, as in the protocol.
const MAX_PAGES: usize = 50_000;
/// The maximum number of child sitemaps of one index.
const MAX_CHILD_SITEMAPS: usize = 1_000;
/// The maximum number of bytes of a decompressed document; the protocol allows 50 MB.
const MAX_UNPACKED_BYTES: u64 = 52_428_800;
/// The maximum length of one value in bytes.
const MAX_VALUE_CHARS: usize = 4_096;

/// The content of a sitemap according to its file name: `post-sitemap.xml`,
/// `wp-sitemap-posts-page-1.xml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SitemapKind {
    /// Posts, articles or news.
    Posts,
    /// Pages, categories, tags, authors or products.
    Other,
    /// The file name does not show the content.
    #[default]
    Unknown,
}

impl SitemapKind {
    /// Returns the kind that a sitemap's file name shows.
    fn from_file_name(url: &Url) -> Self {
        static POSTS: LazyLock<WordList> = word_list!("sitemap_post_words.txt");
        static OTHERS: LazyLock<WordList> = word_list!("sitemap_other_words.txt");
        let name = url_shape::segments(url).last().map(|s| s.to_lowercase()).unwrap_or_default();
        let words = || name.split(|c: char| !c.is_alphabetic());
        if OTHERS.contains_any(words()) {
            Self::Other
        } else if POSTS.contains_any(words()) {
            Self::Posts
        } else {
            Self::Unknown
        }
    }
}

/// One page of a sitemap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitemapPage {
    /// The URL of the page.
    pub url: Url,
    /// `lastmod`: the modification date, which is not the publication date.
    pub lastmod: Option<PublishedDate>,
    /// `news:title`.
    pub news_title: Option<String>,
    /// `news:publication_date`: the publication date.
    pub news_published: Option<PublishedDate>,
    /// The first `image:loc`.
    pub image: Option<String>,
    /// The kind of the sitemap that lists the page.
    pub kind: SitemapKind,
}

/// A sitemap that a sitemap index lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildSitemap {
    /// The URL of the sitemap.
    pub url: Url,
    /// `lastmod`.
    pub lastmod: Option<PublishedDate>,
    /// The kind of the sitemap.
    pub kind: SitemapKind,
}

/// The content of one sitemap or sitemap index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SitemapDocument {
    /// The pages in document order, each URL once.
    pub pages: Vec<SitemapPage>,
    /// The child sitemaps in document order.
    pub sitemaps: Vec<ChildSitemap>,
    /// Problems found in the document.
    pub problems: Vec<Problem>,
}

/// Returns the sitemaps that a page names by `<link rel=sitemap>`.
pub fn sitemap_links(page: &Page<'_>) -> Vec<Url> {
    let dom = Dom::read(page);
    let links = dom.all("link[rel][href]").into_iter();
    let mut out: Vec<Url> = links
        .filter(|link| rels(link).iter().any(|rel| rel == "sitemap"))
        .filter_map(|link| dom.url(link.attr("href")?))
        .filter(|url| url_shape::same_site(url, page.url))
        .collect();
    out.dedup();
    out.truncate(MAX_SITEMAP_LINKS);
    out
}

/// Parses a sitemap or sitemap index: XML or plain text, optionally compressed with gzip.
pub fn read_sitemap(bytes: &[u8], url: &Url) -> Result<SitemapDocument, DiscoveryError> {
    let mut document = SitemapDocument::default();
    let unpacked;
    let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
        unpacked = decompress_gzip(bytes, url, &mut document.problems)?;
        &unpacked
    } else {
        bytes
    };
    let text = feed_parser::decode(bytes, Some("application/xml")).0;
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let mut builder = SitemapBuilder {
        document,
        url,
        seen_urls: HashSet::new(),
        foreign_count: 0,
        invalid_count: 0,
        over_limit_count: 0,
    };
    if start.starts_with('<') {
        read_xml(start, &mut builder)?;
    } else {
        read_lines(start, &mut builder)?;
    }
    Ok(builder.finish())
}

fn decompress_gzip(
    bytes: &[u8],
    url: &Url,
    problems: &mut Vec<Problem>,
) -> Result<Vec<u8>, DiscoveryError> {
    let mut out = Vec::new();
    let result =
        flate2::read::MultiGzDecoder::new(bytes).take(MAX_UNPACKED_BYTES + 1).read_to_end(&mut out);
    match result {
        Err(source) if out.is_empty() => {
            return Err(DiscoveryError::Decompress { url: url.to_string(), source });
        }
        Err(_) => problems.push(Problem::warning(
            "sitemap-truncated",
            "the sitemap's gzip stream is truncated; the part before was read",
        )),
        Ok(_) => {}
    }
    if out.len() as u64 > MAX_UNPACKED_BYTES {
        out.truncate(usize::try_from(MAX_UNPACKED_BYTES).unwrap_or(usize::MAX));
        problems.push(Problem::warning(
            "sitemap-too-long",
            "the sitemap is longer than 50 MiB unpacked; the rest was not read",
        ));
    }
    Ok(out)
}

/// A document that is being read.
struct SitemapBuilder<'a> {
    document: SitemapDocument,
    url: &'a Url,
    seen_urls: HashSet<Url>,
    foreign_count: usize,
    invalid_count: usize,
    over_limit_count: usize,
}

/// A `url` or `sitemap` element that is being read.
#[derive(Default)]
struct SitemapElement {
    loc: String,
    lastmod: String,
    news_title: String,
    news_date: String,
    image: String,
}

impl SitemapBuilder<'_> {
    fn add(&mut self, item: &SitemapElement, is_child: bool) {
        let Some(mut url) = feed_parser::http_url(&item.loc, Some(self.url))
            .filter(|_| !item.loc.trim().is_empty())
        else {
            self.invalid_count += 1;
            return;
        };
        url.set_fragment(None);
        if !url_shape::same_site(&url, self.url) {
            self.foreign_count += 1;
            return;
        }
        // An index that lists itself has already been read.
        if is_child && url == *self.url {
            return;
        }
        let lastmod = dates::parse_or_find(&item.lastmod);
        let is_full = if is_child {
            self.document.sitemaps.len() >= MAX_CHILD_SITEMAPS
        } else {
            self.document.pages.len() >= MAX_PAGES
        };
        if is_full {
            self.over_limit_count += 1;
        } else if self.seen_urls.insert(url.clone()) {
            if is_child {
                let kind = SitemapKind::from_file_name(&url);
                self.document.sitemaps.push(ChildSitemap { url, lastmod, kind });
            } else {
                let image = feed_parser::http_url(&item.image, Some(self.url))
                    .filter(|_| !item.image.trim().is_empty());
                self.document.pages.push(SitemapPage {
                    url,
                    lastmod,
                    news_title: Some(collapse_whitespace(&item.news_title))
                        .filter(|t| !t.is_empty()),
                    news_published: dates::parse_or_find(&item.news_date),
                    image: image.map(String::from),
                    kind: SitemapKind::from_file_name(self.url),
                });
            }
        }
    }

    fn finish(mut self) -> SitemapDocument {
        let problems = &mut self.document.problems;
        if self.foreign_count > 0 {
            problems.push(Problem::warning(
                "sitemap-foreign-links",
                format!(
                    "{} links to other sites than the sitemap's were left out",
                    self.foreign_count
                ),
            ));
        }
        if self.invalid_count > 0 {
            problems.push(Problem::warning(
                "sitemap-bad-links",
                format!("{} entries without a valid http(s) URL were left out", self.invalid_count),
            ));
        }
        if self.over_limit_count > 0 {
            problems.push(Problem::warning(
                "sitemap-too-many",
                format!(
                    "{} links beyond the first {MAX_PAGES} pages and {MAX_CHILD_SITEMAPS} \
                     sitemaps were left out",
                    self.over_limit_count
                ),
            ));
        }
        self.document
    }
}

fn read_lines(text: &str, builder: &mut SitemapBuilder<'_>) -> Result<(), DiscoveryError> {
    let mut lines =
        text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).peekable();
    let first = lines.peek().copied().unwrap_or_default();
    if !first.starts_with("http://") && !first.starts_with("https://") {
        let reason =
            if first.is_empty() { "it is empty" } else { "it is neither XML nor a list of URLs" };
        return Err(DiscoveryError::NotASitemap {
            url: builder.url.to_string(),
            reason: reason.to_owned(),
        });
    }
    for line in lines.take(MAX_PAGES + MAX_CHILD_SITEMAPS) {
        if line.starts_with("http://") || line.starts_with("https://") {
            builder
                .add(&SitemapElement { loc: line.to_owned(), ..SitemapElement::default() }, false);
        } else {
            builder.invalid_count += 1;
        }
    }
    Ok(())
}

fn read_xml(text: &str, builder: &mut SitemapBuilder<'_>) -> Result<(), DiscoveryError> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut stack: Vec<String> = Vec::new();
    let mut value = String::new();
    let mut item: Option<(SitemapElement, bool)> = None;
    let mut root_seen = false;
    loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => {
                if !root_seen {
                    return Err(not_a_sitemap(builder.url, &format!("it is not XML ({error})")));
                }
                builder.document.problems.push(Problem::warning(
                    "sitemap-malformed",
                    format!("the sitemap is not well-formed ({error}); the part before was read"),
                ));
                break;
            }
        };
        match event {
            Event::Start(tag) => {
                let name = tag.local_name().as_ref().to_ascii_lowercase();
                if stack.is_empty() && !root_seen {
                    root_seen = match name.as_str() {
                        "urlset" | "sitemapindex" => true,
                        "html" => return Err(not_a_sitemap(builder.url, "it is a web page")),
                        "rss" | "feed" | "rdf" => {
                            return Err(not_a_sitemap(builder.url, "it is a feed"));
                        }
                        _ => {
                            return Err(not_a_sitemap(
                                builder.url,
                                &format!(
                                    "its root element is <{}>",
                                    name.chars().take(40).collect::<String>()
                                ),
                            ));
                        }
                    };
                }
                if matches!(name.as_str(), "url" | "sitemap") && stack.len() <= 2 {
                    // An element without an end tag ends at the next one.
                    if let Some((item, is_child)) = item.take() {
                        builder.add(&item, is_child);
                    }
                    stack.truncate(1);
                    item = Some((SitemapElement::default(), name == "sitemap"));
                }
                value.clear();
                if stack.len() < 64 {
                    stack.push(name);
                }
            }
            Event::Text(text) => append_bounded(&mut value, &text),
            Event::CData(text) => append_bounded(&mut value, &text),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(c)) => append_bounded(&mut value, c.encode_utf8(&mut [0; 4])),
                _ => match &*reference {
                    "amp" => append_bounded(&mut value, "&"),
                    "lt" => append_bounded(&mut value, "<"),
                    "gt" => append_bounded(&mut value, ">"),
                    "quot" => append_bounded(&mut value, "\""),
                    "apos" => append_bounded(&mut value, "'"),
                    "nbsp" => append_bounded(&mut value, " "),
                    _ => {}
                },
            },
            Event::End(tag) => {
                let name = tag.local_name().as_ref().to_ascii_lowercase();
                let Some(depth) = stack.iter().rposition(|open| *open == name) else {
                    continue;
                };
                stack.truncate(depth);
                if let Some((item, _)) = item.as_mut() {
                    item.set_field(
                        &name,
                        stack.last().map(String::as_str).unwrap_or_default(),
                        &value,
                    );
                }
                value.clear();
                if depth <= 1
                    && matches!(name.as_str(), "url" | "sitemap")
                    && let Some((item, is_child)) = item.take()
                {
                    builder.add(&item, is_child);
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if let Some((item, is_child)) = item
        && !item.loc.is_empty()
    {
        builder.add(&item, is_child);
        builder
            .document
            .problems
            .push(Problem::warning("sitemap-truncated", "the sitemap ends within an entry"));
    }
    if root_seen { Ok(()) } else { Err(not_a_sitemap(builder.url, "it has no elements")) }
}

impl SitemapElement {
    fn set_field(&mut self, name: &str, parent: &str, value: &str) {
        let slot = match (name, parent) {
            ("loc", "url" | "sitemap") => &mut self.loc,
            ("loc", "image") => &mut self.image,
            ("lastmod", _) => &mut self.lastmod,
            ("title", "news") => &mut self.news_title,
            ("publication_date", _) => &mut self.news_date,
            _ => return,
        };
        if slot.is_empty() {
            value.trim().clone_into(slot);
        }
    }
}

fn append_bounded(value: &mut String, text: &str) {
    let remaining = MAX_VALUE_CHARS.saturating_sub(value.len());
    value.extend(text.chars().take(remaining));
}

fn not_a_sitemap(url: &Url, reason: &str) -> DiscoveryError {
    DiscoveryError::NotASitemap { url: url.to_string(), reason: reason.to_owned() }
}
