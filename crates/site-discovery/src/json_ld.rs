//! JSON-LD with the schema.org vocabulary: single objects, lists and `@graph`, with references by
//! `@id`.
//!
//! Other contexts and JSON-LD expansion are not supported. A script that cannot be parsed is
//! skipped.

use std::collections::HashMap;

use serde_json::Value;
use url::Url;

use feed_model::Person;

use crate::{
    dom::Dom,
    text::{self, collapse_whitespace},
    url_shape,
};

/// The maximum number of objects of one page.
const MAX_OBJECTS: usize = 5_000;
/// The maximum number of bytes of JSON-LD of one page.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The objects of a page's JSON-LD that have a type, in document order.
#[derive(Debug, Default)]
pub(crate) struct JsonLdGraph {
    objects: Vec<Value>,
    /// Maps an `@id` to an index in `objects`.
    ids: HashMap<String, usize>,
}

impl JsonLdGraph {
    /// Reads every `application/ld+json` script of a page.
    pub fn read(dom: &Dom) -> Self {
        let mut graph = Self::default();
        let mut remaining = MAX_BYTES;
        for script in dom.all("script[type]") {
            let kind = script.attr("type").unwrap_or_default();
            if !kind.trim().to_ascii_lowercase().starts_with("application/ld+json") {
                continue;
            }
            let text: String = script.text().collect();
            remaining = remaining.saturating_sub(text.len());
            if remaining == 0 {
                break;
            }
            if let Some(value) = parse(&text) {
                graph.add(&value);
            }
        }
        for (position, object) in graph.objects.iter().enumerate() {
            if let Some(id) = object.get("@id").and_then(Value::as_str)
                && object.as_object().is_some_and(|o| o.len() > 1)
            {
                graph.ids.entry(id.to_owned()).or_insert(position);
            }
        }
        graph
    }

    /// Adds an object and the objects in lists, `@graph`, `mainEntity` and `mainEntityOfPage`.
    fn add(&mut self, value: &Value) {
        let mut pending = vec![value];
        while let Some(value) = pending.pop() {
            if self.objects.len() >= MAX_OBJECTS {
                return;
            }
            match value {
                Value::Array(list) => pending.extend(list.iter().rev()),
                Value::Object(object) => {
                    for key in ["mainEntity", "mainEntityOfPage", "@graph"] {
                        pending.extend(object.get(key).filter(|v| v.is_object() || v.is_array()));
                    }
                    if object.contains_key("@type") {
                        self.objects.push(value.clone());
                    }
                }
                _ => {}
            }
        }
    }

    /// Returns the object that a value is or refers to.
    pub fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let alone =
            value.as_object().is_some_and(|o| !o.contains_key("name") && !o.contains_key("url"));
        let id = value.get("@id").and_then(Value::as_str).filter(|_| alone);
        id.and_then(|id| self.ids.get(id)).map_or(value, |position| &self.objects[*position])
    }

    /// Returns the object of the page's post. If there are several articles, the one with the
    /// page's URL is preferred.
    pub fn article(&self, page: &Url) -> Option<&Value> {
        let page_key = url_shape::comparison_key(page);
        let names_this_page = |value: &Value| {
            ["url", "mainEntityOfPage", "@id"].iter().any(|key| {
                let stated = value
                    .get(*key)
                    .and_then(|v| v.as_str().or_else(|| v.get("@id").and_then(Value::as_str)));
                stated
                    .and_then(|text| feed_parser::http_url(text, Some(page)))
                    .is_some_and(|url| url_shape::comparison_key(&url) == page_key)
            })
        };
        let articles: Vec<&Value> = self.objects.iter().filter(|o| is_article(o)).collect();
        let single = || (articles.len() == 1).then(|| articles[0]);
        let page_like = || {
            self.objects
                .iter()
                .find(|o| has_type(o, &["WebPage", "ItemPage"]) && o.get("datePublished").is_some())
        };
        // Some templates give a post the type of its blog.
        let dated_headline = || {
            self.objects.iter().find(|o| {
                o.get("headline").is_some()
                    && o.get("datePublished").is_some()
                    && ["blogPost", "blogPosts", "hasPart"].iter().all(|key| o.get(*key).is_none())
            })
        };
        articles
            .iter()
            .copied()
            .find(|o| names_this_page(o))
            .or_else(single)
            .or_else(|| articles.first().copied())
            .or_else(page_like)
            .or_else(dated_headline)
    }

    /// Returns the objects in document order.
    pub fn objects(&self) -> &[Value] {
        &self.objects
    }

    /// Returns the name of the site: of a `WebSite` or `Blog`, otherwise of the article's
    /// `isPartOf` or publisher.
    pub fn site_name(&self) -> Option<String> {
        let named = |value: &Value| self.resolve(value).get("name").and_then(text);
        let site = self
            .objects
            .iter()
            .find(|o| has_type(o, &["WebSite", "Blog", "Periodical", "Newsletter"]))
            .and_then(named);
        let article = || {
            let articles = self.objects.iter().filter(|o| is_article(o));
            articles
                .flat_map(|o| ["isPartOf", "publisher"].iter().filter_map(|k| o.get(*k)))
                .find_map(|v| match v {
                    Value::Array(list) => list.first().and_then(named),
                    other => named(other),
                })
        };
        site.or_else(article)
    }

    /// Returns the descriptions of the site.
    pub fn site_descriptions(&self) -> Vec<String> {
        let sites = self.objects.iter().filter(|o| {
            has_type(o, &["WebSite", "Blog", "Periodical", "Newsletter", "Organization"])
        });
        sites.filter_map(|site| site.get("description").and_then(text)).collect()
    }

    /// Returns the authors of an object.
    pub fn authors(&self, article: &Value) -> Vec<Person> {
        let Some(author) = article.get("author").or_else(|| article.get("creator")) else {
            return Vec::new();
        };
        let list: &[Value] = author.as_array().map_or(std::slice::from_ref(author), Vec::as_slice);
        list.iter()
            .filter_map(|value| {
                let value = self.resolve(value);
                let name = value
                    .as_str()
                    .map(feed_parser::title_text)
                    .or_else(|| value.get("name").and_then(text))?;
                let url = value
                    .get("url")
                    .and_then(text)
                    .and_then(|u| feed_parser::http_url(&u, None))
                    .map(String::from);
                Some(Person { name, email: None, url })
                    .filter(|p| !p.name.is_empty() && !p.name.contains("://"))
            })
            .collect()
    }

    /// Returns the URLs of the logos of all objects and their publishers.
    pub fn logos(&self) -> Vec<String> {
        let mut out = Vec::new();
        for object in &self.objects {
            let publisher = object.get("publisher").map(|p| self.resolve(p));
            for holder in [Some(object), publisher].into_iter().flatten() {
                out.extend(
                    holder.get("logo").into_iter().flat_map(|logo| image_urls(self.resolve(logo))),
                );
            }
        }
        out
    }
}

