//! The links of a page that may be posts, with their position in the page's structure.
//!
//! Entry point: [`collect_anchors`]. Links in the site's frame (navigation, footer, sidebars) and
//! links whose URL shows something else (a tag, an author, a file, a share button) are left out.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::LazyLock,
};

use ego_tree::{NodeId, iter::Edge};
use scraper::{ElementRef, Node};
use url::Url;

use super::generic_links::{is_generic_text, is_navigation_text, is_url_text};
use crate::{
    dates,
    dom::{
        Dom, MAX_ANCESTORS, class_and_id_words, class_words, heading_level, is_inline,
        is_invisible, rels, text_of,
    },
    url_shape,
    word_list::{WordList, word_list},
};

static SITE_CHROME_WORDS: LazyLock<WordList> = word_list!("class_site_chrome.txt");
static LABEL_WORDS: LazyLock<WordList> = word_list!("class_label.txt");

/// The maximum number of links of one page.
const MAX_ANCHORS: usize = 6_000;

/// A link that may be a post.
#[derive(Debug, Clone)]
pub(super) struct Anchor<'a> {
    pub element: ElementRef<'a>,
    pub url: Url,
    /// The comparison key of the URL, equal for links to the same post.
    pub key: String,
    /// The displayed text.
    pub text: String,
    /// The level of the heading that contains the link or is contained in it.
    pub heading: Option<u8>,
    /// A hash of the element path, equal for links at the same position of the page's structure.
    pub signature: u64,
    /// Whether the link is in the middle of a sentence.
    pub inline: bool,
}

impl Anchor<'_> {
    /// Returns whether the link has no text of its own.
    pub fn has_no_text(&self) -> bool {
        self.text.is_empty()
    }

    /// Returns whether the text can be a title.
    pub fn could_be_title(&self) -> bool {
        !is_generic_text(&self.text)
            && Url::parse(&self.text).map_or(true, |url| url.cannot_be_a_base())
            && self.text.chars().filter(|c| c.is_alphanumeric()).count() >= 2
    }
}

/// Links to the list of a subject or an author.
#[derive(Debug, Default)]
pub(super) struct LabelLinks {
    pub subjects: HashSet<NodeId>,
    pub authors: HashSet<NodeId>,
}

/// The number of headings and links below each element.
#[derive(Default)]
pub(super) struct ElementCounts {
    pub headings: HashMap<NodeId, usize>,
    heading_links: HashMap<NodeId, usize>,
    links: HashMap<NodeId, usize>,
    all_heading_links: usize,
    all_links: usize,
    mains: HashMap<NodeId, usize>,
}

impl ElementCounts {
    fn count(dom: &Dom) -> Self {
        let mut element_counts = Self::default();
        let count_ancestors = |element: &ElementRef<'_>, counts: &mut HashMap<NodeId, usize>| {
            *counts.entry(element.id()).or_default() += 1;
            for ancestor in element.ancestors().take(MAX_ANCESTORS) {
                *counts.entry(ancestor.id()).or_default() += 1;
            }
        };
        for heading in dom.all("h1, h2, h3, h4, h5, h6").iter().take(MAX_ANCHORS) {
            count_ancestors(heading, &mut element_counts.headings);
        }
        for link in dom
            .all(
                "h1 a[href], h2 a[href], h3 a[href], h4 a[href], \
             a[href] h1, a[href] h2, a[href] h3, a[href] h4",
            )
            .iter()
            .take(MAX_ANCHORS)
        {
            element_counts.all_heading_links += 1;
            count_ancestors(link, &mut element_counts.heading_links);
        }
        for link in dom.all("a[href]").iter().take(MAX_ANCHORS) {
            element_counts.all_links += 1;
            count_ancestors(link, &mut element_counts.links);
        }
        for main in dom.all("main, [role='main']").iter().take(20) {
            count_ancestors(main, &mut element_counts.mains);
        }
        element_counts
    }

    /// Returns whether an element contains so much of the page that it cannot be the site's frame,
    /// whatever its class.
    fn holds_most_of_page(&self, id: NodeId) -> bool {
        let count = |counts: &HashMap<NodeId, usize>| counts.get(&id).copied().unwrap_or_default();
        count(&self.mains) > 0
            || self.all_heading_links >= 2
                && count(&self.heading_links) * 2 > self.all_heading_links
            || self.all_heading_links < 2 && count(&self.links) * 10 > self.all_links * 6
    }

    fn has_heading_link(&self, id: NodeId) -> bool {
        self.heading_links.get(&id).is_some_and(|n| *n > 0)
    }
}

