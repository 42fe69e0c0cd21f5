//! Fields that are read from the visible page because its metadata does not state them.
//!
//! Only content of the article, or beside its heading, counts. Related posts, comments and the
//! site's frame do not.

use scraper::ElementRef;

use feed_model::{DatePrecision, Person, PublishedDate};
use url::Url;

use crate::{
    byline::{author_name, is_meta_line, reading_minutes},
    dates,
    dom::{Dom, MAX_ANCESTORS, class_and_id_words, compile_selector, is_invisible, rels, text_of},
    element_date::{contains_update_word, element_date, is_update_date},
    site_name,
    text::{keywords, truncate_summary},
    url_shape,
};

/// The maximum number of paragraphs that are tried as a summary.
const MAX_PARAGRAPHS: usize = 40;

/// The maximum number of paragraphs that are returned as summaries.
const MAX_SUMMARIES: usize = 3;

/// The maximum number of elements that are tried as a part of a summary.
const MAX_BLOCKS: usize = 400;

/// The maximum number of elements that are searched for a labelled date.
const MAX_DATE_ELEMENTS: usize = 600;

/// Returns the text of the heading of the post.
pub(super) fn heading(dom: &Dom, page: &Url) -> Option<String> {
    heading_element(dom, page).map(text_of)
}

/// Returns whether a heading has a link to itself, as the headings of a text have.
pub(super) fn links_to_itself(heading: &ElementRef<'_>) -> bool {
    let is_anchor = |a: ElementRef<'_>| {
        a.value().name() == "a" && a.attr("href").is_some_and(|href| href.starts_with('#'))
    };
    heading.descendent_elements().any(is_anchor)
}

/// Returns the heading of the post: the first `h1` of its article, otherwise of the main content,
/// otherwise the only `h1` of the page, unless the page's title and URL name another heading.
pub(super) fn heading_element<'a>(dom: &'a Dom, page: &Url) -> Option<ElementRef<'a>> {
    // A heading that links to the home page is the site's.
    let leads_home = |h: &ElementRef<'_>| {
        let links =
            h.descendent_elements().chain(ancestors(h).take(2)).filter(|e| e.value().name() == "a");
        links
            .filter_map(|a| a.attr("href"))
            .filter_map(|href| dom.url(href))
            .any(|url| url_shape::is_home(&url))
    };
    // Some themes set the day of a post in a heading above its title. The title of a monthly letter
    // can be a month.
    let is_date = |text: &str| {
        dates::is_only_date(text)
            || dates::heading_year(text).is_some()
            || dates::heading_month(text).is_some()
    };
    let page_title = dom.first("head > title").map(text_of).unwrap_or_default();
    let begins_page_title = |h: &ElementRef<'_>, min_chars: usize| {
        let text = text_of(*h);
        let is_long = text.chars().count() >= min_chars;
        page_title.strip_prefix(text.as_str()).is_some_and(|rest| {
            is_long && (rest.is_empty() || rest.starts_with([' ', ':']))
                || site_name::starts_with_separator(rest) && !text.is_empty()
        })
    };
    let headings: Vec<ElementRef<'_>> = dom
        .all("h1")
        .into_iter()
        .filter(|h| {
            let text = text_of(*h);
            !text.is_empty() && (!is_date(&text) || begins_page_title(h, 8))
        })
        .collect();
    let within = |name: &'static str| {
        headings.iter().find(|h| ancestors(h).any(|a| a.value().name() == name)).copied()
    };
    let only = || (headings.len() == 1 && !leads_home(&headings[0])).then(|| headings[0]);
    let titled = || {
        let marked = "h1, h2, h3, .post-title, .entry-title, .article-title, .title, \
                      [itemprop~='headline']";
        dom.all(marked)
            .into_iter()
            .take(60)
            .find(|h| begins_page_title(h, 8) && !is_date(&text_of(*h)) && is_article_content(h))
    };
    let heading = within("article").or_else(|| within("main")).or_else(only);
    let Some(found) = heading.filter(|h| !begins_page_title(h, 1)) else {
        return heading.or_else(titled);
    };
    // `Blog` above every post is the section's heading.
    let similarity = |h: ElementRef<'_>| url_shape::slug_similarity(&text_of(h), page);
    titled().filter(|other| similarity(*other) > similarity(found)).or(Some(found))
}

