//! Normalisation: joins the texts from feed-rs and the raw fields into drafts.

use std::collections::HashSet;

use url::Url;

use super::{
    authors::{FIRST_CONTRIBUTOR_RANK, authors, people},
    date::parse_date,
    draft::{MAX_VALUES, RawDraft},
    feed_rs_adapter::{FeedTexts, ItemTexts, Text},
    media::{each_file_once, enclosure, is_image, media},
    pictures::{is_avatar, pictures},
    repairs::line_number,
    text::{collapse_whitespace, plain_text, plain_title, title_text},
    url::{http_url, strip_tracking},
    xml::{Lexer, Token, local_name},
    xml_feed::{FieldName, Ranked, RawFeed, RawItem, RawSource},
};
use feed_model::{
    Category, Draft, Enclosure, FeedMeta, FieldProvenance, Format, Guid, OriginSource, Problem,
    PublishedDate, language::parse_tag, text::strip_forbidden,
};

/// The maximum length of an id, in bytes.
const MAX_ID_BYTES: usize = 4096;

/// The bases of relative URLs.
#[derive(Debug)]
pub(super) struct BaseUrls {
    document: Url,
    page: Option<Url>,
    format: Format,
    /// Whether the feed names an author, and not only a publisher or webmaster.
    pub has_author: bool,
}

impl BaseUrls {
    /// Returns the base of an item's links without `xml:base`: the document. If an RSS or JSON feed
    /// is served by another host than its site, the base is the site.
    fn for_links(&self) -> &Url {
        match &self.page {
            Some(page)
                if self.format != Format::Atom && page.host_str() != self.document.host_str() =>
            {
                page
            }
            _ => &self.document,
        }
    }
}

/// Returns the metadata of the feed and the bases of relative URLs.
pub(super) fn feed(
    feed: &FeedTexts,
    raw: &RawFeed,
    format: Format,
    url: &Url,
    problems: &mut Vec<Problem>,
) -> (FeedMeta, BaseUrls) {
    let base = raw.base.as_ref().unwrap_or(url);
    let link = |rel: &str| {
        raw.links
            .iter()
            .find(|link| link.rel == rel)
            .and_then(|link| http_url(&link.href, Some(base)))
    };
    let page_link = raw
        .links
        .iter()
        .find(|link| link.rel == "alternate" && link.mime.as_deref().is_none_or(is_html_type));
    let page =
        page_link.and_then(|link| http_url(&link.href, Some(base))).or_else(|| link("alternate"));
    let dates = |candidate: &[Ranked<String>]| best_date(candidate).map(|(date, _)| date.at);
    let mut hints = raw.update_hints.clone();
    if raw.update_period_s.is_some() || raw.update_frequency.is_some() {
        hints.sy_interval_s = Some(
            (raw.update_period_s.unwrap_or(86_400) / raw.update_frequency.unwrap_or(1)).max(1),
        );
    }
    let icon = [&raw.logo, &raw.icon, &raw.image]
        .into_iter()
        .flatten()
        .find_map(|icon| http_url(icon, Some(base)));
    let meta = FeedMeta {
        id: raw.id.as_deref().and_then(clean_id),
        title: feed.title.as_ref().map(title).filter(|t| !t.is_empty()),
        description: feed.description.as_ref().map(short_text).filter(|t| !t.is_empty()),
        home_page_url: page.as_ref().map(|url| strip_tracking(url.clone()).into()),
        self_url: link("self").map(String::from),
        updated: dates(&raw.updated).or_else(|| dates(&raw.published)),
        language: raw.language.as_deref().and_then(parse_tag),
        rights: feed.rights.as_ref().map(short_text).filter(|t| !t.is_empty()),
        license: link("license").map(String::from),
        authors: people(&raw.people).0,
        icon: icon.map(String::from),
        hubs: raw
            .links
            .iter()
            .filter(|l| l.rel == "hub")
            .filter_map(|l| http_url(&l.href, Some(base)))
            .map(String::from)
            .collect(),
        prev_archive: link("prev-archive").map(String::from),
        update_hints: hints,
    };
    if meta.title.is_none() {
        problems.push(Problem::note("untitled-feed", "The feed has no title."));
    }
    let has_author = raw.people.iter().any(|candidate| candidate.rank < FIRST_CONTRIBUTOR_RANK);
    let bases = BaseUrls { document: base.clone(), page, format, has_author };
    (meta, bases)
}