/// Returns the URLs of an object's images.
pub(crate) fn images(graph: &JsonLdGraph, article: &Value) -> Vec<String> {
    let mut out = Vec::new();
    for key in ["image", "thumbnailUrl", "primaryImageOfPage"] {
        match article.get(key) {
            Some(Value::Array(list)) => {
                out.extend(list.iter().flat_map(|v| image_urls(graph.resolve(v))));
            }
            Some(value) => out.extend(image_urls(graph.resolve(value))),
            None => {}
        }
    }
    out
}

fn image_urls(value: &Value) -> Vec<String> {
    let found = value.as_str().or_else(|| {
        ["url", "contentUrl", "@id"].iter().find_map(|k| value.get(*k).and_then(Value::as_str))
    });
    found.map(|f| vec![f.to_owned()]).unwrap_or_default()
}

/// Returns whether an object is an `Article` or a similar type.
pub(crate) fn is_article(value: &Value) -> bool {
    types(value).iter().any(|t| {
        t.ends_with("Article")
            || t.ends_with("Posting")
            || matches!(
                *t,
                "Report" | "Review" | "AnalysisNewsArticle" | "CreativeWork" | "PodcastEpisode"
            )
    })
}

/// Returns whether an object has one of these types.
pub(crate) fn has_type(value: &Value, type_names: &[&str]) -> bool {
    types(value).iter().any(|t| type_names.contains(t))
}

fn types(value: &Value) -> Vec<&str> {
    let bare = |text: &'_ str| -> usize { text.rfind(['/', ':', '#']).map_or(0, |i| i + 1) };
    match value.get("@type") {
        Some(Value::String(one)) => vec![&one[bare(one)..]],
        Some(Value::Array(list)) => {
            list.iter().filter_map(Value::as_str).map(|t| &t[bare(t)..]).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns the text of a value: the value itself, its `@value`, its `name`, or the text of its
/// first element.
pub(crate) fn text(value: &Value) -> Option<String> {
    let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
    let found = match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(object) => ["@value", "name"]
            .iter()
            .find_map(|k| object.get(*k).and_then(Value::as_str))
            .map(str::to_owned),
        _ => None,
    };
    found.map(|t| feed_parser::title_text(&t)).filter(|t| !t.is_empty())
}

/// Returns the texts of a value that may be a list.
pub(crate) fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(list)) => list.iter().filter_map(text).collect(),
        Some(value) => text(value).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Returns keywords: the elements of a list, or the parts of a comma-separated text.
pub(crate) fn keywords(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(one)) => text::keywords(&collapse_whitespace(one)),
        other => texts(other),
    }
}

/// Parses JSON as it occurs on pages: within HTML comments or CDATA, with control characters in
/// strings, or with trailing commas.
fn parse(text: &str) -> Option<Value> {
    let mut text = text.trim();
    for (open, close) in [
        ("<!--", "-->"),
        ("//<![CDATA[", "//]]>"),
        ("/*<![CDATA[*/", "/*]]>*/"),
        ("<![CDATA[", "]]>"),
    ] {
        if let Some(inner) = text.strip_prefix(open) {
            text = inner.trim().strip_suffix(close).unwrap_or(inner).trim();
        }
    }
    let text = text.trim_end_matches(';');
    serde_json::from_str(text).ok().or_else(|| serde_json::from_str(&repair_json(text)).ok())
}

/// Replaces control characters in strings by spaces and removes trailing commas.
fn repair_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    for c in text.chars() {
        if in_string {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            in_string = !ends;
            out.push(if c.is_control() { ' ' } else { c });
            continue;
        }
        in_string = c == '"';
        if matches!(c, '}' | ']') {
            let kept = out.trim_end().trim_end_matches(',').len();
            out.truncate(kept);
        }
        out.push(c);
    }
    out
}