#[allow(clippy::struct_excessive_bools)] // independent observations
struct LinkContext {
    signature: u64,
    in_site_chrome: bool,
    heading: Option<u8>,
    within_post: bool,
    /// Whether an ancestor contains a featured post.
    featured: bool,
    labels: bool,
}

/// Returns the candidate links of a page in document order, the element counts, and the links to
/// subjects and authors.
pub(super) fn collect_anchors<'a>(
    dom: &'a Dom,
    page: &Url,
) -> (Vec<Anchor<'a>>, ElementCounts, LabelLinks) {
    let element_counts = ElementCounts::count(dom);
    let mut out = Vec::new();
    let mut label_links = LabelLinks::default();
    let mut stack: Vec<LinkContext> = Vec::new();
    let mut skipping = 0_usize;
    for edge in dom.body().traverse() {
        match edge {
            Edge::Open(node) => {
                let Some(element) = ElementRef::wrap(node) else {
                    continue;
                };
                if skipping > 0 || is_invisible(&element) || stack.len() > MAX_ANCESTORS {
                    skipping += 1;
                    continue;
                }
                let context = enter_element(&element, stack.last(), &element_counts);
                if element.value().name() == "a" && !context.in_site_chrome {
                    label_links.add(&element, dom);
                    if !context.labels && out.len() < MAX_ANCHORS {
                        out.extend(anchor_from_element(element, &context, dom, page));
                    }
                }
                stack.push(context);
            }
            Edge::Close(node) if node.value().is_element() => {
                if skipping > 0 {
                    skipping -= 1;
                } else {
                    stack.pop();
                }
            }
            Edge::Close(_) => {}
        }
    }
    merge_query_variants(&mut out);
    clear_repeated_texts(&mut out);
    (out, element_counts, label_links)
}