/// Returns one item as a draft, or `None` if it is empty.
pub(super) fn item(
    entry: ItemTexts,
    raw: &RawItem,
    bases: &BaseUrls,
    meta: &FeedMeta,
    document: &str,
    problems: &mut Vec<Problem>,
) -> Option<RawDraft> {
    let base = raw.base.as_ref().unwrap_or_else(|| bases.for_links());
    let (guid, guid_from) = match raw.id.as_ref().or(raw.fallback_id.as_ref()) {
        Some((text, from)) => (
            clean_id(text).map(|value| Guid { value, is_permalink: raw.is_permalink }),
            Some(from.clone()),
        ),
        None => (None, None),
    };
    let linked =
        raw.links.iter().filter(|l| l.rel == "enclosure").filter_map(|l| enclosure(l, base));
    let enclosures = each_file_once(linked.chain(raw.media.iter().filter_map(|m| media(m, base))));
    let link_name = if bases.format == Format::Json { "url" } else { "link" };
    let (url, url_from) = choose_url(raw, link_name, guid.as_ref(), &enclosures, base).unzip();
    let text_base = raw
        .base
        .as_ref()
        .or(url.as_ref())
        .or(bases.page.as_ref())
        .unwrap_or(&bases.document)
        .clone();
    let with_base = |text: Option<Text>, own: Option<&Url>| {
        text.map(|text| (text, own.unwrap_or(&text_base).clone()))
    };

    let line = || line_number(document, raw.at);
    let (published, published_from) = best_date(&raw.published).unzip();
    let (updated, updated_from) = best_date(&raw.updated).unzip();
    if published.is_none()
        && updated.is_none()
        && let Some(candidate) = raw.published.first().or(raw.updated.first())
    {
        let text: String = candidate.value.chars().take(60).collect();
        problems.push(
            Problem::warning("unreadable-date", format!("An item's date is invalid: “{text}”."))
                .at_line(line()),
        );
    }
    let (authors, authors_from) = authors(raw, meta, bases.has_author);
    let named = raw.images.iter().map(|(url, from)| (url.as_str(), from));
    let enclosed = FieldName::Borrowed("enclosure");
    // RSS has only one enclosure, and a sound or film takes its place.
    let has_played = enclosures.iter().any(Enclosure::is_played);
    let pictured = enclosures.iter().filter(|e| has_played && e.mime.starts_with("image/"));
    let mut shown = named
        .chain(raw.media.iter().filter(|m| is_image(m)).map(|m| (m.url.as_str(), &m.from)))
        .chain(pictured.map(|e| (e.url.as_str(), &enclosed)));
    let (image, image_from) = shown
        .find_map(|(url, from)| {
            let url = http_url(url, Some(base)).filter(|url| !is_avatar(url))?;
            Some((url, from.clone()))
        })
        .unzip();
    let related = raw
        .links
        .iter()
        .filter(|l| matches!(l.rel.as_ref(), "related" | "via"))
        .map(|l| l.href.as_str());
    let related = deduplicated(
        related
            .chain(raw.related.iter().map(String::as_str))
            .filter_map(|r| http_url(r, Some(base)))
            .map(String::from),
    );

    let draft = Draft {
        guid,
        url,
        title: entry.title.as_ref().map(title).filter(|t| !t.is_empty()),
        authors,
        categories: categories(raw.categories.iter().chain(&raw.subjects)),
        published: published.or(updated),
        updated: updated.map(|date| date.at),
        summary: None,
        content: None,
        language: raw.language.as_deref().and_then(parse_tag).or_else(|| meta.language.clone()),
        image: image.map(String::from),
        enclosures,
        origin: raw.source.as_ref().and_then(|note| origin(note, base)),
        rights: entry.rights.as_ref().map(short_text).filter(|t| !t.is_empty()),
        license: raw
            .links
            .iter()
            .find(|link| link.rel == "license")
            .and_then(|link| http_url(&link.href, Some(base)))
            .map(String::from),
        related,
        from: FieldProvenance {
            guid: guid_from,
            title: raw.title_from.clone(),
            url: url_from,
            published: published_from.or_else(|| updated_from.clone()),
            updated: updated_from,
            authors: authors_from,
            summary: raw.summary_from.clone(),
            content: raw.content_from.clone(),
            image: image_from,
        },
    };
    let has_text = entry
        .title
        .iter()
        .chain(&entry.summary)
        .chain(&entry.content)
        .any(|text| !text.text.trim().is_empty());
    // Values inherited from the feed do not count.
    let own = || Draft {
        authors: people(&raw.people).0,
        language: raw.language.clone().filter(|_| meta.language.is_none()),
        from: FieldProvenance::default(),
        ..draft.clone()
    };
    if !has_text && own() == Draft::default() {
        if is_empty_item(document, raw.at) {
            problems.push(
                Problem::warning("empty-item", "An item is empty; it was omitted.").at_line(line()),
            );
            return None;
        }
        let text = "An item has no title, text, id or link; it was kept for its other fields.";
        problems.push(Problem::note("bare-item", text).at_line(line()));
    }
    let summary = with_base(entry.summary, raw.summary_base.as_ref());
    let content_base = raw.content_base.as_ref().or(raw.summary_base.as_ref());
    let content = with_base(entry.content, content_base);
    Some(RawDraft { draft, summary, content, pictures: pictures(raw, base) })
}