/// Returns the text of the first element that a selector matches.
pub(super) fn first_text(dom: &Dom, selector: &'static str) -> Option<String> {
    let element = dom.first(selector)?;
    let text = element.attr("content").map_or_else(|| text_of(element), str::to_owned);
    Some(text).filter(|t| !t.is_empty())
}

/// Returns the publication date: a marked date, otherwise the first `<time>` of the article,
/// otherwise a date beside the heading.
pub(super) fn published(dom: &Dom, page: &Url) -> Option<(PublishedDate, String)> {
    let marked = [
        "[itemprop~='datePublished']",
        ".h-entry .dt-published, .hentry .published",
        "time[pubdate]",
    ];
    for selector in marked {
        if let Some(date) =
            dom.all(selector).iter().filter(|e| is_article_content(e)).find_map(element_date)
        {
            return Some((date, format!("marked {selector}")));
        }
    }
    let times = dom.all("time");
    let is_own_date = |e: &&ElementRef<'_>| is_article_content(e) && !is_update_date(e);
    let in_article = times
        .iter()
        .filter(is_own_date)
        .filter(|e| ancestors(e).any(|a| matches!(a.value().name(), "article" | "main")))
        .find_map(element_date);
    if let Some(date) =
        in_article.or_else(|| times.iter().filter(is_own_date).find_map(element_date))
    {
        return Some((date, "<time>".to_owned()));
    }
    date_beside_heading(dom, page)
        .map(|date| (date, "a date beside the heading".to_owned()))
        .or_else(|| labelled_date(dom).map(|date| (date, "a labelled date".to_owned())))
}

/// Returns the first date of the page that is labelled as the date of publication, by its class or
/// its words, or that stands alone.
fn labelled_date(dom: &Dom) -> Option<PublishedDate> {
    dom.all("p, span, div, small, em, i, b, li, td, dd, h2, h3, h4, h5, h6, address, footer")
        .into_iter()
        .filter(|e| is_article_content(e) && !is_quoted(e))
        .take(MAX_DATE_ELEMENTS)
        .find_map(|element| {
            let text = text_of(element);
            if text.chars().count() > 120 || contains_update_word(&text) {
                return None;
            }
            let found = dates::find_with_order(&text, dom.order)
                .filter(|f| f.date.precision >= DatePrecision::Day)?;
            let is_marked = class_and_id_words(&element).iter().any(|w| {
                matches!(
                    w.as_str(),
                    "date"
                        | "published"
                        | "posted"
                        | "pubdate"
                        | "dateline"
                        | "timestamp"
                        | "meta"
                        | "byline"
                )
            });
            let is_labelled = is_meta_line(&text) && found.start <= 40;
            (is_marked || is_labelled || dates::is_only_date(&text)).then_some(found.date)
        })
}

/// Returns whether an element is part of a listing or a quotation.
fn is_quoted(element: &ElementRef<'_>) -> bool {
    ancestors(element).any(|a| matches!(a.value().name(), "pre" | "code" | "blockquote"))
}

/// Returns the modification date, if an element is marked as one.
pub(super) fn updated(dom: &Dom) -> Option<(PublishedDate, String)> {
    let marked = dom.all("[itemprop~='dateModified'], .h-entry .dt-updated, time.updated");
    let labelled = || {
        dom.all("time")
            .into_iter()
            .filter(|e| is_article_content(e) && is_update_date(e))
            .find_map(|e| element_date(&e))
    };
    let found =
        marked.iter().filter(|e| is_article_content(e)).find_map(element_date).or_else(labelled);
    found.map(|date| (date, "marked as updated".to_owned()))
}

/// Returns the author that is marked as one.
pub(super) fn authors(dom: &Dom) -> Vec<Person> {
    let marked = dom.all(
        "[itemprop~='author'], .h-entry .p-author, .hentry .author .fn, a[rel~='author'], \
         .byline a, .post-author, .author-name, .byline, .post-meta .author, .meta .author, \
         .entry-meta .author, .author a",
    );
    for element in marked.iter().filter(|e| is_article_content(e)) {
        let named = compile_selector("[itemprop~='name'], .p-name, .fn");
        let name_element = element.select(&named).next().unwrap_or(*element);
        let name =
            name_element.attr("content").map_or_else(|| text_of(name_element), str::to_owned);
        let name = author_name(&name);
        if !name.is_empty()
            && name.split(' ').count() <= 6
            && !name.chars().any(|c| c.is_ascii_digit())
        {
            let url = element.attr("href").and_then(|h| dom.url(h)).map(String::from);
            return vec![Person { name, email: None, url }];
        }
    }
    Vec::new()
}