/// Clears a text that most links at one position share although they lead to different posts:
/// `Continue →` in any language. A text that resembles its URL is kept.
fn clear_repeated_texts(anchors: &mut [Anchor<'_>]) {
    let mut counts: HashMap<(u64, &str), (HashSet<&str>, usize)> = HashMap::new();
    let mut keys_by_signature: HashMap<u64, HashSet<&str>> = HashMap::new();
    for anchor in
        anchors.iter().filter(|a| !a.inline && !a.text.is_empty() && a.text.chars().count() <= 40)
    {
        let count = counts.entry((anchor.signature, anchor.text.as_str())).or_default();
        count.0.insert(&anchor.key);
        count.1 += usize::from(url_shape::slug_similarity(&anchor.text, &anchor.url) >= 0.3);
        keys_by_signature.entry(anchor.signature).or_default().insert(&anchor.key);
    }
    let repeated: HashSet<(u64, String)> = counts
        .into_iter()
        .filter(|((signature, _), (keys, similar_to_url))| {
            let total = keys_by_signature.get(signature).map_or(0, HashSet::len);
            keys.len() >= 3 && keys.len() * 2 > total && similar_to_url * 2 < keys.len()
        })
        .map(|((signature, text), _)| (signature, text.to_owned()))
        .collect();
    for anchor in anchors {
        if !anchor.inline && repeated.contains(&(anchor.signature, anchor.text.clone())) {
            anchor.text.clear();
        }
    }
}

/// Treats links that differ only in the query (to print, to share) as links to the same post.
fn merge_query_variants(anchors: &mut [Anchor<'_>]) {
    let without_query: HashSet<String> =
        anchors.iter().filter(|a| !a.key.contains('?')).map(|a| a.key.clone()).collect();
    for anchor in anchors {
        if let Some((path, _)) = anchor.key.split_once('?')
            && without_query.contains(path)
        {
            anchor.key = path.to_owned();
            anchor.url.set_query(None);
        }
    }
}

impl LabelLinks {
    fn add(&mut self, element: &ElementRef<'_>, dom: &Dom) {
        let rel = rels(element);
        let has_rel = |expected: &[&str]| rel.iter().any(|r| expected.contains(&r.as_str()));
        let url = element.attr("href").and_then(|h| dom.url(h));
        let kind = url.as_ref().map(url_shape::list_kind).unwrap_or_default();
        if has_rel(&["author"]) || kind == Some(url_shape::ListKind::Person) {
            self.authors.insert(element.id());
        } else if has_rel(&["tag", "category"]) || kind == Some(url_shape::ListKind::Subject) {
            self.subjects.insert(element.id());
        }
    }
}

fn enter_element(
    element: &ElementRef<'_>,
    parent: Option<&LinkContext>,
    element_counts: &ElementCounts,
) -> LinkContext {
    let name = element.value().name();
    let own_words = class_and_id_words(element);
    let mut hasher = DefaultHasher::new();
    parent.map(|p| p.signature).hash(&mut hasher);
    name.hash(&mut hasher);
    // Inline elements and cells at the same position differ by class only: a title and a comment
    // count, for example.
    if matches!(name, "a" | "span" | "td") {
        class_words(element)
            .iter()
            .filter(|w| {
                !w.chars().any(|c| c.is_ascii_digit())
                    && !matches!(
                        w.as_str(),
                        "active"
                            | "first"
                            | "last"
                            | "odd"
                            | "even"
                            | "featured"
                            | "new"
                            | "pinned"
                            | "visited"
                    )
            })
            .for_each(|w| w.hash(&mut hasher));
    }
    let is_post = |class: &str| matches!(class, "post" | "entry" | "hentry" | "h-entry");
    let within_post = parent.is_some_and(|p| p.within_post)
        || matches!(name, "article" | "li" | "tr" | "dd" | "dt")
        || matches!(name, "section" | "div") && element.value().classes().any(is_post);
    let featured = parent.is_some_and(|p| p.featured)
        || own_words
            .iter()
            .any(|w| matches!(w.as_str(), "featured" | "hero" | "spotlight" | "lead"));
    let in_site_chrome = parent.is_some_and(|p| p.in_site_chrome)
        || is_site_chrome(element, &own_words, within_post, featured, element_counts);
    let labels = match name {
        // The class of a whole item (`category-kafka`) does not describe the links in it.
        "article" | "li" | "tr" | "section" | "main" | "body" | "ul" | "ol"
            if element_counts.headings.get(&element.id()).is_some_and(|n| *n > 0) =>
        {
            false
        }
        "article" | "tr" | "section" | "main" | "body" => false,
        _ if heading_level(name).is_some()
            || element_counts.headings.get(&element.id()).is_some_and(|n| *n > 0) =>
        {
            false
        }
        _ => parent.is_some_and(|p| p.labels) || is_label(&own_words),
    };
    LinkContext {
        signature: hasher.finish(),
        in_site_chrome,
        heading: heading_level(name).or_else(|| parent.and_then(|p| p.heading)),
        within_post,
        featured: featured && !matches!(name, "body" | "main"),
        labels,
    }
}

/// Returns whether an element contains tags, authors or similar labels.
fn is_label(own_words: &[String]) -> bool {
    let has_any = |w: &[&str]| own_words.iter().any(|o| w.contains(&o.as_str()));
    LABEL_WORDS.contains_any(own_words.iter().map(String::as_str))
        && !has_any(&["title", "headline", "list", "posts", "entries", "index", "archive"])
}

fn is_site_chrome(
    element: &ElementRef<'_>,
    own_words: &[String],
    within_post: bool,
    featured: bool,
    element_counts: &ElementCounts,
) -> bool {
    let name = element.value().name();
    if matches!(name, "body" | "html" | "main" | "article") || heading_level(name).is_some() {
        return false;
    }
    let role = element.attr("role").unwrap_or_default().to_ascii_lowercase();
    let by_role = matches!(
        role.as_str(),
        "navigation" | "contentinfo" | "complementary" | "search" | "dialog" | "menu" | "menubar"
    );
    // A featured post in an `aside` is one of the posts.
    let by_name = match name {
        "nav" => true,
        "aside" => !(featured && element_counts.has_heading_link(element.id())),
        "footer" => !within_post,
        "header" => !within_post && !element_counts.has_heading_link(element.id()),
        _ => false,
    };
    let has_any = |w: &[&str]| own_words.iter().any(|o| w.contains(&o.as_str()));
    let by_class = SITE_CHROME_WORDS.contains_any(own_words.iter().map(String::as_str))
        || has_any(&["header"])
            && has_any(&["site", "global", "top", "main", "page"])
            && !element_counts.has_heading_link(element.id())
        || has_any(&["tag", "tags", "category", "categories"])
            && has_any(&["cloud", "index", "filter", "filters", "nav", "bar"]);
    let by_class = by_class && !(featured && element_counts.has_heading_link(element.id()));
    (by_role || by_name || by_class)
        && (by_name && matches!(name, "nav" | "footer")
            || !element_counts.holds_most_of_page(element.id()))
}

fn anchor_from_element<'a>(
    element: ElementRef<'a>,
    context: &LinkContext,
    dom: &Dom,
    page: &Url,
) -> Option<Anchor<'a>> {
    let href = element.attr("href")?.trim();
    if href.is_empty() || href.starts_with('#') {
        return None;
    }
    let mut url = dom.url(href)?;
    url.set_fragment(None);
    let rel = rels(&element);
    if rel.iter().any(|r| {
        matches!(
            r.as_str(),
            "author"
                | "tag"
                | "category"
                | "next"
                | "prev"
                | "previous"
                | "me"
                | "license"
                | "home"
                | "search"
                | "help"
                | "sponsored"
        )
    }) {
        return None;
    }
    let key = url_shape::comparison_key(&url);
    if key == url_shape::comparison_key(page)
        || is_ancestor_path(&url, page)
        || url_shape::is_file(&url)
        || url_shape::is_social(&url)
    {
        return None;
    }
    if url_shape::is_static_page(&url) || url_shape::is_list(&url) && !is_direct_child(&url, page) {
        return None;
    }
    let text = text_of(element);
    if is_navigation_text(&text) || is_url_text(&text) {
        return None;
    }
    let inner = element.descendent_elements().skip(1).find_map(|e| heading_level(e.value().name()));
    Some(Anchor {
        element,
        key,
        heading: context.heading.or(inner),
        signature: context.signature,
        inline: !is_generic_text(&text) && is_in_sentence(&element),
        text,
        url,
    })
}

