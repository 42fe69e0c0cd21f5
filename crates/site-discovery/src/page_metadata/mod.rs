//! The metadata of a post's page, as a draft: JSON-LD, `OpenGraph`, Dublin Core, microdata,
//! microformats, and the visible page.
//!
//! Entry point: [`read_page_metadata`]. The most explicit statement is used, and `field_origins`
//! records it for each field. Names, logos and bylines of the whole site are not part of the post.
//! The draft has no guid.

mod article_text;
mod images;
mod summary;
mod title;
mod visible;

use std::collections::BTreeSet;

use serde_json::Value;
use url::Url;

use feed_model::{
    Category, Draft, Person, Problem, PublishedDate, SafeHtml, language::parse_page_tag,
};

use self::images::{image_key, is_logo};
use crate::{
    dates,
    dom::{Dom, rels},
    feed_autodiscovery::{self, FeedLink},
    json_ld::{self, JsonLdGraph},
    page::Page,
    text::{collapse_whitespace, escape_html, keywords},
    url_shape,
};

/// The maximum number of categories of one page.
const MAX_CATEGORIES: usize = 30;

/// The maximum number of `<meta>` elements that are read.
const MAX_META_ELEMENTS: usize = 2_000;

/// The metadata of one page.
#[derive(Debug, Clone, PartialEq)]
pub struct PageMetadata {
    /// The post, without a guid. Its URL is the canonical one if that is on the same site.
    pub draft: Draft,
    /// The title of the site.
    pub site_title: Option<String>,
    /// Whether the draft's summary is the description in the page's metadata. Some sites give all
    /// their pages the same description.
    pub has_description: bool,
    /// The first paragraphs of the text, each as a summary in the place of such a description.
    pub text_summaries: Vec<SafeHtml>,
    /// Whether the page shows a dated post, so that it is a note if it has no title. A page that a
    /// script fills shows none.
    pub is_note: bool,
    /// The feeds that the page names, the best first.
    pub feed_links: Vec<FeedLink>,
    /// Problems found on the page.
    pub problems: Vec<Problem>,
    /// Each field with its origin: `("title", "og:title")`.
    pub field_origins: Vec<(&'static str, String)>,
}

/// Reads the page of a post. With `content_full`, the draft includes the sanitised text of the
/// article.
pub fn read_page_metadata(page: &Page<'_>, content_full: bool) -> PageMetadata {
    let dom = Dom::read(page);
    let graph = JsonLdGraph::read(&dom);
    let mut reader = MetadataReader {
        page,
        dom: &dom,
        article: graph.article(page.url),
        graph: &graph,
        metas: meta_values(&dom),
        field_origins: Vec::new(),
        problems: Vec::new(),
    };
    let site_title = reader.site_title();
    let mut draft = Draft { url: Some(reader.canonical_url()), ..Draft::default() };
    draft.title = reader.title(site_title.as_deref());
    draft.published = reader.published();
    draft.updated = reader.updated(draft.published.as_ref());
    draft.authors = reader.authors();
    draft.categories = reader.categories();
    draft.language = reader.language();
    draft.image = reader.image();
    let as_html = |text: &str| feed_parser::sanitise(&escape_html(text), &dom.base);
    let description = reader.description(&draft, site_title.as_deref());
    let text_summaries = reader.text_summaries(&draft, site_title.as_deref());
    let summary = match (&description, text_summaries.first()) {
        (Some((text, from)), _) => Some((as_html(text), from.clone())),
        (None, Some(text)) => Some((as_html(text), "the first paragraph".to_owned())),
        (None, None) => None,
    };
    draft.summary = reader.record_origin("summary", summary);
    if content_full {
        match article_text::extract_article(page, &dom) {
            Ok(html) => {
                draft.content =
                    Some(feed_parser::sanitise(&html, &dom.base)).filter(|c| !c.is_empty());
                reader.field_origins.push(("content", "the main text of the article".to_owned()));
            }
            Err(reason) => reader.problems.push(Problem::warning(
                "no-article-text",
                format!("the text of the article at {} was not found: {reason}", page.url),
            )),
        }
    }
    if draft.title.is_none() {
        reader.problems.push(Problem::warning("untitled", format!("{} has no title", page.url)));
    }
    if draft.published.is_none() {
        reader
            .problems
            .push(Problem::note("undated", format!("{} has no publication date", page.url)));
    }
    let is_note =
        draft.published.is_some() && (!text_summaries.is_empty() || visible::shows_post(&dom));
    let MetadataReader { field_origins, problems, .. } = reader;
    PageMetadata {
        draft,
        site_title,
        has_description: description.is_some(),
        is_note,
        text_summaries: text_summaries.iter().map(|text| as_html(text)).collect(),
        feed_links: feed_autodiscovery::feed_links_in_dom(page, &dom),
        problems,
        field_origins,
    }
}

fn meta_values(dom: &Dom) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for element in dom.all("meta[content]").iter().take(MAX_META_ELEMENTS) {
        let value = element.attr("content").map(collapse_whitespace).unwrap_or_default();
        let names = ["property", "name", "itemprop"].iter().filter_map(|a| element.attr(a));
        if !value.is_empty() {
            out.extend(names.map(|name| (name.trim().to_owned(), value.clone())));
        }
    }
    out
}