/// Returns the article's tags: `rel=tag`, microformats, microdata, and links in an element with a
/// tag class.
pub(super) fn tags(dom: &Dom) -> Vec<String> {
    let mut out = Vec::new();
    for element in dom.all(
        "a[rel~='tag'], .h-entry .p-category, [itemprop~='keywords'], \
         [itemprop~='articleSection'], .tags a, .post-tags a, .tag-list a, .tags li, \
         .post-categories a",
    ) {
        let is_empty_meta = element.value().name() == "meta" && element.attr("content").is_none();
        if !is_article_content(&element) || is_empty_meta {
            continue;
        }
        let text = element.attr("content").map_or_else(|| text_of(element), str::to_owned);
        out.extend(keywords(&text).into_iter().filter(|t| t.chars().count() <= 40));
    }
    out
}

/// Returns the reading time in the page's words.
pub(super) fn reading_time(dom: &Dom) -> Option<String> {
    let near: Vec<ElementRef<'_>> = dom.all("span, time, p, li, div, small");
    near.iter()
        .filter(|e| e.child_elements().next().is_none() && is_article_content(e))
        .take(400)
        .map(|e| text_of(*e))
        .flat_map(|text| {
            text.split(['·', '•', '|']).map(|part| part.trim().to_owned()).collect::<Vec<_>>()
        })
        .find(|part| reading_minutes(part).is_some())
}

/// Returns whether an element that is marked as a post has a text or an image.
pub(super) fn shows_post(dom: &Dom) -> bool {
    dom.all("article, .e-content, [itemprop~='articleBody'], .entry-content, .post-content")
        .into_iter()
        .any(|e| {
            !text_of(e).is_empty() || e.descendent_elements().any(|e| e.value().name() == "img")
        })
}

/// Returns the first paragraphs of the article that have enough text after `clean` has removed the
/// site's words. If no paragraph has, returns the first texts of the article together.
pub(super) fn first_paragraphs(dom: &Dom, clean: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    for selector in [
        ".h-entry .p-summary",
        "[itemprop~='description']:not(meta)",
        "[itemprop~='articleBody'] p, .e-content p, .entry-content p, .post-content p",
        "article p",
        "main p",
        "[role='main'] p",
        ".content p",
        "#content p",
        "body p",
    ] {
        let paragraphs = dom.all(selector);
        let found: Vec<String> = paragraphs
            .iter()
            .filter(|e| is_article_content(e))
            .take(MAX_PARAGRAPHS)
            .filter(|p| !is_byline(p) && !is_mostly_links(p))
            .filter_map(|p| clean(&text_of(*p)).filter(|t| is_long_enough(t)))
            .take(MAX_SUMMARIES)
            .collect();
        if !found.is_empty() {
            let blocks = std::iter::once_with(|| first_blocks(dom, clean)).flatten();
            return found.into_iter().chain(blocks).take(MAX_SUMMARIES).collect();
        }
    }
    first_blocks(dom, clean).into_iter().collect()
}

/// Returns the first texts of the article, whatever elements they are in.
fn first_blocks(dom: &Dom, clean: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    for selector in [
        "[itemprop~='articleBody'], .e-content, .entry-content, .post-content, .article-content, \
         .post-body, .post__content",
        "article",
        "main, [role='main']",
        "#content, .content, .post, .container",
    ] {
        for container in dom.all(selector).into_iter().filter(is_article_content).take(4) {
            let mut text = String::new();
            for block in container.descendent_elements().take(MAX_BLOCKS) {
                let is_block = matches!(
                    block.value().name(),
                    "p" | "li" | "blockquote" | "dd" | "td" | "div" | "section" | "pre"
                ) && block
                    .children()
                    .any(|c| c.value().as_text().is_some_and(|t| !t.trim().is_empty()));
                if !is_block
                    || !is_article_content(&block)
                    || is_byline(&block)
                    || is_mostly_links(&block)
                {
                    continue;
                }
                if let Some(part) = clean(&text_of(block)) {
                    if text.contains(part.as_str()) {
                        continue;
                    }
                    text.push_str(if text.is_empty() { "" } else { " " });
                    text.push_str(&part);
                }
                if is_long_enough(&text) {
                    return Some(truncate_summary(&text));
                }
            }
            if text.split(' ').count() >= 3 || !text.is_ascii() && text.chars().count() >= 8 {
                return Some(text);
            }
        }
    }
    None
}