/// Returns whether the item at a byte offset of the document has neither text nor attributes other
/// than namespaces.
fn is_empty_item(document: &str, at: usize) -> bool {
    let mut lexer = Lexer::new(document);
    lexer.seek(at);
    let is_item = |name: &str| {
        ["item", "entry"].iter().any(|item| local_name(name).eq_ignore_ascii_case(item))
    };
    for (index, token) in lexer.enumerate() {
        match token {
            Token::Start(tag) if index > 0 && is_item(tag.name) => return true,
            Token::End(name) if is_item(name) => return true,
            Token::Start(tag) => {
                let is_name = |name: &str| name.starts_with("xmlns") || name.starts_with("xml:");
                if tag.attributes().any(|(name, value)| !is_name(name) && !value.trim().is_empty())
                {
                    return false;
                }
                if index == 0 && tag.self_closing {
                    return true;
                }
            }
            Token::Text(text) | Token::CData(text) if !text.trim().is_empty() => return false,
            Token::End(_) | Token::Text(_) | Token::CData(_) => {}
        }
    }
    true
}

/// Chooses the page to read and reports the element it was taken from. The order is: the original
/// link (`feedburner:origLink`), an alternate link of type HTML, one without a type, one of another
/// type, an id that is a permalink, a weaker link, the enclosure.
fn choose_url(
    raw: &RawItem,
    link_name: &'static str,
    guid: Option<&Guid>,
    enclosures: &[Enclosure],
    base: &Url,
) -> Option<(Url, FieldName)> {
    let alternate = |matches_type: &dyn Fn(Option<&str>) -> bool| {
        let mut matching = raw
            .links
            .iter()
            .filter(|link| link.rel == "alternate" && matches_type(link.mime.as_deref()));
        Some((
            matching.find_map(|link| http_url(&link.href, Some(base)))?,
            FieldName::Borrowed(link_name),
        ))
    };
    let permalink = || {
        let guid = guid.filter(|guid| guid.is_permalink != Some(false))?;
        let from = raw.id.as_ref().or(raw.fallback_id.as_ref())?.1.clone();
        // A relative permalink counts only if `isPermaLink` is explicitly true.
        let base = (guid.is_permalink == Some(true)).then_some(base);
        Some((http_url(&guid.value, base)?, from))
    };
    let weak = || {
        let mut weak = raw.fallback_link.iter().chain(&raw.fallback_id);
        weak.find_map(|(text, from)| Some((http_url(text, None)?, from.clone())))
    };
    let original = raw
        .original_link
        .as_ref()
        .and_then(|(text, from)| Some((http_url(text, None)?, from.clone())));
    let (url, from) = original
        .or_else(|| alternate(&|mime| mime.is_some_and(is_html_type)))
        .or_else(|| alternate(&|mime| mime.is_none()))
        .or_else(|| alternate(&|_| true))
        .or_else(permalink)
        .or_else(weak)
        .or_else(|| {
            Some((Url::parse(&enclosures.first()?.url).ok()?, FieldName::Borrowed("enclosure")))
        })?;
    Some((strip_tracking(url), from))
}