/// Returns whether a URL is a parent directory of the page.
fn is_ancestor_path(url: &Url, page: &Url) -> bool {
    let path = url.path().trim_end_matches('/');
    url_shape::same_site(url, page)
        && url.query().is_none()
        && page
            .path()
            .strip_prefix(path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns whether a URL is directly below the page's own URL: `/topics/streaming/a-long-slug` on
/// `/topics/streaming`.
fn is_direct_child(url: &Url, page: &Url) -> bool {
    let own_path = page.path().trim_end_matches('/');
    let rest = url.path().strip_prefix(own_path).unwrap_or_default().trim_matches('/');
    own_path.len() > 1
        && url.query().is_none()
        && url_shape::same_site(url, page)
        && rest.split('-').count() >= 3
        && !rest.contains('/')
}

/// Returns whether a link follows the beginning of a sentence.
fn is_in_sentence(element: &ElementRef<'_>) -> bool {
    let mut node = **element;
    let mut before = String::new();
    for _ in 0..4 {
        for sibling in node.prev_siblings().take(12) {
            match sibling.value() {
                Node::Text(text) => before.insert_str(0, text),
                Node::Element(e) if e.name() == "br" => break,
                Node::Element(_) => {
                    if let Some(e) = ElementRef::wrap(sibling) {
                        before.insert_str(0, &text_of(e));
                    }
                }
                _ => {}
            }
            if before.len() > 400 {
                break;
            }
        }
        let Some(parent) = node.parent().and_then(ElementRef::wrap) else {
            break;
        };
        let name = parent.value().name();
        let in_text = matches!(name, "div" | "section" | "article") && is_surrounded_by_text(&node);
        if in_text || matches!(name, "p" | "blockquote" | "li" | "dd" | "td" | "figcaption") {
            let before = before.trim();
            // `12 Nov 2026 – Title`: the link follows a date, which is not a sentence.
            let follows_date = before.chars().count() < 60
                && dates::find(before)
                    .is_some_and(|found| found.start <= 14 || before.len() - found.end <= 4);
            let limit = if name == "p" { 16 } else { 40 };
            let follows_text = before.chars().count() >= limit && !follows_date;
            let after: usize = element
                .next_siblings()
                .take(6)
                .filter_map(|s| s.value().as_text().map(|t| t.trim().len()))
                .sum();
            return follows_text && (name != "li" || after > 0 || before.split(' ').count() > 8);
        }
        if !is_inline(name) {
            return false;
        }
        node = *parent;
    }
    false
}

/// Returns whether a node has text directly before and after it, as in prose without paragraphs.
fn is_surrounded_by_text(node: &ego_tree::NodeRef<'_, Node>) -> bool {
    let words = |node: Option<ego_tree::NodeRef<'_, Node>>| {
        node.and_then(|n| {
            n.value().as_text().map(|t| t.chars().filter(|c| c.is_alphabetic()).count())
        })
        .unwrap_or_default()
    };
    words(node.prev_sibling()) >= 4 && words(node.next_sibling()) >= 4
}