/// A page that is being read.
struct MetadataReader<'a> {
    page: &'a Page<'a>,
    dom: &'a Dom,
    graph: &'a JsonLdGraph,
    article: Option<&'a Value>,
    /// The names and the content of every `<meta>`.
    metas: Vec<(String, String)>,
    field_origins: Vec<(&'static str, String)>,
    problems: Vec<Problem>,
}

impl MetadataReader<'_> {
    /// Returns the content of the first `<meta>` with one of these names (`name`, `property` or
    /// `itemprop`), and the name.
    fn meta(&self, names: &[&'static str]) -> Option<(String, &'static str)> {
        names
            .iter()
            .find_map(|name| self.metas(name).into_iter().next().map(|value| (value, *name)))
    }

    fn metas(&self, name: &str) -> Vec<String> {
        let fits = |(own, _): &&(String, String)| own.eq_ignore_ascii_case(name);
        self.metas.iter().filter(fits).map(|(_, value)| value.clone()).collect()
    }

    /// Records the origin of a field, and returns its value.
    fn record_origin<T>(
        &mut self,
        field: &'static str,
        found: Option<(T, impl Into<String>)>,
    ) -> Option<T> {
        let (value, from) = found?;
        self.field_origins.push((field, from.into()));
        Some(value)
    }

    fn json_text(&self, keys: &[&'static str]) -> Option<(String, String)> {
        let article = self.article?;
        keys.iter().find_map(|key| {
            let text = article.get(*key).and_then(json_ld::text)?;
            Some((text, format!("JSON-LD {key}")))
        })
    }

    /// Returns the canonical URL if it is on the same site and is not the home page, otherwise the
    /// page's own URL.
    fn canonical_url(&mut self) -> Url {
        let canonical = self
            .dom
            .all("link[rel][href]")
            .into_iter()
            .find(|e| rels(e).iter().any(|r| r == "canonical"));
        let canonical = canonical
            .and_then(|e| e.attr("href"))
            .and_then(|href| self.dom.url(href))
            .map(|url| (url, "rel=canonical"));
        let stated = canonical.or_else(|| {
            self.meta(&["og:url"]).and_then(|(value, from)| Some((self.dom.url(&value)?, from)))
        });
        // Some templates state `//posts/one`, or the path in lower case. The URL of the page works.
        let folded = |url: &Url| url.path().replace("//", "/").to_lowercase();
        let is_variant =
            |url: &Url| url.path() != self.page.url.path() && folded(url) == folded(self.page.url);
        let fits = |url: &Url| {
            url_shape::same_site(url, self.page.url)
                && !is_variant(url)
                && (!url_shape::is_home(url) || url_shape::is_home(self.page.url))
        };
        match stated {
            Some((mut url, from)) if fits(&url) => {
                url.set_fragment(None);
                self.field_origins.push(("url", from.to_owned()));
                url
            }
            _ => {
                let mut url = self.page.url.clone();
                url.set_fragment(None);
                self.field_origins.push(("url", "the URL of the page".to_owned()));
                url
            }
        }
    }

    fn published(&mut self) -> Option<PublishedDate> {
        let parsed = |(text, from): (String, String)| Some((dates::parse_or_find(&text)?, from));
        let found = self
            .json_text(&["datePublished", "dateCreated", "uploadDate"])
            .and_then(parsed)
            .or_else(|| {
                const NAMES: &[&str] = &[
                    "article:published_time",
                    "og:article:published_time",
                    "datePublished",
                    "article:published",
                    "og:published_time",
                    "dcterms.issued",
                    "dcterms.created",
                    "dc.date.issued",
                    "dcterms.date",
                    "dc.date",
                    "dc.date.created",
                    "citation_publication_date",
                    "citation_date",
                    "parsely-pub-date",
                    "sailthru.date",
                    "publish-date",
                    "publish_date",
                    "pubdate",
                    "publication_date",
                    "published",
                    "date",
                    "cxenseparse:recs:publishtime",
                    "article.published",
                ];
                NAMES.iter().find_map(|name| {
                    self.metas(name)
                        .iter()
                        .find_map(|v| dates::parse_or_find(v))
                        .map(|date| (date, (*name).to_owned()))
                })
            })
            .or_else(|| visible::published(self.dom, self.page.url))
            .or_else(|| {
                dates::find_in_url(self.page.url)
                    .map(|date| (date, "the date in the URL".to_owned()))
            });
        self.record_origin("published", found)
    }

    fn updated(&mut self, published: Option<&PublishedDate>) -> Option<feed_model::Timestamp> {
        let parsed = |(text, from): (String, String)| Some((dates::parse_or_find(&text)?, from));
        let found = self
            .json_text(&["dateModified"])
            .and_then(parsed)
            .or_else(|| {
                self.meta(&[
                    "article:modified_time",
                    "og:updated_time",
                    "dateModified",
                    "dcterms.modified",
                    "last-modified",
                    "lastmod",
                ])
                .and_then(|(v, f)| Some((dates::parse_or_find(&v)?, f.to_owned())))
            })
            .or_else(|| visible::updated(self.dom));
        let found = found
            .filter(|(date, _)| published.is_none_or(|p| date.at > p.at))
            .map(|(date, from)| (date.at, from));
        self.record_origin("updated", found)
    }

    fn authors(&mut self) -> Vec<Person> {
        let person = |value: String| Person { name: value, ..Person::default() };
        let mut found: Vec<Person> =
            self.article.map(|a| self.graph.authors(a)).unwrap_or_default();
        let mut from = "JSON-LD author".to_owned();
        if found.is_empty() {
            for name in [
                "author",
                "article:author",
                "article:author_name",
                "dc.creator",
                "dcterms.creator",
                "parsely-author",
                "citation_author",
                "twitter:creator:name",
            ] {
                found = self
                    .metas(name)
                    .into_iter()
                    .filter(|v| !v.contains("://") && !v.starts_with('@'))
                    .map(person)
                    .collect();
                if !found.is_empty() {
                    name.clone_into(&mut from);
                    break;
                }
            }
        }
        if found.is_empty() {
            found = visible::authors(self.dom);
            "a byline of the page".clone_into(&mut from);
        }
        let mut names = BTreeSet::new();
        found.retain_mut(|person| {
            person.name = collapse_whitespace(
                person
                    .name
                    .strip_prefix("By ")
                    .or_else(|| person.name.strip_prefix("by "))
                    .unwrap_or(&person.name),
            );
            !person.name.is_empty()
                && person.name.chars().count() <= 100
                && names.insert(person.name.to_lowercase())
        });
        found.truncate(20);
        if !found.is_empty() {
            self.field_origins.push(("authors", from));
        }
        found
    }

    fn categories(&mut self) -> Vec<Category> {
        let mut out: Vec<Category> = Vec::new();
        let mut from: Vec<&str> = Vec::new();
        let mut add = |origin: &'static str, terms: Vec<String>, out: &mut Vec<Category>| {
            for term in terms {
                let term = collapse_whitespace(term.trim().trim_start_matches('#'));
                let known = out.iter().any(|c| c.term.to_lowercase() == term.to_lowercase());
                if !term.is_empty()
                    && term.chars().count() <= 80
                    && !known
                    && out.len() < MAX_CATEGORIES
                {
                    out.push(Category::term(term));
                    if !from.contains(&origin) {
                        from.push(origin);
                    }
                }
            }
        };
        add("article:section", self.metas("article:section"), &mut out);
        if let Some(article) = self.article {
            add("JSON-LD articleSection", json_ld::texts(article.get("articleSection")), &mut out);
            add("JSON-LD keywords", json_ld::keywords(article.get("keywords")), &mut out);
        }
        add(
            "article:tag",
            self.metas("article:tag").iter().flat_map(|v| keywords(v)).collect(),
            &mut out,
        );
        add("rel=tag", visible::tags(self.dom), &mut out);
        for name in [
            "parsely-section",
            "parsely-tags",
            "news_keywords",
            "dc.subject",
            "dcterms.subject",
            "citation_keywords",
        ] {
            add(name, self.metas(name).iter().flat_map(|v| keywords(v)).collect(), &mut out);
        }
        if out.is_empty() {
            let terms: Vec<String> =
                self.metas("keywords").iter().flat_map(|v| keywords(v)).collect();
            if terms.len() <= 12 {
                add("keywords", terms, &mut out);
            }
        }
        if let Some(time) = self.reading_time() {
            out.push(Category::reading_time(time));
        }
        if !from.is_empty() {
            let from = from.join(", ");
            self.field_origins.push(("categories", from));
        }
        out
    }

    /// Returns the reading time: `twitter:label1` and `twitter:data1` (as `WordPress` plugins write
    /// them), `timeRequired` (JSON-LD), otherwise the visible text.
    fn reading_time(&self) -> Option<String> {
        for (label, data) in
            [("twitter:label1", "twitter:data1"), ("twitter:label2", "twitter:data2")]
        {
            let labelled =
                self.meta(&[label]).is_some_and(|(l, _)| l.to_lowercase().contains("reading time"));
            if let (true, Some((value, _))) = (labelled, self.meta(&[data])) {
                return Some(value);
            }
        }
        if let Some((text, _)) = self.json_text(&["timeRequired"])
            && let Some(minutes) = text
                .strip_prefix("PT")
                .and_then(|t| t.split('M').next())
                .and_then(|m| m.parse::<u32>().ok())
        {
            return Some(format!("{minutes} min read"));
        }
        visible::reading_time(self.dom)
    }

    fn language(&mut self) -> Option<String> {
        let html = self
            .dom
            .first("html[lang]")
            .and_then(|e| e.attr("lang"))
            .and_then(parse_page_tag)
            .map(|l| (l, "<html lang>".to_owned()));
        let found = html
            .or_else(|| {
                self.json_text(&["inLanguage"]).and_then(|(v, f)| Some((parse_page_tag(&v)?, f)))
            })
            .or_else(|| {
                self.meta(&[
                    "og:locale",
                    "dc.language",
                    "dcterms.language",
                    "language",
                    "content-language",
                ])
                .and_then(|(v, f)| Some((parse_page_tag(&v)?, f.to_owned())))
            })
            .or_else(|| {
                self.page
                    .headers
                    .text("content-language")
                    .and_then(parse_page_tag)
                    .map(|l| (l, "Content-Language".to_owned()))
            });
        self.record_origin("language", found)
    }

    fn image(&mut self) -> Option<String> {
        let logos = self.logos();
        let fits = |url: &Url| !is_logo(url) && !logos.contains(&image_key(url));
        let mut candidates: Vec<(String, &'static str)> = Vec::new();
        for name in ["og:image", "og:image:url", "og:image:secure_url"] {
            candidates.extend(self.metas(name).into_iter().map(|v| (v, name)));
        }
        if let Some(article) = self.article {
            candidates.extend(
                json_ld::images(self.graph, article).into_iter().map(|v| (v, "JSON-LD image")),
            );
        }
        candidates.extend(
            ["twitter:image", "twitter:image:src"]
                .iter()
                .flat_map(|n| self.metas(n).into_iter().map(|v| (v, *n))),
        );
        let found = candidates
            .into_iter()
            .filter(|(v, _)| !v.starts_with("data:"))
            .find_map(|(v, from)| Some((self.dom.url(&v).filter(fits)?, from)));
        self.record_origin("image", found.map(|(url, from)| (String::from(url), from)))
    }

    /// Returns images that represent the site: the JSON-LD logos, the icons, and the images of the
    /// header and footer.
    fn logos(&self) -> BTreeSet<String> {
        let mut out: BTreeSet<String> = self
            .graph
            .logos()
            .iter()
            .filter_map(|v| self.dom.url(v))
            .map(|u| image_key(&u))
            .collect();
        for element in self.dom.all(
            "link[rel~='icon'], link[rel='apple-touch-icon'], link[rel='shortcut icon'], \
                 link[rel='mask-icon']",
        ) {
            out.extend(element.attr("href").and_then(|h| self.dom.url(h)).map(|u| image_key(&u)));
        }
        for element in self
            .dom
            .all("body > header img[src], nav img[src], footer img[src], a[href='/'] img[src]")
        {
            out.extend(element.attr("src").and_then(|h| self.dom.url(h)).map(|u| image_key(&u)));
        }
        out
    }
}