fn is_html_type(mime: &str) -> bool {
    let mime = mime.trim().to_ascii_lowercase();
    mime.starts_with("text/html") || mime.starts_with("application/xhtml")
}

/// Returns the valid date of the lowest rank and its element. An invalid date does not replace a
/// valid one.
fn best_date(candidate: &[Ranked<String>]) -> Option<(PublishedDate, FieldName)> {
    let dates = candidate.iter().take(8).filter_map(|candidate| {
        Some((candidate.rank, parse_date(&candidate.value)?, &candidate.from))
    });
    let (_, date, from) = dates.min_by_key(|(rank, ..)| *rank)?;
    Some((date, from.clone()))
}

fn title(text: &Text) -> String {
    if text.is_html { title_text(&text.text) } else { plain_title(&text.text) }
}

fn short_text(text: &Text) -> String {
    if text.is_html { plain_text(&text.text) } else { collapse_whitespace(&text.text) }
}

/// Returns an id without surrounding white space and without characters that XML forbids.
fn clean_id(text: &str) -> Option<String> {
    let text = strip_forbidden(text.trim());
    (!text.is_empty() && text.len() <= MAX_ID_BYTES).then(|| text.into_owned())
}

fn categories<'a>(all: impl Iterator<Item = &'a Category>) -> Vec<Category> {
    let mut seen = HashSet::new();
    let mut kept = Vec::new();
    for category in all {
        let term = title_text(&category.term);
        if !term.is_empty() && kept.len() < MAX_VALUES && seen.insert(term.to_lowercase()) {
            let label = category
                .label
                .as_deref()
                .map(title_text)
                .filter(|label| !label.is_empty() && *label != term);
            let scheme = category
                .scheme
                .as_deref()
                .map(collapse_whitespace)
                .filter(|s| !s.is_empty() && is_safe_scheme(s));
            kept.push(Category { term, scheme, label });
        }
    }
    kept
}

/// Returns whether a scheme is harmless in a reader that makes links of IRIs.
fn is_safe_scheme(scheme: &str) -> bool {
    let lower = scheme.to_ascii_lowercase();
    !["javascript:", "data:", "vbscript:"].iter().any(|bad| lower.starts_with(bad))
}

fn deduplicated(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for one in all {
        if kept.len() < MAX_VALUES && !kept.contains(&one) {
            kept.push(one);
        }
    }
    kept
}

fn origin(note: &RawSource, base: &Url) -> Option<OriginSource> {
    let url = |text: &Option<String>| {
        text.as_deref().and_then(|t| http_url(t, Some(base))).map(String::from)
    };
    let origin = OriginSource {
        id: note.id.as_deref().and_then(clean_id),
        title: note.title.as_deref().map(title_text).filter(|t| !t.is_empty()),
        feed_url: url(&note.feed_url),
        home_page_url: url(&note.home_page_url),
        updated: note.updated.as_deref().and_then(parse_date).map(|date| date.at),
        rights: note.rights.as_deref().map(plain_text).filter(|t| !t.is_empty()),
    };
    (origin != OriginSource::default()).then_some(origin)
}