fn is_long_enough(text: &str) -> bool {
    text.split(' ').count() >= 8 || !text.is_ascii() && text.chars().count() >= 24
}

/// Returns whether most of an element's text is within links: tags, navigation, a share line, the
/// name of the site above its pages.
fn is_mostly_links(element: &ElementRef<'_>) -> bool {
    if ancestors(element).any(|a| a.value().name() == "a") {
        return true;
    }
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
    let linked: usize = element
        .descendent_elements()
        .skip(1)
        .filter(|e| matches!(e.value().name(), "a" | "button"))
        .map(|a| letters(&text_of(a)))
        .sum();
    linked * 10 >= letters(&text_of(*element)).max(1) * 7
}

/// Returns whether a paragraph is a byline: author, date and category instead of content.
fn is_byline(element: &ElementRef<'_>) -> bool {
    let has_matching_class = class_and_id_words(element).iter().any(|w| {
        matches!(w.as_str(), "meta" | "date" | "byline" | "dateline" | "breadcrumb" | "breadcrumbs")
    });
    has_matching_class || {
        let text = text_of(*element);
        text.chars().count() <= 100
            && dates::find(&text).is_some()
            && !text.ends_with(['.', '!', '?'])
            || is_meta_line(&text)
    }
}

/// Returns a date in a short text right before or after the heading.
fn date_beside_heading(dom: &Dom, page: &Url) -> Option<PublishedDate> {
    let heading = heading_element(dom, page).or_else(|| dom.first("h1"))?;
    let mut around: Vec<ElementRef<'_>> = Vec::new();
    for element in std::iter::once(heading).chain(ancestors(&heading).take(2)) {
        if matches!(element.value().name(), "body" | "html" | "main") {
            break;
        }
        around.extend(element.next_siblings().filter_map(ElementRef::wrap).take(4));
        around.extend(element.prev_siblings().filter_map(ElementRef::wrap).take(2));
    }
    around.into_iter().find_map(|element| {
        let text = text_of(element);
        (text.chars().count() <= 120
            && !contains_update_word(&text)
            && is_dateline(&element, &text))
        .then(|| dates::find_with_order(&text, dom.order))
        .flatten()
        .map(|f| f.date)
    })
}

/// Returns whether a text is a dateline: its class says so, or it has few other words.
fn is_dateline(element: &ElementRef<'_>, text: &str) -> bool {
    let has_matching_class = class_and_id_words(element).iter().any(|w| {
        matches!(
            w.as_str(),
            "date"
                | "meta"
                | "published"
                | "posted"
                | "time"
                | "byline"
                | "dateline"
                | "info"
                | "timestamp"
        )
    });
    let count = text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).count();
    let is_sentence = text.ends_with(['.', '!', '?', '。']) && count > 6;
    !matches!(element.value().name(), "pre" | "code" | "blockquote")
        && (has_matching_class || count <= 14 && !is_sentence)
}

/// Returns whether an element belongs to the article and not to related posts, comments or the
/// site's frame.
fn is_article_content(element: &ElementRef<'_>) -> bool {
    !is_invisible(element)
        && ancestors(element).all(|a| {
            let name = a.value().name();
            !(matches!(name, "nav" | "aside" | "noscript" | "template")
                || name == "footer" && !ancestors(&a).any(|b| b.value().name() == "article")
                || name == "a"
                    && element.value().name() == "time"
                    && !rels(&a).iter().any(|r| r == "bookmark"))
                && (matches!(name, "body" | "html" | "main" | "article")
                    || !class_and_id_words(&a).iter().any(|w| {
                        matches!(
                            w.as_str(),
                            "related"
                                | "comments"
                                | "comment"
                                | "recommended"
                                | "sidebar"
                                | "recent"
                        )
                    }))
        })
}

fn ancestors<'a>(element: &ElementRef<'a>) -> impl Iterator<Item = ElementRef<'a>> + use<'a> {
    element.ancestors().filter_map(ElementRef::wrap).take(MAX_ANCESTORS)
}
